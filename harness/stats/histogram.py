"""Histograms of latencies: exact counts at HdrHistogram's resolution, read, merged and asked with numpy.

The layout is fixed: 1 µs to 1 hour with three significant digits, so two histograms always share their buckets and a
merge is exact, in whatever order. A bucket stands for its middle (HdrHistogram's "median equivalent value"): values
below 2,048 µs are exact, above that the error is at most 1/2,048 (0.05 %).
Source: HdrHistogram (https://hdrhistogram.github.io/HdrHistogram/), V2 compressed encoding.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.floating[Any]]

LOWEST = 1
HIGHEST = 3_600_000_000  # µs: one hour
DIGITS = 3
_HALF = 1024  # half the buckets of one power of two: the first of them that holds 10**DIGITS twice
_HALF_BITS = 10
_TEXT_LIMIT = 262_144  # characters; the fullest histogram of this layout takes fewer
_TOTAL_LIMIT = 2**53  # counts beyond are no longer exact as floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Histogram:
    """Counts of latencies. `values` are distinct, ascending, in µs; `counts` are how often each was seen (never 0).

    `ranks` are the running totals of `counts`. The arrays are read-only.
    """

    values: Ints
    counts: Ints
    ranks: Ints = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "ranks", np.cumsum(self.counts, dtype=np.int64))
        for array in (self.values, self.counts, self.ranks):
            array.setflags(write=False)

    @property
    def total(self) -> int:
        """Return how many samples there are."""
        return int(self.ranks[-1]) if len(self.ranks) else 0

    @property
    def maximum(self) -> float:
        """Return the largest value in µs; nan where there is none."""
        return float(self.values[-1]) if len(self.values) else math.nan

    @property
    def mean(self) -> float:
        """Return the mean in µs; nan where there is no sample."""
        return float(np.dot(self.values, self.counts)) / self.total if self.total else math.nan

    def quantile(self, p: float) -> float:
        """Return the p-quantile in µs by nearest rank, the ceil(p * n)-th smallest; nan where there is no sample."""
        return float(self.at_rank(rank(p, self.total))) if self.total else math.nan

    def at_rank(self, number: int) -> int:
        """Return the `number`-th smallest sample in µs, from 1 to `total`."""
        return int(self.values[np.searchsorted(self.ranks, number)])

    def above(self, limit_us: float) -> int:
        """Return how many samples are strictly greater than `limit_us`."""
        return self.total - int(self.at_most(np.array([limit_us], dtype=np.float64))[0])

    def at_most(self, points: Ints | Floats) -> Ints:
        """Return, for each point, how many samples are <= it."""
        return self._before(np.searchsorted(self.values, points, side="right"))

    def below(self, points: Ints | Floats) -> Ints:
        """Return, for each point, how many samples are < it."""
        return self._before(np.searchsorted(self.values, points, side="left"))

    def _before(self, positions: NDArray[np.intp]) -> Ints:
        return np.concatenate((np.zeros(1, dtype=np.int64), self.ranks))[positions]

    def __add__(self, other: "Histogram") -> "Histogram":
        return merged((self, other))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Histogram):
            return NotImplemented
        return np.array_equal(self.values, other.values) and np.array_equal(self.counts, other.counts)

    def __hash__(self) -> int:
        return hash((self.values.tobytes(), self.counts.tobytes()))


def rank(p: float, total: int) -> int:
    """Return ceil(p * total), at least 1; a product that is whole but for rounding counts as whole."""
    return max(1, math.ceil(p * total * (1 - 1e-12)))


def _histogram(values: Ints, counts: Ints) -> Histogram:
    """Sort, and add up what has the same value."""
    distinct, places = np.unique(values, return_inverse=True)
    sums = np.zeros(len(distinct), dtype=np.int64)
    np.add.at(sums, places, counts)
    return Histogram(values=distinct[sums > 0], counts=sums[sums > 0])


EMPTY = Histogram(values=np.zeros(0, dtype=np.int64), counts=np.zeros(0, dtype=np.int64))


def merged(histograms: Iterable[Histogram]) -> Histogram:
    """Add histograms up, exactly."""
    parts = [part for part in histograms if part.total]
    if len(parts) < 2:
        return parts[0] if parts else EMPTY
    return _histogram(np.concatenate([part.values for part in parts]), np.concatenate([part.counts for part in parts]))


def of(samples_us: Sequence[float] | Ints | Floats) -> Histogram:
    """Return the histogram of these very values, rounded to whole µs: nothing is bucketed."""
    values, counts = np.unique(np.rint(np.asarray(samples_us, dtype=np.float64)).astype(np.int64), return_counts=True)
    return Histogram(values=values, counts=counts.astype(np.int64))


def bucketed(samples_us: Sequence[float] | Ints | Floats) -> Histogram:
    """Return the histogram as HdrHistogram would have recorded these values."""
    exact = of(samples_us)
    return _histogram(_middles(_indices(exact.values)), exact.counts)


def _indices(values: Ints) -> Ints:
    """Return the place of each value among HdrHistogram's counts; what is beyond the range counts as its end."""
    inside = np.clip(values, 0, HIGHEST)
    bucket = np.maximum(np.frexp(inside.astype(np.float64))[1].astype(np.int64) - _HALF_BITS - 1, 0)
    return np.asarray(((bucket + 1) << _HALF_BITS) + (inside >> bucket) - _HALF, dtype=np.int64)


