"""What would be sent: cases → units, counted before anything goes out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from pathlib import Path

from harness.model.event import CaseInfo
from harness.model.request import SAFE_METHODS
from harness.model.side import Side
from harness.scenario.types import Case, Scenario, Step

NOT_SENT = "unsafe: not sent, since the case does not say `unsafe: run`"


UnitKey = tuple[str, int, int]
"""Suite, index of the case, round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One asking of one case; the smallest thing that is sent, journaled and resumed."""

    case: Case
    round: int
    safe: bool

    @property
    def key(self) -> "UnitKey":
        """Return what identifies this unit in a journal."""
        return self.case.suite, self.case.index, self.round


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
        accepted=case.accepted or case.unsafe == "skip",
        probe=case.probe,
        file=_shown_path(case.file),
        line=case.line,
    )


@lru_cache(maxsize=256)  # a scenario has few files, and many thousands of cells that name them
def _shown_path(file: str) -> str:
    """Return where the scenario stands below the working directory, as code-scanning pages want it; else its name."""
    path = Path(file)
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix() if file else ""
    except (OSError, ValueError):
        return path.name


def skip_reason(case: Case) -> str:
    """Return why a case is not sent, "" if it is."""
    if case.skip:
        return case.skip
    if case.safe or case.unsafe == "run":
        return ""
    return f"unsafe: skipped as agreed: {case.because}" if case.unsafe == "skip" else NOT_SENT


def units(cases: Iterable[Case]) -> list[Unit]:
    """Return what is sent, in order: each phase of each suite, safe units first, then those that change something."""
    sent = [case for case in cases if not skip_reason(case)]
    place = {suite: number for number, suite in enumerate(dict.fromkeys(case.suite for case in sent))}
    ordered = sorted(sent, key=lambda case: (place[case.suite], case.phase, not case.safe))
    return [Unit(case=case, round=round_, safe=case.safe) for case in ordered for round_ in range(case.repeat)]


def together(units_: Sequence[Unit]) -> list[list[Unit]]:
    """Return the units in groups that follow each other: what a group sends is over before the next begins."""
    return [list(group) for _, group in groupby(units_, lambda unit: (unit.case.suite, unit.case.phase, unit.safe))]


def sides_of(step: Step, sides: Sequence[Side]) -> list[Side]:
    """Return the sides that a step asks, out of those that this run asks."""
    return [side for side in sides if step.side in (None, side)]


def noise_calls(case: Case, step: Step, sides: Sequence[Side], repeats: int) -> int:
    """Return how often the old side is asked again after a step: only where asking is safe and both are compared."""
    asked_of_both = case.noise and step.side is None and Side.OLD in sides
    return repeats if asked_of_both and step.method in SAFE_METHODS else 0


def requests(unit: Unit, sides: Sequence[Side], repeats: int) -> int:
    """Return how many requests a unit takes, retries not counted."""
    return sum(len(sides_of(step, sides)) + noise_calls(unit.case, step, sides, repeats) for step in unit.case.steps)


def cost(scenario: Scenario, cases: Iterable[Case], sides: Sequence[Side] = tuple(Side)) -> Cost:
    """Count requests (retries not included) and the time they take at the scenario's rate."""
    per_side = dict.fromkeys(Side, 0)
    noise = 0
    for unit in units(cases):
        for step in unit.case.steps:
            for side in sides_of(step, sides):
                per_side[side] += 1
            noise += noise_calls(unit.case, step, sides, scenario.compare.noise_repeats)
    old, new = per_side[Side.OLD] + noise, per_side[Side.NEW]
    return Cost(old=old, new=new, noise=noise, seconds=max(old, new) / scenario.limits.rate)
