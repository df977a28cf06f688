"""The terminal shows what matters first, and nothing that it is told by a response moves its cursor."""

import io
from dataclasses import replace
from pathlib import Path

import pytest

from harness.decide.fold import fold
from harness.model.finding import Summary, Unproven
from harness.model.outcome import Outcome
from harness.report.console import Console
from tests.bench.sample_run import make_run


class Clock:
    """Time that moves when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def summary() -> Summary:
    return fold(make_run(40, failing_every=5).events)


def _finish(summary: Summary, width: int = 100) -> str:
    out = io.StringIO()
    Console(out, width, color=False).finish(summary, {"report.html": Path("runs/x/report.html")})
    return out.getvalue()


def test_the_verdict_comes_first_then_findings_then_the_rest(summary: Summary) -> None:
    shown = _finish(summary)
    marks = [
        "NO-GO",
        "8 of 40 cases failed",
        "What is wrong (3)",
        "What to do",
        "Differences set aside",
        "runs/x/report.html",
    ]
    places = [shown.index(mark) for mark in marks]
    assert places == sorted(places)


def test_a_finding_says_place_values_reach_and_remedy(summary: Summary) -> None:
    shown = _finish(summary)
    assert "another value at header:cache-control" in shown
    assert "old no-cache, max-age=0  →  new no-store" in shown
    assert "in 8 cases" in shown
    assert "add a `set-header` policy" in shown


def test_many_findings_end_in_a_count(summary: Summary) -> None:
    findings = tuple(replace(summary.findings[0], id=str(number)) for number in range(40))
    assert "… and 28 more in report.html" in _finish(replace(summary, findings=findings))


@pytest.mark.parametrize(
    "words", ["\x1b[2J\x1b[31mred", "[bold red]markup[/]", ":smile:", "\u202eevil", "a\rb", "\x07"]
)
def test_hostile_words_are_shown_not_obeyed(summary: Summary, words: str) -> None:
    finding = replace(
        summary.findings[0], title=words, old=words, new=words, note=words, remedy=words, at=words, case=words
    )
    shown = _finish(replace(summary, findings=(finding,), reasons=(words,), notes=(words,)))
    for control in ("\x1b", "\u202e", "\r", "\x07"):
        assert control not in shown
    if words.startswith(("[", ":")):
        assert words in shown


def test_progress_off_a_terminal_is_a_line_now_and_then() -> None:
    out, clock = io.StringIO(), Clock()
    console = Console(out, 100, clock=clock)
    console.begin(1_000)
    for second in range(31):
        clock.now = float(second)
        console.update(second * 10, 1 if second > 15 else 0)
    console.close()
    lines = out.getvalue().splitlines()
    assert len(lines) == 3
    assert lines[0] == "100 of 1,000 requests  10/s  1 min 30 s left  0 unexplained differences"
    assert "1 unexplained difference" in lines[1]


def test_progress_on_a_terminal_is_redrawn_and_taken_away() -> None:
    out, clock = io.StringIO(), Clock()
    console = Console(out, 100, color=True, clock=clock)
    console.begin(1_000)
    for step in range(200):
        clock.now = step / 100
        console.update(step, 0)
    console.close()
    console.close()
    assert 5 <= out.getvalue().count("requests") <= 12, "drawn at most five times a second"
    assert out.getvalue().endswith("\x1b[?25h") or "\x1b[?25h" in out.getvalue()


def test_progress_without_a_total_divides_by_nothing() -> None:
    console = Console(io.StringIO(), 80, color=True, clock=Clock())
    console.begin(0)
    console.update(0, 0)
    console.close()


def test_a_note_that_is_the_title_is_not_said_twice(summary: Summary) -> None:
    words = "the new side's answer points to the old gateway"
    finding = replace(summary.findings[0], title=f"{words}: {summary.findings[0].at}", note=words)
    assert _finish(replace(summary, findings=(finding,)), 140).count(words) == 1


def test_what_failed_and_what_could_not_be_judged_stand_apart(summary: Summary) -> None:
    doubt = replace(summary.findings[0], outcome=Outcome.ERROR, case="silent", cases=("silent",))
    unproven = (Unproven(what="silent", why="old did not answer", holding=True),)
    shown = _finish(replace(summary, findings=(summary.findings[0], doubt), unproven=unproven))
    assert shown.index("What is wrong (1)") < shown.index("What could not be judged (1)")
    assert "Not proven" not in shown
