"""What an answer tells of the zone that a name is in (RFC 1034, 4.2 and 4.3.2; RFC 2308, 3)."""

from collections.abc import Iterable

from harness.dns.facts import Authority
from harness.dns.surveying.switched import plain
from harness.model.dns import Records, Reply

LABELS = 16
"""Steps from a name towards the root, at most."""


def above(name: str) -> str:
    """Return the name without its first label; the root's is the root."""
    return name.partition(".")[2] or "."


def within(name: str, zone: str) -> bool:
    """Tell whether a name is a zone's own or below it."""
    return zone in {".", name} or name.endswith("." + zone)


def upwards(name: str) -> tuple[str, ...]:
    """Return the name and those above it, bounded, the root last."""
    names = [plain(name)]
    while names[-1] != "." and len(names) < LABELS:
        names.append(above(names[-1]))
    return tuple(names)


def apex_told(reply: Reply, name: str) -> str:
    """Return the zone that an answer to SOA tells for `name`, "" if it tells none.

    A zone's own name answers with the SOA, a name in it has it in the authority section. An alias tells nothing: what
    is beside it is of the zone that it leads to.
    """
    if not reply.heard.tells:
        return ""
    if any(one.type == "SOA" and plain(one.name) == name for one in reply.answer):
        return name
    if any(one.type in {"CNAME", "DNAME"} for one in reply.answer):
        return ""
    owners = (plain(one.name) for one in reply.authority if one.type == "SOA")
    return next((owner for owner in owners if within(name, owner)), "")


def name_servers(records: Iterable[Records], zone: str) -> tuple[str, ...]:
    """Return the names of a zone's servers, as some part of an answer tells them."""
    found = (one for one in records if one.type == "NS" and plain(one.name) == zone)
    return tuple(sorted({plain(value) for one in found for value in one.values}))


def cut(reply: Reply, name: str, above_it: str) -> str:
    """Return the zone below `above_it` that a referral leads to on the way to `name`, "" if it is none."""
    if reply.authoritative:
        return ""
    owners = (plain(one.name) for one in reply.authority if one.type == "NS")
    return next((one for one in owners if one != above_it and within(one, above_it) and within(name, one)), "")


def soa_fields(reply: Reply) -> tuple[str, int] | None:
    """Return the primary (MNAME) and the serial of an answer to SOA (RFC 1035, 3.3.13), None without one."""
    records = reply.records("SOA")
    words = records.values[0].split() if records and records.values else []
    return (plain(words[0]), int(words[2])) if len(words) >= 7 and words[2].isdigit() else None


def serials_by_primary(authorities: Iterable[Authority]) -> dict[str, set[int]]:
    """Return the serials that are served, by the primary that the SOA names: each counts its own."""
    found: dict[str, set[int]] = {}
    for authority in authorities:
        told = soa_fields(authority.soa) if authority.answers else None
        if told is not None:
            found.setdefault(told[0], set()).add(told[1])
    return found
