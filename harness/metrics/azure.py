"""A service of Azure API Management, as Azure Monitor tells of it: averages, totals and maxima, never a percentile."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from harness.clouds.azure_identity import token
from harness.clouds.azure_monitor import AzureResource, MetricData
from harness.clouds.trouble import quoted
from harness.clouds.unread import Unread
from harness.metrics.absent import Told, nothing, typed, unread
from harness.metrics.window import Window, within
from harness.model.secret import Secret
from harness.model.series import TIER_UNKNOWN, Absence, Deployment, Telemetry
from harness.model.side import Side
from harness.scenario.control import AzureControl

AVERAGES_ONLY = "Azure Monitor gives no percentiles"
_INTERVALS = {60: "PT1M", 300: "PT5M", 900: "PT15M", 3600: "PT1H", 21_600: "PT6H", 86_400: "P1D"}
_CATEGORY = "GatewayResponseCodeCategory"
_POLITE = frozenset({Absence.THROTTLED, Absence.DENIED})  # nothing more is asked after one of these
_V2 = ("CpuPercent_Gateway", "MemoryPercent_Gateway")  # what tiers of the second generation have for Capacity
_UNITS = {"requests": "requests", "errors": "requests", "latency": "ms", "backend": "ms", "capacity": "share"}
_NOTHING = "Azure Monitor has no value of this service"
_CONSUMPTION = "the Consumption tier does not tell this"


def read(
    control: AzureControl,
    side: Side,
    window: Window,
    *,
    deployments: bool,
    hide: Callable[[Secret], None],
) -> Telemetry:
    """Return what is told of the service; raises Unread where it cannot even be asked."""
    bearer = token(control)
    hide(Secret(value=bearer, label="Azure token"))
    asking = _Asking(
        resource=AzureResource(resource=control.resource, endpoint=control.endpoint, token=bearer), window=window
    )
    facts = asking.facts()
    told = list(asking.all())
    found = asking.deployments(facts) if deployments else ()
    series = () if unread(told) else typed(told, window, known=_known(told), why=_NOTHING)
    absence, trouble = (told[0].absence, told[0].note) if unread(told) else nothing(series)
    return Telemetry(
        side=side.value,
        what=f"service {control.resource.rstrip('/').rpartition('/')[2]}",
        start=window.start,
        end=window.end,
        series=series,
        deployments=found,
        facts=facts,
        absence=absence,
        trouble=trouble,
    )


def _known(told: Sequence[Told]) -> bool:
    """Tell whether the service reports at all: counts, of 0 too, or its capacity, which needs no traffic."""
    return any(one.values for one in told)


@dataclass(slots=True, kw_only=True)
class _Asking:
    """The calls about one service; once it throttles or denies, the rest is not asked."""

    resource: AzureResource
    window: Window
    tier: str = ""
    stopped: Unread | None = field(default=None)

    def facts(self) -> dict[str, str]:
        """Return the tier, or why it is not known."""
        try:
            service = self.resource.service()
        except Unread as trouble:
            return {TIER_UNKNOWN: trouble.reason}
        sku = service.get("sku")
        self.tier = quoted(sku.get("name") or "") if isinstance(sku, dict) else ""
        return {"tier": self.tier} if self.tier else {TIER_UNKNOWN: "the service's own description names none"}

    def all(self) -> Iterator[Told]:
        """Ask for everything."""
        yield from self._requests()
        yield from self._latencies()
        yield from self._capacity()

    def deployments(self, facts: dict[str, str]) -> tuple[Deployment, ...]:
        """Return the releases of APIs; what they are, or why there are none, becomes a fact."""
        try:
            if self.stopped:
                raise self.stopped
            found, note = self.resource.releases()
        except Unread as trouble:
            facts["deployments"] = f"not known: {trouble.reason}"
            return ()
        facts["deployments"] = note or "releases of APIs; policies and settings change without one"
        return within(found, self.window)

    def _requests(self) -> Iterator[Told]:
        found, trouble = self._ask(("Requests",), ("Total",))
        values = _values(found, "Requests", "total")
        yield self._told("requests", "sum", values, "Requests total", trouble)
        found, trouble = self._ask(("Requests",), ("Total",), f"{_CATEGORY} eq '4xx' or {_CATEGORY} eq '5xx'")
        for category in ("4xx", "5xx"):
            values = _values(found, "Requests", "total", category)
            yield self._told(f"errors {category}", "sum", values, f"Requests total, {_CATEGORY}={category}", trouble)

    def _latencies(self) -> Iterator[Told]:
        names = {"latency": "Duration", "backend latency": "BackendDuration"}
        found, trouble = self._ask(tuple(names.values()), ("Average", "Maximum"))
        for name, metric in names.items():
            for statistic in ("average", "maximum"):
                values = _values(found, metric, statistic)
                yield self._told(name, statistic, values, f"{metric} {statistic}", trouble, AVERAGES_ONLY)

    def _capacity(self) -> Iterator[Told]:
        """Ask for the share of capacity in use; Azure tells its maximum for the Premium tier alone (0 elsewhere)."""
        names = _V2 if self.tier.lower().endswith("v2") else ("Capacity",)
        statistics = ("average", "maximum") if self.tier == "Premium" else ("average",)
        found, trouble = self._ask(names, tuple(map(str.title, statistics)))
        note = "the higher of CPU and memory" if len(names) > 1 else ""
        for statistic in statistics:
            values = _highest([_values(found, name, statistic) for name in names])
            yield self._told("capacity", statistic, values, f"{' or '.join(names)} {statistic}", trouble, note)

    def _told(
        self,
        name: str,
        statistic: str,
        values: Mapping[float, float],
        source: str,
        trouble: Unread | None,
        note: str = "",
    ) -> Told:
        """Say of a tier without such metrics that it has none, rather than that they are missing."""
        absence, why = (trouble.kind, trouble.reason) if trouble else (None, note)
        if self.tier == "Consumption" and not values and absence in {None, Absence.FAILED}:
            absence, why = Absence.UNSUPPORTED, _CONSUMPTION
        return Told(
            name=name,
            statistic=statistic,
            unit=_UNITS[name.partition(" ")[0]],
            source=f"Microsoft.ApiManagement/service {source}",
            values=values,
            absence=absence,
            note=why,
        )

    def _ask(
        self, names: Sequence[str], aggregations: Sequence[str], where: str = ""
    ) -> tuple[list[MetricData], Unread | None]:
        if self.stopped:
            return [], self.stopped
        interval = _INTERVALS.get(self.window.period, "P1D")
        try:
            found = self.resource.metrics(
                names, aggregations, start=self.window.start, end=self.window.end, interval=interval, where=where
            )
        except Unread as trouble:
            if trouble.kind in _POLITE:
                self.stopped = trouble
            return [], trouble
        return found, None


def _values(found: Sequence[MetricData], metric: str, aggregation: str, category: str = "") -> Mapping[float, float]:
    """Return the values of one metric, summed over the series of one category (a case may come in two spellings)."""
    values: dict[float, float] = {}
    for one in found:
        if one.name.lower() == metric.lower() and one.category == category:
            for at, value in one.values.get(aggregation, {}).items():
                values[at] = values.get(at, 0.0) + value
    return values


def _highest(several: Sequence[Mapping[float, float]]) -> dict[float, float]:
    """Return the highest of several percentages at each time, as a share."""
    times = sorted({at for values in several for at in values})
    return {at: max(values[at] for values in several if at in values) / 100 for at in times}
