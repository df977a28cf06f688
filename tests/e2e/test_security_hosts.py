"""Nothing is sent to a host that the scenario does not name: watched from outside the process.

Everything that could lead away is tried at once: redirects, absolute addresses in bodies and headers, a `Host` of
another name, smuggled targets, token endpoints that redirect, proxies and endpoints of the environment, a machine's
metadata address. One listener stands for "elsewhere"; nobody may come there, and no other address may be tried.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.servers.nginx import Nginx, Proxy
from tests.servers.plain import Answer, Asked, Behaviour, PlainServer
from tests.servers.process import free_ports
from tests.servers.tls import Authority
from tests.servers.token_endpoint import Serve, TokenEndpoint, answers, says
from tests.servers.watched import Address, Watched, watched

pytestmark = [pytest.mark.server("nginx"), pytest.mark.server("strace")]

KEY = "partner-key-0f3a9c71d2"
SCENARIO = """\
version: 1
name: Hosts
old: {{kind: generic, url: "https://old.shop.test", connect_to: "127.0.0.1:{old}", ca_file: "{ca}"}}
new: {{kind: generic, url: "https://localhost:{new}", ca_file: "{ca}"}}
limits: {{rate: 1000, timeout: 5s}}
credentials:
  partner: {{both: {{header: {{x-api-key: {key}}}}}}}
  service: {{both: {{oauth2: {{token_url: "{token}", client_id: a, client_secret: secret-of-a}}}}}}
  lost: {{both: {{oauth2: {{token_url: "{moved}", client_id: b, client_secret: secret-of-b}}}}}}
  signer: {{both: {{sigv4: {{region: eu-west-1, access_key: AKIA1, secret_key: secret-of-signer}}}}}}
  keyless: {{both: {{sigv4: {{region: eu-west-1}}}}}}
  deputy:
    both:
      sigv4:
        region: eu-west-1
        access_key: AKIA1
        secret_key: secret-of-signer
        role: arn:aws:iam::123456789012:role/tester
        sts_url: "{moved}"
cases:
  - {{name: list, request: GET /orders, as: partner}}
  - {{name: moved, request: GET /moved, as: partner}}
  - {{name: moved for good, request: POST /moved, json: {{a: 1}}, as: partner, unsafe: run}}
  - {{name: by token, request: GET /orders/1, as: service}}
  - {{name: by a token from elsewhere, request: GET /orders/2, as: lost}}
  - {{name: signed, request: GET /orders/3, as: signer}}
  - {{name: signed without keys, request: GET /orders/4, as: keyless}}
  - {{name: signed for a role, request: GET /orders/5, as: deputy}}
  - {{name: of another name, request: GET /orders, as: partner, headers: {{Host: "{elsewhere}"}}}}
  - name: followed
    request:
    steps:
      - {{request: GET /orders, as: partner, capture: {{next: $.next, door: $.door}}}}
      - {{request: "GET /next?from=${{next}}", as: partner, headers: {{Referer: "${{next}}"}}}}
      - {{request: "GET /${{door}}", as: partner}}
security:
  hostile: run
  direct: "{direct}"
  backend: "{backend}"
  closed: ["127.0.0.1:{closed}"]
  http: {{old: "http://127.0.0.1:{closed}"}}
  cors: {{origins: ["http://{elsewhere}"]}}
