"""Recordings of every known format are read; what nobody vouches for is bounded, skipped and told."""

import gzip
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.model.errors import UsageError
from harness.model.recording import RecordedRequest
from harness.recordings.read import read
from harness.recordings.recording import Recording

AT = 1_554_849_374.0  # 09/Apr/2019:22:36:14 +0000
CLF = "09/Apr/2019:22:36:14 +0000"

AWS_JSON = {
    "requestId": "c6af9ac6",
    "ip": "127.0.0.1",
    "caller": "-",
    "user": "-",
    "requestTime": CLF,
    "httpMethod": "GET",
    "resourcePath": "/orders/{id}",
    "status": "200",
    "protocol": "HTTP/1.1",
    "responseLength": "85",
}
APIM = {
    "time": "2019-04-09T22:36:14.0000000Z",
    "resourceId": "/SUBSCRIPTIONS/X",
    "category": "GatewayLogs",
    "operationName": "Microsoft.ApiManagement/GatewayLogs",
    "durationMs": 17,
    "properties": {"method": "GET", "url": "https://contoso.azure-api.net/orders/1?x=1", "responseCode": 200},
}
ANALYTICS = {
    "TimeGenerated": "2019-04-09T22:36:14Z",
    "Method": "GET",
    "Url": "https://contoso.azure-api.net/orders/1?x=1",
    "ResponseCode": 200,
    "TotalTime": 17,
}
HAR = {
    "log": {
        "version": "1.2",
        "creator": {"name": "b", "version": "1"},
        "entries": [
            {
                "startedDateTime": "2019-04-10T00:36:14.000+02:00",
                "time": 17.5,
                "request": {
                    "method": "POST",
                    "url": "https://api.example.com/orders?x=1#part",
                    "headers": [
                        {"name": "Accept", "value": "application/json"},
                        {"name": "Authorization", "value": "Bearer hush"},
                        {"name": "cookie", "value": "session=hush"},
                        {"name": ":authority", "value": "api.example.com"},
                    ],
                    "postData": {"mimeType": "application/json", "text": '{"sku":"A1"}'},
                },
                "response": {"status": 201, "content": {"text": "x" * 1000}},
            }
        ],
    }
}
OWN = {"at": AT, "method": "GET", "target": "/orders?x=1", "status": 200, "duration_ms": 1.5}


XML = (
    f'<request id="c6af9ac6"> <ip>127.0.0.1</ip> <requestTime>{CLF}</requestTime> <httpMethod>GET</httpMethod> '
    "<resourcePath>/a&amp;b</resourcePath> <status>200</status> <protocol>HTTP/1.1</protocol> </request>"
)


def one(tmp_path: Path, content: str | bytes, *, packed: bool = False) -> Recording:
    file = tmp_path / "recording"
    data = content.encode() if isinstance(content, str) else content
    file.write_bytes(gzip.compress(data) if packed else data)
    return read(file)


def got(**more: Any) -> RecordedRequest:
    said: dict[str, Any] = {"at": AT, "method": "GET", "target": "/orders?x=1", "status": 200, "line": 1}
    return RecordedRequest(**said | more)


