"""200 names at 10 resolvers on loopback: a question each, and all that the suite asks a resolver of a name."""

import argparse
import asyncio
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from contextlib import ExitStack
from typing import Any

import dns.asyncquery
import dns.message

from harness.dns.asking.ask import Asker
from harness.dns.surveying.at_resolver import look
from harness.model.dns import Heard, Points, Server
from harness.scenario.moving import Dns, Move, Target
from tests.bench.result import Row, main, median_of_rounds
from tests.servers.nsd import Nsd, zone_text
from tests.servers.unbound import Unbound

ZONE = "moving.test"
RESOLVERS = 10
WIDTH = 128
TIMEOUT = 5.0


def zone(names: int) -> str:
    """Return a zone of so many names, each a CNAME to one target."""
    records = ["@ NS ns1", "ns1 A 127.0.0.1", "old A 192.0.2.1", "new A 192.0.2.2"]
    return zone_text(ZONE, "\n".join([*records, *(f"api{at} 3600 CNAME old" for at in range(names))]))


def questions(servers: Sequence[Server], names: int) -> float:
    """Ask every server for every name; return the seconds that took."""

    async def ask() -> Counter[Heard]:
        async with Asker(TIMEOUT, width=WIDTH) as asker:
            asked = (asker.ask(server, f"api{at}.{ZONE}", "A") for at in range(names) for server in servers)
            return Counter(reply.heard for reply in await asyncio.gather(*asked))

    return _timed(ask, {Heard.ANSWER: len(servers) * names})


def bare(servers: Sequence[Server], names: int) -> float:
    """Ask the same by dnspython's own function alone, as wide."""
    turn = asyncio.Semaphore(WIDTH)

    async def one(server: Server, name: str) -> bool:
        async with turn:
            question = dns.message.make_query(name, "A", use_edns=0, payload=1232)
            reply = await dns.asyncquery.udp(question, server.address, TIMEOUT, server.port)
            return bool(reply.answer)

    async def ask() -> Counter[bool]:
        asked = (one(server, f"api{at}.{ZONE}") for at in range(names) for server in servers)
        return Counter(await asyncio.gather(*asked))

    return _timed(ask, {True: len(servers) * names})


def looks(servers: Sequence[Server], names: int) -> tuple[float, int]:
    """Look at every name at every resolver as the suite does; return seconds and questions."""
    asked = 0

    async def ask() -> Counter[Points]:
        nonlocal asked
        async with Asker(TIMEOUT, width=WIDTH) as asker:
            moves = [_move(at) for at in range(names)]
            section = Dns(moves=tuple(moves))
            until = time.time()
            seen = await asyncio.gather(
                *(
                    look(asker, server, move, section, ttl=lambda: None, until=until)
                    for move in moves
                    for server in servers
                )
            )
            asked = asker.questions
            return Counter(one.chains["A"].points for one in seen)

    return _timed(ask, {Points.OLD: len(servers) * names}), asked


def _move(at: int) -> Move:
    old, new = Target(cname=f"old.{ZONE}"), Target(cname=f"new.{ZONE}")
    return Move(name=f"api{at}.{ZONE}", old=old, new=new)


def _timed(ask: Callable[[], Coroutine[Any, Any, Counter[Any]]], expected: dict[Any, int]) -> float:
    started = time.perf_counter()
    told = asyncio.run(ask())
    seconds = time.perf_counter() - started
    assert told == expected, told
    return seconds


def measure(arguments: argparse.Namespace) -> list[Row]:
    """Ask with empty caches, then with full ones, in turn with dnspython's own loop."""
    names = arguments.names
    with ExitStack() as stack:
        nsd = stack.enter_context(Nsd({ZONE: zone(names)}))
        stubs = {ZONE: f"{nsd.address}@{nsd.port}"}
        resolvers = [stack.enter_context(Unbound(stubs)) for _ in range(RESOLVERS)]
        servers = [one.server(f"resolver {at}") for at, one in enumerate(resolvers)]
        empty = questions(servers, names)
        found = median_of_rounds(3, {"ours": lambda: questions(servers, names), "bare": lambda: bare(servers, names)})
        looked, asked = looks(servers, names)
    total = names * RESOLVERS
    words = f"{names} names x {RESOLVERS} resolvers, {total:,} questions by UDP, unbound over nsd"
    return [
        Row(name="questions, caches empty", value=empty, unit="s", most=10, note=words),
        Row(
            name="questions, caches full",
            value=found["ours"],
            unit="s",
            most=10,
            note=f"{total / found['ours']:,.0f}/s",
        ),
        Row(name="dnspython's own udp()", value=found["bare"], unit="s", note=f"{total / found['bare']:,.0f}/s"),
        Row(name="against dnspython's own", value=found["ours"] / found["bare"], unit="x", most=1.0),
        Row(
            name="looks of the suite", value=looked, unit="s", most=30, note=f"{asked:,} questions, records read whole"
        ),
    ]


if __name__ == "__main__":
    main("dns_bench", measure, ("names", 200, "names"))
