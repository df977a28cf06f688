"""What a careless or hostile client sends goes out as it is: nothing is folded, escaped, added or left out."""

import contextlib
from collections.abc import Callable

import pytest

from harness.model.exchange import Exchange
from harness.model.gateway import Gateway
from harness.model.request import Headers, Request
from harness.model.response import Answer, Response
from harness.model.side import Side
from harness.wire.client import Wire
from tests.servers.hostile import HostileServer, Visit
from tests.servers.tls import Authority

Ask = Callable[..., Answer]
Drain = Callable[[Wire, int], list[Exchange]]


@pytest.mark.parametrize(
    "target",
    [
        "/orders/..;/admin",
        "/orders/%2e%2e/admin",
        "/orders/%2E./admin",
        "/orders/../admin",
        "/orders/..%2fadmin",
        "/orders/%252e%252e/admin",
        "//orders",
        "///orders//1001",
        "/orders/",
        "/ORDERS",
        "/orders%2f1001",
        "/orders%5c1001",
        "/./orders",
        "/orders/.",
        "/orders\\admin",
        "/orders;x=1",
        "/%6frders",
        "/orders%00",
        "/orders%0d%0aX:%20y",
        "/orders?x=1?y=2&&=#",
        "/orders%",
        "//127.0.0.2:1/orders",
        "/http://127.0.0.2:1/orders",
        "/@127.0.0.2:1/",
        "/orders?" + "x" * 9_000,
        "/" + "x" * 20_000,
    ],
    ids=lambda target: target[:30],
)
def test_odd_targets(hostile: HostileServer, ask: Ask, target: str) -> None:
    assert isinstance(ask(hostile.url + target), Response)
    assert hostile.seen[0].head == f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{hostile.port}\r\n\r\n".encode()


@pytest.mark.parametrize("body", [None, b"abc"])
@pytest.mark.parametrize(
    "method",
    ["TRACE", "TRACK", "CONNECT", "PROPFIND", "DEBUG", "get", "Get", "post", "head", "delete", "X-Y!", "A" * 99],
)
def test_odd_methods(
    hostile: HostileServer, open_wire: Callable[..., Wire], drain: Drain, method: str, body: bytes | None
) -> None:
    """The connection serves the next request as if nothing had been."""
    wire = open_wire(hostile.url)
    wire.submit(Request(side=Side.OLD, method=method, url=hostile.url + "/orders", body=body), 0)
    wire.submit(Request(side=Side.OLD, method="GET", url=hostile.url + "/next"), 1)
    answers = [done.answer for done in drain(wire, 2)]
    assert all(isinstance(answer, Response) and answer.body.content == b"{}" for answer in answers)
    lines = [f"{method} /orders HTTP/1.1", f"Host: 127.0.0.1:{hostile.port}"]
    first = next(seen for seen in hostile.seen if seen.target == "/orders")
    assert first.head.decode().split("\r\n") == [*lines, *(["Content-Length: 3"] if body else []), "", ""]
    assert first.body == (body or b"")


@pytest.mark.parametrize(
    "headers",
    [
        (("Authorization", "Bearer one"), ("Authorization", "Basic dHdvOnR3bw==")),
        (("Authorization", "Bearer"),),
        (("Authorization", "Bearer "),),
        (("authorization", "bearer x"), ("X-Between", "1"), ("AUTHORIZATION", "BEARER y")),
        (("X-HTTP-Method-Override", "DELETE"), ("X-Method-Override", "PUT"), ("X-HTTP-Method", "PATCH")),
        (("Origin", "null"),),
        (("Origin", "https://evil.example"), ("Access-Control-Request-Method", "DELETE")),
        (("X-Forwarded-For", "127.0.0.1"), ("X-Forwarded-Host", "evil.example"), ("X-Original-URL", "/admin")),
        (("Cookie", "a=1"), ("Cookie", "b=2")),
        (("X-Log", "${jndi:ldap://127.0.0.2/a}"), ("User-Agent", "<script>alert(1)</script>")),
        (("Content-Type", "application/json"), ("Content-Type", "text/xml")),
        (("X-Tab", "a\tb"), ("X-Bytes", "\x80\xff"), ("X-Control", "\x01\x7f")),
        (("X-Big", "x" * 9_000),),
        (("X-Big", "x" * 12_000),),
        (("X-Big", "x" * 70_000),),
        tuple((f"X-{number}", "1") for number in range(300)),
    ],
    ids=lambda headers: " ".join(name for name, _ in headers)[:40],
)
def test_odd_headers(hostile: HostileServer, ask: Ask, headers: Headers) -> None:
    assert isinstance(ask(hostile.url + "/orders", headers=headers), Response)
    # white space at a value's end is no part of it (RFC 9110 §5.5)
    expected = [f"{name}: {value}".rstrip(" ").encode("latin-1") for name, value in headers]
    assert [line.rstrip(b" ") for line in hostile.seen[0].header_lines[1:]] == expected


def test_another_host_changes_neither_connection_nor_sni(ask: Ask, authority: Authority) -> None:
    with HostileServer(tls=authority.certificate("api.example.com")) as server:
        answer = ask(
            "https://api.example.com/orders",
            headers=(("Host", "evil.example"),),
            gateway={"ca_file": authority.ca_file, "connect_to": f"127.0.0.1:{server.port}"},
        )
        (seen,) = server.seen
    assert isinstance(answer, Response)
    assert (seen.sni, seen.header_lines) == ("api.example.com", [b"Host: evil.example"])


def _too_much(visit: Visit) -> None:
    """Answer before the body was read, then read on until the client is done."""
    visit.answer(b'{"message":"Request Too Long"}', status="413 Request Entity Too Large")
    visit.close()
    with contextlib.suppress(OSError):
        while visit._sock.recv(1 << 20):
            pass


def _too_much_and_gone(visit: Visit) -> None:
    """Answer before the body was read, and reset the connection."""
    visit.answer(b'{"message":"Request Too Long"}', status="413 Request Entity Too Large")
    visit.reset()


@pytest.mark.parametrize(
    ("path", "tls"), [("/reads-on", False), ("/reads-on", True), ("/resets", False)], ids=["reads on", "TLS", "resets"]
)
def test_an_early_answer_to_a_large_body_is_the_answer(
    authority: Authority, open_wire: Callable[..., Wire], drain: Drain, path: str, tls: bool
) -> None:
    """And the next request is not lost on that connection."""
    behaviours = {"/reads-on": _too_much, "/resets": _too_much_and_gone}
    with HostileServer(behaviours, tls=authority.certificate("127.0.0.1") if tls else None) as server:
        server.reads_bodies = False
        ca_file = authority.ca_file if tls else None
        wire = open_wire(Gateway(side=Side.OLD, kind="generic", url=server.url, ca_file=ca_file))
        for _ in range(4):
            wire.submit(Request(side=Side.OLD, method="POST", url=server.url + path, body=bytes(10_000_001)), 0)
            (early,) = drain(wire, 1)
            assert isinstance(early.answer, Response), early.answer
            assert (early.answer.status, early.answer.body.content) == (413, b'{"message":"Request Too Long"}')
            wire.submit(Request(side=Side.OLD, method="GET", url=server.url + "/ok"), 0)
            (after,) = drain(wire, 1)
            assert isinstance(after.answer, Response), after.answer
            assert after.answer.status == 200
