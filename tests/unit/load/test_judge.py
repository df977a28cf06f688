"""What a threshold of a load comes to: FAIL and PASS only where the figures are sure, and the load was a load."""

import os
import re

import pytest

from harness.load.entries import ALL, SCHEDULE, failed, infos
from harness.load.ruling import decided
from harness.model.event import Checked
from harness.model.load import LoadState
from harness.model.outcome import Outcome
from harness.model.threshold import Base, Bound, Metric, Operator, Threshold
from harness.stats.histogram import of
from harness.stats.intervals import Interval
from tests.unit.load.made_counts import (
    DEFAULTS,
    GET,
    LIST,
    NEW,
    OLD,
    P95,
    MadeCounts,
    Side,
    drawn,
    load_of,
    outcomes,
    percentile,
    verdicts,
)

RUNS = 1000 if os.environ.get("WHOLE_SIMULATION") else 100
MIX = (LIST, GET, "GET /a", "GET /b")
SLOWER = Side(factor=1.5)
P99_ABSOLUTE = percentile("p99 <= 300ms", 0.99, Bound(plus=300.0))


def threshold(text: str, metric: Metric, operator: Operator, bound: Bound, operation: str = "") -> Threshold:
    return Threshold(text=text, metric=metric, operator=operator, bound=bound, operation=operation)


def told(checked: Checked) -> str:
    return "\n".join(checked.why)


def numbers(checked: Checked, name: str) -> dict[str, str]:
    return checked.facts[name]


# The plan


def test_the_plan_lists_the_schedule_and_then_each_threshold_where_it_is_written() -> None:
    of_one = percentile("p99 <= 1s of GET /orders", 0.99, Bound(plus=1000.0), LIST)
    listed = infos(load_of(P95, of_one), first=3)
    assert [(one.index, one.name, one.operation) for one in listed] == [
        (3, SCHEDULE, ALL),
        (4, "p95 <= old * 1.2", ALL),
        (5, "p99 <= 1s of GET /orders", LIST),
    ]
    assert (listed[1].file, listed[1].line) == ("load.yaml", 7)


def test_a_load_that_could_not_begin_is_an_error_of_everything_in_the_plan() -> None:
    found = failed(load_of(), "no token", suite="load", at=1.0)
    assert [(one.outcome, one.why) for one in found] == [("ERROR", ("no token",))] * 3


# The defaults


def test_the_same_gateway_twice_passes_with_the_numbers_that_decided() -> None:
    schedule, p95, errors = verdicts(drawn(1))
    assert {schedule.outcome, p95.outcome, errors.outcome} == {"PASS"}
    assert schedule.requests == {"old": 6000, "new": 6000}
    assert re.search(
        r"p95: old \d+\.\d ms, new \d+\.\d ms \(.* 99 % sure of at most \+.* %\); allowed old \* 1.2 =", told(p95)
    )
    assert "old 0 of 6,000 (0 %), new 0 of 6,000 (0 %): 99 % sure of at most +0.077 pp" in told(errors)
    assert not p95.points


def test_half_as_slow_again_fails_at_the_default_size() -> None:
    _, p95, errors = verdicts(drawn(2, new=SLOWER))
    assert (p95.outcome, errors.outcome) == ("FAIL", "PASS")
    (point,) = p95.points
    assert (point.at, point.outcome, point.severity) == ("p95", "FAIL", "major")
    assert re.search(r"\(\+5\d %, 99 % sure of at least \+4\d %\)", point.title)
    assert set(numbers(p95, "p95")) >= {"old", "new", "limit", "sure"}


def test_one_per_cent_more_failures_fail_at_the_default_size() -> None:
    _, p95, errors = verdicts(drawn(3, new=Side(shares={"500": 0.01})))
    assert (p95.outcome, errors.outcome) == ("PASS", "FAIL")
    assert re.search(r"99 % sure of at least \+0\.\d+ pp; allowed old \+ 0.1pp = 0.1 %; on new \d+ x 500", told(errors))


def test_what_is_near_the_limit_says_how_much_would_decide_it() -> None:
    p95 = verdicts(drawn(4, new=Side(factor=1.17)))[1]
    assert p95.outcome == "INCONCLUSIVE"
    assert re.search(r"needs about [\d,]+ requests a side; this load sent 6,000: for: \d+m", told(p95))
    assert p95.points[0].note.startswith("needs about")


