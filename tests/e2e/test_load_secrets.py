"""A canary in every kind of credential is found nowhere after a load, however it ended.

Both gateways and the token endpoint echo what they get. Searched are the runs, the reports, the terminal, temporary
files, what is exported, and, while a load is on its way, the arguments and the environment of all its processes.
"""

import json
import os
import signal
import ssl
import subprocess
import threading
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.servers.canaries import halves, leaks, lines_of, places
from tests.servers.command import ROOT, Done, arguments, cutover, environment
from tests.servers.loaded import LoadedServer, Reply
from tests.servers.plain import Answer, Asked, PlainServer
from tests.servers.process import free_ports
from tests.servers.tls import Authority

pytestmark = pytest.mark.alone

WHOLE = bool(os.environ.get("WHOLE_CATALOGUE"))
SECRETS = {
    "header": 'cAnary-header-1/7"+=x',
    "query": "cAnary query/+&2",
    "password": "cAnary:pass word 3",
    "bearer": "cAnary.bearer.token.number-4",
    "client secret": "cAnary-client-secret-5+/=",
    "access token": "cAnary-access-token-6.abcdefgh",
    "refused secret": "cAnary-refused-secret-9",
    "secret key": "cAnary/secret+key/13/abcdefghijklmnopqrs",
    "session token": "cAnarySessionToken14//////////abcdefghijklmnop==",
    "shared secret": "cAnary-shared-secret-of-an-issuer-20-abcdefgh",
    "proxy password": "cAnary-proxy-password-21",
}
VARIABLE = {"CANARY": SECRETS["header"]}
SCENARIO = """\
version: 1
name: Canaries under load
old: {{kind: generic, url: "https://localhost:{old}", ca_file: ca.pem}}
new: {{kind: generic, url: "https://localhost:{new}", ca_file: ca.pem}}
evidence: {{bodies: all}}
limits: {{timeout: 5s}}
credentials:
  header: {{both: {{header: {{x-api-key: "${{env:CANARY}}"}}, {cert}}}}}
  query: {{both: {{query: {{key: {query}}}, {cert}}}}}
  password: {{both: {{basic: {{user: clerk, password: {password}}}, {cert}}}}}
  bearer: {{both: {{bearer: {bearer}, {cert}}}}}
  service: {{both: {{oauth2: {{token_url: "{tokens}/token", client_id: a, client_secret: {client_secret}}}, {cert}}}}}
  refused: {{both: {{oauth2: {{token_url: "{tokens}/refuse", client_id: b, client_secret: {refused_secret}}}, {cert}}}}}
  minted: {{both: {{jwt: {{key: {shared_secret}, algorithm: HS256, claims: {{sub: clerk, aud: api}}}}, {cert}}}}}
  signer:
    both:
      sigv4: {{region: eu-west-1, access_key: ASIACANARY, secret_key: {secret_key}, session_token: {session_token}}}
      {cert_alone}
cases:
{cases}
load:
  profile: {{rate: 30, for: {seconds}s}}
  warm_up: 0s
  workers: {workers}
  abort_at: 100%
  backend_time: x-echo-authorization
gates: {{require: [load]}}
"""
CALLERS = ("header", "query", "password", "bearer", "service", "minted", "signer")
CERTIFICATE = "client_cert: {cert: machine.pem, key: machine.key}"


def _told_again(status: int, head: str) -> Reply:
    target, *lines = head.split("\r\n")
    body = json.dumps({"raw": head, "base64": b64encode(head.encode()).decode(), "quoted": quote(head)})
    echoed = [f"X-Echo-{line}" for line in lines if len(line) < 2000]
    return Reply(status=status, body=body.encode(), headers=(f"Location: https://elsewhere.invalid{target}", *echoed))


def _tokens(asked: Asked) -> Answer:
    again = f"{asked.body.decode()} {asked.all('authorization')} {SECRETS['refused secret']}"
    if "refuse" in asked.target:
        description = f"no: {again} {quote(again)} {b64encode(again.encode()).decode()}"
        return Answer(status=401, body=json.dumps({"error": "no", "error_description": description}).encode())
    token = {"access_token": SECRETS["access token"], "token_type": "Bearer", "expires_in": 3600}
    return Answer(body=json.dumps(token).encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """The servers of all runs, and what is kept of the processes that were seen."""

    base: Path
    authority: Authority
    tokens: str
    processes: list[bytes]

    def folder(self, name: str, old: int, new: int, *, seconds: int = 2, workers: int = 1, who: str = "") -> Path:
        """Write a scenario and its keys to a folder of its own, with a place for temporary files."""
        folder = self.base / name
        (folder / "tmp").mkdir(parents=True)
        own = self.authority.certificate("machine", client=True)
        (folder / "machine.pem").write_bytes(own.cert.read_bytes())
        (folder / "machine.key").write_bytes(own.key.read_bytes())
        (folder / "ca.pem").write_bytes(self.authority.ca_file.read_bytes())
        callers = (who,) if who else CALLERS
        values = {one.replace(" ", "_"): json.dumps(value) for one, value in SECRETS.items()}
        (folder / "load.yaml").write_text(
            SCENARIO.format(
                old=old,
                new=new,
                tokens=self.tokens,
                seconds=seconds,
                workers=workers,
                cert=CERTIFICATE,
                cert_alone=CERTIFICATE,
                cases="\n".join(f"  - {{name: by {one}, request: GET /echo, as: {one}}}" for one in callers),
                **values,
            )
        )
        return folder

    def server(self, status: int, behave: Callable[[], None] = lambda: None) -> LoadedServer:
        """Return a gateway that tells all again."""

        def answer(head: str) -> Reply:
            behave()
            return _told_again(status, head)

        files = self.authority.certificate("localhost")
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(self.authority.ca_file))
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_cert_chain(files.cert, files.key)
        return LoadedServer(behave=answer, tls=context)


