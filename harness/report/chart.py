"""Numbers → geometry of plain SVG charts; reports/html/chart.html.j2 draws it.

Coordinates are SVG user units of a fixed box; values on hover come with each mark. Later parts make a `LineChart` or a
`Stack` from their own numbers and hand it to the same macros.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.model.finding import Summary
from harness.report.text import milliseconds

WIDTH, HEIGHT = 640.0, 240.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 64.0, 16.0, 12.0, 34.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A named line through (x, y) in units of the data; `style` is a class of style.css (old, new, s1 … s4)."""

    name: str
    style: str
    points: Sequence[tuple[float, float]]


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
class Line:
    """One drawn series: an SVG path and the points on it."""

    name: str
    style: str
    path: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineChart:
    """A drawn line chart; `summary` says in words what it shows, for those who do not see it."""

    title: str
    summary: str
    x_label: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    lines: tuple[Line, ...]
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
    log: bool = False,
) -> LineChart | None:
    """Lay out a line chart; None without any point. `log` draws y on a logarithmic scale (values ≤ 0 at its foot).

    `x_text` and `y_text` word a value on hover; `y_tick` words the y axis where that should be shorter.
    """
    points = [point for one in series for point in one.points]
    if not points:
        return None
    steps = log_ticks(points_y(points)) if log else linear_ticks(points_y(points))
    low, high = (math.log10(steps[0]), math.log10(steps[-1])) if log else (steps[0], steps[-1])
    left, right = min(x_ticks), max(x_ticks)

    def place_x(value: float) -> float:
        return round(_LEFT + (value - left) / ((right - left) or 1) * (WIDTH - _LEFT - _RIGHT), 1)

    def place_y(value: float) -> float:
        level = math.log10(max(value, steps[0])) if log else value
        return round(HEIGHT - _BOTTOM - (level - low) / ((high - low) or 1) * (HEIGHT - _TOP - _BOTTOM), 1)

    return LineChart(
        title=title,
        summary=summary,
        x_label=x_label,
        x_ticks=tuple(Tick(at=place_x(value), label=x_text(value)) for value in x_ticks),
        y_ticks=tuple(Tick(at=place_y(value), label=(y_tick or y_text)(value)) for value in steps),
        lines=tuple(
            Line(
                name=one.name,
                style=one.style,
                path="M" + "L".join(f"{place_x(x)} {place_y(y)}" for x, y in one.points),
                marks=tuple(
                    Mark(x=place_x(x), y=place_y(y), label=f"{one.name} · {x_text(x)}: {y_text(y)}")
                    for x, y in one.points
                ),
            )
            for one in series
            if one.points
        ),
    )


def points_y(points: Sequence[tuple[float, float]]) -> list[float]:
    """Return the y values."""
    return [y for _, y in points]


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


def _round_time(value: float) -> str:
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
        y_tick=_round_time,
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
