"""`cutover` as a child whose every address is watched from outside: libcurl's connects pass no Python hook.

strace sees the system calls themselves, of all threads and children. Local sockets and netlink lead to no host.
"""

import re
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tests.servers.command import ROOT, Done, arguments, environment
from tests.servers.process import find_program

Address = tuple[str, int]
_CALLS = "connect,sendto,sendmsg,sendmmsg,bind"
_BIND = re.compile(r"^\d+ +bind\(")
_V4 = re.compile(r'sin_port=htons\((\d+)\), sin_addr=inet_addr\("([^"]+)"\)')
_V6 = re.compile(r'sin6_port=htons\((\d+)\).*?inet_pton\(AF_INET6, "([^"]+)"')
_OTHER = re.compile(r"sa_family=(AF_\w+)")
_NO_HOSTS = frozenset({"AF_UNIX", "AF_NETLINK", "AF_UNSPEC", "AF_INET", "AF_INET6"})


@lru_cache
def find() -> str | None:
    """Return the path of strace, if it may watch a process here."""
    program = find_program("strace")
    if program is None:
        return None
    tried = subprocess.run(
        [program, "-qq", "-f", "--seccomp-bpf", "-e", "trace=connect", "true"], capture_output=True, check=False
    )
    return program if tried.returncode == 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What became of a call, the addresses that it connected or sent to, and those that it bound (port 0: any)."""

    done: Done
    addresses: frozenset[Address]
    bound: frozenset[Address]


def watched(
    *args: str | Path,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    timeout: float = 120,
    inside: Callable[[Sequence[str]], list[str]] = list,
) -> Watched:
    """Run `cutover` in `cwd` under strace; `inside` makes a command line run somewhere else (a network)."""
    program = find()
    assert program is not None
    trace = cwd / "trace.txt"
    # -s 0: what is sent is not looked at, so that no payload is taken for an address
    strace = [
        program,
        "-f",
        "--seccomp-bpf",
        "-qq",
        "-s",
        "0",
        "-e",
        f"trace={_CALLS}",
        "-e",
        "signal=none",
        "-o",
        str(trace),
    ]
    call = subprocess.run(
        inside([*strace, *arguments(*args)]),
        cwd=cwd,
        env={**environment(env), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    done = Done(code=call.returncode, out=call.stdout, err=call.stderr, runs=cwd / "cutover-runs")
    lines = trace.read_text().splitlines(keepends=True)
    return Watched(
        done=done,
        addresses=_addresses("".join(line for line in lines if not _BIND.match(line))),
        bound=_addresses("".join(line for line in lines if _BIND.match(line))),
    )


def _addresses(trace: str) -> frozenset[Address]:
    strange = set(_OTHER.findall(trace)) - _NO_HOSTS
    assert not strange, f"sockets of kinds that nobody reads here: {strange}"
    found = [*_V4.findall(trace), *(pair for line in trace.splitlines() for pair in _V6.findall(line))]
    return frozenset((host, int(port)) for port, host in found)
