"""What a DNS message says, in values of the model. All of it is hostile: bounded, escaped, and sorted out."""

import struct
from collections.abc import Iterable
from dataclasses import dataclass

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from harness.model.dns import Heard, Records

MOST_RECORDS = 200  # of one section; a name that is to move has a handful
LONGEST_VALUE = 1000
LONGEST_DETAIL = 300
BUFFER = 1232  # what is asked for by UDP: it fits through every path unfragmented (DNS flag day 2020)
_HEADER = struct.Struct("!HHHHHH")
_OPT = struct.Struct("!BHHIH")
_DO = 0x8000
_OPCODE = 0x7800
_NAMES = {dns.rdatatype.CNAME, dns.rdatatype.NS, dns.rdatatype.DNAME, dns.rdatatype.PTR}
_BARE_CODES = {dns.rcode.FORMERR, dns.rcode.SERVFAIL, dns.rcode.NOTIMP, dns.rcode.REFUSED}
_HEARD = {dns.rcode.SERVFAIL: Heard.SERVFAIL, dns.rcode.REFUSED: Heard.REFUSED, dns.rcode.NXDOMAIN: Heard.NO_NAME}


class BadQuestion(ValueError):  # noqa: N818  reads as a fact
    """A name or a type that cannot be asked for."""


class NotOurs(Exception):  # noqa: N818  reads as a fact
    """A message that may be anybody's, not the answer; says why, and what the question comes to if no other comes."""

    def __init__(self, why: str, heard: Heard = Heard.WRONG_ID) -> None:
        super().__init__(why)
        self.heard = heard


class CutOff(Exception):  # noqa: N818  reads as a fact
    """A message that says itself that it was cut off."""


