"""The wheel is whole: installed in an empty environment outside the checkout, `cutover demo` runs from there."""

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
CONTENT = ("suites/parity/", "reports/", "scenarios/demo.yaml")


def run(argv: list[str | Path], cwd: Path, seconds: float = 300) -> subprocess.CompletedProcess[str]:
    # nothing of this run may help the installed package to find its content
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "PYTEST", "CUTOVER"))
    }
    return subprocess.run(
        [str(arg) for arg in argv],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=seconds,
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    flags = ["--quiet", "--no-deps", "--no-build-isolation", "--disable-pip-version-check"]
    done = run([sys.executable, "-m", "pip", "wheel", *flags, "--wheel-dir", folder, ROOT], folder)
    assert done.returncode == 0, done.stderr
    return next(folder.glob("cutover_harness-*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the programs' folder of an environment that holds the wheel and what it depends on, nothing else."""
    folder = tmp_path_factory.mktemp("elsewhere") / "env"
    venv.create(folder, with_pip=False)
    flags = ["--quiet", "--disable-pip-version-check", "--constraint", str(ROOT / "constraints.txt")]
    python = folder / "bin" / "python"
    done = run([sys.executable, "-m", "pip", "--python", python, "install", *flags, wheel], folder)
    if done.returncode and not os.environ.get("CI"):
        pytest.skip(f"the package index does not answer: {done.stderr[-300:]}")
    assert done.returncode == 0, done.stderr
    return folder / "bin"


def test_the_wheel_carries_the_content_and_no_tests(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for part in CONTENT:
        assert any(name.startswith(f"harness/_content/{part}") for name in names), part
    assert not [name for name in names if name.startswith("tests/") or "__pycache__" in name]


def test_the_demo_runs_from_an_empty_environment(installed: Path, tmp_path: Path) -> None:
    done = run([installed / "cutover", "demo"], tmp_path, 120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "NO-GO" in done.stdout
    assert [*tmp_path.rglob("report.html")]


def test_it_answers_for_itself(installed: Path, tmp_path: Path) -> None:
    assert run([installed / "cutover", "--help"], tmp_path).returncode == 0
    found = run([installed / "cutover", "suites"], tmp_path)
    assert found.returncode == 0, found.stderr
    assert "_content" in found.stdout
