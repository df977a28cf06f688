"""Changes of the guarded side that let nobody in and keep nobody out: a rehearsal must stay GO."""

from dataclasses import replace

from harness.lab.defects.change import on_reply
from harness.lab.defects.defect import Defect
from harness.lab.defects.guarding import cors, doors, security
from harness.lab.message import Reply

_LONGER = b"30"


def _wait_longer(reply: Reply) -> Reply:
    return reply.with_header(b"Retry-After", _LONGER) if reply.status == 429 else reply


DEFECTS = (
    Defect(
        suite="security",
        name="refused-by-403",
        family="harmless",
        case="GET /accounts, clerk: expired token",
        at="status",
        harmless=True,
        does="Bad tokens are refused with 403 where the old side says 401.",
        models="failed-validation-httpcode is free to choose (facts 2.1, validate-jwt).",
        settings=security(lambda now: replace(now, refusals_as_403=True)),
    ),
    Defect(
        suite="security",
        name="other-block-page",
        family="harmless",
        case="GET *: XSS, script, in the query",
        at="body",
        harmless=True,
        does="The firewall shows the page of Application Gateway.",
        models="Which firewall stands before the gateway is for the migration to choose (facts 6).",
        settings=doors(waf_page="application gateway"),
    ),
    Defect(
        suite="security",
        name="plain-http-redirected",
        family="harmless",
        case="TLS: http://",
        at="tls:http",
        harmless=True,
        does="Plain HTTP is redirected to https, where nobody listened on the old side.",
        models="Front Door redirects unless told otherwise (facts 5, Front Door).",
        settings=doors(plain="redirect"),
    ),
    Defect(
        suite="security",
        name="retry-later",
        family="harmless",
        case="GET /partners/metered, metered: rate",
        at="limits:retry-after",
        harmless=True,
        does="Throttled callers are told to wait for 30 seconds.",
        models="The old side tells nothing, the new one what is left of its window (facts 7, rate limit).",
        front=on_reply(lambda call: call.path == b"/partners/metered", _wait_longer),
    ),
    Defect(
        suite="security",
        name="preflight-lists-more",
        family="harmless",
        case="/pages/mine: preflight of GET from https://shop.example",
        at="decision",
        harmless=True,
        does="Preflights list OPTIONS and another header, too.",
        models="A cors policy lists what the whole API has (facts 2.2, CORS).",
        settings=cors(
            methods=("GET", "HEAD", "OPTIONS"), headers=("authorization", "content-type", "x-correlation-id")
        ),
    ),
    Defect(
        suite="security",
        name="larger-requests-taken",
        family="harmless",
        case="sizes*: header of 12 KB",
        at="status",
        harmless=True,
        does="Requests with longer headers and addresses are taken.",
        models="The old side takes 10,240 bytes of each (facts 1.5); more is no door.",
        settings=doors(sizes_checked=False),
    ),
)
