"""Whether both sides gave the same kind of answer: a quick refusal is not a quick answer."""

from collections.abc import Callable

from harness.load import words
from harness.load.compare import LEVEL
from harness.load.measured import Arms
from harness.load.ruling import Blocked, Run
from harness.model.side import Side
from harness.stats.intervals import share_difference

ALIKE = 0.9
"""The share of answers that must have the same status on both sides."""

_LEAST = 0.01  # the share of other answers that is let go by where a percentile is beyond p99
_FEW_AWAY = 0.001  # of those that new turns away, as the default threshold has it of errors
_REFUSED = frozenset({"401", "403"})
_REFUSED_HINT = "look at the caller's credentials, or name the refusal in the case's `expect`"
_HALF = 0.5
_ALL = 1.0


def blocked(run: Run, operation: str, percentile: float) -> list[Blocked]:
    """Return why the latencies of an operation ("": of any of the mix) do not compare at a percentile."""
    names = [operation] if operation else run.measured.operations
    allowed = min(1 - ALIKE, max(1 - percentile, _LEAST))
    return [found for name in names if (found := _blocked(run, name, allowed, len(names))) is not None]


def evaded(run: Run, operation: str, allowed: float = _FEW_AWAY) -> list[Blocked]:
    """Return why a count of errors makes no pass: what is no error may be a refusal, and no success either.

    `allowed` is the share by which new may turn more away than old.
    """
    names = [one for one in ([operation] if operation else run.measured.operations) if one not in run.named]
    return [Blocked(text) for name in names if (text := _evaded(run, name, max(allowed, _FEW_AWAY), len(names)))]


def unasked(run: Run, operation: str) -> list[Blocked]:
    """Return the operations of the mix that a side has no outcome of."""
    names = [operation] if operation else run.measured.operations
    silent = [(name, side) for name in names for side in Side if not run.measured.arms(side, name).sent]
    return [
        Blocked(f"{name}: {side} has no outcome at all; give it more weight in `mix`, or load for longer")
        for name, side in silent
    ]


def _blocked(run: Run, operation: str, allowed: float, among: int) -> Blocked | None:
    old, new = (run.measured.arms(side, operation) for side in Side)
    if (found := _proves_nothing(run, operation, old, new, among)) is not None:
        return found
    if _more(old, new, among) <= allowed:
        return None
    if _more(new, old, among, _failed) > 1 - ALIKE:
        text = f"{operation}: old fails oftener (old {met(old)}; new {met(new)})"
        return Blocked(f"{text}: its latencies are no reference", failing=True)
    text = f"{operation}: the answers differ (old {met(old)}; new {met(new)})"
    return Blocked(f"{text}: latencies of other answers do not make a pass")


def _proves_nothing(run: Run, operation: str, old: Arms, new: Arms, among: int) -> Blocked | None:
    """Return why what a side answered can neither pass nor fail."""
    if not (old.sent and new.sent):
        return None  # `unasked` tells
    if old.error_share > _HALF:
        text = f"{operation}: {words.share(old.error_share)} of old's own requests failed ({met(old)})"
        return Blocked(f"{text}: its latencies prove nothing", failing=True)
    if _presented(run, operation) and min(map(_refusals, (old, new))) > 1 - ALIKE:
        text = f"{operation}: both sides refuse ({met(old)} on old, {met(new)} on new)"
        return Blocked(f"{text}: latencies of refusals prove nothing; {_REFUSED_HINT}", failing=True)
    before, after = old.usual[0], new.usual[0]
    if before != after and after.isdigit() and _more(old, new, among) > 1 - ALIKE:
        text = f"{operation}: old answered {met(old)}, new {met(new)}"
        return Blocked(f"{text}: latencies of different answers are not compared", failing=True)
    return None


def _evaded(run: Run, operation: str, allowed: float, among: int) -> str:
    old, new = (run.measured.arms(side, operation) for side in Side)
    found = _proves_nothing(run, operation, old, new, among)
    if found is None and _more(old, new, among) < _ALL and _more(old, new, among, _turned_away) <= allowed:
        return ""
    return f"{operation}: old answered {met(old)}, new {met(new)}: few errors among such answers are no success"


def _any(_: str) -> bool:
    return True


def _turned_away(outcome: str) -> bool:
    """Tell whether an answer is neither a success nor, where no `expect` says so, an error."""
    return outcome.isdigit() and "300" <= outcome < "500" and outcome != "429"


def _failed(outcome: str) -> bool:
    return not outcome.isdigit() or outcome == "429" or outcome >= "500"


def _more(old: Arms, new: Arms, among: int, kind: Callable[[str], bool] = _any) -> float:
    """Return by how much new's share of the outcomes of a kind that it met oftener is above old's; 0 if by chance.

    All of it where the sides have no outcome in common: no number of requests is too small for that to be told.
    `among` operations are looked at, and as many outcomes as there are, each so much the less easily.
    """
    if not (old.sent and new.sent):
        return 0.0
    oftener = [
        outcome
        for outcome, many in new.outcomes.items()
        if kind(outcome) and many / new.sent > old.outcomes.get(outcome, 0) / old.sent
    ]
    before, after = (sum(arms.outcomes.get(outcome, 0) for outcome in oftener) for arms in (old, new))
    if after == new.sent and not before:
        return _ALL
    looks = among * len(old.outcomes.keys() | new.outcomes.keys())
    around = share_difference(before, old.sent, after, new.sent, level=1 - (1 - LEVEL) / looks)
    return after / new.sent - before / old.sent if around.low > 0 else 0.0


def _refusals(arms: Arms) -> float:
    return sum(arms.outcomes.get(status, 0) for status in _REFUSED) / arms.sent


def _presented(run: Run, operation: str) -> bool:
    return run.presented is None or operation in run.presented


def met(arms: Arms, most: int = 3) -> str:
    """Return the outcomes that a side met, the most frequent first: "200 (97 %), 503 (3 %)"."""
    ordered = sorted(arms.outcomes.items(), key=lambda item: (-item[1], item[0]))
    shown = [f"{outcome[:40]} ({words.share(many / max(arms.sent, 1))})" for outcome, many in ordered[:most]]
    return ", ".join([*shown, "…"][: most + 1] if len(ordered) > most else shown) or "nothing"


def failed(arms: Arms, most: int = 3) -> str:
    """Return what ended badly on a side, counted: "58 x 500, 2 x timeout"."""
    bad = {one: many for one, many in arms.outcomes.items() if _failed(one)}
    rest = arms.errors - sum(bad.values())
    ordered = sorted(bad.items(), key=lambda item: (-item[1], item[0]))
    shown = [f"{words.count(many)} x {outcome[:40]}" for outcome, many in ordered[:most]]
    return ", ".join([*shown, f"{words.count(rest)} x a status that `expect` does not allow"] if rest > 0 else shown)
