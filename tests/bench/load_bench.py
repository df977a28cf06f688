"""What the load engine holds: requests a second of CPU beside a bare FastHttpUser, two workers beside one, its memory.

All in one run against one nginx of one process on this machine.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.load.process import Generator
from tests.bench.result import ROOT, Row, main
from tests.servers.nginx import Nginx, static_json

USERS = 64
SECONDS = 4.0
ROUNDS = 3
MORE_THAN_ANY = 200_000.0  # requests/s that no worker reaches: it sends as fast as it can


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """`speed` in requests/s, `cpu` in requests per CPU second of the senders; `memory` in MB at a tenth and at the end."""

    speed: float
    cpu: float
    memory: tuple[float, float] = (0.0, 0.0)


def plan(url: str, *, rate: float, requests: int) -> dict[str, Any]:
    """Return a plan of one request, as often a side."""
    one = {"method": "GET", "url": f"{url}/x", "headers": [["Accept", "*/*"]], "body": "", "ok": None}
    side = {"url": url, "connect_to": "", "ca": "", "proxy": "", "cert": "", "key": ""}
    return {
        "schema": 1, "sides": {"old": side, "new": side}, "segments": [[rate, rate, requests / rate]], "arrivals": [],
        "poisson": False, "warm_up": 0.0, "order": "interleaved", "seed": 1, "timeout": 35.0, "body_limit": 1_000_000,
        "max_in_flight": USERS // 2, "max_requests": requests, "abort_at": 0.5, "slice": 1.0,
        "operations": ["GET /x"], "requests": [{"operation": 0, "weight": 1.0, "old": one, "new": one}],
        "backend_header": {},
    }  # fmt: skip


def engine(url: str, *, requests: int, workers: int = 1, rate: float = MORE_THAN_ANY) -> Ran:
    """Send so many a side, as fast as it goes; what is measured leaves the first and the last second out."""
    lines: list[dict[str, Any]] = []
    memory: list[float] = []
    with Generator(plan(url, rate=rate, requests=requests), workers=workers) as generator:
        while not generator.ended:
            for line in generator.lines(1.0):
                if line["type"] == "counts":
                    lines.append(line)
                    memory.append(_memory(generator))
                assert line["type"] != "ended" or line["why"] == "finished", line
    named = {line["worker"] for line in lines}
    ran = [_rates([line for line in lines if line["worker"] == name]) for name in named]
    ends = (memory[len(memory) // 10], statistics.median(memory[-5:]))
    return Ran(speed=sum(one.speed for one in ran), cpu=statistics.mean(one.cpu for one in ran), memory=ends)


def _rates(lines: list[dict[str, Any]]) -> Ran:
    sent = sum(cell["sent"] for line in lines[1:-1] for cell in line["cells"])
    first, last = lines[0], lines[-2]
    return Ran(speed=sent / (last["wall"] - first["wall"]), cpu=sent / (last["cpu"] - first["cpu"]))


def _memory(generator: Generator) -> float:
    """Return the resident memory of the sending process in MB, 0 where the system does not tell."""
    status = Path(f"/proc/{generator.pid}/status")
    found = [line for line in status.read_text().splitlines() if line.startswith("VmRSS")] if status.exists() else []
    return int(found[0].split()[1]) / 1000 if found else 0.0


def bare(url: str) -> Ran:
    """Let a plain FastHttpUser ask as fast as it can."""
    argv = ["-m", "locust", "-f", str(ROOT / "tests/bench/load_bare.py"), "--headless", "--only-summary", "-H", url]
    argv += ["-u", str(USERS), "-r", "1000", "-t", f"{SECONDS:.0f}s"]
    return _told(argv)


def libcurl(url: str) -> Ran:
    """Let libcurl's multi interface ask, in one greenlet."""
    return _told(["-m", "tests.bench.load_libcurl", f"{url}/x", str(SECONDS)])


def _told(argv: list[str]) -> Ran:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    argv = [sys.executable, *argv]
    done = subprocess.run(argv, cwd=ROOT, env=environment, capture_output=True, text=True, check=True, timeout=120)
    told = json.loads(done.stdout.strip().splitlines()[-1])
    return Ran(speed=told["sent"] / SECONDS, cpu=told["sent"] / told["cpu"])


def measure(arguments: argparse.Namespace) -> list[Row]:
    """Measure in turns, so that what disturbs one disturbs all."""
    with tempfile.TemporaryDirectory() as folder, Nginx(Path(folder) / "nginx", [static_json('{"a": 1}')]) as nginx:
        url = f"http://127.0.0.1:{nginx.port}"
        plain, ours, curl, two, server = [], [], [], [], []
        for _ in range(ROUNDS):
            plain.append(bare(url).cpu)
            ours.append(engine(url, requests=int(SECONDS * 12_000)))
            curl.append(libcurl(url).cpu)
            before, began = _cpu_of_children(nginx), time.monotonic()
            two.append(engine(url, requests=int(SECONDS * 20_000), workers=2))
            server.append((_cpu_of_children(nginx) - before) / (time.monotonic() - began))
        long = engine(url, requests=arguments.requests // 2, rate=arguments.rate / 2)
    base, cpu = statistics.median(plain), statistics.median(one.cpu for one in ours)
    one, both = (statistics.median(ran.speed for ran in rans) for rans in (ours, two))
    each = statistics.median(ran.cpu for ran in two)
    apart = statistics.median(2 * pair.cpu / single.cpu for single, pair in zip(ours, two, strict=True))
    allowed = (os.cpu_count() or 1) >= 4
    note = f"{os.cpu_count()} cores; the server took {statistics.median(server):.2f} of one, a worker {both / 2 / each:.2f}"
    return [
        Row(name="bare FastHttpUser", value=base, unit="requests per CPU second"),
        Row(name="load engine, everything recorded", value=cpu, unit="requests per CPU second"),
        Row(name="libcurl multi in one greenlet", value=statistics.median(curl), unit="requests per CPU second"),
        Row(name="load engine / bare FastHttpUser", value=cpu / base, unit="x", least=0.9),
        Row(name="one worker", value=one, unit="requests/s"),
        Row(name="two workers", value=both, unit="requests/s", note=note),
        Row(name="two workers / one", value=both / one, unit="x", least=1.7 if allowed else None, note=note),
        # what two would do with a core each, whoever else is busy here
        Row(name="two workers / one, by CPU time", value=apart, unit="x", least=1.7),
        Row(
            name="memory at the end / at a tenth",
            value=long.memory[1] / max(long.memory[0], 1.0),
            unit="x",
            most=1.1,
            note=f"{arguments.requests:,} requests, {long.memory[1]:.0f} MB",
        ),
    ]


def _cpu_of_children(nginx: Nginx) -> float:
    """Return the CPU seconds that nginx's process has used, 0 where the system does not tell."""
    total = 0.0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == nginx.pid:
            total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total


if __name__ == "__main__":
    main(
        "load_bench",
        measure,
        ("requests", 2_000_000, "requests of the run whose memory is watched"),
        ("rate", 10_000, "its requests/s"),
    )
