"""A DNS message off the wire (RFC 1035 §4), to texts. Written out here, since a survey reads tens of thousands of them.

The types that a name's way is made of are read here, the others' values by dnspython. Nothing is read twice.
"""

import ipaddress
import socket
import string
import struct
from dataclasses import dataclass, field
from functools import lru_cache

import dns.rdata
import dns.rdataclass
import dns.rdatatype
from dns.rdatatype import AAAA, CNAME, DNAME, NS, OPT, PTR, SOA, TSIG, A

MOST_RECORDS = 200  # of one section; a name that is to move has a handful
LONGEST_VALUE = 1000
LONGEST_TEXT = 300
LONGEST_NAME = 255  # RFC 1035 §2.3.4
LARGEST_TTL = 2**31 - 1  # what is beyond counts as none (RFC 2181 §8)
_IN = 1
_EDE = 15  # extended DNS errors, RFC 8914
_HEADER = struct.Struct("!HHHHHH")
_RECORD = struct.Struct("!HHIH")
_ASKED = struct.Struct("!HH")
_PAIR = struct.Struct("!HH")
_NUMBERS = struct.Struct("!IIIII")
_BARE = (string.ascii_letters + string.digits + "-_").encode()
_ESCAPED = b'"().;\\@$'
_NAMES = {CNAME, NS, DNAME, PTR}


class NoMessage(Exception):  # noqa: N818  reads as a fact
    """Bytes that are no DNS message; says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record of the class IN."""

    name: str
    type: str
    ttl: int
    value: str


@dataclass(slots=True, kw_only=True)
class Message:
    """What a message holds. `left_out` counts the records beyond MOST_RECORDS of a section.

    `code` is the whole code of EDNS; `edns` tells whether it speaks EDNS; `errors` are extended ones (code, text).
    """

    wire: bytes = field(repr=False)
    id: int
    flags: int
    code: int
    questions: list[tuple[str, int, int]]
    sections: tuple[list[Record], list[Record], list[Record]]
    left_out: int = 0
    edns: bool = False
    errors: list[tuple[int, str]] = field(default_factory=list)


def parse(wire: bytes) -> Message:
    """Return the message; raise NoMessage."""
    try:
        return _Parser(wire).message()
    except (struct.error, IndexError):
        raise NoMessage("it ends in the middle") from None


