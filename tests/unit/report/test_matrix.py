"""Every cell of the security suite has one mark, and every report tells the same counts."""

import io
import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import msgspec
import pytest

from harness.decide.fold import fold
from harness.model.event import CaseInfo, Ended
from harness.model.finding import CaseResult, Summary
from harness.model.outcome import Outcome
from harness.model.probe import Group, Probe, Wants
from harness.report.console import Console
from harness.report.html import render_html
from harness.report.json_report import render_json
from harness.report.junit import render_junit
from harness.report.markdown import render_markdown
from harness.report.matrix import MOST_COLUMNS, Mark, matrix, sentence, tables
from harness.report.matrix_page import page_of
from tests.golden.security_run import AT, HOSTILE, events, info, large

R, T, U = "refused", "let through", "unclear"
P, F, NONE, E = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.ERROR


@pytest.fixture(scope="module")
def summary() -> Summary:
    return fold([*events(), Ended(at=AT + 9, state="finished")])


def _with(summary: Summary, *cases: CaseResult) -> Summary:
    return replace(summary, cases=cases, findings=())


def _case(
    index: int = 0, row: str = "GET /a", column: str = "wrong key", caller: str = "web", **more: object
) -> CaseResult:
    probe = Probe(
        group=more.pop("group", Group.CALLERS),  # type: ignore[arg-type]
        row=row,
        column=column,
        caller=caller,
        wants=more.pop("wants", Wants.SAME),  # type: ignore[arg-type]
        dangerous=str(more.pop("dangerous", "")),
        change=str(more.pop("change", "")),
    )
    skip = str(more.pop("skip", ""))
    settings: dict[str, object] = {
        "info": CaseInfo(index=index, name=f"{row}, {caller}: {column}", operation=row, probe=probe, skip=skip),
        "suite": "security",
        "outcome": P,
        "skipped": bool(skip),
        "counts": {},
    }
    return CaseResult(**{**settings, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("more", "mark"),
    [
        ({"decisions": {"old": R, "new": R}}, Mark.AS_BEFORE),
        ({"decisions": {"old": T, "new": T}}, Mark.AS_BEFORE),
        ({"decisions": {"old": T, "new": T}, "dangerous": "reaches another operation"}, Mark.OPEN),
        ({"decisions": {"old": R, "new": R}, "dangerous": "reaches another operation"}, Mark.AS_BEFORE),
        ({"decisions": {"old": R, "new": T}, "outcome": F}, Mark.WEAKER),
        ({"decisions": {"old": T, "new": T}, "outcome": F, "counts": {"weaker": 1}}, Mark.WEAKER),
        ({"decisions": {"new": T}, "outcome": F, "wants": Wants.REFUSED}, Mark.WEAKER),
        ({"decisions": {"new": R}, "wants": Wants.REFUSED}, Mark.AS_BEFORE),
        ({"decisions": {"old": T, "new": R}, "outcome": F}, Mark.STRICTER),
        ({"decisions": {"old": T, "new": R}, "outcome": F, "wants": Wants.UNCHANGED}, Mark.STRICTER),
        ({"decisions": {"old": T, "new": R}, "change": "told in May"}, Mark.AGREED),
        ({"decisions": {"old": R, "new": T}, "counts": {"waived": 1}}, Mark.AGREED),
        ({"decisions": {"old": T, "new": T}, "outcome": F, "counts": {"unexplained": 1}}, Mark.DIFFERS),
        ({"decisions": {"old": R, "new": U}, "outcome": F}, Mark.DIFFERS),
        ({"decisions": {"old": R, "new": U}, "outcome": NONE}, Mark.UNPROVEN),
        ({"outcome": E}, Mark.UNPROVEN),
        ({"outcome": NONE, "why": ("was not asked",)}, Mark.UNPROVEN),
        ({"outcome": NONE, "skip": "unsafe: POST needs `unsafe: run`"}, Mark.UNPROVEN),
        ({"outcome": NONE, "skip": "not askable: its key is not ours"}, Mark.NOT_ASKABLE),
        ({}, Mark.AS_BEFORE),
        ({"outcome": F, "counts": {"weaker": 2}}, Mark.WEAKER),
        ({"outcome": F}, Mark.DIFFERS),
    ],
)
def test_a_cell_has_the_mark_of_its_decisions_and_outcome(
    summary: Summary, more: dict[str, object], mark: Mark
) -> None:
    found = matrix(_with(summary, _case(**more)))  # type: ignore[arg-type]
    assert [cell.mark for cell in found.cells] == [mark]
    assert sum(found.counts.values()) == 1


def test_reasons_are_told_without_their_label(summary: Summary) -> None:
    said = [
        _case(0, column="a", skip="not askable: its key is not ours", outcome=NONE),
        _case(1, column="b", decisions={"old": T, "new": T}, dangerous="a door"),
        _case(2, column="c", decisions={"old": T, "new": R}, change="told in May"),
        _case(3, column="d", outcome=NONE, why=("old is unclear: 502", "more")),
    ]
    reasons = [cell.reason for cell in matrix(_with(summary, *said)).cells]
    assert reasons == ["its key is not ours", "a door", "told in May", "old is unclear: 502"]


def test_the_counts_are_told_as_before_first() -> None:
    counts = dict.fromkeys(Mark, 0) | {Mark.AS_BEFORE: 1236, Mark.WEAKER: 3, Mark.NOT_ASKABLE: 1}
    assert sentence(counts) == "1,240 cells: 1,236 as before, 3 weaker, 1 not askable"


def test_columns_stand_together_by_caller(summary: Summary) -> None:
    order = [("web", "b"), ("", "none"), ("app", "a"), ("web", "a"), ("app", "b")]
    cells = [_case(index, column=column, caller=caller) for index, (caller, column) in enumerate(order)]
    (table,) = tables(matrix(_with(summary, *cells)))
    assert table.columns == (("web", "b"), ("web", "a"), ("", "none"), ("app", "a"), ("app", "b"))


def test_callers_become_rows_where_columns_would_stay_empty(summary: Summary) -> None:
    cells = [
        _case(4 * at + n, row=f"GET /{at}", column=f"c{n}", caller=f"caller-{at}") for at in range(5) for n in range(4)
    ]
    (table,) = tables(matrix(_with(summary, *cells)))
    assert len(table.columns) == 4
    assert [(row.name, row.caller) for row in table.rows][:2] == [("GET /0", "caller-0"), ("GET /1", "caller-1")]
    assert all(cell is not None for row in table.rows for cell in row.cells)


def test_outside_of_callers_one_caller_per_operation_is_told_by_the_cell(summary: Summary) -> None:
    cells = [_case(at, row=f"GET /{at}", column="TRACE", caller=f"c{at}", group=Group.SURFACE) for at in range(5)]
    (table,) = tables(matrix(_with(summary, *cells)))
    assert table.columns == (("", "TRACE"),)
    (sheet,) = page_of(matrix(_with(summary, *cells))).sheets
    box = sheet.lines[3][1][0]
    assert box is not None
    assert box.label == "passed, asked as c3"


def test_the_rows_of_an_operation_stand_together(summary: Summary) -> None:
    order = [("GET /a", "web"), ("GET /b", "web"), ("GET /a", "app"), ("GET /b", "job"), ("GET /a", "tab")]
    cells = [
        _case(9 * at + n, row=row, caller=caller, column=f"{n}")
        for at, (row, caller) in enumerate(order)
        for n in range(9)
    ]
    (table,) = tables(matrix(_with(summary, *cells)))
    assert [row.name for row in table.rows] == ["GET /a"] * 3 + ["GET /b"] * 2


def test_a_wide_group_comes_in_parts_and_loses_nothing(summary: Summary) -> None:
    wide = [_case(index, column=f"c{index}", row=f"GET /{index % 3}") for index in range(MOST_COLUMNS * 2 + 5)]
    found = tables(matrix(_with(summary, *wide)))
    assert [(table.part, table.parts, len(table.columns)) for table in found] == [(1, 3, 40), (2, 3, 40), (3, 3, 5)]
    assert sum(sum(table.counts.values()) for table in found) == len(wide)


def test_of_two_questions_in_one_place_the_worse_is_seen(summary: Summary) -> None:
    twice = [_case(0, outcome=F, decisions={"old": R, "new": T}), _case(1, decisions={"old": R, "new": R})]
    (table,) = tables(matrix(_with(summary, *twice)))
    assert [cell and cell.mark for cell in table.rows[0].cells] == [Mark.WEAKER]
    assert not table.rows[0].calm


def test_an_open_door_stands_before_a_header_that_is_lost(summary: Summary) -> None:
    header = _case(0, column="a", outcome=F, decisions={"old": R, "new": R}, counts={"weaker": 1})
    door = _case(1, column="b", outcome=F, decisions={"old": R, "new": T}, counts={"weaker": 1})
    worst = matrix(_with(summary, header, door)).worst()
    assert [(cell.mark, cell.column) for cell in worst] == [(Mark.WEAKER, "b"), (Mark.WEAKER, "a")]


def test_every_report_tells_the_same_counts(summary: Summary) -> None:
    told = "17 cells: 5 as before, 5 weaker, 1 stricter, 2 unproven, 1 open on both, 1 differs as agreed, 2 not askable"
    out = io.StringIO()
    Console(out, 300, color=False).finish(summary, {})
    assert told in out.getvalue()
    assert told in render_markdown(summary, "ab")
    assert told.encode() in render_html(summary, events(), lambda _: b"", "ab")
    report = msgspec.json.decode(render_json(summary, "ab"))
    counts = report["security"]
    assert counts.pop("cells") == 17 == len(report["matrix"])
    assert counts.pop("weaker_cells")[0] == "GET /orders, web: wrong audience"
    assert sum(counts.values()) == 17
    assert (counts["weaker"], counts["stricter"], counts["open_on_both"], counts["not_askable"]) == (5, 1, 1, 2)


def test_a_run_without_probes_tells_no_matrix(summary: Summary) -> None:
    bare = replace(summary, cases=())
    assert not {"security", "matrix"} & set(msgspec.json.decode(render_json(bare, "ab")))
    assert "## Security" not in render_markdown(bare, "ab")
    assert b'id="security"' not in render_html(bare, (), lambda _: b"", "ab")


def test_the_list_of_weaker_cells_is_bounded() -> None:
    report = msgspec.json.decode(render_json(fold(large(30, 10, weaker=tuple(range(300)))), "ab"))
    assert (report["security"]["weaker"], len(report["security"]["weaker_cells"])) == (300, 200)
    assert set(report["matrix"][0]) == {"row", "caller", "column", "group", "old", "new", "outcome", "mark"}


def test_the_terminal_shows_the_worst_cells_first_and_where_the_remedy_stands(summary: Summary) -> None:
    out = io.StringIO()
    Console(out, 300, color=False).finish(summary, {})
    shown = out.getvalue()
    marks = re.findall(r"^• (weaker|stricter|unproven|open on both): ", shown, re.MULTILINE)
    assert marks == ["weaker"] * 5 + ["stricter", "unproven", "unproven", "open on both"]
    assert "GET /orders, web: wrong audience  old refused, new let through  (see 1 above)" in shown
    assert "\x1b" not in shown
    assert "\u202e" not in shown


def test_markdown_shows_what_differs_and_keeps_hostile_words_in_their_cell(summary: Summary) -> None:
    made = render_markdown(summary, "ab")
    part = made[made.index("## Security") : made.index("## Set aside")]
    assert "| `GET /orders` | refused / refused | **weaker** (refused / let through) |" in part
    assert "no credential" not in part, "a column without anything to look at"
    blocks = [block.splitlines() for block in part.split("\n\n") if block.startswith("|")]
    assert len(blocks) == 4
    for block in blocks:
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in block}) == 1, block
    assert "<script" not in part


