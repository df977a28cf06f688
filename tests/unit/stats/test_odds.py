"""The conditional odds-ratio test: exact, stable, the same in any order, and never moved by what says nothing."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from harness.stats.exceedance import exceedance, paired_sign
from harness.stats.histogram import of
from harness.stats.odds import GRID, OddsRatio, ShiryaevRoberts, combined_threshold, log_likelihoods, log_ratios

COUNTS = st.tuples(st.integers(0, 80), st.integers(0, 80)).flatmap(
    lambda n: st.tuples(st.just(n[0]), st.integers(0, n[0]), st.just(n[1]), st.integers(0, n[1]))
)
EXAMPLES = settings(derandomize=True, deadline=None, max_examples=40)


@EXAMPLES
@given(COUNTS, st.sampled_from([0.02, 0.5, 1.0, 3.0, 50.0]))
def test_is_fishers_noncentral_hypergeometric_distribution(block: tuple[int, int, int, int], odds: float) -> None:
    n_new, x_new, n_old, x_old = block
    known = stats.nchypergeom_fisher.pmf(x_new, n_new + n_old, x_new + x_old, n_new, odds) if n_new + n_old else 1.0
    assert math.exp(log_likelihoods(block, np.array([odds]))[0]) == pytest.approx(known, rel=1e-6, abs=1e-12)


@pytest.mark.parametrize("x", [(4100, 5000), (30_000, 20_000), (0, 40_000)])
def test_many_events_are_summed_where_they_are_likely(x: tuple[int, int]) -> None:
    odds = np.geomspace(0.02, 50, 9)
    whole = np.arange(max(0, sum(x) - 70_000), min(sum(x), 50_000) + 1, dtype=float)
    ways = [
        -stats.binom.logpmf(0, n, 0.5) + stats.binom.logpmf(k, n, 0.5)
        for n, k in ((50_000, whole), (70_000, sum(x) - whole))
    ]
    terms = sum(ways) + np.log(odds)[:, None] * whole
    top = terms.max(axis=1)
    z = top + np.log(np.exp(terms - top[:, None]).sum(axis=1))
    known = terms[:, int(x[0] - whole[0])] - z
    assert log_likelihoods((50_000, x[0], 70_000, x[1]), odds) == pytest.approx(known, rel=1e-6, abs=1e-6)


@EXAMPLES
@given(st.lists(COUNTS, max_size=6), st.booleans())
def test_the_order_of_blocks_does_not_matter(blocks: list[tuple[int, int, int, int]], worse: bool) -> None:
    there, back = OddsRatio(worse=worse), OddsRatio(worse=worse)
    for block in blocks:
        there.add(*block)
    for block in reversed(blocks):
        back.add(*block)
    assert there.log_e == pytest.approx(back.log_e)
    assert 0 < there.p_value <= 1
    assert there.p_value <= math.exp(-there.log_e) * (1 + 1e-9) or there.log_e < 0


@pytest.mark.parametrize("nothing", [(0, 0, 0, 0), (500, 0, 500, 0), (0, 0, 400, 9), (300, 4, 0, 0), (20, 20, 30, 30)])
@pytest.mark.parametrize("worse", [True, False])
def test_what_says_nothing_moves_nothing(nothing: tuple[int, int, int, int], worse: bool) -> None:
    test = OddsRatio(2.0, worse=worse)
    test.add(*nothing)
    assert test.log_e == pytest.approx(0)
    assert test.e_value == pytest.approx(1)
    assert test.p_value == 1.0
    assert test.interval(0.01).low == 0
    assert test.interval(0.01).high == math.inf


@pytest.mark.parametrize("block", [(10, 11, 10, 0), (10, -1, 10, 0), (10, 0, -5, 0), (5, 0, 5, 6)])
def test_counts_that_cannot_be_are_refused(block: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="impossible counts"):
        OddsRatio().add(*block)


@EXAMPLES
@given(st.integers(1, 60), st.integers(0, 60))
def test_one_block_is_an_e_value_over_the_whole_null(n_new: int, m: int) -> None:
    n_old = 60
    events = [(x, m - x) for x in range(max(0, m - n_old), min(m, n_new) + 1)]
    for worse, truths in ((True, (0.1, 1.0, 2.0)), (False, (2.0, 5.0, 40.0))):
        e = [float(np.exp(log_ratios((n_new, x, n_old, y), 2.0, worse=worse)).mean()) for x, y in events]
        for truth in truths:
            chances = [math.exp(log_likelihoods((n_new, x, n_old, y), np.array([truth]))[0]) for x, y in events]
            assert sum(c * value for c, value in zip(chances, e, strict=True)) <= 1 + 1e-9


def test_finds_more_failures_and_never_mistakes_fewer_for_more() -> None:
    worse, better = OddsRatio(), OddsRatio()
    for _ in range(60):
        worse.add(100, 2, 100, 1)
        better.add(100, 0, 100, 2)
    assert worse.log_e > math.log(100)
    assert better.e_value < 1
    assert better.p_value == pytest.approx(1)


def test_overwhelming_evidence_is_infinite_not_an_error() -> None:
    test = OddsRatio()
    test.add(1_000_000, 100_000, 1_000_000, 0)
    assert test.e_value == math.inf
    assert test.p_value == 0.0


def test_the_interval_holds_the_odds_ratio_and_narrows() -> None:
    rng = np.random.default_rng(6)
    test, widths = OddsRatio(), []
    for minute in range(400):
        base = rng.uniform(0.005, 0.05)  # whatever rate both share
        new = 2 * base / (1 + base)
        test.add(100, int(rng.binomial(100, new)), 300, int(rng.binomial(300, base)))
        if minute in {50, 150, 399}:
            assert 2.0 in test.interval(0.01)
            widths.append(test.interval(0.01).high / test.interval(0.01).low)
    assert widths == sorted(widths, reverse=True)
    assert 1.0 not in test.interval(0.01)


def test_intervals_stay_sound_with_very_many_events_and_with_none_on_a_side() -> None:
    many, one_sided = OddsRatio(), OddsRatio()
    many.add(200_000, 10_000, 200_000, 10_000)
    one_sided.add(100_000, 100, 100_000, 0)
    interval = many.interval(0.01)
    assert 0.9 < interval.low < 1.0 < interval.high < 1.1
    assert one_sided.interval(0.01).low > 5
    assert one_sided.interval(0.01).high == math.inf


def test_a_late_onset_is_found_sooner_by_what_forgets() -> None:
    rng = np.random.default_rng(5)
    delays: list[tuple[int, int]] = []
    for _ in range(11):
        start, late = OddsRatio(), ShiryaevRoberts(horizon=500, alpha=0.005)
        found: dict[str, int] = {}
        for minute in range(500):
            block = (100, int(rng.binomial(100, 0.01 if minute >= 180 else 0.001)), 100, int(rng.binomial(100, 0.001)))
            start.add(*block)
            late.add(*block)
            if start.log_e >= math.log(2 / 0.01):
                found.setdefault("start", minute - 180)
            if late.alarmed:
                found.setdefault("late", minute - 180)
            if len(found) == 2:
                break
        delays.append((found["start"], found["late"]))
    assert np.median([late for _, late in delays]) < np.median([start for start, _ in delays])
    assert min(late for _, late in delays) > 0


def test_the_promise_about_late_onsets_ends_with_the_horizon() -> None:
    test = ShiryaevRoberts(horizon=2, alpha=0.01)
    assert not test.alarmed
    test.add(10, 1, 10, 1)
    test.add(10, 1, 10, 1)
    with pytest.raises(ValueError, match="horizon of 2"):
        test.add(10, 1, 10, 1)


def test_the_grid_and_the_threshold_are_as_published() -> None:
    assert len(GRID) == 24
    assert GRID[0] == pytest.approx(1.25)
    assert GRID[-1] == pytest.approx(50)
    assert combined_threshold(8, 0.01) == pytest.approx(800)


def test_exceedances_are_counted_strictly_above_the_limit() -> None:
    test, known = exceedance([(of([1, 2, 3]), of([2, 3, 4, 5]))], 2), OddsRatio()
    known.add(4, 3, 3, 1)
    assert test.log_e == pytest.approx(known.log_e)
    assert exceedance([], 2).e_value == pytest.approx(1)


def test_pairs_that_agree_say_nothing_and_discordant_ones_take_a_side() -> None:
    assert paired_sign(0, 0) == pytest.approx(1)
    assert paired_sign(20, 5) > 20
    assert paired_sign(5, 20) < 1
    assert paired_sign(5000, 0) == math.inf
    chances = stats.binom.pmf(np.arange(13), 12, 0.5)
    assert sum(c * paired_sign(k, 12 - k) for k, c in enumerate(chances)) == pytest.approx(1)
