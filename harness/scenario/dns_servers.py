"""`resolvers` and `authorities` of a `dns` section: which name servers are asked."""

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import get_args

from yaml.nodes import Node

from harness.model.dns import PORTS, Protocol, Server
from harness.scenario import dns_names, texts
from harness.scenario.containers import ByKind, ListOf, MapOf
from harness.scenario.context import Context, Refused, Wrong
from harness.scenario.files import existing
from harness.scenario.fill import Fills, uses_secrets
from harness.scenario.made import Made
from harness.scenario.record import Fields, Key, Record
from harness.scenario.shape import Defs, Schema, Shape, Text, integer, word

_BRACKETS = re.compile(r"\[([^\]]*)\](?::([0-9]+))?")
_FORMS = "an IP address, address:port, tls://host or https://host/path"
_HTTP_PATH = re.compile(r"/[!-\"$->@-z|~]*")
_WORDS = ("system", "public")
_DELEGATION = "delegation"
_REST = "*"
_SCHEMES: dict[str, Protocol] = {"tls": "dot", "https": "doh", "udp": "udp", "tcp": "tcp"}
_TLS = ("dot", "doh")
_DNS_QUERY = Server(name="", address="").path


def _port(text: str) -> int:
    if not text.isdecimal() or not text.isascii() or not 0 < int(text[:6]) < 65_536:
        raise Wrong(f"'{text[:20]}' is no port", "a number from 1 to 65535")
    return int(text)


def _split(text: str) -> tuple[str, int | None]:
    """Return (host, port) of host, host:port, an IPv6 address or [IPv6]:port."""
    found = _BRACKETS.fullmatch(text)
    if found:
        return found[1], _port(found[2]) if found[2] else None
    if text.count(":") == 1:
        host, _, port = text.partition(":")
        return host, _port(port)
    return text, None


def _reached(host: str, protocol: Protocol) -> str:
    """Return the address of a server, which may be a name where TLS proves it."""
    if protocol in _TLS and dns_names.address_or_none(host) is None:
        return dns_names.host(host)
    return dns_names.server_address(host)


def _label(address: str, port: int, protocol: Protocol, path: str = "") -> str:
    """Return what a server is called whose name is left out."""
    shown = address if port == PORTS[protocol] else (f"[{address}]:{port}" if ":" in address else f"{address}:{port}")
    scheme = next(scheme for scheme, each in _SCHEMES.items() if each == protocol)
    return shown if protocol == "udp" else f"{scheme}://{shown}{path}"


def server(text: str) -> Server:
    """Return the server that a text names; raise Wrong."""
    scheme, mark, rest = text.partition("://")
    if not mark:
        return _plain(text)
    protocol = _SCHEMES.get(scheme.lower())
    if protocol is None:
        raise Wrong(f"'{scheme}://' is not known", _FORMS)
    if "@" in rest or "{" in rest or "?" in rest or "#" in rest:
        raise Wrong(
            "a user, query, fragment or template in a server's URL", "such as https://dns.example.com/dns-query"
        )
    authority, slash, path = rest.partition("/")
    if slash and protocol != "doh":
        raise Wrong(f"a path after {scheme}://", f"{scheme}://host or {scheme}://host:port")
    host, port = _split(authority)
    return _server(host, port, protocol, path=_path(f"/{path}") if path else "")


def _plain(text: str) -> Server:
    if text in _WORDS or text == _DELEGATION:
        raise Wrong(f"'{text}' cannot stand here", _FORMS)
    scheme, mark, rest = text.partition(":")
    if mark and scheme.lower() in _SCHEMES and not rest.isdecimal():
        raise Wrong(f"'{text[:80]}' is no address", f"did you mean '{scheme}://{rest.lstrip('/')[:80]}'?")
    host, port = _split(text)
    return _server(host, port, "udp")


