"""The pictures of the DNS suite: who answered which side when, and how fast callers are back."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from harness.dns.watching.watched import UNTOLD, Place, Watched
from harness.model.dns import Points
from harness.model.event import Surveyed
from harness.report.chart import LineChart, Series, Tick, line_chart
from harness.report.dns_words import STYLES, WORDS, back_at, clock, percent, seconds, split_words, worst_first
from harness.report.text import short, when

MOST_ROWS = 60
MOST_STEPS = 240
"""Pieces that a row is drawn in; more are drawn as one where they fall on the same spot."""

MOST_CURVES = 4
WIDTH, LEFT, RIGHT = 960.0, 300.0, 14.0
AREA, ROW, GAP, TOP, FOOT = 84.0, 15.0, 4.0, 12.0, 36.0
_LABEL = 46
_STACK = (Points.NEW, Points.BOTH, Points.OLD, Points.ELSEWHERE, Points.NOWHERE, Points.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of a row: a rectangle with its words."""

    x: float
    y: float
    width: float
    height: float
    style: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One resolver and name: its label, and what it answered over time."""

    label: str
    title: str
    y: float
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A watch over time: all resolvers together on top, a row for each below. Coordinates in SVG units."""

    title: str
    summary: str
    rows: tuple[Row, ...]
    area: tuple[Span, ...]
    line: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    legend: tuple[tuple[str, str], ...]
    left_out: int
    height: float
    foot: float
    width: float = WIDTH
    left: float = LEFT
    right: float = WIDTH - RIGHT


@dataclass(frozen=True, slots=True)
class _Scale:
    start: float
    end: float

    def x(self, at: float) -> float:
        share = (at - self.start) / ((self.end - self.start) or 1.0)
        return round(LEFT + min(max(share, 0.0), 1.0) * (WIDTH - LEFT - RIGHT), 1)


def picture(watched: Watched) -> Picture | None:
    """Lay out a watch; None where nobody was ever asked."""
    if not watched.shares:
        return None
    ordered = worst_first(watched)
    shown = sorted(ordered[:MOST_ROWS], key=lambda place: (place.name, not place.authority, place.server))
    scale = _Scale(watched.shares[0][0], watched.at)
    below = TOP + AREA + 2 * GAP
    several = len(watched.watching.names) > 1
    rows = tuple(
        _row(place, below + at * (ROW + GAP), scale, watched.at, several=several) for at, place in enumerate(shown)
    )
    foot = below + len(rows) * (ROW + GAP)
    styles = {STYLES[one.points]: WORDS[one.points] for place in ordered for one in place.stretches}
    return Picture(
        title="Who answered which side, and when",
        summary=_summary(watched),
        rows=rows,
        area=tuple(_area(watched, scale)),
        line=_line(watched, scale),
        x_ticks=tuple(Tick(at=scale.x(at), label=clock(at).removesuffix(" UTC")) for at in _moments(scale)),
        y_ticks=tuple(Tick(at=TOP + AREA * (1 - share), label=percent(share)) for share in (0.0, 0.5, 1.0)),
        legend=tuple((style, _KEYS.get(style, words)) for style, words in sorted(styles.items(), key=_known)),
        left_out=len(ordered) - len(shown),
        foot=foot,
        height=foot + FOOT,
    )


_FAR = 3
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400, 172_800)
_KEYS = {"lost": "neither side", "none": "no answer"}
_PLACES = ("new", "both", "old", "lost", "none")


def _known(item: tuple[str, str]) -> int:
    return _PLACES.index(item[0])


def _summary(watched: Watched) -> str:
    begun, ended = watched.shares[0][0], watched.at
    return (
        f"From {when(begun)} to {clock(ended)}: {percent(watched.shares[0][1])} of the resolvers that told "
        f"answered new at the first look, {percent(watched.share)} at the last one ({split_words(watched)})."
    )


