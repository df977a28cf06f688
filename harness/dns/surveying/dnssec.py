"""What DNSSEC says of a name's records in one zone: at every authoritative server, and at the resolvers."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from harness.dns.asking.once import Asks
from harness.dns.facts import Signatures, Signed, Zone
from harness.dns.surveying.signing import Keys, Seal, entry_keys, keys_of, parsed, seals
from harness.dns.surveying.switched import plain
from harness.dns.times.moments import few, label
from harness.model.dns import Heard, Reply, Server
from harness.scenario.moving import Dns

_MOST_SERVERS = 8
_MOST_RESOLVERS = 4
_MOST_OF_PARENT = 2
_TYPES = ("A", "AAAA")
_AT_ONCE = 60.0  # seconds within which the signatures of a zone file begin
_NOT_ASKED = "the parent was not asked for its DS"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What one authoritative server told: of the zone's keys, of its apex, of the name."""

    server: str
    keys: Reply
    others: tuple[Reply, ...]


async def signatures(
    asker: Asks,
    name: str,
    zone: Zone,
    dns: Dns,  # noqa: ARG001  as all that look
    resolvers: Sequence[Server],
    now: float,
) -> Signatures:
    """Return whether the signatures of `name` and of its zone hold at `now`, and until when.

    A zone without keys and without a DS at its parent is UNSIGNED; so is one with keys alone, which nobody checks.
    Every authoritative server is asked, since one may serve signatures that have ended. A resolver that answers only
    with its checking switched off makes it BOGUS too. That a record does not exist is not proven (NSEC, NSEC3).
    """
    name = plain(name)
    if not zone.name:
        why = zone.trouble or f"the zone of {name} was not found"
        return Signatures(zone="", name=name, state=Signed.UNKNOWN, why=why)
    ds = zone.ds if _tells_of_ds(zone.ds, zone.name) else None
    keys = await _keys(asker, zone)
    if keys is None:
        why = f"no authoritative server of {zone.name} told whether it has keys"
        return Signatures(zone=zone.name, name=name, state=Signed.UNKNOWN, why=why)
    if ds is None:
        ds = await _ds(asker, zone, resolvers)
    if keys.records("DNSKEY", zone.name) is None:
        return _without_keys(zone, name, ds)
    refusing = await _refusing(asker, name, resolvers)
    if ds is not None and not ds.records("DS", zone.name) and not refusing:
        why = f"{zone.name} is signed, but its parent has no DS: nobody checks it"
        return Signatures(zone=zone.name, name=name, state=Signed.UNSIGNED, why=why)
    told = await asyncio.gather(*(_at(asker, one.server, name, zone) for one in zone.authorities[:_MOST_SERVERS]))
    return _state(zone, name, _checked(told, name, zone, ds, now), refusing, asked=ds is not None)


async def _keys(asker: Asks, zone: Zone) -> Reply | None:
    """Return the first reply that tells of the zone's keys."""
    if zone.dnskey is not None and zone.dnskey.heard.tells:
        return zone.dnskey
    for authority in zone.authorities[:_MOST_SERVERS]:
        reply = await asker.ask(authority.server, zone.name, "DNSKEY", recurse=False, signatures=True)
        if reply.heard.tells:
            return reply
    return None


def _without_keys(zone: Zone, name: str, ds: Reply | None) -> Signatures:
    vouched = ds.records("DS", zone.name) if ds is not None else None
    if vouched is not None:
        why = f"the parent of {zone.name} has a DS ({few(vouched.values, 2)}), and the zone has no keys"
        return Signatures(zone=zone.name, name=name, state=Signed.BOGUS, why=why)
    why = "" if ds is not None else _NOT_ASKED
    return Signatures(zone=zone.name, name=name, state=Signed.UNSIGNED, why=why)


async def _ds(asker: Asks, zone: Zone, resolvers: Sequence[Server]) -> Reply | None:
    """Ask resolvers for the DS, which they have from the parent; None where none of them tells."""
    found = await asyncio.gather(
        *(
            asker.ask(server, zone.name, "DS", signatures=True, checking_disabled=True)
            for server in resolvers[:_MOST_OF_PARENT]
        )
    )
    return next((reply for reply in found if _tells_of_ds(reply, zone.name)), None)


def _tells_of_ds(reply: Reply | None, zone: str) -> bool:
    """Tell whether a reply is the parent's: a DS, or that there is none; a zone's own servers know nothing of it."""
    own = reply is not None and any(one.type == "SOA" and one.name == zone for one in reply.authority)
    return reply is not None and reply.heard.tells and not own


