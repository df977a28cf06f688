"""The security suite as a matrix: operations by what was presented, the old decision against the new one.

A cell's mark says what follows from its two decisions and its outcome; each cell has one mark, so the counts add up.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from harness.model.difference import Cause
from harness.model.finding import CaseResult, Summary
from harness.model.outcome import Outcome
from harness.model.probe import Decision, Group, Probe, Wants

MOST_COLUMNS = 40


class Mark(StrEnum):
    """What a cell says; the worst first, the value is shown."""

    WEAKER = "weaker"
    STRICTER = "stricter"
    DIFFERS = "differs"
    UNPROVEN = "unproven"
    OPEN = "open on both"
    AGREED = "differs as agreed"
    NOT_ASKABLE = "not askable"
    AS_BEFORE = "as before"

    @property
    def rank(self) -> int:
        """Return 0 for the worst."""
        return _RANK[self]

    @property
    def wrong(self) -> bool:
        """Tell whether a reader has to look at such a cell."""
        return self not in {Mark.AGREED, Mark.NOT_ASKABLE, Mark.AS_BEFORE}


_RANK = {mark: rank for rank, mark in enumerate(Mark)}

MEANING = {
    Mark.WEAKER: "new lets through what old refuses or what must be refused, or lost a protection of old's answers",
    Mark.STRICTER: "new refuses what old lets through: clients break",
    Mark.DIFFERS: "another failure; open the cell",
    Mark.UNPROVEN: "asked without a usable answer, or not asked at all",
    Mark.OPEN: "as before, but both sides let through what they should not",
    Mark.AGREED: "the sides decide differently, and the scenario says that they may",
    Mark.NOT_ASKABLE: "cannot be asked from here; the reason is given",
    Mark.AS_BEFORE: "both sides decide alike, or refuse where they must",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One question and what both sides decided ("" for a side that was not asked or made no decision).

    `case` is the position in the summary's cases, `reason` says why the mark is what it is ("" if nothing is to say).
    """

    group: str
    row: str
    caller: str
    column: str
    name: str
    old: str
    new: str
    outcome: Outcome
    mark: Mark
    reason: str
    case: int

    @property
    def told(self) -> str:
        """Return both decisions in words: `old refused, new let through`."""
        if self.old and self.old == self.new:
            return f"{self.old} on both sides"
        said = [f"{side} {decision}" for side, decision in (("old", self.old), ("new", self.new)) if decision]
        return ", ".join(said) or "no decision"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One operation; a place of `cells` is None where the question is not one of this operation.

    `caller` is set where each caller of an operation has a row of its own.
    """

    name: str
    caller: str
    cells: tuple[Cell | None, ...]

    @property
    def calm(self) -> bool:
        """Tell whether no cell of the row has to be looked at."""
        return not any(cell is not None and cell.mark.wrong for cell in self.cells)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The cells of one group; `columns` are (caller, column), caller "" where it is told by the row or by the cell.

    A wide group has several tables: `part` of `parts`.
    """

    group: str
    columns: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]
    calm_columns: tuple[bool, ...]
    counts: Mapping[Mark, int]
    part: int = 1
    parts: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """All cells, in the order of the suite."""

    cells: tuple[Cell, ...]
    counts: Mapping[Mark, int]

    def worst(self) -> tuple[Cell, ...]:
        """Return the cells that have to be looked at, the worst first; an open door before a header that is lost."""
        wrong = (cell for cell in self.cells if cell.mark.wrong)
        return tuple(sorted(wrong, key=lambda cell: (cell.mark.rank, cell.old == cell.new)))


def matrix(summary: Summary) -> Matrix:
    """Return the cells of a run; none where it has no probes."""
    cells = tuple(
        _cell(case, case.info.probe, index) for index, case in enumerate(summary.cases) if case.info.probe is not None
    )
    return Matrix(cells=cells, counts=_counted(cells))


def _counted(cells: Iterable[Cell]) -> dict[Mark, int]:
    found = Counter(cell.mark for cell in cells)
    return {mark: found[mark] for mark in Mark}


def sentence(counts: Mapping[Mark, int]) -> str:
    """Return the counts in words: `1,240 cells: 1,236 as before, 3 weaker, 1 not askable`."""
    total = sum(counts.values())
    told = [mark for mark in (Mark.AS_BEFORE, *Mark) if counts[mark]]
    parts = ", ".join(f"{counts[mark]:,} {mark.value}" for mark in dict.fromkeys(told))
    return f"{total:,} {'cell' if total == 1 else 'cells'}: {parts}"


def tables(found: Matrix) -> tuple[Table, ...]:
    """Return the matrix as one table per group, in the order of the suite; wide ones in parts."""
    groups: dict[str, list[Cell]] = {}
    for cell in found.cells:
        groups.setdefault(cell.group, []).append(cell)
    return tuple(table for group, cells in groups.items() for table in _tables(group, cells))


_Place = tuple[str, str]
_Layout = Callable[[Cell], tuple[_Place, _Place]]


def _by_column(cell: Cell) -> tuple[_Place, _Place]:
    return (cell.row, ""), ("", cell.column)


