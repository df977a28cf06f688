"""Full pairs per second (sent, compared, journaled) beside bare client loops, against the same two servers, in turn."""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench.machine import Two, scenario, two_nginx
from tests.bench.result import ROOT, Row, main, median_of_rounds

SECONDS = 3
PAIRS = 40_000


def _loop(client: str, two: Two) -> float:
    return _child("tests.bench.client_loops", client, f"{two.old}/items/1", f"{two.new}/items/1", str(SECONDS))


def _child(module: str, *arguments: str) -> float:
    argv = [sys.executable, "-m", module, *arguments]
    return float(subprocess.run(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout)


def measure(arguments: argparse.Namespace) -> list[Row]:
    """Measure all five, in turn, and relate ours to the others."""
    with tempfile.TemporaryDirectory() as folder, two_nginx(Path(folder)) as two:
        file = Path(folder) / "bench.yaml"
        file.write_text(scenario(two, 1))
        found = median_of_rounds(
            arguments.rounds,
            {
                "ours": lambda: _child("tests.bench.engine_loop", str(file), str(PAIRS)),
                "pycurl": lambda: _loop("pycurl", two),
                "aiohttp": lambda: _loop("aiohttp", two),
                "httpx": lambda: _loop("httpx", two),
                "httpx-2": lambda: _loop("httpx-2", two),
            },
        )
    ours = found["ours"]
    return [
        Row(name="cutover, full pairs", value=ours, unit="pairs/s", note="sent, compared, journaled; 64 in flight"),
        Row(name="bare pycurl multi", value=found["pycurl"], unit="pairs/s", note="64 in flight"),
        Row(name="bare aiohttp", value=found["aiohttp"], unit="pairs/s", note="64 in flight"),
        Row(name="bare httpx", value=found["httpx"], unit="pairs/s", note="64 in flight, default limits"),
        Row(name="bare httpx, 2 in flight", value=found["httpx-2"], unit="pairs/s", note="where it is quickest"),
        Row(name="ours / pycurl", value=ours / found["pycurl"], unit="x", least=0.45),
        Row(name="ours / aiohttp", value=ours / found["aiohttp"], unit="x"),
        Row(name="ours / httpx", value=ours / found["httpx"], unit="x", least=40),
        Row(name="ours / httpx, 2 in flight", value=ours / found["httpx-2"], unit="x"),
    ]


if __name__ == "__main__":
    main("throughput_bench", measure, ("rounds", 3, "rounds of each"))
