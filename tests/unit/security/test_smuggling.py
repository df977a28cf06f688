"""Raw shapes: what each reader finds in them, what two sides' answers mean, and that nothing is changed by them."""

import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from harness.model.gateway import Gateway
from harness.model.probe import Decision
from harness.model.response import Response
from harness.model.seen import RawAnswers
from harness.model.side import Side
from harness.scenario.types import Security
from harness.security import smuggling
from harness.security.raw_shapes import PROBE_PATH, SHAPES, Head, Shape, honest
from harness.security.smuggling import PER_SIDE, RawCheck, Seen, judge, read
from tests.unit.security.check_bench import FakeTools, case, draft_of, scenario

R, T, U = Decision.REFUSED, Decision.THROUGH, Decision.UNCLEAR
HOSTILE = Security(hostile=True)
HEAD = Head(method="GET", target="/orders?a=1", host="api.example", lines=(b"x-api-key: k",))
SHAPE = Shape(name="some shape", make=lambda head: b"shape")


class Reader(socketserver.StreamRequestHandler):
    """A server that reads HTTP in one of three ways: by length first, by chunks first, or strictly."""

    def handle(self) -> None:
        while (head := self._head()) and self._answer(head):
            pass

    def _head(self) -> bytes:
        lines = []
        while (line := self.rfile.readline(65_536)).strip():
            lines.append(line)
        return b"".join(lines) if line else b""

    def _answer(self, head: bytes) -> bool:
        self.server.seen.append(head)  # type: ignore[attr-defined]
        way = self.server.way  # type: ignore[attr-defined]
        if way == "strict" and not _is_plain(head):
            self.wfile.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return False
        lengths = re.findall(rb"(?im)^content-length:[ \t]*\+?(\d+)", head)
        chunked = re.search(rb"(?i)transfer-encoding[ ]?:\s*x?chunked", head)
        if chunked and (way == "chunks" or not lengths):
            while size := int(self.rfile.readline().split(b";")[0].strip() or b"0", 16):
                self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        elif lengths:
            self.rfile.read(int(lengths[0]))
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        return b"connection: close" not in head.lower()


def _is_plain(head: bytes) -> bool:
    framing = re.findall(rb"(?im)^(?:content-length|transfer-encoding)", head)
    lines = head.replace(b"\r\n", b"")
    return (
        len(framing) < 2 and b"\n" not in lines and b"\r" not in lines and b"chunked" not in head and b"+" not in head
    )


@contextmanager
def serving(way: str) -> Iterator[tuple[str, list[bytes]]]:
    server: Any = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Reader)
    server.daemon_threads = True
    server.way, server.seen = way, []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", server.seen
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


MORE = {
    "length": {"Transfer-Encoding with a short Content-Length", "Content-Length twice, different"},
    "chunks": {
        "Content-Length with Transfer-Encoding",
        "space before the colon of Transfer-Encoding",
        "Transfer-Encoding: xchunked",
        "two Transfer-Encodings",
        "folded Transfer-Encoding",
        "HTTP/1.0 kept alive with Transfer-Encoding",
        "Content-Length twice, different",
        "chunk size with 0x",
    },
    "strict": set(),
}


def asked(way: str, shape: Shape) -> tuple[Seen, list[bytes]]:
    with serving(way) as (url, heads):
        made = scenario(new=url, old=url, security=HOSTILE)
        draft = draft_of(made)
        check = next(one for one in smuggling.checks(draft, 0) if isinstance(one, RawCheck) and one.shape is shape)
        sent: dict[str, int] = {}
        tools = FakeTools()
        seen = check._ask(Side.NEW, tools, sent)
        assert (sent, tools.pauses) == ({"new": PER_SIDE}, PER_SIDE)
        return seen, heads


CUT = "chunk longer than its size"  # what follows such a chunk is nothing that any of these readers can go on from


@pytest.mark.parametrize("way", ["length", "chunks"])
def test_finds_the_hidden_request(way: str) -> None:
    shapes = [shape for shape in SHAPES if shape.name in MORE[way]]
    assert len(shapes) == len(MORE[way])
    for shape in shapes:
        seen, heads = asked(way, shape)
        assert seen.more, shape.name
        assert seen.decision is T
        # the caller's credential is in the first request alone, and nothing but GET was ever read
        assert all(head.startswith(b"GET ") for head in heads)
        assert sum(b"x-api-key" in head for head in heads) == 2


@pytest.mark.parametrize("name", ["Content-Length twice, the same", "lines ended by bare LF", "folded header"])
def test_sees_what_is_taken(name: str) -> None:
    shape = next(one for one in SHAPES if one.name == name)
    seen, _ = asked("length", shape)
    assert (seen.decision, seen.more) == (T, False)
    refused, _ = asked("strict", shape) if name != "folded header" else (None, None)
    assert refused is None or refused.decision is R


def test_all_shapes_differ_and_hide_a_get_alone() -> None:
    made = {shape.name: shape.make(HEAD) for shape in SHAPES}
    assert len(set(made.values())) == len(SHAPES)
    for name, payload in made.items():
        assert not re.search(rb"\b(POST|PUT|PATCH|DELETE)\b", payload), name
        assert payload.endswith(HEAD.last()), name
        assert payload.count(f"GET {PROBE_PATH} ".encode()) <= 2


def test_honest_requests_are_honest() -> None:
    assert honest(HEAD, body=False) == (
        b"GET /orders?a=1 HTTP/1.1\r\nHost: api.example\r\nx-api-key: k\r\nConnection: close\r\n\r\n"
    )
    assert honest(HEAD, body=True).endswith(b"Content-Length: 7\r\nConnection: close\r\n\r\ncutover")


