"""Names in report.md: when they can be moved, how fast callers are back, how they moved."""

from collections.abc import Iterator

from harness.dns.watching.watched import Watched
from harness.model.finding import Propagation, Summary
from harness.report import dns_words
from harness.report.dns_page import state_words, watch_words
from harness.report.dns_words import back_after, clock, left_words, said, seconds
from harness.report.markdown_text import code, prose
from harness.report.text import NOTHING, short

MOST_NAMES = 50
MOST_PLACES = 60
_TEXT = 300


def dns_section(summary: Summary) -> Iterator[str]:
    """Tell what is known of names; nothing where the run asked nothing of them."""
    if not summary.surveyed and not summary.propagations:
        return
    yield "## Names"
    yield ""
    yield from _timings(summary)
    for told in summary.propagations[-1:]:
        yield from _watch(told, summary.state)


def _timings(summary: Summary) -> Iterator[str]:
    timings = dns_words.earliest_first([one.timing for one in summary.surveyed])
    if not timings:
        return
    asked = max(one.at for one in summary.surveyed)
    yield f"**{prose(dns_words.overall(timings, asked))}**"
    yield ""
    yield "| name | safe from | because | all back within | 90 % after | how |"
    yield "|---|---|---|--:|--:|---|"
    for one in timings[:MOST_NAMES]:
        most = back_after(one, 0.9)
        cells = (
            code(one.name, 120),
            NOTHING if one.earliest is None else dns_words.safe_from(one.earliest, asked),
            prose(short(one.why, _TEXT)),
            NOTHING if one.back_all is None else seconds(one.back_all),
            NOTHING if most is None else seconds(most),
            prose(short(dns_words.how_words(one), _TEXT)),
        )
        yield f"| {' | '.join(cells)} |"
    yield from _more(len(timings), MOST_NAMES)
    yield ""


def _watch(told: Propagation, state: str) -> Iterator[str]:
    watched = Watched(told.watching, told.sighted)
    rehearsal = "**Rehearsal in a test zone.** " if told.watching.rehearsal else ""
    yield f"{rehearsal}Watched: {prose(short(watch_words(told), _TEXT))}."
    yield ""
    yield f"**{prose(state_words(watched, state))}**"
    yield ""
    places = dns_words.worst_first(watched)
    if not places:
        return
    yield "| name | server | answers | moved at | went back | TTL left |"
    yield "|---|---|---|---|---|--:|"
    for place in places[:MOST_PLACES]:
        moved = clock(place.moved_at) if place.moved and place.moved_at is not None else NOTHING
        back = ", ".join(clock(at) for at in place.back[:3]) or NOTHING
        head = f"{code(place.name, 120)} | {code(place.server, 80)}"
        yield f"| {head} | {said(place)} | {moved} | {back} | {left_words(place, watched.at)} |"
    yield from _more(len(places), MOST_PLACES)
    yield ""


def _more(total: int, shown: int) -> Iterator[str]:
    if total > shown:
        yield ""
        yield f"… and {total - shown:,} more in report.html and report.json."
