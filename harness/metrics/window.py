"""The time that is asked about, in whole periods."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from harness.model.series import Deployment

RECENT = 300.0  # seconds within which a service may still be working on its newest values
MOST_POINTS = 300  # of one series: enough for any plot, and each period holds enough requests for a percentile
PERIODS = (60, 300, 900, 3600, 21_600, 86_400)
_KEPT = ((15 * 86_400, 60), (63 * 86_400, 300))  # CloudWatch: so old at most, for periods so short; beyond: 1 h
_LONGEST = 3600
_UNITS = (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1))
_MOST_DEPLOYMENTS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """From `start` to `end` (Unix seconds, multiples of `period`), asked at `now`."""

    start: float
    end: float
    period: int
    now: float

    @property
    def times(self) -> tuple[float, ...]:
        """Return the start of each period."""
        count = round((self.end - self.start) / self.period)
        return tuple(self.start + index * self.period for index in range(count))

    @property
    def seconds(self) -> int:
        """Return its length."""
        return round(self.end - self.start)

    def recent(self, at: float) -> bool:
        """Tell whether the period that starts `at` ended so lately that its value may still come."""
        return at + self.period > self.now - RECENT

    def over(self, at: float) -> bool:
        """Tell whether the period that starts `at` is over: until then its value is not the last word."""
        return at + self.period <= self.now

    def of(self, values: dict[float, float]) -> dict[float, float]:
        """Return the values by the start of the period that each is in."""
        placed = {self.start + (at - self.start) // self.period * self.period: value for at, value in values.items()}
        return {at: value for at, value in sorted(placed.items()) if self.start <= at < self.end}


def window(start: float, end: float, now: float, *, most: int = MOST_POINTS) -> Window:
    """Return the window of whole periods around [start, end), with the shortest period of at most `most` points.

    A period that is not over yet is left out: its sum would look like a drop. It is kept where there is no other, or
    where `end` lies after `now`: then somebody waits for it.
    """
    period = next(
        (one for one in PERIODS if one >= _kept(now - start) and (end - start) / one <= most),
        math.ceil((end - start) / most / 86_400) * 86_400,
    )
    first = math.floor(start / period) * period
    last = math.ceil(end / period) * period
    if end <= now:
        last = min(last, math.floor(now / period) * period)
    return Window(start=first, end=max(last, first + period), period=period, now=now)


def _kept(age: float) -> int:
    return next((period for most, period in _KEPT if age <= most - 3600), _LONGEST)


def in_words(period: int, count: int = 1) -> str:
    """Return "hour", "15 minutes", "6 hours"; with `count`, how many periods: "3 hours", "3 periods of 15 minutes"."""
    unit, size = next((name, size) for name, size in _UNITS if period % size == 0)
    times = period // size
    one = unit if times == 1 else f"{times} {unit}s"
    if count == 1:
        return one
    return f"{count:,} {unit}s" if times == 1 else f"{count:,} periods of {one}"


def within(deployments: Sequence[Deployment], window: Window) -> tuple[Deployment, ...]:
    """Return the newest deployments of the window, and the last before it: that is what it began with."""
    inside = [one for one in deployments if window.start <= one.at < window.end]
    before = [one for one in deployments if one.at < window.start]
    return (*before[-1:], *inside[-_MOST_DEPLOYMENTS:])
