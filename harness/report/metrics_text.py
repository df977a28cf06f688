"""What monitoring told, for a terminal: figures, plots over time with the deployments on the axis, what is missing."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness.metrics.summary import find, rank, summary
from harness.metrics.window import in_words
from harness.model.series import Series, Telemetry
from harness.report.text import NOTHING, milliseconds, short, when

NARROWEST, WIDEST = 40, 160
_BLOCKS = " ▁▂▃▄▅▆▇█"
_NO_VALUE = "·"
_MARK = "▲"
_LINE = 300  # characters of one text of a service
_MOST_DEPLOYMENTS = 20
_LATENCIES = ("latency", "backend latency")
_PLOTTED = (
    ("requests", 2),
    ("errors 4xx", 1),
    ("errors 5xx", 1),
    ("latency", 4),
    ("backend latency", 2),
    ("capacity", 2),
)


def metrics_text(telemetries: Sequence[Telemetry], width: int) -> str:
    """Return all of it, in lines of at most `width` columns where figures and plots can be that narrow."""
    wide = min(max(width, NARROWEST), WIDEST)
    return "\n\n".join("\n".join(_one(one, wide)) for one in telemetries) + "\n"


def _one(told: Telemetry, width: int) -> Iterator[str]:
    yield f"{told.side}  {short(told.what, _LINE)}"
    period = told.series[0].period if told.series else 0
    each = f", each {in_words(period)}" if period else ""
    yield f"  {when(told.start)} to {when(told.end)}{each}"
    for name, value in told.facts.items():
        yield f"  {name}: {short(value, _LINE)}"
    if told.trouble:
        yield f"  {told.absence}: {short(told.trouble, 2 * _LINE)}"
    if any(one.points for one in told.series):
        yield from ("", *_counts(told), *_latencies(told), *_capacity(told))
        yield from _plots(told, width)
    yield from _deployments(told)
    yield from _missing(told)


def figure(series: Series | None) -> str:
    """Return a series' figure of the whole time, with its unit."""
    value = None if series is None else summary(series)[0]
    if series is None or value is None:
        return NOTHING
    return in_unit(value, series.unit)


def in_unit(value: float, unit: str) -> str:
    """Return a value as people read it."""
    if unit == "ms":
        return milliseconds(value)
    return f"{100 * value:.1f} %" if unit == "share" else f"{value:,.0f}"


def _counts(told: Telemetry) -> Iterator[str]:
    requests = find(told, "requests", "sum")
    total = summary(requests)[0] if requests else None
    for name in ("requests", "errors 4xx", "errors 5xx"):
        series = find(told, name, "sum")
        if series is None:
            continue
        count = summary(series)[0]
        share = f"  ({100 * count / total:.2f} %)" if name != "requests" and total and count is not None else ""
        yield f"  {name:<16}{figure(series):>12}{share}"


def _latencies(told: Telemetry) -> Iterator[str]:
    found = [one for one in told.series if one.name in _LATENCIES]
    statistics = list(dict.fromkeys(one.statistic for one in found))
    if not statistics:
        return
    yield ""
    yield f"  {'':<16}" + "".join(f"{statistic:>12}" for statistic in statistics)
    for name in _LATENCIES:
        yield f"  {name:<16}" + "".join(f"{figure(find(told, name, statistic)):>12}" for statistic in statistics)
    ranks = [one for one in found if rank(one) is not None and one.points]
    if ranks:
        whole = all(one.whole is not None or len(one.points) == 1 for one in ranks)
        how = "of the whole time" if whole else f"medians of those of each {in_words(ranks[0].period)}"
        yield f"  {'':<16}percentiles are {how}"


