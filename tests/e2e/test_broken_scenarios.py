"""Broken scenarios through the front door: exit 4, the right place, no traceback, and nothing was begun."""

import subprocess
import sys
from pathlib import Path

import pytest

from harness.cli.main import main
from tests.servers.command import ROOT, cutover, environment
from tests.servers.plain import Answer, PlainServer
from tests.unit.scenario.broken_row import ENVIRON, HEAD, Row
from tests.unit.scenario.broken_table import ROWS
from tests.unit.scenario.key_material import lay

REPRESENTATIVES = (
    "tab as indentation",
    "unknown section",
    "env not set",
    "request with a line break",
    "unknown capture",
    "oauth2 over http",
    "jwt: encrypted key",
    "client_cert: expired",
    "security: identity of nobody",
    "security: private key as public",
    "load: threshold: latency without unit",
    "load: host that is not allowed",
    "control: another API",
    "dns: from: same as to",
)
CHOSEN = [row for row in ROWS if row.name in REPRESENTATIVES]


def _told(row: Row, file: Path, err: str) -> None:
    """Hold what standard error must say of a broken file, and what it must not."""
    assert f"{file}:{row.line}:{row.column}: " in err
    assert row.message in err
    assert row.hint in err
    assert "Traceback" not in err
    assert "canary" not in err
    assert "can ary" not in err


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in an empty folder, with the environment that the table speaks of."""
    monkeypatch.chdir(tmp_path)
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NOPE", raising=False)
    return tmp_path


@pytest.mark.parametrize("verb", [("plan",), ("plan", "--json"), ("rehearse",), ("probe", "--case", "a")], ids=" ".join)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_refused(row: Row, verb: tuple[str, ...], there: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = there / "scenario.yaml"
    file.write_text(row.text, encoding="utf-8")
    lay(file.parent, row.files)
    assert main([verb[0], str(file), *verb[1:]]) == 4
    out, err = capfd.readouterr()
    _told(row, file, err)
    assert out == ""
    assert {one.name for one in there.iterdir()} == {file.name, *row.files}


@pytest.mark.parametrize("row", CHOSEN, ids=lambda row: row.name)
def test_refused_as_a_process(row: Row, tmp_path: Path) -> None:
    file = tmp_path / "scenario.yaml"
    file.write_text(row.text, encoding="utf-8")
    lay(file.parent, row.files)
    done = cutover("rehearse", file, cwd=tmp_path, env=ENVIRON)
    assert done.code == 4, done.err
    _told(row, file, done.err)
    assert {one.name for one in tmp_path.iterdir()} == {file.name, *row.files}


@pytest.mark.parametrize("row", CHOSEN[:2], ids=lambda row: row.name)
def test_refused_by_plain_pytest(row: Row, tmp_path: Path) -> None:
    """The other door says the same, in pytest's way."""
    file = tmp_path / "scenario.yaml"
    file.write_text(row.text, encoding="utf-8")
    lay(file.parent, row.files)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", str(ROOT / "suites" / "parity")]
    env = {**environment(ENVIRON), "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    call = subprocess.run(
        [*command, "--scenario", str(file)],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert call.returncode == 4, call.stdout + call.stderr
    _told(row, file, call.stdout + call.stderr)
    assert {one.name for one in tmp_path.iterdir()} == {file.name, *row.files}


def test_all_chosen_are_there() -> None:
    assert len(CHOSEN) == len(REPRESENTATIVES)
    assert len(ROWS) >= 40


def test_all_that_is_wrong_is_told_at_once(there: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = there / "scenario.yaml"
    file.write_text(HEAD + "limits: {rate: 0}\nlimit: 5\nenvironment: off\n", encoding="utf-8")
    assert main(["plan", str(file)]) == 4
    err = capfd.readouterr().err
    places = [line.removeprefix("cutover: ").split(": ")[0] for line in err.splitlines() if str(file) in line]
    assert places == [f"{file}:{place}" for place in ("7:16", "8:1", "9:14")]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "no-such.yaml"),
        (b"\xff\xfe\x00name", "UTF-8"),
        (b"version: 1\nname: \x00\n", "U+0000"),
        (b"a: &a [x, x, x]\nb: &b [*a, *a, *a]\nname: t\n", "unknown key"),
        (b"[" * 5000, "nested deeper"),
    ],
    ids=["missing", "not UTF-8", "NUL", "aliases", "deep"],
)
def test_no_scenario_at_all(content: bytes | None, words: str, there: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = there / "no-such.yaml"
    if content is not None:
        file.write_bytes(content)
    for verb in ("plan", "rehearse"):
        assert main([verb, str(file)]) == 4
        err = capfd.readouterr().err
        assert words in err
        assert "Traceback" not in err
    assert not (there / "cutover-runs").exists()


def test_a_folder_is_no_scenario(there: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["rehearse", str(there)]) == 4
    assert str(there) in capfd.readouterr().err


def test_nothing_is_sent_when_one_of_several_is_broken(there: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with PlainServer(lambda _: Answer()) as server:
        good, bad = there / "good.yaml", there / "bad.yaml"
        text = HEAD.replace("http://127.0.0.1:1", server.url).replace("http://127.0.0.1:2", server.url)
        good.write_text(text, encoding="utf-8")
        bad.write_text(text + "limit: 5\n", encoding="utf-8")
        assert main(["rehearse", str(good), str(bad)]) == 4
        assert server.asked == []
    assert f"{bad}:7:1: " in capfd.readouterr().err
    assert not (there / "cutover-runs").exists()
