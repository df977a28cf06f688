"""Run all benchmarks, or those named: `python -m tests.bench [NAME…]`. Each is a process of its own.

Prints tables, and writes one JSON file with every figure to bench-results/.
"""

import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

from tests.bench.result import ROOT, Row, table

BENCHES = (
    "throughput_bench",
    "front_door_bench",
    "compare_bench",
    "scale_bench",
    "html_bench",
    "security_bench",
    "load_bench",
    "dns_bench",
)


def run(name: str) -> dict[str, Any]:
    """Run one benchmark and return what it printed as JSON."""
    argv = [sys.executable, "-m", f"tests.bench.{name}", "--json"]
    done = subprocess.run(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    lines = done.stdout.strip().splitlines()
    try:
        found: dict[str, Any] = json.loads(lines[-1])
    except (IndexError, ValueError):
        return {"bench": name, "failed": f"exit code {done.returncode}, no JSON", "output": done.stdout[-2000:]}
    return found


def show(name: str, found: dict[str, Any]) -> bool:
    """Print one benchmark's table; tell whether it ran and met its aims."""
    print(f"\n{name}", flush=True)
    if "rows" not in found:
        print(found.get("failed") or json.dumps(found, indent=1))
        return "failed" not in found
    rows = [Row(**{key: value for key, value in row.items() if key != "met"}) for row in found["rows"]]
    print(table(rows), flush=True)
    return all(row.met is not False for row in rows)


def main() -> int:
    """Run them and return 1 if one failed or missed an aim."""
    names = [name if name.endswith("_bench") else f"{name}_bench" for name in sys.argv[1:]] or BENCHES
    machine = {"python": platform.python_version(), "system": platform.platform(), "cores": os.cpu_count()}
    results: list[dict[str, Any]] = []
    good = True
    for name in names:
        results.append(run(name))
        good = show(name, results[-1]) and good
    folder = ROOT / "bench-results"
    folder.mkdir(exist_ok=True)
    now = datetime.now(UTC)
    file = folder / f"{now:%Y%m%d-%H%M%S}.json"
    file.write_text(json.dumps({"at": now.isoformat(), "machine": machine, "results": results}, indent=1))
    print(f"\n{file.relative_to(ROOT)}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
