"""A network of the test's own: its own loopback, addresses and port 53, gone with the test. Needs root.

What runs by `Network.run` is inside: its sockets, and every thread and program that it starts. Programs can be put
inside by `Network.command` too.
"""

import ctypes
import os
import subprocess
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from tests.servers.process import find_program

T = TypeVar("T")
_CLONE_NEWNET = 0x40000000  # sched.h


@lru_cache
def find() -> str | None:
    """Return the path of `ip`, if networks can be made here."""
    program, unshare, enter = (find_program(name) for name in ("ip", "unshare", "nsenter"))
    if program is None or unshare is None or enter is None:
        return None
    tried = subprocess.run([unshare, "--net", "--mount", "true"], capture_output=True, check=False)
    return program if tried.returncode == 0 else None


class Network:
    """A network namespace with `addresses` on its loopback, beside 127.0.0.0/8 and ::1. No other way leads out.

    Only its own thread is in it, so that the rest of the test run sees nothing of it; the kernel removes it once that
    thread has ended and no program runs in it any more.
    """

    def __init__(self, addresses: Sequence[str] = ()) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="network")
        try:
            self._path = self.run(_leave_for_a_new_one)
            self.run(lambda: _set_up(addresses))
        except BaseException:
            self.stop()
            raise

    def run(self, call: Callable[[], T]) -> T:
        """Call something inside, and return what it returns. One call at a time; `call` must not call `run`."""
        return self._thread.submit(call).result()

    def command(self, argv: Sequence[str | Path], *, resolv_conf: Path | None = None) -> list[str]:
        """Return the command line that runs a program inside; with `resolv_conf` in place of /etc/resolv.conf."""
        enter = find_program("nsenter")
        assert enter is not None
        words = [enter, f"--net={self._path}"]
        if resolv_conf is not None:
            mount = 'mount --bind "$0" /etc/resolv.conf && exec "$@"'
            words += ["unshare", "--mount", "sh", "-c", mount, str(resolv_conf)]
        return [*words, *(str(word) for word in argv)]

    def stop(self) -> None:
        """Leave it."""
        self._thread.shutdown()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _leave_for_a_new_one() -> str:
    """Put the calling thread, and no other, into a network of its own; return by which path others enter."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "no network of its own")
    return f"/proc/{os.getpid()}/task/{threading.get_native_id()}/ns/net"


def _set_up(addresses: Sequence[str]) -> None:
    program = find()
    assert program is not None
    lines = ["link set lo up", *(f"addr add {address} dev lo" for address in addresses)]
    subprocess.run([program, "-batch", "-"], input="\n".join(lines).encode(), capture_output=True, check=True)
