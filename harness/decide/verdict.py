"""Gates → verdict, with the reasons in words."""

from collections.abc import Iterable, Sequence

from harness.decide.cases import OWN_TESTS
from harness.model.event import WATCH, GateInfo, Planned, Started
from harness.model.finding import CaseResult, SuiteResult, Unproven
from harness.model.outcome import Outcome, Verdict
from harness.model.probe import NOT_ASKABLE


def suite_results(cases: Sequence[CaseResult], planned: Iterable[Planned], gates: GateInfo) -> tuple[SuiteResult, ...]:
    """Return the counts per suite; a required suite without any case is INCONCLUSIVE."""
    names = dict.fromkeys([*(plan.suite for plan in planned), *gates.require, *(case.suite for case in cases)])
    return tuple(_suite(name, [case for case in cases if case.suite == name]) for name in names)


def _suite(name: str, cases: list[CaseResult]) -> SuiteResult:
    counted = [case for case in cases if not case.skipped]
    worst = Outcome.PASS
    for case in cases:
        if not _accepted(case):
            worst = worst.worse(case.outcome)
    if all(case.skipped or _accepted(case) for case in cases):
        worst = worst.worse(Outcome.INCONCLUSIVE)
    return SuiteResult(
        name=name,
        outcome=worst,
        passed=_count(counted, Outcome.PASS),
        failed=_count(counted, Outcome.FAIL),
        inconclusive=_count(counted, Outcome.INCONCLUSIVE),
        errors=_count(counted, Outcome.ERROR),
        skipped=len(cases) - len(counted),
    )


def _count(cases: list[CaseResult], outcome: Outcome) -> int:
    return sum(case.outcome is outcome for case in cases)


def _accepted(case: CaseResult) -> bool:
    """Tell whether what stays unproven here was agreed to: it is listed, and holds nothing up.

    What was to be asked and was not is not agreed to.
    """
    proved_nothing = case.outcome is Outcome.INCONCLUSIVE and bool(case.rounds_seen)
    return case.info.accepted and (case.skipped or proved_nothing)


def decide(
    started: Started, suites: Sequence[SuiteResult], cases: Sequence[CaseResult], *, complete: bool
) -> tuple[Verdict, tuple[str, ...]]:
    """Return the verdict and its reasons, the most important first."""
    required = {*started.gates.require, OWN_TESTS}
    gating = [suite for suite in suites if suite.name in required]
    failing = [suite for suite in gating if suite.outcome is Outcome.FAIL]
    reasons = [_failed(suite) for suite in failing]
    holding = [line for suite in gating for line in _holding(suite, cases, started.mode)]
    holding += [_not_done(gate.what, gate.owner) for gate in started.gates.manual if not gate.done]
    if started.mode.startswith("only-"):
        side = started.mode.removeprefix("only-")
        holding.append(f"only the {side} side was asked; nothing was compared (go on with --against {started.run})")
    if not gating:
        holding.append("no suite is required; nothing that was asked decides anything")
    if not complete:
        holding.append(_CUT_WATCH if started.mode == WATCH else _CUT)
    reasons += holding
    if failing and not started.mode.startswith("only-"):
        return Verdict.NO_GO, tuple(reasons)
    if holding:
        return Verdict.HOLD, tuple(reasons)
    return Verdict.GO, tuple(_passed(suite, cases) for suite in gating if suite.name in started.gates.require)


_CUT = "the run did not finish; `cutover rehearse --resume` goes on with it"
_CUT_WATCH = "the watch was ended before all had moved; nothing tells how it went on"

_BOTH = "asks both sides at once; rehearse it where both gateways can be reached"
_TOGETHER = {
    "security": _BOTH,
    "load": _BOTH,
    "dns": "looks at names and both sides at once; rehearse it by itself, with `--suite dns`",
}
"""Suites that are left out where one side is asked at a time, and what to do."""


def _failed(suite: SuiteResult) -> str:
    total = suite.passed + suite.failed + suite.inconclusive + suite.errors + suite.skipped
    return f"{suite.name}: {suite.failed} of {total} cases failed"


def _holding(suite: SuiteResult, cases: Sequence[CaseResult], mode: str) -> list[str]:
    total = suite.passed + suite.failed + suite.inconclusive + suite.errors + suite.skipped
    if not total and mode != "rehearse" and suite.name in _TOGETHER:
        return [f"{suite.name}: {_TOGETHER[suite.name]}"]
    if not total:
        return [f"{suite.name}: no case was asked; no data is never a pass"]
    mine = [case for case in cases if case.suite == suite.name]
    skipped = sum(case.skipped and not case.info.accepted for case in mine)
    lines = []
    if suite.errors:
        lines.append(f"{suite.name}: {suite.errors} of {total} cases could not be judged (error)")
    doubtful = sum(case.outcome is Outcome.INCONCLUSIVE and not case.skipped and not _accepted(case) for case in mine)
    if doubtful:
        lines.append(f"{suite.name}: {doubtful} of {total} cases proved nothing (inconclusive)")
    if skipped and suite.name == OWN_TESTS:
        lines.append(f"{suite.name}: {skipped} skipped; what is skipped proves nothing")
    elif skipped and any(case.info.skip.startswith(NOT_ASKABLE) for case in mine):
        lines.append(f"{suite.name}: {skipped} required {'question' if skipped == 1 else 'questions'} cannot be asked")
    elif skipped:
        cases_were = "case was" if skipped == 1 else "cases were"
        way = "say `unsafe: run`, or `unsafe: skip` and why"
        lines.append(f"{suite.name}: {skipped} unsafe {cases_were} not sent ({way})")
    if not lines and suite.outcome is Outcome.INCONCLUSIVE:
        lines.append(f"{suite.name}: every case was skipped or proved nothing; nothing is proven")
    return lines


def _not_done(what: str, owner: str) -> str:
    return f"not signed off: {what} (owner: {owner})"


def _passed(suite: SuiteResult, cases: Sequence[CaseResult]) -> str:
    out = sum(case.suite == suite.name and case.info.skip.startswith(NOT_ASKABLE) for case in cases)
    parts = [f"{suite.name}: {suite.passed} {'case' if suite.passed == 1 else 'cases'} passed"]
    parts += [f"{out} not askable"] if out else []
    parts += [f"{suite.skipped - out} skipped as agreed"] if suite.skipped > out else []
    return ", ".join(parts)


def unproven(started: Started, cases: Sequence[CaseResult], *, partial: bool) -> tuple[Unproven, ...]:
    """Return what the verdict does not cover."""
    found = [
        Unproven(what=case.info.name, why=why, holding=not _accepted(case))
        for case in cases
        for why in _why_unproven(case)
    ]
    found += [
        Unproven(what=gate.what, why=f"not signed off by {gate.owner}", holding=True)
        for gate in started.gates.manual
        if not gate.done
    ]
    if partial:
        found.append(
            Unproven(what="cases outside the selection", why="the run was narrowed; the verdict covers the rest")
        )
    return tuple(found)


def _why_unproven(case: CaseResult) -> list[str]:
    if case.skipped:
        return [case.why[0] if case.why else "skipped"]
    if case.outcome in {Outcome.INCONCLUSIVE, Outcome.ERROR}:
        return [case.why[0] if case.why else case.outcome.value]
    return []
