"""IPv6 addresses that a resolver makes up of IPv4 ones, for callers that have nothing else (DNS64, RFC 6147)."""

from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Address, ip_network

_PREFIXES = (ip_network("64:ff9b::/96"), ip_network("64:ff9b:1::/48"))
"""Prefixes that are nothing else (RFC 6052 §2.1, RFC 8215)."""


def is_translated(address: str) -> bool:
    """Tell whether an address has a prefix that stands for IPv4 addresses alone."""
    read = _v6(address)
    return read is not None and any(read in prefix for prefix in _PREFIXES)


def made_of(address: str, v4: Collection[str]) -> bool:
    """Tell whether an address is one of `v4` behind a prefix, perhaps a network's own of 96 bits (RFC 6052 §2.2)."""
    read = _v6(address)
    return read is not None and (is_translated(address) or str(IPv4Address(int(read) & 0xFFFFFFFF)) in v4)


def _v6(address: str) -> IPv6Address | None:
    try:
        return IPv6Address(address.partition("%")[0])
    except ValueError:
        return None
