"""Azure Front Door, Standard or Premium: origins, custom domains, endpoints and routes of a profile. Only reads.

Microsoft.Cdn/profiles by api-version 2024-02-01, all lists with their pages.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from harness.clouds.azure_resource import ManagedResource, host_name, number, number_or, objects, part, properties, text
from harness.clouds.unread import Unread
from harness.model.series import Absence
from harness.model.switch import Mechanism, SwitchRecord, SwitchState

_VERSION = {"api-version": "2024-02-01"}
_MOST_ENDPOINTS = 25  # whose routes are read
_MOST_GROUPS = 20  # whose origins are read where none is named
DEFAULT_WEIGHT = 50
SENSITIVITY = "latency sensitivity of "


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A profile as told: the origins by group, custom domains, the endpoints' host names.

    `served` is by group the custom domains whose enabled routes lead to it.
    """

    where: str
    at: float
    groups: Mapping[str, tuple[SwitchRecord, ...]]
    facts: Mapping[str, Mapping[str, str]]
    domains: Mapping[str, str]
    hosts: tuple[str, ...]
    served: Mapping[str, tuple[str, ...]]

    def state(self, group: str) -> SwitchState:
        """Return what decides within one origin group."""
        return SwitchState(
            mechanism=Mechanism.FRONT_DOOR,
            where=f"origin group {group} of {self.where}",
            at=self.at,
            records=self.groups[group],
            facts=self.facts[group],
            hosts=self.hosts,
            domains=self.domains,
            served=self.served.get(group.lower(), ()),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontDoor(ManagedResource):
    """Asks about one profile; `resource` is its id (…/Microsoft.Cdn/profiles/NAME)."""

    def read(self, group: str = "") -> Profile:
        """Return the profile with the origins of `group`, "" for all groups; raises Unread."""
        told = self.pages("/originGroups", _VERSION)
        groups = {name: one for one in told if (name := text(one.get("name"))) and group.lower() in {"", name.lower()}}
        if group and not groups:
            raise Unread(f"{self.host}: the profile has no origin group {group}", Absence.FAILED)
        if len(groups) > _MOST_GROUPS:
            raise Unread(f"{self.host}: {len(groups)} origin groups; name the one with `group`", Absence.FAILED)
        found = {name: self._origins(name, _sensitivity(one)) for name, one in groups.items()}
        domains = self.pages("/customDomains", _VERSION)
        endpoints = [one for one in self.pages("/afdEndpoints", _VERSION) if _is_on(one)]
        return Profile(
            where=f"profile {self.resource.rstrip('/').rpartition('/')[2]} ({self.resource})",
            at=time.time(),
            groups=found,
            facts={name: _facts(name, one) for name, one in groups.items()},
            domains={
                host: text(properties(one).get("domainValidationState")) for one in domains if (host := _host(one))
            },
            hosts=tuple(host for one in endpoints if (host := _host(one))),
            served=_served(self._routes(endpoints), domains),
        )

    def _routes(self, endpoints: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if len(endpoints) > _MOST_ENDPOINTS:
            raise Unread(f"{self.host}: the profile has more than {_MOST_ENDPOINTS} endpoints", Absence.FAILED)
        names = [quote(text(one.get("name")), safe="") for one in endpoints]
        return [one for name in names for one in self.pages(f"/afdEndpoints/{name}/routes", _VERSION) if _is_on(one)]

    def _origins(self, group: str, sensitivity: int) -> tuple[SwitchRecord, ...]:
        told = self.pages(f"/originGroups/{quote(group, safe='')}/origins", _VERSION)
        return tuple(_origin(one, "weighted" if sensitivity else "latency") for one in told)


def _is_on(told: Mapping[str, Any]) -> bool:
    return text(properties(told).get("enabledState")).lower() != "disabled"


def _host(told: Mapping[str, Any]) -> str:
    return host_name(properties(told).get("hostName"))


def _served(routes: Iterable[Mapping[str, Any]], domains: Iterable[Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
    """Return by origin group (lower case) the hosts of the custom domains that routes lead to it."""
    hosts = {_id(one): _host(one) for one in domains}
    found: dict[str, list[str]] = {}
    for route in map(properties, routes):
        group = _id(part(route, "originGroup")).rpartition("/")[2]
        named = [hosts.get(_id(one), "") for one in objects(route.get("customDomains"))]
        found.setdefault(group, []).extend(filter(None, named))
    return {group: tuple(dict.fromkeys(named)) for group, named in found.items()}


def _id(told: Mapping[str, Any]) -> str:
    return text(told.get("id")).lower()


def _sensitivity(group: Mapping[str, Any]) -> int:
    """Return the milliseconds beyond the fastest origin within which weights count; the default is 0."""
    told = part(properties(group), "loadBalancingSettings").get("additionalLatencyInMilliseconds")
    return number_or(told, 0)


def _facts(name: str, group: Mapping[str, Any]) -> dict[str, str]:
    said = properties(group)
    probe = part(said, "healthProbeSettings")
    asked = f"{text(probe.get('probeRequestType'))} {text(probe.get('probeProtocol'))} {text(probe.get('probePath'))}"
    every = number(probe.get("probeIntervalInSeconds"))
    return {
        f"{SENSITIVITY}{name}": f"{_sensitivity(group)} ms",
        f"session affinity of {name}": text(said.get("sessionAffinityState")) or "not told",
        f"health of {name} is asked": f"{asked} every {every} s" if probe else "never",
    }


def _origin(told: Mapping[str, Any], policy: str) -> SwitchRecord:
    said = properties(told)
    off = text(said.get("enabledState")).lower() == "disabled"
    return SwitchRecord(
        name=text(told.get("name")),
        type="origin",
        target=(host_name(said.get("hostName")),),
        weight=number_or(said.get("weight"), DEFAULT_WEIGHT),
        priority=number_or(said.get("priority"), 1),
        policy=policy,
        id=text(told.get("id")),
        enabled=not off,
        health="Disabled" if off else "",
    )
