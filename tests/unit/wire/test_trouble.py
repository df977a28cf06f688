import socket
import time
from collections.abc import Callable

import pytest

from harness.model.exchange import Exchange
from harness.model.gateway import Limits
from harness.model.request import Request
from harness.model.response import Answer, NoResponse, Reason, Response
from harness.model.side import Side
from harness.wire.client import Wire
from harness.wire.heads import Head
from harness.wire.trouble import Failure, detail_of, reason_of
from tests.servers.hostile import HostileServer
from tests.servers.tls import Authority

Ask = Callable[..., Answer]


def _trouble(answer: Answer) -> NoResponse:
    assert isinstance(answer, NoResponse), answer
    return answer


@pytest.mark.parametrize(
    ("path", "reason", "status", "received"),
    [
        ("/reset", Reason.RESET, None, 0),
        ("/reset-in-body", Reason.RESET, 200, 10),
        ("/empty-reply", Reason.RESET, None, 0),
        ("/interim-only", Reason.RESET, None, 0),
        ("/too-short", Reason.PROTOCOL, 200, 10),
        ("/two-lengths", Reason.PROTOCOL, 200, 0),
        ("/negative-length", Reason.PROTOCOL, 200, 0),
        ("/endless-headers", Reason.PROTOCOL, 200, 0),
        ("/endless-header", Reason.PROTOCOL, 200, 0),
        ("/endless-status", Reason.PROTOCOL, None, 0),
        ("/endless-interim", Reason.PROTOCOL, None, 0),
        ("/6000-headers", Reason.PROTOCOL, 200, 0),
        ("/nul-in-header", Reason.PROTOCOL, 200, 0),
        ("/no-colon", Reason.PROTOCOL, 200, 0),
        ("/http-0.9", Reason.PROTOCOL, None, 0),
        ("/garbage", Reason.PROTOCOL, None, 0),
        ("/bad-chunk", Reason.PROTOCOL, 200, 5),
        ("/cut-chunk", Reason.PROTOCOL, 200, 8),
        ("/declared-huge", Reason.TOO_LARGE, 200, 0),
        ("/endless", Reason.TOO_LARGE, 200, 1_000_000),
        ("/endless-chunked", Reason.TOO_LARGE, 200, 1_000_000),
    ],
)
def test_each_misbehaviour_has_its_reason(
    hostile: HostileServer, ask: Ask, path: str, reason: Reason, status: int | None, received: int
) -> None:
    answer = _trouble(ask(hostile.url + path))
    assert (answer.reason, answer.status, answer.received) == (reason, status, received)
    assert answer.detail
    assert "no words" not in answer.detail
    assert len(answer.detail) < 400


@pytest.mark.parametrize(
    ("path", "reason", "status"),
    [
        ("/hang", Reason.TIMEOUT_HEADERS, None),
        ("/hang-in-headers", Reason.TIMEOUT_HEADERS, 200),
        ("/hang-in-body", Reason.TIMEOUT_BODY, 200),
        ("/slow-drip", Reason.TIMEOUT_BODY, 200),
    ],
)
def test_a_timeout_says_where_it_struck(
    hostile: HostileServer, ask: Ask, path: str, reason: Reason, status: int | None
) -> None:
    answer = _trouble(ask(hostile.url + path, timeout=0.15))
    assert (answer.reason, answer.status) == (reason, status)
    assert 150 <= answer.timings.total < 1000


def test_what_had_arrived_is_kept(hostile: HostileServer, ask: Ask) -> None:
    answer = _trouble(ask(hostile.url + "/hang-in-body", timeout=0.15))
    assert answer.headers == (("X-Seen", "yes"), ("Content-Length", "100"))
    assert answer.received == 10


def test_too_large_says_whether_the_size_is_known(hostile: HostileServer, ask: Ask) -> None:
    declared = _trouble(ask(hostile.url + "/declared-huge")).detail
    assert "1000000000000 bytes were declared" in declared
    unknown = _trouble(ask(hostile.url + "/endless")).detail
    assert "1000000 bytes had come, its true size is unknown" in unknown


def test_a_body_of_exactly_the_limit_is_taken(ask: Ask) -> None:
    from tests.servers.hostile import gives

    with HostileServer({"/ten": gives(b"0123456789")}) as server:
        fits = ask(server.url + "/ten", limits=Limits(rate=1e6, body=10))
        assert isinstance(fits, Response)
        assert fits.body.size == 10
        assert _trouble(ask(server.url + "/ten", limits=Limits(rate=1e6, body=9))).reason is Reason.TOO_LARGE


