"""The load generator's processes against real servers on this machine."""

import http.client
import json
import os
import resource
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.load.process import CHILD, Generator, worker_command
from tests.servers.load_plans import plan, ran, request, side
from tests.servers.loaded import OK, LoadedServer, Reply, stalling
from tests.servers.process import free_ports
from tests.servers.tls import Authority

pytestmark = pytest.mark.alone

ROOT = Path(__file__).resolve().parents[2]
GIVEN = ROOT / "tests/servers/given_latencies.py"
TOKEN = "s3cret-load-token"
ODD = "é".encode() + b"\xff"


def _ask_in_turn(port: int, seconds: float, took: list[float]) -> None:
    """Ask as a closed loop does, 50 times a second: the next request waits for the answer to the last."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    end = time.monotonic() + seconds
    while (start := time.monotonic()) < end:
        connection.request("GET", "/closed")
        connection.getresponse().read()
        took.append(time.monotonic() - start)
        time.sleep(max(0.0, 0.02 - took[-1]))
    connection.close()


def test_a_stall_shows_from_the_planned_start_and_not_in_a_closed_loop() -> None:
    """2 s of silence in 10 s: a fifth of all users meet it, but the one request of a closed loop that waits it out."""
    took: list[float] = []
    with LoadedServer(behave=stalling(10.0, 2.0, time.monotonic())) as server:
        closed = threading.Thread(target=_ask_in_turn, args=(server.port, 10.0, took))
        closed.start()
        counts, last = ran(plan(server.url, rate=50, seconds=10))
        closed.join()
    assert last["why"] == "finished"
    assert 1.5 < max(took) < 2.5
    assert sorted(took)[int(len(took) * 0.99)] < 1.0
    for name in ("old", "new"):
        found = counts.over(name)
        assert found.sent == 500
        assert found.planned.quantile(0.99) >= 1_000_000
        assert found.planned.quantile(0.5) < 500_000


def test_what_must_wait_for_a_connection_is_held_and_its_wait_counts() -> None:
    with LoadedServer(behave=lambda _: Reply(wait=0.1)) as server:
        counts, _ = ran(plan(server.url, rate=50, seconds=1, max_in_flight=2))
    old = counts.over("old")
    assert old.sent == 50
    assert counts.held["old"] > 30
    assert counts.lateness.total == 100, "each was handed over at its time, or was not: that is known of all"
    assert old.planned.quantile(0.9) > 800_000
    assert old.service.quantile(0.9) < 500_000


@pytest.mark.parametrize("workers", [1, 2])
def test_every_planned_request_arrives_once(workers: int) -> None:
    shares = [("GET", 3.0), ("POST", 1.0)]
    with LoadedServer(behave=lambda _: Reply(headers=("Server-Timing: db;dur=1, app;dur=2.5",), wait=0.005)) as server:
        requests = [
            {
                "operation": number,
                "weight": weight,
                "old": request(f"{server.url}/old", method=method, body=b"x" * number),
                "new": request(f"{server.url}/new", method=method, body=b"x" * number),
            }
            for number, (method, weight) in enumerate(shares)
        ]
        made = plan(server.url, rate=100, seconds=1.5, warm_up=0.5, requests=requests, operations=["read", "write"])
        made["backend_header"] = {"old": "", "new": "server-timing:app"}
        counts, last = ran(made, workers=workers)
        asked = server.counts
    assert last["why"] == "finished"
    assert last["unsent"] == {"old": 0, "new": 0}
    assert sorted(last["per_worker"].values()) == [300 // workers] * workers
    assert asked["GET /old"] + asked["POST /old"] == asked["GET /new"] + asked["POST /new"] == 200
    assert asked["GET /old"] == asked["GET /new"]
    for name in ("old", "new"):
        early = sum(counts.cell(-1, name, operation).sent for operation in counts.operations)
        assert (early, counts.over(name).sent, counts.over(name).errors) == (50, 150, 0)
        assert counts.cell(-1, name, "write").sent + counts.over(name, "write").sent == asked[f"POST /{name}"]
    assert counts.over("old").overhead.total == 0
    assert counts.over("new").overhead.total == 150
    assert counts.lateness.total == 300
    assert counts.slices == 2
    assert counts.workers_seen == workers
    assert "geventhttpclient" in counts.client


def test_workers_count_what_one_process_counts() -> None:
    """Master and two workers as processes of their own: the merged histograms are the same, bin for bin."""
    made = plan("http://127.0.0.1:9", rate=400, seconds=1.5, poisson=True, warm_up=0.2)
    one, _ = ran(made, file=GIVEN)
    two, last = ran(made, workers=2, file=GIVEN)
    assert last["why"] == "finished"
    assert len(last["per_worker"]) == two.workers_seen == 2
    for name in ("old", "new"):
        assert one.over(name).sent > 500
        assert [cell.sent for cell in one.blocks(name)] == [cell.sent for cell in two.blocks(name)]
        for kind in ("planned", "service"):
            assert [getattr(cell, kind) for cell in one.blocks(name)] == [
                getattr(cell, kind) for cell in two.blocks(name)
            ]


def test_a_worker_that_is_killed_ends_the_run_and_what_was_counted_stays() -> None:
    killed: list[float] = []

    def seen(generator: Generator, line: dict[str, Any]) -> None:
        if line["type"] == "counts" and not killed:
            killed.append(time.monotonic())
            generator._local["worker 2"].process.kill()

    with LoadedServer() as server:
        counts, last = ran(plan(server.url, rate=50, seconds=60), workers=2, seen=seen)
    assert time.monotonic() - killed[0] < 10
    assert counts.lost == ["worker 2"]
    assert last["why"] == "lost"
    assert "worker 2" in last["detail"]
    assert 0 < counts.over("old").sent < 1000


def test_a_stop_keeps_what_was_counted() -> None:
    def seen(generator: Generator, line: dict[str, Any]) -> None:
        if line["type"] == "counts":
            generator.send({"type": "stop"})

    with LoadedServer() as server:
        counts, last = ran(plan(server.url, rate=100, seconds=60), workers=2, seen=seen)
        asked = len(server.heads)
    assert last["why"] == "stopped"
    assert sum(counts.over(name).sent for name in ("old", "new")) == asked == sum(last["per_worker"].values())
    assert sum(last["unsent"].values()) == 12_000 - asked


def test_every_way_to_fail_is_told_apart_and_holds_nothing_else_back() -> None:
    """Old refuses every connection; new has an operation for each way, and one that is well beside them."""
    ways = {
        "/well": Reply(status=404),
        "/many": Reply(status=429),
        "/broken": Reply(status=500),
        "/silent": Reply(silent=True),
        "/gone": Reply(hang_up=True),
        "/long": Reply(body=b"x" * 1_001),
    }
    nobody = f"http://127.0.0.1:{free_ports(1)[0]}"
    with LoadedServer(behave=lambda head: ways[head.split()[1]]) as server:
        requests = [
            {
                "operation": number,
                "weight": 1.0,
                "old": request(nobody + way),
                "new": request(server.url + way, ok=[200] if way == "/broken" else None),
            }
            for number, way in enumerate(ways)
        ]
        made = plan(nobody, server.url, rate=200, seconds=0.6, timeout=0.5, body_limit=1000, requests=requests)
        counts, last = ran({**made, "operations": list(ways)})
        assert len(server.heads) == 120
    assert last["why"] == "finished"
    old = counts.over("old")
    assert (old.sent, old.errors, old.outcomes, old.planned.total) == (120, 120, {"connection failed": 120}, 0)
    found = {way: counts.over("new", way) for way in ways}
    assert {way: set(cell.outcomes) for way, cell in found.items()} == {
        "/well": {"404"},
        "/many": {"429"},
        "/broken": {"500"},
        "/silent": {"timeout"},
        "/gone": {"connection lost"},
        "/long": {"too large"},
    }
    assert {way for way, cell in found.items() if cell.errors == cell.sent} == set(ways) - {"/well"}
    assert found["/well"].errors == 0
    assert found["/silent"].planned.total == 0
    assert found["/well"].planned.quantile(0.9) < 400_000


def test_too_many_errors_stop_the_run() -> None:
    failing = iter(range(10_000))

    def behave(head: str) -> Reply:
        return Reply(status=503) if "/new" in head and next(failing) % 5 else OK

    with LoadedServer(behave=behave) as server:
        made = plan(server.url, rate=100, seconds=60, abort_at=0.6)
        made["requests"][0]["new"] = request(f"{server.url}/new")
        counts, last = ran(made)
    assert last["why"] == "aborted"
    assert "new" in last["detail"]
    assert 99 <= counts.over("new").sent < 150
    assert last["unsent"]["old"] > 5000


def test_connections_that_end_behind_an_answer_cost_no_request_and_none_goes_twice() -> None:
    asked = iter(range(10_000))
    with LoadedServer(behave=lambda _: Reply(close=next(asked) % 3 == 0)) as server:
        counts, _ = ran(plan(server.url, rate=100, seconds=1))
        assert len(server.heads) == 200
    assert sum(counts.over(name).errors for name in ("old", "new")) == 0


def test_tls_goes_to_another_address_under_the_right_name_with_a_certificate_of_its_own(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    files, own = authority.certificate("api.example.test"), authority.certificate("loader", client=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(authority.ca_file))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(files.cert, files.key)
    with LoadedServer(tls=context) as server:
        good = {
            "connect_to": f"127.0.0.1:{server.port}",
            "ca": authority.ca_file.read_text(),
            "cert": own.cert.read_text(),
            "key": own.key.read_text(),
        }
        made = plan("https://api.example.test", rate=50, seconds=0.4)
        stranger = side("https://other.example.test", **good)
        made["sides"] = {"old": side("https://api.example.test", **good), "new": stranger}
        counts, last = ran(made)
        assert last["why"] == "finished"
        assert counts.over("old").outcomes == {"200": 20}
        assert counts.over("new").outcomes == {"TLS failed": 20}
        assert {line for head in server.heads for line in head.split("\r\n") if line.startswith("Host")} == {
            "Host: api.example.test"
        }


def test_a_proxy_is_asked_by_the_full_address() -> None:
    with LoadedServer() as server:
        made = plan("http://api.example.test", rate=50, seconds=0.2)
        proxied = side("http://api.example.test", proxy=f"http://user:word@127.0.0.1:{server.port}")
        counts, _ = ran({**made, "sides": {"old": proxied, "new": proxied}})
    assert counts.over("old").outcomes == {"200": 10}
    assert server.counts == {"GET http://api.example.test/orders": 20}
    assert "Proxy-Authorization: Basic dXNlcjp3b3Jk" in server.heads[0]


def test_renewed_headers_are_sent_from_then_on() -> None:
    def seen(generator: Generator, line: dict[str, Any]) -> None:
        if line["type"] == "started":
            generator.send({"type": "headers", "requests": {"0": {"new": [["X-Renewed", "yes"]]}}})

    with LoadedServer() as server:
        made = plan(server.url, rate=50, seconds=1)
        made["requests"][0] |= {"old": request(f"{server.url}/old"), "new": request(f"{server.url}/new")}
        ran(made, seen=seen)
        renewed = [head for head in server.heads if "X-Renewed: yes" in head]
    assert 40 <= len(renewed) <= 50
    assert all("GET /new" in head for head in renewed)


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")
def test_secrets_are_neither_in_arguments_nor_in_the_environment_nor_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_TOKEN", TOKEN)
    monkeypatch.setenv("LOCUST_USERS", "50")
    monkeypatch.chdir(tmp_path)
    shown: list[bytes] = []

    def seen(generator: Generator, line: dict[str, Any]) -> None:
        if line["type"] == "started":
            pids = [generator.pid, *(child.process.pid for child in generator._local.values())]
            shown.extend(
                (Path("/proc") / str(pid) / file).read_bytes() for pid in pids for file in ("cmdline", "environ")
            )

    with LoadedServer() as server:
        made = plan(server.url, rate=50, seconds=0.4)
        made["requests"][0]["old"] = request(f"{server.url}/old", token=TOKEN)
        ran(made, workers=2, seen=seen)
        assert any(TOKEN in head for head in server.heads)
    assert len(shown) == 6
    assert TOKEN.encode() not in b"".join(shown)
    assert b"LOCUST_USERS" not in b"".join(shown)
    assert list(tmp_path.iterdir()) == []


def test_a_generator_that_cannot_start_says_why(tmp_path: Path) -> None:
    file = tmp_path / "broken.py"
    file.write_text("import nowhere_to_be_found\n")
    counts, last = ran(plan("http://127.0.0.1:9"), file=file)
    assert last["why"] == "failed"
    assert "nowhere_to_be_found" in last["detail"]
    assert counts.slices == 0


def test_a_plan_that_cannot_be_sent_says_why() -> None:
    made = plan("http://127.0.0.1:9")
    made["requests"][0]["old"]["headers"] = [["X-Bad", "a\r\nb"]]
    _, last = ran(made)
    assert last["why"] == "failed"
    assert "line break" in last["detail"]


_PARENT = """
import json, sys
from harness.load.process import Generator
with Generator(json.loads(sys.argv[1]), workers=2) as generator:
    while True:
        for line in generator.lines(5.0):
            if line["type"] == "started":
                print(generator.pid, *(one.process.pid for one in generator._local.values()), flush=True)
