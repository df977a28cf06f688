"""Run suites through pytest in this process, with our terminal instead of pytest's."""

import os
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass
from hashlib import sha256
from importlib import import_module
from io import StringIO
from pathlib import Path
from typing import TextIO

import pytest

from harness.content import content_dir
from harness.engine.plan import requests
from harness.engine.session import Order, Session
from harness.engine.suites import DNS, LOAD, Item, names, parted
from harness.journal.runs import make_root
from harness.model.check import Tick
from harness.model.errors import CutoverError, UsageError
from harness.model.event import Checked, Event, RecordedPair, Round
from harness.model.finding import Summary
from harness.model.outcome import ExitCode
from harness.pytest_plugin import Rehearsal
from harness.report.console import Console
from harness.scenario.types import Scenario

INI = """\
[pytest]
python_files = test_*.py
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What narrows a run, in pytest's words."""

    suites: tuple[str, ...] = ()
    keyword: str = ""
    lf: bool = False
    junitxml: Path | None = None


_APART = frozenset({LOAD, DNS})
"""Suites that show themselves: the thousands of requests of a load would make all before it look like nothing, and
name servers are no side."""

_FAILING = ("unexplained", "weaker")


class Live:
    """Shows a run on the terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._done = 0
        self._failing = 0

    def begin(self, session: Session, items: Sequence[Item]) -> None:
        """Count what is to be sent."""
        repeats = session.scenario.compare.noise_repeats
        cases, checks = parted(items)
        sent = sum(requests(unit, session.sides, repeats) for unit in session.left(cases))
        self._console.begin(sent + sum(sum(check.requests.values()) for check in checks if check.suite not in _APART))

    def event(self, event: Event) -> None:
        """Count a unit that came back."""
        if isinstance(event, Round):
            self._done += sum(_requests(pair) for pair in event.pairs)
            self._failing += sum(pair.counts.get(cause, 0) for pair in event.pairs for cause in _FAILING)
            self._console.update(self._done, self._failing)
        elif isinstance(event, Checked):
            self._done += 0 if event.suite in _APART else sum(event.requests.values())
            self._failing += sum(point.cause in _FAILING for point in event.points)
            self._console.update(self._done, self._failing)

    def tick(self, tick: Tick) -> None:
        """Show how a check that takes long is getting on."""
        self._console.tick(tick)

    def sent(self) -> None:
        """Leave the progress display."""
        self._console.close()

    def finish(self, summary: Summary, files: dict[str, Path]) -> None:
        """Tell the verdict."""
        self._console.finish(summary, files)


def _requests(pair: RecordedPair) -> int:
    return (pair.old is not None) + (pair.new is not None) + len(pair.noise)


def execute(scenario: Scenario, order: Order, selection: Selection) -> ExitCode:
    """Rehearse one scenario; raises the CutoverError that stopped it, if one did."""
    arguments = _arguments(scenario, order, selection)
    with _terminal() as out:
        return _execute(
            arguments, Rehearsal(scenario=scenario, order=order, listener=Live(Console(out)), quiet_terminal=True)
        )


def _execute(arguments: list[str], plugin: Rehearsal) -> ExitCode:
    os.environ.pop("PYTEST_ADDOPTS", None)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    told = StringIO()
    if plugin.scenario.dns is not None:
        import_module("harness.dns.library")
    with redirect_stderr(told):
        code = pytest.main(arguments, plugins=[plugin])
    _complained(code, told.getvalue())
    if isinstance(plugin.failure, CutoverError):
        raise plugin.failure
    if plugin.failure is not None:
        raise RuntimeError("the rehearsal broke off") from plugin.failure
    return _NOTHING_RAN if plugin.summary is None and code == pytest.ExitCode.OK else ExitCode(int(code))


def _complained(code: int, told: str) -> None:
    """Pass on what pytest wrote to standard error; a usage error of its own (a wrong -k) becomes one of ours."""
    if code == pytest.ExitCode.USAGE_ERROR and told.startswith("ERROR: "):
        words = "-k takes words with `and`, `or`, `not` between, such as 'expired and token' or 'orders and not export'"
        hint = words if "'-k'" in told else ""
        raise UsageError(told.removeprefix("ERROR: ").strip(), hint=hint)
    sys.stderr.write(told)


_NOTHING_RAN = ExitCode.INTERNAL


def _terminal() -> TextIO:
    """Return a stream to the real standard output, which pytest's capture does not reach."""
    encoding = sys.stdout.encoding or "utf-8"
    return os.fdopen(os.dup(1), "w", encoding=encoding, errors="replace", buffering=1)


def _cache(runs: Path) -> Path:
    """Return the folder where pytest remembers what failed; raises UsageError where it cannot be written."""
    make_root(runs)
    cache = runs / ".cache"
    try:
        cache.mkdir(exist_ok=True)
        (cache / "pytest.ini").write_text(INI, encoding="utf-8")
    except OSError as error:
        message = f"{cache}: cannot be written: {error.strerror}"
        raise UsageError(message, hint="choose another place with --runs DIR") from error
    return cache


def _arguments(scenario: Scenario, order: Order, selection: Selection) -> list[str]:
    """Return pytest's arguments: nothing of a user's repository or environment may change what is judged."""
    suites = content_dir() / "suites"
    suites_asked = selection.suites or names(scenario)
    cache = _cache(order.runs)
    key = sha256(str(scenario.files[0].resolve()).encode()).hexdigest()[:16]
    arguments = [str(suites / name) for name in suites_asked]
    arguments += [
        "-c",
        str(cache / "pytest.ini"),
        f"--rootdir={suites}",
        f"--confcutdir={suites}",
        "--import-mode=importlib",
        "-q",
    ]
    arguments += ["-o", f"cache_dir={(cache / key).resolve()}", "-p", "no:faulthandler", "-W", "default"]
    arguments += ["-k", selection.keyword] if selection.keyword else []
    arguments += ["--lf"] if selection.lf else []
    arguments += [f"--junitxml={selection.junitxml}"] if selection.junitxml else []
    return arguments
