"""The load on its way: the generator's lines are counted and shown until it ends."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.load.asking import NotPresented
from harness.load.process import Generator
from harness.model.check import Tools
from harness.model.load import LoadTick

if TYPE_CHECKING:
    from harness.load.counts import Counts

_TURN = 0.25
_TICK = 1.0
_RENEW = 5.0  # a token is got again a third of its life before its end: those of 15 s and more are in time
_LAST_WORD = 5.0
_SILENCE = 90.0  # the generator speaks once a second, but while workers take their plan

Renew = Callable[[], Mapping[str, Any]]
"""Returns the headers that have changed, as a message to the generator has them."""


@dataclass(slots=True, kw_only=True)
class Sending:
    """One load on its way. `started` is in Unix seconds (0: not yet), `ended` the generator's last line.

    `renew_every`, `last_word` and `silence` are seconds: how often callers are presented anew, how long the generator
    has to tell what it counted once it is told to stop, and how long it may say nothing before. `trouble` says what
    stopped the load, where the generator does not say so itself.
    """

    generator: Generator
    counts: "Counts"
    tools: Tools
    renew: Renew
    seconds: float
    warm_up: float
    renew_every: float = _RENEW
    last_word: float = _LAST_WORD
    silence: float = _SILENCE
    started: float = 0.0
    ended: Mapping[str, Any] = field(default_factory=dict)
    trouble: str = ""
    _waiting: str = "starting the load generator"
    _stop_at: float | None = None
    _shown: float = 0.0
    _renewed: float = 0.0
    _heard: float = 0.0

    def run(self) -> None:
        """Count until the generator ends, or has been told to stop and does not."""
        self._renewed = self._heard = time.monotonic()
        with self.generator:
            while not self.ended and not self._overdue():
                for line in self.generator.lines(_TURN):
                    self._take(line)
                self._turn(time.monotonic())
                if self.generator.ended and not self.ended:
                    self._drained()

    def _drained(self) -> None:
        """Take what is left of a generator that is no more; one that never said how it ended has failed."""
        for line in self.generator.lines(0):
            self._take(line)
        if not self.ended:
            self.ended = {"type": "ended", "why": "failed", "detail": self.generator.trouble}

    def _take(self, line: Mapping[str, Any]) -> None:
        self._heard = time.monotonic()
        match line["type"]:
            case "started":
                self.started, self._waiting = float(line["at"]), ""
            case "waiting":
                self._waiting = f"waiting for workers: {line['workers']} of {line['of']} are here"
            case "ended":
                self.ended = line
        self.counts.add(line)

    def _turn(self, now: float) -> None:
        """Show, renew what is presented, and stop a load that hangs, or that the user wants to end."""
        if now - self._shown >= _TICK:
            self._shown = now
            self.tools.show(self._tick())
        if now - self._renewed >= self.renew_every:
            self._renewed = now
            self._present_anew()
        if self._stop_at is None and self.tools.stopping():
            self._stop(now)
        if self._stop_at is None and now - self._heard > self.silence:
            self.trouble = f"the load generator has said nothing for {now - self._heard:.0f} s"
            self._stop(now)

    def _present_anew(self) -> None:
        try:
            changed = self.renew()
        except NotPresented as missing:
            self.trouble = str(missing)
            self._stop(time.monotonic())
            return
        if changed:
            self.generator.send({"type": "headers", "requests": changed})

    def _stop(self, now: float) -> None:
        self._stop_at = now
        self.generator.send({"type": "stop"})

    def _overdue(self) -> bool:
        return self._stop_at is not None and time.monotonic() - self._stop_at > self.last_word

    def _tick(self) -> LoadTick:
        elapsed = max(0.0, time.time() - self.started) if self.started else 0.0
        return self.counts.tick(
            elapsed=elapsed,
            total=self.warm_up + self.seconds,
            phase="warm-up" if elapsed < self.warm_up else "load",
            waiting=self._waiting,
        )
