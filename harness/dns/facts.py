"""What was seen of one name: at its authoritative servers, at the resolvers, on the way to its new target. Values only.

`survey.py` gathers it, the topics (topics.py) judge it; nothing here asks anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from harness.model.dns import Chain, Heard, Reply, Server, Sighting
from harness.model.switch import SwitchState
from harness.scenario.moving import Dns, Move
from harness.scenario.types import Scenario

ADDRESS_TYPES = ("A", "AAAA")
BESIDE = ("CNAME", "A", "AAAA", "HTTPS", "SVCB", "TXT", "MX", "SRV", "NS", "CAA")
"""Types that are asked for at the production name at every authoritative server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """One address of one authoritative server, and what it said.

    `soa` and `ns` are asked of the zone, `at_name` (by type, see BESIDE) of the production name; all without recursion.
    `chains` are the name's way (by "A", "AAAA") as it begins at this server; links of other zones are told by their
    own servers. `given` is True for a server of the scenario, False for one found through the delegation.
    """

    server: Server
    soa: Reply
    ns: Reply
    at_name: Mapping[str, Reply] = field(default_factory=dict)
    chains: Mapping[str, Chain] = field(default_factory=dict)
    given: bool = False

    @property
    def answers(self) -> bool:
        """Tell whether this server speaks for the zone at all; one of the parent's alone says that it has no SOA."""
        return self.soa.heard.tells and self.soa.authoritative and self.soa.records("SOA") is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A zone on a name's way. `name` "" where none was found, `trouble` then says why.

    `name_servers` are the NS values that the zone itself has, `delegated` those that the parent's servers tell (()
    where no parent was asked: `parent_asked` False). `nowhere` are names of servers that have no address.
    `authorities` are asked for what is theirs. `ds` is the parent's answer to DS, `dnskey` one authority's to DNSKEY
    (with signatures). `glue` are the addresses by which the parent tells where a server of the zone is, `addresses`
    those that the resolvers give for it. `left_out` says in words which addresses of
    servers were not asked, and why; `unseen` those of servers that were asked at none.
    """

    name: str = ""
    trouble: str = ""
    name_servers: tuple[str, ...] = ()
    delegated: tuple[str, ...] = ()
    parent_asked: bool = False
    nowhere: tuple[str, ...] = ()
    authorities: tuple[Authority, ...] = ()
    ds: Reply | None = None
    dnskey: Reply | None = None
    glue: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    addresses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()


class Signed(StrEnum):
    """What DNSSEC says of a name's records."""

    SECURE = "secure"  # signatures hold, and the parent (where it was asked) vouches for the key
    UNSIGNED = "unsigned"
    BOGUS = "bogus"  # signed, and a validating resolver refuses it
    UNKNOWN = "not known"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signatures:
    """DNSSEC of one name's records in one zone.

    `until` is when the first of its signatures ends, `since` when that one began (Unix seconds): a signature that is
    young for its lifetime is one that somebody keeps fresh. `renewed`: the zone's signatures begin at different
    moments, as those of a signer at work do, and those of a zone file that was signed at once do not.
    """

    zone: str
    name: str
    state: Signed
    why: str = ""
    until: float | None = None
    since: float | None = None
    renewed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AtResolver:
    """What one resolver said: the name's way and the new target's way by type ("A", "AAAA"), and the HTTPS records.

    `first` is the very first look at the name (A, before anything else was asked of this resolver), `later` are further
    looks after the old answer had run out, in order: they show which TTL it takes over anew. `authenticated`: it
    says AD of the name's answer.
    """

    server: Server
    chains: Mapping[str, Chain] = field(default_factory=dict)
    target: Mapping[str, Chain] = field(default_factory=dict)
    https: Reply | None = None
    first: Sighting | None = None
    later: tuple[tuple[float, Sighting], ...] = ()
    authenticated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Caa:
    """CAA records that hold for a name: `owner` is where they were found ("" where none hold), `values` as written.

    `trouble` is "" unless some question had no answer that tells; `heard` is then what came of it. A failure that the
    zone's own servers state (SERVFAIL) keeps every issuer from issuing (RFC 8659).
    """

    name: str
    owner: str = ""
    values: tuple[str, ...] = ()
    trouble: str = ""
    heard: Heard = Heard.EMPTY


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """All that was seen of one move between `began` and `ended` (Unix seconds).

    `zone` is that of the production name; `zones` further ones on its way, old and new. `caa` is for the name as it is
    now, `caa_after` as it will be (the target's own records hold where the name becomes a CNAME). `signatures` are
    those of the name's zone and of every zone on the way to the new target. `switch` is what a control plane tells of
    the mechanism, None where none is read, or could be. `wildcard` is what a server of the zone says, by type, of a
    name beside the production name that nobody has made; empty where there is no such name. `interrupted`: the survey
    was cut short. `at_target` is what each server of the zones on the way to the new target says of the names on it
    (A, AAAA, HTTPS).

    The first of `zones` is asked about the name whose record is to be switched, where that is further on; it may be the
    production name's zone once more.
    """

    move: Move
    began: float
    ended: float
    zone: Zone = Zone()
    zones: tuple[Zone, ...] = ()
    resolvers: tuple[AtResolver, ...] = ()
    target: Mapping[str, Chain] = field(default_factory=dict)
    at_target: tuple[Reply, ...] = ()
    caa: Caa | None = None
    caa_after: Caa | None = None
    signatures: tuple[Signatures, ...] = ()
    switch: SwitchState | None = None
    wildcard: Mapping[str, Reply] = field(default_factory=dict)
    questions: int = 0
    interrupted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What a topic is judged by, beside the survey. `now` in Unix seconds.

    `once` keeps what is alike for all names (what a server shows to whoever says no name): looked at for the first one,
    and shared by the views of one run.
    """

    scenario: Scenario
    dns: Dns
    move: Move
    now: float
    once: dict[object, object] = field(default_factory=dict, repr=False, compare=False)
