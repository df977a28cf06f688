"""The security matrix on a terminal: its counts, and the cells that somebody has to look at."""

from collections.abc import Mapping

from rich.console import RenderableType
from rich.text import Text

from harness.model.finding import Finding, Summary
from harness.report.matrix import Cell, Mark, matrix, sentence
from harness.report.text import short, visible
from harness.report.view import problems

MOST_CELLS = 10

_STYLE_OF_MARK = {Mark.WEAKER: "bold red", Mark.STRICTER: "red", Mark.DIFFERS: "red"}


def cells_of(summary: Summary, numbered: int) -> list[RenderableType]:
    """Return the matrix's counts and its worst cells; the first `numbered` findings stand above and are referred to."""
    found = matrix(summary)
    if not found.cells:
        return []
    worst, told = found.worst(), _finding_of(summary)
    parts: list[RenderableType] = [Text(f"\nSecurity, {sentence(found.counts)}", style="bold")]
    parts += [_cell(cell, told, numbered) for cell in worst[:MOST_CELLS]]
    if len(worst) > MOST_CELLS:
        parts.append(Text(f"… and {len(worst) - MOST_CELLS:,} more in report.html", style="dim"))
    return parts


def _finding_of(summary: Summary) -> dict[str, tuple[int, Finding]]:
    """Return for each case the first finding that it is in, with its number above."""
    told: dict[str, tuple[int, Finding]] = {}
    for number, finding in enumerate(problems(summary), 1):
        for name in finding.cases or (finding.case,):
            told.setdefault(name, (number, finding))
    return told


def _cell(cell: Cell, told: Mapping[str, tuple[int, Finding]], numbered: int) -> Text:
    text = Text("• ").append(f"{cell.mark.value}: ", style=_STYLE_OF_MARK.get(cell.mark, "yellow"))
    text.append(visible(short(cell.name, 160)), style="bold")
    if cell.old or cell.new:
        text.append(f"  {cell.told}")
    number, finding = told.get(cell.name, (0, None))
    if 0 < number <= numbered:
        text.append(f"  (see {number} above)", style="dim")
    elif finding is not None and finding.remedy:
        text.append("\n  What to do: ", style="green").append(visible(short(finding.remedy, 300)))
    elif cell.reason:
        text.append("\n  ").append(visible(short(cell.reason, 300)), style="dim")
    return text
