"""The key `load` of report.json: what was sent, what came of it by operation, the thresholds, the generator."""

from typing import Any

from harness.model.event import Loaded, Loading
from harness.model.finding import LoadRun, Summary
from harness.model.load import Arm, Compared, Generator, Slice
from harness.model.series import Series, Telemetry
from harness.report import load_view
from harness.report.text import instant

MOST_OPERATIONS = 500
MOST_POINTS = 2_000


def load_json(summary: Summary) -> dict[str, Any]:
    """Return {"load": …}; nothing where the run has no load."""
    run = load_view.shown(summary)
    if run is None:
        return {}
    loading, loaded = run.loading, run.loaded
    return {
        "load": {
            "state": load_view.state(run),
            "why": loaded.why if loaded else "",
            **_planned(loading),
            "started": instant(loaded.started) if loaded and loaded.started else None,
            "seconds": loaded.seconds if loaded else loading.seconds if loading else None,
            "valid": load_view.valid(summary),
            "operations": [_operation(loaded, name) for name in _named(loaded)] if loaded else [],
            "more_operations": max(len(load_view.operations(loaded)) - MOST_OPERATIONS, 0) if loaded else 0,
            "thresholds": [
                {"text": held.text, "outcome": held.outcome.value, "why": list(held.why), "skipped": held.skipped}
                for held in load_view.thresholds(summary)
            ],
            "generator": _generator(loaded.generator) if loaded else None,
            "histograms": _histograms(loaded) if loaded else {},
            "slice_seconds": loaded.slice_seconds if loaded else None,
            "slices": [_slice(one) for one in loaded.slices] if loaded else [],
            "history": [_telemetry(one) for one in loaded.history] if loaded else [],
            "window": [_telemetry(one) for one in loaded.window] if loaded else [],
            "earlier": [_earlier(one) for one in summary.loads[:-1]],
        }
    }


def _planned(loading: Loading | None) -> dict[str, Any]:
    return {
        "profile": loading.profile if loading else "",
        "order": loading.order if loading else "",
        "workers": loading.workers if loading else None,
        "warm_up": loading.warm_up if loading else None,
        "planned": loading.planned if loading else {},
        "mix": {name: _rounded(weight, 4) for name, weight in loading.mix.items()} if loading else {},
    }


def _named(loaded: Loaded) -> list[str]:
    return load_view.operations(loaded)[:MOST_OPERATIONS]


def _operation(loaded: Loaded, name: str) -> dict[str, Any]:
    sides = load_view.arms(loaded, name)
    return {
        "operation": name,
        **{side: _arm(sides[side]) if side in sides else None for side in load_view.SIDES},
        "compared": [_compared(told) for told in load_view.compared(loaded, name)],
    }


def _arm(arm: Arm) -> dict[str, Any]:
    return {"sent": arm.sent, "errors": arm.errors, "outcomes": arm.outcomes}


def _compared(told: Compared) -> dict[str, Any]:
    places = 6 if told.metric == "errors" else 3
    return {
        "metric": told.metric,
        "old": _rounded(told.old, places),
        "new": _rounded(told.new, places),
        "old_interval": _interval(told.old_interval, places),
        "new_interval": _interval(told.new_interval, places),
        "difference": _rounded(told.difference, places),
        "interval": _interval(told.interval, places),
        "level": told.level,
        "quantile_p": _significant(told.quantile_p),
        "exceedance_e": _significant(told.exceedance_e),
        "judged": told.judged,
        "note": told.note,
    }


def _generator(generator: Generator) -> dict[str, Any]:
    return {
        "client": generator.client,
        "workers": generator.workers,
        "lost": list(generator.lost),
        "late_p99": _rounded(generator.late_p99, 3),
        "late_max": _rounded(generator.late_max, 3),
        "unsent": generator.unsent,
        "held": generator.held,
        "cpu": _rounded(generator.cpu, 3),
        "hold": _rounded(generator.hold, 1),
        "per_worker": generator.per_worker,
    }


def _histograms(loaded: Loaded) -> dict[str, Any]:
    """Return what all percentiles can be read from again, by side."""
    return {
        side: {"planned": arm.planned, "service": arm.service, "overhead": arm.overhead}
        for side, arm in load_view.arms(loaded).items()
    }


def _slice(one: Slice) -> dict[str, Any]:
    return {
        "side": one.side,
        "at": _rounded(one.at, 3),
        "planned": one.planned,
        "sent": one.sent,
        "errors": one.errors,
        "p50": _rounded(one.p50, 3),
        "p95": _rounded(one.p95, 3),
        "p99": _rounded(one.p99, 3),
    }


def _telemetry(told: Telemetry) -> dict[str, Any]:
    return {
        "side": told.side,
        "what": told.what,
        "start": instant(told.start),
        "end": instant(told.end),
        "facts": told.facts,
        "absence": told.absence.name.lower() if told.absence else None,
        "trouble": told.trouble,
        "series": [_series(one) for one in told.series],
        "deployments": [{"at": instant(one.at), "id": one.id, "text": one.text} for one in told.deployments],
    }


def _series(one: Series) -> dict[str, Any]:
    return {
        "name": one.name,
        "statistic": one.statistic,
        "unit": one.unit,
        "period": one.period,
        "source": one.source,
        "whole": _rounded(one.whole, 6),
        "absence": one.absence.name.lower() if one.absence else None,
        "note": one.note,
        "points": [[int(at), _rounded(value, 6)] for at, value in one.points[-MOST_POINTS:]],
    }


def _earlier(run: LoadRun) -> dict[str, Any]:
    return {
        "state": load_view.state(run),
        "why": run.loaded.why if run.loaded else "",
        "sent": load_view.sent(run.loaded) if run.loaded else {},
    }


def _interval(value: tuple[float, float] | None, places: int) -> list[float | None] | None:
    return None if value is None else [_rounded(end, places) for end in value]


def _rounded(value: float | None, places: int) -> float | None:
    return None if value is None else round(value, places)


def _significant(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.6g}")
