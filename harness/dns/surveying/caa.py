"""The CAA records that hold for a name, now and after the move, found as an issuer of certificates finds them."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from harness.dns.asking.once import Asks
from harness.dns.facts import Caa, Zone
from harness.dns.surveying.switched import plain
from harness.dns.surveying.walk import within
from harness.dns.surveying.way import follow
from harness.model.dns import Chain, Heard, Reply, Server
from harness.scenario.moving import Dns, Move

_MOST_SERVERS = 4
"""Of one zone, or of the resolvers, for one question; each is asked only if the one before did not tell."""
_CAA = "CAA"


async def caa(asker: Asks, name: str, dns: Dns, resolvers: Sequence[Server], zones: Sequence[Zone]) -> Caa:  # noqa: ARG001  as all that look
    """Return the records that hold for `name` as it is now (RFC 8659 §3).

    The name is asked for, aliases are followed, then the name above it, up to the top-level domain, until there are
    records. The servers of `zones` are asked for what is theirs, the resolvers for all else.
    """
    return await _climb(_Asking(asker=asker, resolvers=resolvers, zones=zones), plain(name), first=plain(name))


async def after(asker: Asks, move: Move, dns: Dns, resolvers: Sequence[Server], zones: Sequence[Zone]) -> Caa:  # noqa: ARG001  as all that look
    """Return the records that will hold for the moved name (RFC 8659 §3).

    Where it becomes a CNAME, those at the end of its new way come first; without any there, those of the names above
    the name itself hold, never those above the target. Where it gets addresses, its own come first: a CNAME that is
    there now has none beside it.
    """
    asking, name = _Asking(asker=asker, resolvers=resolvers, zones=zones), plain(move.name)
    if move.new.cname:
        return await _climb(asking, name, first=plain(move.new.cname))
    if move.old.cname and plain(move.old.cname) in (await _chain(asking, name)).names:
        return await _climb(asking, name, first="")
    return await _climb(asking, name, first=name)


@dataclass(slots=True, kw_only=True)
class _Asking:
    """Who is asked; `silent` are servers that have not answered and are not waited for again."""

    asker: Asks
    resolvers: Sequence[Server]
    zones: Sequence[Zone]
    silent: set[Server] = field(default_factory=set)

    async def ask(self, name: str, type_: str) -> Reply:
        """Return the first reply that tells; else what the zone's own servers stated, else whatever there was."""
        own = [reply async for reply in self._each(self._servers_of(name), name, type_, recurse=False)]
        if own and (own[-1].heard.tells or all(reply.heard is Heard.SERVFAIL for reply in own)):
            return own[-1]
        others = [reply async for reply in self._each(self.resolvers, name, type_, recurse=True)]
        if others and others[-1].heard.tells:
            return others[-1]
        failed = [reply for reply in own if reply.heard is Heard.SERVFAIL]
        return next(iter((*failed, *others, *own)), _nobody(name, type_))

    async def _each(self, servers: Sequence[Server], name: str, type_: str, *, recurse: bool) -> AsyncIterator[Reply]:
        for server in [one for one in servers if one not in self.silent][:_MOST_SERVERS]:
            reply = await self.asker.ask(server, name, type_, recurse=recurse)
            if reply.heard in {Heard.SILENT, Heard.UNREACHABLE}:
                self.silent.add(server)
            yield reply
            if reply.heard.tells:
                return

    def owns(self, server: Server) -> bool:
        """Tell whether a server is one of a zone's own."""
        return any(one.server == server for zone in self.zones for one in zone.authorities)

    def _servers_of(self, name: str) -> Sequence[Server]:
        above = [zone for zone in self.zones if zone.name and zone.authorities and within(name, zone.name)]
        nearest = max(above, key=lambda zone: len(zone.name), default=None)
        return [] if nearest is None else [one.server for one in nearest.authorities]


async def _climb(asking: _Asking, name: str, *, first: str) -> Caa:
    """Look at `first` (where it is not ""), then at each name above `name`."""
    above = name.split(".")
    names = [*([first] if first else []), *(".".join(above[at:]) for at in range(1, len(above)))]
    for one in names:
        chain = await _chain(asking, one)
        if chain.addresses:
            return Caa(name=name, owner=chain.names[-1], values=chain.addresses, heard=Heard.ANSWER)
        if chain.heard not in {Heard.EMPTY, Heard.NO_NAME}:
            return Caa(name=name, trouble=f"CAA of {one}: {chain.trouble or chain.heard}", heard=chain.heard)
    return Caa(name=name)


async def _chain(asking: _Asking, name: str) -> Chain:
    """Return the way of a name to its CAA records; `heard` is SERVFAIL only where the zone's own servers said it."""
    failing: list[Heard] = []

    async def ask(name: str, type_: str) -> Reply:
        reply = await asking.ask(name, type_)
        failing[:] = [] if reply.heard.tells or asking.owns(reply.server) else [reply.heard]
        return reply

    chain = await follow(ask, name, _CAA)
    if chain.heard is Heard.SERVFAIL and failing:
        return Chain(name=name, type=_CAA, links=chain.links, heard=Heard.ERROR, trouble=chain.trouble)
    if chain.trouble and chain.heard is Heard.ANSWER:  # a loop, or no end of links
        return Chain(name=name, type=_CAA, links=chain.links, heard=Heard.ERROR, trouble=chain.trouble)
    return chain


def _nobody(name: str, type_: str) -> Reply:
    server = Server(name="nobody", address="")
    return Reply(server=server, name=name, type=type_, heard=Heard.NOT_ASKED, detail="no server is known that tells")
