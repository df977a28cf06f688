"""Thresholds on what the new side takes and what it has left: throughput, and the capacity that monitoring tells."""

from harness.load import words
from harness.load.answers import evaded
from harness.load.measured import NEVER, Arms
from harness.load.ruling import Part, Ruling, Run, joined, label, single
from harness.model.outcome import Outcome
from harness.model.series import Absence, Series
from harness.model.side import Side
from harness.model.threshold import Base, Threshold

_CONFLICTING = "a gateway that queues answers everything, but later: what came after the load's end is not counted"

_BOTH = "old fell short of it too: what both sides share, or this machine, does not keep up with the load"


def throughput(run: Run, threshold: Threshold) -> Ruling:
    """Judge the answers without error per second that came while the load ran: exact counts, so no interval."""
    operation, base = threshold.operation, threshold.bound.base
    old, new = (run.measured.arms(side, operation) for side in Side)
    part = Part(operation=operation, outcome=Outcome.INCONCLUSIVE, text="")
    name = label(threshold, operation)
    if not new.sent or not run.seconds:
        part.text = f"{name}: no request with an outcome on new"
        return single(threshold, part)
    achieved = {side: served(arms, run) / run.seconds for side, arms in ((Side.OLD, old), (Side.NEW, new))}
    planned = _planned(run, operation, new) / run.seconds
    allowed = threshold.bound.of(achieved[Side.OLD] if base is Base.OLD else planned)
    part.old, part.new = (words.rate(achieved[side]) for side in Side)
    part.facts = {"old": part.old, "new": part.new, "planned": words.rate(planned), "limit": words.rate(allowed)}
    part.text = (
        f"{name}: new answered {part.new} without error (old {part.old}, planned {words.rate(planned)}); "
        f"allowed {words.allowed(threshold)} = {words.rate(allowed)}"
    )
    if planned < allowed:
        part.note = f"this load plans {words.rate(planned)} only: it cannot show {words.rate(allowed)}; raise its rate"
    else:
        part.outcome = Outcome.PASS if threshold.keeps(achieved[Side.NEW], allowed) else Outcome.FAIL
        if part.outcome is Outcome.FAIL and base is Base.PLANNED and not threshold.keeps(achieved[Side.OLD], allowed):
            part.outcome, part.note = Outcome.INCONCLUSIVE, _BOTH
        elif part.outcome is Outcome.FAIL and new.errors < new.sent / 100:
            part.note = _CONFLICTING
    return joined(threshold, part, (), evaded(run, operation))


def served(arms: Arms, run: Run) -> float:
    """Return how many answers without error came before the load's end; one slice of grace for those on their way.

    When an answer came is known to the slice of its request: a request counts from that slice's end.
    """
    slice_seconds = run.measured.counts.slice_seconds
    good = 0.0
    for number, ((sent, errors), latencies) in enumerate(zip(arms.by_slice, arms.latencies, strict=True)):
        left = max(run.seconds - number * slice_seconds, 0.0) + slice_seconds
        late = latencies.above(left * 1e6) - latencies.above(0.999 * NEVER)
        answered = max(latencies.total - latencies.above(0.999 * NEVER), 1)
        good += (sent - errors) * (1 - late / answered)
    return good


def _planned(run: Run, operation: str, new: Arms) -> float:
    """Return how many requests were planned; of one operation, in proportion to what was drawn of it."""
    whole = run.planned.get(Side.NEW.value, 0)
    sent = run.measured.arms(Side.NEW).sent
    return whole * new.sent / sent if operation and sent else whole


def capacity(run: Run, threshold: Threshold) -> Ruling:
    """Judge the new side's highest capacity figure of the load's time; what is not told is never a pass."""
    part = Part(operation="", outcome=Outcome.INCONCLUSIVE, text="")
    found = _capacity(run)
    if isinstance(found, str):
        part.text = f"capacity: {found}"
        return single(threshold, part)
    if not found.points:
        part.text = f"capacity: {found.absence or Absence.NO_TELEMETRY} ({found.source}){_noted(found)}"
        return single(threshold, part)
    highest = max(value for _, value in found.points)
    limit, part.new = threshold.bound.plus, words.share(highest)
    what = f"maximum of the {found.statistic} per {found.period} s"
    part.facts = {"new": part.new, "limit": words.share(limit), "statistic": what}
    part.text = f"capacity: new {part.new} ({what}); allowed {words.allowed(threshold)}"
    if not threshold.keeps(highest, limit):
        part.outcome = Outcome.FAIL
        part.remedy = "Add units to the new service, or a larger tier, before it gets this load."
    elif found.absence is not None:
        part.note = f"{found.absence}{_noted(found)}"
    elif run.seconds < 2 * found.period:
        part.note = (
            f"the load lasts {run.seconds:.0f} s, and each figure is of {found.period} s: the time without load before "
            f"and after is in it; load for {words.duration(2 * found.period)} or longer"
        )
    else:
        part.outcome = Outcome.PASS
    return single(threshold, part)


def _capacity(run: Run) -> Series | str:
    told = next((one for one in run.window if one.side == Side.NEW.value), None)
    if told is None:
        return "monitoring of new was not read (`new.control` says where it is)"
    if told.absence is not None or told.trouble:
        kind = "" if told.absence is None else str(told.absence)
        return "; ".join(part for part in (kind, told.trouble) if part)
    series = [one for one in told.series if one.name == "capacity"]
    by_statistic = {one.statistic: one for one in series}
    return by_statistic.get("average") or next(iter(series), f"{told.what} tells none")


def _noted(series: Series) -> str:
    return f": {series.note}" if series.note else ""
