"""The lab: clean is GO, every defect alone is NO-GO at its place, harmless changes stay GO."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from harness.lab.catalogue import listing
from harness.lab.serve import Lab, LabPorts
from tests.servers.command import ROOT, Done, cutover, environment

DEMO = ROOT / "scenarios" / "demo.yaml"
ROWS: list[dict[str, Any]] = listing()
DEFECTS = [row for row in ROWS if not row["harmless"]]
HARMLESS = [row for row in ROWS if row["harmless"]]
AT_ONCE = 6
CLEAN_RUNS = 20


def rehearse(ports: LabPorts, folder: Path, *more: str) -> Done:
    sets = ("--set", f"old_port={ports.old}", "--set", f"new_port={ports.new}")
    folder.mkdir(parents=True, exist_ok=True)
    return cutover("rehearse", DEMO, *sets, *more, cwd=folder)


def told(done: Done) -> str:
    return f"{done.out[-4000:]}\n{done.err[-2000:]}"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[Done]]]:
    """Rehearse every row of the catalogue and the clean pair, some at a time: most of each is waiting."""

    def one(name: str, defects: tuple[str, ...]) -> Done:
        with Lab(*defects) as ports:
            return rehearse(ports, tmp_path_factory.getbasetemp() / "catalogue" / name)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        made = {f"clean-{n}": pool.submit(one, f"clean-{n}", ()) for n in range(CLEAN_RUNS)}
        made |= {row["name"]: pool.submit(one, row["name"], (row["name"],)) for row in DEFECTS + HARMLESS}
        yield made


@pytest.mark.parametrize("attempt", range(CLEAN_RUNS))
def test_clean_pair_is_go(runs: dict[str, Future[Done]], attempt: int) -> None:
    done = runs[f"clean-{attempt}"].result()
    assert done.code == 0, told(done)
    report = done.report
    assert report["verdict"] == "GO"
    assert report["differences"]["unexplained"] == report["differences"]["weaker"] == 0
    assert not report["unproven"]
    dialect = {
        (finding["old"], finding["new"])
        for finding in report["findings"]
        if finding["cause"] == "gateway" and finding["at"] == "status"
    }
    assert {("403", "404"), ("403", "401")} <= dialect
    assert all(f["remedy"] for f in report["findings"] if f["cause"] == "gateway" and f["at"] == "status")


@pytest.mark.parametrize("row", DEFECTS, ids=[row["name"] for row in DEFECTS])
def test_each_defect_alone_is_named(row: dict[str, Any], runs: dict[str, Future[Done]]) -> None:
    done = runs[row["name"]].result()
    assert done.code == 1, told(done)
    assert done.report["verdict"] == "NO-GO"
    found = {(case, finding["at"]) for finding in done.findings() for case in finding["cases"]}
    assert (row["case"], row["at"]) in found, f"{row['case']} {row['at']} not in {sorted(found)}"


@pytest.mark.parametrize("row", HARMLESS, ids=[row["name"] for row in HARMLESS])
def test_harmless_changes_stay_go(row: dict[str, Any], runs: dict[str, Future[Done]]) -> None:
    done = runs[row["name"]].result()
    assert done.code == 0, told(done)


def test_catalogue_is_large_enough() -> None:
    assert len(DEFECTS) >= 30
    assert len(HARMLESS) >= 2


def test_both_doors_find_the_same(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.mkdir()
    with Lab("header-dropped") as ports:
        first = rehearse(ports, tmp_path / "command")
        call = subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                str(ROOT / "suites" / "parity"),
                f"--scenario={DEMO}",
                "-q",
                f"--set=old_port={ports.old}",
                f"--set=new_port={ports.new}",
                "--junitxml=j.xml",
                "-p",
                "no:cacheprovider",
            ],
            cwd=plain,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    second = Done(code=call.returncode, out=call.stdout, err=call.stderr, runs=plain / "cutover-runs")
    assert first.code == second.code == 1, call.stdout[-3000:] + call.stderr[-3000:]
    assert (plain / "j.xml").exists()
    assert essence(first) == essence(second)
    assert first.report["suites"] == second.report["suites"]


def essence(done: Done) -> list[tuple[str, str, str, str]]:
    return sorted((f["case"], f["at"], f["kind"], f["cause"]) for f in done.findings())
