"""Watching names move: what counts as moved, how a watch ends, what the journal keeps of it."""

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest

from harness.dns.watching import propagation
from harness.dns.watching.judge_moved import moved
from harness.dns.watching.propagation import Plan, Watch, checks, moves_of, plan_of
from harness.dns.watching.watched import Watched
from harness.model.check import Tools
from harness.model.dns import Heard, Points, Server, Sighting
from harness.model.event import CaseInfo, Checked, Event, Note, Sighted, Watching
from harness.model.outcome import Outcome
from harness.scenario.moving import Dns, Move, Rehearse, Target
from tests.golden import dns_run
from tests.golden.dns_run import GONE, SILENT, Answer

NAME = "api.example.com"
MOVE = Move(name=NAME, old=Target(cname="old.example.net"), new=Target(cname="new.example.net"))
BOTH: Answer = (Points.BOTH, 9)
ELSEWHERE: Answer = (Points.ELSEWHERE, 9)
OLD, NEW = dns_run.old(7), dns_run.new(7)


def _seen(*looks: Sequence[Answer]) -> Watched:
    """Return what came of looks at the servers a, b, …"""
    servers = tuple("abcdefgh"[: len(looks[0])])
    told = dns_run.watching((NAME,), servers)
    rows = [dict(zip(servers, row, strict=True)) for row in looks]
    return Watched(told, [dns_run.look(at, _by_server(row), told) for at, row in enumerate(rows)])


def _by_server(row: dict[str, Answer]) -> Callable[[str, str], Answer]:
    return lambda _, server: row[server]


def _outcome(*looks: Sequence[Answer]) -> tuple[Outcome, list[str]]:
    found = moved(_seen(*looks), MOVE)
    checked = found.checked(_info(), "dns")
    return Outcome(checked.outcome), list(checked.why)


def _info() -> CaseInfo:
    return checks(Watch(plan=_plan(), opens=_never, shows=_Quiet()))[0].info


def test_once_is_not_enough_and_twice_is() -> None:
    assert _outcome([OLD, OLD], [NEW, NEW])[0] is Outcome.INCONCLUSIVE
    assert _outcome([OLD, OLD], [NEW, NEW], [NEW, NEW]) == (Outcome.PASS, [])


def test_who_has_not_moved_is_named_with_what_is_left() -> None:
    outcome, why = _outcome([NEW, OLD, NEW], [NEW, OLD, NEW])
    assert outcome is Outcome.INCONCLUSIVE
    assert why == ["2 of 3 servers have moved; b still answers old (7 s left)"]


def test_a_server_that_never_tells_holds_the_end() -> None:
    outcome, why = _outcome(*[[NEW, SILENT]] * 5)
    assert outcome is Outcome.INCONCLUSIVE
    assert why == ["1 of 2 servers have moved; b does not answer (no answer in time)"]


def test_a_lost_packet_neither_counts_nor_ends_a_row() -> None:
    assert _outcome([NEW, NEW], [NEW, SILENT], [NEW, NEW])[0] is Outcome.PASS
    assert _outcome([NEW, NEW], [NEW, SILENT])[0] is Outcome.INCONCLUSIVE


@pytest.mark.parametrize(("last", "words"), [(GONE, "leads nowhere"), (ELSEWHERE, "to neither side")])
def test_callers_that_are_led_nowhere_at_the_end_fail_it(last: Answer, words: str) -> None:
    found = moved(_seen([OLD, OLD], [NEW, last], [NEW, last]), MOVE)
    checked = found.checked(_info(), "dns")
    assert checked.outcome == "FAIL"
    (point,) = checked.points
    assert words in point.title
    assert "old.example.net" in point.remedy
    assert _outcome([OLD, last], [NEW, NEW], [NEW, NEW])[0] is Outcome.PASS, "what was so on the way is over"


def test_one_that_answers_both_sides_has_not_moved() -> None:
    outcome, why = _outcome([BOTH], [BOTH])
    assert (outcome, why) == (
        Outcome.INCONCLUSIVE,
        ["0 of 1 servers have moved; a answers old and new together (9 s left)"],
    )


