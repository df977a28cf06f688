"""Watch names move: every server is asked for every name, each interval, until all have moved or the deadline is there.

Nothing here speaks DNS; `Eye` does (dns/watching/looking.py), and may be another one in tests.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from typing import ClassVar, Protocol

from harness.dns.entries import SUITE
from harness.dns.watching.judge_moved import moved
from harness.dns.watching.watched import Watched, share_of
from harness.model.check import Check, Tools
from harness.model.dns import Server, Sighting
from harness.model.event import CaseInfo, Checked, Note, Sighted, Watching
from harness.model.side import Side
from harness.scenario.moving import Dns, Move

MOST_TOLD = 50_000
"""Sightings that a journal keeps in full; from then on a look leaves out what answered as before."""

_TURN = 0.2


class Eye(Protocol):
    """Looks once at every name and server."""

    async def see(self) -> tuple[Sighting, ...]:
        """Return what each server answers now; trouble is a sighting, too."""


Opens = Callable[["Plan", Tools], AbstractAsyncContextManager[Eye]]


class Shows(Protocol):
    """Whoever shows how the watch is getting on."""

    def begin(self, watched: Watched) -> None:
        """Take note that the watch begins."""

    def look(self, watched: Watched) -> None:
        """Take a look that was journaled."""

    def tick(self, watched: Watched) -> None:
        """Take note that time goes by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is watched. `interval` in seconds, `until` in Unix seconds; `authorities` by name. Servers' names differ."""

    moves: tuple[Move, ...]
    resolvers: tuple[Server, ...]
    authorities: Mapping[str, tuple[Server, ...]] = field(default_factory=dict)
    interval: float
    until: float
    rehearsal: bool = False
    timeout: float = 2.0

    def servers(self, name: str) -> tuple[Server, ...]:
        """Return who is asked for a name."""
        return (*self.authorities.get(name, ()), *self.resolvers)


def moves_of(dns: Dns, *, rehearsal: bool) -> tuple[Move, ...]:
    """Return the names to watch: the production ones, or those that stand for them in a test zone."""
    if not rehearsal:
        return dns.moves
    models = dns.moves if len(dns.moves) == len(dns.rehearse) else (dns.moves[0],) * len(dns.rehearse)
    return tuple(
        Move(name=one.name, old=model.old, new=model.new, written=model.written)
        for one, model in zip(dns.rehearse, models, strict=True)
    )


def plan_of(dns: Dns, resolvers: tuple[Server, ...], *, interval: float, until: float, rehearsal: bool = False) -> Plan:
    """Return what is watched of a section; `resolvers` are those that dns/asking/servers.py finds for it."""
    moves = moves_of(dns, rehearsal=rehearsal)
    taken: dict[str, Server] = {}
    asked = tuple(_named(server, server.name, taken) for server in resolvers)
    authorities = {
        move.name: tuple(
            _named(server, f"{server.name} (authority)", taken)
            for server in authorities_of(dns, move.name, rehearsal=rehearsal)
        )
        for move in moves
    }
    return Plan(
        moves=moves,
        resolvers=asked,
        authorities=authorities,
        interval=interval,
        until=until,
        rehearsal=rehearsal,
        timeout=dns.timeout,
    )


def authorities_of(dns: Dns, name: str, *, rehearsal: bool = False) -> tuple[Server, ...]:
    """Return the given authoritative servers of the zone that a name is in."""
    zones = [zone for zone in dns.authorities if zone and (name == zone or name.endswith(f".{zone}"))]
    zone = max(zones, key=len, default="")
    return () if rehearsal and not zone else dns.authorities.get(zone, ())


def _named(server: Server, name: str, taken: dict[str, Server]) -> Server:
    """Return the server under a name that no other one has."""
    wanted, number = name, 1
    while taken.setdefault(wanted, server) != server:
        number += 1
        wanted = f"{name} ({server.address}#{server.port})" if number == 2 else f"{name} #{number}"
    return replace(server, name=wanted)


