"""The security suite against gateways that others wrote: Envoy checking tokens, nginx speaking TLS, a signature service.

Set up right: GO. With one check left out of their own configuration: NO-GO, at that very cell.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.servers.command import Done, cutover
from tests.servers.envoy import Envoy, Setup, Tokens
from tests.servers.plain import Answer, Asked, PlainServer

ISSUER = "https://issuer.shop.test"
AUDIENCE = "orders-api"
KNOWN = {"/orders": {"GET", "HEAD", "POST"}, "/orders/7": {"GET", "HEAD"}, "/health": {"GET", "HEAD"}}

TOKENS = """\
version: 1
name: Tokens at another gateway
old: {{kind: generic, url: "{old}"}}
new: {{kind: generic, url: "{new}"}}
limits: {{rate: 1000}}
credentials:
  clerk:
    both: {{jwt: {{key_file: issuer.pem, headers: {{kid: one}}, claims: {{iss: "{issuer}", aud: {audience}, sub: clerk}}}}}}
cases:
  - {{name: orders, request: GET /orders, as: clerk}}
  - {{name: one order, request: GET /orders/7, as: clerk}}
  - {{name: new order, request: POST /orders, json: {{sku: A1}}, as: clerk, unsafe: run}}
  - {{name: health, request: GET /health}}
security: {{public_key: issuer.pub.pem}}
"""


def backend(asked: Asked) -> Answer:
    """Serve what there is, to whoever comes: the gateway before it has checked."""
    path = asked.target.partition("?")[0]
    if asked.method not in KNOWN.get(path, ()):
        return Answer(status=404, body=b'{"no": "route"}')
    return Answer(body=json.dumps({"path": path, "method": asked.method}).encode())


def gateway(key: ec.EllipticCurvePublicKey) -> Callable[[Asked], Answer]:
    """Return an old gateway, which checks the tokens as RFC 8725 has it, before anything else."""

    def behave(asked: Asked) -> Answer:
        if asked.target.partition("?")[0] == "/health":
            return backend(asked)
        given = asked.all("authorization")
        scheme, _, token = given[0].partition(" ") if len(given) == 1 else ("", "", "")
        try:
            jwt.decode(token if scheme == "Bearer" else "", key, algorithms=["ES256"], audience=AUDIENCE, issuer=ISSUER)
        except jwt.InvalidTokenError:
            return Answer(status=401, body=b'{"no": "token"}')
        return backend(asked)

    return behave


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """A token issuer of the test's own, and what a gateway knows of it."""

    folder: Path
    key: ec.EllipticCurvePrivateKey

    @classmethod
    def make(cls, folder: Path) -> "Issuer":
        key = ec.generate_private_key(ec.SECP256R1())
        pkcs8 = serialization.PrivateFormat.PKCS8
        pem = key.private_bytes(serialization.Encoding.PEM, pkcs8, serialization.NoEncryption())
        (folder / "issuer.pem").write_bytes(pem)
        spki = serialization.PublicFormat.SubjectPublicKeyInfo
        (folder / "issuer.pub.pem").write_bytes(key.public_key().public_bytes(serialization.Encoding.PEM, spki))
        return cls(folder=folder, key=key)

    @property
    def jwks(self) -> dict[str, Any]:
        public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [{**public, "kid": "one", "alg": "ES256", "use": "sig"}]}


Rehearse = Callable[..., Done]


@pytest.fixture
def rehearse(tmp_path: Path, start_envoy: Callable[[Setup], Envoy]) -> Iterator[Rehearse]:
    issuer = Issuer.make(tmp_path)
    with PlainServer(gateway(issuer.key.public_key())) as old, PlainServer(backend) as behind:

        def run(*audiences: str) -> Done:
            tokens = Tokens(issuer=ISSUER, jwks=issuer.jwks, audiences=audiences, open=["/health"])
            envoy = start_envoy(Setup(backend=int(behind.url.rpartition(":")[2]), tokens=tokens))
            file = tmp_path / "tokens.yaml"
            url = f"http://127.0.0.1:{envoy.port}"
            file.write_text(TOKENS.format(old=old.url, new=url, issuer=ISSUER, audience=AUDIENCE), encoding="utf-8")
            return cutover("rehearse", file, cwd=tmp_path)

        yield run


def told(done: Done) -> str:
    return f"{done.out[-9000:]}\n{done.err[-2000:]}"


@pytest.mark.server("envoy")
def test_envoy_that_checks_tokens_is_go(rehearse: Rehearse) -> None:
    done = rehearse(AUDIENCE)
    assert done.code == 0, told(done)


@pytest.mark.server("envoy")
def test_envoy_that_leaves_the_audience_out_is_weaker_there_alone(rehearse: Rehearse) -> None:
    done = rehearse()
    assert done.code == 1, told(done)
    weaker = [one for one in done.findings() if one["cause"] == "weaker"]
    cells = {case for one in weaker for case in one["cases"]}
    operations = ("GET /orders", "GET /orders/7", "POST /orders")
    assert cells == {f"{operation}, clerk: token for another audience" for operation in operations}
    assert {one["severity"] for one in weaker} == {"critical"}
    assert done.findings() == weaker
    assert done.report["suites"]["parity"]["outcome"] == "PASS"
    assert done.report["suites"]["security"]["failed"] == len(operations)
