"""Whether validating resolvers take the name's records, now, after the move, and until the window is over."""

from collections.abc import Iterable

from harness.dns.facts import Signatures, Signed, Survey, View
from harness.dns.times.moments import few, utc
from harness.model.found import Found
from harness.model.outcome import Outcome, Severity

_AT = "dns:dnssec"
_DAY = 86_400.0
_AT_LEAST = 12 * 3600.0
_YOUNG = 0.25
"""The share of its lifetime that a signature of a signer at work has left: signers renew at about that, or sooner."""

_MEND = (
    "Sign the zone anew at every server; where the DS does not fit the keys, have the parent take the right one, or "
    "take it away and wait for its TTL. Do not switch before resolvers that validate answer again."
)


def dnssec(survey: Survey, view: View) -> Found:
    """Judge what was seen of the signatures of the name's zone and of those on the way to the new target."""
    found = Found()
    if not survey.signatures:
        found.say(Outcome.INCONCLUSIVE, f"nobody looked at the signatures of {survey.move.name}")
    for one in survey.signatures:
        found.fact(one.name, **{one.zone or "zone not known": _words(one)})
        _judge(found, one, survey, view)
    _weaker(found, survey)
    return found


def _judge(found: Found, one: Signatures, survey: Survey, view: View) -> None:
    if one.state is Signed.BOGUS:
        found.fail(
            _AT,
            f"resolvers that validate refuse {one.name}: {one.why}",
            note="They answer SERVFAIL, and their callers do not reach it.",
            remedy=_MEND,
        )
    elif one.state is Signed.UNKNOWN and _matters(one, survey):
        found.say(Outcome.INCONCLUSIVE, f"whether the signatures of {one.name} hold could not be seen: {one.why}")
    elif one.state is Signed.UNSIGNED and one.why:
        found.tell(_AT, f"{one.name} is not protected by DNSSEC", note=one.why)
    elif one.state is Signed.SECURE:
        _ending(found, one, view)


def _matters(one: Signatures, survey: Survey) -> bool:
    """Tell whether anybody would check what could not be seen: it is the name's own zone, or a resolver validates."""
    own = one.zone in {"", survey.zone.name}
    return own or any(at.authenticated for at in survey.resolvers) or _keys(survey, one.zone)


def _keys(survey: Survey, name: str) -> bool:
    zones = [zone for zone in survey.zones if zone.name == name]
    return any(reply is not None and reply.answer for zone in zones for reply in (zone.ds, zone.dnskey))


def _ending(found: Found, one: Signatures, view: View) -> None:
    """Judge signatures that end before the window does (a day from now, where there is none)."""
    window = view.dns.window[1] if view.dns.window else 0.0
    horizon = window if window > view.now else view.now + _DAY
    if one.until is None or one.until >= horizon:
        return
    left = one.until - view.now
    lifetime = one.until - one.since if one.since is not None else 0.0
    # some sign each answer for an hour or two: what tells them from a file that nobody signs anew is when they began
    if (left >= _AT_LEAST or one.renewed) and left > _YOUNG * lifetime and lifetime:
        found.tell(
            _AT,
            f"signatures of {one.name} end at {utc(one.until)}, before {utc(horizon)}",
            note="They are young for their lifetime: the zone seems to be signed anew all the time.",
        )
        return
    found.fail(
        _AT,
        f"signatures of {one.name} end at {utc(one.until)}, before {utc(horizon)}",
        severity=Severity.MAJOR,
        note="Once they have ended, resolvers that validate answer SERVFAIL.",
        remedy=f"Sign {one.zone} anew before the window, and check that the signer runs by itself.",
    )


def _weaker(found: Found, survey: Survey) -> None:
    states = survey.signatures
    own = next((one for one in states if one.zone == survey.zone.name), None)
    loose = [one for one in states if one.zone != survey.zone.name and one.state is Signed.UNSIGNED]
    if own is not None and own.state is Signed.SECURE and loose:
        found.tell(
            _AT,
            f"{own.name} is signed, its new way is not: validation ends at {_few_zones(loose)}",
            severity=Severity.MINOR,
            note="Nothing breaks: from there on, answers are no longer protected against forgery.",
        )


def _few_zones(states: Iterable[Signatures]) -> str:
    return few(dict.fromkeys(one.zone for one in states))


def _words(one: Signatures) -> str:
    until = f", until {utc(one.until)}" if one.until is not None else ""
    return f"{one.state}{until}" + (f": {one.why}" if one.why else "")
