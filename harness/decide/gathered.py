"""What is gathered under one finding: cases, and which of them are one cause."""

from dataclasses import dataclass, field, replace

from harness.model.outcome import Outcome, Severity

Key = tuple[str, ...]
Place = tuple[str, str]
"""A suite and an operation."""

NOBODY = "no credential"
"""The column that is asked as nobody in particular (security/matrix.py)."""


@dataclass(slots=True)
class Gathered:
    """One finding in the making; the first occurrence gives its words."""

    suite: str
    index: int
    outcome: Outcome
    at: str
    kind: str
    cause: str
    old: str | None
    new: str | None
    note: str
    remedy: str
    title: str
    count: int = 0
    cases: dict[int, set[int]] = field(default_factory=dict)
    alone: bool = False
    severity: Severity | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """A caller who gets in where it should not: the key that its column shares, and the suite and operation."""

    shared: Key
    place: tuple[str, str]


def joined(groups: dict[Key, Gathered], cells: dict[Key, Cell], doors: dict[Place, Key]) -> dict[Key, Gathered]:
    """Return the groups of findings; `doors` are the operations that are open to nobody in particular."""
    found: dict[Key, Gathered] = {}
    followers: list[tuple[Key, Gathered]] = []
    for key, group in groups.items():
        cell = cells.get(key)
        target = doors.get(cell.place, cell.shared) if cell else key
        if cell is not None and target != cell.shared:
            followers.append((target, group))
        else:
            found[target] = _together(found[target], group) if target in found else group
    for target, group in followers:
        found[target] = _with_others(found[target], group)
    return found


def _together(one: Gathered, other: Gathered) -> Gathered:
    """Return both as one group, with the words of the first case in the order of the scenario."""
    first, second = (one, other) if one.index <= other.index else (other, one)
    return _with_cases(first, second)


def _with_others(door: Gathered, other: Gathered) -> Gathered:
    """Return a door that is open to everybody, with others who get in there."""
    note = door.note if _OTHERS in door.note else f"{door.note}; {_OTHERS}"
    return replace(_with_cases(door, other), note=note)


def _with_cases(one: Gathered, other: Gathered) -> Gathered:
    cases = {
        index: one.cases.get(index, set()) | other.cases.get(index, set()) for index in {**one.cases, **other.cases}
    }
    return replace(one, count=one.count + other.count, cases=cases, alone=one.alone or other.alone)


_OTHERS = "so is everybody else whom old refuses there"
