"""Bare client loops to compare with: ask two servers for pairs, for so many seconds, and print pairs per second.

`python -m tests.bench.client_loops CLIENT OLD_URL NEW_URL SECONDS`; each runs in a process of its own.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable

from tests.bench.machine import pin_client

IN_FLIGHT = 64


def pycurl_loop(old: str, new: str, seconds: float) -> float:
    """libcurl's multi interface with nothing around it: bodies collected, statuses read, nothing looked at."""
    import pycurl

    multi = pycurl.CurlMulti()
    multi.setopt(pycurl.M_MAX_TOTAL_CONNECTIONS, IN_FLIGHT)
    bodies: dict[pycurl.Curl, list[bytes]] = {}
    for number in range(IN_FLIGHT):
        easy = pycurl.Curl()
        bodies[easy] = []
        easy.setopt(pycurl.URL, new if number % 2 else old)
        easy.setopt(pycurl.PROXY, "")
        easy.setopt(pycurl.NOSIGNAL, 1)
        easy.setopt(pycurl.WRITEFUNCTION, bodies[easy].append)
        multi.add_handle(easy)
    done = 0
    started = time.perf_counter()
    while (now := time.perf_counter()) - started < seconds:
        multi.perform()
        _, finished, failed = multi.info_read()
        assert not failed, failed
        for easy in finished:
            assert easy.getinfo(pycurl.RESPONSE_CODE) == 200
            b"".join(bodies[easy])
            bodies[easy].clear()
            multi.remove_handle(easy)
            multi.add_handle(easy)
        done += len(finished)
        if not finished:
            multi.select(0.1)
    return done / 2 / (now - started)


def httpx_loop(old: str, new: str, seconds: float, in_flight: int = IN_FLIGHT) -> float:
    """httpx's asynchronous client with its default limits: at 64 in flight they do better than limits of 64."""

    async def run() -> float:
        import httpx

        async with httpx.AsyncClient(trust_env=False) as client:

            async def pair() -> None:
                for answer in await asyncio.gather(client.get(old), client.get(new)):
                    assert answer.status_code == 200

            return await _pairs(pair, seconds, in_flight)

    return asyncio.run(run())


def httpx_at_its_best(old: str, new: str, seconds: float) -> float:
    """One pair at a time, where httpx is quickest: its pool gets slower with each request that waits in it."""
    return httpx_loop(old, new, seconds, 2)


def aiohttp_loop(old: str, new: str, seconds: float) -> float:
    """aiohttp on the standard event loop."""

    async def run() -> float:
        import aiohttp

        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=IN_FLIGHT)) as session:

            async def ask(url: str) -> None:
                async with session.get(url) as answer:
                    await answer.read()
                    assert answer.status == 200

            async def pair() -> None:
                await asyncio.gather(ask(old), ask(new))

            return await _pairs(pair, seconds, IN_FLIGHT)

    return asyncio.run(run())


async def _pairs(pair: Callable[[], Awaitable[None]], seconds: float, in_flight: int) -> float:
    done = 0
    started = time.perf_counter()

    async def worker() -> None:
        nonlocal done
        while time.perf_counter() - started < seconds:
            await pair()
            done += 1

    await asyncio.gather(*(worker() for _ in range(in_flight // 2)))
    return done / (time.perf_counter() - started)


LOOPS: dict[str, Callable[[str, str, float], float]] = {
    "pycurl": pycurl_loop,
    "httpx": httpx_loop,
    "httpx-2": httpx_at_its_best,
    "aiohttp": aiohttp_loop,
}


if __name__ == "__main__":
    pin_client()
    _, client, old_url, new_url, limit = sys.argv
    print(LOOPS[client](old_url, new_url, float(limit)))
