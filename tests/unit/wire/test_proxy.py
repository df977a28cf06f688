from collections.abc import Callable

import pytest

from harness.model.response import Answer, NoResponse, Reason, Response
from tests.servers.hostile import HostileServer, Visit
from tests.servers.socks import SocksProxy
from tests.servers.tls import Authority

Ask = Callable[..., Answer]


def test_socks5h_is_given_the_name(hostile: HostileServer, ask: Ask) -> None:
    with SocksProxy(("127.0.0.1", hostile.port)) as proxy:
        answer = ask("http://api.internal.invalid/ok", gateway={"proxy": f"socks5h://127.0.0.1:{proxy.port}"})
        assert proxy.wishes == [("api.internal.invalid", 80)]
    assert isinstance(answer, Response)
    assert hostile.seen[0].header_lines == [b"Host: api.internal.invalid"]


def test_socks5h_with_connect_to_over_tls(ask: Ask, authority: Authority) -> None:
    with (
        HostileServer(tls=authority.certificate("api.example.com")) as server,
        SocksProxy(("127.0.0.1", server.port)) as proxy,
    ):
        answer = ask(
            "https://api.example.com/ok",
            gateway={
                "ca_file": authority.ca_file,
                "connect_to": "apim.invalid:8443",
                "proxy": f"socks5h://127.0.0.1:{proxy.port}",
            },
        )
        assert proxy.wishes == [("apim.invalid", 8443)]
        assert isinstance(answer, Response)
        assert server.seen[0].sni == "api.example.com"


def test_a_proxy_that_is_down_is_a_failed_connection(hostile: HostileServer, ask: Ask) -> None:
    with SocksProxy(("127.0.0.1", 1)) as proxy:
        port = proxy.port
    answer = ask(hostile.url + "/ok", gateway={"proxy": f"socks5h://127.0.0.1:{port}"})
    assert isinstance(answer, NoResponse)
    assert answer.reason is Reason.CONNECT


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])
def test_the_environments_proxy_is_not_used(
    hostile: HostileServer, ask: Ask, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert isinstance(ask(hostile.url + "/ok"), Response)


def test_the_environments_proxy_is_used_where_it_is_asked_for(
    hostile: HostileServer, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SocksProxy(("127.0.0.1", hostile.port)) as proxy:
        monkeypatch.setenv("http_proxy", f"socks5h://127.0.0.1:{proxy.port}")
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        answer = ask("http://api.internal.invalid/ok", gateway={"proxy": "environment"})
        assert proxy.wishes == [("api.internal.invalid", 80)]
    assert isinstance(answer, Response)


def test_an_http_proxy_is_asked_for_a_tunnel_and_its_answer_is_not_ours(ask: Ask) -> None:
    def tunnel(visit: Visit) -> None:
        visit.send(b"HTTP/1.1 200 Connection established\r\nX-Proxy: yes\r\n\r\n")

    with HostileServer({"api.internal.invalid:80": tunnel}) as proxy:
        answer = ask("http://api.internal.invalid/ok", gateway={"proxy": f"http://127.0.0.1:{proxy.port}"})
    assert isinstance(answer, Response)
    assert answer.first("x-proxy") is None
    assert [(seen.method, seen.target) for seen in proxy.seen] == [
        ("CONNECT", "api.internal.invalid:80"),
        ("GET", "/ok"),
    ]


def test_a_proxy_that_refuses_is_a_failed_connection(ask: Ask) -> None:
    def refuse(visit: Visit) -> None:
        visit.answer(b"no", status="403 Forbidden")

    with HostileServer({"api.internal.invalid:80": refuse}) as proxy:
        answer = ask("http://api.internal.invalid/ok", gateway={"proxy": f"http://127.0.0.1:{proxy.port}"})
    assert isinstance(answer, NoResponse)
    assert (answer.reason, answer.status) == (Reason.CONNECT, None)
