"""The lab under load: like gateways never fail, and what is wrong with the new side alone is NO-GO at its threshold.

`make test` sends the 6,000 requests a side of the default profile where the figures are promised, and smaller loads for
defects that stand for a kind of their own. `make soak` (WHOLE_CATALOGUE=1) sends all of them in full. What the other
defects do to a load is held on a clock of its own in tests/unit/lab/test_load_defects.py.
"""

import json
import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from multiprocessing.context import SpawnContext
from pathlib import Path
from typing import Any

import pytest

from harness.lab.catalogue import listing
from harness.lab.serve import Lab
from tests.servers.command import ROOT

pytestmark = pytest.mark.alone

SCENARIO = ROOT / "scenarios" / "load.yaml"
WHOLE = bool(os.environ.get("WHOLE_CATALOGUE"))
ALIKE = 20 if WHOLE else 3
CLEAN = "clean"

# So many labs and load engines are what two cores bear beside each other; with three, most loads had to be sent again.
AT_ONCE = 2
# How often a load is sent again for which this machine had no time.
AGAIN = 2
# The old side's p95 in ms where the machine has time for the lab.
USUAL = 40.0

FULL = {"rate": "300", "seconds": "20s", "warm_up": "2s"}
PROMISED = ("slower-by-half", "fails-now-and-then")
SMALL = {
    "one-operation-slower": {"rate": "250", "seconds": "10s"},
    "missing-at-once": {"rate": "100", "seconds": "5s"},
    "backend-incident": {"rate": "100", "seconds": "6s"},
}
# At 300/s these would break down rather than show what they are; a stall has to come more than once or twice.
OWN = {
    "throughput-capped": {"rate": "50", "seconds": "20s"},
    "stalls": {"rate": "100", "seconds": "60s"},
    "answers-nothing-now-and-then": {**FULL, "timeout": "2s"},
}

ROWS: dict[str, dict[str, Any]] = {row["name"]: row for row in listing("load")}
CHOSEN = [row for name, row in ROWS.items() if WHOLE or name in SMALL or name in PROMISED]
DEFECTS = [row for row in CHOSEN if not row["harmless"]]
HARMLESS = [row for row in CHOSEN if row["harmless"]]


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a rehearsal ended in."""

    code: int
    report: dict[str, Any]
    usual: float = USUAL
    before: tuple["Told", ...] = ()
    """The same load before, for which this machine had no time."""

    @property
    def sound(self) -> bool:
        """Tell whether this machine kept the schedule, and had time for the lab."""
        figures = self.report["load"]["operations"][0]["compared"]
        p95 = next(one["old"] for one in figures if one["metric"] == "p95")
        return bool(self.report["load"]["valid"]) and p95 is not None and p95 < 1.3 * self.usual

    def failed(self) -> list[tuple[str, str, str]]:
        """Return (threshold, place, words) of all that failed."""
        found = self.report["findings"]
        return [(one["case"], one["at"], one["title"]) for one in found if one["outcome"] == "FAIL"]

    def ever_failed(self) -> list[tuple[str, str, str]]:
        """Return all that failed, in the loads before as well: a busy machine is no excuse for a false alarm."""
        return [one for told in (*self.before, self) for one in told.failed()]


def _sets(name: str) -> dict[str, str]:
    if name in PROMISED or name not in ROWS:
        return FULL
    return OWN.get(name, FULL) if WHOLE else {"warm_up": "1s", **SMALL[name]}


class Turns:
    """Lets AT_ONCE runs go on beside each other, or one alone."""

    def __init__(self, context: SpawnContext) -> None:
        self._places = context.Semaphore(AT_ONCE)
        self._door = context.Lock()

    @contextmanager
    def take(self, *, alone: bool) -> Iterator[None]:
        """Wait for a turn."""
        wanted = AT_ONCE if alone else 1
        with self._door:
            for _ in range(wanted):
                self._places.acquire()
        try:
            yield
        finally:
            for _ in range(wanted):
                self._places.release()


def _ready(turns: Turns) -> None:
    """Prepare a worker: what the command prints goes nowhere, since pytest must not see it as its own."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    globals()["TURNS"] = turns