def test_junit_names_group_and_cell(summary: Summary) -> None:
    root = ET.fromstring(render_junit(summary))
    (suite,) = root.findall("testsuite")
    cases = {case.attrib["name"]: case for case in suite.iter("testcase")}
    assert suite.attrib["name"] == "security"
    assert cases["GET /orders, web: wrong audience"].attrib["classname"] == "callers"
    assert cases["GET /orders, web: wrong audience"].find("failure") is not None
    assert cases["GET /orders, web: expired token"].find("skipped") is not None
    assert cases["new.example:443: versions and certificate"].attrib["classname"] == "TLS"


def test_a_page_of_very_many_cells_is_bounded_and_keeps_the_weaker_ones(summary: Summary) -> None:
    cases = [_case(index, row=f"GET /{index // 40}", column=f"c{index % 40}") for index in range(40 * 600)]
    bad = replace(cases[-1], outcome=F, decisions={"old": R, "new": T})
    page = page_of(matrix(_with(summary, *cases[:-1], bad)))
    (sheet,) = page.sheets
    assert (len(sheet.lines), sheet.left) == (500, 100)
    assert sheet.lines[-1][0].name == "GET /599"
    assert sheet.narrowed


def test_two_hundred_by_twenty_stay_under_three_megabytes() -> None:
    made = large(200, 20, weaker=(7, 3999))
    page = render_html(fold(made), made, lambda _: b"", "ab" * 32)
    assert len(page) < 3_000_000
    assert page.count(b"<td") > 4_000
    assert b" style=" not in page


def test_hostile_names_are_escaped_in_the_page(summary: Summary) -> None:
    page = render_html(summary, events(), lambda _: b"", "ab").decode()
    before = page[: page.index('<script type="application/json"')]
    assert HOSTILE not in page
    assert "<script>alert" not in page
    assert "\u202e" not in before
    assert "&lt;script&gt;alert(1)" in before


def test_probe_helpers_name_cells_as_the_suite_does() -> None:
    assert info(0, "GET /a", "no key").name == "GET /a: no key"
