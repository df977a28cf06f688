"""`cutover load`: what is wrong with it is told before anything is sent, in words that say what to do."""

import socket
from pathlib import Path

import pytest

from harness.cli.main import main

SCENARIO = """\
version: 1
name: Short
old: {kind: generic, url: "http://127.0.0.1:1"}
new: {kind: generic, url: "http://127.0.0.1:2"}
credentials:
  partner: {both: {header: {x-key: a-plain-text-of-the-scenario}}}
cases:
  - {name: list, request: GET /list, as: partner}
  - {name: one, request: GET /one, as: partner}
load:
  profile: {rate: 10, for: 1s}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a scenario with a load."""
    file = tmp_path / "short.yaml"
    file.write_text(SCENARIO)
    return file


def test_an_address_that_is_taken_is_told_without_a_traceback(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        runs = str(file.parent / "runs")
        assert main(["load", "master", str(file), "--bind", f"127.0.0.1:{port}", "--runs", runs]) == 4
    told = capsys.readouterr().err
    assert f"workers cannot join at 127.0.0.1:{port}: address already in use" in told
    assert "--bind" in told
    assert not (file.parent / "runs").exists()


def test_what_cannot_be_exported_is_told_once_for_all_cases_of_a_caller(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["load", "export", str(file), str(file.parent / "out")]) == 4
    told = capsys.readouterr().err
    assert "'list' cannot be exported: its request to old holds credential partner; so do those of 1 more" in told
    assert told.count("cannot be exported") == 2
    assert not (file.parent / "out").exists()


@pytest.mark.parametrize("what", ["master", "worker", "export"])
def test_each_verb_shows_how_it_is_written(what: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["load", what, "--help"])
    assert f"\n  cutover load {what} " in capsys.readouterr().out
