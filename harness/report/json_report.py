"""report.json: the stable, versioned form of a run (design §6)."""

from typing import Any

import msgspec

from harness.model.event import WaiverInfo
from harness.model.finding import Finding, SuiteResult, Summary
from harness.report.dns_json import dns_json
from harness.report.embed import encode
from harness.report.load_json import load_json
from harness.report.matrix import Mark, Matrix, matrix
from harness.report.text import instant

SCHEMA = 1
MOST_WEAKER = 200
MOST_CELLS = 50_000


def render_json(summary: Summary, head: str) -> bytes:
    """Return report.json; `head` is the hash of the journal's last line."""
    document = {
        "schema": SCHEMA,
        "run": summary.run,
        "verdict": summary.verdict.value,
        "partial": summary.partial,
        "reasons": summary.reasons,
        "environment": summary.environment,
        "started": instant(summary.started),
        "ended": instant(summary.ended),
        "scenario": summary.digest,
        "head": head,
        "suites": {suite.name: _suite(suite) for suite in summary.suites},
        "pairs": summary.pairs,
        "differences": summary.differences,
        "findings": [_finding(finding) for finding in summary.findings],
        "unproven": [{"what": item.what, "why": item.why} for item in summary.unproven],
        "waivers": {
            "unused": [_waiver(waiver) for waiver in summary.unused_waivers],
            "expired": [_waiver(waiver) for waiver in summary.expired_waivers],
        },
        "notes": summary.notes,
        "name": summary.scenario,
        "selection": summary.selection,
        "mode": summary.mode,
        "state": summary.state,
        "version": summary.version,
        **_security(matrix(summary)),
        **load_json(summary),
        **dns_json(summary),
    }
    return msgspec.json.format(encode(document), indent=2) + b"\n"


def _security(found: Matrix) -> dict[str, Any]:
    """Return the security suite's counts and cells; nothing where the run has none."""
    if not found.cells:
        return {}
    counts = {mark.name.lower(): found.counts[mark] for mark in Mark}
    counts["open_on_both"] = counts.pop("open")
    weaker = [cell.name for cell in found.cells if cell.mark is Mark.WEAKER]
    cells = [
        {
            "row": cell.row,
            "caller": cell.caller,
            "column": cell.column,
            "group": cell.group,
            "old": cell.old,
            "new": cell.new,
            "outcome": cell.outcome.value,
            "mark": cell.mark.value,
        }
        for cell in found.cells[:MOST_CELLS]
    ]
    return {
        "security": {"cells": len(found.cells), **counts, "weaker_cells": weaker[:MOST_WEAKER]},
        "matrix": cells,
    }


def _suite(suite: SuiteResult) -> dict[str, Any]:
    return {
        "outcome": suite.outcome.value,
        "passed": suite.passed,
        "failed": suite.failed,
        "inconclusive": suite.inconclusive,
        "errors": suite.errors,
        "skipped": suite.skipped,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.id,
        "suite": finding.suite,
        "case": finding.case,
        "operation": finding.operation,
        "outcome": finding.outcome.value,
        "severity": finding.severity.value,
        "at": finding.at,
        "cause": finding.cause,
        "old": finding.old,
        "new": finding.new,
        "remedy": finding.remedy,
        "count": finding.count,
        "kind": finding.kind,
        "title": finding.title,
        "note": finding.note,
        "cases": finding.cases,
        "share": finding.share,
    }


def _waiver(waiver: WaiverInfo) -> dict[str, str]:
    return {
        "id": waiver.id,
        "at": waiver.at,
        "case": waiver.case,
        "owner": waiver.owner,
        "until": waiver.until,
        "because": waiver.because,
    }
