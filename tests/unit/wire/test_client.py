import time
from collections.abc import Callable

import pytest

from harness.model.errors import HarnessError
from harness.model.exchange import Exchange
from harness.model.gateway import Gateway, Limits
from harness.model.request import Request
from harness.model.response import Response
from harness.model.side import Side
from harness.wire.client import Wire
from tests.servers.hostile import HostileServer

Drain = Callable[[Wire, int], list[Exchange]]


def _get(server: HostileServer, path: str) -> Request:
    return Request(side=Side.OLD, method="GET", url=server.url + path)


def test_wait_returns_with_the_first_that_is_over(hostile: HostileServer, open_wire: Callable[..., Wire]) -> None:
    wire = open_wire(hostile.url)
    wire.submit(_get(hostile, "/slow?400"), "late")
    wire.submit(_get(hostile, "/ok"), "early")
    began = time.monotonic()
    assert [token for token, _ in wire.wait(5)] == ["early"]
    assert time.monotonic() - began < 0.39
    assert [token for token, _ in wire.wait(5)] == ["late"]


def test_wait_returns_nothing_at_its_timeout(hostile: HostileServer, open_wire: Callable[..., Wire]) -> None:
    wire = open_wire(hostile.url)
    wire.submit(_get(hostile, "/hang"), 0)
    for timeout in (0.0, 0.1):
        began = time.monotonic()
        assert wire.wait(timeout) == []
        assert timeout - 0.001 <= time.monotonic() - began < timeout + 0.3


def test_wait_without_work_keeps_its_timeout(hostile: HostileServer, open_wire: Callable[..., Wire]) -> None:
    began = time.monotonic()
    assert open_wire(hostile.url).wait(0.05) == []
    assert 0.049 <= time.monotonic() - began < 0.2


def test_an_exchange_tells_when_it_was_sent(
    hostile: HostileServer, open_wire: Callable[..., Wire], drain: Drain
) -> None:
    wire = open_wire(hostile.url, wall=lambda: 1234.5)
    wire.submit(_get(hostile, "/ok"), 0)
    (done,) = drain(wire, 1)
    assert done.sent_at == 1234.5
    assert done.request == _get(hostile, "/ok")
    assert done.earlier == ()


def test_phases_are_none_on_a_reused_connection(
    hostile: HostileServer, open_wire: Callable[..., Wire], drain: Drain
) -> None:
    wire = open_wire(hostile.url)
    timings = []
    for _ in range(2):
        wire.submit(_get(hostile, "/slow?20"), 0)
        (done,) = drain(wire, 1)
        assert isinstance(done.answer, Response)
        timings.append(done.answer.timings)
    new, reused = timings
    assert new.name is not None
    assert new.connect is not None
    assert new.tls is None
    assert (reused.name, reused.connect, reused.tls) == (None, None, None)
    assert all(19 <= (one.first_byte or 0) <= one.total < 500 for one in timings)


def test_close_abandons_what_is_in_flight(hostile: HostileServer) -> None:
    gateways = {Side.OLD: Gateway(side=Side.OLD, kind="generic", url=hostile.url)}
    wire = Wire(gateways, Limits(rate=1e6, concurrency=3))
    for token in range(9):
        wire.submit(_get(hostile, "/hang"), token)
    wire.wait(0.05)
    began = time.monotonic()
    wire.close()
    wire.close()
    assert time.monotonic() - began < 0.5
    assert wire.pending(Side.OLD) == 0


def test_an_interrupt_leaves_it_closable(hostile: HostileServer) -> None:
    calls = 0

    def clock() -> float:
        nonlocal calls
        calls += 1
        if calls == 12:
            raise KeyboardInterrupt
        return time.monotonic()

    gateways = {Side.OLD: Gateway(side=Side.OLD, kind="generic", url=hostile.url)}
    wire = Wire(gateways, Limits(rate=1e6), clock=clock)
    wire.submit(_get(hostile, "/slow-drip"), 0)
    with pytest.raises(KeyboardInterrupt), wire:
        wire.wait(5)
    assert wire.pending(Side.OLD) == 0


def test_a_side_it_does_not_know_is_the_callers_mistake(hostile: HostileServer, open_wire: Callable[..., Wire]) -> None:
    wire = open_wire(hostile.url)
    with pytest.raises(KeyError):
        wire.submit(Request(side=Side.NEW, method="GET", url=hostile.url), 0)


@pytest.mark.parametrize("url", ["ftp://x/", "file:///etc/passwd", "x", "http://", "http://user@host"])
def test_a_gateway_is_an_http_url(url: str, open_wire: Callable[..., Wire]) -> None:
    with pytest.raises(HarnessError, match="gateway"):
        open_wire(url)


def test_many_connections_are_beyond_select_and_still_served(
    hostile: HostileServer, open_wire: Callable[..., Wire], drain: Drain
) -> None:
    wire = open_wire(hostile.url, limits=Limits(rate=1e6, concurrency=600))
    for token in range(600):
        wire.submit(_get(hostile, "/slow?300"), token)
    done = drain(wire, 600)
    assert all(isinstance(one.answer, Response) for one in done)
