"""Intervals of a difference of quantiles that hold where latencies come in waves: a paired bootstrap over time.

Sources: Politis & Romano, "A circular block-resampling procedure for stationary data" (1992), for runs of neighbouring
slices; Hesterberg, "What Teachers Should Know About the Bootstrap" (Am. Stat. 69, 2015, 5.3), for the wider percentiles
that few blocks need.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, stdtrit

from harness.stats.histogram import Floats, Histogram, Ints, merged
from harness.stats.intervals import Interval, enough

_FEWEST = 10  # blocks: below, a bootstrap over them says nothing
_MOST_SLICES = 400  # beyond, neighbours are merged: bounds memory, and longer slices lose nothing
_MOST_VALUES = 24_000  # more than HdrHistogram has buckets; exact samples beyond are thinned
_FITS_32_BITS = 2**28  # samples: a draw of all slices stays below 2**31


def block_difference(
    old: Sequence[Histogram],
    new: Sequence[Histogram],
    p: float,
    *,
    level: float,
    factor: float = 1.0,
    seed: int = 0,
    draws: int = 2000,
) -> Interval | None:
    """Return the interval in µs of new's p-quantile - factor * old's, from slices of time (same place: same time).

    Each draw takes the same runs of neighbouring slices for both sides, so drift hits both, and waves that last
    several slices do not make the interval too narrow. None below ten slices, or where a side has too few samples in
    all. Raises ValueError where the sides have different numbers of slices.
    """
    if len(old) != len(new):
        raise ValueError(f"{len(old)} slices of old, {len(new)} of new")
    pairs = _coarser([(a, b) for a, b in zip(old, new, strict=True) if a.total or b.total])
    totals = [merged(side) for side in zip(*pairs, strict=True)] if len(pairs) >= _FEWEST else []
    if not totals or min(total.total for total in totals) < enough(p):
        return None
    length = max(1, min(round(math.sqrt(len(pairs))), len(pairs) // _FEWEST))
    weights = _weights(len(pairs), length, draws, np.random.default_rng(seed))
    olds, news = (_quantiles(side, weights, p) for side in zip(*pairs, strict=True))
    differences = news - factor * olds
    low, high = _percentiles(differences[np.isfinite(differences)], level, len(pairs) / length)
    return Interval(low, high, level)


def _coarser(pairs: list[tuple[Histogram, Histogram]]) -> list[tuple[Histogram, Histogram]]:
    """Merge neighbours until there are few enough."""
    width = math.ceil(len(pairs) / _MOST_SLICES) or 1
    if width == 1:
        return pairs
    runs = [pairs[at : at + width] for at in range(0, len(pairs), width)]
    return [(merged(old for old, _ in run), merged(new for _, new in run)) for run in runs]


def _weights(slices: int, length: int, draws: int, rng: np.random.Generator) -> Ints:
    """Return how often each draw takes each slice: runs of `length`, in a circle."""
    starts = rng.integers(slices, size=(draws, math.ceil(slices / length)))
    places = (starts[:, :, None] + np.arange(length)) % slices
    flat = (places.reshape(draws, -1) + slices * np.arange(draws)[:, None]).ravel()
    return np.bincount(flat, minlength=draws * slices).reshape(draws, slices).astype(np.int64)


def _quantiles(side: Sequence[Histogram], weights: Ints, p: float) -> Floats:
    """Return the p-quantile of every draw, by bisection over the distinct values; nan where a draw is empty."""
    values, ranks = _ranks(side)
    totals = weights @ ranks[-1].astype(np.int64)
    wanted = np.ceil(p * totals * (1 - 1e-12))
    times: Ints = weights.astype(ranks.dtype)
    low, high = np.zeros(len(weights), dtype=np.int64), np.full(len(weights), len(values) - 1, dtype=np.int64)
    for _ in range(len(values).bit_length()):
        middle = (low + high) // 2
        reached = np.einsum("ds,ds->d", ranks[middle], times) >= wanted
        low, high = np.where(reached, low, np.minimum(middle + 1, high)), np.where(reached, middle, high)
    return np.where(totals > 0, values[high].astype(np.float64), np.nan)


def _ranks(side: Sequence[Histogram]) -> tuple[Ints, NDArray[np.int32] | Ints]:
    """Return the distinct values, and how many samples of each slice are at most each of them (value by slice)."""
    values = np.unique(np.concatenate([part.values for part in side]))
    values = values[:: math.ceil(len(values) / _MOST_VALUES)]  # whole histograms never have as many: exact for them
    total = sum(part.total for part in side)
    ranks = np.empty((len(values) + 1, len(side)), dtype=np.int32 if total < _FITS_32_BITS else np.int64)
    for at, part in enumerate(side):
        ranks[:-1, at] = part.at_most(values)
        ranks[-1, at] = part.total
    return np.append(values, max(part.maximum for part in side if part.total)).astype(np.int64), ranks


def _percentiles(differences: Floats, level: float, blocks: float) -> tuple[float, float]:
    """Return the percentiles of the draws that hold `level`, widened as Student's t asks with so few blocks."""
    few = stdtrit(blocks - 1, (1 - level) / 2) * math.sqrt(blocks / (blocks - 1))
    tail = float(ndtr(few))
    low, high = np.quantile(differences, [tail, 1 - tail])
    return float(low), float(high)
