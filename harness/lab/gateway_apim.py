"""The new gateway: Azure API Management in front of the same backend, configured by somebody who migrated well.

Written from public facts about the product (error envelope, subscription keys, validate-jwt, rate-limit, quota,
forward-request). It shares no table with the other gateway or with the harness's own dialects.
"""

import asyncio
import json
import time
import uuid
from collections import deque
from dataclasses import replace
from email.utils import formatdate
from urllib.parse import parse_qsl

from harness.lab import policies_apim, tokens
from harness.lab.keys import Keys
from harness.lab.message import HOP_BY_HOP, LARGEST_REQUEST, Addresses, Call, Handler, Pairs, Reply, without
from harness.lab.settings_apim import ApimSettings, Operation, Subscription
from harness.lab.upstream import UnreachableError, Upstream
from harness.lab.wrap import Wrap

KEY_HEADER = "Ocp-Apim-Subscription-Key"
KEY_QUERY = "subscription-key"
_OWN = (b"host", b"x-forwarded-for", b"x-public-base", b"x-caller", b"x-azure-fdid")
ISSUER = "https://login.microsoftonline.com/lab/v2.0"
SIGNING_KEY = b"lab: the new side's identity provider signs with this"


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
        keys: Keys | None = None,
    ) -> None:
        self._upstream = upstream
        self._settings = settings
        self._keys = keys
        self._recent: dict[str, deque[float]] = {}
        self._used: dict[str, int] = {}
        self._send = _wrapped(self._forward, back, addresses)
        self.handle = _wrapped(self._answer, front, addresses)

    async def _answer(self, call: Call) -> Reply:
        asked = self._as_asked(call)
        if asked is not call:
            # the length that HEAD tells is not that of what this caller is given
            return (await self._answer_as(asked, call)).without(b"content-length")
        return await self._answer_as(call, call)

    async def _answer_as(self, call: Call, sent: Call) -> Reply:
        """Answer a call; `sent` is what the caller signed, which may name another method."""
        operation = self._operation(call)
        if operation is None:
            return self._unmatched(call)
        security = self._settings.security
        key = self._key(call, operation)
        refused = self._unsubscribed(call, key, operation) if operation.key else None
        refused = refused or (self._tokenless(call) if operation.jwt else None) or self._unchecked(sent, operation)
        refused = refused or self._limited(key or "", operation) or self._oversized(call, operation)
        if refused is None:
            subscription = self._settings.subscriptions.get(key or "")
            refused = await self._backend(self._inbound(call, subscription), operation)
        return policies_apim.with_cors(refused, call, security.cors) if operation.cors else refused

    def _as_asked(self, call: Call) -> Call:
        """Return the call with the method that it asks for: this API asks itself again, as the old gateway did."""
        names = [name.encode() for name in self._settings.security.overrides]
        method = next((call.text(name).upper() for name in names if call.text(name)), "")
        return call if method in {"", call.method} else replace(call.without(*names), method=method)

    def _unmatched(self, call: Call) -> Reply:
        """Answer what no operation takes: OPTIONS of one that has a cors policy, else the product's 404."""
        if call.method == "OPTIONS":
            wanted = call.text(b"access-control-request-method")
            same_path = [self._operation(replace(call, method=one)) for one in ("GET", wanted)]
            if any(one is not None and one.cors for one in same_path):
                return policies_apim.preflight(call, self._settings.security.cors)
        if call.method == "TRACE" and self._settings.security.trace:
            return policies_apim.trace_reply(call)
        return error(404, "Resource not found")

    def _key(self, call: Call, operation: Operation) -> str | None:
        rules = self._settings.security.keys
        return policies_apim.key_of(call, rules) if operation.product else _key(call)

    def _unchecked(self, call: Call, operation: Operation) -> Reply | None:
        """Apply the operation's own policy; None lets the call through."""
        if not operation.check:
            return None
        security = self._settings.security
        found = policies_apim.refused(call, operation.check, operation.scope, self._keys, security)
        if found is None:
            return None
        return error(403 if security.refusals_as_403 else found[0], found[1])

    def _operation(self, call: Call) -> Operation | None:
        path = call.path.decode("latin-1")
        if self._settings.slash_at_end:
            path = path.rstrip("/") or "/"
        same_method = (one for one in self._settings.operations if one.method == call.method)
        any_case = self._settings.any_case
        return next((one for one in same_method if _fits(one.template, path, any_case=any_case)), None)

    def _unsubscribed(self, call: Call, key: str | None, operation: Operation) -> Reply | None:
        realm = f"{call.scheme}://{call.text(b'host')}/"
        challenge = f'AzureApiManagementKey realm="{realm}",name="{KEY_HEADER}",type="header"'
        headers = ((b"WWW-Authenticate", challenge.encode()),)
        rules = self._settings.security.keys
        if not key:
            if rules.empty and key is not None and operation.product:
                return None
            text = "Access denied due to missing subscription key."
            text += " Make sure to include subscription key when making requests to an API."
            return error(401, text, headers)
        if self._is_good(key, operation):
            return None
        text = "Access denied due to invalid subscription key."
        text += " Make sure to provide a valid key for an active subscription."
        return error(401, text, headers)

    def _is_good(self, key: str, operation: Operation) -> bool:
        rules = self._settings.security.keys
        subscription = self._settings.subscriptions.get(key)
        if subscription is None:
            return self._settings.unknown_keys or (rules.unknown and bool(operation.product))
        if not subscription.active and not rules.suspended:
            return False
        return rules.any_product or not operation.product or subscription.product.name == operation.product

    @staticmethod
    def _tokenless(call: Call) -> Reply | None:
        """Check a token as validate-jwt does; None lets the call through."""
        authorization = call.text(b"authorization")
        if not authorization:
            return error(401, "JWT not present.")
        fault = tokens.fault(tokens.bearer(authorization), SIGNING_KEY, ISSUER)
        return error(401, "Invalid JWT.") if fault else None

    def _limited(self, key: str, operation: Operation) -> Reply | None:
        """Apply rate-limit and quota, which count keyed calls alone; refused calls are counted too."""
        if operation.one_counter is not None:
            wait = self._wait(operation.template, operation.one_counter, 1)
            if wait:
                return _exceeded(wait)
        subscription = self._settings.subscriptions.get(key)
        if subscription is None:
            return None
        product = subscription.product
        if product.calls is not None:
            wait = self._wait(key, product.calls, product.period)
            if wait:
                return _exceeded(wait)
        if product.quota is not None:
            self._used[key] = self._used.get(key, 0) + 1
            if self._used[key] > product.quota:
                text = "Out of call volume quota. Quota will be replenished in 12:00:00."
                return error(403, text, ((b"Retry-After", b"43200"),))
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

    def _oversized(self, call: Call, operation: Operation) -> Reply | None:
        largest, longest = self._settings.largest_body, self._settings.longest_query
        if operation.largest is not None and len(call.body) > operation.largest:
            # validate-content, action prevent (facts 2.1)
            text = f"Request's body is {len(call.body)} bytes long and it exceeds the limit of"
            return error(400, f"{text} {operation.largest} bytes.")
        if call.cut or (largest is not None and len(call.body) > largest):
            return error(413, f"Request's body exceeds the limit of {largest or LARGEST_REQUEST} bytes.")
        if longest is not None and len(call.query) > longest:
            return error(414, "The request URI is too long.")
        return None

    @staticmethod
    def _inbound(call: Call, subscription: Subscription | None) -> Call:
        """Return the call as the inbound policies leave it."""
        host = call.header(b"host") or b""
        seen = b", ".join(filter(None, (call.header(b"x-forwarded-for"), call.client.encode())))
        headers: Pairs = (
            *without(call.headers, *HOP_BY_HOP, *_OWN),
            (b"X-Forwarded-For", seen),
            (b"X-Forwarded-Host", host),
            (b"X-Forwarded-Proto", call.scheme.encode()),
            # set-header policies of this API: its public base as a named value, the subscription's name
            (b"X-Public-Base", call.scheme.encode() + b"://" + host),
        )
        if subscription is not None:
            headers = (*headers, (b"X-Caller", subscription.caller.encode()))
        path = call.path.rstrip(b"/") or b"/"
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


def error(status: int, message: str, headers: Pairs = ()) -> Reply:
    """Return the product's error envelope, with its spacing."""
    body = f'{{ "statusCode": {status}, "message": {json.dumps(message)} }}'.encode()
    return _reply(status, body, headers)


def _exceeded(wait: int) -> Reply:
    text = f"Rate limit is exceeded. Try again in {wait} seconds."
    return error(429, text, ((b"Retry-After", str(wait).encode()),))


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
