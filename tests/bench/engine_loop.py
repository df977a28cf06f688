"""The engine in a process of its own: send, compare, journal so many pairs, and print pairs per second.

`python -m tests.bench.engine_loop SCENARIO PAIRS`; the scenario's first case is multiplied.
"""

import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from harness.engine.session import Order, Session
from harness.engine.suites import suites_of
from harness.model.event import Round
from harness.scenario.load import load
from harness.scenario.types import Case, Scenario
from tests.bench.machine import pin_client


def multiplied(scenario: Scenario, count: int) -> Scenario:
    """Return the scenario with `count` cases like its first one, each a path of its own."""
    return replace(scenario, cases=tuple(_copy(scenario.cases[0], number) for number in range(count)))


def _copy(case: Case, number: int) -> Case:
    step = replace(case.steps[0], target=f"/items/{number}")
    return replace(case, index=number, name=f"case {number}", steps=(step,))


def pairs_per_second(file: Path, count: int) -> float:
    """Drain one run; every pair must pass, or the figure means nothing."""
    scenario = multiplied(load(file, sets={}), count)
    passed = 0
    suites = suites_of(scenario)
    with (
        tempfile.TemporaryDirectory() as runs,
        Session.open(scenario, suites, Order(runs=Path(runs))) as session,
    ):
        session.plan(scenario.cases)
        started = time.perf_counter()
        for event in session.run(scenario.cases):
            if isinstance(event, Round):
                passed += event.pairs[0].outcome == "PASS"
        seconds = time.perf_counter() - started
        session.end()
    assert passed == count, f"{passed} of {count} passed"
    return count / seconds


if __name__ == "__main__":
    pin_client()
    print(pairs_per_second(Path(sys.argv[1]), int(sys.argv[2])))