"""


def test_the_children_end_with_their_parent() -> None:
    with LoadedServer() as server:
        argv = [sys.executable, "-c", _PARENT, json.dumps(plan(server.url, rate=20, seconds=300))]
        with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, cwd=ROOT) as parent:
            assert parent.stdout
            pids = [int(pid) for pid in parent.stdout.readline().split()]
            parent.send_signal(signal.SIGKILL)
            parent.wait()
        assert len(pids) == 3
        _until(lambda: not any(_lives(pid) for pid in pids), 10.0)


def _lives(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc").exists():
        return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _until(true: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)  # another's process: there is no event to wait for


def test_workers_of_other_machines_are_awaited_and_told_of() -> None:
    port = free_ports(1)[0]
    lines: list[dict[str, Any]] = []
    with (
        LoadedServer() as server,
        Generator(plan(server.url, rate=50, seconds=0.5), workers=1, bind=("127.0.0.1", port)) as generator,
    ):
        while not lines:
            lines += generator.lines(5.0)
        assert lines[0] == {"type": "waiting", "workers": 0, "of": 1}
        generator.send({"type": "headers", "requests": {"0": {"new": [["X-Renewed", "yes"]]}}})
        quiet = subprocess.DEVNULL
        with subprocess.Popen(worker_command("127.0.0.1", port), stdout=quiet, stderr=quiet, cwd=ROOT) as worker:
            while not generator.ended:
                lines += generator.lines(5.0)
            generator.__exit__(None, None, None)
            assert worker.wait(15) == 0
        assert sum("X-Renewed: yes" in head for head in server.heads) == 25
    assert lines[-1]["why"] == "finished"
    [(name, sent)] = lines[-1]["per_worker"].items()
    assert name == f"{socket.gethostname()} {worker.pid}"
    assert sent == 50


def test_it_runs_by_itself_with_a_profile(tmp_path: Path) -> None:
    shutil.copy(CHILD, tmp_path / "locustfile.py")
    with LoadedServer(behave=lambda head: Reply(status=500 if "/new" in head else 200)) as server:
        made = plan(server.url, rate=50, seconds=1)
        made["requests"][0] |= {"old": request(f"{server.url}/old", token="${env:LOAD_TOKEN}")}
        body = b"${env:LOAD_TOKEN}" + ODD
        made["requests"][0] |= {"new": request(f"{server.url}/new", method="POST", body=body)}
        (tmp_path / "profile.json").write_text(json.dumps(made))
        environment = {"PATH": os.environ["PATH"], "HOME": os.devnull}
        argv = [sys.executable, "-m", "locust", "-f", "locustfile.py", "--headless", "--only-summary"]
        keep: dict[str, Any] = {"cwd": tmp_path, "capture_output": True, "text": True, "timeout": 60}
        missing = subprocess.run(argv, check=False, env=environment, **keep)
        done = subprocess.run(argv, check=False, env={**environment, "LOAD_TOKEN": TOKEN}, **keep)
        assert sum(f"Bearer {TOKEN}" in head for head in server.heads) == 50
        assert sum(f"Content-Length: {len(TOKEN) + len(ODD)}" in head for head in server.heads) == 50
    assert missing.returncode != 0
    assert "LOAD_TOKEN" in missing.stderr
    assert "new: 50 requests, 50 errors" in done.stderr
    assert "GET /orders" in done.stderr  # Locust's own table
    assert "100" in done.stderr
    lines = [json.loads(line) for line in (tmp_path / "cutover-load.jsonl").read_text().splitlines()]
    assert lines[-1]["why"] == "finished"
    assert TOKEN not in (tmp_path / "cutover-load.jsonl").read_text()


def test_a_machine_without_a_connection_left_is_no_fault_of_a_side() -> None:
    def seen(generator: Generator, line: dict[str, Any]) -> None:
        if line["type"] == "started":
            resource.prlimit(generator.pid, resource.RLIMIT_NOFILE, (40, 40))

    with LoadedServer(behave=lambda _: Reply(wait=1.0)) as server:
        counts, last = ran(plan(server.url, rate=100, seconds=2), seen=seen)
    assert (last["why"], "no more connections" in last["detail"]) == ("failed", True)
    assert [counts.over(name).errors for name in ("old", "new")] == [0, 0]
