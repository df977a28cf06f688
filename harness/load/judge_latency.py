"""Thresholds on latency, counted from the planned start: percentiles with their intervals, and maxima without."""

import math

from harness.load import words
from harness.load.answers import blocked, unasked
from harness.load.compare import LEVEL, alone, gap
from harness.load.measured import NEVER, Arms
from harness.load.overhead import overhead, where_lost
from harness.load.past import Past, past_latency
from harness.load.ruling import SURE, Part, Ruling, Run, decided, joined, label, needs, single
from harness.model.outcome import Outcome
from harness.model.side import Side
from harness.model.threshold import Base, Threshold
from harness.stats.histogram import HIGHEST
from harness.stats.intervals import Interval, enough, more_for_interval, quantile, quantile_difference

_TIMES = 10
_ENOUGH = 10.0  # samples beyond a percentile, as `enough` asks for
_LOWEST = 0.5


def latency(run: Run, threshold: Threshold) -> Ruling:
    """Judge a percentile or the maximum of all operations together and of each by itself, or of one alone."""
    if threshold.bound.base is Base.HISTORY:
        return _by_history(run, threshold)
    p = threshold.percentile
    stopped = [*blocked(run, threshold.operation, p), *unasked(run, threshold.operation)]
    parts = () if threshold.operation else run.measured.parts
    level = 1 - (1 - LEVEL) / max(len(parts), 1)
    judge = _maximum if threshold.percentile >= 1 else _percentile
    whole = judge(run, threshold, threshold.operation, LEVEL)
    barred = {name for name in parts if any(one.failing for one in blocked(run, name, p))}
    each = [
        _by_itself(run, threshold, judge(run, threshold, name, level), level) for name in parts if name not in barred
    ]
    ruling = joined(threshold, whole, each, stopped)
    ruling.facts.update(overhead(run, threshold))
    return ruling


def _by_itself(run: Run, threshold: Threshold, part: Part, level: float) -> Part:
    """Excuse an operation that breaks an absolute limit by itself where it broke it on old too: it is made that way.

    Not where it surely takes longer than it did.
    """
    if threshold.bound.base is Base.OLD or part.outcome is not Outcome.FAIL:
        return part
    old, new = (run.measured.arms(side, part.operation) for side in Side)
    before = old.quantile(threshold.percentile)
    if before is not None and threshold.keeps(before, threshold.bound.plus):
        return part
    apart = gap(old, new, threshold.percentile, level=level) if threshold.percentile < 1 else None
    if apart is not None and apart.low > 0:
        return part
    part.outcome, part.note = Outcome.PASS, "old does not keep to it either"
    return part


def _percentile(run: Run, threshold: Threshold, operation: str, level: float) -> Part:
    old, new = (run.measured.arms(side, operation) for side in Side)
    relative = threshold.bound.base is Base.OLD
    had, least = min(old.whole.total, new.whole.total) if relative else new.whole.total, enough(threshold.percentile)
    part = _figures(threshold, operation, old, new)
    if had < least:
        part.text = (
            f"{label(threshold, operation)}: {words.count(had)} requests a side are too few for it "
            f"({words.count(least)} are enough)"
        )
        part.note = needs(run, least, had)
        _by_lower(threshold, part, (old, new), had, level)
        return part
    if relative and old.unanswered >= (1 - threshold.percentile) / 2 * old.sent:
        lost = words.share(old.unanswered / old.sent)
        part.text = f"{label(threshold, operation)}: old left {lost} of its requests without an answer: no reference"
        return part
    factor = threshold.bound.factor
    p = threshold.percentile
    around = gap(old, new, p, factor=factor, level=level) if relative else alone(new, p, level=level)
    assert around is not None  # there are enough samples
    part.outcome = decided(around, threshold.bound.plus, threshold.operator)
    _say(run, threshold, part, around, old, new)
    part.remedy = where_lost(run, operation, p) if relative and part.outcome is Outcome.FAIL else ""
    if relative and part.outcome is Outcome.PASS:
        _by_send(run, threshold, part, level)
    if not relative and part.outcome is Outcome.FAIL:
        _by_own(run, threshold, part, level)
    return part


def _by_send(run: Run, threshold: Threshold, part: Part, level: float) -> None:
    """Doubt a pass that breaks the limit from the actual send: lateness is alike on both sides, and evens them out."""
    p, bound = threshold.percentile, threshold.bound
    old, new = (run.measured.counts.over(side.value, part.operation).service for side in Side)
    around = quantile_difference(old, new, p, level=level, factor=bound.factor)
    if around is None or around.low <= bound.plus * 1000:
        return
    before, after = (words.ms(one.quantile(p) / 1000) for one in (old, new))
    part.text += (
        f"; but from the actual send old {before}, new {after}: the generator's own lateness hides it (run the load"
        " alone, or lower its rate)"
    )
    part.outcome, part.doubted = Outcome.INCONCLUSIVE, True