def _alike(folder: Path) -> Path:
    """Return a scenario that compares the old gateway with itself."""
    text = SCENARIO.read_text(encoding="utf-8")
    for before, after in (
        ("kind: azure-apim", "kind: aws-rest"),
        ("${var:new_port}", "${var:new_port}/prod"),
        ("{Ocp-Apim-Subscription-Key: new-partner-key-c20d}", "{x-api-key: old-partner-key-41c7}"),
        ("{Ocp-Apim-Subscription-Key: new-clerk-key-58e3}", "{x-api-key: old-clerk-key-9b02}"),
    ):
        assert text.count(before) == 1
        text = text.replace(before, after)
    path = folder / "alike.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def _rehearse(folder: str, name: str) -> Told:
    """Rehearse in this (worker) process: starting an interpreter for each of so many would take much of the time.

    The clean lab has the machine for itself, since it must prove everything. A run for which this machine had no time
    proves nothing, and is sent again, twice at most, with nothing beside it; like gateways must not fail in any case.
    """
    turns: Turns = globals()["TURNS"]
    before: tuple[Told, ...] = ()
    while True:
        with turns.take(alone=name == CLEAN or bool(before)):
            told = replace(_once(Path(folder) / str(len(before)), name), before=before)
        if told.sound or len(before) == AGAIN or name.startswith("alike"):
            return told
        before = (*before, told)


def _once(place: Path, name: str) -> Told:
    from harness.cli.main import main

    place.mkdir(parents=True)
    os.chdir(place)
    os.environ["CI"] = "true"
    with Lab(*([name] if name in ROWS else [])) as ports:
        same = name.startswith("alike")
        scenario = _alike(place) if same else SCENARIO
        aimed = {"old_port": str(ports.old), "new_port": str(ports.old if same else ports.new), **_sets(name)}
        sets = [f"--set={key}={value}" for key, value in aimed.items()]
        code = main(["rehearse", str(scenario), *sets, "--suite", "load"])
    (report,) = place.glob("cutover-runs/*/report.json")
    usual = USUAL * (2 if name == "backend-slow" else 1)
    return Told(code=int(code), report=json.loads(report.read_text(encoding="utf-8")), usual=usual)


def _asked_by(item: pytest.Item) -> set[str]:
    """Return the loads that a test of this file looks at; of others, none that is known here."""
    params = item.callspec.params if hasattr(item, "callspec") else {}
    if "number" in params:
        return {f"alike-{params['number']}"}
    if "row" in params:
        return {str(params["row"].get("name"))} if isinstance(params["row"], dict) else set()
    return {CLEAN, "one-operation-slower"}


@pytest.fixture(scope="module")
def runs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[Told]]]:
    """Send the loads of the selected tests, the longest first."""
    base = tmp_path_factory.mktemp("load-catalogue")
    names = [CLEAN, *PROMISED, *(f"alike-{number}" for number in range(ALIKE))]
    names += [row["name"] for row in CHOSEN if row["name"] not in PROMISED]
    asked = set().union(*map(_asked_by, request.session.items))
    names = [name for name in names if name in asked]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(AT_ONCE, mp_context=context, initializer=_ready, initargs=(Turns(context),)) as pool:
        yield {name: pool.submit(_rehearse, str(base / name), name) for name in names}
        pool.shutdown(cancel_futures=True)


def test_the_clean_lab_is_go(runs: dict[str, Future[Told]]) -> None:
    told = runs[CLEAN].result()
    assert not told.ever_failed()
    assert told.code == 0, [told.report["reasons"], told.report["load"]["thresholds"]]
    assert told.report["verdict"] == "GO"
    assert told.report["load"]["planned"] == {"old": 6_000, "new": 6_000}
    assert {one["outcome"] for one in told.report["load"]["thresholds"]} == {"PASS"}


@pytest.mark.parametrize("number", range(ALIKE))
def test_the_same_gateway_on_both_sides_never_fails(number: int, runs: dict[str, Future[Told]]) -> None:
    told = runs[f"alike-{number}"].result()
    assert not told.ever_failed()
    assert told.report["load"]["planned"] == {"old": 6_000, "new": 6_000}


@pytest.mark.parametrize("row", DEFECTS, ids=[row["name"] for row in DEFECTS])
def test_each_defect_alone_is_named(row: dict[str, Any], runs: dict[str, Future[Told]]) -> None:
    told = runs[row["name"]].result()
    failed = told.failed()
    assert told.code == 1, [told.report["reasons"], told.report["load"]["thresholds"]]
    assert told.report["verdict"] == "NO-GO"
    hit = [one for one in failed if one[0] == row["case"] and fnmatchcase(one[1], row["at"])]
    assert hit, f"{row['case']} {row['at']} not in {failed}"


@pytest.mark.parametrize("row", HARMLESS, ids=[row["name"] for row in HARMLESS])
def test_harmless_changes_never_fail(row: dict[str, Any], runs: dict[str, Future[Told]]) -> None:
    assert not runs[row["name"]].result().ever_failed()


def test_one_slow_operation_is_named_and_all_together_keep(runs: dict[str, Future[Told]]) -> None:
    places = {place for _, place, _ in runs["one-operation-slower"].result().failed()}
    assert places == {"p95:GET /products/{sku}"}
