"""How long the backend takes where a caller asks for it: an answer that takes no time says nothing under load.

`X-Lab-Pace: 15` asks for a time around 15 ms, drawn from a lognormal distribution with this median and a sigma of 0.5,
as the times of many a service are spread. `X-Backend-Ms` of the answer tells how long it took, so that the gateway's
share can be told.
"""

import asyncio
import random

from harness.lab.message import Call, Handler, Reply

HEADER = b"x-lab-pace"
TOLD = b"X-Backend-Ms"

_SIGMA = 0.5
_LONGEST_MS = 10_000.0
_SEED = 20261121


def median_of(call: Call) -> float | None:
    """Return the median that a call asks for in ms, None if it asks for none."""
    text = call.text(HEADER)
    return float(text) if text.isascii() and text.isdigit() and len(text) < 6 else None


def paced(inner: Handler) -> Handler:
    """Return `inner`, which takes the time that a call asks for; waiting costs no CPU time."""
    draws = random.Random(_SEED)  # noqa: S311  spreads times, guards nothing

    async def handle(call: Call) -> Reply:
        median = median_of(call)
        if median is not None:
            await asyncio.sleep(min(median * draws.lognormvariate(0, _SIGMA), _LONGEST_MS) / 1_000)
        return await inner(call)

    return handle


def telling(inner: Handler) -> Handler:
    """Return `inner`, which tells those who ask for a pace how long it took in ms."""

    async def handle(call: Call) -> Reply:
        if median_of(call) is None:
            return await inner(call)
        clock = asyncio.get_running_loop().time
        begun = clock()
        reply = await inner(call)
        return reply.with_header(TOLD, b"%.3f" % ((clock() - begun) * 1_000))

    return handle
