"""What resolvers hold of the records that are switched, for how long yet, and which of them have a TTL of their own."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from harness.dns.facts import AtResolver, Survey
from harness.dns.surveying.switched import authority_chains, plain, remaining, switched_records
from harness.dns.times.moments import label
from harness.model.dns import Clamp

SLACK = 2.0
"""Seconds by which two looks at one copy may disagree on its end: TTLs are whole seconds, and questions take time."""

_LOOKS_OF_A_CONSTANT = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The TTL that one answer of a resolver carried, and when (Unix seconds)."""

    at: float
    ttl: int

    @property
    def out(self) -> float:
        """Return when the copy has run out for certain: the TTL told is a whole number that may be rounded down."""
        return self.at + self.ttl + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the authoritative servers tell of the switched records.

    `ttls` is by type of record and server; `at` is when the last of them was asked. `certain` is the moment from which
    no copy with an older, longer TTL can be left anywhere, None where the scenario does not tell.
    """

    ttls: Mapping[str, Mapping[str, int]]
    at: float
    certain: float | None = None

    @property
    def ttl(self) -> int | None:
        """Return the largest, None where no server told."""
        return max((ttl for by_server in self.ttls.values() for ttl in by_server.values()), default=None)


def authority_ttls(survey: Survey, owner: str) -> dict[str, dict[str, int]]:
    """Return the TTLs of a name's records on the way, by type and by the server that told."""
    ttls: dict[str, dict[str, int]] = {}
    for zone in (survey.zone, *survey.zones):
        for authority in zone.authorities:
            for link in (link for chain in authority.chains.values() for link in chain.links):
                if plain(link.records.name) == plain(owner):
                    own = link.told_by in {"", authority.server.name}
                    told = ttls.setdefault(link.records.type, {})
                    told[label(authority.server) if own else link.told_by] = link.records.ttl
    return ttls


def asked_at(survey: Survey) -> float:
    """Return when the last authoritative server was asked for the name."""
    return max((chain.at for chain in authority_chains(survey)), default=survey.began) or survey.began


def looks_of(survey: Survey, seen: AtResolver, owner: str) -> dict[str, list[Look]]:
    """Return the looks at one resolver's copies in the order of time, by type of record: each has a copy of its own."""
    looks: dict[str, list[Look]] = {}
    kinds = {}
    for type_, chain in seen.chains.items():
        records = switched_records(chain, owner)
        if records is not None:
            kinds[type_] = records.type
            looks.setdefault(records.type, []).append(Look(at=chain.at or survey.ended, ttl=records.ttl))
    of_sightings = looks.setdefault(kinds.get("A", "A"), [])
    if seen.first is not None and seen.first.ttl is not None and seen.first.heard.tells:
        way = seen.chains.get("A")
        of_sightings.append(Look(at=(way.at if way is not None else 0.0) or survey.ended, ttl=seen.first.ttl))
    of_sightings += [Look(at=at, ttl=one.ttl) for at, one in seen.later if one.ttl is not None and one.heard.tells]
    return {kind: sorted(some, key=lambda look: look.at) for kind, some in looks.items() if some}


def clamps_of(server: str, looks: Mapping[str, list[Look]], told: Told) -> tuple[Clamp, ...]:
    """Return how a resolver departs from the authority's TTL, () if it keeps to it or that cannot be told."""
    if told.ttl is None:
        return ()
    least = max((seconds for some in looks.values() for seconds in _above(some, told.ttl, told)), default=None)
    if least is not None:
        return (Clamp(server=server, seconds=least),)
    most = max((seconds for some in looks.values() for seconds in _below(some, told.ttl)), default=None)
    return () if most is None else (Clamp(server=server, seconds=most, least=False),)


def seen_whole(looks: Mapping[str, list[Look]], seconds: int) -> bool:
    """Tell whether a TTL was seen at the begin of a copy, or is written into each answer; else it may be a rest."""
    return any(
        _constant(some) or any(new.ttl >= seconds for _, new in _fetched(some) if not _several_caches(some))
        for some in looks.values()
    )


def seen_anew(looks: Mapping[str, list[Look]], ttl: int) -> bool:
    """Tell whether it was seen what a resolver holds anew: all of the authority's TTL, or another copy than before."""
    return any(look.ttl >= ttl for some in looks.values() for look in some) or any(
        any(_fetched(some)) for some in looks.values()
    )


def held_until(looks: Mapping[str, list[Look]], limit: int) -> float | None:
    """Return when the last copy with more than `limit` seconds left has run out, None if there was none."""
    return max((look.out for some in looks.values() for look in some if look.ttl > limit), default=None)


def told_anything(seen: AtResolver, owner: str) -> bool:
    """Tell whether a resolver told what it holds of the switched records."""
    sightings = [seen.first, *(one for _, one in seen.later)]
    return remaining(seen.chains.values(), owner) is not None or any(
        one is not None and one.heard.tells and one.ttl is not None for one in sightings
    )


def _above(looks: list[Look], ttl: int, told: Told) -> Iterable[int]:
    """Return TTLs that can only be this resolver's own: longer than the authority's, in a copy fetched after that."""
    if told.certain is not None:
        yield from (look.ttl for look in looks if look.ttl > ttl and look.at > told.certain)
    if _constant(looks):
        yield from (look.ttl for look in looks[:1] if look.ttl > ttl)
    if not _several_caches(looks):
        # what had run out before the authority was asked may have been fetched anew from an older state of it
        yield from (new.ttl for old, new in _fetched(looks) if new.ttl > ttl and old.out + SLACK >= told.at)


def _below(looks: list[Look], ttl: int) -> Iterable[int]:
    """Return TTLs of fresh copies that are shorter than the authority's by more than their age can explain."""
    if not _several_caches(looks):
        yield from (new.ttl for old, new in _fetched(looks) if new.ttl + (new.at - old.out) + 2 * SLACK < ttl)


def _fetched(looks: list[Look]) -> Iterable[tuple[Look, Look]]:
    """Return looks beside the one before, where the copy had run out in between and another one is held now."""
    return ((old, new) for old, new in pairwise(looks) if new.at >= old.out - SLACK and new.out > old.out + SLACK)


def _several_caches(looks: list[Look]) -> bool:
    """Tell whether looks went to several caches behind one address: a copy does not run out sooner as time goes by."""
    return any(new.out < old.out - SLACK for old, new in pairwise(looks))


def _constant(looks: list[Look]) -> bool:
    """Tell whether the TTL never counts down: a forwarder that writes its own into each answer."""
    apart = sum(new.at - old.at >= 1 for old, new in pairwise(looks)) + 1
    return apart >= _LOOKS_OF_A_CONSTANT and len({look.ttl for look in looks}) == 1
