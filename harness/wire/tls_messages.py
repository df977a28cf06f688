"""Handshake messages of TLS (RFC 5246 §7.4, RFC 8446 §4), read for what a server says of itself; all are hostile."""

from dataclasses import dataclass, field

TLS_1_3 = 0x0304
_SERVER_HELLO, _ENCRYPTED_EXTENSIONS, _CERTIFICATE, _CERTIFICATE_REQUEST, _DONE = 2, 8, 11, 13, 14
_ALPN, _SUPPORTED_VERSIONS = 16, 43
_MOST_CERTIFICATES = 20


class Malformed(Exception):  # noqa: N818  says what the bytes are
    """A message ends before its own lengths do."""


class Bytes:
    """Takes bytes off the front, by count or by a length in front of them. Raises Malformed at the end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def __bool__(self) -> bool:
        return self._at < len(self._data)

    def take(self, count: int) -> bytes:
        """Return the next `count` bytes."""
        end = self._at + count
        if end > len(self._data):
            raise Malformed
        piece, self._at = self._data[self._at : end], end
        return piece

    def number(self, size: int) -> int:
        """Return the next `size` bytes as a number."""
        return int.from_bytes(self.take(size), "big")

    def block(self, size: int) -> "Bytes":
        """Return what a length of `size` bytes announces."""
        return Bytes(self.take(self.number(size)))

    def rest(self) -> bytes:
        """Return all that is left."""
        return self.take(len(self._data) - self._at)


@dataclass(slots=True, kw_only=True)
class Flight:
    """What a server's first flight told: `version` and `cipher` are TLS's own numbers, `chain` is DER, leaf first.

    `done` is set once the server has said all that it says before the client's turn (always False from TLS 1.3 on).
    """

    version: int = 0
    cipher: int = 0
    alpn: str = ""
    chain: list[bytes] = field(default_factory=list)
    asks_certificate: bool = False
    done: bool = False

    @property
    def whole(self) -> bool:
        """Tell whether all was heard that comes before, or with, the question for a client certificate."""
        return self.done or (self.version == TLS_1_3 and bool(self.chain))

    def hear(self, kind: int, body: bytes) -> None:
        """Take in one handshake message; what makes no sense is left out."""
        try:
            self._hear(kind, Bytes(body))
        except Malformed:
            return

    def _hear(self, kind: int, body: Bytes) -> None:
        if kind == _SERVER_HELLO:
            self._server_hello(body)
        elif kind == _ENCRYPTED_EXTENSIONS:
            self._extensions(body)
        elif kind == _CERTIFICATE:
            self._certificates(body)
        elif kind == _CERTIFICATE_REQUEST:
            self.asks_certificate = True
        elif kind == _DONE:
            self.done = True

    def _server_hello(self, body: Bytes) -> None:
        self.version = body.number(2)
        body.take(32)
        body.block(1)
        self.cipher = body.number(2)
        body.take(1)
        if body:
            self._extensions(body)

    def _extensions(self, body: Bytes) -> None:
        extensions = body.block(2)
        while extensions:
            kind, content = extensions.number(2), extensions.block(2)
            if kind == _SUPPORTED_VERSIONS:
                self.version = content.number(2)
            elif kind == _ALPN:
                self.alpn = content.block(2).block(1).rest().decode("latin-1")

    def _certificates(self, body: Bytes) -> None:
        if self.version == TLS_1_3:
            body.block(1)
        entries = body.block(3)
        while entries and len(self.chain) < _MOST_CERTIFICATES:
            self.chain.append(entries.block(3).rest())
            if self.version == TLS_1_3:
                entries.block(2)
