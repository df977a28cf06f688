"""The old gateway: a regional REST API of Amazon API Gateway, stage `prod`, with HTTP_PROXY integrations.

Written from public facts about the product (gateway responses, remapped headers, limits); where those are silent the
choice is told beside the code. It shares no table with the other gateway or with the harness's own dialects.
"""

import asyncio
import base64
import secrets
import time
import uuid
from dataclasses import replace
from email.utils import formatdate
from functools import lru_cache
from hashlib import sha256

from harness.lab import authorizers_aws, tokens
from harness.lab.keys import Keys
from harness.lab.message import Call, Pairs, Reply, first, without
from harness.lab.resources_aws import API_KEYS, RESOURCES, Method, UsagePlan
from harness.lab.upstream import UnreachableError, Upstream

STAGE = "prod"
API_ID = "a1b2c3d4e5"
ISSUER = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Lab"
SIGNING_KEY = b"lab: the old side's user pool signs with this"
LARGEST_PAYLOAD = 10_485_760
DEFAULT_TIMEOUT = 29.0


# The answer of this API's OPTIONS methods: the same for whoever asks (facts 1.6). Its 4XX answers carry the first two.
_CORS: Pairs = (
    (b"Access-Control-Allow-Origin", b"https://shop.example"),
    (b"Access-Control-Allow-Credentials", b"true"),
    (b"Access-Control-Allow-Methods", b"GET,HEAD"),
    (b"Access-Control-Allow-Headers", b"Authorization,Content-Type"),
)

_TREE: tuple[tuple[tuple[str, ...], dict[str, Method]], ...] = tuple(
    (tuple(path.strip("/").split("/")), methods) for path, methods in RESOURCES.items()
)

_LOST_ON_THE_WAY_IN = (
    b"connection", b"content-encoding", b"content-md5", b"expect", b"host", b"keep-alive", b"max-forwards",
    b"proxy-authenticate", b"server", b"te", b"trailer", b"transfer-encoding", b"upgrade", b"via",
    b"www-authenticate", b"x-api-key", b"x-public-base", b"x-caller",
)  # fmt: skip
_REMAPPED = {
    b"connection": b"x-amzn-Remapped-Connection",
    b"content-length": b"x-amzn-Remapped-Content-Length",
    b"date": b"x-amzn-Remapped-Date",
    b"server": b"x-amzn-Remapped-Server",
    b"x-amzn-requestid": b"x-amzn-remapped-x-amzn-requestid",
}
_LOST_ON_THE_WAY_OUT = (b"transfer-encoding", b"keep-alive")
_SIGNED = "AWS4-HMAC-SHA256"


class AwsGateway:
    """Amazon API Gateway REST as a handler; `timeout` is the integration timeout in seconds."""

    def __init__(self, upstream: Upstream, *, timeout: float = DEFAULT_TIMEOUT, keys: Keys | None = None) -> None:
        self._upstream = upstream
        self._keys = keys
        self._timeout = timeout
        self._buckets: dict[str, tuple[float, float]] = {}
        self._used: dict[str, int] = {}

    async def handle(self, call: Call) -> Reply:
        """Answer one call."""
        stage, _, rest = call.path.decode("latin-1")[1:].partition("/")
        if stage != STAGE:
            return error(403, "ForbiddenException", b'{"message":"Forbidden"}')
        if call.cut or len(call.body) > LARGEST_PAYLOAD:
            return _too_large()
        method = call.text(b"x-http-method-override").upper() or call.method
        # A slash at the end says nothing to the router; paths are matched as they came, case and all.
        segments = tuple(rest.rstrip("/").split("/"))
        found = _resource(segments)
        if found is None or method not in found:
            return _not_routed(call.text(b"authorization"))
        if found[method].mock:
            return Reply(status=200, headers=(*_own(((b"Content-Type", b"application/json"),)), *_CORS))
        refused = self._refused(call, found[method])
        if refused is not None:
            return replace(refused, headers=(*refused.headers, *_CORS[:2])) if found[method].cors else refused
        return await self._integrate(call, method, "/" + "/".join(segments), found[method])

    def _refused(self, call: Call, method: Method) -> Reply | None:
        if method.authorizer:
            return _unauthorized(call.text(b"authorization"))
        if method.check:
            refusal = authorizers_aws.refused(call, method.check, method.scope, self._keys)
            return error(*refusal) if refusal else None
        if not method.key:
            return None
        text = call.text(b"x-api-key")
        key = API_KEYS.get(text)
        if key is None or key.plan is None or not key.enabled:
            return error(403, "ForbiddenException", b'{"message":"Forbidden"}')
        if not self._takes(text, key.plan):
            return error(429, "TooManyRequestsException", b'{"message":"Too Many Requests"}')
        if key.plan.quota is not None:
            if self._used.get(text, 0) >= key.plan.quota:
                return error(429, "LimitExceededException", b'{"message":"Limit Exceeded"}')
            self._used[text] = self._used.get(text, 0) + 1
        return None

    def _takes(self, key: str, plan: UsagePlan) -> bool:
        """Take a token from the key's bucket, which fills at the plan's rate."""
        now = time.monotonic()
        tokens_left, at = self._buckets.get(key, (float(plan.burst), now))
        tokens_left = min(plan.burst, tokens_left + (now - at) * plan.rate)
        self._buckets[key] = (max(tokens_left - 1, 0) if tokens_left >= 1 else tokens_left, now)
        return tokens_left >= 1

    async def _integrate(self, call: Call, method: str, path: str, setting: Method) -> Reply:
        trace = f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)}".encode()
        key = API_KEYS.get(call.text(b"x-api-key"))
        headers = [
            *without(call.headers, *_LOST_ON_THE_WAY_IN),
            (b"X-Amzn-Trace-Id", trace),
            (b"X-Amzn-Apigateway-Api-Id", API_ID.encode()),
            (b"X-Forwarded-For", call.client.encode()),
            (b"X-Forwarded-Proto", call.scheme.encode()),
            # what the integration request of this API maps: $context.domainName and stage, the key's owner
            (b"X-Public-Base", f"{call.scheme}://{call.text(b'host')}/{STAGE}".encode()),
        ]
        if key is not None:
            headers.append((b"X-Caller", key.caller.encode()))
        sent = Call(
            method=method, path=path.encode("latin-1"), query=call.query, headers=tuple(headers), body=call.body
        )
        try:
            reply = await asyncio.wait_for(
                self._upstream.send(sent, stream=setting.stream), setting.timeout or self._timeout
            )
        except TimeoutError:
            body = b'{"message": "Endpoint request timed out"}'
            return error(504, "InternalServerErrorException", body, ((b"X-Amzn-Trace-Id", trace),))
        except UnreachableError:
            body = b'{"message": "Network error communicating with endpoint"}'
            return error(504, "InternalServerErrorException", body)
        return _passed(reply, call.method)


