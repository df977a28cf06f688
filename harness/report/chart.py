"""Numbers → geometry of plain SVG charts; reports/html/chart.html.j2 draws it.

Coordinates are SVG user units of a fixed box; values on hover come with each mark. Later parts make a `LineChart` or a
`Stack` from their own numbers and hand it to the same macros.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from harness.model.finding import Summary
from harness.report.text import milliseconds

WIDTH, HEIGHT = 640.0, 240.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 64.0, 16.0, 12.0, 34.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A named line through (x, y) in units of the data; y None leaves a gap.

    `style` is one or more classes of style.css: whose it is (old, new, s1 … s4) and how it is drawn (dots, dashes).
    """

    name: str
    style: str
    points: Sequence[tuple[float, float | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A mark of an axis, at a position in SVG units."""

    at: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A point that tells its value on hover."""

    x: float
    y: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A stretch of the x axis that tells on hover what all lines are there."""

    x: float
    width: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One drawn series: an SVG path and the points on it."""

    name: str
    style: str
    path: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineChart:
    """A drawn line chart; `summary` says in words what it shows, for those who do not see it.

    `notches` are upright lines at something that happened; their labels are told on hover.
    """

    title: str
    summary: str
    x_label: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    lines: tuple[Line, ...]
    bands: tuple[Band, ...] = ()
    notches: tuple[Tick, ...] = ()
    width: float = WIDTH
    height: float = HEIGHT
    left: float = _LEFT
    right: float = WIDTH - _RIGHT
    top: float = _TOP
    bottom: float = HEIGHT - _BOTTOM


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a stacked bar; x and width in per cent of the whole."""

    name: str
    style: str
    count: int
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class _Scale:
    """Data → SVG units: x linear from `left` to `right`, y from `low` to `high`, or their logarithms."""

    left: float
    right: float
    low: float
    high: float
    log: bool

    def x(self, value: float) -> float:
        share = (value - self.left) / ((self.right - self.left) or 1)
        return round(_LEFT + min(max(share, 0.0), 1.0) * (WIDTH - _LEFT - _RIGHT), 1)

    def y(self, value: float) -> float:
        level = math.log10(max(value, 10**self.low)) if self.log else value
        share = (level - self.low) / ((self.high - self.low) or 1)
        return round(HEIGHT - _BOTTOM - share * (HEIGHT - _TOP - _BOTTOM), 1)

    def path(self, points: Sequence[tuple[float, float | None]]) -> str:
        drawn, pen = [], "M"
        for x, y in points:
            if y is not None:
                lone = "h0" if pen == "M" else ""  # a point between two gaps is drawn, too
                drawn.append(f"{pen}{self.x(x)} {self.y(y)}{lone}")
            pen = "M" if y is None else "L"
        return "".join(drawn)


def line_chart(
    series: Sequence[Series],
    *,
    title: str,
    summary: str,
    x_label: str,
    x_text: Callable[[float], str],
    y_text: Callable[[float], str],
    y_tick: Callable[[float], str] | None = None,
    x_ticks: Sequence[float],
    x_tick: Callable[[float], str] | None = None,
    log: bool = False,
    hover: Sequence[tuple[float, str]] = (),
    notches: Sequence[tuple[float, str]] = (),
) -> LineChart | None:
    """Lay out a line chart; None without any point. `log` draws y on a logarithmic scale (values ≤ 0 at its foot).

    `x_text` and `y_text` word a value on hover; `x_tick` and `y_tick` word the axes where that should be shorter.
    With `hover` (x, words) each x tells its words along the whole height, in place of the points of the lines.
    """
    values = [y for one in series for _, y in one.points if y is not None]
    if not values:
        return None
    steps = log_ticks(values) if log else linear_ticks(values)
    low, high = (math.log10(steps[0]), math.log10(steps[-1])) if log else (steps[0], steps[-1])
    scale = _Scale(min(x_ticks), max(x_ticks), low, high, log)

    def marks(one: Series) -> tuple[Mark, ...]:
        return tuple(
            Mark(x=scale.x(x), y=scale.y(y), label=f"{one.name} · {x_text(x)}: {y_text(y)}")
            for x, y in one.points
            if y is not None
        )

    return LineChart(
        title=title,
        summary=summary,
        x_label=x_label,
        x_ticks=tuple(Tick(at=scale.x(value), label=(x_tick or x_text)(value)) for value in x_ticks),
        y_ticks=tuple(Tick(at=scale.y(value), label=(y_tick or y_text)(value)) for value in steps),
        lines=tuple(
            Line(name=one.name, style=one.style, path=scale.path(one.points), marks=() if hover else marks(one))
            for one in series
            if any(y is not None for _, y in one.points)
        ),
        bands=_bands(hover, scale),
        notches=tuple(Tick(at=scale.x(x), label=words) for x, words in notches if scale.left <= x <= scale.right),
    )


def _bands(hover: Sequence[tuple[float, str]], scale: _Scale) -> tuple[Band, ...]:
    """Return a band around each x, up to the middle between it and the next one."""
    places = [scale.x(x) for x, _ in hover]
    ends = [_LEFT, *((a + b) / 2 for a, b in pairwise(places)), WIDTH - _RIGHT]
    return tuple(
        Band(x=round(start, 1), width=round(end - start, 1), label=words)
        for (start, end), (_, words) in zip(pairwise(ends), hover, strict=False)
    )


def linear_ticks(values: Sequence[float]) -> list[float]:
    """Return three to seven round numbers from 0 (or below the least value) to past the greatest."""
    low, high = min(0.0, *values), max(values)
    span = (high - low) or 1.0
    step = 10 ** math.floor(math.log10(span / 3))
    while span / step > 6:
        step *= 2.5 if f"{step:e}".startswith("2") else 2
    first = math.floor(low / step)
    return [round((first + index) * step, 10) for index in range(math.ceil(high / step) - first + 1)]


def log_ticks(values: Sequence[float]) -> list[float]:
    """Return 1, 2 and 5 times powers of ten (or the powers alone) that enclose the positive values."""
    positive = [value for value in values if value > 0] or [1.0]
    low, high = math.floor(math.log10(min(positive))), math.ceil(math.log10(max(positive)) + 1e-9)
    fine = [factor * 10.0**power for power in range(low, high + 1) for factor in (1, 2, 5)]
    above = [value for value in fine if value >= max(positive)]
    below = [value for value in fine if value <= min(positive)]
    inside = [value for value in fine if below[-1] <= value <= above[0]]
    if len(inside) > 7:
        inside = [10.0**power for power in range(low, high + 1)]
    return inside if len(inside) > 1 else [inside[0], inside[0] * 2]


_QUANTILES = (0.0, 0.05, 0.1, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.98, 0.99, 1.0)


def quantile(ordered: Sequence[float], share: float) -> float:
    """Return the value that `share` of the sorted values do not exceed (nearest rank)."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def round_time(value: float) -> str:
    """Return a duration in ms as an axis has it."""
    return f"{value / 1000:g} s" if value >= 1000 else f"{value:g} ms"


def latency(summary: Summary) -> LineChart | None:
    """Return the distribution of case times on both sides (medians per case, ms)."""
    old = sorted(case.old_ms for case in summary.cases if case.old_ms is not None)
    new = sorted(case.new_ms for case in summary.cases if case.new_ms is not None)
    series = [
        Series(name=name, style=name, points=[(share * 100, quantile(values, share)) for share in _QUANTILES])
        for name, values in (("old", old), ("new", new))
        if values
    ]
    told = "; ".join(
        f"{name}: half within {milliseconds(quantile(values, 0.5))}, 95 % within {milliseconds(quantile(values, 0.95))}"
        for name, values in (("old", old), ("new", new))
        if values
    )
    return line_chart(
        series,
        title="Response times",
        summary=told,
        x_label="share of cases answered within",
        x_text=lambda value: f"{value:g} %",
        y_text=milliseconds,
        y_tick=round_time,
        x_ticks=(0, 10, 25, 50, 75, 90, 100),
        log=True,
    )


def stack(counts: Sequence[tuple[str, str, int]]) -> tuple[Part, ...]:
    """Lay out one stacked bar from (name, style, count); empty parts are left out."""
    total = sum(count for _, _, count in counts)
    parts, x = [], 0.0
    for name, style, count in counts:
        if count:
            width = 100 * count / total
            parts.append(Part(name=name, style=style, count=count, x=round(x, 3), width=round(width, 3)))
            x += width
    return tuple(parts)
