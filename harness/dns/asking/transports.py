"""How one question reaches a server and its answer comes back: UDP, TCP, DNS over TLS, DNS over HTTPS."""

import asyncio
import errno
import os
import socket
import ssl
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from functools import lru_cache
from typing import Any, Generic, TypeVar

from harness.clouds import http
from harness.clouds.trouble import CloudTrouble, quoted
from harness.dns.asking.parse import NoMessage
from harness.dns.asking.reading import CutOff, NotOurs
from harness.model.dns import Heard, Server

Heeded = TypeVar("Heeded")
"""What an `accept` makes of a message; it raises NotOurs for another question's, CutOff, NoMessage for what is none."""

_LARGEST = 65_535
_AT_ONCE = 64  # packets taken from one socket before others have their turn
_IP_RECVERR, _IPV6_RECVERR = 11, 25  # Linux: ICMP errors are told on a socket that hears every sender
_CANNOT = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EACCES, errno.EPERM, errno.EAFNOSUPPORT}


class Unheard(Exception):  # noqa: N818  reads as a fact
    """No answer; `heard` says which kind of none."""

    def __init__(self, heard: Heard, detail: str = "") -> None:
        super().__init__(detail)
        self.heard = heard
        self.detail = detail


def unheard(error: BaseException) -> Unheard:
    """Return what trouble of a socket or of TLS comes to."""
    for one in _chain(error):
        if isinstance(one, ssl.SSLCertVerificationError):
            return Unheard(Heard.UNTRUSTED, quoted(one.verify_message))
        if isinstance(one, ssl.SSLError):
            return Unheard(Heard.UNREACHABLE, f"TLS failed ({quoted(one.reason or one)})")
        if isinstance(one, socket.gaierror):
            return Unheard(Heard.UNREACHABLE, "no such host")
        if isinstance(one, TimeoutError):
            return Unheard(Heard.SILENT)
        if isinstance(one, OSError):
            kind = Heard.NOT_ASKED if one.errno in _CANNOT else Heard.UNREACHABLE
            return Unheard(kind, os.strerror(one.errno) if one.errno else quoted(one))
    return Unheard(Heard.ERROR, quoted(f"{type(error).__name__}: {error}"))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


@lru_cache(1024)
def _numeric(address: str, port: int) -> tuple[int, tuple[Any, ...]]:
    """Return family and address as sockets take them; raise gaierror for what is no IP address."""
    found = socket.getaddrinfo(address, port, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST)
    family, _, _, _, place = found[0]
    return family, place


class _Udp(Generic[Heeded]):
    """One question on a socket of its own, so that the system chooses a fresh port for it (RFC 5452 §9.2)."""

    def __init__(self, server: Server, wire: bytes, accept: Callable[[bytes], Heeded]) -> None:
        self._wire = wire
        self._accept = accept
        self._wrong: Unheard | None = None
        self._loop = asyncio.get_running_loop()
        self._answer: asyncio.Future[Heeded] = self._loop.create_future()
        family, self._address = _numeric(server.address, server.port)
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._number = self._socket.fileno()  # the loop looks for a socket by its text, which takes long to write
        if sys.platform == "linux":
            six = family == socket.AF_INET6
            level, option = (socket.IPPROTO_IPV6, _IPV6_RECVERR) if six else (socket.IPPROTO_IP, _IP_RECVERR)
            self._socket.setsockopt(level, option, 1)

    async def ask(self, until: float) -> Heeded:
        """Send, send again halfway, and return the first message that belongs to the question."""
        timers = []
        try:
            self._loop.add_reader(self._number, self._hear)
            self._send()
            again = (self._loop.time() + until) / 2
            timers = [self._loop.call_at(again, self._send), self._loop.call_at(until, self._over)]
            return await self._answer
        finally:
            for timer in timers:
                timer.cancel()
            self._loop.remove_reader(self._number)
            self._socket.close()

    def _send(self) -> None:
        try:
            self._socket.sendto(self._wire, self._address)
        except BlockingIOError:
            return  # as good as lost on the way
        except OSError as error:
            self._fail(unheard(error))

    def _over(self) -> None:
        self._fail(self._wrong or Unheard(Heard.SILENT))

    def _fail(self, error: Exception) -> None:
        if not self._answer.done():
            self._answer.set_exception(error)

    def _hear(self) -> None:
        for _ in range(_AT_ONCE):
            if self._answer.done():
                return
            try:
                data, sender = self._socket.recvfrom(_LARGEST)
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                self._fail(unheard(error))
                return
            self._take(data, sender)

    def _take(self, data: bytes, sender: Any) -> None:
        if sender[:2] != self._address[:2]:
            self._wrong = self._wrong or Unheard(Heard.WRONG_ID, f"answered from {sender[0]} port {sender[1]}")
            return
        try:
            heeded = self._accept(data)
        except NotOurs as error:
            self._wrong = self._wrong or Unheard(error.heard, str(error))
        except (CutOff, NoMessage) as error:
            self._fail(unfit(error))
        else:
            self._answer.set_result(heeded)


