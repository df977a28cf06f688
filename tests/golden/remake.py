"""Write the golden reports anew from their journals: `python -m tests.golden.remake [--journal]`. Look at the diff.

With `--journal` the journal itself is made anew first (when the format of events changes).
"""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from harness.decide.fold import fold
from harness.journal.bodies import BodyStore
from harness.journal.mask import Mask
from harness.journal.reader import head, read
from harness.journal.writer import JournalWriter
from harness.model.event import (
    CaseInfo,
    Ended,
    Event,
    GateInfo,
    ManualGate,
    Note,
    Planned,
    Recorded,
    RecordedDifference,
    RecordedPair,
    Round,
    Started,
    WaiverInfo,
)
from harness.report.json_report import render_json
from harness.report.junit import render_junit
from harness.report.markdown import render_markdown
from harness.report.sarif import render_sarif
from tests.golden import dns_run, load_run, security_run

HERE = Path(__file__).resolve().parent
AT = 1_795_000_000.25
HOSTILE = "a|b `c` <script>alert(1)</script> ]]> {{7*7}} \x1b[2J\x00 \u202e evil\nnext"


def answer(side: str, path: str, status: int, body: str = "", **more: object) -> Recorded:
    """Return a recorded answer of one side."""
    return Recorded(
        method="GET",
        url=f"https://{side}.example{path}",
        request_headers=(("X-Api-Key", "[masked ${env:KEY}]"),),
        sent_at=AT,
        status=status,
        reason="OK" if status == 200 else "",
        version="1.1",
        headers=(("Content-Type", "application/json"), ("X-Served-By", side)),
        size=42,
        body=body,
        total_ms=12.5 if side == "old" else 20.25,
        **more,  # type: ignore[arg-type]
    )


def pair(
    path: str, *differences: RecordedDifference, status: tuple[int, int] = (200, 200), **more: object
) -> RecordedPair:
    """Return a pair; failing if a difference is unexplained."""
    counts: dict[str, int] = {}
    for difference in differences:
        counts[difference.cause] = counts.get(difference.cause, 0) + 1
    failing = [difference for difference in differences if difference.cause in {"unexplained", "weaker"}]
    settings: dict[str, object] = {
        "step": 0,
        "old": answer("old", path, status[0]),
        "new": answer("new", path, status[1]),
        "counts": counts,
        "differences": differences,
        "outcome": "FAIL" if failing else "PASS",
        "why": tuple(f"{difference.at} {difference.kind}" for difference in failing),
    }
    return RecordedPair(**{**settings, **more})  # type: ignore[arg-type]


def difference(
    at: str, cause: str, old: str | None, new: str | None, kind: str = "value", **more: str
) -> RecordedDifference:
    """Return one difference."""
    return RecordedDifference(at=at, kind=kind, cause=cause, old=old, new=new, **more)


def events(store: BodyStore) -> list[Event]:
    """Return a small run that shows every kind of outcome and cause."""
    waivers = (
        WaiverInfo(
            id="W1", at="header:etag", case="*", owner="orders", until="2026-10-01", because="ORD-12", expired=True
        ),
        WaiverInfo(
            id="W2", at="header:vary", case="*", owner="orders", until="2027-01-01", because="ORD|13", expired=False
        ),
    )
    gates = GateInfo(require=("parity",), manual=(ManualGate(what="NSG rules", owner="netops"),), waivers=waivers)
    infos = (
        CaseInfo(index=0, name="list orders", operation="GET /orders", rounds=2, critical=True),
        CaseInfo(index=1, name="no key", operation="GET /orders"),
        CaseInfo(index=2, name=HOSTILE, operation="GET /hostile"),
        CaseInfo(index=3, name="old is down", operation="GET /down"),
        CaseInfo(index=4, name="make an order", operation="POST /orders", skip="unsafe: POST needs `unsafe: run`"),
        CaseInfo(index=5, name="export", operation="POST /exports", skip="agreed, ORD-9", accepted=True),
        CaseInfo(index=6, name="plain", operation="GET /plain"),
    )
    old = store.put(b'{"id": 1, "price": 9.90}')
    new = store.put(b'{"id": 1, "price": "9.90"}')
    price = difference("body:$.price", "unexplained", "9.90", '"9.90"', "type", remedy="keep the number a number")
    asked = [
        (0, 0, pair("/orders", price, old=answer("old", "/orders", 200, old), new=answer("new", "/orders", 200, new))),
        (0, 1, pair("/orders", difference("header:date", "identity", "a", "b"))),
        (
            1,
            0,
            pair(
                "/orders",
                difference("status", "gateway", "403", "401", remedy="a `return-response` policy"),
                status=(403, 401),
            ),
        ),
        (2, 0, pair("/hostile", difference("body", "unexplained", HOSTILE, "javascript:alert(1)"))),
        (
            3,
            0,
            pair("/down", old=None, new=None, outcome="ERROR", why=("nothing to compare with: old did not answer",)),
        ),
        (
            6,
            0,
            pair(
                "/plain",
                difference("body:$.at", "noise", "1", "2"),
                difference("header:etag", "waived", "x", "y"),
                waivers=("W9",),
            ),
        ),
    ]
    rounds = [
        Round(at=AT + 1 + number, suite="parity", index=index, case=infos[index].name, round=round_, pairs=(found,))
        for number, (index, round_, found) in enumerate(asked)
    ]
    started = Started(
        run="20261118-110640-orders",
        at=AT,
        version="0.1.0",
        scenario="Orders | API",
        scenario_files=("orders.yaml",),
        digest="5f" * 32,
        environment="staging",
        mode="rehearse",
        seed=1,
        gateways={
            "old": {"kind": "aws-rest", "url": "https://old.example"},
            "new": {"kind": "azure-apim", "url": "https://new.example"},
        },
        gates=gates,
    )
    note = Note(at=AT + 8, text="resumed once", level="info")
    return [started, Planned(at=AT, suite="parity", cases=infos), *rounds, note]


RUNS: dict[str, Callable[[BodyStore], list[Event]]] = {
    "orders": events,
    "security": lambda _: security_run.events(),
    "load": lambda _: load_run.events(),
    "dns": lambda _: dns_run.events(),
}


def make_journal(folder: Path) -> None:
    """Write the journal of `folder` anew."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    made = RUNS[folder.name](BodyStore(folder))
    assert isinstance(made[0], Started)
    writer = JournalWriter.create(folder, made[0], mask=Mask())
    for event in made[1:]:
        writer.append(event)
    writer.seal(Ended(at=AT + 9, state="finished"))


def reports(folder: Path) -> dict[str, bytes]:
    """Return the reports of the journal in `folder`, by name."""
    summary, end = fold(event for _, event in read(folder)), head(folder)
    return {
        "report.json": render_json(summary, end),
        "report.md": render_markdown(summary, end).encode(),
        "report.sarif": render_sarif(summary),
        "junit.xml": render_junit(summary),
    }


if __name__ == "__main__":
    for golden in (HERE / name for name in RUNS):
        if "--journal" in sys.argv or not golden.exists():
            make_journal(golden)
        for name, content in reports(golden).items():
            (golden / name).write_bytes(content)
