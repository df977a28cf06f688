"""Azure DNS: the zone of a name, and its record sets that decide about the name (api-version 2018-05-01). Only reads.

The sets are asked for by type and name: a list of the whole zone comes by the hundred, again for each name.
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
_LISTS = {"A": ("ARecords", "ipv4Address"), "AAAA": ("AAAARecords", "ipv6Address")}


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureDns(ManagedResource):
    """Asks about one zone; `resource` is its id (…/dnsZones/NAME)."""

    def read(self, name: str) -> SwitchState:
        """Return the record sets of `name`; raises Unread."""
        zone = self.resource.rstrip("/").rpartition("/")[2].lower().rstrip(".")
        if name != zone and not name.endswith(f".{zone}"):
            raise Unread(f"{name} is not in zone {zone}; name the zone that holds it", Absence.FAILED)
        told = properties(self.get("", _VERSION))
        if text(told.get("zoneType")).lower() == "private":
            raise Unread(f"zone {zone} is private: it answers nobody outside its networks", Absence.FAILED)
        relative = quote(name.removesuffix(zone).rstrip(".") or "@", safe="")
        found = {type_: self.find(f"/{type_}/{relative}", _VERSION) for type_ in ("A", "AAAA", "CNAME")}
        return SwitchState(
            mechanism=Mechanism.AZURE_DNS,
            where=f"zone {zone} ({self.resource})",
            at=time.time(),
            records=tuple(_record(name, type_, one) for type_, one in found.items() if one is not None),
            name_servers=_names(told.get("nameServers")),
        )


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
