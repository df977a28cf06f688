import socket
import ssl
import threading
import time
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from harness.clouds.http import trust
from harness.clouds.tokens import LONGEST_LIFE, client_credentials
from harness.clouds.trouble import CloudTrouble, quoted
from harness.scenario.credential import OAuth2Credential
from tests.servers.tls import Authority
from tests.servers.token_endpoint import (
    Serve,
    TokenEndpoint,
    answers,
    close,
    drip,
    drip_body,
    hang,
    huge,
    reset,
    says,
)

SECRET = "the+client/secret=1"
TOKEN = "an-opaque-token-0123"


def credential(url: str, **more: Any) -> OAuth2Credential:
    return OAuth2Credential(token_url=url, client_id="partner", client_secret=SECRET, **more)


def trouble(serve: Serve, *, seconds: float = 5.0, **more: Any) -> str:
    with TokenEndpoint(serve) as endpoint:
        host = endpoint.url.split("/")[2]
        with pytest.raises(CloudTrouble) as caught:
            client_credentials(credential(endpoint.url, **more), seconds=seconds)
    assert endpoint.connections == 1
    assert host in caught.value.reason
    assert SECRET not in caught.value.reason
    assert "\n" not in caught.value.reason
    assert len(caught.value.reason) < 700
    return caught.value.reason


def test_a_token_is_asked_for_with_the_secret_in_the_header() -> None:
    with TokenEndpoint(
        says(access_token=TOKEN, token_type="bearer", expires_in=600, refresh_token="refresh-me-0", id_token="id-0")
    ) as endpoint:
        found = client_credentials(credential(endpoint.url, scope="a b", parameters=(("audience", "https://api"),)))
    assert (found.token, found.lifetime, found.secrets) == (TOKEN, 600.0, ("refresh-me-0", "id-0"))
    assert TOKEN not in repr(found)
    head, _, body = endpoint.requests[0].partition(b"\r\n\r\n")
    assert body == b"grant_type=client_credentials&audience=https%3A%2F%2Fapi&scope=a+b"
    assert b"Basic " + b64encode(b"partner:the%2Bclient%2Fsecret%3D1") in head
    assert head.startswith(b"POST /token HTTP/1.1")


def test_a_token_is_asked_for_with_the_secret_in_the_body() -> None:
    with TokenEndpoint(says(access_token=TOKEN, token_type="Bearer")) as endpoint:
        found = client_credentials(credential(endpoint.url, secret_in="body"))
    assert found.lifetime is None
    head, _, body = endpoint.requests[0].partition(b"\r\n\r\n")
    assert b"authorization" not in head.lower()
    assert body.endswith(b"client_id=partner&client_secret=the%2Bclient%2Fsecret%3D1")


@pytest.mark.parametrize(
    ("said", "lifetime"),
    [
        (3600, 3600.0),
        ("3600", 3600.0),
        (1.5, 1.5),
        (10**18, LONGEST_LIFE),
        (10**400, LONGEST_LIFE),
        (float("inf"), LONGEST_LIFE),
        (float("nan"), None),
        ("soon", None),
        (None, None),
        (True, None),
        ([3600], None),
        ("", None),
    ],
)
def test_a_life_is_bounded_and_never_guessed(said: Any, lifetime: float | None) -> None:
    with TokenEndpoint(says(access_token=TOKEN, token_type="Bearer", expires_in=said)) as endpoint:
        assert client_credentials(credential(endpoint.url)).lifetime == lifetime


GOOD: dict[str, Any] = {"access_token": TOKEN, "token_type": "Bearer"}


@pytest.mark.parametrize(
    ("serve", "words"),
    [
        (answers(b"<html>Sign in</html>", 200, "Content-Type: text/html"), "answered 200 with HTML"),
        (answers(b"\n <!doctype html>", 500), "answered 500 with HTML"),
        (answers(b"", 302, "Location: https://user:pw@login.example/x?y"), "a redirect to login.example, which is not"),
        (answers(b"", 307, "Location: /other"), "a redirect to another path"),
        (answers(b""), "answered 200 with an empty body"),
        (answers(b"", 401), "answered 401 with an empty body"),
        (answers(b'{"access_token": "abc'), "with no JSON, or half of it"),
        (answers(b'{"access_token": "abc', length=500), "no complete HTTP answer"),
        (answers(b"[" * 100_000), "with no JSON, or half of it"),
        (answers(b'{"a": ' + b"9" * 5000 + b"}"), "with no JSON, or half of it"),
        (answers(b"\xff\xfe{"), "with no JSON"),
        (answers(b'["access_token"]'), "with JSON that is no object"),
        (answers(b"\x1f\x8b..", 200, "Content-Encoding: gzip"), "in a content coding that was not asked for"),
        (says(token_type="Bearer"), "without an access_token that is a text"),
        (says(access_token=12345678, token_type="Bearer"), "without an access_token that is a text"),
        (says(access_token="", token_type="Bearer"), "without an access_token that is a text"),
        (says(access_token="a\r\nX-Evil: 1", token_type="Bearer"), "that no header can carry"),
        (says(access_token="two words", token_type="Bearer"), "that no header can carry"),
        (says(access_token="tökén", token_type="Bearer"), "that no header can carry"),
        (says(access_token="a" * 70_000, token_type="Bearer"), "of 70000 characters"),
        (says(access_token=TOKEN), "a token without a token_type"),
        (says(access_token=TOKEN, token_type=7), "a token without a token_type"),
        (says(access_token=TOKEN, token_type="mac"), "a token of type 'mac'; only bearer"),
        (says(access_token=TOKEN, token_type=TOKEN), "of type '[masked]'"),
        (says(**GOOD, expires_in=0), "has expired already (expires_in: 0)"),
        (says(**GOOD, expires_in="-5"), "has expired already (expires_in: -5.0)"),
        (says(401, error="invalid_client"), "answered 401 (invalid_client); check client_id and client_secret"),
        (says(200, error="invalid_scope", access_token=TOKEN), "answered 200 (invalid_scope); check the scope"),
        (says(400, error="x", error_description=f"no {SECRET}\x1b[31m\n" + "y" * 999), "(x, no [masked] [31m …)"),
        (says(400, error=["x"], error_description={"a": 1}), "answered 400 (no word of what is wrong)"),
        (says(503), "answered 503 (no word of what is wrong)"),
        (huge, "with more than 1 MB"),
        (reset, "the connection was reset"),
        (close, "no complete HTTP answer"),
        (answers(b"x", 99), "no complete HTTP answer"),
    ],
)
def test_what_is_no_token_is_told(serve: Serve, words: str) -> None:
    assert words in trouble(serve)