def _server(host: str, port: int | None, protocol: Protocol, *, path: str = "") -> Server:
    address = _reached(host, protocol)
    found = port or PORTS[protocol]
    path = (path or _DNS_QUERY) if protocol == "doh" else _DNS_QUERY
    named = protocol in _TLS and dns_names.address_or_none(address) is None
    return Server(
        name=_label(address, found, protocol, path if protocol == "doh" else ""),
        address=address,
        port=found,
        protocol=protocol,
        host=address if named else "",
        path=path,
    )


def _path(text: str) -> str:
    if not _HTTP_PATH.fullmatch(text):
        raise Wrong(f"'{text[:80]}' is no path", "such as /dns-query: no query, no template, no blanks")
    return text


def _mapping(fields: Fields) -> Server:
    protocol: Protocol = fields["protocol"]
    for name in fields.given("host", "path", "ca_file"):
        if protocol not in _TLS or (name == "path" and protocol != "doh"):
            needed = "doh" if name == "path" else "dot or doh"
            raise fields.refuse(name, f"'{name}' goes with protocol: {needed}, not {protocol}", f"remove {name}:")
    try:
        plain = _server(fields["address"], fields["port"], protocol, path=fields["path"] or "")
    except Wrong as wrong:
        node = fields.nodes["address"]
        message = "what is given here is no IP address" if uses_secrets(node) else wrong.message
        raise fields.refuse("address", message, wrong.hint) from None
    return Server(
        name=fields["name"] or plain.name,
        address=plain.address,
        port=plain.port,
        protocol=protocol,
        host=fields["host"] or plain.host,
        path=plain.path,
        ca_file=existing(fields, "ca_file"),
    )


def _tells_host(text: str) -> str:
    """Return a host of a mapping: an IP address or a name, without port."""
    if dns_names.address_or_none(text) is None:
        return dns_names.host(text)
    return dns_names.server_address(text)


_LABEL = Text(texts.one_line, fills=Fills.VARS)
_HOST = Made(_tells_host, pattern=dns_names.TARGET)
_PORT = integer(1, 65_535)

RESOLVER = Record(
    _mapping,
    Key("name", _LABEL, "what reports call it; its address if left out"),
    Key("address", _HOST, "its IP address; for dot and doh perhaps its name", required=True),
    Key("port", _PORT, "53, 853 for dot, 443 for doh if left out"),
    Key("protocol", word(*get_args(Protocol)), "udp goes over to TCP where needed", absent="udp", default="udp"),
    Key("host", Made(dns_names.host, pattern=dns_names.NAME), "the name that its certificate carries (dot, doh)"),
    Key("path", Made(_path), "the path of its URL (doh)", default=_DNS_QUERY),
    Key("ca_file", Text(), "PEM file of the authorities to trust (dot, doh), relative to this file"),
    name="dns_resolver",
    about="A resolver that is asked.",
)
_AUTHORITY = Record(
    lambda fields: Server(
        name=fields["name"] or _label(fields["address"], fields["port"], "udp"),
        address=fields["address"],
        port=fields["port"],
    ),
    Key("name", _LABEL, "what reports call it; its address if left out"),
    Key("address", Made(dns_names.server_address, pattern=dns_names.TARGET), "its IP address", required=True),
    Key("port", _PORT, "its port", absent=PORTS["udp"], default=PORTS["udp"]),
    name="dns_authority",
    about="An authoritative server.",
)


def _authority(text: str) -> Server:
    if "://" in text:
        raise Wrong("an authoritative server is asked by UDP and TCP", "its IP address, or address:port")
    return _plain(text)


class Servers(ListOf[Server | str]):
    """Servers and words, each of them once."""

    def read(self, node: Node, ctx: Context) -> tuple[Server | str, ...]:
        """Return them in the order of the file."""
        found = super().read(node, ctx)
        first: dict[object, Node] = {}
        names: dict[str, Node] = {}
        bad = False
        for one, at in zip(found, node.value, strict=True):
            before = first.setdefault(_identity(one), at)
            called = names.setdefault(one.name if isinstance(one, Server) else "", at)
            if before is not at:
                ctx.note(at, "the same server is there twice", f"the first is on line {_line(before)}; remove one")
                bad = True
            elif isinstance(one, Server) and called is not at:
                ctx.note(at, "two servers of the same name", f"the first is on line {_line(called)}; rename one")
                bad = True
        if bad:
            raise Refused
        return found


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1