def _middles(indices: Ints) -> Ints:
    """Return the middle of each bucket in µs, as HdrHistogram's get_median_equivalent_value does."""
    bucket = np.maximum((indices >> _HALF_BITS) - 1, 0)
    place = np.where(indices < _HALF, indices, (indices & (_HALF - 1)) + _HALF)
    return np.asarray((place << bucket) + ((1 << bucket) >> 1), dtype=np.int64)


def decode(text: str) -> Histogram:
    """Read a histogram's text (V2 compressed, base64); "" is an empty one.

    Raises ValueError where it is none, or one of another layout.
    """
    if not text:
        return EMPTY
    if len(text) > _TEXT_LIMIT:
        raise ValueError(f"histogram: {len(text):,} characters are more than one of this layout takes")
    try:
        counts = _counts(text)
    except Exception as error:  # hdrh lets zlib's, ctypes' and its own errors through
        raise ValueError(f"histogram: not readable ({type(error).__name__}: {error})"[:300]) from error
    seen = np.flatnonzero(counts != 0)  # ten times as fast as without the comparison
    kept = counts[seen]
    if kept.min(initial=0) < 0 or float(kept.sum(dtype=np.float64)) >= _TOTAL_LIMIT:
        raise ValueError("histogram: counts out of range")
    return Histogram(values=_middles(seen.astype(np.int64)), counts=kept)


def _counts(text: str) -> Ints:
    from hdrh.codec import HdrHistogramEncoder  # noqa: PLC0415  only those who read texts need it
    from hdrh.histogram import HdrHistogram  # noqa: PLC0415  likewise

    payload = HdrHistogramEncoder.decode(text)
    head = payload.payload
    layout = (head.lowest_trackable_value, head.highest_trackable_value, head.significant_figures)
    if layout != (LOWEST, HIGHEST, DIGITS):  # before anything is allocated by what it says
        raise ValueError(f"layout {layout}, not {(LOWEST, HIGHEST, DIGITS)}")
    return np.frombuffer(HdrHistogram(*layout, hdr_payload=payload).counts, dtype=np.int64)


def encode(histogram: Histogram) -> str:
    """Write the histogram's text, at HdrHistogram's resolution; decode(encode(h)) == h where h came from there."""
    from hdrh.histogram import HdrHistogram  # noqa: PLC0415  only those who write texts need it

    recorder = HdrHistogram(LOWEST, HIGHEST, DIGITS)
    indices = _indices(histogram.values)
    np.add.at(np.frombuffer(recorder.counts, dtype=np.int64), indices, histogram.counts)
    if histogram.total:
        recorder.set_internal_tacking_values(int(indices[0]), int(indices[-1]), histogram.total)
    return str(recorder.encode().decode("ascii"))
