"""A canary in every kind of credential of the security suite is found nowhere, however the servers tell it again.

The gateways and the services echo all that they get: in headers, cookies, addresses, bodies, inside JSON inside JSON,
as Base64, hex, percent-encoded, in tokens, in their errors. Runs that fail, are cut, go on, or break are all searched.
"""

import html
import json
import signal
import subprocess
import sys
from base64 import b64encode, urlsafe_b64encode
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.servers.canaries import halves, leaks, lines_of, places
from tests.servers.command import ROOT, Done, arguments, cutover, environment
from tests.servers.nginx import Nginx, Server
from tests.servers.plain import Answer, Asked, Behaviour, PlainServer
from tests.servers.tls import Authority

SECRETS = {
    "header": 'cAnary-header-1/7"+=x',
    "query": "cAnary query/+&2",
    "password": "cAnary:pass word 3",
    "bearer": "cAnary.bearer.token.number-4",
    "client secret": "cAnary-client-secret-5+/=",
    "access token": "cAnary-access-token-6.abcdefgh",
    "refresh token": "cAnary-refresh-token-7",
    "id token": "cAnary-id-token-8",
    "refused secret": "cAnary-refused-secret-9",
    "entra secret": "cAnary-entra-secret-10~Q",
    "entra token": "cAnary-entra-token-11",
    "refused entra secret": "cAnary-refused-entra-12",
    "secret key": "cAnary/secret+key/13/abcdefghijklmnopqrs",
    "session token": "cAnarySessionToken14//////////abcdefghijklmnop==",
    "pool password": "cAnary-Pool-Passw0rd-15!",
    "pool client secret": "cAnary-pool-client-secret-16",
    "pool access token": "cAnary-pool-access-17",
    "pool refresh token": "cAnary-pool-refresh-18",
    "refused pool password": "cAnary-Refused-Passw0rd-19!",
    "shared secret": "cAnary-shared-secret-of-an-issuer-20-abcdefgh",
    "proxy password": "cAnary-proxy-password-21",
    "role secret key": "cAnary/role+secret/22/abcdefghijklmnopq",
    "role session token": "cAnaryRoleSession23//////abcdefghijklmnop==",
}

SCENARIO = """\
version: 1
name: Canaries
old: {{kind: generic, url: "{old}"}}
new: {{kind: generic, url: "{new}"}}
evidence: {{bodies: all}}
limits: {{rate: 1000}}
compare: {{noise: {{repeats: 0}}}}
credentials:
  header: {{both: {{header: {{x-api-key: {header}}}}}}}
  query: {{both: {{query: {{key: {query}}}}}}}
  password: {{both: {{basic: {{user: clerk, password: {password}}}}}}}
  bearer: {{both: {{bearer: {bearer}}}}}
  service: {{both: {{oauth2: {{token_url: "{services}/token", client_id: a, client_secret: {client_secret}}}}}}}
  refused: {{both: {{oauth2: {{token_url: "{services}/refuse", client_id: b, client_secret: {refused_secret}}}}}}}
  entra:
    both: {{entra: {{authority: "{services}", tenant: good, client_id: c, client_secret: {entra_secret}, scope: "api://x/.default"}}}}
  refused entra:
    both: {{entra: {{authority: "{services}", tenant: refuse, client_id: c, client_secret: {refused_entra_secret}, scope: "api://x/.default"}}}}
  minted: {{both: {{jwt: {{key_file: minted.key, claims: {{sub: clerk, aud: api, iss: here, scope: read}}}}}}}}
  shared: {{both: {{jwt: {{key: {shared_secret}, algorithm: HS256, claims: {{sub: clerk, aud: api}}}}}}}}
  signer:
    both: {{sigv4: {{region: eu-west-1, access_key: ASIACANARY, secret_key: {secret_key}, session_token: {session_token}}}}}
  deputy:
    both:
      sigv4:
        region: eu-west-1
        access_key: ASIACANARY
        secret_key: {secret_key}
        session_token: {session_token}
        role: arn:aws:iam::123456789012:role/tester
        sts_url: "{services}"
  refused deputy:
    both:
      sigv4:
        region: eu-west-1
        access_key: ASIACANARY
        secret_key: {secret_key}
        session_token: {session_token}
        role: arn:aws:iam::123456789012:role/refuse
        sts_url: "{services}"
  machine: {{both: {{client_cert: {{cert: machine.pem, key: machine.key}}}}}}
  user:
    both:
      cognito:
        endpoint: "{services}"
        pool: eu-west-1_Canary
        client: good
        client_secret: {pool_client_secret}
        user: clerk
        password: {pool_password}
  refused user:
    both: {{cognito: {{endpoint: "{services}", pool: eu-west-1_Canary, client: refuse, user: clerk, password: {refused_pool_password}}}}}
cases:
{cases}
security: {{public_key: minted.pub, client_ca: {{cert: ca.pem, key: ca.key}}, hostile: run}}
"""
CALLERS = (
    "header", "query", "password", "bearer", "service", "refused", "entra", "refused entra", "minted", "shared", "signer",
    "deputy", "refused deputy", "machine", "user", "refused user",
)  # fmt: skip


