"""A load on the terminal: while it runs, and each threshold at its end."""

import io
from typing import Any

import pytest

from harness.decide.fold import fold
from harness.model.event import Event
from harness.model.load import LoadTick
from harness.report.console import Console
from harness.report.plain import PlainListener
from harness.report.text import NOTHING
from tests.golden import load_run


class Clock:
    """Time that moves when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def _shown(ticks: list[tuple[float, LoadTick]], *, width: int = 100, color: bool | None = True) -> str:
    out, clock = io.StringIO(), Clock()
    console = Console(out, width, color=color, clock=clock)
    console.begin(2_400)
    for at, tick in ticks:
        clock.now = at
        console.tick(tick)
    console.close()
    return out.getvalue()


def _plain(ticks: list[tuple[float, LoadTick]], stream: io.StringIO) -> str:
    clock = Clock()
    listener = PlainListener(stream, clock=clock)
    for at, tick in ticks:
        clock.now = at
        listener.tick(tick)
    return stream.getvalue()


def test_the_live_table_tells_both_sides() -> None:
    shown = _shown([(1.0, load_run.tick())])
    for words in (
        "34 s left",
        "planned/s",
        "524",
        "519",
        "178 ms",
        "1.63 s",
        "1.23 %",
        "sent late by 0.8 ms",
        "2 workers",
    ):
        assert words in shown


def test_it_is_drawn_twice_a_second_at_most() -> None:
    shown = _shown([(step / 20, load_run.tick()) for step in range(100)])
    assert 8 <= shown.count("planned/s") <= 11


def test_off_a_terminal_a_line_comes_now_and_then() -> None:
    ticks = [(float(second), load_run.tick(elapsed=float(second))) for second in range(35)]
    lines = _shown(ticks, width=80, color=None).splitlines()
    assert len(lines) == 3
    assert lines[0] == (
        "load: 55 s left  sent late by 0.8 ms  2 workers  "
        "old 20/s p95 121 ms 0 % errors  new 19/s p95 178 ms 1.23 % errors"
    )


def test_what_is_waited_for_is_told_at_once() -> None:
    waiting = LoadTick.waiting_for("workers: 1 of 2 are here")
    assert "load: workers: 1 of 2 are here" in _shown([(0.0, waiting), (0.5, waiting)], color=None)
    assert _shown([(0.0, waiting), (0.5, waiting)], color=None).count("\n") == 1
    assert "1 of 2 are here" in _shown([(0.0, waiting)])


def test_a_narrow_terminal_gets_short_lines() -> None:
    shown = _shown([(1.0, load_run.tick())], width=50)
    assert "planned/s" not in shown
    assert "p95 178 ms" in shown


@pytest.mark.parametrize(
    "moment", [{"p95": {}, "p99": {}, "errors": {}}, {"rate": {}}, {"elapsed": 99.0}, {"total": 0.0}]
)
def test_a_moment_without_figures_is_no_trouble(moment: dict[str, Any]) -> None:
    assert "load" in _shown([(1.0, load_run.tick(**moment))])


def test_before_the_first_answer_there_is_a_dash() -> None:
    nothing: dict[str, float | None] = {"old": None, "new": None}
    shown = _shown([(10.0, load_run.tick(p50=nothing, p95=nothing, p99=nothing))], color=None)
    assert f"p95 {NOTHING} " in shown


def test_a_run_of_a_load_alone_counts_no_other_requests() -> None:
    out, clock = io.StringIO(), Clock()
    console = Console(out, 100, clock=clock)
    console.begin(0)
    clock.now = 20.0
    console.tick(load_run.tick())
    clock.now = 40.0
    console.update(0, 0)
    assert len(out.getvalue().splitlines()) == 1


def test_hostile_words_do_not_move_the_cursor() -> None:
    words = _shown([(1.0, LoadTick.waiting_for(load_run.HOSTILE))], color=None)
    assert "\x1b" not in words
    assert "\u202e" not in words


def test_plain_pytest_gets_one_line_that_is_drawn_anew() -> None:
    long, brief = load_run.tick(), LoadTick.waiting_for("the last answers")
    shown = _plain([(0.0, long), (0.1, long), (1.0, brief), (1.2, long)], Screen())
    first, second = shown.split("\r")[1:]
    assert first.startswith("cutover: load: 34 s left")
    assert len(second) == len(first), "what was longer before is wiped out"
    assert "\n" not in shown


def test_plain_pytest_off_a_terminal_gets_a_line_every_ten_seconds() -> None:
    shown = _plain([(float(second), load_run.tick()) for second in range(25)], io.StringIO())
    assert len(shown.splitlines()) == 3


def _finished(events: list[Event], width: int = 100) -> str:
    out = io.StringIO()
    Console(out, width, color=False).finish(fold(events), {})
    return out.getvalue()


def test_each_threshold_stands_with_the_number_that_decided_it() -> None:
    shown = _finished(load_run.events(), 140)
    for words in (
        "✗  p95 <= old * 1.2",
        "p95 of GET /orders/{id}: old 121 ms, new 178 ms (+47 %); allowed old * 1.2 = 145 ms",
        "✓  errors <= old + 0.1pp",
        "old 0.08 % → new 0.08 %; allowed 0.18 %",
        "?  p99 <= 800ms of GET /orders",
        "Valid: the load generator kept its schedule",
        "2,400 requests under load",
    ):
        assert words in shown


def test_what_stopped_the_load_is_said_once_in_its_part() -> None:
    part = _finished(load_run.partial(), 140).partition("\nLoad (")[2].partition("Not proven")[0]
    assert part.count("passed 50 %") == 1
    assert part.count("?") == 4
    assert "are no proof" in part


def test_a_run_without_a_load_has_no_such_part() -> None:
    assert "Load (" not in _finished(load_run.events()[:2])
