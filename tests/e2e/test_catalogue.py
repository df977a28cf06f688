"""The lab: clean is GO, every defect alone is NO-GO at its place, harmless changes stay GO."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.lab.catalogue import listing
from harness.lab.serve import Lab, LabPorts
from tests.servers.command import ROOT, Done, cutover

DEMO = ROOT / "scenarios" / "demo.yaml"
DEFECTS = [row for row in listing() if not row["harmless"]]
HARMLESS = [row for row in listing() if row["harmless"]]
CLEAN_RUNS = 5  # `make soak` does more


@pytest.fixture(scope="module")
def clean_lab() -> Iterator[LabPorts]:
    with Lab() as ports:
        yield ports


def rehearse(ports: LabPorts, folder: Path, *more: str) -> Done:
    sets = ("--set", f"old_port={ports.old}", "--set", f"new_port={ports.new}")
    return cutover("rehearse", DEMO, *sets, *more, cwd=folder)


def told(done: Done) -> str:
    return f"{done.out[-4000:]}\n{done.err[-2000:]}"


@pytest.mark.parametrize("attempt", range(CLEAN_RUNS))
def test_clean_pair_is_go(clean_lab: LabPorts, tmp_path: Path, attempt: int) -> None:
    done = rehearse(clean_lab, tmp_path)
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
def test_each_defect_alone_is_named(row: dict[str, Any], tmp_path: Path) -> None:
    with Lab(str(row["name"])) as ports:
        done = rehearse(ports, tmp_path)
    assert done.code == 1, told(done)
    assert done.report["verdict"] == "NO-GO"
    found = {(case, finding["at"]) for finding in done.findings() for case in finding["cases"]}
    exact = {(finding["case"], finding["at"]) for finding in done.findings()}
    assert (row["case"], row["at"]) in found | exact, f"{row['case']} {row['at']} not in {sorted(found)}"


@pytest.mark.parametrize("row", HARMLESS, ids=[row["name"] for row in HARMLESS])
def test_harmless_changes_stay_go(row: dict[str, Any], tmp_path: Path) -> None:
    with Lab(str(row["name"])) as ports:
        done = rehearse(ports, tmp_path)
    assert done.code == 0, told(done)


def test_catalogue_is_large_enough() -> None:
    assert len(DEFECTS) >= 30
    assert len(HARMLESS) >= 2


def test_both_doors_find_the_same(tmp_path: Path) -> None:
    import subprocess
    import sys

    from tests.servers.command import environment

    with Lab("header-dropped") as ports:
        first = rehearse(ports, tmp_path / "command" if (tmp_path / "command").mkdir() is None else tmp_path)
        plain = tmp_path / "plain"
        plain.mkdir()
        call = subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                str(ROOT / "suites" / "parity"),
                f"--scenario={DEMO}",
                f"--set=old_port={ports.old}",
                f"--set=new_port={ports.new}",
                "--junitxml=j.xml",
                "-q",
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

    def essence(done: Done) -> list[tuple[str, str, str, str]]:
        return sorted((f["case"], f["at"], f["kind"], f["cause"]) for f in done.findings())

    assert essence(first) == essence(second)
    assert first.report["suites"] == second.report["suites"]
