"""A long run: rehearse again and again in one process, and see that nothing grows. `python -m tests.bench.soak --minutes 10`.

Bounded in time; exits with 1 when memory or open files went up between the first and the last third.
"""

import argparse
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.engine_loop import pairs_per_second
from tests.bench.machine import pin_client, scenario, two_nginx
from tests.bench.result import Row, table

PAIRS = 10_000
FEWEST_ROUNDS = 9


def _memory() -> float:
    """Return resident memory in MB (its peak, where the system tells no more)."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * resource.getpagesize() / 1_000_000
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_000_000


def _open_files() -> float:
    folder = Path("/proc/self/fd") if Path("/proc/self/fd").exists() else Path("/dev/fd")
    return float(len(list(folder.iterdir())))


def _thirds(values: list[float]) -> tuple[float, float]:
    size = len(values) // 3
    return statistics.median(values[:size]), statistics.median(values[-size:])


def main() -> int:
    """Run for the time given and tell what grew."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.soak")
    parser.add_argument("--minutes", type=float, default=10, help="how long (default 10)")
    end = time.monotonic() + parser.parse_args().minutes * 60
    speeds: list[float] = []
    memory: list[float] = []
    files: list[float] = []
    with tempfile.TemporaryDirectory() as folder, two_nginx(Path(folder)) as two:
        pin_client()
        file = Path(folder) / "soak.yaml"
        file.write_text(scenario(two, 1))
        while time.monotonic() < end or len(speeds) < FEWEST_ROUNDS:
            speeds.append(pairs_per_second(file, PAIRS))
            memory.append(_memory())
            files.append(_open_files())
    (first, last), (files_first, files_last) = _thirds(memory), _thirds(files)
    speed_first, speed_last = _thirds(speeds)
    rows = [
        Row(name="rounds", value=len(speeds), unit="", note=f"{PAIRS:,} pairs each"),
        Row(name="memory, last third / first third", value=last / first, unit="x", most=1.1, note=f"{last:.0f} MB"),
        Row(name="open files, last - first third", value=files_last - files_first, unit="", most=0),
        Row(name="speed, last third / first third", value=speed_last / speed_first, unit="x", least=0.8),
    ]
    print(table(rows))
    return 0 if all(row.met is not False for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
