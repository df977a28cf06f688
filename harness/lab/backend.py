"""The sample API behind both gateways: raw bytes in, raw bytes out, nothing between calls but the orders made."""

import asyncio
import base64
import hashlib
import json
import random
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, parse_qsl

from harness.lab import backend_guarded, samples
from harness.lab.answers import dumps, json_reply, problem, text_reply
from harness.lab.message import Call, Pairs, Reply
from harness.lab.orders import Orders

_ORIGINS = frozenset({"https://shop.example", "https://admin.shop.example"})
_METHODS = b"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
_EVENTS = 5
_EVENT_GAP = 0.1
_LONGEST_WAIT_MS = 60_000
_LARGEST_KB = 64 * 1024
_DEEPEST = 900

# HEAD comes with every GET
_ONLY_GET = frozenset({"GET"})
_ONLY_POST = frozenset({"POST"})

_FIXED: dict[str, Callable[[], Reply]] = {
    "/binary": samples.picture,
    "/numbers": samples.numbers,
    "/unicode": samples.unicode,
    "/sparse": samples.sparse,
    "/sequence": samples.sequence,
    "/text": samples.text,
    "/text/latin1": samples.latin,
    "/csv": samples.csv,
    "/xml": samples.xml,
    "/ndjson": samples.ndjson,
    "/cookies": samples.cookies,
}


class Backend:
    """The sample API; one instance holds the orders that its callers made."""

    def __init__(self) -> None:
        self._orders = Orders()
        self._random = random.Random(20261121)  # noqa: S311  shuffles an answer, guards nothing

    async def handle(self, call: Call) -> Reply:
        """Answer one call; HEAD is GET without its body."""
        if call.cut:
            return problem(413, "too-large", "The body is too large.")
        if call.method == "OPTIONS":
            return _options(call)
        asked = replace(call, method="GET") if call.method == "HEAD" else call
        reply = await self._route(asked)
        reply = replace(reply, headers=((b"Server", b"orders/2.4"), *reply.headers, *_cors(call)))
        if call.method == "HEAD":
            if reply.stream is not None:
                await reply.stream.aclose()
                return replace(reply, stream=None)
            return reply.with_header(b"Content-Length", str(len(reply.body)).encode())
        return reply

    async def _route(self, call: Call) -> Reply:
        path = call.path.decode("latin-1")
        if path == "/orders":
            return self._allowed(call, {"GET", "POST"}) or self._orders.collection(call, base_of(call), _query(call))
        head, _, rest = path[1:].partition("/")
        if head == "orders" and "/" not in rest:
            allowed = self._allowed(call, {"GET", "PUT", "PATCH", "DELETE"})
            return allowed or self._orders.single(call, base_of(call), rest)
        fixed = _FIXED.get(path)
        if fixed is not None:
            return self._allowed(call, _ONLY_GET) or fixed()
        if head == "echo":
            return await _echo(call)
        found = _ROUTES.get(path) or _PREFIXES.get(head)
        if found is None:
            return problem(404, "no-such-resource", f"There is nothing at {path}.")
        methods, answer = found
        return self._allowed(call, methods) or await answer(self, call)

    @staticmethod
    def _allowed(call: Call, methods: frozenset[str] | set[str]) -> Reply | None:
        if call.method in methods:
            return None
        allow = ", ".join(sorted({*methods, "OPTIONS"} | ({"HEAD"} if "GET" in methods else set())))
        return problem(405, "wrong-method", f"{call.method} is not allowed.", ((b"Allow", allow.encode()),))

    def shuffled(self, items: list[str]) -> list[str]:
        """Return the items in some order."""
        return self._random.sample(items, len(items))


def base_of(call: Call) -> str:
    """Return the public base address: as the gateway says it, else as the Forwarded-like headers do, else our own."""
    told = call.text(b"x-public-base")
    if told:
        return told
    scheme = call.text(b"x-forwarded-proto") or "http"
    return f"{scheme}://{call.text(b'x-forwarded-host') or call.text(b'host')}"