class NoMessage(Exception):  # noqa: N818  reads as a fact
    """Bytes that are no DNS message; says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question as it goes out; `edns` False leaves the OPT record off, for a server that does not know it."""

    id: int
    name: str
    type: str
    recurse: bool
    signatures: bool
    owner: dns.name.Name
    kind: dns.rdatatype.RdataType
    edns: bool = True
    checking_disabled: bool = False

    @property
    def wire(self) -> bytes:
        """Return the message (RFC 1035 §4, RFC 6891 §6.1); AD asks for the resolver's own verdict (RFC 6840 §5.7)."""
        flags = (dns.flags.RD if self.recurse else 0) | (dns.flags.AD if self.signatures else 0)
        flags |= dns.flags.CD if self.checking_disabled else 0
        head = _HEADER.pack(self.id, flags, 1, 0, 0, 1 if self.edns else 0)
        asked = (self.owner.to_wire() or b"") + struct.pack("!HH", self.kind, dns.rdataclass.IN)
        return head + asked + (_OPT.pack(0, 41, BUFFER, _DO if self.signatures else 0, 0) if self.edns else b"")


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What a message says; the fields are those of Reply."""

    heard: Heard
    detail: str = ""
    answer: tuple[Records, ...] = ()
    authority: tuple[Records, ...] = ()
    additional: tuple[Records, ...] = ()
    authoritative: bool = False
    authenticated: bool = False


def question(name: str, type_: str, id_: int, *, recurse: bool, signatures: bool) -> Question:
    """Return the question; raise BadQuestion for what no message can hold."""
    try:
        owner = dns.name.from_text(name)
        kind = dns.rdatatype.from_text(type_)
    except (dns.exception.DNSException, ValueError, UnicodeError) as error:
        raise BadQuestion(plain(f"{name} {type_} cannot be asked for: {error}")) from None
    return Question(
        id=id_, name=normal(owner), type=type_.upper(), recurse=recurse, signatures=signatures, owner=owner, kind=kind
    )


def message(wire: bytes, asked: Question) -> dns.message.Message:
    """Return the message that answers the question; raise NotOurs, CutOff or NoMessage."""
    if _flags(wire, asked) & dns.flags.TC:
        raise CutOff
    try:
        # one record each: sets of CNAME would keep the last one alone, and two of them are what must be seen
        found = dns.message.from_wire(wire, one_rr_per_rrset=True)
    except Exception as error:  # noqa: BLE001  a stranger's bytes: whatever the parser stumbles over, they are no message
        raise NoMessage(plain(f"{type(error).__name__}: {error}")) from None
    _check_question(found, asked)
    return found


def _flags(wire: bytes, asked: Question) -> int:
    if len(wire) < _HEADER.size:
        raise NotOurs(f"{len(wire)} bytes", Heard.MALFORMED)
    id_, flags, *_ = _HEADER.unpack_from(wire)
    if id_ != asked.id:
        raise NotOurs("another id than the question's")
    if not flags & dns.flags.QR:
        raise NotOurs("a question in place of an answer")
    if flags & _OPCODE:
        raise NotOurs("the answer to something that is no question")
    return int(flags)


def _check_question(found: dns.message.Message, asked: Question) -> None:
    if not found.question and found.rcode() in _BARE_CODES:
        return  # errors may come without it
    told = [(one.name, one.rdtype, one.rdclass) for one in found.question]
    if told != [(asked.owner, asked.kind, dns.rdataclass.IN)]:
        other = f"{normal(told[0][0])} {dns.rdatatype.to_text(told[0][1])}" if told else "no question at all"
        raise NotOurs(plain(f"the answer to {other}"))


def read(found: dns.message.Message, asked: Question) -> Read:
    """Return what the message says of the question.

    Only records on the name's way (CNAMEs from it on, DNAMEs) count as an answer; others are left out and counted in
    `detail`. NO_NAME and EMPTY speak of the end of the way: with CNAMEs in `answer` the name itself exists.
    """
    code = found.rcode()
    extended = _extended(found)
    if code not in {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}:
        told = "" if code in _HEARD else dns.rcode.to_text(code)
        return Read(heard=_HEARD.get(code, Heard.ERROR), detail=_joined(told, extended))
    answer, strangers = _on_the_way(_records(found.answer), asked)
    authority, additional = _records(found.authority), _records(found.additional)
    heard, why = _verdict(found, asked, answer, authority)
    left = [_left_out(found), f"{strangers} records of other names left out" if strangers else ""]
    return Read(
        heard=heard,
        detail=_joined(why, *left, extended),
        answer=answer,
        authority=authority,
        additional=additional,
        authoritative=bool(found.flags & dns.flags.AA),
        authenticated=bool(found.flags & dns.flags.AD),
    )


def _verdict(
    found: dns.message.Message, asked: Question, answer: tuple[Records, ...], authority: tuple[Records, ...]
) -> tuple[Heard, str]:
    end, links = _end(answer, asked)
    there = any(one.name == end and _is(one.type, asked) for one in answer)
    if found.rcode() == dns.rcode.NXDOMAIN and not there:
        return Heard.NO_NAME, f"{end}, at the end of its CNAMEs, does not exist" if links else ""
    if there:
        return Heard.ANSWER, ""
    denied = any(one.type == "SOA" for one in authority)
    if links:
        return (Heard.EMPTY, f"{end}, at the end of its CNAMEs, has none") if denied else (Heard.ANSWER, "")
    return _nothing(found, asked, denied=denied, refers=any(one.type == "NS" for one in authority))


def _nothing(found: dns.message.Message, asked: Question, *, denied: bool, refers: bool) -> tuple[Heard, str]:
    """Say what an empty answer means: no such record (RFC 2308 §2.2), or that somebody else should be asked."""
    if denied or found.flags & dns.flags.AA:
        return Heard.EMPTY, ""
    if asked.recurse and found.flags & dns.flags.RA:
        return (Heard.ERROR, "does not recurse") if refers else (Heard.EMPTY, "")
    if asked.recurse:
        return Heard.ERROR, "does not recurse"
    return (Heard.REFERRAL, "") if refers else (Heard.ERROR, "an empty answer of a server that does not speak for it")


def _is(type_: str, asked: Question) -> bool:
    return asked.type in {type_, "ANY"}


def _end(answer: Iterable[Records], asked: Question) -> tuple[str, int]:
    """Follow the CNAMEs from the question's name on; return where they lead and how many they are."""
    ways = {one.name: one.values[0] for one in answer if one.type == "CNAME" and asked.type != "CNAME"}
    at, steps = asked.name, 0
    while at in ways and steps <= len(ways):
        at, steps = ways[at], steps + 1
    return at, steps


