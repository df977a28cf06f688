"""Requests that two readers of HTTP may cut in two different places, as bytes.

Each shape is made so that whoever reads it the dangerous way finds a second, whole request in it: a GET of a path of
our own, which changes nothing. All end with one more such request that closes the connection, so that no answer has to
be waited for until a time limit.
"""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from harness.model.request import Request

PROBE_PATH = "/cutover-probe"
_ANSWERED = 2  # the request itself and the one that closes
_BODY = b"cutover"


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What a shape is made around: the request's target, host and headers (the caller's credential is in them)."""

    method: str
    target: str
    host: str
    lines: tuple[bytes, ...]

    def start(self, *more: bytes, version: bytes = b"HTTP/1.1", target: bytes = b"", end: bytes = b"\r\n") -> bytes:
        """Return the request line, the headers and these `more` lines, and the empty line."""
        first = self.method.encode() + b" " + (target or self.target.encode("utf-8")) + b" " + version
        return end.join((first, b"Host: " + self.host.encode("utf-8"), *self.lines, *more, b"", b""))

    def hidden(self, *more: bytes) -> bytes:
        """Return the request that hides in a body, or follows it."""
        lines = (f"GET {PROBE_PATH} HTTP/1.1".encode(), b"Host: " + self.host.encode("utf-8"), *more, b"", b"")
        return b"\r\n".join(lines)

    def last(self) -> bytes:
        """Return the request that closes the connection."""
        return self.hidden(b"Connection: close")


Make = Callable[[Head], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One way to write it; `expected` is how many answers there are if nothing hides in it."""

    name: str
    make: Make
    expected: int = _ANSWERED
    body: bool = True


def head_of(request: Request) -> Head:
    """Return the head of a request as Head; framing headers are the shapes' own."""
    parts = urlsplit(request.url)
    own = {"host", "content-length", "transfer-encoding", "connection", "expect"}
    pairs = [(name, value) for name, value in request.headers if name.lower() not in own]
    return Head(
        method=request.method,
        target=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
        host=next((value for name, value in request.headers if name.lower() == "host"), parts.netloc),
        lines=tuple(f"{name}: {value}".encode("utf-8", "replace") for name, value in pairs),
    )


def honest(head: Head, *, body: bool) -> bytes:
    """Return the same request as it should be written, with a body or without."""
    if not body:
        return head.start(b"Connection: close")
    return head.start(b"Content-Length: " + _count(_BODY), b"Connection: close") + _BODY


def _count(data: bytes) -> bytes:
    return str(len(data)).encode()


def _under_length(*transfer: bytes, version: bytes = b"HTTP/1.1") -> Make:
    """Return a maker: by Content-Length one body, by chunks an end and then a second request."""

    def make(head: Head) -> bytes:
        body = b"0\r\n\r\n" + head.hidden()
        keep = (b"Connection: keep-alive",) if version == b"HTTP/1.0" else ()
        lines = (b"Content-Length: " + _count(body), *transfer, *keep)
        return head.start(*lines, version=version) + body + head.last()

    return make


def _under_chunks(head: Head) -> bytes:
    """By chunks one body, by Content-Length (which ends after the first chunk's size line) a second request."""
    tail = b"\r\n0\r\n\r\n"
    inner = head.hidden(b"Content-Length: " + _count(tail))
    size = f"{len(inner):x}\r\n".encode()
    lines = (b"Content-Length: " + _count(size), b"Transfer-Encoding: chunked")
    return head.start(*lines) + size + inner + tail + head.last()


def _same_lengths(head: Head) -> bytes:
    length = b"Content-Length: " + _count(_BODY)
    return head.start(length, length) + _BODY + head.last()


def _other_lengths(head: Head) -> bytes:
    hidden = head.hidden()
    both = _BODY + hidden
    return head.start(b"Content-Length: " + _count(_BODY), b"Content-Length: " + _count(both)) + both + head.last()


def _signed_length(head: Head) -> bytes:
    """Whoever takes "+n" for no length reads the body as a second request."""
    hidden = head.hidden()
    return head.start(b"Content-Length: +" + _count(hidden)) + hidden + head.last()


def _chunked(body: bytes) -> Make:
    return lambda head: head.start(b"Transfer-Encoding: chunked") + body + head.last()


def _hex_prefix(head: Head) -> bytes:
    """Whoever reads a chunk's size as programs read numbers finds the end, and then a second request."""
    hidden = head.hidden()
    return head.start(b"Transfer-Encoding: chunked") + b"0x0\r\n\r\n" + hidden + head.last()


def _plain(*more: bytes) -> Make:
    return lambda head: head.start(*more) + head.last()


def _other_host(head: Head) -> bytes:
    target = b"http://cutover-probe.invalid" + head.target.encode("utf-8")
    return head.start(target=target) + head.last()


_CHUNKED = b"Transfer-Encoding: chunked"
SHAPES = (
    Shape(name="Content-Length with Transfer-Encoding", make=_under_length(_CHUNKED)),
    Shape(name="Transfer-Encoding with a short Content-Length", make=_under_chunks),
    Shape(name="Content-Length twice, the same", make=_same_lengths),
    Shape(name="Content-Length twice, different", make=_other_lengths),
    Shape(name="Content-Length with a plus sign", make=_signed_length),
    Shape(name="space before the colon of Transfer-Encoding", make=_under_length(b"Transfer-Encoding : chunked")),
    Shape(name="Transfer-Encoding: xchunked", make=_under_length(b"Transfer-Encoding: xchunked")),
    Shape(name="two Transfer-Encodings", make=_under_length(_CHUNKED, b"Transfer-Encoding: identity")),
    Shape(name="folded Transfer-Encoding", make=_under_length(b"Transfer-Encoding:\r\n chunked")),
    Shape(name="HTTP/1.0 kept alive with Transfer-Encoding", make=_under_length(_CHUNKED, version=b"HTTP/1.0")),
    Shape(name="chunk size with 0x", make=_hex_prefix),
    Shape(name="chunk longer than its size", make=_chunked(b"4\r\ncutover\r\n0\r\n\r\n")),
    Shape(name="chunk sizes ended by bare LF", make=_chunked(b"7\ncutover\n0\n\n")),
    Shape(name="lines ended by bare LF", make=lambda head: head.start(end=b"\n") + head.last(), body=False),
    Shape(name="bare CR in a header", make=_plain(b"X-Cutover: a\rX-Cutover-Too: b"), body=False),
    Shape(name="folded header", make=_plain(b"X-Cutover: a\r\n b"), body=False),
    Shape(name="space in a header's name", make=_plain(b"X Cutover: a"), body=False),
    Shape(name="space before the colon of a header", make=_plain(b"X-Cutover : a"), body=False),
    Shape(name="request line with another host", make=_other_host, body=False),
)