@dataclass(slots=True, kw_only=True)
class Watch:
    """One watch, which all checks of it share: the first one that is run looks, all are judged by what was seen."""

    plan: Plan
    opens: Opens
    shows: Shows
    _watched: Watched | None = field(default=None, init=False)
    _told: int = field(default=0, init=False)

    def checked(self, tools: Tools, info: CaseInfo, move: Move) -> Checked:
        """Return what came of the watch for one name."""
        if self._watched is None:
            self._watched = self._begin(tools)
            asyncio.run(self._looks(tools, self._watched))
        return moved(self._watched, move).checked(info, SUITE)

    def _begin(self, tools: Tools) -> Watched:
        plan = self.plan
        authorities = dict.fromkeys(one.name for found in plan.authorities.values() for one in found)
        watching = Watching(
            at=time.time(),
            suite=SUITE,
            names=tuple(move.name for move in plan.moves),
            servers=(*authorities, *(server.name for server in plan.resolvers)),
            interval=plan.interval,
            until=plan.until,
            rehearsal=plan.rehearsal,
            authorities=tuple(authorities),
        )
        tools.tell(watching)
        watched = Watched(watching)
        self.shows.begin(watched)
        return watched

    async def _looks(self, tools: Tools, watched: Watched) -> None:
        async with self.opens(self.plan, tools) as eye:
            while True:
                began = time.time()
                seen = await self._look(tools, watched, eye)
                if seen is None:
                    return
                last = self._take(tools, watched, seen, began)
                self.shows.look(watched)
                if last or not await self._rest(tools, watched, min(began + self.plan.interval, self.plan.until)):
                    return

    async def _look(self, tools: Tools, watched: Watched, eye: Eye) -> tuple[Sighting, ...] | None:
        """Return one whole look; None where the user ends the watch meanwhile: half a look tells nothing."""
        looking = asyncio.ensure_future(eye.see())
        while not looking.done():
            await asyncio.wait({looking}, timeout=_TURN)
            if tools.stopping():
                looking.cancel()
                await asyncio.wait({looking})
                return None
            self.shows.tick(watched)
        return looking.result()

    def _take(self, tools: Tools, watched: Watched, seen: tuple[Sighting, ...], began: float) -> bool:
        """Journal a look; tell whether it was the last one. The state is that of the journal, so nothing can differ."""
        moved_ = share_of(seen, frozenset(watched.watching.authorities))
        before = {key: place.last for key, place in watched.places.items()}
        watched.add(Sighted(at=time.time(), suite=SUITE, seen=seen, moved=moved_))
        last = watched.all_moved or began >= self.plan.until
        kept = seen if last or self._told < MOST_TOLD else tuple(one for one in seen if _changed(one, before))
        if self._told < MOST_TOLD <= self._told + len(kept):
            text = "the watch is long: from now on the journal keeps what changes, and the last look"
            tools.tell(Note(at=time.time(), text=text))
        self._told += len(kept)
        tools.tell(Sighted(at=watched.at, suite=SUITE, seen=kept, moved=round(moved_, 4)))
        return last

    async def _rest(self, tools: Tools, watched: Watched, until: float) -> bool:
        """Wait for the next look; tell whether there is to be one."""
        while (left := until - time.time()) > 0:
            if tools.stopping():
                return False
            await asyncio.sleep(min(left, _TURN))
            self.shows.tick(watched)
        return not tools.stopping()


def _changed(seen: Sighting, before: Mapping[tuple[str, str], Sighting | None]) -> bool:
    last = before.get((seen.name, seen.server))
    return last is None or (last.points, last.heard) != (seen.points, seen.heard)


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchCheck:
    """That one name has moved."""

    suite: ClassVar[str] = SUITE

    info: CaseInfo
    watch: Watch = field(repr=False)
    move: Move

    @property
    def requests(self) -> Mapping[Side, int]:
        """Return what it sends to the two sides: nothing, name servers are asked."""
        return {}

    def run(self, tools: Tools) -> Checked:
        """Return what came of the watch for this name."""
        return self.watch.checked(tools, self.info, self.move)


def checks(watch: Watch) -> tuple[Check, ...]:
    """Return a check for each name that is watched."""
    told = " (rehearsal)" if watch.plan.rehearsal else ""
    return tuple(
        WatchCheck(
            info=CaseInfo(
                index=index,
                name=f"{move.name} has moved{told}",
                operation=move.name,
                file=str(move.written.file) if move.written else "",
                line=move.written.line if move.written else 0,
            ),
            watch=watch,
            move=move,
        )
        for index, move in enumerate(watch.plan.moves)
    )
