"""A DNS message off the wire (RFC 1035 §4), to texts: read by dnspython, bounded and escaped here."""

import ipaddress
import struct
from dataclasses import dataclass, field
from functools import lru_cache

import dns.message
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
from dns.edns import EDEOption
from dns.rdatatype import AAAA, CNAME, DNAME, NS, PTR, SOA
from dns.rrset import RRset

MOST_RECORDS = 200  # of one section; a name that is to move has a handful
MOST_READ = 5000  # of a whole message: what says that it has more is not read at all
LONGEST_VALUE = 1000
LONGEST_TEXT = 300
LARGEST_TTL = 2**31 - 1  # what is beyond counts as none (RFC 2181 §8)
_COUNTS = struct.Struct("!6xHHH")
_NAMES = {CNAME, NS, DNAME, PTR}


class NoMessage(Exception):  # noqa: N818  reads as a fact
    """Bytes that are no DNS message, or none that is read; says why."""


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
        records = sum(_COUNTS.unpack_from(wire))
    except struct.error:
        raise NoMessage("it ends in the middle") from None
    if records > MOST_READ:
        raise NoMessage(f"it says that it has {records} records")
    try:
        read = dns.message.from_wire(wire, one_rr_per_rrset=True)
    except Exception as error:  # noqa: BLE001  a stranger's bytes: whatever dnspython stumbles over, they are no message
        raise NoMessage(plain(f"dnspython: {type(error).__name__}")) from None
    if len(read.question) > 1:
        raise NoMessage(f"{len(read.question)} questions in one message (RFC 9619)")
    sections = (read.answer, read.authority, read.additional)
    kept = [[_record(one) for one in section[:MOST_RECORDS] if _ours(one)] for section in sections]
    return Message(
        wire=wire,
        id=read.id,
        flags=int(read.flags),
        code=int(read.rcode()),
        questions=[(_name(one.name), int(one.rdtype), int(one.rdclass)) for one in read.question],
        sections=(kept[0], kept[1], kept[2]),
        left_out=sum(max(len(section) - MOST_RECORDS, 0) for section in sections),
        edns=read.edns >= 0,
        errors=[(int(one.code), one.text or "") for one in read.options if isinstance(one, EDEOption)],
    )


def _ours(one: RRset) -> bool:
    return one.rdclass == dns.rdataclass.IN and len(one) > 0


def _record(one: RRset) -> Record:
    ttl = 0 if one.ttl > LARGEST_TTL else one.ttl
    return Record(name=_name(one.name), type=type_text(one.rdtype), ttl=ttl, value=_value(one))


def _name(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower()


def _value(one: RRset) -> str:
    """Return a value as a zone file writes it; names as the model writes them."""
    rdata = one[0]
    if one.rdtype in _NAMES:
        return plain(_name(rdata.target), LONGEST_VALUE)
    if one.rdtype == SOA:
        numbers = f"{rdata.serial} {rdata.refresh} {rdata.retry} {rdata.expire} {rdata.minimum}"
        return plain(f"{_name(rdata.mname)} {_name(rdata.rname)} {numbers}", LONGEST_VALUE)
    if one.rdtype == AAAA:
        return str(ipaddress.IPv6Address(rdata.address))
    try:
        return plain(rdata.to_text(), LONGEST_VALUE)
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
