"""What must never go on the wire: libcurl would send it as it is."""

import math
import re

from harness.model.request import Headers, Request

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z")
_BREAKS = re.compile(r"[\r\n\0\ud800-\udfff]")  # surrogates cannot be encoded
_REMEMBERED = 4096


class Gatekeeper:
    """Looks at each request of one side before it is queued.

    `origin` (scheme://host[:port]) is all that the side may be asked: a path cannot lead elsewhere.
    """

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._match = re.compile(re.escape(origin) + r"([/?#][^\r\n\0\ud800-\udfff]*)?\Z").match
        self._root = f"{origin}/"
        self._start = len(origin)
        self._fine: set[tuple[str, Headers]] = set()

    def target(self, request: Request) -> str:
        """Return what goes into the request line, verbatim but never empty; "" if the request must not be sent."""
        url = request.url
        if url.startswith(self._root) and url.isascii() and url.isprintable():
            target = url[self._start :]
        else:
            target = self._target(url)
        if (request.method, request.headers) in self._fine and request.body is None and 0 < request.timeout < math.inf:
            return target
        if not target or self.why(request):
            return ""
        if len(self._fine) >= _REMEMBERED:
            self._fine.clear()
        self._fine.add((request.method, request.headers))
        return target

    def why(self, request: Request) -> str:
        """Return why `request` must not be sent, "" if it may; header values are not quoted."""
        if not _TOKEN.match(request.method):
            return "the method is no token"
        if _BREAKS.search(request.url):
            return "the URL has a line break or NUL in it"
        if not self._target(request.url):
            return f"the URL does not lie on {self._origin}, which is all that this side may be asked"
        if request.method == "HEAD" and request.body:
            return "HEAD with a body cannot be sent"
        if not 0 < request.timeout < math.inf:
            return "the timeout is no positive number"
        return bad_header(request.headers) or _bad_framing(request)

    def _target(self, url: str) -> str:
        found = self._match(url)
        if found is None:
            return ""
        target: str = found[1] or "/"
        return target if target[0] == "/" else f"/{target}"


def bad_header(headers: Headers) -> str:
    """Return what is wrong with the first unsendable header, "" if all are fine; values are not quoted."""
    for name, value in headers:
        if not _TOKEN.match(name):
            return f"the header name {name[:40]!r} is no token"
        if _BREAKS.search(value):
            return f"the header {name} has a line break or NUL in its value"
    return ""


def _bad_framing(request: Request) -> str:
    """Return what would leave the connection in disorder for the next request, or be left out by libcurl."""
    names = [name.lower() for name, _ in request.headers]
    if names.count("host") > 1:
        return "only one Host header can be sent"
    length = str(len(request.body or b""))
    if any(value.strip() != length for name, value in request.headers if name.lower() == "content-length"):
        return f"the header Content-Length is not the body's length, {length}"
    return ""
