"""A name server that does everything wrong. The first label of the name that is asked for says what."""

import asyncio
import random
import struct
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, cast

import dns.edns
import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rrset

from harness.model.dns import Protocol, Server
from tests.servers.process import HOST

Wire = bytes
Made = Callable[[dns.message.Message], Wire]
ROW = "hostile.test."
ADDRESS = "192.0.2.1"


def answer(asked: dns.message.Message, *records: str, **changes: Any) -> dns.message.Message:
    """Return a reply with `records` (as a zone file has them, "@" for the name asked) in its answer."""
    reply = dns.message.make_response(asked, recursion_available=True)
    for one in records:
        owner, ttl, type_, value = one.replace("@", str(asked.question[0].name)).split(" ", 3)
        reply.answer.append(dns.rrset.from_text(owner, int(ttl), "IN", type_, value))
    reply.flags |= changes.get("flags", 0)
    reply.set_rcode(changes.get("rcode", dns.rcode.NOERROR))
    return reply


def good(asked: dns.message.Message) -> Wire:
    """Return the answer that should have come."""
    return answer(asked, f"@ 60 A {ADDRESS}").to_wire()


def raw(
    asked: dns.message.Message, body: Wire, *, counts: tuple[int, int, int] = (1, 0, 0), flags: int = 0x8180
) -> Wire:
    """Return the header and the question of a right answer, and then anything."""
    question = asked.question[0]
    start = struct.pack("!HHHHHH", asked.id, flags, 1, *counts)
    return start + (question.name.to_wire() or b"") + struct.pack("!HH", question.rdtype, 1) + body


def record(rdata: Wire, *, owner: Wire = b"\xc0\x0c", type_: int = 1, class_: int = 1, ttl: int = 60) -> Wire:
    """Return one record as it goes over the wire; its owner is a pointer to the question unless told otherwise."""
    return owner + struct.pack("!HHIH", type_, class_, ttl, len(rdata)) + rdata


A = bytes([192, 0, 2, 1])


def _other_id(asked: dns.message.Message) -> Wire:
    wire = good(asked)
    return ((asked.id + 1) % 65536).to_bytes(2, "big") + wire[2:]


def _other_question(asked: dns.message.Message) -> Wire:
    other = dns.message.make_query("other.test.", "A")
    other.id = asked.id
    return good(other)


def _other_type(asked: dns.message.Message) -> Wire:
    other = dns.message.make_query(asked.question[0].name, "TXT")
    other.id = asked.id
    return answer(other, "@ 60 TXT x").to_wire()


def _reply(asked: dns.message.Message, *records: str, **changes: Any) -> Wire:
    return answer(asked, *records, **changes).to_wire(max_size=65535)


def _bare(asked: dns.message.Message, code: int) -> Wire:
    """Return an error without a question and without EDNS."""
    return struct.pack("!HHHHHH", asked.id, 0x8180 | code, 0, 0, 0, 0)


def _explained(asked: dns.message.Message) -> Wire:
    reply = answer(asked, rcode=dns.rcode.SERVFAIL)
    option = dns.edns.EDEOption(dns.edns.EDECode.DNSSEC_BOGUS, "signature\x1b[31m expired\n" + "x" * 500)
    reply.use_edns(0, 0, 1232, options=[option])
    return reply.to_wire()


def _endless(asked: dns.message.Message) -> Wire:
    name = str(asked.question[0].name)
    number = int(name.partition(".")[0].partition("-")[2] or 0)
    return _reply(asked, f"@ 60 CNAME endless-{number + 1}.{ROW}")


def _long_chain(asked: dns.message.Message) -> Wire:
    ways = [f"@ 60 CNAME c0.{ROW}", *(f"c{at}.{ROW} 60 CNAME c{at + 1}.{ROW}" for at in range(100))]
    return _reply(asked, *ways)


def _many(asked: dns.message.Message) -> Wire:
    return raw(asked, b"".join(record(struct.pack("!I", at)) for at in range(4000)), counts=(4000, 0, 0))


def _largest(asked: dns.message.Message) -> Wire:
    text = b"\xff" + b"x" * 255
    body = b"".join(record(text * 9, type_=16, ttl=at) for at in range(28))
    return raw(asked, body, counts=(28, 0, 0))