def test_what_sits_on_the_limit_names_no_load_that_nobody_would_send() -> None:
    level = percentile("p95 <= old", 0.95, Bound(base=Base.OLD))
    near = verdicts(drawn(1), load_of(level, max_requests=6000))[1]
    counts = drawn(1)
    counts.cells.update(
        {(number, NEW, name): cell for (number, side, name), cell in counts.cells.items() if side == OLD}
    )
    same = verdicts(counts, load_of(level))[1]
    assert (near.outcome, same.outcome) == ("INCONCLUSIVE", "INCONCLUSIVE")
    assert "max_requests: " in told(near) or "very near the limit" in told(near)
    assert "no sensible number of requests decides this" in told(same)


def test_a_load_of_another_shape_is_told_how_many_times_as_long() -> None:
    load = load_of()
    ramp = load_of()
    object.__setattr__(ramp.profile, "kind", "ramp")
    assert load.profile.kind == "constant"
    text = told(verdicts(drawn(4, new=Side(factor=1.17)), ramp)[1])
    assert re.search(r"load about \d+\.\d times as long", text)


def test_too_few_requests_for_a_percentile_are_told_and_counted() -> None:
    found = verdicts(
        drawn(5, many=400), load_of(percentile("p99 <= old * 1.2", 0.99, Bound(base=Base.OLD, factor=1.2)))
    )[1]
    assert found.outcome == "INCONCLUSIVE"
    assert "400 requests a side are too few for it (1,000 are enough)" in told(found)


# Operations


def test_one_slow_operation_does_not_hide_in_the_mix() -> None:
    p95 = verdicts(drawn(6, operations=MIX, news={GET: Side(factor=1.6)}))[1]
    assert p95.outcome == "FAIL"
    assert [point.at for point in p95.points] == [f"p95:{GET}"]
    assert p95.why[0].startswith(f"p95 of {GET}: ")
    assert f"p95 of {GET}" in p95.facts


def test_one_failing_operation_does_not_hide_in_the_mix() -> None:
    errors = verdicts(drawn(7, operations=MIX, many=40_000, news={GET: Side(shares={"500": 0.004})}))[2]
    assert errors.outcome == "FAIL"
    assert f"errors:{GET}" in {point.at for point in errors.points}


def test_operations_that_decide_nothing_by_themselves_are_named_and_hold_nothing_up() -> None:
    p95 = verdicts(drawn(8, operations=MIX, many=720))[1]
    assert p95.outcome == "PASS"
    assert "too few requests to judge these alone" in told(p95)


def test_an_operation_without_an_outcome_proves_nothing() -> None:
    counts = drawn(9, operations=MIX)
    counts.cells = {key: cell for key, cell in counts.cells.items() if key[2] != GET}
    found = verdicts(counts)
    assert [one.outcome for one in found[1:]] == ["INCONCLUSIVE"] * 2
    assert f"{GET}: old has no outcome at all" in told(found[1])


def test_a_threshold_of_one_operation_looks_at_that_one_alone() -> None:
    counts = drawn(10, operations=(LIST, GET), news={GET: SLOWER})
    bound = Bound(base=Base.OLD, factor=1.2)
    load = load_of(
        percentile(f"p95 <= old * 1.2 of {LIST}", 0.95, bound, LIST),
        percentile(f"p95 <= old * 1.2 of {GET}", 0.95, bound, GET),
    )
    assert outcomes(counts, load)[1:] == ["PASS", "FAIL"]
    assert "allowed old * 1.2 = " in told(verdicts(counts, load)[1])


# Absolute limits


@pytest.mark.parametrize(("limit", "outcome"), [(300.0, "PASS"), (95.0, "INCONCLUSIVE"), (60.0, "FAIL")])
def test_an_absolute_limit_is_held_against_new_alone(limit: float, outcome: str) -> None:
    load = load_of(percentile(f"p99 <= {limit:g}ms", 0.99, Bound(plus=limit)))
    found = verdicts(drawn(11), load)[1]
    assert found.outcome == outcome
    assert f"allowed {limit:g}ms" in told(found)


def test_an_operation_that_was_slow_on_old_too_does_not_break_an_absolute_limit_by_itself() -> None:
    sides = {GET: Side(median=170.0)}
    counts = drawn(12, operations=MIX, news=sides)
    load = load_of(percentile("p95 <= 300ms", 0.95, Bound(plus=300.0)))
    assert verdicts(counts, load)[1].outcome == "FAIL"  # old kept to it
    for (number, side, name), cell in list(counts.cells.items()):
        if side == NEW and name == GET:
            counts.cells[number, OLD, name] = cell
    assert verdicts(counts, load)[1].outcome == "PASS"


