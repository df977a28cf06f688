"""The Locust file that sends the load. It needs locust and hdrhistogram (and what they bring), nothing else.

By itself: `locust -f child.py --headless` (or with Locust's web page, with --master and --worker). The profile is read
from `profile.json` beside this file or from $CUTOVER_LOAD_PROFILE; `${env:NAME}` in urls, header values and bodies is
filled from the environment. Results go to `cutover-load.jsonl`, or $CUTOVER_LOAD_OUT.

Under the harness ($CUTOVER_LOAD_PIPE=lead or worker) the plan comes through standard input, what was counted leaves
through standard output, and the end of the input ends the process.

Arrivals are open-loop: every request has a planned start that depends on no answer; latency is counted from there and
from the actual send. Nothing reaches a server twice: a connection that breaks is an error of the request that was on
it, but where TCP itself shows that a safe request came to a connection that had been closed before, and read by nobody.
"""

import base64
import ctypes
import errno
import heapq
import hmac
import json
import math
import os
import random
import re
import select
import socket
import ssl
import sys
import time
from bisect import bisect
from collections import deque
from collections.abc import Callable, Iterator
from importlib.metadata import version
from itertools import accumulate, islice
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import certifi
import gevent
import locust.runners
from gevent.event import Event
from gevent.hub import Waiter
from gevent.lock import RLock
from gevent.monkey import get_original
from gevent.os import make_nonblocking, nb_read, nb_write
from geventhttpclient.response import HTTPParseError, HTTPResponse
from hdrh.histogram import HdrHistogram
from locust import User, constant, events, task
from locust.runners import MasterRunner, WorkerRunner

Line = dict[str, Any]
Slot = tuple[float, float, int, bool]
"""A planned moment in seconds, the gap to the next, the request's index, whether new goes first."""

SIDES = ("old", "new")
BURST = 16  # sends that are given out before everybody else gets a turn
HEAD_LIMIT = 262_144  # bytes of an answer that are read before its body, and on top of the body's limit
LONGEST_GAP = 1.0  # seconds that count as a slot's gap: a ramp from nothing begins with an endless one
OUTCOMES = 100  # that the share of errors is taken over
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
TLS_ROOM = 128  # bytes that TLS adds to a short request, at most
UNACKED = 24  # where Linux's struct tcp_info counts segments that the other side has not confirmed
EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL})
LAST_ANSWERS = 2.0  # seconds that requests in flight have to end after a stop
HOOKS: Any = events
POLL = get_original("select", "poll")
PIPE = os.environ.get("CUTOVER_LOAD_PIPE", "")
locust.runners.MASTER_HEARTBEAT_TIMEOUT = 10  # a worker whose master is gone must not go on for a minute


# The schedule: a pure function of the plan.


def slots(plan: Line) -> Iterator[Slot]:
    """Yield every slot of one side, warm-up (before 0) included."""
    chance = random.Random(plan["seed"])  # noqa: S311  a schedule, no secret
    weights = list(accumulate(one["weight"] for one in plan["requests"]))
    for moment, gap in islice(_moments(plan), plan["max_requests"]):
        yield moment, gap, bisect(weights, chance.random() * weights[-1], 0, len(weights) - 1), chance.random() < 0.5


def _moments(plan: Line) -> Iterator[tuple[float, float]]:
    arrivals, warm_up = plan.get("arrivals") or [], plan["warm_up"]
    rate = rate_of_warm_up(plan)
    for number in range(round(rate * warm_up)):
        yield number / rate - warm_up, min(1 / rate, LONGEST_GAP)
    if not arrivals:
        yield from _by_rate(plan)
    for now, then in zip(arrivals, [*arrivals[1:], *arrivals[-1:]], strict=True):
        yield now, min(max(then - now, 0.0), LONGEST_GAP)


def _by_rate(plan: Line) -> Iterator[tuple[float, float]]:
    """Yield the moments at which the sum of the rate passes 0, 1, 2 … (Poisson: exponential steps)."""
    chance = random.Random(plan["seed"] + 1)  # noqa: S311  a schedule, no secret
    wanted = chance.expovariate(1.0) if plan.get("poisson") else 0.0
    began = passed = 0.0
    for first, last, seconds in plan["segments"]:
        whole = (first + last) / 2 * seconds
        while wanted < passed + whole - 1e-6:
            rate = max(first**2 + 2 * (wanted - passed) * (last - first) / seconds, 0.0) ** 0.5
            moment = 2 * (wanted - passed) / (first + rate) if first + rate else 0.0
            yield began + moment, min(1 / rate, LONGEST_GAP) if rate else LONGEST_GAP
            wanted += chance.expovariate(1.0) if plan.get("poisson") else 1.0
        began, passed = began + seconds, passed + whole


def rate_of_warm_up(plan: Line) -> float:
    """Return the rate that the measured part begins with (of arrivals: their mean)."""
    arrivals = plan.get("arrivals") or []
    return float(len(arrivals) / max(duration(plan), 1.0) if arrivals else plan["segments"][0][0])


def own_slots(plan: Line, index: int, workers: int) -> Iterator[tuple[int, Slot]]:
    """Yield one worker's slots with their numbers: 0 is the first measured one, and slot i is worker i % workers'."""
    first = -round(rate_of_warm_up(plan) * plan["warm_up"])
    return islice(enumerate(slots(plan), first), (index - first) % workers, None, workers)


def duration(plan: Line) -> float:
    """Return the seconds of the measured part."""
    arrivals = plan.get("arrivals") or []
    return float(arrivals[-1] if arrivals else sum(one[2] for one in plan["segments"]))


