"""Ask everybody who knows of the names that move, all at once, and put together what they say."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from harness.dns.asking.ask import Asker
from harness.dns.asking.once import Once
from harness.dns.asking.servers import resolvers
from harness.dns.facts import ADDRESS_TYPES, AtResolver, Signatures, Survey, Zone
from harness.dns.surveying import at_resolver, authorities, caa, dnssec, rotating, wildcard
from harness.dns.surveying.chasing import Chasing
from harness.dns.surveying.points import points
from harness.dns.surveying.switched import remaining, switched_by
from harness.dns.surveying.walk import within
from harness.dns.surveying.zones import Zones
from harness.model.check import Tools
from harness.model.dns import Chain, Points, Reply, Server, SurveyTick
from harness.model.side import Side
from harness.scenario.moving import Dns, Move, Target

MOST_SIGNED = 8
"""Names on the way to the new target that are looked at everywhere, and servers of each that are asked."""
_SHOWN = 1.0  # seconds


def surveys(dns: Dns, tools: Tools) -> tuple[Survey, ...]:
    """Return what is seen of each move, in order. Ends early, marked as interrupted, once `tools` wants to stop."""
    return asyncio.run(_all(dns, tools))


async def _all(dns: Dns, tools: Tools) -> tuple[Survey, ...]:
    asked = await asyncio.to_thread(resolvers, dns)
    async with Asker(dns.timeout, stopping=tools.stopping) as asker:
        zones = Zones(asker, dns, asked)
        once = Once(asker)
        chasing = Chasing(asker=once, zones=zones, resolvers=asked)
        until = time.time() + dns.wait
        work = [
            _Work(
                asker=asker, once=once, dns=dns, move=move, resolvers=asked, zones=zones, chasing=chasing, until=until
            )
            for move in dns.moves
        ]
        showing = asyncio.create_task(_show(tools, asker, dns, len(asked), until))
        try:
            return tuple(await asyncio.gather(*(one.survey() for one in work)))
        finally:
            showing.cancel()


async def _show(tools: Tools, asker: Asker, dns: Dns, servers: int, until: float) -> None:
    """Show about once a second how far it is."""
    began = time.time()
    while True:
        await asyncio.sleep(_SHOWN)
        now = time.time()
        tools.show(
            SurveyTick(
                names=len(dns.moves),
                servers=servers,
                questions=asker.questions,
                elapsed=now - began,
                left=max(until - now, 0.0),
            )
        )


@dataclass(slots=True, kw_only=True)
class _Work:
    """The survey of one name; `ttl` is the authority's, once that is known. `once` asks what names share."""

    asker: Asker
    once: Once
    dns: Dns
    move: Move
    resolvers: Sequence[Server]
    zones: Zones
    chasing: Chasing
    until: float
    ttl: int | None = None
    began: float = field(default_factory=time.time)

    async def survey(self) -> Survey:
        """Ask resolvers and authoritative servers at once: each look at a resolver may take as long as a TTL."""
        seen, (zone, old, new) = await asyncio.gather(self._resolvers(), self._authorities())
        sides = await self._sides(zone, seen, old, new)
        further = await self._further(zone, (*_ways(zone), *old.values(), *new.values()))
        told = (zone, *further)
        further, at_target, beside, now, after, signatures = await asyncio.gather(
            self._switched_elsewhere(zone, further, sides),
            self._at_target(new),
            wildcard.beside(self.once, zone, self.move.name),
            caa.caa(self.once, self.move.name, self.dns, self.resolvers, told),
            caa.after(self.once, self.move, self.dns, self.resolvers, told),
            self._signatures(zone, new),
        )
        return Survey(
            move=self.move,
            began=self.began,
            ended=time.time(),
            zone=_pointed(zone, self.move, sides),
            zones=further,
            resolvers=tuple(rotating.again(one, self.move, sides) for one in seen),
            target=new,
            at_target=at_target,
            wildcard=beside,
            caa=now,
            caa_after=after,
            signatures=signatures,
            questions=self.asker.questions,
            interrupted=self.asker.stopping,
        )

    async def _resolvers(self) -> tuple[AtResolver, ...]:
        looks = (
            at_resolver.look(self.asker, server, self.move, self.dns, ttl=lambda: self.ttl, until=self.until)
            for server in self.resolvers
        )
        return tuple(await asyncio.gather(*looks))

    async def _authorities(self) -> tuple[Zone, Mapping[str, Chain], Mapping[str, Chain]]:
        """Return the name's zone with what its servers say, and the ways of the old and of the new target."""
        known = await self.zones.of(self.move.name)
        zone, old, new = await asyncio.gather(
            authorities.ask_authorities(self.asker, known, self.move, self.dns, self.chasing.chain),
            self._target(self.move.old),
            self._target(self.move.new),
        )
        ways = _ways(zone)
        self.ttl = remaining(ways, switched_by(ways, self.move, zone.name))
        return zone, old, new

    async def _target(self, target: Target) -> Mapping[str, Chain]:
        if not target.name:
            return {}
        ways = await asyncio.gather(*(self.chasing.chain(target.name, type_) for type_ in ADDRESS_TYPES))
        return dict(zip(ADDRESS_TYPES, ways, strict=True))

    async def _sides(
        self, zone: Zone, seen: Sequence[AtResolver], old: Mapping[str, Chain], new: Mapping[str, Chain]
    ) -> rotating.Sides:
        """Return the addresses of both sides; a target may answer each time with others."""
        anew = Chasing(asker=self.asker, zones=self.zones, resolvers=self.resolvers)
        ways = (*_ways(zone), *(way for one in seen for way in one.chains.values() if way.points is Points.ELSEWHERE))
        of_new = frozenset(address for one in seen for address in _addresses(one.target))
        sides = {Side.OLD: _addresses(old), Side.NEW: _addresses(new) | of_new}
        return await rotating.known(anew.chain, self.move, ways, sides)

    async def _further(self, zone: Zone, ways: Sequence[Chain]) -> tuple[Zone, ...]:
        """Return the other zones that the ways lead through."""
        names = dict.fromkeys(name for way in ways for name in way.names)
        found = await asyncio.gather(*(self.zones.of(name) for name in names))
        return tuple({one.name: one for one in found if one.name not in {"", zone.name}}.values())

    async def _switched_elsewhere(
        self, zone: Zone, further: tuple[Zone, ...], sides: rotating.Sides
    ) -> tuple[Zone, ...]:
        """Return the other zones, and what all servers say of a record further on that is to be switched."""
        owner = switched_by(_ways(zone), self.move, zone.name)
        home = zone if within(owner, zone.name) else await self.zones.of(owner)
        if not home.name or owner == self.move.name:
            return further
        move = replace(self.move, name=owner)
        asked = await authorities.ask_authorities(self.once, home, move, self.dns, self.chasing.chain)
        asked = _pointed(asked, self.move, sides)
        return (asked, *(one for one in further if one.name != home.name))

    async def _at_target(self, new: Mapping[str, Chain]) -> tuple[Reply, ...]:
        """Return what every server says of the names on the way to the new target: resolvers ask any of them."""
        names = list(dict.fromkeys(name for way in new.values() for name in way.names))[:MOST_SIGNED]
        homes = await asyncio.gather(*(self.zones.of(name) for name in names))
        asked = (
            self.once.ask(one.server, name, type_, recurse=False)
            for name, home in zip(names, homes, strict=True)
            for one in home.authorities[:MOST_SIGNED]
            for type_ in (*ADDRESS_TYPES, "HTTPS")
        )
        return tuple(await asyncio.gather(*asked))

    async def _signatures(self, zone: Zone, new: Mapping[str, Chain]) -> tuple[Signatures, ...]:
        """Look at the signatures of the name in its own zone, and of each name on the way to the new target."""
        names = list(dict.fromkeys(name for way in new.values() for name in way.names))[:MOST_SIGNED]
        homes = await asyncio.gather(*(self.zones.of(name) for name in names))
        asked = [(self.move.name, zone), *((name, home) for name, home in zip(names, homes, strict=True) if home.name)]
        now = time.time()
        found = (dnssec.signatures(self.once, name, home, self.dns, self.resolvers, now) for name, home in asked)
        return tuple(await asyncio.gather(*found))


def _ways(zone: Zone) -> tuple[Chain, ...]:
    return tuple(way for authority in zone.authorities for way in authority.chains.values())


def _pointed(zone: Zone, move: Move, sides: rotating.Sides) -> Zone:
    """Return the zone with each server's ways told to lead to a side."""
    known = {"old": sides[Side.OLD], "new": sides[Side.NEW]}
    return replace(
        zone,
        authorities=tuple(
            replace(
                one,
                chains={type_: replace(way, points=points(way, move, **known)) for type_, way in one.chains.items()},
            )
            for one in zone.authorities
        ),
    )


def _addresses(ways: Mapping[str, Chain]) -> frozenset[str]:
    return frozenset(address for way in ways.values() for address in way.addresses)
