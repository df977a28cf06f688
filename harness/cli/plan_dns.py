"""What `cutover plan` tells of the DNS suite."""

from collections.abc import Iterator
from typing import Any

from harness.dns.entries import topics
from harness.model.dns import PORTS, Server
from harness.report.text import duration, plural, short
from harness.scenario.moving import PER_REQUEST, Dns, Move
from harness.scenario.types import Scenario

_MOST_SHOWN = 40
_MOST_OF_NAME = 80  # characters


def as_json(scenario: Scenario) -> dict[str, Any] | None:
    """Return the suite as `plan --json` has it; None without a `dns` section."""
    dns = scenario.dns
    if dns is None:
        return None
    return {
        "names": [{"name": move.name, "from": move.old.text, "to": move.new.text} for move in dns.moves],
        "mechanism": dns.switch.mechanism.value,
        "resolvers": list(_resolvers(dns)),
        "authorities": _authorities(dns),
        "topics": list(topics(scenario, dns)),
        "ttl_max": dns.ttl_max,
        "rollback_within": dns.rollback_within,
        "seconds": dns.wait,
    }


def lines(scenario: Scenario) -> Iterator[str]:
    """Yield the summary's lines."""
    dns = scenario.dns
    if dns is None:
        return
    asked = topics(scenario, dns)
    yield f"  dns        {plural(len(dns.moves), 'name')}, {plural(len(asked), 'check')} each; waits at most"
    yield f"             {duration(dns.wait)} to see what resolvers take over anew; changes nothing"
    yield f"             asks {short(', '.join(_resolvers(dns)), 300) or 'no resolver'}"
    yield f"             and {_authorities(dns)}"


def name_lines(scenario: Scenario) -> Iterator[str]:
    """Yield where each name is to go, for below the summary."""
    dns = scenario.dns
    if dns is None:
        return
    yield ""
    yield f"would move (by {dns.switch.mechanism.value})"
    for move in dns.moves[:_MOST_SHOWN]:
        yield f"  {short(move.name, _MOST_OF_NAME)}: {_way(dns, move)}"
    if len(dns.moves) > _MOST_SHOWN:
        yield f"  … and {len(dns.moves) - _MOST_SHOWN} more"


def _way(dns: Dns, move: Move) -> str:
    old, new = short(move.old.text, _MOST_OF_NAME), short(move.new.text, _MOST_OF_NAME)
    return f"stays at {old}" if dns.switch.mechanism in PER_REQUEST else f"{old} -> {new}"


def _resolvers(dns: Dns) -> Iterator[str]:
    yield from (_server(server) for server in dns.resolvers)
    if dns.system:
        yield "this machine's resolvers"
    if dns.public:
        yield "public resolvers"


def _authorities(dns: Dns) -> str:
    given = [_server(server) for servers in dns.authorities.values() for server in servers]
    followed = "the authoritative servers that the delegation names"
    if not given:
        return followed if dns.follow else "no authoritative server"
    named = f"the authoritative servers {short(', '.join(given), 300)}"
    return f"{named}, and those that the delegation names" if dns.follow else named


def _server(server: Server) -> str:
    where = server.address if server.port == PORTS[server.protocol] else f"{server.address}:{server.port}"
    told = server.name if where in server.name else f"{server.name} ({where})"
    return told if server.protocol == "udp" or "://" in server.name else f"{told} by {server.protocol}"
