"""report.html: one file that opens offline and runs nothing but its own script.

Templates, style and script are in reports/html; every value goes through Jinja's escapes or, as data, through
`script_safe` into elements that the script reads with JSON.parse and shows with textContent. The page's policy allows
its own style and script by hash and forbids all else.
"""

from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from harness.content import content_dir
from harness.model.event import Anew, Checked, Event, Round
from harness.model.finding import CaseResult, Finding, Summary
from harness.report import chart, dns_page, load_page, matrix, text, view
from harness.report.details import CAUSES, OUTCOMES, TEXT_LIMIT, Details, Load
from harness.report.embed import encode, script_safe
from harness.report.load_view import requests_of
from harness.report.matrix_page import page_of

MOST_FINDINGS = 150
MOST_LISTED = 200
MOST_CASES = 6
SKIPPED = len(OUTCOMES)

_MARK = "<!--data-->"


def render_html(summary: Summary, events: Iterable[Event], load: Load, head: str) -> bytes:
    """Return report.html; `events` is read once, `load` returns a kept body by its name in bodies/."""
    details = Details(summary.cases, load)
    for event in events:
        if isinstance(event, Round):
            details.add(event)
        elif isinstance(event, Checked):
            details.add_check(event)
        elif isinstance(event, Anew):
            details.anew(event)
    pieces = details.pieces()
    found = matrix.matrix(summary)
    index = encode(_index(summary, details.piece_of, found))
    before, after = _page(summary, found, head).split(_MARK, 1)
    blocks = [_block("index", index), *(_block(f"piece-{number}", piece) for number, piece in enumerate(pieces))]
    return b"".join([before.encode("utf-8", "replace"), *blocks, after.encode("utf-8", "replace")])


def _block(name: str, encoded: bytes) -> bytes:
    return b'<script type="application/json" id="%s">%s</script>\n' % (name.encode(), script_safe(encoded))


def _index(summary: Summary, piece_of: Mapping[int, int], found: matrix.Matrix) -> dict[str, Any]:
    """Return the columns of the case list, and the findings with the rows that they were met in."""
    texts: dict[str, int] = {"": 0}

    def number(value: str) -> int:
        return texts.setdefault(value if len(value) <= TEXT_LIMIT else value[:TEXT_LIMIT] + "…", len(texts))

    cases = summary.cases
    columns = {
        "name": [number(case.info.name) for case in cases],
        "operation": [number(case.info.operation) for case in cases],
        "suite": [number(case.suite) for case in cases],
        "outcome": [SKIPPED if case.skipped else case.outcome.rank for case in cases],
        "old": [number(case.old_status) for case in cases],
        "new": [number(case.new_status) for case in cases],
        "oldMs": [_rounded(case.old_ms) for case in cases],
        "newMs": [_rounded(case.new_ms) for case in cases],
        "causes": [_mask(case.counts) for case in cases],
        "critical": [int(case.info.critical) for case in cases],
        "flaky": [number(case.flaky) for case in cases],
        "rounds": [case.rounds_seen for case in cases],
        "why": [[number(line) for line in case.why] if case.why else 0 for case in cases],
        "piece": [piece_of.get(row, -1) for row in range(len(cases))],
    }
    findings = _findings(summary, number)
    cells = [[cell.case, number(cell.old), number(cell.new), number(cell.mark.value)] for cell in found.cells]
    return {
        "s": list(texts),
        "outcomes": [*OUTCOMES, "skipped"],
        "causes": CAUSES,
        "cases": columns,
        "findings": findings,
        "gateways": summary.gateways,
        "cells": cells,
    }


def _findings(summary: Summary, number: Callable[[str], int]) -> list[list[Any]]:
    rows: dict[tuple[str, str], int] = {}
    for row, case in enumerate(summary.cases):
        rows.setdefault((case.suite, case.info.name), row)
    return [
        [
            number(finding.id),
            number(finding.title),
            finding.outcome.rank,
            number(finding.severity.value),
            number(finding.at),
            number(finding.cause),
            None if finding.old is None else number(finding.old),
            None if finding.new is None else number(finding.new),
            number(finding.remedy),
            number(finding.note),
            number(view.extent(finding)),
            [rows[finding.suite, name] for name in finding.cases if (finding.suite, name) in rows],
        ]
        for finding in summary.findings
    ]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def _mask(counts: Mapping[str, int]) -> int:
    if not counts:
        return 0
    return sum(1 << position for position, cause in enumerate(CAUSES) if counts.get(cause))


