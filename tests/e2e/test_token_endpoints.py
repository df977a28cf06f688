"""Credentials that cannot be had: told clearly, never guessed, never asked without, and the endpoint is left alone."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.servers.command import ROOT, Done, cutover, environment
from tests.servers.plain import Answer, Asked, PlainServer
from tests.servers.process import free_ports
from tests.servers.tls import Authority, ServerFiles
from tests.servers.token_endpoint import Serve, TokenEndpoint, answers, hang, says

TOKEN = "a-token-of-the-service-1"
MANY = 1_000_000
OK = says(access_token=TOKEN, token_type="Bearer", expires_in=3600)
HEAD = """\
version: 1
name: Tokens that cannot be had
old: {{kind: generic, url: "{old}"}}
new: {{kind: generic, url: "{new}"}}
limits: {{rate: 1000, concurrency: 1}}
compare: {{noise: {{repeats: 0}}}}
"""

BAD: dict[str, tuple[Serve | None, str]] = {
    "down": (None, "connection refused"),
    "html": (answers(b"<!DOCTYPE html><title>Sign in</title>", 200, "Content-Type: text/html"), "HTML"),
    "moved": (answers(b"", 307, "Location: https://login.invalid/token"), "a redirect to login.invalid"),
    "refusing": (says(401, error="invalid_client", error_description="no such client"), "401 (invalid_client"),
    "hanging": (hang, "no complete answer within 10 s"),
}


@dataclass(slots=True, kw_only=True)
class Gateway:
    """Wants the token everywhere but for /open, until it is revoked after `lasts` requests."""

    lasts: int = MANY
    without: list[str] = field(default_factory=list)

    def behave(self, asked: Asked) -> Answer:
        path = asked.target.partition("?")[0]
        if path == "/open":
            return Answer()
        if path.count("/") > 2:
            return Answer(status=404)
        if asked.all("authorization") != [f"Bearer {TOKEN}"]:
            if not asked.all("origin"):  # the CORS questions are asked as browsers do, in nobody's name
                self.without.append(f"{asked.method} {path}")
            return Answer(status=401)
        self.lasts -= 1
        return Answer(status=200 if self.lasts >= 0 else 401)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a run met: both gateways, and the token endpoints by the credential's name."""

    folder: Path
    old: Gateway
    new: Gateway
    endpoints: dict[str, TokenEndpoint]
    urls: dict[str, str]

    def host(self, name: str) -> str:
        return self.urls[name].split("/")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Starts servers, and runs `cutover` on a scenario with a caller for each endpoint."""

    folder: Path
    stack: ExitStack

    def run(
        self, endpoints: dict[str, Serve | None], *more: str, security: str = "", lasts: int = MANY, new_lasts: int = 0
    ) -> tuple[Done, Scene]:
        gateways = Gateway(lasts=lasts), Gateway(lasts=new_lasts or lasts)
        old, new = (self.stack.enter_context(PlainServer(one.behave)) for one in gateways)
        served = {name: self.stack.enter_context(TokenEndpoint(serve)) for name, serve in endpoints.items() if serve}
        urls = {name: served[name].url if name in served else _nobody() for name in endpoints}
        lines = [HEAD.format(old=old.url, new=new.url), "credentials:"]
        lines += [
            f"  {name}: {{both: {{oauth2: {{token_url: '{url}', client_id: {name}, client_secret: secret-of-{name}}}}}}}"
            for name, url in urls.items()
        ]
        lines += ["cases:", "  - {name: open, request: GET /open}"]
        lines += [
            f"  - {{name: {name} {number}, request: GET /{name}/{number}, as: {name}}}"
            for number in range(3)
            for name in urls
        ]
        lines.append(security)
        file = self.folder / "tokens.yaml"
        file.write_text("\n".join(lines), encoding="utf-8")
        done = cutover("rehearse", file, *more, cwd=self.folder)
        return done, Scene(folder=self.folder, old=gateways[0], new=gateways[1], endpoints=served, urls=urls)


def _nobody() -> str:
    return f"http://127.0.0.1:{free_ports(1)[0]}/token"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with ExitStack() as stack:
        yield Stage(folder=tmp_path, stack=stack)


def told(done: Done) -> str:
    return f"{done.out[-5000:]}\n{done.err[-2000:]}"


def outcomes(done: Done, suite: str = "parity") -> dict[str, tuple[str, str]]:
    """Return outcome and reason of each case."""
    pairs = {one["case"]: one["pairs"][-1] for one in done.rounds() if one["suite"] == suite}
    return {name: (pair["outcome"], " ".join(pair.get("why", ()))) for name, pair in pairs.items()}


@pytest.fixture(scope="module", autouse=True)
def met(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Future[tuple[Done, Scene]]]:
    """Start the run that meets all bad endpoints: its 10 s of hanging pass while the other tests run."""
    with ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(1))
        stage = Stage(folder=tmp_path_factory.mktemp("met"), stack=stack)
        yield pool.submit(stage.run, {"good": OK, **{name: serve for name, (serve, _) in BAD.items()}})


def test_the_matrix_of_a_caller_without_a_token_is_never_go(stage: Stage) -> None:
    bad = {name: BAD[name][0] for name in ("down", "refusing")}
    done, scene = stage.run({"good": OK, **bad}, "--suite", "security", security="security: {}")
    assert done.code == 5, told(done)
    found = outcomes(done, "security")
    for name in bad:
        asked = {case: one for case, one in found.items() if f", {name}: " in case}
        assert asked
        assert {outcome for outcome, _ in asked.values()} <= {"ERROR", "INCONCLUSIVE"}, asked
        assert found[f"GET /{name}/0, {name}: as it is"][0] == "ERROR"
        nobody, why = found[f"GET /{name}/0: no credential"]
        assert nobody != "PASS", why
    assert found["GET /good/0, good: as it is"][0] == "PASS"
    assert found["GET /good/0: no credential"][0] == "PASS"
    assert all(endpoint.connections == 1 for endpoint in scene.endpoints.values())
    for name in bad:  # whoever comes without a token is meant to: nobody, and an empty one
        assert scene.new.without.count(f"GET /{name}/0") == 2
        assert found[f"GET /{name}/0, {name}: empty bearer"][0] == "INCONCLUSIVE"


OWN = """\
def test_with(new):
    assert new.send("GET /good/0", as_="good").status == 200

