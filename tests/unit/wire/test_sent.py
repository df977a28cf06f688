import math
from collections.abc import Callable

import pycurl
import pytest

from harness.model.exchange import Exchange
from harness.model.gateway import Gateway
from harness.model.request import Headers, Request
from harness.model.response import Answer, NoResponse, Reason, Response
from harness.model.side import Side
from harness.wire.client import Wire
from harness.wire.options import IDLE_SECONDS, settings
from tests.servers.hostile import HostileServer, Visit

Ask = Callable[..., Answer]


@pytest.mark.parametrize(
    "target",
    [
        "/a/../b/%2e%2E/?q=a+b|c",
        "/%7Euser//x/./y",
        "/a%2Fb?x=1&x=2&y",
        "/ok?",
        "/?q=%",
        "/{braces}[brackets]\"quotes'",
        "/a;b=c,d",
        "/path#fragment",
    ],
)
def test_the_target_is_sent_verbatim(hostile: HostileServer, ask: Ask, target: str) -> None:
    assert isinstance(ask(hostile.url + target), Response)
    assert hostile.seen[0].target == target


@pytest.mark.parametrize(("rest", "target"), [("", "/"), ("?x=1", "/?x=1")])
def test_a_path_is_never_empty(hostile: HostileServer, ask: Ask, rest: str, target: str) -> None:
    ask(hostile.url + rest)
    assert hostile.seen[0].target == target


def test_text_beyond_ascii_goes_as_utf_8(hostile: HostileServer, ask: Ask) -> None:
    ask(hostile.url + "/café")
    assert hostile.seen[0].head.startswith(b"GET /caf\xc3\xa9 HTTP/1.1\r\n")


def test_nothing_is_added_but_host(hostile: HostileServer, ask: Ask) -> None:
    ask(hostile.url + "/ok")
    assert hostile.seen[0].head == f"GET /ok HTTP/1.1\r\nHost: 127.0.0.1:{hostile.port}\r\n\r\n".encode()


def test_a_body_adds_its_length_alone(hostile: HostileServer, ask: Ask) -> None:
    body = bytes(range(256)) * 8000
    ask(hostile.url + "/ok", method="POST", body=body)
    seen = hostile.seen[0]
    assert seen.header_lines == [b"Host: 127.0.0.1:%d" % hostile.port, b"Content-Length: %d" % len(body)]
    assert seen.body == body


def test_headers_go_in_order_with_duplicates_and_empty_ones(hostile: HostileServer, ask: Ask) -> None:
    headers: Headers = (
        ("X-B", "2"),
        ("x-a", "1"),
        ("X-B", "2"),
        ("X-Empty", ""),
        ("X-Blank", "  "),
        ("Accept", "a/b"),
        ("User-Agent", "me"),
        ("Expect", ""),
        ("Content-Type", "text/x"),
        ("X-Latin", "caf\xe9"),
        ("X-Wide", "\u2713"),
        ("Cookie", "a=b; c=d"),
        ("Authorization", "Bearer abc"),
    )
    ask(hostile.url + "/ok", headers=headers)
    assert hostile.seen[0].header_lines[1:] == [
        b"X-B: 2",
        b"x-a: 1",
        b"X-B: 2",
        b"X-Empty:",
        b"X-Blank:",
        b"Accept: a/b",
        b"User-Agent: me",
        b"Expect:",
        b"Content-Type: text/x",
        b"X-Latin: caf\xe9",
        "X-Wide: \u2713".encode(),
        b"Cookie: a=b; c=d",
        b"Authorization: Bearer abc",
    ]


def test_a_given_host_replaces_ours(hostile: HostileServer, ask: Ask) -> None:
    ask(hostile.url + "/ok", headers=(("X-One", "1"), ("Host", "api.example.com")))
    assert hostile.seen[0].header_lines == [b"Host: api.example.com", b"X-One: 1"]


def test_a_given_length_is_not_doubled(hostile: HostileServer, ask: Ask) -> None:
    ask(hostile.url + "/ok", method="POST", body=b"abc", headers=(("Content-Length", "3"),))
    assert hostile.seen[0].header_lines[1:] == [b"Content-Length: 3"]


def test_a_chunked_body_is_chunked(ask: Ask) -> None:
    def read_on(visit: Visit) -> None:
        visit.answer(b"")
        visit.close()

    with HostileServer({"/chunked-in": read_on}) as server:
        answer = ask(server.url + "/chunked-in", method="PUT", body=b"abc", headers=(("Transfer-Encoding", "chunked"),))
        assert isinstance(answer, Response)
        assert server.seen[0].header_lines[1:] == [b"Transfer-Encoding: chunked"]


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT", "PATCH", "PROPFIND", "OPTIONS", "POST", "get"])
def test_any_method_may_have_a_body(hostile: HostileServer, ask: Ask, method: str) -> None:
    answer = ask(hostile.url + "/echo", method=method, body=b"abc")
    assert isinstance(answer, Response)
    assert (hostile.seen[0].method, hostile.seen[0].body) == (method, b"abc")
    assert answer.body.content.endswith(b"\r\n\r\nabc")


@pytest.mark.parametrize(
    ("method", "length"),
    [("POST", True), ("PUT", True), ("PATCH", True), ("DELETE", False), ("OPTIONS", False), ("LINK", False)],
)
def test_no_body_says_its_length_where_one_is_expected(
    hostile: HostileServer, ask: Ask, method: str, length: bool
) -> None:
    ask(hostile.url + "/ok", method=method)
    assert hostile.seen[0].method == method
    assert hostile.seen[0].header_lines[1:] == ([b"Content-Length: 0"] if length else [])