def sends(plan: Line, index: int, workers: int) -> Iterator[tuple[float, int, int, float, int]]:
    """Yield what one worker sends, in order: when, the side, the request, when within that side's load, the slot."""
    mine = own_slots(plan, index, workers)
    if plan["order"] == "one-after-another":
        behind = plan["warm_up"] + duration(plan) + 1.0
        yield from ((moment, 0, request, moment, slot) for slot, (moment, _, request, _) in mine)
        again = own_slots(plan, index, workers)
        yield from ((moment + behind, 1, request, moment, slot) for slot, (moment, _, request, _) in again)
        return
    second: list[tuple[float, int, int, float, int]] = []
    for slot, (moment, gap, request, new_first) in mine:
        while second and second[0][0] <= moment:
            yield heapq.heappop(second)
        yield moment, int(new_first), request, moment, slot
        heapq.heappush(second, (moment + gap / 2, int(not new_first), request, moment, slot))
    while second:
        yield heapq.heappop(second)


# One side's connections.


class NoAnswer(Exception):  # noqa: N818  reads as a fact at the call site
    """A request that got no answer; says why in a word or two."""


class NeverRead(NoAnswer):
    """A request that came to a connection which the other side had closed before: it was read by nobody."""


class Exhausted(Exception):  # noqa: N818  reads as a fact at the call site
    """The machine that sends has no more connections to give: no fault of either side."""


class TimedOut(BaseException):
    """Thrown into a connection whose request took too long."""


class Head(HTTPResponse):
    """What is read of an answer: its status, one header, and of its body the `size` in bytes.

    `status` is that of the final answer, 0 until its headers are all there; what came before it is not kept.
    """

    wanted = ""
    status = 0
    size = 0

    def _on_message_begin(self) -> None:
        if self.status:
            raise HTTPParseError("a second answer, which nobody asked for")
        super()._on_message_begin()

    def _on_headers_complete(self) -> int | bool | None:
        found = super()._on_headers_complete()
        if self.get_code() == 101:
            raise HTTPParseError("another protocol, which nobody asked for")
        self.status = self.get_code() if self.get_code() >= 200 else 0
        return found

    def _on_header_field(self, string: str) -> None:
        if self.wanted:
            super()._on_header_field(string)

    def _on_header_value(self, string: str) -> None:
        if self.wanted:
            super()._on_header_value(string)

    def _on_body(self, buf: bytearray) -> None:
        self.size += len(buf)


class Target:
    """One side: where it is, and how a connection to it is opened."""

    def __init__(self, side: Line, plan: Line, backend_header: str) -> None:
        url = urlsplit(side["url"])
        self.secure = url.scheme == "https"
        self.name = url.hostname or ""
        self.address = (self.name, url.port or (443 if self.secure else 80))
        self.authority = url.netloc.rpartition("@")[2]
        if side.get("connect_to"):
            host, _, port = side["connect_to"].rpartition(":")
            self.address = (host.strip("[]"), int(port))
        self.proxy = urlsplit(side["proxy"]) if side.get("proxy") else None
        if self.proxy and self.proxy.scheme != "http":
            raise ValueError(f"a {self.proxy.scheme} proxy cannot be used for load: http alone")
        self.timeout, self.body_limit = plan["timeout"], plan["body_limit"]
        self.header, _, self.metric = backend_header.lower().partition(":")
        self.tls = _context(side) if self.secure else None

    def connect(self) -> Any:
        """Return a connected socket; raises NoAnswer, or Exhausted."""
        to = (self.proxy.hostname, self.proxy.port or 80) if self.proxy else self.address
        try:
            plain = socket.create_connection(to, timeout=self.timeout)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except socket.gaierror:
            raise NoAnswer("name not resolved") from None
        except OSError as error:
            if error.errno in EXHAUSTED:
                raise Exhausted(f"this machine has no more connections to give: {error.strerror}") from None
            raise NoAnswer("connection failed") from None
        try:
            if self.proxy and self.secure:
                self._tunnel(plain)
            return self.tls.wrap_socket(plain, server_hostname=self.name) if self.tls else plain
        except BaseException as error:
            plain.close()
            if isinstance(error, OSError):
                raise NoAnswer("TLS failed") from None
            raise

    def proxy_headers(self) -> str:
        """Return the header that the proxy wants to see, with its line end, or nothing."""
        if not self.proxy or self.proxy.username is None:
            return ""
        pair = f"{unquote(self.proxy.username)}:{unquote(self.proxy.password or '')}"
        return f"Proxy-Authorization: Basic {base64.b64encode(pair.encode()).decode()}\r\n"

    def _tunnel(self, sock: Any) -> None:
        host = f"[{self.address[0]}]" if ":" in self.address[0] else self.address[0]
        to = f"{host}:{self.address[1]}"
        sock.sendall(f"CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n{self.proxy_headers()}\r\n".encode())
        seen = b""
        while b"\r\n\r\n" not in seen and len(seen) < 65536:
            more = sock.recv(1)  # not a byte of what comes after
            if not more:
                break
            seen += more
        if not re.match(rb"HTTP/1\.[01] 2\d\d", seen):
            raise NoAnswer("proxy refused")

    def wire(self, request: Line) -> bytes:
        """Return a request as it is sent; raises ValueError for what would break out of its line."""
        authority = urlsplit(request["url"]).netloc.rpartition("@")[2]
        rest = re.split(r"(?=[/?])", request["url"].split("#")[0].split("://", 1)[1], maxsplit=1)[1:]
        path = "/" + "".join(rest).removeprefix("/")
        target = f"http://{self.authority}{path}" if self.proxy and not self.secure else path
        body = base64.b64decode(request.get("body") or "")
        names = {name.lower() for name, _ in request["headers"]}
        lines = [f"{request['method']} {target} HTTP/1.1"]
        if "host" not in names:
            lines.append(f"Host: {authority}")
        lines += [f"{name}: {value}" for name, value in request["headers"]]
        if "content-length" not in names and (body or request["method"] in {"POST", "PUT", "PATCH"}):
            lines.append(f"Content-Length: {len(body)}")
        if any(re.search(r"[\r\n\0]", line) for line in lines) or " " in target:
            raise ValueError(f"a line break or a blank in a request of {request['method']} {authority}")
        own = self.proxy_headers() if self.proxy and not self.secure else ""
        return ("\r\n".join(lines) + "\r\n" + own + "\r\n").encode("latin-1") + body


