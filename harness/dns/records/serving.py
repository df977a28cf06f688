"""Which servers of a zone serve it, and whether its parent and the zone itself name the same ones."""

from collections.abc import Iterable
from dataclasses import dataclass

from harness.dns.asking.reach import is_v6
from harness.dns.facts import ADDRESS_TYPES, Authority, Survey, Zone
from harness.dns.times.moments import few, label
from harness.model.dns import Heard, Reply
from harness.model.found import Found
from harness.model.outcome import Outcome, Severity

AT = "dns:servers"

_DUMB = frozenset({Heard.SILENT, Heard.UNREACHABLE})
_GARBLED = frozenset({Heard.WRONG_ID, Heard.MALFORMED, Heard.CUT_OFF, Heard.UNTRUSTED})


@dataclass(frozen=True, slots=True)
class States:
    """The addresses of a zone's servers by what came of the question for the zone itself."""

    answering: tuple[Authority, ...]
    lame: tuple[Authority, ...]
    dumb: tuple[Authority, ...]
    garbled: tuple[Authority, ...]
    unasked: tuple[Authority, ...]

    @classmethod
    def of(cls, authorities: Iterable[Authority]) -> "States":
        """Sort them."""
        sorted_: dict[str, list[Authority]] = {}
        for one in authorities:
            sorted_.setdefault(_state(one), []).append(one)
        return cls(*(tuple(sorted_.get(state, ())) for state in ("answering", "lame", "dumb", "garbled", "unasked")))


def _state(authority: Authority) -> str:
    heard = authority.soa.heard
    if authority.answers:
        return "answering"
    if heard in _DUMB:
        return "dumb"
    if heard in _GARBLED:
        return "garbled"
    return "unasked" if heard is Heard.NOT_ASKED else "lame"


def zone_name(survey: Survey) -> str:
    """Return the zone, or what is known of it, in words."""
    return survey.zone.name or f"the zone of {survey.move.name}"


def judge_serving(found: Found, survey: Survey) -> States:
    """Judge whether each server speaks for the zone; return which do."""
    zone = survey.zone
    states = States.of(zone.authorities)
    _tell_left_out(found, zone)
    if not zone.authorities:
        found.say(Outcome.ERROR, zone.trouble or f"no authoritative server of {zone_name(survey)} is known")
    elif not states.answering:
        _none(found, survey, states)
    else:
        _some(found, survey, states)
    if states.unasked:
        found.say(Outcome.INCONCLUSIVE, f"not asked: {_names(states.unasked)}")
    return states


def _none(found: Found, survey: Survey, states: States) -> None:
    """Judge a zone for which no server speaks."""
    zone = zone_name(survey)
    if not states.lame:
        said = states.dumb or states.garbled
        if said:
            found.say(
                Outcome.ERROR,
                f"no authoritative server of {zone} answered, which cannot be told from a network that blocks port 53: "
                f"{few(map(_said, said))}",
            )
        return
    if _intercepted(survey, states):
        found.say(
            Outcome.ERROR,
            f"every server of {zone} answered, and none as its authority: something on this network seems to answer "
            f"in their place ({few(map(_said, states.lame))})",
        )
        return
    found.fail(
        AT,
        f"no server of {zone} serves it: {few(map(_said, states.lame))}",
        new=few(map(_said, states.lame)),
        note="resolvers that are sent there get no answer; what still works, works from their caches",
        remedy=f"Have {zone} served by the servers that it is delegated to, or delegate it to those that serve it.",
    )


def _intercepted(survey: Survey, states: States) -> bool:
    """Tell whether a proxy answers in place of all servers: data without authority, and resolvers get on well."""
    if states.dumb or states.garbled or not all(one.soa.heard.tells for one in states.lame):
        return False
    return any(chain.heard.tells for one in survey.resolvers for chain in one.chains.values())


def _some(found: Found, survey: Survey, states: States) -> None:
    zone = zone_name(survey)
    stale = {address for _, address in stale_glue(survey.zone)}
    for one in (*states.lame, *states.garbled):
        if one.server.address not in stale:
            _lame(found, zone, one)
    dumb = [one for one in states.dumb if one.server.address not in stale]
    blind = bool(dumb) and all(is_v6(one.server.address) for one in dumb) and not _seen_v6(states)
    if blind:
        found.tell(
            AT,
            f"the IPv6 addresses of the servers of {zone} cannot be seen from here: {_names(dumb)}",
            severity=Severity.MINOR,
            note="their IPv4 addresses answer; none by IPv6 does, so that this machine may have no way there",
        )
        return
    for one in dumb:
        found.fail(
            AT,
            f"{label(one.server)}, a server of {zone}, does not answer while others do",
            severity=Severity.MAJOR,
            new=_said(one),
            note="resolvers lose seconds by it; once it is back it may serve what was before the change",
            remedy="Bring the server back, or take it out of the delegation and out of the zone's NS records.",
        )


def _seen_v6(states: States) -> bool:
    return any(is_v6(one.server.address) for one in (*states.answering, *states.lame, *states.garbled))


def _lame(found: Found, zone: str, one: Authority) -> None:
    found.fail(
        AT,
        f"{label(one.server)} is named as a server of {zone} and does not serve it: {said(one.soa)}",
        severity=Severity.MAJOR,
        new=_said(one),
        note="a share of all resolvers is sent there first",
        remedy=f"Have it serve {zone}, or take it out of the delegation and out of the zone's NS records.",
    )


