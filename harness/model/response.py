"""What came back from one side: a Response, or a NoResponse with a typed reason."""

from dataclasses import dataclass, field
from enum import StrEnum

from harness.model.request import Headers


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """Milliseconds since the request was handed over; None for a phase that did not happen (reused connection)."""

    name: float | None = None
    connect: float | None = None
    tls: float | None = None
    first_byte: float | None = None
    total: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """The peer's leaf certificate as seen on this connection."""

    subject: str
    issuer: str
    names: tuple[str, ...]
    not_before: str
    not_after: str
    sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """A body with its content coding undone.

    `content` is what the coding held (equal to the wire bytes where there is none, or where undoing failed);
    `size` and `sha256` (hex) are those of the bytes on the wire. `coding` is the Content-Encoding's value in
    lower case ("" for none); `fault` says why the coding could not be undone ("" if it could).
    """

    content: bytes = field(default=b"", repr=False)
    size: int = 0
    sha256: str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    coding: str = ""
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A complete answer. Headers are raw: in order, duplicates kept, names as sent, latin-1 text."""

    status: int
    reason: str = ""
    version: str = "1.1"
    headers: Headers = ()
    body: Body = Body()
    trailers: Headers = ()
    interim: tuple[int, ...] = ()
    timings: Timings = Timings()
    certificate: Certificate | None = None

    def all(self, name: str) -> tuple[str, ...]:
        """Return the values of every header called `name` (any case), in order."""
        wanted = name.lower()
        return tuple(value for key, value in self.headers if key.lower() == wanted)

    def first(self, name: str) -> str | None:
        """Return the first header called `name` (any case)."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)


class Reason(StrEnum):
    """Why there is no response."""

    NAME = "name not resolved"
    CONNECT = "connection failed"
    TLS = "TLS failed"
    TIMEOUT_HEADERS = "timeout before headers"
    TIMEOUT_BODY = "timeout in body"
    RESET = "connection reset"
    PROTOCOL = "protocol error"
    TOO_LARGE = "too large"
    REFUSED_TO_SEND = "not sent"
    HARNESS = "harness stalled"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoResponse:
    """No complete answer came. `status` and `headers` are what had arrived; `received` counts body bytes.

    Reason.HARNESS means that this process was too slow to tell (measured.md §1 trap 10), Reason.REFUSED_TO_SEND
    that the request could not be put on the wire (CR/LF in a header, a missing capture).
    """

    reason: Reason
    detail: str
    status: int | None = None
    headers: Headers = ()
    received: int = 0
    timings: Timings = Timings()


Answer = Response | NoResponse