def _query(call: Call) -> dict[str, str]:
    return dict(parse_qsl(call.query.decode("latin-1"), keep_blank_values=True))


def _number(call: Call, name: str, default: int, largest: int) -> int:
    text = _query(call).get(name, "")
    return min(int(text), largest) if text.isascii() and text.isdigit() and len(text) < 10 else default


def _options(call: Call) -> Reply:
    if not call.header(b"access-control-request-method"):
        return Reply(status=204, headers=((b"Server", b"orders/2.4"), (b"Allow", _METHODS)))
    headers: Pairs = ((b"Server", b"orders/2.4"),)
    if call.text(b"origin") in _ORIGINS:
        asked = call.header(b"access-control-request-headers") or b"content-type"
        headers = (
            *headers,
            *_cors(call),
            (b"Access-Control-Allow-Methods", _METHODS),
            (b"Access-Control-Allow-Headers", asked),
            (b"Access-Control-Max-Age", b"600"),
        )
    return Reply(status=200, headers=headers)


def _cors(call: Call) -> Pairs:
    origin = call.text(b"origin")
    if origin not in _ORIGINS:
        return ()
    return (
        (b"Access-Control-Allow-Origin", origin.encode()),
        (b"Access-Control-Allow-Credentials", b"true"),
        (b"Access-Control-Expose-Headers", b"X-Order-Status, ETag"),
        (b"Vary", b"Origin"),
    )


async def _slow(_: Backend, call: Call) -> Reply:
    wait = _number(call, "ms", 1_000, _LONGEST_WAIT_MS)
    await asyncio.sleep(wait / 1_000)
    return json_reply({"waited_ms": wait})


async def _large(_: Backend, call: Call) -> Reply:
    return samples.large(_number(call, "kb", 256, _LARGEST_KB))


async def _deep(_: Backend, call: Call) -> Reply:
    return samples.deep(_number(call, "levels", 40, _DEEPEST))


async def _gzip(_: Backend, call: Call) -> Reply:
    return samples.catalogue(compressed="gzip" in call.text(b"accept-encoding").lower())


async def _product(_: Backend, call: Call) -> Reply:
    sku = call.path.decode("latin-1").removeprefix("/products/")
    body = dumps({"sku": sku, "name": f"Product {sku}", "price": 24.90, "in_stock": True})
    tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'.encode()
    headers = (
        (b"ETag", tag),
        (b"Last-Modified", b"Thu, 01 Oct 2026 08:30:00 GMT"),
        (b"Cache-Control", b"public, max-age=60, stale-while-revalidate=30"),
        (b"Vary", b"Accept"),
    )
    if tag in (call.header(b"if-none-match") or b""):
        return Reply(status=304, headers=headers)
    return text_reply(body, b"application/json; charset=utf-8", headers)


async def _events(_: Backend, __: Call) -> Reply:
    headers = ((b"Content-Type", b"text/event-stream"), (b"Cache-Control", b"no-cache"))
    return Reply(status=200, headers=headers, stream=_event_stream())


async def _event_stream() -> AsyncGenerator[bytes, None]:
    for number in range(1, _EVENTS + 1):
        if number > 1:
            await asyncio.sleep(_EVENT_GAP)
        data = dumps({"order": "1001", "progress": number * 20})
        yield b"id: %d\nevent: progress\ndata: %s\n\n" % (number, data)


async def _me(_: Backend, call: Call) -> Reply:
    caller = call.text(b"x-caller") or None
    return json_reply({"caller": caller, "greeting": f"Hello, {caller or 'stranger'}"})


async def _profile(_: Backend, call: Call) -> Reply:
    # Like many a backend, this one leaves it to its gateway to refuse callers without a token.
    claims = _claims(call.text(b"authorization")) or {}
    return json_reply({"subject": claims.get("sub"), "scope": claims.get("scope")})