def _by_own(run: Run, threshold: Threshold, part: Part, level: float) -> None:
    """Doubt a failure of an absolute limit that is the generator's own lateness: from the actual send it is none.

    Not where requests waited for a connection: that is time that new took.
    """
    new = run.measured.arms(Side.NEW, part.operation)
    if run.generator.held.get(Side.NEW.value) or new.unanswered:
        return
    service = run.measured.counts.over(Side.NEW.value, part.operation).service
    around = quantile(service, threshold.percentile, level)
    if around is None or around.low > threshold.bound.plus * 1000:
        return
    late, after = words.ms(run.generator.late_p99), words.ms(service.quantile(threshold.percentile) / 1000)
    part.text += (
        f"; but from the actual send new {after}: the generator's own lateness (p99 {late}) is too much for it"
        " (run the load alone, or lower its rate)"
    )
    part.outcome, part.remedy = Outcome.INCONCLUSIVE, ""


def _by_lower(threshold: Threshold, part: Part, both: tuple[Arms, Arms], had: int, level: float) -> None:
    """Look at the highest percentile that a few requests tell: what is surely over the limit there is not well above.

    An absolute limit is broken by that. Against old it is a doubt: a few ms more may be much for quick answers alone.
    """
    p, bound = 1 - _ENOUGH / max(had, 1), threshold.bound
    if p < _LOWEST:
        return
    old, new = both
    relative = bound.base is Base.OLD
    around = gap(old, new, p, factor=bound.factor, level=level) if relative else alone(new, p, level=level)
    if around is None or decided(around, bound.plus, threshold.operator) is not Outcome.FAIL:
        return
    before, after = (words.ms(one.quantile(p)) for one in both)
    part.text += f", and their p{math.floor(100 * p)} is over it already: old {before}, new {after}"
    part.outcome, part.doubted = (part.outcome, True) if relative else (Outcome.FAIL, False)


def _figures(threshold: Threshold, operation: str, old: Arms, new: Arms) -> Part:
    p = threshold.percentile
    before, after = (words.ms(one.quantile(p)) if one.sent else "nothing sent" for one in (old, new))
    return Part(
        operation=operation, outcome=Outcome.INCONCLUSIVE, text="", old=before, new=after,
        facts={"old": before, "new": after, "requests": f"{words.count(old.sent)} / {words.count(new.sent)}"},
    )  # fmt: skip


def _say(run: Run, threshold: Threshold, part: Part, around: Interval, old: Arms, new: Arms) -> None:
    """Put the decision in words: both figures, how sure the difference is, what is allowed, and what more it takes."""
    p, bound = threshold.percentile, threshold.bound
    before, after = old.quantile(p), new.quantile(p)
    relative = bound.base is Base.OLD
    limit = bound.of(before if before is not None else math.inf)
    reference = before if relative else None
    sure = _sure(part.outcome, around, reference, bound.factor)
    difference = f"{words.percent(after / before - 1)}, " if relative and before and after is not None else ""
    shown = f"= {words.ms(limit)}" if relative else ""
    lost = f"{words.share(new.unanswered / new.sent)} of its requests got none, " if after is None else ""
    part.text = (
        f"{label(threshold, part.operation)}: {f'old {part.old}, ' if old.sent else ''}new {part.new} "
        f"({difference}{lost}{sure}); allowed {words.allowed(threshold)} {shown}".rstrip()
    )
    part.facts |= {"limit": words.ms(limit), "sure": sure, **_compared(run, threshold, part.operation)}
    if part.outcome is Outcome.INCONCLUSIVE:
        off = bound.factor * (before or 0.0) if relative else 0.0
        estimate = (HIGHEST / 1000 if after is None else after) - off
        had = min(old.sent, new.sent) if relative else new.sent
        more = more_for_interval(around, estimate, had, plus=bound.plus) if _bounded(around) else 2 * had
        part.note = needs(run, more, had)


def _bounded(around: Interval) -> bool:
    """Tell whether an interval has both ends; with few samples the largest may be below the quantile's own end."""
    return math.isfinite(around.low) and math.isfinite(around.high)


def _sure(outcome: Outcome, around: Interval, before: float | None, factor: float) -> str:
    """Return the end of the interval that decided, or both: as a change from old, or as the value itself."""

    def end(value: float) -> str:
        if value >= HIGHEST / 2000:
            return words.NO_ANSWER
        return words.ms(value) if not before else words.percent(factor - 1 + value / before)

    if outcome is Outcome.INCONCLUSIVE and not _bounded(around):
        return "too few requests to be sure of either"
    if outcome is Outcome.FAIL:
        return SURE if end(around.low) == words.NO_ANSWER else f"{SURE} of at least {end(around.low)}"
    if outcome is Outcome.PASS:
        return f"{SURE} of at most {end(around.high)}"
    return f"98 % sure between {end(around.low)} and {end(around.high)}"


