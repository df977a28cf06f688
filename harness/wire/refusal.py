"""What must never go on the wire: libcurl would send it as it is."""

import math
import re

from harness.model.request import Headers, Request

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z")
_BREAKS = re.compile(r"[\r\n\0\ud800-\udfff]")  # surrogates cannot be encoded


def refusal(request: Request, origin: str) -> str:
    """Return why `request` is not sent to the side at `origin` (scheme://host[:port]), "" if it may be."""
    if not _TOKEN.match(request.method):
        return "the method is no token"
    if _BREAKS.search(request.url):
        return "the URL has a line break or NUL in it"
    if not request.url.startswith(origin) or request.url[len(origin) : len(origin) + 1] not in ("", "/", "?", "#"):
        return f"the URL does not lie on {origin}, which is all that this side may be asked"
    if request.method == "HEAD" and request.body:
        return "HEAD with a body cannot be sent"
    if not 0 < request.timeout < math.inf:
        return "the timeout is no positive number"
    return bad_header(request.headers)


def bad_header(headers: Headers) -> str:
    """Return what is wrong with the first unsendable header, "" if all are fine; values are not quoted."""
    for name, value in headers:
        if not _TOKEN.match(name):
            return f"the header name {name[:40]!r} is no token"
        if _BREAKS.search(value):
            return f"the header {name} has a line break or NUL in its value"
    return ""