def test_head_has_no_body_whatever_is_declared(hostile: HostileServer, ask: Ask) -> None:
    answer = ask(hostile.url + "/gzip", method="HEAD")
    assert isinstance(answer, Response)
    assert hostile.seen[0].method == "HEAD"
    assert int(answer.first("content-length") or 0) > 0
    assert (answer.body.size, answer.body.content, answer.body.fault, answer.body.coding) == (0, b"", "", "gzip")


def test_a_reused_handle_leaks_nothing(
    hostile: HostileServer, open_wire: Callable[..., Wire], drain: Callable[[Wire, int], list[Exchange]]
) -> None:
    wire = open_wire(hostile.url)
    url = hostile.url + "/echo"
    shapes = [
        Request(side=Side.OLD, method="POST", url=url, body=b"secret", headers=(("X-One", "1"),)),
        Request(side=Side.OLD, method="GET", url=url),
        Request(side=Side.OLD, method="HEAD", url=url, headers=(("Host", "a.example"), ("Accept", "x/y"))),
        Request(side=Side.OLD, method="GET", url=url + "?2", headers=(("X-Two", "2"),)),
        Request(side=Side.OLD, method="GET", url=url),
        Request(side=Side.OLD, method="DELETE", url=url),
        Request(side=Side.OLD, method="GET", url=hostile.url + "/reset", headers=(("X-Three", "3"),)),
        Request(side=Side.OLD, method="GET", url=url),
    ]
    for index, request in enumerate(shapes):
        wire.submit(request, index)
        drain(wire, 1)
    plain = b"GET /echo HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % hostile.port
    assert [seen.head for seen in hostile.seen if seen.method == "GET" and seen.target == "/echo"] == [plain] * 3
    assert hostile.seen[3].header_lines[1:] == [b"X-Two: 2"]
    assert hostile.seen[5].header_lines[1:] == []
    assert [seen.body for seen in hostile.seen[1:]] == [b""] * 7


def test_a_handles_timeout_is_that_of_its_request(
    hostile: HostileServer, open_wire: Callable[..., Wire], drain: Callable[[Wire, int], list[Exchange]]
) -> None:
    wire = open_wire(hostile.url)
    answers = []
    for path, timeout in [("/ok", 0.3), ("/slow?400", 5.0), ("/hang", 0.1)]:
        wire.submit(Request(side=Side.OLD, method="GET", url=hostile.url + path, timeout=timeout), 0)
        answers += drain(wire, 1)
    assert [type(done.answer) for done in answers] == [Response, Response, NoResponse]


@pytest.mark.parametrize(
    "wrong",
    [
        {"method": "GET /x HTTP/1.1\r\nX: y\r\n\r\nGET"},
        {"method": "GE T"},
        {"method": ""},
        {"url": "/a\r\nX: y"},
        {"url": "/a\nb"},
        {"url": "/a\0b"},
        {"url": "/a\ud800"},
        {"url": "@127.0.0.1:1/"},
        {"url": "0/"},
        {"url": ".example.com/"},
        {"headers": (("X", "a\r\nY: b"),)},
        {"headers": (("X", "a\nb"),)},
        {"headers": (("X", "a\0b"),)},
        {"headers": (("X\r\nY", "a"),)},
        {"headers": (("X: y", "a"),)},
        {"headers": (("", "a"),)},
        {"headers": (("X;", ""),)},
        {"headers": ((":path", "/"),)},
        {"headers": (("Host", "a"), ("host", "b"))},
        {"headers": (("Content-Length", "5"),)},
        {"headers": (("Content-Length", "2"),), "body": b"abc", "method": "POST"},
        {"timeout": 0},
        {"timeout": -1},
        {"timeout": math.inf},
        {"timeout": math.nan},
        {"method": "HEAD", "body": b"x"},
    ],
)
def test_what_must_not_go_out_does_not(
    hostile: HostileServer, open_wire: Callable[..., Wire], wrong: dict[str, object]
) -> None:
    values = {"method": "GET", **wrong, "url": hostile.url + str(wrong.get("url", "/ok"))}
    wire = open_wire(hostile.url)
    for _ in range(2):  # what was found fine before is not looked at again: a refusal must not count as that
        wire.submit(Request(side=Side.OLD, **values), "token")  # type: ignore[arg-type]
        ((token, done),) = wire.wait(5)
        assert token == "token"
        assert isinstance(done.answer, NoResponse)
        assert done.answer.reason is Reason.REFUSED_TO_SEND
        assert done.answer.detail
    assert wire.pending(Side.OLD) == 0
    assert hostile.seen == []


def test_another_host_is_not_asked(hostile: HostileServer, open_wire: Callable[..., Wire]) -> None:
    wire = open_wire(Gateway(side=Side.OLD, kind="generic", url="http://127.0.0.1:1"))
    wire.submit(Request(side=Side.OLD, method="GET", url=hostile.url + "/ok"), 0)
    ((_, done),) = wire.wait(5)
    assert isinstance(done.answer, NoResponse)
    assert "http://127.0.0.1:1" in done.answer.detail
    assert hostile.seen == []


def test_a_secret_header_value_is_not_quoted(hostile: HostileServer, ask: Ask) -> None:
    answer = ask(hostile.url + "/ok", headers=(("X-Key", "s3cret\r\n"),))
    assert isinstance(answer, NoResponse)
    assert "s3cret" not in answer.detail


def test_a_connection_is_not_used_again_after_the_idle_time_that_common_servers_allow() -> None:
    gateway = Gateway(side=Side.OLD, kind="generic", url="http://127.0.0.1:1")
    assert (pycurl.MAXAGE_CONN, IDLE_SECONDS) in settings(gateway, 1000)
    assert 0 < IDLE_SECONDS < 5
