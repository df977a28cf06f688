"""Whether a port takes connections, asked at every address of its host."""

import socket
import time
from collections.abc import Callable

from harness.model.seen import Knock, Port
from harness.wire.address import NotConnected, Peer, addresses, reach, text_of

# Where addresses differ: open anywhere is open; then whatever leaves most in doubt.
_FIRST = (Port.OPEN, Port.UNTRIED, Port.UNREACHABLE, Port.SILENT, Port.REFUSED)


def knock(host: str, port: int, *, timeout: float, pause: Callable[[], None]) -> Knock:
    """Try a TCP connection to every address of `host`, each for `timeout` seconds, after a `pause`; nothing is sent.

    Without a connection, `peer` is what was tried and `here` the address (no port) that it was tried from.
    """
    try:
        targets = addresses(host.strip("[]"), port)
    except NotConnected as failed:
        return Knock(state=failed.state, detail=str(failed), tried=0)
    knocks = []
    for family, address in targets:
        pause()
        knocks.append(_knock(family, address, timeout))
    told = min(knocks, key=lambda one: _FIRST.index(one.state))
    detail = "; ".join(one.detail for one in knocks)
    return Knock(state=told.state, detail=detail, peer=told.peer, here=told.here, tried=len(knocks))


def _knock(family: socket.AddressFamily, address: Peer, timeout: float) -> Knock:
    peer = text_of(address)
    started = time.monotonic()
    try:
        with reach(family, address, timeout) as sock:
            took = (time.monotonic() - started) * 1000
            here = sock.getsockname()
    except NotConnected as failed:
        return Knock(state=failed.state, detail=str(failed), peer=peer, here=_from_where(family, address))
    if here[:2] == address[:2]:  # a free port of this very machine, chosen for our own end: nobody listens
        return Knock(state=Port.REFUSED, detail=f"{peer}: refused", peer=peer, here=str(here[0]))
    return Knock(state=Port.OPEN, detail=f"{peer}: open ({took:.0f} ms)", peer=peer, here=text_of(here))


def _from_where(family: socket.AddressFamily, address: Peer) -> str:
    """Return this machine's address on the way there; connecting a datagram socket sends nothing."""
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.connect(address)
            return str(sock.getsockname()[0])
    except OSError:
        return ""
