"""Events → verdict: whatever is missing, late or skipped is told and never ends in GO."""

from typing import Any

import pytest

from harness.decide.fold import fold
from harness.model.errors import HarnessError
from harness.model.event import (
    CaseInfo,
    Ended,
    Event,
    GateInfo,
    Judged,
    ManualGate,
    Planned,
    Recorded,
    RecordedDifference,
    RecordedPair,
    Round,
    Started,
)
from harness.model.outcome import Outcome, Severity, Verdict
from harness.model.probe import Group, Probe, Wants
from harness.security.matrix import NOBODY


def started(**changes: Any) -> Started:
    values: dict[str, Any] = {
        "run": "r1",
        "at": 1.0,
        "version": "0",
        "scenario": "s",
        "scenario_files": ("s.yaml",),
        "digest": "d",
        "environment": "",
        "mode": "rehearse",
        "seed": 1,
        "gateways": {},
        "gates": GateInfo(require=("parity",)),
    }
    return Started(**{**values, **changes})


def info(index: int, **changes: Any) -> CaseInfo:
    return CaseInfo(**{"index": index, "name": f"case {index}", "operation": f"GET /{index}", **changes})


def planned(*cases: CaseInfo, **changes: Any) -> Planned:
    return Planned(at=2.0, suite="parity", cases=cases, **changes)


def answer(status: int = 200, ms: float = 1.0) -> Recorded:
    return Recorded(method="GET", url="http://x/", sent_at=3.0, status=status, total_ms=ms)


def header(name: str = "etag", kind: str = "missing", cause: str = "unexplained") -> RecordedDifference:
    return RecordedDifference(at=f"header:{name}", kind=kind, cause=cause, old='"a"', new=None)


def asked(
    index: int, *differences: RecordedDifference, outcome: str = "PASS", round_: int = 0, why: tuple[str, ...] = ()
) -> Round:
    counts: dict[str, int] = {}
    for difference in differences:
        counts[difference.cause] = counts.get(difference.cause, 0) + 1
    pair = RecordedPair(
        step=0, old=answer(), new=answer(), counts=counts, differences=differences, outcome=outcome, why=why
    )
    return Round(at=4.0, suite="parity", index=index, case=f"case {index}", round=round_, pairs=(pair,))


END = Ended(at=9.0, state="finished")
FAILED: dict[str, Any] = {"outcome": "FAIL", "why": ("header:etag missing",)}

