"""What stands before the gateways, and the entrances that should be shut: edges with a firewall, back doors."""

import secrets
from dataclasses import replace

from harness.lab import gateway_apim, gateway_aws, waf
from harness.lab.answers import problem
from harness.lab.message import Call, Handler, Reply
from harness.lab.policies_apim import Doors
from harness.lab.waf import WafRules

SECRET_HEADER = b"x-gateway-secret"
_NAMES = frozenset({"127.0.0.1", "localhost"})
_MOST_HEADERS = 10_240
_LONGEST_TARGET = 10_240
_CLOUD_ID = b"x-azure-fdid"


def before_old(inner: Handler) -> Handler:
    """Return the old gateway as the world reaches it: its own names alone, its limits, AWS WAF (facts 1.5, 6)."""

    async def handle(call: Call) -> Reply:
        trouble = _trouble(call, Doors())
        if trouble == "host":
            return gateway_aws.error(403, "ForbiddenException", b'{"message":"Forbidden"}')
        if trouble == "framing":
            return _closing(gateway_aws.error(400, "BadRequestException", b'{"message":"Bad Request"}'))
        if trouble:
            # what the product says to these is not told anywhere
            status = 431 if trouble == "headers" else 414
            return gateway_aws.error(status, "RequestTooLargeException", b'{"message":"Request Too Long"}')
        if waf.match(call):
            return gateway_aws.error(403, "ForbiddenException", b'{"message":"Forbidden"}')
        return await inner(call)

    return handle


def before_new(inner: Handler, doors: Doors, cloud_id: str) -> Handler:
    """Return the new gateway as the world reaches it: behind Azure Front Door with its firewall (facts 6)."""

    async def handle(call: Call) -> Reply:
        trouble = _trouble(call, doors)
        if trouble == "host":
            # the answer to a name that was not configured is not told anywhere
            return gateway_apim.error(404, "Resource not found")
        if trouble == "framing":
            return _closing(gateway_apim.error(400, "Bad Request"))
        if trouble:
            return gateway_apim.error(431 if trouble == "headers" else 414, "The request is too long.")
        if doors.waf is not None and waf.match(call, doors.waf or WafRules()):
            return _blocked(doors)
        return await inner(call.with_header(_CLOUD_ID, cloud_id.encode()))

    return handle


def _trouble(call: Call, doors: Doors) -> str:
    if doors.hosts_checked and call.text(b"host").rpartition(":")[0] not in _NAMES:
        return "host"
    lengths = call.header(b"content-length") is not None
    if doors.framing_checked and lengths and call.header(b"transfer-encoding") is not None:
        return "framing"
    if doors.sizes_checked and sum(len(name) + len(value) + 4 for name, value in call.headers) > _MOST_HEADERS:
        return "headers"
    return "target" if doors.sizes_checked and len(call.target) > _LONGEST_TARGET else ""


def _closing(reply: Reply) -> Reply:
    """Return an answer after which nothing more is read: nobody knows where the next request begins."""
    return reply.with_header(b"Connection", b"close")


def _blocked(doors: Doors) -> Reply:
    reference = secrets.token_hex(12)
    if doors.waf_page == "application gateway":
        body = b"<html><head><title>403 Forbidden</title></head><body><center><h1>403 Forbidden</h1></center><hr>"
        body += b"<center>Microsoft-Azure-Application-Gateway/v2</center></body></html>\n"
        headers = ((b"Server", b"Microsoft-Azure-Application-Gateway/v2"), (b"Content-Type", b"text/html"))
        return Reply(status=403, headers=headers, body=body)
    body = f"The request is blocked. Reference: {reference}".encode()
    return Reply(
        status=403,
        headers=((b"Content-Type", b"text/html"), (b"X-Azure-Ref", reference.encode())),
        body=body,
    )


def direct(inner: Handler, doors: Doors, cloud_id: str) -> Handler:
    """Return the new gateway at its own host: a check-header policy wants what only Front Door sends."""

    async def handle(call: Call) -> Reply:
        if doors.direct_checked and call.text(_CLOUD_ID) != cloud_id:
            return gateway_apim.error(403, "Forbidden")
        return await inner(call)

    return handle


def behind_secret(inner: Handler, doors: Doors, secret: str) -> Handler:
    """Return the backend as it should stand: it serves those alone who know the gateways' secret."""

    async def handle(call: Call) -> Reply:
        if doors.backend_checked and call.text(SECRET_HEADER) != secret:
            return problem(403, "gateway-only", "This service answers its gateways alone.")
        return await inner(call.without(SECRET_HEADER))

    return handle


def plain(inner: Handler, doors: Doors, secure: str) -> Handler:
    """Return what answers plain HTTP where anything does: a redirect to `secure`, or the API itself."""

    async def handle(call: Call) -> Reply:
        if doors.plain == "open":
            return await inner(replace(call, scheme="http"))
        return Reply(status=307, headers=((b"Location", secure.encode() + call.target), (b"Content-Length", b"0")))

    return handle


async def left_open(_: Call) -> Reply:
    """Answer at the port that should be closed."""
    return Reply(status=200, headers=((b"Content-Type", b"text/plain"),), body=b"Debug console\n")
