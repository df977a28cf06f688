"""Thresholds that lean on monitoring: what is not told, or told otherwise, is never a pass."""

import re
from dataclasses import replace
from typing import Any

import pytest

from harness.load.judge import judged
from harness.load.validity import generator
from harness.model.event import Checked
from harness.model.series import Absence, Series, Telemetry
from harness.model.threshold import Base, Bound, Metric, Threshold
from harness.stats.histogram import of
from tests.unit.load.made_counts import LIST, NEW, OLD, Side, drawn, load_of, outcomes, percentile, verdicts

HOUR = 3600
CAPACITY = Threshold(text="capacity <= 60%", metric=Metric.CAPACITY, operator="<=", bound=Bound(plus=0.6))
HISTORY = percentile("p95 <= history * 1.5", 0.95, Bound(base=Base.HISTORY, factor=1.5))


def series(name: str, statistic: str, *values: float, unit: str = "ms", **more: Any) -> Series:
    points = tuple((float(number * HOUR), value) for number, value in enumerate(values))
    return Series(name=name, statistic=statistic, unit=unit, points=points, **{"period": HOUR, **more})


def telemetry(side: str, *told: Series, **more: Any) -> tuple[Telemetry, ...]:
    more.setdefault("facts", {})
    return (Telemetry(side=side, what="service contoso", start=0.0, end=7200.0, series=told, **more),)


def capacity(*values: float, statistic: str = "average", **more: Any) -> tuple[Telemetry, ...]:
    return telemetry(NEW, series("capacity", statistic, *values, unit="share", **{"period": 60, **more}))


def one(threshold: Threshold, **more: Any) -> Checked:
    return verdicts(drawn(1), load_of(threshold), **more)[1]


def text(checked: Checked) -> str:
    return "\n".join(checked.why)


# Capacity


def test_the_highest_capacity_of_the_load_decides_and_its_statistic_is_named() -> None:
    good, bad = one(CAPACITY, window=capacity(0.3, 0.45)), one(CAPACITY, window=capacity(0.3, 0.85))
    assert (good.outcome, bad.outcome) == ("PASS", "FAIL")
    assert "capacity: new 45 % (maximum of the average per 60 s); allowed 60%" in text(good)
    assert bad.points[0].remedy


@pytest.mark.parametrize(
    ("window", "why"),
    [
        ((), "monitoring of new was not read"),
        (telemetry(NEW, absence=Absence.DENIED, trouble="AuthorizationFailed"), "access denied; AuthorizationFailed"),
        (telemetry(NEW, absence=Absence.THROTTLED, trouble="429"), "throttled by the service"),
        (telemetry(NEW), "service contoso tells none"),
        (capacity(absence=Absence.UNSUPPORTED, note="the Consumption tier"), "the service does not tell this"),
        (capacity(absence=Absence.LATE), "the newest values are not there yet"),
        (capacity(0.2, absence=Absence.LATE), "the newest values are not there yet"),
        (capacity(0.2, absence=Absence.PARTIAL, note="2 of 4"), "values are missing in between: 2 of 4"),
        (capacity(absence=Absence.NO_TELEMETRY), "no telemetry"),
    ],
)
def test_capacity_that_is_not_told_is_not_a_pass(window: tuple[Telemetry, ...], why: str) -> None:
    found = one(CAPACITY, window=window)
    assert found.outcome == "INCONCLUSIVE"
    assert why in text(found)


@pytest.mark.parametrize(("period", "outcome"), [(60, "PASS"), (300, "INCONCLUSIVE")])
def test_capacity_of_a_time_that_is_mostly_without_load_is_not_a_pass(period: int, outcome: str) -> None:
    assert one(CAPACITY, window=capacity(0.2, period=period)).outcome == outcome
    assert one(CAPACITY, window=capacity(0.7, period=period)).outcome == "FAIL"


def test_capacity_that_was_seen_above_the_limit_fails_even_with_gaps() -> None:
    assert one(CAPACITY, window=capacity(0.9, absence=Absence.PARTIAL)).outcome == "FAIL"


@pytest.mark.parametrize("new", [Side(), Side(factor=1.5), Side(shares={"500": 0.05})])
def test_a_developer_tier_decides_nothing(new: Side) -> None:
    window = telemetry(NEW, series("capacity", "average", 0.2, unit="share"), facts={"tier": "Developer"})
    found = verdicts(drawn(2, new=new), load_of(CAPACITY, *load_of().thresholds), window=window)
    assert [checked.outcome for checked in found] == ["PASS", *["INCONCLUSIVE"] * 3]
    assert "Developer tier: it has no SLA" in text(found[1])
    assert "measured: p95: old" in text(found[2])


@pytest.mark.parametrize("new", [Side(), Side(factor=2.0)])
def test_a_tier_that_cannot_be_read_may_be_the_developer_tier(new: Side) -> None:
    window = telemetry(NEW, series("capacity", "average", 0.2, unit="share"), facts={"tier not known": "403: denied"})
    found = verdicts(drawn(3, new=new), window=window)
    assert [one.outcome for one in found[1:]] == ["INCONCLUSIVE", "INCONCLUSIVE"]
    assert "could not be read" in text(found[1])
    assert "403: denied" in text(found[1])


