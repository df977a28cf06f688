"""Old and new held against each other: figures of each operation and of all, with intervals, and over time."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from harness.load.measured import Arms, Measured, in_ms
from harness.model.load import Arm, Compared, Slice
from harness.model.side import Side
from harness.model.threshold import Base, Metric, Threshold
from harness.scenario.types import Profile, Segment
from harness.stats import exceedance, quantile_test
from harness.stats.blocks import block_difference
from harness.stats.histogram import Histogram, encode
from harness.stats.intervals import Interval, enough, quantile, quantile_difference, share, share_difference
from harness.stats.odds import OddsRatio

if TYPE_CHECKING:
    from harness.load.counts import Counts

LEVEL = 0.98
"""Two-sided: either end of an interval is passed by chance in 1 % of runs."""

_SHOWN = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}
_LARGEST = 1e12  # an e-value beyond says no more
_DRAWS, _DRAWS_FINE = 2_000, 10_000
_FEW_IN_TIME = "too few samples for an interval"


def arms(counts: "Counts") -> tuple[Arm, ...]:
    """Return what each side answered: all operations together ("") first, then each."""
    return tuple(_arm(counts, side, name) for name in ("", *counts.operations) for side in Side)


def _arm(counts: "Counts", side: Side, operation: str) -> Arm:
    cell = counts.over(side.value, operation)
    return Arm(
        side=side.value,
        operation=operation,
        sent=cell.sent,
        errors=cell.errors,
        outcomes=dict(cell.outcomes),
        planned=_text(cell.planned),
        service=_text(cell.service),
        overhead=_text(cell.overhead),
    )


def _text(histogram: Histogram) -> str:
    return encode(histogram) if histogram.total else ""


def slices(counts: "Counts", planned: Sequence[int]) -> tuple[Slice, ...]:
    """Return both sides over time; `planned` are requests a side per slice (see `planned_per_slice`)."""
    measured = Measured(counts, counts.operations)
    return tuple(
        _slice(measured.arms(side), number, side, planned[number] if number < len(planned) else 0, counts.slice_seconds)
        for number in range(counts.slices)
        for side in Side
    )


def _slice(whole: Arms, number: int, side: Side, planned: int, seconds: float) -> Slice:
    sent, errors = whole.by_slice[number]
    latencies = whole.latencies[number]
    p50, p95, p99 = (in_ms(latencies.quantile(p)) if latencies.total else None for p in (0.5, 0.95, 0.99))
    return Slice(
        side=side.value, at=number * seconds, planned=planned, sent=sent, errors=errors, p50=p50, p95=p95, p99=p99
    )


def planned_per_slice(profile: Profile, arrivals: Sequence[float], seconds: float) -> list[int]:
    """Return how many requests a side the schedule plans in each slice of `seconds` (expected ones, if at random)."""
    if arrivals:
        found = [0] * (int(arrivals[-1] / seconds) + 1)
        for moment in arrivals:
            found[int(moment / seconds)] += 1
        return found
    whole = sum(segment.seconds for segment in profile.segments)
    ends = [min(number * seconds, whole) for number in range(math.ceil(whole / seconds - 1e-9) + 1)]
    passed = [math.ceil(_area(profile.segments, end) - 1e-6) for end in ends]
    return [then - now for now, then in pairwise(passed)]


def _area(segments: Iterable[Segment], until: float) -> float:
    """Return how many requests a profile plans before `until`."""
    area = 0.0
    for segment in segments:
        part = min(max(until, 0.0), segment.seconds)
        area += segment.start * part + (segment.end - segment.start) * part**2 / (2 * segment.seconds)
        until -= segment.seconds
    return area


def compared(counts: "Counts", thresholds: Sequence[Threshold], *, seed: int) -> tuple[Compared, ...]:
    """Return each metric of all operations together ("") and of each operation, in ms and shares."""
    measured = Measured(counts, counts.operations)
    parts = [_compared_one(measured, name, thresholds, seed) for name in ("", *measured.parts)]
    if not measured.parts:  # all is one: reckon it once
        parts += [[replace(one, operation=name) for one in parts[0]] for name in measured.operations]
    return tuple(one for part in parts for one in part)


def _compared_one(measured: Measured, operation: str, thresholds: Sequence[Threshold], seed: int) -> list[Compared]:
    old, new = measured.arms(Side.OLD, operation), measured.arms(Side.NEW, operation)
    mine = [one for one in thresholds if one.operation in {"", operation}]
    named = {one.measured: one.percentile for one in mine if one.metric is Metric.LATENCY and one.percentile < 1}
    percentiles = sorted({**_SHOWN, **named}.items(), key=lambda item: item[1])
    return [
        *(_percentile(operation, name, p, old, new, mine, seed) for name, p in percentiles),
        _maximum(operation, old, new),
        _errors(operation, old, new),
    ]


def _percentile(
    operation: str, name: str, p: float, old: Arms, new: Arms, thresholds: Sequence[Threshold], seed: int
) -> Compared:
    values = old.quantile(p), new.quantile(p)
    found = Compared(operation=operation, metric=name, old=values[0], new=values[1], level=LEVEL)
    if min(old.whole.total, new.whole.total) < enough(p):
        return replace(found, judged=False, note=f"{_FEW_IN_TIME}: {enough(p):,} a side are enough")
    if values[0] is None or values[1] is None:
        return replace(found, note="too many requests without an answer")
    apart = gap(old, new, p, seed=seed)
    factor, plus = _allowed(thresholds, p)
    limit = old.whole.quantile(p) * factor + plus * 1000
    return replace(
        found,
        old_interval=pair_ms(quantile(old.whole, p, LEVEL)),
        new_interval=pair_ms(quantile(new.whole, p, LEVEL)),
        difference=values[1] - values[0],
        interval=None if apart is None else _finite((apart.low, apart.high)),
        quantile_p=quantile_test.p_value(old.whole, new.whole, p, margin=factor - 1),
        exceedance_e=_bounded(exceedance.exceedance(zip(old.latencies, new.latencies, strict=True), limit)),
    )


def _maximum(operation: str, old: Arms, new: Arms) -> Compared:
    before, after = old.quantile(1.0), new.quantile(1.0)
    apart = None if before is None or after is None else after - before
    return Compared(
        operation=operation, metric="max", old=before, new=after, difference=apart, level=LEVEL,
        note="one request each: no interval",
    )  # fmt: skip


def _errors(operation: str, old: Arms, new: Arms) -> Compared:
    found = Compared(operation=operation, metric="errors", old=None, new=None, level=LEVEL)
    if not (old.sent and new.sent):
        return replace(found, judged=False, note="no request with an outcome on " + ("new" if old.sent else "old"))
    apart = share_difference(old.errors, old.sent, new.errors, new.sent, level=LEVEL)
    return replace(
        found,
        old=old.error_share,
        new=new.error_share,
        old_interval=_pair(share(old.errors, old.sent, LEVEL)),
        new_interval=_pair(share(new.errors, new.sent, LEVEL)),
        difference=new.error_share - old.error_share,
        interval=_pair(apart),
        exceedance_e=_bounded(_odds(old, new)),
    )


def _odds(old: Arms, new: Arms) -> OddsRatio:
    """Return the conditional odds-ratio test of "new fails no oftener", slice by slice."""
    found = OddsRatio()
    for (n_old, x_old), (n_new, x_new) in zip(old.by_slice, new.by_slice, strict=True):
        if x_old + x_new:
            found.add(n_new, x_new, n_old, x_old)
    return found


def gap(old: Arms, new: Arms, p: float, *, factor: float = 1.0, level: float = LEVEL, seed: int = 0) -> Interval | None:
    """Return the interval in ms of new's p-quantile - factor * old's; None below `enough(p)` samples.

    The outer ends of two: one takes requests for independent of each other, the other is paired by slices of time, so
    that a wave that lasts for many requests does not make it too narrow.
    """
    alone = quantile_difference(old.whole, new.whole, p, level=level, factor=factor)
    if alone is None:
        return None
    draws = _DRAWS if level <= LEVEL else _DRAWS_FINE
    paired = block_difference(old.latencies, new.latencies, p, level=level, factor=factor, seed=seed, draws=draws)
    both = [alone] if paired is None else [alone, paired]
    return Interval(min(one.low for one in both) / 1000, max(one.high for one in both) / 1000, level)


def alone(arms: Arms, p: float, *, level: float = LEVEL, seed: int = 0) -> Interval | None:
    """Return the interval in ms of one side's p-quantile, as `gap` does; None below `enough(p)` samples."""
    exact = quantile(arms.whole, p, level)
    if exact is None:
        return None
    draws = _DRAWS if level <= LEVEL else _DRAWS_FINE
    latencies = arms.latencies
    waves = block_difference(latencies, latencies, p, level=level, factor=0.0, seed=seed, draws=draws)
    both = [exact] if waves is None else [exact, waves]
    return Interval(min(one.low for one in both) / 1000, max(one.high for one in both) / 1000, level)


def pair_ms(interval: Interval | None) -> tuple[float, float] | None:
    """Return an interval of µs in ms; None where there is none, or one that has no end among the answers."""
    if interval is None or math.isinf(interval.high):
        return None
    low, high = in_ms(interval.low), in_ms(interval.high)
    return None if low is None or high is None else (low, high)


def _allowed(thresholds: Sequence[Threshold], p: float) -> tuple[float, float]:
    """Return the factor and what is added (ms) of the first threshold that holds this percentile against old's."""
    found = (one.bound for one in thresholds if one.percentile == p and one.bound.base is Base.OLD)
    bound = next(found, None)
    return (1.0, 0.0) if bound is None else (bound.factor, bound.plus)


def _bounded(test: OddsRatio) -> float:
    return math.exp(min(test.log_e, math.log(_LARGEST)))


def _pair(interval: Interval) -> tuple[float, float]:
    return interval.low, interval.high


def _finite(pair: tuple[float, float]) -> tuple[float, float] | None:
    return pair if all(map(math.isfinite, pair)) and pair[1] < _HOURS else None


_HOURS = 1_000_000.0  # ms: a difference that a request without an answer made
