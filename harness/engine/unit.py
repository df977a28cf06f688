"""One unit on its way: which step is out, what has come back, what the next step needs."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from harness.engine.capture import take
from harness.engine.plan import Unit, noise_calls, sides_of
from harness.model.exchange import Exchange
from harness.model.response import NoResponse, Response
from harness.model.side import Side
from harness.scenario.types import Step


@dataclass(slots=True, kw_only=True)
class Asked:
    """One step and what both sides made of it; `skipped` says why it was not sent at all."""

    index: int
    step: Step
    first: Side = Side.OLD
    answers: dict[Side, Exchange] = field(default_factory=dict)
    repeats: list[Exchange] = field(default_factory=list)
    waiting: int = 0
    repeats_left: int = 0
    captured: dict[Side, dict[str, str]] = field(default_factory=dict)
    lost: dict[Side, tuple[str, ...]] = field(default_factory=dict)
    skipped: str = ""


@dataclass(slots=True, kw_only=True)
class Running:
    """A unit whose steps are being asked one after another."""

    unit: Unit
    sides: Sequence[Side]
    repeats: int
    random: random.Random
    asked: list[Asked] = field(default_factory=list)
    captures: dict[Side, dict[str, str]] = field(default_factory=lambda: {Side.OLD: {}, Side.NEW: {}})
    failed: str = ""

    def next_step(self) -> Asked | None:
        """Return the next step to ask, or None when all are done; steps after a failed one are told as not sent."""
        steps = self.unit.case.steps
        while len(self.asked) < len(steps):
            index = len(self.asked)
            step = steps[index]
            asked = Asked(index=index, step=step, first=self._first(step))
            self.asked.append(asked)
            if self.failed and not step.always:
                asked.skipped = self.failed
                continue
            asked.repeats_left = noise_calls(self.unit.case, step, self.sides, self.repeats)
            return asked
        return None

    def order(self, asked: Asked) -> Sequence[Side]:
        """Return the sides to ask, the first one first."""
        sides: Sequence[Side] = self.sides if asked.step.side is None else sides_of(asked.step, self.sides)
        return sides if len(sides) < 2 else (asked.first, asked.first.other)

    def values(self, step: Step, side: Side) -> dict[str, str]:
        """Return the captures that `step` uses on `side`."""
        return self.captures[step.captured_from or side]

    def settle(self, asked: Asked) -> None:
        """Take captures once a step's answers are in, and see whether the steps after it can go on."""
        for side, exchange in asked.answers.items():
            if asked.step.captures and isinstance(exchange.answer, Response):
                found, lost = take(asked.step.captures, exchange.answer)
                asked.captured[side], asked.lost[side] = found, lost
                self.captures[side].update(found)
        trouble = _trouble(asked)
        if trouble and not self.failed:
            self.failed = f"not sent: step {asked.index + 1} {trouble}"

    def _first(self, step: Step) -> Side:
        return step.side or (Side.OLD if self.random.random() < 0.5 else Side.NEW)


def _trouble(asked: Asked) -> str:
    """Return why the steps after this one cannot be trusted, "" if they can."""
    for side, exchange in asked.answers.items():
        if isinstance(exchange.answer, NoResponse):
            return f"got no answer from {side}"
        if exchange.answer.status >= 500:
            return f"was answered with a server error by {side}"
    if asked.lost and len(asked.lost) == len(asked.answers) and all(asked.lost.values()):
        side, lost = next(iter(asked.lost.items()))
        return f"gave no value to capture: {', '.join(lost)} ({side})"
    return ""
