"""Intervals: known values, what has to hold of any of them, and how often they err."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from harness.stats.histogram import EMPTY, of
from harness.stats.intervals import (
    Interval,
    enough,
    more_for_quantile,
    more_for_share,
    quantile,
    quantile_difference,
    share,
    share_difference,
)

LEVEL = 0.98  # at most 1 % of false alarms on each side
EXAMPLES = settings(derandomize=True, deadline=None, max_examples=100)


@pytest.mark.parametrize(("x", "n"), [(0, 6000), (3, 100), (50, 50), (7, 6000), (1, 1)])
def test_a_share_has_the_clopper_pearson_interval(x: int, n: int) -> None:
    known = stats.binomtest(x, n).proportion_ci(LEVEL, "exact")
    mine = share(x, n, LEVEL)
    assert (mine.low, mine.high) == pytest.approx((known.low, known.high), rel=1e-9)


@EXAMPLES
@given(st.integers(1, 5000), st.data())
def test_more_events_never_lower_a_share_and_more_confidence_never_narrows_it(n: int, data: st.DataObject) -> None:
    x = data.draw(st.integers(0, n - 1))
    less, more, surer = share(x, n, LEVEL), share(x + 1, n, LEVEL), share(x, n, 0.999)
    assert less.low <= more.low
    assert less.high <= more.high
    assert surer.low <= less.low <= x / n <= less.high <= surer.high


def test_no_errors_among_6000_on_both_sides_keeps_to_a_tenth_of_a_point() -> None:
    assert share_difference(0, 6000, 0, 6000, level=LEVEL).high < 0.001


def test_where_nothing_was_sent_nothing_is_known() -> None:
    assert share(0, 0, LEVEL) == Interval(0.0, 1.0, LEVEL)
    assert share_difference(0, 0, 0, 0, level=LEVEL) == Interval(-1.0, 1.0, LEVEL)
    assert share_difference(0, 0, 0, 6000, level=LEVEL, factor=2.0).low == -2.0
    assert quantile(EMPTY, 0.5, LEVEL) is None
    assert quantile_difference(EMPTY, of(range(500)), 0.5, level=LEVEL) is None
    assert more_for_share(0, 0, 0, 0, level=LEVEL) is None
    assert more_for_quantile(EMPTY, EMPTY, 0.95, level=LEVEL) is None


@EXAMPLES
@given(st.integers(0, 60), st.integers(0, 60), st.sampled_from([1.0, 1.2, 2.0]))
def test_a_difference_holds_its_estimate_and_turns_with_its_sides(old: int, new: int, factor: float) -> None:
    interval = share_difference(old, 500, new, 800, level=LEVEL, factor=factor)
    assert new / 800 - factor * old / 500 in interval
    turned = share_difference(new, 800, old, 500, level=LEVEL)
    plain = share_difference(old, 500, new, 800, level=LEVEL)
    assert (turned.low, turned.high) == pytest.approx((-plain.high, -plain.low))


def errs(old: float, new: float, n: int, plus: float) -> tuple[float, float]:
    """The exact chances of a false FAIL and a false PASS of "errors <= old + plus"."""
    sides = []
    for p in (old, new):
        x = np.arange(n + 1)
        chance = stats.binom.pmf(x, n, p)
        sides.append([(int(k), float(chance[k])) for k in x[chance > 1e-7]])
    fail = passed = 0.0
    for x_old, chance_old in sides[0]:
        for x_new, chance_new in sides[1]:
            interval = share_difference(x_old, n, x_new, n, level=LEVEL)
            fail += chance_old * chance_new * (interval.low > plus)
            passed += chance_old * chance_new * (interval.high <= plus)
    return fail, passed


@pytest.mark.parametrize(
    ("old", "n", "plus"),
    [
        (0.0, 6000, 0.001),
        (0.0001, 6000, 0.001),
        (0.001, 6000, 0.001),
        (0.01, 1000, 0.001),
        (0.001, 1000, 0.0),
        (0.03, 400, 0.0),
    ],
)
def test_on_the_very_limit_shares_err_in_at_most_1_percent(old: float, n: int, plus: float) -> None:
    fail, passed = errs(old, old + plus, n, plus)
    assert fail <= 0.01
    assert passed <= 0.01


def test_the_same_errors_on_both_sides_hardly_ever_fail() -> None:
    fail, _ = errs(0.001, 0.001, 6000, 0.001)
    assert fail < 1e-4


def test_enough_is_ten_beyond_the_percentile() -> None:
    assert [enough(p) for p in (0.5, 0.9, 0.95, 0.99, 0.999)] == [20, 100, 200, 1000, 10_000]
    assert enough(1.0) > 10**9
    assert quantile(of(range(5000)), 1.0, LEVEL) is None
    assert more_for_quantile(of(range(5000)), of(range(5000)), 1.0, level=LEVEL) is None
    assert quantile(of(range(199)), 0.95, LEVEL) is None
    assert quantile(of(range(200)), 0.95, LEVEL) is not None


@pytest.mark.parametrize(("n", "p"), [(200, 0.95), (1000, 0.99), (6000, 0.95), (501, 0.5)])
def test_order_statistics_are_as_far_out_as_the_binomial_asks_and_no_farther(n: int, p: float) -> None:
    interval = quantile(of(range(1, n + 1)), p, LEVEL)  # the k-th sample is k
    assert interval is not None
    below = stats.binom.cdf(np.array([interval.low - 1, interval.low]), n, p)
    above = stats.binom.sf(np.array([interval.high - 1, interval.high - 2]), n, p)
    assert below[0] <= 0.01 < below[1]
    assert above[0] <= 0.01 < above[1]


def test_a_bound_past_the_largest_sample_is_infinite() -> None:
    interval = quantile(of(range(1000)), 0.99, 0.999999)
    assert interval is not None
    assert interval.high == math.inf


@EXAMPLES
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.5, 0.95]))
def test_intervals_of_quantiles_nest_and_hold_their_estimate(seed: int, p: float) -> None:
    rng = np.random.default_rng(seed)
    old, new = of(rng.exponential(1e5, 400)), of(rng.exponential(1e5, 300))
    wide, narrow = (quantile_difference(old, new, p, level=level) for level in (0.99, 0.8))
    assert wide is not None
    assert narrow is not None
    assert wide.low <= narrow.low <= new.quantile(p) - old.quantile(p) <= narrow.high <= wide.high


def test_latencies_half_up_fail_within_the_default_profile_and_equal_ones_pass() -> None:
    rng = np.random.default_rng(4)
    old, same, slower = (of(f * 50_000 * np.exp(0.5 * rng.standard_normal(6000))) for f in (1.0, 1.0, 1.5))
    equal = quantile_difference(old, same, 0.95, level=LEVEL, factor=1.2)
    half_up = quantile_difference(old, slower, 0.95, level=LEVEL, factor=1.2)
    assert equal is not None
    assert half_up is not None
    assert equal.high < 0 < half_up.low


@pytest.mark.parametrize(("slower", "most"), [(1.2, 10), (1.0, 0)])
def test_p95_within_a_fifth_of_old_fails_falsely_in_at_most_1_percent(slower: float, most: int) -> None:
    rng = np.random.default_rng(20)
    alarms = 0
    for _ in range(1000):
        old, new = np.rint(50_000 * np.exp(0.5 * rng.standard_normal((2, 1000))))
        interval = quantile_difference(of(old), of(slower * new), 0.95, level=LEVEL, factor=1.2)
        assert interval is not None
        alarms += interval.low > 0
    assert alarms <= most


def test_tells_how_many_more_it_would_need() -> None:
    assert more_for_share(0, 600, 0, 600, level=LEVEL, plus=0.001) == pytest.approx(4600, rel=0.02)
    assert more_for_share(6, 6000, 66, 6000, level=LEVEL, plus=0.001) == 6000  # decided already
    assert more_for_share(0, 1000, 1, 1000, level=LEVEL, plus=0.001) is None  # on the limit
    rng = np.random.default_rng(3)
    old, new = of(rng.exponential(1e5, 1000)), of(1.1 * rng.exponential(1e5, 1000))
    needed = more_for_quantile(old, new, 0.95, level=LEVEL, factor=1.2)
    assert needed is not None
    interval = quantile_difference(old, new, 0.95, level=LEVEL, factor=1.2)
    assert interval is not None
    estimate = new.quantile(0.95) - 1.2 * old.quantile(0.95)
    side = interval.high if estimate < 0 else interval.low
    assert needed == pytest.approx(max(1000, 1000 * ((side - estimate) / estimate) ** 2), rel=0.01)
    assert more_for_quantile(old, old, 0.95, level=LEVEL) is None
    assert (more_for_quantile(of(range(50)), of(range(50)), 0.95, level=LEVEL, factor=1.2) or 0) >= enough(0.95)


@EXAMPLES
@given(st.integers(0, 30), st.integers(0, 30))
def test_with_as_many_as_told_it_is_decided(x_old: int, x_new: int) -> None:
    needed = more_for_share(x_old, 1000, x_new, 1000, level=LEVEL, plus=0.0005)
    assume(needed is not None)
    assert needed is not None
    interval = share_difference(x_old * needed / 1000, needed, x_new * needed / 1000, needed, level=LEVEL)
    assert interval.low > 0.0005 or interval.high <= 0.0005
