from collections.abc import Callable

import pytest

from harness.model.exchange import Exchange
from harness.model.gateway import Gateway, Limits
from harness.model.request import Request
from harness.model.response import Response
from harness.model.side import Side
from harness.wire.client import Wire
from tests.servers.nginx import Nginx, Server, static_json
from tests.servers.tls import Authority

Drain = Callable[[Wire, int], list[Exchange]]

pytestmark = pytest.mark.server("nginx")

_ECHO = """
    location / {
        default_type text/plain;
        add_header X-Seen "$request_method $request_uri $host $connection $server_protocol";
        return 200 "ok";
    }
"""


def _gateway(url: str, **more: object) -> Gateway:
    return Gateway(side=Side.OLD, kind="generic", url=url, **more)  # type: ignore[arg-type]


def _answers(done: list[Exchange]) -> list[Response]:
    answers = [one.answer for one in done if isinstance(one.answer, Response)]
    assert len(answers) == len(done), done
    return answers


def test_streams_share_a_connection_and_its_certificate(
    start_nginx: Callable[..., Nginx], authority: Authority, open_wire: Callable[..., Wire], drain: Drain
) -> None:
    nginx = start_nginx(Server(body=_ECHO, tls=authority.certificate("127.0.0.1"), http2=True))
    url = f"https://127.0.0.1:{nginx.port}"
    wire = open_wire(_gateway(url, ca_file=authority.ca_file, http="2"), limits=Limits(rate=1e6, concurrency=16))
    for token in range(64):
        wire.submit(Request(side=Side.OLD, method="GET", url=f"{url}/a/%2e%2E/?q=a+b|c"), token)
    answers = _answers(drain(wire, 64))
    assert {answer.version for answer in answers} == {"2"}
    seen = [str(answer.first("x-seen")).split(" ") for answer in answers]
    assert {(one[0], one[1]) for one in seen} == {("GET", "/a/%2e%2E/?q=a+b|c")}
    assert len({one[3] for one in seen}) == 1
    assert all(answer.certificate is not None for answer in answers)


def test_http_2_without_tls_needs_no_upgrade(
    start_nginx: Callable[..., Nginx], open_wire: Callable[..., Wire], drain: Drain
) -> None:
    nginx = start_nginx(Server(body=_ECHO, http2=True))
    url = f"http://127.0.0.1:{nginx.port}"
    wire = open_wire(_gateway(url, http="2"))
    requests = [
        Request(side=Side.OLD, method="GET", url=url + "/x", headers=(("Host", "api.example.com"),)),
        Request(side=Side.OLD, method="POST", url=url + "/y", body=b"abc"),
        Request(side=Side.OLD, method="HEAD", url=url + "/z"),
    ]
    for token, request in enumerate(requests):
        wire.submit(request, token)
    answers = _answers(drain(wire, 3))
    assert [answer.version for answer in answers] == ["2"] * 3
    assert str(answers[0].first("x-seen")).startswith("GET /x api.example.com")
    assert [answer.body.content for answer in answers] == [b"ok", b"ok", b""]


def test_the_version_is_pinned(
    start_nginx: Callable[..., Nginx], authority: Authority, open_wire: Callable[..., Wire], drain: Drain
) -> None:
    nginx = start_nginx(
        Server(body=_ECHO, tls=authority.certificate("127.0.0.1"), http2=True),
        Server(body=_ECHO, tls=authority.certificate("127.0.0.1")),
    )
    for port, http, version in [(nginx.ports[0], "1.1", "1.1"), (nginx.ports[1], "2", "1.1")]:
        url = f"https://127.0.0.1:{port}"
        wire = open_wire(_gateway(url, ca_file=authority.ca_file, http=http))
        wire.submit(Request(side=Side.OLD, method="GET", url=url + "/"), 0)
        assert [answer.version for answer in _answers(drain(wire, 1))] == [version]


def test_thousands_of_requests_on_both_sides(start_nginx: Callable[..., Nginx], open_wire: Callable[..., Wire]) -> None:
    nginx = start_nginx(static_json('{"side": "old"}'), static_json('{"side": "new"}'))
    urls = dict(zip(Side, (f"http://127.0.0.1:{port}" for port in nginx.ports), strict=True))
    wire = open_wire(*urls.values(), limits=Limits(rate=1e6, concurrency=32))
    for token in range(2000):
        for side in Side:
            wire.submit(Request(side=side, method="GET", url=f"{urls[side]}/{token}"), (side, token))
    seen: set[object] = set()
    while len(seen) < 4000:
        some = wire.wait(10)
        assert some
        for name, done in some:
            assert isinstance(done.answer, Response)
            assert done.request.side.value.encode() in done.answer.body.content
            assert name not in seen
            seen.add(name)
