"""The charts of a load over time: percentiles and errors by slice, and what monitoring told before."""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from harness.model.event import Loaded
from harness.model.load import Slice
from harness.model.series import Series as Told
from harness.model.series import Telemetry
from harness.report.chart import LineChart, Series, line_chart, linear_ticks, round_time
from harness.report.load_view import SIDES
from harness.report.load_words import ms, share
from harness.report.text import duration, short, when

MOST_SLICES = 400
MOST_PERIODS = 240
MOST_NOTCHES = 50

_PERCENTILES = (("p50", "dots"), ("p95", ""), ("p99", "dashes"))
_STYLES = ("s1", "s2", "s3", "s4")


def percentiles_over_time(loaded: Loaded) -> LineChart | None:
    """Return p50, p95 and p99 of both sides, slice by slice."""
    sides = _slices(loaded)
    lines = [
        Series(
            name=f"{side} {name}",
            style=f"{side} {style}".strip(),
            points=[(one.at, getattr(one, name)) for one in sides[side]],
        )
        for side in sides
        for name, style in _PERCENTILES
    ]
    highest = {
        side: max((one.p99, one.at) for one in found if one.p99 is not None)
        for side, found in sides.items()
        if any(one.p99 is not None for one in found)
    }
    return line_chart(
        lines,
        title="Percentiles over time",
        summary="; ".join(
            f"{side}: p99 of a slice at most {ms(value)}, at {duration(at)}" for side, (value, at) in highest.items()
        ),
        x_label=f"time since the start, in slices of {duration(loaded.slice_seconds)}",
        x_text=duration,
        x_ticks=_time_ticks(loaded, sides),
        x_tick=_short_time,
        y_text=ms,
        y_tick=round_time,
        log=True,
        hover=_hover(sides, _latency_words),
    )


def errors_over_time(loaded: Loaded) -> LineChart | None:
    """Return the error share of both sides, slice by slice; None where there was no error."""
    sides = _slices(loaded)
    if not any(one.errors for found in sides.values() for one in found):
        return None
    counts = {side: sum(one.errors for one in found) for side, found in sides.items()}
    return line_chart(
        [
            Series(
                name=side, style=side, points=[(one.at, one.errors / one.sent if one.sent else None) for one in found]
            )
            for side, found in sides.items()
        ],
        title="Errors over time",
        summary=", ".join(f"{side}: {count:,} failed" for side, count in counts.items()),
        x_label=f"time since the start, in slices of {duration(loaded.slice_seconds)}",
        x_text=duration,
        x_ticks=_time_ticks(loaded, sides),
        x_tick=_short_time,
        y_text=share,
        hover=_hover(sides, lambda one: f"{one.errors:,} of {one.sent:,} failed ({one.planned:,} planned)"),
    )


def _slices(loaded: Loaded) -> dict[str, list[Slice]]:
    """Return the slices by side, in the order of time."""
    found = {side: [one for one in loaded.slices if one.side == side] for side in SIDES}
    return {side: sorted(mine, key=lambda one: one.at)[:MOST_SLICES] for side, mine in found.items() if mine}


def _latency_words(one: Slice) -> str:
    if one.p50 is None:
        return "no answer"
    return f"p50 {ms(one.p50)}, p95 {ms(one.p95)}, p99 {ms(one.p99)}"


def _hover(sides: Mapping[str, Sequence[Slice]], words: Callable[[Slice], str]) -> list[tuple[float, str]]:
    told: dict[float, list[str]] = {}
    for side, found in sides.items():
        for one in found:
            told.setdefault(one.at, [duration(one.at)]).append(f"{side} {words(one)}")
    return [(at, " · ".join(parts)) for at, parts in sorted(told.items())]


def _time_ticks(loaded: Loaded, sides: Mapping[str, Sequence[Slice]]) -> list[float]:
    last = max([loaded.slice_seconds, *(one.at for found in sides.values() for one in found)])
    return [*(tick for tick in linear_ticks([last]) if tick < last * 0.95), last]


def _short_time(seconds: float) -> str:
    return f"{seconds:g} s" if seconds < 60 else f"{int(seconds // 60)}:{int(seconds % 60):02d}"


# ---- what monitoring told


def history(told: Telemetry, under_load: Mapping[str, float]) -> LineChart | None:
    """Return the latency that monitoring has of one side, and deployments; `under_load`: p95 in this load, by side."""
    found = [one for one in told.series if one.name == "latency" and one.points][: len(_STYLES)]
    if not found:
        return None
    series = {short(one.statistic, 20): _thinned(one) for one in found}
    lines = [
        Series(name=f"{short(told.side, 20)} {name}", style=style, points=points)
        for (name, points), style in zip(series.items(), _STYLES, strict=False)
    ]
    if any(one.statistic == "p95" for one in found):
        lines += [
            Series(name=f"{side} p95 in this load", style=f"{side} dashes", points=[(told.start, ms), (told.end, ms)])
            for side, ms in under_load.items()
        ]
    return line_chart(
        lines,
        title=f"{short(told.side, 20)} as monitoring has it: {short(told.what, 80)}",
        summary="; ".join(f"{short(one.statistic, 20)}: highest {ms(max(y for _, y in one.points))}" for one in found),
        x_label=f"{when(told.start)} to {when(told.end)}; upright lines are deployments",
        x_text=when,
        x_ticks=[told.start + (told.end - told.start) * step / 4 for step in range(5)],
        x_tick=_day if told.end - told.start > 2 * 86_400 else _clock,
        y_text=ms,
        y_tick=round_time,
        log=True,
        hover=_told_at(series),
        notches=[
            (one.at, f"deployment {short(one.id, 40)}, {when(one.at)}{': ' if one.text else ''}{short(one.text, 120)}")
            for one in told.deployments[:MOST_NOTCHES]
        ],
    )


def _thinned(one: Told) -> list[tuple[float, float | None]]:
    """Return at most so many points, each the highest of its stretch, with gaps where no period has a value."""
    first, last = one.points[0][0], one.points[-1][0]
    step = max(one.period, 1) * max(1, math.ceil(((last - first) / max(one.period, 1) + 1) / MOST_PERIODS))
    highest: dict[int, float] = {}
    for at, value in one.points:
        place = int((at - first) // step)
        highest[place] = max(value, highest.get(place, value))
    return [(first + place * step, highest.get(place)) for place in range(max(highest) + 1)]


def _told_at(series: Mapping[str, Sequence[tuple[float, float | None]]]) -> list[tuple[float, str]]:
    words: dict[float, list[str]] = {}
    for name, points in series.items():
        for at, value in points:
            said = words.setdefault(at, [when(at)])
            said.append(f"{name} {ms(value)}")
    return [(at, " · ".join(parts)) for at, parts in sorted(words.items())][: 2 * MOST_PERIODS]


def _day(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%d %b}"


def _clock(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%H:%M}"
