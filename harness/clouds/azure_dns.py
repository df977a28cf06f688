"""Azure DNS: the zone of a name, and its record sets that decide about the name (api-version 2018-05-01). Only reads.

The sets of a few names are asked for by type and name, those of many by one list of the whole zone, which comes by the
hundred.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from harness.clouds.azure_resource import ManagedResource, host_name, number, objects, part, properties, text
from harness.clouds.unread import Unread
from harness.model.series import Absence
from harness.model.switch import Mechanism, SwitchRecord, SwitchState

_VERSION = {"api-version": "2018-05-01"}
_MOST_VALUES = 400
_TYPES = ("A", "AAAA", "CNAME")
_LISTS = {"A": ("ARecords", "ipv4Address"), "AAAA": ("AAAARecords", "ipv6Address")}


Sets = Mapping[tuple[str, str], Mapping[str, Any]]
"""Record sets as told, by relative name (lower case) and type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureDns(ManagedResource):
    """Asks about one zone; `resource` is its id (…/dnsZones/NAME). All methods raise Unread."""

    @property
    def zone(self) -> str:
        """Return the zone's name."""
        return self.resource.rstrip("/").rpartition("/")[2].lower().rstrip(".")

    def name_servers(self) -> tuple[str, ...]:
        """Return the zone's own name servers; a private zone is not read."""
        told = properties(self.get("", _VERSION))
        if text(told.get("zoneType")).lower() == "private":
            raise Unread(f"zone {self.zone} is private: it answers nobody outside its networks", Absence.FAILED)
        return _names(told.get("nameServers"))

    def read(self, name: str) -> SwitchState:
        """Return the record sets of `name`."""
        relative = self._relative(name)
        servers, path = self.name_servers(), quote(relative, safe="")
        found = {(relative, type_): self.find(f"/{type_}/{path}", _VERSION) for type_ in _TYPES}
        return self.state(name, servers, {key: one for key, one in found.items() if one is not None})

    def every(self) -> Sets:
        """Return all sets of addresses in the zone."""
        told = self.pages("/all", _VERSION)
        named = ((text(one.get("name")).lower(), text(one.get("type")).rpartition("/")[2].upper(), one) for one in told)
        return {(name, type_): one for name, type_, one in named if type_ in _TYPES}

    def state(self, name: str, servers: tuple[str, ...], sets: Sets) -> SwitchState:
        """Return the state of `name` by what was read."""
        relative = self._relative(name)
        found = [(type_, sets[relative, type_]) for type_ in _TYPES if (relative, type_) in sets]
        return SwitchState(
            mechanism=Mechanism.AZURE_DNS,
            where=f"zone {self.zone} ({self.resource})",
            at=time.time(),
            records=tuple(_record(name, type_, told) for type_, told in found),
            name_servers=servers,
        )

    def _relative(self, name: str) -> str:
        if name != self.zone and not name.endswith(f".{self.zone}"):
            raise Unread(f"{name} is not in zone {self.zone}; name the zone that holds it", Absence.FAILED)
        return name.removesuffix(self.zone).rstrip(".") or "@"


def _record(name: str, type_: str, told: Mapping[str, Any]) -> SwitchRecord:
    """Read a set; an alias has a resource in place of its values, perhaps with the values of this moment."""
    said = properties(told)
    target = text(part(said, "targetResource").get("id"))
    return SwitchRecord(
        name=name,
        type=type_,
        target=(target,) if target else _values(said, type_),
        alias=bool(target),
        ttl=number(said.get("TTL")),
        id=text(told.get("id")),
    )


def _values(said: Mapping[str, Any], type_: str) -> tuple[str, ...]:
    if type_ == "CNAME":
        value = host_name(part(said, "CNAMERecord").get("cname"))
        return (value,) if value else ()
    within, key = _LISTS[type_]
    return tuple(value for one in objects(said.get(within))[:_MOST_VALUES] if (value := host_name(one.get(key))))


def _names(value: object) -> tuple[str, ...]:
    names = value[:20] if isinstance(value, list) else []
    return tuple(name for one in names if (name := host_name(one)))
