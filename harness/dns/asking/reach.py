"""Which addresses that others name are gone to: a followed delegation's, or a target's, are a stranger's word."""

import ipaddress
import socket
from collections.abc import Iterable

from harness.model.dns import PORTS, Server

NAMES = 13
"""Name servers of one zone that are asked: as many as fit an answer of 512 octets (RFC 1035, 2.3.4)."""
PER_FAMILY = 2
"""Addresses of one name server that are asked, of IPv4 and IPv6 each."""

_THIS_NETWORK = ipaddress.ip_network("0.0.0.0/8")


def refused(address: str, *, lab: bool = False) -> str:
    """Return why an address that somebody else names is never gone to, "" if it may be.

    Link-local addresses lead to a cloud's metadata, this machine's own to whatever it runs (but in a `lab`), the others
    to no server. Private ones may well be those of a zone that a company has for itself.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "no IP address"
    if isinstance(found, ipaddress.IPv6Address):
        if found.scope_id:
            return "an address with a scope"
        found = found.ipv4_mapped or found
    if found.is_link_local:
        return "a link-local address"
    if found.is_loopback and not lab:
        return "this machine's own address"
    if found.is_multicast:
        return "a multicast address"
    if found.is_unspecified or (found.version == 4 and (found.is_reserved or found in _THIS_NETWORK)):
        return "no address of a host"
    return ""


def is_v6(address: str) -> bool:
    """Tell whether an IP address is one of IPv6."""
    return ":" in address


def routed(address: str) -> bool:
    """Tell whether this machine has a route to an address; connecting a UDP socket sends nothing."""
    family = socket.AF_INET6 if is_v6(address) else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.connect((address, PORTS["udp"]))
    except OSError:
        return False
    return True


def first_of_each(addresses: Iterable[str]) -> tuple[str, ...]:
    """Return the first addresses of each family, IPv4 before IPv6, no duplicates."""
    different = list(dict.fromkeys(addresses))
    v4 = [one for one in different if not is_v6(one)]
    v6 = [one for one in different if is_v6(one)]
    return (*v4[:PER_FAMILY], *v6[:PER_FAMILY])


def servers_at(name: str, addresses: Iterable[str], *, lab: bool = False) -> tuple[tuple[Server, ...], tuple[str, ...]]:
    """Return the servers to ask for one NS name, and in words what is left out."""
    servers, left_out = [], []
    for address in first_of_each(addresses):
        why = refused(address, lab=lab)
        if not why and is_v6(address) and not routed(address):
            why = "an IPv6 address, and this machine has no route to it"
        if why:
            left_out.append(f"{name} ({address}): {why}")
        else:
            servers.append(Server(name=f"{name} ({address})", address=address))
    return tuple(servers), tuple(left_out)