def judge_delegation(found: Found, survey: Survey, states: States) -> None:
    """Judge the servers' names: do they resolve, does the parent name the same ones, at the same addresses."""
    zone = survey.zone
    for name in zone.nowhere:
        by = " and ".join(
            who for who, names in (("the zone", zone.name_servers), ("its parent", zone.delegated)) if name in names
        )
        found.fail(
            AT,
            f"{name} is named as a server of {zone.name} and has no address",
            severity=Severity.MAJOR,
            note=f"named by {by}" if by else "",
            remedy=f"Give {name} an address, or take it out of the delegation and out of the zone's NS records.",
        )
    _judge_glue(found, zone, states)
    _compare_with_parent(found, zone, states)
    _tell_own_differ(found, zone, states)
    _tell_single(found, zone)


def stale_glue(zone: Zone) -> tuple[tuple[str, str], ...]:
    """Return (server, address) of addresses that the parent alone tells, where the server is known to be elsewhere."""
    return tuple(
        (name, address)
        for name, addresses in zone.glue.items()
        for address in addresses
        if any(is_v6(one) == is_v6(address) for one in zone.addresses.get(name, ()))
        and address not in zone.addresses[name]
    )


def _judge_glue(found: Found, zone: Zone, states: States) -> None:
    serving = {one.server.address for one in states.answering}
    for name, address in stale_glue(zone):
        told = f"the parent of {zone.name} says that {name} is at {address}, and it is at {few(zone.addresses[name])}"
        remedy = f"Correct the glue record of {name} where {zone.name} is registered."
        asked = next((one for one in zone.authorities if one.server.address == address), None)
        if asked is None or address in serving or asked in states.unasked:
            found.tell(AT, told, severity=Severity.MINOR, remedy=remedy)
        else:
            found.fail(
                AT, told, severity=Severity.MAJOR, old=few(zone.addresses[name]), new=f"{address}: {_said(asked)}",
                note="resolvers go by the parent's address first", remedy=remedy,
            )  # fmt: skip


def _compare_with_parent(found: Found, zone: Zone, states: States) -> None:
    if not zone.parent_asked:
        return
    if not zone.delegated:
        found.tell(
            AT,
            f"the parent of {zone.name} does not delegate it: only resolvers that are told of it find it",
            severity=Severity.MINOR,
        )
        return
    own, above = set(zone.name_servers), set(zone.delegated)
    if not own or own == above or not states.answering:
        return
    parts = [
        f"{few(sorted(names))} in {where} alone"
        for names, where in ((above - own, "the parent"), (own - above, "the zone"))
        if names
    ]
    found.tell(
        AT,
        f"the parent and {zone.name} itself do not name the same servers: {'; '.join(parts)}",
        severity=Severity.MINOR,
        old=few(sorted(above)),
        new=few(sorted(own)),
        note="all of them are asked here: a change must reach each",
        remedy=f"Bring the NS records of {zone.name} and its delegation into line.",
    )


def _tell_own_differ(found: Found, zone: Zone, states: States) -> None:
    sets: dict[tuple[str, ...], list[str]] = {}
    for one in states.answering:
        records = one.ns.records("NS", zone.name)
        if records is not None:
            sets.setdefault(records.values, []).append(label(one.server))
    if len(sets) > 1:
        said = "; ".join(f"{few(values)} at {few(names)}" for values, names in sets.items())
        found.tell(
            AT, f"the servers of {zone.name} differ in its NS records: {said}", severity=Severity.MINOR,
            note="a server with an older copy of the zone tells older NS records",
        )  # fmt: skip


def _tell_single(found: Found, zone: Zone) -> None:
    if zone.nowhere or not zone.authorities or any(one.given for one in zone.authorities):
        return
    if len({one.server.address for one in zone.authorities}) == 1 and not zone.left_out:
        found.tell(
            AT,
            f"{zone.name} has one server at one address: {label(zone.authorities[0].server)}",
            severity=Severity.MINOR,
            note="a zone is to have two at least (RFC 1034, 4.1)",
        )


def _tell_left_out(found: Found, zone: Zone) -> None:
    """Tell of addresses that were not asked; of a server that was asked at none, nothing is known."""
    if zone.unseen:
        found.say(Outcome.INCONCLUSIVE, f"servers of {zone.name} of which nothing was seen: {few(zone.unseen)}")
    if zone.left_out:
        found.tell(AT, f"servers of {zone.name} that were not asked: {few(zone.left_out)}", severity=Severity.INFO)


def addresses_of(authority: Authority) -> str:
    """Return where the name leads at a server, in words."""
    told = [value for type_ in ADDRESS_TYPES if (way := authority.chains.get(type_)) for value in way.addresses]
    return few(told) or "no address"


def _names(authorities: Iterable[Authority]) -> str:
    return few(label(one.server) for one in authorities)


def _said(authority: Authority) -> str:
    return f"{label(authority.server)}: {said(authority.soa)}"


def said(reply: Reply) -> str:
    """Return in words what came of a question, as far as the server goes."""
    if reply.heard.tells and not reply.authoritative:
        return "an answer without authority"
    if reply.type == "SOA" and reply.heard.tells and reply.records("SOA") is None:
        return "it has no such zone"
    return f"{reply.heard}" + (f" ({reply.detail})" if reply.detail else "")
