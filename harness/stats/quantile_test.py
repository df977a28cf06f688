"""Is new's p-quantile larger? A test of two arms that holds at any number of samples, however often it is looked at.

For each x, two mixtures test that x is the p-quantile of old and of new; if both had the same quantile, their product
there would be a supermartingale. The evidence is its infimum over all x. One-sided with a margin (this project's
adaptation): old is scaled by 1 + margin, and each prior is truncated to its side.
Source: Howard & Ramdas, "Sequential estimation of quantiles with applications to A/B testing" (Bernoulli 28, 2022;
arXiv 1906.09712). It takes samples for independent and their distribution for steady: for baselines, not for hours of
live traffic (there: exceedance.py).
"""

import math
from collections.abc import Callable

import numpy as np

from harness.stats.histogram import Floats, Histogram, Ints
from harness.stats.mixture import Mixture, best_at

T_OPT = 4000.0  # samples a side at which the test is narrowest


def p_value(
    old: Histogram,
    new: Histogram,
    p: float,
    *,
    margin: float = 0.0,
    worse: bool = True,
    alpha: float = 0.01,
    t_opt: float = T_OPT,
) -> float:
    """Return the anytime-valid p-value of a null about new's p-quantile against (1 + margin) * old's.

    `worse` tests "new's is at most that" (a small value speaks for FAIL), otherwise "new's is at least that" (a small
    value speaks for GO). `alpha` and `t_opt` only tune where the test is sharpest. 1 where a side has no sample.
    """
    mixture = best_at(t_opt, p, min(2 * alpha, 0.5))
    scaled = (old.values * (1 + margin), old)
    plain = (new.values.astype(np.float64), new)
    least = _least_evidence(scaled, plain, mixture) if worse else _least_evidence(plain, scaled, mixture)
    return min(1.0, math.exp(-max(least, 0.0)))


def two_sided_p_value(old: Histogram, new: Histogram, p: float, *, alpha: float = 0.01, t_opt: float = T_OPT) -> float:
    """Return the anytime-valid p-value that both sides have the same p-quantile."""
    if not (old.total and new.total):
        return 1.0
    mixture = best_at(t_opt, p, alpha)
    points = np.union1d(old.values, new.values)
    return min(
        1.0, math.exp(-max(float(np.min(_both_ways(old, points, mixture) + _both_ways(new, points, mixture))), 0))
    )


def _both_ways(arm: Histogram, points: Ints, mixture: Mixture) -> Floats:
    """Return the least ln M for counts between those below and those at most each point."""
    valley = math.ceil(mixture.p * (arm.total - 1))  # where M, convex in the count, is least
    return mixture.log_two_sided(np.clip(valley, arm.below(points), arm.at_most(points)), arm.total)


Arm = tuple[Floats, Histogram]  # the values it is taken to have, ascending, and its counts


def _least_evidence(lower: Arm, upper: Arm, mixture: Mixture) -> float:
    """Return inf over x of ln(M_lower * M_upper), evidence that upper's quantile lies above lower's.

    As x grows, lower's evidence only grows (counts < x) and upper's only falls (counts <= x), at its own values: the
    infimum is at one of those, or at minus infinity.
    """
    lows, low_arm = lower
    highs, high_arm = upper
    if not (low_arm.total and high_arm.total):
        return 0.0
    before = np.concatenate((np.zeros(1, dtype=np.int64), low_arm.ranks))
    below = np.concatenate((np.zeros(1, dtype=np.int64), before[np.searchsorted(lows, highs, side="left")]))
    at_most = np.concatenate((np.zeros(1, dtype=np.int64), high_arm.ranks))
    return _least_sum(
        lambda places: mixture.log_above(below[places], low_arm.total),
        lambda places: mixture.log_below(at_most[places], high_arm.total),
        len(at_most),
    )


def _least_sum(rising: Callable[[Ints], Floats], falling: Callable[[Ints], Floats], places: int) -> float:
    """Return the least of rising + falling over all places, looking closely only where it can be.

    Between two places that were looked at, the sum is at least the rising one's start plus the falling one's end.
    """
    stride = max(1, math.isqrt(places))
    looked = np.unique(np.append(np.arange(0, places, stride), places - 1))
    up, down = rising(looked), falling(looked)
    least = float(np.min(up + down))
    promising = looked[:-1][up[:-1] + down[1:] < least]
    if len(promising):
        close = np.minimum((promising[:, None] + np.arange(stride + 1)).ravel(), places - 1)
        least = min(least, float(np.min(rising(close) + falling(close))))
    return least
