"""What a resumed run looks at anew: what an earlier session judged of it counts no more."""

from harness.decide.fold import fold
from harness.model.dns import Timing
from harness.model.event import (
    Anew,
    CaseInfo,
    Checked,
    Ended,
    Event,
    GateInfo,
    Planned,
    Point,
    Started,
    Surveyed,
)
from harness.model.finding import Summary
from harness.model.outcome import Outcome, Verdict

STARTED = Started(
    run="r1", at=1.0, version="0", scenario="s", scenario_files=("s.yaml",), digest="d", environment="",
    mode="rehearse", seed=1, gateways={}, gates=GateInfo(require=("dns",)),
)  # fmt: skip
PLANNED = Planned(at=1.5, suite="dns", cases=tuple(CaseInfo(index=at, name=f"t{at}", operation="n") for at in (0, 1)))


def _checked(index: int, outcome: str = "PASS") -> Checked:
    point = Point(at="dns:ttl", title=f"t{index} is wrong", outcome=outcome, severity="major")
    points = (point,) if outcome == "FAIL" else ()
    return Checked(at=2.0, suite="dns", index=index, case=f"t{index}", outcome=outcome, why=("why",), points=points)


def _surveyed(ttl: int) -> Surveyed:
    return Surveyed(at=2.0, suite="dns", timing=Timing(name="n", ttl=ttl))


def _folded(*events: Event) -> Summary:
    return fold([STARTED, PLANNED, *events])


def test_what_is_judged_anew_counts_alone() -> None:
    anew = (PLANNED, Anew(at=3.0, suite="dns"), _surveyed(60), _checked(0), _checked(1))
    found = _folded(_surveyed(3600), _checked(0, "FAIL"), *anew, Ended(at=4.0, state="finished"))
    assert (found.verdict, found.findings) == (Verdict.GO, ())
    assert [one.timing.ttl for one in found.surveyed] == [60]
    assert [case.outcome for case in found.cases] == [Outcome.PASS, Outcome.PASS]


def test_what_was_judged_before_does_not_stand_in_for_what_was_not_judged_anew() -> None:
    found = _folded(_surveyed(60), _checked(0), _checked(1), PLANNED, Anew(at=3.0, suite="dns"), _checked(1))
    assert found.verdict is Verdict.HOLD
    assert found.surveyed == ()
    assert [case.outcome for case in found.cases] == [Outcome.INCONCLUSIVE, Outcome.PASS]


def test_other_suites_keep_what_they_have() -> None:
    found = _folded(_checked(0), _checked(1, "FAIL"), Anew(at=3.0, suite="load"), Ended(at=4.0, state="finished"))
    assert found.verdict is Verdict.NO_GO
    assert [one.title for one in found.findings] == ["t1 is wrong"]


def test_twice_without_a_word_is_an_error() -> None:
    found = _folded(_checked(0), _checked(1), _checked(1), Ended(at=4.0, state="finished"))
    assert found.verdict is Verdict.HOLD
