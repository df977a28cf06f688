"""Tokens by azure-identity: one bounded request each, through the house's own client, and no secret in any word."""

import json
import socket
import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from azure import identity

from harness.clouds import azure_identity
from harness.clouds.azure_identity import token
from harness.clouds.unread import Unread
from harness.model.series import Absence
from harness.scenario.control import AzureControl
from tests.servers.tls import Authority
from tests.servers.token_endpoint import TokenEndpoint, answers, read

TENANT = "00000000-0000-0000-0000-00000000000a"
SECRET = "a-client-secret-of-the-tests"
CONTROL = AzureControl(resource="/subscriptions/x", tenant=TENANT, client_id="clerk", client_secret=SECRET)


def served_by(authority: Authority) -> ssl.SSLContext:
    files = authority.certificate("127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.cert, files.key)
    return context


@contextmanager
def entra(authority: Authority, status: int, **answer: object) -> Iterator[TokenEndpoint]:
    """Serve what azure-identity asks of Microsoft Entra ID: where things are, then a token."""

    def serve(endpoint: TokenEndpoint, connection: socket.socket) -> None:
        base = f"{endpoint.url.removesuffix('/token')}/{TENANT}"
        found = {
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "issuer": f"{base}/v2.0",
        }
        first = read(endpoint, connection).split(b"\r\n")[0]
        said, code = (found, 200) if b"openid-configuration" in first else (answer, status)
        body = json.dumps(said).encode()
        head = f"HTTP/1.1 {code} X\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body)

    with TokenEndpoint(serve, tls=served_by(authority)) as endpoint:
        yield endpoint


@pytest.fixture
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Authority:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca_file))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")  # which nothing here may use
    return authority


def at(endpoint: TokenEndpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", endpoint.url.removesuffix("/token"))


def test_a_service_principal_is_asked_for_once(trusted: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    with entra(trusted, 200, access_token="a-token-1", token_type="Bearer", expires_in=3600) as endpoint:
        at(endpoint, monkeypatch)
        assert token(CONTROL) == "a-token-1"
    asked = [one for one in endpoint.requests if one.startswith(b"POST")]
    assert len(asked) == 1
    assert f"client_secret={SECRET}".encode() in asked[0]
    assert b"scope=https%3A%2F%2Fmanagement.azure.com%2F.default" in asked[0]


def test_a_refusal_is_denied_and_quotes_no_secret(trusted: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    words = f"AADSTS7000215: Invalid client secret provided: {SECRET}"
    with entra(trusted, 401, error="invalid_client", error_description=words) as endpoint:
        at(endpoint, monkeypatch)
        with pytest.raises(Unread) as raised:
            token(CONTROL)
    assert raised.value.kind is Absence.DENIED
    assert "AADSTS7000215" in raised.value.reason
    assert SECRET not in raised.value.reason


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b"[" * 100_000, b'{"token_endpoint": 5}'])
def test_an_answer_that_is_none_of_entras_is_no_token(
    body: bytes, trusted: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    with TokenEndpoint(answers(body), tls=served_by(trusted)) as endpoint:
        at(endpoint, monkeypatch)
        with pytest.raises(Unread) as raised:
            token(CONTROL)
    assert SECRET not in raised.value.reason


def test_a_redirect_is_not_followed(trusted: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    moved = answers(b"", 302, "Location: https://127.0.0.1:9/elsewhere")
    with TokenEndpoint(moved, tls=served_by(trusted)) as endpoint:
        at(endpoint, monkeypatch)
        with pytest.raises(Unread):
            token(CONTROL)
    assert len(endpoint.requests) == 1


def test_a_given_token_is_presented_as_it_is() -> None:
    assert token(replace(CONTROL, token="given")) == "given"


@pytest.mark.parametrize("given", ["two words", "line\nbreak", "grün"])
def test_a_token_that_no_header_can_carry_is_refused_and_not_shown(given: str) -> None:
    with pytest.raises(Unread) as raised:
        token(replace(CONTROL, token=given))
    assert given not in raised.value.reason


def test_without_the_extra_the_hint_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "azure.identity", None)
    monkeypatch.delattr("azure.identity", raising=False)
    with pytest.raises(Unread) as raised:
        token(CONTROL)
    assert "pip install cutover-harness[azure]" in raised.value.reason


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AzureControl:
    """Return a control that names no principal, on a machine that has none either."""
    for name in ("AZURE_CLIENT_ID", "AZURE_TENANT_ID", "IDENTITY_ENDPOINT", "MSI_ENDPOINT", "AZURE_TOKEN_CREDENTIALS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))  # no az, no azd, no pwsh
    monkeypatch.setenv("HOME", str(tmp_path))
    return AzureControl(resource="/subscriptions/x")


def chain(control: AzureControl) -> set[str]:
    return {type(one).__name__ for one in azure_identity.credential(identity, control).credentials}


def test_a_machine_without_a_principal_is_told_how_to_get_one(bare: AzureControl) -> None:
    with pytest.raises(Unread) as raised:
        token(bare)
    assert raised.value.kind is Absence.DENIED
    assert "az login" in raised.value.reason


def test_nobodys_metadata_address_is_asked(bare: AzureControl, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "ManagedIdentityCredential" not in chain(bare)
    monkeypatch.setenv("IDENTITY_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("IDENTITY_HEADER", "x")
    assert "ManagedIdentityCredential" in chain(bare)
