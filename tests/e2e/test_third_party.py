"""Real gateways as the new side: Envoy and nginx before the lab's backend, over TLS, by a production-like name.

Faithful: GO. Once their own configuration loses a route, drops a header or rewrites a body: NO-GO at that very case.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from harness.lab.serve import Lab
from tests.servers.command import Done, cutover
from tests.servers.envoy import Envoy, Setup, not_found, to_backend
from tests.servers.nginx import Nginx, Proxy
from tests.servers.tls import Authority

NAME = "api.shop.test"

SCENARIO = """\
version: 1
name: Orders to another gateway
old: {{kind: generic, url: "http://127.0.0.1:{backend}"}}
new: {{kind: generic, url: "https://{name}", connect_to: "127.0.0.1:{port}", ca_file: "{ca}", http: {http}}}
limits: {{rate: 500, concurrency: 8}}
compare: {{body: [{{at: "$..created_at", format: date-time}}]}}
cases:
  - {{name: list orders, request: "GET /orders?limit=5"}}
  - {{name: next page, request: "GET /orders?limit=5&page=2"}}
  - {{name: one order, request: GET /orders/1002}}
  - {{name: head, request: HEAD /health}}
  - {{name: no such order, request: GET /orders/9999}}
  - {{name: bad paging, request: "GET /orders?limit=none"}}
  - {{name: options, request: OPTIONS /orders}}
  - name: preflight
    request: OPTIONS /orders
    headers: {{Origin: "https://shop.example", Access-Control-Request-Method: POST}}
  - {{name: from a page, request: GET /orders/1004, headers: {{Origin: "https://shop.example"}}}}
  - {{name: product, request: GET /products/LAMP-1}}
  - {{name: picture, request: GET /binary}}
  - {{name: catalogue, request: GET /gzip, headers: {{Accept-Encoding: gzip}}}}
  - {{name: numbers, request: GET /numbers}}
  - {{name: unicode, request: GET /unicode}}
  - {{name: sparse, request: GET /sparse}}
  - {{name: sequence, request: GET /sequence}}
  - {{name: latin, request: GET /text/latin1}}
  - {{name: table, request: GET /csv}}
  - {{name: xml, request: GET /xml}}
  - {{name: records, request: GET /ndjson}}
  - {{name: cookies, request: GET /cookies}}
  - {{name: deep, request: "GET /deep?levels=60"}}
  - {{name: large, request: "GET /large?kb=600"}}
  - {{name: events, request: GET /events}}
  - {{name: now, request: GET /now}}
  - {{name: odd path, request: "GET /echo/a%2Fb/./c%20d//e?x=1&x=2&empty="}}
  - {{name: refused by the backend, request: "GET /fail?status=418"}}
  - {{name: down, request: "GET /fail?status=503", expect: {{status: 503}}}}
  - {{name: upload, request: POST /upload, unsafe: run, body: "{upload}"}}
  - name: order life cycle
    operation: POST /orders
    unsafe: run
    steps:
      - {{request: POST /orders, json: {{sku: LAMP-1, customer: Zoë}}, capture: {{id: "$.id"}}}}
      - {{request: "GET /orders/${{id}}"}}
      - {{request: "PATCH /orders/${{id}}", json: {{status: paid}}}}
      - {{request: "GET /orders/${{id}}", side: new, captured_from: old}}
      - {{request: "DELETE /orders/${{id}}", always: true}}
"""

NUMBERS_SPOILT = """
function envoy_on_request(handle)
  handle:streamInfo():dynamicMetadata():set("test", "path", handle:headers():get(":path"))
end
function envoy_on_response(handle)
  local told = handle:streamInfo():dynamicMetadata():get("test")
  if told and told["path"] == "/numbers" then
    local body = handle:body()
    local text = body:getBytes(0, body:length())
    body:setBytes((string.gsub(text, "123456789012345678901234567890", "1.2345678901234568e29")))
  end
end
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoilt:
    """A configuration that does what it should not: the case that must show it, and where."""

    case: str
    at: str
    proxy: dict[str, Any]
    setup: dict[str, Any]


def _location(path: str, *directives: str) -> str:
    lines = " ".join(directives)
    return f"location = {path} {{ proxy_pass http://backend; {lines} }}"


