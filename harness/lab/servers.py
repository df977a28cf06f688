"""The lab's servers in one event loop: backend, both gateways, and every entrance to them."""

import asyncio
import secrets
import shutil
import ssl
import tempfile
import uuid
from collections.abc import Sequence
from pathlib import Path

from harness.lab import doors, keys
from harness.lab.backend import Backend
from harness.lab.catalogue import defect
from harness.lab.certificates import server_context
from harness.lab.defects.defect import Defect
from harness.lab.gateway_apim import ApimGateway
from harness.lab.gateway_aws import LARGEST_PAYLOAD, AwsGateway
from harness.lab.issuer import issuing
from harness.lab.keys import Keys
from harness.lab.message import Addresses, Handler
from harness.lab.pace import paced, telling
from harness.lab.policies_apim import Doors
from harness.lab.ports import DOORS, HOST, LabConfig, LabPorts
from harness.lab.serving import Listener, Serving, application, listen
from harness.lab.settings_apim import DEFAULT_TIMEOUT, ApimSettings
from harness.lab.upstream import Upstream

_OTHER_NAME = "old-name.lab.example"
_WEAK_BITS = 1_024


def settings_of(defects: Sequence[Defect], *, timeout: float = DEFAULT_TIMEOUT) -> ApimSettings:
    """Return how the new gateway is configured with `defects`; `timeout` in seconds."""
    settings = ApimSettings(timeout=timeout)
    for one in defects:
        settings = one.settings(settings) if one.settings else settings
    return settings


def new_gateway(
    upstream: Upstream,
    addresses: Addresses,
    defects: Sequence[Defect],
    *,
    timeout: float = DEFAULT_TIMEOUT,
    made: Keys | None = None,
) -> ApimGateway:
    """Return the new gateway with `defects`; `timeout` in seconds."""
    front = tuple(one.front for one in defects if one.front)
    back = tuple(one.back for one in defects if one.back)
    settings = settings_of(defects, timeout=timeout)
    return ApimGateway(upstream, addresses, settings, front=front, back=back, keys=made)


class Servers:
    """A lab in the running event loop; `made` are keys made before, where many labs share them."""

    def __init__(self, config: LabConfig, *, made: Keys | None = None) -> None:
        """Bind the ports. Raises OSError if one is taken, KeyError for an unknown defect."""
        chosen = [defect(name) for name in config.defects]
        self._doors = settings_of(chosen).security.doors
        listeners = _listeners(config, self._doors)
        ports = {name: listener.getsockname()[1] for name, listener in listeners.items()}
        self._folder = Path(tempfile.mkdtemp(prefix="cutover-lab-"))
        self._keys = made or keys.make()
        self._keys.write(self._folder)
        self.ports = LabPorts(**ports, files=str(self._folder))
        backend = _backend(chosen)
        self._upstreams = tuple(Upstream(HOST, ports["backend"], backend) for _ in range(2))
        old = AwsGateway(self._upstreams[0], timeout=config.old_timeout, keys=self._keys)
        addresses = self.ports.addresses
        new = new_gateway(self._upstreams[1], addresses, chosen, timeout=config.new_timeout, made=self._keys)
        asked = settings_of(chosen).security.certificates.asked
        self._held = [listeners[name] for name in DOORS if self._is_shut(name)]
        self._servings = self._all(listeners, old, new, issuing(backend, self._keys), asked=asked)

    def _all(
        self, listeners: dict[str, Listener], old: AwsGateway, new: ApimGateway, backend: Handler, *, asked: bool
    ) -> tuple[Serving, ...]:
        shut, cloud_id = self._doors, str(uuid.uuid4())
        handlers = {
            "old": old.handle,
            "new": new.handle,
            "backend": backend,
            "old_tls": doors.before_old(old.handle),
            "new_tls": doors.before_new(new.handle, shut, cloud_id),
            "direct": doors.direct(new.handle, shut, cloud_id),
            "closed_backend": doors.behind_secret(backend, shut, secrets.token_hex(16)),
            "closed": doors.left_open,
            "new_plain": doors.plain(new.handle, shut, f"https://{HOST}:{self.ports.new_tls}"),
        }
        own = server_context(self._keys.server, self._folder, "server")
        contexts = {
            "old_tls": own,
            "new_tls": self._context(shut, asked=asked),
            "direct": own,
            "closed_backend": own,
        }
        return tuple(
            Serving(
                application(handler, **({"largest": LARGEST_PAYLOAD} if name.startswith("old") else {})),
                listeners[name],
                dated="backend" in name,
                context=contexts.get(name),
            )
            for name, handler in handlers.items()
            if not self._is_shut(name)
        )

    def _context(self, shut: Doors, *, asked: bool) -> ssl.SSLContext:
        fault = shut.server
        party = self._keys.server
        if fault:
            party = keys.server_certificate(
                self._keys.authority,
                name=_OTHER_NAME if fault == "name" else HOST,
                ended=fault == "expired",
                own=fault == "own",
                bits=_WEAK_BITS if fault == "weak" else 0,
            )
        return server_context(party, self._folder, "new-server", minimum=shut.tls, ask=asked, weak=fault == "weak")

    def _is_shut(self, name: str) -> bool:
        return _is_shut(name, self._doors)

    async def start(self) -> None:
        """Serve; return when all accept connections."""
        for serving in self._servings:
            await serving.start()

    async def stop(self) -> None:
        """Stop, gateways and backend at once; the folder of keys goes with them."""
        await asyncio.gather(*(serving.stop() for serving in self._servings))
        for upstream in self._upstreams:
            await upstream.close()
        for listener in self._held:
            listener.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def _backend(defects: Sequence[Defect]) -> Handler:
    """Return the backend of both sides, at the pace that callers ask for."""
    handler = paced(Backend().handle)
    for one in defects:
        # what stands before the backend does not know where it is reached
        handler = one.backend(handler, Addresses(old="", new="", backend="")) if one.backend else handler
    return telling(handler)


def _is_shut(name: str, shut: Doors) -> bool:
    if name == "closed":
        return shut.closed
    return name == "old_plain" or (name == "new_plain" and shut.plain == "closed")


def _listeners(config: LabConfig, shut: Doors) -> dict[str, Listener]:
    wanted = {"old": config.ports[0], "new": config.ports[1], "backend": config.ports[2]}
    wanted |= dict(zip(DOORS, config.doors, strict=True))
    listeners: dict[str, Listener] = {}
    for name, port in wanted.items():
        try:
            listeners[name] = listen(HOST, port, closed=_is_shut(name, shut))
        except OSError as error:
            for listener in listeners.values():
                listener.close()
            raise OSError(error.errno, f"port {port} ({name}): {error.strerror}") from error
    return listeners
