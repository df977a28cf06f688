"""The fewest requests by which a threshold can pass, reckoned beforehand: with fewer, a load can only fail or wait."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from harness.load.mix import Shares
from harness.model.threshold import Base, Metric, Threshold
from harness.scenario.types import Scenario

_ONE = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Short:
    """A threshold that a load cannot show to hold: it has `had` requests a side of `needed` (None: no number does)."""

    threshold: Threshold
    had: int
    needed: int | None


def short_of(scenario: Scenario, shares: Shares, requests: int) -> Iterator[Short]:
    """Yield the thresholds that `requests` a side are too few for, even where both sides are alike and nothing fails.

    Of an operation counts its share of the mix.
    """
    load = scenario.load
    assert load is not None
    operations = {case.name: case.operation for case in scenario.cases}
    for threshold in load.thresholds:
        share = sum(weight for name, weight in shares.weights.items() if threshold.operation in {"", operations[name]})
        had, needed = round(requests * share), least(threshold)
        if needed is None or had < needed:
            yield Short(threshold=threshold, had=had, needed=needed)


def least(threshold: Threshold) -> int | None:
    """Return how many requests a side a threshold takes to pass; None where it needs new to be surely better than old.

    Source: for latency 10 / (1 - p), for errors the exact intervals of stats/intervals.py with no failure at all.
    """
    bound = threshold.bound
    if threshold.metric in {Metric.LATENCY, Metric.ERRORS} and bound.base is Base.OLD and not _room(threshold):
        return None
    if threshold.metric is Metric.ERRORS and bound.base in {Base.OLD, Base.NOTHING}:
        return _without_errors(threshold)
    if threshold.metric is Metric.LATENCY and threshold.percentile < 1:
        from harness.stats.intervals import enough  # noqa: PLC0415  heavy, and plans without a load need none

        return enough(threshold.percentile)
    return _ONE


def _room(threshold: Threshold) -> bool:
    """Tell whether two sides that are alike are within the bound by more than nothing."""
    bound = threshold.bound
    if threshold.percentile >= 1:
        return True  # a maximum has no interval
    return bound.plus > 0 if threshold.metric is Metric.ERRORS else bound.factor > 1 or bound.plus > 0


def _without_errors(threshold: Threshold) -> int | None:
    from harness.load.compare import LEVEL  # noqa: PLC0415  as above
    from harness.stats.intervals import more_for_share  # noqa: PLC0415  as above

    bound = threshold.bound
    if bound.base is Base.OLD:
        return more_for_share(0, _ONE, 0, _ONE, level=LEVEL, factor=bound.factor, plus=bound.plus)
    if not bound.plus:
        return None  # errors <= 0%: one day there will be one
    return math.ceil(math.log((1 - LEVEL) / 2) / math.log1p(-bound.plus))
