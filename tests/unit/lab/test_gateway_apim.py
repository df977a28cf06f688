"""The new gateway says what the facts say of Azure API Management."""

import json
import re
from typing import Any

import pytest

from harness.lab import tokens
from harness.lab.gateway_apim import ISSUER, SIGNING_KEY

KEY = {"Ocp-Apim-Subscription-Key": "new-partner-key-c20d"}
MISSING = (
    "Access denied due to missing subscription key. "
    "Make sure to include subscription key when making requests to an API."
)
INVALID = "Access denied due to invalid subscription key. Make sure to provide a valid key for an active subscription."


def _token(**changes: Any) -> str:
    return tokens.make({"iss": ISSUER, "sub": "clerk-17", "exp": 4102444800, **changes}, SIGNING_KEY)


def _key(text: str) -> dict[str, str]:
    return {"Ocp-Apim-Subscription-Key": text}


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "message"),
    [
        ("GET", "/nope", {}, 404, "Resource not found"),
        ("GET", "/nope", {"Authorization": "Bearer abc"}, 404, "Resource not found"),
        ("DELETE", "/tags", KEY, 404, "Resource not found"),
        ("GET", "/orders", {}, 401, MISSING),
        ("GET", "/orders", _key("nobody"), 401, INVALID),
        ("GET", "/orders", _key("new-suspended-key-ee19"), 401, INVALID),
        ("GET", "/orders", _key("new-throttled-key-b7b0"), 429, "Rate limit is exceeded. Try again in 10 seconds."),
        ("GET", "/orders", _key("new-spent-key-3c6e"), 403,
         "Out of call volume quota. Quota will be replenished in 12:00:00."),
        ("GET", "/profile", {}, 401, "JWT not present."),
        ("GET", "/profile", {"Authorization": "Bearer rubbish"}, 401, "Invalid JWT."),
        ("GET", "/profile", {"Authorization": f"Bearer {_token(exp=1)}"}, 401, "Invalid JWT."),
        ("GET", "/profile", {"Authorization": f"Bearer {_token(iss='other')}"}, 401, "Invalid JWT."),
    ],
)  # fmt: skip
def test_own_errors(site: Any, method: str, path: str, headers: dict[str, str], status: int, message: str) -> None:
    got = site.apim(method, path, headers)
    body = f'{{ "statusCode": {status}, "message": "{message}" }}'
    assert (got.status, got.body.decode()) == (status, body)
    assert got.one("content-type") == "application/json"
    assert (got.one("retry-after") is not None) == message.startswith(("Rate limit", "Out of call"))
    challenged = message in {MISSING, INVALID}
    assert (got.one("www-authenticate") is not None) == challenged
    if challenged:
        realm = f"http://127.0.0.1:{site.new['']}/"
        expected = f'AzureApiManagementKey realm="{realm}",name="Ocp-Apim-Subscription-Key",type="header"'
        assert got.one("www-authenticate") == expected


def test_the_missing_key_answer_has_the_length_seen_in_dumps(site: Any) -> None:
    assert site.apim("GET", "/orders").one("content-length") == "152"


def test_a_timeout_is_500_with_an_activity_id(site: Any) -> None:
    got = site.apim("GET", "/slow?ms=5000", KEY)
    pattern = r'\{ "statusCode": 500, "message": "Internal server error", "activityId": "[0-9a-f-]{36}" \}'
    assert got.status == 500
    assert re.fullmatch(pattern, got.body.decode())


def test_the_key_may_come_in_the_query_unless_there_is_a_header(site: Any) -> None:
    assert site.apim("GET", "/orders/1001?subscription-key=new-partner-key-c20d").status == 200
    assert site.apim("GET", "/orders/1001?subscription-key=new-partner-key-c20d", _key("nobody")).status == 401
    echo = json.loads(site.apim("GET", "/echo?a=1&subscription-key=new-partner-key-c20d&b=2").body)
    assert echo["query"] == {"a": "1", "b": "2"}


def test_backend_headers_pass_unchanged_and_nothing_is_added(site: Any) -> None:
    got = site.apim("GET", "/products/LAMP-1", KEY)
    names = {name.lower() for name, _ in got.headers}
    own = {"server", "date", "content-type", "content-length"}
    assert names == own | {"etag", "last-modified", "cache-control", "vary"}
    assert got.one("server") == "orders/2.4"


def test_there_is_no_stage(site: Any) -> None:
    assert site.apim("GET", "/prod/orders", KEY).status == 404
    order = json.loads(site.apim("GET", "/orders/1004", KEY).body)
    assert order["links"]["self"] == f"http://127.0.0.1:{site.new['']}/orders/1004"


def test_a_large_body_passes(site: Any) -> None:
    assert json.loads(site.apim("POST", "/upload", KEY, b"x" * 11_000_000).body)["bytes"] == 11_000_000


def test_a_good_token_passes(site: Any) -> None:
    got = site.apim("GET", "/profile", {"Authorization": f"Bearer {_token()}"})
    assert json.loads(got.body)["subject"] == "clerk-17"


def test_events_stream(site: Any) -> None:
    got = site.apim("GET", "/events", KEY)
    assert got.total - got.first_byte > 0.2
    assert got.body.count(b"event: progress") == 5