def test_an_operation_that_broke_an_absolute_limit_on_old_may_not_get_worse() -> None:
    rare, errors = (*MIX, "GET /c", "GET /d", "GET /e", "GET /f", "GET /g"), Bound(plus=0.1)
    old, new = Side(shares={"503": 0.12}), Side(shares={"503": 0.3})
    load = load_of(
        percentile("p50 <= 40ms", 0.5, Bound(plus=40.0)), threshold("errors <= 10%", Metric.ERRORS, "<=", errors)
    )
    for factor, now, outcome in ((1.0, old, "PASS"), (3.0, new, "FAIL")):
        counts = drawn(12, operations=rare, news={GET: Side(median=50.0 * factor)})
        failing = drawn(13, operations=rare, news={GET: now})
        before = drawn(14, operations=rare, news={GET: Side(median=50.0)}), drawn(15, operations=rare, news={GET: old})
        for made, made_before in zip((counts, failing), before, strict=True):
            made.cells |= {
                (number, OLD, GET): cell
                for (number, side, name), cell in made_before.cells.items()
                if (side, name) == (NEW, GET)
            }
        assert verdicts(counts, load)[1].outcome == outcome
        assert verdicts(failing, load)[2].outcome == outcome


@pytest.mark.parametrize(("operator", "outcome"), [("<=", Outcome.PASS), ("<", Outcome.INCONCLUSIVE)])
def test_equality_keeps_to_at_most_and_not_to_less(operator: Operator, outcome: Outcome) -> None:
    assert decided(Interval(1.0, 2.0, 0.98), 2.0, operator) is outcome
    assert decided(Interval(2.1, 3.0, 0.98), 2.0, operator) is Outcome.FAIL
    assert decided(Interval(1.0, 1.9, 0.98), 2.0, operator) is Outcome.PASS


def test_at_least_is_the_mirror_of_at_most() -> None:
    assert decided(Interval(1.0, 2.0, 0.98), 1.0, ">=") is Outcome.PASS
    assert decided(Interval(1.0, 2.0, 0.98), 1.0, ">") is Outcome.INCONCLUSIVE
    assert decided(Interval(1.0, 2.0, 0.98), 2.1, ">=") is Outcome.FAIL


# What got no answer, and other answers


def test_requests_without_an_answer_are_slower_than_any_answer() -> None:
    p95 = verdicts(drawn(13, new=Side(shares={"timeout": 0.07})))[1]
    assert p95.outcome == "FAIL"
    assert "new no answer" in told(p95)
    assert re.search(r"[67](\.\d)? % of its requests got none", told(p95))


def test_an_old_side_that_leaves_requests_unanswered_is_no_reference() -> None:
    lost = Side(shares={"timeout": 0.04})
    p95 = verdicts(drawn(14, old=lost, new=lost))[1]
    assert p95.outcome == "INCONCLUSIVE"
    assert "no reference" in told(p95)


def test_latencies_of_other_answers_are_not_compared() -> None:
    p95, errors = verdicts(drawn(15, new=Side(shares={"404": 1.0}, factor=0.1)))[1:]
    assert (p95.outcome, errors.outcome) == ("INCONCLUSIVE", "INCONCLUSIVE")
    assert "few errors among such answers are no success" in told(errors)
    assert (
        f"{LIST}: old answered 200 (100 %), new 404 (100 %): latencies of different answers are not compared"
        in told(p95)
    )


def test_one_operation_with_other_answers_holds_a_pass_but_not_the_failure_of_another() -> None:
    quick = Side(shares={"404": 1.0}, factor=0.1)
    assert outcomes(drawn(16, operations=MIX, news={GET: quick}))[1] == "INCONCLUSIVE"
    assert outcomes(drawn(16, operations=MIX, news={GET: quick, LIST: Side(factor=1.7)}))[1] == "FAIL"


