"""What callers are recognised by: every kind is read, filled in, checked and hidden."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from harness.scenario.credential import (
    BasicCredential,
    BearerCredential,
    CertificateCredential,
    CognitoCredential,
    Credential,
    HeaderCredential,
    JwtCredential,
    OAuth2Credential,
    QueryCredential,
    SigV4Credential,
)
from harness.scenario.load import load
from harness.scenario.schema import json_schema
from harness.scenario.types import Scenario
from tests.unit.scenario.broken_row import HEAD
from tests.unit.scenario.key_material import lay, material

ENVIRON = {"SECRET": "cAnary secret", "TOKEN": "cAnary-token", "ACCOUNT": "123456789012"}
Read = Callable[..., Scenario]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Return a function that reads a scenario with one caller, `p`; the schema must take it too."""

    def run(text: str, *files: str, side: str = "both") -> Scenario:
        lay(tmp_path, files)
        whole = HEAD + f"credentials:\n  p:\n    {side}: {{{text}}}\n"
        jsonschema.Draft202012Validator(json_schema()).validate(_core(whole))
        file = tmp_path / "scenario.yaml"
        file.write_text(whole, encoding="utf-8")
        return load(file, environ=ENVIRON)

    return run


class _Core(yaml.SafeLoader):
    """YAML as editors read it: dates stay texts."""


_Core.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if not tag.endswith("timestamp")]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _core(text: str) -> Any:
    return yaml.load(text, _Core)


def one(scenario: Scenario) -> Credential:
    [found] = scenario.identities["p"].new
    assert scenario.identities["p"].old == (found,)
    return found


def hidden(scenario: Scenario) -> set[str]:
    return {secret.value for secret in scenario.secrets}


def test_oauth2(read: Read) -> None:
    scenario = read(
        "oauth2: {token_url: 'https://login.example.com/t?p=one', client_id: orders, client_secret: \"${env:SECRET}\","
        " scope: orders.read orders.write, audience: api, parameters: {resource: [a, b]}, secret_in: body, ca_file: ca.pem}",
        "ca.pem",
    )
    found = one(scenario)
    assert isinstance(found, OAuth2Credential)
    assert found == OAuth2Credential(
        token_url="https://login.example.com/t?p=one",
        client_id="orders",
        client_secret="cAnary secret",
        scope="orders.read orders.write",
        parameters=(("audience", "api"), ("resource", "a"), ("resource", "b")),
        secret_in="body",
        ca_file=found.ca_file,
    )
    assert found.ca_file is not None
    assert found.ca_file.is_file()
    assert hidden(scenario) == {"cAnary secret", "orders:cAnary secret", "orders:cAnary+secret"}


@pytest.mark.parametrize("host", ["127.0.0.1:80", "localhost", "[::1]:9", "127.8.8.8"])
def test_a_token_endpoint_on_this_machine_may_be_http(read: Read, host: str) -> None:
    found = one(read(f"oauth2: {{token_url: 'http://{host}/t', client_id: c, client_secret: s}}"))
    assert isinstance(found, OAuth2Credential)
    assert found.token_url == f"http://{host}/t"
    assert (found.scope, found.parameters, found.secret_in, found.entra) == ("", (), "header", False)


def test_entra(read: Read) -> None:
    text = (
        "entra: {tenant: contoso.onmicrosoft.com, client_id: c, client_secret: s3cr, scope: 'api://orders/.default'%s}"
    )
    found = one(read(text % ""))
    assert found == OAuth2Credential(
        token_url="https://login.microsoftonline.com/contoso.onmicrosoft.com/oauth2/v2.0/token",
        client_id="c",
        client_secret="s3cr",
        scope="api://orders/.default",
        secret_in="body",
        entra=True,
    )
    elsewhere = one(read(text % ", authority: 'https://login.microsoftonline.us/'"))
    assert isinstance(elsewhere, OAuth2Credential)
    assert elsewhere.token_url.startswith("https://login.microsoftonline.us/contoso")


@pytest.mark.parametrize(
    ("file", "algorithm"), [("ec.key", "ES256"), ("other.key", "ES384"), ("rsa.key", "RS256"), ("ed.key", "EdDSA")]
)
def test_jwt_takes_the_usual_algorithm_of_its_key(read: Read, file: str, algorithm: str) -> None:
    scenario = read(f"jwt: {{key_file: {file}, claims: {{sub: me}}}}", file)
    found = one(scenario)
    assert isinstance(found, JwtCredential)
    assert found.algorithm == algorithm
    assert found.lifetime == 300
    assert load_pem_private_key(found.key, None)
    assert hidden(scenario) == {material()[file].decode().strip()}


def test_jwt_in_full(read: Read) -> None:
    scenario = read(
        'jwt: {key: "${file:rsa.key}", algorithm: PS256, lifetime: 90s, headers: {kid: k-1}, claims: {sub: "${env:TOKEN}",'
        " scp: [a, b], n: 1, f: 1.5, yes: true, none: null, day: 2030-01-01, deep: {a: {b: '5'}}, nbf: 0, iat: 12}}",
        "rsa.key",
    )
    found = one(scenario)
    assert isinstance(found, JwtCredential)
    assert found.claims == {
        "sub": "cAnary-token",
        "scp": ["a", "b"],
        "n": 1,
        "f": 1.5,
        "yes": True,
        "none": None,
        "day": "2030-01-01",
        "deep": {"a": {"b": "5"}},
        "nbf": 0,
        "iat": 12,
    }
    assert (found.algorithm, found.headers, found.lifetime) == ("PS256", {"kid": "k-1"}, 90)
    assert "cAnary-token" in hidden(scenario)