def _moments(scale: _Scale) -> list[float]:
    """Return round times of day, six at the most."""
    step = _step(scale.end - scale.start)
    first = math.ceil(scale.start / step) * step
    return [first + step * at for at in range(int((scale.end - first) // step) + 1)] or [scale.start]


def _step(span: float) -> float:
    return next((step for step in _STEPS if span / step <= 6), span / 6)


def _row(place: Place, y: float, scale: _Scale, end: float, *, several: bool) -> Row:
    title = f"{place.name} at {place.server}" if several else place.server
    return Row(
        label=short(title, _LABEL),
        title=short(f"{place.name} at {place.server}", 300),
        y=round(y + ROW - 3.5, 1),
        spans=tuple(
            Span(
                x=scale.x(since),
                y=round(y, 1),
                width=_width(scale, since, until),
                height=ROW,
                style=STYLES[points],
                label=f"{short(title, 160)}: {_said(points, heard)}, {clock(since)} to {clock(until)}",
            )
            for since, until, points, heard in _pieces(place, scale, end)
        ),
    )


def _said(points: Points, heard: str) -> str:
    return heard if points is Points.UNKNOWN else WORDS[points]


def _width(scale: _Scale, since: float, until: float) -> float:
    return max(round(scale.x(until) - scale.x(since), 1), 2.0)


def _pieces(place: Place, scale: _Scale, end: float) -> Iterator[tuple[float, float, Points, str]]:
    """Yield what a place answered, each up to the next change; what changes on one spot is drawn as its last."""
    ends = [*(one.since for one in place.stretches[1:]), end]
    found = [(one.since, until, one.points, one.heard.value) for one, until in zip(place.stretches, ends, strict=True)]
    if len(found) <= MOST_STEPS:
        yield from found
        return
    step = (scale.end - scale.start) / MOST_STEPS or 1.0
    spots: dict[int, tuple[float, float, Points, str]] = {}
    for piece in found:
        spots[int((piece[0] - scale.start) / step)] = piece
    kept = list(spots.values())
    for one, after in pairwise([*kept, (end, end, Points.UNKNOWN, "")]):
        yield one[0], after[0], one[2], one[3]


def _counted(watched: Watched) -> list[tuple[float, Counter[Points]]]:
    """Return how many resolvers answered what from each change on; where only authorities were asked, these."""
    places = [place for place in watched.asked if not place.authority] or watched.asked
    changes: dict[float, list[tuple[Points | None, Points]]] = {}
    for place in places:
        before: Points | None = None
        for one in place.stretches:
            changes.setdefault(one.since, []).append((before, one.points))
            before = one.points
    counts: Counter[Points] = Counter()
    found = []
    for at, moved in sorted(changes.items()):
        for gone, come in moved:
            counts[come] += 1
            if gone is not None:
                counts[gone] -= 1
        found.append((at, Counter(counts)))
    return found


def _thinned(found: Sequence[tuple[float, Counter[Points]]], scale: _Scale) -> list[tuple[float, Counter[Points]]]:
    if len(found) <= MOST_STEPS:
        return list(found)
    step = (scale.end - scale.start) / MOST_STEPS or 1.0
    return list({int((one[0] - scale.start) / step): one for one in found}.values())


def _area(watched: Watched, scale: _Scale) -> Iterator[Span]:
    """Yield the stack of all resolvers that told something: the share of each answer, from change to change."""
    found = _thinned(_counted(watched), scale)
    for (since, counts), (until, _) in pairwise([*found, (watched.at, Counter())]):
        below = TOP + AREA
        drawn = [points for points in _STACK if counts[points] and points not in UNTOLD] or list(UNTOLD)
        total = sum(counts[points] for points in drawn)
        told = ", ".join(f"{counts[points]:,} {WORDS[points]}" for points in _STACK if counts[points])
        for points in drawn:
            height = AREA * counts[points] / total if total else 0.0
            if height:
                below -= height
                yield Span(
                    x=scale.x(since),
                    y=round(below, 2),
                    width=_width(scale, since, until),
                    height=round(height, 2),
                    style=STYLES[points],
                    label=f"{clock(since)} to {clock(until)}: {told}",
                )


def _line(watched: Watched, scale: _Scale) -> str:
    """Return the share that has moved as steps: what a look saw holds until the next one."""
    drawn: list[str] = []
    last = ""
    for at, share in watched.shares:
        y = f"{TOP + AREA * (1 - share):.1f}"
        if not drawn:
            drawn.append(f"M{scale.x(at)} {y}")
        elif y != last:
            drawn.append(f"H{scale.x(at)}V{y}")
        last = y
    return "".join([*_few(drawn), f"H{scale.x(watched.at)}"])


def _few(drawn: list[str]) -> list[str]:
    """Return at most so many steps; of many, each n-th, and the last."""
    if len(drawn) <= MOST_STEPS:
        return drawn
    every = -(-len(drawn) // MOST_STEPS)
    kept = [*drawn[::every], drawn[-1]]
    return list(dict.fromkeys(kept))


def rollback(surveyed: Sequence[Surveyed]) -> LineChart | None:
    """Return the share of callers that are back, by seconds after a change back: the slowest names."""
    known = [one for one in surveyed if one.timing.back and one.timing.back_all is not None]
    slowest = sorted(known, key=lambda one: (-(one.timing.back_all or 0.0), one.timing.name))[:MOST_CURVES]
    if not slowest:
        return None
    within = next((one.rollback_within for one in slowest if one.rollback_within is not None), None)
    last = max([1.0, *(one.timing.back_all or 0.0 for one in slowest)])
    marked = within is not None and within <= _FAR * last  # one far off would press the curves to the edge
    last = max(last, within or 0.0) if marked else last
    step = _step(last)
    ticks = [step * at for at in range(math.ceil(last / step) + 1)]
    last = ticks[-1]
    hover = sorted({at for one in slowest for at, _ in one.timing.back})[:MOST_STEPS]
    return line_chart(
        [
            Series(name=short(one.timing.name, 60), style=f"s{at}", points=_curve(one, last))
            for at, one in enumerate(slowest, 1)
        ],
        title="How fast callers are back",
        summary="; ".join(
            f"{short(one.timing.name, 60)}: all within {seconds(one.timing.back_all or 0.0)}" for one in slowest
        )
        + (f"; allowed: {seconds(within)}" if within else ""),
        x_label=f"{_unit(last)} after the change back" + ("; the upright line is what is allowed" if marked else ""),
        x_text=seconds,
        x_ticks=ticks,
        x_tick=lambda value: f"{value / _UNITS[_unit(last)]:.3g}",
        y_text=percent,
        hover=[(at, _hover(at, slowest)) for at in hover],
        notches=[(within, f"allowed: all back within {seconds(within)}")] if within else (),
    )


def _curve(one: Surveyed, last: float) -> list[tuple[float, float | None]]:
    """Return a curve from nobody to everybody, thinned, and on to the end of the axis."""
    points = list(one.timing.back)
    every = max(1, -(-len(points) // MOST_STEPS))
    kept = [*points[::every], points[-1]]
    return [(0.0, 0.0), *kept, (last, kept[-1][1])]


_UNITS = {"seconds": 1, "minutes": 60, "hours": 3600}


def _unit(last: float) -> str:
    return "seconds" if last < 120 else "minutes" if last < 7200 else "hours"


def _hover(at: float, slowest: Sequence[Surveyed]) -> str:
    words = [f"{short(one.timing.name, 60)} {percent(back_at(one.timing, at))}" for one in slowest]
    return f"after {seconds(at)}: {', '.join(words)} back"
