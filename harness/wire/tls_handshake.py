"""Whole handshakes by the TLS library, and what the server said during them."""

import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from harness.model.gateway import Gateway
from harness.model.seen import Port
from harness.wire.address import Address, NotConnected, connect, words_of
from harness.wire.answers import answers_in
from harness.wire.secure import lenient, trusting, trusting_all, wrap
from harness.wire.tls_messages import Flight

_HANDSHAKE_RECORD = 22
_VERSIONS = {"TLSv1": "TLS 1.0", "TLSv1.1": "TLS 1.1", "TLSv1.2": "TLS 1.2", "TLSv1.3": "TLS 1.3"}
_MOST_ANSWER = 16_384
# nginx takes the handshake and refuses in HTTP
_REFUSED_IN_HTTP = b"SSL certificate"


@dataclass(slots=True, kw_only=True)
class Shaken:
    """How a handshake ended: `wrong` is "" if well. `flight` has what the server said, also where it failed.

    `untried` says that this machine itself could not connect; `port` what came of the connection.
    """

    wrong: str = ""
    silent: bool = False
    connected: bool = True
    untried: bool = False
    distrust: str = ""
    version: str = ""
    cipher: str = ""
    alpn: str = ""
    refused: bool = False
    port: Port = Port.OPEN
    flight: Flight = field(default_factory=Flight)


def shake(
    gateway: Gateway,
    where: Address,
    timeout: float,
    *,
    verify: bool,
    alpn: Sequence[str] = ("h2", "http/1.1"),
    ask: bool = False,
    named: bool = True,
) -> Shaken:
    """Shake hands in the best version that both speak, without a client certificate.

    `verify` has the handshake fail where chain or name do not hold; unless `named`, no name is said, and the chain
    alone is verified. `ask` goes on to ask for `/`, as in TLS 1.3 only
    the first answer shows whether the lack of a client certificate is minded; `refused` tells whether it is.
    """
    told = Shaken()
    deadline = time.monotonic() + timeout
    try:
        context = lenient(trusting(gateway, alpn) if verify else trusting_all(alpn))
        context.check_hostname = verify and named
        _listen_in(context, told.flight)
        sock = wrap(connect(where, timeout), context, where, deadline - time.monotonic(), named=named)
    except NotConnected as failed:
        told.wrong, told.connected, told.untried = str(failed), False, failed.state is Port.UNTRIED
        told.port = failed.state
        return told
    except ssl.SSLCertVerificationError as error:
        told.wrong = told.distrust = words_of(error)
        return told
    except OSError as error:
        told.wrong, told.silent = words_of(error), isinstance(error, TimeoutError)
        told.port = Port.SILENT if told.silent else Port.OPEN
        return told
    with sock:
        _note(told, sock)
        if ask:
            told.refused = _minds(sock, where, deadline)
    return told


def _listen_in(context: ssl.SSLContext, flight: Flight) -> None:
    """Have every handshake message of the server told to `flight`.

    The standard library says only from 3.13 on which chain was sent, and never whether a certificate was asked for;
    its own hook for tracing knows both. Where it is missing, the leaf alone is known.
    """
    if not hasattr(context, "_msg_callback"):
        return

    def hear(_: object, direction: str, __: object, content: int, kind: int, data: bytes) -> None:
        if direction == "read" and content == _HANDSHAKE_RECORD:
            flight.hear(int(kind), data[4:])

    context._msg_callback = hear  # noqa: SLF001  see above


def _note(told: Shaken, sock: ssl.SSLSocket) -> None:
    told.version = _VERSIONS.get(sock.version() or "", "")
    cipher = sock.cipher()
    told.cipher = cipher[0] if cipher else ""
    told.alpn = sock.selected_alpn_protocol() or ""
    leaf = sock.getpeercert(binary_form=True)
    if not told.flight.chain and leaf:
        told.flight.chain.append(leaf)


def _minds(sock: ssl.SSLSocket, where: Address, deadline: float) -> bool:
    """Ask for `/`; tell whether the server minds that no certificate was shown: by an end or in words of nginx."""
    answer = b""
    try:
        host = f"[{where.name}]" if ":" in where.name else where.name
        sock.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode("latin-1", "replace"))
        while len(answer) < _MOST_ANSWER and not _whole(answer):
            sock.settimeout(max(0.001, deadline - time.monotonic()))
            piece = sock.recv(4096)
            if not piece:
                break
            answer += piece
    except TimeoutError:
        return False
    except OSError:
        return not answer
    return not answer or (answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 496 ")) and _REFUSED_IN_HTTP in answer)


def _whole(data: bytes) -> bool:
    answers, _ = answers_in(data, closed=False)
    return bool(answers) and not answers[0].body.fault
