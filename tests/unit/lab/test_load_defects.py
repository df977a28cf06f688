"""Each defect of a load shows at the default rate where it says, and no harmless one does: on a clock of our own."""

import asyncio
import http.client
import math
import socket
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from harness.lab.catalogue import DEFECTS
from harness.lab.defects.defect import Defect
from harness.lab.message import Addresses, Call, Handler, Reply
from harness.lab.pace import paced, telling

RATE, SECONDS, WARM_UP = 50, 60, 5
TIMEOUT = 5.0
NOWHERE = Addresses(old="", new="", backend="")
LOAD = [defect for defect in DEFECTS if defect.suite == "load"]

# as scenarios/load.yaml mixes them: path and median, ten in a row
MIX = (
    *[(b"/orders", b"20")] * 4,
    *[(b"/orders/1004", b"12")] * 3,
    (b"/products/LAMP-1", b"8"),
    (b"/me", b"10"),
    (b"/echo", b"15"),
)

Answers = list[tuple[bytes, int, float]]
"""Path, status (0: none) and latency in s of what was sent after the warm-up."""


class _Clock(asyncio.SelectorEventLoop):
    """A loop that waits for nothing: where only the time would go on, it does at once."""

    now = 0.0

    def time(self) -> float:
        return self.now

    def _run_once(self) -> None:
        if not self._ready and self._scheduled:  # type: ignore[attr-defined]
            self.now = max(self.now, self._scheduled[0].when())  # type: ignore[attr-defined]
        super()._run_once()  # type: ignore[misc]


