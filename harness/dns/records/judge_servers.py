"""Topics of the authoritative servers: does each serve the zone, do all agree, and where does the name lead at them."""

from collections.abc import Iterable, Mapping, Sequence

from harness.dns.facts import ADDRESS_TYPES, Authority, Survey, View
from harness.dns.records.agreement import judge_agreement, judge_name
from harness.dns.records.serving import States, addresses_of, judge_delegation, judge_serving, said, zone_name
from harness.dns.surveying.switched import at_switched
from harness.dns.surveying.walk import soa_fields
from harness.dns.times.moments import few, label
from harness.model.dns import Chain, Heard, Points
from harness.model.found import Found
from harness.model.outcome import Outcome, Severity
from harness.model.switch import Mechanism
from harness.scenario.moving import PER_REQUEST

AT_CHAIN = "dns:chain"
LONG = 8
"""Links of a way that a report calls long: each costs a resolver a question or more, and some give up after eleven."""


_BY_ITSELF = frozenset({Mechanism.TRAFFIC_MANAGER, *PER_REQUEST})
"""Mechanisms whose own servers may well answer each question with something else."""


def servers(survey: Survey, view: View) -> Found:
    """Judge whether every server of the zone serves it, and all say the same; also of the zone that is changed."""
    found = Found()
    _tell_servers(found, survey)
    states = judge_serving(found, survey)
    judge_delegation(found, survey, states)
    judge_agreement(found, survey, states.answering)
    changed = _changed(survey, view)
    if changed is not None:
        judge = judge_name if changed.zone.name == survey.zone.name else judge_agreement
        judge(found, changed, States.of(changed.zone.authorities).answering)
    return found


def _changed(survey: Survey, view: View) -> Survey | None:
    """Return the survey of the name whose records are changed, where that is another one further on."""
    return None if view.dns.switch.mechanism in _BY_ITSELF else at_switched(survey)


def chain(survey: Survey, view: View) -> Found:
    """Judge whether the name leads to the old side at every server of its zone."""
    found = Found()
    answering = States.of(survey.zone.authorities).answering
    if not answering:
        why = survey.zone.trouble or f"no authoritative server of {zone_name(survey)} answered"
        found.say(Outcome.ERROR, f"where {survey.move.name} leads cannot be told: {why}")
        return found
    _tell_links(found, answering)
    _judge_ends(found, survey, answering)
    stays = view.dns.switch.mechanism in PER_REQUEST
    sides = {label(one.server): _side(one, stays=stays) for one in answering}
    for one in answering:
        if sides[label(one.server)] is Points.UNKNOWN and not _endless(one):
            found.say(
                Outcome.ERROR, f"where {survey.move.name} leads at {label(one.server)} cannot be told: {_why(one)}"
            )
    known = {name: side for name, side in sides.items() if side is not Points.UNKNOWN}
    _judge_sides(found, survey, answering, known, stays=stays)
    changed = _changed(survey, view)
    if changed is not None and changed.zone.name != survey.zone.name:
        _judge_changed(found, changed)
    return found


def _judge_changed(found: Found, survey: Survey) -> None:
    """Judge where servers of another zone lead, if they do not agree: one of them has been followed above."""
    answering = States.of(survey.zone.authorities).answering
    sides = {label(one.server): _side(one, stays=False) for one in answering}
    if len(set(sides.values())) > 1:
        known = {name: side for name, side in sides.items() if side is not Points.UNKNOWN}
        _judge_sides(found, survey, answering, known, stays=False)


def _tell_servers(found: Found, survey: Survey) -> None:
    zone = zone_name(survey)
    for one in survey.zone.authorities:
        told = soa_fields(one.soa)
        column = label(one.server)
        found.fact(f"answer for {zone}", **{column: said(one.soa)})
        found.fact("as its authority", **{column: "yes" if one.answers else "no"})
        found.fact("serial", **{column: str(told[1]) if told else "-"})
        found.fact("ms", **{column: f"{one.soa.ms:.0f}"})
    if survey.zone.parent_asked:
        found.fact(f"servers of {zone}", parent=few(survey.zone.delegated), zone=few(survey.zone.name_servers))


def _tell_links(found: Found, answering: Iterable[Authority]) -> None:
    for one in answering:
        for way in one.chains.values():
            for link in way.links:
                records = link.records
                text = f"{few(records.values)}, TTL {records.ttl}"
                found.fact(f"{records.name} {records.type}", **{label(one.server): text})


def _judge_ends(found: Found, survey: Survey, answering: Iterable[Authority]) -> None:
    """Judge ways without an end: loops, links that lead nowhere, too many of them."""
    broken: dict[str, list[str]] = {}
    unseen: dict[str, list[str]] = {}
    longest = 0
    for one in answering:
        for way in one.chains.values():
            longest = max(longest, sum(link.records.type == "CNAME" for link in way.links))
            if _lost(way):
                (broken if way.heard.tells else unseen).setdefault(way.trouble, []).append(label(one.server))
    for trouble, names in broken.items():
        found.fail(
            AT_CHAIN,
            f"the way of {survey.move.name} has no end: {trouble}",
            note=f"told by {few(names)}",
            remedy="Correct the record: callers get no address by it.",
        )
    for trouble, names in unseen.items():
        found.say(
            Outcome.ERROR, f"the way of {survey.move.name} could not be seen to its end from {few(names)}: {trouble}"
        )
    if longest > LONG:
        found.tell(
            AT_CHAIN, f"{survey.move.name} leads through {longest} CNAMEs", severity=Severity.MINOR,
            note="each has a TTL of its own, and some resolvers give up after eleven",
        )  # fmt: skip


