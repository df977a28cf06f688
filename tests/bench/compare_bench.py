"""How fast answers are compared, beside the table in the design's measurements and beside DeepDiff.

`python -m tests.bench.compare_bench [--json]`. Figures are medians of CPU time.
"""

import argparse
import gc
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness.compare.answers import compare
from harness.model.difference import Cause
from harness.model.place import JsonPath, Step
from harness.model.response import Body, Response
from harness.model.rule import BodyRule, CompareRules
from tests.bench.result import ROOT, Row, main

NO_RULES = CompareRules()
SLACK = 1.5
SMALL, LARGE = 8_450, 72_500  # items: 1.2 MB and 10.3 MB
# milliseconds: the table to be held, (1.2 MB, 10.3 MB)
TABLE = {"one change": (3.9, 31.0), "reformatted, keys sorted": (58.0, 504.0), "every object changed": (71.0, 625.0)}


def document(items: int) -> list[dict[str, Any]]:
    """Return orders as a gateway may list them; the same at each call."""
    chance = random.Random(7)
    return [
        {
            "id": number,
            "sku": f"A{chance.randrange(10**6):06}",
            "price": chance.randrange(10**5) / 100,
            "quantity": chance.randrange(1, 10),
            "active": chance.random() < 0.5,
            "tags": ["new", "eu"],
            "address": {"city": "Linz", "zip": str(chance.randrange(1_000, 10_000))},
            "note": None if chance.random() < 0.3 else "x" * chance.randrange(20),
        }
        for number in range(items)
    ]


def dumped(value: Any, **how: Any) -> bytes:
    """Return compact JSON."""
    return json.dumps(value, **({"separators": (",", ":")} | how)).encode()


def answer(body: bytes) -> Response:
    """Return an answer with a JSON body."""
    headers = (("Content-Type", "application/json"),)
    return Response(status=200, headers=headers, body=Body(content=body, size=len(body)))


def timed(work: Callable[[], object], rounds: int = 7) -> float:
    """Return the median of so many rounds, in milliseconds of CPU time: all of it is computing in one thread."""
    times = []
    for _ in range(rounds):
        gc.collect()
        started = time.process_time()
        work()
        times.append(time.process_time() - started)
    return statistics.median(times) * 1_000


