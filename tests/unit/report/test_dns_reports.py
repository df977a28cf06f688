"""Names in report.html, .json, .md and on the terminal: what is told, what is not known, all of it bounded."""

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

import msgspec
import pytest

from harness.dns.watching.watched import Watched
from harness.model.dns import Clamp, Heard, Points, Sighting
from harness.model.event import CaseInfo, Checked, Event, Planned, Point, Sighted
from harness.report import dns_charts, dns_words
from harness.report.console import Console
from harness.report.html import render_html
from harness.report.json_report import render_json
from harness.report.junit import render_junit
from harness.report.markdown import render_markdown
from tests.golden import dns_run
from tests.golden.dns_run import AT, NAMES, Answer

HOSTILE = 'evil.example</title><script>window.pwned=1</script>"><b>|`[x](http://evil.example)\x1b[2J\u202e'


def _html(events: Sequence[Event]) -> str:
    page = render_html(dns_run.summary(events), events, lambda _: b"", "head").decode()
    return page.split('<script type="application/json"')[0]


def _json(events: Sequence[Event]) -> Any:
    return msgspec.json.decode(render_json(dns_run.summary(events), "head"))["dns"]


def _markdown(events: Sequence[Event]) -> str:
    return render_markdown(dns_run.summary(events), "head")


def _terminal(events: Sequence[Event]) -> str:
    out = io.StringIO()
    Console(out, width=160, color=False).finish(dns_run.summary(events), {})
    return re.sub(r"\s+", " ", out.getvalue())


SOON = dns_run.timing(NAMES[1], earliest=AT + 60, why="TTL 60", back=((0.0, 0.0), (60.0, 1.0)), back_all=60.0)
UNKNOWN = dns_run.timing("dark.example.com", earliest=None, why="no server told", ttl=None, back=(), back_all=None)


def test_the_earliest_safe_time_is_that_of_the_last_name_and_comes_first() -> None:
    events = dns_run.suite_run(SOON, dns_run.timing())
    words = "Earliest safe time to move all 2 names: 2026-11-21 14:20 UTC, held up by api.example.com."
    for told in (_html(events), _markdown(events), _terminal(events)):
        assert words in told
        assert told.index(NAMES[0], told.index(words) + len(words)) < told.index(NAMES[1], told.index(words))
    assert _json(events)["earliest"] == "2026-11-21T14:19:40.500Z"


def test_a_moment_is_never_rounded_to_before_it() -> None:
    assert dns_words.minute(AT + 0.5) == "2026-11-21 14:01 UTC"
    assert dns_words.minute(AT) == "2026-11-21 14:00 UTC"


def test_a_name_of_which_nothing_is_known_is_not_passed_over() -> None:
    events = dns_run.suite_run(SOON, UNKNOWN)
    words = "Not known when all 2 names can be moved: dark.example.com."
    for told in (_html(events), _markdown(events), _terminal(events)):
        assert words in told
    assert _json(events)["earliest"] is None
    assert [one["earliest"] for one in _json(events)["names"]] == ["2026-11-21T14:01:00.000Z", None]


def test_how_fast_callers_are_back_is_told_by_all_and_by_most() -> None:
    back = ((0.0, 0.0), (40.0, 0.5), (54.0, 0.9), (125.0, 1.0))
    told = _terminal(dns_run.suite_run(dns_run.timing(back=back)))
    assert "all callers back within 2 min 05 s of a change back (90 % after 54 s)" in told
    assert "TTL 60 s, vpn keeps answers at least 120 s" in told
    assert dns_words.back_at(dns_run.timing(back=back), 47.0) == pytest.approx(0.7)


