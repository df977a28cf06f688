"""A load goes to the hosts that the scenario names and nowhere else, whatever lies about: watched from outside.

Redirects, proxies of the environment, settings of Locust in the environment, the home and the working folder: all try
to lead the load away, to change it, or to open a door. Between a master and its workers there is loopback alone.
"""

import json
import os
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgpack  # type: ignore[import-untyped]
import pytest
import zmq

from harness.load.process import Generator
from tests.servers.command import ROOT, arguments, cutover, environment
from tests.servers.load_plans import plan
from tests.servers.loaded import LoadedServer, Reply
from tests.servers.plain import Answer, PlainServer
from tests.servers.process import free_ports
from tests.servers.watched import Address, watched

pytestmark = pytest.mark.alone

SCENARIO = """\
version: 1
name: Hosts of a load
old: {{kind: generic, url: "http://127.0.0.1:{old}"}}
new: {{kind: generic, url: "http://new.shop.test", connect_to: "127.0.0.1:{new}"}}
cases:
  - {{name: list, request: GET /orders}}
  - {{name: moved, request: GET /moved}}
load:
  profile: {{rate: 20, for: 2s}}
  warm_up: 0s
  workers: {workers}
  allow: [new.shop.test]
gates: {{require: [load]}}
"""
# What a folder or a shell may hold of somebody's own work with Locust.
LOCUST = {
    "run-time": "1s",
    "users": "50",
    "host": "http://127.0.0.1:1",
    "logfile": "stolen.log",
    "html": "stolen.html",
    "csv": "stolen",
    "processes": "2",
    "master-port": "9",
    "web-host": "0.0.0.0",
    "autostart": "true",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Two gateways, a listener that nobody may come to, a folder and an environment that lead there."""

    folder: Path
    old: LoadedServer
    new: LoadedServer
    trap: PlainServer
    env: Mapping[str, str]

    def write(self, *, workers: int = 1) -> Path:
        file = self.folder / "hosts.yaml"
        file.write_text(SCENARIO.format(old=self.old.port, new=self.new.port, workers=workers))
        return file

    @property
    def named(self) -> set[Address]:
        return {("127.0.0.1", self.old.port), ("127.0.0.1", self.new.port)}

    def assert_whole(self) -> None:
        """See that what was planned came, and nothing else."""
        for server in (self.old, self.new):
            assert sum(server.counts.values()) == 40
            assert set(server.counts) == {"GET /orders", "GET /moved"}
        assert not self.trap.asked
        assert not list(self.folder.rglob("stolen*"))


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with ExitStack() as stack:
        trap = stack.enter_context(PlainServer(lambda _: Answer(status=404)))

        def behave(head: str) -> Reply:
            moved = head.startswith("GET /moved")
            away = (
                f"Location: {trap.url}/stolen",
                f'Alt-Svc: http/1.1="{trap.url[7:]}"',
                f"Refresh: 0; url={trap.url}",
            )
            return Reply(status=302 if moved else 200, headers=away)

        old, new = (stack.enter_context(LoadedServer(behave=behave)) for _ in range(2))
        yield Scene(folder=tmp_path, old=old, new=new, trap=trap, env=_leading_away(tmp_path, trap.url))


def _leading_away(folder: Path, elsewhere: str) -> dict[str, str]:
    lines = "".join(f"{name} = {value}\n" for name, value in LOCUST.items())
    for name in (".locust.conf", "locust.conf"):
        (folder / name).write_text(lines)
    quoted = "".join(f"{name} = {json.dumps(value)}\n" for name, value in LOCUST.items())
    (folder / "pyproject.toml").write_text(f"[tool.locust]\n{quoted}")
    (folder / "locustfile.py").write_text("raise SystemExit('the locustfile of somebody else')\n")
    (folder / "locust.py").write_text("raise SystemExit('a module of somebody else')\n")
    (folder / ".netrc").write_text("default login clerk password secret\n")
    proxies = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
    return {
        **dict.fromkeys(proxies, elsewhere),
        "NO_PROXY": "",
        "no_proxy": "",
        "HOME": str(folder),
        **{f"LOCUST_{name.upper().replace('-', '_')}": value for name, value in LOCUST.items()},
        "LOCUST_WEB_PORT": "8089",
        "PYTHONSTARTUP": str(folder / "locust.py"),
    }


@pytest.mark.server("strace")
def test_only_named_hosts_are_asked_and_no_door_is_opened(scene: Scene) -> None:
    file = scene.write(workers=2)
    seen = watched("rehearse", file, "--suite", "load", cwd=scene.folder, env=scene.env)
    assert seen.done.code == 5, seen.done.out[-3000:] + seen.done.err[-3000:]
    assert seen.done.report["load"]["state"] == "finished"
    scene.assert_whole()
    assert {host for host, _ in seen.bound} <= {"127.0.0.1", "::1"}
    strays = seen.addresses - scene.named
    # the one that is left: the port that the master was given by the system
    assert len(strays) <= 1, f"stray: {strays}"
    assert strays <= {("127.0.0.1", port) for port in range(1024, 65536)} - {("127.0.0.1", _port(scene.trap.url))}


def _port(url: str) -> int:
    return int(url.rpartition(":")[2])


@pytest.mark.skipif(not os.environ.get("WHOLE_CATALOGUE"), reason="in part shown by test_load_secrets.py; `make soak`")
def test_a_worker_of_the_command_line_minds_no_settings_that_lie_about(scene: Scene) -> None:
    port = free_ports(1)[0]
    file = scene.write()
    keep: dict[str, Any] = {"cwd": scene.folder, "env": {**environment(scene.env), "PYTHONPATH": str(ROOT)}}
    worker = subprocess.Popen(
        arguments("load", "worker", f"127.0.0.1:{port}"),
        **keep,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        bind = ("--bind", f"127.0.0.1:{port}")
        done = cutover("load", "master", file, *bind, cwd=scene.folder, env=scene.env, timeout=40)
        said, _ = worker.communicate(timeout=20)
    finally:
        worker.kill()
        worker.wait()
    assert (done.code, worker.returncode) == (5, 0), done.out + done.err + said
    assert done.report["load"]["state"] == "finished"
    scene.assert_whole()


def test_a_host_outside_this_machine_must_be_allowed(scene: Scene) -> None:
    file = scene.write()
    text = file.read_text().replace(f', connect_to: "127.0.0.1:{scene.new.port}"', "")
    file.write_text(text.replace("  allow: [new.shop.test]\n", ""))
    done = cutover("rehearse", file, "--suite", "load", cwd=scene.folder)
    assert done.code == 4
    assert "new.shop.test of `new` is outside this machine, and not in `allow`" in " ".join(done.err.split())
    assert not scene.old.heads


TOKEN = "the-token-of-a-plan"


class _Stranger:
    """Speaks to a master as a worker does, by Locust's protocol, and keeps what it is told."""

    def __init__(self, port: int) -> None:
        self.heard: list[bytes] = []
        self._over = threading.Event()
        self._port = port
        self._thread = threading.Thread(target=self._talk)

    def _talk(self) -> None:
        with zmq.Context() as context, context.socket(zmq.DEALER) as socket:
            socket.setsockopt(zmq.IDENTITY, b"stranger")
            socket.setsockopt(zmq.LINGER, 0)
            socket.connect(f"tcp://127.0.0.1:{self._port}")
            for kind, data in (("client_ready", -1), ("cutover-here", {"key": ""}), ("cutover-here", None), *CLAIMS):
                socket.send(msgpack.dumps((kind, data, "stranger")))
            while not self._over.is_set():
                if socket.poll(50):
                    self.heard.append(socket.recv())

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()


CELL = {"slice": 0, "side": "new", "operation": 0, "sent": 1000, "errors": 0, "outcomes": {"200": 1000}}
CLAIMS = (
    ("cutover-ready", {"name": "stranger"}),
    ("cutover-line", {"type": "counts", "worker": "stranger", "cells": [CELL]}),
    ("cutover-over", {"why": "aborted", "detail": "so says a stranger", "unsent": {}, "sent": 0}),
)


def _port_of(generator: Generator) -> int:
    """Return the port that the workers are told of."""
    while not generator._local:
        generator.lines(0.1)
    argv = generator._local["worker 1"].process.args
    assert isinstance(argv, list)
    return int(argv[argv.index("--master-port") + 1])


def test_whoever_joins_unasked_is_not_told_the_plan_and_counts_nothing() -> None:
    """Anybody on this machine can reach the master's port: what comes from there without the key is not heard."""
    with LoadedServer() as server:
        made = plan(server.url, rate=40, seconds=2)
        made["requests"][0]["old"]["headers"] = [["Authorization", TOKEN]]
        with Generator(made, workers=2) as generator:
            port = _port_of(generator)
            with _Stranger(port) as stranger:
                lines: list[dict[str, Any]] = []
                while not generator.ended:
                    lines += generator.lines(5.0)
        assert len(server.heads) == 160
    assert lines[-1]["why"] == "finished"
    assert sum(cell["sent"] for line in lines if line["type"] == "counts" for cell in line["cells"]) == 160
    assert set(lines[-1]["per_worker"]) == {"worker 1", "worker 2"}
    assert stranger.heard, "it was not even answered: this shows nothing"
    assert TOKEN.encode() not in b"".join(stranger.heard)
