import time
from collections.abc import Callable
from itertools import pairwise

from harness.model.exchange import Exchange
from harness.model.gateway import Limits
from harness.model.request import Request
from harness.model.response import NoResponse, Response
from harness.model.side import Side
from harness.wire.client import Wire
from tests.servers.hostile import HostileServer

Drain = Callable[[Wire, int], list[Exchange]]


def _submit(wire: Wire, side: Side, url: str, count: int) -> None:
    for number in range(count):
        wire.submit(Request(side=side, method="GET", url=f"{url}&{number}"), number)


def test_the_rate_holds_at_the_server(hostile: HostileServer, open_wire: Callable[..., Wire], drain: Drain) -> None:
    wire = open_wire(hostile.url, limits=Limits(rate=40, concurrency=8))
    _submit(wire, Side.OLD, hostile.url + "/ok?", 41)
    began = time.monotonic()
    drain(wire, 41)
    assert 0.99 <= time.monotonic() - began < 1.5
    at = [seen.at for seen in hostile.seen]
    jitter = 0.1  # opening the first connections delays the first requests
    assert all(later - earlier >= 1 - jitter for earlier, later in zip(at, at[40:], strict=False))
    gaps = sorted(later - earlier for earlier, later in pairwise(at))
    assert 0.02 < gaps[len(gaps) // 2] < 0.03


def test_each_side_has_a_rate_of_its_own(open_wire: Callable[..., Wire], drain: Drain) -> None:
    with HostileServer() as old, HostileServer() as new:
        wire = open_wire(old.url, new.url, limits=Limits(rate=50, concurrency=8))
        began = time.monotonic()
        _submit(wire, Side.OLD, old.url + "/ok?", 11)
        _submit(wire, Side.NEW, new.url + "/ok?", 11)
        drain(wire, 22)
        assert 0.19 <= time.monotonic() - began < 0.35
        assert len(old.seen) == len(new.seen) == 11


def test_concurrency_is_never_exceeded_and_is_used(
    hostile: HostileServer, open_wire: Callable[..., Wire], drain: Drain
) -> None:
    wire = open_wire(hostile.url, limits=Limits(rate=1e6, concurrency=5))
    _submit(wire, Side.OLD, hostile.url + "/slow?15", 40)
    assert wire.pending(Side.OLD) == 40
    drain(wire, 40)
    assert hostile.most_at_once == 5
    assert hostile.connections == 5
    assert wire.pending(Side.OLD) == 0


def test_concurrency_holds_while_requests_fail(
    hostile: HostileServer, open_wire: Callable[..., Wire], drain: Drain
) -> None:
    wire = open_wire(hostile.url, limits=Limits(rate=1e6, concurrency=3))
    for number in range(24):
        path = ("/reset", "/slow?5", "/bad-chunk", "/dies-on-reuse")[number % 4]
        wire.submit(Request(side=Side.OLD, method="GET", url=hostile.url + path), number)
    done = drain(wire, 24)
    assert hostile.most_at_once <= 3
    assert {type(one.answer) for one in done} == {Response, NoResponse}


def test_requests_of_a_side_go_out_in_order(
    hostile: HostileServer, open_wire: Callable[..., Wire], drain: Drain
) -> None:
    wire = open_wire(hostile.url, limits=Limits(rate=1e6, concurrency=1))
    _submit(wire, Side.OLD, hostile.url + "/ok?", 30)
    drain(wire, 30)
    assert [seen.target for seen in hostile.seen] == [f"/ok?&{number}" for number in range(30)]


def test_a_side_that_hangs_does_not_hold_the_other(open_wire: Callable[..., Wire]) -> None:
    with HostileServer() as old, HostileServer() as new:
        wire = open_wire(old.url, new.url, limits=Limits(rate=1e6, concurrency=2))
        _submit(wire, Side.OLD, old.url + "/hang?", 4)
        _submit(wire, Side.NEW, new.url + "/ok?", 20)
        done = 0
        while done < 20:
            some = wire.wait(5)
            assert all(exchange.request.side is Side.NEW for _, exchange in some)
            done += len(some)
        assert wire.pending(Side.OLD) == 4


def test_sides_share_no_connection_even_to_one_address(
    hostile: HostileServer, open_wire: Callable[..., Wire], drain: Drain
) -> None:
    wire = open_wire(hostile.url, hostile.url)
    for turn in range(6):
        _submit(wire, Side.OLD if turn % 2 else Side.NEW, hostile.url + ("/old?" if turn % 2 else "/new?"), 1)
        drain(wire, 1)
    used = {(seen.path, seen.connection) for seen in hostile.seen}
    assert hostile.connections == 2
    assert len(used) == 2
