"""A gateway's own address, as it may stand in links: spellings of its authority, its base path."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from harness.model.gateway import Gateway

_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """scheme://host[:port]/base of one side; `base` has no trailing slash, `port` is the effective one."""

    scheme: str
    host: str
    port: int
    base: str

    @property
    def default_port(self) -> bool:
        """Tell whether links need not name the port."""
        return _DEFAULT_PORTS.get(self.scheme) == self.port

    @property
    def origin(self) -> str:
        """Return scheme://host[:port], as links spell it."""
        return f"{self.scheme}://{self.host}" + ("" if self.default_port else f":{self.port}")

    @property
    def named(self) -> bool:
        """Tell whether the host is a name with a dot, which says enough without scheme or port."""
        return "." in self.host and not re.fullmatch(r"[\d.]+|\[.*\]", self.host)

    @property
    def authority(self) -> re.Pattern[str]:
        """Return a pattern for host[:port]; the port may be left out where it is the scheme's own."""
        port = f"(?::{self.port})?" if self.default_port else f":{self.port}"
        return re.compile(f"{re.escape(self.host)}{port}", re.IGNORECASE)


def read(gateway: Gateway) -> Address:
    """Return the address of a gateway as its clients know it (`connect_to` changes nothing about that)."""
    parts = urlsplit(gateway.url)
    host = (parts.hostname or "").lower()
    return Address(
        scheme=parts.scheme.lower(),
        host=f"[{host}]" if ":" in host else host,
        port=parts.port or _DEFAULT_PORTS.get(parts.scheme.lower(), 0),
        base=parts.path.rstrip("/"),
    )
