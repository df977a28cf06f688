"""One protocol version offered by hand.

A TLS library refuses to offer what it holds for unsafe, or was built without; what a server takes part in must not
depend on that. The hello offers one version, with every cipher suite that servers of its day choose from; the answer is
read as far as it comes in the clear: to the end of the server's flight up to TLS 1.2, to its ServerHello in TLS 1.3.
"""

import ipaddress
import os
import socket
import time
from dataclasses import dataclass, field

from harness.model.seen import Offer
from harness.wire.address import Address, NotConnected, connect
from harness.wire.tls_messages import TLS_1_3, Bytes, Flight, Malformed

VERSIONS = {"TLS 1.0": 0x0301, "TLS 1.1": 0x0302, "TLS 1.2": 0x0303, "TLS 1.3": TLS_1_3}

_ALERT, _HANDSHAKE, _ENCRYPTED = 21, 22, 23
_RECORDS = frozenset({20, _ALERT, _HANDSHAKE, _ENCRYPTED})
_MOST_BYTES = 262_144
_WARNING, _CLOSE_NOTIFY = 1, 0

_OLD_CIPHERS = (
    "c00a c009 c014 c013 c008 c012 c007 c011 0039 0038 0033 0032 0016 0013 0088 0045 0035 002f 0084 0041 0096 000a"
    " 0007 0005 0004 0015 0009 00ff"
)
_CIPHERS_1_2 = (
    "c02c c02b c030 c02f cca9 cca8 ccaa 009f 009e 00a3 00a2 c024 c023 c028 c027 006b 0067 006a 0040 009d 009c 003d"
    " 003c c0ad c0ac c09f c09e c09d c09c"
)
_CIPHERS_1_3 = "1301 1302 1303 1304 1305"
_GROUPS = "001d 0017 0018 0019 001e 0100"
_SIGNATURES = "0403 0503 0603 0807 0808 0809 080a 080b 0804 0805 0806 0401 0501 0601 0203 0201 0202 0402"

ALERTS = {
    0: "close_notify",
    10: "unexpected_message",
    40: "handshake_failure",
    47: "illegal_parameter",
    48: "unknown_ca",
    49: "access_denied",
    50: "decode_error",
    51: "decrypt_error",
    70: "protocol_version",
    71: "insufficient_security",
    80: "internal_error",
    86: "inappropriate_fallback",
    112: "unrecognized_name",
    116: "certificate_required",
    120: "no_application_protocol",
}


@dataclass(slots=True, kw_only=True)
class Heard:
    """What came back for a hello.

    `ended` is "done", "alert", "closed", "reset", "silent", "no TLS" or "no connection".
    """

    ended: str = "closed"
    words: str = ""
    flight: Flight = field(default_factory=Flight)

    def offer(self, version: int) -> Offer:
        """Read it as an answer to `version` being offered alone."""
        if self.ended in ("silent", "no TLS", "no connection"):
            return Offer.UNKNOWN
        return Offer.ACCEPTED if self.ended == "done" and self.flight.version == version else Offer.REFUSED


def say_hello(where: Address, version: int, timeout: float) -> Heard:
    """Offer `version` alone on a connection of its own, and tell what came back within `timeout` seconds."""
    deadline = time.monotonic() + timeout
    heard = Heard()
    try:
        with connect(where, timeout) as sock:
            sock.sendall(client_hello(version, where.name))
            _listen(sock, heard, deadline)
    except NotConnected as failed:
        heard.ended, heard.words = "no connection", str(failed)
    except TimeoutError:
        heard.ended = "silent"
    except OSError:
        heard.ended = "reset"
    return heard


def _listen(sock: socket.socket, heard: Heard, deadline: float) -> None:
    data, messages, size = b"", b"", 0
    while size <= _MOST_BYTES:
        sock.settimeout(max(0.001, deadline - time.monotonic()))
        piece = sock.recv(65_536)
        if not piece:
            return
        size += len(piece)
        data += piece
        if data[0] not in _RECORDS:
            heard.ended = "no TLS"
            return
        while len(data) >= 5 and len(data) >= 5 + int.from_bytes(data[3:5], "big"):
            end = 5 + int.from_bytes(data[3:5], "big")
            kind, record, data = data[0], data[5:end], data[end:]
            if kind == _HANDSHAKE:
                messages = _hear_all(heard, messages + record)
            elif kind == _ALERT and _final(record):
                heard.ended, heard.words = "alert", ALERTS.get(record[1], f"alert {record[1]}")
                return
            if heard.flight.done or heard.flight.version == TLS_1_3:
                heard.ended = "done"
                return


def _final(alert: bytes) -> bool:
    return len(alert) == 2 and (alert[0] != _WARNING or alert[1] == _CLOSE_NOTIFY)


def _hear_all(heard: Heard, data: bytes) -> bytes:
    """Take in every whole handshake message; return what is left over."""
    while True:
        reader = Bytes(data)
        try:
            kind, body = reader.number(1), reader.block(3).rest()
        except Malformed:
            return data
        heard.flight.hear(kind, body)
        data = reader.rest()


def client_hello(version: int, name: str) -> bytes:
    """Return the record with a ClientHello that offers `version` alone, for the server called `name`."""
    modern = version == TLS_1_3
    session = os.urandom(32) if modern else b""
    body = b"".join(
        (
            min(version, VERSIONS["TLS 1.2"]).to_bytes(2, "big"),
            os.urandom(32),
            _block(1, session),
            _block(2, _ciphers(version)),
            _block(1, b"\0"),
            _block(2, b"".join(_extensions(version, name))),
        )
    )
    message = b"\x01" + _block(3, body)
    return b"\x16\x03\x01" + _block(2, message)


def _ciphers(version: int) -> bytes:
    if version == TLS_1_3:
        return bytes.fromhex(_CIPHERS_1_3)
    return bytes.fromhex(f"{_CIPHERS_1_2} {_OLD_CIPHERS}" if version == VERSIONS["TLS 1.2"] else _OLD_CIPHERS)


def _extensions(version: int, name: str) -> list[bytes]:
    found = []
    if not _is_address(name):
        found.append(_extension(0, _block(2, b"\0" + _block(2, _ascii(name)))))
    found.append(_extension(10, _block(2, bytes.fromhex(_GROUPS))))
    found.append(_extension(11, b"\x01\0"))
    if version >= VERSIONS["TLS 1.2"]:
        found.append(_extension(13, _block(2, bytes.fromhex(_SIGNATURES))))
    if version == TLS_1_3:
        found.append(_extension(43, b"\x02\x03\x04"))
        found.append(_extension(45, b"\x01\x01"))
        # any 32 bytes are a public key of X25519; nothing that would need the private one is read
        found.append(_extension(51, _block(2, b"\0\x1d" + _block(2, os.urandom(32)))))
    return found


def _ascii(name: str) -> bytes:
    try:
        return name.encode("idna")
    except UnicodeError:
        return name.encode("ascii", "replace")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _extension(kind: int, content: bytes) -> bytes:
    return kind.to_bytes(2, "big") + _block(2, content)


def _block(size: int, content: bytes) -> bytes:
    return len(content).to_bytes(size, "big") + content
