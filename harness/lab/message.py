"""A request and an answer, as the lab's servers pass them on: names and bytes as they came."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, replace

Pairs = tuple[tuple[bytes, bytes], ...]

LARGEST_REQUEST = 64 * 1024 * 1024

HOP_BY_HOP = frozenset({
    b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade",
})  # fmt: skip


def first(pairs: Pairs, name: bytes) -> bytes | None:
    """Return the first value of `name` (lower case), whatever the case in `pairs`."""
    return next((value for key, value in pairs if key.lower() == name), None)


def without(pairs: Pairs, *names: bytes) -> Pairs:
    """Return the pairs but for `names` (lower case)."""
    return tuple(pair for pair in pairs if pair[0].lower() not in names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request. `path` and `query` are raw, header names lower case; `cut` tells that the body was over the limit.

    `certificate` is what the client showed in the TLS handshake (DER; empty for none, or without TLS).
    """

    method: str
    path: bytes
    query: bytes = b""
    headers: Pairs = ()
    body: bytes = b""
    cut: bool = False
    client: str = "127.0.0.1"
    scheme: str = "http"
    certificate: bytes = b""

    @property
    def target(self) -> bytes:
        """Return path and query as they stand in the request line."""
        return self.path + b"?" + self.query if self.query else self.path

    def header(self, name: bytes) -> bytes | None:
        """Return the first header called `name` (lower case)."""
        return first(self.headers, name)

    def text(self, name: bytes) -> str:
        """Return the first header called `name` as text, "" if there is none."""
        return (self.header(name) or b"").decode("latin-1")

    def all(self, name: bytes) -> list[str]:
        """Return the values of every header called `name` (lower case)."""
        return [value.decode("latin-1") for key, value in self.headers if key.lower() == name]

    def with_header(self, name: bytes, value: bytes) -> "Call":
        """Return the call with `name` set to `value` alone."""
        return replace(self, headers=(*without(self.headers, name), (name, value)))

    def without(self, *names: bytes) -> "Call":
        """Return the call without the headers `names`."""
        return replace(self, headers=without(self.headers, *names))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer: a whole body, or `stream`, which is closed by whoever reads it.

    `broken` closes the connection after the body instead of completing the answer, `reset` breaks it off before a byte.
    """

    status: int
    headers: Pairs = ()
    body: bytes = b""
    stream: AsyncGenerator[bytes, None] | None = None
    broken: bool = False
    reset: bool = False

    def header(self, name: bytes) -> bytes | None:
        """Return the first header called `name` (lower case)."""
        return first(self.headers, name)

    def with_header(self, name: bytes, value: bytes) -> "Reply":
        """Return the reply with `name` set to `value`, in the place where it stood."""
        lower = name.lower()
        if self.header(lower) is None:
            return replace(self, headers=(*self.headers, (name, value)))
        changed = tuple((key, value if key.lower() == lower else old) for key, old in self.headers)
        return replace(self, headers=changed)

    def without(self, *names: bytes) -> "Reply":
        """Return the reply without the headers `names` (lower case)."""
        return replace(self, headers=without(self.headers, *names))

    def with_body(self, body: bytes) -> "Reply":
        """Return the reply with another body and the length that belongs to it."""
        changed = replace(self, body=body)
        if self.header(b"content-length") is None:
            return changed
        return changed.with_header(b"Content-Length", str(len(body)).encode())


Handler = Callable[[Call], Awaitable[Reply]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """The base addresses that callers use: `old` with its stage, `new`, and the `backend` behind both."""

    old: str
    new: str
    backend: str
