"""How many requests the tests need, and how often they err: simulated, against the published tables.

Looks are after every block of 100 requests a side (10 and 90 at a split of 10:90; 50 a side for exceedances), and at 40
geometric steps from 100 to 20,000 for quantiles. WHOLE_SIMULATION=1 runs many more replicates.
"""

import os

import numpy as np
import pytest
from scipy.stats import norm

from tests.unit.stats.simulate import Floats, blocks_until, requests_until

WHOLE = bool(os.environ.get("WHOLE_SIMULATION"))
RUNS = 10_000 if WHOLE else 1500
RUNS_OF_QUANTILES = 1000 if WHOLE else 80
NULLS = 10_000 if WHOLE else 2000
NULLS_OF_QUANTILES = 1000 if WHOLE else 50


def reproduces(found: Floats, median: float, p90: float) -> None:
    """Medians within 20 %, 90th percentiles within 25 %."""
    seen = np.quantile(found, [0.5, 0.9], method="inverted_cdf")
    assert seen[0] == pytest.approx(median, rel=0.20), f"median {seen[0]:,.0f}, table {median:,.0f}"
    assert seen[1] == pytest.approx(p90, rel=0.25), f"p90 {seen[1]:,.0f}, table {p90:,.0f}"


@pytest.mark.parametrize(
    ("new", "old", "sizes", "null", "median", "p90"),
    [
        (0.01, 0.001, (100, 100), None, 1_100, 2_100),
        (0.01, 0.001, (10, 90), None, 440, 1_120),
        (0.01, 0.0, (100, 100), None, 800, 1_200),
        (0.005, 0.001, (100, 100), None, 3_100, 6_600),
        (0.002, 0.001, (100, 100), None, 33_500, 70_500),
        (0.02, 0.01, (100, 100), None, 3_100, 6_300),
        (0.01, 0.01, (100, 100), 2.0, 5_400, 11_000),
        (0.001, 0.001, (100, 100), 2.0, 55_000, 97_000),
        (0.001, 0.001, (100, 100), 3.0, 17_000, 40_000),
    ],
)
def test_errors_take_as_many_requests_as_published(
    new: float, old: float, sizes: tuple[int, int], null: float | None, median: int, p90: int
) -> None:
    found = blocks_until(
        np.random.default_rng(41),
        runs=RUNS,
        blocks=6 * p90 // sizes[0],
        sizes=sizes,
        shares=(new, old),
        null=null or 1.0,
        worse=null is None,
    )
    reproduces(found * sizes[0], median, p90)


def beyond_p95(slower: float, sigma: float) -> float:
    """The share above old's p95 where lognormal latencies are `slower` times old's."""
    return float(norm.sf(norm.ppf(0.95) - np.log(slower) / sigma))


@pytest.mark.parametrize(("sigma", "median", "p90"), [(0.5, 650, 1_250), (1.0, 3_200, 6_000)])
def test_exceedances_take_as_many_requests_as_published(sigma: float, median: int, p90: int) -> None:
    shares = (beyond_p95(1.2, sigma), 0.05)
    found = blocks_until(np.random.default_rng(42), runs=RUNS, blocks=6 * p90 // 50, sizes=(50, 50), shares=shares)
    reproduces(found * 50, median, p90)


@pytest.mark.parametrize(
    ("p", "sigma", "go", "median", "p90"),
    [
        (0.95, 0.5, False, 1_006, 1_986),
        (0.95, 1.0, False, 3_917, 7_727),
        (0.99, 0.5, False, 3_419, 5_888),
        (0.95, 0.5, True, 1_006, 1_733),
        (0.95, 1.0, True, 3_419, 6_745),
    ],
)
def test_quantiles_take_as_many_requests_as_published(p: float, sigma: float, go: bool, median: int, p90: int) -> None:
    slower, margin = (1.0, 0.2) if go else (1.2, 0.0)
    rng = np.random.default_rng(43)
    found = requests_until(rng, runs=RUNS_OF_QUANTILES, p=p, sigma=sigma, slower=slower, margin=margin, worse=not go)
    reproduces(found, median, p90)


@pytest.mark.parametrize(
    ("shares", "sizes", "null"),
    [
        ((0.001, 0.001), (100, 100), None),
        ((0.01, 0.01), (100, 100), None),
        ((0.001, 0.001), (10, 90), None),
        ((0.05, 0.05), (50, 50), None),  # exceedances of old's p95
        ((2 / 101, 0.01), (100, 100), 2.0),  # GO, truth exactly twice the odds
    ],
)
def test_errors_and_exceedances_alarm_falsely_in_at_most_1_percent(
    shares: tuple[float, float], sizes: tuple[int, int], null: float | None
) -> None:
    found = blocks_until(
        np.random.default_rng(44),
        runs=NULLS,
        blocks=240,
        sizes=sizes,
        shares=shares,
        null=null or 1.0,
        worse=null is None,
    )
    assert np.isfinite(found).mean() <= 0.01


@pytest.mark.parametrize("go", [False, True])
def test_quantiles_alarm_falsely_in_at_most_1_percent(go: bool) -> None:
    slower, margin = (1.2, 0.2) if go else (1.0, 0.0)
    rng = np.random.default_rng(45)
    found = requests_until(rng, runs=NULLS_OF_QUANTILES, p=0.95, sigma=0.5, slower=slower, margin=margin, worse=not go)
    assert np.isfinite(found).mean() <= 0.01
