"""The section "Load" of report.html, laid out for its template (reports/html/load.html.j2)."""

from dataclasses import dataclass
from statistics import median

from harness.load.entries import ALL
from harness.model.event import Loaded
from harness.model.finding import LoadRun, Summary
from harness.model.load import Compared
from harness.model.series import Series, Telemetry
from harness.report import load_charts, load_latency, load_view
from harness.report.chart import LineChart
from harness.report.load_view import SIDES, Held
from harness.report.load_words import (
    change_text,
    e_text,
    interval_text,
    level,
    ms,
    p_text,
    ratio_text,
    share,
    value_text,
)
from harness.report.text import NOTHING, duration, plural, when

MOST_OPERATIONS = 50
MOST_OUTCOMES = 30
MOST_SERIES = 40
MOST_DEPLOYMENTS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One metric of an operation, as texts; `calm` where it was not judged."""

    metric: str
    old: str
    old_interval: str
    new: str
    new_interval: str
    difference: str
    interval: str
    ratio: str
    p: str
    e: str
    note: str
    calm: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation, or all together: its counts, its figures in a line, and each metric."""

    name: str
    told: str
    counts: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitored:
    """What monitoring told of one side: a chart where there is latency, a row for each series, what is missing."""

    head: str
    missing: str
    facts: str
    chart: LineChart | None
    rows: tuple[tuple[str, ...], ...]
    deployments: tuple[tuple[str, str, str], ...]
    more_deployments: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadPage:
    """All that the template shows; `valid` is None where nobody judged it."""

    brief: str
    alarm: str
    valid: bool | None
    validity: str
    facts: list[tuple[str, str]]
    thresholds: list[tuple[Held, int]]
    operations: list[Operation]
    more_operations: int
    level: str
    charts: list[LineChart]
    waited: str
    no_errors: bool
    outcomes: list[tuple[str, list[str]]]
    more_outcomes: int
    overhead: list[tuple[str, list[str]]]
    history: list[Monitored]
    window: list[Monitored]
    generator: list[tuple[str, str]]
    earlier: list[tuple[str, str]]


def page_of(summary: Summary) -> LoadPage | None:
    """Lay out the load that counts; None where the run has none."""
    run = load_view.shown(summary)
    if run is None:
        return None
    loaded = run.loaded or _nothing(summary)
    names = load_view.operations(loaded)
    outcomes = load_view.outcomes(loaded)
    charts, waited = _charts(loaded)
    return LoadPage(
        brief=load_view.brief(run),
        alarm=load_view.alarm(run),
        valid=load_view.valid(summary),
        validity=load_view.validity(summary),
        facts=load_view.headline(run),
        thresholds=list(zip(load_view.thresholds(summary), load_view.threshold_rows(summary), strict=True)),
        operations=[_operation(loaded, name) for name in names[: MOST_OPERATIONS + 1]],
        more_operations=max(len(names) - MOST_OPERATIONS - 1, 0),
        level=level(loaded.compared),
        charts=charts,
        waited=waited,
        no_errors=bool(loaded.slices) and not any(one.errors for one in loaded.slices),
        outcomes=[(name, _counts(loaded, by_side)) for name, by_side in outcomes[:MOST_OUTCOMES]],
        more_outcomes=max(len(outcomes) - MOST_OUTCOMES, 0),
        overhead=_overhead(loaded),
        history=[_monitored(told, _p95(loaded)) for told in loaded.history],
        window=[_monitored(told, {}) for told in loaded.window],
        generator=load_view.generator_facts(loaded.generator) if run.loaded else [],
        earlier=[_earlier(one) for one in summary.loads[:-1]],
    )


def _nothing(summary: Summary) -> Loaded:
    """Return what is known of a load whose end was never told."""
    return Loaded(at=summary.ended, suite=load_view.SUITE, state="cut off", started=0.0, seconds=0.0)


def _operation(loaded: Loaded, name: str) -> Operation:
    compared = load_view.compared(loaded, name)
    told = {one.metric: one for one in compared}
    parts = [
        f"{metric} {value_text(metric, told[metric].old)} → {value_text(metric, told[metric].new)}"
        for metric in ("errors", "p95")
        if metric in told
    ]
    sides = load_view.arms(loaded, name)
    counts = ", ".join(
        f"{side} {sides[side].sent:,} sent, {sides[side].errors:,} failed" for side in SIDES if side in sides
    )
    return Operation(name=name or ALL, told=" · ".join(parts), counts=counts, lines=tuple(map(_line, compared)))


