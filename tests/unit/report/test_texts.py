"""Hostile texts stay texts in every report."""

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import msgspec
import pytest

from harness.decide.fold import fold
from harness.model.event import CaseInfo
from harness.model.finding import CaseResult, Summary
from harness.model.outcome import Outcome
from harness.report import embed, html, junit, markdown, text, view
from tests.bench.sample_run import make_run

HOSTILE = [
    "<script>alert(1)</script>",
    "</style><img src=x onerror=alert(1)>",
    "]]>",
    "{{7*7}}",
    "[click](javascript:alert(1))",
    "| cell | `code` \\| more",
    "\x1b[2J\x1b]8;;http://evil.example\x07",
    "nul\x00here",
    "\u202etxt.exe",
    "zero\u200bwidth",
    "line\u2028break\r\n# heading",
    "@team www.evil.example http://evil.example",
    "lone \ud800 half",
    "x" * 1_000_000,
]


@pytest.fixture(scope="module")
def summary() -> Summary:
    return fold(make_run(40, failing_every=5).events)


def _with(summary: Summary, words: str) -> Summary:
    finding = replace(
        summary.findings[0], case=words, title=words, at=words, old=words, new=words, remedy=words, note=words
    )
    case = CaseResult(
        info=CaseInfo(index=999, name=words, operation=words),
        suite="parity",
        outcome=Outcome.FAIL,
        why=(words,),
        counts={"unexplained": 1},
    )
    return replace(
        summary,
        scenario=words,
        reasons=(words,),
        findings=(finding, *summary.findings),
        cases=(case, *summary.cases),
        notes=(words,),
    )


@pytest.mark.parametrize("words", HOSTILE)
def test_markdown_has_no_markup_of_theirs(summary: Summary, words: str) -> None:
    made = markdown.render_markdown(_with(summary, words), "ab" * 32)
    outside = re.sub(r"(`+)(.*?)\1", "", re.sub(r"\\.", "", made))
    assert "<" not in outside
    assert "](" not in outside
    assert not re.search(r"https?://|www\.|@", outside)
    assert "\x1b" not in made
    assert "\u202e" not in made
    table = [line for line in made.splitlines() if line.startswith("| 1 |")]
    assert len(table) == 1
    assert len(re.findall(r"(?<!\\)\|", table[0])) == 9, "a value must not open a cell"


@pytest.mark.parametrize("words", HOSTILE)
def test_junit_is_well_formed(summary: Summary, words: str) -> None:
    root = ET.fromstring(junit.render_junit(_with(summary, words)))
    assert len(root.findall("testsuite/testcase")) == 41


@pytest.mark.parametrize("words", HOSTILE)
def test_embedded_json_cannot_end_its_element(words: str) -> None:
    made = embed.script_safe(embed.encode({"a": words}))
    assert not set(b"<>&") & set(made)
    assert msgspec.json.decode(made)["a"] == words.encode("utf-8", "replace").decode()


def test_a_suite_without_cases_is_an_error_in_junit(summary: Summary) -> None:
    root = ET.fromstring(junit.render_junit(replace(summary, cases=())))
    assert [suite.attrib["errors"] for suite in root] == ["1"]


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("a\x1b[1m", "a\\e[1m"),
        ("a\x00b", "a\\0b"),
        ("\u202e", "\\u{202e}"),
        ("\x9b", "\\x9b"),
        ("Ünïcode ✓", "Ünïcode ✓"),
        ("a\nb", "a\\nb"),
    ],
)
def test_hidden_characters_are_made_visible(raw: str, shown: str) -> None:
    assert text.visible(raw) == shown


def test_short_keeps_both_ends() -> None:
    made = text.short("a" * 500 + "END", 40)
    assert len(made) == 40
    assert made.endswith("END")
    assert text.short("brief", 40) == "brief"


@pytest.mark.parametrize(
    ("seconds", "told"), [(4.21, "4.2 s"), (187, "3 min 07 s"), (7_500, "2 h 05 min"), (-1, "0.0 s")]
)
def test_durations_for_people(seconds: float, told: str) -> None:
    assert text.duration(seconds) == told


def test_what_was_set_aside_comes_with_an_example(summary: Summary) -> None:
    asides = view.set_aside(summary)
    assert {aside.cause: aside.count for aside in asides} == {"identity": 80, "bound": 8}
    assert all(aside.example and aside.example.cause == aside.cause for aside in asides)


def test_an_only_run_is_told_as_such(summary: Summary) -> None:
    assert "nothing has been compared" in view.headline(replace(summary, mode="only-old"))


def test_a_page_holds_half_a_character_as_a_replacement() -> None:
    run = make_run(2, failing_every=1)
    made = html.render_html(_with(fold(run.events), "half \ud800 of one"), run.events, run.bodies.__getitem__, "")
    assert b"half ? of one" in made
    broken = {"s": ["\ud800"], "d": msgspec.Raw(b"[1]")}
    assert embed.encode(broken) == b'{"s":["?"],"d":[1]}'