def _on_the_way(records: tuple[Records, ...], asked: Question) -> tuple[tuple[Records, ...], int]:
    ways = {one.name: one.values for one in records if one.type == "CNAME"}
    names, ahead = {asked.name}, [asked.name]
    while ahead:
        for target in ways.get(ahead.pop(), ()):
            if target not in names:
                names.add(target)
                ahead.append(target)
    kept = tuple(one for one in records if one.name in names or one.type == "DNAME")
    return kept, sum(len(one.values) for one in records) - sum(len(one.values) for one in kept)


def _records(section: list[dns.rrset.RRset]) -> tuple[Records, ...]:
    """Group single records by owner and type; the least TTL of a group counts (RFC 2181 §5.2)."""
    groups: dict[tuple[str, str], tuple[int, set[str]]] = {}
    for one in section[:MOST_RECORDS]:
        if one.rdclass != dns.rdataclass.IN or not len(one):
            continue
        key = (normal(one.name), dns.rdatatype.to_text(one.rdtype))
        ttl, values = groups.setdefault(key, (one.ttl, set()))
        values.add(value_text(one[0]))
        groups[key] = (min(ttl, one.ttl), values)
    return tuple(
        Records(name=name, type=type_, ttl=ttl, values=tuple(sorted(values)))
        for (name, type_), (ttl, values) in groups.items()
    )


def _left_out(found: dns.message.Message) -> str:
    more = sum(max(0, len(section) - MOST_RECORDS) for section in (found.answer, found.authority, found.additional))
    return f"{more} more records not kept" if more else ""


def value_text(rdata: dns.rdata.Rdata) -> str:
    """Return a record's value as a zone file writes it; names alone (CNAME, NS, SOA) normalised."""
    try:
        text = rdata.to_text()
        if rdata.rdtype in _NAMES:
            text = _normal(text)
        elif rdata.rdtype == dns.rdatatype.SOA:
            mname, rname, numbers = text.split(" ", 2)
            text = f"{_normal(mname)} {_normal(rname)} {numbers}"
    except Exception as error:  # noqa: BLE001  a stranger's bytes may be read and yet have no text
        text = f"unreadable ({type(error).__name__})"
    return plain(text, LONGEST_VALUE)


def normal(name: dns.name.Name) -> str:
    """Return a name in lower case and without the final dot; the root is "."."""
    return name.to_text(omit_final_dot=True).lower()


def _normal(text: str) -> str:
    return text.removesuffix(".").lower() or "."


def plain(text: str, longest: int = LONGEST_DETAIL) -> str:
    r"""Return a stranger's text with what a terminal obeys escaped (as \xNN) and no longer than `longest`."""
    line = text[: longest + 1]
    if not line.isascii() or not line.isprintable():
        line = "".join(one if " " <= one <= "~" else ascii(one)[1:-1] for one in line)
    return line if len(line) <= longest else f"{line[: longest - 2]} …"


def _extended(found: dns.message.Message) -> str:
    """Return the server's own explanations (extended DNS errors, RFC 8914), a few of them."""
    told = [one for one in found.options if isinstance(one, dns.edns.EDEOption)][:3]
    return plain("; ".join(_explanation(one) for one in told))


def _explanation(option: dns.edns.EDEOption) -> str:
    known = option.code in dns.edns.EDECode
    words = (
        dns.edns.EDECode.to_text(option.code).replace("_", " ").lower() if known else f"extended error {option.code}"
    )
    return f"{words}: {option.text}" if option.text else words


def _joined(*parts: str) -> str:
    return plain("; ".join(part for part in parts if part))
