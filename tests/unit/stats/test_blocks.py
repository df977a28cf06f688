"""The paired bootstrap over time: as narrow as it may be, and no narrower, where latencies drift or come in waves."""

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.stats.blocks import block_difference
from harness.stats.histogram import Histogram, bucketed, merged, of
from harness.stats.intervals import Interval, quantile_difference

Floats = NDArray[np.floating]
SLICES = 60


def slices(rng: np.random.Generator, levels: Floats, each: int, median_us: float = 50_000) -> list[Histogram]:
    """A side whose latencies are `levels` times the usual, slice by slice."""
    return [of(level * median_us * np.exp(0.3 * rng.standard_normal(each))) for level in levels]


def wave(rng: np.random.Generator) -> Floats:
    """A load that comes and goes within several slices."""
    steps = 0.6 * rng.standard_normal(SLICES)
    return np.exp(np.convolve(steps, np.ones(5) / 5, mode="same"))


def both(old: list[Histogram], new: list[Histogram], factor: float = 1.0) -> tuple[Interval, Interval]:
    blocks = block_difference(old, new, 0.95, level=0.98, draws=500, factor=factor)
    independent = quantile_difference(merged(old), merged(new), 0.95, level=0.98, factor=factor)
    assert blocks is not None
    assert independent is not None
    return blocks, independent


def test_waves_of_one_side_do_not_make_it_too_sure() -> None:
    rng = np.random.default_rng(8)
    alarms = np.zeros(2)
    for _ in range(100):
        blocks, independent = both(slices(rng, wave(rng), 20), slices(rng, wave(rng), 20))
        alarms += [0 not in blocks, 0 not in independent]
    assert alarms[0] <= 10
    assert alarms[1] >= 25


def test_waves_of_both_sides_cancel() -> None:
    rng = np.random.default_rng(9)
    widths = np.zeros(2)
    for _ in range(20):
        shared = wave(rng) ** 2
        for at, other in enumerate((shared, wave(rng) ** 2)):
            blocks, _ = both(slices(rng, shared, 20), slices(rng, other, 20))
            widths[at] += blocks.high - blocks.low
    assert widths[0] < 0.7 * widths[1]


def test_without_waves_it_says_what_order_statistics_say() -> None:
    rng = np.random.default_rng(10)
    old, new = (slices(rng, np.full(SLICES, factor), 100) for factor in (1.0, 1.5))
    blocks, independent = both(old, new, factor=1.2)
    assert blocks.low > 0
    assert blocks.high - blocks.low == pytest.approx(independent.high - independent.low, rel=0.4)


def test_the_same_seed_draws_the_same() -> None:
    rng = np.random.default_rng(11)
    old, new = slices(rng, wave(rng), 20), slices(rng, wave(rng), 20)
    first, again, other = (block_difference(old, new, 0.9, level=0.98, seed=seed) for seed in (1, 1, 2))
    assert first == again != other


def test_is_silent_where_there_is_too_little() -> None:
    rng = np.random.default_rng(12)
    few = slices(rng, np.ones(9), 200)
    assert block_difference(few, few, 0.95, level=0.98) is None
    sparse = slices(rng, np.ones(30), 3)
    assert block_difference(sparse, sparse, 0.95, level=0.98) is None
    assert block_difference([], [], 0.95, level=0.98) is None
    with pytest.raises(ValueError, match="9 slices of old, 30 of new"):
        block_difference(few, sparse, 0.95, level=0.98)


def test_slices_in_which_nothing_was_sent_say_nothing() -> None:
    rng = np.random.default_rng(13)
    old, new = slices(rng, np.ones(20), 50), slices(rng, np.ones(20), 50)
    gaps = [of([])] * 5
    assert block_difference(old + gaps, new + gaps, 0.9, level=0.98) == block_difference(old, new, 0.9, level=0.98)


def test_very_many_slices_are_merged_to_fewer() -> None:
    rng = np.random.default_rng(14)
    samples = 50_000 * np.exp(0.3 * rng.standard_normal((2, 1000, 10)))
    old, new = ([bucketed(part) for part in side] for side in samples)
    blocks, independent = both(old, new)
    assert blocks.high - blocks.low == pytest.approx(independent.high - independent.low, rel=0.4)
