"""Do all servers of a zone say the same of a name: its records, their TTLs, and which version of the zone they have."""

from collections.abc import Iterable, Mapping, Sequence

from harness.dns.facts import ADDRESS_TYPES, BESIDE, Authority, Survey
from harness.dns.records.own_records import too_new
from harness.dns.records.serving import AT, said, zone_name
from harness.dns.surveying.walk import serials_by_primary, soa_fields
from harness.dns.times.moments import few, label
from harness.model.dns import Points
from harness.model.found import Found
from harness.model.outcome import Outcome, Severity

Said = tuple[tuple[str, ...], int | None]
"""Values and TTL of the records of one type; (), None where a server has none."""

_HALF = 1 << 31


def judge_agreement(found: Found, survey: Survey, answering: Sequence[Authority]) -> None:
    """Judge whether the servers that speak for the zone say the same."""
    judge_name(found, survey, answering)
    _judge_serials(found, survey, answering)


def judge_name(found: Found, survey: Survey, answering: Sequence[Authority]) -> None:
    """Judge whether they say the same of the name alone."""
    name = survey.move.name
    for type_ in BESIDE:
        told = _told(found, answering, name, type_)
        if _copied(survey, answering, type_) and all(values for values, _ in told.values()):
            _tell_copied(found, name, type_, told)
        else:
            _judge_type(found, survey, type_, told)


def _told(found: Found, answering: Iterable[Authority], name: str, type_: str) -> Mapping[str, Said]:
    """Return what each server says of one type; what one did not say is a reason to hold."""
    told: dict[str, Said] = {}
    for one in answering:
        reply = one.at_name.get(type_)
        if reply is not None and too_new(reply):
            continue
        if reply is None or not (reply.heard.tells and reply.authoritative):
            why = "not asked" if reply is None else said(reply)
            found.say(Outcome.INCONCLUSIVE, f"{label(one.server)} did not tell {type_} of {name}: {why}")
            continue
        records = reply.records(type_, name)
        told[label(one.server)] = ((), None) if records is None else (records.values, records.ttl)
    return told


def _copied(survey: Survey, answering: Sequence[Authority], type_: str) -> bool:
    """Tell whether the addresses are an alias's: a copy of what its target answers now, in any selection."""
    if type_ not in ADDRESS_TYPES or not (survey.move.old.name or survey.move.new.name):
        return False
    sides = {way.points for one in answering if (way := one.chains.get(type_))}
    return sides in ({Points.OLD}, {Points.NEW})


def _tell_copied(found: Found, name: str, type_: str, told: Mapping[str, Said]) -> None:
    if len({values for values, _ in told.values()}) > 1:
        found.tell(
            AT,
            f"the servers answer with different addresses of the alias target for {type_} of {name}",
            note=_by_server(told),
        )


def _judge_type(found: Found, survey: Survey, type_: str, told: Mapping[str, Said]) -> None:
    name = survey.move.name
    if len({values for values, _ in told.values()}) > 1:
        _differ(found, survey, f"the servers of {zone_name(survey)} differ in {type_} of {name}", told)
    elif len({ttl for _, ttl in told.values()}) > 1:
        _differ(found, survey, f"the servers of {zone_name(survey)} differ in the TTL of {type_} of {name}", told)


def _differ(found: Found, survey: Survey, title: str, told: Mapping[str, Said]) -> None:
    first, *others = _groups(told).items()
    found.fail(
        AT,
        f"{title}: {_by_server(told)}",
        old=f"{_words(first[0])} at {few(first[1])}",
        new="; ".join(f"{_words(one)} at {few(names)}" for one, names in others[:3]),
        note=_parent_alone(survey),
        remedy="Bring all servers to the same version of the zone before the switch: which side callers reach would "
        "depend on the server that their resolver asks.",
    )


def _parent_alone(survey: Survey) -> str:
    """Name servers that only the parent knows: those are the ones that a change forgets."""
    zone = survey.zone
    alone = sorted(set(zone.delegated) - set(zone.name_servers)) if zone.parent_asked and zone.name_servers else []
    return f"{few(alone)}: in the delegation, and not in the zone's own NS records" if alone else ""


def _judge_serials(found: Found, survey: Survey, answering: Sequence[Authority]) -> None:
    by_primary = serials_by_primary(answering)
    for primary, serials in by_primary.items():
        if len(serials) > 1:
            _lagging(found, survey, answering, primary, newest(serials))
    if len(by_primary) > 1:
        parts = [f"{few(map(str, sorted(serials)))} of {primary}" for primary, serials in by_primary.items()]
        found.tell(
            AT,
            f"{zone_name(survey)} is kept by {len(by_primary)} primaries: serials {'; '.join(parts[:3])}",
            severity=Severity.MINOR,
            remedy="Make the change at each of them.",
        )


def _lagging(found: Found, survey: Survey, answering: Sequence[Authority], primary: str, serial: int) -> None:
    told = ((one, soa_fields(one.soa)) for one in answering)
    behind = [f"{label(one.server)} ({got[1]})" for one, got in told if got and got[0] == primary and got[1] != serial]
    found.fail(
        AT,
        f"serial {serial} of {zone_name(survey)} has not reached {few(behind)}",
        severity=Severity.MAJOR,
        old=str(serial),
        new=few(behind),
        note="it was the same at a second look: the switch would not reach the callers whose resolvers ask there",
        remedy="Find out why the zone is not transferred there (NOTIFY, AXFR, keys), or take the server out.",
    )


def newest(serials: Iterable[int]) -> int:
    """Return the serial that comes after the others (serial number arithmetic, RFC 1982)."""
    best, *others = serials
    for one in others:
        if 0 < (one - best) % (1 << 32) < _HALF:
            best = one
    return best


def _groups(told: Mapping[str, Said]) -> dict[Said, list[str]]:
    groups: dict[Said, list[str]] = {}
    for name, one in told.items():
        groups.setdefault(one, []).append(name)
    return dict(sorted(groups.items(), key=lambda group: -len(group[1])))


def _by_server(told: Mapping[str, Said]) -> str:
    return "; ".join(f"{_words(one)} at {few(names)}" for one, names in list(_groups(told).items())[:3])


def _words(one: Said) -> str:
    values, ttl = one
    return f"{few(values)} (TTL {ttl})" if values else "none"
