"""The watch on the terminal: changes as lines, or a table that is drawn anew; nothing of a server's words moves it."""

import io

import pytest

from harness.dns.watching.watched import Watched
from harness.report.console import Console
from harness.report.dns_live import WatchView, summary_line
from tests.golden import dns_run
from tests.golden.dns_run import AT, answers_at


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def _shown(out: io.StringIO, looks: int, *, color: bool | None = None) -> str:
    told = dns_run.watching()
    clock = [AT]
    view = WatchView(out, width=140, color=color, now=lambda: clock[0])
    watched = Watched(told)
    view.begin(watched)
    for number in range(looks):
        watched.add(dns_run.look(number, answers_at(number), told))
        clock[0] = watched.at
        view.look(watched)
        view.tick(watched)
    view.close()
    return out.getvalue()


def test_off_a_terminal_each_change_is_a_line() -> None:
    lines = _shown(io.StringIO(), 10).splitlines()
    assert lines[0] == "Watching 2 names at 4 servers every 5 s, until 15:00:00 UTC at the latest"
    assert "14:00:35 UTC  api.example.com at office: new (once) (60 s left)" in lines
    assert lines[-1].startswith("14:00:45 UTC  33 % moved (2 new, 4 old), look 10, 59 min 15 s left")
    assert not any("\x1b" in line for line in lines)


def test_a_watch_that_begins_on_the_old_side_begins_with_one_line() -> None:
    told, out = dns_run.watching(), io.StringIO()
    view = WatchView(out, width=140, now=lambda: AT)
    watched = Watched(told, [dns_run.look(0, lambda *_: dns_run.old(), told)])
    view.look(watched)
    assert out.getvalue().splitlines() == ["14:00:00 UTC  0 % moved (6 old), look 1, 1 h 00 min left"]
    watched.add(dns_run.look(1, lambda *_: dns_run.new(), told))
    view.look(watched)
    assert out.getvalue().count("new (once)") == len(watched.asked)


def test_going_back_is_a_change_too() -> None:
    assert "shop.example.com at Google (8.8.8.8): old again (12 s left)" in _shown(io.StringIO(), 18)


def test_a_terminal_gets_a_table_with_those_left_first() -> None:
    drawn = _shown(Terminal(), 12, color=True)
    last = drawn[drawn.rindex("look 12") :]
    assert last.index("vpn") < last.index("ns1 (authority)")
    assert "TTL left" in last


def test_a_table_is_no_higher_than_the_terminal() -> None:
    told = dns_run.watching([f"n{number}.example.com" for number in range(200)], ("a", "b"))
    view = WatchView(Terminal(), width=120, color=True, now=lambda: AT)
    watched = Watched(told)
    watched.add(dns_run.look(0, lambda *_: dns_run.old(), told))
    view.begin(watched)
    view.look(watched)
    view.close()
    text = view.terminal.file.getvalue()  # type: ignore[attr-defined]
    assert text.count("n1") < 60
    assert "more, 0 of them moved" in text


def test_the_end_is_said() -> None:
    told = dns_run.watching(("api.example.com",), ("a",))
    looks = [dns_run.look(number, lambda *_: dns_run.new(), told) for number in range(2)]
    assert summary_line(Watched(told, looks), AT + 6) == "14:00:06 UTC  100 % moved (1 new), look 2, all have moved"
    late = Watched(told, [dns_run.look(0, lambda *_: dns_run.SILENT, told)])
    assert summary_line(late, AT + 4000).endswith("0 % moved (1 no answer), look 1, the deadline is over")


def test_hostile_names_and_secrets_do_not_reach_the_screen() -> None:
    told = dns_run.watching(("evil\x1b[2J\u202e",), ("s3cret",))
    out = io.StringIO()
    view = WatchView(out, shown=lambda text: text.replace("s3cret", "***"), width=200, now=lambda: AT)
    watched = Watched(told, [dns_run.look(0, lambda *_: dns_run.old(), told)])
    view.begin(watched)
    view.look(watched)
    text = out.getvalue()
    assert "s3cret" not in text
    assert "\x1b" not in text
    assert "\u202e" not in text


class Gone(io.StringIO):
    def write(self, _text: str) -> int:
        raise BrokenPipeError

    def flush(self) -> None:
        raise BrokenPipeError


@pytest.mark.parametrize("color", [None, True])
def test_a_terminal_that_has_gone_away_takes_the_view_alone(color: bool | None) -> None:
    assert _shown(Gone(), 3, color=color) == ""


def test_a_reader_that_has_gone_away_is_no_verdict() -> None:
    with pytest.raises(BrokenPipeError):
        Console(Gone()).finish(dns_run.summary(dns_run.watch_run()), {})
