"""A name server that answers what a test tells it, by UDP and TCP, in a thread of its own.

`serving` makes an answer of zones: asked without recursion it is their authority, with recursion a resolver of theirs.
"""

import asyncio
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Self, cast

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataset
import dns.rdatatype
import dns.rrset
import dns.zone

from harness.model.dns import Server
from tests.servers.process import HOST

Answer = Callable[[dns.message.Message], dns.message.Message | bytes | None]
"""What is said to a question; None says nothing."""

_BY_UDP = 1232  # octets, what today's servers keep to
_MOST = 20


class NameServer:
    """Answers by `answer`, which a test may change; `asked` are the questions so far, as "name type"."""

    def __init__(self, answer: Answer, address: str = HOST, port: int = 0) -> None:
        self.answer = answer
        self.address = address
        self.port = port
        self.asked: list[str] = []
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._ended = asyncio.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def server(self, name: str = "scripted") -> Server:
        """Return it as a server of a scenario."""
        return Server(name=name, address=self.address, port=self.port)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._started.wait(20)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(20)

    def _serve(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._run())

    async def _run(self) -> None:
        tcp = await asyncio.start_server(self._stream, self.address, self.port)
        self.port = tcp.sockets[0].getsockname()[1]
        udp, _ = await self._loop.create_datagram_endpoint(lambda: _Packets(self), (self.address, self.port))
        self._started.set()
        await self._ended.wait()
        udp.close()
        tcp.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    def said(self, wire: bytes, *, most: int) -> bytes:
        """Return what is said to a message, b"" for nothing."""
        asked = dns.message.from_wire(wire)
        question = asked.question[0]
        self.asked.append(f"{question.name.to_text(omit_final_dot=True)} {dns.rdatatype.to_text(question.rdtype)}")
        made = self.answer(asked)
        if made is None or isinstance(made, bytes):
            return made or b""
        whole = made.to_wire(max_size=65_535)
        if len(whole) <= most:
            return whole
        cut = dns.message.make_response(asked)
        cut.flags |= dns.flags.TC
        return cut.to_wire()

    async def _stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                data = await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
                wire = self.said(data, most=65_535)
                if wire:
                    writer.write(len(wire).to_bytes(2, "big") + wire)
                    await writer.drain()
        writer.close()


class _Packets(asyncio.DatagramProtocol):
    def __init__(self, server: NameServer) -> None:
        self._server = server
        self._back: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._back = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        assert self._back is not None
        wire = self._server.said(data, most=_BY_UDP)
        if wire:
            self._back.sendto(wire, addr)


def serving(texts: Mapping[str, str], *, held: Callable[[int], int] = lambda ttl: ttl) -> Answer:
    """Return what servers of zones (origin -> text) say; `held` is what a resolver has left of a TTL."""
    zones = {
        dns.name.from_text(origin): dns.zone.from_text(text, origin, relativize=False, check_origin=False)
        for origin, text in texts.items()
    }

    def answer(asked: dns.message.Message) -> dns.message.Message:
        recursive = bool(asked.flags & dns.flags.RD)
        reply = dns.message.make_response(asked, recursion_available=recursive)
        question = asked.question[0]
        own = _zone_of(zones, question.name)
        if own is None:
            reply.set_rcode(dns.rcode.NXDOMAIN if recursive else dns.rcode.REFUSED)
            return reply
        if not recursive:
            reply.flags |= dns.flags.AA
        _fill(reply, zones, None if recursive else own)
        if recursive:
            for rrset in reply.answer:
                rrset.ttl = held(rrset.ttl)
        return reply

    return answer


def _zone_of(zones: Mapping[dns.name.Name, dns.zone.Zone], name: dns.name.Name) -> dns.name.Name | None:
    return max((origin for origin in zones if name.is_subdomain(origin)), key=len, default=None)


def _fill(reply: dns.message.Message, zones: Mapping[dns.name.Name, dns.zone.Zone], only: dns.name.Name | None) -> None:
    name, kind = reply.question[0].name, reply.question[0].rdtype
    for _ in range(_MOST):
        origin = _zone_of(zones, name)
        if origin is None or (only is not None and origin != only):
            return
        found = zones[origin].get_rdataset(name, kind)
        link = zones[origin].get_rdataset(name, dns.rdatatype.CNAME)
        if found is None and link is None:
            there = any(one.is_subdomain(name) for one in zones[origin].nodes)
            reply.set_rcode(dns.rcode.NOERROR if there else dns.rcode.NXDOMAIN)
            reply.authority.append(_rrset(origin, zones[origin].get_rdataset(origin, dns.rdatatype.SOA)))
            return
        reply.answer.append(_rrset(name, found or link))
        if found is not None or link is None:
            return
        name = link[0].target


def _rrset(name: dns.name.Name, found: dns.rdataset.Rdataset | None) -> dns.rrset.RRset:
    assert found is not None
    return dns.rrset.from_rdata_list(name, found.ttl, list(found))
