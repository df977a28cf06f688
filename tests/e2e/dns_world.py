"""A name on its way, with all that it leads to: authoritative servers, a resolver, both sides with certificates."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.servers.command import Done, cutover
from tests.servers.loaded import LoadedServer
from tests.servers.nsd import Nsd, zone_text
from tests.servers.tls import Authority, context_of
from tests.servers.unbound import Unbound

NAME = "api.example.test"
OLD = "old-gw.provider.test"
NEW = "new-gw.other.test"
ZONES: Mapping[str, str] = {
    "example.test": zone_text(
        "example.test", f"@ NS ns1\n@ NS ns2\nns1 A 127.0.0.1\nns2 A 127.0.0.1\napi CNAME {OLD}.\n"
    ),
    "test": zone_text("test", "@ NS ns1\nns1 A 127.0.0.1\n"),
    "provider.test": zone_text("provider.test", "@ NS ns1\nns1 A 127.0.0.1\nold-gw A 127.0.0.1\n"),
    "other.test": zone_text("other.test", "@ NS ns1\nns1 A 127.0.0.1\nnew-gw A 127.0.0.1\n"),
}
"""The clean world: all is as it should be for the name to move."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """Both gateways as they answer by TLS, for the names that they have; `ca_file` vouches for both."""

    old: LoadedServer
    new: LoadedServer
    ca_file: Path


@contextmanager
def sides(folder: Path, *names: str) -> Iterator[Sides]:
    """Start both gateways; the new one has certificates for `names`, the old one for its own."""
    authority = Authority(folder)
    end = datetime.now(UTC) + timedelta(days=90)
    old = context_of(authority.certificate("old.invalid", "127.0.0.1", *names, end=end))
    new = context_of(authority.certificate(*names, "127.0.0.1", end=end))
    with LoadedServer(tls=old) as first, LoadedServer(tls=new) as second:
        yield Sides(old=first, new=second, ca_file=authority.ca_file)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Name servers of one story, and where their sides are."""

    authorities: Mapping[str, Nsd]
    resolvers: Mapping[str, Unbound]
    sides: Sides

    def scenario(self, **dns: Any) -> dict[str, Any]:
        """Return a scenario of this world; `dns` are further keys of the section, None takes one away."""
        section = {
            "name": NAME,
            "from": OLD,
            "to": NEW,
            "lowered_at": "never",
            "resolvers": [
                {"name": name, "address": one.address, "port": one.port} for name, one in self.resolvers.items()
            ],
            "authorities": [
                {"name": name, "address": one.address, "port": one.port} for name, one in self.authorities.items()
            ],
            "timeout": "1s",
            "wait": "2s",
        }
        section |= dns
        return {
            "version": 1,
            "name": "a name that moves",
            "old": {"kind": "generic", "url": self.sides.old.url, "ca_file": str(self.sides.ca_file)},
            "new": {
                "kind": "generic",
                "url": f"https://{section.get('name') or NAME}:{self.sides.new.port}",
                "connect_to": f"127.0.0.1:{self.sides.new.port}",
                "ca_file": str(self.sides.ca_file),
            },
            "cases": [{"name": "orders", "request": "GET /orders"}],
            "limits": {"rate": 200},
            "dns": {key: value for key, value in section.items() if value is not None},
        }

    def rehearse(self, folder: Path, *args: str, **dns: Any) -> Done:
        """Rehearse the suite in a folder of its own."""
        return rehearse(folder, self.scenario(**dns), *args)


def rehearse(folder: Path, scenario: Mapping[str, Any], *args: str) -> Done:
    """Run `cutover rehearse --suite dns` on a scenario (JSON is YAML)."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "scenario.yaml").write_text(json.dumps(scenario, indent=1))
    return cutover("rehearse", "scenario.yaml", "--suite", "dns", *args, cwd=folder)


@contextmanager
def world(
    both: Sides,
    zones: Mapping[str, Mapping[str, str]] | None = None,
    *,
    options: Mapping[str, Sequence[str]] | None = None,
    anchors: Sequence[str] = (),
) -> Iterator[World]:
    """Start the name servers: `zones` by authoritative server (by default two, alike), `options` by resolver.

    The resolvers ask the first authoritative server alone, for everything.
    """
    served = zones or {"ns1": ZONES, "ns2": ZONES}
    with ExitStack() as stack:
        authorities = {name: stack.enter_context(Nsd(mine)) for name, mine in served.items()}
        first = next(iter(authorities.values()))
        stubs = {origin: f"{first.address}@{first.port}" for mine in served.values() for origin in mine}
        resolvers = {
            name: stack.enter_context(Unbound(stubs, options=lines, anchors=anchors))
            for name, lines in (options or {"resolver": ()}).items()
        }
        yield World(authorities=authorities, resolvers=resolvers, sides=both)
