"""Periods: bounded in number, kept by the service, whole."""

import pytest

from harness.metrics.window import MOST_POINTS, in_words, window

NOW = 1_795_288_000.0  # in the middle of a minute, an hour and a day
DAY = 86_400.0


@pytest.mark.parametrize(
    ("seconds", "ago", "period"),
    [
        (120, 0, 60),
        (5 * 3600, 0, 60),
        (DAY, 0, 300),
        (3 * DAY, 0, 900),
        (7 * DAY, 0, 3600),
        (60 * DAY, 0, 21_600),
        (400 * DAY, 0, 2 * 86_400),
        (3600, 20 * DAY, 300),  # of the minutes of then, none is kept
        (3600, 100 * DAY, 3600),
    ],
)
def test_the_period_is_the_shortest_that_is_kept_and_bounded(seconds: float, ago: float, period: int) -> None:
    found = window(NOW - ago - seconds, NOW - ago, NOW)
    assert found.period == period
    assert len(found.times) <= MOST_POINTS + 1
    assert found.start % period == 0
    assert found.end % period == 0
    assert found.start <= NOW - ago - seconds
    assert found.start + found.seconds == found.end


def test_a_period_that_is_not_over_is_left_out() -> None:
    assert window(NOW - 7 * DAY, NOW, NOW).end == NOW // 3600 * 3600


def test_a_period_that_is_waited_for_is_kept() -> None:
    end = NOW + 60 - NOW % 60
    found = window(NOW - 130, end, NOW)
    assert found.end == end
    assert [found.over(at) for at in found.times] == [True] * (len(found.times) - 1) + [False]


def test_a_past_end_is_within_the_window() -> None:
    found = window(NOW - DAY - 90, NOW - DAY, NOW)
    assert found.end >= NOW - DAY


def test_less_than_a_period_is_one() -> None:
    assert len(window(NOW - 5, NOW, NOW).times) == 1


def test_values_stand_at_their_periods_start_and_strays_are_dropped() -> None:
    found = window(NOW - 600, NOW - 300, NOW)
    inside = found.start + 61.0
    assert found.of({inside: 1.0, found.start - 60: 2.0, found.end: 3.0}) == {found.start + 60: 1.0}


@pytest.mark.parametrize(
    ("period", "count", "words"),
    [
        (60, 1, "minute"),
        (60, 3, "3 minutes"),
        (3600, 168, "168 hours"),
        (900, 1, "15 minutes"),
        (900, 2, "2 periods of 15 minutes"),
    ],
)
def test_periods_in_words(period: int, count: int, words: str) -> None:
    assert in_words(period, count) == words
