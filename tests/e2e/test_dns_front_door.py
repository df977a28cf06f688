"""The DNS suite through both doors: the command and plain pytest, one name and many."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.dns_world import NAME, NEW, World, rehearse, sides, world
from tests.servers.command import ROOT, cutover, environment

pytestmark = [pytest.mark.server("nsd"), pytest.mark.server("unbound")]


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with sides(tmp_path_factory.mktemp("tls"), NAME, NEW) as both, world(both) as found:
        yield found


@pytest.mark.parametrize("root", ["suites", "."])
def test_plain_pytest_takes_the_suite_for_what_it_is(root: str, clean: World, tmp_path: Path) -> None:
    done = rehearse(tmp_path, clean.scenario())
    call = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--import-mode=importlib"),
            *(
                f"--rootdir={ROOT / root}",
                str(ROOT / "suites" / "dns"),
                "--scenario",
                "scenario.yaml",
                "--runs",
                "runs",
            ),
        ],
        cwd=tmp_path,
        env={**environment(), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.code == 0, done.out
    assert call.returncode == 0, call.stdout + call.stderr
    assert f"{done.report['suites']['dns']['passed']} passed" in call.stdout


def test_a_selection_never_decides_for_the_rest(clean: World, tmp_path: Path) -> None:
    done = rehearse(tmp_path, clean.scenario(), "-k", "CAA")
    assert done.code == 0
    assert done.report["partial"] is True
    assert done.report["suites"]["dns"]["passed"] == 1


def test_the_reports_of_a_run_are_made_again_alike(clean: World, tmp_path: Path) -> None:
    done = rehearse(tmp_path, clean.scenario())
    before = {path.name: path.read_bytes() for path in done.run.glob("report.*")}
    again = cutover("report", "latest", cwd=tmp_path)
    assert again.code == 0
    assert {path.name: path.read_bytes() for path in done.run.glob("report.*")} == before


def test_one_side_alone_asks_no_name_server(clean: World, tmp_path: Path) -> None:
    done = rehearse(tmp_path, clean.scenario(), "--only", "old")
    assert done.code == 5
    assert any(
        "dns: looks at names and both sides at once; rehearse it by itself" in reason
        for reason in done.report["reasons"]
    )