def _referral(asked: dns.message.Message) -> Wire:
    reply = answer(asked)
    reply.flags &= ~dns.flags.RA
    reply.authority.append(dns.rrset.from_text(ROW, 60, "IN", "NS", "ns.elsewhere.test."))
    return reply.to_wire()


def _silly_names(asked: dns.message.Message) -> Wire:
    label = b"<script>\x1b]0;x\x07\x00"
    target = bytes([len(label)]) + label + b"\x04test\x00"
    return raw(asked, record(target, type_=5), counts=(1, 0, 0))


def _silly_text(asked: dns.message.Message) -> Wire:
    text = b"\x1b[2J\r\n<img src=x onerror=alert(1)>\x00\xff"
    return raw(asked, record(bytes([len(text)]) + text, type_=16), counts=(1, 0, 0))


def _to_itself(asked: dns.message.Message) -> Wire:
    at = 12 + len(asked.question[0].name.to_wire() or b"") + 4
    return raw(asked, record(A, owner=struct.pack("!H", 0xC000 | at)))


def _update(asked: dns.message.Message) -> Wire:
    return raw(asked, b"", counts=(0, 0, 0), flags=0x8180 | dns.opcode.UPDATE << 11)


def _garbage(asked: dns.message.Message) -> Wire:
    return asked.id.to_bytes(2, "big") + b"\x81\x80" + random.Random(7).randbytes(200)


def _cut(asked: dns.message.Message) -> Wire:
    return raw(asked, b"", counts=(0, 0, 0), flags=0x8380)


def _stranger(asked: dns.message.Message) -> Wire:
    return _reply(asked, f"other.test. 60 A {ADDRESS}")


def _two_ways(asked: dns.message.Message) -> Wire:
    one, two = (record(b"\x03" + name + b"\x04test\x00", type_=5) for name in (b"old", b"new"))
    return raw(asked, one + two, counts=(2, 0, 0))