def _line(told: Compared) -> Line:
    metric = told.metric
    return Line(
        metric=metric,
        old=value_text(metric, told.old),
        old_interval=interval_text(metric, told.old_interval),
        new=value_text(metric, told.new),
        new_interval=interval_text(metric, told.new_interval),
        difference=change_text(metric, told.difference),
        interval=interval_text(metric, told.interval, change=True),
        ratio=ratio_text(told),
        p=p_text(told.quantile_p),
        e=e_text(told.exceedance_e),
        note=told.note,
        calm=not told.judged,
    )


def _charts(loaded: Loaded) -> tuple[list[LineChart], str]:
    """Return the charts that there is something for, and what is to be said of planned and actual sends."""
    planned, service = load_latency.curves(loaded, "planned"), load_latency.curves(loaded, "service")
    waited = load_latency.waited(planned, service)
    found = (
        load_latency.distribution(planned, service),
        load_charts.percentiles_over_time(loaded),
        load_charts.errors_over_time(loaded),
    )
    return [chart for chart in found if chart is not None], waited


def _counts(loaded: Loaded, by_side: dict[str, int]) -> list[str]:
    sent = load_view.sent(loaded)
    return [
        f"{by_side.get(side, 0):,} ({share(by_side.get(side, 0) / sent[side])})" if sent.get(side) else NOTHING
        for side in SIDES
    ]


def _overhead(loaded: Loaded) -> list[tuple[str, list[str]]]:
    """Return what each gateway itself took, where a header tells how long the backend did."""
    return [
        (side, [ms(load_latency.in_ms(one, p)) for p in (0.5, 0.95, 0.99)])
        for side, one in load_latency.curves(loaded, "overhead").items()
    ]


def _p95(loaded: Loaded) -> dict[str, float]:
    found = next((told for told in load_view.compared(loaded) if told.metric == "p95"), None)
    values = {} if found is None else {"old": found.old, "new": found.new}
    return {side: value for side, value in values.items() if value is not None}


def _monitored(told: Telemetry, under_load: dict[str, float]) -> Monitored:
    missing = f"{told.absence.value}: {told.trouble}" if told.absence and told.trouble else told.trouble
    return Monitored(
        head=f"{told.side}: {told.what}, {when(told.start)} to {when(told.end)}",
        missing=missing or (told.absence.value if told.absence else ""),
        facts=", ".join(f"{name} {value}" for name, value in told.facts.items()),
        chart=load_charts.history(told, under_load) if under_load else None,
        rows=tuple(map(_series, told.series[:MOST_SERIES])),
        deployments=tuple((when(one.at), one.id, one.text) for one in told.deployments[:MOST_DEPLOYMENTS]),
        more_deployments=max(len(told.deployments) - MOST_DEPLOYMENTS, 0),
    )


def _series(one: Series) -> tuple[str, ...]:
    """Return a series in words: its figure of the whole time, its periods' middle and highest, what is missing."""
    values = [value for _, value in one.points]
    said = [one.absence.value] if one.absence else []
    return (
        f"{one.name} {one.statistic}",
        NOTHING if one.whole is None else _measured(one.unit, one.whole),
        _measured(one.unit, median(values)) if values else NOTHING,
        _measured(one.unit, max(values)) if values else NOTHING,
        f"{plural(len(values), 'period')} of {_period(one.period)}" if values else "none",
        "; ".join([*said, *([one.note] if one.note else [])]),
    )


def _period(seconds: int) -> str:
    return f"{seconds // 60} min" if seconds >= 60 and seconds % 60 == 0 and seconds < 3600 else duration(seconds)


def _measured(unit: str, value: float) -> str:
    if unit == "ms":
        return ms(value)
    return share(value) if unit == "share" else f"{value:,.0f}"


def _earlier(run: LoadRun) -> tuple[str, str]:
    at = run.loading.at if run.loading is not None else run.loaded.at if run.loaded is not None else 0.0
    return when(at), load_view.alarm(run) or "It finished, and was sent again."
