"""report.md: what a change board reads, pasted into a ticket or a pull request."""

from collections.abc import Iterator, Sequence

from harness.model.finding import Finding, Summary
from harness.report.dns_markdown import dns_section
from harness.report.load_markdown import load_section
from harness.report.markdown_text import VALUE, code, prose
from harness.report.matrix import Cell, Mark, Matrix, Row, Table, matrix, sentence, tables
from harness.report.text import NOTHING, apart, short
from harness.report.view import example_of, extent, facts, headline, note, problems, scope, set_aside

MOST_FINDINGS = 100
MOST_UNPROVEN = 100
MOST_ROWS = 40


def render_markdown(summary: Summary, head: str) -> str:
    """Return report.md; nothing that a response says becomes markup, a link or HTML."""
    sections = (
        _top(summary),
        _findings(summary),
        load_section(summary),
        dns_section(summary),
        _security(matrix(summary)),
        _aside(summary),
        _unproven(summary),
        _waivers(summary),
        _gates(summary),
        _notes(summary),
        _facts(summary, head),
    )
    return "\n".join(line for section in sections for line in section) + "\n"


def _top(summary: Summary) -> Iterator[str]:
    yield f"# {summary.verdict.value}: {prose(summary.scenario)}"
    yield ""
    yield f"**{headline(summary)}**"
    if scope(summary):
        yield ""
        yield prose(scope(summary))
    yield ""
    yield from (f"- {prose(reason)}" for reason in summary.reasons)
    yield ""
    yield "| suite | outcome | passed | failed | inconclusive | errors | skipped |"
    yield "|---|---|--:|--:|--:|--:|--:|"
    for suite in summary.suites:
        counts = (suite.passed, suite.failed, suite.inconclusive, suite.errors, suite.skipped)
        yield f"| {prose(suite.name)} | {suite.outcome.value} | {' | '.join(map(str, counts))} |"
    yield ""


def _findings(summary: Summary) -> Iterator[str]:
    found = problems(summary)
    if not found:
        return
    yield f"## Findings ({len(found)})"
    yield ""
    yield "| | severity | what | place | old | new | where | remedy |"
    yield "|--:|---|---|---|---|---|---|---|"
    for number, finding in enumerate(found[:MOST_FINDINGS], 1):
        yield f"| {number} | {finding.severity.value} | {_row(finding)} |"
    yield from _more(found, MOST_FINDINGS)
    yield ""


def _row(finding: Finding) -> str:
    told = f" ({prose(note(finding))})" if note(finding) else ""
    old, new = apart(finding.old, finding.new, VALUE)
    one = example_of(finding)
    where = extent(finding) + (f", first {one}" if len(finding.cases) > 1 and one else "")
    cells = (
        prose(short(finding.title, 200)) + told,
        code(finding.at),
        code(old),
        code(new),
        prose(short(where, 200)),
        prose(finding.remedy) or NOTHING,
    )
    return " | ".join(cells)


def _more(items: Sequence[object], shown: int) -> Iterator[str]:
    if len(items) > shown:
        yield ""
        yield f"… and {len(items) - shown:,} more in report.html and report.json."


def _security(found: Matrix) -> Iterator[str]:
    """Tell the counts, and of the matrix the rows and columns that somebody has to look at."""
    if not found.cells:
        return
    yield "## Security"
    yield ""
    yield f"{sentence(found.counts)}."
    yield ""
    for table in tables(found):
        yield from _table(table)


def _table(table: Table) -> Iterator[str]:
    part = f" ({table.part} of {table.parts})" if table.parts > 1 else ""
    yield f"- {prose(table.group)}{part}: {sentence(table.counts)}"
    shown = [at for at, calm in enumerate(table.calm_columns) if not calm]
    rows = [row for row in table.rows if not row.calm]
    yield ""
    if not rows:
        return
    heads = [prose(short(f"{caller}: {column}" if caller else column, 60)) for caller, column in table.columns]
    yield f"| old / new | {' | '.join(heads[at] for at in shown)} |"
    yield "|---|" + "---|" * len(shown)
    for row in rows[:MOST_ROWS]:
        caller = f" {prose(short(row.caller, 60))}" if row.caller else ""
        yield f"| {code(row.name, 100)}{caller} | {' | '.join(_mark(row, at) for at in shown)} |"
    yield from _more(rows, MOST_ROWS)
    yield ""