def test_nobody_listens(ask: Ask) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        assert _trouble(ask(f"http://127.0.0.1:{taken.getsockname()[1]}/")).reason is Reason.CONNECT


def test_no_such_name(ask: Ask) -> None:
    assert _trouble(ask("http://no-such-host.invalid/", timeout=20)).reason is Reason.NAME


def test_plain_http_on_a_tls_port_is_no_answer(hostile: HostileServer, ask: Ask, authority: Authority) -> None:
    url = hostile.url.replace("http:", "https:")
    ca_file = authority.ca_file
    assert _trouble(ask(url + "/ok", timeout=0.3, gateway={"ca_file": ca_file})).reason is Reason.TLS


@pytest.mark.parametrize("path", ["/dies-on-reuse", "/resets-on-reuse"])
def test_a_request_is_sent_once_when_a_reused_connection_dies(
    hostile: HostileServer, open_wire: Callable[..., Wire], drain: Callable[[Wire, int], list[Exchange]], path: str
) -> None:
    wire = open_wire(hostile.url)
    for turn in range(2):
        wire.submit(Request(side=Side.OLD, method="POST", url=hostile.url + path, body=b"pay %d" % turn), turn)
        (done,) = drain(wire, 1)
    assert _trouble(done.answer).reason is Reason.RESET
    assert "not sent again" in _trouble(done.answer).detail
    assert [seen.body for seen in hostile.seen] == [b"pay 0", b"pay 1"]
    # and the wire goes on, on a new connection
    wire.submit(Request(side=Side.OLD, method="GET", url=hostile.url + "/ok"), 2)
    assert isinstance(drain(wire, 1)[0].answer, Response)


def test_a_standstill_of_our_own_is_not_the_gateways_timeout(
    hostile: HostileServer, open_wire: Callable[..., Wire], drain: Callable[[Wire, int], list[Exchange]]
) -> None:
    wire = open_wire(hostile.url)
    wire.submit(Request(side=Side.OLD, method="GET", url=hostile.url + "/slow?20", timeout=0.15), 0)
    wire.wait(0.001)
    time.sleep(0.3)  # the stall itself is what is tested
    (done,) = drain(wire, 1)
    assert _trouble(done.answer).reason is Reason.HARNESS
    assert 0.29 < wire.longest_gap < 1


def test_waiting_is_no_gap(
    hostile: HostileServer, open_wire: Callable[..., Wire], drain: Callable[[Wire, int], list[Exchange]]
) -> None:
    wire = open_wire(hostile.url)
    wire.submit(Request(side=Side.OLD, method="GET", url=hostile.url + "/slow?250"), 0)
    drain(wire, 1)
    assert wire.longest_gap < 0.2


def test_idling_is_no_gap(hostile: HostileServer, open_wire: Callable[..., Wire]) -> None:
    wire = open_wire(hostile.url)
    time.sleep(0.25)
    wire.submit(Request(side=Side.OLD, method="GET", url=hostile.url + "/ok"), 0)
    assert wire.wait(5)
    assert wire.longest_gap < 0.2


def _failure(code: int, words: str = "", *, sends: int = 1, **phases: bool) -> Failure:
    known = {"resolved": True, "connected": True, "secured": True, **phases}
    return Failure(code=code, words=words, sends=sends, **known)


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (_failure(28, sends=0, resolved=False, connected=False, secured=False), Reason.NAME),
        (_failure(28, sends=0, connected=False, secured=False), Reason.CONNECT),
        (_failure(28, sends=0, secured=False), Reason.TLS),
        (_failure(56, "CONNECT tunnel failed, response 403", sends=0), Reason.CONNECT),
        (_failure(97, "cannot complete SOCKS5 connection", sends=0), Reason.CONNECT),
        (_failure(5, sends=0), Reason.NAME),
        (_failure(43, sends=0), Reason.REFUSED_TO_SEND),
        (_failure(92, "HTTP/2 stream 1 was not closed cleanly"), Reason.PROTOCOL),
        (_failure(61), Reason.PROTOCOL),
        (_failure(42, sends=2), Reason.RESET),
        (_failure(42, sends=0), Reason.HARNESS),
        (_failure(23), Reason.HARNESS),
        (_failure(12345), Reason.PROTOCOL),
    ],
)
def test_reasons_of_rarer_errors(failure: Failure, reason: Reason) -> None:
    assert reason_of(failure, Head()) is reason


def test_detail_is_one_bounded_line() -> None:
    detail = detail_of(_failure(8, "bad\r\n\x1b[31m" + "x" * 1000))
    assert detail.isprintable()
    assert len(detail) < 400