def _run(made: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    with asyncio.Runner(loop_factory=_Clock) as runner:
        return runner.run(made())


async def _backend(_: Call) -> Reply:
    return Reply(status=200)


def _sides(defect: Defect) -> dict[str, Handler]:
    handler = paced(_backend)
    backend = telling(defect.backend(handler, NOWHERE) if defect.backend else handler)
    return {"old": backend, "new": defect.front(backend, NOWHERE) if defect.front else backend}


async def _answer(handler: Handler, number: int) -> tuple[bytes, int, float]:
    path, median = MIX[number % len(MIX)]
    loop = asyncio.get_running_loop()
    begun = loop.time()
    call = Call(method="GET", path=path, headers=((b"x-lab-pace", median),))
    try:
        reply = await asyncio.wait_for(handler(call), TIMEOUT)
    except TimeoutError:
        return path, 0, TIMEOUT
    return path, 0 if reply.reset else reply.status, loop.time() - begun


async def _loaded(defect: Defect) -> dict[str, Answers]:
    sides = _sides(defect)
    asked: dict[str, list[asyncio.Task[tuple[bytes, int, float]]]] = {side: [] for side in sides}
    for number in range((WARM_UP + SECONDS) * RATE):
        for side, handler in sides.items():
            asked[side].append(asyncio.create_task(_answer(handler, number)))
        await asyncio.sleep(1 / RATE)
    return {side: [await one for one in tasks][WARM_UP * RATE :] for side, tasks in asked.items()}


def _quantile(answers: Answers, p: float, path: bytes = b"/") -> float:
    values = sorted(took for where, status, took in answers if status and where.startswith(path))
    return values[math.ceil(p * len(values)) - 1]


def _errors(answers: Answers) -> float:
    return sum(status != 200 for _, status, _ in answers) / len(answers)


def _kept(answers: dict[str, Answers]) -> dict[str, bool]:
    """Return which thresholds of the example a load keeps to, by metric, as point figures."""
    old, new = answers["old"], answers["new"]
    return {
        "p95": _quantile(new, 0.95) <= 1.2 * _quantile(old, 0.95),
        "p99": _quantile(new, 0.99) <= 1.5 * _quantile(old, 0.99),
        "p95:GET /products/{sku}": _quantile(new, 0.95, b"/products") <= 1.2 * _quantile(old, 0.95, b"/products"),
        "errors": _errors(new) <= _errors(old) + 0.001,
    }


@pytest.mark.parametrize("defect", LOAD, ids=[defect.name for defect in LOAD])
def test_a_defect_of_a_load_shows_where_it_says(defect: Defect) -> None:
    kept = _kept(_run(lambda: _loaded(defect)))
    if defect.harmless:
        # of one operation there are too few for a bare figure to tell anything
        assert all(kept[at] for at in ("p95", "p99", "errors"))
    else:
        assert not kept[defect.at]


def test_a_slow_operation_hides_in_the_mix_and_a_slow_tail_behind_p95() -> None:
    by_name = {defect.name: defect for defect in LOAD}
    assert _kept(_run(lambda: _loaded(by_name["one-operation-slower"])))["p95"]
    assert _kept(_run(lambda: _loaded(by_name["tail-slower"])))["p95"]


def test_a_slow_start_shows_without_a_warm_up() -> None:
    (defect,) = (one for one in LOAD if one.name == "slow-start")

    async def first_second() -> tuple[float, float]:
        sides = _sides(defect)
        took = [
            max([await one for one in [asyncio.create_task(_answer(handler, number)) for number in range(10)]])[2]
            for handler in sides.values()
        ]
        return took[0], took[1]

    old, new = _run(first_second)
    assert new > old + 0.2


def test_the_backend_takes_the_time_that_is_asked_for_and_tells_it() -> None:
    async def asked() -> tuple[list[float], Reply]:
        backend, loop = telling(paced(_backend)), asyncio.get_running_loop()
        call = Call(method="GET", path=b"/", headers=((b"x-lab-pace", b"15"),))
        told = []
        for _ in range(2_000):
            begun = loop.time()
            reply = await backend(call)
            told.append(float(reply.header(b"x-backend-ms") or 0))
            assert told[-1] == pytest.approx((loop.time() - begun) * 1_000, abs=0.001)
        return told, await backend(Call(method="GET", path=b"/"))

    told, plain = _run(asked)
    middle = sorted(told)[len(told) // 2]
    assert 14 < middle < 16
    assert plain.headers == ()


def _got(port: int, path: str, header: str, key: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path, headers={header: key, "x-lab-pace": "1"})
        response = connection.getresponse()
        response.read()
    finally:
        connection.close()
    return response


def test_both_gateways_hand_the_backends_time_on(labs: Any) -> None:
    ports = labs.ports()
    old = _got(ports.old, "/prod/orders", "x-api-key", "old-partner-key-41c7")
    new = _got(ports.new, "/orders", "Ocp-Apim-Subscription-Key", "new-partner-key-c20d")
    assert [one.status for one in (old, new)] == [200, 200]
    assert all(0 < float(one.headers["x-backend-ms"]) < 5_000 for one in (old, new))
    assert [one.headers.get_all("content-length") for one in (old, new)].count(None) == 0


def test_a_reset_is_a_reset(labs: Any) -> None:
    port = labs.ports("resets-connections").new
    ends = []
    for _ in range(300):
        try:
            _got(port, "/orders", "Ocp-Apim-Subscription-Key", "new-partner-key-c20d")
        except ConnectionResetError as error:
            ends.append(type(error))
    # an orderly end would be http.client.RemoteDisconnected, which is a kind of it
    assert ends
    assert set(ends) == {ConnectionResetError}


def test_what_takes_the_short_way_through_the_server_is_answered_as_anything_else(labs: Any) -> None:
    ports = labs.ports()
    asked = b"GET /orders/1004 HTTP/1.1\r\nHost: x\r\nOcp-Apim-Subscription-Key: new-partner-key-c20d\r\n"
    pace = b"X-Lab-Pace: 1\r\n"
    with (
        socket.create_connection(("127.0.0.1", ports.new), timeout=10) as connection,
        connection.makefile("rb") as file,
    ):
        # one connection, in turn: the long way, the short one, two at once, and one that comes in pieces
        answers = []
        for sent, count in (
            ([asked + b"\r\n"], 1),
            ([asked + pace + b"\r\n"], 1),
            ([(asked + pace + b"\r\n") * 2], 2),
            ([asked, pace, b"\r\n"], 1),
            ([asked + pace + b"Connection: close\r\n\r\n"], 1),
        ):
            for piece in sent:
                connection.sendall(piece)
            answers += [_read(file) for _ in range(count)]
        assert file.read() == b""
    assert [status for status, _, __ in answers] == [b"HTTP/1.1 200 OK\r\n"] * 6
    assert len({body for _, __, body in answers}) == 1
    own = [[name for name in names if name not in {"x-backend-ms", "connection"}] for _, names, __ in answers]
    assert own == [own[0]] * 6


def _read(file: Any) -> tuple[bytes, list[str], bytes]:
    status = file.readline()
    headers = http.client.parse_headers(file)
    return status, [name.lower() for name in headers], file.read(int(headers["Content-Length"]))