FORMATS: list[tuple[str, str, str, RecordedRequest]] = [
    ("common", f'10.0.0.1 - - [{CLF}] "GET /orders?x=1 HTTP/1.1" 200 85', "Common or Combined Log", got()),
    (
        "combined",
        f'2001:db8::1 - al ice [{CLF}] "GET /orders?x=1 HTTP/2.0" 200 85 "-" "curl/8 \\"x\\" [y]" rt=0.017',
        "Common or Combined Log",
        got(duration_ms=17.0),
    ),
    (
        "a zone, a virtual host, escapes",
        '[::1]:443 h - [10/Apr/2019:00:36:14 +0200] "GET /a%20b/\\x7Eme HTTP/1.0" 404 -',
        "Common or Combined Log",
        got(target="/a%20b/~me", status=404),
    ),
    (
        "API Gateway CLF",
        f'127.0.0.1 - - [{CLF}] "GET GET /orders/{{id}} HTTP/1.1" 200 85 c6af9ac6',
        "Common or Combined Log",
        got(target="/orders/{id}"),
    ),
    (
        "API Gateway CSV",
        f"127.0.0.1,-,-,{CLF},GET,/orders/a,b,HTTP/1.1,200,85,c6af9ac6,ext=",
        "API Gateway CSV",
        got(target="/orders/a,b"),
    ),
    (
        "API Gateway CSV of an HTTP API",
        f"127.0.0.1,{CLF},GET,GET /orders,HTTP/1.1,200,85,c6af9ac6",
        "API Gateway CSV",
        got(target="/orders"),
    ),
    (
        "API Gateway XML",
        XML,
        "API Gateway XML",
        got(target="/a&b"),
    ),
    ("API Gateway JSON", json.dumps(AWS_JSON), "API Gateway JSON", got(target="/orders/{id}")),
    (
        "API Gateway JSON with epoch, path and latency, exported by CloudWatch",
        "2019-04-09T22:36:15.000Z "
        + json.dumps(
            AWS_JSON
            | {"requestTimeEpoch": "1554849374500", "path": "/prod/orders/7", "status": 200, "responseLatency": "41"}
        ),
        "API Gateway JSON",
        got(at=AT + 0.5, target="/prod/orders/7", duration_ms=41.0),
    ),
    (
        "HTTP API by its route",
        json.dumps({"requestTime": CLF, "httpMethod": "GET", "routeKey": "GET /orders", "status": "200"}),
        "API Gateway JSON",
        got(target="/orders"),
    ),
    (
        "API Management",
        json.dumps(APIM),
        "API Management GatewayLogs",
        got(target="/orders/1?x=1", duration_ms=17.0),
    ),
    (
        "API Management, a batch a line, properties as a text",
        json.dumps({"records": [APIM | {"properties": json.dumps(APIM["properties"])}]}),
        "API Management GatewayLogs",
        got(target="/orders/1?x=1", duration_ms=17.0),
    ),
    (
        "API Management, a document",
        json.dumps({"records": [APIM]}, indent=1),
        "API Management GatewayLogs",
        got(target="/orders/1?x=1", duration_ms=17.0),
    ),
    (
        "API Management from Log Analytics",
        json.dumps([ANALYTICS]),
        "API Management GatewayLogs",
        got(target="/orders/1?x=1", duration_ms=17.0),
    ),
    *[
        (
            f"HAR, {name}",
            text,
            "HAR",
            got(
                method="POST",
                status=201,
                duration_ms=17.5,
                headers=(("Accept", "application/json"),),
                body=b'{"sku":"A1"}',
            ),
        )
        for name, text in (("a line", json.dumps(HAR)), ("pretty", json.dumps(HAR, indent=2)))
    ],
    ("JSON lines", json.dumps(OWN), "JSON lines", got(duration_ms=1.5)),
    (
        "JSON lines, the least",
        '\ufeff{"method": "DELETE", "path": "/orders"}',
        "JSON lines",
        got(at=None, method="DELETE", target="/orders", status=None),
    ),
]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(("content", "name", "wanted"), [row[1:] for row in FORMATS], ids=[row[0] for row in FORMATS])
def test_every_format_is_told_by_its_content(
    tmp_path: Path, content: str, name: str, wanted: RecordedRequest, packed: bool
) -> None:
    found = one(tmp_path, content + "\n", packed=packed)
    told = replace(found, requests=tuple(replace(request, host="", client="") for request in found.requests))
    assert told == Recording(requests=(wanted,), format=name)


def called(tmp_path: Path, content: Any) -> tuple[str, str]:
    (request,) = one(tmp_path, content if isinstance(content, str) else json.dumps(content)).requests
    return request.host, request.client


RAW = "a1b2.execute-api.eu-west-1.amazonaws.com"
HOSTS: list[tuple[str, Any, tuple[str, str]]] = [
    ("API Gateway JSON", AWS_JSON | {"domainName": RAW}, (RAW, "127.0.0.1")),
    ("a template of one's own", AWS_JSON | {"domain_name": "API.Example.com", "apiKeyId": "k1"}, ("api.example.com", "k1")),
    ("API Gateway JSON that does not tell", AWS_JSON | {"domainName": "-", "ip": "-"}, ("", "")),
    ("API Gateway XML", XML.replace("<ip>", f"<domainName>{RAW}</domainName><ip>"), (RAW, "127.0.0.1")),
    ("API Gateway CSV", f"10.1.1.1,-,-,{CLF},GET,/o,HTTP/1.1,200,85,c6af-9ac6,ext=,{RAW}", (RAW, "10.1.1.1")),
    ("API Gateway CSV that does not tell", f"::1,-,-,{CLF},GET,/o,HTTP/1.1,200,85,c6af-9ac6,ext=", ("", "::1")),
    ("Common Log", f'10.0.0.1 - - [{CLF}] "GET /orders HTTP/1.1" 200 85', ("", "10.0.0.1")),
    ("a host before the address", f'h:443 10.0.0.1 - - [{CLF}] "GET / HTTP/1.1" 200 85', ("", "")),
    ("API Management", APIM | {"callerIpAddress": "10.0.0.2"}, ("contoso.azure-api.net", "10.0.0.2")),
    ("Log Analytics", ANALYTICS | {"ApimSubscriptionId": "s"}, ("contoso.azure-api.net", "s")),
    ("HAR", HAR, ("api.example.com", "")),
    ("a URL", {"method": "GET", "url": "https://u:p@Api.Example.com:8443/x", "host": "logger-1"}, ("api.example.com", "")),
    ("a Host header", OWN | {"headers": {"HOST": "api.example.com:443"}, "client": "me"}, ("api.example.com", "me")),
    ("a named host", OWN | {"host": "api.example.com."}, ("api.example.com", "")),
    ("an IPv6 address", OWN | {"host": "[2001:DB8::1]:443"}, ("2001:db8::1", "")),
    ("no host", OWN | {"host": "<script>alert(1)</script>", "client": "a\x1b[31m"}, ("", "")),
    ("too long a host", OWN | {"host": "a." * 200 + "com", "client": "x" * 101}, ("", "")),
    ("a host of another kind", OWN | {"host": ["a"], "client": {"a": 1}, "headers": [["host"], 7]}, ("", "")),
]  # fmt: skip


