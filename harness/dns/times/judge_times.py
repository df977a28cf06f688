"""Topics of time that the authoritative servers tell: the TTL, that of what does not exist, the load that it brings."""

from collections.abc import Mapping

from harness.dns.facts import Authority, Survey, View
from harness.dns.surveying.switched import authority_chains, plain, switched
from harness.dns.times.holding import authority_ttls
from harness.dns.times.moments import few, label, safe_from, span, ttl_text
from harness.dns.times.timing import if_lowered, timing
from harness.model.dns import Reply
from harness.model.found import Found
from harness.model.outcome import Outcome, Severity
from harness.model.switch import Mechanism

_HOUR = 3600


def ttl(survey: Survey, view: View) -> Found:
    """Judge the TTL of the records that are switched, at every authoritative server."""
    found = Found()
    owner = switched(survey)
    _tell_way(found, survey, view, owner)
    by_type = authority_ttls(survey, owner)
    if not by_type:
        found.say(Outcome.ERROR, f"no authoritative server tells the TTL of {owner}")
        return found
    for type_, told in by_type.items():
        found.fact(f"TTL of {owner} {type_}", **{server: str(seconds) for server, seconds in told.items()})
        if max(told.values()) > view.dns.ttl_max:
            _too_long(found, survey, view, f"{owner} {type_}", told)
        if min(told.values()) == 0:
            found.tell(
                "dns:ttl",
                f"the TTL of {owner} {type_} is 0: every request asks, and some resolvers hold it all the same",
                remedy=f"Give {owner} a TTL of a few seconds at least.",
            )  # fmt: skip
    _tell_untold(found, survey, owner, by_type)
    found.facts.update(load(survey, view).facts)
    return found


def negative(survey: Survey, view: View) -> Found:
    """Judge for how long the zone has absence remembered: what is added with the move is missing for so long."""
    found = Found()
    told = {label(one.server): ttl_ for one in survey.zone.authorities if (ttl_ := negative_ttl(one.soa)) is not None}
    zone, most = survey.zone.name or survey.move.name, view.dns.negative_ttl_max
    if not told:
        found.say(
            Outcome.ERROR,
            f"no authoritative server of {zone} tells its SOA record, nor so how long absence is held",
        )
        return found
    found.fact("negative-cache TTL", **{server: str(seconds) for server, seconds in told.items()})
    longest = max(told.values())
    at = few(server for server, seconds in told.items() if seconds == longest)
    if longest > most:
        found.fail(
            "dns:negative",
            f"{zone} has what does not exist remembered for {ttl_text(longest)} (at {at}), "
            f"{ttl_text(most)} at most is wanted",
            severity=Severity.MAJOR,
            note="A resolver that heard that a record is missing says so for that long (RFC 2308, section 5).",
            remedy=f"Lower the last number of the SOA record of {zone}, or the TTL of the record, to {most} or less, "
            f"and wait for {span(longest)} before the name is moved.",
        )  # fmt: skip
    _tell_added(found, survey, longest)
    return found


def load(survey: Survey, view: View) -> Found:
    """Tell how often the authoritative servers are asked at the TTL that is told; fails nothing."""
    found = Found()
    known, dns = timing(survey, view), view.dns
    if known.ttl is None:
        return found
    found.fact("load on the authoritative servers", **{"questions per second": _rate(known.ttl, dns.resolver_count)})
    if dns.lowered_from and known.ttl and dns.lowered_from > known.ttl:
        factor = f"{dns.lowered_from / known.ttl:.3g} times what it was at {dns.lowered_from} s"
        found.fact("load on the authoritative servers", **{"since the TTL was lowered": factor})
    return found


def negative_ttl(soa: Reply) -> int | None:
    """Return for how long absence is held: the lesser of the SOA's TTL and its last number (RFC 2308, section 5)."""
    records = soa.records("SOA")
    words = records.values[0].split() if records is not None and records.values else []
    if records is None or len(words) < 7 or not words[6].isdecimal():
        return None
    return min(records.ttl, int(words[6]))


