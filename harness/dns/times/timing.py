"""When a name can be moved at the earliest, and how fast it is back."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from harness.dns.facts import Survey, View
from harness.dns.surveying.switched import plain, switched
from harness.dns.times.back import all_back, curve, share_back
from harness.dns.times.holding import (
    Told,
    asked_at,
    authority_ttls,
    clamps_of,
    held_until,
    looks_of,
    seen_anew,
    seen_whole,
    told_anything,
)
from harness.dns.times.moments import safe_from, span, utc
from harness.model.dns import Clamp, Timing
from harness.model.switch import Mechanism, SwitchState
from harness.scenario.moving import PER_REQUEST, AzureSwitch, Dns, ProxySwitch

ASSUMED_BEFORE = 86400
"""TTL before it was lowered, where the scenario does not say: unbound's own bound of what it keeps, cache-max-ttl."""

ALWAYS_SO = 0.0
"""`lowered_at` of a TTL that was never longer."""

_DELAYS = {Mechanism.ROUTE53: 60.0}
"""Documented time until a change is served (facts: gateways.md §5). For the others none is documented."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """One reason to wait, and until when (Unix seconds)."""

    until: float
    why: str


def timing(survey: Survey, view: View) -> Timing:
    """Return what a survey says of the time before a move and of the way back.

    How it is reckoned: a resolver that fetched the old records just before a change serves them for their TTL, or for
    longer where it clamps. So no answer with the old TTL is left once every copy that was seen has run out, and, for
    resolvers that nobody asked, one old TTL after it was lowered. Of the way back see back.py.
    """
    owner = switched(survey)
    delay = delay_of(view.dns, survey.switch)
    told = Told(ttls=authority_ttls(survey, owner), at=asked_at(survey), certain=_certain(view.dns, delay))
    clamps, held = _at_resolvers(survey, owner, told, view.now)
    wait = _earliest(survey, view, told, held, delay)
    known = Timing(
        name=survey.move.name,
        switched=owner,
        mechanism=view.dns.switch.mechanism.value,
        ttl=told.ttl,
        clamps=clamps,
        held=held,
        earliest=wait.until if isinstance(wait, Wait) else None,
        why=wait.why if isinstance(wait, Wait) else wait,
        delay=delay,
    )
    return _with_way_back(known, spans(survey, known), view)


def delay_of(dns: Dns, state: SwitchState | None = None) -> float:
    """Return the seconds until a change is served, as documented; 0 where nothing is (see `documented`)."""
    if isinstance(dns.switch, ProxySwitch | AzureSwitch) and dns.switch.takes is not None:
        return dns.switch.takes
    if state is not None and state.delay is not None:
        return state.delay
    return _DELAYS.get(dns.switch.mechanism, 0.0)


def documented(dns: Dns) -> bool:
    """Tell whether the time that the mechanism takes is known."""
    if isinstance(dns.switch, AzureSwitch) and dns.switch.takes is not None:
        return True
    return dns.switch.mechanism in {*_DELAYS, Mechanism.RECORD, Mechanism.PROXY}


def spans(survey: Survey, known: Timing) -> dict[str, int]:
    """Return for how long each resolver that told holds what it fetched; the authority's TTL alone where none told.

    A resolver that was seen to hold less than the TTL says is taken to hold it in full: others behind it may not.
    """
    if known.mechanism in PER_REQUEST:
        return {"": 0}
    if known.ttl is None:
        return {}
    records = survey.switch.records if survey.switch is not None else ()
    planned = (one.ttl for one in records if one.ttl is not None and plain(one.name) == plain(known.switched))
    ttl = max([known.ttl, *planned])
    least = {clamp.server: clamp.seconds for clamp in known.clamps if clamp.least}
    told = [seen.server.name for seen in survey.resolvers if told_anything(seen, known.switched)]
    return {name: max(ttl, least.get(name, 0)) for name in told} or {"": ttl}


def in_part(survey: Survey, known: Timing) -> tuple[Clamp, ...]:
    """Return the clamps of which a rest was seen alone: such a resolver holds answers for longer than they say."""
    looks = {seen.server.name: looks_of(survey, seen, known.switched) for seen in survey.resolvers}
    return tuple(one for one in known.clamps if one.least and not seen_whole(looks.get(one.server, {}), one.seconds))


def not_seen_anew(survey: Survey, known: Timing) -> tuple[str, ...]:
    """Return the resolvers that told, and of which nobody saw for how long they hold what they fetch."""
    return tuple(
        seen.server.name
        for seen in survey.resolvers
        if told_anything(seen, known.switched) and not seen_anew(looks_of(survey, seen, known.switched), known.ttl or 0)
    )


def share_back_at(survey: Survey, known: Timing, view: View, seconds: float) -> float:
    """Return the share of callers that are back some seconds after the change back."""
    held = list(spans(survey, known).values())
    return share_back(held, seconds, delay=known.delay, cache=client_cache(view.dns))


def client_cache(dns: Dns) -> float:
    """Return the seconds for which callers keep an address beyond its TTL, where the name's address changes at all."""
    return 0.0 if dns.switch.mechanism in PER_REQUEST else dns.client_cache


