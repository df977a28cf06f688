"""A stand-in for Azure's management plane, as documented: API Management and its metrics, DNS, Traffic Manager, Front Door.

tests/unit/metrics/test_azure.py and tests/unit/clouds/test_azure_models.py hold its answers against the SDKs' models.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.servers.plain import Answer, Asked

RESOURCE = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/providers/Microsoft.ApiManagement/service/contoso"
_SECONDS = {"PT1M": 60, "PT5M": 300, "PT15M": 900, "PT1H": 3600, "PT6H": 21_600, "P1D": 86_400}
_UNITS = {"Requests": "Count", "Duration": "MilliSeconds", "BackendDuration": "MilliSeconds"}
_KNOWN = {
    "Requests": {"total", "maximum", "minimum"},
    "Duration": {"average", "maximum", "minimum"},
    "BackendDuration": {"average", "maximum", "minimum"},
    "Capacity": {"average", "maximum"},
    "CpuPercent_Gateway": {"average", "maximum"},
    "MemoryPercent_Gateway": {"average", "maximum"},
}


@dataclass(slots=True)
class AzureStandIn:
    """Serves `values`: metric, or "Requests 4xx", → (Unix seconds of a minute, value). A period without one has none.

    `refusing` maps a metric, "service" or "apis" to (status, code, message, headers). `zeros` tells totals of 0 where
    there is nothing, as Azure does. `change` may spoil any answer's JSON.
    """

    values: Mapping[str, Sequence[tuple[float, float]]] = field(default_factory=dict)
    tier: str = "Standard"
    token: str = "a-token-of-azure-1"
    refusing: Mapping[str, tuple[int, str, str, tuple[tuple[str, str], ...]]] = field(default_factory=dict)
    releases: Mapping[str, Sequence[tuple[float, str, str]]] = field(default_factory=dict)
    zeros: bool = True
    change: Callable[[Any], Any] = lambda answer: answer

    def __call__(self, asked: Asked) -> Answer:
        """Answer one request."""
        url = urlsplit(asked.target)
        path, query = unquote(url.path), {name: values[0] for name, values in parse_qs(url.query).items()}
        if asked.all("authorization") != [f"Bearer {self.token}"]:
            return _error(401, "InvalidAuthenticationToken", "The access token is invalid.")
        assert asked.method == "GET"
        assert path.startswith(RESOURCE), path
        what = path.removeprefix(RESOURCE)
        key = query.get("metricnames", "").split(",")[0] if "Insights" in what else what.split("/")[1] if what else ""
        if (key or "service") in self.refusing:
            return _error(*self.refusing[key or "service"])
        if what == "/providers/Microsoft.Insights/metrics":
            assert query["api-version"] == "2024-02-01"
            return _json(self.change(self._metrics(query)))
        assert query["api-version"] == "2024-05-01"
        if not what:
            return _json(
                self.change({"name": "contoso", "location": "West Europe", "sku": {"name": self.tier, "capacity": 1}})
            )
        return _json(self._apis(what))

    def _metrics(self, query: Mapping[str, str]) -> dict[str, Any]:
        start, end = (datetime.fromisoformat(one).timestamp() for one in query["timespan"].split("/"))
        period, aggregations = _SECONDS[query["interval"]], query["aggregation"].lower().split(",")
        where = query.get("$filter", "")
        categories = [one.split("'")[1] for one in where.split(" or ")] if where else [""]
        return {
            "cost": 59,
            "timespan": query["timespan"],
            "interval": query["interval"],
            "namespace": "Microsoft.ApiManagement/service",
            "resourceregion": "westeurope",
            "value": [
                {
                    "id": f"{RESOURCE}/providers/Microsoft.Insights/metrics/{name}",
                    "type": "Microsoft.Insights/metrics",
                    "name": {"value": name, "localizedValue": f"The {name}"},
                    "displayDescription": "",
                    "unit": _UNITS.get(name, "Percent"),
                    "timeseries": [
                        series
                        for category in categories
                        if (series := self._series(name, category, aggregations, start, end, period))
                    ],
                    "errorCode": "Success",
                }
                for name in query["metricnames"].split(",")
            ],
        }

    def _series(
        self, name: str, category: str, aggregations: Sequence[str], start: float, end: float, period: int
    ) -> dict[str, Any] | None:
        assert set(aggregations) <= _KNOWN[name], (name, aggregations)
        values = self.values.get(f"{name} {category}".strip())
        if values is None:
            return None
        data = []
        for index in range(round((end - start) / period)):
            at = start + index * period
            inside = [value for moment, value in values if at <= moment < at + period]
            data.append({"timeStamp": _iso(at)} | {one: self._value(inside, one) for one in aggregations})
        named = [{"name": {"value": "gatewayresponsecodecategory", "localizedValue": "x"}, "value": category}]
        return {"metadatavalues": named if category else [], "data": [_without_none(one) for one in data]}

    def _value(self, inside: Sequence[float], aggregation: str) -> float | None:
        if not inside:
            return 0.0 if aggregation == "total" and self.zeros else None
        if aggregation == "average":
            return sum(inside) / len(inside)
        return sum(inside) if aggregation == "total" else max(inside) if aggregation == "maximum" else min(inside)

    def _apis(self, what: str) -> dict[str, Any]:
        if what == "/apis":
            return {"value": [{"name": name, "properties": {"isCurrent": True}} for name in self.releases]}
        api = what.removeprefix("/apis/").removesuffix("/releases")
        return {
            "value": [
                {"name": name, "properties": {"createdDateTime": _iso(at), "notes": notes, "apiId": f"/apis/{api}"}}
                for at, name, notes in self.releases[api]
            ]
        }


def _without_none(point: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in point.items() if value is not None}


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _error(status: int, code: str, message: str, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    body = json.dumps({"error": {"code": code, "message": message}}).encode()
    return Answer(status=status, headers=(("Content-Type", "application/json"), *headers), body=body)


def _json(answer: Any) -> Answer:
    return Answer(body=json.dumps(answer).encode())


SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/providers"
ZONE = f"{SUBSCRIPTION}/Microsoft.Network/dnsZones/example.com"
TRAFFIC_MANAGER = f"{SUBSCRIPTION}/Microsoft.Network/trafficManagerProfiles/orders"
FRONT_DOOR = f"{SUBSCRIPTION}/Microsoft.Cdn/profiles/orders"
_LISTS = frozenset({"originGroups", "origins", "customDomains", "afdEndpoints", "routes", "all"})
_VERSIONS = {
    "/dnszones/": "2018-05-01",
    "/trafficmanagerprofiles/": "2022-04-01",
    "/microsoft.cdn/": "2024-02-01",
    "/service/": "2024-05-01",
}


@dataclass(slots=True)
class ManagementPlane:
    """Serves `objects` by their id, and a list of those directly below for a path that is none, in pages.

    `refusing` maps an id or a list's path to (status, code, message, headers). `link` may spoil the address of a next
    page, `change` any answer's JSON. `token` as in AzureStandIn.
    """

    objects: Mapping[str, Mapping[str, Any]]
    page: int = 2
    token: str = "a-token-of-azure-1"
    refusing: Mapping[str, tuple[int, str, str, tuple[tuple[str, str], ...]]] = field(default_factory=dict)
    link: Callable[[str], Any] = lambda link: link
    change: Callable[[Any], Any] = lambda answer: answer

    def __call__(self, asked: Asked) -> Answer:
        """Answer one request."""
        url = urlsplit(asked.target)
        path, query = unquote(url.path), {name: values[0] for name, values in parse_qs(url.query).items()}
        assert asked.method == "GET"
        if asked.all("authorization") != [f"Bearer {self.token}"]:
            return _error(401, "InvalidAuthenticationToken", "The access token is invalid.")
        version = next(version for part, version in _VERSIONS.items() if part in path.lower())
        assert query["api-version"] == version, (path, query)
        if path in self.refusing:
            return _error(*self.refusing[path])
        if path in self.objects:
            return _json(self.change(self.objects[path]))
        parent, _, kind = path.rpartition("/")
        if parent not in self.objects or kind not in _LISTS:
            return _error(404, "NotFound", f"The resource '{path}' does not exist.")
        below = f"{parent}/" if kind == "all" else f"{path}/"  # of all kinds, or of one
        here = [
            one
            for id_, one in self.objects.items()
            if id_.startswith(below) and (kind == "all" or id_.rpartition("/")[0] == path)
        ]
        first = int(query.get("$skipToken", "0"))
        answer: dict[str, Any] = {"value": here[first : first + self.page]}
        if first + self.page < len(here):
            after = f"{path}?api-version={version}&$skipToken={first + self.page}"
            answer["nextLink"] = self.link(f"http://{asked.headers['Host']}{after}")
        return _json(self.change(answer))


def made(id_: str, kind: str, **properties: Any) -> dict[str, Any]:
    """Return a resource as Resource Manager writes it."""
    return {"id": id_, "name": id_.rpartition("/")[2], "type": kind, "properties": properties}


def zone(*sets: Mapping[str, Any], **properties: Any) -> dict[str, Mapping[str, Any]]:
    """Return a DNS zone with its record sets, by id."""
    servers = [f"ns{number}-01.azure-dns.{end}." for number, end in enumerate(("com", "net", "org", "info"), 1)]
    whole = made(ZONE, "Microsoft.Network/dnszones", nameServers=servers, zoneType="Public", **properties)
    return {ZONE: {**whole, "location": "global"}, **{one["id"]: one for one in sets}}


def record_set(type_: str, name: str, ttl: int = 60, **properties: Any) -> dict[str, Any]:
    """Return a record set of the zone; `properties` hold ARecords, CNAMERecord or targetResource."""
    fqdn = "example.com." if name == "@" else f"{name}.example.com."
    whole = made(f"{ZONE}/{type_}/{name}", f"Microsoft.Network/dnszones/{type_}", TTL=ttl, fqdn=fqdn, **properties)
    return {**whole, "etag": "1"}


def endpoint(name: str, target: str, *, status: str = "Enabled", health: str = "Online", **more: Any) -> dict[str, Any]:
    """Return an external endpoint of the Traffic Manager profile."""
    kind = "Microsoft.Network/trafficManagerProfiles/externalEndpoints"
    given = {"endpointStatus": status, "endpointMonitorStatus": health, "target": target, "weight": 1, "priority": 1}
    return made(f"{TRAFFIC_MANAGER}/externalEndpoints/{name}", kind, **(given | more))


def traffic_manager(*endpoints: Mapping[str, Any], ttl: int = 60, **more: Any) -> dict[str, Mapping[str, Any]]:
    """Return the profile, by id."""
    given: dict[str, Any] = {
        "profileStatus": "Enabled",
        "trafficRoutingMethod": "Weighted",
        "dnsConfig": {"relativeName": "orders", "fqdn": "orders.trafficmanager.net", "ttl": ttl},
        "monitorConfig": {
            "profileMonitorStatus": "Online", "protocol": "HTTPS", "port": 443, "path": "/status",
            "intervalInSeconds": 30, "toleratedNumberOfFailures": 3, "timeoutInSeconds": 10,
        },
        "endpoints": list(endpoints),
    }  # fmt: skip
    return {TRAFFIC_MANAGER: made(TRAFFIC_MANAGER, "Microsoft.Network/trafficManagerProfiles", **(given | more))}


def origin(group: str, name: str, host: str, **more: Any) -> dict[str, Any]:
    """Return an origin of a group of the Front Door profile."""
    given = {"hostName": host, "httpsPort": 443, "priority": 1, "weight": 50, "enabledState": "Enabled"}
    kind = "Microsoft.Cdn/profiles/origingroups/origins"
    return made(f"{FRONT_DOOR}/originGroups/{group}/origins/{name}", kind, **(given | more))


def front_door(
    *origins: Mapping[str, Any],
    sensitivity: int | None = 1000,
    domains: Mapping[str, str] | None = None,
    groups: Sequence[str] = ("orders",),
    route: str = "orders",
    routed: str = "Enabled",
) -> dict[str, Mapping[str, Any]]:
    """Return the profile with its groups, their origins, its custom domains and an endpoint, by id.

    All custom domains are routed to the group `route`, by a route that is `routed`.
    """
    balancing = {"sampleSize": 4, "successfulSamplesRequired": 3, "additionalLatencyInMilliseconds": sensitivity}
    told = {"api.example.com": "Approved"} if domains is None else domains
    whole = [
        made(FRONT_DOOR, "Microsoft.Cdn/profiles"),
        *(
            made(
                f"{FRONT_DOOR}/originGroups/{group}", "Microsoft.Cdn/profiles/origingroups",
                loadBalancingSettings={name: value for name, value in balancing.items() if value is not None},
                sessionAffinityState="Disabled",
                healthProbeSettings={
                    "probePath": "/status", "probeRequestType": "HEAD", "probeProtocol": "Https",
                    "probeIntervalInSeconds": 100,
                },
            )
            for group in groups
        ),
        *origins,
        *(
            made(
                f"{FRONT_DOOR}/customDomains/{host.replace('.', '-')}", "Microsoft.Cdn/profiles/customdomains",
                hostName=host, domainValidationState=state,
            )
            for host, state in told.items()
        ),
        made(
            f"{FRONT_DOOR}/afdEndpoints/orders", "Microsoft.Cdn/profiles/afdendpoints",
            hostName="orders-abc.z01.azurefd.net", enabledState="Enabled",
        ),
        made(
            f"{FRONT_DOOR}/afdEndpoints/orders/routes/all", "Microsoft.Cdn/profiles/afdendpoints/routes",
            customDomains=[
                {"id": f"{FRONT_DOOR}/customdomains/{host.replace('.', '-')}", "isActive": True} for host in told
            ],
            originGroup={"id": f"{FRONT_DOOR}/originGroups/{route}"}, enabledState=routed, patternsToMatch=["/*"],
        ),
    ]  # fmt: skip
    return {one["id"]: one for one in whole}


def hostname(host: str, expiry: str = "2027-06-01T00:00:00+00:00", **more: Any) -> dict[str, Any]:
    """Return a host name of a service of API Management."""
    given = {"type": "Proxy", "hostName": host, "negotiateClientCertificate": False, "defaultSslBinding": False}
    certificate = {"expiry": expiry, "thumbprint": "AB" * 20, "subject": f"CN={host}"}
    return (
        given | {"certificateSource": "KeyVault", "certificateStatus": "Completed", "certificate": certificate} | more
    )


def service(*names: Mapping[str, Any], tier: str = "Premium") -> dict[str, Mapping[str, Any]]:
    """Return a service of API Management with its host names, by id."""
    own = "https://contoso.azure-api.net"
    whole = made(RESOURCE, "Microsoft.ApiManagement/service", gatewayUrl=own, hostnameConfigurations=list(names))
    return {RESOURCE: {**whole, "location": "West Europe", "sku": {"name": tier, "capacity": 1}}}