def told_again(text: str) -> str:
    """Return JSON that holds a text in every form that servers put it in."""
    data = text.encode()
    payload = urlsafe_b64encode(json.dumps({"sub": text}).encode()).rstrip(b"=").decode()
    forms = {
        "raw": text,
        "again": json.dumps({"inside": text}),
        "base64": b64encode(data).decode(),
        "url safe": urlsafe_b64encode(b"x" + data).decode(),
        "quoted": quote(text, safe=""),
        "hex": data.hex(),
        "html": html.escape(text),
        "token": f"eyJhbGciOiJub25lIn0.{payload}.c2lnbmF0dXJl",
        "lines": text.split("\n"),
    }
    return json.dumps(forms)


def gateway(side: str) -> Behaviour:
    """Return a gateway that tells all again; the old one wants a credential, the new one does not care."""

    def behave(asked: Asked) -> Answer:
        shown = [asked.target, *(f"{name}: {value}" for name, value in asked.given)]
        shown.append(asked.body[:2000].decode("utf-8", "replace"))
        given = "".join(asked.all("authorization") + asked.all("x-api-key"))
        head = [(f"X-Echo-{name}", value) for name, value in asked.given if len(value) < 2000]
        head.append(("Set-Cookie", f"sid={quote(given[:2000], safe='')}; Path=/{side}"))
        head.append(("Location", f"https://elsewhere.invalid/?token={quote(given[:2000])}&at={side}"))
        refused = side == "old" and not given and "key=" not in asked.target
        if refused:
            head.append(("WWW-Authenticate", f'Bearer error="invalid_token", error_description="{asked.target[:500]}"'))
        body = told_again("\n".join(shown)) if len(asked.target) < 5000 else "{}"
        head.append(("Content-Type", "application/json"))
        return Answer(status=401 if refused else 200, headers=tuple(head), body=f'{{"{side}": {body}}}'.encode())

    return behave


GIVEN = [value for name, value in SECRETS.items() if "token" not in name and not name.startswith(("role", "proxy"))]
"""What the scenario itself holds: no service can tell again what it has not given yet."""


def services(asked: Asked) -> Answer:
    """Be a token endpoint, Entra, a user pool and STS in one; whoever is refused is told all again."""
    body = asked.body.decode()
    again = f"{body} {' '.join(asked.all('authorization'))} {' '.join(GIVEN)}"
    if asked.all("x-amz-target"):
        if json.loads(body)["ClientId"] == "refuse":
            return _json(400, {"__type": "NotAuthorizedException", "message": f"no: {again}"})
        tokens = {"AccessToken": SECRETS["pool access token"], "RefreshToken": SECRETS["pool refresh token"]}
        return _json(200, {"AuthenticationResult": {**tokens, "IdToken": SECRETS["id token"], "ExpiresIn": 3600}})
    if asked.target == "/":
        return _sts("refuse" in body, again)
    if "refuse" in asked.target:
        description = f"AADSTS7000215: {again} {quote(again)} {b64encode(again.encode()).decode()}"
        return _json(401, {"error": "invalid_client", "error_description": description})
    token = SECRETS["access token" if asked.target == "/token" else "entra token"]
    more = {"refresh_token": SECRETS["refresh token"], "id_token": SECRETS["id token"]}
    return _json(200, {"access_token": token, "token_type": "Bearer", "expires_in": 3600, **more})


def _sts(refuse: bool, again: str) -> Answer:
    if refuse:
        code = f"<Error><Code>AccessDenied</Code><Message>{html.escape(again)}</Message></Error>"
        return Answer(status=403, body=f"<ErrorResponse>{code}</ErrorResponse>".encode())
    end = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    keys = {
        "AccessKeyId": "ASIAROLE",
        "SecretAccessKey": SECRETS["role secret key"],
        "SessionToken": SECRETS["role session token"],
        "Expiration": end,
    }
    inside = "".join(f"<{name}>{value}</{name}>" for name, value in keys.items())
    result = f"<AssumeRoleResult><Credentials>{inside}</Credentials></AssumeRoleResult>"
    return Answer(body=f"<AssumeRoleResponse>{result}</AssumeRoleResponse>".encode())