def test_the_rollback_picture_marks_what_is_allowed_and_colours_what_is_late() -> None:
    slow = dns_run.timing("slow.example.com", back=((0.0, 0.0), (600.0, 1.0)), back_all=600.0)
    summary = dns_run.summary(dns_run.suite_run(SOON, slow, UNKNOWN))
    chart = dns_charts.rollback(summary.surveyed)
    assert chart is not None
    assert [line.name for line in chart.lines] == ["slow.example.com", "shop.example.com"]
    assert [notch.label for notch in chart.notches] == ["allowed: all back within 5 min 00 s"]
    assert 'class="late">10 min 00 s' in _html(dns_run.suite_run(slow))
    assert 'class="late">1 min 00 s' not in _html(dns_run.suite_run(SOON))
    assert dns_charts.rollback(dns_run.summary(dns_run.suite_run(UNKNOWN)).surveyed) is None


def test_what_is_allowed_is_not_marked_where_it_would_press_the_curve_to_the_edge() -> None:
    chart = dns_charts.rollback(dns_run.summary(dns_run.suite_run(SOON, within=3600.0)).surveyed)
    assert chart is not None
    assert chart.notches == ()
    assert chart.summary.endswith("allowed: 1 h 00 min")


def test_the_headline_holds_up_the_one_name_that_is_later() -> None:
    later = dns_run.timing("late.example.com", earliest=AT + 7200)
    assert dns_words.overall([SOON, later]).endswith("2026-11-21 16:00 UTC, held up by late.example.com.")
    assert dns_words.overall([SOON, replace(SOON, name="b", earliest=AT + 30)]).endswith("14:01 UTC.")


def test_what_is_safe_already_is_safe_now_and_a_condition_is_told() -> None:
    assert dns_words.overall([SOON], AT + 3600) == "Earliest safe time to move the name: now, at 2026-11-21 15:00 UTC."
    assert dns_words.safe_words(SOON, AT + 3600).startswith("safe to move now, at 2026-11-21 15:00 UTC (")
    lowered = replace(SOON, why="if the TTL is lowered now: copies with today's TTL of 3600 s have run out by then")
    assert dns_words.overall([lowered], AT).endswith(" UTC, if the TTL is lowered now.")


def test_the_headline_is_green_only_where_it_is_safe_now() -> None:
    head = re.compile(r'<p class="held (\w+)"><b>(Earliest|Not known)')
    now = replace(SOON, earliest=AT)
    marks = [head.findall(_html(dns_run.suite_run(*some)))[0][0] for some in ([now], [now, SOON], [now, UNKNOWN])]
    assert marks == ["good", "doubt", "doubt"]


@pytest.mark.parametrize("back", [((0.0, 1.0),), ((0.0, 0.0), (30.0, 0.0), (30.0, 1.0))])
def test_a_mechanism_without_ttls_is_drawn_as_a_step(back: tuple[tuple[float, float], ...]) -> None:
    one = dns_run.timing(back=back, back_all=back[-1][0], mechanism="proxy", ttl=None)
    chart = dns_charts.rollback(dns_run.summary(dns_run.suite_run(one)).surveyed)
    assert chart is not None
    assert dns_words.back_after(one, 0.9) == back[-1][0]


def test_a_run_without_names_says_nothing_of_them() -> None:
    events = dns_run.suite_run()
    assert 'id="dns"' not in _html(events)
    assert "dns" not in msgspec.json.decode(render_json(dns_run.summary(events), "head"))
    assert "## Names" not in _markdown(events)


# ---- the watch


def test_the_picture_has_a_row_for_each_and_says_when_it_changed() -> None:
    events = dns_run.watch_run()
    drawn = dns_charts.picture(_watched(events))
    assert drawn is not None
    assert len(drawn.rows) == 8
    rows = {row.title: row for row in drawn.rows}
    styles = [span.style for span in rows["api.example.com at office"].spans]
    assert styles == ["old", "new", "none", "new"], "a silence is no old answer"
    google = rows["shop.example.com at Google (8.8.8.8)"].spans
    assert [span.style for span in google] == ["old", "new", "old", "new"], "moving back is seen"
    assert google[2].label.endswith("old, 14:01:20 UTC to 14:01:30 UTC")
    first, last = google[0], google[-1]
    assert first.x == drawn.left
    assert last.x + last.width == pytest.approx(drawn.right)
    page = _html(events)
    assert all(words in page for words in ("<title id=", "<desc id=", "went back at", "14:01:20 UTC"))