VERDICTS: dict[str, Any] = {
    "all passed": ([started(), planned(info(0)), asked(0), END], Verdict.GO),
    "one failed": ([started(), planned(info(0), info(1)), asked(0), asked(1, header(), **FAILED), END], Verdict.NO_GO),
    "nothing planned": ([started(), planned(), END], Verdict.HOLD),
    "not even a plan": ([started(), END], Verdict.HOLD),
    "planned, never asked": ([started(), planned(info(0), info(1)), asked(0), END], Verdict.HOLD),
    "a repeat missing": ([started(), planned(info(0, rounds=2)), asked(0), END], Verdict.HOLD),
    "no end": ([started(), planned(info(0)), asked(0)], Verdict.HOLD),
    "interrupted": ([started(), planned(info(0)), asked(0), Ended(at=9.0, state="interrupted")], Verdict.HOLD),
    "inconclusive": ([started(), planned(info(0)), asked(0, outcome="INCONCLUSIVE", why=("429",)), END], Verdict.HOLD),
    "error": ([started(), planned(info(0)), asked(0, outcome="ERROR", why=("old silent",)), END], Verdict.HOLD),
    "unsafe skipped": ([started(), planned(info(0), info(1, skip="unsafe")), asked(0), END], Verdict.HOLD),
    "unsafe skipped as agreed": (
        [started(), planned(info(0), info(1, skip="unsafe: agreed", accepted=True)), asked(0), END],
        Verdict.GO,
    ),
    "everything skipped as agreed": (
        [started(), planned(info(0, skip="unsafe: agreed", accepted=True)), END],
        Verdict.HOLD,
    ),
    "everything proves nothing, as was allowed": (
        [started(), planned(info(0, accepted=True)), asked(0, outcome="INCONCLUSIVE", why=("not told",)), END],
        Verdict.HOLD,
    ),
    "one proves nothing, as was allowed": (
        [
            started(),
            planned(info(0), info(1, accepted=True)),
            asked(0),
            asked(1, outcome="INCONCLUSIVE", why=("not told",)),
            END,
        ],
        Verdict.GO,
    ),
    "what was allowed to prove nothing was never asked": (
        [started(), planned(info(0), info(1, accepted=True)), asked(0), END],
        Verdict.HOLD,
    ),
    "one side only": ([started(mode="only-old"), planned(info(0)), asked(0), END], Verdict.HOLD),
    "one side only, though a step of its own failed": (
        [started(mode="only-new"), planned(info(0)), asked(0, **FAILED), END],
        Verdict.HOLD,
    ),
    "manual gate open": (
        [
            started(gates=GateInfo(require=("parity",), manual=(ManualGate(what="NSG", owner="netops"),))),
            planned(info(0)),
            asked(0),
            END,
        ],
        Verdict.HOLD,
    ),
    "manual gate signed": (
        [
            started(
                gates=GateInfo(require=("parity",), manual=(ManualGate(what="NSG", owner="o", done="2026-11-20"),))
            ),
            planned(info(0)),
            asked(0),
            END,
        ],
        Verdict.GO,
    ),
    "a required suite without data": (
        [started(gates=GateInfo(require=("parity", "load"))), planned(info(0)), asked(0), END],
        Verdict.HOLD,
    ),
    "nothing required": (
        [started(gates=GateInfo(require=())), planned(info(0)), asked(0), END],
        Verdict.HOLD,
    ),
    "asked twice": ([started(), planned(info(0)), asked(0), asked(0), END], Verdict.HOLD),
    "asked though not planned": ([started(), planned(info(0)), asked(0), asked(7), END], Verdict.HOLD),
    "own test failed": (
        [started(), planned(info(0)), asked(0), Judged(at=5.0, suite="own tests", item="t", outcome="failed"), END],
        Verdict.NO_GO,
    ),
    "own test erred": (
        [started(), planned(info(0)), asked(0), Judged(at=5.0, suite="own tests", item="t", outcome="error"), END],
        Verdict.HOLD,
    ),
    "own test passed": (
        [started(), planned(info(0)), asked(0), Judged(at=5.0, suite="own tests", item="t", outcome="passed"), END],
        Verdict.GO,
    ),
}


@pytest.mark.parametrize("row", VERDICTS.values(), ids=VERDICTS.keys())
def test_verdict(row: Any) -> None:
    events, verdict = row
    summary = fold(events)
    assert summary.verdict is verdict
    assert summary.reasons
    for suite in summary.suites:
        assert suite.passed + suite.failed + suite.inconclusive + suite.errors + suite.skipped == sum(
            case.suite == suite.name for case in summary.cases
        )


def test_no_beginning() -> None:
    with pytest.raises(HarnessError):
        fold([])


def test_one_header_wrong_everywhere_is_one_finding() -> None:
    events: list[Event] = [started(), planned(*map(info, range(400)))]
    events += [asked(index, header(), **FAILED) for index in range(400)]
    summary = fold([*events, END])
    [finding] = [finding for finding in summary.findings if finding.outcome is Outcome.FAIL]
    assert (finding.count, len(finding.cases), finding.at, finding.case) == (400, 400, "header:etag", "case 0")


def test_flaky_share_is_told() -> None:
    rounds = [asked(0, round_=n) for n in range(4)] + [asked(0, header(), round_=4, **FAILED)]
    summary = fold([started(), planned(info(0, rounds=5)), *rounds, END])
    assert summary.cases[0].flaky == "1 of 5"
    assert summary.findings[0].share == "1 of 5"


def test_critical_case_and_weaker_come_first() -> None:
    status = RecordedDifference(at="status", kind="value", cause="weaker", old="403", new="200")
    events: list[Event] = [
        started(),
        planned(info(0), info(1, critical=True), info(2)),
        asked(0, header("vary"), **FAILED),
        asked(1, header(), **FAILED),
        asked(2, status, **FAILED),
        END,
    ]
    severities = [finding.severity for finding in fold(events).findings]
    assert severities == [Severity.CRITICAL, Severity.CRITICAL, Severity.MAJOR]


def test_an_open_door_comes_before_a_protection_that_is_lost() -> None:
    status = RecordedDifference(at="status", kind="value", cause="weaker", old="401", new="200")
    lost = header("x-frame-options", cause="weaker")
    summary = fold([started(), planned(info(0), info(1)), asked(0, lost, **FAILED), asked(1, status, **FAILED), END])
    assert [finding.at for finding in summary.findings] == ["status", "header:x-frame-options"]
    assert summary.findings[1].title == "weaker than old: new lacks header:x-frame-options"


