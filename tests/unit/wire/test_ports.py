import errno
import os
import socket

import pytest

from harness.model.seen import Port
from harness.wire import ports
from harness.wire.ports import knock
from tests.servers.process import free_ports


def test_an_open_port_tells_both_ends() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        told = knock("127.0.0.1", port, timeout=2, pause=lambda: None)
        accepted, peer = listener.accept()
        accepted.close()
    assert (told.state, told.peer, told.here) == (Port.OPEN, f"127.0.0.1:{port}", f"127.0.0.1:{peer[1]}")
    assert "open" in told.detail


def test_a_closed_port_is_refused_and_tells_from_where_it_was_tried() -> None:
    (port,) = free_ports(1)
    told = knock("127.0.0.1", port, timeout=2, pause=lambda: None)
    assert (told.state, told.peer, told.here) == (Port.REFUSED, f"127.0.0.1:{port}", "127.0.0.1")
    assert told.detail == f"127.0.0.1:{port}: Connection refused"


def test_a_port_that_does_not_answer_is_silent() -> None:
    """A listener whose queue is full drops what comes."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            told = knock("127.0.0.1", port, timeout=0.1, pause=lambda: None)
    assert (told.state, told.here) == (Port.SILENT, "127.0.0.1")
    assert "no answer in time" in told.detail


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a..b", "x" * 300, "\x00", "caf\ud800"])
def test_what_is_no_name_is_not_resolved(host: str) -> None:
    told = knock(host, 80, timeout=1, pause=lambda: None)
    assert (told.state, told.peer, told.here) == (Port.UNRESOLVED, "", "")
    assert len(told.detail) < 400


def _has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


@pytest.mark.skipif(not _has_ipv6(), reason="needs IPv6 on loopback")
@pytest.mark.parametrize("host", ["::1", "[::1]"])
def test_ipv6_literals(host: str) -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as listener:
        port = listener.getsockname()[1]
        told = knock(host, port, timeout=2, pause=lambda: None)
    assert (told.state, told.peer) == (Port.OPEN, f"[::1]:{port}")
    assert told.here.startswith("[::1]:")


@pytest.mark.parametrize(("listens", "state"), [("127.0.0.2", Port.OPEN), ("127.0.0.3", Port.OPEN), ("", Port.REFUSED)])
def test_every_address_is_tried_and_open_anywhere_is_open(
    monkeypatch: pytest.MonkeyPatch, listens: str, state: Port
) -> None:
    pauses: list[int] = []
    (port,) = free_ports(1)
    peers = [(socket.AF_INET, (host, port)) for host in ("127.0.0.1", "127.0.0.2", "127.0.0.3")]
    monkeypatch.setattr(ports, "addresses", lambda *_: peers)
    listener = socket.create_server((listens, port)) if listens else socket.socket()
    with listener:
        told = knock("gateway.example", port, timeout=2, pause=lambda: pauses.append(1))
    assert told.state is state
    assert told.peer == f"{listens or '127.0.0.1'}:{port}"
    assert told.tried == len(pauses) == 3
    assert [part.split(":")[0] for part in told.detail.split("; ")] == ["127.0.0.1", "127.0.0.2", "127.0.0.3"]


OWN_WORDS = [errno.ENETUNREACH, errno.EPERM, errno.EACCES, errno.EADDRNOTAVAIL, errno.EMFILE]


@pytest.mark.parametrize("number", OWN_WORDS, ids=[errno.errorcode[number] for number in OWN_WORDS])
def test_what_this_machine_forbids_itself_is_not_tried(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    if number == errno.EMFILE:
        monkeypatch.setattr(socket, "socket", fail)
    else:
        monkeypatch.setattr(socket.socket, "connect", fail)
    told = knock("127.0.0.1", 80, timeout=0.5, pause=lambda: None)
    assert (told.state, told.detail) == (Port.UNTRIED, f"127.0.0.1:80: {os.strerror(number)}")


def test_a_host_that_is_not_there_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.EHOSTUNREACH, "No route to host")

    monkeypatch.setattr(socket.socket, "connect", fail)
    assert knock("127.0.0.1", 80, timeout=0.5, pause=lambda: None).state is Port.UNREACHABLE
