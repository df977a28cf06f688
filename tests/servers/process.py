"""A server program as a child of the test run: found, started, waited for, stopped by its own process."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

HOST = "127.0.0.1"
START_SECONDS = 20.0


class ServerDied(Exception):  # noqa: N818  reads as a fact where it is caught
    """A server ended, or did not listen in time; carries what it had to say."""


def find_program(*names: str) -> str | None:
    """Return the path of the first program that is there; system folders count even if PATH leaves them out."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/sbin"])
    return next((found for name in names if (found := shutil.which(name, path=path))), None)


def free_ports(count: int) -> list[int]:
    """Return ports that nothing listened on a moment ago, all different."""
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_STREAM) for _ in range(count)]
    try:
        for sock in sockets:
            sock.bind((HOST, 0))
        return [int(sock.getsockname()[1]) for sock in sockets]
    finally:
        for sock in sockets:
            sock.close()


class Child:
    """A running program that listens on `ports`; its output goes to a file that a failure shows."""

    def __init__(self, argv: Sequence[str], folder: Path, ports: Sequence[int]) -> None:
        self._argv = list(argv)
        self._ports = tuple(ports)
        self._log = folder / "output.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(self._argv, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=folder)
        try:
            for port in self._ports:
                self._wait_for(port)
        except BaseException:
            self.stop()
            raise

    @property
    def pid(self) -> int:
        """Return the process id."""
        return self._process.pid

    def output(self) -> str:
        """Return what the program has printed so far."""
        return self._log.read_text(errors="replace")

    def stop(self) -> None:
        """End the program: politely, then by force."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._process.wait()

    def _wait_for(self, port: int) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise ServerDied(f"{self._argv[0]} ended with {self._process.returncode}:\n{self.output()[-4000:]}")
            if _listens(port):
                return
            # a refused connect answers at once; waiting for the child is the only event there is to wait on
            try:
                self._process.wait(0.02)
            except subprocess.TimeoutExpired:
                continue
        raise ServerDied(f"{self._argv[0]} does not listen on {port}:\n{self.output()[-4000:]}")


def on_free_ports(count: int, start: Callable[[list[int]], Child]) -> tuple[list[int], Child]:
    """Start a program on ports that were free a moment ago; anew when someone else was quicker."""
    for left in (2, 1, 0):
        ports = free_ports(count)
        try:
            return ports, start(ports)
        except ServerDied as died:
            if not left or "ddress already in use" not in str(died):
                raise
    raise AssertionError


def _listens(port: int) -> bool:
    try:
        with socket.create_connection((HOST, port), timeout=1):
            return True
    except OSError:
        return False
