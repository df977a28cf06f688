"""What a TLS endpoint does for one server name: versions, chain, trust, client certificates."""

from collections.abc import Callable

from harness.model.gateway import Gateway
from harness.model.seen import Leaf, Offer, Port, TlsFacts
from harness.wire.address import NotConnected, address_of
from harness.wire.tls_handshake import Shaken, shake
from harness.wire.tls_hello import VERSIONS, Heard, say_hello
from harness.wire.tls_messages import Flight

MOST_CONNECTIONS = 3 + len(VERSIONS)


def look(gateway: Gateway, *, timeout: float, pause: Callable[[], None]) -> TlsFacts:
    """Look at the TLS endpoint that `gateway`'s connections go to, for the name in its URL.

    Opens at most MOST_CONNECTIONS, one after the other, each after a `pause` and for at most `timeout` seconds (a
    name's resolution keeps its own limits). No credentials are shown; one GET of `/` is sent where the server asks for
    a client certificate.
    """
    try:
        where = address_of(gateway)
    except NotConnected as failed:
        return TlsFacts(trouble=str(failed), untried=True)
    if not where.secure:
        return TlsFacts(trouble="the gateway's URL is plain http")
    pause()
    first = shake(gateway, where, timeout, verify=False)
    if not first.connected or first.silent:
        return TlsFacts(trouble=_no_handshake(first, timeout), untried=first.untried, connections=1)
    heard = {}
    for name, version in VERSIONS.items():
        pause()
        heard[name] = say_hello(where, version, timeout)
    versions = tuple((name, _offer(name, one, first)) for name, one in heard.items())
    if all(offer is not Offer.ACCEPTED for _, offer in versions):
        return TlsFacts(trouble=_no_version(first, heard), connections=1 + len(heard))
    pause()
    second = shake(gateway, where, timeout, verify=True)
    demands, connections = _demands(first, heard), 2 + len(heard)
    if demands == "asked for":
        pause()
        connections += 1
        if shake(gateway, where, timeout, verify=False, alpn=("http/1.1",), ask=True).refused:
            demands = "required"
    flight = _fullest(first, heard)
    chain, unread = _leaves(flight)
    trusted, distrust = _trust(second)
    return TlsFacts(
        versions=versions,
        chain=chain,
        trusted=trusted if chain else None,
        distrust=distrust or unread,
        alpn=first.alpn or flight.alpn,
        cipher=first.cipher or _cipher_name(flight.cipher),
        demands_certificate=demands,
        connections=connections,
    )


def certificate(gateway: Gateway, *, timeout: float, pause: Callable[[], None], named: bool = True) -> TlsFacts:
    """Look at the certificate alone that is shown for the name in `gateway`'s URL; its `versions` are not asked.

    Unless `named`, no name is said (a client without SNI), and `trusted` tells of the chain alone. Opens one connection
    for at most `timeout` seconds, after a `pause`; a second one where this machine's TLS library keeps to itself which
    certificate it does not trust.
    """
    try:
        where = address_of(gateway)
    except NotConnected as failed:
        return TlsFacts(trouble=str(failed), untried=True, port=Port.UNTRIED)
    if not where.secure:
        return TlsFacts(trouble="the gateway's URL is plain http", port=Port.UNTRIED)
    pause()
    told = shake(gateway, where, timeout, verify=True, named=named)
    trusted, distrust = _trust(told)
    connections = 1
    if told.distrust and not told.flight.chain:
        pause()
        told = shake(gateway, where, timeout, verify=False, named=named)
        connections += 1
    chain, unread = _leaves(told.flight)
    if not told.flight.chain:
        words = _no_handshake(told, timeout) if told.silent or not told.connected else told.wrong
        return TlsFacts(trouble=words, untried=told.untried, port=told.port, connections=connections)
    return TlsFacts(
        chain=chain,
        trusted=trusted if chain else None,
        distrust=distrust or unread,
        alpn=told.alpn,
        connections=connections,
        port=told.port,
    )


def _offer(name: str, heard: Heard, first: Shaken) -> Offer:
    """Return what the hand-made hello showed; what the library itself agreed on is accepted in any case."""
    return Offer.ACCEPTED if first.version == name else heard.offer(VERSIONS[name])


def _fullest(first: Shaken, heard: dict[str, Heard]) -> Flight:
    """Return the flight to read the chain from: the library's own, else that of the newest version offered by hand."""
    if first.flight.chain:
        return first.flight
    return next((one.flight for one in reversed(heard.values()) if one.flight.chain), first.flight)


def _demands(first: Shaken, heard: dict[str, Heard]) -> str:
    flights = [first.flight, *(one.flight for one in heard.values())]
    if not any(flight.asks_certificate for flight in flights):
        return "no" if any(flight.whole for flight in flights) else ""
    return "required" if first.wrong and first.flight.asks_certificate else "asked for"


def _trust(second: Shaken) -> tuple[bool | None, str]:
    """Return whether the verifying handshake found chain and name right (None: not seen), and if not, why.

    A handshake that failed after the chain was checked, for the lack of a client certificate, found them right.
    """
    if second.distrust:
        return False, second.distrust
    if second.wrong and not (second.flight.chain and second.flight.asks_certificate):
        return None, f"not seen: the handshake failed ({second.wrong})"
    return True, ""


def _leaves(flight: Flight) -> tuple[tuple[Leaf, ...], str]:
    from harness.wire.certificate import read_leaf  # noqa: PLC0415  heavy

    leaves = [read_leaf(der) for der in flight.chain]
    unread = sum(leaf is None for leaf in leaves)
    return tuple(leaf for leaf in leaves if leaf), f"{unread} certificate(s) cannot be read" if unread else ""


def _cipher_name(number: int) -> str:
    import ssl  # noqa: PLC0415  only where the library's own handshake failed

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_ciphers("ALL:@SECLEVEL=0")
    return next((one["name"] for one in context.get_ciphers() if one["id"] & 0xFFFF == number), "")


def _no_handshake(first: Shaken, timeout: float) -> str:
    if not first.connected:
        return first.wrong
    return f"the port is open, but nothing came back to a TLS hello within {timeout:g} s"


def _no_version(first: Shaken, heard: dict[str, Heard]) -> str:
    if any(one.ended == "no TLS" for one in heard.values()):
        return "what answers on this port is no TLS"
    words = sorted({one.words or one.ended for one in heard.values()})
    return f"no handshake in any version: {first.wrong} ({', '.join(words)})"