def _identity(one: Server | str) -> object:
    return one if isinstance(one, str) else (one.address, one.port, one.protocol, one.host, one.path)


def _resolver(text: str) -> Server | str:
    meant = get_close_matches(text.lower(), _WORDS, 1, 0.7)
    if text not in _WORDS and meant:
        raise Wrong(f"'{text[:80]}' is no IP address", f"did you mean '{meant[0]}'?")
    return text if text in _WORDS else server(text)


RESOLVERS = Servers(
    ByKind[Server | str, Server, Server]("a resolver", scalar=Made(_resolver, pattern=r"\S"), mapping=RESOLVER),
    least=1,
    empty="no resolvers: nobody would be asked",
)
_LIST = Servers(
    ByKind[Server | str, Server, Server]("a server", scalar=Made(_authority, pattern=r"\S"), mapping=_AUTHORITY),
    least=1,
    empty="no servers: nobody would be asked",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorities:
    """The authoritative servers by zone ("" for the names' own), and whether those of other zones are looked up."""

    servers: dict[str, tuple[Server, ...]]
    follow: bool


FOLLOWED = Authorities(servers={}, follow=True)


def _delegation(text: str) -> str:
    if text != _DELEGATION:
        raise Wrong(
            f"expected delegation, or a list of servers, got '{text[:80]}'", "such as [192.0.2.53], or delegation"
        )
    return text


_WORD = Made(_delegation, fills=Fills.VARS, pattern=f"^({_DELEGATION}|.*\\$\\{{.*)$")


def _zone(text: str) -> None:
    if text != _REST:
        dns_names.zone(text)


class _Zones(Shape[Authorities]):
    """Servers by zone; `*` stands for what is not listed."""

    def __init__(self) -> None:
        shape = ByKind[str, tuple[Server | str, ...], str]("a list of servers", scalar=_WORD, items=_LIST)
        self.entries = MapOf(shape, check_key=_zone, least=1)

    def read(self, node: Node, ctx: Context) -> Authorities:
        """Return the servers by zone; a zone without any is found through its delegation."""
        found = self.entries.read(node, ctx)
        keys = {key.value: key for key, _ in node.value}
        zones: dict[str, tuple[Server, ...]] = {}
        bad = follow = False
        for text, value in found:
            name = _REST if text == _REST else dns_names.zone(text)
            if name in zones:
                ctx.note(keys.get(text, node), f"the zone '{name}' is there twice", "keep one of them")
                bad = True
            if name == _REST and not isinstance(value, str):
                ctx.note(
                    keys.get(text, node),
                    "'*' stands for all other zones, which no list of servers has",
                    '"*": delegation',
                )
                bad = True
            follow = follow or name == _REST
            if name != _REST:
                zones[name] = _only_servers(value)
        if bad:
            raise Refused
        return Authorities(servers=zones, follow=follow)

    def schema(self, defs: Defs) -> Schema:
        """Return an object by zone."""
        return self.entries.schema(defs)


def _only_servers(value: str | tuple[Server | str, ...]) -> tuple[Server, ...]:
    return () if isinstance(value, str) else tuple(one for one in value if isinstance(one, Server))


_SHAPE = ByKind[str, tuple[Server | str, ...], Authorities](
    "delegation, a list of servers, or servers by zone", scalar=_WORD, items=_LIST, mapping=_Zones()
)


class _Authorities(Shape[Authorities]):
    """Any of the three forms."""

    def read(self, node: Node, ctx: Context) -> Authorities:
        """Return what it says."""
        found = _SHAPE.read(node, ctx)
        if isinstance(found, Authorities):
            return found
        return FOLLOWED if isinstance(found, str) else Authorities(servers={"": _only_servers(found)}, follow=False)

    def schema(self, defs: Defs) -> Schema:
        """Return any of them."""
        return _SHAPE.schema(defs)


AUTHORITIES = _Authorities()