@pytest.mark.parametrize("shares", [{"401": 1.0}, {"403": 0.4}, {"301": 0.2}])
def test_what_new_turns_away_is_neither_few_errors_nor_throughput(shares: dict[str, float]) -> None:
    taken = threshold("throughput >= 95% of planned", Metric.THROUGHPUT, ">=", Bound(base=Base.PLANNED, factor=0.95))
    counts, load = drawn(15, operations=MIX, news={GET: Side(shares=shares)}), load_of(DEFAULTS[1], taken)
    assert outcomes(counts, load) == ["PASS", "INCONCLUSIVE", "INCONCLUSIVE"]
    assert outcomes(counts, load, named=MIX) == ["PASS"] * 3
    assert outcomes(drawn(15, old=Side(shares=shares), new=Side(shares=shares)), load, presented=()) == ["PASS"] * 3


def test_errors_that_a_threshold_allows_are_no_other_answers() -> None:
    load = load_of(threshold("errors <= 30%", Metric.ERRORS, "<=", Bound(plus=0.3)))
    assert outcomes(drawn(15, new=Side(shares={"503": 0.2})), load) == ["PASS", "PASS"]


def test_a_credential_that_expires_on_the_way_leaves_refusals_that_prove_nothing() -> None:
    expired = Side(shares={"401": 0.3})
    found = verdicts(drawn(18, old=expired, new=expired), presented={LIST})
    assert [one.outcome for one in found[1:]] == ["INCONCLUSIVE"] * 2
    assert "both sides refuse" in told(found[1])


def test_partly_other_answers_do_not_make_a_pass() -> None:
    partly = Side(shares={"404": 0.3}, factor=0.5)
    p95 = verdicts(drawn(17, new=partly))[1]
    assert p95.outcome == "INCONCLUSIVE"
    assert "latencies of other answers do not make a pass" in told(p95)
    assert outcomes(drawn(17, new=Side(shares={"404": 0.3}, factor=2.0)))[1] == "FAIL"


def test_refusals_prove_nothing_where_a_caller_is_presented() -> None:
    refused = Side(shares={"403": 1.0})
    counts = drawn(18, old=refused, new=refused)
    assert "both sides refuse" in told(verdicts(counts)[1])
    assert outcomes(counts, presented={LIST})[1] == "INCONCLUSIVE"
    assert outcomes(counts, presented=())[1] == "PASS"


def test_an_old_side_that_mostly_fails_proves_no_latency() -> None:
    broken = Side(shares={"503": 0.6})
    found = verdicts(drawn(19, old=broken, new=broken))
    assert [one.outcome for one in found[1:]] == ["INCONCLUSIVE", "INCONCLUSIVE"]
    assert "of old's own requests failed" in told(found[1])


# Sides that do not answer


@pytest.mark.parametrize("new", [Side(), Side(shares={"connection failed": 1.0})])
def test_an_old_side_that_does_not_answer_is_an_error(new: Side) -> None:
    found = verdicts(drawn(20, old=Side(shares={"connection failed": 1.0}), new=new))
    assert [one.outcome for one in found] == ["PASS", "ERROR", "ERROR"]
    assert "old did not answer: all 6,000 requests failed: connection failed (100 %)" in told(found[1])


@pytest.mark.parametrize("shares", [{"503": 1.0}, {"timeout": 1.0}, {"503": 0.5, "reset": 0.5}])
def test_a_new_side_alone_that_does_not_answer_fails_everything(shares: dict[str, float]) -> None:
    found = verdicts(drawn(21, new=Side(shares=shares)))
    assert [one.outcome for one in found] == ["PASS", "FAIL", "FAIL"]
    assert "new did not answer, where old did" in told(found[1])


def test_a_load_without_a_request_proves_nothing() -> None:
    found = verdicts(MadeCounts(), planned={OLD: 6000, NEW: 6000})
    assert [one.outcome for one in found] == ["INCONCLUSIVE"] * 3
    assert "not one request was sent" in told(found[0])


# Loads that did not end as planned


@pytest.mark.parametrize("state", [LoadState.INTERRUPTED, LoadState.WORKER_LOST, LoadState.FAILED, LoadState.ABORTED])
def test_what_was_not_sent_to_the_end_decides_nothing_and_keeps_its_figures(state: LoadState) -> None:
    found = verdicts(drawn(22, new=SLOWER, many=3000), state=state, why="w2 is gone", planned={OLD: 6000, NEW: 6000})
    assert [one.outcome for one in found] == ["INCONCLUSIVE"] * 3
    assert "(w2 is gone) after 3,000 of 6,000 requests a side" in told(found[0])
    assert "measured: p95: old " in told(found[1])
    assert numbers(found[1], "p95")["new"]


