"""The `dns` section as the rest of the harness sees it: which names move, from where to where, by what, and when."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from harness.model.dns import Server
from harness.model.side import Side
from harness.model.switch import Mechanism
from harness.scenario.control import AzureControl, Place
from harness.scenario.credential import SigV4Credential


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a name leads, on one side. Exactly one of the three is given.

    `cname` is a name; `addresses` are IP addresses (A and AAAA together); `alias` the name whose addresses an alias
    record copies (Route 53, Azure DNS), so that no CNAME is seen.
    """

    cname: str = ""
    addresses: tuple[str, ...] = ()
    alias: str = ""

    @property
    def name(self) -> str:
        """Return the name that the target goes by, "" for addresses."""
        return self.cname or self.alias

    @property
    def text(self) -> str:
        """Return the target in words."""
        return self.name or ", ".join(self.addresses)


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A name, and where its records lead before and after the cutover. `old` is `from`, `new` is `to`.

    Both are the same where no record changes (PER_REQUEST).
    """

    name: str
    old: Target
    new: Target
    written: Place | None = field(default=None, repr=False, compare=False)

    def target(self, side: Side) -> Target:
        """Return where the name leads on `side`."""
        return self.old if side is Side.OLD else self.new


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSwitch:
    """A plain record, whose control plane is not read."""

    mechanism: ClassVar[Mechanism] = Mechanism.RECORD


@dataclass(frozen=True, slots=True, kw_only=True)
class Route53Switch:
    """A hosted zone of Route 53; `zone` is its id ("": looked up by the name). `endpoint` stands in for AWS's own."""

    mechanism: ClassVar[Mechanism] = Mechanism.ROUTE53

    zone: str = ""
    region: str = "us-east-1"
    keys: SigV4Credential
    endpoint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureSwitch:
    """A DNS zone, a Traffic Manager profile or a Front Door profile of Azure; `azure.resource` is its whole id.

    `origins` names the endpoint (Traffic Manager) or the origin (Front Door) of a side where its target does not tell.
    `group` is Front Door's origin group ("": the one that holds both sides). `takes` is how many seconds Front Door
    needs until it serves a change everywhere; None: not told, and nothing that could be relied on is documented.
    """

    mechanism: Mechanism
    azure: AzureControl
    origins: dict[Side, str] = field(default_factory=dict)
    group: str = ""
    takes: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxySwitch:
    """A proxy, an Application Gateway for one, is flipped: no name changes. `takes` seconds until all of it has."""

    mechanism: ClassVar[Mechanism] = Mechanism.PROXY

    takes: float = 0.0


PER_REQUEST = frozenset({Mechanism.FRONT_DOOR, Mechanism.PROXY})
"""Mechanisms that move callers request by request, behind a name that stays where it leads: no record changes."""

Switch = RecordSwitch | Route53Switch | AzureSwitch | ProxySwitch


@dataclass(frozen=True, slots=True, kw_only=True)
class RawCallers:
    """An access log of the old side, and the share of calls by its raw address that is accepted, with the reason.

    `hosts` are further addresses that no record moves, as globs; those of execute-api are known.
    """

    log: Path
    hosts: tuple[str, ...] = ()
    accepted: float = 0.0
    because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearse:
    """A test zone in which the change is rehearsed: `name` in it stands for the production name."""

    zone: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dns:
    """The `dns` section. Durations in seconds, moments in Unix seconds.

    `ttl_max` is the most that the switched records may have at the authority, `negative_ttl_max` the most for which the
    zone may have "no such record" remembered. `system` and `public` add this machine's resolvers and public ones to
    `resolvers`. `authorities` are the authoritative servers by zone ("" for the zones of the names themselves), () for
    a zone whose servers are found through the delegation; with `follow` those of all other zones are, else not asked.
    `lowered_at` says when the TTL was lowered and `lowered_from` what it was before. `window` is (from, until).
    `issuers` are the domains by which CAA records name the issuer of the new certificate. `wait` is how long a
    resolver's old answer is waited out to see what it holds next, `timeout` is of one question. `client_cache` is how
    long clients keep an address beyond its TTL. `resolver_count` is the number of resolvers that callers use, for the
    load on the authority (None: not known).
    """

    moves: tuple[Move, ...]
    ttl_max: int = 60
    negative_ttl_max: int = 3600
    system: bool = True
    public: bool = False
    resolvers: tuple[Server, ...] = ()
    authorities: dict[str, tuple[Server, ...]] = field(default_factory=dict)
    follow: bool = True
    lowered_at: float | None = None
    lowered_from: int | None = None
    window: tuple[float, float] | None = None
    rollback_within: float = 300.0
    switch: Switch = RecordSwitch()
    issuers: tuple[str, ...] = ()
    callers: RawCallers | None = None
    rehearse: tuple[Rehearse, ...] = ()
    wait: float = 75.0
    timeout: float = 2.0
    client_cache: float = 0.0
    resolver_count: int | None = None
    written: Place | None = field(default=None, repr=False, compare=False)
