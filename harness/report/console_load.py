"""The load at the end of a run, on the terminal: each threshold with the number that decided it."""

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from harness.model.finding import Summary
from harness.model.outcome import Outcome
from harness.report import load_view
from harness.report.load_view import Held
from harness.report.text import NOTHING, short

MOST_THRESHOLDS = 24
_TEXT, _WHY = 60, 400
_STYLE = {Outcome.PASS: "green", Outcome.FAIL: "bold red"}


def load_of(summary: Summary) -> list[RenderableType]:
    """Return the load's part; nothing where the run has none."""
    run = load_view.shown(summary)
    if run is None:
        return []
    alarm, validity = load_view.alarm(run), load_view.validity(summary)
    parts: list[RenderableType] = [Text(f"\nLoad ({short(load_view.brief(run), 300)})", style="bold")]
    if alarm:
        parts.append(_plain(alarm, "bold yellow"))
    elif load_view.valid(summary) is not None:
        parts.append(_plain(validity, "dim" if load_view.valid(summary) else "yellow"))
    held = load_view.thresholds(summary)
    if held:
        parts.append(_table(held[:MOST_THRESHOLDS], f"{alarm} {validity}"))
    if len(held) > MOST_THRESHOLDS:
        parts.append(Text(f"… and {len(held) - MOST_THRESHOLDS:,} more thresholds in report.html", style="dim"))
    return parts


def _plain(words: str, style: str) -> Text:
    return Text(short(words, _WHY), style=style)


def _table(held: list[Held], told: str) -> RenderableType:
    """Return a row for each threshold; what was `told` of all of them is not said again of each."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    for one in held:
        words = Text().append(short(one.text, _TEXT), style="bold")
        words.append("".join(f"\n{short(line, _WHY)}" for line in _lines(one) if line not in told))
        grid.add_row(Text(one.sign, style=_STYLE.get(one.outcome, "bold yellow")), words)
    return Padding(grid, (0, 0, 0, 1))


def _lines(one: Held) -> tuple[str, ...]:
    """Return the numbers of a threshold that holds; of one that does not, what decided, or what would."""
    if one.outcome is not Outcome.PASS or not (one.old or one.new):
        return one.why[:1] if one.outcome is Outcome.FAIL else one.why[:2]
    allowed = f"; allowed {one.limit}" if one.limit else ""
    return (f"old {one.old or NOTHING} → new {one.new or NOTHING}{allowed}",)
