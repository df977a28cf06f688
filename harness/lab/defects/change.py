"""How defects change what passes: calls on their way in, replies on their way out."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from harness.lab.message import Addresses, Call, Handler, Reply
from harness.lab.wrap import Wrap

Where = Callable[[Call], bool]


def at(path: str, *methods: str) -> Where:
    """Return a test for calls to `path` (a `*` at its end stands for any rest) by `methods` (none: by any)."""

    def fits(call: Call) -> bool:
        text = call.path.decode("latin-1")
        here = text.startswith(path[:-1]) if path.endswith("*") else text == path
        return here and (not methods or call.method in methods)

    return fits


def on_call(where: Where, change: Callable[[Call], Call]) -> Wrap:
    """Return a wrap that changes calls."""

    def wrap(inner: Handler, _: Addresses) -> Handler:
        async def handle(call: Call) -> Reply:
            return await inner(change(call) if where(call) else call)

        return handle

    return wrap


def on_reply(where: Where, change: Callable[[Reply], Reply]) -> Wrap:
    """Return a wrap that changes replies, once they are whole."""

    def wrap(inner: Handler, _: Addresses) -> Handler:
        async def handle(call: Call) -> Reply:
            reply = await inner(call)
            return change(await whole(reply)) if where(call) else reply

        return handle

    return wrap


def instead(where: Where, reply: Callable[[Call], Reply]) -> Wrap:
    """Return a wrap that answers itself."""

    def wrap(inner: Handler, _: Addresses) -> Handler:
        async def handle(call: Call) -> Reply:
            return reply(call) if where(call) else await inner(call)

        return handle

    return wrap


def on_json(where: Where, change: Callable[[Any], Any]) -> Wrap:
    """Return a wrap that changes the JSON of good replies; it keeps spacing and the order of keys."""
    return on_body(where, lambda body: dumps(change(json.loads(body))))


def on_body(where: Where, change: Callable[[bytes], bytes]) -> Wrap:
    """Return a wrap that changes the bytes of good replies."""
    return on_reply(where, lambda reply: reply.with_body(change(reply.body)) if reply.status == 200 else reply)


def dumps(value: Any) -> bytes:
    """Return compact JSON in UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


async def whole(reply: Reply) -> Reply:
    """Return a reply with all of its body read."""
    if reply.stream is None:
        return reply
    body = b"".join([piece async for piece in reply.stream])
    return replace(reply, body=body, stream=None)


def envelope(status: int, message: str) -> Reply:
    """Return an error as the new product words it."""
    body = f'{{ "statusCode": {status}, "message": "{message}" }}'.encode()
    return Reply(status=status, headers=((b"Content-Type", b"application/json"),), body=body)
