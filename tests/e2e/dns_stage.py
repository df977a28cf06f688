"""A name on its way where all that is asked is a test's own: one name server for every part, and both gateways."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.e2e.dns_world import NAME, NEW, OLD, ZONES
from tests.servers.loaded import LoadedServer
from tests.servers.scripted_dns import NameServer, serving
from tests.servers.tls import Authority, context_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """`names` is authority and resolver of everything; `old` and `new` answer by TLS for the name."""

    names: NameServer
    old: LoadedServer
    new: LoadedServer
    ca_file: Path

    def scenario(self, folder: Path, more: Mapping[str, Any] | None = None, **dns: Any) -> Path:
        """Write a scenario to a folder of its own (JSON is YAML); `dns` are further keys of the section."""
        folder.mkdir(parents=True, exist_ok=True)
        place = {"address": self.names.address, "port": self.names.port}
        section = {
            "name": NAME,
            "from": OLD,
            "to": NEW,
            "lowered_at": "never",
            "resolvers": [{"name": "resolver", **place}],
            "authorities": [{"name": "authority", **place}],
            "timeout": "500ms",
            "wait": "2s",
        }
        section |= dns
        sides = {
            "old": {"kind": "generic", "url": self.old.url, "ca_file": str(self.ca_file)},
            "new": {
                "kind": "generic",
                "url": f"https://{NAME}:{self.new.port}",
                "connect_to": f"127.0.0.1:{self.new.port}",
                "ca_file": str(self.ca_file),
            },
        }
        scenario = {
            "version": 1,
            "name": "a name that moves",
            **sides,
            "cases": [{"name": "orders", "request": "GET /orders"}],
            "limits": {"rate": 200},
            **(more or {}),
            "dns": {key: value for key, value in section.items() if value is not None},
        }
        file = folder / "scenario.yaml"
        file.write_text(json.dumps(scenario, indent=1))
        return file


@contextmanager
def stage(folder: Path, *names: str, zones: Mapping[str, str] = ZONES) -> Iterator[Stage]:
    """Start all of it; both gateways have certificates for `names` and the name that moves."""
    authority = Authority(folder)
    end = datetime.now(UTC) + timedelta(days=90)
    old = context_of(authority.certificate("127.0.0.1", NAME, *names, end=end))
    new = context_of(authority.certificate(NAME, "127.0.0.1", *names, end=end))
    with (
        LoadedServer(tls=old) as first,
        LoadedServer(tls=new) as second,
        NameServer(serving(zones)) as server,
    ):
        yield Stage(names=server, old=first, new=second, ca_file=authority.ca_file)