def test_a_new_target_that_does_not_exist_fails_it_at_a_resolver_alone() -> None:
    for server, outcome in (("a", "FAIL"), ("ns1 (authority)", "PASS")):
        told = dns_run.watching((NAME,), (server,))
        dead = replace(dns_run.sighting(NAME, server, NEW), heard=Heard.NO_NAME, addresses=())
        looks = [Sighted(at=told.at + at, suite="dns", seen=(dead,), moved=1.0) for at in range(2)]
        assert moved(Watched(told, looks), MOVE).checked(_info(), "dns").outcome == outcome


def test_a_server_that_refuses_is_told_apart_from_one_that_is_silent() -> None:
    told = dns_run.watching((NAME,), ("a",))
    refused = replace(dns_run.sighting(NAME, "a", SILENT), heard=Heard.REFUSED)
    found = moved(Watched(told, [Sighted(at=told.at, suite="dns", seen=(refused,), moved=0.0)]), MOVE)
    assert found.reasons[0][1] == "0 of 1 servers have moved; a tells nothing (refused)"


def test_moving_back_is_told_and_counts_from_the_start() -> None:
    watched = _seen([OLD, OLD], [NEW, NEW], [NEW, OLD], [NEW, NEW])
    found = moved(watched, MOVE)
    assert [point.title for point in found.points] == [
        "b answered new for api.example.com, then old again at 14:00:10 UTC"
    ]
    assert not watched.places[NAME, "b"].moved
    assert watched.places[NAME, "a"].moved


def test_no_look_at_all_is_no_pass() -> None:
    found = moved(Watched(dns_run.watching((NAME,), ("a",))), MOVE)
    assert found.checked(_info(), "dns").outcome == "INCONCLUSIVE"


def test_a_look_that_leaves_out_what_had_not_changed_counts_for_it() -> None:
    told = dns_run.watching((NAME,), ("a", "b"))
    first = dns_run.look(0, lambda *_: dns_run.new(40), told)
    second = replace(first, at=first.at + 5, seen=first.seen[:1])
    watched = Watched(told, [first, second])
    assert watched.all_moved
    assert watched.places[NAME, "b"].remaining(second.at) == 35


def test_a_server_named_as_anything_can_be_told_of() -> None:
    told = dns_run.watching((NAME,), ("self", "name"))
    found = moved(Watched(told, [dns_run.look(0, lambda *_: OLD, told)]), MOVE)
    assert found.facts["answers"] == {"self": "old", "name": "old"}


# ---- the loop


class _Quiet:
    def begin(self, watched: Watched) -> None: ...

    def look(self, watched: Watched) -> None: ...

    def tick(self, watched: Watched) -> None: ...


@asynccontextmanager
async def _never(_plan: Plan, _tools: Tools) -> AsyncIterator["_Eye"]:
    raise AssertionError
    yield _Eye(lambda _: ())


@dataclass
class _Eye:
    answers: Callable[[int], tuple[Sighting, ...]]
    looks: int = 0

    async def see(self) -> tuple[Sighting, ...]:
        self.looks += 1
        return self.answers(self.looks - 1)


@dataclass
class _Bench:
    """As much of Tools as a watch uses."""

    events: list[Event] = field(default_factory=list)
    stop_after: int = 10**9

    def stopping(self) -> bool:
        return sum(isinstance(event, Sighted) for event in self.events) >= self.stop_after

    def tell(self, event: Event) -> None:
        self.events.append(event)


def _plan(**changed: object) -> Plan:
    values: dict[str, object] = {
        "moves": (MOVE,),
        "resolvers": (Server(name="a", address="192.0.2.1"), Server(name="b", address="192.0.2.2")),
        "interval": 0.01,
        "until": time.time() + 60,
        **changed,
    }
    return Plan(**values)  # type: ignore[arg-type]


def _ran(plan: Plan, answers: Callable[[int, str, str], Answer], bench: _Bench) -> list[Checked]:
    def seen(number: int) -> tuple[Sighting, ...]:
        return tuple(
            dns_run.sighting(move.name, server.name, answers(number, move.name, server.name))
            for move in plan.moves
            for server in plan.servers(move.name)
        )

    @asynccontextmanager
    async def opens(_plan: Plan, _tools: Tools) -> AsyncIterator[_Eye]:
        yield _Eye(seen)

    watch = Watch(plan=plan, opens=opens, shows=_Quiet())
    return [check.run(bench) for check in checks(watch)]  # type: ignore[arg-type]