def test_a_load_that_new_alone_broke_fails_its_errors() -> None:
    counts = drawn(23, many=400, new=Side(shares={"503": 0.7}))
    found = verdicts(counts, state=LoadState.ABORTED, planned={OLD: 6000, NEW: 6000})
    assert [one.outcome for one in found] == ["INCONCLUSIVE", "INCONCLUSIVE", "FAIL"]


def test_a_load_that_was_stopped_never_passes() -> None:
    counts = drawn(23, many=2400, new=Side(shares={"503": 0.0006}))
    assert outcomes(counts, state=LoadState.ABORTED, planned={OLD: 6000, NEW: 6000}) == ["INCONCLUSIVE"] * 3


def test_a_percentile_at_the_least_samples_is_not_decided_without_both_ends() -> None:
    found = verdicts(drawn(24, many=1000, slices=5), load_of(percentile("p99 <= 150ms of x", 0.99, Bound(plus=150.0))))[
        1
    ]
    assert found.outcome in {"INCONCLUSIVE", "PASS"}
    assert "inf" not in told(found)
    assert "nan" not in told(found)


def test_a_load_that_both_broke_decides_nothing() -> None:
    broken = Side(shares={"503": 0.7})
    found = outcomes(drawn(24, many=400, old=broken, new=broken), state=LoadState.ABORTED)
    assert found == ["INCONCLUSIVE"] * 3


def test_a_new_side_that_broke_in_the_warm_up_already_fails() -> None:
    counts = MadeCounts()
    counts.put(-1, OLD, LIST, [30_000.0] * 120, {"200": 120})
    counts.put(-1, NEW, LIST, [3_000.0] * 30, {"200": 30, "connection failed": 90})
    found = verdicts(counts, state=LoadState.ABORTED, planned={OLD: 6000, NEW: 6000})
    assert found[2].outcome == "FAIL"
    assert "new 90 of 120 (75 %)" in told(found[2])


def test_a_generator_that_fell_behind_measured_itself() -> None:
    counts = drawn(25, new=SLOWER)
    counts.late, counts.used = of([900.0] * 97 + [90_000.0] * 3), 0.97
    found = verdicts(counts)
    assert [one.outcome for one in found] == ["INCONCLUSIVE"] * 3
    assert "the load generator fell behind" in told(found[1])
    assert "measured: p95: old " in told(found[1])
    assert {one.why[0] for one in found} == {found[0].why[0]}, "one reason, told once"
    assert not any(one.points for one in found)


# Errors


def test_most_errors_at_once_are_told_as_a_burst() -> None:
    counts = drawn(26)
    counts.put(4, NEW, LIST, [30_000.0] * 90, {"200": 90, "502": 60})
    errors = verdicts(counts)[2]
    assert errors.outcome == "FAIL"
    assert "60 of new's 60 errors came at once" in told(errors)


def test_throttling_has_its_remedy() -> None:
    errors = verdicts(drawn(27, new=Side(shares={"429": 0.02})))[2]
    assert errors.outcome == "FAIL"
    assert "rate limit" in errors.points[0].remedy


@pytest.mark.parametrize(("share", "outcome"), [(0.0, "PASS"), (0.005, "INCONCLUSIVE"), (0.02, "FAIL")])
def test_an_absolute_limit_of_errors(share: float, outcome: str) -> None:
    limit = threshold("errors <= 0.5%", Metric.ERRORS, "<=", Bound(plus=0.005))
    assert outcomes(drawn(28, new=Side(shares={"500": share})), load_of(limit))[1] == outcome


def test_the_same_errors_on_both_sides_do_not_fail() -> None:
    both = Side(shares={"500": 0.003})
    errors = verdicts(drawn(29, old=both, new=both))[2]
    assert errors.outcome == "INCONCLUSIVE"
    assert "requests a side" in told(errors)


# Throughput, maxima


def test_throughput_is_counted_against_the_plan() -> None:
    load = load_of(
        threshold("throughput >= 95% of planned", Metric.THROUGHPUT, ">=", Bound(base=Base.PLANNED, factor=0.95))
    )
    good = verdicts(drawn(30), load)[1]
    assert good.outcome == "PASS"
    assert "new answered 50/s without error (old 50/s, planned 50/s); allowed 95% of planned = 47.5/s" in told(good)
    assert outcomes(drawn(30, new=Side(shares={"500": 0.1})), load)[1] == "FAIL"


