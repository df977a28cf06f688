"""The time that the gateway itself takes, apart from its backend: by a header of the answers, or by monitoring."""

from collections.abc import Sequence

from harness.load import words
from harness.load.ruling import Run
from harness.model.series import Series, Telemetry
from harness.model.side import Side
from harness.model.threshold import Threshold

_MEASURED = "gateway overhead"
_TOLD = "gateway overhead, average (monitoring)"

_IN_GATEWAY = "The time is lost in the new gateway itself: look at its policies, its logging, its size and its units."
_BEHIND = (
    "The time is lost behind the new gateway: look at its backend, and at the way there (region, DNS, TLS, reuse)."
)

Facts = dict[str, dict[str, str]]


def overhead(run: Run, threshold: Threshold) -> Facts:
    """Return rows of facts: the same percentile of the overhead by header, and its average by monitoring."""
    facts: Facts = {}
    for side in Side:
        measured = run.measured.counts.over(side.value, threshold.operation).overhead
        if measured.total:
            text = words.ms(measured.quantile(threshold.percentile) / 1000)
            facts.setdefault(f"{_MEASURED} {threshold.measured}", {})[side.value] = text
    for told in run.window:
        found = average_overhead(told)
        if found is not None:
            facts.setdefault(_TOLD, {})[told.side] = words.ms(found)
    return facts


def where_lost(run: Run, operation: str, p: float) -> str:
    """Return where to look for the time that new takes longer; "" where no header tells the backend's."""
    old, new = (run.measured.counts.over(side.value, operation) for side in Side)
    if not (old.overhead.total and new.overhead.total):
        return ""
    lost = new.planned.quantile(p) - old.planned.quantile(p)
    own = new.overhead.quantile(p) - old.overhead.quantile(p)
    return _IN_GATEWAY if own >= lost / 2 else _BEHIND


def average_overhead(told: Telemetry) -> float | None:
    """Return latency less backend latency in ms, both averages, over the periods that have both; None if none has."""
    whole, backend = (_average(told.series, name) for name in ("latency", "backend latency"))
    both = whole.keys() & backend.keys()
    weights = _requests(told.series)
    weight = sum(weights.get(at, 1.0) for at in both)
    if not weight:
        return None
    return sum((whole[at] - backend[at]) * weights.get(at, 1.0) for at in both) / weight


def _average(series: Sequence[Series], name: str) -> dict[float, float]:
    found = (one for one in series if one.name == name and one.statistic == "average")
    return dict(next((one.points for one in found), ()))


def _requests(series: Sequence[Series]) -> dict[float, float]:
    """Return how many requests each period had: what its average is worth."""
    return dict(next((one.points for one in series if one.name == "requests"), ()))
