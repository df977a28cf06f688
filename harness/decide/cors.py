"""Whether a browser lets a page read an answer, or send what its preflight asked for (Fetch standard).

Written after https://fetch.spec.whatwg.org/: "CORS check", "CORS-preflight fetch", "extract header list values". What
a server means by its headers does not matter, only what a browser makes of them.
"""

import re

from harness.model.probe import CorsAsk, Decision
from harness.model.response import Response

Granted = tuple[Decision, str]
"""THROUGH where the browser goes on, REFUSED where it stops; with the words for it."""

SAFELISTED_METHODS = frozenset({"GET", "HEAD", "POST"})
# A browser asks for these in a preflight only where their values are unusual.
SAFELISTED_HEADERS = frozenset({"accept", "accept-language", "content-language"})
# Methods that browsers bring into capitals; any other is sent, and held against the list, as the page writes it.
_NORMALISED = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"})
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_SPACE = " \t\r\n"
_SHOWN = 60


def grants(answer: Response, ask: CorsAsk) -> Granted:
    """Return whether a page at `ask.origin` gets what it asks for, and why."""
    refusal = _origin_refusal(answer, ask)
    if not refusal and ask.preflight:
        refusal = _preflight_refusal(answer, ask)
    if refusal:
        return Decision.REFUSED, refusal
    what = f"send {ask.method}" if ask.preflight else f"read the answer to {ask.method}"
    page = "a page without an origin" if ask.origin == "null" else f"a page at {ask.origin}"
    return Decision.THROUGH, f"a browser lets {page} {what}{_with(ask)}"


def _origin_refusal(answer: Response, ask: CorsAsk) -> str:
    """Return why the CORS check fails, "" if it does not."""
    allowed = _combined(answer, "access-control-allow-origin")
    if allowed is None:
        return "no Access-Control-Allow-Origin"
    if allowed == "*" and not ask.credentials:
        return ""
    if allowed == "*":
        return "Access-Control-Allow-Origin is *, which does not do with credentials"
    if allowed != ask.origin:
        return f"Access-Control-Allow-Origin is {_shown(allowed)}, not {ask.origin}"
    if ask.credentials and _combined(answer, "access-control-allow-credentials") != "true":
        return "Access-Control-Allow-Credentials is not true"
    return ""


def _preflight_refusal(answer: Response, ask: CorsAsk) -> str:
    if not 200 <= answer.status <= 299:
        return f"the preflight's status is {answer.status}, not one of 2xx"
    methods = _listed(answer, "access-control-allow-methods")
    headers = _listed(answer, "access-control-allow-headers")
    if methods is None or headers is None:
        return "the lists of allowed methods or headers cannot be read"
    return _method_refusal(methods, ask) or _header_refusal(headers, ask)


def _method_refusal(methods: tuple[str, ...], ask: CorsAsk) -> str:
    method = ask.method.upper() if ask.method.upper() in _NORMALISED else ask.method
    if method in methods or method in SAFELISTED_METHODS or ("*" in methods and not ask.credentials):
        return ""
    return f"Access-Control-Allow-Methods does not list {method}{_with(ask)}"


def _header_refusal(headers: tuple[str, ...], ask: CorsAsk) -> str:
    listed = {name.lower() for name in headers}
    anything = "*" in listed and not ask.credentials
    for name in (name.lower() for name in ask.headers):
        # `*` never stands for Authorization
        if name in listed or name in SAFELISTED_HEADERS or (anything and name != "authorization"):
            continue
        return f"Access-Control-Allow-Headers does not list {name}{_with(ask)}"
    return ""


def _combined(answer: Response, name: str) -> str | None:
    """Return a header as a browser gets it: lines joined, so that two values are no single one."""
    values = answer.all(name)
    return ", ".join(value.strip(_SPACE) for value in values) if values else None


def _listed(answer: Response, name: str) -> tuple[str, ...] | None:
    """Return the members of a list header; None for what is no list of tokens."""
    members = [member.strip(_SPACE) for value in answer.all(name) for member in value.split(",")]
    found = tuple(member for member in members if member)
    return found if all(_TOKEN.fullmatch(member) for member in found) else None


def _with(ask: CorsAsk) -> str:
    return " with credentials" if ask.credentials else ""


def _shown(text: str) -> str:
    """Return what a server wrote, bounded and on one line."""
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")
