"""Thresholds on errors: shares with exact intervals. A failure that was seen is a fact, however noisy the rest is."""

from harness.load import words
from harness.load.answers import evaded, failed, unasked
from harness.load.compare import LEVEL
from harness.load.measured import Arms
from harness.load.ruling import SURE, Part, Ruling, Run, decided, joined, label, needs, single
from harness.model.outcome import Outcome
from harness.model.side import Side
from harness.model.threshold import Base, Threshold
from harness.stats.intervals import Interval, more_for_interval, more_for_share, share, share_difference

_BURST = 0.5  # of all errors in one slice
_FEW = 4
_THROTTLED = "Raise the new side's rate limit or quota: it answers 429 to a load that old takes."
_DROPPED = "Look at the new side's connections: requests end without any answer."


def errors(run: Run, threshold: Threshold) -> Ruling:
    """Judge the share of errors of all operations together and of each by itself, or of one alone."""
    parts = () if threshold.operation else run.measured.parts
    level = 1 - (1 - LEVEL) / max(len(parts), 1)
    whole = _part(run, threshold, threshold.operation, LEVEL, _both(run, threshold.operation))
    each = [_part(run, threshold, name, level, _both(run, name)) for name in parts]
    away = evaded(run, threshold.operation, threshold.bound.plus)
    return joined(threshold, whole, each, [*away, *unasked(run, threshold.operation)])


def errors_at_abort(run: Run, threshold: Threshold) -> Ruling:
    """Judge a load that was stopped for new's errors by all that was sent, the warm-up too."""
    operation = threshold.operation
    old, new = (run.measured.with_warm_up(side, operation) for side in Side)
    return single(threshold, _part(run, threshold, operation, LEVEL, (old, new)))


def _both(run: Run, operation: str) -> tuple[Arms, Arms]:
    return run.measured.arms(Side.OLD, operation), run.measured.arms(Side.NEW, operation)


def _part(run: Run, threshold: Threshold, operation: str, level: float, both: tuple[Arms, Arms]) -> Part:
    old, new = both
    part = _figures(operation, old, new)
    relative = threshold.bound.base is Base.OLD
    if not new.sent or (relative and not old.sent):
        part.text = f"{label(threshold, operation)}: no request with an outcome on {'old' if new.sent else 'new'}"
        return part
    factor, plus = (threshold.bound.factor if relative else 0.0), threshold.bound.plus
    around = share(new.errors, new.sent, level)
    if relative:
        around = share_difference(old.errors, old.sent, new.errors, new.sent, level=level, factor=factor)
    part.outcome = decided(around, plus, threshold.operator)
    if part.outcome is Outcome.FAIL and operation and not threshold.operation and _excused(threshold, old, new, level):
        part.outcome, part.note = Outcome.PASS, "old does not keep to it either"
    _say(threshold, part, around, old, new)
    part.remedy = _remedy(new) if part.outcome is Outcome.FAIL else ""
    if part.outcome is Outcome.INCONCLUSIVE:
        part.note = _needs(run, threshold, around, old, new)
    elif burst := _burst(new):
        part.note = "; ".join(text for text in (part.note, burst) if text)
    return part


def _excused(threshold: Threshold, old: Arms, new: Arms, level: float) -> bool:
    """Tell whether an operation broke an absolute limit on old too and is not surely worse now: it is made that way."""
    if threshold.bound.base is Base.OLD or threshold.keeps(old.error_share, threshold.bound.plus):
        return False
    return share_difference(old.errors, old.sent, new.errors, new.sent, level=level).low <= 0


def _figures(operation: str, old: Arms, new: Arms) -> Part:
    before, after = (
        f"{words.count(one.errors)} of {words.count(one.sent)} ({words.share(one.error_share)})" for one in (old, new)
    )
    facts = {"old": before, "new": after}
    facts |= {f"{name} errors": failed(arms) for name, arms in (("old", old), ("new", new)) if arms.errors}
    return Part(operation=operation, outcome=Outcome.INCONCLUSIVE, text="", old=before, new=after, facts=facts)


def _say(threshold: Threshold, part: Part, around: Interval, old: Arms, new: Arms) -> None:
    bound = threshold.bound
    relative = bound.base is Base.OLD
    limit = bound.of(old.error_share)
    apart = f"{words.points(new.error_share - old.error_share)}, " if relative and old.errors + new.errors else ""
    shift = (bound.factor - 1) * old.error_share if relative else 0.0
    sure = _sure(part.outcome, Interval(around.low + shift, around.high + shift, around.level), relative=relative)
    kinds = f"; on new {failed(new)}" if new.errors else ""
    shown = f" = {words.share(limit)}" if relative else ""
    part.text = (
        f"{label(threshold, part.operation)}: {f'old {part.old}, ' if old.sent else ''}new {part.new}: "
        f"{apart}{sure}; allowed {words.allowed(threshold)}{shown}{kinds}"
    )
    part.facts |= {"limit": words.share(limit), "sure": sure}


def _sure(outcome: Outcome, around: Interval, *, relative: bool) -> str:
    end = words.points if relative else words.share
    if outcome is Outcome.FAIL:
        return f"{SURE} of at least {end(around.low)}"
    if outcome is Outcome.PASS:
        return f"{SURE} of at most {end(around.high)}"
    return f"98 % sure between {end(around.low)} and {end(around.high)}"


def _needs(run: Run, threshold: Threshold, around: Interval, old: Arms, new: Arms) -> str:
    bound = threshold.bound
    if bound.base is not Base.OLD:
        return needs(run, more_for_interval(around, new.error_share, new.sent, plus=bound.plus), new.sent)
    more = more_for_share(old.errors, old.sent, new.errors, new.sent, level=LEVEL, factor=bound.factor, plus=bound.plus)
    return needs(run, more, min(old.sent, new.sent))


def _burst(new: Arms) -> str:
    """Return that most of new's errors came at once, where they did."""
    most = max((failing for _, failing in new.by_slice), default=0)
    if most <= max(_BURST * new.errors, _FEW) or len(new.by_slice) < 2:
        return ""
    return f"{words.count(most)} of new's {words.count(new.errors)} errors came at once, in one slice of time"


def _remedy(new: Arms) -> str:
    if new.outcomes.get("429", 0) > new.errors / 2:
        return _THROTTLED
    return _DROPPED if new.unanswered > new.errors / 2 else ""
