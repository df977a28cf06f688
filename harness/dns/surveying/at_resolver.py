"""What one resolver says of a name: where it leads, and what the resolver holds, seen again once that has run out."""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from harness.dns.asking.ask import Asker
from harness.dns.facts import ADDRESS_TYPES, AtResolver
from harness.dns.surveying.points import points
from harness.dns.surveying.switched import switched_by, switched_records
from harness.dns.surveying.way import follow
from harness.model.dns import Chain, Heard, Points, Records, Reply, Server, Sighting
from harness.scenario.moving import Dns, Move, Target

MOST_LATER = 3
_SLACK = 1.5  # seconds: TTLs are whole ones, and a question takes time


async def look(
    asker: Asker, server: Server, move: Move, dns: Dns, *, ttl: Callable[[], int | None], until: float
) -> AtResolver:
    """Return what `server` says; trouble is in what it returns, never an exception.

    The name is looked at before anything else is asked, since each further question may refresh what is held. `ttl`
    tells what the authority's TTL of the switched records is, None while that is not known: a copy that has all of it
    left is fresh. Else the copy is waited out and looked at again, where it runs out before `until` (Unix seconds) and
    within the section's `wait`.
    """
    one = _At(asker=asker, server=server)
    way = await one.follow(move.name, "A")
    authenticated = all(reply.heard.tells and reply.authenticated for reply in one.heard)
    six, https, target = await asyncio.gather(
        one.follow(move.name, "AAAA"), one.ask(move.name, "HTTPS"), _both(one, move.new)
    )
    ways = {"A": way, "AAAA": six}
    old = await _old(one, move, ways)
    later = await one.later(ways, move, ttl, min(until, way.at + dns.wait))
    sides = _addresses(old), _addresses(target)

    def seen(chain: Chain) -> Sighting:
        return _sighting(_pointed(chain, move, *sides), server, move)

    return AtResolver(
        server=server,
        chains={type_: _pointed(chain, move, *sides) for type_, chain in ways.items()},
        target=target,
        https=https,
        first=seen(way),
        later=tuple((chain.at, seen(chain)) for chain in later),
        authenticated=authenticated,
    )


async def sight(
    asker: Asker, server: Server, name: str, move: Move, *, old: frozenset[str], new: frozenset[str]
) -> Sighting:
    """Return one look at `name`, which stands for the move's own: at a resolver, or at an authoritative server.

    `old` and `new` are the addresses that each side's target resolves to now. A name without an IPv4 address is looked
    at by IPv6. An authoritative server is not asked where the name leads beyond its own answer.
    """
    one = _At(asker=asker, server=server)
    way = await one.follow(name, "A", own=True)
    if way.heard is Heard.EMPTY and points(way, move, old=old, new=new) is Points.NOWHERE:
        six = await one.follow(name, "AAAA", own=True)
        way = six if six.heard is Heard.ANSWER else way
    return replace(_sighting(_pointed(way, move, old, new), server, move), name=name)


@dataclass(frozen=True, slots=True, kw_only=True)
class _At:
    """One server, asked by one asker, and all that it replied."""

    asker: Asker
    server: Server
    heard: list[Reply] = field(default_factory=list)

    async def ask(self, name: str, type_: str) -> Reply:
        reply = await self.asker.ask(self.server, name, type_)
        self.heard.append(reply)
        return reply

    async def follow(self, name: str, type_: str, *, own: bool = False) -> Chain:
        """Follow the name; with `own` no further than an authoritative answer tells."""
        last: Reply | None = None

        async def ask(at: str, kind: str) -> Reply | None:
            nonlocal last
            if own and last is not None and last.authoritative:
                return None
            last = await self.ask(at, kind)
            return last

        return await follow(ask, name, type_)

    async def later(
        self, ways: dict[str, Chain], move: Move, ttl: Callable[[], int | None], until: float
    ) -> list[Chain]:
        """Look again when the copy has run out, until a fresh one is seen: a few times, since TTLs are rounded."""
        looks: list[Chain] = []
        copy = _copy(ways["A"], move)
        if copy is None or copy.ttl == ttl():
            return looks
        out = ways["A"].at + copy.ttl + 1
        again = max([out, *(end for end in _ends(ways.values(), copy, move) if end <= until)])
        while len(looks) < MOST_LATER and again <= until:
            if not await self.asker.pause(again - time.time()):
                break
            looks.append(await self.follow(move.name, "A"))
            now = looks[-1]
            held = _held(now, move)
            if held is not None and now.at + held > out - 1 + _SLACK:
                break
            again = now.at + 1
        return looks


async def _both(one: _At, target: Target) -> dict[str, Chain]:
    """Return the ways of a target's own name, nothing for one that is given by addresses."""
    if not target.name:
        return {}
    ways = await asyncio.gather(*(one.follow(target.name, type_) for type_ in ADDRESS_TYPES))
    return dict(zip(ADDRESS_TYPES, ways, strict=True))


async def _old(one: _At, move: Move, ways: dict[str, Chain]) -> dict[str, Chain]:
    """Return the ways of the old target where they are needed: addresses whose side no name on the way tells."""
    nothing: frozenset[str] = frozenset()
    untold = any(
        chain.addresses and points(chain, move, old=nothing, new=nothing) is Points.ELSEWHERE for chain in ways.values()
    )
    return await _both(one, move.old) if untold else {}


def _addresses(ways: dict[str, Chain]) -> frozenset[str]:
    return frozenset(address for chain in ways.values() for address in chain.addresses)


def _pointed(chain: Chain, move: Move, old: frozenset[str], new: frozenset[str]) -> Chain:
    return replace(chain, points=points(chain, move, old=old, new=new))


def _copy(chain: Chain, move: Move) -> Records | None:
    """Return the records that the cutover changes, None without an answer."""
    return switched_records(chain, switched_by((chain,), move)) if chain.links else None


def _held(chain: Chain, move: Move) -> int | None:
    """Return the TTL left of the records that the cutover changes, None without an answer."""
    records = _copy(chain, move)
    return None if records is None else records.ttl


def _ends(ways: Iterable[Chain], copy: Records, move: Move) -> Iterator[float]:
    """Return when what was seen of a copy has run out for certain: a CNAME is seen on the way to each type.

    Each way was told a whole number of seconds, at a moment of its own: by the later one a copy may last for longer.
    """
    for way in ways:
        records = _copy(way, move)
        if records is not None and records.type == copy.type:
            yield way.at + records.ttl + 1


def _sighting(chain: Chain, server: Server, move: Move) -> Sighting:
    return Sighting(
        name=chain.name,
        server=server.name,
        points=chain.points,
        heard=chain.heard,
        ttl=_held(chain, move),
        addresses=chain.addresses,
        detail=chain.trouble,
    )