@pytest.mark.parametrize("serve", [hang, drip, drip_body])
def test_an_endpoint_that_does_not_come_to_an_end_is_left(serve: Serve) -> None:
    start = time.monotonic()
    assert "no complete answer within 0.4 s" in trouble(serve, seconds=0.4)
    assert time.monotonic() - start < 3
    assert not [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]


@pytest.mark.parametrize(
    ("description", "words"),
    [
        ("AADSTS7000215: Invalid client secret provided. Trace ID: 1", "AADSTS7000215, AADSTS7000215: Invalid"),
        ("AADSTS7000215: Invalid client secret provided.", "give the secret's value, not its id"),
        ("AADSTS99999999: new", "AADSTS99999999"),
        ("nothing known", "check client_id"),
    ],
)
def test_entra_is_told_by_its_number(description: str, words: str) -> None:
    assert words in trouble(says(401, error="invalid_client", error_description=description), entra=True)


def test_nobody_there_and_no_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    for url, words in (
        (f"http://user:pw@127.0.0.1:{port}/token", f"no token from 127.0.0.1:{port}: connection refused"),
        ("http://no-such-host.invalid/token", "no-such-host.invalid: no such host"),
        ("ftp://x/token", "x: no http(s) address"),
        ("http://[::1/token", "no http(s) address"),
        ("http://127.0.0.1:99999/token", "no http(s) address"),
    ):
        with pytest.raises(CloudTrouble) as caught:
            client_credentials(credential(url))
        assert words in caught.value.reason
        assert "pw" not in caught.value.reason


def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with TokenEndpoint(says(**GOOD)) as endpoint:
        assert client_credentials(credential(endpoint.url)).token == TOKEN


def test_tls_is_verified(authority: Authority, tmp_path: Path) -> None:
    files = authority.certificate("127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.cert, files.key)
    with TokenEndpoint(says(**GOOD), tls=context) as endpoint:
        assert client_credentials(credential(endpoint.url, ca_file=authority.ca_file)).token == TOKEN
        with pytest.raises(CloudTrouble, match=r"certificate is not trusted .*`ca_file`"):
            client_credentials(credential(endpoint.url))
        for name, text in (("missing.pem", None), ("bad.pem", "no certificate")):
            if text is not None:
                (tmp_path / name).write_text(text)
            with pytest.raises(CloudTrouble, match=r"`ca_file` .* cannot be read"):
                client_credentials(credential(endpoint.url, ca_file=tmp_path / name))
    with (
        TokenEndpoint(lambda _, connection: connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as plain,
        pytest.raises(CloudTrouble, match=r"TLS failed \(.*\); check that https is spoken there"),
    ):
        client_credentials(credential(plain.url.replace("http:", "https:")))


@pytest.mark.parametrize("own", [True, False])
def test_every_version_of_python_trusts_alike(authority: Authority, own: bool) -> None:
    context = trust(authority.ca_file if own else None)
    assert not context.verify_flags & ssl.VERIFY_X509_STRICT
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_a_long_text_of_a_stranger_is_cut_between_words() -> None:
    """Half of a secret in Base64 is known to no mask."""
    hidden = b64encode(b"some secret of another caller").decode()
    text = quoted(f"{'word ' * 36}{hidden}")
    assert text == f"{'word ' * 36}…"
    assert quoted("word " * 40) == ("word " * 40).strip()


def test_a_strangers_text_is_made_fit() -> None:
    assert quoted("a\x1b]0;x\x07\u202e\n\nb\ud800") == "a ]0;x b"
    assert quoted("my secret1 and secret12", ("secret1", "secret12", "a", "")) == "my [masked] and [masked]"
    assert len(quoted("x" * 10**6)) <= 202