def _rate(seconds: int, resolvers: int | None) -> str:
    """Return the most that is asked: each resolver anew, as soon as its copy has run out."""
    if seconds == 0:
        return "one for each request, since the TTL is 0"
    if resolvers is None:
        return "not known (`resolver_count` is not given)"
    return (
        f"{resolvers / seconds:.3g} at most ({resolvers} resolvers, each once in {seconds} s, for each type of record)"
    )


def _too_long(found: Found, survey: Survey, view: View, name: str, told: Mapping[str, int]) -> None:
    most, limit = max(told.values()), view.dns.ttl_max
    known = timing(survey, view)
    safe = max([if_lowered(view, most), *known.held.values()])
    until = f"if it is done now, safe from {safe_from(safe)}"
    found.fail(
        "dns:ttl",
        f"the TTL of {name} is {ttl_text(most)} at {few(one for one, seconds in told.items() if seconds > limit)}, "
        f"{ttl_text(limit)} at most is wanted",
        note="For so long callers stay where they are after the move, and after a move back as well.",
        remedy=_how_to_lower(survey, view, name, most, f"at least {_ahead(most + known.delay)} before; {until}"),
    )


def _how_to_lower(survey: Survey, view: View, name: str, most: int, when: str) -> str:
    mechanism, limit = view.dns.switch.mechanism, view.dns.ttl_max
    if mechanism is Mechanism.TRAFFIC_MANAGER:
        return f"Lower the TTL of the Traffic Manager profile, as {name} carries it, from {most} to {limit} {when}."
    if mechanism is Mechanism.ROUTE53 and survey.move.old.alias:
        # facts: gateways.md §5, the TTL of an alias record cannot be set
        return (
            f"An alias record of Route 53 has the TTL of its target and none to be set: let {name} be a record "
            f"with a TTL of its own, {limit} at most, {when}."
        )
    return f"Lower the TTL of {name} from {most} to {limit} {when}."


def _ahead(seconds: float) -> str:
    return "one hour" if seconds == _HOUR else span(seconds)


def _tell_way(found: Found, survey: Survey, view: View, owner: str) -> None:
    """Tell the TTLs of the links before the one that is switched."""
    before: list[str] = []
    for chain in authority_chains(survey):
        names = [link.records.name for link in chain.links]
        plain_names = [plain(name) for name in names]
        before += names[: plain_names.index(plain(owner))] if plain(owner) in plain_names else []
    for name in dict.fromkeys(before):
        for type_, told in authority_ttls(survey, name).items():
            found.fact(f"TTL of {name} {type_}", **{server: str(seconds) for server, seconds in told.items()})
            if max(told.values()) > view.dns.ttl_max:
                found.tell(
                    "dns:ttl",
                    f"the TTL of {name} {type_} is {ttl_text(max(told.values()))}: no harm while it leads to {owner}",
                    remedy=f"Change {owner} on the day, and leave {name} as it is.",
                )


def _tell_untold(found: Found, survey: Survey, owner: str, by_type: Mapping[str, Mapping[str, int]]) -> None:
    """Tell which servers of the name's zone did not tell the TTL, where others of them did."""
    told = {server for by_server in by_type.values() for server in by_server}
    servers = {label(one.server) for one in survey.zone.authorities}
    if told & servers and servers - told:
        found.tell("dns:ttl", f"the TTL of {owner} was not told by {few(sorted(servers - told))}")


def _tell_added(found: Found, survey: Survey, longest: int) -> None:
    """Tell which type of address the name gets that it does not have now."""
    for type_ in ("A", "AAAA"):
        now = [one.chains[type_] for one in survey.zone.authorities if type_ in one.chains and _tells(one, type_)]
        if not now or any(chain.addresses for chain in now) or type_ not in _types_of_target(survey):
            continue
        found.tell(
            "dns:negative",
            f"{survey.move.name} has no {type_} record now and gets one with the move: resolvers that asked before "
            f"hold it as absent for up to {ttl_text(longest)}",
            note="Until then their callers use the other type of address, which moves in its own time.",
        )  # fmt: skip


def _tells(authority: Authority, type_: str) -> bool:
    return authority.chains[type_].heard.tells and not authority.chains[type_].trouble


def _types_of_target(survey: Survey) -> set[str]:
    given = {"AAAA" if ":" in address else "A" for address in survey.move.new.addresses}
    return given | {type_ for type_, chain in survey.target.items() if chain.addresses}