def _lost(way: Chain) -> bool:
    """Tell whether a way begins and has no end."""
    return bool(way.trouble and way.links)


def _endless(authority: Authority) -> bool:
    return any(_lost(way) for way in authority.chains.values())


def _side(authority: Authority, *, stays: bool) -> Points:
    """Return the side that a server leads to, IPv4 and IPv6 together; a type without addresses says nothing."""
    ways = authority.chains.values()
    told = {Points.OLD if stays and _there(way) else way.points for way in ways}
    if Points.UNKNOWN in told or not told:
        return Points.UNKNOWN
    if all(way.heard is Heard.EMPTY and not way.addresses for way in ways):
        return Points.NOWHERE
    told.discard(Points.NOWHERE)
    if not told:
        return Points.NOWHERE
    if len(told) == 1:
        return told.pop()
    return Points.ELSEWHERE if Points.ELSEWHERE in told else Points.BOTH


def _there(way: Chain) -> bool:
    """Tell whether a way leads to a target that both sides have in common."""
    shared = way.points is Points.UNKNOWN and way.heard.tells and bool(way.addresses)
    return shared or way.points in {Points.OLD, Points.NEW, Points.BOTH}


def _why(authority: Authority) -> str:
    for type_ in ADDRESS_TYPES:
        way = authority.chains.get(type_)
        if way is None:
            return f"{type_} was not asked for"
        if way.points is Points.UNKNOWN:
            return way.trouble or f"{type_}: {_outcome(way)}"
    return "nothing was told"


def _outcome(way: Chain) -> str:
    return f"{few(way.addresses)}, which both sides may have" if way.addresses else str(way.heard)


def _judge_sides(
    found: Found, survey: Survey, answering: Sequence[Authority], sides: Mapping[str, Points], *, stays: bool
) -> None:
    name, told = survey.move.name, set(sides.values())
    where = {label(one.server): addresses_of(one) for one in answering}
    if Points.NOWHERE in told:
        _nowhere(found, name, _of(sides, Points.NOWHERE), all_of_them=len(told) == 1)
    for side, by in ((Points.ELSEWHERE, _of(sides, Points.ELSEWHERE)), (Points.BOTH, _of(sides, Points.BOTH))):
        if by:
            seen = few(where[one] for one in by)
            if stays:
                _past(found, survey, by, seen)
            else:
                _neither(found, survey, side, by, seen)
    new, old = _of(sides, Points.NEW), _of(sides, Points.OLD)
    if new and old:
        found.fail(
            AT_CHAIN,
            f"{name} leads to the new side at {few(new)} and to the old one at {few(old)}",
            old=f"{survey.move.old.text} at {few(old)}",
            new=f"{survey.move.new.text} at {few(new)}",
            remedy="Bring all servers back to the old side before the switch is rehearsed.",
        )
    elif new:
        found.fail(
            AT_CHAIN,
            f"{name} already leads to the new side at {few(new)}: nothing is left to switch",
            old=survey.move.old.text,
            new=survey.move.new.text,
            remedy="If it was switched on purpose, take the name out of `dns`, or exchange `from` and `to` to rehearse "
            "the way back; if not, bring the record back.",
        )


def _nowhere(found: Found, name: str, by: Sequence[str], *, all_of_them: bool) -> None:
    found.fail(
        AT_CHAIN,
        f"{name} leads to no address{'' if all_of_them else ' at ' + few(by)}",
        note=f"told by {few(by)}",
        remedy="Look whether the name is spelled as in the zone, and give it its record.",
    )


def _past(found: Found, survey: Survey, by: Sequence[str], where: str) -> None:
    name, target = survey.move.name, survey.move.old.text
    found.fail(
        AT_CHAIN,
        f"{name} does not lead to {target} at {few(by)}: {where}",
        old=target,
        new=where,
        note="callers are moved behind that target: those who get there by another way are not",
        remedy=f"Lead {name} to {target}, or correct `from` in the scenario.",
    )


def _neither(found: Found, survey: Survey, side: Points, by: Sequence[str], where: str) -> None:
    words = "neither to the old side nor to the new one" if side is Points.ELSEWHERE else "to both sides at once"
    found.fail(
        AT_CHAIN,
        f"{survey.move.name} leads {words} at {few(by)}: {where}",
        old=f"from {survey.move.old.text}, to {survey.move.new.text}",
        new=where,
        remedy="Correct the record, or `from` and `to` in the scenario.",
    )


def _of(sides: Mapping[str, Points], side: Points) -> list[str]:
    return [name for name, one in sides.items() if one is side]
