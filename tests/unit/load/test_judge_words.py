"""Figures in words, as somebody reads them at night."""

import math

import pytest

from harness.load import words
from harness.model.threshold import Bound, Metric, Threshold


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0123, "0.012 ms"),
        (1.24, "1.2 ms"),
        (112.4, "112 ms"),
        (1234.0, "1.23 s"),
        (34_560.0, "34.6 s"),
        (None, "no answer"),
    ],
)
def test_latencies(value: float | None, text: str) -> None:
    assert words.ms(value) == text


def test_what_is_not_finite_is_no_answer() -> None:
    assert words.ms(math.inf) == words.ms(math.nan) == "no answer"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0 %"), (0.001, "0.1 %"), (0.00077, "0.077 %"), (0.0123, "1.23 %"), (0.5, "50 %"), (1.0, "100 %")],
)
def test_shares(value: float, text: str) -> None:
    assert words.share(value) == text


def test_differences_have_their_sign() -> None:
    assert (words.change(56.4), words.change(-3.0)) == ("+56.4 ms", "\N{MINUS SIGN}3.0 ms")
    assert (words.points(0.00077), words.points(-0.01)) == ("+0.077 pp", "\N{MINUS SIGN}1 pp")
    assert (words.percent(0.5), words.percent(-0.021)) == ("+50 %", "\N{MINUS SIGN}2.1 %")


@pytest.mark.parametrize(("value", "rounded"), [(1, 1), (99, 99), (101, 110), (13_700, 14_000), (14_000, 14_000)])
def test_what_would_be_needed_is_rounded_up(value: float, rounded: int) -> None:
    assert words.rounded_up(value) == rounded


@pytest.mark.parametrize(
    ("seconds", "text"), [(1, "10s"), (95, "100s"), (119, "2m"), (280, "5m"), (3590, "1h"), (9000, "3h")]
)
def test_durations_are_those_of_a_scenario(seconds: float, text: str) -> None:
    assert words.duration(seconds) == text


def test_what_a_threshold_allows_is_quoted_without_its_operation() -> None:
    one = Threshold(
        text="throughput >= 95% of planned of GET /orders", metric=Metric.THROUGHPUT, operator=">=",
        bound=Bound(), operation="GET /orders",
    )  # fmt: skip
    assert words.allowed(one) == "95% of planned"


def test_long_lists_are_cut() -> None:
    assert words.listed(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"
