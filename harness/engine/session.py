"""A run from its first line to its seal: open or resume, drain the engine into the journal, close."""

import random
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from harness import __version__
from harness.credentials.keyring import Keyring
from harness.decide.fold import Fold
from harness.engine.examine import Examination
from harness.engine.facts import gate_info, gateway_facts
from harness.engine.masking import mask_of, not_sent
from harness.engine.plan import Unit, UnitKey, units
from harness.engine.requests import Outbound
from harness.engine.run import Engine
from harness.engine.stored import StoredRun, load_stored
from harness.engine.suites import DNS, LOAD, Item, Suites, info_of, key_of, parted, suite_of
from harness.engine.tools import Bench, Shown, broken, load_cut, masked, masked_event, masked_info
from harness.journal.bodies import BodyStore
from harness.journal.mask import Mask
from harness.journal.record import Recorder
from harness.journal.runs import create_run_dir, new_run_id, resolve
from harness.journal.writer import JournalWriter
from harness.model.check import Check, Tick
from harness.model.errors import UsageError
from harness.model.event import (
    WATCH,
    Anew,
    Checked,
    Ended,
    Event,
    Intent,
    Judged,
    Loaded,
    Loading,
    Note,
    Planned,
    RecordedPair,
    Round,
    Started,
)
from harness.model.load import LoadState
from harness.model.outcome import Outcome
from harness.model.request import Request
from harness.model.side import Side
from harness.scenario.types import Case, Scenario
from harness.wire.client import Wire