SPOILT = {
    "route lost": Spoilt(
        case="product",
        at="status",
        proxy={"locations": ["location /products { return 404; }"]},
        setup={"routes": [not_found("/products")]},
    ),
    "header dropped": Spoilt(
        case="one order",
        at="header:x-order-status",
        proxy={"locations": [_location("/orders/1002", "proxy_hide_header X-Order-Status;")]},
        setup={
            "routes": [
                to_backend() | {"match": {"path": "/orders/1002"}, "response_headers_to_remove": ["x-order-status"]}
            ]
        },
    ),
    "body rewritten": Spoilt(
        case="numbers",
        at="body:$.wide",
        proxy={
            "locations": [
                _location(
                    "/numbers",
                    "sub_filter 123456789012345678901234567890 1.2345678901234568e29;",
                    "sub_filter_types application/json;",
                )
            ]
        },
        setup={"lua": NUMBERS_SPOILT},
    ),
}


@pytest.fixture(scope="module")
def backend() -> Iterator[int]:
    with Lab() as ports:
        yield ports.backend


@pytest.fixture
def rehearse(tmp_path: Path, authority: Authority, backend: int) -> Callable[..., Done]:
    def run(port: int, http: str) -> Done:
        file = tmp_path / "shop.yaml"
        text = SCENARIO.format(
            backend=backend, name=NAME, port=port, ca=authority.ca_file, http=http, upload="0123456789" * 5000
        )
        file.write_text(text, encoding="utf-8")
        return cutover("rehearse", file, cwd=tmp_path)

    return run


StartNginx = Callable[..., Nginx]
StartEnvoy = Callable[[Setup], Envoy]


@pytest.mark.server("nginx")
@pytest.mark.parametrize("http", ["1.1", "2"])
def test_nginx_answers_as_the_backend_does(
    start_nginx: StartNginx, authority: Authority, backend: int, rehearse: Callable[..., Done], http: str
) -> None:
    proxy = Proxy(backend=backend, tls=authority.certificate(NAME), http2=http == "2")
    is_go(rehearse(start_nginx(proxy.server()).port, http))


@pytest.mark.server("envoy")
@pytest.mark.parametrize("http", ["1.1", "2"])
def test_envoy_answers_as_the_backend_does(
    start_envoy: StartEnvoy, authority: Authority, backend: int, rehearse: Callable[..., Done], http: str
) -> None:
    setup = Setup(backend=backend, tls=authority.certificate(NAME), http2=http == "2")
    is_go(rehearse(start_envoy(setup).port, http))


@pytest.mark.server("nginx")
@pytest.mark.parametrize("spoilt", SPOILT.values(), ids=SPOILT)
def test_nginx_spoilt(
    start_nginx: StartNginx, authority: Authority, backend: int, rehearse: Callable[..., Done], spoilt: Spoilt
) -> None:
    proxy = Proxy(backend=backend, tls=authority.certificate(NAME), **spoilt.proxy)
    is_no_go_at(rehearse(start_nginx(proxy.server()).port, "1.1"), spoilt)


@pytest.mark.server("envoy")
@pytest.mark.parametrize("spoilt", SPOILT.values(), ids=SPOILT)
def test_envoy_spoilt(
    start_envoy: StartEnvoy, authority: Authority, backend: int, rehearse: Callable[..., Done], spoilt: Spoilt
) -> None:
    setup = Setup(backend=backend, tls=authority.certificate(NAME), **spoilt.setup)
    is_no_go_at(rehearse(start_envoy(setup).port, "1.1"), spoilt)


@pytest.mark.server("nginx")
def test_a_certificate_for_another_name_is_no_answer(
    start_nginx: StartNginx, authority: Authority, backend: int, rehearse: Callable[..., Done]
) -> None:
    proxy = Proxy(backend=backend, tls=authority.certificate("other.shop.test"))
    done = rehearse(start_nginx(proxy.server()).port, "1.1")
    assert done.code == 1, done.out
    assert {finding["at"] for finding in done.findings()} == {"response"}
    assert done.report["suites"]["parity"]["passed"] == 0


def is_go(done: Done) -> None:
    assert done.code == 0, f"{done.out}\n{done.err}\n{done.report['findings']}"
    report = done.report
    assert report["verdict"] == "GO"
    assert report["differences"].get("unexplained", 0) == 0
    parity = report["suites"]["parity"]
    assert parity["passed"] == SCENARIO.count("- {{name:") + SCENARIO.count("- name:")


def is_no_go_at(done: Done, spoilt: Spoilt) -> None:
    assert done.code == 1, f"{done.out}\n{done.err}"
    assert done.report["verdict"] == "NO-GO"
    failed = done.findings()
    assert {finding["case"] for finding in failed} == {spoilt.case}
    assert spoilt.at in {finding["at"] for finding in failed}, failed
