"""What would be sent: cases → units, counted before anything goes out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from harness.model.event import CaseInfo
from harness.model.request import SAFE_METHODS
from harness.model.side import Side
from harness.scenario.types import Case, Scenario, Step

SUITE = "parity"
NOT_SENT = "unsafe: not sent, since the case does not say `unsafe: run`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One asking of one case; the smallest thing that is sent, journaled and resumed."""

    case: Case
    round: int
    safe: bool

    @property
    def key(self) -> tuple[int, int]:
        """Return what identifies this unit in a journal."""
        return self.case.index, self.round


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Requests per side, noise calls included, and the least time in seconds that the rate allows."""

    old: int
    new: int
    noise: int
    seconds: float


def info(case: Case) -> CaseInfo:
    """Return a case as planned, with the reason why it is not sent (if it is not)."""
    return CaseInfo(
        index=case.index,
        name=case.name,
        operation=case.operation,
        rounds=case.repeat,
        critical=case.critical,
        skip=skip_reason(case),
        accepted=case.unsafe == "skip",
    )


def skip_reason(case: Case) -> str:
    """Return why a case is not sent, "" if it is."""
    if case.safe or case.unsafe == "run":
        return ""
    return f"unsafe: skipped as agreed: {case.because}" if case.unsafe == "skip" else NOT_SENT


def units(cases: Iterable[Case]) -> list[Unit]:
    """Return what is sent: safe units first, in the order of the scenario; then those that change something."""
    sent = [case for case in cases if not skip_reason(case)]
    safe = [case for case in sent if case.safe]
    unsafe = [case for case in sent if not case.safe]
    return [
        Unit(case=case, round=round_, safe=group is safe)
        for group in (safe, unsafe)
        for case in group
        for round_ in range(case.repeat)
    ]


def sides_of(step: Step, sides: Sequence[Side]) -> list[Side]:
    """Return the sides that a step asks, out of those that this run asks."""
    return [side for side in sides if step.side in (None, side)]


def noise_calls(step: Step, sides: Sequence[Side], repeats: int) -> int:
    """Return how often the old side is asked again after a step: only where asking is safe and both are compared."""
    asked_of_both = step.side is None and Side.OLD in sides
    return repeats if asked_of_both and step.method in SAFE_METHODS else 0


def requests(unit: Unit, sides: Sequence[Side], repeats: int) -> int:
    """Return how many requests a unit takes, retries not counted."""
    return sum(len(sides_of(step, sides)) + noise_calls(step, sides, repeats) for step in unit.case.steps)


def cost(scenario: Scenario, cases: Iterable[Case], sides: Sequence[Side] = tuple(Side)) -> Cost:
    """Count requests (retries not included) and the time they take at the scenario's rate."""
    per_side = dict.fromkeys(Side, 0)
    noise = 0
    for unit in units(cases):
        for step in unit.case.steps:
            for side in sides_of(step, sides):
                per_side[side] += 1
            noise += noise_calls(step, sides, scenario.compare.noise_repeats)
    old, new = per_side[Side.OLD] + noise, per_side[Side.NEW]
    return Cost(old=old, new=new, noise=noise, seconds=max(old, new) / scenario.limits.rate)