def test_the_share_and_the_split_are_told_over_time() -> None:
    drawn = dns_charts.picture(_watched(dns_run.watch_run()))
    assert drawn is not None
    told = [span.label for span in drawn.area]
    assert told[0] == "14:00:00 UTC to 14:00:35 UTC: 6 old"
    assert any("4 new, 2 old" in one for one in told)
    assert told[-1].endswith("6 new"), "authorities are no callers' resolvers"
    for span in drawn.area:
        assert span.width > 0


def test_how_a_watch_ended_is_said_in_every_report() -> None:
    done, late = dns_run.watch_run(), dns_run.watch_run(12, until=AT + 55, outcome="INCONCLUSIVE")
    cut = dns_run.watch_run(12, state="interrupted")
    for events, words, headline in (
        (done, "All have moved: every server told the new side twice", "Every server that was asked answers the new"),
        (late, "The deadline came first: 4 of 8 had not moved", "Not everyone is known to have moved."),
        (cut, "The watch was ended early: 4 of 8 had not moved", "Not everyone is known to have moved."),
    ):
        for told in (_html(events), _markdown(events), _terminal(events)):
            assert words in told
            assert headline in told
    assert "--resume" not in _terminal(cut), "a watch is not resumed"
    assert b"tests=" in render_junit(dns_run.summary(done))


def test_a_rehearsal_says_so_everywhere() -> None:
    events = dns_run.watch_run(rehearsal=True)
    assert "rehearsal in a test zone" in _html(events)
    assert "**Rehearsal in a test zone.**" in _markdown(events)
    assert "Rehearsal in a test zone" in _terminal(events)
    assert _json(events)["propagation"]["rehearsal"] is True


def test_the_json_tells_each_look_and_each_resolver() -> None:
    told = _json(dns_run.watch_run())["propagation"]
    assert (told["looks"], told["all_moved"], told["share"], told["interval"]) == (30, True, 1.0, 5.0)
    assert len(told["shares"]) == 30
    by = {(one["name"], one["server"]): one for one in told["resolvers"]}
    vpn = by[NAMES[0], "vpn"]
    assert (vpn["answers"], vpn["moved"], vpn["moved_at"]) == ("new", True, "2026-11-21T14:02:10.200Z")
    assert vpn["remaining"] == 45
    assert by[NAMES[1], "Google (8.8.8.8)"]["back"] == ["2026-11-21T14:01:20.200Z"]
    assert [change[1] for change in by[NAMES[0], "office"]["changes"]] == ["old", "new", "unknown", "new"]


def test_a_silent_resolver_is_named_and_has_not_moved() -> None:
    told = dns_run.watching(("api.example.com",), ("office", "10.0.0.53"), until=AT + 20)
    looks = [
        dns_run.look(number, lambda _, server: dns_run.new() if server == "office" else dns_run.SILENT, told)
        for number in range(5)
    ]
    events: list[Event] = [*dns_run.watch_run(0)[:2], told, *looks]
    for text in (_html(events), _markdown(events), _terminal(events)):
        assert "1 of 2 had not moved, 10.0.0.53 never answered" in text
    assert _json(events)["propagation"]["share"] == 1.0, "a share of those that tell"


def _crowd(names: int, servers: int, looks: int) -> list[Event]:
    told = dns_run.watching(
        [f"n{number}.example.com" for number in range(names)], [f"resolver {number}" for number in range(servers)]
    )
    rank = {
        (name, server): (first * 7 + second * 3) % looks
        for first, name in enumerate(told.names)
        for second, server in enumerate(told.servers)
    }

    def since(number: int) -> Callable[[str, str], Answer]:
        return lambda name, server: dns_run.new() if number >= rank[name, server] else dns_run.old()

    return [
        *dns_run.watch_run(0)[:2],
        told,
        *(dns_run.look(number, since(number), told) for number in range(looks + 1)),
    ]  # fmt: skip


