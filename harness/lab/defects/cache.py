"""Caches on the new side."""

from collections.abc import Callable
from dataclasses import replace

from harness.lab.defects.change import Where, at, on_call
from harness.lab.defects.defect import Defect
from harness.lab.message import Addresses, Call, Handler, Reply
from harness.lab.wrap import Wrap

_LARGEST = 1_000


def _cached(where: Where, key: Callable[[Call], bytes]) -> Wrap:
    """Return a wrap that keeps the first good answer for each key."""

    def wrap(inner: Handler, _: Addresses) -> Handler:
        kept: dict[bytes, Reply] = {}

        async def handle(call: Call) -> Reply:
            if call.method != "GET" or not where(call):
                return await inner(call)
            reply = kept.get(key(call)) or await inner(call)
            if reply.status == 200 and len(kept) < _LARGEST:
                kept.setdefault(key(call), reply)
            return replace(reply)

        return handle

    return wrap


def _made_by_callers(call: Call) -> bool:
    # Ids that callers were given are longer than those of the fixed orders.
    return call.path.startswith(b"/orders/") and len(call.path) > len(b"/orders/") + 8


DEFECTS = (
    Defect(
        name="cache-stale",
        family="cache",
        case="order life cycle",
        at="body:$.status",
        does="An order that was changed is answered as it was before.",
        models="cache-lookup on an operation that was not cached, with no removal on change (facts 2.2, Cache).",
        back=_cached(_made_by_callers, lambda call: call.target),
    ),
    Defect(
        name="cache-shared-between-callers",
        family="cache",
        case="two callers",
        at="body:$.caller",
        does="One caller is given what was made for another.",
        models="cache-lookup without vary-by for the caller (facts 1.6, cache keys; 2.2, Cache).",
        back=_cached(at("/me"), lambda call: call.target),
    ),
    Defect(
        name="conditional-request-lost",
        family="cache",
        case="product not changed",
        at="status",
        does="If-None-Match does not reach the backend: 200 with a body instead of 304.",
        models="A cache in between asks for the whole and does not answer conditionally (facts 2.2, Cache).",
        back=on_call(at("/products/RUG-5"), lambda call: call.without(b"if-none-match")),
    ),
)