def _json(status: int, value: Any) -> Answer:
    return Answer(status=status, body=json.dumps(value).encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """All that is left of some runs, and all that must not be in it."""

    where: dict[str, bytes]
    secrets: dict[str, list[str]]
    codes: dict[str, int]


def written(folder: Path, authority: Authority, old: str, new: str, stand_in: str) -> Path:
    """Write the scenario and its keys."""
    other = Authority(folder.with_name(f"{folder.name}-authority"), "an authority of tests")
    own = authority.certificate("machine", client=True)
    (folder / "machine.pem").write_bytes(own.cert.read_bytes())
    (folder / "machine.key").write_bytes(own.key.read_bytes())
    minting = other.certificate("issuer")
    (folder / "minted.key").write_bytes(minting.key.read_bytes())
    (folder / "minted.pub").write_bytes(public_of(minting.key))
    (folder / "ca.pem").write_bytes(other.ca_file.read_bytes())
    (folder / "ca.key").write_bytes(other.key_pem())
    cases = [f"  - {{name: by {caller}, request: GET /echo, as: {caller}}}" for caller in CALLERS]
    values = {name.replace(" ", "_"): json.dumps(value) for name, value in SECRETS.items()}
    file = folder / "canaries.yaml"
    text = SCENARIO.format(old=old, new=new, services=stand_in, cases="\n".join(cases), **values)
    file.write_text(text, encoding="utf-8")
    return file


def public_of(key: Path) -> bytes:
    from cryptography.hazmat.primitives import serialization

    private = serialization.load_pem_private_key(key.read_bytes(), None)
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    return private.public_key().public_bytes(serialization.Encoding.PEM, spki)


def presented(*gateways: PlainServer) -> list[str]:
    """Return what was sent in Authorization: tokens as they were, altered ones too, and signatures."""
    values = {value for one in gateways for asked in one.asked for value in asked.all("authorization")}
    values = {value.rpartition("Signature=")[2] if "Signature=" in value else value for value in values}
    tokens = {value.removeprefix("Bearer ").strip() for value in values}
    parts = {part for token in tokens if token.count(".") == 2 for part in token.split(".")[1:] if len(part) > 8}
    return sorted(token for token in tokens | parts if len(token) > 8 and not token.startswith("Basic"))


def interrupted(file: Path, old: PlainServer) -> Done:
    """Run until some requests were answered, and then interrupt."""
    child = subprocess.Popen(
        arguments("rehearse", file),
        cwd=file.parent,
        env={**environment(), "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
    )
    before = len(old.asked)
    while len(old.asked) < before + 60 and child.poll() is None:
        pass
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=60)
    return Done(code=child.returncode, out=out, err=err, runs=file.parent / "cutover-runs")


OWN = """\
import pytest

def test_it(old):
    (old.session.run_dir / "report.html").mkdir()

@pytest.mark.parametrize("caller", ["header", "bearer", "service", "minted", "deputy", "user"])
def test_it_is_shown(new, caller):
    answer = new.send("GET /echo", as_=caller)
    print(answer)
    assert answer.body.content == b""
"""


def broken(file: Path) -> Done:
    """Run by pytest's door, with a test that breaks the harness's reports."""
    own = file.parent / "test_own.py"
    own.write_text(OWN)
    asked = [str(ROOT / "suites" / "security"), str(own), "--scenario", str(file), "--junitxml", "own.xml", "-q"]
    asked += ["--rootdir", str(file.parent)]
    call = subprocess.run(
        [sys.executable, "-m", "pytest", *asked, "-k", "test_it or token or as and it and is"],
        cwd=file.parent,
        env=environment({"CI": "true"}),  # pytest then shows comparisons in full
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Done(code=call.returncode, out=call.stdout, err=call.stderr, runs=file.parent / "cutover-runs")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Kept:
    folder = tmp_path_factory.mktemp("canaries")
    with ExitStack() as stack:
        old, new = (stack.enter_context(PlainServer(gateway(side))) for side in ("old", "new"))
        stand_in = stack.enter_context(PlainServer(services))
        file = written(folder, authority, old.url, new.url, stand_in.url)
        through = file.with_name("proxied.yaml")
        proxy = f'old: {{kind: generic, proxy: "http://clerk:{SECRETS["proxy password"]}@127.0.0.1:1",'
        through.write_text(file.read_text().replace("old: {kind: generic,", proxy))
        asked = {
            "plan": ("plan", file, "--all"),
            "plan as JSON": ("plan", file, "--json"),
            "probe": ("probe", file, "--case", "by signer"),
            "probe refused": ("probe", file, "--case", "by refused"),
            "clean": ("rehearse", file, "--suite", "security", "-k", "as and it and is and minted"),
            "by a dead proxy": ("rehearse", through, "-k", "as and it and header"),
        }
        with ThreadPoolExecutor(3) as pool:
            futures = {name: pool.submit(cutover, *words, cwd=folder) for name, words in asked.items()}
            calls = {name: one.result() for name, one in futures.items()}
        calls["interrupted"] = interrupted(file, old)
        calls["resumed"] = cutover("rehearse", "--resume", "latest", cwd=folder)
        calls["broken"] = broken(file)
        keys = {name: lines_of((folder / name).read_text()) for name in ("machine.key", "minted.key", "ca.key")}
    assert old.asked
    for name in ("minted.key", "machine.key", "ca.key", "canaries.yaml", "proxied.yaml"):
        (folder / name).unlink()
    consoles = [call.out + call.err for call in calls.values()]
    sent = {"presented": presented(old, new)}
    return Kept(
        where=places(folder, *consoles),
        secrets={**{name: [value] for name, value in SECRETS.items()}, **keys, **sent},
        codes={name: call.code for name, call in calls.items()},
    )


def test_the_runs_were_what_they_are_meant_to_be(kept: Kept) -> None:
    assert kept.codes == {
        "plan": 0,
        "plan as JSON": 0,
        "probe": 1,
        "probe refused": 5,
        "clean": 0,
        "interrupted": 2,
        "resumed": 1,
        "broken": 3,
        "by a dead proxy": 5,
    }
    assert len(kept.secrets["presented"]) > 40
    assert sum(map(len, kept.where.values())) > 1_000_000
    assert any(b"[masked" in content for content in kept.where.values())
    names = " ".join(kept.where)
    endings = ("journal.jsonl", "report.html", "report.json", "report.md", "report.sarif", "junit.xml", "own.xml")
    assert all(f"/{name}" in names for name in (*endings, "bodies/", ".pytest_cache/"))


def test_no_canary_anywhere(kept: Kept) -> None:
    found = leaks(kept.secrets, kept.where)
    assert not found, "\n".join(found[:20])


def test_no_half_of_a_canary_either(kept: Kept) -> None:
    """Where a text is cut, a secret may be cut, too: all of these begin alike."""
    found = halves(kept.where)
    assert not found, "\n".join(found[:20])


def test_the_search_finds_what_is_there(kept: Kept) -> None:
    """The control: one canary in one form somewhere would be told."""
    secret = kept.secrets["presented"][-1]
    hidden = b64encode(f"some text before {secret} and after".encode())
    assert leaks({"it": [secret]}, {**kept.where, "somewhere": b"{" + hidden + b"}"})


SUBJECT = "canary-subject-22-abcdef"
SECURE = """\
version: 1
name: Canary in a certificate
old: {{kind: generic, url: "https://api.shop.test:8443", connect_to: "127.0.0.1:{old}", ca_file: ca.pem}}
new: {{kind: generic, url: "https://api.shop.test:8443", connect_to: "127.0.0.1:{new}", ca_file: ca.pem}}
evidence: {{bodies: all}}
credentials:
  partner: {{both: {{header: {{x-api-key: {subject}}}, client_cert: {{cert: machine.pem, key: machine.key}}}}}}
cases: [{{name: one, request: GET /orders, as: partner}}]
security: {{}}
"""


@pytest.mark.server("nginx")
def test_a_certificate_that_names_a_secret_is_told_without_it(
    tmp_path_factory: pytest.TempPathFactory, authority: Authority
) -> None:
    folder = tmp_path_factory.mktemp("subject")
    client = authority.certificate(f"{SUBJECT}.machine", client=True)
    for name, path in {"machine.pem": client.cert, "machine.key": client.key, "ca.pem": authority.ca_file}.items():
        (folder / name).write_bytes(path.read_bytes())
    named = authority.certificate(f"{SUBJECT}.shop.test", "api.shop.test")
    strange = authority.certificate(f"{SUBJECT}.shop.test")
    page = f'default_type application/json; return 200 \'{{"subject": "{SUBJECT}"}}\';'
    check = f"ssl_client_certificate {authority.ca_file}; ssl_verify_client on;"
    servers = [Server(body=f"{check} location / {{ {page} }}", tls=tls) for tls in (named, strange)]
    file = folder / "subject.yaml"
    with Nginx(folder.with_name(f"{folder.name}-nginx"), servers) as nginx:
        old, new = nginx.ports
        file.write_text(SECURE.format(old=old, new=new, subject=SUBJECT), encoding="utf-8")
        probed = cutover("probe", file, "--case", "one", cwd=folder)
        done = cutover("rehearse", file, "--suite", "security", "-k", "TLS or certificate", cwd=folder)
    assert done.code == 1, done.out + done.err
    assert "tls:trust" in {one["at"] for one in done.findings()}
    secrets = {"subject": [SUBJECT], "client key": lines_of((folder / "machine.key").read_text())}
    for name in ("machine.pem", "machine.key", "subject.yaml"):
        (folder / name).unlink()
    where = places(folder, done.out + done.err, probed.out + probed.err)
    assert any(b"[masked" in content for content in where.values())
    found = leaks(secrets, where)
    assert not found, "\n".join(found[:20])
