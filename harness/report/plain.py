"""One progress line and a closing line for plain pytest, whose own output tells the rest."""

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TextIO

from harness.engine.session import Session
from harness.engine.suites import Item, parted
from harness.model.check import Tick
from harness.model.event import Checked, Event, Round
from harness.model.finding import Summary
from harness.report import ticks
from harness.report.text import short, visible

LOAD_SECONDS = 0.5
PLAIN_SECONDS = 10.0
_WIDTH = 200


class PlainListener:
    """Writes to the real standard error (pytest captures the other one); the line is redrawn on a terminal only."""

    def __init__(self, stream: TextIO | None = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream or sys.__stderr__
        self._clock = clock
        self._total = 0
        self._done = 0
        self._next = 0.0
        self._shown = 0

    def begin(self, session: Session, items: Sequence[Item]) -> None:
        """Count what is to be asked."""
        cases, checks = parted(items)
        self._total = len(session.left(cases)) + len(checks)

    def event(self, event: Event) -> None:
        """Count a unit or a check that came back."""
        if isinstance(event, Round | Checked):
            self._done += 1
            self._draw(f"\rcutover: asked {self._done} of {self._total}")

    def tick(self, tick: Tick) -> None:
        """Show how a long check is getting on: one line drawn anew, off a terminal a line now and then."""
        if self._stream is None or self._clock() < self._next:
            return
        words = short(f"cutover: {ticks.line(tick)}", _WIDTH)
        if self._stream.isatty():
            self._next = self._clock() + LOAD_SECONDS
            self._draw(f"\r{words}{' ' * max(self._shown - len(words), 0)}")
            self._shown = len(words)
            return
        self._next = self._clock() + PLAIN_SECONDS
        self._stream.write(f"{words}\n")
        self._stream.flush()

    def sent(self) -> None:
        """Leave the progress line."""
        self._draw("\n")

    def finish(self, summary: Summary, files: dict[str, Path]) -> None:
        """Tell the verdict and where the evidence is."""
        if self._stream is not None:
            told = visible("; ".join(summary.reasons))
            first = next(iter(files.values()), "none")
            self._stream.write(f"\ncutover: {summary.verdict}: {told}\nreports: {first} and beside it\n")
            self._stream.flush()

    def _draw(self, text: str) -> None:
        if self._stream is not None and self._stream.isatty():
            self._stream.write(text)
            self._stream.flush()