def raw(*statuses: int, ended: str = "closed") -> RawAnswers:
    return RawAnswers(answers=tuple(Response(status=status) for status in statuses), ended=ended)


READ: dict[str, tuple[RawAnswers, RawAnswers, Decision, bool]] = {
    "taken": (raw(200), raw(200, 404), T, False),
    "taken and closed": (raw(200), raw(200), T, False),
    "one too many": (raw(200), raw(200, 404, 404), T, True),
    "refused": (raw(200), raw(400), R, False),
    "blocked": (raw(200), raw(403), R, False),
    "not implemented": (raw(200), raw(501), R, False),
    "closed": (raw(200), raw(ended="closed"), R, False),
    "reset": (raw(200), raw(ended="reset"), R, False),
    "waits for more": (raw(200), raw(ended="silent"), U, False),
    "timed out": (raw(200), raw(408), U, False),
    "busy": (raw(200), raw(503), U, False),
    "crashes": (raw(200), raw(500), T, False),
    "no connection": (raw(200), raw(ended="no connection"), U, False),
    "honest one refused too": (raw(400), raw(400), R, False),
    "honest one not let in, this neither": (raw(401), raw(401, 404), T, False),
    "honest one gets nothing": (raw(ended="silent"), raw(200), U, False),
}


@pytest.mark.parametrize("row", READ)
def test_reads(row: str) -> None:
    before, after, decision, more = READ[row]
    seen = read(SHAPE, before, after)
    assert (seen.decision, seen.more) == (decision, more)


def seen(decision: Decision, **changes: Any) -> Seen:
    return Seen(decision=decision, words="words", **changes)


MORE_OF = seen(T, more=True)
DOWN = seen(U, trouble=True)
JUDGED: dict[str, tuple[Seen, Seen, str, str]] = {
    "both refuse": (seen(R), seen(R), "PASS", ""),
    "both take": (seen(T), seen(T), "PASS", ""),
    "weaker": (seen(R), seen(T), "FAIL", "weaker"),
    "stricter": (seen(T), seen(R), "PASS", ""),
    "new smuggles": (seen(T), MORE_OF, "FAIL", "weaker"),
    "new smuggles what old refuses": (seen(R), MORE_OF, "FAIL", "weaker"),
    "new smuggles, old unclear": (seen(U), MORE_OF, "FAIL", "weaker"),
    "both smuggle": (MORE_OF, MORE_OF, "PASS", ""),
    "old smuggles": (MORE_OF, seen(T), "PASS", ""),
    "new unclear": (seen(R), seen(U), "INCONCLUSIVE", ""),
    "old unclear": (seen(U), seen(T), "INCONCLUSIVE", ""),
    "old refuses all bodies": (seen(R, blunt=True), seen(T), "INCONCLUSIVE", ""),
    "old refuses all bodies, new smuggles": (seen(R, blunt=True), MORE_OF, "FAIL", "weaker"),
    "new refuses all bodies": (seen(R), seen(R, blunt=True), "PASS", ""),
    "old unclear, new refuses": (seen(U), seen(R), "PASS", ""),
    "old down": (DOWN, seen(R), "ERROR", ""),
    "new down": (seen(R), DOWN, "ERROR", ""),
}


@pytest.mark.parametrize("row", JUDGED)
def test_judges(row: str) -> None:
    old, new, outcome, cause = JUDGED[row]
    check = smuggling.checks(draft_of(scenario(security=HOSTILE)), 0)[0]
    checked = judge("shape", old, new).checked(check.info, check.suite)
    assert (checked.outcome, "".join(p.cause for p in checked.points if p.outcome == "FAIL")) == (outcome, cause)
    assert all(point.severity == "critical" for point in checked.points if point.outcome == "FAIL")


def test_asks_both_sides_and_counts() -> None:
    talked: list[tuple[Side, bytes]] = []

    def talk(gateway: Gateway, payload: bytes, *, timeout: float) -> RawAnswers:
        talked.append((gateway.side, payload))
        return raw(200)

    checks = [one for one in smuggling.checks(draft_of(scenario(security=HOSTILE)), 5) if isinstance(one, RawCheck)]
    assert [one.info.index for one in checks] == list(range(5, 5 + len(SHAPES)))
    assert len({one.info.name for one in checks}) == len(SHAPES)
    checks[0].talk = talk
    checked = checks[0].run(FakeTools())
    assert (checked.outcome, checked.requests) == ("PASS", {"old": 4, "new": 4})
    assert [side for side, _ in talked] == [Side.OLD, Side.OLD, Side.NEW, Side.NEW]
    assert b"Host: old.example\r\n" in talked[0][1]
    assert b"x-api-key: partner\r\n" in talked[0][1]


def test_leaves_out_what_is_not_asked_for() -> None:
    hostile = scenario(security=HOSTILE)
    proxied = replace(hostile, old=replace(hostile.old, proxy="http://proxy.example:3128"))
    for made in (scenario(), scenario(case(0, "POST", "/orders", "partner"), security=HOSTILE), proxied):
        draft = draft_of(made)
        smuggling.add(draft)
        assert [one.accepted for one in draft.cases] == [True]
        assert smuggling.checks(draft, 1) == []


def test_stops() -> None:
    check = smuggling.checks(draft_of(scenario(security=HOSTILE)), 0)[0]
    assert check.run(FakeTools(stop_after=0)).outcome == "INCONCLUSIVE"
