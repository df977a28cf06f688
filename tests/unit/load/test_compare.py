"""Both sides' figures: of each operation and of all, with intervals, and slice by slice."""

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.load.compare import alone, arms, compared, gap, planned_per_slice, slices
from harness.load.measured import Measured
from harness.load.schedule import planned
from harness.model.load import Compared
from harness.model.threshold import Base, Bound
from harness.scenario.types import Load, Profile, Segment
from harness.stats.histogram import decode
from tests.unit.load.made_counts import DEFAULTS, GET, LIST, NEW, OLD, MadeCounts, Side, drawn, percentile


def by_name(found: tuple[Compared, ...]) -> dict[tuple[str, str], Compared]:
    return {(one.operation, one.metric): one for one in found}


def test_arms_hold_all_operations_first_and_then_each_and_add_up() -> None:
    counts = drawn(1, operations=(LIST, GET), new=Side(shares={"500": 0.1, "timeout": 0.05}))
    found = {(one.operation, one.side): one for one in arms(counts)}
    assert list(found) == [(name, side) for name in ("", LIST, GET) for side in (OLD, NEW)]
    whole = found["", NEW]
    assert whole.sent == found[LIST, NEW].sent + found[GET, NEW].sent
    assert decode(whole.planned).total == whole.sent - whole.outcomes["timeout"]
    assert whole.errors == whole.outcomes["timeout"] + whole.outcomes["500"]
    assert whole.overhead == ""


def test_every_metric_of_every_operation_is_compared_with_its_intervals() -> None:
    found = by_name(compared(drawn(2, operations=(LIST, GET), new=Side(factor=1.5)), DEFAULTS, seed=1))
    assert {name for _, name in found} == {"p50", "p90", "p95", "p99", "max", "errors"}
    assert {operation for operation, _ in found} == {"", LIST, GET}
    p95 = found["", "p95"]
    assert p95.old is not None
    assert p95.old_interval is not None
    assert p95.old_interval[0] < p95.old < p95.old_interval[1]
    assert p95.interval is not None
    assert p95.interval[0] > 0
    assert p95.quantile_p is not None
    assert p95.quantile_p < 1e-6
    assert p95.exceedance_e is not None
    assert p95.exceedance_e > 1e6
    assert p95.level == pytest.approx(0.98)
    errors = found["", "errors"]
    assert (errors.old, errors.new, errors.exceedance_e) == (0.0, 0.0, 1.0)


def test_alike_sides_are_not_told_apart() -> None:
    found = by_name(compared(drawn(3), DEFAULTS, seed=1))["", "p95"]
    assert found.interval is not None
    assert found.interval[0] < 0 < found.interval[1]
    assert found.quantile_p is not None
    assert found.quantile_p > 0.01
    assert found.exceedance_e is not None
    assert found.exceedance_e < 100


def test_a_mix_of_one_operation_is_compared_once_and_told_twice() -> None:
    found = by_name(compared(drawn(4), DEFAULTS, seed=1))
    assert found["", "p95"].interval == found[LIST, "p95"].interval


def test_a_percentile_that_a_threshold_names_is_compared_too_and_none_below_its_least_samples() -> None:
    found = by_name(compared(drawn(5), [percentile("p99.9 <= 1s", 0.999, Bound(plus=1000.0))], seed=1))["", "p99.9"]
    assert (found.judged, found.interval) == (False, None)
    assert "10,000 a side are enough" in found.note


def test_what_got_no_answer_has_no_percentile_and_no_infinite_interval() -> None:
    found = compared(drawn(6, new=Side(shares={"timeout": 0.03})), DEFAULTS, seed=1)
    p99 = by_name(found)["", "p99"]
    assert (p99.new, p99.interval, p99.note) == (None, None, "too many requests without an answer")
    for one in found:
        for pair in (one.old_interval, one.new_interval, one.interval):
            assert pair is None or all(map(math.isfinite, pair))


def test_nothing_sent_is_compared_as_nothing() -> None:
    found = compared(MadeCounts(), DEFAULTS, seed=1)
    assert all(not one.judged for one in found if one.metric != "max")
    assert {(one.old, one.new) for one in found} == {(None, None)}


def test_a_wave_that_lasts_makes_the_interval_wider() -> None:
    calm, wavy = (Measured(drawn(7, shared=0.0, new=Side(waves=size)), (LIST,)) for size in (0.0, 0.4))
    wide, narrow = (gap(one.arms(OLD), one.arms(NEW), 0.95) for one in (wavy, calm))
    assert wide is not None
    assert narrow is not None
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)


def test_one_side_alone_has_an_interval_around_its_percentile() -> None:
    new = Measured(drawn(8), (LIST,)).arms(NEW)
    found, value = alone(new, 0.95), new.quantile(0.95)
    assert found is not None
    assert value is not None
    assert found.low < value < found.high
    assert alone(new, 0.9999) is None


def test_slices_tell_what_was_planned_and_what_became_of_it() -> None:
    counts = drawn(9, slices=10, new=Side(shares={"timeout": 0.5}))
    found = slices(counts, [600] * 9)
    assert [(one.side, one.at) for one in found[:3]] == [(OLD, 0.0), (NEW, 0.0), (OLD, 3.0)]
    assert [one.planned for one in found[-4:]] == [600, 600, 0, 0]
    assert found[1].p95 is None
    assert found[0].p95 is not None
    assert sum(one.sent for one in found) == 12_000


@settings(max_examples=60, deadline=None)
@given(
    parts=st.lists(
        st.tuples(st.floats(0, 200), st.floats(0, 200), st.floats(0.5, 40)).filter(lambda part: part[0] + part[1] > 0.1),
        min_size=1, max_size=4,
    ),
    width=st.sampled_from([0.5, 1.0, 2.5]),
)  # fmt: skip
def test_the_slices_of_a_profile_add_up_to_its_plan(parts: list[tuple[float, float, float]], width: float) -> None:
    segments = tuple(Segment(start=start, end=end, seconds=seconds) for start, end, seconds in parts)
    profile = Profile(kind="steps", text="", segments=segments)
    found = planned_per_slice(profile, [], width)
    assert abs(sum(found) - planned(Load(profile=profile))) <= 1
    assert len(found) == math.ceil(sum(one.seconds for one in segments) / width - 1e-9)


def test_the_slices_of_a_replay_count_its_arrivals() -> None:
    chance = random.Random(1)
    times = sorted(chance.uniform(0, 9.5) for _ in range(500))
    found = planned_per_slice(Profile(kind="replay", text=""), times, 1.0)
    assert sum(found) == 500
    assert found[3] == sum(3 <= moment < 4 for moment in times)


def test_the_exceedance_limit_is_the_thresholds_own() -> None:
    counts = drawn(10, new=Side(factor=1.15))
    strict = by_name(compared(counts, [percentile("p95 <= old", 0.95, Bound(base=Base.OLD))], seed=1))["", "p95"]
    lenient = by_name(compared(counts, [percentile("p95 <= old * 2", 0.95, Bound(base=Base.OLD, factor=2.0))], seed=1))
    assert strict.exceedance_e is not None
    assert strict.exceedance_e > 100
    mild = lenient["", "p95"].exceedance_e
    assert mild is not None
    assert mild < 100