def if_lowered(view: View, ttl: int) -> float:
    """Return when the last copy with this TTL has run out, if it is lowered as soon as the scenario says, or now."""
    planned = view.dns.lowered_at
    return max(view.now, planned or 0.0) + delay_of(view.dns) + ttl + 1


def _certain(dns: Dns, delay: float) -> float | None:
    """Return the moment from which nobody can hold an older, longer TTL, None if the scenario does not tell."""
    if dns.lowered_at is None or dns.lowered_at == ALWAYS_SO:
        return dns.lowered_at
    return dns.lowered_at + _before(dns) + delay


def _before(dns: Dns) -> int:
    return ASSUMED_BEFORE if dns.lowered_from is None else dns.lowered_from


def _at_resolvers(survey: Survey, owner: str, told: Told, now: float) -> tuple[tuple[Clamp, ...], dict[str, float]]:
    """Return which resolvers clamp, and until when which hold an older, longer answer."""
    clamps: list[Clamp] = []
    held: dict[str, float] = {}
    for seen in survey.resolvers if told.ttl is not None else ():
        name = seen.server.name
        looks = looks_of(survey, seen, owner)
        own = clamps_of(name, looks, told)
        clamps += own
        until = held_until(looks, max([told.ttl or 0, *(clamp.seconds for clamp in own if clamp.least)]))
        if until is not None and until > now:
            held[name] = max(until, held.get(name, 0.0))
    return tuple(clamps), held


def _earliest(survey: Survey, view: View, told: Told, held: Mapping[str, float], delay: float) -> Wait | str:
    """Return the longest wait, or why there is none to be told."""
    if view.dns.switch.mechanism in PER_REQUEST:
        return Wait(until=view.now, why=f"{view.dns.switch.mechanism.value} moves callers without a change of records")
    if told.ttl is None:
        return "no authoritative server told the TTL"
    owner = switched(survey)
    count = sum(told_anything(seen, owner) for seen in survey.resolvers)
    if not count:
        return "no resolver told what it holds"
    none = "the one resolver that told holds no" if count == 1 else f"none of the {count} resolvers that told holds an"
    waits = [Wait(until=view.now, why=f"{none} older, longer answer")]
    waits += [Wait(until=at, why=f"{name} holds an older answer until {safe_from(at)}") for name, at in held.items()]
    waits += _of_the_unasked(view, told.ttl, delay)
    longest = max(waits, key=lambda wait: wait.until)
    if view.dns.lowered_at is not None or told.ttl > view.dns.ttl_max:
        return longest
    return Wait(
        until=longest.until,
        why=f"{longest.why}; `lowered_at` is not given, so resolvers that nobody asked may hold older ones",
    )


def _of_the_unasked(view: View, ttl: int, delay: float) -> list[Wait]:
    """Return for how long resolvers that nobody asked may hold an older, longer answer."""
    dns, lowered = view.dns, view.dns.lowered_at
    if lowered is not None and lowered > view.now:
        old = max(ttl, dns.lowered_from or 0)
        why = f"if the TTL is lowered at {utc(lowered)}: copies with the old TTL of {old} s have run out by then"
        return [Wait(until=lowered + old + delay, why=why + _by_then(delay))]
    if ttl > dns.ttl_max:
        why = f"if the TTL is lowered now: copies with today's TTL of {ttl} s have run out by then"
        return [Wait(until=view.now + ttl + delay, why=why + _by_then(delay))]
    if lowered is None or lowered == ALWAYS_SO:
        return []
    given = f"{_before(dns)} s" + (" (assumed, `lowered_from` is not given)" if dns.lowered_from is None else "")
    why = f"lowered at {utc(lowered)} from {given}: resolvers that nobody asked may hold the old one for so long"
    return [Wait(until=lowered + _before(dns) + delay, why=why + _by_then(delay))]


def _by_then(delay: float) -> str:
    return f", counted from {span(delay)} after the change, which its servers may take" if delay else ""


def _with_way_back(known: Timing, held: Mapping[str, int], view: View) -> Timing:
    every, cache = list(held.values()), client_cache(view.dns)
    if not every or (known.mechanism in PER_REQUEST and not documented(view.dns)):
        return known
    back = curve(every, delay=known.delay, cache=cache)
    return replace(known, back=back, back_all=all_back(every, delay=known.delay, cache=cache))
