"""What hides from a percentile and from a share of errors: rare operations, refusals, quick failures, few requests."""

from dataclasses import replace

import numpy as np
import pytest

from harness.model.threshold import Threshold
from harness.scenario.thresholds import parse
from harness.stats.histogram import bucketed, of
from tests.unit.load.made_counts import (
    LIST,
    NEW,
    OLD,
    MadeCounts,
    Side,
    drawn,
    load_of,
    outcomes,
    verdicts,
)

RARE = "GET /exports"
SLICES = 15


def thresholds(*texts: str) -> tuple[Threshold, ...]:
    return tuple(parse(text) for text in texts)


def with_rare(many: int, old: str = "200", new: str = "200", *, slower: float = 1.0) -> MadeCounts:
    """Return 1,485 requests a side to one operation that is alike, and a few to another."""
    rng = np.random.default_rng(many)
    counts = MadeCounts((LIST, RARE))
    for part in range(SLICES):
        for side, outcome, factor in ((OLD, old, 1.0), (NEW, new, slower)):
            counts.put(part, side, LIST, 30_000 * np.exp(0.3 * rng.standard_normal(99)), {"200": 99})
            if few := len(range(part, many, SLICES)):
                answered = few if outcome.isdigit() else 0
                samples = factor * 30_000 * np.exp(0.3 * rng.standard_normal(answered))
                counts.put(part, side, RARE, samples, {outcome: few})
    return counts


@pytest.mark.parametrize("many", [1, 4, 15, 60])
@pytest.mark.parametrize("outcome", ["302", "404", "500", "connection lost"])
def test_a_rare_operation_that_new_never_answers_as_old_did_lets_nothing_pass(many: int, outcome: str) -> None:
    load = load_of(*thresholds("p95 <= old * 1.2", "errors <= old + 0.5pp", "throughput >= 95% of planned"))
    assert "PASS" not in outcomes(with_rare(many, new=outcome), load)[1:]
    assert outcomes(with_rare(many, old="404", new="404"), load)[1:] == ["PASS"] * 3


@pytest.mark.parametrize("many", [30, 45, 60])
def test_a_rare_operation_that_is_surely_slower_holds_what_its_few_requests_cannot_fail(many: int) -> None:
    load = load_of(*thresholds("p95 <= old * 1.2", "p95 <= 70ms"))
    relative, absolute = verdicts(with_rare(many, slower=3.0), load)[1:]
    assert (relative.outcome, absolute.outcome) == ("INCONCLUSIVE", "FAIL")
    assert f"p95 of {RARE}: {many} requests a side are too few for it (200 are enough), and their p" in relative.why[0]
    assert outcomes(with_rare(many), load)[1:] == ["PASS", "PASS"]


@pytest.mark.parametrize("share", [0.01, 0.05, 0.12])
def test_refusals_of_a_few_callers_are_no_error_and_no_success(share: float) -> None:
    errors = verdicts(drawn(1, new=Side(shares={"403": share})))[2]
    assert errors.outcome == "INCONCLUSIVE"
    assert "403" in errors.why[0]
    assert (
        outcomes(drawn(1, old=Side(shares={"403": share}), new=Side(shares={"403": share})), presented=())[2] == "PASS"
    )


@pytest.mark.parametrize(("share", "percentile"), [(0.05, "p99"), (0.09, "p95"), (0.09, "p99")])
def test_a_gateway_that_sheds_its_slowest_requests_is_not_quick(share: float, percentile: str) -> None:
    rng = np.random.default_rng(3)
    counts = MadeCounts()
    shed = round(150 * share)
    for part in range(40):
        old, new = 30_000 * np.exp(0.5 * rng.standard_normal((2, 150)))
        new = np.sort(1.5 * new)
        new[-shed:] = 1_000
        counts.put(part, OLD, LIST, old, {"200": 150})
        counts.put(part, NEW, LIST, new, {"200": 150 - shed, "503": shed})
    assert outcomes(counts, load_of(*thresholds(f"{percentile} <= old * 1.2")))[1] != "PASS"