def _claims(authorization: str) -> dict[str, Any] | None:
    """Read a token's claims, unchecked."""
    parts = authorization.removeprefix("Bearer ").split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError):
        return None
    return claims if isinstance(claims, dict) else None


async def _headers(_: Backend, call: Call) -> Reply:
    names = ("accept", "accept-language", "x-correlation-id", "x-tenant", "content-type")
    return json_reply({name.replace("-", "_"): call.text(name.encode()) or None for name in names})


async def _now(_: Backend, __: Call) -> Reply:
    moment = datetime.now(UTC)
    text = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return json_reply({"at": text, "request": str(uuid.uuid4()), "zone": "UTC"})


async def _tags(backend: Backend, _: Call) -> Reply:
    return json_reply({"tags": backend.shuffled(["new", "sale", "wood", "steel", "oak", "outdoor"])})


async def _health(_: Backend, __: Call) -> Reply:
    return json_reply({"status": "up", "version": "2.4"}, headers=((b"X-Service-Version", b"2.4"),))


async def _fail(_: Backend, call: Call) -> Reply:
    status = _number(call, "status", 500, 599)
    if status < 400:
        return problem(400, "bad-status", "status is 400 to 599")
    retry = ((b"Retry-After", b"30"),) if status == 503 else ()
    return problem(status, "asked-for", f"You asked for {status}.", retry)


async def _upload(_: Backend, call: Call) -> Reply:
    digest = hashlib.sha256(call.body).hexdigest()
    return json_reply({"bytes": len(call.body), "sha256": digest, "content_type": call.text(b"content-type")})


async def _form(_: Backend, call: Call) -> Reply:
    return json_reply({"fields": parse_qs(call.body.decode("latin-1"), keep_blank_values=True)})


async def _echo(call: Call) -> Reply:
    """Tell what arrived: the path undecoded, each query key with its values joined."""
    keys: dict[str, list[str]] = {}
    for key, value in parse_qsl(call.query.decode("latin-1"), keep_blank_values=True):
        keys.setdefault(key, []).append(value)
    joined = {key: " | ".join(values) for key, values in keys.items()}
    path = call.path.decode("latin-1")
    return json_reply({"method": call.method, "path": path, "query": joined, "bytes": len(call.body)})


_Answer = Callable[[Backend, Call], Awaitable[Reply]]

_ROUTES: dict[str, tuple[frozenset[str], _Answer]] = {
    "/slow": (frozenset({"GET", "POST"}), _slow),
    "/large": (_ONLY_GET, _large),
    "/deep": (_ONLY_GET, _deep),
    "/gzip": (_ONLY_GET, _gzip),
    "/events": (_ONLY_GET, _events),
    "/me": (_ONLY_GET, _me),
    "/profile": (_ONLY_GET, _profile),
    "/headers": (_ONLY_GET, _headers),
    "/now": (_ONLY_GET, _now),
    "/tags": (_ONLY_GET, _tags),
    "/health": (_ONLY_GET, _health),
    "/fail": (_ONLY_GET, _fail),
    "/upload": (_ONLY_POST, _upload),
    "/form": (_ONLY_POST, _form),
    "/partners/report": (_ONLY_GET, backend_guarded.report),
    "/partners/metered": (_ONLY_GET, backend_guarded.report),
    "/partners/messages": (_ONLY_POST, backend_guarded.message),
    "/accounts": (frozenset({"GET", "POST"}), backend_guarded.accounts),
    "/ledger": (frozenset({"GET", "POST"}), backend_guarded.ledger),
    "/vault": (_ONLY_GET, backend_guarded.vault),
    "/stock": (_ONLY_GET, backend_guarded.stock),
    "/feed": (_ONLY_GET, backend_guarded.feed),
    "/pages": (_ONLY_GET, backend_guarded.pages),
    "/pages/mine": (_ONLY_GET, backend_guarded.pages),
}
_PREFIXES: dict[str, tuple[frozenset[str], _Answer]] = {
    "products": (_ONLY_GET, _product),
    "accounts": (_ONLY_GET, backend_guarded.account),
}