def _page(summary: Summary, found: matrix.Matrix, head: str) -> str:
    folder = content_dir() / "reports" / "html"
    style, script = _asset(folder / "style.css"), _asset(folder / "app.js")
    problems = view.problems(summary)
    number_of = {finding.id: index for index, finding in enumerate(summary.findings)}
    return (
        _environment(folder)
        .get_template("base.html.j2")
        .render(
            summary=summary,
            headline=view.headline(summary),
            scope=view.scope(summary),
            problems=[(number_of[finding.id], finding) for finding in problems],
            number_of=number_of,
            asides=view.set_aside(summary),
            facts=view.facts(summary, head),
            extent=view.extent,
            note=view.note,
            rows=_rows(summary.cases, problems),
            latency=chart.latency(summary),
            outcomes=chart.stack(_outcomes(summary.cases)),
            totals=_totals(summary),
            security=page_of(found) if found.cells else None,
            load=load_page.page_of(summary),
            dns=dns_page.page_of(summary),
            limits={"findings": MOST_FINDINGS, "listed": MOST_LISTED, "cases": MOST_CASES},
            style=Markup(style),  # noqa: S704  our own file
            script=Markup(script),  # noqa: S704  our own file
            style_hash=_hash(style),
            script_hash=_hash(script),
            mark=Markup(_MARK),  # noqa: S704  a constant
        )
    )


@cache
def _environment(folder: Path) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters.update(
        visible=text.visible,
        short=text.short,
        when=text.when,
        duration=text.duration,
        plural=text.plural,
        number="{:,}".format,
        ticks=_ticks,
    )
    return environment


def _ticks(words: str) -> Markup:
    """Return visible words, those in `backticks` as code."""
    parts = text.visible(words).split("`")
    if len(parts) % 2 == 0:
        return escape("`".join(parts))
    code = Markup("<code>{}</code>")
    return Markup("").join(code.format(part) if index % 2 else escape(part) for index, part in enumerate(parts))


@cache
def _asset(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _hash(content: str) -> str:
    return "sha256-" + b64encode(sha256(content.encode()).digest()).decode()


def _rows(cases: Iterable[CaseResult], problems: Iterable[Finding]) -> dict[tuple[str, str], int]:
    """Return the row of each case that a shown finding names."""
    wanted = {(finding.suite, name) for finding in problems for name in finding.cases[:MOST_CASES]}
    return {
        (case.suite, case.info.name): row for row, case in enumerate(cases) if (case.suite, case.info.name) in wanted
    }


def _outcomes(cases: Iterable[CaseResult]) -> list[tuple[str, str, int]]:
    counts = dict.fromkeys(("PASS", "INCONCLUSIVE", "ERROR", "FAIL", "skipped"), 0)
    for case in cases:
        counts["skipped" if case.skipped else case.outcome.value] += 1
    order = ("FAIL", "ERROR", "INCONCLUSIVE", "skipped", "PASS")
    return [(name, f"o-{name.lower()}", counts[name]) for name in order]


def _totals(summary: Summary) -> list[tuple[str, str, str]]:
    """Return the key figures as (value, words, class)."""
    failing = sum(summary.differences.get(cause, 0) for cause in ("unexplained", "weaker"))
    aside = sum(summary.differences.values()) - failing
    loaded = requests_of(summary)
    pairs = [(f"{summary.pairs:,}", "pair compared" if summary.pairs == 1 else "pairs compared", "")]
    compared = [
        (
            f"{failing:,}",
            "unexplained difference" if failing == 1 else "unexplained differences",
            "bad" if failing else "good",
        ),
        (f"{aside:,}", "set aside, listed below", ""),
    ]
    names = summary.surveyed or summary.propagations
    if (loaded or names) and not summary.pairs and not any(summary.differences.values()):
        pairs, compared = [], []
    elif names and not loaded and not summary.pairs and not aside:
        pairs, compared = [], [(f"{failing:,}", "thing wrong" if failing == 1 else "things wrong", "bad")]
    return [
        (f"{len(summary.cases):,}", "case" if len(summary.cases) == 1 else "cases", ""),
        *pairs,
        *([(f"{loaded:,}", "requests under load", "")] if loaded else []),
        *dns_page.totals(summary),
        *compared,
        (f"{len(summary.unproven):,}", "unproven", "warn" if summary.unproven else ""),
    ]
