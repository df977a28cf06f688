"""A server on raw sockets that misbehaves by path, and remembers byte for byte what it was sent.

    with HostileServer() as server:
        … server.url + "/bad-chunk" …
        server.seen[0].head          # the request line and headers as they came

BEHAVIOURS lists the paths; a test adds its own with `HostileServer({"/mine": behaviour})`.
"""

import contextlib
import gzip
import re
import socket
import ssl
import struct
import threading
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from tests.servers.tls import ServerFiles

HOST = "127.0.0.1"
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One request as it came; `connection` counts from 0, `turn` is its place on that connection, `at` is monotonic."""

    head: bytes
    body: bytes
    connection: int
    turn: int
    at: float
    sni: str | None

    @property
    def method(self) -> str:
        """Return the method."""
        return self.head.split(b" ", 1)[0].decode("latin-1")

    @property
    def target(self) -> str:
        """Return the request target, verbatim."""
        return self.head.partition(b"\r\n")[0].partition(b" ")[2].rpartition(b" ")[0].decode("latin-1")

    @property
    def path(self) -> str:
        """Return the target up to its query."""
        return self.target.partition("?")[0]

    @property
    def header_lines(self) -> list[bytes]:
        """Return the header lines in order."""
        return self.head.split(b"\r\n")[1:-2]


class Visit:
    """A request being answered: what a behaviour may do with it."""

    def __init__(self, server: "HostileServer", sock: socket.socket, seen: Seen) -> None:
        self._server = server
        self._sock = sock
        self.seen = seen
        self.open = True
        self._waiting = True

    def begin(self) -> None:
        """Count this request as answered: from its first byte on the client may be done with it."""
        if self._waiting:
            self._waiting = False
            self._server.answered()

    @property
    def stopping(self) -> bool:
        """Whether the server is asked to stop."""
        return self._server.stopping.is_set()

    def send(self, data: bytes) -> None:
        """Put bytes on the wire."""
        self.begin()
        self._sock.sendall(data)

    def answer(self, body: bytes, *lines: str, status: str = "200 OK") -> None:
        """Give a whole, correct answer."""
        head = [f"HTTP/1.1 {status}", *lines, f"Content-Length: {len(body)}", "", ""]
        self.send("\r\n".join(head).encode("latin-1") + (b"" if self.seen.method == "HEAD" else body))

    def close(self) -> None:
        """Close the connection after this answer."""
        self.open = False

    def reset(self) -> None:
        """Close the connection with a TCP reset."""
        self.begin()
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self.open = False

    def hang(self) -> None:
        """Say nothing until the client goes or the server stops."""
        self.open = False
        with contextlib.suppress(OSError):
            while self._sock.recv(65536):
                pass

    def pause(self, seconds: float) -> None:
        """Let time pass, or less if the server stops."""
        self._server.stopping.wait(seconds)


Behaviour = Callable[[Visit], None]


class HostileServer:
    """Serves BEHAVIOURS (and `more`) on a free loopback port while the context lasts; unknown paths answer `{}`.

    A behaviour is asked once the request's body is read, or before if `reads_bodies` is set to False (such a connection
    should be closed). `most_at_once` is the highest number of requests that were waiting for the first byte of an
    answer at the same time.
    """

    def __init__(
        self, more: Mapping[str, Behaviour] | None = None, *, tls: ServerFiles | ssl.SSLContext | None = None
    ) -> None:
        self._behaviours = {**BEHAVIOURS, **(more or {})}
        self._context = server_context(tls) if isinstance(tls, ServerFiles) else tls
        self.seen: list[Seen] = []
        self.reads_bodies = True
        self.stopping = threading.Event()
        self.most_at_once = 0
        self.connections = 0
        self._at_once = 0
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server((HOST, 0), backlog=512)

    @property
    def port(self) -> int:
        """Return the port."""
        return int(self._listener.getsockname()[1])

    @property
    def url(self) -> str:
        """Return scheme://host:port."""
        return f"{'https' if self._context else 'http'}://{HOST}:{self.port}"

    def __enter__(self) -> Self:
        self._spawn(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stopping.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for sock in self._open:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
        for thread in list(self._threads):
            thread.join(5)

    def _spawn(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        self._threads = [one for one in self._threads if one.is_alive()]
        thread.start()
        self._threads.append(thread)

    def _accept(self) -> None:
        while not self.stopping.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            number = self.connections
            self.connections += 1
            self._spawn(lambda sock=sock, number=number: self._converse(sock, number))  # type: ignore[misc]

    def _converse(self, raw: socket.socket, number: int) -> None:
        sock = raw
        try:
            with contextlib.suppress(OSError):
                raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if self._context:
                    sock = self._context.wrap_socket(raw, server_side=True, do_handshake_on_connect=False)
                with self._lock:
                    self._open.add(sock)
                if isinstance(sock, ssl.SSLSocket):
                    _shake_hands(sock)
                self._answer_all(sock, number)
        finally:
            with self._lock:
                self._open.discard(sock)
            sock.close()

    def _answer_all(self, sock: socket.socket, number: int) -> None:
        rest = b""
        turn = 0
        while not self.stopping.is_set():
            read = _read_request(sock, rest, body=self.reads_bodies)
            if read is None:
                return
            head, body, rest = read
            sni = getattr(sock, "sni", None)
            seen = Seen(head=head, body=body, connection=number, turn=turn, at=time.monotonic(), sni=sni)
            turn += 1
            with self._lock:
                self.seen.append(seen)
                self._at_once += 1
                self.most_at_once = max(self.most_at_once, self._at_once)
            visit = Visit(self, sock, seen)
            try:
                self._behaviours.get(seen.path, ok)(visit)
            finally:
                visit.begin()
            if not visit.open:
                return

    def answered(self) -> None:
        """Count one request less as waiting."""
        with self._lock:
            self._at_once -= 1


def server_context(files: ServerFiles) -> ssl.SSLContext:
    """Return what a server with these files needs; the name that a client asks for is kept as `sni` of its socket."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.cert, files.key)
    context.set_alpn_protocols(["http/1.1"])

    def remember(sock: Any, name: str | None, _: ssl.SSLContext) -> None:
        sock.sni = name or ""

    context.sni_callback = remember
    return context


def _shake_hands(sock: ssl.SSLSocket) -> None:
    """Do the handshake; where it fails, read on to the end: closing at once would reset away the alert that says why."""
    try:
        sock.do_handshake()
    except ssl.SSLError:
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(65536):
            pass
        raise


def _read_request(sock: socket.socket, data: bytes, *, body: bool) -> tuple[bytes, bytes, bytes] | None:
    """Return head, body and what came after them; None at the end of the connection."""
    while b"\r\n\r\n" not in data:
        more = sock.recv(65536)
        if not more:
            return None
        data += more
    head, _, rest = data.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    if length is None or not body:
        return head + b"\r\n\r\n", b"", rest
    wanted = int(length[1])
    while len(rest) < wanted:
        more = sock.recv(1 << 20)
        if not more:
            return None
        rest += more
    return head + b"\r\n\r\n", rest[:wanted], rest[wanted:]


def ok(visit: Visit) -> None:
    """Answer as one should."""
    visit.answer(b"{}", "Content-Type: application/json")


def says(data: bytes, *, close: bool = True) -> Behaviour:
    """Return a behaviour that puts these bytes on the wire, whatever was asked."""

    def behave(visit: Visit) -> None:
        visit.send(data)
        if close:
            visit.close()

    return behave


def gives(body: bytes, *lines: str) -> Behaviour:
    """Return a behaviour that answers 200 with this body and these header lines."""
    return lambda visit: visit.answer(body, *lines)


def _hang(visit: Visit) -> None:
    visit.hang()


def _hang_in_headers(visit: Visit) -> None:
    visit.send(b"HTTP/1.1 200 OK\r\nContent-Ty")
    visit.hang()


def _hang_in_body(visit: Visit) -> None:
    visit.send(b"HTTP/1.1 200 OK\r\nX-Seen: yes\r\nContent-Length: 100\r\n\r\n0123456789")
    visit.hang()


def _reset(visit: Visit) -> None:
    visit.reset()


def _reset_in_body(visit: Visit) -> None:
    visit.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789")
    visit.pause(0.05)
    visit.reset()


def _nothing(visit: Visit) -> None:
    visit.close()


def _endless(head: bytes, piece: bytes) -> Behaviour:
    def behave(visit: Visit) -> None:
        visit.close()
        visit.send(head)
        while not visit.stopping:
            visit.send(piece)

    return behave


def _drip(visit: Visit) -> None:
    """Send ten bytes, one by one, 20 ms apart."""
    visit.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")
    for digit in b"0123456789":
        visit.pause(0.02)
        visit.send(bytes([digit]))


def _slow_drip(visit: Visit) -> None:
    """Send a byte every 50 ms, for longer than anyone waits."""
    visit.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n")
    visit.close()
    for _ in range(10_000):
        visit.pause(0.05)
        visit.send(b".")


def _slow(visit: Visit) -> None:
    """Answer after as many ms as the query says (`/slow?50`, `/slow?50&more`)."""
    visit.pause(float(visit.seen.target.partition("?")[2].partition("&")[0] or 50) / 1000)
    ok(visit)


def _dies_on_reuse(visit: Visit) -> None:
    """Answer the first request of a connection; at the second, close without a word."""
    if visit.seen.turn == 0:
        ok(visit)
    else:
        visit.close()


def _resets_on_reuse(visit: Visit) -> None:
    if visit.seen.turn == 0:
        ok(visit)
    else:
        visit.reset()


def _echo(visit: Visit) -> None:
    """Answer with the request's own head and body."""
    visit.answer(visit.seen.head + visit.seen.body, "Content-Type: text/plain")


def _numbered(count: int) -> bytes:
    lines = b"".join(b"X-%d: value %d\r\n" % (number, number) for number in range(count))
    return b"HTTP/1.1 200 OK\r\n" + lines + b"Content-Length: 2\r\n\r\n{}"


_HEAD = b"HTTP/1.1 200 OK\r\n"
_CHUNKED = _HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
_ORDER = b'{"id": 1, "items": [' + b", ".join(b'{"sku": "A%d"}' % number for number in range(200)) + b"]}"
_ZIPPED = gzip.compress(_ORDER, mtime=0)


def _raw_deflate(data: bytes) -> bytes:
    engine = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return engine.compress(data) + engine.flush()


def _bomb(size: int) -> bytes:
    engine = zlib.compressobj(9, wbits=16 + zlib.MAX_WBITS)
    block = bytes(1 << 20)
    return b"".join(engine.compress(block) for _ in range(size >> 20)) + engine.flush()


def _explode(visit: Visit) -> None:
    visit.answer(_bomb(200 << 20), "Content-Encoding: gzip", "Content-Type: application/json")


BEHAVIOURS: dict[str, Behaviour] = {
    "/ok": ok,
    "/echo": _echo,
    "/slow": _slow,
    # silence and death
    "/hang": _hang,
    "/hang-in-headers": _hang_in_headers,
    "/hang-in-body": _hang_in_body,
    "/reset": _reset,
    "/reset-in-body": _reset_in_body,
    "/empty-reply": _nothing,
    "/dies-on-reuse": _dies_on_reuse,
    "/resets-on-reuse": _resets_on_reuse,
    "/drip": _drip,
    "/slow-drip": _slow_drip,
    # lies about length
    "/too-short": says(_HEAD + b"Content-Length: 100\r\n\r\n0123456789"),
    "/too-long": says(_HEAD + b"Content-Length: 5\r\n\r\n0123456789"),
    "/two-lengths": says(_HEAD + b"Content-Length: 5\r\nContent-Length: 10\r\n\r\n0123456789"),
    "/negative-length": says(_HEAD + b"Content-Length: -5\r\n\r\n0123456789"),
    "/declared-huge": says(_HEAD + b"Content-Length: 1000000000000\r\n\r\n0123456789"),
    "/until-close": says(_HEAD + b"\r\n0123456789"),
    # without end
    "/endless": _endless(_HEAD + b"\r\n", b"x" * 65536),
    "/endless-chunked": _endless(_CHUNKED, b"10000\r\n" + b"x" * 65536 + b"\r\n"),
    "/endless-headers": _endless(_HEAD, b"X-More: and more\r\n" * 100),
    "/endless-header": _endless(_HEAD + b"X-Long: ", b"x" * 65536),
    "/endless-interim": _endless(b"", b"HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n" * 100),
    "/endless-status": _endless(b"HTTP/1.1 200 ", b"x" * 65536),
    # headers
    "/1000-headers": says(_numbered(1000), close=False),
    "/6000-headers": says(_numbered(6000)),
    "/duplicates": gives(b"{}", "Set-Cookie: a=1", "X-One: 1", "set-cookie: b=2", "SET-COOKIE: a=1"),
    "/folded": says(_HEAD + b"X-Folded: one\r\n  two\r\n\tthree\r\nContent-Length: 2\r\n\r\n{}", close=False),
    "/no-reason": says(b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\n{}", close=False),
    "/odd-reason": says(b"HTTP/1.1 299 Fine, thanks \xe9\r\nContent-Length: 2\r\n\r\n{}", close=False),
    "/latin-1": gives(b"{}", "X-Name: caf\xe9", "X-Empty:", "X-Blank:   "),
    "/bare-line-feeds": says(b"HTTP/1.1 200 OK\nX-One: 1\nContent-Length: 2\n\n{}", close=False),
    "/nul-in-header": says(_HEAD + b"X-Nul: a\0b\r\nContent-Length: 2\r\n\r\n{}"),
    "/no-colon": says(_HEAD + b"What is this\r\nContent-Length: 2\r\n\r\n{}"),
    "/http-1.0": says(b"HTTP/1.0 200 OK\r\n\r\n0123456789"),
    "/http-0.9": says(b"<html>old</html>"),
    "/garbage": says(b"SSH-2.0-OpenSSH_9.9\r\n" + bytes(range(256))),
    "/redirect": gives(b"", "Location: http://127.0.0.1:1/elsewhere"),
    # interim answers and trailers
    "/continue": says(b"HTTP/1.1 100 Continue\r\n\r\n" + _HEAD + b"Content-Length: 2\r\n\r\n{}", close=False),
    "/early-hints": says(
        b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"
        + _HEAD
        + b"X-One: 1\r\nContent-Length: 2\r\n\r\n{}",
        close=False,
    ),
    "/interim-only": says(b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"),
    "/trailers": says(_CHUNKED + b"2\r\n{}\r\n0\r\nX-Sum: 1\r\nX-End: yes\r\n\r\n", close=False),
    # chunking
    "/chunked": says(_CHUNKED + b"5;x=y\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n", close=False),
    "/bad-chunk": says(_CHUNKED + b"5\r\n01234\r\nzz\r\n56789\r\n0\r\n\r\n"),
    "/cut-chunk": says(_CHUNKED + b"5\r\n01234\r\n50\r\n567"),
    # codings
    "/gzip": gives(_ZIPPED, "Content-Encoding: gzip"),
    "/deflate": gives(zlib.compress(_ORDER), "Content-Encoding: deflate"),
    "/raw-deflate": gives(_raw_deflate(_ORDER), "Content-Encoding: deflate"),
    "/cut-gzip": gives(_ZIPPED[:-20], "Content-Encoding: gzip"),
    "/corrupt-gzip": gives(_ZIPPED[:12] + b"\xff\xff\xff" + _ZIPPED[15:], "Content-Encoding: gzip"),
    "/not-gzip": gives(_ORDER, "Content-Encoding: gzip"),
    "/zstd": gives(b"(\xb5/\xfd" + _ORDER, "Content-Encoding: zstd"),
    "/gzip-bomb": _explode,
    # bodies that are not what they say
    "/bad-json": gives(b'{"id": 1,', "Content-Type: application/json"),
    "/bad-utf-8": gives(b'{"name": "\xff\xfe"}', "Content-Type: application/json"),
    "/deep-json": gives(b"[" * 100_000 + b"]" * 100_000, "Content-Type: application/json"),
    "/huge-number": gives(b'{"n": 1e10000000}', "Content-Type: application/json"),
    "/long-integer": gives(b'{"n": ' + b"9" * 5000 + b"}", "Content-Type: application/json"),
}
"""What the server does, by path."""

ORDER = _ORDER
"""The content behind the codings."""