def _environment(folder: Path) -> dict[str, str]:
    return {**VARIABLE, "TMPDIR": str(folder / "tmp"), "HOME": str(folder), "PYTHONPATH": str(ROOT)}


def _start(folder: Path, *args: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        arguments(*args),
        cwd=folder,
        env={**environment(_environment(folder))},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _ended(child: subprocess.Popen[str], folder: Path) -> Done:
    out, err = child.communicate(timeout=60)
    return Done(code=child.returncode, out=out, err=err, runs=folder / "cutover-runs")


def _below(parent: int) -> list[int]:
    """Return the processes that a process has started, and those that these have."""
    parents: dict[int, int] = {}
    for place in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(place.name)] = int((place / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found = {parent}
    for _ in range(3):
        found |= {pid for pid, before in parents.items() if before in found}
    return sorted(found - {parent})


def _cut(scene: Scene, name: str, end: Callable[[subprocess.Popen[str]], None], workers: int = 1) -> Done:
    """Rehearse, look at all processes in the middle of the load, and `end` it there."""
    enough = threading.Event()
    asked: list[None] = []

    def count() -> None:
        asked.append(None)
        if len(asked) >= 40:
            enough.set()

    with scene.server(200) as old, scene.server(200, count) as new:
        folder = scene.folder(name, old.port, new.port, seconds=60, workers=workers)
        child = _start(folder, "rehearse", "load.yaml", "--suite", "load")
        try:
            if not enough.wait(30):
                child.send_signal(signal.SIGINT)
                raise AssertionError(_ended(child, folder))
            _look(scene, child.pid, workers)
            end(child)
            return _ended(child, folder)
        finally:
            child.kill()
            child.wait()


def _look(scene: Scene, parent: int, workers: int) -> None:
    below = _below(parent)
    assert len(below) == (1 if workers == 1 else workers + 1)
    scene.processes.append(Path(f"/proc/{parent}/cmdline").read_bytes())  # its environment holds what it was given
    scene.processes.extend(
        (Path(f"/proc/{pid}") / name).read_bytes() for pid in below for name in ("cmdline", "environ")
    )


def _interrupted_twice(scene: Scene) -> Done:
    def end(child: subprocess.Popen[str]) -> None:
        child.send_signal(signal.SIGINT)
        child.send_signal(signal.SIGINT)

    return _cut(scene, "twice", end)


def _killed(scene: Scene) -> Done:
    """Kill the parent alone: its children must see to their own end."""
    left: list[int] = []

    def end(child: subprocess.Popen[str]) -> None:
        left.extend(_below(child.pid))
        child.kill()

    done = _cut(scene, "killed", end, workers=2)
    # their standard error is a pipe of the parent's: nothing else tells of their end
    waiting = threading.Event()
    for _ in range(100):
        if not any(_lives(pid) for pid in left):
            return done
        waiting.wait(0.1)
    raise AssertionError(f"left behind: {left}")


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _interrupted(scene: Scene) -> Done:
    return _cut(scene, "once", lambda child: child.send_signal(signal.SIGINT), workers=2)


def _worker_killed(scene: Scene) -> Done:
    return _cut(scene, "worker", lambda child: os.kill(_below(child.pid)[-1], signal.SIGKILL), workers=2)


def _whole(scene: Scene, name: str, status: int, who: str = "") -> Done:
    with scene.server(200) as old, scene.server(status) as new:
        folder = scene.folder(name, old.port, new.port, workers=2, who=who)
        return cutover("rehearse", "load.yaml", "--suite", "load", cwd=folder, env=_environment(folder))


def _clean(scene: Scene) -> Done:
    return _whole(scene, "clean", 200)


def _failing(scene: Scene) -> Done:
    return _whole(scene, "failing", 503)


def _refused(scene: Scene) -> Done:
    return _whole(scene, "refused", 200, who="refused")


def _by_a_dead_proxy(scene: Scene) -> Done:
    folder = scene.folder("proxied", 1, 1)
    proxy = f'kind: generic, proxy: "http://clerk:{SECRETS["proxy password"]}@127.0.0.1:1",'
    file = folder / "load.yaml"
    file.write_text(file.read_text().replace("kind: generic,", proxy))
    return cutover("rehearse", file, "--suite", "load", cwd=folder, env=_environment(folder))


def _from_elsewhere(scene: Scene) -> Done:
    """Have a worker join by the command line."""
    port = str(free_ports(1)[0])
    with scene.server(200) as old, scene.server(503) as new:
        folder = scene.folder("master", old.port, new.port)
        # somebody's own settings of Locust, which change nothing
        (folder / "locust.conf").write_text("run-time = 1s\nusers = 9\nlogfile = tmp/theirs.log\nmaster-port = 9\n")
        child = _start(folder, "load", "master", "load.yaml", "--bind", f"127.0.0.1:{port}")
        worker = _start(folder, "load", "worker", f"127.0.0.1:{port}")
        try:
            told = _ended(worker, folder)
            done = _ended(child, folder)
        finally:
            child.kill()
            worker.kill()
    assert told.code == 0, told.out + told.err
    assert done.report["load"]["state"] == "finished"
    return Done(code=done.code, out=done.out + told.out, err=done.err + told.err, runs=done.runs)


def _planned(scene: Scene) -> Done:
    folder = scene.folder("planned", 1, 1)
    told = cutover("plan", "load.yaml", "--json", cwd=folder, env=_environment(folder))
    kept = cutover("load", "export", "load.yaml", "there", cwd=folder, env=_environment(folder))
    assert kept.code == 4  # most of these cannot be named there
    return Done(code=told.code, out=told.out + kept.out, err=told.err + kept.err, runs=told.runs)


def _exported(scene: Scene) -> Done:
    folder = scene.folder("exported", 1, 1, who="header")
    file = folder / "load.yaml"
    file.write_text(file.read_text().replace(f", {CERTIFICATE}", ""))
    return cutover("load", "export", "load.yaml", "there", cwd=folder, env=_environment(folder))


RUNS: dict[str, tuple[Callable[[Scene], Done], int]] = {
    "interrupted twice": (_interrupted_twice, 2),
    "killed": (_killed, -signal.SIGKILL),
    "failing, by master and worker": (_from_elsewhere, 1),
    "refused": (_refused, 5),
    "planned": (_planned, 0),
    "exported": (_exported, 0),
}
MORE: dict[str, tuple[Callable[[Scene], Done], int]] = {
    "clean": (_clean, 5),
    "failing": (_failing, 1),
    "interrupted": (_interrupted, 2),
    "worker killed": (_worker_killed, 5),
    "by a dead proxy": (_by_a_dead_proxy, 5),
}
CHOSEN = {**RUNS, **MORE} if WHOLE else RUNS


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """All that is left of the runs, and all that must not be in it."""

    where: dict[str, bytes]
    secrets: dict[str, list[str]]
    calls: dict[str, Done]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Kept:
    base = tmp_path_factory.mktemp("load-canaries")
    beside = {path.name for path in (ROOT / "harness" / "load").iterdir()}
    with ExitStack() as stack:
        tokens = stack.enter_context(PlainServer(_tokens))
        scene = Scene(base=base, authority=authority, tokens=tokens.url, processes=[])
        pool = stack.enter_context(ThreadPoolExecutor(3))
        futures = {name: pool.submit(one, scene) for name, (one, _) in CHOSEN.items()}
        calls = {name: future.result() for name, future in futures.items()}
    keys = [line for file in base.rglob("machine.key") for line in lines_of(file.read_text())]
    for name in ("machine.key", "machine.pem", "load.yaml"):
        for file in base.rglob(name):
            file.unlink()
    where = places(base, *(call.out + call.err for call in calls.values()))
    where |= {f"process {number}": text for number, text in enumerate(scene.processes)}
    where["beside the children"] = "\n".join(_new_in(beside)).encode()
    return Kept(where=where, secrets={**{name: [value] for name, value in SECRETS.items()}, "key": keys}, calls=calls)


def _new_in(before: set[str]) -> list[str]:
    """Return what the children have left in the folder that they run in."""
    return [path.name for path in (ROOT / "harness" / "load").iterdir() if path.name not in {*before, "__pycache__"}]


@pytest.mark.parametrize("name", CHOSEN)
def test_the_runs_were_what_they_are_meant_to_be(name: str, kept: Kept) -> None:
    call = kept.calls[name]
    assert call.code == CHOSEN[name][1], call.out[-3000:] + call.err[-3000:]


def test_all_that_a_load_leaves_was_searched(kept: Kept) -> None:
    names = " ".join(kept.where)
    assert all(f"/{name}" in names for name in ("journal.jsonl", "report.html", "report.json", "there/profile.json"))
    assert sum(name.startswith("process") for name in kept.where) >= 10
    assert any(b"[masked" in content for content in kept.where.values())


def test_no_canary_anywhere(kept: Kept) -> None:
    found = leaks(kept.secrets, kept.where)
    assert not found, "\n".join(found[:20])


def test_no_half_of_a_canary_either(kept: Kept) -> None:
    """Where a text is cut, a secret may be cut, too: all of these begin alike."""
    found = halves(kept.where)
    assert not found, "\n".join(found[:20])


def test_temporary_folders_and_the_childrens_own_are_left_as_they_were(kept: Kept) -> None:
    assert not [name for name in kept.where if "/tmp/" in name.rpartition("load-canaries")[2]]
    assert kept.where["beside the children"] == b""
