"""Ask every authoritative server of a zone about a name: what it says, and where the name's way begins at it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace

from harness.dns.asking.once import Asks
from harness.dns.facts import ADDRESS_TYPES, BESIDE, Authority, Zone
from harness.dns.surveying.switched import plain
from harness.dns.surveying.walk import name_servers, serials_by_primary, within
from harness.dns.surveying.way import MOST_LINKS, follow
from harness.model.dns import Chain, Heard, Reply, Server
from harness.scenario.moving import Dns, Move

Chase = Callable[[str, str], Awaitable[Chain]]
"""Follows a name out of the zone: (name, type) -> its way."""
LAG = 1.0
"""Seconds after which servers of one primary that disagree on the serial are asked anew: a change reaches secondaries
at once, by NOTIFY (RFC 1996), but not in the same instant."""


async def ask_authorities(
    asker: Asks,
    zone: Zone,
    move: Move,
    dns: Dns,  # noqa: ARG001  the section belongs to every question of the suite
    chase: Chase,
    *,
    lag: float = LAG,
) -> Zone:
    """Return the zone with what each of its servers says of itself and of the name that moves.

    A server that did not answer for the zone is not asked about the name.
    """
    if any(one.soa.heard is Heard.NOT_ASKED for one in zone.authorities):
        zone = await ask_zone(asker, zone, plain(move.name), lag=lag)
    work = _Work(asker=asker, zone=zone, name=plain(move.name), chase=chase)
    return replace(zone, authorities=tuple(await asyncio.gather(*map(work.one, zone.authorities))))


async def ask_zone(asker: Asks, zone: Zone, name: str, *, lag: float = LAG) -> Zone:
    """Return the zone with what each of its servers says of the zone itself (of `name`, where no zone is known).

    Where the serials differ, all are asked a second time after `lag` seconds, so that a change on its way to the
    secondaries is not taken for servers that disagree.
    """

    async def all_of_them() -> tuple[Authority, ...]:
        found = (_of_itself(asker, one, zone.name or name) for one in zone.authorities)
        return tuple(await asyncio.gather(*found))

    found = await all_of_them()
    if any(len(serials) > 1 for serials in serials_by_primary(found).values()):
        await asyncio.sleep(lag)
        found = await all_of_them()
    own = (name_servers(one.ns.answer, zone.name) for one in found if one.answers)
    return replace(zone, authorities=found, name_servers=next(filter(None, own), zone.name_servers))


async def _of_itself(asker: Asks, authority: Authority, zone: str) -> Authority:
    server = authority.server
    soa = await asker.ask(server, zone, "SOA", recurse=False)
    if not soa.heard.tells:
        return replace(authority, soa=soa)
    return replace(authority, soa=soa, ns=await asker.ask(server, zone, "NS", recurse=False))


@dataclass(slots=True, kw_only=True)
class _Work:
    """One name at the servers of its zone; `chased` are the ways out of the zone, each followed once."""

    asker: Asks
    zone: Zone
    name: str
    chase: Chase
    chased: dict[tuple[str, str], asyncio.Task[Chain]] = field(default_factory=dict)

    async def one(self, authority: Authority) -> Authority:
        server = authority.server
        if not authority.soa.heard.tells:
            return authority
        replies = await asyncio.gather(
            *(self.asker.ask(server, self.name, type_, recurse=False) for type_ in BESIDE),
        )
        at_name = dict(zip(BESIDE, replies, strict=True))
        chains = await asyncio.gather(*(self._way(server, at_name, type_) for type_ in ADDRESS_TYPES))
        return replace(authority, at_name=at_name, chains=dict(zip(ADDRESS_TYPES, chains, strict=True)))

    async def _way(self, server: Server, at_name: Mapping[str, Reply], type_: str) -> Chain:
        async def ask_one(name: str, type_: str) -> Reply:
            if not within(name, self.zone.name):
                return _not_asked(server, name, type_)
            known = at_name[type_] if name == self.name else None
            reply = known or await self.asker.ask(server, name, type_, recurse=False)
            return self._own(reply)

        own = await follow(ask_one, self.name, type_)
        own = replace(own, links=tuple(replace(link, zone=self.zone.name) for link in own.links))
        leaves = own.heard in {Heard.NOT_ASKED, Heard.REFERRAL} and own.links and not own.addresses
        return await self._beyond(own) if leaves and not _ended(own) else own

    def _own(self, reply: Reply) -> Reply:
        """Leave out what the server says of other zones: their own servers are asked, as a resolver would."""
        kept = tuple(one for one in reply.answer if within(one.name, self.zone.name))
        return replace(reply, answer=kept)

    async def _beyond(self, own: Chain) -> Chain:
        end = own.names[-1]
        rest = await self._chased(end, own.type)
        links = (*own.links, *rest.links)
        trouble = rest.trouble
        if rest.heard is Heard.NO_NAME and not rest.links:
            trouble = f"{end}, where {own.links[-1].records.name} leads to, does not exist"
        again = next((name for name in rest.names[1:] if name in own.names), "")
        if again:
            trouble = f"a loop: {end} leads back to {again}"
        elif len(links) > MOST_LINKS:
            trouble = f"no end after {MOST_LINKS} links, the last one to {links[MOST_LINKS - 1].records.values[0]}"
        return replace(own, links=links[:MOST_LINKS], heard=rest.heard, trouble=trouble, at=rest.at)

    async def _chased(self, name: str, type_: str) -> Chain:
        async def work() -> Chain:
            return await self.chase(name, type_)

        key = (name, type_)
        if key not in self.chased:
            self.chased[key] = asyncio.create_task(work())
        return await asyncio.shield(self.chased[key])


def _ended(chain: Chain) -> bool:
    """Tell whether a way came to no end within its zone: a loop, too many links, two CNAMEs for one name."""
    return (
        len(chain.links) >= MOST_LINKS
        or any(link.records.type == "CNAME" and len(link.records.values) > 1 for link in chain.links)
        or len(set(chain.names)) < len(chain.names)
    )


def _not_asked(server: Server, name: str, type_: str) -> Reply:
    return Reply(server=server, name=name, type=type_, heard=Heard.NOT_ASKED)
