"""HTTPS and SVCB records at the name (RFC 9460): browsers read them before its addresses, and no CNAME moves them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address

from harness.dns.facts import AtResolver, Survey
from harness.dns.records.own_records import Own
from harness.dns.surveying.switched import authority_chains, plain
from harness.dns.times.moments import few
from harness.model.dns import Chain, Records
from harness.model.found import Found
from harness.model.outcome import Outcome
from harness.scenario.moving import Move

_HTTPS = "dns:https"
_PARAMETER = re.compile(r'([a-z0-9-]+)(?:=(?:"([^"]*)"|(\S*)))?', re.ASCII)
_HINTS = ("ipv4hint", "ipv6hint")
_ASSUMED = ("alpn", "no-default-alpn", "port", "mandatory")
_REMEDY = (
    "Delete the {type} record, or change it, in the same change; its TTL must be low as that of the switched records. "
    "Where it goes, browsers use the addresses."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One HTTPS or SVCB record. `alias`: AliasMode (priority 0); `target` is the owner itself where it says "."."""

    text: str
    alias: bool
    target: str
    parameters: dict[str, str] = field(default_factory=dict)

    @property
    def hints(self) -> tuple[str, ...]:
        """Return the addresses that clients may use without asking for them."""
        return tuple(_address(one) for key in _HINTS for one in self.parameters.get(key, "").split(",") if one)


def https(found: Found, own: Own, survey: Survey, move: Move) -> None:
    """Judge the records at the name itself; those at the end of its way move with it."""
    if "HTTPS" in own.untold and not any(_tells(at) for at in survey.resolvers):
        found.say(Outcome.INCONCLUSIVE, f"no server told whether {own.name} has HTTPS records")
    for type_ in ("HTTPS", "SVCB"):
        values = own.values(type_) or (_at_resolvers(survey, own.name) if type_ in own.untold else ())
        for value in values:
            _judge(found, type_, service(value, own.name), own.name, survey, move)
    for owner, record in _of_new(survey, move):
        _leads_back(found, own.name, owner, record, survey, move)
    for owner in _further(survey, own.name):
        found.tell(_HTTPS, f"the HTTPS records of {owner} are at the end of the name's way, and go with it")


def service(value: str, owner: str) -> Service | None:
    """Return a record as written, None where it is none (RFC 9460 §2.1)."""
    priority, _, rest = value.partition(" ")
    target, _, parameters = rest.partition(" ")
    if not (priority.isascii() and priority.isdigit() and target):
        return None
    pairs = {match[1]: match[2] or match[3] or "" for match in _PARAMETER.finditer(parameters)}
    target = owner if target == "." else plain(target)
    return Service(text=value, alias=int(priority) == 0, target=target, parameters=pairs)


def _judge(found: Found, type_: str, record: Service | None, name: str, survey: Survey, move: Move) -> None:
    if record is None:
        found.say(Outcome.INCONCLUSIVE, f"an {type_} record of {name} cannot be read")
        return
    ways = _target_ways(survey)
    names = {plain(one) for one in (name, move.new.name, *(one for way in ways for one in way.names)) if one}
    if record.target not in names:
        _stays(found, type_, name, record, f"its target {record.target} is not on the way to {move.new.text}")
    elif record.hints:
        _hints(found, type_, name, record, survey, move)
    if "ech" in record.parameters:
        why = f"the {type_} record of {name} has a key for ECH: whether {move.new.text} holds it cannot be seen"
        found.say(Outcome.INCONCLUSIVE, why)
    assumed = [f"{key}={record.parameters[key]}" for key in _ASSUMED if key in record.parameters]
    if assumed:
        found.tell(
            _HTTPS, f"the {type_} record of {name} promises {few(assumed)}; the new side must offer it", old=record.text
        )


def _hints(found: Found, type_: str, name: str, record: Service, survey: Survey, move: Move) -> None:
    new = _new_addresses(survey, move)
    wrong = [one for one in record.hints if one not in new]
    if not new:
        found.say(
            Outcome.INCONCLUSIVE, f"the {type_} record of {name} has hints, and no address of the new side was told"
        )
    elif wrong:
        old = _old_addresses(survey, move)
        whose = "the old side's" if all(one in old for one in wrong) else "not the new side's"
        _stays(found, type_, name, record, f"its hints are {whose}: {few(wrong)}")


def _of_new(survey: Survey, move: Move) -> Iterator[tuple[str, Service]]:
    """Return the records at the end of the new way, which a CNAME brings with it."""
    told = (records for reply in survey.at_target if reply.heard.tells for records in reply.answer)
    mine = {(records.name, text) for records in told if records.type == "HTTPS" for text in records.values}
    for owner, text in sorted(mine) if move.new.cname else ():
        record = service(text, owner)
        if record is not None:
            yield owner, record


def _leads_back(found: Found, name: str, owner: str, record: Service, survey: Survey, move: Move) -> None:
    """Fail a record of the new side by which browsers go back to the old one."""
    old = _old_addresses(survey, move) - _new_addresses(survey, move)
    back = [one for one in record.hints if one in old]
    if move.old.name and record.target == plain(move.old.name):
        back.append(record.target)
    if back:
        found.fail(
            _HTTPS,
            f"browsers that read HTTPS records go back to the old side: the record of {owner} leads to {few(back)}",
            new=record.text,
            note=f"The record comes with the CNAME, so that it holds for {name} once that is moved.",
            remedy=f"Correct the HTTPS record of {owner}, or delete it, before the switch.",
        )


def _new_addresses(survey: Survey, move: Move) -> set[str]:
    return {_address(one) for one in (*move.new.addresses, *(a for way in _target_ways(survey) for a in way.addresses))}


def _old_addresses(survey: Survey, move: Move) -> set[str]:
    ways = (a for way in authority_chains(survey) for a in way.addresses)
    return {_address(one) for one in (*move.old.addresses, *ways)}


def _stays(found: Found, type_: str, name: str, record: Service, why: str) -> None:
    readers = "browsers that read HTTPS records" if type_ == "HTTPS" else "clients that read SVCB records"
    title = f"{readers} do not move with {name}: {why}"
    found.fail(_HTTPS, title, old=record.text, new=None, remedy=_REMEDY.format(type=type_))


def _target_ways(survey: Survey) -> tuple[Chain, ...]:
    return tuple(way for ways in (survey.target, *(at.target for at in survey.resolvers)) for way in ways.values())


def _tells(at: AtResolver) -> bool:
    return at.https is not None and at.https.heard.tells


def _records(survey: Survey) -> list[Records]:
    replies = [at.https for at in survey.resolvers if at.https is not None]
    replies += [one.at_name["HTTPS"] for one in survey.zone.authorities if one.answers and "HTTPS" in one.at_name]
    return [records for reply in replies for records in reply.answer if records.type == "HTTPS"]


def _at_resolvers(survey: Survey, name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for one in _records(survey) if one.name == name for value in one.values))


def _further(survey: Survey, name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.name for one in _records(survey) if one.name != name))


def _address(text: str) -> str:
    try:
        return str(ip_address(text.strip()))
    except ValueError:
        return text
