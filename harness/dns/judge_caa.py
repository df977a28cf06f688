"""Whether CAA records let the issuer of the new certificate issue it (RFC 8659), now and once the name has moved."""

import re
from dataclasses import dataclass, field

from harness.dns.facts import Caa, Survey, View
from harness.dns.own_records import few
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
class Property:
    """One CAA record. `issuer` is the domain that an issue or issuewild names, "" for none: nobody may issue."""

    text: str
    critical: bool
    tag: str
    issuer: str = ""
    parameters: tuple[str, ...] = field(default=())


def caa(survey: Survey, view: View) -> Found:
    """Judge the records that hold now and those that will; either keeps a certificate from being issued or renewed."""
    found = Found()
    holding = [(when, one) for when, one in (("now", survey.caa), ("after the move", survey.caa_after)) if one]
    if not holding:
        found.say(Outcome.INCONCLUSIVE, f"the CAA records of {survey.move.name} were not looked up")
    for when, one in holding:
        found.fact("CAA", **{when: _words(one)})
    for when, one in holding:
        if one.trouble:
            _trouble(found, one, when)
        elif (when, one) == holding[0] or not _same(one, holding[0][1]):
            _judge(found, one, when, view.dns.issuers)
    return found


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


def _judge(found: Found, one: Caa, when: str, issuers: tuple[str, ...]) -> None:
    records = properties(one.values)
    if not records:
        if not issuers:
            found.tell(_AT, "there are no CAA records; `dns.issuer` would have it checked again on the day")
        return
    _unknown(found, one, when, records)
    _others(found, one, records)
    issuing = [record for record in records if record.tag == "issue"]
    wild = [record for record in records if record.tag == "issuewild"]
    if issuing and not any(record.issuer for record in issuing):
        _forbidden(found, one, when, "any issuer", issuing, issuers)
    elif not issuers and (issuing or wild):
        allowed = few(dict.fromkeys(record.issuer for record in (*issuing, *wild) if record.issuer)) or "nobody"
        found.say(
            Outcome.INCONCLUSIVE, f"CAA of {one.owner} allows {allowed}: write the new certificate's `dns.issuer`"
        )
    elif issuing and not _permitted(issuing, issuers):
        _forbidden(found, one, when, few(issuers), issuing, issuers)
    if issuers and wild and not _permitted(wild, issuers):
        found.tell(
            _AT,
            f"CAA of {one.owner} lets {few(issuers)} issue no wildcard certificate",
            severity=Severity.MINOR,
            new=few(record.text for record in wild),
            remedy=f'If the new certificate is a wildcard, add `0 issuewild "{issuers[0]}"`.',
        )


def _permitted(records: list[Property], issuers: tuple[str, ...]) -> bool:
    return bool({record.issuer for record in records} & {issuer.lower().rstrip(".") for issuer in issuers})


def _forbidden(found: Found, one: Caa, when: str, who: str, records: list[Property], issuers: tuple[str, ...]) -> None:
    add = f'`0 issue "{issuers[0]}"`' if issuers else "an `issue` record for the certificate's issuer"
    found.fail(
        _AT,
        f"CAA of {one.owner} forbids {who} to issue a certificate for {one.name} {when}",
        severity=Severity.MAJOR,
        new=few(record.text for record in records),
        note="A certificate that is already issued goes on; the next one, and every renewal, is refused.",
        remedy=f"Add {add} at {one.owner} before it is ordered, or CAA records of its own at {one.name}.",
    )


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
