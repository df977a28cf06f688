"""What was seen so far of names on their way to the other side: a fold of Watching and its Sighted events, pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from harness.model.dns import Heard, Points, Sighting
from harness.model.event import Sighted, Watching

ENOUGH = 2
"""Looks in a row that must tell new: an address may stand for several caches, and one look asks one of them."""

UNTOLD = frozenset({Points.UNKNOWN})
LOST = frozenset({Points.NOWHERE, Points.ELSEWHERE})
"""Where callers get to neither side."""


@dataclass(slots=True, kw_only=True)
class Stretch:
    """A time over which a server answered the same side; `until` is the last look that said so."""

    since: float
    until: float
    points: Points
    heard: Heard


@dataclass(slots=True, kw_only=True)
class Place:
    """One name at one server. `ttl` is what remained when it was last told (`ttl_at`); times in Unix seconds.

    `in_a_row` counts the looks that told new one after the other (one without an answer neither counts nor ends it),
    `moved_at` is the first of these. `back` are the looks that told old after new.
    """

    name: str
    server: str
    authority: bool = False
    stretches: list[Stretch] = field(default_factory=list)
    last: Sighting | None = None
    ttl: int | None = None
    ttl_at: float = 0.0
    in_a_row: int = 0
    moved_at: float | None = None
    back: list[float] = field(default_factory=list)

    @property
    def moved(self) -> bool:
        """Tell whether it is known to have moved."""
        return self.in_a_row >= ENOUGH

    @property
    def side(self) -> Points:
        """Return what it answered last, where it answered at all."""
        told = (one.points for one in reversed(self.stretches) if one.points not in UNTOLD)
        return next(told, Points.UNKNOWN)

    @property
    def now(self) -> Points:
        """Return what came of the last look."""
        return self.stretches[-1].points if self.stretches else Points.UNKNOWN

    @property
    def silent(self) -> bool:
        """Tell whether it never told anything."""
        return self.side is Points.UNKNOWN

    @property
    def changed_at(self) -> float:
        """Return when it last changed its answer."""
        return self.stretches[-1].since if self.stretches else 0.0

    def remaining(self, at: float) -> int | None:
        """Return the seconds that are left of what it holds, None where it did not tell."""
        return None if self.ttl is None else max(0, round(self.ttl - (at - self.ttl_at)))

    def add(self, seen: Sighting, at: float) -> None:
        """Take what one look saw."""
        self._stretch(seen, at)
        self.last = seen
        if seen.points in UNTOLD:
            return
        self.ttl, self.ttl_at = seen.ttl, at
        if seen.points is Points.NEW:
            self.moved_at = at if not self.in_a_row else self.moved_at
            self.in_a_row += 1
            return
        if seen.points is Points.OLD and self.in_a_row:
            self.back.append(at)
        self.in_a_row, self.moved_at = 0, None

    def again(self, at: float) -> None:
        """Take a look that saw what the one before had seen."""
        if self.last is not None:
            self.stretches[-1].until = at
            self.in_a_row += self.last.points is Points.NEW

    def _stretch(self, seen: Sighting, at: float) -> None:
        before = self.stretches[-1] if self.stretches else None
        if before is not None and (before.points, before.heard) == (seen.points, seen.heard):
            before.until = at
            return
        self.stretches.append(Stretch(since=at, until=at, points=seen.points, heard=seen.heard))


class Watched:
    """Takes the looks of one watch, one by one."""

    def __init__(self, watching: Watching, sighted: Iterable[Sighted] = ()) -> None:
        self.watching = watching
        authorities = frozenset(watching.authorities)
        self.places = {
            (name, server): Place(name=name, server=server, authority=server in authorities)
            for name in watching.names
            for server in watching.servers
        }
        self.shares: list[tuple[float, float]] = []
        self.looks = 0
        self.at = watching.at
        for one in sighted:
            self.add(one)

    def add(self, sighted: Sighted) -> None:
        """Take the next look; of what it does not name, nothing had changed since the one before."""
        seen = {(one.name, one.server): one for one in sighted.seen}
        for key, place in self.places.items():
            one = seen.get(key)
            if one is None:
                place.again(sighted.at)
            else:
                place.add(one, sighted.at)
        self.looks += 1
        self.at = sighted.at
        self.shares.append((sighted.at, sighted.moved))

    def of(self, name: str) -> list[Place]:
        """Return what is watched of a name: every server that was ever asked for it."""
        return [place for place in self.places.values() if place.name == name and place.stretches]

    @property
    def asked(self) -> list[Place]:
        """Return every place that was looked at."""
        return [place for place in self.places.values() if place.stretches]

    @property
    def all_moved(self) -> bool:
        """Tell whether every name is known to have moved at every server."""
        return bool(self.asked) and all(place.moved for place in self.asked)

    @property
    def share(self) -> float:
        """Return the share of the resolvers that tell which now answer new."""
        return self.shares[-1][1] if self.shares else 0.0

    def split(self, name: str = "") -> Counter[Points]:
        """Return how many resolvers answer what, for one name or for all."""
        places = (one for one in self.asked if not one.authority and name in {"", one.name})
        return Counter(place.now for place in places)


def share_of(seen: Iterable[Sighting], authorities: frozenset[str] = frozenset()) -> float:
    """Return the share of those that tell which answer new; authorities count where nobody else was asked."""
    told = [one for one in seen if one.points not in UNTOLD]
    counted = [one for one in told if one.server not in authorities] or told
    return sum(one.points is Points.NEW for one in counted) / len(counted) if counted else 0.0