def test_two_hundred_names_at_ten_resolvers_make_a_light_page() -> None:
    events = _crowd(200, 10, 12)
    page = _html(events)
    assert len(page) < 400_000
    drawn = dns_charts.picture(_watched(events))
    assert drawn is not None
    assert (len(drawn.rows), drawn.left_out) == (dns_charts.MOST_ROWS, 2000 - dns_charts.MOST_ROWS)
    assert all("14:00:5" in row.spans[-1].label for row in drawn.rows), "those that moved last are drawn"
    assert len(_json(events)["propagation"]["resolvers"]) == 2000
    assert len(_markdown(events)) < 30_000


def test_a_resolver_that_flickers_for_hours_is_drawn_in_few_pieces() -> None:
    told = dns_run.watching(("api.example.com",), ("flickers",), until=AT + 20_000)
    sides = (lambda *_: dns_run.old(), lambda *_: dns_run.new())
    looks = [dns_run.look(number, sides[number % 2], told) for number in range(4_000)]
    watched = Watched(told, looks)
    drawn = dns_charts.picture(watched)
    assert drawn is not None
    assert len(drawn.rows[0].spans) <= dns_charts.MOST_STEPS + 1
    assert len(drawn.area) <= 2 * dns_charts.MOST_STEPS + 2
    assert len(drawn.line) < 20_000
    assert not watched.all_moved


def test_one_look_is_drawn_too() -> None:
    drawn = dns_charts.picture(_watched(dns_run.watch_run(1)))
    assert drawn is not None
    assert all(span.width > 0 for row in drawn.rows for span in row.spans)
    assert dns_charts.picture(_watched(dns_run.watch_run(0))) is None
    assert "No look came to its end" in _html(dns_run.watch_run(0, state="interrupted"))


def test_hostile_names_are_no_markup() -> None:
    told = dns_run.watching((HOSTILE,), (HOSTILE + "2", "ns1 (authority)"))
    seen = Sighting(
        name=HOSTILE, server=HOSTILE + "2", points=Points.ELSEWHERE, heard=Heard.ANSWER, ttl=3, addresses=(HOSTILE,)
    )
    one = dns_run.timing(HOSTILE, why=HOSTILE, switched=HOSTILE + "3", clamps=(Clamp(server=HOSTILE, seconds=3),))
    events: list[Event] = [
        *dns_run.suite_run(one),
        told,
        *(Sighted(at=AT + at, suite="dns", seen=(replace(seen, ttl=at),), moved=0.0) for at in range(3)),
    ]
    page = _html(events)
    assert "<script>window" not in page
    for text in (page, _markdown(events), _terminal(events)):
        assert "\x1b" not in text
        assert "\u202e" not in text
    assert not re.search(r"(?<!\\)\]\(http", _markdown(events))
    assert "<script>" not in _markdown(events)


def _watched(events: Sequence[Event]) -> Watched:
    (told,) = dns_run.summary(events).propagations
    return Watched(told.watching, told.sighted)


def test_junit_says_what_to_do_and_for_which_name_that_was_written() -> None:
    names = ("api.example.com", "shop.example.com")
    infos = tuple(CaseInfo(index=index, name=f"{name}: TTL", operation=name) for index, name in enumerate(names))
    checked = [
        Checked(at=AT, suite="dns", index=info.index, case=info.name, outcome="FAIL", why=(f"{info.operation}: too long",), points=(
            Point(at="dns:ttl", title=f"{info.operation}: too long", outcome="FAIL", severity="major",
                  remedy=f"Lower <the TTL> of {info.operation}."),
        ))
        for info in infos
    ]  # fmt: skip
    told = render_junit(dns_run.summary([dns_run.started(), Planned(at=AT, suite="dns", cases=infos), *checked]))
    texts = [one.text for one in ET.fromstring(told).iter("failure")]
    assert texts == [
        "api.example.com: too long\nWhat to do: Lower <the TTL> of api.example.com.",
        "shop.example.com: too long\nWhat to do (as for api.example.com: TTL): Lower <the TTL> of api.example.com.",
    ]
