"""What a load meets and must not be taken for the new gateway's fault: no threshold may fail."""

import asyncio

from harness.lab.defects.change import envelope
from harness.lab.defects.defect import Defect
from harness.lab.defects.loading import for_a_while, slower
from harness.lab.message import Call, Handler, Reply

_P95 = "p95 <= old * 1.2"
_ERRORS = "errors <= old + 0.1pp"
_COLD = 0.25


async def _cold(_: float, call: Call, inner: Handler) -> Reply:
    await asyncio.sleep(_COLD)
    return await inner(call)


async def _unavailable(_: float, __: Call, ___: Handler) -> Reply:
    return envelope(503, "Service unavailable")


DEFECTS = (
    Defect(
        suite="load",
        name="slow-start",
        family="harmless",
        case=_P95,
        at="p95",
        harmless=True,
        does="For a second from the first call on, each takes 0.25 s longer.",
        models="Cold starts and empty pools: what the warm-up is there for (seed: performance baseline).",
        front=for_a_while(1.0, _cold),
    ),
    Defect(
        suite="load",
        name="slightly-slower",
        family="harmless",
        case=_P95,
        at="p95",
        harmless=True,
        does="Every answer takes 1.05 times as long.",
        models="Two products are never equally quick; a threshold says how much is too much.",
        front=slower(1.05),
    ),
    Defect(
        suite="load",
        name="backend-incident",
        family="harmless",
        case=_ERRORS,
        at="errors",
        harmless=True,
        does="The backend of both sides answers 503 for 0.2 s of every 10 s.",
        models="A shared backend's bad minute hits both sides alike (facts: decisions 2a, shared incidents cancel).",
        backend=for_a_while(0.2, _unavailable, every=10.0, after=4.0),
    ),
    Defect(
        suite="load",
        name="backend-slow",
        family="harmless",
        case=_P95,
        at="p95",
        harmless=True,
        does="The backend of both sides takes twice as long.",
        models="A slow backend is slow behind either gateway.",
        backend=slower(2.0),
    ),
)
