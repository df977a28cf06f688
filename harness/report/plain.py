"""One progress line and a closing line for plain pytest, whose own output tells the rest."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from harness.engine.session import Session
from harness.model.event import Event, Round
from harness.model.finding import Summary
from harness.report.text import visible
from harness.scenario.types import Case


class PlainListener:
    """Writes to the real standard error (pytest captures the other one); the line is redrawn on a terminal only."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.__stderr__
        self._total = 0
        self._done = 0

    def begin(self, session: Session, cases: Sequence[Case]) -> None:
        """Count what is to be sent."""
        self._total = len(session.left(cases))

    def event(self, event: Event) -> None:
        """Count a unit that came back."""
        if isinstance(event, Round):
            self._done += 1
            self._draw(f"\rcutover: asked {self._done} of {self._total}")

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
