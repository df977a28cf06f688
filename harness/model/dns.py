"""What is asked of name servers and what they say. Values only: texts as in a zone file, TTLs in seconds.

Names are in lower case, without the final dot (the root is "."), internationalised ones in their ASCII form.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Literal

Protocol = Literal["udp", "tcp", "dot", "doh"]
"""How a server is spoken to: udp goes over to TCP where an answer is cut off."""

PORTS: dict[Protocol, int] = {"udp": 53, "tcp": 53, "dot": 853, "doh": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A resolver or an authoritative server.

    `name` is what reports call it; `address` an IP address (for dot and doh perhaps a host, looked up by the system).
    `host` is the name that its certificate must carry (dot, doh); `path` the path of a DoH URL; `ca_file` the
    authorities to trust in place of the system's.
    """

    name: str
    address: str
    port: int = 53
    protocol: Protocol = "udp"
    host: str = ""
    path: str = "/dns-query"
    ca_file: Path | None = None


class Heard(StrEnum):
    """What came of one question to one server. Only ANSWER, EMPTY and NO_NAME tell something of the name."""

    ANSWER = "answer"
    EMPTY = "no record of this type"
    NO_NAME = "no such name"
    SERVFAIL = "server failure"
    REFUSED = "refused"
    ERROR = "another error"  # any other code of an answer; `detail` names it
    REFERRAL = "refers to other servers"  # asked without recursion, and not its zone
    SILENT = "no answer in time"
    UNREACHABLE = "unreachable"
    WRONG_ID = "answers something else"  # another id, another question or another sender
    MALFORMED = "no DNS message"
    CUT_OFF = "answer cut off"  # and TCP did not bring the whole
    UNTRUSTED = "not trusted"  # its certificate, for dot and doh
    NOT_ASKED = "not asked"  # interrupted, or this machine could not

    @property
    def tells(self) -> bool:
        """Tell whether this says something of the name, and not of the server alone."""
        return self in {Heard.ANSWER, Heard.EMPTY, Heard.NO_NAME}


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """All records of one name and type in one part of an answer. `values` as a zone file writes them, sorted."""

    name: str
    type: str
    ttl: int
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What one server said to one question. Records are bounded (dns/asking/ask.py); `at` in Unix seconds, `ms` taken.

    `authoritative` and `authenticated` are the flags AA and AD. `wire` is the whole message, kept where signatures were
    asked for. `transport` is the protocol that brought it in the end ("tcp" after a cut-off answer by UDP).
    """

    server: Server
    name: str
    type: str
    heard: Heard
    detail: str = ""
    answer: tuple[Records, ...] = ()
    authority: tuple[Records, ...] = ()
    additional: tuple[Records, ...] = ()
    authoritative: bool = False
    authenticated: bool = False
    at: float = 0.0
    ms: float = 0.0
    transport: str = ""
    wire: bytes = field(default=b"", repr=False)

    def records(self, type_: str, name: str = "") -> Records | None:
        """Return the answer's records of a type, owned by `name` if given; None if there are none."""
        return next((one for one in self.answer if one.type == type_ and name in {"", one.name}), None)


class Points(StrEnum):
    """Which side a name leads to."""

    OLD = "old"
    NEW = "new"
    BOTH = "both"  # records of both in one answer
    ELSEWHERE = "elsewhere"
    NOWHERE = "nowhere"  # it does not exist, or has no address
    UNKNOWN = "unknown"  # no answer that tells


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One step of a name's way: a CNAME, or the addresses at its end. `told_by` is the server's name."""

    records: Records
    told_by: str
    zone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """The way of a name to its addresses of one type (A or AAAA): CNAMEs in order, then the addresses.

    `heard` tells how the last question ended; `trouble` says in words why the chain has no end (a loop, too long, a
    link that leads to a name that does not exist), "" if it has one.
    """

    name: str
    type: str
    links: tuple[Link, ...] = ()
    heard: Heard = Heard.NOT_ASKED
    trouble: str = ""
    at: float = 0.0
    points: Points = Points.UNKNOWN

    @property
    def names(self) -> tuple[str, ...]:
        """Return every name on the way, the first one included."""
        targets = (link.records.values[0] for link in self.links if link.records.type == "CNAME")
        return (self.name, *targets)

    @property
    def addresses(self) -> tuple[str, ...]:
        """Return the addresses at the end, () if there are none."""
        last = self.links[-1].records if self.links else None
        return last.values if last is not None and last.type == self.type else ()

    def link(self, owner: str) -> Records | None:
        """Return the records by which `owner` leads on, None if it is not on the way."""
        return next((link.records for link in self.links if link.records.name == owner), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clamp:
    """A resolver that does not keep to the TTL of the authority: at least (or at most) `seconds`, as seen."""

    server: str
    seconds: int
    least: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """When one name can be moved, and how fast it is back. Times in Unix seconds, TTLs and durations in seconds.

    `switched` is the name whose records are changed on the day: the production name, or one on its way. `ttl` is the
    largest TTL of these at the authoritative servers, None where none told. `held` is, by resolver, when what it holds
    of longer ago runs out. `earliest` is the first moment at which no answer with an older, longer TTL is left, None
    where that cannot be told, `why` says what it follows from. `delay` is how long the mechanism itself takes until
    servers answer anew. `back` are points (seconds after the change, share of callers back), rising to 1.0; empty where
    that cannot be told. `back_all` is the seconds until all are back.
    """

    name: str
    switched: str = ""
    mechanism: str = "record"
    ttl: int | None = None
    clamps: tuple[Clamp, ...] = ()
    held: dict[str, float] = field(default_factory=dict)
    earliest: float | None = None
    why: str = ""
    delay: float = 0.0
    back: tuple[tuple[float, float], ...] = ()
    back_all: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What one resolver answered for one name at one moment: `ttl` is what remains, None without an answer."""

    name: str
    server: str
    points: Points
    heard: Heard
    ttl: int | None = None
    addresses: tuple[str, ...] = ()
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyTick:
    """How a survey is getting on: shown once a second, not journaled. `elapsed` and `left` (at most) are seconds."""

    names: int
    servers: int
    questions: int
    elapsed: float
    left: float
