"""What browsers rely on: CORS, security headers, flags of cookies; and what software tells of itself."""

from collections.abc import Callable
from dataclasses import replace

from harness.lab.defects.change import at, on_reply
from harness.lab.defects.defect import Defect
from harness.lab.defects.guarding import cors
from harness.lab.message import Reply
from harness.lab.wrap import Wrap

_ANSWER = "/pages/mine, clerk: answer to "
_PAGE = "GET /pages: as it is"


def _lost(*names: bytes) -> Wrap:
    return on_reply(at("/pages*"), lambda reply: reply.without(*names))


def _cookies(change: Callable[[bytes], bytes]) -> Wrap:
    def changed(reply: Reply) -> Reply:
        headers = tuple(
            (name, change(value)) if name.lower() == b"set-cookie" else (name, value) for name, value in reply.headers
        )
        return replace(reply, headers=headers)

    return on_reply(at("/pages*"), changed)


DEFECTS = (
    Defect(
        suite="security",
        name="any-origin-reflected",
        family="cors",
        case=f"{_ANSWER}https://foreign.invalid with credentials",
        at="decision",
        does="Every origin is answered with itself, credentials included.",
        models="A cors policy whose origin is an expression that returns the request's (facts 2.2, CORS).",
        settings=cors(reflect=True),
    ),
    Defect(
        suite="security",
        name="null-origin-allowed",
        family="cors",
        case=f"{_ANSWER}null with credentials",
        at="decision",
        does="The origin null is allowed, credentials included.",
        models="null taken for local testing, which every sandboxed frame has (facts 2.2, CORS).",
        settings=cors(null=True),
    ),
    Defect(
        suite="security",
        name="every-origin-allowed",
        family="cors",
        case=f"{_ANSWER}https://foreign.invalid",
        at="decision",
        does="Every origin may read answers.",
        models="allowed-origins with * (facts 2.2, CORS).",
        settings=cors(star=True, credentials=False),
    ),
    Defect(
        suite="security",
        name="origin-mistyped",
        family="cors",
        case="/pages/mine: preflight of GET from https://shop.example",
        at="decision",
        does="The shop's pages are refused.",
        models="allowed-origins with another spelling of the origin (facts 2.2, CORS).",
        settings=cors(origins=("https://www.shop.example",)),
    ),
    Defect(
        suite="security",
        name="cors-credentials-refused",
        family="cors",
        case=f"{_ANSWER}https://shop.example with credentials",
        at="decision",
        does="Pages may not send credentials.",
        models="allow-credentials is false unless it is written (facts 2.2, CORS).",
        settings=cors(credentials=False),
    ),
    Defect(
        suite="security",
        name="cors-header-refused",
        family="cors",
        case="/pages/mine: preflight of GET from https://shop.example",
        at="decision",
        does="Pages may not send Authorization.",
        models="allowed-headers without what the old OPTIONS method listed (facts 1.6, CORS REST).",
        settings=cors(headers=("content-type",)),
    ),
    Defect(
        suite="security",
        name="cors-lost-on-errors",
        family="cors",
        case="/pages/mine: error answer to https://shop.example",
        at="decision",
        does="Refusals carry no CORS headers, so that pages cannot tell them from a broken network.",
        models="The old side had them in DEFAULT_4XX (facts 1.6); here the policy comes after the refusal.",
        settings=cors(on_errors=False),
    ),
    Defect(
        suite="security",
        name="hsts-lost",
        family="headers",
        case=_PAGE,
        at="header:strict-transport-security",
        does="Strict-Transport-Security is not there.",
        models="A header that the old edge added or passed and the new one does not (facts 1.4, 2.2).",
        front=_lost(b"strict-transport-security"),
    ),
    Defect(
        suite="security",
        name="nosniff-lost",
        family="headers",
        case=_PAGE,
        at="header:x-content-type-options",
        does="X-Content-Type-Options is not there.",
        models="A set-header policy that deletes what looks like a product's own (facts 2.2, from backend).",
        front=_lost(b"x-content-type-options"),
    ),
    Defect(
        suite="security",
        name="frame-policy-lost",
        family="headers",
        case=_PAGE,
        at="header:content-security-policy",
        does="Content-Security-Policy and X-Frame-Options are not there.",
        models="A set-header policy that deletes what looks like a product's own (facts 2.2, from backend).",
        front=_lost(b"content-security-policy", b"x-frame-options"),
    ),
    Defect(
        suite="security",
        name="cookie-readable",
        family="headers",
        case=_PAGE,
        at="header:set-cookie*session*httponly",
        does="The session's cookie lost HttpOnly.",
        models="A policy that writes cookies anew (seed: transformations).",
        front=_cookies(lambda value: value.replace(b"; HttpOnly", b"")),
    ),
    Defect(
        suite="security",
        name="cookie-in-the-clear",
        family="headers",
        case=_PAGE,
        at="header:set-cookie*session*secure",
        does="Cookies lost Secure.",
        models="A backend that is told of plain HTTP leaves it out (facts 1.4, X-Forwarded-Proto).",
        front=_cookies(lambda value: value.replace(b"; Secure", b"")),
    ),
    Defect(
        suite="security",
        name="cookie-sent-across-sites",
        family="headers",
        case=_PAGE,
        at="header:set-cookie*session*samesite",
        does="The session's cookie lost SameSite.",
        models="A policy that writes cookies anew (seed: transformations).",
        front=_cookies(lambda value: value.replace(b"; SameSite=Strict", b"")),
    ),
    Defect(
        suite="security",
        name="software-named",
        family="headers",
        case=_PAGE,
        at="header:x-powered-by",
        does="X-Powered-By names software and version.",
        models="A backend's own headers pass unchanged (facts 2.2, from backend).",
        front=on_reply(at("/pages*"), lambda reply: reply.with_header(b"X-Powered-By", b"ASP.NET 4.0.30319")),
    ),
)
