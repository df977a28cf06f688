"""The two-arm quantile test and the one-arm bound: right by brute force, and silent without evidence."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from harness.stats.histogram import EMPTY, Histogram, bucketed, of
from harness.stats.mixture import Mixture, best_at
from harness.stats.one_arm import clean_requests, e_value, log_e
from harness.stats.quantile_test import T_OPT, p_value, two_sided_p_value

SEEDS = st.integers(0, 2**32 - 1)
EXAMPLES = settings(derandomize=True, deadline=None, max_examples=40)


def arms(seed: int, slower: float = 1.0) -> tuple[Histogram, Histogram]:
    rng = np.random.default_rng(seed)
    return bucketed(rng.exponential(20_000, 300)), bucketed(slower * rng.exponential(20_000, 400))


def everywhere(old: Histogram, new: Histogram, p: float, margin: float, worse: bool) -> float:
    """The same p-value with x tried at, between and beyond all samples."""
    mixture = best_at(T_OPT, p, 0.02)
    scaled, plain = np.repeat(old.values * (1 + margin), old.counts), np.repeat(new.values, new.counts)
    lower, upper = (scaled, plain) if worse else (plain, scaled)
    points = np.concatenate(([-1.0], scaled, plain, [1e12]))
    points = np.concatenate((points, points + 1e-6))[:, None]
    below, at_most = (lower < points).sum(axis=1), (upper <= points).sum(axis=1)
    logs = mixture.log_above(below, len(lower)) + mixture.log_below(at_most, len(upper))
    return min(1.0, math.exp(-max(float(logs.min()), 0)))


@EXAMPLES
@given(SEEDS, st.sampled_from([0.8, 1.0, 2.0, 4.0]), st.sampled_from([0.0, 0.2]), st.booleans())
def test_is_the_least_evidence_over_every_point(seed: int, slower: float, margin: float, worse: bool) -> None:
    old, new = arms(seed, slower)
    known = everywhere(old, new, 0.9, margin, worse)
    assert p_value(old, new, 0.9, margin=margin, worse=worse) == pytest.approx(known, rel=1e-6)


@pytest.mark.parametrize("k", [0, 3, 10, 40])
def test_a_truncated_mixture_is_the_integral_that_it_stands_for(k: int) -> None:
    mixture, n, p = Mixture(8.0, 2.0), 40, 0.8
    prior = stats.beta(mixture.a, mixture.b)

    def ratio(theta: float) -> float:
        return float((theta / p) ** k * ((1 - theta) / (1 - p)) ** (n - k) * prior.pdf(theta))

    counts = np.array([k])
    below, above = integrate.quad(ratio, 0, p)[0] / prior.cdf(p), integrate.quad(ratio, p, 1)[0] / prior.sf(p)
    assert math.exp(mixture.log_below(counts, n)[0]) == pytest.approx(below, rel=1e-5)
    assert math.exp(mixture.log_above(counts, n)[0]) == pytest.approx(above, rel=1e-5)


def test_what_no_float_can_hold_is_bounded_from_below() -> None:
    mixture = best_at(T_OPT, 0.95, 0.02)
    counts = np.arange(0, 200_001, 50)
    for logs, rising in ((mixture.log_below(counts, 200_000), -1), (mixture.log_above(counts, 200_000), 1)):
        assert np.isfinite(logs).all()
        held = np.diff(logs) * rising
        assert (held[np.abs(logs[1:]) < 200] > 0).all()


def test_finds_a_slower_side_and_clears_an_equal_one() -> None:
    rng = np.random.default_rng(2)
    old, same, slower = (of(f * 50_000 * np.exp(0.5 * rng.standard_normal(6000))) for f in (1.0, 1.0, 1.5))
    assert p_value(old, slower, 0.95, margin=0.2) < 0.01
    assert p_value(old, same, 0.95, margin=0.2) == 1.0
    assert p_value(old, same, 0.95, margin=0.2, worse=False) < 0.01
    assert p_value(old, slower, 0.95, margin=0.2, worse=False) == 1.0
    assert two_sided_p_value(old, slower, 0.95) < 0.01 < two_sided_p_value(old, same, 0.95)


@EXAMPLES
@given(SEEDS)
def test_turning_the_sides_turns_the_question(seed: int) -> None:
    old, new = arms(seed, 3.0)
    assert p_value(old, new, 0.9) == pytest.approx(p_value(new, old, 0.9, worse=False))
    assert two_sided_p_value(old, new, 0.9) == pytest.approx(two_sided_p_value(new, old, 0.9))


@EXAMPLES
@given(SEEDS, st.floats(0, 2), st.floats(0, 2))
def test_a_wider_margin_is_never_easier_to_break(seed: int, a: float, b: float) -> None:
    old, new = arms(seed, 3.0)
    tight, wide = (p_value(old, new, 0.9, margin=margin) for margin in sorted((a, b)))
    assert tight <= wide * (1 + 1e-9)


def test_no_samples_are_no_evidence() -> None:
    some = of([1, 2, 3])
    for old, new in ((EMPTY, EMPTY), (some, EMPTY), (EMPTY, some)):
        assert (
            p_value(old, new, 0.95) == p_value(old, new, 0.95, worse=False) == two_sided_p_value(old, new, 0.95) == 1.0
        )


def test_samples_that_are_all_equal_are_no_difference() -> None:
    same = of([20_000] * 3000)
    assert (
        p_value(same, same, 0.95)
        == p_value(same, same, 0.95, worse=False)
        == two_sided_p_value(same, same, 0.95)
        == 1.0
    )
    assert p_value(same, same, 0.95, margin=0.2, worse=False) < 0.01


def test_says_how_many_clean_requests_a_limit_takes_and_keeps_close_to_it() -> None:
    assert clean_requests(0.005, 0.01) == 919
    needed = next(n for n in range(919, 3000) if e_value(n, 0, 0.005) >= 100)
    assert needed < 1.2 * 919


@pytest.mark.parametrize(("truth", "worse"), [(0.005, False), (0.02, False), (0.005, True), (0.001, True)])
def test_one_side_is_judged_falsely_with_evidence_of_one_at_most(truth: float, worse: bool) -> None:
    n = 100
    chances = stats.binom.pmf(np.arange(n + 1), n, truth)
    values = np.array([math.exp(log_e(n, x, 0.005, worse=worse)) for x in range(n + 1)])
    assert float(chances @ values) <= 1 + 1e-6


def test_errors_speak_against_a_limit_and_none_against_none() -> None:
    assert e_value(1000, 30, 0.005, worse=True) > 100
    assert e_value(1000, 30, 0.005) < 1
    assert e_value(0, 0, 0.005) == pytest.approx(1)
    assert e_value(10**6, 10**5, 0.005, worse=True) == math.inf
    with pytest.raises(ValueError, match="3 of 2"):
        e_value(2, 3, 0.005)