""".replace("    request:\n    steps", "    steps")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """All servers of a run; `named` are the addresses that the scenario names, and `env` what leads away."""

    file: Path
    trap: PlainServer
    named: frozenset[Address]
    env: Mapping[str, str]

    def run(self, *args: str) -> Watched:
        return watched(*args, cwd=self.file.parent, env=self.env)


def port_of(url: str) -> int:
    return int(url.split("/")[2].rpartition(":")[2])


def leading_away(elsewhere: str) -> Behaviour:
    """Return a gateway that names `elsewhere` wherever a client might take it up."""
    to = f"http://{elsewhere}/stolen"
    headers = (
        ("Content-Type", "application/json"),
        ("Alt-Svc", f'h2="{elsewhere}"; ma=600, http/1.1="{elsewhere}"'),
        ("Link", f"<{to}>; rel=preload, <{to}>; rel=next"),
        ("Content-Location", to),
        ("Refresh", f"0; url={to}"),
        ("Strict-Transport-Security", "max-age=600"),
    )
    body = json.dumps({"next": to, "door": f"/{elsewhere}/x", "_links": {"self": {"href": to}}, "jwks_uri": to})

    def behave(asked: Asked) -> Answer:
        path = asked.target.partition("?")[0]
        if path == "/moved":
            return Answer(status=302 if asked.method == "GET" else 307, headers=(("Location", to), *headers))
        if path.startswith("/orders") and not (asked.all("x-api-key") or asked.all("authorization")):
            challenge = ("WWW-Authenticate", f'Bearer resource_metadata="{to}", authorization_uri="{to}"')
            return Answer(status=401, headers=(challenge, *headers))
        return Answer(headers=headers, body=body.encode())

    return behave


@pytest.fixture
def scene(tmp_path: Path, authority: Authority) -> Iterator[Callable[..., Scene]]:
    with ExitStack() as stack:

        def serve(behave: Behaviour) -> PlainServer:
            return stack.enter_context(PlainServer(behave))

        def endpoint(serve: Serve) -> TokenEndpoint:
            return stack.enter_context(TokenEndpoint(serve))

        def make(scenario: str) -> Scene:
            trap = serve(lambda _: Answer(status=404))
            elsewhere = trap.url.removeprefix("http://")
            behind = [port_of(serve(leading_away(elsewhere)).url) for _ in range(2)]
            names = (authority.certificate("old.shop.test"), authority.certificate("localhost"))
            doors = [Proxy(backend=port, tls=tls).server() for port, tls in zip(behind, names, strict=True)]
            old, new = stack.enter_context(Nginx(tmp_path / "nginx", doors)).ports
            shut = [serve(lambda _: Answer(status=403)).url for _ in range(2)]
            token = endpoint(says(access_token="a-token-of-the-service-1", token_type="Bearer", expires_in=3600)).url
            moved = endpoint(answers(b"", 307, f"Location: http://{elsewhere}/token")).url
            closed = free_ports(1)[0]
            values = {"old": old, "new": new, "direct": shut[0], "backend": shut[1], "token": token, "moved": moved}
            file = tmp_path / "hosts.yaml"
            text = scenario.format(**values, closed=closed, ca=authority.ca_file, elsewhere=elsewhere, key=KEY)
            file.write_text(text, encoding="utf-8")
            ports = [old, new, closed, *(port_of(url) for url in (*shut, token, moved))]
            return Scene(
                file=file,
                trap=trap,
                named=frozenset({*(("127.0.0.1", port) for port in ports), ("::1", new)}),
                env=environment_of(trap.url, tmp_path),
            )

        yield make


def environment_of(elsewhere: str, folder: Path) -> dict[str, str]:
    """Return what a shell may hold that leads clients away."""
    proxies = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
    (folder / ".netrc").write_text("default login clerk password secret\n")
    return {
        **dict.fromkeys(proxies, elsewhere),
        "NO_PROXY": "",
        "no_proxy": "",
        "AWS_ENDPOINT_URL": elsewhere,
        "AWS_ENDPOINT_URL_STS": elsewhere,
        "AWS_CONFIG_FILE": str(folder / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / "none"),
        "AWS_ACCESS_KEY_ID": "",
        "AWS_EC2_METADATA_DISABLED": "",
        "HOME": str(folder),
    }


def test_only_named_hosts_are_asked(scene: Callable[[str], Scene]) -> None:
    it = scene(SCENARIO)
    seen = it.run("rehearse", str(it.file))
    done = seen.done
    assert done.code in {1, 5}, done.out[-5000:] + done.err[-2000:]
    assert seen.addresses <= it.named, f"stray: {seen.addresses - it.named}\n{done.out[-5000:]}"
    assert {address for address in it.named - seen.addresses if address[0] != "::1"} == set()
    assert not it.trap.asked
    outcomes = {one["case"]: one["pairs"][0]["outcome"] for one in done.rounds() if one["suite"] == "parity"}
    unasked = {"by a token from elsewhere", "signed without keys", "signed for a role"}
    assert {name for name, outcome in outcomes.items() if outcome == "ERROR"} == unasked, outcomes


def test_planning_asks_nobody(scene: Callable[[str], Scene]) -> None:
    it = scene(SCENARIO)
    seen = it.run("plan", str(it.file))
    assert (seen.done.code, seen.addresses) == (0, frozenset()), seen.done.err


STRAYING = SCENARIO.replace('"https://localhost:{new}"', '"https://localhost:{new}", proxy: environment').replace(
    '"https://old.shop.test", connect_to: "127.0.0.1:{old}"', '"https://stray.invalid"'
)


def test_a_stray_connect_would_be_seen(scene: Callable[[str], Scene]) -> None:
    """The control: a proxy that the scenario allows, and a name that must be looked up, are what the watcher sees."""
    it = scene(STRAYING)
    seen = it.run("probe", str(it.file), "--case", "list")
    strays = seen.addresses - it.named
    assert ("127.0.0.1", port_of(it.trap.url)) in strays, seen.done.out + seen.done.err
    assert any(port == 53 for _, port in strays), strays
