"""A load while it runs: a small table on a terminal, short lines elsewhere."""

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from harness.model.load import LoadTick
from harness.report.load_view import SIDES
from harness.report.load_words import ms, share
from harness.report.text import NOTHING, duration, short

NARROW = 84
"""Columns below which the table gives way to short lines."""

_STYLE = {"old": "blue", "new": "yellow"}
_WORDS = 200


def live(tick: LoadTick, width: int) -> RenderableType:
    """Return what is drawn over and over: a line of the whole, and a row of each side."""
    if tick.waiting or not tick.rate:
        return Text(_waiting(tick), overflow="ellipsis", no_wrap=True)
    rows: RenderableType = _table(tick) if width >= NARROW else Group(*(_short(tick, side) for side in SIDES))
    grid = Table.grid(padding=(0, 1))
    bar = ProgressBar(total=max(tick.total, 1.0), completed=min(tick.elapsed, tick.total), width=min(30, width // 5))
    grid.add_row(bar, Text(_whole(tick), overflow="ellipsis", no_wrap=True))
    return Group(grid, rows)


def line(tick: LoadTick) -> str:
    """Return a load's moment in one line, for where nothing can be drawn anew."""
    if tick.waiting or not tick.rate:
        return _waiting(tick)
    return "  ".join([_whole(tick), *(_short(tick, side).plain for side in SIDES)])


def _waiting(tick: LoadTick) -> str:
    return f"load: {short(tick.waiting, _WORDS) or 'nothing is sent yet'}"


def _whole(tick: LoadTick) -> str:
    """Tell the phase, the time left and how the generator does."""
    left = max(tick.total - tick.elapsed, 0.0)
    until = f"{left:.0f} s" if left < 59.5 else duration(left)
    parts = [f"{short(tick.phase, 20)}: {f'{until} left' if left else 'the last answers'}"]
    if tick.late_p99 is not None:
        parts.append(f"sent late by {ms(tick.late_p99)}")
    if tick.workers > 1:
        parts.append(f"{tick.workers:,} workers")
    return "  ".join(parts)


def _short(tick: LoadTick, side: str) -> Text:
    text = Text(no_wrap=True, overflow="ellipsis").append(side, style=_STYLE[side])
    text.append(f" {_rate(tick.rate.get(side))}/s p95 {_latency(tick.p95.get(side))} ")
    errors = tick.errors.get(side)
    return text.append(f"{share(errors)} errors", style="red" if errors else "")


def _rate(value: float | None) -> str:
    return NOTHING if value is None else f"{value:,.0f}"


def _latency(value: float | None) -> str:
    return NOTHING if value is None else ms(value)


def _table(tick: LoadTick) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("")
    for name in ("planned/s", "sent/s", "sent", "p50", "p95", "p99", "errors"):
        table.add_column(name, justify="right", no_wrap=True, min_width=8)
    for side in SIDES:
        errors = tick.errors.get(side)
        table.add_row(
            Text(side, style=_STYLE[side]),
            _rate(tick.planned_rate.get(side)),
            _rate(tick.rate.get(side)),
            f"{tick.sent.get(side, 0):,}",
            *(_latency(found.get(side)) for found in (tick.p50, tick.p95, tick.p99)),
            Text(share(errors), style="red" if errors else ""),
        )
    return table