UNKNOWN = "outcome unknown: an unsafe request was in flight when the run was killed; it is not sent again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What was asked for; `only` is a side, `against` and `resume` name runs, `sets` are the vars given.

    `suites` narrows what is judged (empty: every suite that has a section). `bind` is where a load's workers of other
    machines are awaited (host, port); None: they are started here. `watch` says that names are watched on their way to
    the other side: only that is judged, and nobody signs it off.
    """

    runs: Path
    sets: Mapping[str, str] = field(default_factory=dict)
    only: Side | None = None
    against: str = ""
    resume: str = ""
    suites: tuple[str, ...] = ()
    bind: tuple[str, int] | None = None
    watch: bool = False


@dataclass(slots=True, kw_only=True)
class Session:
    """One session of a run: the first, or one that resumes it. Use as a context manager.

    Setting `stopping` makes `run` raise KeyboardInterrupt at the next safe point.
    """

    scenario: Scenario
    suites: Suites
    run_dir: Path
    fold: Fold
    sides: Sequence[Side]
    seed: int
    planned_before: frozenset[tuple[str, int]] | None
    stopping: bool = False
    watching: Callable[[Tick], object] = lambda _: None
    _journal: JournalWriter
    _mask: Mask
    _examination: Examination
    _stored: StoredRun | None
    _required: frozenset[str] = frozenset()
    _outbound: Outbound = field(init=False)
    _finished: set[UnitKey] = field(default_factory=set)
    _unknown: dict[UnitKey, Intent] = field(default_factory=dict)
    _wire: Wire | None = None
    _ended: bool = False
    _load_cut: bool = False
    _load_whole: bool = False

    def __post_init__(self) -> None:
        self._outbound = Outbound(
            scenario=self.scenario,
            keyring=Keyring(self._mask.add),
            identities=self.suites.identities,
            doors=self.suites.doors,
        )

    @classmethod
    def open(cls, scenario: Scenario, suites: Suites, order: Order) -> Self:
        """Start a run, or go on with one; raises UsageError, RunNotFound or JournalError."""
        mask = mask_of(scenario)
        if order.resume:
            return cls._resume(scenario, suites, order, mask)
        now = time.time()
        run_dir = create_run_dir(order.runs, new_run_id(now, scenario.name))
        stored = load_stored(resolve(order.runs, order.against), scenario) if order.against else None
        started = _started(scenario, order, stored, mask, run_dir.name, now)
        journal = JournalWriter.create(run_dir, started, mask=mask)
        session = cls._made(scenario, suites, run_dir, journal, mask, started, stored)
        session.fold.add(started)
        if stored is not None:
            session.tell(stored.gap_told(now))
            if scenario.evidence.redact:
                session.tell("places under `evidence.redact` were not kept, so they are not compared")
        for text in () if order.watch else (*not_sent(scenario), *_tried_from(scenario)):
            session.tell(text)
        return session

    @classmethod
    def _resume(cls, scenario: Scenario, suites: Suites, order: Order, mask: Mask) -> Self:
        run_dir = resolve(order.runs, order.resume)
        journal, events, torn = JournalWriter.resume(run_dir, mask=mask)
        started = events[0] if events else None
        if not isinstance(started, Started):
            raise UsageError(f"{run_dir}: nothing to resume", hint="start a new run with `cutover rehearse FILE`")
        if started.mode == WATCH:
            _closed(journal, events[-1])
            raise UsageError(
                f"run {started.run} watched names on their way, which cannot be resumed",
                hint=f"`cutover report {started.run}` tells what it had seen; watch again: `cutover dns watch FILE`",
            )
        if started.digest != scenario.digest:
            journal.release()
            raise UsageError(
                f"the scenario has changed since run {started.run} was started",
                hint="a run covers one scenario; start a new one, or restore the file (and the same --set)",
            )
        stored = load_stored(resolve(order.runs, started.against), scenario) if started.against else None
        session = cls._made(scenario, suites, run_dir, journal, mask, started, stored)
        session.take_over(events)
        session.tell("resumed" + (f"; {torn}" if torn else ""))
        return session

    @classmethod
    def _made(
        cls,
        scenario: Scenario,
        suites: Suites,
        run_dir: Path,
        journal: JournalWriter,
        mask: Mask,
        started: Started,
        stored: StoredRun | None,
    ) -> Self:
        only = started.mode.removeprefix("only-") if started.mode.startswith("only-") else ""
        recorder = Recorder(mask, scenario.evidence, BodyStore(run_dir), whole=bool(only))
        return cls(
            scenario=scenario,
            suites=suites,
            run_dir=run_dir,
            fold=Fold(),
            sides=_sides(only, stored),
            seed=started.seed,
            planned_before=None,
            _journal=journal,
            _mask=mask,
            _examination=Examination(
                scenario=scenario,
                recorder=recorder,
                mask=mask,
                today=datetime.fromtimestamp(started.at, tz=UTC).date(),
                keep_all=bool(only),
                stored=stored is not None,
            ),
            _stored=stored,
            _required=frozenset(started.gates.require),
        )

    def take_over(self, events: Iterable[Event]) -> None:
        """Learn from an earlier session what is done, what was planned and which unsafe requests may be out."""
        planned: set[tuple[str, int]] = set()
        for event in events:
            self.fold.add(event)
            if isinstance(event, Round):
                self._finished.add((event.suite, event.index, event.round))
                self._unknown.pop((event.suite, event.index, event.round), None)
                self._examination.take(event)
            elif isinstance(event, Checked):
                self._finished.add((event.suite, event.index, 0))
            elif isinstance(event, Loading):
                self._load_cut = event.changes
            elif isinstance(event, Intent):
                self._unknown.setdefault((event.suite, event.case, event.round), event)
            elif isinstance(event, Planned):
                planned.update((event.suite, case.index) for case in event.cases)
                self.planned_before = frozenset(planned)

    def plan(self, chosen: Sequence[Item], *, selection: str = "") -> None:
        """Journal what this session judges; `selection` says how it was narrowed, "" if it was not."""
        shown = self._mask.text
        for suite, items in self.suites.items.items():
            mine = [info_of(item) for item in chosen if suite_of(item) == suite]
            if not mine and suite not in self._required:
                continue
            cases = tuple(masked_info(info, shown) for info in mine)
            partial = bool(selection) or len(mine) < len(items)
            self.add(Planned(at=time.time(), suite=suite, cases=cases, partial=partial, selection=shown(selection)))

    def left(self, cases: Sequence[Case]) -> list[Unit]:
        """Return the units that are still to be sent."""
        return [unit for unit in units(cases) if unit.key not in self._finished and unit.key not in self._unknown]

    def run(self, chosen: Sequence[Item]) -> Iterator[Event]:
        """Ask what is left of the chosen items, journaling each event before the next thing happens."""
        cases, checks = parted(chosen)
        named = {key_of(case): case for case in cases}
        unsafe = {key_of(case) for case in cases if not case.safe}
        for (suite, index, round_), intent in self._unknown.items():
            if (suite, index) in named:
                yield self.add(_unknown(named[suite, index], round_, intent, self._mask.text))
        engine = Engine(
            scenario=self.scenario,
            wire=self.wire,
            examiner=self._examination,
            outbound=self._outbound,
            sides=self.sides,
            stored=self._stored.answers if self._stored else {},
            seed=self.seed,
            stopping=lambda: self.stopping,
        )
        for event in engine.run(self.left(cases)):
            self._journal.append(event, sync=_must_last(event, unsafe))
            self.fold.add(event)
            yield event
        yield from self._surveyed_anew(checks)
        for check in checks:
            if (*key_of(check), 0) not in self._finished:
                cut = self._load_cut and check.suite == LOAD
                yield self.add(load_cut(check, self._mask.text) if cut else self._look(check))

    def _surveyed_anew(self, checks: Sequence[Check]) -> Iterator[Event]:
        """Have all topics of names judged where some are left: those of an earlier survey may no longer be true."""
        asked = {(*key_of(check), 0) for check in checks if check.suite == DNS}
        if asked & self._finished and asked - self._finished:
            self._finished -= asked
            self.tell("the names are surveyed anew, and all that is asked of them is judged by that")
            yield self.add(Anew(at=time.time(), suite=DNS))

    @property
    def _tools(self) -> Bench:
        return Bench(
            outbound=self._outbound,
            wire=lambda: self.wire,
            stopping=lambda: self.stopping,
            hiding=self._mask.add,
            journal=self._told,
            watching=self.watching,
        )

    def _told(self, event: Event) -> None:
        """Journal an event of a check's own, masked; it must last, since a load may change something."""
        if isinstance(event, Loaded):
            self._load_whole = event.state == LoadState.FINISHED.value
        shown = masked_event(event, self._mask.text)
        self._journal.append(shown, sync=True)
        self.fold.add(shown)

    def _look(self, check: Check) -> Checked:
        """Run one check; what it tells is masked here. One that fails is an ERROR, and the others go on."""
        if self._cuts(check):
            raise KeyboardInterrupt
        try:
            seen = check.run(self._tools)
        except Exception as error:  # noqa: BLE001  the evidence of all that came before must not be lost with it
            seen = broken(check, error)
        if self._cuts(check):
            raise KeyboardInterrupt  # what was cut short is looked at again by --resume
        return masked(seen, self._mask.text)

    def _cuts(self, check: Check) -> bool:
        """Tell whether the wish to end keeps `check` from being judged: not where its load has been sent in full."""
        return self.stopping and not (check.suite == LOAD and self._load_whole)

    @property
    def wire(self) -> Wire:
        """Return the data plane, opened on first use."""
        if self._wire is None:
            gateways = {side: self.scenario.gateway(side) for side in Side}
            self._wire = Wire(gateways, self.scenario.limits, doors=self.suites.doors)
        return self._wire

    @property
    def examination(self) -> Examination:
        """Return what compares and records (a user's own tests record through it)."""
        return self._examination

    def add(self, event: Event) -> Event:
        """Journal an event and fold it."""
        self._journal.append(event)
        self.fold.add(event)
        return event

    def present(self, identity: str, request: Request) -> Request:
        """Return `request` as this caller sends it; raises CredentialUnavailable."""
        return self._tools.present(identity, request)

    def tell(self, text: str, *, level: str = "info") -> None:
        """Journal a note for the reader."""
        self.add(Note(at=time.time(), text=self._mask.text(text), level=level))

    def judged(self, suite: str, item: str, outcome: str, text: str) -> None:
        """Journal the outcome of a test that the user wrote."""
        shown = self._mask.text
        self.add(Judged(at=time.time(), suite=suite, item=shown(item), outcome=outcome, text=shown(text[:4000])))

    def shown(self, text: str) -> str:
        """Return a text with secrets masked."""
        return self._mask.text(text)

    def end(self, *, interrupted: bool = False) -> None:
        """Seal the journal: nothing can be added or cut unnoticed after this."""
        if self._ended:
            return
        self._ended = True
        gap = self._wire.longest_gap * 1000 if self._wire else 0.0
        state = "interrupted" if interrupted else "finished"
        event = Ended(at=time.time(), state=state, longest_gap_ms=round(gap, 1))
        self._journal.seal(event)
        self.fold.add(event)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of sockets and files; a session that was not ended stays unsealed, for --resume."""
        if self._wire is not None:
            self._wire.close()
        self._journal.release()


def _closed(journal: JournalWriter, last: Event) -> None:
    """Let go of a journal that nobody goes on with; one that was cut short gets its end, so that it can be told."""
    if isinstance(last, Ended):
        journal.release()
    else:
        journal.seal(Ended(at=last.at, state="interrupted"))


def _tried_from(scenario: Scenario) -> tuple[str, ...]:
    """Tell from where back doors are tried: shut from here says nothing about other networks."""
    security = scenario.security
    if security is None or not (security.direct or security.backend or security.closed):
        return ()
    return (f"back doors and closed ports are tried from {socket.gethostname()}: other networks may reach more",)


def _must_last(event: Event, unsafe: AbstractSet[tuple[str, int]]) -> bool:
    """Tell whether losing this event would leave an unsafe request's outcome unknown."""
    if isinstance(event, Round):
        return (event.suite, event.index) in unsafe
    return isinstance(event, Intent)


