"""Histograms: what HdrHistogram recorded is read back exactly, merges in any order, and answers by nearest rank."""

import base64
import math

import numpy as np
import pytest
from hdrh.histogram import HdrHistogram
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.stats.histogram import EMPTY, HIGHEST, Histogram, bucketed, decode, encode, merged, of, rank

MICROSECONDS = st.lists(st.integers(0, HIGHEST), max_size=40)
EXAMPLES = settings(derandomize=True, deadline=None, max_examples=100)


def recorded(samples: list[int]) -> HdrHistogram:
    histogram = HdrHistogram(1, HIGHEST, 3)
    for sample in samples:
        assert histogram.record_value(sample)
    return histogram


def text(samples: list[int]) -> str:
    return str(recorded(samples).encode().decode())


@EXAMPLES
@given(MICROSECONDS)
def test_reads_and_writes_what_hdrhistogram_does(samples: list[int]) -> None:
    read = decode(text(samples))
    assert read == bucketed(samples)
    assert decode(encode(read)) == read
    assert encode(read) == text(samples)


@EXAMPLES
@given(st.integers(1, HIGHEST))
def test_a_bucket_stands_for_its_middle_within_half_a_thousandth(sample: int) -> None:
    seen, theirs = bucketed([sample]).maximum, recorded([sample])
    low, high = theirs.get_lowest_equivalent_value(sample), theirs.get_highest_equivalent_value(sample)
    assert seen == (low + high + 1) // 2
    assert abs(seen - sample) <= sample * 0.0005


def test_what_is_beyond_an_hour_counts_as_an_hour() -> None:
    assert bucketed([10 * HIGHEST]) == bucketed([HIGHEST])
    assert encode(of([10 * HIGHEST])) == encode(of([HIGHEST]))


@EXAMPLES
@given(MICROSECONDS, MICROSECONDS, MICROSECONDS)
def test_merges_in_any_order_to_the_same(a: list[int], b: list[int], c: list[int]) -> None:
    first, second, third = bucketed(a), bucketed(b), bucketed(c)
    assert (first + second) + third == first + (second + third) == merged([third, first, second]) == bucketed(a + b + c)


@EXAMPLES
@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=60), st.floats(0.01, 1.0))
def test_quantiles_are_by_nearest_rank(samples: list[int], p: float) -> None:
    assert of(samples).quantile(p) == sorted(samples)[rank(p, len(samples)) - 1]


def test_a_rank_that_is_whole_but_for_rounding_is_whole() -> None:
    assert (rank(0.07, 100), rank(0.95, 200), rank(0.99, 1000), rank(1.0, 7), rank(0.0, 7)) == (7, 190, 990, 7, 1)


def test_counts_what_lies_strictly_above() -> None:
    histogram = of([1, 2, 2, 3, 10])
    assert [histogram.above(limit) for limit in (0.5, 2, 2.5, 10)] == [5, 2, 2, 0]
    assert (histogram.total, histogram.maximum, histogram.mean) == (5, 10.0, 3.6)


def test_nothing_is_no_number() -> None:
    assert EMPTY.total == EMPTY.above(0) == 0
    assert all(math.isnan(value) for value in (EMPTY.quantile(0.5), EMPTY.mean, EMPTY.maximum))
    assert decode("") == decode(encode(EMPTY)) == merged([]) == of([]) == EMPTY


def test_a_histogram_does_not_change_under_its_reader() -> None:
    histogram = of([1, 2])
    with pytest.raises(ValueError, match="read-only"):
        histogram.counts[0] = 7


def other_layout() -> str:
    histogram = HdrHistogram(1, 2**60, 5)
    histogram.record_value(5)
    return str(histogram.encode().decode())


GOOD = text([1, 5, 1000, 123_456])
RAW = base64.b64decode(GOOD)


@pytest.mark.parametrize(
    "garbage",
    [
        "a",
        "!!!!",
        "AAAA",
        "é",
        GOOD[:-8],
        other_layout(),
        "A" * 300_000,
        base64.b64encode(RAW[:20] + b"\0" * 9 + RAW[29:]).decode(),
    ],
    ids=["odd", "signs", "short", "letters", "cut", "another layout", "too long", "damaged"],
)
def test_garbage_is_no_histogram(garbage: str) -> None:
    with pytest.raises(ValueError, match="histogram"):
        decode(garbage)


def test_exact_samples_stay_apart_where_buckets_would_not() -> None:
    assert list(of([100_000, 100_001]).values) == [100_000, 100_001]
    assert len(bucketed([100_000, 100_001]).values) == 1
    assert isinstance(of(np.array([1.4, 1.6])), Histogram)