@pytest.mark.parametrize(
    ("group", "title"),
    [
        (Group.DOORS, "direct: https://gw.example is open: new answers 200"),
        (Group.CALLERS, "GET /a: must be refused: new answers 200"),
    ],
)
def test_what_only_the_new_side_is_asked_never_became_anything(group: Group, title: str) -> None:
    row = "direct: https://gw.example"
    probe = Probe(group=group, row=row, column="GET /a", wants=Wants.REFUSED)
    status = RecordedDifference(at="status", kind="value", cause="weaker", old="not asked", new="200")
    summary = fold([started(), planned(info(0, probe=probe)), asked(0, status, **FAILED), END])
    assert [finding.title for finding in summary.findings] == [title]


@pytest.mark.parametrize("mode", ["only-old", "against"])
def test_a_suite_that_needs_both_sides_says_so(mode: str) -> None:
    begun = started(mode=mode, gates=GateInfo(require=("parity", "security")))
    summary = fold([begun, planned(info(0)), Planned(at=2.0, suite="security", cases=()), asked(0), END])
    assert summary.verdict is Verdict.HOLD
    assert "security: asks both sides at once; rehearse it where both gateways can be reached" in summary.reasons


def test_where_nobody_in_particular_gets_in_all_who_do_are_one_finding() -> None:
    def cell(index: int, row: str, column: str, caller: str = "") -> CaseInfo:
        return info(index, probe=Probe(group=Group.CALLERS, row=row, column=column, caller=caller))

    cells = (
        cell(0, "GET /a", "wrong key", "web"),
        cell(1, "GET /a", NOBODY),
        cell(2, "GET /a", "other", "other"),
        cell(3, "GET /b", "wrong key", "web"),
        cell(4, "GET /c", "wrong key", "web"),
    )
    status = RecordedDifference(at="status", kind="value", cause="weaker", old="401", new="200", note="let in")
    summary = fold([started(), planned(*cells), *(asked(n, status, **FAILED) for n in range(5)), END])
    assert [(one.title, one.cases, one.note) for one in summary.findings] == [
        (
            "no credential: weaker than old: 401 became 200",
            ("case 0", "case 1", "case 2"),
            "let in; so is everybody else whom old refuses there",
        ),
        ("wrong key: weaker than old: 401 became 200", ("case 3", "case 4"), "let in"),
    ]
    assert (
        summary.findings
        == fold([started(), planned(*cells), *(asked(n, status, **FAILED) for n in range(5)), END]).findings
    )


@pytest.mark.parametrize(
    ("text", "title"),
    [
        (
            "    def test(new):\n>       assert 1 == 2\nE       assert 1 == 2\n\ntest_own.py:2: AssertionError",
            "assert 1 == 2",
        ),
        ("Skipped: not today", "Skipped: not today"),
        ("", "failed"),
    ],
)
def test_ones_own_test_is_told_by_what_went_wrong(text: str, title: str) -> None:
    judged = Judged(at=5.0, suite="own tests", item="t", outcome="failed", text=text)
    assert [one.title for one in fold([started(), planned(info(0)), asked(0), judged, END]).findings] == [title]


def test_set_aside_is_listed_and_never_fails() -> None:
    summary = fold([started(), planned(info(0)), asked(0, header(cause="identity"), header("x", cause="noise")), END])
    assert summary.verdict is Verdict.GO
    assert {finding.outcome for finding in summary.findings} == {Outcome.PASS}
    assert (summary.differences["identity"], summary.differences["noise"], summary.differences["unexplained"]) == (
        1,
        1,
        0,
    )


def test_another_status_has_another_body_and_that_is_one_finding() -> None:
    status = RecordedDifference(at="status", kind="value", cause="unexplained", old="200", new="500")
    body = [
        RecordedDifference(at=f"body:$.x{n}", kind="missing", cause="unexplained", old="1", new=None) for n in range(9)
    ]
    summary = fold([started(), planned(info(0)), asked(0, status, *body, header("vary"), **FAILED), END])
    assert [finding.at for finding in summary.findings] == ["status", "header:vary"]
    assert "body:$.x0" in summary.findings[0].note
    assert summary.differences["unexplained"] == 11


