"""report.sarif: findings for code-scanning pages, SARIF 2.1.0 (OASIS, errata 01), as GitHub and others read it.

A finding is a result, at the place of the scenario where its first case is written; a rule stands for findings of one
suite, cause and kind (in the security suite: of one thing presented). What readers of such files allow is kept: 25,000
results, 10 MB, relative paths, and a fingerprint that outlives an edit of the scenario.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import msgspec

from harness.model.finding import CaseResult, Finding, Summary
from harness.model.outcome import EXIT_OF_VERDICT, ExitCode, Outcome, Verdict
from harness.report.embed import encode
from harness.report.sarif_rules import LEVEL, LEVEL_UNPROVEN, Rule, rule_id, rule_of, words
from harness.report.text import apart, instant, short
from harness.report.view import extent, note, problems

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
MOST_RESULTS = 25_000
MOST_BYTES = 9_500_000  # results and rules; the rest of the file is small and bounded
MOST_RELATED = 10
MOST_NOTICES = 50

_VALUE = 300
_NOWHERE = "scenario.yaml"
_DRIVE = re.compile(r"[A-Za-z]:")
_LEVEL_OF_VERDICT = {Verdict.GO: "note", Verdict.HOLD: "warning", Verdict.NO_GO: "error", Verdict.ROLLBACK: "error"}

_Cases = Mapping[tuple[str, str], CaseResult]


def render_sarif(summary: Summary) -> bytes:
    """Return report.sarif; the same summary gives the same bytes."""
    found = problems(summary)
    rules, results = _filled(found, summary)
    run = {
        "tool": {"driver": {"name": "cutover", "version": short(summary.version, 40) or "0", "rules": rules}},
        "invocations": [_invocation(summary, left=len(found) - len(results))],
        "automationDetails": {"id": _automation(summary)},
        "columnKind": "unicodeCodePoints",
        "results": results,
        "properties": {"verdict": summary.verdict.value, "partial": summary.partial, "scenario": summary.digest},
    }
    return encode({"version": "2.1.0", "$schema": SCHEMA, "runs": [run]}) + b"\n"


def _filled(found: tuple[Finding, ...], summary: Summary) -> tuple[list[msgspec.Raw], list[msgspec.Raw]]:
    """Return rules and results, the worst first, until the file is full."""
    cases = {(case.suite, case.info.name): case for case in reversed(summary.cases)}
    somewhere = next((case.info.file for case in summary.cases if case.info.file), _NOWHERE)
    known: dict[str, Rule] = {}
    rules, results, size = [], [], 0
    for finding in found[:MOST_RESULTS]:
        case = cases.get((finding.suite, finding.case))
        name = rule_id(finding, case)
        rule = known.get(name) or rule_of(finding, case, len(known))
        described = b"" if name in known else encode(rule.described())
        made = encode(_result(finding, case, rule, cases, somewhere))
        size += len(made) + len(described)
        if size > MOST_BYTES:
            break
        if described:
            known[name] = rule
            rules.append(msgspec.Raw(described))
        results.append(msgspec.Raw(made))
    return rules, results


def _automation(summary: Summary) -> str:
    """Return what tells this analysis from others of the same repository; what follows the last slash is the run."""
    parts = ("cutover", summary.scenario or "scenario", summary.environment or "any", summary.run or "run")
    return "/".join(short(part, 100).replace("/", "-") for part in parts)


def _invocation(summary: Summary, *, left: int) -> dict[str, Any]:
    finished = summary.state == "finished"
    code = ExitCode.INTERRUPTED if summary.state == "interrupted" else EXIT_OF_VERDICT[summary.verdict]
    told = [_notice(_LEVEL_OF_VERDICT[summary.verdict], reason) for reason in summary.reasons]
    told = [*told, *(_notice("note", text) for text in summary.notes)][:MOST_NOTICES]
    if left:
        told.append(_notice("warning", f"{left:,} more findings do not fit here; all are in report.json"))
    return {
        "executionSuccessful": finished,
        "exitCode": int(code),
        "exitCodeDescription": summary.verdict.value if finished else short(summary.state, 40),
        "startTimeUtc": instant(summary.started),
        "endTimeUtc": instant(summary.ended),
        "toolExecutionNotifications": told,
    }


def _notice(level: str, text: str) -> dict[str, Any]:
    return {"level": level, "message": {"text": words(short(text, 1_000))}}


def _result(finding: Finding, case: CaseResult | None, rule: Rule, cases: _Cases, somewhere: str) -> dict[str, Any]:
    failing = finding.outcome is Outcome.FAIL
    result: dict[str, Any] = {
        "ruleId": rule.id,
        "ruleIndex": rule.index,
        "level": LEVEL[finding.severity] if failing else LEVEL_UNPROVEN[finding.outcome],
        "message": {"text": words("\n".join(_message(finding)).replace("\n", ". "))},
        "locations": [_location(finding, case, somewhere)],
        "partialFingerprints": {"primaryLocationLineHash": f"{finding.id}:1", "cutoverFinding/v1": finding.id},
        "properties": _properties(finding),
    }
    related = list(_related(finding, cases, somewhere))
    if related:
        result["relatedLocations"] = related
    return result


def _message(finding: Finding) -> Iterator[str]:
    """Tell what is wrong, where, and what to do, in lines."""
    yield short(finding.title, 400)
    if finding.old is not None or finding.new is not None:
        old, new = apart(finding.old, finding.new, _VALUE)
        values = {"old": old, "new": new}
        yield f"{short(finding.at, 200)}: {', '.join(f'{side} {_value(values[side])}' for side in finding.sides)}"
    if note(finding):
        yield short(note(finding), 400)
    if extent(finding):
        yield short(extent(finding), 300)
    if finding.remedy:
        yield f"What to do: {short(finding.remedy, 600)}"


def _value(value: str | None) -> str:
    return "(none)" if value is None else value or '""'


def _properties(finding: Finding) -> dict[str, Any]:
    return {
        "suite": short(finding.suite, 80),
        "case": short(finding.case, _VALUE),
        "operation": short(finding.operation, _VALUE),
        "outcome": finding.outcome.value,
        "severity": finding.severity.value,
        "cause": short(finding.cause, 40),
        "count": finding.count,
        "cases": len(finding.cases),
    }


def _location(finding: Finding, case: CaseResult | None, somewhere: str) -> dict[str, Any]:
    file, line = finding.file, finding.line
    if not file and case is not None:
        file, line = case.info.file, case.info.line
    made: dict[str, Any] = {"physicalLocation": _physical(file or somewhere, line if file else 1)}
    if finding.operation:
        made["logicalLocations"] = [{"fullyQualifiedName": short(finding.operation, _VALUE)}]
    return made


def _related(finding: Finding, cases: _Cases, somewhere: str) -> Iterator[dict[str, Any]]:
    for number, name in enumerate(finding.cases[1 : MOST_RELATED + 1], 1):
        case = cases.get((finding.suite, name))
        if case is not None:
            yield {
                "id": number,
                "physicalLocation": _physical(case.info.file or somewhere, case.info.line if case.info.file else 1),
                "message": {"text": words(short(f"also in {name}", _VALUE))},
            }


def _physical(file: str, line: int) -> dict[str, Any]:
    return {
        "artifactLocation": {"uri": relative_uri(file), "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": max(line, 1)},
    }


def relative_uri(file: str) -> str:
    """Return a path as a relative URI; of one that lies outside of where the command ran, the name alone."""
    path = file.replace("\\", "/")
    parts = [part for part in path.split("/") if part not in {"", "."}]
    if not parts:
        return _NOWHERE
    if path.startswith("/") or _DRIVE.match(path) or ".." in parts:
        parts = [parts[-1]] if parts[-1] != ".." else [_NOWHERE]
    return quote("/".join(parts)[:1_000], safe="/", errors="replace")
