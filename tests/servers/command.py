"""The `cutover` command as a child process, the way a user runs it."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What became of one call."""

    code: int
    out: str
    err: str
    runs: Path

    @property
    def run(self) -> Path:
        """Return the newest run's directory."""
        return max(path for path in self.runs.iterdir() if path.is_dir() and not path.name.startswith("."))

    @property
    def report(self) -> dict[str, Any]:
        """Return report.json of the newest run."""
        report: dict[str, Any] = json.loads((self.run / "report.json").read_text(encoding="utf-8"))
        return report

    def findings(self, outcome: str = "FAIL") -> list[dict[str, Any]]:
        """Return the findings of an outcome."""
        return [finding for finding in self.report["findings"] if finding["outcome"] == outcome]

    def rounds(self) -> list[dict[str, Any]]:
        """Return the journal's rounds."""
        lines = (self.run / "journal.jsonl").read_bytes().splitlines()
        return [event for line in lines if (event := json.loads(line))["t"] == "round"]


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return an environment for the child: ours, without what would change pytest's behaviour."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "CUTOVER_"))}
    return {**kept, **(extra or {})}


def arguments(*args: str | Path) -> list[str]:
    """Return the command line of a child."""
    return [sys.executable, "-m", "harness.cli.main", *map(str, args)]


_WEIGHING = """
import os, sys
child = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(child, 0)
with open(sys.argv[1], "w") as told:
    told.write(str(usage.ru_maxrss))
sys.exit(os.waitstatus_to_exitcode(status))
"""


def weighed(argv: list[str], told: Path) -> list[str]:
    """Return a command line that runs `argv` and writes the most memory that it took (KiB) to `told`.

    A child of the tests' own process would count what that one holds, up to the moment at which it is another program.
    """
    return [sys.executable, "-S", "-c", _WEIGHING, str(told), *argv]


def cutover(
    *args: str | Path,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    timeout: float = 120,
    memory: Path | None = None,
) -> Done:
    """Run `cutover` in `cwd`, where it keeps its runs; the most memory that it took (KiB) is written to `memory`."""
    argv = arguments(*args)
    call = subprocess.run(
        weighed(argv, memory) if memory else argv,
        cwd=cwd,
        env={**environment(env), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=timeout,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    return Done(code=call.returncode, out=call.stdout, err=call.stderr, runs=cwd / "cutover-runs")