def test_one_dialect_pair_is_one_finding() -> None:
    parts = [
        RecordedDifference(at=at, kind="value", cause="gateway", old="a", new="b", remedy="a policy")
        for at in ("header:x-amzn-errortype", "status", "body:$.message")
    ]
    identity = header("x-amzn-requestid", cause="identity")
    summary = fold([started(), planned(info(0)), asked(0, *parts, identity), END])
    assert sorted(finding.at for finding in summary.findings) == ["header:x-amzn-requestid", "status"]


def test_a_body_that_differs_elsewhere_too_keeps_its_finding() -> None:
    status = RecordedDifference(at="status", kind="value", cause="unexplained", old="200", new="500")
    body = RecordedDifference(at="body:$.x", kind="missing", cause="unexplained", old="1", new=None)
    events: list[Event] = [
        started(),
        planned(info(0), info(1)),
        asked(0, status, body, **FAILED),
        asked(1, body, **FAILED),
        END,
    ]
    assert [(f.at, f.cases) for f in fold(events).findings] == [("status", ("case 0",)), ("body:$.x", ("case 1",))]


def test_equal_values_that_are_wrong_are_titled_by_their_note() -> None:
    link = RecordedDifference(
        at="body:$.self",
        kind="value",
        cause="unexplained",
        old='"http://old/1"',
        new='"http://old/1"',
        note="the new side's answer points to the old gateway",
    )
    summary = fold([started(), planned(info(0)), asked(0, link, **FAILED), END])
    assert summary.findings[0].title == "the new side's answer points to the old gateway: body:$.self"


def test_each_broken_expectation_is_a_finding_at_its_place() -> None:
    broken = (
        "new: expected status 200, got 404",
        "new: expected header x-a: 1, got none",
        "new: expected no header x-b, got 2",
        "old: expected an answer within 1 s, took 2.000 s",
    )
    pair = RecordedPair(
        step=0, old=answer(), new=answer(404), counts={"unexplained": 1}, differences=(header("vary"),), broken=broken,
        outcome="FAIL", why=broken,
    )  # fmt: skip
    asked_once = Round(at=4.0, suite="parity", index=0, case="case 0", round=0, pairs=(pair,))
    summary = fold([started(), planned(info(0)), asked_once, END])
    assert {(finding.at, finding.outcome) for finding in summary.findings} == {
        ("header:vary", Outcome.FAIL),
        ("status", Outcome.FAIL),
        ("header:x-a", Outcome.FAIL),
        ("header:x-b", Outcome.FAIL),
        ("time:total", Outcome.ERROR),
    }


@pytest.mark.parametrize(("strict", "outcome"), [(True, Outcome.FAIL), (False, Outcome.PASS)])
def test_a_dialect_fails_under_strict_only(strict: bool, outcome: Outcome) -> None:
    status = RecordedDifference(at="status", kind="value", cause="gateway", old="403", new="404")
    gates = GateInfo(require=("parity",), strict=strict)
    told: dict[str, Any] = {"outcome": outcome.value, "why": ("status: old 403, new 404",) if strict else ()}
    summary = fold([started(gates=gates), planned(info(0)), asked(0, status, **told), END])
    assert summary.findings[0].outcome is outcome


def test_a_finding_speaks_of_the_first_case_whatever_came_back_first() -> None:
    late = [asked(index, header(), **FAILED) for index in (2, 0, 1)]
    finding = fold([started(), planned(*map(info, range(3))), *late, END]).findings[0]
    assert (finding.case, finding.cases, finding.count) == ("case 0", ("case 0", "case 1", "case 2"), 3)


def test_a_case_that_asks_each_side_something_else_compares_nothing() -> None:
    alone = RecordedPair(step=0, new=answer(), counts={}, outcome="PASS")
    asked_once = Round(at=4.0, suite="parity", index=0, case="case 0", round=0, pairs=(alone,))
    summary = fold([started(), planned(info(0)), asked_once, END])
    assert summary.verdict is Verdict.HOLD
    assert "nothing was compared" in summary.cases[0].why[0]


def test_a_skipped_test_of_ones_own_holds_in_words_of_its_own() -> None:
    skipped = Judged(at=5.0, suite="own tests", item="t", outcome="skipped")
    summary = fold([started(), planned(info(0)), asked(0), skipped, END])
    assert summary.verdict is Verdict.HOLD
    assert summary.reasons == ("own tests: 1 skipped; what is skipped proves nothing",)