def test_a_developer_tier_of_the_old_side_is_no_matter() -> None:
    assert outcomes(drawn(2), window=telemetry(OLD, facts={"tier": "Developer"}))[1:] == ["PASS", "PASS"]


# History


def test_the_same_percentile_of_the_past_is_a_limit() -> None:
    past = telemetry(OLD, series("latency", "p95", 50.0, 70.0, 60.0, whole=64.0))
    found = one(HISTORY, history=past)
    assert found.outcome == "PASS"
    assert re.search(
        r"p95: history 64.0 ms \(p95 of the whole time\), new .* allowed history \* 1.5 = 96.0 ms", text(found)
    )
    slow = verdicts(drawn(3, new=Side(factor=2.0)), load_of(HISTORY), history=past)[1]
    assert slow.outcome == "FAIL"
    assert slow.facts["p95"]["history"] == "64.0 ms (p95 of the whole time)"


def test_percentiles_of_hours_are_called_what_they_are() -> None:
    found = one(HISTORY, history=telemetry(OLD, series("latency", "p95", 50.0, 70.0, 60.0)))
    assert "median of 3 p95 per" in text(found)


def test_an_average_is_never_compared_with_a_percentile() -> None:
    told = (series("latency", "average", 500.0), series("latency", "maximum", 900.0))
    found = one(HISTORY, history=telemetry(OLD, *told))
    assert found.outcome == "INCONCLUSIVE"
    assert "service contoso tells averages alone: an average is never compared with a p95" in text(found)


@pytest.mark.parametrize(
    ("history", "why"),
    [
        ((), "no history of old could be read"),
        (telemetry(OLD, absence=Absence.DENIED, trouble="AccessDenied: no"), "access denied; AccessDenied: no"),
        (telemetry(OLD, absence=Absence.THROTTLED, trouble="Rate exceeded"), "throttled by the service"),
        (telemetry(OLD, series("latency", "p95", absence=Absence.NO_TRAFFIC)), "no traffic"),
        (telemetry(OLD, series("latency", "p95", absence=Absence.NO_TELEMETRY)), "no telemetry"),
        (telemetry(OLD, series("latency", "p95", 60.0, absence=Absence.PARTIAL)), "values are missing in between"),
        (telemetry(OLD, series("latency", "p95", 60.0, absence=Absence.THROTTLED)), "throttled by the service"),
        (telemetry(OLD, series("latency", "p99", 60.0)), "history of old has no latency p95, only p99"),
    ],
)
def test_a_past_that_is_not_told_is_not_a_pass(history: tuple[Telemetry, ...], why: str) -> None:
    found = one(HISTORY, history=history)
    assert found.outcome == "INCONCLUSIVE"
    assert why in text(found)


def test_the_newest_minutes_of_a_week_may_be_late() -> None:
    assert one(HISTORY, history=telemetry(OLD, series("latency", "p95", 60.0, absence=Absence.LATE))).outcome == "PASS"


def test_history_tells_nothing_of_one_operation() -> None:
    load = load_of(replace(HISTORY, text=f"{HISTORY.text} of {LIST}", operation=LIST))
    found = verdicts(drawn(1), load, history=telemetry(OLD, series("latency", "p95", 60.0)))[1]
    assert found.outcome == "INCONCLUSIVE"
    assert f"the whole stage, not of {LIST}" in text(found)


# What the gateway itself takes


def test_the_gateways_own_time_is_told_apart_from_the_backends() -> None:
    counts = drawn(5)
    for key, cell in list(counts.cells.items()):
        counts.cells[key] = replace(cell, overhead=cell.planned)
    window = telemetry(
        OLD, series("latency", "average", 50.0, 60.0), series("backend latency", "average", 40.0, 44.0),
        series("requests", "sum", 300.0, 100.0, unit="requests"),
    )  # fmt: skip
    load = load_of()
    sent = {OLD: 6000, NEW: 6000}
    p95 = judged(
        load, counts, (), generator(load, counts, {}), suite="load", at=1.0, planned=sent, seconds=120.0, window=window
    )[1]
    assert set(p95.facts["gateway overhead p95"]) == {"old", "new"}
    assert p95.facts["gateway overhead, average (monitoring)"] == {"old": "11.5 ms"}


@pytest.mark.parametrize(
    ("in_gateway", "words"), [(True, "in the new gateway itself"), (False, "behind the new gateway")]
)
def test_a_failure_says_where_the_time_is_lost_where_the_backend_tells_its_own(*, in_gateway: bool, words: str) -> None:
    counts = drawn(6, new=Side(factor=1.5))
    for (number, side, name), cell in list(counts.cells.items()):
        own = cell.planned if in_gateway and side == NEW else of([1000.0] * cell.sent)
        counts.cells[number, side, name] = replace(cell, overhead=own)
    assert words in verdicts(counts)[1].points[0].remedy
