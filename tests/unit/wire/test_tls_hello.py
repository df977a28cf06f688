import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from harness.model.seen import Offer
from harness.wire.address import Address
from harness.wire.tls_hello import VERSIONS, client_hello, say_hello
from harness.wire.tls_messages import Flight
from tests.servers.process import free_ports

V12, V13 = VERSIONS["TLS 1.2"], VERSIONS["TLS 1.3"]


@contextmanager
def answering(data: bytes, *, then: Callable[[socket.socket], None] | None = None) -> Iterator[Address]:
    """Answer every connection's first bytes with `data`, then close (or do something else)."""
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            while not stop.is_set():
                with contextlib.suppress(OSError):
                    sock, _ = listener.accept()
                    with sock:
                        sock.recv(65536)
                        sock.sendall(data)
                        if then:
                            then(sock)

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield Address(host="127.0.0.1", port=listener.getsockname()[1], name="api.example.com", secure=True)
        stop.set()
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def _record(kind: int, content: bytes) -> bytes:
    return bytes([kind, 3, 3]) + len(content).to_bytes(2, "big") + content


def _message(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


def _server_hello(version: int, extensions: bytes = b"") -> bytes:
    more = len(extensions).to_bytes(2, "big") + extensions if extensions else b""
    return _message(2, version.to_bytes(2, "big") + bytes(32) + b"\0" + b"\xc0\x2f" + b"\0" + more)


_DONE = _message(14, b"")


@pytest.mark.parametrize(
    ("answer", "version", "offer", "ended"),
    [
        (_record(22, _server_hello(V12) + _DONE), V12, Offer.ACCEPTED, "done"),
        (_record(22, _server_hello(V12)) + _record(22, _DONE), V12, Offer.ACCEPTED, "done"),
        (
            _record(22, _server_hello(V12)[:20]) + _record(22, _server_hello(V12)[20:] + _DONE),
            V12,
            Offer.ACCEPTED,
            "done",
        ),
        (_record(21, b"\x01\x70") + _record(22, _server_hello(V12) + _DONE), V12, Offer.ACCEPTED, "done"),
        (_record(22, _server_hello(0x0301) + _DONE), V12, Offer.REFUSED, "done"),  # an older one instead
        (_record(22, _server_hello(V12)), V12, Offer.REFUSED, "closed"),  # said hello and went
        (_record(22, _server_hello(V12)) + _record(21, b"\x02\x50"), V12, Offer.REFUSED, "alert"),
        (_record(22, _server_hello(V12, b"\0\x2b\0\x02\x03\x04")), V13, Offer.ACCEPTED, "done"),
        (_record(22, _server_hello(V12) + _DONE), V13, Offer.REFUSED, "done"),
        (_record(21, b"\x02\x46"), V12, Offer.REFUSED, "alert"),
        (_record(21, b"\x01\x00"), V12, Offer.REFUSED, "alert"),
        (_record(21, b"\x02\xfa"), V12, Offer.REFUSED, "alert"),
        (b"", V12, Offer.REFUSED, "closed"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", V12, Offer.UNKNOWN, "no TLS"),
        (b"SSH-2.0-x\r\n", V12, Offer.UNKNOWN, "no TLS"),
        (b"\x16", V12, Offer.REFUSED, "closed"),
        (_record(22, b"\x02\x00\xff\xff" + bytes(40)), V12, Offer.REFUSED, "closed"),  # announces more than comes
        (_record(22, _message(2, b"\x03")), V12, Offer.REFUSED, "closed"),
        (_record(22, _server_hello(V12, b"\0\x10\xff\xff") + _DONE), V12, Offer.ACCEPTED, "done"),
        (_record(22, b"") * 1000, V12, Offer.REFUSED, "closed"),
    ],
)
def test_an_answer_to_a_hello(answer: bytes, version: int, offer: Offer, ended: str) -> None:
    with answering(answer) as where:
        heard = say_hello(where, version, 5)
    assert (heard.offer(version), heard.ended) == (offer, ended)


def test_alerts_have_names() -> None:
    with answering(_record(21, b"\x02\x46")) as where:
        assert say_hello(where, V12, 5).words == "protocol_version"
    with answering(_record(21, b"\x02\xfa")) as where:
        assert say_hello(where, V12, 5).words == "alert 250"


def test_a_server_that_never_ends_is_bounded() -> None:
    def on_and_on(sock: socket.socket) -> None:
        while True:
            sock.sendall(_record(22, _message(99, bytes(10_000))))

    with answering(b"", then=on_and_on) as where:
        heard = say_hello(where, V12, 5)
    assert heard.offer(V12) is Offer.REFUSED


def test_a_silent_or_closed_port_tells_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        where = Address(host="127.0.0.1", port=listener.getsockname()[1], name="x", secure=True)
        heard = say_hello(where, V12, 0.1)
    assert (heard.ended, heard.offer(V12)) == ("silent", Offer.UNKNOWN)
    heard = say_hello(Address(host="127.0.0.1", port=free_ports(1)[0], name="x", secure=True), V12, 1)
    assert (heard.ended, heard.offer(V12)) == ("no connection", Offer.UNKNOWN)


@pytest.mark.parametrize("version", VERSIONS.values())
@pytest.mark.parametrize("name", ["api.example.com", "127.0.0.1", "::1", "bücher.example", "x" * 300])
def test_a_hello_is_short_and_names_hosts_only(version: int, name: str) -> None:
    hello = client_hello(version, name)
    assert len(hello) == 5 + int.from_bytes(hello[3:5], "big")
    assert (b"api.example.com" in hello) == (name == "api.example.com")
    assert b"127.0.0.1" not in hello
    assert len(hello) < 600


@pytest.mark.parametrize("kind", range(20))
def test_no_message_breaks_the_reading(kind: int) -> None:
    for version in (0, V12, V13):
        for size in range(0, 120, 3):
            flight = Flight(version=version)
            flight.hear(kind, os.urandom(size))
            flight.hear(kind, b"\xff" * size)
            flight.hear(kind, bytes(size))
            assert len(flight.chain) <= 20
