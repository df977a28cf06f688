"""The sample backend, asked without a socket."""

import asyncio
import gzip
import json
from typing import Any

import pytest

from harness.lab.backend import Backend
from harness.lab.message import Call, Reply

BASE = (b"x-public-base", b"https://api.example")


def ask(backend: Backend, method: str, target: str, *headers: tuple[bytes, bytes], body: bytes = b"") -> Reply:
    path, _, query = target.partition("?")
    call = Call(method=method, path=path.encode(), query=query.encode(), headers=headers, body=body)
    return asyncio.run(backend.handle(call))


def parsed(reply: Reply) -> Any:
    return json.loads(reply.body)


@pytest.fixture
def backend() -> Backend:
    return Backend()


def test_an_order_lives_apart_from_the_list(backend: Backend) -> None:
    before = ask(backend, "GET", "/orders?limit=100", BASE).body
    made = ask(backend, "POST", "/orders", BASE, body=b'{"sku": "LAMP-1"}')
    order = parsed(made)
    path = f"/orders/{order['id']}"
    assert made.status == 201
    assert made.header(b"location") == f"https://api.example{path}".encode()
    assert parsed(ask(backend, "GET", path, BASE)) == order
    assert parsed(ask(backend, "PATCH", path, BASE, body=b'{"status": "paid"}'))["status"] == "paid"
    assert parsed(ask(backend, "PUT", path, BASE, body=b'{"status": "gone"}'))["note"] is None
    assert ask(backend, "GET", "/orders?limit=100", BASE).body == before
    assert ask(backend, "DELETE", path).status == 204
    assert ask(backend, "GET", path).status == 404


def test_pages_are_linked_with_the_public_address(backend: Backend) -> None:
    page = parsed(ask(backend, "GET", "/orders?limit=7&page=2", BASE))
    assert page["links"] == {
        "self": "https://api.example/orders?limit=7&page=2",
        "next": "https://api.example/orders?limit=7&page=3",
        "prev": "https://api.example/orders?limit=7&page=1",
    }
    assert [item["id"] for item in page["items"]] == [str(number) for number in range(1008, 1015)]
    assert "next" not in parsed(ask(backend, "GET", "/orders?limit=7&page=4", BASE))["links"]


def test_the_public_address_may_come_from_forwarded_headers(backend: Backend) -> None:
    headers = ((b"x-forwarded-proto", b"https"), (b"x-forwarded-host", b"shop.example"), (b"host", b"inner"))
    assert parsed(ask(backend, "GET", "/orders/1001", *headers))["links"]["self"].startswith("https://shop.example/")
    assert parsed(ask(backend, "GET", "/orders/1001", headers[2]))["links"]["self"].startswith("http://inner/")


@pytest.mark.parametrize(
    ("method", "target", "body", "status"),
    [
        ("POST", "/orders", b"{}", 422),
        ("POST", "/orders", b"[" * 100_000, 422),
        ("GET", "/orders?limit=x", b"", 400),
        ("GET", "/orders?limit=0", b"", 400),
        ("DELETE", "/orders/1001", b"", 409),
        ("GET", "/orders/9", b"", 404),
        ("PUT", "/orders", b"", 405),
        ("POST", "/tags", b"", 405),
        ("GET", "/nope", b"", 404),
        ("GET", "/fail?status=418", b"", 418),
        ("GET", "/fail?status=200", b"", 400),
    ],
)
def test_errors_of_its_own(backend: Backend, method: str, target: str, body: bytes, status: int) -> None:
    reply = ask(backend, method, target, body=body)
    assert reply.status == status
    assert reply.header(b"content-type") == b"application/problem+json"


def test_kinds_of_bodies(backend: Backend) -> None:
    assert b"9007199254740993" in ask(backend, "GET", "/numbers").body
    assert b"18446744073709551617" in ask(backend, "GET", "/numbers").body
    assert set(ask(backend, "GET", "/binary").body) == set(range(256))
    assert parsed(ask(backend, "GET", "/sparse"))["middle_name"] is None
    assert ask(backend, "GET", "/csv").body.count(b"\r\n") == 4
    assert len(ask(backend, "GET", "/ndjson").body.splitlines()) == 4
    assert ask(backend, "GET", "/large?kb=100").body == ask(backend, "GET", "/large?kb=100").body
    assert 80_000 < len(ask(backend, "GET", "/large?kb=100").body) < 120_000
    assert ask(backend, "GET", "/deep?levels=200").body.count(b'"next"') == 200
    coded = ask(backend, "GET", "/gzip", (b"accept-encoding", b"br, gzip"))
    assert gzip.decompress(coded.body) == ask(backend, "GET", "/gzip").body
    assert len([name for name, _ in ask(backend, "GET", "/cookies").headers if name == b"Set-Cookie"]) == 3


def test_what_varies(backend: Backend) -> None:
    assert ask(backend, "GET", "/now").body != ask(backend, "GET", "/now").body
    seen = {ask(backend, "GET", "/tags").body for _ in range(20)}
    assert len(seen) > 1
    assert len({tuple(sorted(json.loads(body)["tags"])) for body in seen}) == 1
    assert parsed(ask(backend, "GET", "/me", (b"x-caller", b"ada")))["caller"] == "ada"


def test_conditional_requests_and_head(backend: Backend) -> None:
    whole = ask(backend, "GET", "/products/LAMP-1")
    tag = whole.header(b"etag")
    assert tag is not None
    assert ask(backend, "GET", "/products/LAMP-1", (b"if-none-match", tag)).status == 304
    head = ask(backend, "HEAD", "/products/LAMP-1")
    assert (head.body, head.header(b"content-length")) == (whole.body, str(len(whole.body)).encode())


def test_cors(backend: Backend) -> None:
    origin = (b"origin", b"https://shop.example")
    preflight = ask(backend, "OPTIONS", "/orders", origin, (b"access-control-request-method", b"POST"))
    assert preflight.header(b"access-control-allow-origin") == b"https://shop.example"
    assert ask(backend, "GET", "/orders/1001", origin).header(b"access-control-allow-credentials") == b"true"
    other = ask(backend, "GET", "/orders/1001", (b"origin", b"https://evil.example"))
    assert other.header(b"access-control-allow-origin") is None


def test_what_arrived_is_told(backend: Backend) -> None:
    echo = parsed(ask(backend, "GET", "/echo/a%2Fb?k=1&k=2&e=&q=a%2Bb"))
    assert echo["path"] == "/echo/a%2Fb"
    assert echo["query"] == {"k": "1 | 2", "e": "", "q": "a+b"}
    form = parsed(ask(backend, "POST", "/form", body=b"a=1&a=2&b=%26"))
    assert form["fields"] == {"a": ["1", "2"], "b": ["&"]}
