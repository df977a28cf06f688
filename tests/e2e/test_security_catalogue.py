"""The lab's guarded side: clean is GO with every cell proven, every open door alone is NO-GO at its cell."""

import json
import multiprocessing
import os
import re
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from harness.lab.catalogue import listing
from harness.lab.serve import Lab
from tests.servers.command import ROOT, cutover

SCENARIO = ROOT / "scenarios" / "security.yaml"
ROWS: list[dict[str, Any]] = listing("security")
DEFECTS = [row for row in ROWS if not row["harmless"]]
HARMLESS = [row for row in ROWS if row["harmless"]]
CLEAN_RUNS = 3
WHOLE = bool(os.environ.get("WHOLE_CATALOGUE"))


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a rehearsal ended in."""

    code: int
    report: dict[str, Any]

    def failed(self) -> list[tuple[str, str, str, str]]:
        """Return (cell, place, cause, severity) of all that failed."""
        return [
            (case, one["at"], one["cause"], one["severity"])
            for one in self.report["findings"]
            if one["outcome"] == "FAIL"
            for case in one["cases"]
        ]


def _quiet() -> None:
    """Send what the command prints in a worker nowhere; pytest must not see it as its own."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


def _rehearse(folder: str, defects: tuple[str, ...], narrowed: str) -> Told:
    """Rehearse in this (worker) process: starting an interpreter for each of so many would take most of the time."""
    from harness.cli.main import main

    place = Path(folder)
    place.mkdir(parents=True)
    os.chdir(place)
    os.environ["CI"] = "true"
    with Lab(*defects) as ports:
        sets = [f"--set={name}={value}" for name, value in ports.sets.items()]
        code = main(["rehearse", str(SCENARIO), *sets, "--suite", "security", *(["-k", narrowed] if narrowed else [])])
    (report,) = place.glob("cutover-runs/*/report.json")
    return Told(code=int(code), report=json.loads(report.read_text()))


def _words(row: dict[str, Any]) -> str:
    """Return the -k expression for the cells that must notice a defect; `make soak` asks the whole suite."""
    if WHOLE:
        return ""
    column = row["case"].rpartition(": ")[2]
    words = re.findall(r"\w{2,}", column) or re.findall(r"\w{2,}", row["case"])
    return " and ".join(word for word in words if word not in {"and", "or", "not"})


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[Told]]]:
    """Rehearse every row: a defect with the cells that are to notice it, a harmless change with all."""
    base = tmp_path_factory.mktemp("security-catalogue")
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(4, mp_context=context, initializer=_quiet) as pool:
        yield {
            row["name"]: pool.submit(
                _rehearse, str(base / row["name"]), (row["name"],), "" if row["harmless"] else _words(row)
            )
            for row in (*HARMLESS, *DEFECTS)
        }
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("attempt", range(CLEAN_RUNS))
@pytest.mark.usefixtures("runs")  # these go on beside it
def test_clean_lab_is_go_with_the_whole_matrix_filled(tmp_path: Path, attempt: int) -> None:
    with Lab() as ports:
        sets = [part for name, value in ports.sets.items() for part in ("--set", f"{name}={value}")]
        done = cutover("rehearse", SCENARIO, *sets, cwd=tmp_path)
    assert done.code == 0, f"{done.out[-4000:]}\n{done.err[-2000:]}"
    report = done.report
    assert report["verdict"] == "GO"
    assert report["security"]["unproven"] == report["security"]["weaker"] == report["security"]["stricter"] == 0
    assert report["security"]["cells"] > 500
    assert report["differences"]["unexplained"] == report["differences"]["weaker"] == 0
    assert all("not askable" in one["why"] for one in report["unproven"])


@pytest.mark.parametrize("row", DEFECTS, ids=[row["name"] for row in DEFECTS])
def test_each_open_door_alone_is_named(row: dict[str, Any], runs: dict[str, Future[Told]]) -> None:
    told = runs[row["name"]].result()
    assert told.code == 1, told.report["reasons"]
    assert told.report["verdict"] == "NO-GO"
    failed = told.failed()
    hit = [one for one in failed if fnmatchcase(one[0], row["case"]) and fnmatchcase(one[1], row["at"])]
    assert hit, f"{row['case']} {row['at']} not in {failed[:20]}"
    assert all(severity == "critical" for _, _, cause, severity in failed if cause == "weaker")


@pytest.mark.parametrize("row", HARMLESS, ids=[row["name"] for row in HARMLESS])
def test_harmless_changes_stay_go(row: dict[str, Any], runs: dict[str, Future[Told]]) -> None:
    told = runs[row["name"]].result()
    assert told.code == 0, [told.report["reasons"], told.failed()[:10]]


def test_the_catalogue_covers_what_can_be_left_open() -> None:
    assert len(DEFECTS) >= 25
    assert len({row["family"] for row in DEFECTS}) >= 5
