"""The catalogue: each zone fault alone gives its verdict, by the check that is there for it; the clean zones give GO.

Real nsd, real unbound. Every row goes through the engine; some of them, in `make soak` all, through the command as well.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.engine.session import Order, Session
from harness.engine.suites import DNS, suites_of
from harness.model.finding import Summary
from harness.model.outcome import Outcome
from harness.scenario.load import load
from tests.e2e.dns_faults import FAULTS, GOOD, Fault, tagged, world_of
from tests.e2e.dns_world import World, rehearse, sides, world

pytestmark = [pytest.mark.server("nsd"), pytest.mark.server("unbound")]

ROWS = tagged((*GOOD, *FAULTS))
EXIT = {"GO": 0, "NO-GO": 1, "HOLD": 5}
BY_COMMAND = {"clean", "ttl-too-high", "from-elsewhere", "caa-issuer-not-told"}
WHOLE = bool(os.environ.get("WHOLE_CATALOGUE"))


def section_of(tag: str) -> dict[str, Any]:
    return {"lowered_at": "never", **ROWS[tag].section(tag)}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Serve the zones of all rows, each set under names of its own, at the same servers."""
    names = [section_of(tag)["name"] for tag in ROWS]
    with sides(tmp_path_factory.mktemp("tls"), *names) as both, world(both, world_of(ROWS)) as found:
        yield found


def judged(folder: Path, scenario: dict[str, Any]) -> Summary:
    """Rehearse the suite without pytest and reports around it."""
    file = folder / "scenario.yaml"
    file.write_text(json.dumps(scenario))
    read = load(file)
    suites = suites_of(read)
    with Session.open(read, suites, Order(runs=folder / "runs", suites=(DNS,))) as session:
        chosen = suites.items[DNS]
        session.plan(chosen, selection="--suite dns")
        for _ in session.run(chosen):
            pass
        session.end()
    return session.fold.summary()


@pytest.mark.parametrize("tag", ROWS, ids=[fault.name for fault in ROWS.values()])
def test_each_fault_alone(tag: str, served: World, tmp_path: Path) -> None:
    fault = ROWS[tag]
    summary = judged(tmp_path, served.scenario(**section_of(tag)))
    told = [(one.case.partition(": ")[2], one.outcome.value, one.title) for one in summary.findings]
    bad = [row for row in told if row[1] != "PASS"]
    assert summary.verdict.value == fault.verdict, told
    if not fault.check:
        assert not bad
        return
    wanted = Outcome.FAIL if fault.verdict == "NO-GO" else Outcome.INCONCLUSIVE
    its_own = [case for case in summary.cases if case.info.name.endswith(f": {fault.check}")]
    assert [case.outcome for case in its_own] == [wanted], told
    words = " ".join([*its_own[0].why, *(f"{one.title} {one.note} {one.remedy}" for one in summary.findings)])
    assert fault.says in words


@pytest.mark.parametrize(
    "tag",
    [tag for tag, fault in ROWS.items() if WHOLE or fault.name in BY_COMMAND],
    ids=[fault.name for fault in ROWS.values() if WHOLE or fault.name in BY_COMMAND],
)
def test_by_the_command(tag: str, served: World, tmp_path: Path) -> None:
    fault: Fault = ROWS[tag]
    done = rehearse(tmp_path, served.scenario(**section_of(tag)))
    assert done.code == EXIT[fault.verdict], done.out + done.err
    assert done.report["verdict"] == fault.verdict
    if fault.check:
        cases = [case for finding in done.report["findings"] for case in [finding["case"]]]
        assert any(case.endswith(f": {fault.check}") for case in cases)