def test_jwt_with_a_shared_secret(read: Read) -> None:
    scenario = read("jwt: {key_file: secret.txt, algorithm: HS512, claims: {exp: 1893456000}}", "secret.txt")
    found = one(scenario)
    assert isinstance(found, JwtCredential)
    assert found.key == b"canary-shared-secret-of-a-good-length"
    assert found.claims == {"exp": 1893456000}
    assert hidden(scenario) == {"canary-shared-secret-of-a-good-length"}


def test_sigv4(read: Read) -> None:
    assert one(read("sigv4: {region: eu-west-1}")) == SigV4Credential(region="eu-west-1")
    scenario = read(
        'sigv4: {region: us-gov-west-1, service: lambda, access_key: AKIAX, secret_key: "${env:SECRET}",'
        ' session_token: "${env:TOKEN}", role: "arn:aws:iam::${env:ACCOUNT}:role/team/orders", external_id: x,'
        ' sts_url: "http://127.0.0.1:5000/"}'
    )
    assert one(scenario) == SigV4Credential(
        region="us-gov-west-1",
        service="lambda",
        access_key="AKIAX",
        secret_key="cAnary secret",
        session_token="cAnary-token",
        role="arn:aws:iam::123456789012:role/team/orders",
        external_id="x",
        sts_url="http://127.0.0.1:5000",
    )
    assert {"cAnary secret", "cAnary-token"} <= hidden(scenario)
    profile = one(read("sigv4: {region: eu-west-1, profile: migration, role: 'arn:aws:iam::123456789012:role/m'}"))
    assert isinstance(profile, SigV4Credential)
    assert profile.profile == "migration"


def test_cognito(read: Read) -> None:
    scenario = read(
        'cognito: {pool: eu-west-1_AbC, client: app, user: ada, password: "${env:SECRET}", client_secret: "${env:TOKEN}",'
        " token: id, region: eu-west-1, endpoint: 'http://127.0.0.1:5000/'}"
    )
    assert one(scenario) == CognitoCredential(
        region="eu-west-1",
        pool="eu-west-1_AbC",
        client="app",
        user="ada",
        password="cAnary secret",
        client_secret="cAnary-token",
        token="id",
        endpoint="http://127.0.0.1:5000",
    )
    assert hidden(scenario) == {"cAnary secret", "cAnary-token"}
    short = one(read("cognito: {pool: eu-west-1_AbC, client: app, user: ada, password: pw12}"))
    assert isinstance(short, CognitoCredential)
    assert (short.region, short.token) == ("eu-west-1", "access")


@pytest.mark.parametrize("name", ["good.pem", "chain.pem"])
def test_client_certificate(read: Read, name: str) -> None:
    scenario = read(f"client_cert: {{cert: {name}, key: ec.key}}", name, "ec.key")
    found = one(scenario)
    assert isinstance(found, CertificateCredential)
    assert found.certificate.certificate == material()[name]
    assert found.certificate.key == material()["ec.key"]
    assert found.certificate.label == "p"
    assert hidden(scenario) == {material()["ec.key"].decode().strip()}


@pytest.mark.parametrize("name", ["expired.pem", "future.pem"])
def test_a_certificate_that_is_meant_to_be_refused(read: Read, name: str) -> None:
    found = one(read(f"client_cert: {{cert: {name}, key: ec.key, expired: allowed}}", name, "ec.key"))
    assert isinstance(found, CertificateCredential)


def test_kinds_are_combined(read: Read) -> None:
    scenario = read(
        "header: {x-key: k123}, query: {a: b123}, client_cert: {cert: good.pem, key: ec.key}, bearer: t123",
        "good.pem",
        "ec.key",
    )
    kinds = [type(found) for found in scenario.identities["p"].old]
    assert kinds == [HeaderCredential, QueryCredential, BearerCredential, CertificateCredential]


def test_what_both_are_given_comes_before_their_own(tmp_path: Path) -> None:
    file = tmp_path / "scenario.yaml"
    text = "credentials: {p: {both: {header: {x: k}}, old: {bearer: t}, new: {basic: {user: u, password: w}}}}\n"
    file.write_text(HEAD + text)
    person = load(file, environ={}).identities["p"]
    assert [type(found) for found in person.old] == [HeaderCredential, BearerCredential]
    assert [type(found) for found in person.new] == [HeaderCredential, BasicCredential]


def test_nothing_secret_is_in_what_is_shown(read: Read) -> None:
    shown = repr(
        [
            read('oauth2: {token_url: "https://h/t", client_id: c, client_secret: "${env:SECRET}"}'),
            read('cognito: {pool: eu-west-1_A, client: c, user: u, password: "${env:SECRET}"}'),
            read(
                'sigv4: {region: eu-west-1, access_key: a, secret_key: "${env:SECRET}", session_token: "${env:TOKEN}"}'
            ),
            read("client_cert: {cert: good.pem, key: ec.key}", "good.pem", "ec.key"),
            read('jwt: {key: "${env:SECRET}", algorithm: HS256, claims: {}}'),
        ]
    )
    assert "cAnary" not in shown
    assert "PRIVATE" not in shown


def test_keys_are_only_looked_at_where_there_are_some(tmp_path: Path) -> None:
    """Reading a scenario without keys stays quick: what reads them is slow to begin."""
    file = tmp_path / "scenario.yaml"
    file.write_text(HEAD + "credentials: {p: {both: {sigv4: {region: eu-west-1}}}}\nsecurity: {}\n")
    code = (
        "import sys; from pathlib import Path; from harness.scenario.load import load; load(Path(sys.argv[1]));"
        "sys.exit(', '.join({'cryptography', 'jwt', 'boto3', 'botocore'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