@pytest.mark.parametrize(("content", "wanted"), [row[1:] for row in HOSTS], ids=[row[0] for row in HOSTS])
def test_whom_was_asked_and_by_whom(tmp_path: Path, content: Any, wanted: tuple[str, str]) -> None:
    assert called(tmp_path, content) == wanted


def test_an_api_key_is_not_kept_as_a_client(tmp_path: Path) -> None:
    assert called(tmp_path, AWS_JSON | {"apiKey": "hush", "ip": "-"}) == ("", "")


def test_secrets_of_a_har_are_not_kept(tmp_path: Path) -> None:
    assert "hush" not in repr(one(tmp_path, json.dumps(HAR)))


def test_broken_lines_are_skipped_counted_and_told(tmp_path: Path) -> None:
    good = f'10.0.0.1 - - [{CLF}] "GET /orders HTTP/1.1" 200 85\n'
    tls = f'10.0.0.1 - - [{CLF}] "\\x16\\x03\\x01" 400 85\n'
    wrong = f'10.0.0.1 - - [99/Foo/2019:22:36:14 +0000] "GET / HTTP/1.1" 400 85\n10.0.0.1 - - [{CLF}] "" 400 0\n'
    found = one(tmp_path, f"# a comment\n\n{good}{tls}{wrong}{good}" + "x" * 1_100_000 + "\n" + good)
    assert len(found.requests) == 3
    assert [number for number, _ in found.skipped] == [1, 4, 5, 6, 8]
    assert found.left_out == 5
    assert found.skipped[-1][1] == "longer than any line of a log"


def test_many_broken_lines_are_told_by_their_first(tmp_path: Path) -> None:
    found = one(tmp_path, json.dumps(OWN) + "\n" + "{\n" * 5000)
    assert (len(found.skipped), found.left_out) == (20, 5000)


def test_no_more_is_read_than_was_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.write_text((json.dumps(OWN) + "\n") * 10)
    found = read(file, most=4)
    assert (len(found.requests), found.whole) == (4, False)
    assert read(file, most=10).whole


def test_a_torn_archive_gives_what_it_holds(tmp_path: Path) -> None:
    file = tmp_path / "log.gz"
    packed = gzip.compress("".join(json.dumps(OWN | {"at": number}) + "\n" for number in range(9000)).encode())
    file.write_bytes(packed[: len(packed) // 2])
    found = read(file)
    assert 0 < len(found.requests) < 9000
    assert not found.whole
    assert "cannot be read" in found.skipped[-1][1]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "it is empty"),
        (b"hello\nworld\n", "line 1: of no known format"),
        (b'{"log": {"entries": []}}', "it is empty"),
        (b'{"a": 1}\n', "line 1"),
        (b"[" * 100_000, "line 1"),
        (b"\x1f\x8b broken", "cannot be read"),
        (b"\x00\xff" * 1000, "of no known format"),
    ],
)
def test_nothing_to_read_is_an_error_that_says_what_is_known(tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "log"
    file.write_bytes(content)
    with pytest.raises(UsageError, match=re.escape(said)) as raised:
        read(file)
    assert "Combined" in raised.value.hint


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read(tmp_path / "none.log")


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from([CLF, "/a", "GET"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
KNOWN = (
    "at method target url path headers body status duration_ms time category properties records log entries request "
    "response postData httpMethod resourcePath routeKey requestTime requestTimeEpoch TimeGenerated text name"
)
NAMES = st.sampled_from(KNOWN.split())
OBJECTS = st.recursive(
    st.dictionaries(NAMES, VALUES, max_size=8),
    lambda inner: st.dictionaries(NAMES, VALUES | inner | st.lists(inner, max_size=3), max_size=8),
    max_leaves=5,
)
LINES = st.one_of(
    OBJECTS.map(lambda one: json.dumps(one).encode()),
    st.binary(max_size=80),
    st.text(alphabet='[]"\\/ :+0123456789AprGETHTP.x,<>&;-', max_size=120).map(str.encode),
    st.sampled_from([row[1].encode() for row in FORMATS]),
)


@settings(max_examples=120, deadline=None)
@given(content=st.lists(LINES, max_size=6).map(b"\n".join), packed=st.booleans())
def test_whatever_a_file_holds_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, packed: bool
) -> None:
    file = tmp_path_factory.getbasetemp() / "fuzzed"
    file.write_bytes(gzip.compress(content, 1) if packed else content)
    try:
        found = read(file)
    except UsageError:
        return
    for request in found.requests:
        assert request.target.startswith("/")
        assert request.target.isascii()
        assert " " not in request.target
        assert request.at is None or request.at >= 0


def test_what_is_held_is_bounded(tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.write_text((json.dumps(OWN | {"body": "x" * 4000}) + "\n") * 9)
    found = read(file, most_held=10_000)
    assert (len(found.requests), found.whole) == (3, False)