@pytest.mark.parametrize(("slower", "outcome"), [(1.0, "PASS"), (2.0, "INCONCLUSIVE")])
def test_lateness_of_the_generator_evens_nothing_out(slower: float, outcome: str) -> None:
    rng = np.random.default_rng(5)
    counts = MadeCounts()
    for part in range(40):
        for side, factor in ((OLD, 1.0), (NEW, slower)):
            took, late = 2_000 * np.exp(0.3 * rng.standard_normal(150)), 15_000 + 15_000 * rng.random(150)
            counts.put(part, side, LIST, factor * took + late, {"200": 150})
            cell = counts.cells[part, side, LIST]
            counts.cells[part, side, LIST] = replace(cell, service=bucketed(factor * took))
    found = verdicts(counts, load_of(*thresholds("p95 <= old * 1.2")))[1]
    assert found.outcome == outcome
    assert ("lateness hides it" in found.why[0]) is (slower > 1)


@pytest.mark.parametrize("share", [0.3, 0.45])
def test_quick_failures_of_old_make_a_sound_new_side_no_slower(share: float) -> None:
    rng = np.random.default_rng(4)
    counts = MadeCounts()
    failed = round(150 * share)
    for part in range(40):
        old, new = 30_000 * np.exp(0.5 * rng.standard_normal((2, 150)))
        old[:failed] = 1_000
        counts.put(part, OLD, LIST, old, {"200": 150 - failed, "500": failed})
        counts.put(part, NEW, LIST, new, {"200": 150})
    found = verdicts(counts, load_of(*thresholds("p50 <= old * 1.2", "errors <= old + 0.1pp")))
    assert [one.outcome for one in found[1:]] == ["INCONCLUSIVE", "PASS"]
    assert "old fails oftener" in found[1].why[0]


@pytest.mark.parametrize("shares", [{"404": 0.5}, {"404": 0.3, "304": 0.2}, {"503": 0.02}])
def test_answers_that_vary_alike_on_both_sides_hold_nothing(shares: dict[str, float]) -> None:
    load = load_of(*thresholds("p50 <= old * 1.2", "p95 <= old * 1.2", "p99 <= old * 1.5", "errors <= old + 3pp"))
    for seed in range(5):
        one = Side(shares=shares)
        assert outcomes(drawn(seed, old=one, new=one), load, presented=())[1:] == ["PASS"] * 4


def stalling(seed: int, share: float, more: float) -> MadeCounts:
    """Return two sides that both stall at times of their own, new oftener where `more` is above 1."""
    rng = np.random.default_rng(seed)
    counts = MadeCounts()
    for part in range(40):
        for side, oftener in ((OLD, 1.0), (NEW, more)):
            stalled = rng.random() < share * oftener
            samples = 30_000 * np.exp(0.3 * rng.standard_normal(150)) + stalled * 300_000 * rng.random(150)
            counts.put(part, side, LIST, samples, {"200": 150})
    return counts


def test_one_stall_is_one_event_however_many_requests_it_holds_up() -> None:
    load = load_of(*thresholds("max <= old * 1.2"))
    assert "FAIL" not in {outcomes(stalling(seed, 0.025, 1.0), load)[1] for seed in range(60)}
    assert outcomes(drawn(3, new=Side(shares={"503": 0.0}, sigma=1.0)), load)[1] == "FAIL"


def test_a_late_generator_breaks_no_absolute_limit_of_a_quick_side() -> None:
    counts, load = drawn(4, new=Side(median=10.0)), load_of(*thresholds("p95 <= 45ms", "p95 <= 20ms"))
    for key, cell in counts.cells.items():
        late = of([(at + 30_000.0) for at in (5_000.0, 10_000.0, 20_000.0) for _ in range(50)])
        counts.cells[key] = replace(cell, planned=late)
    assert outcomes(counts, load)[1:] == ["INCONCLUSIVE", "FAIL"]
    counts.held[NEW] = 60
    assert outcomes(counts, load)[1:] == ["FAIL", "FAIL"]
