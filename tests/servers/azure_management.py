"""A stand-in for Azure's management plane: a service of API Management and its metrics, as documented (2024-02-01).

tests/unit/clouds/test_azure_monitor.py holds its answers against the models of azure-mgmt-monitor.
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
