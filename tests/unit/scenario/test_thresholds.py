"""The grammar of thresholds: what each text means, and that no text breaks the parser."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model.threshold import Base, Bound, Metric, Threshold
from harness.scenario.context import Wrong
from harness.scenario.thresholds import DEFAULTS, PATTERN, check_for_load, parse

LATENCY, ERRORS, THROUGHPUT, CAPACITY = Metric.LATENCY, Metric.ERRORS, Metric.THROUGHPUT, Metric.CAPACITY


@pytest.mark.parametrize(
    ("text", "metric", "percentile", "operator", "bound"),
    [
        ("p95 <= old * 1.2", LATENCY, 0.95, "<=", Bound(base=Base.OLD, factor=1.2)),
        ("p95 <= 1.2 * old", LATENCY, 0.95, "<=", Bound(base=Base.OLD, factor=1.2)),
        ("p95<=old*1.2", LATENCY, 0.95, "<=", Bound(base=Base.OLD, factor=1.2)),
        ("p50 < old", LATENCY, 0.5, "<", Bound(base=Base.OLD)),
        ("p99 <= 800ms", LATENCY, 0.99, "<=", Bound(plus=800.0)),
        ("p99.9 <= 1.5s", LATENCY, 0.999, "<=", Bound(plus=1500.0)),
        ("p99.999 <= 1.5 s", LATENCY, 0.99999, "<=", Bound(plus=1500.0)),
        ("p1 <= 5ms", LATENCY, 0.01, "<=", Bound(plus=5.0)),
        ("max <= 2s", LATENCY, 1.0, "<=", Bound(plus=2000.0)),
        ("p90 <= old + 50ms", LATENCY, 0.9, "<=", Bound(base=Base.OLD, plus=50.0)),
        ("p90 <= old * 1.1 + 20ms", LATENCY, 0.9, "<=", Bound(base=Base.OLD, factor=1.1, plus=20.0)),
        ("p90 <= 2 * old - 0.1s", LATENCY, 0.9, "<=", Bound(base=Base.OLD, factor=2.0, plus=-100.0)),
        ("p95 <= history * 1.5", LATENCY, 0.95, "<=", Bound(base=Base.HISTORY, factor=1.5)),
        ("errors <= old + 0.1pp", ERRORS, 0.0, "<=", Bound(base=Base.OLD, plus=0.001)),
        ("errors <= 0.5%", ERRORS, 0.0, "<=", Bound(plus=0.005)),
        ("errors <= 0%", ERRORS, 0.0, "<=", Bound(plus=0.0)),
        ("errors <= old * 2", ERRORS, 0.0, "<=", Bound(base=Base.OLD, factor=2.0)),
        ("throughput >= 95% of planned", THROUGHPUT, 0.0, ">=", Bound(base=Base.PLANNED, factor=0.95)),
        ("throughput >= planned", THROUGHPUT, 0.0, ">=", Bound(base=Base.PLANNED)),
        ("throughput > 99.5% of old", THROUGHPUT, 0.0, ">", Bound(base=Base.OLD, factor=0.995)),
        ("throughput >= 450/s", THROUGHPUT, 0.0, ">=", Bound(plus=450.0)),
        ("throughput >= 600/m", THROUGHPUT, 0.0, ">=", Bound(plus=10.0)),
        ("capacity <= 60%", CAPACITY, 0.0, "<=", Bound(plus=0.6)),
    ],
)
def test_meaning(text: str, metric: Metric, percentile: float, operator: str, bound: Bound) -> None:
    found = parse(text)
    assert (found.metric, found.percentile, found.operator) == (metric, percentile, operator)
    assert (found.bound.base, found.bound.factor) == (bound.base, bound.factor)
    assert math.isclose(found.bound.plus, bound.plus)
    assert (found.operation, found.seconds) == ("", 0.0)
    assert found.measured == text.partition("<")[0].partition(">")[0].strip()
    check_for_load(found)


@pytest.mark.parametrize(
    ("text", "operation", "seconds"),
    [
        ("p95 <= old * 1.2 of GET /orders/{id}", "GET /orders/{id}", 0.0),
        ("throughput >= 95% of planned of GET /orders", "GET /orders", 0.0),
        ("throughput >= 95% of old of GET /of/planned", "GET /of/planned", 0.0),
        ("errors > 5% for 2m", "", 120.0),
        ("errors > 5% of PATCH /a for 90 s", "PATCH /a", 90.0),
    ],
)
def test_of_and_for(text: str, operation: str, seconds: float) -> None:
    found = parse(text)
    assert (found.operation, found.seconds) == (operation, seconds)


def test_white_space_is_tidied() -> None:
    assert parse("  p95<=  old *  1.2\tof GET /a ").text == "p95 <= old * 1.2 of GET /a"


def test_defaults() -> None:
    assert [threshold.text for threshold in DEFAULTS] == ["p95 <= old * 1.2", "errors <= old + 0.1pp"]
    p95, errors = DEFAULTS
    assert p95.keeps(119.9, p95.bound.of(100))
    assert not p95.keeps(120.1, p95.bound.of(100))
    assert errors.keeps(0.001, errors.bound.of(0.0))
    assert not errors.keeps(0.0011, errors.bound.of(0.0))


_WORDS = ("p95", "errors", "throughput", "<=", ">", "old", "*", "1.2", "+", "-", "5ms", "0.1pp", "%", "of", "planned",
          "95%", "GET /a", "for", "2m", "capacity", "history", "max", "(", "", "é", "9" * 40, "${")  # fmt: skip


@given(st.lists(st.sampled_from(_WORDS), max_size=9).map(" ".join) | st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    found: Threshold | Wrong
    try:
        found = parse(text)
    except Wrong as wrong:
        found = wrong
    if isinstance(found, Wrong):
        assert found.message
        assert found.hint
        return
    assert parse(found.text) == found
    assert math.isfinite(found.bound.of(1.0))


def test_what_is_read_fits_the_pattern_that_editors_check() -> None:
    texts = [*(threshold.text for threshold in DEFAULTS), "p99.9<=1s", "throughput >= 95% of planned", "max <= 2 * old"]
    assert all(re.search(PATTERN, text) for text in texts)
