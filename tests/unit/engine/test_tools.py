"""What checks are given, and what becomes of what they tell."""

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

import pytest

from harness.credentials.keyring import Keyring
from harness.engine.requests import Outbound
from harness.engine.session import Order, Session
from harness.engine.suites import suites_of
from harness.engine.tools import Bench, broken, masked, masked_info
from harness.journal.record import LONGEST_NOTE
from harness.model.check import Check, Tools
from harness.model.errors import HarnessError
from harness.model.event import CaseInfo, Checked, Event, Loaded, Planned, Point
from harness.model.gateway import Gateway, Limits
from harness.model.load import LoadState
from harness.model.probe import Group, Probe
from harness.model.side import Side
from harness.scenario.types import Scenario, Security

SECRET = "s3cret-of-partner"
PROBE = Probe(group=Group.TLS, row=f"GET /{SECRET}", column=f"a {SECRET}", caller=f"b {SECRET}", change=f"c {SECRET}")


def shown(text: str) -> str:
    return text.replace(SECRET, "[masked]")


def info(index: int = 0) -> CaseInfo:
    return CaseInfo(index=index, name=f"check {index}", operation="TLS", probe=PROBE)


def scenario(rate: float = 20.0) -> Scenario:
    return Scenario(
        name="s",
        files=(Path("s.yaml"),),
        digest="d",
        old=Gateway(side=Side.OLD, kind="generic", url="http://old.invalid"),
        new=Gateway(side=Side.NEW, kind="generic", url="http://new.invalid"),
        limits=Limits(rate=rate),
        security=Security(),
    )


class Looks:
    """A check that does what it is told."""

    suite: ClassVar[str] = "security"

    def __init__(self, index: int, run: Callable[[], str]) -> None:
        self.info = info(index)
        self.requests: dict[Side, int] = {}
        self._run = run

    def run(self, tools: Tools) -> Checked:
        assert not tools.stopping()
        return Checked(at=1.0, suite="security", index=self.info.index, case=self.info.name, outcome=self._run())


def stumble(error: Exception) -> Callable[[], str]:
    def run() -> str:
        raise error

    return run


@pytest.mark.parametrize(
    ("error", "words"),
    [(HarnessError("no trusted certificates found"), "no trusted certificates found"), (KeyError(SECRET), "KeyError")],
)
def test_a_check_that_fails_is_an_error_and_the_others_go_on(tmp_path: Path, error: Exception, words: str) -> None:
    checks: list[Check] = [Looks(0, stumble(error)), Looks(1, lambda: "PASS")]
    with opened(tmp_path) as session:
        seen = [event for event in session.run(checks) if isinstance(event, Checked)]
    assert [one.outcome for one in seen] == ["ERROR", "PASS"]
    assert seen[0].why == (f"the harness failed, which says nothing about either gateway: {words}",)
    assert SECRET not in (tmp_path / session.run_dir.name / "journal.jsonl").read_text()


def test_who_wants_to_stop_is_heard_between_checks(tmp_path: Path) -> None:
    with opened(tmp_path) as session:

        def stop() -> str:
            session.stopping = True
            return "PASS"

        with pytest.raises(KeyboardInterrupt):
            list(session.run([Looks(0, stop), Looks(1, lambda: "PASS")]))


class Loads:
    """A load's check, before which the user has asked for the end: after a load that ended so."""

    suite: ClassVar[str] = "load"

    def __init__(self, index: int, stop: Callable[[], object], state: LoadState) -> None:
        self.info = info(index)
        self.requests: dict[Side, int] = {}
        self._stop, self._state = stop, state

    def run(self, tools: Tools) -> Checked:
        if not self.info.index:
            self._stop()
            told = Loaded(at=1.0, suite="load", state=self._state.value, started=1.0, seconds=1.0)
            tools.tell(told)
        return Checked(at=1.0, suite="load", index=self.info.index, case=self.info.name, outcome="PASS")


def test_a_load_that_was_sent_in_full_is_judged_although_the_user_would_not_wait_longer(tmp_path: Path) -> None:
    for state, judged in ((LoadState.FINISHED, 2), (LoadState.INTERRUPTED, 0)):
        seen: list[Event] = []
        with opened(tmp_path) as session:
            checks = [Loads(index, lambda: setattr(session, "stopping", True), state) for index in range(2)]
            with suppress(KeyboardInterrupt):
                seen.extend(session.run(checks))
        assert len([event for event in seen if isinstance(event, Checked)]) == judged


def opened(runs: Path) -> Session:
    given = scenario()
    return Session.open(given, suites_of(given), Order(runs=runs))


def bench(rate: float, stopping: Callable[[], bool]) -> Bench:
    given = scenario(rate)
    outbound = Outbound(scenario=given, keyring=Keyring(lambda secret: None), identities={})

    def wire() -> None:
        raise AssertionError

    return Bench(
        outbound=outbound,
        wire=wire,  # type: ignore[arg-type]
        stopping=stopping,
        hiding=lambda _: None,
        journal=lambda _: None,
        watching=lambda _: None,
    )


def test_a_pause_is_one_beat_of_the_rate_and_ends_with_the_wish_to_stop() -> None:
    started = time.monotonic()
    bench(50.0, lambda: False).pause()
    assert time.monotonic() - started >= 0.02
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        bench(0.01, lambda: True).pause()
    assert time.monotonic() - started < 10


def test_what_a_check_tells_is_masked_then_cut() -> None:
    text = f"{'x' * (LONGEST_NOTE - 5)}{SECRET}{'y' * LONGEST_NOTE}"
    point = Point(
        at=text, title=text, outcome="FAIL", severity="major", old=text, new=text, note=text, remedy=f"at {SECRET}"
    )
    told = masked(
        Checked(
            at=1.0, suite="security", index=0, case=SECRET, outcome="FAIL", why=(text,), points=(point,),
            facts={SECRET: {"old": text}},
        ),
        shown,
    )  # fmt: skip
    assert SECRET[:5] not in repr(told)
    assert len(told.why[0]) < LONGEST_NOTE + 40
    assert len(told.facts["[masked]"]["old"]) < LONGEST_NOTE + 40
    assert told.points[0].remedy == "at [masked]"
    masked(broken(Looks(0, str), ValueError("\ud800")), shown)


def test_no_secret_stands_in_the_plan() -> None:
    plan = CaseInfo(index=0, name=SECRET, operation=SECRET, skip=SECRET, probe=PROBE)
    assert SECRET not in repr(Planned(at=1.0, suite="security", cases=(masked_info(plan, shown),)))
