"""A load through the front door: what it ends in, also where there is nothing to measure or somebody ends it."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from harness.lab.serve import Lab
from harness.load.process import Generator
from tests.servers.command import ROOT, Done, arguments, cutover, environment
from tests.servers.plain import Answer, Asked, PlainServer

pytestmark = pytest.mark.alone

CANARY = "canary-5b0c9d44e1"
SCENARIO = """\
version: 1
name: Load of two small servers
old: {{kind: generic, url: "{old}"}}
new: {{kind: generic, url: "{new}"}}
limits: {{timeout: 2s}}
credentials:
  partner: {{both: {{header: {{x-api-key: "${{env:PARTNER_KEY}}"}}}}}}
cases:
  - {{name: list, request: GET /orders, as: partner, expect: {{status: 200}}}}
load:
  profile: {{rate: {rate}, for: {seconds}s}}
  workers: {workers}
gates: {{require: [load]}}
"""


def _file(folder: Path, old: str, new: str, *, rate: int = 50, seconds: int = 4, workers: int = 1) -> Path:
    folder.mkdir(parents=True)
    path = folder / "load.yaml"
    path.write_text(SCENARIO.format(old=old, new=new, rate=rate, seconds=seconds, workers=workers))
    return path


def _fine(_: Asked) -> Answer:
    return Answer()


def _failing(_: Asked) -> Answer:
    return Answer(status=503)


def _between(folder: Path, old: Callable[[Asked], Answer], new: Callable[[Asked], Answer], **profile: int) -> Done:
    with PlainServer(old) as one, PlainServer(new) as other:
        file = _file(folder, one.url, other.url, **profile)
        return cutover("rehearse", file, "--suite", "load", cwd=folder, env={"PARTNER_KEY": CANARY})


def _good(folder: Path) -> Done:
    return _between(folder, _fine, _fine)


def _broken_new(folder: Path) -> Done:
    return _between(folder, _fine, _failing)


def _broken_old(folder: Path) -> Done:
    return _between(folder, _failing, _fine)


def _nobody(folder: Path) -> Done:
    with PlainServer(_fine) as gone:
        address = gone.url
    file = _file(folder, address, address)
    return cutover("rehearse", file, "--suite", "load", cwd=folder, env={"PARTNER_KEY": CANARY})


def _cut(folder: Path, end: Callable[[subprocess.Popen[str]], None], *, workers: int = 1) -> Done:
    """Rehearse, and `end` it in the middle of the load."""
    enough = threading.Event()

    def new(_: Asked) -> Answer:
        if len(other.asked) >= 100:
            enough.set()
        return Answer()

    with PlainServer(_fine) as one, PlainServer(new) as other:
        file = _file(folder, one.url, other.url, seconds=60, workers=workers)
        child = subprocess.Popen(
            arguments("rehearse", file, "--suite", "load"),
            cwd=folder,
            env={**environment({"PARTNER_KEY": CANARY}), "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            assert enough.wait(60)
            end(child)
            out, err = child.communicate(timeout=60)
        finally:
            child.kill()
    return Done(code=child.returncode, out=out, err=err, runs=folder / "cutover-runs")


def _interrupted(folder: Path) -> Done:
    return _cut(folder, lambda child: child.send_signal(signal.SIGINT))


def _worker_lost(folder: Path) -> Done:
    return _cut(folder, lambda child: os.kill(_worker_of(child.pid), signal.SIGKILL), workers=2)


def _worker_of(parent: int) -> int:
    """Return the process id of one of the workers that a rehearsal has started."""
    for place in Path("/proc").glob("[0-9]*"):
        try:
            before = (place / "stat").read_text().rpartition(")")[2].split()
            words = (place / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if int(before[1]) == parent and b"--worker" in words:
            return int(place.name)
    raise AssertionError("no worker")


def _by_pytest(folder: Path) -> Done:
    with PlainServer(_fine) as one, PlainServer(_failing) as other:
        file = _file(folder, one.url, other.url)
        call = subprocess.run(
            [sys.executable, "-m", "pytest", str(ROOT / "suites" / "load"), "--scenario", str(file)],
            cwd=folder,
            env={**environment({"PARTNER_KEY": CANARY}), "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    return Done(code=call.returncode, out=call.stdout, err=call.stderr, runs=folder / "cutover-runs")


def _in_the_lab(folder: Path) -> Done:
    folder.mkdir()
    with Lab() as ports:
        sets = {"rate": 60, "seconds": "5s", "warm_up": "1s", "old_port": ports.old, "new_port": ports.new}
        given = [part for name, value in sets.items() for part in ("--set", f"{name}={value}")]
        scenario = ROOT / "scenarios" / "load.yaml"
        return cutover("rehearse", scenario, "--suite", "load", *given, cwd=folder)


RUNS = (_in_the_lab, _interrupted, _worker_lost, _good, _broken_new, _broken_old, _nobody, _by_pytest)

Runs = Callable[[Callable[[Path], Done]], Done]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    """Send every load, three beside each other."""
    base = tmp_path_factory.mktemp("load")
    with ThreadPoolExecutor(3) as pool:
        futures: dict[str, Future[Done]] = {one.__name__: pool.submit(one, base / one.__name__) for one in RUNS}
        yield lambda one: futures[one.__name__].result()
        pool.shutdown(cancel_futures=True)


def _journal(done: Done) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (done.run / "journal.jsonl").read_bytes().splitlines()]


def _outcomes(done: Done) -> dict[str, str]:
    return {one["text"]: one["outcome"] for one in done.report["load"]["thresholds"]}


def _sent(done: Done, side: str) -> int:
    (loaded,) = (event for event in _journal(done) if event["t"] == "loaded")
    return int(next(arm["sent"] for arm in loaded["arms"] if arm["side"] == side and not arm.get("operation")))


def test_a_small_load_sends_what_was_planned_and_says_what_more_it_needs(runs: Runs) -> None:
    done = runs(_in_the_lab)
    assert done.code == 5, done.out + done.err
    load = done.report["load"]
    assert (load["state"], load["planned"]) == ("finished", {"old": 300, "new": 300})
    assert _sent(done, "old") == _sent(done, "new") == 300
    assert _outcomes(done)["errors <= old + 0.1pp"] == "INCONCLUSIVE"
    assert "needs about" in done.out
    assert (done.run / "report.html").exists()


def test_the_time_of_the_gateway_itself_is_told_where_the_backend_tells_its_own(runs: Runs) -> None:
    (loaded,) = (event for event in _journal(runs(_in_the_lab)) if event["t"] == "loaded")
    assert all(arm["overhead"] for arm in loaded["arms"])


def test_a_load_is_announced_before_it_is_sent_and_no_secret_reaches_the_disk(runs: Runs) -> None:
    done = runs(_good)
    kinds = [event["t"] for event in _journal(done)]
    assert kinds.index("loading") < kinds.index("loaded") < kinds.index("checked")
    assert _sent(done, "new") == 200
    kept = [path for path in done.runs.rglob("*") if path.is_file()]
    assert not [path for path in kept if CANARY.encode() in path.read_bytes()]


def test_a_new_side_that_fails_is_no_go_and_is_left_alone(runs: Runs) -> None:
    done = runs(_broken_new)
    assert done.code == 1, done.out + done.err
    assert done.report["load"]["state"] == "aborted"
    assert _outcomes(done)["errors <= old + 0.1pp"] == "FAIL"
    assert 100 <= _sent(done, "new") < 200


def test_an_old_side_that_fails_leaves_nothing_to_compare_with(runs: Runs) -> None:
    done = runs(_broken_old)
    assert done.code == 5, done.out + done.err
    assert "FAIL" not in _outcomes(done).values()
    assert "PASS" not in _outcomes(done).values()


def test_where_nobody_answers_nothing_is_proven(runs: Runs) -> None:
    done = runs(_nobody)
    assert done.code == 5, done.out + done.err
    assert not {"PASS", "FAIL"} & set(_outcomes(done).values())


@pytest.mark.parametrize(("cut", "code", "state"), [(_interrupted, 2, "interrupted"), (_worker_lost, 5, "worker lost")])
def test_a_load_that_is_cut_keeps_what_it_measured_and_decides_nothing(
    cut: Callable[[Path], Done], code: int, state: str, runs: Runs
) -> None:
    done = runs(cut)
    assert done.code == code, done.out + done.err
    assert done.report["load"]["state"] == state
    assert done.report["verdict"] == "HOLD"
    assert set(_outcomes(done).values()) == {"INCONCLUSIVE"}
    assert _sent(done, "new") > 0


def test_the_last_words_of_a_generator_that_has_ended_are_heard(tmp_path: Path) -> None:
    file = tmp_path / "last_words.py"
    file.write_text("""import os\nos.write(1, b'{"type":"ended","why":"finished","detail":""}\\n')\nos._exit(0)\n""")
    with Generator({}, workers=1, file=file) as generator:
        assert os.waitid(os.P_PID, generator.pid, os.WEXITED | os.WNOWAIT)
        (last,) = generator.lines(10)
    assert last["why"] == "finished"


def test_pytest_judges_the_same(runs: Runs) -> None:
    done = runs(_by_pytest)
    assert done.code == 1, done.out + done.err
    assert "errors <= old + 0.1pp" in done.out


@pytest.mark.parametrize(
    ("sets", "words"),
    [
        (["--set", "rate=0"], "rate"),
        (["--set", "seconds=0s"], "a duration of 0"),
        (["--set", "rate=900", "--set", "seconds=10m"], "max_requests"),
    ],
)
def test_a_load_that_proves_nothing_or_is_too_much_is_refused(sets: list[str], words: str, tmp_path: Path) -> None:
    done = cutover("rehearse", ROOT / "scenarios" / "load.yaml", "--suite", "load", *sets, cwd=tmp_path)
    assert done.code == 4, done.out + done.err
    assert words in done.err
    assert not done.runs.exists()
