"""From what was told to series with typed absence: no traffic, no telemetry and values that are late are not alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from harness.metrics.window import Window, in_words
from harness.model.series import Absence, Series

LATENCIES = ("latency", "backend latency")
ERRORS = ("errors 4xx", "errors 5xx")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One series as a service told it: values by Unix seconds. `absence` and `note` are the service's own words."""

    name: str
    statistic: str
    unit: str
    source: str
    values: Mapping[float, float] = field(default_factory=dict)
    absence: Absence | None = None
    note: str = ""
    whole: float | None = None


_BROKEN = frozenset({Absence.DENIED, Absence.THROTTLED, Absence.FAILED, Absence.UNSUPPORTED})


def unread(told: Sequence[Told]) -> bool:
    """Tell whether the service told nothing at all."""
    return all(one.absence in _BROKEN and not one.values for one in told)


def empty(told: Sequence[Told]) -> bool:
    """Tell whether what was read holds no value of traffic, not even that there was none."""
    return not any(one.values for one in told if one.name != "capacity")


def nothing(series: Sequence[Series]) -> tuple[Absence | None, str]:
    """Return what to say of all of it where there is no telemetry at all, and why; None where there is some."""
    if any(one.absence is not Absence.NO_TELEMETRY for one in series):
        return None, ""
    return Absence.NO_TELEMETRY, series[0].note if series else ""


def typed(told: Sequence[Told], window: Window, *, known: bool | None, why: str = "") -> tuple[Series, ...]:
    """Return the series with their absence.

    `known` says whether the service has such metrics at all; None: it could not be asked, and `why` says why.
    """
    placed = [(one, window.of(dict(one.values))) for one in told]
    requests = next((values for one, values in placed if one.name == "requests"), {})
    traffic = _traffic(placed)
    whole = _Whole(window=window, traffic=traffic, requests=requests, known=known, why=why)
    return tuple(whole.series(one, values) for one, values in placed)


def _traffic(placed: Sequence[tuple[Told, Mapping[float, float]]]) -> frozenset[float]:
    """Return the periods of which any series says that there were requests."""
    found: set[float] = set()
    for one, values in placed:
        if one.name != "capacity":
            found |= {at for at, value in values.items() if value > 0}
    return frozenset(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Whole:
    """All that one series is judged by."""

    window: Window
    traffic: frozenset[float]
    requests: Mapping[float, float]
    known: bool | None
    why: str

    def series(self, told: Told, values: dict[float, float]) -> Series:
        if told.name in LATENCIES:  # a mean of nothing is told as 0 where no request came
            values = {at: value for at, value in values.items() if value > 0 or self.requests.get(at) != 0}
        final = {at: value for at, value in values.items() if self.window.over(at)}
        absence, note = (told.absence, told.note) if told.absence else self._absence(told, final)
        return Series(
            name=told.name,
            statistic=told.statistic,
            unit=told.unit,
            period=self.window.period,
            points=tuple(values.items()),
            source=told.source,
            absence=absence,
            note="; ".join(part for part in (note, told.note if note != told.note else "") if part),
            whole=told.whole if told.whole is not None else self._weighted(told, values),
        )

    def _absence(self, told: Told, values: Mapping[float, float]) -> tuple[Absence | None, str]:
        if told.name == "capacity":
            return self._gaps(values, self.window.times)
        if not self.traffic:
            return self._no_traffic()
        if told.name == "requests":
            return self._requests(values)
        if told.name in ERRORS and not values:
            return Absence.ZERO, ""
        if told.name in ERRORS and 0.0 not in values.values():
            return None, ""  # zeros are left out by this service: a gap is none
        return self._gaps(values, sorted(self.traffic))

    def _no_traffic(self) -> tuple[Absence, str]:
        if all(map(self.window.recent, self.window.times)):
            return Absence.LATE, "values are published minutes later"
        if self.known is False:
            return Absence.NO_TELEMETRY, self.why
        return Absence.NO_TRAFFIC if self.known else Absence.NO_TELEMETRY, self.why

    def _requests(self, values: Mapping[float, float]) -> tuple[Absence | None, str]:
        """Judge the count: a period without one had no request, unless another series knows of some, or it is late."""
        if not set(values) >= self.traffic:
            return self._gaps(values, sorted(self.traffic))
        newest = max(self.traffic)
        late = [at for at in self.window.times if at > newest and at not in values and self.window.recent(at)]
        if late:
            return Absence.LATE, f"nothing of the last {self._many(len(late))} yet"
        quiet = sum(not values.get(at) for at in self.window.times)
        return None, f"no traffic in {self._of_all(quiet)}" if quiet else ""

    def _gaps(self, values: Mapping[float, float], expected: Sequence[float]) -> tuple[Absence | None, str]:
        missing = [at for at in expected if at not in values]
        if not missing:
            return None, ""
        if all(map(self.window.recent, missing)):
            return Absence.LATE, f"no value of the last {self._many(len(missing))} yet"
        if not values:
            return Absence.NO_TELEMETRY, "no value in the whole time"
        return Absence.PARTIAL, f"no value in {self._of_all(len(missing))}"

    def _weighted(self, told: Told, values: Mapping[float, float]) -> float | None:
        """Return the mean of all requests: exact where each mean has its count."""
        if told.statistic != "average" or told.name not in LATENCIES or not values:
            return None
        counts = {at: self.requests.get(at, 0.0) for at in values}
        if not all(counts.values()):
            return None
        return sum(value * counts[at] for at, value in values.items()) / sum(counts.values())

    def _many(self, count: int) -> str:
        return in_words(self.window.period, count)

    def _of_all(self, count: int) -> str:
        return f"{count:,} of {in_words(self.window.period, len(self.window.times))}"
