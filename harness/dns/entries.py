"""The DNS suite as it is planned: which topics are asked of each name. Light, since every plan asks."""

from harness.model.event import CaseInfo
from harness.model.side import Side
from harness.model.switch import Mechanism
from harness.scenario.moving import PER_REQUEST, Dns
from harness.scenario.types import Scenario

SUITE = "dns"

SERVERS = "authoritative servers"
CHAIN = "way to the old side"
TTL = "TTL at the authority"
HELD = "old TTL has run out"
RESOLVERS = "resolvers"
ROLLBACK = "rollback time"
NEGATIVE = "negative-cache TTL"
BESIDE = "records beside it"
OTHER_TYPES = "IPv6 and HTTPS records"
CAA = "CAA"
DNSSEC = "DNSSEC"
TARGET = "new target resolves"
CERTIFICATE = "certificate of the new side"
SNI = "clients without SNI"
HOST = "new side takes the name"
DOMAIN = "custom domain"
SWITCH = "what is switched"
CALLERS = "callers past DNS"

_OF_EVERY_MOVE = (SERVERS, CHAIN, RESOLVERS, ROLLBACK, CAA, DNSSEC, TARGET, CERTIFICATE, SNI, HOST)
_WHERE_RECORDS_CHANGE = (TTL, HELD, NEGATIVE, BESIDE, OTHER_TYPES)
ORDER = (
    SERVERS, CHAIN, TTL, HELD, RESOLVERS, ROLLBACK, NEGATIVE, BESIDE, OTHER_TYPES, CAA, DNSSEC, TARGET, CERTIFICATE,
    SNI, HOST, DOMAIN, SWITCH, CALLERS,
)  # fmt: skip
_READ = frozenset({Mechanism.ROUTE53, Mechanism.AZURE_DNS, Mechanism.TRAFFIC_MANAGER, Mechanism.FRONT_DOOR})


def topics(scenario: Scenario, dns: Dns) -> tuple[str, ...]:
    """Return what is asked of each name of `dns`, in order."""
    mechanism = dns.switch.mechanism
    asked = set(_OF_EVERY_MOVE)
    if mechanism not in PER_REQUEST:
        asked |= set(_WHERE_RECORDS_CHANGE)
    if mechanism in _READ:
        asked.add(SWITCH)
    if Side.NEW in scenario.controls:
        asked.add(DOMAIN)
    if dns.callers is not None:
        asked.add(CALLERS)
    return tuple(topic for topic in ORDER if topic in asked)


def infos(scenario: Scenario, dns: Dns) -> tuple[tuple[CaseInfo, int, str], ...]:
    """Return the plan's entries, each with the index of its move and its topic."""
    asked = topics(scenario, dns)
    file, line = (str(dns.written.file), dns.written.line) if dns.written else ("", 0)
    return tuple(
        (
            CaseInfo(
                index=number * len(asked) + place,
                name=f"{move.name}: {topic}",
                operation=move.name,
                file=file,
                line=line,
            ),
            number,
            topic,
        )
        for number, move in enumerate(dns.moves)
        for place, topic in enumerate(asked)
    )
