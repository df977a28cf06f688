"""One figure for the whole time says how it was had, and is none where there is none."""

import pytest

from harness.metrics.summary import rank, summary
from harness.model.series import Absence, Series


def series(
    *values: float, statistic: str = "p95", absence: Absence | None = None, whole: float | None = None
) -> Series:
    points = tuple((3600.0 * index, value) for index, value in enumerate(values))
    return Series(
        name="latency", statistic=statistic, unit="ms", period=3600, points=points, absence=absence, whole=whole
    )


def test_percentiles_of_periods_are_not_merged_but_their_median_is_named() -> None:
    assert summary(series(10.0, 500.0, 30.0)) == (30.0, "median of 3 p95 per hour")


def test_the_services_own_figure_goes_before() -> None:
    assert summary(series(10.0, 20.0, whole=17.0)) == (17.0, "p95 of the whole time")


def test_periods_with_too_few_requests_do_not_count() -> None:
    requests = series(500.0, 3.0, 200.0, statistic="sum")
    assert summary(series(10.0, 900.0, 30.0), requests) == (20.0, "median of 2 p95 per hour")
    assert summary(series(10.0, 900.0, 30.0), series(1.0, 1.0, 1.0, statistic="sum")) == (
        None,
        "no hour with enough requests for p95",
    )


def test_sums_extremes_and_means() -> None:
    assert summary(series(1.0, 2.0, statistic="sum")) == (3.0, "sum")
    assert summary(series(1.0, 2.0, statistic="maximum")) == (2.0, "maximum of all")
    assert summary(series(1.0, 2.0, statistic="minimum")) == (1.0, "minimum of all")
    assert summary(series(1.0, 2.0, statistic="average")) == (1.5, "mean of 2 averages per hour")


def test_no_events_with_traffic_are_zero_and_all_else_is_nothing() -> None:
    assert summary(series(statistic="sum", absence=Absence.ZERO)) == (0.0, "sum")
    for absence in set(Absence) - {Absence.ZERO}:
        assert summary(series(statistic="sum", absence=absence)) == (None, absence.value)
        assert summary(series(absence=absence)) == (None, absence.value)


@pytest.mark.parametrize(("statistic", "share"), [("p95", 0.95), ("p99.9", 0.999), ("average", None), ("sum", None)])
def test_rank(statistic: str, share: float | None) -> None:
    assert rank(series(statistic=statistic)) == (pytest.approx(share) if share else None)
