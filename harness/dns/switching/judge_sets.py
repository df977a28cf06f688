"""Judges the record sets of a name as Route 53 or Azure DNS has them, also against what its servers answer.

Rules of weighted sets: Route 53's developer guide (values of weighted records, choosing alias or non-alias).
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from harness.dns.facts import Authority, Survey, View, Zone
from harness.dns.surveying.points import addresses
from harness.dns.surveying.switched import authority_chains, switched
from harness.dns.switching.shares import of_group
from harness.dns.times.moments import few, label
from harness.model.dns import Points, Records
from harness.model.found import Found
from harness.model.outcome import Outcome, Severity
from harness.model.switch import SwitchRecord, SwitchState

AT = "dns:switch"
_HEAVIEST = 255
_BESIDE_ALIAS = 60  # seconds that AWS advises for what stands beside an alias in a weighted group
_OF_API_GATEWAY = ".execute-api."
Groups = Mapping[str, Sequence[SwitchRecord]]


def sets(found: Found, state: SwitchState, survey: Survey, view: View) -> None:
    """Judge them all."""
    name = state.records[0].name if state.records else switched(survey)
    groups: dict[str, list[SwitchRecord]] = defaultdict(list)
    for one in state.records:
        groups[one.type].append(one)
    if not groups:
        found.fail(
            AT,
            f"{name} has no A, AAAA or CNAME record in {state.where}: there is nothing to change",
            remedy="Check that this is the zone that is delegated, and that the record is not in a zone below it.",
        )
    for type_, group in groups.items():
        _targets(found, group, f"{name} {type_}", survey, view)
        _ttl(found, group, f"{name} {type_}", view)
        if any(one.policy == "weighted" for one in group):
            _weighted(found, group, f"{name} {type_}", view)
        _health(found, group, f"{name} {type_}")
    _together(found, groups, name)
    _name_servers(found, state, survey, name)
    _answers(found, groups, survey, name)


def _targets(found: Found, group: Sequence[SwitchRecord], what: str, survey: Survey, view: View) -> None:
    """Fail where a record that gets callers leads to neither side."""
    move = view.move
    for one in group:
        if one.side or one.weight == 0:
            continue
        where = ", ".join(one.target[:3]) or "nothing"
        if one.alias and any(target.startswith("/subscriptions/") for target in one.target):
            _resource(found, where, what, survey)
            continue
        if one.policy == "failover" and any(other.side for other in group):
            found.tell(AT, f"{what} {one.id} leads to {where} where the health of the other record of the pair fails")
            continue
        found.fail(
            AT,
            f"{what} leads to {where}, which is neither `from` ({move.old.text}) nor `to` ({move.new.text})",
            old=move.old.text,
            new=where,
            remedy="Find out who changed the record, or correct `from` in the scenario.",
        )


def _resource(found: Found, resource: str, what: str, survey: Survey) -> None:
    """Judge an alias of a resource of Azure by what is answered: its id tells no address."""
    points = {one.points for one in authority_chains(survey) if one.type == what.rpartition(" ")[2]}
    if points == {Points.OLD}:
        found.fact(f"alias {what}", **{"leads to": resource, "answered": "as the old side"})
    elif points == {Points.NEW}:
        found.fail(
            AT,
            f"{what} is already switched: the alias of {resource} is answered as the new side",
            remedy="If that is not meant, switch back; if it is, the cutover is over: run the suites of after it.",
        )
    elif Points.ELSEWHERE in points:
        found.fail(
            AT,
            f"{what} is an alias of {resource}, which is answered as neither `from` nor `to`",
            remedy="Find out who changed the record, or correct `from` in the scenario.",
        )
    else:
        found.say(Outcome.INCONCLUSIVE, f"{what} is an alias of {resource}: no answer shows which side that is")


def _ttl(found: Found, group: Sequence[SwitchRecord], what: str, view: View) -> None:
    ttls = sorted({one.ttl for one in group if one.ttl is not None})
    if not ttls and not all(one.alias for one in group):
        found.say(Outcome.ERROR, f"the TTL of {what} is not told")
    if len(ttls) > 1:
        found.fail(
            AT,
            f"the records of {what} have different TTLs ({few(map(str, ttls))} s): the last one written holds for all,"
            " and shares are skewed",
            remedy=f"Give every record of the group the TTL {min(ttls[0], view.dns.ttl_max)}.",
        )
    if ttls and ttls[-1] > view.dns.ttl_max:
        found.fail(
            AT,
            f"the TTL of {what} is {ttls[-1]} s in the zone, more than {view.dns.ttl_max} s",
            remedy=f"Lower it to {view.dns.ttl_max}, at least {ttls[-1]} s before the change.",
        )
    if len(group) > 1 and any(one.alias for one in group) and ttls and ttls != [_BESIDE_ALIAS]:
        found.tell(
            AT,
            f"{what} has aliases beside records with a TTL of {few(map(str, ttls))} s: shares are skewed unless both"
            f" are kept equally long",
            remedy=f"Give the records beside an alias the TTL {_BESIDE_ALIAS}.",
        )


def _weighted(found: Found, group: Sequence[SwitchRecord], what: str, view: View) -> None:
    weighted = [one for one in group if one.policy == "weighted"]
    if len(weighted) < len(group):
        found.fail(
            AT,
            f"{what} has a weighted record beside one that is not: Route 53 does not serve such a group by weight",
            remedy="Make every record of the name and type weighted.",
        )
    wrong = [one.weight for one in weighted if one.weight is None or not 0 <= one.weight <= _HEAVIEST]
    if wrong:
        found.say(Outcome.ERROR, f"Route 53 is said to have a weight of {wrong[0]} for {what}, which it cannot have")
    if len(weighted) > 1 and not any(one.weight for one in weighted):
        shares = of_group(weighted)
        found.fail(
            AT,
            f"all weights of {what} are 0: Route 53 then gives each record an equal share, so"
            f" {shares['new']:.0%} of the callers are sent to the new side",
            remedy=f"Give the record that leads to {view.move.old.text} the weight 255.",
        )
    for side, target in (("old", view.move.old), ("new", view.move.new)):
        if not any(one.side == side for one in weighted):
            found.fail(
                AT,
                f"{what} is weighted, and no record of the group leads to the {side} side: no weight can send callers"
                " there",
                remedy=f"Add a record with the weight 0 to the group that leads to {target.text}.",
            )


def _together(found: Found, groups: Groups, name: str) -> None:
    """Judge what the types do to each other."""
    if "CNAME" in groups and len(groups) > 1:
        others = " and ".join(sorted(set(groups) - {"CNAME"}))
        found.fail(
            AT,
            f"{name} has a CNAME beside {others}: no name can have both (RFC 1034, 3.6.2)",
            remedy=f"Keep the CNAME or the {others}, not both.",
        )
    four, six = groups.get("A", ()), groups.get("AAAA", ())
    weighted = [any(one.policy == "weighted" for one in group) for group in (four, six)]
    if four and six and weighted[0] != weighted[1]:
        which = "IPv6" if weighted[0] else "IPv4"
        found.fail(
            AT,
            f"{name} is weighted for {'A' if weighted[0] else 'AAAA'} alone: callers by {which} are not shifted",
            remedy="Give A and AAAA the same group of weighted records.",
        )
    elif four and six and of_group(four) != of_group(six):
        found.fail(
            AT,
            f"{name} sends callers by IPv4 and by IPv6 to the new side in different shares"
            f" ({_new(four)} and {_new(six)})",
            remedy="Give the weighted records of A and AAAA the same weights.",
        )


def _new(group: Sequence[SwitchRecord]) -> str:
    shares = of_group(group)
    return f"{shares['new']:.1%}" if shares else "not known"


def _health(found: Found, group: Sequence[SwitchRecord], what: str) -> None:
    watched = [one for one in group if one.health]
    for one in watched:
        who = f"{what} {one.id}".strip()
        if one.health == "target" and any(_OF_API_GATEWAY in target for target in one.target):
            found.tell(AT, f"{who} follows the health of its target, which brings nothing for API Gateway")
        else:
            found.tell(AT, f"{who} is left out of answers where its health fails ({one.health})")


def _name_servers(found: Found, state: SwitchState, survey: Survey, name: str) -> None:
    """Fail where the zone that would be edited is not the one that resolvers are sent to."""
    zone = _zone(survey, name)
    delegated = set(zone.delegated or zone.name_servers) if zone else set()
    if not delegated or not state.name_servers:
        found.say(Outcome.INCONCLUSIVE, f"not known whether {state.where} is the zone that {name} is delegated to")
        return
    own = set(state.name_servers)
    if not own & delegated and delegated <= set(state.apex):
        found.say(
            Outcome.INCONCLUSIVE,
            f"{name} is delegated to servers of one's own name ({few(sorted(delegated))}): check that these are"
            f" {few(sorted(own))}, else {state.where} is a zone that nobody asks",
        )
    elif not own & delegated:
        found.fail(
            AT,
            f"{state.where} is not the zone that {name} is delegated to: you would edit a zone that nobody asks",
            old=few(sorted(delegated)),
            new=few(sorted(own)),
            remedy=f"Change the record in the zone served by {few(sorted(delegated))}.",
        )
    elif delegated - own:
        found.fail(
            AT,
            f"{name} is also delegated to servers that {state.where} does not have ({few(sorted(delegated - own))}):"
            " they would not have the change",
            remedy="Make the same change there, or take them out of the delegation before.",
        )


def _zone(survey: Survey, name: str) -> Zone | None:
    fitting = [one for one in (survey.zone, *survey.zones) if one.name and _within(name, one.name)]
    return max(fitting, key=lambda one: len(one.name), default=None)


def _within(name: str, zone: str) -> bool:
    return zone in {".", name} or name.endswith(f".{zone}")


def _answers(found: Found, groups: Groups, survey: Survey, name: str) -> None:
    """Hold the sets against what each authoritative server answers."""
    zone = _zone(survey, name)
    compared = 0
    for authority in zone.authorities if zone else ():
        for type_ in ("CNAME", "A", "AAAA"):
            told, seen = _seen(authority, survey, name, type_)
            if not told:
                continue
            compared += 1
            for why in _differ(groups.get(type_, ()), seen):
                found.fail(
                    AT,
                    f"{label(authority.server)} answers for {name} {type_} {why}",
                    severity=Severity.CRITICAL,
                    remedy="If the record was changed within the last minute look again; else it is another zone.",
                )
    if not compared:
        found.say(Outcome.INCONCLUSIVE, f"no authoritative server told what it has for {name}: nothing to compare with")


def _seen(authority: Authority, survey: Survey, name: str, type_: str) -> tuple[bool, Records | None]:
    """Return whether a server tells of this type at all, and the records if it has any."""
    if name == survey.move.name:
        reply = authority.at_name.get(type_)
        if reply is None or not reply.heard.tells or not authority.answers:
            return False, None
        return True, reply.records(type_, name)
    links = [found for chain in authority.chains.values() if (found := chain.link(name)) is not None]
    same = next((one for one in links if one.type == type_), None)
    return same is not None, same


def _differ(group: Sequence[SwitchRecord], seen: Records | None) -> Iterator[str]:
    """Yield how an answer differs from every set of its type."""
    aliases = any(one.alias for one in group)
    if seen is None:
        if group and not aliases:
            yield "nothing, where the control plane has a record"
        return
    if not group:
        yield f"{few(seen.values)}, where the control plane has no record"
        return
    values, several = _same(seen.values), any(one.policy == "multivalue" for one in group)
    own = [_same(one.target) for one in group if not one.alias]
    if not aliases and not (values <= frozenset().union(*own) if several else values in own):
        yield f"{few(seen.values)}, where the control plane has {few(sorted(frozenset().union(*own)))}"
    ttls = {one.ttl for one in group if one.ttl is not None}
    if not aliases and ttls and seen.ttl not in ttls:
        yield f"with a TTL of {seen.ttl}, where the control plane has {few(map(str, sorted(ttls)))}"


def _same(values: Sequence[str]) -> frozenset[str]:
    return addresses(values) or frozenset(one.lower().rstrip(".") for one in values)
