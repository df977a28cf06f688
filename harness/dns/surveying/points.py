"""Which side a name leads to, told from its way. Pure."""

import ipaddress
from collections.abc import Iterable

from harness.model.dns import Chain, Heard, Points, Records
from harness.model.side import Side
from harness.scenario.moving import Move, Target

_OF_SIDE = {Side.OLD: Points.OLD, Side.NEW: Points.NEW}


def points(chain: Chain, move: Move, *, old: frozenset[str], new: frozenset[str]) -> Points:
    """Return the side; `old` and `new` are the addresses that each side's target resolves to now.

    The first CNAME target that is met decides, even where its own end does not exist: what moves the callers leads
    there. Else the addresses do: all of them must be the side's.
    """
    by_name = _by_name(chain, move)
    if by_name is not None:
        return by_name
    if not chain.heard.tells:
        return Points.UNKNOWN
    found = addresses(chain.addresses)
    if not found:
        return Points.NOWHERE if chain.heard in {Heard.NO_NAME, Heard.EMPTY} else Points.UNKNOWN
    return _by_address(found, move, {Side.OLD: old, Side.NEW: new})


def addresses(texts: Iterable[str]) -> frozenset[str]:
    """Return addresses in the one form that the ipaddress module writes; others are left out."""
    return frozenset(filter(None, map(_address, texts)))


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return ""


def _by_name(chain: Chain, move: Move) -> Points | None:
    for link in chain.links:
        sides = _sides(link.records, move) if link.records.type == "CNAME" else set()
        if sides:
            return Points.BOTH if len(sides) == 2 else _OF_SIDE[sides.pop()]
    return None


def _sides(cname: Records, move: Move) -> set[Side]:
    return {side for side in Side if move.target(side).cname and move.target(side).cname in cname.values}


def _by_address(found: frozenset[str], move: Move, resolved: dict[Side, frozenset[str]]) -> Points:
    own = {side: _own(move.target(side), resolved[side]) for side in Side}
    within = [side for side in Side if found <= own[side]]
    if len(within) == 2:
        # both sides share these addresses: a target that is a CNAME would have been met on the way
        within = [side for side in within if not move.target(side).cname]
        return _OF_SIDE[within[0]] if len(within) == 1 else Points.UNKNOWN
    if within:
        return _OF_SIDE[within[0]]
    return Points.BOTH if all(found & own[side] for side in Side) else Points.ELSEWHERE


def _own(target: Target, resolved: frozenset[str]) -> frozenset[str]:
    """Return a side's addresses; those of a CNAME target too: some zones answer with its addresses in its place."""
    return addresses(target.addresses) if target.addresses else addresses(resolved)
