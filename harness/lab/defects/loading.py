"""How defects of a load change what passes: slower, now and then, for a while."""

import asyncio
import random
from collections.abc import Awaitable, Callable

from harness.lab.defects.change import Where
from harness.lab.message import Addresses, Call, Handler, Reply
from harness.lab.wrap import Wrap

# with this one the share of the drawn calls is close to the one wanted, from a thousand calls on
_SEED = 3854

Meanwhile = Callable[[Call, Handler], Awaitable[Reply]]
"""What becomes of a call instead of being handed on as it is."""


def _now() -> float:
    """Return the time of the running loop in seconds."""
    return asyncio.get_running_loop().time()


def everywhere(_: Call) -> bool:
    """Hold for every call."""
    return True


def slower(factor: float, where: Where = everywhere) -> Wrap:
    """Return a wrap after which calls take `factor` times as long."""

    def wrap(inner: Handler, _: Addresses) -> Handler:
        async def handle(call: Call) -> Reply:
            begun = _now()
            reply = await inner(call)
            if where(call):
                await asyncio.sleep((_now() - begun) * (factor - 1))
            return reply

        return handle

    return wrap


def sometimes(share: float, meanwhile: Meanwhile) -> Wrap:
    """Return a wrap that does `meanwhile` with a `share` of the calls, drawn alike in each lab."""

    def wrap(inner: Handler, _: Addresses) -> Handler:
        draws = random.Random(_SEED)  # noqa: S311  spreads faults, guards nothing

        async def handle(call: Call) -> Reply:
            return await (meanwhile(call, inner) if draws.random() < share else inner(call))

        return handle

    return wrap


def drifting(step_ms: float) -> Wrap:
    """Return a wrap that answers each call `step_ms` later than the one before it."""

    def wrap(inner: Handler, _: Addresses) -> Handler:
        waited = 0.0

        async def handle(call: Call) -> Reply:
            nonlocal waited
            waited += step_ms / 1_000
            await asyncio.sleep(waited)
            return await inner(call)

        return handle

    return wrap


def queueing(rate: float) -> Wrap:
    """Return a wrap that lets `rate` calls a second through, one after another; the others wait their turn."""

    def wrap(inner: Handler, _: Addresses) -> Handler:
        free = 0.0

        async def handle(call: Call) -> Reply:
            nonlocal free
            turn = max(free, _now())
            free = turn + 1 / rate
            await asyncio.sleep(turn - _now())
            return await inner(call)

        return handle

    return wrap


def for_a_while(
    seconds: float,
    during: Callable[[float, Call, Handler], Awaitable[Reply]],
    *,
    every: float = 0.0,
    after: float = 0.0,
) -> Wrap:
    """Return a wrap that does `during` in a window of `seconds`, `after` so many from the first call.

    With `every` the window comes again and again. `during` is told how many seconds are left of it.
    """

    def wrap(inner: Handler, _: Addresses) -> Handler:
        begun: float | None = None

        async def handle(call: Call) -> Reply:
            nonlocal begun
            now = _now()
            begun = now if begun is None else begun
            into = now - begun - after
            into = into % every if every and into > 0 else into
            return await (during(seconds - into, call, inner) if 0 <= into < seconds else inner(call))

        return handle

    return wrap
