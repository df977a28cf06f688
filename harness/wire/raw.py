"""The one place where raw bytes are written on a socket: requests that no HTTP client would put together."""

import socket
import time

from harness.model.gateway import Gateway
from harness.model.seen import RawAnswers
from harness.wire.address import Address, NotConnected, address_of, connect, words_of
from harness.wire.answers import answers_in
from harness.wire.secure import trusting, wrap

_STEP = 65_536
_MOST_REST = 4096


def talk(
    gateway: Gateway, payload: bytes, *, timeout: float, most: int = 65_536, quiet: float | None = None
) -> RawAnswers:
    """Write `payload` as it is on one new connection to `gateway`, and read what comes back.

    Connects as the wire would (`connect_to`, SNI, `ca_file`), but through no proxy. It ends when the other side closes,
    after `timeout` seconds in all, after `quiet` seconds without a byte once something came (None: only the whole time
    counts), or when more than `most` bytes came. Network trouble is told in `ended` and `detail`, never raised.
    """
    deadline = time.monotonic() + timeout
    try:
        sock = _open(gateway, address_of(gateway), deadline)
    except NotConnected as failed:
        return RawAnswers(ended="no connection", detail=str(failed))
    except OSError as error:
        return RawAnswers(ended="no connection", detail=f"TLS failed: {words_of(error)}")
    with sock:
        unsent = _write(sock, payload, deadline)
        data, ended, detail = _read(sock, deadline, most, quiet)
    answers, rest = answers_in(data, closed=ended == "closed", bodiless=payload.startswith(b"HEAD "))
    words = "; ".join(word for word in (unsent, detail) if word)
    return RawAnswers(answers=answers, ended=ended, detail=words, rest=rest[:_MOST_REST])


def _open(gateway: Gateway, where: Address, deadline: float) -> socket.socket:
    context = trusting(gateway) if where.secure else None
    sock = connect(where, deadline - time.monotonic())
    return wrap(sock, context, where, deadline - time.monotonic()) if context else sock


def _write(sock: socket.socket, payload: bytes, deadline: float) -> str:
    """Write all; return why not all was taken, "" if it was. What was answered before that is still there to read."""
    try:
        sock.settimeout(max(0.001, deadline - time.monotonic()))
        sock.sendall(payload)
    except OSError as error:
        return f"not all was taken: {words_of(error)}"
    return ""


def _read(sock: socket.socket, deadline: float, most: int, quiet: float | None) -> tuple[bytes, str, str]:
    """Return the bytes that came, how it ended and the words for it."""
    pieces: list[bytes] = []
    size = 0
    while size <= most:
        left = deadline - time.monotonic()
        if left <= 0:
            return b"".join(pieces), "silent", ""
        sock.settimeout(min(left, quiet) if pieces and quiet is not None else left)
        try:
            piece = sock.recv(_STEP)
        except TimeoutError:
            return b"".join(pieces), "silent", ""
        except OSError as error:
            return b"".join(pieces), "reset", words_of(error)
        if not piece:
            return b"".join(pieces), "closed", ""
        pieces.append(piece)
        size += len(piece)
    return b"".join(pieces)[:most], "cut", f"more than {most} bytes came"
