"""Topics of time that decide on the day: has the old TTL run out, and how long does the way back take."""

from harness.dns.facts import Survey, View
from harness.dns.times.holding import told_anything
from harness.dns.times.moments import few, safe_from, span, ttl_text, utc
from harness.dns.times.timing import client_cache, documented, in_part, not_seen_anew, share_back_at, spans, timing
from harness.model.dns import Clamp, Timing
from harness.model.found import Found
from harness.model.outcome import Outcome, Severity
from harness.model.switch import Mechanism
from harness.scenario.moving import PER_REQUEST

_ASKED_FOR = (30.0, 60.0, 120.0, 300.0, 900.0, 3600.0)
_MANY = 5


def old_ttl(survey: Survey, view: View) -> Found:
    """Judge whether no answer with an older, longer TTL is left when the name is to be moved."""
    found = Found()
    known = timing(survey, view)
    moment = _planned(found, view)
    _tell_held(found, survey, known)
    if survey.interrupted:
        found.say(Outcome.INCONCLUSIVE, "the survey was interrupted: not every resolver was asked")
    if known.earliest is None:
        found.say(Outcome.INCONCLUSIVE, f"it cannot be told when the name can be moved: {known.why}")
        return found
    found.fact("safe from", when=safe_from(known.earliest), why=known.why)
    if moment is not None and moment < known.earliest:
        _too_early(found, view, known, moment)
    return found


def rollback(survey: Survey, view: View) -> Found:
    """Judge whether every caller is back on the old side within `rollback_within`."""
    found = Found()
    known, within = timing(survey, view), view.dns.rollback_within
    if known.back_all is None:
        found.say(Outcome.INCONCLUSIVE, f"it cannot be told how fast callers are back: {_unknown(known)}")
        return found
    _tell_back(found, survey, view, known)
    rests = in_part(survey, known)
    if known.back_all > within:
        share = share_back_at(survey, known, view, within)
        found.fail(
            "dns:rollback",
            f"after a change back, callers are not all back before {span(known.back_all)}; {span(within)} is wanted, "
            f"by when {_percent(share)} are",
            note=_parts(view, known),
            remedy=_faster(view, known, rests=bool(rests)),
        )
    elif rests:
        longest = max(rests, key=lambda clamp: clamp.seconds)
        found.say(
            Outcome.INCONCLUSIVE,
            f"held for longer than the TTL says, and seen with a rest of {longest.seconds} s alone, at "
            f"{few(clamp.server for clamp in rests)}: give `wait` more than {span(longest.seconds)}, to see the whole",
        )
    return found


def _unknown(known: Timing) -> str:
    if known.mechanism in PER_REQUEST:
        return f"how long {known.mechanism} takes to serve a change is not documented; write it as `dns.switch.takes`"
    return "no authoritative server told the TTL"


def _planned(found: Found, view: View) -> float | None:
    """Return the moment of the move: the window's begin, or now; None where the window is over."""
    window = view.dns.window
    if window is None:
        return view.now
    if view.now > window[1]:
        found.say(Outcome.INCONCLUSIVE, f"the window is over since {utc(window[1])}: give the next one as `dns.window`")
        return None
    return max(view.now, window[0])


def _too_early(found: Found, view: View, known: Timing, moment: float) -> None:
    planned = "now" if moment == view.now else f"at {utc(moment)}, when the window begins,"
    earliest = known.earliest or moment
    found.fail(
        "dns:old_ttl",
        f"moving {known.name} {planned} is too early: safe from {safe_from(earliest)}",
        severity=Severity.CRITICAL,
        note=f"Because: {known.why}. Moved before, some callers stay on the old side for longer than "
        f"the TTL says, and nothing brings them over.{_perhaps_clamps(view, known)}",
        remedy=f"Move {known.name} at {safe_from(earliest)} or later, {span(earliest - view.now)} from now.",
    )


def _perhaps_clamps(view: View, known: Timing) -> str:
    """Return how to tell a resolver that clamps from one with an old copy, where the scenario leaves that open."""
    if view.dns.lowered_at is not None or not known.held:
        return ""
    return (
        " A resolver that is in this list again by then has a least TTL of its own: `dns.lowered_at` tells them apart."
    )


def _tell_held(found: Found, survey: Survey, known: Timing) -> None:
    if known.held:
        found.fact("holds an older answer until", **{name: safe_from(at) for name, at in known.held.items()})
    silent = [seen.server.name for seen in survey.resolvers if not told_anything(seen, known.switched)]
    if silent and len(silent) < len(survey.resolvers):
        found.tell("dns:old_ttl", f"not covered, since they did not tell what they hold: {few(silent)}")


