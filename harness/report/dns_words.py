"""Words that all reports of the DNS suite share: sides, times, shares, what remains."""

from datetime import UTC, datetime
from itertools import pairwise

from harness.dns.watching.watched import Place, Watched
from harness.model.dns import Clamp, Points, SurveyTick, Timing
from harness.report.text import NOTHING, duration, plural, short
from harness.scenario.moving import PER_REQUEST

STYLES = {
    Points.OLD: "old",
    Points.NEW: "new",
    Points.BOTH: "both",
    Points.ELSEWHERE: "lost",
    Points.NOWHERE: "lost",
    Points.UNKNOWN: "none",
}
WORDS = {
    Points.OLD: "old",
    Points.NEW: "new",
    Points.BOTH: "old and new",
    Points.ELSEWHERE: "elsewhere",
    Points.NOWHERE: "nowhere",
    Points.UNKNOWN: "no answer",
}
_ORDER = (Points.NOWHERE, Points.ELSEWHERE, Points.UNKNOWN, Points.OLD, Points.BOTH, Points.NEW)
_MOST_CLAMPS = 6


def clock(at: float) -> str:
    """Return a time of day in UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S UTC")


def minute(at: float) -> str:
    """Return a moment to the minute in UTC, rounded up: what is safe from a moment is safe in the minute after it."""
    return datetime.fromtimestamp(-(-at // 60) * 60, UTC).strftime("%Y-%m-%d %H:%M UTC")


def survey_words(tick: SurveyTick) -> str:
    """Return how a survey is getting on."""
    asked = (
        f"{plural(tick.questions, 'question')} about {plural(tick.names, 'name')} to {plural(tick.servers, 'server')}"
    )
    left = f"{duration(tick.left)} at most" if tick.left >= 1 else "the last answers"
    who = f"{plural(tick.names, 'name')} at {plural(tick.servers, 'resolver')}"
    asked = plural(tick.questions, "question")
    return f"dns: {who}, {asked} so far; old copies run out, to see what is held next: {left}"


def percent(share: float) -> str:
    """Return a share in whole per cent; only all of it is 100 %, and only nothing 0 %."""
    rounded = round(share * 100)
    if 0 < share < 1:
        rounded = min(max(rounded, 1), 99)
    return f"{rounded} %"


def said(place: Place) -> str:
    """Return what a server said at the last look, in a few words."""
    if place.now is Points.UNKNOWN:
        return place.stretches[-1].heard.value if place.stretches else "not asked"
    words = WORDS[place.now]
    if place.now is Points.OLD and place.back:
        return f"{words} again"
    return words if place.now is not Points.NEW or place.moved else f"{words} (once)"


def left_words(place: Place, at: float) -> str:
    """Return what remains of what a server holds; nothing of a server that holds nothing."""
    left = place.remaining(at)
    return NOTHING if left is None or place.authority or place.now is Points.UNKNOWN else f"{left} s"


def split_words(watched: Watched, name: str = "") -> str:
    """Return how the resolvers are split: `2 old, 3 new`."""
    counts = watched.split(name)
    if not counts:
        counts.update(place.now for place in watched.asked if name in {"", place.name})
    return ", ".join(f"{counts[points]:,} {WORDS[points]}" for points in reversed(_ORDER) if counts[points])


def worst_first(watched: Watched) -> list[Place]:
    """Return every place: those that lead nowhere or say nothing first, then old, then those that moved last."""

    def rank(place: Place) -> tuple[bool, int, float, str, str]:
        at = place.moved_at if place.moved and place.moved_at is not None else place.changed_at
        return place.moved, 0 if place.moved else _ORDER.index(place.now), -at, place.name, place.server

    return sorted(watched.asked, key=rank)


def seconds(value: float) -> str:
    """Return seconds as people say them: `54 s`, `2 min 05 s`."""
    return f"{value:.0f} s" if value < 59.5 else duration(value)


def safe_from(at: float, asked: float = 0.0) -> str:
    """Return from when something is safe; what was safe when it was asked about (Unix seconds) is so now."""
    if at > asked:
        return minute(at)
    return f"now, at {datetime.fromtimestamp(asked, UTC):%Y-%m-%d %H:%M} UTC"


def safe_words(timing: Timing, asked: float = 0.0) -> str:
    """Return when a name can be moved, with the reason; `asked` is when its servers were."""
    why = f" ({short(timing.why, 300)})" if timing.why else ""
    if timing.earliest is None:
        return f"not known when it is safe to move{why}"
    return f"safe to move {'' if timing.earliest <= asked else 'from '}{safe_from(timing.earliest, asked)}{why}"


def back_words(timing: Timing) -> str:
    """Return how fast callers are back, as the middle and the end of the curve."""
    if timing.back_all is None:
        return "not known how fast callers are back after a change back"
    most = back_after(timing, 0.9)
    told = f" (90 % after {seconds(most)})" if most is not None and most < timing.back_all else ""
    return f"all callers back within {seconds(timing.back_all)} of a change back{told}"


def back_after(timing: Timing, wanted: float) -> float | None:
    """Return the seconds after which a share of callers is back, None where that is not known."""
    for (start, low), (end, high) in pairwise([(0.0, 0.0), *timing.back]):
        if high >= wanted:
            return end if high <= low else start + (end - start) * (wanted - low) / (high - low)
    return None


def back_at(timing: Timing, seconds_: float) -> float:
    """Return the share of callers that is back so many seconds after the change back."""
    share = 0.0
    for (start, low), (end, high) in pairwise([(0.0, 0.0), *timing.back]):
        if end <= seconds_:
            share = high
        elif start <= seconds_:
            return low + (high - low) * (seconds_ - start) / (end - start)
    return share


def how_words(timing: Timing) -> str:
    """Return by what a name is moved: mechanism, record, TTL, delay, clamps."""
    parts = [f"by {timing.mechanism}"]
    if timing.switched and timing.switched != timing.name:
        parts.append(f"changed at {short(timing.switched, 120)}")
    if timing.mechanism not in PER_REQUEST:
        parts.append("TTL not known" if timing.ttl is None else f"TTL {timing.ttl} s")
    if timing.delay:
        parts.append(f"{seconds(timing.delay)} until a change is served")
    parts += [clamp_words(one) for one in timing.clamps[:_MOST_CLAMPS]]
    if len(timing.clamps) > _MOST_CLAMPS:
        parts.append(f"and {plural(len(timing.clamps) - _MOST_CLAMPS, 'more resolver')} with TTLs of their own")
    return ", ".join(parts)


def clamp_words(clamp: Clamp) -> str:
    """Return what a resolver makes of TTLs."""
    return f"{short(clamp.server, 60)} keeps answers {'at least' if clamp.least else 'at most'} {clamp.seconds} s"


def earliest_first(timings: list[Timing]) -> list[Timing]:
    """Return the timings, what is not known first, then those that are safe last: these hold the change up."""
    # by the minute that is shown: names that were looked at one after the other are safe one after the other
    return sorted(timings, key=lambda one: (one.earliest is not None, (-(one.earliest or 0.0)) // 60, one.name))


def overall(timings: list[Timing], asked: float = 0.0) -> str:
    """Return when all names can be moved, in a sentence; "" without any."""
    if not timings:
        return ""
    unknown = [one.name for one in timings if one.earliest is None]
    names = "the name" if len(timings) == 1 else f"all {len(timings):,} names"
    if unknown:
        more = f" and {len(unknown) - 3:,} more" if len(unknown) > 3 else ""
        return f"Not known when {names} can be moved: {', '.join(short(one, 80) for one in unknown[:3])}{more}."
    last = max(timings, key=lambda one: one.earliest or 0.0)
    moment = minute(last.earliest or 0.0)
    before = [one for one in timings if minute(one.earliest or 0.0) != moment]
    held = f", held up by {short(last.name, 80)}" if len(timings) - len(before) == 1 and before else ""
    provided = f", {last.why.partition(':')[0]}" if last.why.startswith("if ") else ""
    return f"Earliest safe time to move {names}: {safe_from(last.earliest or 0.0, asked)}{held}{short(provided, 120)}."
