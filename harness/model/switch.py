"""What moves the callers from one side to the other, as its control plane tells it. Read here; `watch` shifts it.

One protocol for every mechanism, so that whoever reads a state (the DNS suite) and whoever changes it speak of the
same thing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class Mechanism(StrEnum):
    """How callers are moved; the value is what a scenario writes."""

    RECORD = "record"  # a record of a zone whose control plane is not read
    ROUTE53 = "route53"
    AZURE_DNS = "azure-dns"
    TRAFFIC_MANAGER = "traffic-manager"  # by DNS answer
    FRONT_DOOR = "front-door"  # by request
    PROXY = "proxy"  # an Application Gateway or another proxy is flipped; no name changes


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchRecord:
    """A record set, an endpoint or an origin. `target` are its values, or the alias's or endpoint's target.

    `side` is the side that it leads to: "old", "new", "" where neither (or not known). `ttl` None: it has none of its
    own (an alias, a per-request mechanism). `weight` None: not weighted. `enabled` False: the control plane leaves it
    out (disabled, or told to be unhealthy). `policy` is how it is chosen: simple, weighted, latency, geo, failover,
    multivalue, priority, performance, subnet, cidr. `health` is what is told of its health: "Degraded", "health check
    ID", "target" (an alias that follows its target's health), "" where nothing watches it.
    """

    name: str
    type: str = ""
    target: tuple[str, ...] = ()
    alias: bool = False
    ttl: int | None = None
    weight: int | None = None
    priority: int | None = None
    policy: str = "simple"
    side: str = ""
    id: str = ""
    enabled: bool = True
    health: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchState:
    """What a control plane tells of the mechanism, at one moment.

    `where` names it (zone or profile, with its id). `records` are those that decide about the production name.
    `shares` is by side the share of callers that this state sends there (they need not add up to 1: a record may lead
    elsewhere). `name_servers` are the zone's own, as the control plane has them, `apex` the values of its NS record
    where that was read (servers of the owner's own names stand there alone). `facts` are what else a reader should
    know. `delay` is the documented time in seconds until a change is served, None where none is documented. `hosts` are
    the names by which callers reach a profile, `domains` its custom domains with the state of their validation
    (Front Door; in lower case), `served` those of them whose enabled routes lead to these records. `enabled` False: the
    profile itself is switched off.
    """

    mechanism: Mechanism
    where: str
    at: float
    records: tuple[SwitchRecord, ...] = ()
    shares: Mapping[str, float] = field(default_factory=dict)
    name_servers: tuple[str, ...] = ()
    apex: tuple[str, ...] = ()
    delay: float | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    hosts: tuple[str, ...] = ()
    domains: Mapping[str, str] = field(default_factory=dict)
    served: tuple[str, ...] = ()
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomDomain:
    """A host name that a gateway answers for, as its control plane tells. `host` may begin with "*.".

    `matches` is False for a wildcard that this tier does not serve. `mapped` are the paths at which an API of Amazon
    API Gateway is mapped under it ("" is the root), None where no mapping is needed. `until` is the end of its
    certificate (Unix seconds). `source` and `status` are the certificate's, or the domain's, as told.
    """

    host: str
    matches: bool = True
    mapped: tuple[str, ...] | None = None
    until: float | None = None
    source: str = ""
    status: str = ""
    default: bool = False


class SwitchReader(Protocol):
    """Reads one mechanism; only reads."""

    def read(self) -> SwitchState:
        """Return its state now; raises Unread (clouds/unread.py), which says in one word why it could not."""