def _tell_back(found: Found, survey: Survey, view: View, known: Timing) -> None:
    """Tell the share that is back by time, and what it rests on."""
    last = known.back_all or 0.0
    shown = sorted({view.dns.rollback_within, *(at for at in _ASKED_FOR if at < last)})
    shares = {f"after {span(at)}": _percent(share_back_at(survey, known, view, at)) for at in shown}
    found.fact("callers back", **shares, **{"all after": span(last)})
    found.fact("what the way back takes", **_table(survey, view, known))
    unseen = () if known.mechanism in PER_REQUEST else not_seen_anew(survey, known)
    if unseen:
        found.tell(
            "dns:rollback",
            f"for how long what is fetched anew is held was not seen at {few(unseen)}: the copy there outlasts `wait`, "
            f"{span(view.dns.wait)}",
            severity=Severity.MINOR, remedy=f"Give `wait` more than the TTL, {known.ttl} s.",
        )  # fmt: skip
    if "" in spans(survey, known) and known.mechanism not in PER_REQUEST:
        found.tell("dns:rollback", "no resolver told what it holds: reckoned from the TTL at the authority alone")
    if not documented(view.dns):
        found.tell(
            "dns:rollback",
            f"how long {known.mechanism} takes to serve a change is not documented: reckoned without it",
            severity=Severity.MINOR, remedy="Measure it before the day, with a record or a profile that nobody uses.",
        )  # fmt: skip
    found.tell(
        "dns:rollback", "callers that keep a connection open do not ask again before it ends", severity=Severity.INFO
    )


def _table(survey: Survey, view: View, known: Timing) -> dict[str, str]:
    table = {"mechanism": known.mechanism}
    if known.mechanism not in PER_REQUEST:
        held = spans(survey, known)
        table |= {"TTL": f"{known.ttl} s", "resolvers": str(len([name for name in held if name]))}
        table |= {f"at least, by {clamp.server}": f"{clamp.seconds} s" for clamp in _least(known)[:_MANY]}
    table |= {"until it is served": span(known.delay)} if known.delay else {}
    table |= {"kept by callers beyond": span(client_cache(view.dns))} if client_cache(view.dns) else {}
    return table


def _least(known: Timing) -> list[Clamp]:
    return sorted((clamp for clamp in known.clamps if clamp.least), key=lambda clamp: -clamp.seconds)


def _parts(view: View, known: Timing) -> str:
    """Return what adds up to the whole, in words."""
    cache = client_cache(view.dns)
    parts = [f"{span(known.delay)} until {_server(known)} serves it"] if known.delay else []
    clamps = _least(known)
    if clamps and clamps[0].seconds > (known.ttl or 0):
        names = few(clamp.server for clamp in clamps)
        parts.append(
            f"up to {ttl_text(clamps[0].seconds)} at resolvers that hold it for longer than the TTL says ({names})"
        )
    elif known.mechanism not in PER_REQUEST:
        parts.append(f"up to {ttl_text(known.ttl or 0)} by the TTL of {known.switched}")
    parts += [f"up to {span(cache)} in the callers themselves"] if cache else []
    return "It takes " + ", and ".join(parts) + "."


def _server(known: Timing) -> str:
    return "Route 53" if known.mechanism == Mechanism.ROUTE53 else known.mechanism


def _faster(view: View, known: Timing, *, rests: bool) -> str:
    """Return what would bring callers back in time."""
    left = view.dns.rollback_within - known.delay - client_cache(view.dns)
    if left <= 0 or known.mechanism in PER_REQUEST:
        return (
            f"No TTL is short enough for {span(view.dns.rollback_within)}: move the name by something that takes "
            f"effect per request, or give `rollback_within` {span(known.back_all or 0.0)}."
        )
    said = []
    if (known.ttl or 0) > left:
        wanted = min(int(left), view.dns.ttl_max)
        said.append(f"Lower the TTL of {known.switched} from {known.ttl} to {wanted} or less.")
    slow = [clamp for clamp in _least(known) if clamp.seconds > left]
    if slow:
        said.append(
            f"{few(f'{clamp.server} holds answers for {clamp.seconds} s' for clamp in slow)}, whatever the TTL says: "
            f"have that changed there (its least TTL), or give `rollback_within` {span(known.back_all or 0.0)}."
        )
        said += ["If the TTL was longer until lately, these are old copies: correct `lowered_at`."] if rests else []
    return " ".join(said) or f"Lower the TTL of {known.switched}."


def _percent(share: float) -> str:
    """Return a share; what is not all is never written as all."""
    return f"{min(share, 0.999) if share < 1 else 1:.1%}".replace("%", " %").replace(".0 ", " ")
