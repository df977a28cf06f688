"""Azure Front Door, Standard or Premium: origins, custom domains and endpoints of a profile. Only reads.

Microsoft.Cdn/profiles by api-version 2024-02-01, all lists with their pages.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from harness.clouds.azure_resource import ManagedResource, host_name, number, number_or, part, properties, text
from harness.clouds.unread import Unread
from harness.model.series import Absence
from harness.model.switch import Mechanism, SwitchRecord, SwitchState

_VERSION = {"api-version": "2024-02-01"}
_MOST_GROUPS = 20  # whose origins are read where none is named
DEFAULT_WEIGHT = 50
SENSITIVITY = "latency sensitivity of "


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A profile as told: the origins by group, the profile's custom domains and the endpoints' host names."""

    where: str
    at: float
    groups: Mapping[str, tuple[SwitchRecord, ...]]
    facts: Mapping[str, Mapping[str, str]]
    domains: Mapping[str, str]
    hosts: tuple[str, ...]

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
        domains = [properties(one) for one in self.pages("/customDomains", _VERSION)]
        endpoints = [properties(one) for one in self.pages("/afdEndpoints", _VERSION)]
        return Profile(
            where=f"profile {self.resource.rstrip('/').rpartition('/')[2]} ({self.resource})",
            at=time.time(),
            groups=found,
            facts={name: _facts(name, one) for name, one in groups.items()},
            domains={
                host: text(one.get("domainValidationState"))
                for one in domains
                if (host := host_name(one.get("hostName")))
            },
            hosts=tuple(
                host
                for one in endpoints
                if text(one.get("enabledState")).lower() != "disabled" and (host := host_name(one.get("hostName")))
            ),
        )

    def _origins(self, group: str, sensitivity: int) -> tuple[SwitchRecord, ...]:
        told = self.pages(f"/originGroups/{quote(group, safe='')}/origins", _VERSION)
        return tuple(_origin(one, "weighted" if sensitivity else "latency") for one in told)


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