async def by_udp(server: Server, wire: bytes, accept: Callable[[bytes], Heeded], until: float) -> Heeded:
    """Return what `accept` makes of the answer by UDP; raise Unheard. `until` is a time of the running loop."""
    try:
        one = _Udp(server, wire, accept)
    except socket.gaierror:
        raise Unheard(Heard.NOT_ASKED, "no IP address") from None
    except OSError as error:
        raise unheard(error) from None
    return await one.ask(until)


def unfit(error: CutOff | NoMessage) -> Unheard:
    """Return what a message comes to that is the server's, and yet no answer."""
    return Unheard(Heard.CUT_OFF if isinstance(error, CutOff) else Heard.MALFORMED, str(error))


def trusting(server: Server) -> ssl.SSLContext:
    """Return what the certificate of a server is checked against; raise Unheard where its `ca_file` is unreadable."""
    try:
        return http.trust(server.ca_file)
    except CloudTrouble as trouble:
        raise Unheard(Heard.NOT_ASKED, trouble.reason) from None


async def by_https(
    server: Server,
    wire: bytes,
    accept: Callable[[bytes], Heeded],
    until: float,
    trust: ssl.SSLContext,
    threads: Executor,
) -> Heeded:
    """Return the answer by a POST over HTTPS (RFC 8484); raise Unheard."""
    loop = asyncio.get_running_loop()
    said = await loop.run_in_executor(threads, _post, server, wire, until - loop.time(), trust)
    if said.status != 200:
        raise Unheard(Heard.ERROR, f"HTTP {said.status}")
    if said.header("content-type").partition(";")[0].strip().lower() != "application/dns-message":
        raise Unheard(Heard.MALFORMED, f"content type {quoted(said.header('content-type')) or 'missing'}")
    if len(said.body) > _LARGEST:
        raise Unheard(Heard.MALFORMED, f"{len(said.body)} bytes")
    try:
        return accept(said.body)
    except NotOurs as error:
        raise Unheard(error.heard, str(error)) from None
    except (CutOff, NoMessage) as error:
        raise unfit(error) from None


def _post(server: Server, wire: bytes, seconds: float, trust: ssl.SSLContext) -> http.Said:
    place = f"[{server.address}]" if ":" in server.address else server.address
    name = server.host or server.address
    kind = "application/dns-message"
    host = name if server.port == 443 else f"{name}:{server.port}"
    try:
        return http.send(
            "POST",
            f"https://{place}:{server.port}{server.path}",
            headers={"Host": host, "Content-Type": kind, "Accept": kind},
            content=wire,
            trusted=trust,
            seconds=max(seconds, 0.001),
            http2=True,
            server_name=name,
        )
    except CloudTrouble as trouble:
        raise _no_http(trouble) from None


def _no_http(trouble: CloudTrouble) -> Unheard:
    """Return what trouble with HTTP comes to; a passed deadline shows as any error of the connection that it cut."""
    if " within " in trouble.reason or " in time" in trouble.reason:
        return Unheard(Heard.SILENT)
    below = list(_chain(trouble.__context__))
    found = next((one for one in below if isinstance(one, OSError)), None)
    if found is not None:
        return unheard(found)
    if any(type(one).__name__ == "RemoteProtocolError" for one in below):
        return Unheard(Heard.MALFORMED, trouble.reason)
    return Unheard(Heard.UNREACHABLE if below else Heard.ERROR, trouble.reason)
