"""The lab's servers in one process, and that process as a context manager.

`python -m harness.lab.serve --ports 0 --defect NAME` prints one JSON line with the addresses once all accept
connections, and stops at SIGTERM, SIGINT or, with --until-eof, when its standard input ends (its parent died).
"""

import argparse
import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import IO

from harness.lab.catalogue import DEFECTS
from harness.lab.gateway_aws import DEFAULT_TIMEOUT as AWS_TIMEOUT
from harness.lab.ports import PORTS, LabConfig, LabPorts
from harness.lab.servers import Servers, new_gateway
from harness.lab.settings_apim import DEFAULT_TIMEOUT as APIM_TIMEOUT

__all__ = ["Lab", "LabConfig", "LabError", "LabPorts", "Servers", "main", "new_gateway", "parse_ports", "serve"]

_STOP_SECONDS = 5.0


class LabError(Exception):
    """The lab did not start; the text says why."""


class Lab:
    """The lab in a child process, for as long as the `with` block lasts. Entering it may raise LabError."""

    def __init__(self, *defects: str, ports: tuple[int, int, int] = (0, 0, 0), timeout: float | None = None) -> None:
        """Prepare a lab with `defects`; `timeout` (seconds) sets the timeouts of both gateways."""
        # -P: a folder called `harness` where the user happens to be is not ours
        self._command = [sys.executable, "-P", "-m", "harness.lab.serve", "--until-eof"]
        self._command += ["--ports", ",".join(map(str, ports))]
        for name in defects:
            self._command += ["--defect", name]
        if timeout is not None:
            self._command += ["--timeout", str(timeout)]
        self._child: subprocess.Popen[bytes] | None = None
        self._errors: IO[bytes] | None = None
        self._files = ""

    def __enter__(self) -> LabPorts:
        # a file, since a pipe that nobody reads would stop the child once it is full
        errors = self._errors = tempfile.TemporaryFile()
        child = self._child = subprocess.Popen(  # noqa: S603  our own interpreter and module
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors
        )
        line = _pipe(child.stdout).readline()
        if not line:
            child.wait()
            errors.seek(0)
            why = errors.read().decode(errors="replace").strip()
            self.__exit__(None, None, None)
            raise LabError(why.rpartition("\n")[2] or "the lab ended before it was ready")
        ports = LabPorts.of(json.loads(line))
        self._files = ports.files
        return ports

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        with suppress(OSError):
            _pipe(child.stdin).close()
        try:
            child.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
            if self._files:
                shutil.rmtree(self._files, ignore_errors=True)
        _pipe(child.stdout).close()
        _pipe(self._errors).close()


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe


async def serve(config: LabConfig, *, announce: Callable[[LabPorts], None], until_eof: bool = False) -> None:
    """Serve until SIGTERM or SIGINT (or the end of standard input); `announce` is called once all three answer.

    Raises OSError if a port is taken, KeyError for an unknown defect.
    """
    servers = Servers(config)
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError):  # Windows has no such handlers; KeyboardInterrupt ends the loop there
            loop.add_signal_handler(number, ended.set)
    if until_eof:
        await _watch_stdin(ended)
    await servers.start()
    announce(servers.ports)
    await ended.wait()
    await servers.stop()


async def _watch_stdin(ended: asyncio.Event) -> None:
    """Set `ended` at the end of standard input, without keeping the process alive for it."""
    loop = asyncio.get_running_loop()

    def wait() -> None:
        # os.read holds no lock of sys.stdin, which the interpreter needs when it ends
        with suppress(OSError):
            while os.read(0, 1):
                pass
        with suppress(RuntimeError):  # the loop has ended already
            loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=wait, daemon=True).start()


def parse_ports(text: str) -> tuple[int, int, int]:
    """Return three ports from "8081,8082,8083", from the first of three in a row, or from 0 (any free ones).

    Raises ValueError for anything else.
    """
    numbers = [int(part) for part in text.split(",")]
    if len(numbers) == 1:
        numbers = [numbers[0] + step if numbers[0] else 0 for step in range(3)]
    if len(numbers) != 3 or not all(0 <= number <= 65_535 for number in numbers):
        raise ValueError("one or three port numbers, 0 to 65535")
    return numbers[0], numbers[1], numbers[2]


def _tell(ports: LabPorts) -> None:
    sys.stdout.write(ports.line() + "\n")
    sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the lab from the command line of this module; `cutover lab` is the one for people."""
    parser = argparse.ArgumentParser(prog="harness.lab.serve")
    parser.add_argument("--ports", type=parse_ports, default=PORTS)
    parser.add_argument("--defect", action="append", default=[], choices=[one.name for one in DEFECTS], metavar="NAME")
    parser.add_argument("--timeout", type=float, help="timeouts of both gateways in seconds")
    parser.add_argument("--until-eof", action="store_true")
    options = parser.parse_args(arguments)
    config = LabConfig(
        ports=options.ports,
        defects=tuple(options.defect),
        old_timeout=options.timeout or AWS_TIMEOUT,
        new_timeout=options.timeout or APIM_TIMEOUT,
    )
    try:
        asyncio.run(serve(config, announce=_tell, until_eof=options.until_eof))
    except OSError as error:
        sys.stderr.write(f"cannot listen: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
