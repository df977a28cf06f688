"""Asks child.py's pure parts, in a process of its own: Locust patches the sockets of whoever imports it. Prints JSON."""

import json
import socket
import sys
from collections import Counter
from itertools import chain, pairwise
from typing import Any

import gevent
from hdrh.histogram import HdrHistogram

from harness.load import child
from tests.servers.load_plans import plan, request, side

URL = "http://a.test"


def planned(made: dict[str, Any], workers: int = 1) -> list[list[tuple[float, int, int, float, int]]]:
    return [list(child.sends(made, index, workers)) for index in range(workers)]


def schedule() -> dict[str, Any]:
    """Facts of schedules."""
    two = [{"operation": n, "weight": w, "old": request(URL), "new": request(URL)} for n, w in enumerate((3.0, 1.0))]
    made = plan(URL, rate=50, seconds=120, warm_up=5, requests=two, operations=["a", "b"])
    [one] = planned(made)
    four = planned(made, 4)
    ramp = plan(URL, segments=[[0, 100, 10], [100, 100, 5], [100, 20, 3]])
    poisson = plan(URL, rate=200, seconds=50, poisson=True)
    times = [moment for moment, *_ in child.slots(poisson)]
    after = plan(URL, rate=10, seconds=2, warm_up=1, order="one-after-another")
    return {
        "sides": Counter(child.SIDES[at] for _, at, *_ in one),
        "warm-up": sum(moment < 0 for _, _, _, moment, _ in one),
        "measured of each worker": [sum(moment >= 0 for _, _, _, moment, _ in part) for part in four],
        "the same in all": sorted(chain(*four)) == sorted(one),
        "slots are their workers'": all(slot % 4 == at for at, part in enumerate(four) for *_, slot in part),
        "in order": all(part == sorted(part, key=lambda send: send[0]) for part in [one, *four]),
        "first": Counter(child.SIDES[send[1]] for send in one if send[0] == send[3]),
        "half a gap": sorted({round(send[0] - send[3], 6) for send in one}),
        "same request on both sides": len({(slot, wanted) for _, _, wanted, _, slot in one}) == len(one) // 2,
        "drawn": Counter(wanted for _, _, wanted, *_ in one),
        "again": planned(made) == [one],
        "another seed": planned({**made, "seed": 8}) == [one],
        "ramp": [sum(a <= at < b for at, *_ in child.slots(ramp)) for a, b in ((0, 5), (5, 10), (10, 15), (15, 18))],
        "poisson": len(times),
        "poisson gaps": sum((b - a) > 1 / 200 for a, b in pairwise(times)) / len(times),
        "most": len(list(child.slots({**made, "max_requests": 1000}))),
        "replay": [round(at, 3) for at, *_ in child.slots(plan(URL, arrivals=[0.0, 0.4, 0.41, 2.0]))],
        "after each other": [[round(send[0], 3), send[1], round(send[3], 3)] for send in planned(after)[0]][::15],
    }


def wires() -> dict[str, Any]:
    """Facts of requests as they are sent."""

    def wire(url: str, proxy: str = "", **more: Any) -> str:
        target = child.Target(side("http://gw.test:81", proxy=proxy), plan(URL), "")
        try:
            return str(target.wire(request(url, **more)).decode())
        except ValueError as error:
            return f"refused: {error}"

    return {
        "plain": wire("http://gw.test:81/a/%2e?b=c#d"),
        "no path": wire("http://gw.test:81?next=/a"),
        "body": wire("http://gw.test:81/", method="POST", body=b"abc"),
        "empty": wire("http://gw.test:81/", method="POST"),
        "proxied": wire("http://gw.test:81/a", proxy="http://u:p%20w@proxy.test"),
        "smuggled": wire("http://gw.test:81/", token="x\r\nX: y"),
        "blank": wire("http://gw.test:81/a b"),
    }


def sizes() -> dict[str, Any]:
    """Facts of what is read from headers, and recorded."""
    made = HdrHistogram(1, 3_600_000_000, 3)
    values = [1, 2047, 2048, 4097, 123_456, 999_999_999]
    return {
        "lowest": [made.get_lowest_equivalent_value(value) for value in values],
        "ours": [child.microseconds(value / 1e6 + 1e-9) for value in values],
        "longest": child.microseconds(1e9),
        "number": child.milliseconds("12.5", ""),
        "with unit": child.milliseconds(" 7 ms", ""),
        "timing": child.milliseconds('cache;desc="a;dur=1", app;desc="x";dur=42.5, db;dur=3', "app"),
        "absent": child.milliseconds("db;dur=3", "app"),
        "rubbish": child.milliseconds("1.2.3", ""),
        "endless": child.milliseconds("9" * 400, ""),
    }


class Closing:
    """Answers the first request on its first connection, then ends that: at once, or in place of the next answer."""

    def __init__(self, *, reads: bool) -> None:
        self.reads, self.asked = reads, 0
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listening.getsockname()[1]}"
        gevent.spawn(self._serve)

    def _serve(self) -> None:
        for number in range(9):
            connection = self.listening.accept()[0]
            self._answer(connection)
            if number and not self.reads:
                self._answer(connection)
            elif self.reads and connection.recv(65536):
                self.asked += 1
            connection.close()

    def _answer(self, connection: socket.socket) -> None:
        if connection.recv(65536):
            self.asked += 1
            connection.sendall(b"HTTP/1.1 200 X\r\nContent-Length: 0\r\n\r\n")


def closed(method: str, *, reads: bool) -> list[Any]:
    """Return what a request comes to whose connection is closed before (or instead of an answer), and what was read."""
    server = Closing(reads=reads)
    connection = child.Connection(child.Target(side(server.url), plan(URL), ""))
    wire = connection.target.wire(request(server.url, method=method))
    connection.ask(wire, method)
    vars(connection)["_gone"] = lambda: False  # as if the end were still on its way
    gevent.sleep(0.05)
    try:
        outcome = str(connection.ask(wire, method)[0])
    except child.NoAnswer as error:
        outcome = str(error)
    return [outcome, server.asked]


def closings() -> dict[str, Any]:
    """Facts of connections that end between two requests."""
    return {
        "idle": closed("GET", reads=False),
        "idle, unsafe": closed("POST", reads=False),
        "read": closed("GET", reads=True),
    }


sys.stdout.write(json.dumps({"schedule": schedule(), "wires": wires(), "sizes": sizes(), "closings": closings()}))
