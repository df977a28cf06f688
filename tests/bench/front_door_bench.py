"""The front door: a whole `cutover rehearse` of 5,000 cases beside bare pytest with 5,000 empty tests.

The yardstick is the quicker of two bare pytest runs: one parametrised function, or 5,000 functions in one file.
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.bench.machine import CUTOVER, OTHER_JSON, SMALL_JSON, run, scenario, two_nginx
from tests.bench.result import Row, main, median_of_rounds

_PARAMETRISED = """
import pytest
@pytest.mark.parametrize("number", range({cases}))
def test_nothing(number):
    pass
"""


def _bare(folder: Path, text: str) -> Callable[[], float]:
    folder.mkdir()
    (folder / "test_empty.py").write_text(text)
    (folder / "pytest.ini").write_text("[pytest]\n")
    argv = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]

    def once() -> float:
        ran = run(argv, folder)
        assert ran.code == 0, ran.output
        return ran.seconds

    return once


def _rehearsal(folder: Path, new: str, cases: int, code: int) -> Callable[[], float]:
    folder.mkdir()

    def once() -> float:
        with two_nginx(folder / "servers", new=new) as two:
            (folder / "bench.yaml").write_text(scenario(two, cases))
            ran = run([*CUTOVER, "rehearse", "bench.yaml"], folder)
        assert ran.code == code, ran.output[-2000:]
        shutil.rmtree(folder / "servers")
        return ran.seconds

    return once


def measure(arguments: argparse.Namespace) -> list[Row]:
    """Measure bare pytest and the command, in turn."""
    cases = arguments.cases
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        functions = "".join(f"def test_{number}(): pass\n" for number in range(cases))
        found = median_of_rounds(
            arguments.rounds,
            {
                "one": _bare(folder / "one", _PARAMETRISED.format(cases=cases)),
                "many": _bare(folder / "many", functions),
                "pass": _rehearsal(folder / "pass", SMALL_JSON, cases, 0),
                "fail": _rehearsal(folder / "fail", OTHER_JSON, cases, 1),
            },
        )
    bare = min(found["one"], found["many"])
    return [
        Row(name="bare pytest, parametrised", value=found["one"], unit="s", note=f"{cases:,} empty tests"),
        Row(name="bare pytest, functions", value=found["many"], unit="s", note=f"{cases:,} empty tests"),
        Row(name="cutover rehearse, all pass", value=found["pass"], unit="s", note=f"{cases:,} cases, reports too"),
        Row(name="cutover rehearse, all fail", value=found["fail"], unit="s", note=f"{cases:,} cases, reports too"),
        Row(name="all pass / bare pytest", value=found["pass"] / bare, unit="x", most=2, note="the quicker bare run"),
        Row(name="all fail / bare pytest", value=found["fail"] / bare, unit="x", most=4, note="the quicker bare run"),
    ]


if __name__ == "__main__":
    main("front_door_bench", measure, ("rounds", 3, "rounds of each"), ("cases", 5000, "cases"))
