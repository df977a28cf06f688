"""The answers of an earlier one-sided run, for `--against`."""

from dataclasses import dataclass
from pathlib import Path

from harness.engine.plan import UnitKey
from harness.journal.bodies import BodyStore
from harness.journal.reader import read
from harness.journal.replay import answer_of
from harness.model.errors import UsageError
from harness.model.event import Recorded, RecordedPair, Round, Started
from harness.model.exchange import Exchange
from harness.model.request import Request
from harness.model.side import Side
from harness.scenario.types import Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredStep:
    """What one side made of one step, and of being asked again."""

    answers: dict[Side, Exchange]
    repeats: tuple[Exchange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRun:
    """A one-sided run; `answers` by unit, a list of steps each."""

    run: str
    side: Side
    ended: float
    answers: dict[UnitKey, tuple[StoredStep, ...]]

    def gap_told(self, now: float) -> str:
        """Return a sentence about the time between the two halves of the comparison."""
        minutes = (now - self.ended) / 60
        span = f"{minutes:.0f} minutes" if minutes < 120 else f"{minutes / 60:.1f} hours"
        return (
            f"the {self.side} side's answers are those of run {self.run}, {span} older than the "
            f"{self.side.other} side's: what changed in between shows as a difference"
        )


def load_stored(run_dir: Path, scenario: Scenario) -> StoredRun:
    """Read a run made with `--only`; raises UsageError when it is not one of this scenario, JournalError if damaged."""
    store = BodyStore(run_dir)
    started: Started | None = None
    answers: dict[UnitKey, tuple[StoredStep, ...]] = {}
    ended = 0.0
    for _, event in read(run_dir):
        ended = event.at
        if isinstance(event, Started):
            started = event
        elif isinstance(event, Round):
            answers[event.suite, event.index, event.round] = tuple(_step(pair, store) for pair in event.pairs)
    side = _side(started, run_dir, scenario)
    assert started is not None
    return StoredRun(run=started.run, side=side, ended=ended, answers=answers)


def first_line(run_dir: Path) -> Started:
    """Return how a run began, whether or not it ended; raises JournalError."""
    for _, event in read(run_dir, sealed=False):
        if isinstance(event, Started):
            return event
        break
    raise UsageError(f"{run_dir}: nothing to resume", hint="start a new run with `cutover rehearse FILE`")


def _side(started: Started | None, run_dir: Path, scenario: Scenario) -> Side:
    if started is None or not started.mode.startswith("only-"):
        raise UsageError(
            f"{run_dir.name} is not a one-sided run", hint="make one with `cutover rehearse FILE --only old`"
        )
    if started.digest != scenario.digest:
        raise UsageError(
            f"run {started.run} was made from another version of the scenario",
            hint="both halves of a comparison need the same files and the same --set",
        )
    return Side(started.mode.removeprefix("only-"))


def _step(pair: RecordedPair, store: BodyStore) -> StoredStep:
    answers = {
        side: _exchange(side, recorded, store)
        for side, recorded in ((Side.OLD, pair.old), (Side.NEW, pair.new))
        if recorded is not None
    }
    return StoredStep(answers=answers, repeats=tuple(_exchange(Side.OLD, noise, store) for noise in pair.noise))


def _exchange(side: Side, recorded: Recorded, store: BodyStore) -> Exchange:
    request = Request(side=side, method=recorded.method, url=recorded.url, headers=recorded.request_headers)
    return Exchange(request=request, answer=answer_of(recorded, store), sent_at=recorded.sent_at)
