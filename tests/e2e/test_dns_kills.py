"""However a survey of names ends, nothing is called ready that was not seen, and a resumed run sees all of it anew.

Each run is ended twice: while the survey waits for an old answer to run out, and while the topics are judged.
"""

import json
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dns.message
import pytest

from harness.cli.main import main
from harness.journal.reader import read
from harness.model.event import Checked, Ended, Event, Sighted, Surveyed
from tests.e2e.dns_stage import Stage, stage
from tests.e2e.dns_world import ZONES
from tests.servers.command import ROOT, Done, arguments, cutover, environment
from tests.servers.loaded import Reply
from tests.servers.scripted_dns import serving

WHOLE = bool(os.environ.get("WHOLE_CATALOGUE"))
HOST_TOPIC = "api.example.test: new side takes the name"
LOST = {**ZONES, "example.test": ZONES["example.test"].replace("api CNAME", "api 7200 CNAME")}
"""The zone as somebody has changed it between a kill and the resumed run."""


@dataclass(slots=True)
class Held:
    """A stage that holds a run in the survey, or at a topic, and tells when it is there."""

    stage: Stage
    where: str
    there: threading.Event = field(default_factory=threading.Event)
    open: bool = False

    def arm(self) -> None:
        """Hold whoever comes."""
        answer = serving(ZONES, held=lambda ttl: ttl // 2 if self.where == "survey" and not self.open else ttl)

        def names(asked: dns.message.Message) -> dns.message.Message | bytes | None:
            # the topics are judged once nothing more is asked; the survey's wait begins when the rest has been
            if self.where != "checks" and len(self.stage.names.asked) > 20:
                self.there.set()
            return answer(asked)

        def new(_: str) -> Reply:
            if self.where != "checks" or self.open:
                return Reply()
            self.there.set()
            return Reply(silent=True)

        self.stage.names.answer = names
        self.stage.new.behave = new

    def release(self, zones: dict[str, str] | None = None) -> None:
        """Let everybody through from now on; perhaps to other zones."""
        self.open = True
        if zones is not None:
            self.stage.names.answer = serving(zones)


Run = tuple[str, str, signal.Signals]  # name, where, by what
RUNS: tuple[Run, ...] = (
    ("survey, Ctrl-C", "survey", signal.SIGINT),
    ("checks, killed", "checks", signal.SIGKILL),
    ("watch, killed", "watch", signal.SIGKILL),
)
MORE: tuple[Run, ...] = (
    ("survey, SIGTERM", "survey", signal.SIGTERM),
    ("survey, killed", "survey", signal.SIGKILL),
    ("checks, SIGTERM", "checks", signal.SIGTERM),
    ("checks, Ctrl-C", "checks", signal.SIGINT),
    ("watch, SIGTERM", "watch", signal.SIGTERM),
)
CHOSEN = {name: (where, by) for name, where, by in (*RUNS, *(MORE if WHOLE else ()))}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a run left when it was ended, and what became of it when it was resumed (None: it cannot be)."""

    first: Done
    events: tuple[Event, ...]
    reports: frozenset[str]
    verdict: str
    resumed: Done | None


def _seen(base: Path, name: str) -> Seen:
    where, by = CHOSEN[name]
    folder = base / name.replace(", ", "-")
    with stage(base / f"{folder.name}-tls") as made:
        held = Held(made, where)
        held.arm()
        file = made.scenario(folder, {"limits": {"rate": 200, "timeout": "30s"}}, wait="60s")
        line = (
            ("dns", "watch", file, "--interval", "200ms") if where == "watch" else ("rehearse", file, "--suite", "dns")
        )
        child = subprocess.Popen(
            arguments(*line),
            cwd=folder,
            env={**environment(), "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            if not held.there.wait(30):
                child.send_signal(signal.SIGINT)
                raise AssertionError(child.communicate(timeout=30))
            child.send_signal(by)
            out, err = child.communicate(timeout=25)
        finally:
            child.kill()
            child.wait()
        first = Done(code=child.returncode, out=out, err=err, runs=folder / "cutover-runs")
        events = tuple(event for _, event in read(first.run, sealed=by != signal.SIGKILL))
        verdict = json.loads((first.run / "report.json").read_text())["verdict"] if by != signal.SIGKILL else ""
        reports = frozenset(path.name for path in first.run.iterdir() if path.name.startswith(("report", "junit")))
        held.release(LOST if where == "checks" else None)
        resumed = None if where == "watch" else cutover("rehearse", "--resume", "latest", cwd=folder)
    return Seen(first=first, events=events, reports=reports, verdict=verdict, resumed=resumed)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Seen]]:
    base = tmp_path_factory.mktemp("kills")
    with ThreadPoolExecutor(3) as pool:
        futures = {name: pool.submit(_seen, base, name) for name in CHOSEN}
        yield lambda name: futures[name].result()


def _of(events: tuple[Event, ...], kind: type) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


def _topics(done: Done) -> dict[str, list[dict[str, Any]]]:
    lines = (done.run / "journal.jsonl").read_bytes().splitlines()
    found: dict[str, list[dict[str, Any]]] = {}
    for event in map(json.loads, lines):
        if event["t"] == "checked":
            found.setdefault(event["case"], []).append(event)
    return found


@pytest.mark.parametrize("name", [name for name, (_, by) in CHOSEN.items() if by != signal.SIGKILL])
def test_who_ends_it_gets_reports_and_no_go(name: str, seen: Callable[[str], Seen]) -> None:
    one = seen(name)
    assert (one.first.code, one.verdict) == (2, "HOLD"), one.first.out + one.first.err
    assert one.reports >= {"report.html", "report.json", "report.md", "junit.xml"}
    ended = one.events[-1]
    assert isinstance(ended, Ended)
    assert ended.state == "interrupted"
    assert one.first.err == ""  # no task that was pending, no loop that was closed, no traceback


@pytest.mark.parametrize("name", [name for name, (_, by) in CHOSEN.items() if by == signal.SIGKILL])
def test_a_kill_leaves_a_journal_without_an_end(name: str, seen: Callable[[str], Seen]) -> None:
    one = seen(name)
    assert one.first.code == -signal.SIGKILL
    assert one.reports == frozenset()
    assert not _of(one.events, Ended)
    assert bool(_of(one.events, Sighted)) == name.startswith("watch")


def test_what_a_killed_watch_had_seen_can_be_told(
    seen: Callable[[str], Seen], capfd: pytest.CaptureFixture[str]
) -> None:
    run = seen("watch, killed").first.run
    assert main(["report", str(run)]) == 3
    assert "go on with `cutover rehearse --resume`" in capfd.readouterr().err
    for _ in range(2):
        assert main(["rehearse", "--resume", str(run), "--runs", str(run.parent)]) == 4
        assert f"`cutover report {run.name}` tells what it had seen" in capfd.readouterr().err
    assert main(["report", str(run)]) == 2
    told = json.loads((run / "report.json").read_text())
    assert (told["verdict"], bool(told["dns"]["propagation"]["shares"])) == ("HOLD", True)


@pytest.mark.parametrize("name", [name for name, (where, _) in CHOSEN.items() if where == "survey"])
def test_half_a_survey_tells_nothing(name: str, seen: Callable[[str], Seen]) -> None:
    one = seen(name)
    assert not _of(one.events, Surveyed)
    assert not _of(one.events, Checked)
    assert one.resumed is not None
    assert (one.resumed.code, one.resumed.report["verdict"]) == (0, "GO"), one.resumed.out + one.resumed.err
    assert one.resumed.err == ""


@pytest.mark.parametrize("name", [n for n, (where, _) in CHOSEN.items() if where == "checks"])
def test_a_resumed_run_judges_every_topic_by_one_survey(name: str, seen: Callable[[str], Seen]) -> None:
    one = seen(name)
    before = {event.case: event.outcome for event in _of(one.events, Checked)}
    assert before["api.example.test: TTL at the authority"] == "PASS"
    assert HOST_TOPIC not in before
    done = one.resumed
    assert done is not None
    assert done.code == 1, done.out + done.err
    (survey,) = done.report["dns"]["names"]
    assert survey["ttl"] == 7200
    assert any("7200" in finding["title"] for finding in done.findings())
    topics = _topics(done)
    assert {case: len(events) for case, events in topics.items()} == {
        case: 2 if case in before else 1 for case in topics
    }
    assert len(topics) == 15
    assert b'"t":"anew"' in (done.run / "journal.jsonl").read_bytes()
    assert any("surveyed anew" in note for note in done.report["notes"])
    assert done.report["suites"]["dns"]["errors"] == 0, done.report["unproven"]


def test_a_changed_journal_is_no_evidence(
    seen: Callable[[str], Seen], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    one = seen("survey, Ctrl-C").resumed
    assert one is not None
    lines = (one.run / "journal.jsonl").read_bytes().splitlines(keepends=True)
    at = next(at for at, line in enumerate(lines) if b'"t":"surveyed"' in line)
    edited = lines[at].replace(b'"ttl":60', b'"ttl":61', 1)
    assert edited != lines[at]
    for name, changed in (
        ("edited", [*lines[:at], edited, *lines[at + 1 :]]),
        ("cut", [*lines[:at], *lines[at + 1 :]]),
    ):
        run = tmp_path / name
        run.mkdir()
        (run / "journal.jsonl").write_bytes(b"".join(changed))
        assert main(["report", str(run)]) == 3
        assert "journal.jsonl:" in capfd.readouterr().err
        assert not (run / "report.html").exists()
