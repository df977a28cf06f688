"""The topic of the new side's certificate: it holds for the production name, at every address, before any change."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from harness.dns.facts import Survey, View
from harness.dns.new_side.endpoint import (
    INTERRUPTED,
    MOST_WAYS,
    OPEN,
    covers,
    interrupted,
    looks,
    nothing,
    plain,
    target_addresses,
    target_names,
)
from harness.dns.times.moments import few, span, utc
from harness.model.check import Tools
from harness.model.found import Found
from harness.model.outcome import Outcome, Severity
from harness.model.seen import Leaf, Port, TlsFacts

_AT = "dns:certificate"
_DAY = 86_400.0
_AT_ONCE, _FAIL, _WARN = 3 * _DAY, 14 * _DAY, 30 * _DAY
"""Seconds to the end of a certificate; the two latter are the security suite's."""

_BIND = (
    "Bind a certificate for {name}, with its whole chain, to the new side's custom domain before the switch (Azure API "
    "Management: Custom domains)."
)
_DISTRUST = {"expired": "has expired", "early": "not yet valid", "other": "mismatch"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Flaw:
    """What is wrong with what one address shows."""

    outcome: Outcome
    title: str
    severity: Severity = Severity.CRITICAL
    note: str = ""
    remedy: str = _BIND


def certificate(survey: Survey, view: View, tools: Tools) -> Found:
    """Judge what each address of the new side shows for the production name."""
    found = Found()
    if plain(found, _AT, view):
        return found
    seen = looks(survey, view, tools, found)
    if not seen:
        nothing(found, survey)
    for way, facts in seen.items():
        _describe(found, way, facts)
    _say(found, _AT, survey.move.name, {way: list(_flaws(facts, view)) for way, facts in seen.items()})
    _elsewhere(found, survey, view)
    if interrupted(survey, view, seen):
        found.say(Outcome.INCONCLUSIVE, INTERRUPTED)
    return found


def _flaws(facts: TlsFacts, view: View) -> Iterator[_Flaw]:
    name, now = view.move.name, view.now
    if facts.trouble:
        yield _unreached(facts, name)
        return
    if not facts.chain:
        yield _Flaw(outcome=Outcome.INCONCLUSIVE, title=f"the certificate for {name} cannot be read")
        return
    leaf = facts.chain[0]
    dated = _dated(leaf, view)
    if dated is not None:
        yield dated
    covered = covers(leaf.names, name)
    if not facts.trusted and not covered:
        names = few(leaf.names) or "no name at all"
        yield _Flaw(outcome=Outcome.FAIL, title=f"the certificate does not cover {name}: it is for {names}")
    if facts.trusted is False:
        words = facts.distrust.lower()
        known = {"expired": leaf.not_after < now, "early": leaf.not_before > now, "other": not covered}
        if not any(wrong and _DISTRUST[which] in words for which, wrong in known.items()):
            yield _distrusted(facts, name)
    elif facts.trusted is None and dated is None:
        yield _Flaw(
            outcome=Outcome.INCONCLUSIVE, title=f"whether the certificate is trusted is not known: {facts.distrust}"
        )


def _unreached(facts: TlsFacts, name: str) -> _Flaw:
    if facts.untried:
        six = "; look again where IPv6 goes out" if "]:" in facts.trouble else ""
        return _Flaw(
            outcome=Outcome.INCONCLUSIVE, title=f"the new side cannot be tried from here: {facts.trouble}{six}"
        )
    if facts.port is Port.REFUSED:
        return _Flaw(outcome=Outcome.FAIL, title="the new side refuses connections: nothing listens there", remedy=OPEN)
    if facts.port is not Port.OPEN:
        return _Flaw(outcome=Outcome.ERROR, title=f"the new side does not answer from here: {facts.trouble}")
    return _Flaw(
        outcome=Outcome.FAIL, title=f"the new side takes no TLS connection for {name}: {facts.trouble}",
        note="a gateway may refuse a name that it does not know (SNI)",
    )  # fmt: skip


def _dated(leaf: Leaf, view: View) -> _Flaw | None:
    left, name = leaf.not_after - view.now, view.move.name
    until = view.dns.window[1] if view.dns.window else None
    if left < 0:
        return _Flaw(outcome=Outcome.FAIL, title=f"the certificate for {name} expired at {utc(leaf.not_after)}")
    if leaf.not_before > view.now:
        return _Flaw(
            outcome=Outcome.FAIL, title=f"the certificate for {name} is not valid before {utc(leaf.not_before)}"
        )
    if until is not None and leaf.not_after < until:
        title = f"the certificate for {name} expires at {utc(leaf.not_after)}, before the window ends ({utc(until)})"
        return _Flaw(outcome=Outcome.FAIL, title=title)
    title = f"the certificate for {name} expires in {_days(left)}, at {utc(leaf.not_after)}"
    if left < _FAIL:
        severity = Severity.CRITICAL if left < _AT_ONCE else Severity.MAJOR
        return _Flaw(outcome=Outcome.FAIL, severity=severity, title=title, remedy=f"Renew it. {_BIND}")
    if left < _WARN:
        return _Flaw(outcome=Outcome.PASS, severity=Severity.MINOR, title=title, remedy=f"Renew it. {_BIND}")
    return None


def _days(seconds: float) -> str:
    days = int(seconds // _DAY)
    return span(seconds) if days < 2 else f"{days} days"


def _distrusted(facts: TlsFacts, name: str) -> _Flaw:
    last = facts.chain[-1]
    note = "an authority that all callers trust, though this machine does not, is named by `new.ca_file`"
    if last.issuer != last.subject:
        sent = "1 certificate is" if len(facts.chain) == 1 else f"{len(facts.chain)} certificates are"
        note = (
            f"{sent} sent, the last one issued by {last.issuer[:200]}: is an intermediate certificate left out? {note}"
        )
    why = facts.distrust or "not trusted"
    return _Flaw(outcome=Outcome.FAIL, title=f"the certificate for {name} is not trusted: {why}", note=note)


def _say(found: Found, at: str, name: str, flaws: Mapping[str, Sequence[_Flaw]]) -> None:
    """Say each flaw once, with the addresses that have it."""
    ways: dict[_Flaw, list[str]] = {}
    for way, some in flaws.items():
        for flaw in some:
            ways.setdefault(flaw, []).append(way)
    for flaw, having in ways.items():
        title = f"{flaw.title} (at {few(having)})"
        remedy = flaw.remedy.replace("{name}", name)
        if flaw.outcome is Outcome.FAIL:
            found.fail(at, title, severity=flaw.severity, new=few(having), note=flaw.note, remedy=remedy)
        elif flaw.outcome is Outcome.PASS:
            found.tell(at, title, severity=flaw.severity, new=few(having), note=flaw.note, remedy=remedy)
        else:
            found.say(flaw.outcome, title)


def _describe(found: Found, way: str, facts: TlsFacts) -> None:
    if facts.trouble or not facts.chain:
        found.fact("trouble", **{way: facts.trouble or facts.distrust})
        return
    leaf = facts.chain[0]
    trusted = {True: "yes", False: f"no: {facts.distrust}", None: facts.distrust or "not known"}[facts.trusted]
    told = {
        "subject": leaf.subject, "issuer": leaf.issuer, "names": few(leaf.names), "not before": utc(leaf.not_before),
        "not after": utc(leaf.not_after), "certificates sent": str(len(facts.chain)), "trusted": trusted,
        "sha256": leaf.sha256,
    }  # fmt: skip
    for fact, text in told.items():
        found.fact(fact, **{way: text})


def _elsewhere(found: Found, survey: Survey, view: View) -> None:
    """Tell where what was looked at is not where the name will lead, and how much was not looked at."""
    to, new, every = view.scenario.new.connect_to, survey.move.new, target_addresses(survey)
    if not to:
        if len(every) > MOST_WAYS:
            found.fact("not looked at", new=f"{len(every) - MOST_WAYS} more addresses of {new.text}")
        return
    host = to.rpartition(":")[0].strip("[]").lower().rstrip(".")
    if host not in target_names(survey) and _usual(host) not in map(_usual, every):
        found.tell(
            _AT, f"looked at {to} (`new.connect_to`), which is not where the name will lead: {new.text}",
            severity=Severity.MAJOR, old=new.text, new=to,
            remedy="Name the new target itself as `new.connect_to`, or leave it out and have each address asked.",
        )  # fmt: skip


def _usual(address: str) -> str:
    """Return an address in its usual form, a name as it is."""
    try:
        return str(ip_address(address))
    except ValueError:
        return address
