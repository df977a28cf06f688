"""The new gateway: Azure API Management in front of the same backend, configured by somebody who migrated well.

Written from public facts about the product (error envelope, subscription keys, validate-jwt, rate-limit, quota,
forward-request). It shares no table with the other gateway or with the harness's own dialects.
"""

import asyncio
import json
import time
import uuid
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from urllib.parse import parse_qsl

from harness.lab import tokens
from harness.lab.message import HOP_BY_HOP, LARGEST_REQUEST, Addresses, Call, Handler, Pairs, Reply, without
from harness.lab.upstream import UnreachableError, Upstream
from harness.lab.wrap import Wrap

KEY_HEADER = "Ocp-Apim-Subscription-Key"
KEY_QUERY = "subscription-key"
ISSUER = "https://login.microsoftonline.com/lab/v2.0"
SIGNING_KEY = b"lab: the new side's identity provider signs with this"
DEFAULT_TIMEOUT = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A product's policies: `calls` per sliding `period` in seconds, `quota` calls in all; None for no limit."""

    calls: int | None = None
    period: int = 60
    quota: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A caller's subscription to a product."""

    caller: str
    product: Product = Product()
    active: bool = True


SUBSCRIPTIONS: dict[str, Subscription] = {
    "new-partner-key-c20d": Subscription(caller="partner"),
    "new-clerk-key-58e3": Subscription(caller="clerk"),
    "new-burst-key-1f94": Subscription(caller="burst", product=Product(calls=10_000, period=1)),
    "new-throttled-key-b7b0": Subscription(caller="throttled", product=Product(calls=0, period=10)),
    "new-spent-key-3c6e": Subscription(caller="spent", product=Product(quota=0)),
    "new-suspended-key-ee19": Subscription(caller="unplanned", active=False),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation of the API. `buffered` and `timeout` (seconds) are attributes of its forward-request policy."""

    method: str
    template: str
    key: bool = True
    jwt: bool = False
    buffered: bool = True
    timeout: float | None = None


def _operations() -> tuple[Operation, ...]:
    plain = """
        GET /orders|POST /orders|GET /orders/{id}|HEAD /orders/{id}|PUT /orders/{id}|PATCH /orders/{id}
        DELETE /orders/{id}|GET /products/{sku}|HEAD /products/{sku}|GET /echo|POST /echo|GET /echo/*
        GET /slow|POST /upload|POST /form|GET /binary|GET /cookies|GET /csv|GET /deep|GET /fail|GET /gzip
        GET /headers|GET /large|GET /me|GET /ndjson|GET /now|GET /numbers|GET /sequence|GET /sparse|GET /tags
        GET /text|GET /text/latin1|GET /unicode|GET /xml
    """
    names = (name.split() for line in plain.split("\n") for name in line.split("|") if name.strip())
    return (
        Operation(method="GET", template="/events", buffered=False),
        Operation(method="GET", template="/health", key=False),
        Operation(method="GET", template="/profile", key=False, jwt=True),
        Operation(method="POST", template="/slow", timeout=0.4),
        Operation(method="OPTIONS", template="/orders", key=False),
        *(Operation(method=method, template=template) for method, template in names),
    )


OPERATIONS = _operations()


@dataclass(frozen=True, slots=True, kw_only=True)
class ApimSettings:
    """What an administrator sets: see each product's page in the portal. Sizes in bytes, times in seconds."""

    timeout: float = DEFAULT_TIMEOUT
    operations: tuple[Operation, ...] = OPERATIONS
    subscriptions: Mapping[str, Subscription] = field(default_factory=lambda: SUBSCRIPTIONS)
    any_case: bool = False
    slash_at_end: bool = True
    unknown_keys: bool = False
    largest_body: int | None = None
    longest_query: int | None = None


class ApimGateway:
    """Azure API Management as a handler; `front` wraps it towards callers, `back` towards the backend."""

    def __init__(
        self,
        upstream: Upstream,
        addresses: Addresses,
        settings: ApimSettings,
        *,
        front: tuple[Wrap, ...] = (),
        back: tuple[Wrap, ...] = (),
    ) -> None:
        self._upstream = upstream
        self._settings = settings
        self._recent: dict[str, deque[float]] = {}
        self._used: dict[str, int] = {}
        self._send = _wrapped(self._forward, back, addresses)
        self.handle = _wrapped(self._answer, front, addresses)

    async def _answer(self, call: Call) -> Reply:
        operation = self._operation(call)
        if operation is None:
            return _error(404, "Resource not found")
        key = _key(call)
        refused = self._unsubscribed(call, key) if operation.key else None
        refused = refused or (self._tokenless(call) if operation.jwt else None)
        refused = refused or self._limited(key) or self._oversized(call)
        if refused is not None:
            return refused
        subscription = self._settings.subscriptions.get(key)
        return await self._backend(self._inbound(call, subscription), operation)

    def _operation(self, call: Call) -> Operation | None:
        path = call.path.decode("latin-1")
        if self._settings.slash_at_end and len(path) > 1:
            path = path.removesuffix("/")
        same_method = (one for one in self._settings.operations if one.method == call.method)
        any_case = self._settings.any_case
        return next((one for one in same_method if _fits(one.template, path, any_case=any_case)), None)

    def _unsubscribed(self, call: Call, key: str) -> Reply | None:
        realm = f"http://{call.text(b'host')}/"
        challenge = f'AzureApiManagementKey realm="{realm}",name="{KEY_HEADER}",type="header"'
        headers = ((b"WWW-Authenticate", challenge.encode()),)
        if not key:
            text = "Access denied due to missing subscription key."
            text += " Make sure to include subscription key when making requests to an API."
            return _error(401, text, headers)
        subscription = self._settings.subscriptions.get(key)
        if (subscription is None and not self._settings.unknown_keys) or (subscription and not subscription.active):
            text = "Access denied due to invalid subscription key."
            text += " Make sure to provide a valid key for an active subscription."
            return _error(401, text, headers)
        return None

    @staticmethod
    def _tokenless(call: Call) -> Reply | None:
        """Check a token as validate-jwt does; None lets the call through."""
        authorization = call.text(b"authorization")
        if not authorization:
            return _error(401, "JWT not present.")
        fault = tokens.fault(tokens.bearer(authorization), SIGNING_KEY, ISSUER)
        return _error(401, "Invalid JWT.") if fault else None

    def _limited(self, key: str) -> Reply | None:
        """Apply rate-limit and quota, which count keyed calls alone; refused calls are counted too."""
        subscription = self._settings.subscriptions.get(key)
        if subscription is None:
            return None
        product = subscription.product
        if product.calls is not None:
            wait = self._wait(key, product.calls, product.period)
            if wait:
                text = f"Rate limit is exceeded. Try again in {wait} seconds."
                return _error(429, text, ((b"Retry-After", str(wait).encode()),))
        if product.quota is not None:
            self._used[key] = self._used.get(key, 0) + 1
            if self._used[key] > product.quota:
                text = "Out of call volume quota. Quota will be replenished in 12:00:00."
                return _error(403, text, ((b"Retry-After", b"43200"),))
        return None

    def _wait(self, key: str, calls: int, period: int) -> int:
        """Return the seconds until the sliding window has room, 0 if it has."""
        now = time.monotonic()
        recent = self._recent.setdefault(key, deque())
        while recent and recent[0] <= now - period:
            recent.popleft()
        if len(recent) < calls:
            recent.append(now)
            return 0
        return max(1, round(recent[0] + period - now)) if recent else period

    def _oversized(self, call: Call) -> Reply | None:
        largest, longest = self._settings.largest_body, self._settings.longest_query
        if call.cut or (largest is not None and len(call.body) > largest):
            return _error(413, f"Request's body exceeds the limit of {largest or LARGEST_REQUEST} bytes.")
        if longest is not None and len(call.query) > longest:
            return _error(414, "The request URI is too long.")
        return None

    @staticmethod
    def _inbound(call: Call, subscription: Subscription | None) -> Call:
        """Return the call as the inbound policies leave it."""
        host = call.header(b"host") or b""
        seen = b", ".join(filter(None, (call.header(b"x-forwarded-for"), call.client.encode())))
        headers: Pairs = (
            *without(call.headers, *HOP_BY_HOP, b"host", b"x-forwarded-for", b"x-public-base", b"x-caller"),
            (b"X-Forwarded-For", seen),
            (b"X-Forwarded-Host", host),
            (b"X-Forwarded-Proto", b"http"),
            # set-header policies of this API: its public base as a named value, the subscription's name
            (b"X-Public-Base", b"http://" + host),
        )
        if subscription is not None:
            headers = (*headers, (b"X-Caller", subscription.caller.encode()))
        path = call.path.removesuffix(b"/") if len(call.path) > 1 else call.path
        return Call(
            method=call.method, path=path, query=_keyless(call.query), headers=headers, body=call.body,
            client=call.client,
        )  # fmt: skip

    async def _backend(self, call: Call, operation: Operation) -> Reply:
        try:
            reply = await asyncio.wait_for(self._send(call), operation.timeout or self._settings.timeout)
        except (TimeoutError, UnreachableError):
            return _internal()
        if operation.buffered and reply.stream is not None:
            body = b"".join([piece async for piece in reply.stream])
            reply = Reply(status=reply.status, headers=reply.headers, body=body)
        return Reply(
            status=reply.status,
            headers=without(reply.headers, *HOP_BY_HOP),
            body=reply.body,
            stream=reply.stream,
            broken=reply.broken,
        )

    async def _forward(self, call: Call) -> Reply:
        streams = any(
            not one.buffered and _fits(one.template, call.path.decode("latin-1"), any_case=False)
            for one in self._settings.operations
        )
        return await self._upstream.send(call, stream=streams)


def _wrapped(handler: Handler, wraps: tuple[Wrap, ...], addresses: Addresses) -> Handler:
    for wrap in wraps:
        handler = wrap(handler, addresses)
    return handler


def _key(call: Call) -> str:
    """Return the subscription key; the query is looked at only if there is no header."""
    header = call.header(KEY_HEADER.lower().encode())
    if header is not None:
        return header.decode("latin-1")
    return dict(parse_qsl(call.query.decode("latin-1"))).get(KEY_QUERY, "")


def _keyless(query: bytes) -> bytes:
    """Return the query without the subscription key: the policies of this API do not show it to the backend."""
    mark = KEY_QUERY.encode() + b"="
    if mark not in query:
        return query
    return b"&".join(piece for piece in query.split(b"&") if not piece.startswith(mark))


def _fits(template: str, path: str, *, any_case: bool) -> bool:
    if any_case:
        template, path = template.lower(), path.lower()
    if template.endswith("/*"):
        return path.startswith(template[:-1]) and len(path) >= len(template)
    parts, segments = template.split("/"), path.split("/")
    return len(parts) == len(segments) and all(
        part == segment or (part.startswith("{") and segment != "")
        for part, segment in zip(parts, segments, strict=True)
    )


def _error(status: int, message: str, headers: Pairs = ()) -> Reply:
    """Return the product's error envelope, with its spacing."""
    body = f'{{ "statusCode": {status}, "message": {json.dumps(message)} }}'.encode()
    return _reply(status, body, headers)


def _internal() -> Reply:
    text = f'{{ "statusCode": 500, "message": "Internal server error", "activityId": "{uuid.uuid4()}" }}'
    return _reply(500, text.encode(), ())


def _reply(status: int, body: bytes, more: Pairs) -> Reply:
    own = (
        (b"Content-Length", str(len(body)).encode()),
        (b"Content-Type", b"application/json"),
        *more,
        (b"Date", formatdate(usegmt=True).encode()),
    )
    return Reply(status=status, headers=own, body=body)
