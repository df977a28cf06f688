"""Follow a name wherever it leads, asking the servers of each zone on its way."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from harness.dns.asking.once import Asks
from harness.dns.facts import Authority, Zone
from harness.dns.surveying.walk import within
from harness.dns.surveying.way import follow
from harness.dns.surveying.zones import Zones
from harness.model.dns import Chain, Heard, Reply, Server

MOST_ASKED = 3
"""Servers that one question is taken to, of each kind, until one tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chasing:
    """Asks a zone's own servers where they are known, and the resolvers where not: their TTLs have run for a while."""

    asker: Asks
    zones: Zones
    resolvers: Sequence[Server]

    async def chain(self, name: str, type_: str) -> Chain:
        """Return the way of `name`; each of its links says in which zone it was told, "" where a resolver did."""
        found: dict[str, str] = {}

        async def ask_one(at: str, kind: str) -> Reply:
            zone = await self.zones.of(at)
            reply = await self._authority(zone, at, kind)
            if reply is None:
                return await self._resolver(at, kind)
            found.update({records.name: zone.name for records in reply.answer})
            return reply

        way = await follow(ask_one, name, type_)
        links = tuple(replace(link, zone=found.get(link.records.name, "")) for link in way.links)
        return replace(way, links=links)

    async def _authority(self, zone: Zone, name: str, type_: str) -> Reply | None:
        """Return what one of the zone's servers says; of other zones it is not believed, as by a resolver."""
        for authority in _first(zone.authorities):
            reply = await self.asker.ask(authority.server, name, type_, recurse=False)
            if reply.heard.tells and reply.authoritative:
                return replace(reply, answer=tuple(one for one in reply.answer if within(one.name, zone.name)))
        return None

    async def _resolver(self, name: str, type_: str) -> Reply:
        reply: Reply | None = None
        for server in self.resolvers[:MOST_ASKED]:
            reply = await self.asker.ask(server, name, type_)
            if reply.heard.tells:
                break
        return reply or Reply(server=_NOBODY, name=name, type=type_, heard=Heard.NOT_ASKED, detail="nobody to ask")


_NOBODY = Server(name="nobody", address="")


def _first(authorities: Sequence[Authority]) -> Sequence[Authority]:
    return authorities[:MOST_ASKED]
