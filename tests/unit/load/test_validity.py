"""Whether a load was the one that was planned: each reason with its number, and what to do."""

from dataclasses import replace

import pytest

from harness.load.validity import generator, invalid
from harness.scenario.types import Load
from harness.stats.histogram import EMPTY, of
from tests.unit.load.made_counts import NEW, OLD, MadeCounts, drawn, load_of

PLANNED = {OLD: 6000, NEW: 6000}


def reasons(counts: MadeCounts, load: Load | None = None, planned: dict[str, int] | None = None) -> list[str]:
    load = load or load_of()
    return invalid(load, generator(load, counts, {}), counts, planned or PLANNED)


def late(counts: MadeCounts, milliseconds: float, cpu: float | None) -> MadeCounts:
    counts.late, counts.used = of([900.0] * 95 + [milliseconds * 1000] * 5), cpu
    return counts


def test_a_load_that_kept_its_schedule_is_valid_and_shows_its_rate() -> None:
    counts = drawn(1)
    found = generator(load_of(), counts, {"unsent": {"old": 0, "new": 0}})
    assert reasons(counts) == []
    assert found.hold == pytest.approx(100.0)
    assert found.late_p99 == pytest.approx(0.9, rel=0.01)
    assert found.client == "a client"


def test_sides_that_were_asked_one_after_another_show_the_rate_of_one() -> None:
    assert generator(load_of(order="one-after-another"), drawn(1), {}).hold == pytest.approx(50.0)


def test_a_generator_that_is_busy_and_late_names_the_rate_that_it_holds() -> None:
    (text,) = reasons(late(drawn(2), 80.0, 0.98))
    assert "1 % of the requests left 80.0 ms late or more (allowed: 50.0 ms)" in text
    assert "this machine holds about 71.4/s (both sides; reckoned from 98 % of a core)" in text
    assert "lower the rate, or add " in text


def test_a_generator_that_is_late_and_not_busy_was_held_up_by_something_else() -> None:
    (text,) = reasons(late(drawn(3), 80.0, 0.3))
    assert "something else kept this machine busy" in text


def test_late_without_a_word_of_cpu_still_says_what_to_do() -> None:
    (text,) = reasons(late(drawn(4), 80.0, None))
    assert "lower the rate" in text


def test_a_core_that_is_used_up_taints_what_it_measures_before_the_limit_is_passed() -> None:
    assert "partly itself" in reasons(late(drawn(5), 40.0, 0.95))[0]
    assert reasons(late(drawn(5), 10.0, 0.95)) == []
    assert reasons(late(drawn(5), 40.0, 0.6)) == []


def test_what_every_request_waited_for_is_no_schedule() -> None:
    counts = drawn(6)
    counts.late = EMPTY
    assert "is not known" in reasons(counts)[0]


def test_requests_that_were_never_sent_are_counted_by_side() -> None:
    counts = drawn(7)
    assert reasons(counts, planned={OLD: 6006, NEW: 6000}) == []
    (text,) = reasons(counts, planned={OLD: 6100, NEW: 6000})
    assert text.startswith("old: 100 of 6,100 planned requests were not sent")


def test_requests_that_left_and_were_not_seen_to_their_end_are_missing_at_random_times_too() -> None:
    load = load_of()
    load = replace(load, profile=replace(load.profile, poisson=True))
    counts = drawn(8)
    counts.unsent = {OLD: 0, NEW: 0}
    assert reasons(counts, load, PLANNED) == []
    assert reasons(counts, load, {OLD: 6000, NEW: 6100})[0].startswith("new: 100 of 6,100 planned")


def test_a_lost_worker_is_named() -> None:
    counts = drawn(9)
    counts.lost = ["w2"]
    assert reasons(counts)[0].startswith("lost w2 on the way")


def test_no_request_at_all_is_said_as_such() -> None:
    assert reasons(MadeCounts()) == ["not one request was sent and seen to its end: nothing was measured"]


def test_more_workers_are_offered_only_where_there_are_cores_for_them() -> None:
    counts, load = late(drawn(10), 80.0, 0.98), load_of(workers=2)
    found = generator(load, counts, {}, cores=4)
    assert "add `workers`" in invalid(load, found, counts, PLANNED, cores=4)[0]
    assert "cutover load worker" in invalid(load, found, counts, PLANNED, cores=2)[0]
