"""The latency distribution of a load: percentiles of both sides, read from their histograms."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from harness.model.event import Loaded
from harness.report import load_view
from harness.report.chart import LineChart, Series, line_chart, round_time
from harness.report.load_view import SIDES
from harness.report.load_words import ms

if TYPE_CHECKING:
    from harness.stats.histogram import Histogram

_STEPS = 48
_NAMED = (0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 0.9999)
_TICKED = (0.0, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999)
_MUCH = 1.1  # from the planned start against from the actual send: beyond this the difference is told
_LEAST_MS = 1.0

Curves = Mapping[str, "Histogram"]


def curves(loaded: Loaded, what: str) -> dict[str, "Histogram"]:
    """Return by side the histogram `what` (planned, service, overhead) of all operations, without unreadable ones."""
    from harness.stats.histogram import decode  # noqa: PLC0415  heavy, and most runs load nothing

    found = {}
    for side, arm in load_view.arms(loaded).items():
        text = getattr(arm, what)
        try:
            histogram = decode(text) if text else None
        except ValueError:
            continue
        if histogram is not None and histogram.total:
            found[side] = histogram
    return found


def differs(planned: Curves, service: Curves) -> bool:
    """Tell whether requests of a side waited so long before they were sent that its p99 shows it."""
    return any(_much(planned[side], service[side]) for side in SIDES if side in planned and side in service)


def _much(planned: "Histogram", service: "Histogram") -> bool:
    one, other = in_ms(planned, 0.99), in_ms(service, 0.99)
    return one > other * _MUCH and one > other + _LEAST_MS


def waited(planned: Curves, service: Curves) -> str:
    """Return in a sentence whether requests waited before they were sent, "" where nothing is known."""
    both = [side for side in SIDES if side in planned and side in service]
    if not both:
        return ""
    if not differs(planned, service):
        return "Measured from the planned start; from the actual send the p99 is about the same."
    told = [
        f"{side} {ms(in_ms(planned[side], 0.99))} from the planned start, "
        f"{ms(in_ms(service[side], 0.99))} from the actual send"
        for side in both
        if _much(planned[side], service[side])
    ]
    return (
        f"Requests waited before they were sent. p99: {'; '.join(told)}. "
        "A client that waits for each answer before it asks again does not see this; the planned start decides."
    )


def distribution(planned: Curves, service: Curves) -> LineChart | None:
    """Return latency by percentile on HdrHistogram's axis, log 1/(1 - p); from the actual send, if that differs."""
    if not planned:
        return None
    sent = {side: one for side, one in service.items() if side in planned and _much(planned[side], one)}
    most = max(histogram.total for histogram in planned.values())
    places = _places(most)
    lines = [Series(name=side, style=side, points=_points(planned[side], places)) for side in SIDES if side in planned]
    lines += [
        Series(name=f"{side}, from the actual send", style=f"{side} dashes", points=_points(one, places))
        for side, one in sent.items()
    ]
    end = _place(1 - 1 / most) if most > 1 else 1.0
    return line_chart(
        lines,
        title="Latency by percentile",
        summary="; ".join(
            f"{side}: half within {ms(in_ms(one, 0.5))}, 99 % within {ms(in_ms(one, 0.99))}, "
            f"the slowest {ms(one.maximum / 1000)}"
            for side, one in planned.items()
        ),
        x_label="share of the answered requests (from 90 % to 99 %: ten times fewer beyond)",
        x_text=lambda place: _percent(_share(place)),
        x_ticks=[*(_place(p) for p in _TICKED if _place(p) < end - 0.4), end],
        x_tick=lambda place: "max" if place == end else _percent(_share(place)),
        y_text=ms,
        y_tick=round_time,
        log=True,
        hover=[(place, _at(place, end, planned, sent)) for place in places],
    )


def _place(p: float) -> float:
    """Return where a percentile is on the axis: 0 % at 0, 90 % at 1, 99 % at 2."""
    return math.log10(1 / (1 - p))


def _share(place: float) -> float:
    return 1 - float(10**-place)


def _percent(p: float) -> str:
    return f"{100 * p:.4g} %" if p < 0.9999 else f"{100 * p:.6g} %"


def _places(total: int) -> list[float]:
    """Return even steps up to the last sample, and the percentiles that people ask for."""
    end = _place(1 - 1 / total) if total > 1 else 1.0
    even = {round(end * step / _STEPS, 6) for step in range(_STEPS)}
    named = {_place(p) for p in _NAMED if _place(p) < end}
    kept = {place for place in even if all(abs(place - one) > 0.02 for one in named)}
    return sorted(kept | named | {end})


def _points(histogram: "Histogram", places: Sequence[float]) -> list[tuple[float, float | None]]:
    last = _place(1 - 1 / histogram.total) + 1e-9 if histogram.total > 1 else math.inf
    return [(place, in_ms(histogram, _share(place)) if place <= last else None) for place in places]


def in_ms(histogram: "Histogram", p: float) -> float:
    """Return a percentile in ms."""
    return histogram.quantile(min(max(p, 1e-9), 1.0)) / 1000


def _at(place: float, end: float, planned: Curves, service: Curves) -> str:
    p = 1.0 if place == end else _share(place)
    parts = ["slowest" if p == 1 else _percent(p)]
    parts += [f"{side} {ms(in_ms(planned[side], p))}" for side in SIDES if side in planned]
    parts += [f"{side} from the send {ms(in_ms(service[side], p))}" for side in SIDES if side in service]
    if all(side in planned for side in SIDES):
        parts.append(_change(in_ms(planned["old"], p), in_ms(planned["new"], p)))
    return " · ".join(parts)


def _change(old: float, new: float) -> str:
    return f"{100 * (new / old - 1):+,.0f} %" if old else ""
