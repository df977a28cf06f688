"""The old gateway says what the facts say of Amazon API Gateway REST."""

import json
import re
from typing import Any

import pytest

from harness.lab import tokens
from harness.lab.gateway_aws import ISSUER, SIGNING_KEY

KEY = {"x-api-key": "old-partner-key-41c7"}


def _token(**changes: Any) -> str:
    return tokens.make({"iss": ISSUER, "sub": "clerk-17", "exp": 4102444800, **changes}, SIGNING_KEY)


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "kind", "body"),
    [
        ("GET", "/nope", {}, 403, "MissingAuthenticationTokenException", '{"message":"Missing Authentication Token"}'),
        ("GET", "/nope", KEY, 403, "MissingAuthenticationTokenException", '{"message":"Missing Authentication Token"}'),
        ("DELETE", "/tags", KEY, 403, "MissingAuthenticationTokenException", '{"message":"Missing Authentication Token"}'),
        ("GET", "/Orders", KEY, 403, "MissingAuthenticationTokenException", '{"message":"Missing Authentication Token"}'),
        ("GET", "/orders", {}, 403, "ForbiddenException", '{"message":"Forbidden"}'),
        ("GET", "/orders", {"x-api-key": "nobody"}, 403, "ForbiddenException", '{"message":"Forbidden"}'),
        ("GET", "/orders", {"x-api-key": "old-unplanned-key-d8d8"}, 403, "ForbiddenException", '{"message":"Forbidden"}'),
        ("GET", "/orders", {"x-api-key": "old-throttled-key-0e5f"}, 429, "TooManyRequestsException", '{"message":"Too Many Requests"}'),
        ("GET", "/orders", {"x-api-key": "old-spent-key-73aa"}, 429, "LimitExceededException", '{"message":"Limit Exceeded"}'),
        ("GET", "/profile", {}, 401, "UnauthorizedException", '{"message":"Unauthorized"}'),
        ("GET", "/profile", {"Authorization": "Bearer rubbish"}, 401, "UnauthorizedException", '{"message":"Unauthorized"}'),
        ("GET", "/profile", {"Authorization": _token(exp=1)}, 401, "UnauthorizedException", '{"message":"The incoming token has expired"}'),
        ("GET", "/profile", {"Authorization": _token(iss="other")}, 401, "UnauthorizedException", '{"message":"Unauthorized"}'),
        ("GET", "/slow?ms=5000", KEY, 504, "InternalServerErrorException", '{"message": "Endpoint request timed out"}'),
    ],
)  # fmt: skip
def test_own_errors(
    site: Any, method: str, path: str, headers: dict[str, str], status: int, kind: str, body: str
) -> None:
    got = site.aws(method, path, headers)
    assert (got.status, got.one("x-amzn-errortype"), got.body.decode()) == (status, kind, body)
    assert got.one("content-type") == "application/json"
    assert got.one("content-length") == str(len(body))
    assert got.one("retry-after") is None
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", got.one("x-amzn-requestid"))
    assert got.one("x-amz-apigw-id").endswith("=")


def test_the_stage_is_part_of_the_path(site: Any) -> None:
    got = site.send(site.old, "GET", "/orders", KEY)
    assert (got.status, got.body, got.one("x-amzn-errortype")) == (
        403,
        b'{"message":"Forbidden"}',
        "ForbiddenException",
    )


def test_a_bearer_token_on_an_unknown_route(site: Any) -> None:
    got = site.aws("GET", "/nope", {"Authorization": "Bearer abc"})
    assert got.status == 403
    assert got.one("x-amzn-errortype") == "IncompleteSignatureException"
    assert json.loads(got.body)["message"].startswith("Invalid key=value pair (missing equal-sign) in Authorization")


def test_a_body_over_10_mb_is_refused_in_plain_text(site: Any) -> None:
    got = site.aws("POST", "/upload", KEY, b"x" * 10_485_761)
    assert (got.status, got.body) == (413, b"HTTP content length exceeded 10485760 bytes.")
    assert site.aws("POST", "/upload", KEY, b"x" * 1_000_000).status == 200


def test_the_timeout_has_a_trace_id(site: Any) -> None:
    assert site.aws("POST", "/slow?ms=5000", KEY).one("x-amzn-trace-id").startswith("Root=1-")


def test_backend_headers_are_renamed_and_own_ones_added(site: Any) -> None:
    got = site.aws("GET", "/products/LAMP-1", KEY)
    assert got.one("x-amzn-remapped-server") == "orders/2.4"
    assert got.one("x-amzn-remapped-content-length") == got.one("content-length") == str(len(got.body))
    assert got.one("x-amzn-remapped-date")
    assert got.one("server") is None
    assert got.one("x-amzn-trace-id") is None
    assert len(got.all("date")) == 1
    assert ("ETag", got.one("etag")) in got.headers  # regional: names as the backend wrote them


def test_a_slash_at_the_end_is_ignored(site: Any) -> None:
    assert site.aws("GET", "/products/LAMP-1/", KEY).body == site.aws("GET", "/products/LAMP-1", KEY).body


def test_the_method_can_be_overridden(site: Any) -> None:
    got = site.aws("POST", "/echo", {**KEY, "X-HTTP-Method-Override": "GET"})
    assert json.loads(got.body)["method"] == "GET"


def test_a_good_token_passes(site: Any) -> None:
    got = site.aws("GET", "/profile", {"Authorization": f"Bearer {_token()}"})
    assert json.loads(got.body)["subject"] == "clerk-17"


def test_events_stream_and_links_keep_the_stage(site: Any) -> None:
    got = site.aws("GET", "/events", KEY)
    assert got.total - got.first_byte > 0.2
    order = json.loads(site.aws("GET", "/orders/1004", KEY).body)
    assert order["links"]["self"] == f"http://127.0.0.1:{site.old}/prod/orders/1004"


def test_head_and_coded_bodies_pass(site: Any) -> None:
    head = site.aws("HEAD", "/products/LAMP-1", KEY)
    assert head.status == 200
    assert head.body == b""
    assert int(head.one("content-length")) > 0
    assert site.aws("GET", "/gzip", {**KEY, "Accept-Encoding": "gzip"}).one("content-encoding") == "gzip"
