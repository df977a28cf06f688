"""A test whose server is missing: skipped with its reason, or failed on CI."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
CONFTEST = """
from tests import conftest
from tests.conftest import pytest_runtest_setup, pytest_terminal_summary
conftest.FINDERS["ghost"] = lambda: None
conftest.FINDERS["here"] = lambda: "/bin/sh"
"""
TESTS = """
import pytest

@pytest.mark.server("ghost")
def test_with_a_ghost():
    pass

@pytest.mark.server("here")
def test_with_a_shell():
    pass
"""


@pytest.mark.parametrize(("ci", "code", "word"), [("", 0, "1 passed, 1 skipped"), ("true", 1, "1 passed, 1 error")])
def test_a_missing_server(tmp_path: Path, ci: str, code: int, word: str) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_it.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = server(name): x\n")
    environment = dict(os.environ, CI=ci, PYTHONPATH=str(ROOT), PYTEST_DISABLE_PLUGIN_AUTOLOAD="1", PYTEST_ADDOPTS="")
    argv = [sys.executable, "-m", "pytest", "-ra", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(argv, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout
    assert word in done.stdout
    assert "needs ghost, which is not on this machine" in done.stdout
    assert "1 test(s) not run: ghost is missing" in done.stdout