def _compared(run: Run, threshold: Threshold, operation: str) -> dict[str, str]:
    """Return what the comparison tells besides: the difference, and the two tests that do not lean on intervals."""
    found = run.compared.get((operation, threshold.measured))
    if found is None or found.difference is None:
        return {}
    ends = "" if found.interval is None else f" ({words.change(found.interval[0])} … {words.change(found.interval[1])})"
    facts = {"difference": f"{words.change(found.difference)}{ends}"}
    if threshold.bound.base is Base.OLD and found.quantile_p is not None and found.exceedance_e is not None:
        facts |= {"quantile test": f"p = {found.quantile_p:.2g}", "exceedance": f"e = {found.exceedance_e:.3g}"}
    return facts


def _maximum(run: Run, threshold: Threshold, operation: str, level: float) -> Part:
    """Judge a maximum: one request decides an absolute limit; against old, only what chance would hardly do fails.

    Requests that come late together are one event, so chance is reckoned with parts of the time, not with requests.
    """
    old, new = (run.measured.arms(side, operation) for side in Side)
    part = _figures(threshold, operation, old, new)
    name, before, after = label(threshold, operation), *(_slowest(one) for one in (old, new))
    relative = threshold.bound.base is Base.OLD
    if after is None or (relative and before is None):
        part.text = f"{name}: {'new' if after is None else 'old'} gave no answer to judge by"
        return part
    limit = threshold.bound.of(before or 0.0)
    over = new.whole.above(limit * 1000) - (new.unanswered - new.timed_out)
    part.old, part.new = words.ms(before), words.ms(after)
    shown = f"= {words.ms(limit)}" if relative else ""
    part.facts = {"old": part.old, "new": part.new, "limit": words.ms(limit), "requests above": words.count(over)}
    part.text = (
        f"{name}: old {part.old}, new {part.new}; allowed {words.allowed(threshold)} {shown}".rstrip()
        + f"; {words.count(over)} of {words.count(new.sent)} requests took longer"
    )
    if threshold.keeps(after, limit):
        part.outcome = Outcome.PASS
        part.note = "weak evidence: a maximum is one request on each side" if relative else ""
    elif not relative or chance_of_top(*_times_above(new, max(limit, before or 0.0))) <= (1 - level) / 2:
        part.outcome = Outcome.FAIL
    else:
        part.note = "weak evidence: one side has the slowest of all by chance alone; new has them too seldom to be sure"
    return part


def _times_above(arms: Arms, limit: float) -> tuple[int, int]:
    """Return in how many parts of the time an answer took longer than `limit` (ms), and how many parts there are.

    Ten parts or a few more, where there are as many slices: a stall that lasts for some slices is in one or two.
    """
    lost = math.inf if arms.timed_out else 0.999 * NEVER  # what else got no answer was not slow, but gone
    above = [one.above(limit * 1000) > one.above(lost) for one in arms.latencies if one.total]
    length = max(1, len(above) // _TIMES)
    parts = [any(above[at : at + length]) for at in range(0, len(above), length)]
    return sum(parts), len(parts)


def _slowest(arms: Arms) -> float | None:
    """Return the longest answer in ms; what was given up for its time took no less than that."""
    answered = arms.sent - arms.unanswered
    if arms.timed_out:
        return math.inf
    return arms.whole.at_rank(answered) / 1000 if answered else None


def chance_of_top(many: int, parts: int) -> float:
    """Return the probability that the `many` slowest of both sides' `parts` are all new's, were both sides alike."""
    chance = 1.0
    for number in range(many):
        chance *= (parts - number) / (2 * parts - number)
    return chance


def _by_history(run: Run, threshold: Threshold) -> Ruling:
    """Judge a percentile against what monitoring told of old before: a figure of the whole stage, taken as it is."""
    new = run.measured.arms(Side.NEW)
    part = _figures(threshold, threshold.operation, run.measured.arms(Side.OLD), new)
    found = past_latency(run, threshold)
    if not isinstance(found, Past):
        part.text = f"{threshold.measured}: {found}"
        return single(threshold, part)
    limit, p, name = threshold.bound.of(found.value), threshold.percentile, threshold.measured
    part.facts |= {"history": f"{words.ms(found.value)} ({found.how})", "limit": words.ms(limit)}
    if new.whole.total < (least := enough(p)):
        part.text = f"{name}: {words.count(new.sent)} requests are too few for it ({words.count(least)} are enough)"
        part.note = needs(run, least, new.sent)
    else:
        around = alone(new, p, level=LEVEL)
        assert around is not None  # there are enough samples
        part.outcome = decided(around, limit, threshold.operator)
        sure = _sure(part.outcome, around, None, 1.0)
        part.text = (
            f"{name}: history {words.ms(found.value)} ({found.how}), new {part.new} ({sure}); "
            f"allowed {words.allowed(threshold)} = {words.ms(limit)}"
        )
        part.note = "monitoring measures at the gateway, all traffic of the stage; the load is measured by the client"
    ruling = joined(threshold, part, (), [*blocked(run, "", p), *unasked(run, "")])
    ruling.facts.update(overhead(run, threshold))
    return ruling
