"""One pooled libcurl handle: set up for a request, and what it gathered."""

from typing import TYPE_CHECKING

import pycurl

from harness.model.request import Headers, Request
from harness.model.response import Certificate, Timings
from harness.model.side import Side
from harness.wire.made import reused_timings
from harness.wire.trouble import Failure

if TYPE_CHECKING:
    from harness.wire.pool import Pool

_NOTHING = Request(side=Side.OLD, method="GET", url="")
_BODY_EXPECTED = frozenset({"POST", "PUT", "PATCH"})
_MS = 1000.0
# names of modules are looked up anew each time, these are not
_FIRST_BYTE = pycurl.STARTTRANSFER_TIME
_TOTAL = pycurl.TOTAL_TIME
_NEW_CONNECTIONS = pycurl.NUM_CONNECTS
_SEND, _SEND_NOT = pycurl.PREREQFUNC_OK, pycurl.PREREQFUNC_ABORT
_LONGEST_TIMEOUT = 2_000_000_000

STALL = 0.1
STALL_SHARE = 0.1


class Transfer:
    """A handle that is used again and again, for one request at a time.

    What one request set must never show in the next: a handle that sent anything but a plain GET, or that failed, is
    reset before its next use; between two plain GETs the few options that vary are compared and set.
    """

    __slots__ = (
        "_headers",
        "_plain",
        "_settings",
        "_target",
        "_timeout",
        "chunks",
        "gap",
        "handle",
        "lines",
        "pool",
        "request",
        "sends",
        "sent_at",
        "token",
    )

    def __init__(self, pool: "Pool") -> None:
        self.handle = pycurl.Curl()
        self.pool = pool
        self.handle.setopt(pycurl.SHARE, pool.share)  # connections of this pool only; a reset does not undo it
        self._settings = pool.settings
        self._plain = False
        self._target = ""
        self._headers: Headers | None = None
        self._timeout = 0.0
        self.chunks: list[bytes] = []
        self.lines: list[bytes] = []
        self.request = _NOTHING
        self.token: object = None
        self.sends = 0
        self.gap = 0.0
        self.sent_at = 0.0

    def prepare(self, request: Request, target: str, token: object) -> None:
        """Set the handle up for `request`; nothing of what it sent before remains."""
        self.request = request
        self.token = token
        self.sends = 0
        self.gap = 0.0
        plain = request.method == "GET" and request.body is None
        if not (plain and self._plain):
            self._start_over()
        self._plain = plain
        self._vary(request, target)
        if not plain:
            self._shape(request)

    def connect_anew(self) -> None:
        """Have this request go out on a connection of its own making."""
        self.handle.setopt(pycurl.FRESH_CONNECT, 1)
        self._plain = False

    def spoil(self) -> None:
        """Forget what was gathered, and have the handle reset before its next use (after a failure)."""
        self.lines.clear()
        self.chunks.clear()
        self._plain = False

    def close(self) -> None:
        """Close the handle; its callbacks go with it."""
        self.handle.close()

    def _start_over(self) -> None:
        handle = self.handle
        handle.reset()
        self._headers = None
        self._target = ""
        self._timeout = 0.0
        for option, value in self._settings:
            handle.setopt(option, value)
        # bound methods of C: a Python function per chunk or line would cost more than all the rest
        self.chunks = []
        self.lines = []
        handle.setopt(pycurl.WRITEFUNCTION, self.chunks.append)
        handle.setopt(pycurl.HEADERFUNCTION, self.lines.append)
        handle.setopt(pycurl.PREREQFUNCTION, self._about_to_send)

    def _about_to_send(self, *_: object) -> int:
        """Let the request go out once: libcurl would send it again, POST too, when a reused connection dies."""
        self.sends += 1
        return _SEND if self.sends == 1 else _SEND_NOT

    def _vary(self, request: Request, target: str) -> None:
        handle = self.handle
        if target != self._target:
            handle.setopt(pycurl.REQUEST_TARGET, target.encode())
            self._target = target
        if request.headers != self._headers:
            handle.setopt(pycurl.HTTPHEADER, header_lines(request))
            self._headers = request.headers
        if request.timeout != self._timeout:
            handle.setopt(pycurl.TIMEOUT_MS, max(1, min(int(request.timeout * _MS), _LONGEST_TIMEOUT)))
            self._timeout = request.timeout

    def _shape(self, request: Request) -> None:
        """Set method and body; only after a reset."""
        handle = self.handle
        body = _body_of(request)
        if request.method == "HEAD":
            handle.setopt(pycurl.NOBODY, 1)
            return
        if body is not None:
            handle.setopt(pycurl.POST, 1)
            handle.setopt(pycurl.POSTFIELDSIZE_LARGE, len(body))
            handle.setopt(pycurl.POSTFIELDS, body)
        handle.setopt(pycurl.CUSTOMREQUEST, request.method)

    def failure(self, code: int, words: str) -> Failure:
        """Return how far the transfer had come when it failed."""
        info = self.handle.getinfo
        return Failure(
            code=code,
            words=words,
            sends=self.sends,
            resolved=bool(info(pycurl.NAMELOOKUP_TIME)),
            connected=bool(info(pycurl.CONNECT_TIME)),
            secured=bool(info(pycurl.APPCONNECT_TIME)),
        )

    def stalled(self) -> bool:
        """Tell whether this process left libcurl alone for long enough to make a false timeout."""
        return self.gap > max(STALL, STALL_SHARE * self.request.timeout)

    def connection(self) -> int:
        """Return the number of the connection last used, unique within the pool."""
        return int(self.handle.getinfo(pycurl.CONN_ID))

    def opened(self, connection: int) -> bool:
        """Tell whether this transfer opened `connection`."""
        return bool(self.handle.getinfo(pycurl.NUM_CONNECTS)) and self.connection() == connection

    def kept(self) -> bool:
        """Tell whether the connection last used is among those that may be used again."""
        return int(self.handle.getinfo(pycurl.ACTIVESOCKET)) >= 0

    def certificate(self) -> Certificate | None:
        """Return the leaf certificate that was shown while this transfer connected."""
        chain = self.handle.getinfo_raw(pycurl.INFO_CERTINFO)
        pem = next((value for name, value in chain[0] if name == b"Cert"), b"") if chain else b""
        from harness.wire.certificate import read_certificate  # noqa: PLC0415  heavy; plain http never needs it

        return read_certificate(pem) if pem else None

    def timings(self) -> Timings:
        """Return what each phase took; a phase that did not happen is None."""
        info = self.handle.getinfo
        first = info(_FIRST_BYTE)
        opened = info(_NEW_CONNECTIONS) or not self.sends
        if first and not opened:
            return reused_timings(first * _MS, info(_TOTAL) * _MS)
        return Timings(
            name=_phase(info(pycurl.NAMELOOKUP_TIME)) if opened else None,
            connect=_phase(info(pycurl.CONNECT_TIME)) if opened else None,
            tls=_phase(info(pycurl.APPCONNECT_TIME)) if opened else None,
            first_byte=_phase(first),
            total=info(_TOTAL) * _MS,
        )


def _phase(seconds: float) -> float | None:
    return seconds * _MS if seconds else None


def header_lines(request: Request) -> list[bytes]:
    """Return the header lines as libcurl wants them, and the marks that keep it from adding its own."""
    given = {name.lower() for name, _ in request.headers}
    lines = [_line(name, value) for name, value in request.headers]
    added = _ADDED if _body_of(request) is None else _ADDED_WITH_BODY
    lines.extend(mark for name, mark in added if name not in given)
    return lines


_ADDED = (("accept", b"Accept:"),)
_ADDED_WITH_BODY = (*_ADDED, ("expect", b"Expect:"), ("content-type", b"Content-Type:"))


def _body_of(request: Request) -> bytes | None:
    """Return what is sent as the body; some gateways refuse POST, PUT and PATCH without a Content-Length."""
    if request.body is None and request.method in _BODY_EXPECTED:
        return b""
    return request.body


def _line(name: str, value: str) -> bytes:
    if not value.strip():
        return f"{name};".encode()  # "X:" would delete the header instead of sending it empty
    try:
        return f"{name}: {value}".encode("latin-1")  # as response headers are read, so that captured ones come back
    except UnicodeEncodeError:
        return f"{name}: {value}".encode()