def test_answers_that_come_after_the_load_are_no_throughput() -> None:
    load = load_of(
        threshold("throughput >= 95% of planned", Metric.THROUGHPUT, ">=", Bound(base=Base.PLANNED, factor=0.95))
    )
    counts = drawn(31)
    for number in range(40):  # a queue that grows by half a second a second
        counts.put(number, NEW, LIST, [number * 1_500_000.0 + 30_000.0] * 150, {"200": 150})
    found = verdicts(counts, load)[1]
    assert found.outcome == "FAIL"
    assert "what came after the load's end is not counted" in told(found)


def test_a_load_cannot_show_more_than_it_sends() -> None:
    load = load_of(threshold("throughput >= 450/s", Metric.THROUGHPUT, ">=", Bound(plus=450.0)))
    found = verdicts(drawn(32), load)[1]
    assert found.outcome == "INCONCLUSIVE"
    assert "this load plans 50/s only" in told(found)


def test_throughput_that_old_does_not_reach_either_is_no_fault_of_new() -> None:
    load = load_of(
        threshold("throughput >= 95% of planned", Metric.THROUGHPUT, ">=", Bound(base=Base.PLANNED, factor=0.95))
    )
    short = Side(shares={"503": 0.1})
    found = verdicts(drawn(43, old=short, new=short), load)[1]
    assert found.outcome == "INCONCLUSIVE"
    assert "old fell short of it too" in told(found)


def test_throughput_of_old() -> None:
    load = load_of(threshold("throughput >= 95% of old", Metric.THROUGHPUT, ">=", Bound(base=Base.OLD, factor=0.95)))
    assert outcomes(drawn(33), load)[1] == "PASS"
    assert outcomes(drawn(33, new=Side(shares={"500": 0.08})), load)[1] == "FAIL"


@pytest.mark.parametrize(("limit", "outcome"), [(5000.0, "PASS"), (50.0, "FAIL")])
def test_an_absolute_maximum_is_decided_by_one_request(limit: float, outcome: str) -> None:
    load = load_of(percentile(f"max <= {limit:g}ms", 1.0, Bound(plus=limit)))
    assert outcomes(drawn(34), load)[1] == outcome


def test_a_relative_maximum_fails_only_by_more_than_chance() -> None:
    load = load_of(percentile("max <= old * 1.2", 1.0, Bound(base=Base.OLD, factor=1.2)))
    found = [verdicts(drawn(seed), load)[1] for seed in range(40, 60)]
    assert "FAIL" not in {one.outcome for one in found}
    assert "weak evidence" in told(found[0])
    assert outcomes(drawn(40, new=Side(factor=3.0)), load)[1] == "FAIL"


def test_a_timeout_breaks_an_absolute_maximum() -> None:
    load = load_of(percentile("max <= 5s", 1.0, Bound(plus=5000.0)))
    assert outcomes(drawn(35, new=Side(shares={"timeout": 0.001})), load)[1] == "FAIL"


# False alarms: the same gateway twice


@pytest.mark.parametrize(
    ("sigma", "shared", "own"),
    [(0.5, 0.3, 0.0), (1.0, 0.3, 0.0), (0.5, 0.2, 0.1)],
    ids=["waves that hit both", "and long tails", "and waves of each side"],
)
def test_the_same_gateway_twice_does_not_fail(sigma: float, shared: float, own: float) -> None:
    """At most 1 % false alarms: with the default thresholds, and (where both sides are one) without any margin."""
    side = Side(sigma=sigma, waves=own)
    load = load_of(*DEFAULTS, percentile("p95 <= old", 0.95, Bound(base=Base.OLD)))
    runs = [outcomes(drawn(seed, side, side, slices=20, shared=shared), load)[1:] for seed in range(1000, 1000 + RUNS)]
    assert sum("FAIL" in found[:2] for found in runs) == 0
    assert own or sum(found[2] == "FAIL" for found in runs) <= 0.01 * RUNS


@pytest.mark.parametrize("sigma", [0.5, 1.0])
def test_the_two_regressions_that_must_be_found_are_found(sigma: float) -> None:
    for seed in range(3000, 3010):
        slow = drawn(seed, Side(sigma=sigma), Side(sigma=sigma, factor=1.5), slices=20, shared=0.3)
        broken = drawn(seed, Side(sigma=sigma), Side(sigma=sigma, shares={"500": 0.01}), slices=20, shared=0.3)
        assert (outcomes(slow)[1], outcomes(broken)[2]) == ("FAIL", "FAIL"), seed
