"""The wire's public face: requests go in, exchanges come out, libcurl is driven in between.

There is no thread: libcurl works while `wait` runs, and only then. The loop tells how long it was kept from its work
(`longest_gap`), and a timeout that such a gap may have made is the harness's own (Reason.HARNESS), not the gateway's.

All sides and doors work in one multi handle, with shares that keep the connections of each, and of each client
certificate, apart: two multi handles could only be waited on by turns. Known limits: bytes after a declared
Content-Length are dropped by libcurl unseen; Host is always the first header; a `#` in a target goes out as it is; an
HTTP proxy is always asked for a tunnel; select(2) is what is waited with, so that beyond some 500 connections all of
them are looked at every few milliseconds instead.
"""

import time
from collections.abc import Callable, Mapping
from types import MappingProxyType, TracebackType
from typing import Self

import pycurl

from harness.model.exchange import Exchange
from harness.model.gateway import Gateway, Limits
from harness.model.request import Request
from harness.model.response import NoResponse, Reason
from harness.model.side import Side
from harness.wire.lane import Lane, Users
from harness.wire.pace import Pace
from harness.wire.transfer import STALL

Done = tuple[object, Exchange]

_OLD, _NEW = Side.OLD, Side.NEW
_LONGEST_SELECT = 1.0
_DESCRIPTORS = 1000  # select(2) knows no higher ones: beyond, look at all connections often instead of waiting on them
_LOOK_AGAIN = 0.005


class Wire:
    """Sends requests to the sides that it knows, each within its limits, and tells what came back.

    `doors` are other entrances, by the name that a request's `door` gives. The rate of `limits` holds for a side and
    its doors together, the rest for each by itself; nothing is ever sent to a host that is neither. `clock` (monotonic)
    and `wall` (Unix time) give seconds.
    Raises HarnessError when a gateway's url is no http(s) URL or no trusted certificates can be found for it. Not to be
    used from two threads, nor across a fork.
    """

    def __init__(
        self,
        gateways: Mapping[Side, Gateway],
        limits: Limits,
        *,
        doors: Mapping[str, Gateway] = MappingProxyType({}),
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._clock = clock
        self._wall = wall
        self._multi = pycurl.CurlMulti()
        most = max(1, limits.concurrency) * max(1, len(gateways) + len(doors))
        self._multi.setopt(pycurl.M_MAXCONNECTS, most)
        self._multi.setopt(pycurl.M_MAX_CONCURRENT_STREAMS, max(100, limits.concurrency))
        self._crowded = most > _DESCRIPTORS // 2
        self._users: Users = {}
        paces = {side: Pace(limits.rate) for side in Side}

        def lane(gateway: Gateway) -> Lane:
            return Lane(gateway, limits, paces[gateway.side], self._multi, self._users, wall)

        self._of_side = {side: lane(gateway) for side, gateway in gateways.items()}
        self._of_door = {name: lane(gateway) for name, gateway in doors.items()}
        self._sides = (*gateways, *(gateway.side for gateway in doors.values()))
        self._lanes = (*self._of_side.values(), *self._of_door.values())
        self._old, self._new = self._of_side.get(_OLD), self._of_side.get(_NEW)
        self._done: list[Done] = []
        self._left = clock()
        self._longest_gap = 0.0
        self._closed = False

    def submit(self, request: Request, token: object) -> None:
        """Queue `request`; `wait` returns its exchange with `token`. Requests of a side go out in this order.

        What cannot be sent (a line break in a header, another host) is answered REFUSED_TO_SEND by the next `wait`.
        """
        lane = self._old if request.side is _OLD else self._new  # hashing an enum's member is slow
        if request.door:
            lane = self._of_door.get(request.door)
        if lane is not None:
            why = lane.queue(request, token)
        elif request.door:
            why = f"no door is named {request.door[:60]!r}"
        else:
            raise KeyError(request.side)
        if why:
            answer = NoResponse(reason=Reason.REFUSED_TO_SEND, detail=why)
            self._done.append((token, Exchange(request=request, answer=answer, sent_at=self._wall())))

    def wait(self, timeout: float) -> list[Done]:
        """Drive libcurl until at least one exchange is over or `timeout` seconds are; return those that are over.

        Returns [] at the timeout, also when there was nothing to wait for.
        """
        deadline = self._clock() + timeout
        while True:
            self._drive()
            if self._done:
                done, self._done = self._done, []
                return done
            left = deadline - self._clock()
            if left <= 0:
                return []
            self._rest(left)

    def pending(self, side: Side) -> int:
        """Return how many requests of `side`, by its own entrance or its doors, are queued or in flight."""
        return sum(lane.pending for owner, lane in zip(self._sides, self._lanes, strict=True) if owner is side)

    @property
    def longest_gap(self) -> float:
        """The longest time in seconds that libcurl was left alone while requests were in flight."""
        return self._longest_gap

    def close(self) -> None:
        """Abandon what is queued or in flight and close all connections; closing again does nothing."""
        if self._closed:
            return
        self._closed = True
        for lane in self._lanes:
            lane.drop()
        self._multi.close()
        for lane in self._lanes:
            lane.close()
        self._users.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _drive(self) -> None:
        """Send what is due, let libcurl work once, gather what is over."""
        now = self._clock()
        self._notice_gap(now)
        for lane in self._lanes:
            lane.start(now)
        self._multi.perform()
        _, good, bad = self._multi.info_read()
        users, done = self._users, self._done
        for handle in good:
            lane, transfer = users[handle]
            done.append(lane.finish(transfer))
        for handle, code, words in bad:
            lane, transfer = users[handle]
            done.append(lane.fail(transfer, code, words, now))
        self._left = self._clock()

    def _flying(self) -> bool:
        return any(lane.flying for lane in self._lanes)

    def _notice_gap(self, now: float) -> None:
        gap = now - self._left
        if (gap <= self._longest_gap and gap <= STALL) or not self._flying():
            return
        self._longest_gap = max(gap, self._longest_gap)
        for lane in self._lanes:
            for transfer in lane.flying:
                transfer.gap = max(gap, transfer.gap)

    def _rest(self, left: float) -> None:
        """Wait for the network, the next send or libcurl's own clock, whichever comes first."""
        before = self._clock()
        dues = [due for lane in self._lanes if (due := lane.due(before)) is not None]
        pause = min([left, _LONGEST_SELECT, *dues])
        if not self._flying():
            time.sleep(pause)
            return
        own = self._multi.timeout()
        if own >= 0:
            pause = min(pause, own / 1000)
        if self._crowded:
            pause = min(pause, _LOOK_AGAIN)
        ready = self._multi.select(pause)
        after = self._clock()
        if ready <= 0 and after - before < pause / 2:
            time.sleep(min(pause, _LOOK_AGAIN))  # nothing to select on: it returned at once
            after = self._clock()
        self._left = min(after, before + max(pause, _LOOK_AGAIN))  # what it took beyond that was a standstill
