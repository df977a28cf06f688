"""What a parent zone says of a zone below it: its servers, where they are (glue) and its keys (RFC 1034, 4.2.1)."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from harness.dns.asking.once import Asks
from harness.dns.asking.reach import is_v6, servers_at
from harness.dns.surveying.switched import plain
from harness.dns.surveying.walk import name_servers
from harness.model.dns import Heard, Records, Reply, Server

AT_ONCE = 2
"""Servers of the parent that are asked at once: the others only if neither of these tells."""
AT_MOST = 8
"""Servers of the parent that are asked, all in all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation:
    """A zone as its parent tells it. `asked` False: no server of the parent told, or it serves the zone itself too."""

    names: tuple[str, ...] = ()
    glue: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    asked: bool = False
    ds: Reply | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Where a name server is, as the resolvers say. `trouble` where they do not say."""

    addresses: tuple[str, ...] = ()
    nowhere: bool = False
    trouble: str = ""

    @classmethod
    def of(cls, v4: Reply, v6: Reply) -> Self:
        """Return what the answers to A and AAAA come to.

        A resolver that fails at the name while it answers other questions is what callers' resolvers meet too.
        """
        found = tuple(value for reply in (v4, v6) for value in _addresses(reply))
        if found:
            return cls(addresses=found)
        unheard = next((one for one in (v4, v6) if not one.heard.tells and one.heard is not Heard.SERVFAIL), None)
        if unheard is not None:
            return cls(trouble=f"its address could not be looked up: {unheard.heard} from {unheard.server.name}")
        return cls(nowhere=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """The servers of a zone that are asked; in words the addresses that are not, and the servers asked at none."""

    servers: tuple[Server, ...]
    left_out: tuple[str, ...]
    unseen: tuple[str, ...]


def placed(places: Mapping[str, Told], glue: Mapping[str, tuple[str, ...]], *, lab: bool = False) -> Placed:
    """Return the servers of a zone, at the addresses that the resolvers say and at those that the parent says."""
    servers: dict[str, Server] = {}
    left_out: list[str] = []
    unseen: list[str] = []
    for name, told in places.items():
        missing = [f"{name}: {told.trouble}"] if told.trouble else []
        asked = 0
        for addresses in (told.addresses, glue.get(name, ())):
            found, out = servers_at(name, addresses, lab=lab)
            missing.extend(out)
            asked += len(found)
            for server in found:
                servers.setdefault(server.address, server)
        left_out.extend(missing)
        unseen.extend([] if asked else missing)
    return Placed(
        servers=tuple(servers.values()),
        left_out=tuple(dict.fromkeys(left_out)),
        unseen=tuple(dict.fromkeys(unseen)),
    )


async def ask_parent(asker: Asks, servers: Sequence[Server], zone: str) -> Delegation:
    """Ask the parent's servers, a few at once, until one of them tells of the zone."""
    for start in range(0, min(len(servers), AT_MOST), AT_ONCE):
        some = servers[start : start + AT_ONCE]
        replies = await asyncio.gather(*(asker.ask(server, zone, "NS", recurse=False) for server in some))
        telling = [one for one in replies if one.heard.tells or one.heard is Heard.REFERRAL]
        if telling:
            ds = await _signer(asker, [one.server for one in telling], zone)
            return _read(telling, zone, ds)
    return Delegation()


def _read(replies: Sequence[Reply], zone: str, ds: Reply | None) -> Delegation:
    referrals = [one for one in replies if not one.authoritative and name_servers(one.authority, zone)]
    if referrals:
        names = tuple(sorted({name for one in referrals for name in name_servers(one.authority, zone)}))
        return Delegation(
            names=names, glue=_glue([r for one in referrals for r in one.additional], names), asked=True, ds=ds
        )
    # a server of both zones answers from the zone itself, so that nobody sees what the parent says
    serves_both = any(name_servers(one.answer, zone) for one in replies)
    return Delegation(asked=not serves_both, ds=ds)


async def _signer(asker: Asks, servers: Sequence[Server], zone: str) -> Reply | None:
    reply = None
    for server in servers:
        reply = await asker.ask(server, zone, "DS", recurse=False, signatures=True)
        if reply.heard.tells:
            break
    return reply


def _glue(additional: Sequence[Records], names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for one in additional:
        if one.type in {"A", "AAAA"} and plain(one.name) in names:
            found.setdefault(plain(one.name), []).extend(one.values)
    return {name: tuple(sorted(set(values), key=lambda value: (is_v6(value), value))) for name, values in found.items()}


def _addresses(reply: Reply) -> tuple[str, ...]:
    return tuple(value for one in reply.answer if one.type == reply.type for value in one.values)
