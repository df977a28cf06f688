import math
import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.wire.pace import CATCH_UP, Pace


def _most_in(times: list[float], window: float) -> int:
    """Return the most sends of any half-open window, one opening at each send."""
    best = end = 0
    for start, opened in enumerate(times):
        while end < len(times) and times[end] - opened < window:
            end += 1
        best = max(best, end - start)
    return best


def _run(pace: Pace, seconds: float, steps: random.Random, longest_step: float) -> list[float]:
    now, sent = 1000.0, []
    while now < 1000.0 + seconds:
        sent += [now] * pace.take(now, steps.randint(0, 50))
        now += steps.random() * longest_step
    return sent


@pytest.mark.parametrize("rate", [0.5, 1, 2.5, 3, 20, 99.9, 250, 1000])
@pytest.mark.parametrize("longest_step", [0.0005, 0.02, 0.9])
def test_the_rate_is_never_exceeded(rate: float, longest_step: float) -> None:
    sent = _run(Pace(rate), 8, random.Random(1), longest_step)
    most = math.ceil(rate)
    assert sent
    assert _most_in(sent, most / rate) <= most


@given(rate=st.floats(0.1, 500), seed=st.integers(0, 1000), step=st.sampled_from([0.001, 0.05, 1.5]))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_the_rate_is_never_exceeded_whatever_it_is(rate: float, seed: int, step: float) -> None:
    most = math.ceil(rate)
    assert _most_in(_run(Pace(rate), 5, random.Random(seed), step), most / rate) <= most


@pytest.mark.parametrize("rate", [1, 20, 100])
def test_low_rates_are_evenly_spaced(rate: int) -> None:
    pace = Pace(rate)
    now = 0.0
    sent: list[float] = []
    while len(sent) < 3 * rate:
        if pace.take(now, 5):
            sent.append(now)
        now += max(pace.due(now), 1e-6)
    gaps = [later - earlier for earlier, later in pairwise(sent)]
    assert min(gaps) >= 1 / rate - 1e-9
    assert max(gaps) <= 1 / rate + 1e-4


@pytest.mark.parametrize("rate", [300, 5000])
def test_due_leads_to_the_whole_rate(rate: int) -> None:
    pace = Pace(rate)
    now, sent = 0.0, 0
    while now < 3:
        sent += pace.take(now, 1000)
        now += max(pace.due(now), 1e-4)
    assert 3 * rate * 0.98 <= sent <= 3 * rate


def test_a_pause_is_not_caught_up_with_at_low_rates() -> None:
    pace = Pace(50)
    assert pace.take(0.0, 10) == 1
    assert pace.take(10.0, 10) == 1
    assert pace.due(10.0) == pytest.approx(0.02)


def test_a_pause_is_caught_up_with_by_ten_milliseconds_at_high_rates() -> None:
    pace = Pace(10_000)
    pace.take(0.0, 1)
    assert pace.take(10.0, 10_000) == pytest.approx(10_000 * CATCH_UP, abs=1)
    assert pace.take(10.0, 10_000) == 0


def test_a_send_is_due_exactly_when_it_is_granted() -> None:
    pace, steps, now = Pace(7.3), random.Random(3), 0.0
    for _ in range(2000):
        due = pace.due(now)
        assert (pace.take(now, 1) == 1) == (due == 0)
        now += steps.random() * 0.2


def test_a_million_a_second_is_no_limit_to_a_loop() -> None:
    pace = Pace(1_000_000)
    granted = sum(pace.take(step * 0.001, 1000) for step in range(1000))
    assert granted == 1_000_000


def test_nothing_wanted_costs_nothing() -> None:
    pace = Pace(1)
    assert pace.take(0.0, 0) == 0
    assert pace.due(0.0) == 0
    assert pace.take(0.0, 1) == 1


@pytest.mark.parametrize("rate", [0, -1, math.inf, math.nan])
def test_a_rate_is_a_positive_number(rate: float) -> None:
    with pytest.raises(ValueError, match="rate"):
        Pace(rate)
