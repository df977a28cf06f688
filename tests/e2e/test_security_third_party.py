"""The security suite against gateways that others wrote: Envoy checking tokens, nginx speaking TLS, a signature service.

Set up right: GO. With one check left out of their own configuration: NO-GO, at that very cell.
"""

import http.client
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from harness.lab.serve import Lab
from harness.scenario.credential import TokenFault
from tests.servers.command import ROOT, Done, cutover
from tests.servers.envoy import Envoy, Setup, Tokens
from tests.servers.moto import REGION, Moto
from tests.servers.nginx import Nginx, Server
from tests.servers.plain import Answer, Asked, PlainServer
from tests.servers.tls import Authority, ServerFiles

ISSUER = "https://issuer.shop.test"
AUDIENCE = "orders-api"
KNOWN = {"/orders": {"GET", "HEAD", "POST"}, "/orders/7": {"GET", "HEAD"}, "/health": {"GET", "HEAD"}}
OPERATIONS = ("GET /orders", "GET /orders/7", "POST /orders")

TOKENS = """\
version: 1
name: Tokens at another gateway
old: {{kind: generic, url: "{old}"}}
new: {{kind: generic, url: "{new}"}}
limits: {{rate: 1000}}
credentials:
  clerk:
    both: {{jwt: {{key_file: issuer.pem, headers: {{kid: one}}, claims: {{iss: "{issuer}", aud: {audience}, scope: read}}}}}}
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
    decisions = {one["case"]: one["pairs"][-1]["decisions"] for one in done.rounds() if one["suite"] == "security"}
    for operation in OPERATIONS:
        for fault in TokenFault:
            # neither looks at the scope, which is the backend's part here
            word = "let through" if fault is TokenFault.SCOPE else "refused"
            assert decisions[f"{operation}, clerk: {fault}"] == {"old": word, "new": word}, fault
    assert not [one for one in done.report["unproven"] if one.get("holding")]


@pytest.mark.server("envoy")
def test_envoy_that_leaves_the_audience_out_is_weaker_there_alone(rehearse: Rehearse) -> None:
    done = rehearse()
    assert done.code == 1, told(done)
    weaker = [one for one in done.findings() if one["cause"] == "weaker"]
    cells = {case for one in weaker for case in one["cases"]}
    assert cells == {f"{operation}, clerk: token for another audience" for operation in OPERATIONS}
    assert {one["severity"] for one in weaker} == {"critical"}
    assert done.findings() == weaker
    assert done.report["suites"]["parity"]["outcome"] == "PASS"
    assert done.report["suites"]["security"]["failed"] == len(OPERATIONS)


NAME = "api.shop.test"
SECURE = """\
version: 1
name: TLS at another gateway
old: {{kind: generic, url: "https://{name}:8443", connect_to: "127.0.0.1:{old}", ca_file: "{ca}"}}
new: {{kind: generic, url: "https://{name}:8443", connect_to: "127.0.0.1:{new}", ca_file: "{ca}"}}
limits: {{rate: 1000}}
credentials: {{machine: {{both: {{client_cert: {{cert: "{client.cert}", key: "{client.key}"}}}}}}}}
cases: [{{name: orders, request: GET /orders, as: machine}}]
security: {{}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """How an nginx speaks TLS."""

    names: tuple[str, ...] = (NAME,)
    days: float = 90.0
    protocols: str = "TLSv1.2 TLSv1.3"
    trusted: bool = True
    demands: bool = False

    def server(self, authority: Authority, other: Authority) -> Server:
        now = datetime.now(UTC)
        signer = authority if self.trusted else other
        start = now - timedelta(days=20)
        files: ServerFiles = signer.certificate(*self.names, start=start, end=now + timedelta(days=self.days))
        demand = f"ssl_client_certificate {authority.ca_file}; ssl_verify_client on;" if self.demands else ""
        # Debian's OpenSSL refuses the old versions itself at any other level
        body = f"ssl_protocols {self.protocols}; ssl_ciphers ALL:@SECLEVEL=0; {demand}"
        page = "location = /orders { default_type application/json; return 200 '{}'; } location / { return 404; }"
        return Server(body=f"{body} {page}", tls=files, http2=True)


OLD_VERSIONS = "TLSv1 TLSv1.1 TLSv1.2 TLSv1.3"
DOORS = {
    "right": Door(),
    "old versions": Door(protocols=OLD_VERSIONS),
    "expired": Door(days=-2),
    "nearly expired": Door(days=5),
    "another authority's": Door(trusted=False),
    "another name's": Door(names=("other.shop.test",)),
    "wants a certificate": Door(demands=True),
}
FACTS: dict[str, tuple[str, str, str, dict[str, str], str]] = {
    # old, new, the cell, what is found there (where: cause), and words of it
    "old versions dropped": ("old versions", "right", "", {}, ""),
    "expired": ("right", "expired", "certificate", {"tls:expiry": "unexplained", "tls:trust": "weaker"}, "2 days ago"),
    "nearly expired": ("right", "nearly expired", "certificate", {"tls:expiry": "unexplained"}, "expires in 5 days"),
    "not trusted": ("right", "another authority's", "certificate", {"tls:trust": "weaker"}, "not trusted"),
    "another name": ("right", "another name's", "certificate", {"tls:trust": "weaker"}, NAME),
    "no longer demanded": (
        "wants a certificate",
        "right",
        "client certificate",
        {"tls:client certificate": "weaker"},
        "new does not",
    ),
}


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[dict[str, int]]:
    folder = tmp_path_factory.mktemp("doors")
    other = Authority(folder / "other", "another authority")
    with Nginx(folder / "nginx", [door.server(authority, other) for door in DOORS.values()]) as nginx:
        yield dict(zip(DOORS, nginx.ports, strict=True))


def secure(folder: Path, authority: Authority, old: int, new: int) -> Path:
    folder.mkdir(exist_ok=True)
    client = authority.certificate("machine", client=True)
    file = folder / "tls.yaml"
    text = SECURE.format(name=NAME, old=old, new=new, ca=authority.ca_file, client=client)
    file.write_text(text, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def looked(tmp_path_factory: pytest.TempPathFactory, authority: Authority, doors: dict[str, int]) -> dict[str, Done]:
    """Look at all pairs of doors, several at a time."""
    folder = tmp_path_factory.mktemp("looked")
    files = {
        name: secure(folder / name, authority, doors[old], doors[new]) for name, (old, new, _, _, _) in FACTS.items()
    }
    narrow = ("--suite", "security", "-k", "TLS")
    with ThreadPoolExecutor(3) as pool:
        asked = {name: pool.submit(cutover, "rehearse", file, *narrow, cwd=file.parent) for name, file in files.items()}
        return {name: one.result() for name, one in asked.items()}


@pytest.mark.server("nginx")
@pytest.mark.parametrize("name", FACTS)
def test_what_is_told_of_an_nginx(looked: dict[str, Done], name: str) -> None:
    _, _, cell, found, words = FACTS[name]
    done = looked[name]
    assert done.code == (1 if found else 0), told(done)
    assert {one["at"]: one["cause"] for one in done.findings()} == found, told(done)
    assert {case for one in done.findings() for case in one["cases"]} == ({f"TLS: {cell}"} if cell else set())
    assert all(one["severity"] == "critical" for one in done.findings() if one["cause"] == "weaker")
    assert words in " ".join(one["title"] for one in done.findings())
    assert done.report["suites"]["security"]["passed"] == (4 if found else 5)


@pytest.mark.server("nginx")
def test_an_nginx_that_speaks_old_versions_is_weaker_in_that_cell_alone(
    tmp_path: Path, authority: Authority, doors: dict[str, int]
) -> None:
    file = secure(tmp_path, authority, doors["right"], doors["old versions"])
    done = cutover("rehearse", file, cwd=tmp_path)
    assert done.code == 1, told(done)
    assert {case for one in done.findings() for case in one["cases"]} == {"TLS: protocol versions"}
    assert {one["at"]: one["cause"] for one in done.findings()} == {"tls:TLS 1.0": "weaker", "tls:TLS 1.1": "weaker"}
    assert {one["severity"] for one in done.findings()} == {"critical"}
    assert done.report["suites"]["parity"]["outcome"] == "PASS"
    assert not done.findings("ERROR"), told(done)


SIGNED = """\
version: 1
name: Signatures at another gateway
old: {{kind: generic, url: "{old}"}}
new: {{kind: generic, url: "{new}"}}
limits: {{rate: 1000}}
credentials:
  signer: {{both: {{sigv4: {{{keys}, secret_key: "{secret}"}}}}}}
  stranger: {{both: {{sigv4: {{{keys}, secret_key: "{other}"}}}}}}
cases:
  - name: who am I
    request: POST /
    form: {{Action: GetCallerIdentity, Version: "2011-06-15"}}
    as: signer
    unsafe: run
security: {{identities: {{one byte of the secret is another: stranger}}}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """A user of the signature service, and the gateways that ask it about each request."""

    url: str
    access_key: str
    secret_key: str

    def verifying(self, asked: Asked) -> Answer:
        """Let in whom the service lets in: it sees the request as it came, byte by byte."""
        if (asked.method, asked.target) != ("POST", "/"):
            return Answer(status=404)
        if not asked.all("authorization"):
            return Answer(status=403)  # without one, moto itself only crashes
        connection = http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=10)
        with closing(connection):
            connection.putrequest("POST", "/", skip_host=True, skip_accept_encoding=True)
            for name, value in asked.given:
                connection.putheader(name, value)
            connection.endheaders(asked.body)
            answer = connection.getresponse()
            return Answer(
                status=answer.status, body=b'{"user": "tester"}' if b":user/tester<" in answer.read() else b"{}"
            )

    def trusting(self, asked: Asked) -> Answer:
        """Let in whoever names a key, as a gateway does that takes a signature for an API key."""
        known = f"Credential={self.access_key}/" in "".join(asked.all("authorization"))
        if (asked.method, asked.target) == ("POST", "/") and known:
            return Answer(body=b'{"user": "tester"}')
        return self.verifying(asked)


@pytest.fixture(scope="module")
def signer() -> Iterator[Signer]:
    with Moto() as moto:
        iam = moto.client("iam")
        allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
        iam.create_user(UserName="tester")
        iam.put_user_policy(UserName="tester", PolicyName="all", PolicyDocument=json.dumps(allow))
        keys = iam.create_access_key(UserName="tester")["AccessKey"]
        moto.with_authentication()
        yield Signer(url=moto.url, access_key=keys["AccessKeyId"], secret_key=keys["SecretAccessKey"])


def signed(folder: Path, signer: Signer, old: PlainServer, new: PlainServer) -> Path:
    secret = signer.secret_key
    other = secret[:-1] + ("x" if secret[-1] != "x" else "y")
    keys = f"region: {REGION}, service: sts, access_key: {signer.access_key}"
    file = folder / "signed.yaml"
    file.write_text(SIGNED.format(old=old.url, new=new.url, keys=keys, secret=secret, other=other), encoding="utf-8")
    return file


def test_a_service_that_verifies_signatures_takes_ours_and_no_byte_of_another(tmp_path: Path, signer: Signer) -> None:
    with PlainServer(signer.verifying) as old, PlainServer(signer.verifying) as new:
        done = cutover("rehearse", signed(tmp_path, signer, old, new), cwd=tmp_path)
    assert done.code == 0, told(done)
    decisions = {one["case"]: one["pairs"][-1]["decisions"] for one in done.rounds() if one["suite"] == "security"}
    through, refused = ({"old": word, "new": word} for word in ("let through", "refused"))
    assert decisions["POST /, signer: as it is"] == through
    assert decisions["POST /, signer: signed with another secret"] == refused
    assert decisions["POST /, signer: body changed after signing"] == refused
    assert decisions["POST /, stranger: one byte of the secret is another"] == refused


def test_a_gateway_that_checks_no_signature_is_weaker(tmp_path: Path, signer: Signer) -> None:
    with PlainServer(signer.verifying) as old, PlainServer(signer.trusting) as new:
        done = cutover("rehearse", signed(tmp_path, signer, old, new), cwd=tmp_path)
    assert done.code == 1, told(done)
    weaker = {case for one in done.findings() if one["cause"] == "weaker" for case in one["cases"]}
    assert weaker == {
        "POST /, signer: signed with another secret",
        "POST /, signer: body changed after signing",
        "POST /, stranger: one byte of the secret is another",
    }
    assert all(one["severity"] == "critical" for one in done.findings())


def test_the_labs_old_gateway_verifies_signatures_too(tmp_path: Path) -> None:
    with Lab() as ports:
        sets = [word for name, value in ports.sets.items() for word in ("--set", f"{name}={value}")]
        narrow = ("--suite", "security", "-k", "ledger and sign")
        done = cutover("rehearse", ROOT / "scenarios" / "security.yaml", *narrow, *sets, cwd=tmp_path)
    assert done.code == 0, told(done)
    decisions = {one["case"]: one["pairs"][-1]["decisions"] for one in done.rounds()}
    assert decisions["POST /ledger, signer: as it is"] == {"old": "let through", "new": "let through"}
    refused = ("signed with another secret", "signed an hour ago", "body changed after signing")
    for column in refused:
        assert decisions[f"POST /ledger, signer: {column}"] == {"old": "refused", "new": "refused"}
