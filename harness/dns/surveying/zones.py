"""Find the zone of a name and its servers: at servers that the scenario gives, or through the delegation."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from harness.dns.asking.once import Asks
from harness.dns.asking.reach import NAMES
from harness.dns.facts import Authority, Zone
from harness.dns.surveying.authorities import ask_zone
from harness.dns.surveying.delegation import Delegation, Told, ask_parent, placed
from harness.dns.surveying.switched import plain
from harness.dns.surveying.walk import above, apex_told, cut, name_servers, upwards, within
from harness.model.dns import Heard, Reply, Server
from harness.scenario.moving import Dns
from harness.scenario.texts import is_loopback

T = TypeVar("T")

RESOLVERS = 4
"""Resolvers that one question is taken to, until one tells."""
FEW = 4
"""Servers of one zone that a question is taken to, where the first that tells is enough."""
DEPTH = 8
"""Zone cuts that are followed below the last zone that the resolvers know."""


async def zone_of(asker: Asks, name: str, dns: Dns, resolvers: Sequence[Server]) -> Zone:
    """Return the zone of one name; its authorities are not yet asked about the name. See Zones for several names."""
    return await Zones(asker, dns, resolvers).of(name)


class Zones:
    """The zones of several names: what they share (a zone, its parent, an address) is asked for once."""

    def __init__(self, asker: Asks, dns: Dns, resolvers: Sequence[Server]) -> None:
        self._asker = asker
        self._dns = dns
        self._resolvers = list(resolvers)
        self._own = {plain(one.name) for one in dns.moves} | {plain(one.name) for one in dns.rehearse}
        self._given = {plain(zone) if zone else "": servers for zone, servers in dns.authorities.items()}
        # who names a resolver on this machine may well have delegations that lead there
        self._lab = any(is_loopback(one.address) for one in dns.resolvers)
        self._once: dict[tuple[str, ...], asyncio.Task[Any]] = {}

    async def of(self, name: str) -> Zone:
        """Return the zone of `name`; `trouble` in it says what could not be found.

        The servers of a name that moves have been asked about the zone itself.
        """
        name = plain(name)
        zone = await self._found(name)
        if name not in self._own:
            return zone
        key = ("itself", zone.name or name, *(one.server.name for one in zone.authorities))
        return await self._shared(key, lambda: ask_zone(self._asker, zone, name))

    async def _found(self, name: str) -> Zone:
        key = self._key(name)
        servers = self._given.get(key, ()) if key is not None else ()
        if servers:
            zone = await self._at_given(name, key or "", servers)
            # servers of the names themselves are asked for others too: perhaps they have those, perhaps not
            if zone is not None:
                return zone
        if not self._dns.follow and (servers or key is None):
            return Zone(trouble=f"no authoritative server is given for {name}, and delegations are not followed")
        if not self._resolvers:
            return Zone(trouble=f"no resolver to find the zone of {name} by")
        return await self._followed(name)

    def _key(self, name: str) -> str | None:
        """Return under which key the section speaks of a name's zone, None if it does not."""
        named = [zone for zone in self._given if zone and within(name, zone)]
        if named:
            return max(named, key=len)
        return "" if "" in self._given else None

    async def _at_given(self, name: str, key: str, servers: Sequence[Server]) -> Zone | None:
        # the longest one: a server that lacks the zone may well speak for the one above it
        apex = max(await asyncio.gather(*(self._apex_at(server, name, key or ".") for server in servers)), key=len)
        if apex:
            return await self._shared(("given", key, apex), lambda: self._given_zone(apex, servers))
        if not key and name not in self._own:
            return None
        told = ", ".join(server.name for server in servers[:3])
        trouble = f"none of the servers given speaks for the zone of {name}: {told}"
        return Zone(name=key, trouble=trouble, authorities=_unasked(servers, key or name, given=True))

    async def _apex_at(self, server: Server, name: str, stop: str) -> str:
        """Return the zone of `name` that a server speaks for, "" if it speaks for none of that name."""
        for at in upwards(name):
            if not within(at, stop):
                break
            reply = await self._soa_at(server, at)
            if not reply.heard.tells or not reply.authoritative:
                break
            if apex := apex_told(reply, at):
                return apex
        return ""

    async def _soa_at(self, server: Server, name: str) -> Reply:
        key = ("soa at", server.protocol, server.address, str(server.port), name)
        return await self._shared(key, lambda: self._asker.ask(server, name, "SOA", recurse=False))

    async def _given_zone(self, apex: str, servers: Sequence[Server]) -> Zone:
        zone = Zone(name=apex, authorities=_unasked(servers, apex, given=True))
        return replace(zone, dnskey=await self._key_record(zone))

    async def _followed(self, name: str) -> Zone:
        apex, trouble = await self._apex(name)
        if not apex:
            return Zone(trouble=f"no resolver tells which zone {name} is in: {trouble}")
        zone = await self._zone(apex)
        return await self._below(zone, name) if trouble else zone

    async def _apex(self, name: str) -> tuple[str, str]:
        """Return the zone that the resolvers tell for a name, and what kept them from telling it at once.

        A zone whose servers are all broken is told by nobody: what is found then is a zone above it.
        """
        trouble = ""
        for at in upwards(name):
            reply = await self._ask(at, "SOA")
            if apex := apex_told(reply, at):
                return apex, trouble
            if not reply.heard.tells:
                trouble = trouble or _in_words(reply)
        return "", trouble or "no SOA record was told"

    async def _below(self, zone: Zone, name: str) -> Zone:
        """Go down from the last zone that the resolvers tell, by its own servers' referrals."""
        for _ in range(DEPTH):
            found = await self._cut(zone, name)
            if not found:
                break
            zone = await self._zone(found, zone.name)
        return zone

    async def _cut(self, zone: Zone, name: str) -> str:
        for authority in zone.authorities[:FEW]:
            reply = await self._asker.ask(authority.server, name, "NS", recurse=False)
            if found := cut(reply, name, zone.name):
                return found
            if reply.heard.tells and reply.authoritative:
                break
        return ""

    async def _zone(self, apex: str, parent: str = "") -> Zone:
        return await self._shared(("zone", apex), lambda: self._followed_zone(apex, parent))

    async def _followed_zone(self, apex: str, parent: str) -> Zone:
        own, delegation = await asyncio.gather(self._names_of(apex), self._delegation(apex, parent))
        names = tuple(dict.fromkeys((*own[:NAMES], *delegation.names[:NAMES])))
        places = dict(zip(names, await self._places(names), strict=True))
        whereabouts = placed(places, delegation.glue, lab=self._lab)
        more = max(len(own), len(delegation.names)) - NAMES
        beyond = (f"{more} more name servers",) if more > 0 else ()
        zone = Zone(
            name=apex,
            trouble="" if whereabouts.servers else f"no server of {apex} can be asked",
            name_servers=own,
            delegated=delegation.names,
            parent_asked=delegation.asked,
            nowhere=tuple(name for name, place in places.items() if place.nowhere),
            authorities=_unasked(whereabouts.servers, apex, given=False),
            ds=delegation.ds,
            glue=delegation.glue,
            addresses={name: place.addresses for name, place in places.items()},
            left_out=(*whereabouts.left_out, *beyond),
            unseen=(*whereabouts.unseen, *beyond),
        )
        return replace(zone, dnskey=await self._key_record(zone))

    async def _names_of(self, apex: str) -> tuple[str, ...]:
        reply = await self._ask(apex, "NS")
        return name_servers(reply.answer, apex) if reply.heard.tells else ()

    async def _delegation(self, apex: str, parent: str) -> Delegation:
        if apex == ".":
            return Delegation()
        parent = parent or (await self._apex(above(apex)))[0]
        if not parent:
            return Delegation()
        names = (await self._names_of(parent))[:NAMES]
        places = dict(zip(names, await self._places(names), strict=True))
        return await ask_parent(self._asker, placed(places, {}, lab=self._lab).servers, apex)

    async def _places(self, names: Iterable[str]) -> list[Told]:
        return await asyncio.gather(*map(self._shared_place, names))

    async def _shared_place(self, name: str) -> Told:
        return await self._shared(("place", name), lambda: self._place(name))

    async def _place(self, name: str) -> Told:
        v4, v6 = await asyncio.gather(self._ask(name, "A"), self._ask(name, "AAAA"))
        return Told.of(v4, v6)

    async def _key_record(self, zone: Zone) -> Reply | None:
        """Return what the first server that tells says of the zone's keys."""
        reply = None
        for authority in zone.authorities[:FEW]:
            reply = await self._asker.ask(authority.server, zone.name, "DNSKEY", recurse=False, signatures=True)
            if reply.heard.tells:
                break
        return reply

    async def _ask(self, name: str, type_: str) -> Reply:
        return await self._shared(("ask", name, type_), lambda: self._ask_resolvers(name, type_))

    async def _ask_resolvers(self, name: str, type_: str) -> Reply:
        """Ask one resolver after the other; of replies that tell nothing, one that the server gave counts most."""
        failed: Reply | None = None
        for resolver in self._resolvers[:RESOLVERS]:
            reply = await self._asker.ask(resolver, name, type_)
            if reply.heard.tells:
                return reply
            if reply.heard in {Heard.SILENT, Heard.UNREACHABLE}:
                self._put_last(resolver)
            if failed is None or reply.heard is Heard.SERVFAIL:
                failed = reply
        assert failed is not None
        return failed

    def _put_last(self, resolver: Server) -> None:
        """Keep a resolver that does not answer from being waited for at every question."""
        self._resolvers = [*(one for one in self._resolvers if one != resolver), resolver]

    async def _shared(self, key: tuple[str, ...], make: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Return what `make` comes to, made once for everybody who asks for it by the same key."""
        if key not in self._once:
            self._once[key] = asyncio.create_task(make())
        # one who gives up waiting must not take it from the others
        waiting: Awaitable[T] = asyncio.shield(self._once[key])
        return await waiting


def _unasked(servers: Iterable[Server], name: str, *, given: bool) -> tuple[Authority, ...]:
    return tuple(
        Authority(
            server=server,
            soa=Reply(server=server, name=name, type="SOA", heard=Heard.NOT_ASKED),
            ns=Reply(server=server, name=name, type="NS", heard=Heard.NOT_ASKED),
            given=given,
        )
        for server in servers
    )


def _in_words(reply: Reply) -> str:
    return f"{reply.heard} from {reply.server.name}" + (f" ({reply.detail})" if reply.detail else "")
