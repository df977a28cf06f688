"""The lab as a child process: its backend, and the two gateways before it, on free ports."""

import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).resolve().parent.parent.parent


class LabServer:
    """The running lab; `ports` maps old, new and backend to where they listen."""

    def __init__(self, *arguments: str) -> None:
        argv = [sys.executable, "-m", "harness.lab.serve", "--ports", "0", *arguments]
        self._process = subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self.stop()
            raise RuntimeError("the lab did not start")
        told: dict[str, Any] = json.loads(line)
        self.ports = {name: int(told[name]) for name in ("old", "new", "backend")}

    def stop(self) -> None:
        """End it by its own process."""
        self._process.terminate()
        self._process.communicate(timeout=10)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
