"""Azure Resource Manager: metrics of a resource (Microsoft.Insights), and an API Management service. Only reads.

Metrics by api-version 2024-02-01, services by 2024-05-01. Each call is one request; nothing is asked again, and no link
in an answer is followed.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import quote

from harness.clouds.azure_resource import ManagedResource, objects
from harness.clouds.trouble import quoted
from harness.clouds.unread import Unread
from harness.model.series import Absence, Deployment

_METRICS = "2024-02-01"
_SERVICES = "2024-05-01"
MOST = 1e15  # a value beyond is none: what is summed and plotted stays a number
_MOST_APIS = 10  # whose releases are asked for
_RELEASES_WITHIN = 20.0  # seconds for all of them


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricData:
    """One metric as told: values by Unix seconds, for each aggregation that came (average, total …) in lower case.

    `category` is the dimension's value that these are of, "" where none was asked for.
    """

    name: str
    category: str
    values: Mapping[str, Mapping[float, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureResource(ManagedResource):
    """Asks about one service of API Management and its metrics. All methods raise Unread."""

    role: ClassVar[str] = "Monitoring Reader"

    def service(self) -> dict[str, Any]:
        """Return the service itself."""
        return self.get("", {"api-version": _SERVICES})

    def metrics(
        self,
        names: Sequence[str],
        aggregations: Sequence[str],
        *,
        start: float,
        end: float,
        interval: str,
        where: str = "",
    ) -> list[MetricData]:
        """Return the metrics called `names` (one call), parted by dimension where `where` ($filter) says so."""
        asked = {
            "api-version": _METRICS,
            "metricnames": ",".join(names),
            "aggregation": ",".join(aggregations),
            "timespan": f"{_iso(start)}/{_iso(end)}",
            "interval": interval,
        }
        answer = self.get("/providers/Microsoft.Insights/metrics", asked | ({"$filter": where} if where else {}))
        found: list[MetricData] = []
        for metric in objects(answer.get("value")):
            _check(metric)
            found += _read(metric, aggregations, start, end)
        return found

    def releases(self) -> tuple[tuple[Deployment, ...], str]:
        """Return the releases of the service's first APIs, oldest first, and a note on what was left out."""
        apis = objects(self.get("/apis", {"api-version": _SERVICES, "$top": "100"}).get("value"))
        names = [name for api in apis if (name := str(api.get("name", ""))) and ";rev=" not in name]
        found: list[Deployment] = []
        until = time.monotonic() + _RELEASES_WITHIN
        asked = 0
        for name in names[:_MOST_APIS]:
            if time.monotonic() > until:
                break
            asked += 1
            told = self.get(f"/apis/{quote(name, safe='')}/releases", {"api-version": _SERVICES, "$top": "100"})
            found += [one for release in objects(told.get("value")) if (one := _release(release, name)) is not None]
        note = f"releases of the first {asked} of {len(names)} APIs" if asked < len(names) else ""
        return tuple(sorted(found, key=lambda one: one.at)), note


def _check(metric: Mapping[str, Any]) -> None:
    """Raise where the answer is an error for this one metric: the call itself succeeded then."""
    code = metric.get("errorCode")
    if isinstance(code, str) and code not in {"", "Success"}:
        kind = Absence.THROTTLED if "throttl" in code.lower() else Absence.FAILED
        words = ": ".join(part for part in (quoted(code), quoted(metric.get("errorMessage") or "")) if part)
        raise Unread(f"Azure Monitor could not tell this metric ({words})", kind)


def _read(metric: Mapping[str, Any], aggregations: Sequence[str], start: float, end: float) -> list[MetricData]:
    name = _text(metric.get("name"))
    return [
        MetricData(
            name=name,
            category=_category(series),
            values={one: _values(series, one, start, end) for one in map(str.lower, aggregations)},
        )
        for series in objects(metric.get("timeseries"))
    ]


def _values(series: Mapping[str, Any], aggregation: str, start: float, end: float) -> dict[float, float]:
    """Return what is a finite number at a time asked for; a period without a value has null, or nothing."""
    found: dict[float, float] = {}
    for point in objects(series.get("data")):
        at, value = _moment(point.get("timeStamp")), point.get(aggregation)
        if at is None or isinstance(value, bool) or not isinstance(value, int | float):
            continue
        if start <= at < end and 0 <= value <= MOST:
            found[at] = float(value)
    return found


def _category(series: Mapping[str, Any]) -> str:
    named = objects(series.get("metadatavalues"))
    return quoted(named[0].get("value") or "").lower() if named else ""


def _release(release: Mapping[str, Any], api: str) -> Deployment | None:
    told = release.get("properties")
    properties = told if isinstance(told, dict) else {}
    at = _moment(properties.get("createdDateTime"))
    if at is None:
        return None
    text = ": ".join(part for part in (quoted(api), quoted(properties.get("notes") or "")) if part)
    return Deployment(at=at, id=quoted(release.get("name", "")), text=text)


def _text(value: object) -> str:
    """Return a localizable string's invariant value."""
    return str(value.get("value", "")) if isinstance(value, dict) else ""


def _moment(text: object) -> float | None:
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
