"""Names and addresses as DNS has them; names in lower case, in ASCII, without the final dot. All functions raise Wrong.

Bounds are those of RFC 1035 §2.3.4 (63 octets a label; 255 on the wire, which are 253 characters as a text).
"""

import ipaddress
import re
import unicodedata

from harness.scenario.context import Wrong

NAME = r"^([^\s/:*@]+|.*\$\{.*)$"
"""What the schema knows of a name: marks are filled in before it is read."""
TARGET = r"^([^\s/*@]+|.*\$\{.*)$"

_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?")
_SUCH = "such as api.example.com"
_LONGEST_LABEL = 63
_LONGEST = 253

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def address_or_none(text: str) -> Address | None:
    """Return the IP address that a text is, None if it is none."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def host(text: str) -> str:
    """Return a name of at least two labels: a whole one, as callers use it."""
    found = zone(text)
    if "." not in found:
        raise Wrong(f"'{text}' is one label", f"the whole name, with its zone: {_SUCH}")
    return found


def zone(text: str) -> str:
    """Return a name of any number of labels."""
    _refuse_others(text)
    found = (text if text.isascii() else _ascii(text)).lower().removesuffix(".")
    labels = found.split(".")
    for label in labels:
        if not label:
            raise Wrong(f"'{_cut(text)}' has an empty label", f"one dot between two labels: {_SUCH}")
        if len(label) > _LONGEST_LABEL:
            raise Wrong(f"a label of {len(label)} characters in '{_cut(text)}'", f"{_LONGEST_LABEL} at most")
        if not _LABEL.fullmatch(label):
            raise Wrong(f"'{_cut(text)}' is no name", f"letters, digits, - and _ between dots: {_SUCH}")
    if len(found) > _LONGEST:
        raise Wrong(f"a name of {len(found)} characters", f"{_LONGEST} at most")
    if labels[-1].isdecimal():
        raise Wrong(f"'{_cut(text)}' is no name: it ends like an address", f"a name {_SUCH}")
    return found


def _refuse_others(text: str) -> None:
    """Refuse what is no name but looks as if somebody had meant one."""
    scheme, mark, rest = text.partition("://")
    if mark:
        inner = re.split(r"[/?#]", rest)[0].rpartition("@")[2].rpartition(":")
        alone = inner[0] if inner[1] and inner[2].isdecimal() else "".join(inner)
        raise Wrong(f"'{_cut(text)}' is a URL", f"the name alone, without {scheme}:// and path: {_cut(alone)}")
    if address_or_none(text.strip("[]")) is not None:
        raise Wrong(f"'{text}' is an address", f"a name {_SUCH}")
    if "*" in text:
        raise Wrong(
            f"a wildcard in '{_cut(text)}'", "each name by itself: what a wildcard covers cannot be seen from outside"
        )
    name, colon, port = text.rpartition(":")
    if colon and port.isdecimal():
        raise Wrong(f"a port in '{_cut(text)}'", f"the name alone: {_cut(name)}")


def _ascii(text: str) -> str:
    """Return the ASCII form. What Python's codec (IDNA of 2003) would write as another name is refused."""
    meant = unicodedata.normalize("NFC", text.lower())
    try:
        found = meant.encode("idna")
        same = found.decode("idna") == meant
    except UnicodeError:
        same = False
    if not same:
        raise Wrong(f"'{_cut(text)}' has no one ASCII form", "write it as the zone has it, each such label as xn--…")
    return found.decode("ascii")


def address(text: str) -> str:
    """Return an IP address that a record may hold, in its usual form."""
    found = address_or_none(text)
    if found is None:
        raise Wrong(f"'{_cut(text)}' is no IP address", "such as 192.0.2.10 or 2001:db8::10")
    _refuse_unusable(found)
    if getattr(found, "scope_id", None):
        raise Wrong(f"'{text}' belongs to one machine's interface", "no record holds such an address")
    return str(found)


def ipv4(text: str) -> str:
    """Return an address of IPv4."""
    return _of(4, text, "aaaa")


def ipv6(text: str) -> str:
    """Return an address of IPv6."""
    return _of(6, text, "a")


def _of(version: int, text: str, other: str) -> str:
    found = address(text)
    if ipaddress.ip_address(found).version != version:
        raise Wrong(f"'{found}' is no IPv{version} address", f"it belongs under `{other}:`")
    return found


def server_address(text: str) -> str:
    """Return the IP address of a server that can be asked."""
    found = address_or_none(text)
    if found is None:
        raise Wrong(f"'{_cut(text)}' is no IP address", "such as 192.0.2.53; `dig +short` tells the address of a name")
    _refuse_unusable(found)
    return str(found)


def _refuse_unusable(found: Address) -> None:
    if found.is_unspecified or found.is_multicast or found == _BROADCAST:
        raise Wrong(f"'{found}' is no address of one machine", "the address that it is reached by")


_BROADCAST = ipaddress.IPv4Address("255.255.255.255")


def _cut(text: str) -> str:
    return f"{text[:80]}…" if len(text) > 80 else text
