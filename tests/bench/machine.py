"""The machine that a benchmark runs on: which core for whom, the command as a child, two servers to ask."""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.result import ROOT
from tests.servers.nginx import Nginx, static_json

SMALL_JSON = '{"id": 1042, "sku": "A1-17", "price": 12.50, "tags": ["new", "small"], "open": true}'
OTHER_JSON = SMALL_JSON.replace("12.50", "13.50")
CUTOVER = (sys.executable, "-m", "harness.cli.main")

_CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


def _on(cores: Sequence[int]) -> None:
    if len(_CORES) > 1:
        os.sched_setaffinity(0, cores)


def pin_client() -> None:
    """Keep this process on the first core, which the servers leave alone."""
    _on(_CORES[:1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Two:
    """Two running servers, by address."""

    old: str
    new: str


@contextmanager
def two_nginx(folder: Path, *, new: str = SMALL_JSON) -> Iterator[Two]:
    """Start two servers that answer every path with a small JSON text; they keep off the client's core."""
    _on(_CORES[1:])
    try:
        first = Nginx(folder / "old", [static_json(SMALL_JSON)])
        second = Nginx(folder / "new", [static_json(new)])
    finally:
        _on(_CORES)
    with first, second:
        yield Two(old=f"http://127.0.0.1:{first.port}", new=f"http://127.0.0.1:{second.port}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A child that has ended: wall seconds, peak memory in MB, exit code, output."""

    seconds: float
    memory: float
    code: int
    output: str


def run(argv: Sequence[str | Path], cwd: Path) -> Ran:
    """Run a program of ours to its end."""
    environment = dict(os.environ, PYTHONPATH=str(ROOT), NO_COLOR="1", PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    started = time.perf_counter()
    with (cwd / "output.txt").open("w+b") as output:
        process = subprocess.Popen([str(arg) for arg in argv], cwd=cwd, env=environment, stdout=output, stderr=output)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - started
        output.seek(0)
        text = output.read().decode(errors="replace")
    return Ran(seconds=seconds, memory=_megabytes(usage), code=process.returncode, output=text)


def _megabytes(usage: resource.struct_rusage) -> float:
    return usage.ru_maxrss / (1_000_000 if sys.platform == "darwin" else 1000)


def scenario(two: Two, cases: int) -> str:
    """Return a scenario of so many cases, each a path of its own; nothing slows it but the harness."""
    head = f"""\
version: 1
name: bench
old: {{kind: generic, url: "{two.old}"}}
new: {{kind: generic, url: "{two.new}"}}
limits: {{rate: 1000000, concurrency: 32, timeout: 35s}}
compare: {{noise: {{repeats: 0}}}}
cases:
"""
    return head + "".join(f"  - {{name: case {number}, request: GET /items/{number}}}\n" for number in range(cases))
