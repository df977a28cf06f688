"""What is shown for a name, and to a client that says none."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.model.gateway import Gateway
from harness.model.seen import Port, TlsFacts
from harness.model.side import Side
from harness.wire import tls, tls_handshake
from tests.servers.hostile import HostileServer
from tests.servers.process import free_ports
from tests.servers.tls import Authority, by_name

NAME, OTHER = "api.example.com", "default.example.net"


def shown(
    port: int, authority: Authority, *, named: bool = True, url: str = f"https://{NAME}", timeout: float = 5
) -> TlsFacts:
    gateway = Gateway(side=Side.NEW, kind="generic", url=url, connect_to=f"127.0.0.1:{port}", ca_file=authority.ca_file)
    return tls.certificate(gateway, timeout=timeout, pause=lambda: None, named=named)


@contextmanager
def choosing(authority: Authority, default: str | None) -> Iterator[HostileServer]:
    """A server that has a certificate for NAME, and shows another one (or none) whoever names nothing."""
    files = None if default is None else authority.certificate(default)
    with HostileServer(tls=by_name({NAME: authority.certificate(NAME)}, files)) as server:
        yield server


def test_by_name_and_without(authority: Authority) -> None:
    with choosing(authority, OTHER) as server:
        named, unnamed = shown(server.port, authority), shown(server.port, authority, named=False)
        assert (named.chain[0].names, named.trusted, named.connections) == ((NAME,), True, 1)
        assert (unnamed.chain[0].names, unnamed.trusted, unnamed.distrust) == ((OTHER,), True, "")
        assert server.connections == 2
        assert server.seen == []


def test_refused_without_a_name(authority: Authority) -> None:
    with choosing(authority, None) as server:
        assert shown(server.port, authority).trusted
        seen = shown(server.port, authority, named=False)
    assert (seen.chain, seen.trusted, seen.port, seen.untried) == ((), None, Port.OPEN, False)
    assert seen.trouble


def test_the_chain_is_told_of_what_is_not_trusted(authority: Authority, tmp_path: Path) -> None:
    other = Authority(tmp_path)
    with HostileServer(tls=other.certificate(OTHER)) as server:
        named, unnamed = shown(server.port, authority), shown(server.port, authority, named=False)
    assert [(one.chain[0].names, one.trusted) for one in (named, unnamed)] == [((OTHER,), False)] * 2
    assert "certificate" in named.distrust


def test_where_the_library_keeps_the_chain_to_itself(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tls_handshake, "_listen_in", lambda context, flight: None)
    with HostileServer(tls=authority.certificate(OTHER)) as server:
        seen = shown(server.port, authority)
    assert (seen.chain[0].names, seen.trusted, seen.connections) == ((OTHER,), False, 2)


def test_nothing_there(authority: Authority) -> None:
    seen = shown(free_ports(1)[0], authority)
    assert (seen.port, seen.untried, seen.chain) == (Port.REFUSED, False, ())


def test_a_port_that_says_nothing_to_a_hello(authority: Authority) -> None:
    with HostileServer() as server:
        seen = shown(server.port, authority, timeout=0.3)
    assert (seen.port, seen.chain) == (Port.SILENT, ())
    assert "nothing came back" in seen.trouble


def test_plain_http_is_not_asked(authority: Authority) -> None:
    seen = shown(1, authority, url="http://api.example.com")
    assert (seen.port, seen.connections) == (Port.UNTRIED, 0)


def test_a_client_certificate_that_is_asked_for(authority: Authority) -> None:
    files = authority.certificate(NAME)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.cert, files.key)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority.ca_file)
    with HostileServer(tls=context) as server:
        seen = shown(server.port, authority)
    assert (seen.chain[0].names, seen.trusted) == ((NAME,), True)
