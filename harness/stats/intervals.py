"""Fixed-horizon intervals: for a look at the end of a run, once. What is looked at repeatedly needs odds.py instead.

All intervals are two-sided at `level`, with at most (1 - level) / 2 on each side: at level 0.98 a limit on one side is
passed by chance in at most 1 % of runs. Differences are of the new side minus `factor` times the old one, so that
"new <= old * 1.2" is judged by one interval that holds both sides' uncertainty.

Sources: Clopper & Pearson, Biometrika 26 (1934), for one share; order statistics and the exact binomial distribution
for one quantile (David & Nagaraja, Order Statistics, 2003, 7.1); MOVER for differences of either (Newcombe, Stat. Med.
17 (1998), method 10; Donner & Zou, Stat. Methods Med. Res. 21 (2012), for factors).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from scipy.special import bdtr, bdtrik, betaincinv

from harness.stats.histogram import Histogram

_MOST = 10**12  # requests per side beyond which there is no use in telling how many more


@dataclass(frozen=True, slots=True)
class Interval:
    """From `low` to `high`, two-sided at `level`, in the unit of what it is of: µs for quantiles, shares for shares."""

    low: float
    high: float
    level: float

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


def share(x: float, n: float, level: float) -> Interval:
    """Return the Clopper-Pearson interval of a share of which `x` of `n` were seen; 0 to 1 where n is 0.

    Exact: it holds the true share at least at `level`, however small the counts. Counts may be fractions, for planning.
    """
    tail = (1 - level) / 2
    low = float(betaincinv(x, n - x + 1, tail)) if x > 0 else 0.0
    high = float(betaincinv(x + 1, n - x, 1 - tail)) if x < n else 1.0
    return Interval(low, high, level)


def share_difference(
    x_old: float, n_old: float, x_new: float, n_new: float, *, level: float, factor: float = 1.0
) -> Interval:
    """Return the interval of p_new - factor * p_old, by MOVER on the two Clopper-Pearson intervals.

    Conservative where counts are small (0 of 6,000 on both sides: 0.077 percentage points up at level 0.98), as the
    intervals that it is made of. With factor 0 it is new's own share. Where a side sent nothing, all that is possible.
    """
    old, new = share(x_old, n_old, level), share(x_new, n_new, level)
    if not (n_old and n_new):
        return Interval(new.low - factor * old.high, new.high - factor * old.low, level)
    return _mover(x_old / n_old, old, x_new / n_new, new, factor)


def _mover(old: float, around_old: Interval, new: float, around_new: Interval, factor: float) -> Interval:
    """Recover the variances of both estimates from their intervals, each on the side where it matters (MOVER)."""
    estimate = new - factor * old
    down = math.hypot(new - around_new.low, factor * (around_old.high - old))
    up = math.hypot(around_new.high - new, factor * (old - around_old.low))
    return Interval(estimate - down, estimate + up, around_new.level)


def enough(p: float) -> int:
    """Return the number of samples below which the p-quantile is not judged: 10 / (1 - p), 200 for p95.

    Source: Amazon CloudWatch's rule for percentiles with low sample counts. No number is enough for a maximum (p = 1).
    """
    return math.ceil(10 / (1 - p) - 1e-6) if p < 1 else _MOST


def quantile(histogram: Histogram, p: float, level: float) -> Interval | None:
    """Return the distribution-free interval of the p-quantile in µs; None below `enough(p)` samples.

    `high` is infinite where even the largest sample is not surely above the quantile.
    """
    n = histogram.total
    if n < enough(p):
        return None
    tail = (1 - level) / 2
    below, above = _least(tail, n, p), _least(1 - tail, n, p) + 1
    low = float(histogram.at_rank(below)) if below > 0 else 0.0
    high = float(histogram.at_rank(above)) if above <= n else math.inf
    return Interval(low, high, level)


def _least(probability: float, n: int, p: float) -> int:
    """Return the least k with P(Binomial(n, p) <= k) >= probability."""
    k = max(0, math.ceil(float(bdtrik(probability, n, p))))
    return k - 1 if k > 0 and float(bdtr(k - 1, n, p)) >= probability else k


def quantile_difference(
    old: Histogram, new: Histogram, p: float, *, level: float, factor: float = 1.0
) -> Interval | None:
    """Return the interval in µs of new's p-quantile - factor * old's, by MOVER on order statistics.

    None where a side has too few samples. It takes samples for independent: where latencies come in waves, prefer
    blocks.block_difference.
    """
    around_old, around_new = quantile(old, p, level), quantile(new, p, level)
    if around_old is None or around_new is None:
        return None
    return _mover(old.quantile(p), around_old, new.quantile(p), around_new, factor)


def more_for_quantile(
    old: Histogram, new: Histogram, p: float, *, level: float, factor: float = 1.0, plus: float = 0.0
) -> int | None:
    """Return how many requests per side in all would decide "new's p-quantile <= factor * old's + plus" (µs).

    Reckoned from what was measured, with an interval that shrinks as 1 / sqrt(n). None where the estimate sits on the
    limit, where there is no sample to reckon from, and for a maximum.
    """
    n = min(old.total, new.total)
    if n == 0 or p >= 1:
        return None
    interval = quantile_difference(old, new, p, level=level, factor=factor)
    if interval is None or not math.isfinite(interval.high):
        return max(enough(p), 2 * n)
    return more_for_interval(interval, new.quantile(p) - factor * old.quantile(p), n, plus=plus)


def more_for_interval(interval: Interval, estimate: float, n: int, *, plus: float = 0.0) -> int | None:
    """Return the number per side at which an interval got from `n` would clear `plus`, shrinking as 1 / sqrt(n)."""
    gap = estimate - plus
    width = estimate - interval.low if gap > 0 else interval.high - estimate
    if gap == 0 or width > 1e6 * abs(gap):
        return None
    return max(n, math.ceil(n * (width / gap) ** 2))


def more_for_share(
    x_old: int, n_old: int, x_new: int, n_new: int, *, level: float, factor: float = 1.0, plus: float = 0.0
) -> int | None:
    """Return how many requests per side in all would decide "p_new <= factor * p_old + plus", shares staying as seen.

    The interval is reckoned anew for each number tried, so zeros (whose bound shrinks as 1 / n) are told right. None
    where the estimate sits on the limit, or nothing was sent.
    """
    n = min(n_old, n_new)
    if n == 0:
        return None
    old, new = x_old / n_old, x_new / n_new

    def decided(count: int) -> bool:
        interval = share_difference(old * count, count, new * count, count, level=level, factor=factor)
        return interval.low > plus or interval.high <= plus

    return _first(decided, n)


def _first(holds: Callable[[int], bool], start: int) -> int | None:
    """Return about the first number from `start` on that holds, to 1 %; None where none up to a very large one does."""
    if holds(start):
        return start
    low, high = start, 2 * start
    while not holds(high):
        if high > _MOST:
            return None
        low, high = high, 2 * high
    while high - low > max(1, low // 100):
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
