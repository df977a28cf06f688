"""One figure of a series for its whole time, and how it was had."""

from collections.abc import Sequence
from statistics import fmean, median

from harness.metrics.window import in_words
from harness.model.series import Absence, Series, Telemetry


def summary(series: Series, requests: Series | None = None) -> tuple[float | None, str]:
    """Return (value in the series' unit, how it was had); None where there is none, and why.

    Percentiles of periods cannot be merged: where the service did not tell the whole time's, it is the median of the
    periods', and is called so. With `requests`, periods of fewer than 10 / (1 - p) requests do not count there.
    """
    if series.statistic == "sum":
        return _sum(series)
    if not series.points:
        return None, _why(series)
    values = [value for _, value in series.points]
    each = in_words(series.period)
    if series.statistic in {"maximum", "minimum"}:
        return (max if series.statistic == "maximum" else min)(values), f"{series.statistic} of all"
    if series.whole is not None:
        return series.whole, f"{series.statistic} of the whole time"
    if series.statistic == "average":
        return fmean(values), "average" if len(values) == 1 else f"mean of {len(values):,} averages per {each}"
    return _percentile(series, requests, each)


def rank(series: Series) -> float | None:
    """Return the percentile that a series is of, as a share (p95: 0.95); None where it is of none."""
    digits = series.statistic[1:]
    if series.statistic[:1] != "p" or not digits.replace(".", "", 1).isdecimal():
        return None
    return float(digits) / 100


def find(telemetry: Telemetry, name: str, statistic: str) -> Series | None:
    """Return the series of this name and statistic."""
    return next((one for one in telemetry.series if (one.name, one.statistic) == (name, statistic)), None)


def _sum(series: Series) -> tuple[float | None, str]:
    if series.points:
        return sum(value for _, value in series.points), "sum"
    return (0.0, "sum") if series.absence is Absence.ZERO else (None, _why(series))


def _percentile(series: Series, requests: Series | None, each: str) -> tuple[float | None, str]:
    values = [value for _, value in _busy(series, requests)]
    if not values:
        return None, f"no {each} with enough requests for {series.statistic}"
    if len(values) == 1:
        return values[0], f"{series.statistic} of one {each}"
    return median(values), f"median of {len(values):,} {series.statistic} per {each}"


def _busy(series: Series, requests: Series | None) -> Sequence[tuple[float, float]]:
    share = rank(series)
    if requests is None or share is None or share >= 1:
        return series.points
    counts, least = dict(requests.points), 10 / (1 - share)
    return [(at, value) for at, value in series.points if counts.get(at, 0.0) >= least - 1e-6]


def _why(series: Series) -> str:
    why = str(series.absence or Absence.NO_TELEMETRY)
    return f"{why}: {series.note}" if series.note else why
