"""What a DNS message says, in values of the model. All of it is hostile: bounded, escaped, and sorted out."""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import dns.edns
import dns.exception
import dns.flags
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype

from harness.dns.asking.parse import Message, Record, parse, plain, type_text
from harness.model.dns import Heard, Records

BUFFER = 1232  # what is asked for by UDP: it fits through every path unfragmented (DNS flag day 2020)
_HEADER = struct.Struct("!HHHHHH")
_OPT = struct.Struct("!BHHIH")
_DO = 0x8000
_OPCODE = 0x7800
_BARE_CODES = {dns.rcode.FORMERR, dns.rcode.SERVFAIL, dns.rcode.NOTIMP, dns.rcode.REFUSED}
_HEARD: dict[int, Heard] = {
    dns.rcode.SERVFAIL: Heard.SERVFAIL,
    dns.rcode.REFUSED: Heard.REFUSED,
    dns.rcode.NXDOMAIN: Heard.NO_NAME,
}


class BadQuestion(ValueError):  # noqa: N818  reads as a fact
    """A name or a type that cannot be asked for."""


class NotOurs(Exception):  # noqa: N818  reads as a fact
    """A message that may be anybody's, not the answer; says why, and what the question comes to if no other comes."""

    def __init__(self, why: str, heard: Heard = Heard.WRONG_ID) -> None:
        super().__init__(why)
        self.heard = heard


class CutOff(Exception):  # noqa: N818  reads as a fact
    """A message that says itself that it was cut off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question as it goes out; `edns` False leaves the OPT record off, for a server that does not know it."""

    id: int
    name: str
    type: str
    recurse: bool
    signatures: bool
    kind: int
    body: bytes
    edns: bool = True
    checking_disabled: bool = False

    @property
    def wire(self) -> bytes:
        """Return the message (RFC 1035 §4, RFC 6891 §6.1); AD asks for the resolver's own verdict (RFC 6840 §5.7)."""
        flags = (dns.flags.RD if self.recurse else 0) | (dns.flags.AD if self.recurse else 0)
        flags |= dns.flags.CD if self.checking_disabled else 0
        head = _HEADER.pack(self.id, flags, 1, 0, 0, 1 if self.edns else 0)
        return head + self.body + (_OPT.pack(0, 41, BUFFER, _DO if self.signatures else 0, 0) if self.edns else b"")


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


def question(
    name: str, type_: str, id_: int, *, recurse: bool, signatures: bool, checking_disabled: bool = False
) -> Question:
    """Return the question; raise BadQuestion for what no message can hold."""
    normal, kind, body = _asked(name, type_)
    return Question(
        id=id_, name=normal, type=type_.upper(), kind=kind, body=body,
        recurse=recurse, signatures=signatures, checking_disabled=checking_disabled,
    )  # fmt: skip


@lru_cache(4096)
def _asked(name: str, type_: str) -> tuple[str, int, bytes]:
    """Return a name in its normal form, a type's number, and both as they go over the wire: many servers are asked."""
    try:
        owner = dns.name.from_text(name)
        kind = dns.rdatatype.from_text(type_)
    except (dns.exception.DNSException, ValueError, UnicodeError) as error:
        raise BadQuestion(plain(f"{name} {type_} cannot be asked for: {error}")) from None
    return owner.to_text(omit_final_dot=True).lower(), kind, (owner.to_wire() or b"") + struct.pack("!HH", kind, 1)


def message(wire: bytes, asked: Question) -> Message:
    """Return the message that answers the question; raise NotOurs, CutOff or NoMessage."""
    if _flags(wire, asked) & dns.flags.TC:
        raise CutOff
    found = parse(wire)
    if not found.questions and found.code in _BARE_CODES:
        return found  # errors may come without it
    if found.questions != [(asked.name, asked.kind, dns.rdataclass.IN)]:
        name, kind, _ = (found.questions or [("", 0, 0)])[0]
        raise NotOurs(plain(f"the answer to {f'{name} {type_text(kind)}' if name else 'no question at all'}"))
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


def read(found: Message, asked: Question) -> Read:
    """Return what the message says of the question.

    Only records on the name's way (CNAMEs from it on, DNAMEs) count as an answer; others are left out and counted in
    `detail`. NO_NAME and EMPTY speak of the end of the way: with CNAMEs in `answer` the name itself exists.
    """
    code = found.code
    extended = _extended(found)
    if code not in {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}:
        told = "" if code in _HEARD else dns.rcode.to_text(dns.rcode.Rcode.make(code))
        return Read(heard=_HEARD.get(code, Heard.ERROR), detail=_joined(told, extended))
    every, authority, additional = map(_records, found.sections)
    answer, strangers = _on_the_way(every, asked)
    heard, why = _verdict(found, asked, answer, authority)
    left = [
        f"{found.left_out} more records not kept" if found.left_out else "",
        f"{strangers} records of other names left out" if strangers else "",
    ]
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
    found: Message, asked: Question, answer: tuple[Records, ...], authority: tuple[Records, ...]
) -> tuple[Heard, str]:
    end, links = _end(answer, asked)
    there = any(one.name == end and _is(one.type, asked) for one in answer)
    if found.code == dns.rcode.NXDOMAIN and not there:
        return Heard.NO_NAME, f"{end}, at the end of its CNAMEs, does not exist" if links else ""
    if there:
        return Heard.ANSWER, ""
    denied = any(one.type == "SOA" for one in authority)
    if links:
        return (Heard.EMPTY, f"{end}, at the end of its CNAMEs, has none") if denied else (Heard.ANSWER, "")
    return _nothing(found, asked, denied=denied, refers=any(one.type == "NS" for one in authority))


def _nothing(found: Message, asked: Question, *, denied: bool, refers: bool) -> tuple[Heard, str]:
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


def _records(section: list[Record]) -> tuple[Records, ...]:
    """Group single records by owner and type; the least TTL of a group counts (RFC 2181 §5.2)."""
    groups: dict[tuple[str, str], list[Record]] = {}
    for one in section:
        groups.setdefault((one.name, one.type), []).append(one)
    return tuple(
        Records(
            name=name,
            type=type_,
            ttl=min(one.ttl for one in some),
            values=tuple(sorted({one.value for one in some})),
        )
        for (name, type_), some in groups.items()
    )


def _extended(found: Message) -> str:
    """Return the server's own explanations (extended DNS errors, RFC 8914), a few of them."""
    return plain("; ".join(_explanation(code, text) for code, text in found.errors[:3]))


def _explanation(code: int, text: str) -> str:
    known = code in set(dns.edns.EDECode)
    words = dns.edns.EDECode.to_text(code).replace("_", " ").lower() if known else f"error {code}"
    return f"{words}: {text}" if text else words


def _joined(*parts: str) -> str:
    return plain("; ".join(part for part in parts if part))
