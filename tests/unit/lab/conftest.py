"""The lab's servers in threads: for parity old, new, backend, and a new gateway for each defect; whole labs as needed."""

import asyncio
import http.client
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.lab import keys
from harness.lab.backend import Backend
from harness.lab.catalogue import DEFECTS
from harness.lab.gateway_aws import LARGEST_PAYLOAD, AwsGateway
from harness.lab.message import Addresses
from harness.lab.ports import LabConfig, LabPorts
from harness.lab.servers import Servers, new_gateway
from harness.lab.serving import Listener, Serving, application, listen
from harness.lab.upstream import Upstream

if TYPE_CHECKING:
    from harness.lab.keys import Keys

HOST = "127.0.0.1"
CLEAN = ""


@dataclass(frozen=True, slots=True)
class Got:
    """An answer as it came; `whole` is False if the connection ended early, times in seconds."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    whole: bool = True
    first_byte: float = 0.0
    total: float = 0.0

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name]

    def one(self, name: str) -> str | None:
        return next(iter(self.all(name)), None)


@dataclass(slots=True)
class Site:
    """Ports of the running servers; `new[CLEAN]` is the faithful one."""

    old: int = 0
    backend: int = 0
    new: dict[str, int] = field(default_factory=dict)

    def send(
        self,
        port: int,
        method: str,
        target: str,
        headers: dict[str, str] | None = None,
        body: bytes | None = None,
    ) -> Got:
        connection = http.client.HTTPConnection(HOST, port, timeout=10)
        begun = time.monotonic()
        try:
            connection.request(method, target, body=body, headers=headers or {})
            response = connection.getresponse()
            pieces = []
            first = 0.0
            whole = True
            try:
                while piece := response.read1(65_536):
                    first = first or time.monotonic() - begun
                    pieces.append(piece)
                whole = response.length in (None, 0) or method == "HEAD"
            except (http.client.IncompleteRead, ConnectionError):
                whole = False
            total = time.monotonic() - begun
            return Got(response.status, response.getheaders(), b"".join(pieces), whole, first, total)
        finally:
            connection.close()

    def aws(self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes | None = None) -> Got:
        return self.send(self.old, method, "/prod" + path, headers, body)

    def apim(self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes | None = None) -> Got:
        return self.send(self.new[CLEAN], method, path, headers, body)


class _Thread:
    """An event loop of its own with all servers."""

    def __init__(self) -> None:
        self.site = Site()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._servings: list[Serving] = []
        self._upstreams: list[Upstream] = []

    def start(self) -> None:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(20)

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(20)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    async def _start(self) -> None:
        site = self.site
        backend, old = self._listener(), self._listener()
        site.backend, site.old = _port(backend), _port(old)
        self._add(Serving(application(Backend().handle), backend, dated=True))
        gateway = AwsGateway(self._upstream(), timeout=1.0)
        self._add(Serving(application(gateway.handle, largest=LARGEST_PAYLOAD), old, dated=False))
        for defect in (None, *(one for one in DEFECTS if one.suite == "parity")):
            listener = self._listener()
            port = _port(listener)
            addresses = Addresses(
                old=f"http://{HOST}:{site.old}/prod",
                new=f"http://{HOST}:{port}",
                backend=f"http://{HOST}:{site.backend}",
            )
            new = new_gateway(self._upstream(), addresses, [defect] if defect else [], timeout=1.0)
            self._add(Serving(application(new.handle), listener, dated=False))
            site.new[defect.name if defect else CLEAN] = port
        await asyncio.gather(*(serving.start() for serving in self._servings))

    async def _stop(self) -> None:
        await asyncio.gather(*(serving.stop() for serving in self._servings))
        await asyncio.gather(*(upstream.close() for upstream in self._upstreams))

    def _listener(self) -> Listener:
        return listen(HOST, 0)

    def _add(self, serving: Serving) -> None:
        self._servings.append(serving)

    def _upstream(self) -> Upstream:
        self._upstreams.append(Upstream(HOST, self.site.backend))
        return self._upstreams[-1]


def _port(listener: Listener) -> int:
    port: int = listener.getsockname()[1]
    return port


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    thread = _Thread()
    thread.start()
    yield thread.site
    thread.stop()


class Labs:
    """Whole labs, each made when it is first asked for; all of them share their keys, so that tokens fit every one."""

    def __init__(self) -> None:
        self.keys: Keys = keys.make()
        self._servers: dict[str, Servers] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def ports(self, defect: str = CLEAN) -> LabPorts:
        """Return where the lab with this defect listens."""
        if defect not in self._servers:
            asyncio.run_coroutine_threadsafe(self._start(defect), self._loop).result(20)
        return self._servers[defect].ports

    async def _start(self, defect: str) -> None:
        servers = Servers(LabConfig(ports=(0, 0, 0), defects=(defect,) if defect else ()), made=self.keys)
        await servers.start()
        self._servers[defect] = servers

    def context(self, certificate: str = "", *, trusting: bool = False) -> ssl.SSLContext:
        """Return a client's TLS settings; `certificate` is a PEM file of certificate and key, or a name of the lab's."""
        files = Path(self.ports().files)
        context = ssl.create_default_context(cafile=str(files / "ca.pem"))
        if trusting:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if certificate == "machine":
            context.load_cert_chain(files / "machine.pem", files / "machine.key")
        elif certificate:
            context.load_cert_chain(certificate)
        return context

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(20)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    async def _stop(self) -> None:
        await asyncio.gather(*(servers.stop() for servers in self._servers.values()))


@pytest.fixture(scope="module")
def labs() -> Iterator[Labs]:
    made = Labs()
    yield made
    made.stop()