def test_without(new):
    assert new.send("GET /down/0", as_="down").status == 200
"""


def test_ones_own_test_that_gets_no_token_is_an_error_and_asks_nothing(stage: Stage) -> None:
    _, scene = stage.run({"good": OK, "down": None}, "-k", "open")
    own = stage.folder / "test_own.py"
    own.write_text(OWN)
    asked = [str(ROOT / "suites" / "parity"), str(own), "-k", "open or test_with"]
    call = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *asked, "--scenario", str(stage.folder / "tokens.yaml")],
        cwd=stage.folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert call.returncode == 5, call.stdout
    done = Done(code=call.returncode, out=call.stdout, err=call.stderr, runs=stage.folder / "cutover-runs")
    (error,) = done.findings("ERROR")
    assert "test_without" in error["case"]
    assert "credential down: no token from" in error["title"]
    assert done.findings() == []
    assert scene.new.without == []


def test_a_token_that_is_revoked_meanwhile_proves_nothing(stage: Stage) -> None:
    done, scene = stage.run({"good": OK}, lasts=2)
    assert done.code == 5, told(done)
    assert [outcome for outcome, _ in outcomes(done).values()].count("INCONCLUSIVE") >= 1
    assert "401" in done.out
    assert scene.endpoints["good"].connections <= 2


def test_a_token_that_only_the_new_side_revokes_is_a_difference(stage: Stage) -> None:
    done, scene = stage.run({"good": OK}, new_lasts=2)
    assert done.code == 1, told(done)
    assert [(one["at"], one["old"], one["new"]) for one in done.findings()] == [("status", "200", "401")]
    assert scene.endpoints["good"].connections <= 2


def _pem(folder: Path, name: str, files: ServerFiles) -> None:
    (folder / f"{name}.pem").write_bytes(files.cert.read_bytes())
    (folder / f"{name}.key").write_bytes(files.key.read_bytes())


def _local_files(folder: Path, authority: Authority) -> None:
    """Write certificates and keys, each of them wrong in its own way."""
    now, day = datetime.now(UTC), timedelta(days=1)
    _pem(folder, "expired", authority.certificate("machine", client=True, start=now - 9 * day, end=now - 2 * day))
    _pem(folder, "early", authority.certificate("machine", client=True, start=now + 2 * day, end=now + 9 * day))
    _pem(folder, "strange", authority.certificate("machine", client=True))
    (folder / "strange.key").write_bytes(authority.certificate("other").key.read_bytes())
    (folder / "torn.key").write_bytes(b"-----BEGIN PRIVATE KEY-----\nMIGHAgEA\n-----END PRIVATE KEY-----\n")
    (folder / "folder.key").mkdir()
    (folder / "binary.key").write_bytes(bytes(range(256)))


UNREADABLE = {
    # the credential, the file that the error points to, words of it
    "expired": ("client_cert: {cert: expired.pem, key: expired.key}", "expired.pem", "expired on"),
    "early": ("client_cert: {cert: early.pem, key: early.key}", "early.pem", "not valid before"),
    "strange": ("client_cert: {cert: strange.pem, key: strange.key}", "strange.key", "not the key of the certificate"),
    "absent": ("client_cert: {cert: expired.pem, key: absent.key}", "absent.key", "No such file"),
    "torn": ("jwt: {key_file: torn.key, claims: {iss: a}}", "torn.key", "damaged"),
    "folder": ("jwt: {key_file: folder.key, claims: {iss: a}}", "folder.key", "cannot be read"),
    "binary": ("jwt: {key_file: binary.key, claims: {iss: a}}", "binary.key", "no PEM"),
}


def test_what_is_unreadable_here_is_told_with_its_place(tmp_path: Path, authority: Authority) -> None:
    _local_files(tmp_path, authority)
    with PlainServer(lambda _: Answer()) as server:
        lines = [HEAD.format(old=server.url, new=server.url + "/other"), "credentials:"]
        lines += [f"  {name}: {{both: {{{credential}}}}}" for name, (credential, _, _) in UNREADABLE.items()]
        lines += ["cases:", "  - {name: open, request: GET /open}"]
        lines += [f"  - {{name: {name}, request: GET /own, as: {name}}}" for name in UNREADABLE]
        file = tmp_path / "local.yaml"
        file.write_text("\n".join(lines), encoding="utf-8")
        done = cutover("rehearse", file, cwd=tmp_path)
    assert done.code == 4, told(done)
    assert not server.asked
    written = file.read_text().splitlines()
    for name, (_, place, words) in UNREADABLE.items():
        line = next(number for number, text in enumerate(written, 1) if text.startswith(f"  {name}: "))
        problem = next((text for text in done.err.splitlines() if f"local.yaml:{line}:" in text), "")
        assert f"local.yaml:{line}:{written[line - 1].index(place) + 1}: " in problem, (name, done.err)
        assert words in problem, (name, problem)
    assert "Traceback" not in done.err
    assert "PRIVATE KEY-----\n" not in done.err


def test_what_cannot_be_had_is_an_error_of_the_cases_that_need_it(met: Future[tuple[Done, Scene]]) -> None:
    done, scene = met.result(timeout=60)
    assert done.code == 5, told(done)
    assert done.report["verdict"] == "HOLD"
    found = outcomes(done)
    assert {name for name, (outcome, _) in found.items() if outcome == "PASS"} == {
        "open",
        *(f"good {n}" for n in range(3)),
    }
    for name, (_, words) in BAD.items():
        for number in range(3):
            outcome, why = found[f"{name} {number}"]
            assert outcome == "ERROR", (name, outcome, why)
            assert f"credential {name}" in why
            assert scene.host(name) in why
            assert words in why
        assert f"credential {name}" in " ".join(done.out.split())
    assert scene.old.without == scene.new.without == []
    assert {name: endpoint.connections for name, endpoint in scene.endpoints.items()} == dict.fromkeys(
        scene.endpoints, 1
    )
