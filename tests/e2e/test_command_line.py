"""What the command answers to whoever types it: exit codes, messages with a place and a hint, never a traceback."""

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.cli.main import main
from harness.content import content_dir
from tests.servers.command import cutover, environment
from tests.servers.plain import Answer, Asked, PlainServer

ENVIRONMENT = {"KEY_FOR_TESTS": "k-12345"}
FAITHFUL = """\
cases:
  - {name: list, request: GET /list}
  - {name: one, request: GET /one}
"""
FAULTY = FAITHFUL + "  - {name: gone, request: GET /gone}\n  - {name: write, request: POST /w}\n"


@dataclass(frozen=True, slots=True)
class Wrong:
    """A command line that cannot be, and what must be said of it."""

    line: str
    says: str
    hint: str = ""


WRONG = (
    Wrong("reherse f.yaml", "there is no verb 'reherse'", "did you mean `cutover rehearse`?"),
    Wrong("--nope", "there is no option '--nope'", "cutover --help"),
    Wrong("plan", "required: FILE", "cutover plan --help"),
    Wrong("plan --nope good.yaml", "unrecognized arguments: --nope"),
    Wrong("plan nope.yaml", "nope.yaml:1:1: cannot be read", "is the name right?"),
    Wrong("plan folder", "folder:1:1: cannot be read", "name a scenario file"),
    Wrong("plan empty.yaml", "empty.yaml:1:1: the file is empty", "version: 1"),
    Wrong("plan wrong.yaml", "wrong.yaml:3:13: 'generc' is no kind of gateway", "did you mean 'generic'?"),
    Wrong("plan keyed.yaml", "the environment variable 'KEY_THAT_IS_NOT_SET' is not set", "export"),
    Wrong("plan good.yaml --set x", "--set x: expected NAME=VALUE", "--set stage=test"),
    Wrong("plan good.yaml --set nope=1", "--set nope=…: no var of that name", "declare it"),
    Wrong("rehearse", "no scenario named", "cutover rehearse FILE"),
    Wrong("rehearse good.yaml wrong.yaml", "wrong.yaml:3:13"),
    Wrong("rehearse good.yaml -k )(", "Wrong expression passed to '-k'", "orders and not export"),
    Wrong("rehearse good.yaml --suite rollback", "invalid choice: 'rollback'"),
    Wrong("rehearse good.yaml --suite load", "no `load` section"),
    Wrong("rehearse good.yaml --suite dns", "no `dns` section"),
    Wrong("rehearse good.yaml --junitxml folder", "folder: this is a directory", "name a file"),
    Wrong("rehearse good.yaml --junitxml good.yaml/x/out.xml", "the folder cannot be made", "can be written"),
    Wrong("rehearse good.yaml bad.yaml --junitxml out.xml", "--junitxml takes one scenario", "junit.xml"),
    Wrong("rehearse good.yaml --runs good.yaml", "good.yaml: not a directory", "--runs DIR"),
    Wrong("rehearse good.yaml --runs good.yaml/deep", "runs cannot be kept there", "--runs DIR"),
    Wrong("rehearse good.yaml --runs /proc/nowhere", "runs cannot be kept there", "--runs DIR"),
    Wrong("probe good.yaml --case list --runs good.yaml", "good.yaml: not a directory", "--runs DIR"),
    Wrong("rehearse good.yaml --resume nope", "no run 'nope' in cutover-runs", "cutover rehearse FILE"),
    Wrong("rehearse good.yaml --against nope", "no run 'nope' in cutover-runs", "cutover rehearse FILE"),
    Wrong("rehearse good.yaml --only old --against x", "not allowed with argument --only"),
    Wrong("rehearse good.yaml bad.yaml --resume latest", "take one scenario"),
    Wrong("report", "required: RUN"),
    Wrong("report nope", "no run 'nope' in cutover-runs"),
    Wrong("probe good.yaml", "required: --case"),
    Wrong("probe good.yaml --case lst", "no case is called 'lst'", "did you mean 'list'?"),
    Wrong("probe bad.yaml --case write", "not sent", "nothing more"),
    Wrong("lab --ports x", "expected one or three port numbers", "--ports 0"),
    Wrong("lab --defect header-droped", "no defect is called", "header-dropped"),
    Wrong("schema x", "unrecognized arguments: x"),
)


def answer(side: str) -> object:
    def behave(asked: Asked) -> Answer:
        gone = side == "new" and asked.target == "/gone"
        return Answer(status=404 if gone else 200, body=b'{"target": "%s"}' % asked.target.encode())

    return behave


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a folder with scenarios, aimed at two servers that run."""
    made = tmp_path_factory.mktemp("typed")
    with PlainServer(answer("old")) as old, PlainServer(answer("new")) as new:  # type: ignore[arg-type]
        head = f"version: 1\nname: typed\nold: {{kind: generic, url: '{old.url}'}}\n"
        head += f"new: {{kind: generic, url: '{new.url}'}}\n"
        (made / "good.yaml").write_text(head + FAITHFUL)
        (made / "bad.yaml").write_text(head + FAULTY)
        (made / "wrong.yaml").write_text(head.replace("kind: generic", "kind: generc") + FAITHFUL)
        key = "credentials: {p: {both: {header: {x-key: '${env:KEY_THAT_IS_NOT_SET}'}}}}\n"
        (made / "keyed.yaml").write_text(head + key + FAITHFUL)
        (made / "long.yaml").write_text(head + f"cases: [{{name: long, request: GET /{'x' * 2000}}}]\n")
        (made / "empty.yaml").write_text("")
        (made / "folder").mkdir()
        yield made


@pytest.fixture
def typed(folder: Path, tmp_path: Path) -> Path:
    """Return a folder of one's own with those scenarios."""
    for file in folder.glob("*.yaml"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "folder").mkdir()
    return tmp_path