@lru_cache(512)
def _resource(segments: tuple[str, ...]) -> dict[str, Method] | None:
    """Return the methods of the resource that matches best: literal segments before variables, those before greedy."""
    matches = [(_weight(pattern), methods) for pattern, methods in _TREE if _matches(pattern, segments)]
    return max(matches, key=lambda match: match[0])[1] if matches else None


def _weight(pattern: tuple[str, ...]) -> tuple[int, ...]:
    return tuple(0 if part.endswith("+}") else 1 if part.startswith("{") else 2 for part in pattern)


def _matches(pattern: tuple[str, ...], segments: tuple[str, ...]) -> bool:
    for position, part in enumerate(pattern):
        if part.endswith("+}"):
            return len(segments) > position and segments[position] != ""
        if position >= len(segments):
            return False
        if part.startswith("{"):
            if not segments[position]:
                return False
        elif part != segments[position]:
            return False
    return len(segments) == len(pattern)


def _own(pairs: Pairs = ()) -> Pairs:
    """Return the headers that every answer carries."""
    return (
        (b"Date", formatdate(usegmt=True).encode()),
        *pairs,
        (b"Connection", b"keep-alive"),
        (b"x-amzn-RequestId", str(uuid.uuid4()).encode()),
        (b"x-amz-apigw-id", base64.urlsafe_b64encode(secrets.token_bytes(11))),
    )


def error(status: int, kind: str, body: bytes, more: Pairs = ()) -> Reply:
    """Return an error of the gateway's own; the spacing of `body` is part of how it speaks."""
    headers = _own(((b"Content-Type", b"application/json"), (b"Content-Length", str(len(body)).encode())))
    return Reply(status=status, headers=(*headers, (b"x-amzn-ErrorType", kind.encode()), *more), body=body)


def _too_large() -> Reply:
    body = f"HTTP content length exceeded {LARGEST_PAYLOAD} bytes.".encode()
    headers = ((b"Content-Type", b"text/plain"), (b"Content-Length", str(len(body)).encode()))
    return Reply(status=413, headers=(*_own(headers), (b"x-amzn-ErrorType", b"RequestTooLargeException")), body=body)


def _not_routed(authorization: str) -> Reply:
    """Answer an unknown path or method; what looks like a bad signature is complained about first."""
    if authorization and not authorization.startswith(_SIGNED):
        digest = base64.b64encode(sha256(authorization.encode("latin-1")).digest()).decode()
        text = (
            "Invalid key=value pair (missing equal-sign) in Authorization header "
            f"(hashed with SHA-256 and encoded with Base64): '{digest}'."
        )
        return error(403, "IncompleteSignatureException", f'{{"message":"{text}"}}'.encode())
    body = b'{"message":"Missing Authentication Token"}'
    return error(403, "MissingAuthenticationTokenException", body)


def _unauthorized(authorization: str) -> Reply | None:
    """Check a token as a Cognito authorizer does; None lets the call through."""
    if not authorization:
        return error(401, "UnauthorizedException", b'{"message":"Unauthorized"}')
    fault = tokens.fault(tokens.bearer(authorization), SIGNING_KEY, ISSUER)
    if fault is None:
        return None
    text = b"The incoming token has expired" if fault == "expired" else b"Unauthorized"
    return error(401, "UnauthorizedException", b'{"message":"%b"}' % text)


def _passed(reply: Reply, method: str) -> Reply:
    """Return the backend's answer as the gateway hands it on: its own headers in, the backend's renamed."""
    kept = [
        (_REMAPPED.get(name.lower(), name), value)
        for name, value in reply.headers
        if name.lower() not in _LOST_ON_THE_WAY_OUT
    ]
    # The product's default type; whether it comes without a body too is not told anywhere.
    untyped = reply.body and first(tuple(kept), b"content-type") is None
    typed: Pairs = ((b"Content-Type", b"application/json"),) if untyped else ()
    length = reply.header(b"content-length")
    if reply.stream is not None or reply.status in {204, 304}:
        sized: Pairs = ()
    elif method == "HEAD" and length is not None:
        sized = ((b"Content-Length", length),)
    else:
        sized = ((b"Content-Length", str(len(reply.body)).encode()),)
    headers = (*_own((*typed, *sized)), *kept)
    return Reply(status=reply.status, headers=headers, body=reply.body, stream=reply.stream)
