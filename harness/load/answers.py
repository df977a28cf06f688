"""Whether both sides gave the same kind of answer: a quick refusal is not a quick answer."""

import math

from harness.load import words
from harness.load.measured import Arms
from harness.load.ruling import Blocked, Run
from harness.model.side import Side

ALIKE = 0.9
"""The share of answers that must have the same status on both sides."""

_SLACK = 2.6  # standard errors that a share may be off by chance
_REFUSED = frozenset({"401", "403"})
_HALF = 0.5


def blocked(run: Run, operation: str) -> list[Blocked]:
    """Return why the latencies of an operation ("": of any of the mix) do not compare."""
    names = [operation] if operation else run.measured.operations
    return [found for name in names if (found := _blocked(run, name)) is not None]


def evaded(run: Run, operation: str) -> list[Blocked]:
    """Return why a count of errors makes no pass: what is no error may be a refusal, and no success either."""
    names = [operation] if operation else run.measured.operations
    return [Blocked(text) for name in names if name not in run.named and (text := _evaded(run, name))]


def unasked(run: Run, operation: str) -> list[Blocked]:
    """Return the operations of the mix that a side has no outcome of."""
    names = [operation] if operation else run.measured.operations
    silent = [(name, side) for name in names for side in Side if not run.measured.arms(side, name).sent]
    return [
        Blocked(f"{name}: {side} has no outcome at all; give it more weight in `mix`, or load for longer")
        for name, side in silent
    ]


def _blocked(run: Run, operation: str) -> Blocked | None:
    old, new = (run.measured.arms(side, operation) for side in Side)
    if not (old.sent and new.sent):
        return None  # `unasked` tells
    if old.error_share > _HALF:
        text = f"{operation}: {words.share(old.error_share)} of old's own requests failed ({met(old)})"
        return Blocked(f"{text}: its latencies prove nothing", failing=True)
    before, after = old.usual[0], new.usual[0]
    if _presented(run, operation) and min(map(_refusals, (old, new))) > 1 - ALIKE:
        text = f"{operation}: both sides refuse ({met(old)} on old, {met(new)} on new)"
        return Blocked(f"{text}: latencies of refusals prove nothing", failing=True)
    if _overlap(old, new) + _SLACK * math.sqrt(1 / old.sent + 1 / new.sent) >= ALIKE:
        return None
    if before != after and after.isdigit():
        text = f"{operation}: old answered {met(old)}, new {met(new)}"
        return Blocked(f"{text}: latencies of different answers are not compared", failing=True)
    text = f"{operation}: the answers differ (old {met(old)}; new {met(new)})"
    return Blocked(f"{text}: latencies of other answers do not make a pass")


def _evaded(run: Run, operation: str) -> str:
    old, new = (run.measured.arms(side, operation) for side in Side)
    found = _blocked(run, operation)
    more = sum(
        max(many / new.sent - old.outcomes.get(outcome, 0) / max(old.sent, 1), 0.0)
        for outcome, many in new.outcomes.items()
        if _turned_away(outcome)
    )
    if found is None or not (found.failing or more > 1 - ALIKE):
        return ""
    return f"{operation}: old answered {met(old)}, new {met(new)}: few errors among such answers are no success"


def _turned_away(outcome: str) -> bool:
    """Tell whether an answer is neither a success nor, where no `expect` says so, an error."""
    return outcome.isdigit() and "300" <= outcome < "500" and outcome != "429"


def _refusals(arms: Arms) -> float:
    return sum(arms.outcomes.get(status, 0) for status in _REFUSED) / arms.sent


def _presented(run: Run, operation: str) -> bool:
    return run.presented is None or operation in run.presented


def _overlap(old: Arms, new: Arms) -> float:
    """Return the share of outcomes that both sides have in common."""
    return sum(min(many / old.sent, new.outcomes.get(outcome, 0) / new.sent) for outcome, many in old.outcomes.items())


def met(arms: Arms, most: int = 3) -> str:
    """Return the outcomes that a side met, the most frequent first: "200 (97 %), 503 (3 %)"."""
    ordered = sorted(arms.outcomes.items(), key=lambda item: (-item[1], item[0]))
    shown = [f"{outcome[:40]} ({words.share(many / max(arms.sent, 1))})" for outcome, many in ordered[:most]]
    return ", ".join([*shown, "…"][: most + 1] if len(ordered) > most else shown) or "nothing"


def failed(arms: Arms, most: int = 3) -> str:
    """Return what ended badly on a side, counted: "58 x 500, 2 x timeout"."""
    bad = {one: many for one, many in arms.outcomes.items() if not one.isdigit() or one == "429" or one >= "500"}
    rest = arms.errors - sum(bad.values())
    ordered = sorted(bad.items(), key=lambda item: (-item[1], item[0]))
    shown = [f"{words.count(many)} x {outcome[:40]}" for outcome, many in ordered[:most]]
    return ", ".join([*shown, f"{words.count(rest)} x a status that `expect` does not allow"] if rest > 0 else shown)
