"""How fast callers are back after the name is changed back: the share of them that has the old side again, by time."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

MOST_POINTS = 40
_BETWEEN = 2  # points between two bends
_BENDS = (MOST_POINTS - 1) // (_BETWEEN + 1) - 1


def share_back(spans: Sequence[float], seconds: float, *, delay: float = 0.0, cache: float = 0.0) -> float:
    """Return the share (0 to 1) of callers that are back `seconds` after the change.

    Each resolver counts alike. What is left of its copy at the moment of the change is anything between nothing and its
    span, the seconds for which it holds an answer; a caller may keep the address for up to `cache` beyond. Nothing is
    served anew before `delay`.
    """
    left = seconds - delay
    if left < 0 or not spans:
        return 0.0
    return min(1.0, sum(_sum_of_two(left, span, cache) for span in spans) / len(spans))


def all_back(spans: Sequence[float], *, delay: float = 0.0, cache: float = 0.0) -> float:
    """Return the seconds after which every caller is back."""
    return delay + max(spans) + cache


def curve(spans: Sequence[float], *, delay: float = 0.0, cache: float = 0.0) -> tuple[tuple[float, float], ...]:
    """Return the share as points (seconds, share) that rise to 1.0, MOST_POINTS at the most; () without spans.

    Two points of one moment are a step. Straight lines between them are close to what `share_back` says.
    """
    if not spans:
        return ()
    end = all_back(spans, delay=delay, cache=cache)
    moments = _filled(_thinned(sorted({delay, end} | _bends(spans, delay, cache))))
    points = [(at, share_back(spans, at, delay=delay, cache=cache)) for at in moments]
    before = [(0.0, 0.0), (delay, 0.0)] if delay > 0 else []
    return tuple(dict.fromkeys([*before, *points[:-1], (end, 1.0)]))


def _bends(spans: Sequence[float], delay: float, cache: float) -> set[float]:
    """Return the moments at which the share changes its slope."""
    return {delay + cache} | {delay + span + held for span in spans for held in (0.0, cache)}


def _thinned(moments: list[float]) -> list[float]:
    """Return at most _BENDS of many moments, the first and the last among them."""
    if len(moments) <= _BENDS:
        return moments
    last = len(moments) - 1
    return [moments[round(index * last / (_BENDS - 1))] for index in range(_BENDS)]


def _filled(moments: list[float]) -> list[float]:
    """Return the moments with a few between each two."""
    steps = _BETWEEN + 1
    between = (first + (second - first) * step / steps for first, second in pairwise(moments) for step in range(steps))
    return [*between, moments[-1]]


def _sum_of_two(value: float, first: float, second: float) -> float:
    """Return how likely two evenly spread waits, of up to `first` and `second` seconds, together end by `value`."""
    short, long = sorted((first, second))
    if value >= short + long:
        return 1.0
    if short <= 0:
        return value / long
    corners: Iterable[tuple[float, int]] = ((0.0, 1), (short, -1), (long, -1))
    # the area below x + y = value in the rectangle short x long: one triangle, less those that stick out of it
    return sum(sign * max(0.0, value - corner) ** 2 for corner, sign in corners) / (2 * short * long)
