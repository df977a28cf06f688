"""A hostile server, and wires aimed at it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from harness.model.exchange import Exchange
from harness.model.gateway import Gateway, Limits
from harness.model.request import Request
from harness.model.response import Answer
from harness.model.side import Side
from harness.wire.client import Wire
from tests.servers.hostile import HostileServer

LIMITS = Limits(rate=1_000_000, concurrency=8, timeout=5, body=1_000_000)


@pytest.fixture
def hostile() -> Iterator[HostileServer]:
    with HostileServer() as server:
        yield server


@pytest.fixture
def open_wire() -> Iterator[Callable[..., Wire]]:
    """Return a function that opens a wire to gateways; all are closed at the end."""
    with ExitStack() as stack:

        def make(*gateways: Gateway | str, limits: Limits = LIMITS, **more: Any) -> Wire:
            sides = [
                gateway if isinstance(gateway, Gateway) else Gateway(side=side, kind="generic", url=gateway)
                for gateway, side in zip(gateways, Side, strict=False)
            ]
            return stack.enter_context(Wire({gateway.side: gateway for gateway in sides}, limits, **more))

        yield make


@pytest.fixture
def drain() -> Callable[[Wire, int], list[Exchange]]:
    """Return a function that waits for so many exchanges, and gives them in the order of their tokens."""

    def all_of(wire: Wire, count: int) -> list[Exchange]:
        done: list[tuple[Any, Exchange]] = []
        while len(done) < count:
            some = wire.wait(10)
            assert some, f"only {len(done)} of {count} came back"
            done += some
        return [exchange for _, exchange in sorted(done, key=lambda pair: pair[0])]

    return all_of


@pytest.fixture
def ask(open_wire: Callable[..., Wire], drain: Callable[[Wire, int], list[Exchange]]) -> Callable[..., Answer]:
    """Return a function that sends one request on a wire of its own."""

    def once(
        url: str, *, method: str = "GET", limits: Limits = LIMITS, timeout: float = 5, gateway: Any = None, **more: Any
    ) -> Answer:
        origin = "/".join(url.split("/")[:3])
        wire = open_wire(Gateway(side=Side.OLD, kind="generic", url=origin, **(gateway or {})), limits=limits)
        wire.submit(Request(side=Side.OLD, method=method, url=url, timeout=timeout, **more), 0)
        return drain(wire, 1)[0].answer

    return once