def _sides(only: str, stored: StoredRun | None) -> tuple[Side, ...]:
    if only:
        return (Side(only),)
    return (stored.side.other,) if stored else tuple(Side)


def _started(scenario: Scenario, order: Order, stored: StoredRun | None, mask: Mask, run: str, now: float) -> Started:
    mode = f"only-{order.only}" if order.only else "against" if stored else WATCH if order.watch else "rehearse"
    gates = gate_info(scenario, now, mask.text, order.suites)
    return Started(
        run=run,
        at=now,
        version=__version__,
        scenario=mask.text(scenario.name),
        scenario_files=tuple(mask.text(path.name) for path in scenario.files),
        digest=scenario.digest,
        environment=mask.text(scenario.environment),
        mode=mode,
        against=stored.run if stored else "",
        seed=random.SystemRandom().randrange(2**32),
        source=str(scenario.files[0].resolve()),
        sets=dict(order.sets),
        gateways=gateway_facts(scenario, mask.text),
        gates=replace(gates, manual=()) if order.watch else gates,
    )


def _unknown(case: Case, round_: int, intent: Intent, shown: Shown) -> Round:
    why = f"{intent.method} to {intent.side}: {UNKNOWN}"
    pair = RecordedPair(
        step=intent.step,
        counts={},
        outcome=Outcome.INCONCLUSIVE.value,
        why=(why,),
    )
    return Round(at=time.time(), suite=case.suite, index=case.index, case=shown(case.name), round=round_, pairs=(pair,))
