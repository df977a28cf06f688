"""What monitoring told of the old side before the load, where a threshold leans on it; and why it may not."""

from collections.abc import Sequence
from dataclasses import dataclass

from harness.load.ruling import Run
from harness.metrics.summary import summary
from harness.model.series import Absence, Series, Telemetry
from harness.model.side import Side
from harness.model.threshold import Threshold

_FIT = frozenset({None, Absence.LATE})
"""Absences that leave a figure of the past as it is: its newest minutes may be missing."""

_UNREAD = "no history of old could be read (`old.control` says where it is)"


@dataclass(frozen=True, slots=True)
class Past:
    """A latency of the past in ms, and how it was got."""

    value: float
    how: str


def past_latency(run: Run, threshold: Threshold) -> Past | str:
    """Return the same percentile of the past, or why there is none: an average is never taken for one."""
    told = _told(run, threshold)
    if isinstance(told, str):
        return told
    name = threshold.measured
    latencies = _named(told, "latency")
    found = next((one for one in latencies if one.statistic == name), None)
    if found is None:
        return _other_statistics(latencies, name, told)
    if (trouble := _unfit(found)) is not None:
        return trouble
    value, how = summary(found, next(iter(_named(told, "requests")), None))
    return f"history of old: {how}" if value is None else Past(value, how)


def _told(run: Run, threshold: Threshold) -> Telemetry | str:
    if threshold.operation:
        return f"history tells of the whole stage, not of {threshold.operation}"
    told = next((one for one in run.history if one.side == Side.OLD.value), None)
    if told is None:
        return _UNREAD
    if told.absence is not None or told.trouble:
        kind = "" if told.absence is None else str(told.absence)
        return f"no history of old: {'; '.join(part for part in (kind, told.trouble) if part)}"
    return told


def _named(told: Telemetry, name: str) -> list[Series]:
    return [one for one in told.series if one.name == name]


def _unfit(series: Series) -> str | None:
    """Return why a series gives no figure of its time; None if it does."""
    note = f" ({series.note})" if series.note else ""
    if not series.points:
        return f"history of old has no {series.name} {series.statistic}: {series.absence or Absence.NO_TELEMETRY}{note}"
    if series.absence not in _FIT:
        return f"history of old: {series.absence}{note}"
    return None


def _other_statistics(found: Sequence[Series], name: str, told: Telemetry) -> str:
    """Return why there is no such percentile, naming what there is instead."""
    there = sorted({one.statistic for one in found if one.points})
    if "average" in there and not any(statistic.startswith("p") for statistic in there):
        return f"{told.what} tells averages alone: an average is never compared with a {name}"
    return f"history of old has no latency {name}" + (f", only {', '.join(there)}" if there else "")
