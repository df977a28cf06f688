"""What only a load shows: slower, unsteady, failing now and then."""

import asyncio

from harness.lab.defects.change import at, envelope, instead
from harness.lab.defects.defect import Defect
from harness.lab.defects.loading import drifting, for_a_while, queueing, slower, sometimes
from harness.lab.message import Call, Handler, Reply

_P95 = "p95 <= old * 1.2"
_P99 = "p99 <= old * 1.5"
_ERRORS = "errors <= old + 0.1pp"

_TAIL = 0.3
_HANDSHAKE = 0.03
_LONGER_THAN_ANYBODY_WAITS = 60.0


async def _late(call: Call, inner: Handler) -> Reply:
    await asyncio.sleep(_TAIL)
    return await inner(call)


async def _failing(call: Call, inner: Handler) -> Reply:
    await inner(call)
    return envelope(500, "Internal server error")


async def _throttled(_: Call, __: Handler) -> Reply:
    reply = envelope(429, "Rate limit is exceeded. Try again in 1 seconds.")
    return reply.with_header(b"Retry-After", b"1")


async def _reset(_: Call, __: Handler) -> Reply:
    return Reply(status=500, reset=True)


async def _silent(_: Call, __: Handler) -> Reply:
    await asyncio.sleep(_LONGER_THAN_ANYBODY_WAITS)
    return envelope(500, "Internal server error")


async def _stalled(left: float, call: Call, inner: Handler) -> Reply:
    await asyncio.sleep(left)
    return await inner(call)


def _unkept(inner: Handler) -> Handler:
    async def handle(call: Call) -> Reply:
        await asyncio.sleep(_HANDSHAKE)
        return (await inner(call)).with_header(b"Connection", b"close")

    return handle


DEFECTS = (
    Defect(
        suite="load",
        name="slower-by-half",
        family="slower",
        case=_P95,
        at="p95",
        does="Every answer takes 1.5 times as long.",
        models="More policies, another hop, a smaller tier than the load needs (seed: performance baseline).",
        front=slower(1.5),
    ),
    Defect(
        suite="load",
        name="tail-slower",
        family="slower",
        case=_P99,
        at="p99",
        does="2 % of the answers take 0.3 s longer; p95 stays as it was.",
        models="One of many instances swaps, or names are looked up anew now and then (facts 2.3: averages hide it).",
        front=sometimes(0.02, _late),
    ),
    Defect(
        suite="load",
        name="one-operation-slower",
        family="slower",
        case=_P95,
        at="p95:GET /products/{sku}",
        does="GET /products/{sku}, a tenth of the mix, takes three times as long; over all operations p95 keeps.",
        models="A cache that one stage had for one method was not carried over (seed: caching).",
        front=slower(3.0, at("/products/*")),
    ),
    Defect(
        suite="load",
        name="drifts-slower",
        family="slower",
        case=_P95,
        at="p95",
        does="Each call is answered 0.04 ms later than the one before it.",
        models="Something grows with every call: a log buffer, a table of sessions (seed: soak under load).",
        front=drifting(0.04),
    ),
    Defect(
        suite="load",
        name="connections-not-kept",
        family="slower",
        case=_P95,
        at="p95",
        does="Connections are closed after each answer; each call waits 30 ms for a handshake, as over a real network.",
        models="Keep-alive is off at a load balancer in between (seed: networking).",
        front=lambda inner, _: _unkept(inner),
    ),
    Defect(
        suite="load",
        name="stalls",
        family="unsteady",
        case=_P95,
        at="p95",
        does="For 2 s in every 10 s nothing is answered.",
        models="Scaling out, or a restart of the only unit (facts 2.3: a Developer tier has one and no SLA).",
        front=for_a_while(2.0, _stalled, every=10.0, after=4.0),
    ),
    Defect(
        suite="load",
        name="throughput-capped",
        family="unsteady",
        case=_P95,
        at="p95",
        does="No more than 40 calls/s get through, the others queue.",
        models="A tier of fewer units than the peak needs (facts 2.3, Capacity).",
        front=queueing(40),
    ),
    Defect(
        suite="load",
        name="fails-now-and-then",
        family="failing",
        case=_ERRORS,
        at="errors",
        does="1 % of the calls are answered with 500.",
        models="One of many instances behind the new gateway is broken (seed: performance baseline, rollout).",
        front=sometimes(0.01, _failing),
    ),
    Defect(
        suite="load",
        name="throttles-now-and-then",
        family="failing",
        case=_ERRORS,
        at="errors",
        does="1 % of the calls are answered with 429.",
        models="A rate limit just below the load: rate and burst became calls and renewal-period (seed: throttling).",
        front=sometimes(0.01, _throttled),
    ),
    Defect(
        suite="load",
        name="resets-connections",
        family="failing",
        case=_ERRORS,
        at="errors",
        does="1 % of the calls end in a connection reset.",
        models="An idle timeout in between that is shorter than the pool's (seed: networking, load balancer).",
        front=sometimes(0.01, _reset),
    ),
    Defect(
        suite="load",
        name="answers-nothing-now-and-then",
        family="failing",
        case=_ERRORS,
        at="errors",
        does="1 % of the calls get no answer within any timeout.",
        models="Packets to one instance are dropped by a security group (seed: networking, NSG).",
        front=sometimes(0.01, _silent),
    ),
    Defect(
        suite="load",
        name="missing-at-once",
        family="failing",
        case=_ERRORS,
        at="errors",
        does="GET /orders/{id} is answered with 404 at once: fast, and wrong.",
        models="A route that was not deployed makes a baseline look better than it is (seed: validation).",
        front=instead(at("/orders/*", "GET"), lambda _: envelope(404, "Resource not found")),
    ),
)
