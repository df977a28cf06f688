"""Which resolvers are asked: those of the scenario, this machine's own, public ones where the scenario wants them."""

import ipaddress
from pathlib import Path

import dns.exception
import dns.resolver

from harness.model.dns import Server
from harness.scenario.moving import Dns

# each operator's own page names its address (one.one.one.one, developers.google.com/speed/public-dns, quad9.net)
PUBLIC = (
    Server(name="Cloudflare (1.1.1.1)", address="1.1.1.1"),
    Server(name="Google (8.8.8.8)", address="8.8.8.8"),
    Server(name="Quad9 (9.9.9.9)", address="9.9.9.9"),
)


def resolvers(section: Dns) -> tuple[Server, ...]:
    """Return the resolvers to be asked, each once (by address, port and protocol): the scenario's names come first."""
    found: dict[tuple[str, int, str], Server] = {}
    for server in (*section.resolvers, *(system() if section.system else ()), *(PUBLIC if section.public else ())):
        found.setdefault((_canonical(server.address), server.port, server.protocol), server)
    return tuple(found.values())


def system(file: Path = Path("/etc/resolv.conf")) -> tuple[Server, ...]:
    """Return this machine's resolvers as its own configuration lists them, () where it lists none."""
    try:
        read = dns.resolver.Resolver(str(file))
    except (dns.exception.DNSException, OSError, ValueError):
        return ()
    known = [address for address in map(str, read.nameservers) if _usable(address)]
    return tuple(Server(name=f"system ({address})", address=address, port=read.port) for address in known)


def _usable(address: str) -> bool:
    try:
        return not ipaddress.ip_address(address).is_unspecified
    except ValueError:
        return False


def _canonical(address: str) -> str:
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return address.lower()
