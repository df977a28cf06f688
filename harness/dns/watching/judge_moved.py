"""What a watch comes to for one name: moved everywhere, still held at the old side by somebody, or leading nowhere."""

from datetime import UTC, datetime

from harness.dns.watching.watched import LOST, Place, Watched
from harness.model.dns import Heard, Points
from harness.model.found import Found
from harness.model.outcome import Outcome, Severity
from harness.scenario.moving import Move

AT = "dns:propagation"
MOST_NAMED = 6
_CLOCK = "%H:%M:%S UTC"

_NO_ANSWER = frozenset({Heard.SILENT, Heard.UNREACHABLE, Heard.NOT_ASKED})
_ANSWERS = {
    Points.OLD: "still answers old",
    Points.NEW: "answered new once only",
    Points.BOTH: "answers old and new together",
    Points.UNKNOWN: "does not answer",
}


def moved(watched: Watched, move: Move) -> Found:
    """Return PASS where every server is known to have moved; what leads nowhere fails, all else holds."""
    found = Found()
    places = watched.of(move.name)
    _facts(found, places, watched.at)
    for place in places:
        if place.back:
            _went_back(found, place)
    lost = [place for place in places if place.side in LOST or _ends_nowhere(place)]
    for place in lost[:MOST_NAMED]:
        _lost(found, place, move)
    if len(lost) > MOST_NAMED:
        found.say(Outcome.FAIL, f"and {len(lost) - MOST_NAMED} more servers lead {move.name} to neither side")
    left = [place for place in places if not place.moved and place not in lost]
    if left or not places:
        found.say(Outcome.INCONCLUSIVE, _held(places, left, watched.at))
    return found


def _ends_nowhere(place: Place) -> bool:
    """Tell whether a resolver leads callers to the new side by a name that does not exist."""
    last = place.last
    return last is not None and not place.authority and last.points is Points.NEW and last.heard is Heard.NO_NAME


def _held(places: list[Place], left: list[Place], at: float) -> str:
    if not places:
        return "nobody was asked: no look came to its end"
    named = [f"{place.server} {_why(place, at)}" for place in left[:MOST_NAMED]]
    more = [f"and {len(left) - MOST_NAMED} more"] if len(left) > MOST_NAMED else []
    done = sum(place.moved for place in places)
    return f"{done} of {len(places)} servers have moved; {', '.join([*named, *more])}"


def _why(place: Place, at: float) -> str:
    if place.silent:
        heard = place.stretches[-1].heard if place.stretches else Heard.NOT_ASKED
        told = place.last.detail if place.last is not None and heard.tells else ""  # a loop, say
        detail = told or heard.value
        return f"{'does not answer' if heard in _NO_ANSWER else 'tells nothing'} ({detail})"
    words = _ANSWERS.get(place.side, place.side.value)
    left = place.remaining(at)
    return words if left is None or place.authority else f"{words} ({left} s left)"


def _lost(found: Found, place: Place, move: Move) -> None:
    title = f"{place.server} leads {move.name} to neither side"
    if place.side is Points.NOWHERE:
        title = f"{place.server} says that {move.name} leads nowhere"
    elif place.side is Points.NEW:
        title = f"{place.server} leads {move.name} to {move.new.text}, which does not exist"
    seen = ", ".join(place.last.addresses[:4]) if place.last is not None else ""
    detail = place.last.detail if place.last is not None else ""
    found.fail(
        AT,
        title,
        severity=Severity.CRITICAL,
        old=move.old.text,
        new=seen or place.side.value,
        note=detail,
        remedy=f"Callers behind {place.server} reach nobody by this name: look at the records of {move.name} at its "
        f"authoritative servers, and move back to {move.old.text} if they are not as planned.",
    )


def _went_back(found: Found, place: Place) -> None:
    times = [clock(at) for at in place.back]
    more = f" and {len(times) - 3} times more" if len(times) > 3 else ""
    found.tell(
        AT,
        f"{place.server} answered new for {place.name}, then old again at {', '.join(times[:3])}{more}",
        severity=Severity.MINOR,
        note="the record was moved back, records are weighted, or the address stands for several caches",
    )


def _facts(found: Found, places: list[Place], at: float) -> None:
    """Keep what each server said at the end; columns are servers, whose names nobody can foresee."""
    for place in places:
        left = place.remaining(at)
        said = {
            "answers": place.now.value if place.now is not Points.UNKNOWN else place.stretches[-1].heard.value,
            "since": clock(place.changed_at),
            "moved": clock(place.moved_at) if place.moved and place.moved_at is not None else "no",
            "TTL left": "" if left is None else f"{left} s",
            "addresses": ", ".join(place.last.addresses[:4]) if place.last is not None else "",
        }
        for name, text in said.items():
            found.facts.setdefault(name, {})[place.server] = text


def clock(at: float) -> str:
    """Return a moment of the day, in UTC."""
    return datetime.fromtimestamp(at, UTC).strftime(_CLOCK)
