"""Where a gateway's connections go, for what is said to it without libcurl: name, host and port; bounded connects."""

import errno
import os
import socket
import ssl
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

from harness.model.gateway import Gateway
from harness.model.seen import Port
from harness.wire.options import origin_of

_MOST_ADDRESSES = 16
# this machine's own word: it has no route, its firewall forbids, no port or memory is left
_OUR_OWN = frozenset(
    {errno.ENETUNREACH, errno.ENETDOWN, errno.EPERM, errno.EACCES, errno.EADDRNOTAVAIL, errno.ENOBUFS, errno.ENOMEM}
)

Peer = tuple[str, int]  # IPv6 has two numbers more, which only the system looks at


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Connections go to `host`:`port`; `name` is the URL's host, which TLS asks for and verifies."""

    host: str
    port: int
    name: str
    secure: bool


class NotConnected(Exception):  # noqa: N818  says what there is not
    """No connection could be had: `state` says in which way, the message in words."""

    def __init__(self, state: Port, words: str) -> None:
        super().__init__(words)
        self.state = state


def address_of(gateway: Gateway) -> Address:
    """Return where `gateway` is connected to. Raises NotConnected where a proxy would have to be asked."""
    parts = urlsplit(origin_of(gateway.url))
    secure = parts.scheme.lower() == "https"
    name = parts.hostname or ""
    host, port = name, parts.port or (443 if secure else 80)
    if _proxied(gateway, name):
        raise NotConnected(Port.UNREACHABLE, "the gateway is behind a proxy, which this is not sent through")
    if gateway.connect_to is not None:
        host, _, digits = gateway.connect_to.rpartition(":")
        host, port = host.strip("[]") or name, int(digits) if digits.isdigit() else port
    return Address(host=host, port=port, name=name, secure=secure)


def _proxied(gateway: Gateway, name: str) -> bool:
    if gateway.proxy != "environment":
        return gateway.proxy is not None
    proxies = urllib.request.getproxies_environment()
    scheme = gateway.url.partition(":")[0].lower()
    return bool(proxies.get(scheme) or proxies.get("all")) and not urllib.request.proxy_bypass(name)


def addresses(host: str, port: int) -> Sequence[tuple[socket.AddressFamily, Peer]]:
    """Return what `host` resolves to (bounded), each as family and address. Raises NotConnected if to nothing.

    The resolver keeps its own time limits.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP, flags=_flags(host))
    except (OSError, UnicodeError) as error:
        words = error.strerror if isinstance(error, OSError) else "no valid host name"
        raise NotConnected(Port.UNRESOLVED, f"{host[:253]} is not resolved: {words}") from None
    unique = dict.fromkeys((family, address) for family, _, _, _, address in found)
    return [(family, cast("Peer", address)) for family, address in unique][:_MOST_ADDRESSES]


def _flags(host: str) -> int:
    """Return AI_ADDRCONFIG for names: addresses of a family that this machine has none of are nobody's way in."""
    return 0 if ":" in host or host.replace(".", "").isdigit() else socket.AI_ADDRCONFIG


def reach(family: socket.AddressFamily, address: Peer, timeout: float) -> socket.socket:
    """Return a socket connected to `address`. Raises NotConnected."""
    try:
        sock = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:  # no descriptor left, no such family
        raise NotConnected(Port.UNTRIED, f"{text_of(address)}: {words_of(error)}") from None
    try:
        sock.settimeout(max(0.001, timeout))
        sock.connect(address)
    except OSError as error:
        sock.close()
        raise NotConnected(_state(error), f"{text_of(address)}: {words_of(error)}") from None
    return sock


def connect(where: Address, timeout: float) -> socket.socket:
    """Return a socket connected to the first address of `where` that takes it. Raises NotConnected of the last one."""
    deadline = time.monotonic() + timeout
    last = NotConnected(Port.UNRESOLVED, f"{where.host} is not resolved")
    for family, address in addresses(where.host, where.port):
        left = deadline - time.monotonic()
        if left <= 0:
            break
        try:
            return reach(family, address, left)
        except NotConnected as failed:
            last = failed
    raise last


def text_of(address: Peer) -> str:
    """Return "address:port", with brackets around IPv6."""
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def words_of(error: OSError) -> str:
    """Return a socket's or TLS's error in words."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ssl.SSLCertVerificationError):
        return str(error.verify_message)[:200]
    if isinstance(error, ssl.SSLError):
        return str(error.reason or error).lower().replace("_", " ")[:200]
    return os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)[:200]


def _state(error: OSError) -> Port:
    if isinstance(error, TimeoutError) or error.errno == errno.ETIMEDOUT:
        return Port.SILENT
    if error.errno in _OUR_OWN:
        return Port.UNTRIED
    return Port.REFUSED if isinstance(error, ConnectionRefusedError) else Port.UNREACHABLE
