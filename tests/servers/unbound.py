"""unbound as a child process: a resolver over a test's own authorities, by UDP, TCP, TLS and HTTPS."""

import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from harness.model.dns import Protocol, Server
from tests.servers.process import HOST, START_SECONDS, Child, ServerDied, find_program, on_free_ports
from tests.servers.tls import ServerFiles


def find() -> str | None:
    """Return the path of unbound."""
    return find_program("unbound")


class Unbound:
    """A running unbound that asks the servers of `stubs` (zone -> "address" or "address@port") and nobody else.

    What is in none of these zones is asked of the first one's server, unless the root (".") is among them.
    `options` are lines of its `server:` part ("cache-min-ttl: 30"); `anchors` are DS or DNSKEY records that it trusts,
    it validates if there are any. With `tls` it has a port each for TLS and HTTPS. Without `port` a free one is taken.
    """

    def __init__(
        self,
        stubs: Mapping[str, str],
        address: str = HOST,
        port: int | None = None,
        *,
        options: Sequence[str] = (),
        anchors: Sequence[str] = (),
        tls: ServerFiles | None = None,
        folder: Path | None = None,
    ) -> None:
        program = find()
        assert program is not None
        self._made = None if folder else tempfile.TemporaryDirectory(prefix="unbound-")
        self._folder = folder or Path(str(self._made.name if self._made else ""))
        self._folder.mkdir(parents=True, exist_ok=True)
        self.address = address
        config = self._folder / "unbound.conf"

        def start(ports: list[int]) -> Child:
            config.write_text(
                _config(self._folder, address, ports, stubs, [*options, *_trust(anchors), *_tls(tls, ports)])
            )
            return _Listening([program, "-d", "-c", str(config)], self._folder, ports, address=address)

        try:
            if port is None:
                self._ports, self._child = on_free_ports(3 if tls else 1, start)
            else:
                self._ports, self._child = [port], start([port])
        except BaseException:
            self._remove()
            raise

    @property
    def port(self) -> int:
        """Return its port for UDP and TCP."""
        return self._ports[0]

    @property
    def dot_port(self) -> int:
        """Return its port for TLS."""
        return self._ports[1]

    @property
    def doh_port(self) -> int:
        """Return its port for HTTPS."""
        return self._ports[2]

    def server(
        self, name: str = "unbound", protocol: Protocol = "udp", *, host: str = "", ca_file: Path | None = None
    ) -> Server:
        """Return it as a resolver of a scenario."""
        port = {"dot": 1, "doh": 2}.get(protocol, 0)
        return Server(
            name=name, address=self.address, port=self._ports[port], protocol=protocol, host=host, ca_file=ca_file
        )

    def output(self) -> str:
        """Return what it has printed so far."""
        return self._child.output()

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


class _Listening(Child):
    """Waited for on its own address."""

    def __init__(self, argv: Sequence[str], folder: Path, ports: Sequence[int], *, address: str) -> None:
        self._address = address
        super().__init__(argv, folder, ports)

    def _wait_for(self, port: int) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._listens(port):
            if self._process.poll() is not None:
                raise ServerDied(f"unbound ended with {self._process.returncode}:\n{self.output()[-4000:]}")
            if time.monotonic() > deadline:
                raise ServerDied(f"unbound does not listen on {self._address}:{port}:\n{self.output()[-4000:]}")
            # a refused connect answers at once: the child's end is the only event there is to wait on
            try:
                self._process.wait(0.01)
            except subprocess.TimeoutExpired:
                continue

    def _listens(self, port: int) -> bool:
        try:
            with socket.create_connection((self._address, port), timeout=1):
                return True
        except OSError:
            return False


def _trust(anchors: Sequence[str]) -> list[str]:
    modules = "validator iterator" if anchors else "iterator"
    return [f'module-config: "{modules}"', *(f'trust-anchor: "{one}"' for one in anchors)]


def _tls(files: ServerFiles | None, ports: Sequence[int]) -> list[str]:
    if files is None:
        return []
    return [
        f"tls-port: {ports[1]}",
        f"https-port: {ports[2]}",
        f'tls-service-pem: "{files.cert}"',
        f'tls-service-key: "{files.key}"',
    ]


def _config(folder: Path, address: str, ports: Sequence[int], stubs: Mapping[str, str], lines: Sequence[str]) -> str:
    listen = "\n".join(f"interface: {address}@{port}" for port in ports)
    servers = {".": next(iter(stubs.values())), **stubs}
    zones = "\n".join(f'stub-zone:\nname: "{zone}"\nstub-addr: {to}\nstub-prime: no' for zone, to in servers.items())
    # names of tests end in labels that unbound answers by itself otherwise
    own = "\n".join(f'local-zone: "{zone}" nodefault' for zone in ("test.", "invalid.", "home.arpa."))
    options = "\n".join(lines)
    return f"""
server:
{listen}
port: {ports[0]}
directory: "{folder}"
username: ""
chroot: ""
pidfile: ""
use-syslog: no
logfile: ""
verbosity: 1
num-threads: 1
do-ip6: no
do-daemonize: no
do-not-query-localhost: no
qname-minimisation: no
trust-anchor-signaling: no
root-key-sentinel: no
rrset-roundrobin: no
access-control: 0.0.0.0/0 allow
{own}
{options}
remote-control:
control-enable: no
{zones}
"""
