"""nsd as a child process: authoritative for zones that a test writes, on a port (and an address) of its own."""

import itertools
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import dns.exception
import dns.message
import dns.query
import dns.rdatatype
import dns.zone

from tests.servers.process import HOST, START_SECONDS, Child, ServerDied, find_program, on_free_ports

ASK_SECONDS = 0.1
"""How long one question of a test's own to a server is waited for; it is asked anew until START_SECONDS are over."""


def find() -> str | None:
    """Return the path of nsd."""
    return find_program("nsd")


class Nsd:
    """A running nsd that serves `zones` (origin -> text of the zone file) on `address`, by UDP and TCP.

    `also` are further addresses that it listens on. A zone whose text nsd cannot read is served as SERVFAIL.
    Without `port` a free one is taken; without `folder` one is made for it and removed at the end.
    """

    def __init__(
        self,
        zones: Mapping[str, str],
        address: str = HOST,
        port: int | None = None,
        *,
        also: Sequence[str] = (),
        folder: Path | None = None,
    ) -> None:
        program = find()
        assert program is not None
        self._made = None if folder else tempfile.TemporaryDirectory(prefix="nsd-")
        self._folder = folder or Path(str(self._made.name if self._made else ""))
        self._folder.mkdir(parents=True, exist_ok=True)
        self._count = itertools.count()
        self.address = address
        self._files = {_plain(origin): self._folder / f"zone-{at}" for at, origin in enumerate(zones)}
        for origin, text in zones.items():
            self._files[_plain(origin)].write_text(text)
        config = self._folder / "nsd.conf"

        def start(ports: list[int]) -> Child:
            config.write_text(_config(self._folder, [address, *also], ports[0], self._files))
            argv = [program, "-d", "-c", str(config)]
            return _Answering(argv, self._folder, ports, address=address, origin=next(iter(self._files), "."))

        try:
            if port is None:
                ports, self._child = on_free_ports(1, start)
                self.port = ports[0]
            else:
                self.port, self._child = port, start([port])
        except BaseException:
            self._remove()
            raise

    @property
    def pid(self) -> int:
        """Return the process id of its master."""
        return self._child.pid

    def output(self) -> str:
        """Return what it has printed so far."""
        return self._child.output()

    def serial(self, origin: str) -> int | None:
        """Return the serial that it serves of a zone, None if it serves none."""
        reply = ask(self.address, self.port, origin, "SOA")
        found = [one for one in (reply.answer if reply else ()) if one.rdtype == dns.rdatatype.SOA]
        return int(found[0][0].serial) if found else None

    def rewrite(self, origin: str, text: str) -> None:
        """Serve another text for a zone; return when it is served. Its serial must be another one."""
        serial = serial_of(origin, text)
        assert serial != self.serial(origin), "a new text needs a new serial, or nobody could tell when it is served"
        path = self._files[_plain(origin)]
        fresh = path.with_suffix(f".{next(self._count)}")
        fresh.write_text(text)
        fresh.replace(path)
        deadline = time.monotonic() + START_SECONDS
        asked_at = 0.0
        while self.serial(origin) != serial:
            now = time.monotonic()
            if now > deadline:
                raise ServerDied(f"nsd does not serve {origin} with serial {serial}:\n{self.output()[-4000:]}")
            # a signal that comes while nsd is busy with the one before it is lost
            if now - asked_at > 1:
                os.kill(self.pid, signal.SIGHUP)
                asked_at = now

    def stop(self) -> None:
        """Stop it."""
        self._child.stop()
        self._remove()

    def _remove(self) -> None:
        if self._made is not None:
            self._made.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def zone_text(origin: str, records: str, *, serial: int = 1, ttl: int = 60, negative: int = 60) -> str:
    """Return a zone file: SOA and what `records` says (an NS of the zone is for `records` to say)."""
    return (
        f"$ORIGIN {_plain(origin)}\n$TTL {ttl}\n"
        f"@ SOA ns1 hostmaster {serial} 3600 600 86400 {negative}\n" + "\n".join(_lines(records)) + "\n"
    )


def serial_of(origin: str, text: str) -> int:
    """Return the serial that a zone file states."""
    zone = dns.zone.from_text(text, _plain(origin), relativize=False, check_origin=False)
    found = zone.find_rdataset(_plain(origin), dns.rdatatype.SOA)
    return int(found[0].serial)


def ask(address: str, port: int, name: str, type_: str) -> dns.message.Message | None:
    """Ask a server one question by UDP, without recursion; None without an answer."""
    question = dns.message.make_query(_plain(name), type_, flags=0)
    try:
        return dns.query.udp(question, address, timeout=ASK_SECONDS, port=port)
    except (dns.exception.DNSException, OSError):
        return None


class _Answering(Child):
    """A name server that has started when it answers a question, whatever it answers."""

    def __init__(self, argv: Sequence[str], folder: Path, ports: Sequence[int], *, address: str, origin: str) -> None:
        self._address, self._origin = address, origin
        super().__init__(argv, folder, ports)

    def _wait_for(self, port: int) -> None:
        deadline = time.monotonic() + START_SECONDS
        while ask(self._address, port, self._origin, "SOA") is None:
            if self._process.poll() is not None:
                raise ServerDied(f"nsd ended with {self._process.returncode}:\n{self.output()[-4000:]}")
            if time.monotonic() > deadline:
                raise ServerDied(f"nsd does not answer on {self._address}:{port}:\n{self.output()[-4000:]}")
            # a refused question comes back at once: the child's end is the only event there is to wait on
            try:
                self._process.wait(0.01)
            except subprocess.TimeoutExpired:
                continue


def _plain(origin: str) -> str:
    return origin.lower().rstrip(".") + "."


def _lines(records: str) -> list[str]:
    # a zone file takes a line that begins with a blank for the owner of the line before
    return [line.strip() for line in records.splitlines() if line.strip()]


def _config(folder: Path, addresses: Sequence[str], port: int, files: Mapping[str, Path]) -> str:
    listen = "\n".join(f"ip-address: {address}@{port}" for address in addresses)
    zones = "\n".join(f'zone:\n  name: "{origin}"\n  zonefile: "{path}"' for origin, path in files.items())
    return f"""
server:
{listen}
port: {port}
server-count: 1
username: ""
chroot: ""
zonesdir: "{folder}"
database: ""
pidfile: "{folder}/nsd.pid"
xfrdfile: "{folder}/xfrd.state"
xfrdir: "{folder}"
zonelistfile: "{folder}/zone.list"
zonefiles-check: yes
rrl-ratelimit: 0
rrl-whitelist-ratelimit: 0
verbosity: 1
remote-control:
control-enable: no
{zones}
"""