def test_a_watch_ends_as_soon_as_all_have_moved_twice() -> None:
    bench = _Bench()
    (checked,) = _ran(_plan(), lambda at, _, server: NEW if at >= (2 if server == "a" else 4) else OLD, bench)
    looks = [event for event in bench.events if isinstance(event, Sighted)]
    assert checked.outcome == "PASS"
    assert [look.moved for look in looks] == [0.0, 0.0, 0.5, 0.5, 1.0, 1.0]
    assert isinstance(bench.events[0], Watching)


def test_the_deadline_ends_it_with_a_last_look() -> None:
    bench = _Bench()
    (checked,) = _ran(_plan(until=time.time() + 0.3, interval=30.0), lambda *_: OLD, bench)
    assert checked.outcome == "INCONCLUSIVE"
    assert sum(isinstance(event, Sighted) for event in bench.events) == 2
    assert checked.facts["answers"] == {"a": "old", "b": "old"}


def test_each_name_is_judged_by_itself() -> None:
    other = replace(MOVE, name="shop.example.com")
    plan = _plan(moves=(MOVE, other), until=time.time() + 0.3)
    first, second = _ran(plan, lambda _, name, __: NEW if name == NAME else GONE, _Bench())
    assert (first.outcome, second.outcome) == ("PASS", "FAIL")


def test_the_wish_to_end_keeps_what_was_seen() -> None:
    bench = _Bench(stop_after=3)
    _ran(_plan(), lambda *_: OLD, bench)
    assert sum(isinstance(event, Sighted) for event in bench.events) == 3


def test_a_long_watch_keeps_what_changes_and_the_last_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(propagation, "MOST_TOLD", 6)
    bench = _Bench()
    (checked,) = _ran(_plan(), lambda at, _, server: NEW if at >= (3 if server == "a" else 8) else OLD, bench)
    looks = [event for event in bench.events if isinstance(event, Sighted)]
    assert [len(look.seen) for look in looks] == [2, 2, 2, 1, 0, 0, 0, 0, 1, 2]
    assert any(isinstance(event, Note) for event in bench.events)
    (told,) = (event for event in bench.events if isinstance(event, Watching))
    assert checked.outcome == "PASS"
    assert Watched(told, looks).all_moved, "the journal tells the same"


# ---- who is asked


def test_the_authorities_of_the_names_own_zone_are_asked_under_names_of_their_own() -> None:
    ns1, ns2 = Server(name="ns1", address="192.0.2.1"), Server(name="ns1", address="192.0.2.2")
    resolver = Server(name="ns1 (authority)", address="192.0.2.3")
    dns = Dns(moves=(MOVE,), authorities={"example.com": (ns1, ns2), "example.net": (resolver,), "": ()})
    plan = plan_of(dns, (resolver,), interval=5, until=0)
    assert [one.name for one in plan.servers(NAME)] == [
        "ns1 (authority) (192.0.2.1#53)",
        "ns1 (authority) (192.0.2.2#53)",
        "ns1 (authority)",
    ]


def test_a_rehearsal_watches_the_test_zone_alone() -> None:
    own = Server(name="ns", address="192.0.2.1")
    rehearse = (Rehearse(zone="test.example.com", name="api.test.example.com"),)
    dns = Dns(moves=(MOVE,), rehearse=rehearse, authorities={"": (own,)})
    (move,) = moves_of(dns, rehearsal=True)
    assert (move.name, move.old, move.new) == ("api.test.example.com", MOVE.old, MOVE.new)
    plan = plan_of(dns, (own,), interval=5, until=0, rehearsal=True)
    assert plan.servers(move.name) == (own,), "servers of the production zone do not speak for the test zone"
    (check,) = checks(Watch(plan=plan, opens=_never, shows=_Quiet()))
    assert check.info.name == "api.test.example.com has moved (rehearsal)"