def _context(side: Line) -> ssl.SSLContext:
    context = ssl.create_default_context(**({"cadata": side["ca"]} if side.get("ca") else {"cafile": certifi.where()}))
    if side.get("cert"):
        if not hasattr(os, "memfd_create"):
            raise ValueError(
                "a client certificate can be shown under load on Linux only: elsewhere its key would touch the disk"
            )
        # the standard library reads files alone; this one is in memory, so that the key never reaches a disk
        held = os.memfd_create("certificate")
        try:
            os.write(held, (side["cert"] + "\n" + side.get("key", "")).encode())
            context.load_cert_chain(f"/proc/self/fd/{held}")
        finally:
            os.close(held)
    return context


class Connection:
    """One connection: a request at a time, each read by the other side at most once."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.sock: Any = None
        self.ready: Any = None
        self.segment = 0

    def ask(self, wire: bytes, method: str) -> tuple[int, str]:
        """Return the answer's status and the wanted header; raises NoAnswer, or Exhausted."""
        if self.sock is not None and self._gone():
            self.close()
        if self.sock is None:
            self._open()
            return self._asked(wire, method)
        try:
            return self._asked(wire, method)
        except NeverRead:
            if method not in SAFE:
                raise
        self.close()
        self._open()
        return self._asked(wire, method)

    def _open(self) -> None:
        self.sock = self.target.connect()
        self.sock.settimeout(None)  # the engine holds the clock
        self.segment = self.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG) - TLS_ROOM
        self.ready = POLL()
        self.ready.register(self.sock.fileno(), select.POLLIN)

    def _asked(self, wire: bytes, method: str) -> tuple[int, str]:
        try:
            self.sock.sendall(wire)
            return self._answer(wire, method)
        except TimeoutError:
            raise NoAnswer("timeout") from None
        except HTTPParseError:
            raise NoAnswer("malformed answer") from None
        except OSError as error:
            # A reset is told as a broken pipe where the other side had closed first: it answers what came too late.
            read = not isinstance(error, BrokenPipeError) or len(wire) > self.segment
            raise (NoAnswer if read else NeverRead)("connection lost") from None

    def _unread(self, wire: bytes) -> bool:
        """Tell whether the other side's end, which has come, was sent before the request (of one segment) came there.

        Whatever is sent after that would confirm it; and a closed socket answers a request by a reset, which is kept as
        a broken pipe where an end came before it.
        """
        if sys.platform != "linux" or len(wire) > self.segment:
            return False
        if self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == errno.EPIPE:
            return True
        told = self.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, UNACKED + 4)
        return int.from_bytes(told[UNACKED:], sys.byteorder) > 0

    def _gone(self) -> bool:
        """Tell whether the other side has closed an idle connection (or speaks unasked)."""
        return bool(self.ready.poll(0))

    def _answer(self, wire: bytes, method: str) -> tuple[int, str]:
        head = Head(method)
        head.wanted = self.target.header
        room, seen = HEAD_LIMIT, False
        while not (head.status and head.message_complete):
            data = self.sock.recv(65536)
            if not data and not head.message_begun:
                raise (NeverRead if not seen and self._unread(wire) else NoAnswer)("connection lost")
            seen = True
            before = head.status
            head.feed(data)
            room += (self.target.body_limit if head.status and not before else 0) - len(data)
            if head.size > self.target.body_limit or (room < 0 and head.status):
                raise NoAnswer("too large")  # who knows how it would have ended
            if room < 0:
                raise NoAnswer("malformed answer")
            if not data and not (head.status and head.message_complete):
                raise NoAnswer("connection lost")
        if head.should_close():
            self.close()
        value = head.get(self.target.header) if self.target.header else None
        return head.status, value if isinstance(value, str) else ", ".join(value or ())

    def close(self) -> None:
        """Close it; the next request opens another."""
        if self.sock is not None:
            self.sock.close()
            self.sock = None


# What was counted.


def microseconds(seconds: float) -> int:
    """Return µs, rounded down as HdrHistogram with three digits does: that leaves few different values to record."""
    value = min(max(int(seconds * 1e6), 1), 3_600_000_000)
    shift = value.bit_length() - 11
    return value >> shift << shift if shift > 0 else value


def histogram(counts: dict[int, int]) -> str:
    """Return counted µs as an HdrHistogram's text, "" for none; others get their turn while it is made."""
    if not counts:
        return ""
    made = HdrHistogram(1, 3_600_000_000, 3)
    for number, (value, count) in enumerate(counts.items(), 1):
        made.record_value(value, count)
        if number % 200 == 0:
            gevent.sleep(0)
    return str(made.encode().decode())


class Cell:
    """One side, operation and slice: what was counted since it was last taken. `open` requests are still to come."""

    __slots__ = ("errors", "open", "outcomes", "overhead", "planned", "service")

    def __init__(self) -> None:
        self.open = 0
        self.clear()

    def clear(self) -> None:
        """Begin anew."""
        self.errors = 0
        self.outcomes: dict[str, int] = {}
        self.planned: dict[int, int] = {}
        self.service: dict[int, int] = {}
        self.overhead: dict[int, int] = {}


