import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import pytest

from harness.model.gateway import Gateway
from harness.model.side import Side
from harness.wire.raw import talk
from tests.servers.hostile import HostileServer
from tests.servers.process import free_ports
from tests.servers.tls import Authority

_BOTH = b"POST /ok HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /evil HTTP/1.1\r\n\r\n"


def _gateway(url: str, **more: Any) -> Gateway:
    return Gateway(side=Side.OLD, kind="generic", url=url, **more)


@contextmanager
def serving(converse: Callable[[socket.socket], None]) -> Iterator[str]:
    """Hand one connection to `converse`; give the URL."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))

        def accept() -> None:
            with suppress(OSError):
                sock, _ = listener.accept()
                with sock:
                    converse(sock)

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        stack.callback(thread.join, 5)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_bytes_go_out_as_they_are_and_all_answers_come_back() -> None:
    got: list[bytes] = []

    def converse(sock: socket.socket) -> None:
        while len(b"".join(got)) < len(_BOTH):
            got.append(sock.recv(65536))
        sock.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n\r\nevil")

    with serving(converse) as url:
        told = talk(_gateway(url), _BOTH, timeout=5)
    assert b"".join(got) == _BOTH
    assert [(one.status, one.body.content) for one in told.answers] == [(400, b""), (200, b"evil")]
    assert (told.ended, told.detail, told.rest) == ("closed", "", b"")


def test_a_connection_that_stays_open_is_silent(hostile: HostileServer) -> None:
    request = b"GET /ok HTTP/1.1\r\nHost: x\r\n\r\n"
    started = time.monotonic()
    told = talk(_gateway(hostile.url), request * 3, timeout=30, quiet=0.05)
    assert time.monotonic() - started < 5
    assert ([one.status for one in told.answers], told.ended) == ([200, 200, 200], "silent")
    assert [seen.head for seen in hostile.seen] == [request] * 3


@pytest.mark.parametrize(("path", "ended"), [("/hang", "silent"), ("/reset", "reset"), ("/empty-reply", "closed")])
def test_no_answer_at_all(hostile: HostileServer, path: str, ended: str) -> None:
    told = talk(_gateway(hostile.url), f"GET {path} HTTP/1.1\r\n\r\n".encode(), timeout=0.3)
    assert (told.answers, told.ended, told.rest) == ((), ended, b"")


@pytest.mark.parametrize("path", ["/slow-drip", "/endless", "/endless-headers", "/endless-interim"])
def test_what_does_not_end_is_bounded_in_time_and_bytes(hostile: HostileServer, path: str) -> None:
    started = time.monotonic()
    told = talk(_gateway(hostile.url), f"GET {path} HTTP/1.1\r\n\r\n".encode(), timeout=0.4, most=10_000)
    assert time.monotonic() - started < 3
    assert told.ended == ("silent" if path == "/slow-drip" else "cut")
    assert len(told.rest) <= 4096
    assert sum(one.body.size for one in told.answers) <= 10_000


def test_what_is_no_http_is_shown(hostile: HostileServer) -> None:
    told = talk(_gateway(hostile.url), b"GET /garbage HTTP/1.1\r\n\r\n", timeout=2)
    assert (told.answers, told.ended) == ((), "closed")
    assert told.rest.startswith(b"SSH-2.0")


def test_an_early_answer_is_read_though_not_all_was_taken() -> None:
    def converse(sock: socket.socket) -> None:
        sock.recv(1000)
        sock.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        sock.shutdown(socket.SHUT_RDWR)

    with serving(converse) as url:
        told = talk(_gateway(url), b"POST / HTTP/1.1\r\n\r\n" + bytes(20_000_000), timeout=5)
    assert [one.status for one in told.answers] == [413]
    assert "not all was taken" in told.detail


def test_tls_asks_for_the_urls_name_at_another_address(authority: Authority) -> None:
    with HostileServer(tls=authority.certificate("api.example.com")) as server:
        gateway = _gateway(
            "https://api.example.com/stage", connect_to=f"127.0.0.1:{server.port}", ca_file=authority.ca_file
        )
        told = talk(
            gateway, b"GET /x HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", timeout=5, quiet=0.05
        )
        (seen,) = server.seen
    assert [one.status for one in told.answers] == [200]
    assert (seen.sni, seen.header_lines[0]) == ("api.example.com", b"Host: evil.example")


def test_a_server_that_is_not_trusted_gets_no_bytes(authority: Authority) -> None:
    with HostileServer(tls=authority.certificate("wrong.example")) as server:
        told = talk(_gateway(server.url, ca_file=authority.ca_file), _BOTH, timeout=5)
        assert server.seen == []
    assert told.ended == "no connection"
    assert "certificate" in told.detail


@pytest.mark.parametrize(
    ("url", "more", "words"),
    [
        ("http://127.0.0.1:{free}", {}, "refused"),
        ("http://no-such-host.invalid", {}, "not resolved"),
        ("http://127.0.0.1:{free}", {"proxy": "http://127.0.0.1:1"}, "proxy"),
        ("https://127.0.0.1:{plain}", {}, "TLS failed"),
    ],
)
def test_no_connection_says_why(
    hostile: HostileServer, authority: Authority, url: str, more: dict[str, Any], words: str
) -> None:
    url = url.format(free=free_ports(1)[0], plain=hostile.port)
    told = talk(_gateway(url, ca_file=authority.ca_file, **more), b"GET / HTTP/1.1\r\n\r\n", timeout=0.3)
    assert (told.answers, told.ended) == ((), "no connection")
    assert words in told.detail
    assert hostile.seen == []


def test_a_proxy_of_the_environment_counts_where_the_gateway_uses_it(
    hostile: HostileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = b"GET /ok HTTP/1.1\r\nConnection: close\r\n\r\n"
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert talk(_gateway(hostile.url, proxy="environment"), request, timeout=2).ended == "no connection"
    assert talk(_gateway(hostile.url), request, timeout=2, quiet=0.05).answers
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert talk(_gateway(hostile.url, proxy="environment"), request, timeout=2, quiet=0.05).answers


def test_head_is_known_by_its_first_word(hostile: HostileServer) -> None:
    told = talk(_gateway(hostile.url), b"HEAD /gzip HTTP/1.1\r\n\r\nGET /ok HTTP/1.1\r\n\r\n", timeout=2, quiet=0.05)
    assert [one.body.content for one in told.answers] == [b"", b"{}"]
