"""What goes wrong now and then."""

from collections.abc import Callable
from dataclasses import replace
from itertools import count

from harness.lab.defects.change import Where, at, envelope
from harness.lab.defects.defect import Defect
from harness.lab.message import Addresses, Call, Handler, Reply
from harness.lab.wrap import Wrap


def _every(nth: int, where: Where, change: Callable[[Reply], Reply]) -> Wrap:
    """Return a wrap that changes every nth answer."""

    def wrap(inner: Handler, _: Addresses) -> Handler:
        numbers = count(1)

        async def handle(call: Call) -> Reply:
            if not where(call):
                return await inner(call)
            reply = await inner(call)
            return reply if next(numbers) % nth else change(reply)

        return handle

    return wrap


def _broken(reply: Reply) -> Reply:
    return replace(reply, body=reply.body[:8], broken=True)


DEFECTS = (
    Defect(
        name="every-fifth-call-fails",
        family="flaky",
        case="health",
        at="status",
        does="Every fifth call is answered with 500.",
        models="One of several instances behind the new gateway is broken (seed: performance baseline, rollout).",
        front=_every(5, at("/health"), lambda _: envelope(500, "Internal server error")),
    ),
    Defect(
        name="every-third-header-missing",
        family="flaky",
        case="health",
        at="header:x-service-version",
        does="Every third answer lacks X-Service-Version.",
        models="Instances behind the new gateway run different versions (seed: production rollout).",
        front=_every(3, at("/health"), lambda reply: reply.without(b"x-service-version")),
    ),
    Defect(
        name="every-fourth-call-breaks-off",
        family="flaky",
        case="health",
        at="response",
        does="Every fourth connection ends in the middle of the answer.",
        models="An idle timeout in between that is shorter than the pool's (seed: networking, load balancer).",
        front=_every(4, at("/health"), _broken),
    ),
)