def _by_caller_and_column(cell: Cell) -> tuple[_Place, _Place]:
    return (cell.row, ""), (cell.caller, cell.column)


def _by_row_and_caller(cell: Cell) -> tuple[_Place, _Place]:
    return (cell.row, cell.caller), ("", cell.column)


def _layout(group: str, cells: list[Cell]) -> _Layout:
    """Return the fullest table: callers as columns or as rows; left out where each operation has but one.

    Callers differ from operation to operation, so that a column for each would leave most places empty.
    """
    choices: list[_Layout] = [_by_caller_and_column, _by_row_and_caller]
    if group != Group.CALLERS.value and len(set(map(_by_column, cells))) == len(cells):
        choices.insert(0, _by_column)
    return min(choices, key=lambda layout: _places(layout, cells))


def _places(layout: _Layout, cells: list[Cell]) -> int:
    found = [layout(cell) for cell in cells]
    return len({row for row, _ in found}) * len({column for _, column in found})


def _tables(group: str, cells: list[Cell]) -> list[Table]:
    layout = _layout(group, cells)
    found = dict.fromkeys(layout(cell)[1] for cell in cells)
    callers = {caller: rank for rank, caller in enumerate(dict.fromkeys(caller for caller, _ in found))}
    # Stable: by caller, within a caller in the order of the suite.
    columns = sorted(found, key=lambda one: callers[one[0]])
    starts = range(0, len(columns), MOST_COLUMNS)
    return [
        _table(group, cells, layout, columns[start : start + MOST_COLUMNS], (part, len(starts)))
        for part, start in enumerate(starts, 1)
    ]


def _table(group: str, cells: list[Cell], layout: _Layout, columns: list[_Place], part: tuple[int, int]) -> Table:
    place = {column: index for index, column in enumerate(columns)}
    rows: dict[_Place, list[Cell | None]] = {}
    wrong: set[int] = set()
    mine = [cell for cell in cells if layout(cell)[1] in place]
    for cell in mine:
        key, column = layout(cell)
        line, at = rows.setdefault(key, [None] * len(columns)), place[column]
        known = line[at]
        # Two questions in one place: the worse one is seen, both are in the list of cases.
        if known is None or cell.mark.rank < known.mark.rank:
            line[at] = cell
        if cell.mark.wrong:
            wrong.add(at)
    return Table(
        group=group,
        columns=tuple(columns),
        rows=tuple(Row(name=name, caller=caller, cells=tuple(line)) for (name, caller), line in _together(rows)),
        calm_columns=tuple(at not in wrong for at in range(len(columns))),
        counts=_counted(mine),
        part=part[0],
        parts=part[1],
    )


def _together(rows: dict[_Place, list[Cell | None]]) -> list[tuple[_Place, list[Cell | None]]]:
    """Return the rows of an operation side by side, in the order of the suite."""
    order = {name: rank for rank, name in enumerate(dict.fromkeys(name for name, _ in rows))}
    return sorted(rows.items(), key=lambda item: order[item[0][0]])


def _cell(case: CaseResult, probe: Probe, index: int) -> Cell:
    said = case.decisions or {}
    old, new = said.get("old", ""), said.get("new", "")
    mark = _mark(case, probe, old, new)
    return Cell(
        group=probe.group.value,
        row=probe.row,
        caller=probe.caller,
        column=probe.column,
        name=case.info.name,
        old=old,
        new=new,
        outcome=case.outcome,
        mark=mark,
        reason=_reason(case, probe, mark),
        case=index,
    )


def _mark(case: CaseResult, probe: Probe, old: str, new: str) -> Mark:
    if case.skipped:
        return Mark.NOT_ASKABLE if case.info.skip.startswith(_NOT_ASKABLE) else Mark.UNPROVEN
    if case.outcome in {Outcome.INCONCLUSIVE, Outcome.ERROR}:
        return Mark.UNPROVEN
    if case.outcome is Outcome.FAIL:
        return _failed(case, probe, old, new)
    if old and new and old != new:
        return Mark.AGREED
    return Mark.OPEN if probe.dangerous and Decision.THROUGH.value in {old, new} else Mark.AS_BEFORE


def _failed(case: CaseResult, probe: Probe, old: str, new: str) -> Mark:
    through = Decision.THROUGH.value
    opened = new == through and (old == Decision.REFUSED.value or probe.wants is Wants.REFUSED)
    if case.counts.get(Cause.WEAKER.value) or opened:
        return Mark.WEAKER
    if old == through and new == Decision.REFUSED.value:
        return Mark.STRICTER
    return Mark.DIFFERS


_NOT_ASKABLE = "not askable"


def _reason(case: CaseResult, probe: Probe, mark: Mark) -> str:
    first = case.why[0] if case.why else ""
    if mark is Mark.NOT_ASKABLE:
        return case.info.skip.removeprefix(_NOT_ASKABLE).removeprefix(":").strip() or first
    if mark is Mark.OPEN:
        return probe.dangerous
    if mark is Mark.AGREED:
        return probe.change or first or "a waiver, or the scenario's own expectation"
    return first
