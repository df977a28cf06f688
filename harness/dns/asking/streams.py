"""Questions by TCP and by TLS, on a few connections to each server that are used again (RFC 7766 §6.2)."""

import asyncio
import ssl
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from harness.dns.asking.parse import NoMessage
from harness.dns.asking.reading import CutOff, NotOurs
from harness.dns.asking.transports import Unheard, unfit, unheard
from harness.model.dns import Heard, Server

Heeded = TypeVar("Heeded")

AT_ONCE = 4
"""Connections to one server; unbound takes 10 from everybody, by default (incoming-num-tcp)."""


@dataclass(slots=True, kw_only=True)
class _Place:
    """One server's connections: a turn for each, and those that nobody uses just now."""

    turn: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    idle: list["_Connection"] = field(default_factory=list)


class Streams:
    """The connections of one asker. `close` ends them."""

    def __init__(self) -> None:
        self._places: defaultdict[tuple[Server, bool], _Place] = defaultdict(_Place)

    def close(self) -> None:
        """End what is open."""
        for place in self._places.values():
            while place.idle:
                place.idle.pop().close()

    def turn(self, server: Server, *, tls: bool) -> asyncio.Semaphore:
        """Return what is to be held while `ask` runs: as many connections as a server is spoken to on at once."""
        return self._places[server, tls].turn

    async def ask(
        self,
        server: Server,
        wire: bytes,
        accept: Callable[[bytes], Heeded],
        until: float,
        trust: ssl.SSLContext | None = None,
    ) -> Heeded:
        """Return what `accept` makes of the answer by TCP, or by TLS with `trust` (RFC 7858); raise Unheard."""
        place = self._places[server, trust is not None]
        while place.idle:
            used = place.idle.pop()
            try:
                return await self._on(used, place, wire, accept, until)
            except _Gone:
                continue  # closed by the server, as it may be between two questions
        try:
            async with asyncio.timeout_at(until):
                fresh = await _connect(server, trust)
        except TimeoutError:
            raise Unheard(Heard.SILENT, "no connection in time") from None
        except OSError as error:
            raise unheard(error) from None
        try:
            return await self._on(fresh, place, wire, accept, until)
        except _Gone as gone:
            raise gone.why from None

    async def _on(
        self, one: "_Connection", place: _Place, wire: bytes, accept: Callable[[bytes], Heeded], until: float
    ) -> Heeded:
        kept = False
        try:
            heeded = await one.ask(wire, accept, until)
            kept = True
            return heeded
        finally:
            if kept:
                place.idle.append(one)
            else:
                one.close()


class _Gone(Exception):  # noqa: N818  reads as a fact
    """The connection has ended before any of the answer came."""

    def __init__(self, why: Unheard) -> None:
        super().__init__(why.detail)
        self.why = why


async def _connect(server: Server, trust: ssl.SSLContext | None) -> "_Connection":
    name = (server.host or server.address) if trust else None
    reader, writer = await asyncio.open_connection(server.address, server.port, ssl=trust, server_hostname=name)
    return _Connection(reader=reader, writer=writer)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Connection:
    """One connection: messages with their length before them (RFC 1035 §4.2.2)."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def ask(self, wire: bytes, accept: Callable[[bytes], Heeded], until: float) -> Heeded:
        """Send, and return the first message that belongs to the question."""
        wrong: Unheard | None = None
        try:
            async with asyncio.timeout_at(until):
                self.writer.write(len(wire).to_bytes(2, "big") + wire)
                while True:
                    data = await self._message()
                    try:
                        return accept(data)
                    except NotOurs as error:
                        wrong = wrong or Unheard(error.heard, str(error))
        except (CutOff, NoMessage) as error:
            raise unfit(error) from None
        except asyncio.IncompleteReadError as error:
            if error.partial or error.expected != _LENGTH:
                raise Unheard(Heard.MALFORMED, "the connection ended within an answer") from None
            raise _Gone(wrong or Unheard(Heard.SILENT, "the connection was closed unanswered")) from None
        except TimeoutError:
            raise (wrong or Unheard(Heard.SILENT)) from None
        except OSError as error:
            raise _Gone(wrong or unheard(error)) from None

    async def _message(self) -> bytes:
        return await self.reader.readexactly(int.from_bytes(await self.reader.readexactly(_LENGTH), "big"))

    def close(self) -> None:
        """End it at once; nothing more is said on it."""
        self.writer.transport.abort()


_LENGTH = 2
