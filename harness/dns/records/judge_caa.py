"""Whether CAA records let the issuer of the new certificate issue it (RFC 8659), now and once the name has moved.

The issuer is the one that the scenario names, else the one of the certificate that the new side shows (issuing.py).
"""

import re
from dataclasses import dataclass, field

from harness.dns.facts import Caa, Survey, View
from harness.dns.new_side.issuing import Issuers, Issuing, given, shown
from harness.dns.records.own_records import own_records
from harness.dns.surveying.walk import within
from harness.dns.times.moments import few
from harness.model.check import Tools
from harness.model.dns import Heard
from harness.model.found import Found
from harness.model.outcome import Outcome, Severity

_AT = "dns:caa"
_RECORD = re.compile(r'(\d{1,3})\s+([A-Za-z0-9]{1,15})\s+(?:"((?:[^"\\]|\\.)*)"|(\S*))', re.ASCII)
_ESCAPED = re.compile(r"\\(\d{3}|.)", re.ASCII)
_CRITICAL = 0x80
_KNOWN = frozenset({"issue", "issuewild", "iodef", "contactemail", "contactphone", "issuemail", "issuevmc"})
"""Properties of IANA's registry; an issuer must not issue where a critical one is unknown to it (RFC 8659 §4.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """The records that hold for the name at one time, in words; `alias`: it is a CNAME, or becomes one."""

    caa: Caa
    when: str
    alias: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """One CAA record. `issuer` is the domain that an issue or issuewild names, "" for none: nobody may issue."""

    text: str
    critical: bool
    tag: str
    issuer: str = ""
    parameters: tuple[str, ...] = field(default=())


def caa(survey: Survey, view: View, tools: Tools) -> Found:
    """Judge the records that hold now and those that will; either keeps a certificate from being issued or renewed.

    The new side is looked at only where records restrict who may issue and the scenario names nobody.
    """
    found = Found()
    issuers = given(view)
    restrict = any(_restricts(one) for one in (survey.caa, survey.caa_after) if one)
    if issuers is None:
        issuers = shown(survey, view, tools, found) if restrict else Issuers()
    elif restrict:
        found.fact("issuer", scenario=issuers.known[0].who)
    judge(found, survey, issuers)
    return found


def judge(found: Found, survey: Survey, issuers: Issuers) -> None:
    """Judge the records against whoever is to issue."""
    holding = [(when, one) for when, one in (("now", survey.caa), ("after the move", survey.caa_after)) if one]
    if not holding:
        found.say(Outcome.INCONCLUSIVE, f"the CAA records of {survey.move.name} were not looked up")
    for when, one in holding:
        found.fact("CAA", **{when: _words(one)})
    alias = bool(survey.move.new.cname or own_records(survey).values("CNAME"))
    for when, one in holding:
        if one.trouble:
            _trouble(found, one, when)
        elif (when, one) == holding[0] or not _same(one, holding[0][1]):
            _judge(found, _Held(caa=one, when=when, alias=alias), issuers)
    for issuing in issuers.known:
        seen = any(one.trouble or not one.owner or issuing.exact or _below(issuing, one) for _, one in holding)
        if holding and not seen:
            above = f"CAA of {issuing.below[0]}, which its wildcard certificate goes by, was not looked up"
            found.say(Outcome.INCONCLUSIVE, f"{above}: write the new certificate's `dns.issuer`")


def _below(issuing: Issuing, one: Caa) -> list[str]:
    """Return whose wildcards the records hold for: they do for all from the name up to where they were found."""
    return [base for base in issuing.below if within(base, one.owner)]


def _restricts(one: Caa) -> bool:
    """Tell whether it matters who is to issue."""
    issue, wild = _by_tag(properties(one.values))
    return bool(issue or wild) and not _nobody(issue, wild)


def _by_tag(records: tuple[Property, ...]) -> tuple[list[Property], list[Property]]:
    issue = [record for record in records if record.tag == "issue"]
    return issue, [record for record in records if record.tag == "issuewild"]


def _nobody(issue: list[Property], wild: list[Property]) -> bool:
    return bool(issue) and not any(record.issuer for record in (*issue, *wild))


def properties(values: tuple[str, ...]) -> tuple[Property, ...]:
    """Return the records as they are read; one that cannot be read is critical and unknown."""
    return tuple(_property(value) for value in values)


def _property(text: str) -> Property:
    read = _RECORD.fullmatch(text.strip())
    if read is None:
        return Property(text=text, critical=True, tag="?")
    value = _ESCAPED.sub(_unescaped, read[3]) if read[3] is not None else read[4] or ""
    issuer, *parameters = (part.strip() for part in value.split(";"))
    return Property(
        text=text,
        critical=bool(int(read[1]) & _CRITICAL),
        tag=read[2].lower(),
        issuer=issuer.lower().rstrip("."),
        parameters=tuple(part for part in parameters if part),
    )


def _unescaped(match: re.Match[str]) -> str:
    return chr(int(match[1])) if len(match[1]) == 3 else match[1]


def _same(one: Caa, other: Caa) -> bool:
    return not other.trouble and (one.owner, one.values) == (other.owner, other.values)


def _words(one: Caa) -> str:
    return one.trouble or (f"{few(one.values)} (at {one.owner})" if one.values else "none: any issuer may issue")


def _trouble(found: Found, one: Caa, when: str) -> None:
    if one.heard is not Heard.SERVFAIL:
        found.say(Outcome.ERROR, f"{when}, CAA records of {one.name} could not be seen: {one.trouble}")
        return
    found.fail(
        _AT,
        f"no issuer may issue a certificate for {one.name} {when}: its servers fail to answer for CAA",
        severity=Severity.MAJOR,
        note=f"{one.trouble} (RFC 8659 §5.1 and the issuers' own rules).",
        remedy='Mend the zone\'s servers so that they answer CAA questions, if only with "no such record".',
    )


def _judge(found: Found, held: _Held, issuers: Issuers) -> None:
    one = held.caa
    records = properties(one.values)
    if not records:
        if not any(issuing.given for issuing in issuers.known):
            found.tell(_AT, "there are no CAA records; `dns.issuer` would have it checked again on the day")
        return
    _unknown(found, one, held.when, records)
    _others(found, one, records)
    issue, wild = _by_tag(records)
    if _nobody(issue, wild):
        _forbidden(found, held, issue)
        return
    for issuing in issuers.known:
        _permits(found, held, issuing, issue, wild)
    if issue or wild:
        allowed = few(dict.fromkeys(record.issuer for record in (*issue, *wild) if record.issuer)) or "nobody"
        for why in issuers.unknown:
            found.say(
                Outcome.INCONCLUSIVE,
                f"CAA of {one.owner} allows {allowed}, and {why}: write the new certificate's `dns.issuer`",
            )


def _permits(found: Found, held: _Held, issuing: Issuing, issue: list[Property], wild: list[Property]) -> None:
    """Hold the records against an issuer, for the name and for wildcards (`issuewild`, else `issue`: RFC 8659 §4.3)."""
    refused = bool(issue) and not _permitted(issue, issuing)
    if issuing.exact and refused:
        _forbidden(found, held, issue, issuing)
        return
    rules = wild or issue
    if not rules or _permitted(rules, issuing):
        return
    one = held.caa
    below = _below(issuing, one)
    if below:
        _forbidden(found, held, rules, issuing, of=f"*.{below[0]}")
    elif issuing.given and wild:
        found.tell(
            _AT,
            f"CAA of {one.owner} lets {issuing.who} issue no wildcard certificate",
            severity=Severity.MINOR,
            new=few(record.text for record in wild),
            remedy=f'If the new certificate is a wildcard, add `0 issuewild "{issuing.identifiers[0]}"`.',
        )


def _permitted(records: list[Property], issuing: Issuing) -> bool:
    return bool({record.issuer for record in records} & {one.lower().rstrip(".") for one in issuing.identifiers})


def _forbidden(
    found: Found, held: _Held, records: list[Property], issuing: Issuing | None = None, *, of: str = ""
) -> None:
    one = held.caa
    add = f'`0 {records[0].tag} "{issuing.identifiers[0]}"`' if issuing else "an `issue` record for its issuer"
    seen = "" if issuing is None or issuing.given else "It issued the certificate that the new side shows. "
    other = " If another one is to issue the next, write it as `dns.issuer`." if seen else ""
    found.fail(
        _AT,
        f"CAA of {one.owner} forbids {issuing.who if issuing else 'any issuer'} to issue a certificate for "
        f"{of or one.name} {held.when}",
        severity=Severity.MAJOR,
        new=few(record.text for record in records),
        note=f"{seen}A certificate that is already issued goes on; the next one, and every renewal, is refused.",
        remedy=f"Add {add} at {one.owner} before it is ordered{_or_else(held, records, of)}.{other}",
    )


def _or_else(held: _Held, records: list[Property], of: str) -> str:
    """Return what helps as well: where a CNAME stands no other record can (RFC 1034 §3.6.2)."""
    one = held.caa
    if not within(one.name, one.owner):
        allowed = few(dict.fromkeys(record.issuer for record in records if record.issuer))
        ordered = f", or order it from {allowed}, which these records allow" if allowed else ""
        return f"{ordered}; no CAA records of its own can stand at {one.name}, beside a CNAME"
    if of or held.alias or one.owner == one.name:
        return ""
    return f", or CAA records of its own at {one.name}"


def _unknown(found: Found, one: Caa, when: str, records: tuple[Property, ...]) -> None:
    critical = [record for record in records if record.critical and record.tag not in _KNOWN]
    if critical:
        found.fail(
            _AT,
            f"CAA of {one.owner} has a critical property that issuers do not know: none may issue {when}",
            severity=Severity.MAJOR,
            new=few(record.text for record in critical),
            note="RFC 8659 §4.1: flag 128 on an unknown property.",
            remedy="Delete the record, or take its critical flag away.",
        )


def _others(found: Found, one: Caa, records: tuple[Property, ...]) -> None:
    """Tell what bears on issuing without forbidding it."""
    bound = [f"{record.issuer}: {part}" for record in records if record.tag == "issue" for part in record.parameters]
    if bound:
        found.tell(
            _AT, f"CAA of {one.owner} binds issuers to conditions", new=few(bound), remedy="Check that they are met."
        )
    rest = [record.text for record in records if record.tag not in {"issue", "issuewild", "?"}]
    if rest:
        found.fact("other CAA properties", **{one.owner: few(rest)})
