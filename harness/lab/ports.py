"""Where a lab listens: what is asked for, and what came of it."""

import json
from dataclasses import asdict, dataclass, fields

from harness.lab.gateway_aws import DEFAULT_TIMEOUT as AWS_TIMEOUT
from harness.lab.gateway_aws import STAGE
from harness.lab.message import Addresses
from harness.lab.settings_apim import DEFAULT_TIMEOUT as APIM_TIMEOUT

HOST = "127.0.0.1"
PORTS = (8081, 8082, 8083)
DOORS = ("old_tls", "new_tls", "direct", "closed_backend", "closed", "old_plain", "new_plain")
"""The other listeners, in the order of their ports."""

_MOST = 65_535


@dataclass(frozen=True, slots=True, kw_only=True)
class LabConfig:
    """Ports of old, new and backend (0: any free one), names of defects, timeouts of the gateways in seconds."""

    ports: tuple[int, int, int] = PORTS
    defects: tuple[str, ...] = ()
    old_timeout: float = AWS_TIMEOUT
    new_timeout: float = APIM_TIMEOUT

    @property
    def doors(self) -> tuple[int, ...]:
        """Return the ports of the other listeners: those after the backend's, or any free ones."""
        backend = self.ports[2]
        if not backend or backend + len(DOORS) > _MOST:
            return (0,) * len(DOORS)
        return tuple(range(backend + 1, backend + 1 + len(DOORS)))


@dataclass(frozen=True, slots=True, kw_only=True)
class LabPorts:
    """Where a lab listens, all on 127.0.0.1, and `files`, the folder of its keys and certificates.

    `old`, `new` and `backend` speak plain HTTP and are for parity. `old_tls` and `new_tls` are the same gateways over
    TLS, behind firewalls. `direct` is the new gateway past its firewall, `closed_backend` a backend that serves its
    gateways alone, both over TLS; at `closed`, `old_plain` and `new_plain` (plain HTTP) nobody listens.
    """

    old: int
    new: int
    backend: int
    old_tls: int = 0
    new_tls: int = 0
    direct: int = 0
    closed_backend: int = 0
    closed: int = 0
    old_plain: int = 0
    new_plain: int = 0
    files: str = ""

    @property
    def addresses(self) -> Addresses:
        """Return the base addresses, the old one with its stage."""
        new, backend = f"http://{HOST}:{self.new}", f"http://{HOST}:{self.backend}"
        return Addresses(old=f"http://{HOST}:{self.old}/{STAGE}", new=new, backend=backend)

    @property
    def sets(self) -> dict[str, str]:
        """Return what `--set` gives to scenarios/security.yaml, by name."""
        ports = {f"{name}_port": str(getattr(self, name)) for name in DOORS}
        return {**ports, "lab_files": self.files}

    def line(self) -> str:
        """Return ports and addresses as one line of JSON."""
        bases = self.addresses
        told = {key if key == "files" else f"{key}_port": value for key, value in asdict(self).items()}
        return json.dumps({**told, "old": bases.old, "new": bases.new, "backend": bases.backend})

    @classmethod
    def of(cls, told: dict[str, object]) -> "LabPorts":
        """Return what `line` told."""
        found = {one.name: told[one.name if one.name == "files" else f"{one.name}_port"] for one in fields(cls)}
        return cls(**found)  # type: ignore[arg-type]
