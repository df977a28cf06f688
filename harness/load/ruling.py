"""What a threshold comes to: an outcome, the number that decided, and what more it would take."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from harness.load import words
from harness.load.measured import Measured
from harness.model.event import Point
from harness.model.load import Compared, Generator, LoadState
from harness.model.outcome import Outcome, Severity
from harness.model.series import Telemetry
from harness.model.threshold import Operator, Threshold
from harness.scenario.types import Load
from harness.stats.intervals import Interval

MOST_PARTS = 50  # operations that facts and findings name one by one
SURE = "99 % sure"
_TOO_MANY = 10_000_000  # requests a side that nobody would send
_FAR = 20  # times as many as were sent: no load that is worth its time


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """All that the thresholds of a load are judged by. `seconds` is the measured time of one side.

    `presented` are the operations that are asked as a caller, so that a refusal is no answer; None: any may be.
    `named` are those whose `expect` names what new may answer: there all else is an error.
    """

    load: Load
    measured: Measured
    compared: Mapping[tuple[str, str], Compared]
    generator: Generator
    planned: Mapping[str, int]
    seconds: float
    history: Sequence[Telemetry] = ()
    window: Sequence[Telemetry] = ()
    state: LoadState = LoadState.FINISHED
    why: str = ""
    presented: Collection[str] | None = None
    named: Collection[str] = ()


@dataclass(slots=True, kw_only=True)
class Part:
    """What a threshold says of one operation ("" for all): the line that tells it, and its figures for a table.

    `doubted` is one that decides nothing, where all that it has speaks against new: it lets no whole pass.
    """

    operation: str
    outcome: Outcome
    text: str
    old: str | None = None
    new: str | None = None
    facts: dict[str, str] = field(default_factory=dict)
    note: str = ""
    remedy: str = ""
    doubted: bool = False


@dataclass(slots=True)
class Ruling:
    """What a threshold comes to, as a Checked tells it."""

    outcome: Outcome
    why: list[str] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)
    facts: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Blocked:
    """Why no operation may pass (`text`); with `failing` a failure over all operations would prove nothing either."""

    text: str
    failing: bool = False


def decided(interval: Interval, limit: float, operator: Operator) -> Outcome:
    """Hold an interval against a limit: FAIL or PASS where all of it lies on one side, else INCONCLUSIVE."""
    low, high = interval.low, interval.high
    if operator in {">=", ">"}:
        low, high, limit = -high, -low, -limit
    strict = operator in {"<", ">"}
    if low > limit or (strict and low >= limit):
        return Outcome.FAIL
    if high < limit or (high == limit and not strict):
        return Outcome.PASS
    return Outcome.INCONCLUSIVE


def joined(threshold: Threshold, whole: Part, parts: Sequence[Part], blocked: Sequence[Blocked] = ()) -> Ruling:
    """Put together what a threshold says of all operations and of each by itself.

    One operation that fails is a failure, however the others do; one that decides nothing by itself is told, and holds
    nothing up.
    """
    failing = [part for part in parts if part.outcome is Outcome.FAIL]
    blocked = [*blocked, *(Blocked(part.text) for part in parts if part.doubted)]
    outcome = whole.outcome
    if outcome is Outcome.FAIL and any(one.failing for one in blocked):
        outcome = Outcome.INCONCLUSIVE
    if blocked and outcome is Outcome.PASS:
        outcome = Outcome.INCONCLUSIVE
    outcome = Outcome.FAIL if failing else outcome
    lead = [whole.text, *(part.text for part in failing[:MOST_PARTS])]
    if whole.outcome is not Outcome.FAIL or outcome is not Outcome.FAIL:
        lead = [*lead[1:], *(one.text for one in blocked), lead[0]]
    else:
        lead += [one.text for one in blocked]
    ruling = Ruling(outcome, [*lead, *([whole.note] if whole.note else []), *_undecided(parts)])
    _add_points(ruling, threshold, whole, failing, blocked)
    for part in (whole, *parts[:MOST_PARTS]):
        ruling.facts[_at(threshold, part).replace(":", " of ", 1)] = part.facts
    return ruling


def _undecided(parts: Sequence[Part]) -> list[str]:
    """Return the line that names the operations that decide nothing by themselves."""
    names = [part.operation for part in parts if part.outcome is Outcome.INCONCLUSIVE]
    return [f"too few requests to judge these alone (they count in the whole): {words.listed(names)}"] if names else []


def _add_points(
    ruling: Ruling, threshold: Threshold, whole: Part, failing: Sequence[Part], blocked: Sequence[Blocked]
) -> None:
    told = [part for part in failing if part.operation][:MOST_PARTS]
    if ruling.outcome is Outcome.FAIL and whole.outcome is Outcome.FAIL and not any(one.failing for one in blocked):
        told = [whole, *told]
    if ruling.outcome is Outcome.INCONCLUSIVE:
        title = blocked[0].text if blocked else whole.text
        ruling.points.append(_point(threshold, whole, Outcome.INCONCLUSIVE, title))
    ruling.points.extend(_point(threshold, part, Outcome.FAIL, part.text) for part in told)


def _point(threshold: Threshold, part: Part, outcome: Outcome, title: str) -> Point:
    return Point(
        at=_at(threshold, part),
        title=title,
        outcome=outcome.value,
        severity=Severity.MAJOR.value,
        old=part.old,
        new=part.new,
        note=part.note,
        remedy=part.remedy,
    )


def _at(threshold: Threshold, part: Part) -> str:
    return f"{threshold.measured}:{part.operation}" if part.operation else threshold.measured


def single(threshold: Threshold, part: Part) -> Ruling:
    """Return the ruling of a threshold that has no parts."""
    return joined(threshold, part, ())


def label(threshold: Threshold, operation: str) -> str:
    """Return what a line is about: "p95", "p95 of GET /orders"."""
    return f"{threshold.measured} of {operation}" if operation else threshold.measured


def needs(run: Run, needed: int | None, had: int) -> str:
    """Return how many requests a side would decide, and how the scenario asks for them."""
    if needed is None or needed > _TOO_MANY:
        return "the figure sits on the limit: no sensible number of requests decides this"
    rounded = words.rounded_up(max(needed, had + 1))
    ratio = rounded / max(had, 1)
    text = f"needs about {words.count(rounded)} requests a side; this load sent {words.count(had)}"
    if ratio > _FAR and rounded > run.load.max_requests:
        return f"the figure is very near the limit: {text}"
    most = max(run.planned.values(), default=0) * ratio
    longer = f"for: {words.duration(run.seconds * ratio)}" if run.load.profile.kind == "constant" else ""
    how = longer or f"load about {ratio:.1f} times as long"
    limit = f", max_requests: {words.rounded_up(most)}" if most > run.load.max_requests else ""
    return f"{text}: {how}{limit}"