def _signed(asked: dns.message.Message) -> Wire:
    return raw(asked, record(A) + record(b"\x00" * 30, owner=b"\x00", type_=250, class_=255), counts=(1, 0, 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What becomes of a question: the packets that come back by UDP, and what comes by TCP.

    `tcp` None: the connection is closed unanswered. `drip` seconds lie between two bytes.
    """

    udp: tuple[Made, ...] = ()
    tcp: Made | None = None
    drip: float = 0.0
    elsewhere: bool = False
    whole: bool = True


def _by(made: Made) -> Row:
    return Row(udp=(made,), tcp=made)


ROWS: dict[str, Row] = {
    "good": _by(good),
    "silent": Row(),
    "other-id": _by(_other_id),
    "other-question": _by(_other_question),
    "other-type": _by(_other_type),
    "other-port": Row(udp=(good,), elsewhere=True),
    "spoofed-first": Row(udp=(_other_id, _other_question, lambda _: b"x", good)),
    "echo": Row(udp=(lambda asked: asked.to_wire(),)),
    "short": Row(udp=(lambda asked: asked.id.to_bytes(2, "big"),)),
    "garbage": _by(_garbage),
    "update": _by(_update),
    "no-question": _by(lambda asked: struct.pack("!HHHHHH", asked.id, 0x8180, 0, 0, 0, 0)),
    "counts": _by(lambda asked: raw(asked, record(A), counts=(5, 0, 0))),
    "trailing": _by(lambda asked: raw(asked, record(A) + b"junk")),
    "bad-rdata": _by(lambda asked: raw(asked, record(A[:3]))),
    "to-itself": _by(_to_itself),
    "signed-by-nobody": _by(_signed),
    "other-class": _by(lambda asked: raw(asked, record(A, class_=4))),
    "stranger": _by(_stranger),
    "cut-then-whole": Row(udp=(_cut,), tcp=good),
    "cut-then-closed": Row(udp=(_cut,)),
    "cut-then-cut": Row(udp=(_cut,), tcp=_cut),
    "cut-then-drip": Row(udp=(_cut,), tcp=good, drip=0.1),
    "cut-then-half": Row(udp=(_cut,), tcp=good, whole=False),
    "cut-then-garbage": Row(udp=(_cut,), tcp=_garbage),
    "cut-then-other-id": Row(udp=(_cut,), tcp=_other_id),
    "servfail": _by(lambda asked: _reply(asked, rcode=dns.rcode.SERVFAIL)),
    "servfail-with-records": _by(lambda asked: _reply(asked, f"@ 60 A {ADDRESS}", rcode=dns.rcode.SERVFAIL)),
    "servfail-bare": _by(lambda asked: _bare(asked, dns.rcode.SERVFAIL)),
    "explained": _by(_explained),
    "nxdomain": _by(lambda asked: _reply(asked, rcode=dns.rcode.NXDOMAIN)),
    "refused": _by(lambda asked: _reply(asked, rcode=dns.rcode.REFUSED)),
    "notauth": _by(lambda asked: _reply(asked, rcode=dns.rcode.NOTAUTH)),
    "no-edns": _by(lambda asked: _bare(asked, dns.rcode.FORMERR) if asked.edns >= 0 else good(asked)),
    "formerr": _by(lambda asked: _bare(asked, dns.rcode.FORMERR)),
    "referral": _by(_referral),
    "loop": _by(lambda asked: _reply(asked, f"@ 60 CNAME pool.{ROW}", f"pool.{ROW} 60 CNAME loop.{ROW}")),
    "to-self": _by(lambda asked: _reply(asked, "@ 60 CNAME @")),
    "endless": _by(_endless),
    "long-chain": Row(udp=(_cut,), tcp=_long_chain),
    "two-ways": _by(_two_ways),
    "many": Row(udp=(_cut,), tcp=_many),
    "largest": Row(udp=(_cut,), tcp=_largest),
    "large-by-udp": Row(udp=(_largest,)),
    "negative-ttl": _by(lambda asked: raw(asked, record(A, ttl=0x80000001))),
    "largest-ttl": _by(lambda asked: raw(asked, record(A, ttl=0x7FFFFFFF))),
    "silly-names": _by(_silly_names),
    "silly-text": _by(_silly_text),
    "flood": Row(udp=(*(_other_id for _ in range(100)), good)),
}


class Hostile:
    """The server, in a thread of its own, by UDP and TCP on one port. `asked` counts by row and transport."""

    def __init__(self) -> None:
        self.address = HOST
        self.port = 0
        self.asked: Counter[tuple[str, str]] = Counter()
        self._started = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._ended = asyncio.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._elsewhere: asyncio.DatagramTransport | None = None

    def server(self, protocol: Protocol = "udp") -> Server:
        """Return it as a server of a scenario."""
        return Server(name="hostile", address=self.address, port=self.port, protocol=protocol)

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
        tcp = await asyncio.start_server(self._stream, HOST, 0)
        self.port = tcp.sockets[0].getsockname()[1]
        udp, _ = await self._loop.create_datagram_endpoint(lambda: _Packets(self), (HOST, self.port))
        self._elsewhere, _ = await self._loop.create_datagram_endpoint(asyncio.DatagramProtocol, (HOST, 0))
        self._started.set()
        await self._ended.wait()
        udp.close()
        self._elsewhere.close()
        tcp.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    def packet(self, data: Wire, sender: Any, back: asyncio.DatagramTransport) -> None:
        """Answer one packet as its row says."""
        asked, row = self._row(data, "udp")
        through = self._elsewhere if row.elsewhere else back
        for made in row.udp:
            assert through is not None
            through.sendto(made(asked), sender)

    async def _stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                data = await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
                asked, row = self._row(data, "tcp")
                wire = row.tcp(asked) if row.tcp else b""
                framed = (len(wire).to_bytes(2, "big") + wire) if wire else b""
                await _drip(writer, framed if row.whole else framed[: len(framed) // 2], row.drip)
                if not wire or not row.whole:
                    break
        writer.close()

    def _row(self, data: Wire, transport: str) -> tuple[dns.message.Message, Row]:
        asked = dns.message.from_wire(data)
        label = asked.question[0].name.labels[0].decode()
        kind = "endless" if label.startswith("endless") else label
        self.asked[kind, transport] += 1
        return asked, ROWS.get(kind, ROWS["nxdomain"])


class _Packets(asyncio.DatagramProtocol):
    def __init__(self, server: Hostile) -> None:
        self._server = server
        self._back: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._back = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: Wire, addr: Any) -> None:
        assert self._back is not None
        self._server.packet(data, addr, self._back)


async def _drip(writer: asyncio.StreamWriter, data: Wire, seconds: float) -> None:
    for piece in [data] if not seconds else [data[at : at + 1] for at in range(len(data))]:
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(seconds)
