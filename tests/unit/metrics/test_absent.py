"""Typed absence: each kind of telling nothing is its own, and none of them is a value."""

from collections.abc import Sequence

import pytest

from harness.metrics.absent import Told, typed
from harness.metrics.window import Window
from harness.model.series import Absence, Series

NOW = 1_795_288_020.0
END = NOW - 3600
START = END - 600
OLD = Window(start=START, end=END, period=60, now=NOW)  # ten minutes, all long past
FRESH = Window(start=NOW - 620, end=NOW - 20, period=60, now=NOW)  # the last ten minutes
YOUNG = Window(start=NOW - 140, end=NOW - 20, period=60, now=NOW)  # nothing of it is old enough to be there


def told(name: str, values: dict[int, float], window: Window, statistic: str = "sum") -> Told:
    """Return a series with values by minute."""
    placed = {window.start + 60 * minute: value for minute, value in values.items()}
    return Told(name=name, statistic=statistic, unit="x", source="somewhere", values=placed)


def typed_as(series: Sequence[Told], window: Window, known: bool | None = True, why: str = "") -> list[Series]:
    return list(typed(series, window, known=known, why=why))


def counts(minutes: Sequence[int], window: Window) -> Told:
    return told("requests", dict.fromkeys(minutes, 5.0), window)


def test_all_there_is_no_absence() -> None:
    (requests,) = typed_as([counts(range(10), OLD)], OLD)
    assert (requests.absence, requests.note, len(requests.points)) == (None, "", 10)


def test_no_value_of_known_metrics_is_no_traffic() -> None:
    found = typed_as([counts([], OLD), told("latency", {}, OLD, "p95"), told("errors 5xx", {}, OLD)], OLD)
    assert {one.absence for one in found} == {Absence.NO_TRAFFIC}


@pytest.mark.parametrize("known", [False, None])
def test_no_value_of_metrics_that_are_not_known_is_no_telemetry(known: bool | None) -> None:
    found = typed_as([counts([], OLD), told("errors 5xx", {}, OLD)], OLD, known, "nobody knows them")
    assert {(one.absence, one.note) for one in found} == {(Absence.NO_TELEMETRY, "nobody knows them")}


def test_totals_of_zero_are_no_traffic() -> None:
    requests, latency = typed_as(
        [told("requests", dict.fromkeys(range(10), 0.0), OLD), told("latency", {0: 0.0}, OLD, "average")], OLD
    )
    assert requests.absence is Absence.NO_TRAFFIC
    assert latency.absence is Absence.NO_TRAFFIC
    assert latency.points == ()  # the mean of nothing


def test_no_errors_with_traffic_is_the_one_absence_that_is_evidence() -> None:
    _, errors = typed_as([counts(range(10), OLD), told("errors 5xx", {}, OLD)], OLD)
    assert errors.absence is Absence.ZERO


def test_errors_of_a_service_that_leaves_out_zeros_have_no_gap() -> None:
    _, errors = typed_as([counts(range(10), OLD), told("errors 5xx", {3: 1.0}, OLD)], OLD)
    assert errors.absence is None


def test_errors_of_a_service_that_tells_zeros_have() -> None:
    _, errors = typed_as([counts(range(10), OLD), told("errors 5xx", {3: 1.0, 4: 0.0}, OLD)], OLD)
    assert errors.absence is Absence.PARTIAL
    assert errors.note == "no value in 8 of 10 minutes"


def test_minutes_without_traffic_are_told_and_are_no_gap() -> None:
    requests, latency = typed_as([counts([0, 5], OLD), told("latency", {0: 9.0, 5: 9.0}, OLD, "p95")], OLD)
    assert (requests.absence, requests.note) == (None, "no traffic in 8 of 10 minutes")
    assert latency.absence is None


def test_a_gap_where_the_count_says_traffic_is_partial() -> None:
    _, latency = typed_as([counts(range(10), OLD), told("latency", {0: 9.0, 5: 9.0}, OLD, "p95")], OLD)
    assert (latency.absence, latency.note) == (Absence.PARTIAL, "no value in 8 of 10 minutes")


def test_a_count_that_misses_what_latency_knows_is_partial() -> None:
    requests, _ = typed_as([counts([0], OLD), told("latency", {0: 9.0, 5: 9.0}, OLD, "p95")], OLD)
    assert requests.absence is Absence.PARTIAL


def test_no_latency_at_all_with_traffic_is_no_telemetry() -> None:
    _, latency = typed_as([counts(range(10), OLD), told("latency", {}, OLD, "p95")], OLD)
    assert latency.absence is Absence.NO_TELEMETRY


def test_the_newest_missing_is_late_and_only_that() -> None:
    requests, latency = typed_as([counts(range(9), FRESH), told("latency", {0: 9.0}, FRESH, "p95")], FRESH)
    assert (requests.absence, requests.note) == (Absence.LATE, "nothing of the last minute yet")
    assert latency.absence is Absence.PARTIAL  # minutes long past are missing too
    _, latency = typed_as(
        [counts(range(10), FRESH), told("latency", dict.fromkeys(range(8), 9.0), FRESH, "p95")], FRESH
    )
    assert latency.absence is Absence.LATE


def test_nothing_yet_of_a_young_window_is_late_not_quiet() -> None:
    found = typed_as([counts([], YOUNG), told("capacity", {}, YOUNG, "average")], YOUNG)
    assert {one.absence for one in found} == {Absence.LATE}


def test_a_value_of_a_minute_that_is_not_over_is_not_its_last_word() -> None:
    running = Window(start=START, end=END, period=60, now=END - 10)
    whole = told("capacity", dict.fromkeys(range(10), 0.5), running, "average")
    (capacity,) = typed_as([whole], running)
    assert (capacity.absence, len(capacity.points)) == (Absence.LATE, 10)


def test_capacity_is_expected_without_traffic_too() -> None:
    requests, capacity = typed_as([counts([], OLD), told("capacity", {0: 0.5}, OLD, "average")], OLD)
    assert requests.absence is Absence.NO_TRAFFIC
    assert capacity.absence is Absence.PARTIAL
    _, capacity = typed_as([counts([], OLD), told("capacity", {}, OLD, "average")], OLD)
    assert capacity.absence is Absence.NO_TELEMETRY


@pytest.mark.parametrize("absence", [Absence.DENIED, Absence.THROTTLED, Absence.FAILED, Absence.PARTIAL])
def test_what_the_service_says_itself_stands(absence: Absence) -> None:
    denied = Told(name="errors 5xx", statistic="sum", unit="x", source="", absence=absence, note="it says so")
    _, errors = typed_as([counts(range(10), OLD), denied], OLD)
    assert (errors.absence, errors.note) == (absence, "it says so")


def test_averages_are_weighted_by_their_counts() -> None:
    requests = told("requests", {0: 1.0, 1: 3.0}, OLD)
    _, latency = typed_as([requests, told("latency", {0: 100.0, 1: 200.0}, OLD, "average")], OLD)
    assert latency.whole == pytest.approx(175.0)
    _, latency = typed_as([counts([0], OLD), told("latency", {0: 100.0, 1: 200.0}, OLD, "average")], OLD)
    assert latency.whole is None
