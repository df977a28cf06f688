"""junit.xml, as continuous integration reads it: FAIL is a failure, ERROR and INCONCLUSIVE are errors."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from harness.model.finding import CaseResult, Summary
from harness.model.outcome import Outcome
from harness.report.text import instant, short, visible, xml_attribute, xml_text

_MESSAGE = 300
_REMEDY = 600
_MOST_REMEDIES = 8

_Remedies = dict[tuple[str, str], list[str]]
"""What to do, by suite and name of the case."""


@dataclass(slots=True)
class _Tally:
    tests: int = 0
    failures: int = 0
    errors: int = 0
    skipped: int = 0

    def attributes(self, seconds: float) -> str:
        counts = f'tests="{self.tests}" failures="{self.failures}" errors="{self.errors}" skipped="{self.skipped}"'
        return f'{counts} time="{seconds:.3f}"'

    def add(self, other: "_Tally") -> None:
        self.tests += other.tests
        self.failures += other.failures
        self.errors += other.errors
        self.skipped += other.skipped


def render_junit(summary: Summary) -> bytes:
    """Return junit.xml: a testsuite per suite, a testcase per case (class: its operation, or group of the matrix)."""
    by_suite: dict[str, list[CaseResult]] = defaultdict(list)
    for case in summary.cases:
        by_suite[case.suite].append(case)
    names = dict.fromkeys([*(suite.name for suite in summary.suites), *by_suite])
    total, body, remedies = _Tally(), [], _remedies(summary)
    for name in names:
        body += _suite(summary, name, by_suite[name], total, remedies)
    seconds = max(summary.ended - summary.started, 0.0)
    head = f"<testsuites name={xml_attribute(summary.scenario)} {total.attributes(seconds)}>"
    lines = ['<?xml version="1.0" encoding="utf-8"?>', head, *body, "</testsuites>", ""]
    return "\n".join(lines).encode()


def _remedies(summary: Summary) -> _Remedies:
    """Return the remedies of what went wrong; one that was written for another case says for which."""
    found: _Remedies = defaultdict(list)
    for one in summary.findings:
        if one.remedy and one.outcome is not Outcome.PASS:
            for name in one.cases:
                other = "" if name == one.case else f" (as for {short(one.case, _MESSAGE)})"
                found[one.suite, name].append(f"What to do{other}: {short(one.remedy, _REMEDY)}")
    return found


def _suite(summary: Summary, name: str, cases: Sequence[CaseResult], total: _Tally, remedies: _Remedies) -> list[str]:
    tally = _Tally()
    lines = [_case(case, tally, remedies.get((name, case.info.name), ())) for case in cases] or [_empty(name, tally)]
    total.add(tally)
    seconds = sum(_seconds(case) for case in cases)
    stamp = instant(summary.started).removesuffix("Z")
    return [
        f'  <testsuite name={xml_attribute(name)} {tally.attributes(seconds)} timestamp="{stamp}">',
        "    <properties>",
        f"      <property name={xml_attribute('verdict')} value={xml_attribute(summary.verdict.value)}/>",
        f"      <property name={xml_attribute('run')} value={xml_attribute(summary.run)}/>",
        "    </properties>",
        *lines,
        "  </testsuite>",
    ]


def _case(case: CaseResult, tally: _Tally, remedies: Sequence[str]) -> str:
    tally.tests += 1
    probe = case.info.probe
    of = probe.group.value if probe is not None else case.info.operation or case.suite
    head = (
        f"    <testcase classname={xml_attribute(visible(of))} name={xml_attribute(visible(case.info.name))}"
        f' time="{_seconds(case):.3f}"'
    )
    if case.skipped:
        tally.skipped += 1
        return f"{head}><skipped message={_message(case)}/></testcase>"
    if case.outcome is Outcome.PASS:
        return f"{head}/>"
    if case.outcome is Outcome.FAIL:
        tally.failures += 1
        tag = "failure"
    else:
        tally.errors += 1
        tag = "error"
    text = xml_text("\n".join([*map(visible, case.why), *dict.fromkeys(remedies[:_MOST_REMEDIES])]))
    return f'{head}><{tag} type="{case.outcome.value}" message={_message(case)}>{text}</{tag}></testcase>'


def _empty(name: str, tally: _Tally) -> str:
    """No data is never a pass: a suite without cases is an error that every reader of the file sees."""
    tally.tests += 1
    tally.errors += 1
    text = '<error type="INCONCLUSIVE" message="no case was asked; no data is never a pass"/>'
    return f'    <testcase classname={xml_attribute(name)} name="any case at all" time="0.000">{text}</testcase>'


def _message(case: CaseResult) -> str:
    return xml_attribute(short(case.why[0] if case.why else case.outcome.value, _MESSAGE))


def _seconds(case: CaseResult) -> float:
    return ((case.old_ms or 0.0) + (case.new_ms or 0.0)) / 1000
