"""The security matrix as report.html shows it: signs for decisions, bounded tables, reasons by number."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from harness.model.outcome import Outcome
from harness.report.matrix import MEANING, Cell, Mark, Matrix, Row, Table, sentence, tables
from harness.report.text import NOTHING, short

MOST_CELLS = 20_000
MOST_REASONS = 200
MOST_NAMED = 8
FIT_ON_PAPER = 14  # columns

# A shut door and an open one: told by shape, in every font, on paper too.
_SIGN = {"refused": "■", "let through": "□", "unclear": "?", "": NOTHING}
_ALONE = {Outcome.PASS: "✓", Outcome.FAIL: "✕", Outcome.ERROR: "?", Outcome.INCONCLUSIVE: "?"}
_WORD = {
    Mark.WEAKER: "weaker",
    Mark.STRICTER: "stricter",
    Mark.DIFFERS: "differs",
    Mark.UNPROVEN: "unproven",
    Mark.OPEN: "open",
    Mark.AGREED: "agreed",
    Mark.NOT_ASKABLE: "n/a",
    Mark.AS_BEFORE: "",
}
STYLE = {mark: f"m-{mark.name.lower().replace('_', '-')}" for mark in Mark}

Line = tuple[Row, list["Box | None"]]


@dataclass(frozen=True, slots=True)
class Box:
    """A cell as drawn; `why` is the number of its reason (None: no reason is shown), `style` its class."""

    case: int
    signs: str
    word: str
    style: str
    label: str
    why: int | None
    calm_column: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A column's head; `first` where another caller begins."""

    caller: str
    column: str
    calm: bool
    first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A table as drawn: open if `shown`, at first only what differs if `narrowed`; `left` rows did not fit.

    `wide` needs small print on paper.
    """

    title: str
    told: str
    worst: str
    heads: tuple[Head, ...]
    lines: tuple[Line, ...]
    shown: bool
    narrowed: bool
    wide: bool
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Cells of one mark for one reason; `cells` are the first of them."""

    mark: Mark
    style: str
    reason: str
    count: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityPage:
    """What the template draws."""

    told: str
    legend: tuple[tuple[str, str, str, int], ...]
    sheets: tuple[Sheet, ...]
    whys: tuple[Why, ...]
    more_whys: int


def page_of(found: Matrix) -> SecurityPage:
    """Return the matrix as drawn."""
    whys = _whys(found.cells)
    number = {(why.mark, why.reason): at for at, why in enumerate(whys[:MOST_REASONS])}
    legend = tuple((mark.value, STYLE[mark], MEANING[mark], found.counts[mark]) for mark in Mark if found.counts[mark])
    return SecurityPage(
        told=sentence(found.counts),
        legend=legend,
        sheets=_sheets(tables(found), number),
        whys=whys[:MOST_REASONS],
        more_whys=max(len(whys) - MOST_REASONS, 0),
    )


def _whys(cells: Iterable[Cell]) -> tuple[Why, ...]:
    groups: dict[tuple[Mark, str], list[Cell]] = {}
    for cell in cells:
        if cell.mark is not Mark.AS_BEFORE:
            groups.setdefault((cell.mark, cell.reason), []).append(cell)
    made = [
        Why(mark=mark, style=STYLE[mark], reason=reason, count=len(found), cells=tuple(found[:MOST_NAMED]))
        for (mark, reason), found in groups.items()
    ]
    return tuple(sorted(made, key=lambda why: why.mark.rank))


def _sheets(found: Iterable[Table], number: Mapping[tuple[Mark, str], int]) -> tuple[Sheet, ...]:
    left, sheets = MOST_CELLS, []
    for table in found:
        sheet = _sheet(table, number, left // max(len(table.columns), 1))
        left -= len(sheet.lines) * len(table.columns)
        sheets.append(sheet)
    return tuple(sheets)


def _sheet(table: Table, number: Mapping[tuple[Mark, str], int], most: int) -> Sheet:
    rows = _bounded(table.rows, most)
    worst = next((mark for mark in Mark if mark.wrong and table.counts[mark]), Mark.AS_BEFORE)
    callers = ["", *(caller for caller, _ in table.columns)]
    heads = tuple(
        Head(caller=caller, column=column, calm=calm, first=before != after)
        for (caller, column), calm, (before, after) in zip(
            table.columns, table.calm_columns, pairwise(callers), strict=True
        )
    )
    narrowed = worst.wrong and (any(table.calm_columns) or any(row.calm for row in rows))
    return Sheet(
        title=table.group + (f" ({table.part} of {table.parts})" if table.parts > 1 else ""),
        told=sentence(table.counts),
        worst=STYLE[worst],
        heads=heads,
        lines=tuple(_line(row, table, number) for row in rows),
        shown=worst.wrong,
        narrowed=narrowed,
        wide=sum(not (narrowed and calm) for calm in table.calm_columns) > FIT_ON_PAPER,
        left=len(table.rows) - len(rows),
    )


def _bounded(rows: tuple[Row, ...], most: int) -> tuple[Row, ...]:
    """Return at most `most` rows, in order: what has to be looked at goes before what does not."""
    if len(rows) <= most:
        return rows
    chosen = sorted(range(len(rows)), key=lambda at: (rows[at].calm, at))[:most]
    return tuple(rows[at] for at in sorted(chosen))


def _line(row: Row, table: Table, number: Mapping[tuple[Mark, str], int]) -> Line:
    boxes = [
        None if cell is None else _box(cell, number, calm=calm, caller="" if row.caller or caller else cell.caller)
        for cell, calm, (caller, _) in zip(row.cells, table.calm_columns, table.columns, strict=True)
    ]
    return row, boxes


def _label(cell: Cell) -> str:
    """Return what a screen reader says of a cell, and the tip shows."""
    told = cell.told if cell.old or cell.new else ""
    if cell.mark is Mark.AS_BEFORE:
        return told or "passed"
    return f"{cell.mark.value}: {told}" if told else cell.mark.value


def _box(cell: Cell, number: Mapping[tuple[Mark, str], int], *, calm: bool, caller: str) -> Box:
    decided = cell.old or cell.new
    asked = cell.mark is not Mark.NOT_ASKABLE
    signs = _SIGN.get(cell.old, "?") + _SIGN.get(cell.new, "?") if decided else _ALONE[cell.outcome] if asked else ""
    as_before = cell.mark is Mark.AS_BEFORE
    return Box(
        case=cell.case,
        signs=signs,
        word=_WORD[cell.mark],
        style="" if as_before else STYLE[cell.mark],
        label=f"{_label(cell)}, asked as {short(caller, 60)}" if caller else _label(cell),
        why=None if as_before else number.get((cell.mark, cell.reason)),
        calm_column=calm,
    )