class Job:
    """One request on its way. `planned` is by the monotonic clock; `slot` counts the plan's."""

    __slots__ = ("cell", "held", "measured", "planned", "request", "sent", "side", "slot")

    def __init__(self, planned: float, side: int, request: int, slot: int, cell: Cell, *, measured: bool) -> None:
        self.planned, self.side, self.request, self.slot = planned, side, request, slot
        self.cell, self.measured = cell, measured
        self.held = False
        self.sent = 0.0


class Alarm:
    """Waits to within 0.1 ms where Linux gives its timer; gevent's own waits for whole milliseconds."""

    def __init__(self) -> None:
        self.file = -1
        try:
            self._system = ctypes.CDLL(None, use_errno=True)
            self.file = self._system.timerfd_create(time.CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC)
        except (OSError, AttributeError):
            return
        self._watcher = gevent.get_hub().loop.io(self.file, 1) if self.file >= 0 else None

    def wait(self, seconds: float) -> None:
        """Let others run for so long."""
        if self.file < 0:
            gevent.sleep(seconds)
            return
        whole, part = divmod(max(int(seconds * 1e9), 1), 1_000_000_000)
        self._system.timerfd_settime(self.file, 0, ctypes.byref((ctypes.c_long * 4)(0, 0, whole, part)), None)
        gevent.get_hub().wait(self._watcher)
        os.read(self.file, 8)


def take_over(plan: Line, changed: Line) -> list[tuple[int, str]]:
    """Put other headers in a plan; return which requests these are of, by number and side."""
    found = [(int(number), side) for number, sides in changed.items() for side in sides]
    for number, side in found:
        plan["requests"][number][side]["headers"] = changed[str(number)][side]
    return found