async def _at(asker: Asks, server: Server, name: str, zone: Zone) -> _Told:
    asked = [(zone.name, "DNSKEY"), (zone.name, "SOA"), *((name, type_) for type_ in _TYPES)]
    keys, *others = await asyncio.gather(
        *(asker.ask(server, one, type_, recurse=False, signatures=True) for one, type_ in asked)
    )
    return _Told(server=label(server), keys=keys, others=tuple(others))


async def _refusing(asker: Asks, name: str, resolvers: Sequence[Server]) -> tuple[str, ...]:
    """Return the resolvers that answer only with their checking switched off.

    CNAME is asked for: whether there is one or not, the answer comes of this zone alone.
    """
    found = await asyncio.gather(*(_refuses(asker, name, server) for server in resolvers[:_MOST_RESOLVERS]))
    return tuple(server for server in found if server)


async def _refuses(asker: Asks, name: str, server: Server) -> str:
    reply = await asker.ask(server, name, "CNAME", signatures=True)
    if reply.heard is not Heard.SERVFAIL:
        return ""
    unchecked = await asker.ask(server, name, "CNAME", signatures=True, checking_disabled=True)
    why = f" ({reply.detail})" if reply.detail else ""
    return f"{label(server)}{why}" if unchecked.heard.tells else ""


def _checked(told: Iterable[_Told], name: str, zone: Zone, ds: Reply | None, now: float) -> tuple[Seal, ...]:
    """Return what the signatures come to, server by server."""
    records = ds.records("DS", zone.name) if ds is not None else None
    vouched = None if records is None else records.values
    return tuple(seal for one in told for seal in _checked_at(one, name, zone.name, vouched, now))


def _checked_at(told: _Told, name: str, zone: str, ds: tuple[str, ...] | None, now: float) -> tuple[Seal, ...]:
    answer = parsed(told.keys.wire) if told.keys.heard.tells else None
    if answer is None:
        return ()
    keys = keys_of(answer, zone)
    if not keys:
        return (Seal(what=f"{zone} at {told.server}", fault="has no keys, as it has elsewhere"),)
    entry, vouching = entry_keys(zone, keys, ds) if ds is not None else (keys, Seal(what=""))
    if not entry:
        return (_placed(vouching, told.server),)
    found = [*seals(answer, zone, zone, entry, now), *_of_the_others(told, name, zone, keys, now)]
    return tuple(_placed(seal, told.server) for seal in found)


def _of_the_others(told: _Told, name: str, zone: str, keys: Keys, now: float) -> list[Seal]:
    answers = [parsed(reply.wire) for reply in told.others if reply.heard.tells]
    found = [seal for answer in answers if answer is not None for seal in seals(answer, name, zone, keys, now)]
    return list(dict.fromkeys(found))


def _placed(seal: Seal, server: str) -> Seal:
    return Seal(
        what=f"{seal.what} at {server}", fault=seal.fault, unknown=seal.unknown, until=seal.until, since=seal.since
    )


def _state(zone: Zone, name: str, found: tuple[Seal, ...], refusing: tuple[str, ...], *, asked: bool) -> Signatures:
    faults = [f"{seal.what} {seal.fault}" for seal in found if seal.fault and not seal.unknown]
    if faults:
        return Signatures(zone=zone.name, name=name, state=Signed.BOGUS, why=few(faults, 1))
    if refusing:
        why = f"{few(refusing, 1)} answers only with its checking switched off"
        return Signatures(zone=zone.name, name=name, state=Signed.BOGUS, why=why)
    unknown = [f"{seal.what} {seal.fault}" for seal in found if seal.unknown]
    first = min((seal for seal in found if seal.until is not None), key=lambda seal: seal.until or 0.0, default=None)
    if unknown or first is None:
        why = few(unknown, 1) or f"no authoritative server of {zone.name} showed its signatures"
        return Signatures(zone=zone.name, name=name, state=Signed.UNKNOWN, why=why)
    why = "" if asked else _NOT_ASKED
    began = [seal.since for seal in found if seal.since is not None]
    return Signatures(
        zone=zone.name, name=name, state=Signed.SECURE, why=why, until=first.until, since=first.since,
        renewed=max(began) - min(began) > _AT_ONCE,
    )  # fmt: skip