def _mark(row: Row, at: int) -> str:
    cell = row.cells[at]
    if cell is None:
        return ""
    told = _decisions(cell)
    if cell.mark is Mark.AS_BEFORE:
        return told or "as before"
    words = f"**{cell.mark.value}**" if cell.mark.wrong else cell.mark.value
    return f"{words} ({told})" if told else words


def _decisions(cell: Cell) -> str:
    return f"{cell.old or NOTHING} / {cell.new or NOTHING}" if cell.old or cell.new else ""


def _aside(summary: Summary) -> Iterator[str]:
    asides = set_aside(summary)
    if not asides:
        return
    yield "## Set aside"
    yield ""
    yield "Differences that were met and did not count, by cause."
    yield ""
    yield "| cause | differences | meaning | example |"
    yield "|---|--:|---|---|"
    for aside in asides:
        yield f"| {aside.cause} | {aside.count} | {prose(aside.meaning)} | {_example(aside.example)} |"
    yield ""
    remedies = [finding for aside in asides for finding in aside.findings if finding.remedy]
    if remedies:
        yield "To make the new side answer as the old one did, all the same:"
        yield ""
        yield from (f"- {code(finding.at)}: {prose(finding.remedy)}" for finding in remedies[:MOST_FINDINGS])
        yield ""


def _example(finding: Finding | None) -> str:
    if finding is None:
        return NOTHING
    old, new = apart(finding.old, finding.new, 40)
    return f"{code(finding.at)}: {code(old)} → {code(new)} in {prose(short(finding.case, 60))}"


def _unproven(summary: Summary) -> Iterator[str]:
    if not summary.unproven:
        return
    yield f"## Unproven ({len(summary.unproven)})"
    yield ""
    for item in summary.unproven[:MOST_UNPROVEN]:
        holds = " **(holds the verdict)**" if item.holding else ""
        yield f"- {prose(short(item.what, 200))}: {prose(short(item.why, 300))}{holds}"
    yield from _more(summary.unproven, MOST_UNPROVEN)
    yield ""


def _waivers(summary: Summary) -> Iterator[str]:
    told = [("expired, no longer counts", waiver) for waiver in summary.expired_waivers]
    told += [("matched nothing", waiver) for waiver in summary.unused_waivers]
    if not told:
        return
    yield "## Waivers to look at"
    yield ""
    yield "| waiver | state | until | owner | because |"
    yield "|---|---|---|---|---|"
    for state, waiver in told:
        cells = (code(waiver.id), state, prose(waiver.until), prose(waiver.owner), prose(waiver.because))
        yield f"| {' | '.join(cells)} |"
    yield ""


def _gates(summary: Summary) -> Iterator[str]:
    yield "## Gates"
    yield ""
    outcomes = {suite.name: suite.outcome.value for suite in summary.suites}
    for name in summary.gates.require:
        yield f"- suite {prose(name)}: {outcomes.get(name, 'no data')}"
    for gate in summary.gates.manual:
        state = f"signed off {prose(gate.done)}" if gate.done else "**not signed off**"
        evidence = f", {gate.evidence}" if gate.evidence else ""
        yield f"- {prose(gate.what)} (owner: {prose(gate.owner + evidence)}): {state}"
    yield ""


def _notes(summary: Summary) -> Iterator[str]:
    if not summary.notes:
        return
    yield "## Notes"
    yield ""
    yield from (f"- {prose(text)}" for text in summary.notes)
    yield ""


def _facts(summary: Summary, head: str) -> Iterator[str]:
    yield "## Run"
    yield ""
    for name, value in facts(summary, head):
        yield f"- {name}: {code(value, 200)}"
