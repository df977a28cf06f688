"""How fast one side may be asked: even spacing (GCRA), and an exact sliding window on top."""

import math
from collections import deque

CATCH_UP = 0.010


class Pace:
    """Grants sends at `rate` per second.

    Spacing is the generic cell rate algorithm (ITU-T I.371) with a tolerance of CATCH_UP seconds, so that a late loop
    catches up by 10 ms worth of sends at high rates and by none at low ones. The window holds exactly: of any
    `ceil(rate)` sends in a row, the next one comes at least `ceil(rate) / rate` seconds after the first (1 s for
    whole rates). Times are seconds of any one clock.
    """

    def __init__(self, rate: float) -> None:
        if not (rate > 0 and math.isfinite(rate)):
            raise ValueError(f"a rate is a number above 0, not {rate}")
        self._interval = 1.0 / rate
        self._slack = max(0.0, CATCH_UP - self._interval)
        self._most = math.ceil(rate)
        self._period = self._most / rate
        self._next = -math.inf
        self._window: deque[tuple[float, int]] = deque()
        self._in_window = 0

    def take(self, now: float, wanted: int) -> int:
        """Return how many of `wanted` sends may go at `now`, and count them as sent."""
        base = max(self._next, now)
        ahead = now + self._slack - base
        if ahead < 0 or wanted <= 0:
            return 0
        granted = min(wanted, int(ahead / self._interval) + 1, self._room(now))
        if granted > 0:
            self._next = base + granted * self._interval
            self._window.append((now, granted))
            self._in_window += granted
        return granted

    def due(self, now: float) -> float:
        """Return the seconds until a send may go, 0 if one may go now."""
        wait = self._next - self._slack - now
        if self._room(now) <= 0:
            wait = max(wait, self._window[0][0] + self._period - now)
        return max(0.0, wait)

    def _room(self, now: float) -> int:
        window = self._window
        while window and now - window[0][0] >= self._period:
            self._in_window -= window.popleft()[1]
        return self._most - self._in_window