def _capacity(told: Telemetry) -> Iterator[str]:
    average = find(told, "capacity", "average")
    if average is not None and average.points:
        highest = in_unit(max(value for _, value in average.points), average.unit)
        yield ""
        each = in_words(average.period)
        yield f"  {'capacity':<16}{figure(average):>12}  on average, at most {highest} in any {each}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """Time across `width` columns."""

    start: float
    end: float
    width: int

    def column(self, at: float) -> int:
        """Return the column of a time, at the edge what lies outside."""
        place = int((at - self.start) / (self.end - self.start) * self.width)
        return min(max(place, 0), self.width - 1)


def axis_of(told: Telemetry, width: int) -> Axis:
    """Return an axis of whole columns to a period, or of whole periods to a column."""
    periods = max(round((told.end - told.start) / told.series[0].period), 1)
    if periods <= width:
        return Axis(start=told.start, end=told.end, width=periods * (width // periods))
    return Axis(start=told.start, end=told.end, width=math.ceil(periods / math.ceil(periods / width)))


def plot(series: Series, axis: Axis, rows: int) -> list[str]:
    """Return `rows` lines of blocks from 0 to the highest value; a column shows the highest of its periods."""
    columns: list[float | None] = [None] * axis.width
    for at, value in series.points:
        last = axis.column(at + series.period - 1e-6)
        for place in range(axis.column(at), last + 1):
            columns[place] = max(value, columns[place] or 0.0)
    top = max((value for value in columns if value), default=1.0)
    levels = [None if value is None else _level(value / top, rows) for value in columns]
    return [
        "".join(_block(level, row, nothing=_NO_VALUE if row == 0 else " ") for level in levels).rstrip()
        for row in reversed(range(rows))
    ]


def _level(share: float, rows: int) -> int:
    return max(round(share * rows * 8), 1) if share > 0 else 0


def _block(level: int | None, row: int, nothing: str) -> str:
    return nothing if level is None else _BLOCKS[min(max(level - 8 * row, 0), 8)]


def _plots(told: Telemetry, width: int) -> Iterator[str]:
    axis = axis_of(told, width - 4)
    gaps = False
    for name, rows in _PLOTTED:
        series = _shown(told, name)
        if series is None or not any(value > 0 for _, value in series.points):
            continue
        highest = in_unit(max(value for _, value in series.points), series.unit)
        each = in_words(series.period)
        statistic = "" if series.statistic == "sum" else f" {series.statistic}"
        yield ""
        yield f"  {name}{statistic}, at most {highest} in any {each}"
        for line in plot(series, axis, rows):
            gaps = gaps or _NO_VALUE in line
            yield f"  {line}"
    yield from _time(told, axis)
    if gaps:
        yield f"  {_NO_VALUE} no value"


def _shown(told: Telemetry, name: str) -> Series | None:
    """Return the series of a metric that is plotted: p95, else the average."""
    for statistic in ("sum", "p95", "average"):
        series = find(told, name, statistic)
        if series is not None and series.points:
            return series
    return None


def _time(told: Telemetry, axis: Axis) -> Iterator[str]:
    yield f"  {'─' * axis.width}"
    marks = [" "] * axis.width
    for one in told.deployments:
        if told.start <= one.at < told.end:
            marks[axis.column(one.at)] = _MARK
    if _MARK in marks:
        yield f"  {''.join(marks).rstrip()}"
    first, last = when(told.start)[:16], when(told.end)[:16]
    room = max(axis.width - len(first) - len(last), 2)
    yield f"  {first}{' ' * room}{last}"


def _deployments(told: Telemetry) -> Iterator[str]:
    if not told.deployments:
        return
    yield ""
    yield "  deployments"
    left = len(told.deployments) - _MOST_DEPLOYMENTS
    if left > 0:
        yield f"    … {left:,} before these"
    for one in told.deployments[-_MOST_DEPLOYMENTS:]:
        mark = _MARK if told.start <= one.at < told.end else "before"
        text = f"  {short(one.text, 100)}" if one.text else ""
        yield f"    {mark:<7}{when(one.at)}  {short(one.id, 60)}{text}"


def _missing(told: Telemetry) -> Iterator[str]:
    """Say what is not there and why, and what else a series has to be read with; alike reasons in one line."""
    reasons: dict[str, dict[str, list[str]]] = {}
    for one in told.series:
        words = ": ".join(part for part in (str(one.absence or ""), one.note) if part)
        if words:
            reasons.setdefault(words, {}).setdefault(one.name, []).append(one.statistic)
    if reasons:
        yield ""
        yield "  to be read with this"
    for words, names in reasons.items():
        which = "; ".join(f"{name} {', '.join(statistics)}" for name, statistics in names.items())
        yield f"    {which.replace(' sum', '')}: {short(words, _LINE)}"