class Engine:
    """Sends one worker's part of a plan, and says what it counted once a second."""

    def __init__(self, plan: Line, index: int, workers: int, name: str, say: Callable[[Line], None]) -> None:
        self.plan, self.index, self.workers, self.name, self.say = plan, index, workers, name, say
        headers = plan.get("backend_header", {})
        self.targets = [Target(plan["sides"][side], plan, headers.get(side, "")) for side in SIDES]
        self.requests = [[self._request(number, one) for one in plan["requests"]] for number in range(2)]
        self.cells: dict[tuple[int, int, int], Cell] = {}
        self.idle: tuple[list[Waiter], list[Waiter]] = ([], [])
        self.waiting: tuple[deque[Job], deque[Job]] = (deque(), deque())
        self.flying: dict[Job, Any] = {}
        self.recent: tuple[deque[bool], deque[bool]] = (deque(maxlen=OUTCOMES), deque(maxlen=OUTCOMES))
        self.lanes, self.due, self.held, self.left, self.planned = [0, 0], [0, 0], [0, 0], [0, 0], [0, 0]
        self.late: dict[int, int] = {}
        self.why, self.detail = "", ""
        self.pending = 0
        self.quiet = Event()
        self.patience = math.inf
        self.began, self.zero = time.monotonic(), 0.0
        self.seen: Callable[[str, str, Cell], None] | None = None

    def _request(self, side: int, one: Line) -> tuple[bytes, str, set[int] | None, int]:
        mine = one[SIDES[side]]
        ok = None if mine.get("ok") is None else set(mine["ok"])
        return self.targets[side].wire(mine), mine["method"], ok, one["operation"]

    def renew(self, changed: Line) -> None:
        """Send other headers from now on."""
        for number, side in take_over(self.plan, changed):
            at = SIDES.index(side)
            self.requests[at][number] = self._request(at, self.plan["requests"][number])

    def stop(self, why: str = "stopped", detail: str = "") -> None:
        """Send nothing more."""
        if not self.why:
            self.why, self.detail = why, detail
            self.patience = time.monotonic() + LAST_ANSWERS

    def run(self, delay: float) -> Line:
        """Send everything, beginning in `delay` seconds, and return what there is to say at the end."""
        self.zero = time.monotonic() + delay + self.plan["warm_up"]
        speaker, sweeper = gevent.spawn(self._speak), gevent.spawn(self._sweep)
        mine = sends(self.plan, self.index, self.workers)
        self._dispatch(mine)
        # the last one may wait for a connection for one timeout, and for its answer for another
        self.patience = min(self.patience, time.monotonic() + 2 * self.plan["timeout"] + 1.0)
        while self.pending and time.monotonic() < self.patience:
            gevent.sleep(0.01)
        for number, (_, side, _, moment, _) in enumerate(mine):  # what a stop has left
            self.planned[side] += moment >= 0
            if number % 1000 == 0:
                gevent.sleep(0)
        sweeper.kill()
        self.quiet.set()
        speaker.join()  # it may be in the midst of a line
        self._count_out()
        unsent = {side: self.planned[at] - self.left[at] for at, side in enumerate(SIDES)}
        return {"why": self.why or "finished", "detail": self.detail, "unsent": unsent, "sent": sum(self.left)}

    def _dispatch(self, mine: Iterator[tuple[float, int, int, float, int]]) -> None:
        alarm = Alarm()
        for given, (at, side, request, moment, slot) in enumerate(mine, 1):
            self.planned[side] += moment >= 0
            while not self.why and (wait := self.zero + at - time.monotonic()) > 0:
                alarm.wait(min(wait, 0.2))
            # Both sides hold back this many: one more would wait in line as well. This keeps the line short.
            while min(map(len, self.waiting)) > 4 * self.plan["max_in_flight"] and not self.why:
                gevent.sleep(0.001)
            if self.why:
                return
            number = int(moment // self.plan["slice"]) if moment >= 0 else -1
            cell = self.cells.setdefault((number, side, self.requests[side][request][3]), Cell())
            cell.open += 1
            self.pending += 1
            self.due[side] += 1
            self._give(Job(self.zero + at, side, request, slot, cell, measured=moment >= 0))
            if given % BURST == 0:
                gevent.sleep(0)

    def _give(self, job: Job) -> None:
        """Hand a request to an idle connection, to a new one, or let it wait for one."""
        if self.idle[job.side]:
            gevent.get_hub().loop.run_callback(self.idle[job.side].pop().switch, job)
        elif self.lanes[job.side] < self.plan["max_in_flight"]:
            self.lanes[job.side] += 1
            gevent.spawn(self._lane, job)
        else:
            job.held = True
            self._note_late(job, time.monotonic())  # it waits for a connection, but was it handed over in time?
            self.waiting[job.side].append(job)

    def _lane(self, job: Job) -> None:
        connection, waiting, idle = Connection(self.targets[job.side]), self.waiting[job.side], self.idle[job.side]
        while True:
            if not job.held or (not self.why and time.monotonic() < job.planned + self.plan["timeout"]):
                self._serve(connection, job)
            else:
                self._forgo(job)  # it waited for a connection for so long that nobody would still want it
            if waiting:
                job = waiting.popleft()
            else:
                waiter = Waiter()
                idle.append(waiter)
                job = waiter.get()

    def _serve(self, connection: Connection, job: Job) -> None:
        wire, method, _, _ = self.requests[job.side][job.request]
        self.flying[job] = gevent.getcurrent()
        status, told = 0, ""
        job.sent = time.monotonic()
        if job.measured:
            self.left[job.side] += 1
        if job.held:
            self.held[job.side] += 1
        else:
            self._note_late(job, job.sent)
        try:
            status, told = connection.ask(wire, method)
            outcome = str(status)
        except NoAnswer as error:
            outcome = str(error)
        except TimedOut:
            outcome = "timeout"
        except Exhausted as error:
            self._forgo(job)
            self.stop("failed", str(error))
            return
        except Exception as error:  # noqa: BLE001  whatever an answer does to its reader, it is one answer's trouble
            outcome = f"malformed answer ({type(error).__name__})"
        finally:
            self.flying.pop(job, None)
        if not status:
            connection.close()
        self._count(job, time.monotonic(), status, outcome, told)

    def _forgo(self, job: Job) -> None:
        """Take back a request that is not sent, or has no outcome."""
        job.cell.open -= 1
        self.pending -= 1

    def _note_late(self, job: Job, at: float) -> None:
        if job.measured:
            late = microseconds(at - job.planned)
            self.late[late] = self.late.get(late, 0) + 1

    def durations(self, job: Job, ended: float) -> tuple[float, float]:
        """Return the seconds since the planned start, and since the actual send."""
        return ended - job.planned, ended - job.sent

    def _count(self, job: Job, ended: float, status: int, outcome: str, told: str) -> None:
        cell, ok = job.cell, self.requests[job.side][job.request][2]
        cell.open -= 1
        self.pending -= 1
        cell.outcomes[outcome] = cell.outcomes.get(outcome, 0) + 1
        bad = not status or (status >= 500 or status == 429 if ok is None else status not in ok)
        cell.errors += bad
        if status:
            planned, service = map(microseconds, self.durations(job, ended))
            cell.planned[planned] = cell.planned.get(planned, 0) + 1
            cell.service[service] = cell.service.get(service, 0) + 1
            if told and (backend := milliseconds(told, self.targets[job.side].metric)) is not None:
                own = microseconds((service - backend * 1000) / 1e6)
                cell.overhead[own] = cell.overhead.get(own, 0) + 1
        recent = self.recent[job.side]
        recent.append(bad)
        if bad and len(recent) == OUTCOMES and sum(recent) > self.plan["abort_at"] * OUTCOMES:
            side = SIDES[job.side]
            self.stop(
                "aborted", f"{sum(recent)} of the last {OUTCOMES} requests to {side} failed, the last by: {outcome}"
            )

    def _sweep(self) -> None:
        """End what takes too long. Requests fly in the order of their sends, so the first ones are the oldest."""
        while True:
            gevent.sleep(0.05)
            limit = time.monotonic() - self.plan["timeout"]
            for job in list(islice(self.flying, 1000)):
                if job.sent > limit:
                    break
                gevent.get_hub().loop.run_callback(self._end, job)

    def _end(self, job: Job) -> None:
        if job in self.flying:
            self.flying[job].throw(TimedOut)

    def _speak(self) -> None:
        while not self.quiet.wait(1.0):
            self._count_out()

    def _count_out(self) -> None:
        """Say what was counted since the last time."""
        cells = []
        for key, cell in list(self.cells.items()):
            taken = self._taken(key, cell)
            if taken:
                cells.append(taken)
        late, self.late = self.late, {}
        held, due, self.held, self.due = self.held, self.due, [0, 0], [0, 0]
        flying = [self.lanes[at] - len(self.idle[at]) for at in range(2)]
        self.say({
            "type": "counts", "worker": self.name, "at": time.time(), "cells": cells, "late": histogram(late),
            "cpu": time.process_time(), "wall": time.monotonic() - self.began,
            "held": dict(zip(SIDES, held, strict=True)), "due": dict(zip(SIDES, due, strict=True)),
            "in_flight": dict(zip(SIDES, flying, strict=True)),
        })  # fmt: skip

    def _taken(self, key: tuple[int, int, int], cell: Cell) -> Line | None:
        part, side, operation = key
        if not cell.outcomes:
            over = part < (time.monotonic() - self.zero) // self.plan["slice"] - 1
            if not cell.open and (over or part < 0 < time.monotonic() - self.zero - 1):
                self.cells.pop(key)
            return None
        taken = Cell()
        for name in ("errors", "outcomes", "planned", "service", "overhead"):
            setattr(taken, name, getattr(cell, name))
        cell.clear()
        if self.seen:
            self.seen(SIDES[side], self.plan["operations"][operation], taken)
        return {
            "slice": part, "side": SIDES[side], "operation": operation, "sent": sum(taken.outcomes.values()),
            "errors": taken.errors, "outcomes": taken.outcomes, "planned": histogram(taken.planned),
            "service": histogram(taken.service), "overhead": histogram(taken.overhead),
        }  # fmt: skip


def milliseconds(told: str, metric: str) -> float | None:
    """Return what a backend's header tells in ms: a number, or `dur` of one metric of Server-Timing."""
    timing = rf"(?:^|,)\s*{re.escape(metric)}\s*;[^,]*?dur\s*=\s*\"?([\d.]+)"
    pattern = timing if metric else r"^\s*([\d.]+)\s*(?:ms)?\s*$"
    found = re.search(pattern, told[:1000], re.IGNORECASE)
    try:
        value = float(found[1]) if found else math.inf
    except ValueError:
        return None
    return value if value < 3_600_000 else None  # no backend takes an hour: whatever this is, it is no time


# Under Locust: alone, as master, as worker.


class Load(User):
    """Stands for the load on Locust's page; the engine sends it, by a schedule of its own."""

    wait_time = constant(1)

    @task
    def wait(self) -> None:
        """Do nothing: what is sent when is in the plan."""


def filled(value: Any) -> Any:
    """Return a profile with its ${env:NAME} filled in; raises ValueError naming the first that is not there."""
    if isinstance(value, dict):
        return {key: filled(one) for key, one in value.items()}
    if isinstance(value, list):
        return [filled(one) for one in value]
    if not isinstance(value, str):
        return value

    def of(found: re.Match[str]) -> str:
        if found[1] not in os.environ:
            raise ValueError(f"the environment variable {found[1]} is not set, and the profile asks for it")
        return os.environ[found[1]]

    return re.sub(r"\$\{env:(\w+)\}", of, value)


def profile() -> Line:
    """Return the profile of a run without the harness; raises OSError or ValueError."""
    file = Path(os.environ.get("CUTOVER_LOAD_PROFILE") or Path(__file__).with_name("profile.json"))
    plan: Line = json.loads(file.read_text(encoding="utf-8"))
    for one in plan["requests"]:
        for side in SIDES:  # a body is in base64: what it asks for is inside
            body = filled(base64.b64decode(one[side].get("body") or "").decode("utf-8", "surrogateescape"))
            one[side]["body"] = base64.b64encode(body.encode("utf-8", "surrogateescape")).decode()
    found: Line = filled(plan)
    return found


class Input:
    """Lines of standard input, while others run; the end of it is the end of this process."""

    def __init__(self) -> None:
        make_nonblocking(0)
        self._seen = b""

    def line(self) -> Line | None:
        """Return the next line, None at the end."""
        parts = [self._seen]
        while b"\n" not in parts[-1]:
            more = nb_read(0, 1 << 20)
            if not more:
                return None
            parts.append(more)
        line, _, self._seen = b"".join(parts).partition(b"\n")
        found: Line = json.loads(line)
        return found


class Output:
    """Where lines go: the harness's pipe, or a file and at the end a summary."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._totals: dict[str, tuple[list[int], HdrHistogram]] = {}
        if PIPE:
            self._to = os.dup(1)
            os.dup2(2, 1)  # what Locust prints is no line of ours
            make_nonblocking(self._to)
        else:
            name = os.environ.get("CUTOVER_LOAD_OUT") or "cutover-load.jsonl"
            self._to = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)

    def say(self, line: Line) -> None:
        """Write one line whole."""
        rest = memoryview(json.dumps(line, separators=(",", ":")).encode() + b"\n")
        with self._lock:
            while rest:
                rest = rest[nb_write(self._to, rest) if PIPE else os.write(self._to, rest) :]
        if not PIPE:
            self._add(line)

    def _add(self, line: Line) -> None:
        for cell in line.get("cells", ()):
            if cell["slice"] >= 0:
                fresh = ([0, 0], HdrHistogram(1, 3_600_000_000, 3))
                counts, planned = self._totals.setdefault(cell["side"], fresh)
                counts[0] += cell["sent"]
                counts[1] += cell["errors"]
                if cell["planned"]:
                    planned.decode_and_add(cell["planned"])

    def summary(self, ended: Line) -> str:
        """Return what was measured, for a person to read."""
        text = ["", f"load: {ended['why']} {ended['detail']}".rstrip(), "latency from the planned start, in ms"]
        for side, (counts, planned) in sorted(self._totals.items(), reverse=True):
            at = "  ".join(f"p{p:g} {planned.get_value_at_percentile(p) / 1000:.1f}" for p in (50, 95, 99))
            most = planned.get_max_value() / 1000
            text.append(f"  {side}: {counts[0]} requests, {counts[1]} errors  {at}  max {most:.1f}")
        return "\n".join(text) + "\n"


class Lead:
    """What begins a run and brings together what is said of it: a single process, or Locust's master."""

    def __init__(self, environment: Any) -> None:
        self.environment, self.runner = environment, environment.runner
        self.distributed = isinstance(self.runner, MasterRunner)
        self.output = Output()
        self.names: dict[str, str] = {}  # of workers, by Locust's id
        self.workers: list[str] = []  # those that have the plan: nobody else is listened to, or told anything
        self.key, self.here = "", set[str]()
        self.over: dict[str, Line] = {}
        self.engine: Engine | None = None
        self.plan: Line = {}
        self.stopped = ("", "")
        if self.distributed:
            for kind in ("here", "ready", "line", "over"):
                self.runner.register_message(f"cutover-{kind}", getattr(self, f"_on_{kind}"))
        if PIPE:
            gevent.spawn(self._piped)
        else:
            HOOKS.test_start.add_listener(lambda **_: gevent.spawn(self._alone))
            HOOKS.test_stop.add_listener(lambda **_: self.stop("stopped"))

    def _piped(self) -> None:
        given = Input()
        plan = given.line()
        if plan is None:
            os._exit(1)
        self.plan, self.key = plan, plan.pop("key", "")
        gevent.spawn(self._listen, given)
        if self.distributed:
            self.output.say({"type": "listening", "port": self.runner.server.port})
            self._gather(plan["workers"])
        self.run(plan)
        self._leave(0)

    def _leave(self, code: int) -> None:
        """End this process and all workers, without Locust's long goodbye."""
        if self.distributed:
            for worker in [one.id for one in self.runner.clients.all]:
                self.runner.send_message("quit", client_id=worker)
            gevent.sleep(0.2)  # the messages leave in another thread
        os._exit(code)

    def _listen(self, given: Input) -> None:
        while (message := given.line()) is not None:
            if message["type"] == "stop":
                self.stop("stopped")
            elif message["type"] == "lost":
                self._lose(message["worker"], message["why"])
            elif message["type"] == "headers":
                self._renew(message["requests"])
        self._leave(1)

    def _renew(self, changed: Line) -> None:
        take_over(self.plan, changed)  # workers that are still to come get them with their plan
        self._tell("headers", changed)
        if self.engine:
            self.engine.renew(changed)

    def _gather(self, wanted: int) -> None:
        told = 0.0
        while len(there := self._there()) < wanted and not self.stopped[0]:
            if time.monotonic() - told >= 1:
                told = time.monotonic()
                self.output.say({"type": "waiting", "workers": len(there), "of": wanted})
            gevent.sleep(0.05)

    def _there(self) -> list[str]:
        """Return the workers that may have the plan: where there is a key, those that have shown it."""
        there = [one.id for one in self.runner.clients.all if one.state != "missing"]
        return [one for one in there if one in self.here] if self.key else there

    def _alone(self) -> None:
        self.stopped, self.names, self.over = ("", ""), {}, {}
        try:
            plan = profile()
        except (OSError, ValueError, KeyError) as error:
            sys.stderr.write(f"the profile cannot be used: {error}\n")
            self.environment.process_exit_code = 1
            self.runner.quit()
            return
        plan["workers"] = len(self.runner.clients.ready + self.runner.clients.running) if self.distributed else 1
        sys.stderr.write(self.output.summary(self.run(plan)))
        if self.environment.parsed_options.headless:
            self.runner.quit()

    def run(self, plan: Line) -> Line:
        """Send a plan, and say how it ended."""
        try:
            ended = self._share(plan) if self.distributed else self._send(plan)
        except Exception as error:  # noqa: BLE001  whatever it is, the harness must hear of it
            detail = f"{type(error).__name__}: {error}"[:1000]
            ended = {"why": "failed", "detail": detail, "unsent": {}, "per_worker": {}}
        self.output.say({"type": "ended", **ended})
        return ended

    def _begin(self, workers: int, delay: float) -> None:
        client = f"geventhttpclient {version('geventhttpclient')}, Locust {version('locust')}"
        self.output.say({"type": "ready", "client": client, "workers": workers})
        self.output.say({"type": "started", "at": time.time() + delay})

    def _send(self, plan: Line) -> Line:
        name = f"{socket.gethostname()} 1"
        self.engine = Engine(plan, 0, 1, name, self.output.say)
        self.engine.seen = None if PIPE else Shown(self.environment.stats).seen
        if self.stopped[0]:
            self.engine.stop(*self.stopped)
        self._begin(1, 0.05)
        ended = self.engine.run(0.05)
        sent = ended.pop("sent")
        return {**ended, "per_worker": {name: sent}}

    def _share(self, plan: Line) -> Line:
        self.workers = workers = self._there()[: plan["workers"]]
        self.names = {}
        for index, worker in enumerate(workers):
            part = {"plan": plan, "index": index, "of": len(workers), "stats": not PIPE}
            self.runner.send_message("cutover-plan", part, client_id=worker)
        patience = time.monotonic() + 60
        while len(self.names) + len(self.over) < len(workers) and not self.stopped[0]:
            gevent.sleep(0.02)
            if time.monotonic() > patience:
                self.stop("lost", "a worker does not answer to its plan")
        if self.stopped[0] and not any(end["why"] == "failed" for end in self.over.values()):
            return {"why": self.stopped[0], "detail": self.stopped[1], "unsent": {}, "per_worker": {}}
        if not self.stopped[0]:
            self._begin(len(workers), 0.3)
            self._tell("start", 0.3)
        return self._followed(workers)

    def _followed(self, workers: list[str]) -> Line:
        patience = 0.0
        while any(worker not in self.over for worker in workers):
            gevent.sleep(0.05)
            there = self.runner.clients
            for worker in workers:
                if worker not in self.over and (worker not in there or there[worker].state == "missing"):
                    self._lose(self.names.get(worker, worker), "it is gone")
            if self.stopped[0]:
                patience = patience or time.monotonic() + LAST_ANSWERS + 1.5
                if time.monotonic() > patience:
                    break
        ends = {self.names.get(worker, worker): end for worker, end in self.over.items()}
        bad = next((end for end in ends.values() if end["why"] not in {"finished", "stopped"}), None)
        why, detail = self.stopped if self.stopped[0] else ("finished", "")
        if bad and why != "lost":
            why, detail = bad["why"], bad["detail"]
        unsent = {side: sum(end["unsent"].get(side, 0) for end in ends.values()) for side in SIDES}
        per_worker = {name: end["sent"] for name, end in ends.items()}
        return {"why": why, "detail": detail, "unsent": unsent, "per_worker": per_worker}

    def _lose(self, name: str, why: str) -> None:
        worker = next((one for one, called in self.names.items() if called == name), name)
        if worker not in self.over:
            self.over[worker] = {"why": "lost", "detail": f"{name}: {why}", "unsent": {}, "sent": 0}
            self.output.say({"type": "lost", "worker": name, "why": why})
            self.stop("lost", f"{name}: {why}")

    def stop(self, why: str, detail: str = "") -> None:
        """Have everybody send nothing more."""
        if not self.stopped[0]:
            self.stopped = (why, detail)
            self._tell("stop", [why, detail])
            if self.engine:
                self.engine.stop(why, detail)

    def _tell(self, kind: str, data: Any) -> None:
        if self.distributed:
            for worker in self.workers:
                self.runner.send_message(f"cutover-{kind}", {"data": data}, client_id=worker)

    def _on_here(self, msg: Any, **_: Any) -> None:
        if hmac.compare_digest(str(msg.data["key"]).encode(), self.key.encode()):
            self.here.add(msg.node_id)

    def _on_ready(self, msg: Any, **_: Any) -> None:
        if msg.node_id in self.workers:
            self.names[msg.node_id] = msg.data["name"]

    def _on_line(self, msg: Any, **_: Any) -> None:
        if msg.node_id in self.workers:
            self.output.say(msg.data)

    def _on_over(self, msg: Any, **_: Any) -> None:
        if msg.node_id not in self.workers:
            return
        self.over.setdefault(msg.node_id, msg.data)
        if msg.data["why"] not in {"finished", "stopped"}:
            self.stop(msg.data["why"], msg.data["detail"])


class Follower:
    """One worker: takes its part of a plan from Locust's master, and sends back what it counted."""

    def __init__(self, environment: Any) -> None:
        self.environment, self.runner = environment, environment.runner
        self.engine: Engine | None = None
        for kind in ("plan", "start", "stop", "headers"):
            self.runner.register_message(f"cutover-{kind}", getattr(self, f"_on_{kind}"))
        if PIPE:
            gevent.spawn(self._watch)

    def _watch(self) -> None:
        given = Input()
        while (line := given.line()) is not None:
            self.runner.send_message("cutover-here", line)  # the key that shows whose worker this is
        os._exit(1)

    def _on_plan(self, msg: Any, **_: Any) -> None:
        name = os.environ.get("CUTOVER_LOAD_NAME") or f"{socket.gethostname()} {os.getpid()}"
        part = msg.data
        try:
            self.engine = Engine(part["plan"], part["index"], part["of"], name, self._say)
            self.engine.seen = Shown(self.environment.stats).seen if part["stats"] else None
        except Exception as error:  # noqa: BLE001  whatever it is, the master must hear of it
            self._over({"why": "failed", "detail": f"{name}: {error}"[:1000], "unsent": {}, "sent": 0})
            return
        self.runner.send_message("cutover-ready", {"name": name})

    def _say(self, line: Line) -> None:
        self.runner.send_message("cutover-line", line)

    def _over(self, end: Line) -> None:
        self.runner.send_message("cutover-over", end)

    def _on_start(self, msg: Any, **_: Any) -> None:
        gevent.spawn(self._run, msg.data["data"])

    def _run(self, delay: float) -> None:
        assert self.engine
        try:
            self._over(self.engine.run(delay))
        except Exception as error:  # noqa: BLE001  whatever it is, the master must hear of it
            self._over({"why": "failed", "detail": f"{self.engine.name}: {error}"[:1000], "unsent": {}, "sent": 0})

    def _on_stop(self, msg: Any, **_: Any) -> None:
        if self.engine:
            self.engine.stop(*msg.data["data"])

    def _on_headers(self, msg: Any, **_: Any) -> None:
        if self.engine:
            self.engine.renew(msg.data["data"])


class Shown:
    """Locust's own numbers, for its page and its tables: in bulk, from what the engine counted."""

    def __init__(self, stats: Any) -> None:
        self.stats = stats

    def seen(self, side: str, operation: str, cell: Cell) -> None:
        """Add what was counted since the last time."""
        count, now = sum(cell.outcomes.values()), time.time()
        for entry in (self.stats.total, self.stats.get(operation, side)):
            entry.num_requests += count
            entry.num_failures += cell.errors
            entry.last_request_timestamp = now
            entry.num_reqs_per_sec[int(now)] += count
            entry.num_fail_per_sec[int(now)] += cell.errors
            for value, times in cell.planned.items():
                took = value / 1000
                entry.total_response_time += took * times
                entry.min_response_time = min(took, entry.min_response_time or took)
                entry.max_response_time = max(took, entry.max_response_time)
                rounded = round(took) if took < 100 else round(took, -1) if took < 1000 else round(took, -2)
                entry.response_times[rounded] += times


def begin(environment: Any, **_: Any) -> None:
    """Take up the role that Locust was started in."""
    Follower(environment) if isinstance(environment.runner, WorkerRunner) else Lead(environment)


HOOKS.init.add_listener(begin)
