"""Targets that answer with a few of many addresses: what is seen of them in the end, and what still is a stranger."""

import asyncio
import itertools
from collections.abc import Sequence

from harness.dns.surveying.points import points
from harness.dns.surveying.rotating import ROUNDS, STILL, Sides, known
from harness.model.dns import Chain, Heard, Link, Points, Records
from harness.model.side import Side
from harness.scenario.moving import Move, Target

MOVE = Move(name="api.example.test", old=Target(alias="old.test"), new=Target(cname="new.test"))
ALL = [f"192.0.2.{at}" for at in range(1, 21)]


def way(*addresses: str, type_: str = "A") -> Chain:
    records = Records(name=MOVE.name, type=type_, ttl=60, values=addresses)
    links = (Link(records=records, told_by="ns1"),) if addresses else ()
    return Chain(name=MOVE.name, type=type_, links=links, heard=Heard.ANSWER if addresses else Heard.EMPTY)


def seen(name: Sequence[str], answers: Sequence[Sequence[str]]) -> tuple[Points, int]:
    """Return the side of a name with these addresses, where the old target answers so, one after the other."""
    asked = itertools.count()
    turn = itertools.cycle(answers)

    async def ask(target: str, type_: str) -> Chain:
        if target != "old.test" or type_ != "A":
            return way(type_=type_)
        next(asked)
        return way(*next(turn))

    one = way(*name)
    sides: Sides = {Side.OLD: frozenset(answers[0]), Side.NEW: frozenset({"198.51.100.1"})}
    found = asyncio.run(known(ask, MOVE, [one], sides))
    return points(one, MOVE, old=found[Side.OLD], new=found[Side.NEW]), next(asked)


def test_some_of_many() -> None:
    answers = [ALL[at : at + 8] for at in (0, 4, 8, 12)]
    assert seen(ALL[2:10], answers)[0] is Points.OLD


def test_two_of_many_at_a_time() -> None:
    answers = [[ALL[at], ALL[at + 1]] for at in range(0, 18, 2)]
    assert seen([ALL[3], ALL[19]], answers)[0] is Points.OLD


def test_a_target_that_never_changes_has_no_other_addresses() -> None:
    assert seen([ALL[0], ALL[1]], [[ALL[0]]]) == (Points.ELSEWHERE, STILL)


def test_another_machine_stays_elsewhere_and_asking_ends() -> None:
    side, asked = seen(["203.0.113.9"], [[one] for one in ALL])
    assert side is Points.ELSEWHERE
    assert asked <= ROUNDS


def test_nothing_is_asked_of_a_name_whose_side_is_known() -> None:
    assert seen([ALL[0]], [[ALL[0]]]) == (Points.OLD, 0)
