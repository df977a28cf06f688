"""Which records the cutover changes: the last ones before the old target that the owner of the name can change."""

from collections.abc import Iterable
from dataclasses import replace

from harness.dns.facts import ADDRESS_TYPES, Authority, Survey
from harness.model.dns import Chain, Link, Records
from harness.scenario.moving import Move


def switched(survey: Survey) -> str:
    """Return the name whose records are changed on the day; the production name where no server tells of any."""
    return switched_by(authority_chains(survey), survey.move, survey.zone.name)


def at_switched(survey: Survey) -> Survey | None:
    """Return the survey of the name whose records are changed, where that is another one further on, else None."""
    owner = switched(survey)
    zone = next(
        (one for one in survey.zones if any(_asked_of(authority, owner) for authority in one.authorities)), None
    )
    return None if zone is None else replace(survey, move=replace(survey.move, name=owner), zone=zone)


def _asked_of(authority: Authority, owner: str) -> bool:
    return any(plain(reply.name) == plain(owner) for reply in authority.at_name.values())


def switched_by(chains: Iterable[Chain], move: Move, zone: str = "") -> str:
    """Return the same from ways of the name alone; `zone` is the name's own, "" where it is not known.

    It is the owner of the link to the old target, else to the new one (the name has moved), else of the last records in
    the name's own zone: the addresses of an alias or of a target by address, or the link that leads out of it.
    """
    ways = tuple(chains)
    for target in (move.old.cname, move.new.cname):
        if target and (owner := _before(ways, target)):
            return owner
    return next((owner for way in ways if (owner := _last_own(way, zone))), move.name)


def switched_records(chain: Chain, owner: str) -> Records | None:
    """Return the records of `owner` on a way, whose TTL is how long they are held; None if the way does not pass it."""
    return next((link.records for link in chain.links if plain(link.records.name) == plain(owner)), None)


def remaining(chains: Iterable[Chain], owner: str) -> int | None:
    """Return the largest TTL of `owner`'s records on these ways (A and AAAA), None where none has them."""
    seen = (switched_records(chain, owner) for chain in chains)
    return max((records.ttl for records in seen if records is not None), default=None)


def authority_chains(survey: Survey) -> tuple[Chain, ...]:
    """Return the ways of the name as its authoritative servers tell them, A before AAAA."""
    return tuple(
        authority.chains[type_]
        for type_ in ADDRESS_TYPES
        for authority in survey.zone.authorities
        if type_ in authority.chains
    )


def plain(name: str) -> str:
    """Return a name as the values of model/dns.py write it."""
    return name.lower().rstrip(".") or "."


def _before(ways: tuple[Chain, ...], target: str) -> str:
    """Return the owner of the first link that leads to `target`, "" if none does."""
    return next(
        (link.records.name for way in ways for link in way.links if _leads_to(link, target)),
        "",
    )


def _leads_to(link: Link, target: str) -> bool:
    records = link.records
    return records.type == "CNAME" and any(plain(value) == plain(target) for value in records.values)


def _last_own(way: Chain, zone: str) -> str:
    """Return the owner of the last link within the name's own zone (all links, where no zone is known)."""
    own = zone or (way.links[0].zone if way.links else "")
    owners = [link.records.name for link in way.links if not own or _told_in(link, own)]
    return owners[-1] if owners else ""


def _told_in(link: Link, zone: str) -> bool:
    """Tell whether a link is one of `zone`, by what it says, else by its name."""
    if link.zone:
        return plain(link.zone) == plain(zone)
    name = plain(link.records.name)
    return zone == "." or name == plain(zone) or name.endswith("." + plain(zone))