class _Parser:
    def __init__(self, wire: bytes) -> None:
        self._wire = wire
        self._at = _HEADER.size
        self._names: dict[int, str] = {}  # by where they begin: many records point to a few names

    def message(self) -> Message:
        id_, flags, asked, *counts = _HEADER.unpack_from(self._wire)
        if asked > 1:
            raise NoMessage(f"{asked} questions in one message (RFC 9619)")
        questions = [self._question() for _ in range(asked)]
        found = Message(
            wire=self._wire, id=id_, flags=flags, code=flags & 15, questions=questions, sections=([], [], [])
        )
        for section, count in zip(found.sections, counts, strict=True):
            for number in range(count):
                self._record(found, section, kept=number < MOST_RECORDS)
        if self._at != len(self._wire):
            raise NoMessage(f"{len(self._wire) - self._at} bytes behind its end")
        return found

    def _question(self) -> tuple[str, int, int]:
        name = self._name()
        kind, class_ = _ASKED.unpack_from(self._wire, self._at)
        self._at += _ASKED.size
        return name, kind, class_

    def _record(self, found: Message, section: list[Record], *, kept: bool) -> None:
        name = self._name() if kept else self._skipped()
        kind, class_, ttl, length = _RECORD.unpack_from(self._wire, self._at)
        start = self._at = self._at + _RECORD.size
        end = start + length
        if end > len(self._wire):
            raise NoMessage("a record reaches beyond its end")
        if kind == OPT:
            self._edns(found, section, name, ttl, end)
        elif kind == TSIG:
            raise NoMessage("it is signed by a key that nobody gave")
        elif not kept:
            found.left_out += 1
        elif class_ == _IN:
            value = self._value(kind, end)
            section.append(Record(name=name, type=type_text(kind), ttl=0 if ttl > LARGEST_TTL else ttl, value=value))
        self._at = end

    def _value(self, kind: int, end: int) -> str:
        start, length = self._at, end - self._at
        if kind == A and length == 4:
            return socket.inet_ntoa(self._wire[start:end])
        if kind == AAAA and length == 16:
            return str(ipaddress.IPv6Address(self._wire[start:end]))
        if kind in _NAMES:
            value = self._name()
        elif kind == SOA:
            value = f"{self._name()} {self._name()}"
            value += "".join(f" {number}" for number in _NUMBERS.unpack_from(self._wire, self._at))
            self._at += _NUMBERS.size
        else:
            return _text(self._wire, kind, start, length)
        if self._at != end:
            raise NoMessage(f"a record of type {type_text(kind)} has another length than it says")
        return plain(value, LONGEST_VALUE)

    def _edns(self, found: Message, section: list[Record], name: str, ttl: int, end: int) -> None:
        if found.edns or name != "." or section is not found.sections[2]:
            raise NoMessage("EDNS in a place where it does not belong")
        found.edns = True
        found.code |= ttl >> 24 << 4
        at = self._at
        while at < end:
            option, length = _PAIR.unpack_from(self._wire, at)
            value = self._wire[at + _PAIR.size : at + _PAIR.size + length]
            at += _PAIR.size + length
            if at > end:
                raise NoMessage("an option of EDNS reaches beyond its end")
            if option == _EDE and length >= 2:
                found.errors.append((int.from_bytes(value[:2], "big"), value[2:].decode("utf-8", "replace")))

    def _name(self) -> str:
        at = self._at
        if self._wire[at] < 192:
            name, self._at = self._name_at(at)
            return name
        target = (self._wire[at] & 63) << 8 | self._wire[at + 1]
        if target >= at:
            raise NoMessage("a name that leads to itself")
        if target not in self._names:
            self._names[target], _ = self._name_at(target)
        self._at = at + 2
        return self._names[target]

    def _skipped(self) -> str:
        """Go past a name that nobody reads; only the root is told."""
        start = self._at
        while 0 < (count := self._wire[self._at]) < 192:
            self._at += 1 + count
        self._at += 2 if count else 1
        return "." if self._at == start + 1 else ""

    def _name_at(self, start: int) -> tuple[str, int]:
        """Return the name that begins at `start`, and where what follows it begins. Pointers only lead backwards."""
        wire, at, after, lowest, length = self._wire, start, 0, start, 1
        labels: list[str] = []
        while count := wire[at]:
            if count < 64:
                label = wire[at + 1 : at + 1 + count]
                if len(label) < count:
                    raise NoMessage("a name reaches beyond its end")
                labels.append(_label(label))
                at += 1 + count
                length += 1 + count
                if length > LONGEST_NAME:
                    raise NoMessage("a name that is too long")
            elif count >= 192:
                after = after or at + 2
                at = (count & 63) << 8 | wire[at + 1]
                if at >= lowest:
                    raise NoMessage("a name that leads to itself")
                lowest = at
            else:
                raise NoMessage("a label of no known kind")
        return ".".join(labels) or ".", after or at + 1


def _label(label: bytes) -> str:
    if not label.translate(None, _BARE):
        return label.decode("ascii").lower()
    return "".join(
        f"\\{chr(one)}" if one in _ESCAPED else chr(one) if 0x20 < one < 0x7F else f"\\{one:03d}"
        for one in label.lower()
    )


def _text(wire: bytes, kind: int, start: int, length: int) -> str:
    """Return a value as a zone file writes it."""
    try:
        read = dns.rdata.from_wire(dns.rdataclass.IN, dns.rdatatype.RdataType.make(kind), wire, start, length)
    except Exception as error:  # noqa: BLE001  a stranger's bytes: whatever dnspython stumbles over, they are no record
        raise NoMessage(plain(f"a record of type {type_text(kind)} that is none ({type(error).__name__})")) from None
    try:
        return plain(read.to_text(), LONGEST_VALUE)
    except Exception as error:  # noqa: BLE001  as above: what was read may yet have no text
        return f"unreadable ({type(error).__name__})"


@lru_cache(1024)
def type_text(kind: int) -> str:
    """Return a type's name; TYPE65280 and the like for those that have none."""
    return dns.rdatatype.to_text(dns.rdatatype.RdataType.make(kind))


def plain(text: str, longest: int = LONGEST_TEXT) -> str:
    r"""Return a stranger's text with what a terminal obeys escaped (as \xNN) and no longer than `longest`."""
    line = text[: longest + 1]
    if not line.isascii() or not line.isprintable():
        line = "".join(one if " " <= one <= "~" else ascii(one)[1:-1] for one in line)
    return line if len(line) <= longest else f"{line[: longest - 2]} …"