def changed(items: list[dict[str, Any]], every: bool) -> list[dict[str, Any]]:
    """Return a copy with one price, or every quantity, changed."""
    copy = [dict(item) for item in items]
    for item in copy if every else []:
        item["quantity"] += 10
    copy[len(copy) // 2]["price"] += 1
    return copy


def against_table(size: str, count: int, column: int) -> list[Row]:
    """Measure the rows of the table for one size."""
    items = document(count)
    old = dumped(items)
    rule = BodyRule(
        at=JsonPath(text="$[*].quantity", steps=(Step(wildcard=True), Step(names=("quantity",)))), ignore=True
    )
    variants = {
        "one change": (dumped(changed(items, every=False)), NO_RULES, 1),
        "reformatted, keys sorted": (dumped(items, sort_keys=True, indent=1, separators=None), NO_RULES, 0),
        # a rule sets the changes aside: without one, comparing stops after 1,000 differences
        "every object changed": (dumped(changed(items, every=True)), CompareRules(body=(rule,)), 1),
    }
    rows = []
    for name, (new, rules, expected) in variants.items():
        found = compare(answer(old), answer(new), rules).differences
        assert sum(difference.cause is Cause.UNEXPLAINED for difference in found) == expected, name
        value = timed(lambda new=new, rules=rules: compare(answer(old), answer(new), rules))  # type: ignore[misc]
        reference = TABLE[name][column]
        note = f"{value / reference:.2f} of the table's {reference:g} ms"
        rows.append(Row(name=f"{size}, {name}", value=value, unit="ms", most=reference * SLACK, note=note))
    stopped = timed(lambda: compare(answer(old), answer(variants["every object changed"][0]), NO_RULES))
    rows.append(Row(name=f"{size}, every object changed, no rule", value=stopped, unit="ms", note="stops at 1,000"))
    return rows


def unordered() -> list[Row]:
    """Measure 10,000 objects in another order: by key, as a multiset, reformatted too."""
    items = document(10_000)
    shuffled = list(items)
    random.Random(3).shuffle(shuffled)
    old, new = dumped(items), dumped(shuffled)
    spaced = dumped(shuffled, sort_keys=True, separators=None)
    root = JsonPath(text="$", steps=())
    by_key, whole = (CompareRules(body=(BodyRule(at=root, unordered=key),)) for key in ("id", ""))
    rows = []
    for name, other, rules, reference in (
        ("10,000 objects by key", new, by_key, 21.0),
        ("10,000 objects as multiset", new, whole, 7.0),
        ("10,000 objects as multiset, reformatted", spaced, whole, 370.0),
    ):
        found = compare(answer(old), answer(other), rules).differences
        assert all(difference.cause is Cause.INTENDED for difference in found), name
        value = timed(lambda other=other, rules=rules: compare(answer(old), answer(other), rules))  # type: ignore[misc]
        note = f"{value / reference:.2f} of the table's {reference:g} ms"
        rows.append(Row(name=name, value=value, unit="ms", most=reference * SLACK, note=note))
    return rows


def beside_deepdiff() -> list[Row]:
    """Compare 1.1 MB with one changed number, by this and by DeepDiff."""
    from deepdiff import DeepDiff

    items = document(7_800)
    old, new = dumped(items), dumped(changed(items, every=False))
    mine = timed(lambda: compare(answer(old), answer(new), NO_RULES))
    theirs = timed(lambda: DeepDiff(json.loads(old), json.loads(new)), rounds=3)
    return [
        Row(name="1.1 MB, one change", value=mine, unit="ms", note=f"{len(old):,} bytes"),
        Row(name="the same by DeepDiff", value=theirs, unit="ms"),
        Row(name="times faster than DeepDiff", value=theirs / mine, unit="times", least=300.0),
    ]


def small_pairs() -> list[Row]:
    """Measure small answers as most are: equal, and equal but for two headers that always differ."""
    body = dumped(document(1)[0])
    lines = [("Content-Type", "application/json"), ("Content-Length", str(len(body))), ("Server", "a"), ("ETag", '"1"')]
    old, equal, other = (
        Response(
            status=200,
            headers=(("Date", f"Sat, 21 Nov 2026 04:24:0{at} GMT"), ("X-Request-Id", f"r-{at}"), *lines),
            body=Body(content=bytes(bytearray(body)), size=len(body)),
        )
        for at in (0, 0, 1)
    )
    rows = []
    for name, new, most in (("small pair, equal", equal, 2.0), ("small pair, two headers differ", other, 15.0)):
        value = timed(lambda new=new: [compare(old, new, NO_RULES) for _ in range(10_000)]) / 10  # type: ignore[misc]
        rows.append(Row(name=name, value=value, unit="µs", most=most))
    return rows


_MEASURE = """
import re, sys
from pathlib import Path
from harness.compare.answers import compare
from harness.model.response import Body, Response
from harness.model.rule import CompareRules
def peak():
    # not ru_maxrss: across exec it keeps the peak of the process that started this one
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) * 1024
def answer(body):
    return Response(status=200, headers=(("Content-Type", "application/json"),), body=Body(content=body, size=len(body)))
compare(answer(b"[1]"), answer(b"[2]"), CompareRules())
sides = [answer(Path(name).read_bytes()) for name in sys.argv[1:]]
before = peak()
compare(*sides, CompareRules())
print((peak() - before) / len(sides[0].body.content))
"""


def peak_memory() -> list[Row]:
    """Measure what comparing 10.3 MB adds to a process's peak, in bodies; the two bodies themselves come on top."""
    if not Path("/proc/self/status").exists():
        return []
    items = document(LARGE)
    variants = {
        "one change": dumped(changed(items, every=False)),
        "reformatted, keys sorted": dumped(items, sort_keys=True, indent=1, separators=None),
        "every object changed": dumped(changed(items, every=True)),
    }
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        old, new = Path(folder, "old"), Path(folder, "new")
        old.write_bytes(dumped(items))
        for name, body in variants.items():
            new.write_bytes(body)
            argv = [sys.executable, "-c", _MEASURE, str(old), str(new)]
            value = float(subprocess.run(argv, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout)
            rows.append(Row(name=f"peak memory, {name}", value=value, unit="bodies", most=8.0, note="of 10.3 MB"))
    return rows


def measure(_: argparse.Namespace) -> list[Row]:
    """Measure everything."""
    tables = against_table("1.2 MB", SMALL, 0) + against_table("10.3 MB", LARGE, 1)
    return tables + unordered() + beside_deepdiff() + small_pairs() + peak_memory()


if __name__ == "__main__":
    main("compare_bench", measure)
