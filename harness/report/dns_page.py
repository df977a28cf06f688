"""The section "Names" of report.html, laid out for its template (reports/html/dns.html.j2)."""

from dataclasses import dataclass

from harness.dns.watching.watched import Place, Watched
from harness.model.dns import Points
from harness.model.event import Surveyed
from harness.model.finding import Propagation, Summary
from harness.report import dns_charts, dns_words
from harness.report.chart import LineChart
from harness.report.dns_charts import Picture
from harness.report.dns_words import STYLES, back_after, clock, left_words, percent, said, seconds, split_words
from harness.report.text import NOTHING, duration, plural, short, when

_DAY = 86_400.0
MOST_NAMES = 60
MOST_PLACES = 300
MOST_WATCHES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """When one name can be moved, as texts; `known` is False where nothing tells, `late` where it takes too long."""

    name: str
    safe: str
    known: bool
    why: str
    back: str
    most: str
    late: bool
    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One resolver and name at the end of a watch, as texts."""

    name: str
    server: str
    style: str
    answers: str
    moved: str
    back: str
    left: str
    addresses: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """One watch: how it ended, its picture, the table beside it."""

    head: str
    rehearsal: bool
    done: bool
    state: str
    picture: Picture | None
    seen: tuple[Seen, ...]
    more: int
    split: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsPage:
    """All that the template shows; `ready`: every name is safe to move now."""

    brief: str
    overall: str
    ready: bool
    names: tuple[Name, ...]
    more_names: int
    rollback: LineChart | None
    watches: tuple[Watch, ...]


def page_of(summary: Summary) -> DnsPage | None:
    """Lay out what is known of names; None where the run asked nothing of them."""
    if not summary.surveyed and not summary.propagations:
        return None
    timings = [one.timing for one in summary.surveyed]
    ordered = dns_words.earliest_first(timings)
    asked = max((one.at for one in summary.surveyed), default=0.0)
    by_name = {one.timing.name: one for one in summary.surveyed}
    return DnsPage(
        brief=brief(summary),
        overall=dns_words.overall(timings, asked),
        ready=bool(timings) and all(one.earliest is not None and one.earliest <= asked for one in timings),
        names=tuple(_name(by_name[one.name]) for one in ordered[:MOST_NAMES]),
        more_names=max(len(ordered) - MOST_NAMES, 0),
        rollback=dns_charts.rollback(summary.surveyed),
        watches=tuple(_watch(one, summary.state) for one in summary.propagations[-MOST_WATCHES:]),
    )


def brief(summary: Summary) -> str:
    """Return what was looked at, in a few words."""
    parts = []
    if summary.surveyed:
        parts.append(f"{plural(len(summary.surveyed), 'name')} to move")
    parts += [
        f"{plural(len(one.watching.names), 'name')} watched, {plural(len(one.sighted), 'look')}"
        for one in summary.propagations[-1:]
    ]
    return ", ".join(parts)


def _name(surveyed: Surveyed) -> Name:
    timing, within = surveyed.timing, surveyed.rollback_within
    most = back_after(timing, 0.9)
    return Name(
        name=timing.name,
        safe=NOTHING if timing.earliest is None else dns_words.safe_from(timing.earliest, surveyed.at),
        known=timing.earliest is not None,
        why=timing.why,
        back=NOTHING if timing.back_all is None else seconds(timing.back_all),
        most=NOTHING if most is None else seconds(most),
        late=timing.back_all is None or (within is not None and timing.back_all > within),
        how=dns_words.how_words(timing),
    )


def _watch(told: Propagation, state: str) -> Watch:
    watched = Watched(told.watching, told.sighted)
    ordered = dns_words.worst_first(watched)
    names = told.watching.names if len(told.watching.names) > 1 else ()
    return Watch(
        head=watch_words(told),
        rehearsal=told.watching.rehearsal,
        done=watched.all_moved,
        state=state_words(watched, state),
        picture=dns_charts.picture(watched),
        seen=tuple(_seen(place, watched.at) for place in ordered[:MOST_PLACES]),
        more=max(len(ordered) - MOST_PLACES, 0),
        split=tuple((name, split_words(watched, name), _moved(watched, name)) for name in names[:MOST_NAMES]),
    )


def _moved(watched: Watched, name: str) -> str:
    places = watched.of(name)
    left = sum(not place.moved for place in places)
    if left or not places:
        return f"{left:,} of {plural(len(places), 'server')} not moved"
    return f"moved by {clock(max(place.moved_at or 0.0 for place in places))}"


def watch_words(told: Propagation) -> str:
    """Return what was watched: names, servers, how often, from when until when."""
    one = told.watching
    names = short(one.names[0], 100) if len(one.names) == 1 else plural(len(one.names), "name")
    servers = plural(len(one.servers), "server")
    what = f"{names} at {servers}, every {one.interval:g} s from {when(one.at)}"
    return f"{what}, deadline {clock(one.until) if one.until - one.at < _DAY else when(one.until)}"


def state_words(watched: Watched, state: str) -> str:
    """Return how a watch ended, in a sentence."""
    if not watched.looks:
        return "No look came to its end: nothing is known."
    took = duration(watched.at - watched.watching.at)
    if watched.all_moved:
        return f"All have moved: every server told the new side twice, {took} after the watch began."
    left = [place for place in watched.asked if not place.moved]
    silent = [place for place in left if place.silent]
    named = ", ".join(dict.fromkeys(short(place.server, 60) for place in silent))
    told = f", {short(named, 200)} never answered" if silent else ""
    moved = f"{percent(watched.share)} of the resolvers that told answered new ({split_words(watched)})"
    if watched.at < watched.watching.until:
        ended = "The watch was ended early" if state != "unfinished" else "The watch broke off"
    else:
        ended = "The deadline came first"
    return f"{ended}: {len(left):,} of {len(watched.asked):,} had not moved{told}. At the last look {moved}."


def _seen(place: Place, at: float) -> Seen:
    return Seen(
        name=place.name,
        server=place.server,
        style=STYLES[place.now],
        answers=said(place),
        moved=clock(place.moved_at) if place.moved and place.moved_at is not None else NOTHING,
        back=", ".join(clock(one) for one in place.back[:3]) or NOTHING,
        left=left_words(place, at),
        addresses=", ".join(place.last.addresses[:4]) if place.last and place.now is not Points.UNKNOWN else "",
    )


def totals(summary: Summary) -> list[tuple[str, str, str]]:
    """Return the key figures of names as (value, words, class)."""
    found = []
    timings = [one.timing for one in summary.surveyed]
    if timings:
        known = all(one.earliest is not None for one in timings)
        at = max(one.earliest or 0.0 for one in timings)
        asked = max(one.at for one in summary.surveyed)
        moment = "now" if at <= asked else dns_words.minute(at)
        same_day = moment.startswith(dns_words.minute(asked)[:10])
        words = (moment[11:] if same_day else moment) if known else NOTHING
        found.append((words, "earliest safe time", "" if known else "warn"))
    for told in summary.propagations[-1:]:
        watched = Watched(told.watching, told.sighted)
        done = "good" if watched.all_moved else "warn"
        found.append((percent(watched.share), "of resolvers answer new", done))
        found.append((f"{watched.looks:,}", "look" if watched.looks == 1 else "looks", ""))
    return found
