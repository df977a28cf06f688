"""Targets that answer with some of many addresses, another choice each time, and names that copy them."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace

from harness.dns.facts import ADDRESS_TYPES, AtResolver
from harness.dns.surveying.points import addresses, points
from harness.model.dns import Chain, Link, Points, Records, Sighting
from harness.model.side import Side
from harness.scenario.moving import Move, Target

ROUNDS = 32
"""Times that a target is asked again, at most: a load balancer may answer with two addresses of twenty."""
STILL = 2
"""Rounds in a row that bring nothing new, after which all is taken to be known."""

Sides = Mapping[Side, frozenset[str]]
"""The addresses that each side's target is known to have."""


async def known(ask: Callable[[str, str], Awaitable[Chain]], move: Move, ways: Iterable[Chain], sides: Sides) -> Sides:
    """Return the addresses of both sides, asked for anew where some way leads by address to neither.

    What a target that changes its answers shares with a way is enough: not all of its addresses may have been seen.
    """
    lost = [way for way in ways if _side(way, move, sides) is Points.ELSEWHERE]
    first, still = sides, 0
    for _ in range(ROUNDS if lost else 0):
        before = sides
        sides = {side: sides[side] | await _asked(ask, move.target(side)) for side in Side}
        still = still + 1 if sides == before else 0
        if still == STILL or all(_side(way, move, sides) is not Points.ELSEWHERE for way in lost):
            break
    for way in lost:
        found = addresses(way.addresses)
        met = [side for side in Side if sides[side] & found]
        if len(met) == 1 and sides[met[0]] != first[met[0]]:
            sides = {**sides, met[0]: sides[met[0]] | found}
    return sides


async def _asked(ask: Callable[[str, str], Awaitable[Chain]], target: Target) -> frozenset[str]:
    ways = [await ask(target.name, type_) for type_ in ADDRESS_TYPES] if target.name else []
    return frozenset(address for way in ways for address in way.addresses)


def again(seen: AtResolver, move: Move, sides: Sides) -> AtResolver:
    """Return a resolver's looks with their sides, told by all addresses that anybody has seen of the targets."""
    return replace(
        seen,
        chains={type_: _pointed(way, move, sides) for type_, way in seen.chains.items()},
        first=None if seen.first is None else _sighted(seen.first, move, sides),
        later=tuple((at, _sighted(one, move, sides)) for at, one in seen.later),
    )


def _pointed(way: Chain, move: Move, sides: Sides) -> Chain:
    return replace(way, points=_side(way, move, sides)) if way.points is Points.ELSEWHERE else way


def _sighted(one: Sighting, move: Move, sides: Sides) -> Sighting:
    if one.points is not Points.ELSEWHERE:
        return one
    type_ = "AAAA" if any(":" in address for address in one.addresses) else "A"
    records = Records(name=one.name, type=type_, ttl=one.ttl or 0, values=one.addresses)
    way = Chain(name=one.name, type=type_, links=(Link(records=records, told_by=one.server),), heard=one.heard)
    return replace(one, points=_side(way, move, sides))


def _side(way: Chain, move: Move, sides: Sides) -> Points:
    return points(way, move, old=sides[Side.OLD], new=sides[Side.NEW])
