"""What is seen of a gateway below HTTP: a port, a TLS endpoint, the raw bytes of an answer."""

from dataclasses import dataclass
from enum import StrEnum

from harness.model.response import Response


class Port(StrEnum):
    """What came of a TCP connection; UNTRIED: this machine itself could not or would not try."""

    OPEN = "open"
    REFUSED = "refused"
    SILENT = "no answer"
    UNRESOLVED = "name not resolved"
    UNREACHABLE = "unreachable"
    UNTRIED = "not tried"


@dataclass(frozen=True, slots=True, kw_only=True)
class Knock:
    """What came of connecting to each address of a host; `tried` counts them.

    `peer` and `here` are "address:port" of both ends; without a connection what was tried, and this machine's address
    on the way there ("" if none is known).
    """

    state: Port
    detail: str = ""
    peer: str = ""
    here: str = ""
    tried: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One certificate. Times are Unix seconds; `key` reads "RSA 2048" or "EC P-256"; `signature` "sha256"."""

    subject: str
    issuer: str
    names: tuple[str, ...]
    not_before: float
    not_after: float
    key: str
    key_bits: int
    signature: str
    sha256: str


class Offer(StrEnum):
    """Whether an endpoint takes part in a protocol version."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNKNOWN = "cannot be told from here"


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFacts:
    """What a TLS endpoint does for one server name.

    `trouble` says why nothing could be seen ("" if it could), `untried` that this is not the endpoint's doing (a proxy
    on the way, no network). `versions` maps "TLS 1.0" … "TLS 1.3" to an Offer. `chain` is as sent, leaf first.
    `trusted` tells whether the chain leads to a trusted root and covers the name (None: not seen), with `distrust`
    saying why not. `alpn` is what is chosen out of h2 and http/1.1. `demands_certificate` tells whether a client
    certificate is demanded: "no", "asked for" (not required), "required", or "" where that was not seen. `port` is what
    came of the connection: open, but for trouble below TLS; SILENT also where nothing came back to a TLS hello.
    """

    trouble: str = ""
    untried: bool = False
    versions: tuple[tuple[str, Offer], ...] = ()
    chain: tuple[Leaf, ...] = ()
    trusted: bool | None = None
    distrust: str = ""
    alpn: str = ""
    cipher: str = ""
    demands_certificate: str = ""
    connections: int = 0
    port: Port = Port.OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class RawAnswers:
    """What came back for raw bytes on one connection: the answers that could be parsed, in order.

    `ended` says how it ended: "closed", "reset", "silent" (still open at the time limit), "cut" (more came than is
    read) or "no connection"; `rest` are bytes that are no HTTP answer (bounded).
    """

    answers: tuple[Response, ...] = ()
    ended: str
    detail: str = ""
    rest: bytes = b""