@pytest.mark.parametrize("row", WRONG, ids=[row.line for row in WRONG])
def test_a_wrong_command_line_is_told_with_a_hint(
    row: Wrong, typed: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # In this process: a child for each row would take a minute.
    monkeypatch.chdir(typed)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # the command sets it; here it must not stay
    try:
        code = main(row.line.split())
    except SystemExit as end:
        code = int(end.code or 0)
    told = capfd.readouterr().err
    assert code == 4, told
    assert row.says in told
    assert row.hint in told
    assert re.match(r"cutover( \w+)?: \S", told)
    assert "Traceback" not in told


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("--version", 0),
        ("", 4),
        ("plan good.yaml --json", 0),
        ("rehearse good.yaml", 0),
        ("rehearse good.yaml --lf", 0),
        ("rehearse good.yaml -k nothing_is_called_so", 5),
        ("rehearse good.yaml --only old", 5),
        ("rehearse bad.yaml", 1),
        ("probe good.yaml --case list", 0),
        ("probe bad.yaml --case gone", 1),
    ],
)
def test_exit_codes(line: str, code: int, typed: Path) -> None:
    done = cutover(*line.split(), cwd=typed, env=ENVIRONMENT)
    assert done.code == code, done.out + done.err
    assert "Traceback" not in done.out + done.err


def test_a_finished_run_can_be_resumed_and_reported(typed: Path) -> None:
    assert cutover("rehearse", "bad.yaml", cwd=typed).code == 1
    assert (typed / "cutover-runs" / ".gitignore").read_text() == "*\n"
    assert cutover("rehearse", "--resume", "latest", cwd=typed).code == 1
    assert cutover("report", "latest", cwd=typed).code == 1
    changed = cutover("rehearse", "good.yaml", "--resume", "latest", cwd=typed)
    assert changed.code == 4
    assert "has changed" in changed.err


def test_a_plan_shows_no_target_whole(typed: Path) -> None:
    done = cutover("plan", "long.yaml", cwd=typed)
    assert done.code == 0
    assert max(map(len, done.out.splitlines())) < 400


def test_what_failed_and_what_was_not_judged_are_told_once(typed: Path) -> None:
    done = cutover("rehearse", "bad.yaml", cwd=typed)
    assert "What is wrong (1)" in done.out
    assert "status 200 became 404" in done.out
    assert "1 unsafe case was not sent" in " ".join(done.out.split())
    junit = (done.run / "junit.xml").read_text()
    assert "status: old 200, new 404" in junit


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ("", "needs a scenario"),
        ("--scenario nope.yaml", "nope.yaml:1:1: cannot be read"),
        ("--scenario good.yaml --set nope=1", "no var of that name"),
        ("--scenario good.yaml --runs good.yaml", "good.yaml: not a directory"),
        ("--scenario good.yaml --junitxml good.yaml/x/out.xml", "the folder cannot be made"),
    ],
)
def test_the_other_door_tells_what_is_wrong(options: str, says: str, typed: Path) -> None:
    call = subprocess.run(
        [sys.executable, "-m", "pytest", str(content_dir() / "suites" / "parity"), *options.split()],
        cwd=typed,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert call.returncode == 4, call.stdout + call.stderr
    assert says in call.stderr
    assert "Traceback" not in call.stdout + call.stderr


@pytest.mark.parametrize(
    ("suites", "code", "says"),
    [
        (("dns",), 4, "good.yaml: the scenario has no `dns` section"),
        (("security",), 4, "good.yaml: the scenario has no `security` section"),
        (("load", "dns"), 4, "good.yaml: the scenario has no `dns` and no `load` section"),
        (("parity", "dns"), 0, ""),
    ],
)
def test_a_suite_without_a_section_is_refused_before_anything_is_sent(
    suites: tuple[str, ...], code: int, says: str, typed: Path
) -> None:
    call = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "--import-mode=importlib", "-p", "no:cacheprovider"),
            *(str(content_dir() / "suites" / suite) for suite in suites),
            *("--scenario", "good.yaml", "--runs", f"runs-of-{'-'.join(suites)}"),
        ],
        cwd=typed,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert call.returncode == code, call.stdout + call.stderr
    assert says in call.stderr
    runs = typed / f"runs-of-{'-'.join(suites)}"
    assert (code == 0) is any(path.is_dir() and not path.name.startswith(".") for path in runs.iterdir())
