"""Azure Traffic Manager: a profile and its endpoints (api-version 2022-04-01). Only reads."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.clouds.azure_resource import ManagedResource, host_name, number, number_or, objects, part, properties, text
from harness.clouds.unread import Unread
from harness.model.series import Absence
from harness.model.switch import Mechanism, SwitchRecord, SwitchState

_VERSION = {"api-version": "2022-04-01"}
_MOST_ENDPOINTS = 200  # of one profile
_POLICIES = {
    "weighted": "weighted",
    "priority": "priority",
    "performance": "performance",
    "geographic": "geo",
    "multivalue": "multivalue",
    "subnet": "subnet",
}
_ANSWERED = frozenset({"", "online", "checkingendpoint", "checkingendpoints", "unmonitored"})
"""States of an endpoint that is in answers: a first look at its health may still be under way, or never come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficManager(ManagedResource):
    """Asks about one profile; `resource` is its id (…/trafficManagerProfiles/NAME)."""

    def read(self) -> SwitchState:
        """Return the profile with all its endpoints; raises Unread."""
        told = properties(self.get("", _VERSION))
        method = text(told.get("trafficRoutingMethod"))
        if method.lower() not in _POLICIES:
            raise Unread(f"{self.host}: the profile names no routing method that is known ({method})", Absence.FAILED)
        names = part(told, "dnsConfig")
        ttl, host = number(names.get("ttl")), host_name(names.get("fqdn"))
        monitor = part(told, "monitorConfig")
        endpoints = objects(told.get("endpoints"))
        if len(endpoints) > _MOST_ENDPOINTS:
            raise Unread(f"{self.host}: the profile has more than {_MOST_ENDPOINTS} endpoints", Absence.FAILED)
        return SwitchState(
            mechanism=Mechanism.TRAFFIC_MANAGER,
            where=f"profile {self.resource.rstrip('/').rpartition('/')[2]} ({self.resource})",
            at=time.time(),
            records=tuple(_endpoint(one, _POLICIES[method.lower()], ttl) for one in endpoints),
            facts={
                "routing method": method,
                "health of the profile": text(monitor.get("profileMonitorStatus")) or "not told",
                "health is asked": _probe(monitor),
            },
            hosts=(host,) if host else (),
            enabled=text(told.get("profileStatus")).lower() != "disabled",
        )


def _probe(monitor: Mapping[str, Any]) -> str:
    path = f"{text(monitor.get('protocol'))} {number(monitor.get('port'))} {text(monitor.get('path'))}"
    return f"{path} every {number(monitor.get('intervalInSeconds'))} s".replace("None", "?")


def _endpoint(told: Mapping[str, Any], policy: str, ttl: int | None) -> SwitchRecord:
    said = properties(told)
    off = text(said.get("endpointStatus")).lower() == "disabled"
    health = text(said.get("endpointMonitorStatus"))
    always = text(said.get("alwaysServe")).lower() == "enabled"
    weight = number_or(said.get("weight"), 1)
    return SwitchRecord(
        name=text(told.get("name")),
        type=text(told.get("type")).rpartition("/")[2],
        target=(host_name(said.get("target")) or text(said.get("targetResourceId")),),
        ttl=ttl,
        weight=weight if policy == "weighted" else None,
        priority=number(said.get("priority")),
        policy=policy,
        id=text(told.get("id")),
        enabled=not off and (always or health.lower() in _ANSWERED),
        health="Disabled" if off else health,
    )
