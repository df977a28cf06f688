"""Send, compare, tell: the generator of events that everything else listens to."""

import random
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from harness.engine.plan import SUITE, Unit
from harness.engine.requests import CaptureMissing, build
from harness.engine.stored import StoredStep
from harness.engine.unit import Asked, Running
from harness.model.event import Event, Intent, RecordedPair, Round
from harness.model.exchange import Exchange
from harness.model.request import Request
from harness.model.response import Answer, NoResponse, Reason, Response
from harness.model.secret import Secret
from harness.model.side import Side
from harness.scenario.types import Scenario

COMPARED_LATER = 256 * 1024
MOST_KEPT_FOR_LATER = 64 * 1024 * 1024
_WORTH_A_RETRY = frozenset({429, 502, 503, 504})
_POLL = 0.5


class Sender(Protocol):
    """What the engine needs of the data plane."""

    def submit(self, request: Request, token: object) -> None:
        """Queue a request; its exchange comes back with the token."""

    def wait(self, timeout: float) -> list[tuple[object, Exchange]]:
        """Drive what is in flight and return what has ended."""


class Examiner(Protocol):
    """Turns what both sides made of a step into a recorded pair."""

    def pair(self, running: Running, asked: Asked) -> RecordedPair:
        """Compare, judge and record one step."""

    def keep_secret(self, secret: Secret) -> None:
        """Mask a value from now on."""

    def shown(self, text: str) -> str:
        """Return a text as it may be written down."""


@dataclass(slots=True)
class _Call:
    """What a request in flight belongs to."""

    running: Running
    asked: Asked
    request: Request
    repeat: bool = False
    earlier: tuple[Answer, ...] = ()


@dataclass(slots=True, kw_only=True)
class Engine:
    """Asks units of both sides; `stored` holds answers of an earlier one-sided run by unit and step."""

    scenario: Scenario
    wire: Sender
    examiner: Examiner
    sides: Sequence[Side] = tuple(Side)
    stored: Mapping[tuple[int, int], Sequence[StoredStep]] = field(default_factory=dict)
    seed: int = 0
    _later: list[Running] = field(default_factory=list)
    _later_bytes: int = 0

    def run(self, units: Iterable[Unit]) -> Iterator[Event]:
        """Yield events; an Intent must be on disk before the generator is resumed.

        Safe units are asked concurrently. Units that change something go one at a time afterwards, one side after the
        other, so that a write on a shared backend never makes another case's read differ.
        """
        waiting = list(units)
        safe = [unit for unit in waiting if unit.case.safe]
        unsafe = [unit for unit in waiting if not unit.case.safe]
        yield from self._drain(safe, width=self.scenario.limits.concurrency)
        yield from self._drain(unsafe, width=1)
        for running in self._later:
            yield self._round(running)
        self._later.clear()

    def _drain(self, units: Sequence[Unit], *, width: int) -> Iterator[Event]:
        waiting = deque(units)
        active = 0
        while waiting or active:
            while waiting and active < width:
                active += 1
                running = self._start(waiting.popleft())
                active -= yield from self._advance(running)
            if not active:
                continue
            for token, exchange in self.wire.wait(_POLL):
                assert isinstance(token, _Call)
                active -= yield from self._arrived(token, exchange)

    def _start(self, unit: Unit) -> Running:
        chance = random.Random(f"{self.seed}:{unit.key}")  # noqa: S311  an order to ask in, no secret
        return Running(unit=unit, sides=self.sides, repeats=self.scenario.compare.noise_repeats, random=chance)

    def _advance(self, running: Running) -> Generator[Event, None, int]:
        """Ask the next step; return 1 when the unit is done, else 0."""
        while (asked := running.next_step()) is not None:
            stored = self.stored.get(running.unit.key)
            if stored is not None and asked.index < len(stored):
                asked.answers.update(stored[asked.index].answers)
                asked.repeats.extend(stored[asked.index].repeats)
            sent = yield from self._ask(running, asked)
            if sent:
                return 0
            self._settle(running, asked)
        yield from self._done(running)
        return 1

    def _ask(self, running: Running, asked: Asked) -> Generator[Event, None, int]:
        """Send a step to its sides: together where that is safe, else to the first one only for now."""
        together = running.unit.case.safe
        sent = 0
        for side in running.order(asked):
            if side in asked.answers:
                continue
            sent += yield from self._send(running, asked, side)
            if sent and not together:
                break
        return sent

    def _send(self, running: Running, asked: Asked, side: Side) -> Generator[Event, None, int]:
        """Send one request (its intent told first if it is unsafe); return how many went out: 0 or 1."""
        try:
            request = build(self.scenario, asked.step, side, running.values(asked.step, side))
        except CaptureMissing as missing:
            asked.answers[side] = _not_sent(side, asked, str(missing))
            return 0
        if not request.safe:
            yield self._intent(running, asked, request)
        asked.waiting += 1
        self.wire.submit(request, _Call(running, asked, request))
        return 1

    def _intent(self, running: Running, asked: Asked, request: Request) -> Intent:
        return Intent(
            at=time.time(),
            suite=SUITE,
            case=running.unit.case.index,
            round=running.unit.round,
            step=asked.index,
            side=request.side.value,
            method=request.method,
            url=self.examiner.shown(request.url),
        )

    def _arrived(self, call: _Call, exchange: Exchange) -> Generator[Event, None, int]:
        """Take an answer; return 1 when it ended its unit, else 0."""
        running, asked = call.running, call.asked
        if self._again(call, exchange):
            return 0
        if call.earlier:
            exchange = Exchange(
                request=exchange.request, answer=exchange.answer, sent_at=exchange.sent_at, earlier=call.earlier
            )
        asked.waiting -= 1
        if call.repeat:
            asked.repeats.append(exchange)
        else:
            asked.answers[exchange.request.side] = exchange
        if asked.waiting or (yield from self._ask(running, asked)) or self._repeat(running, asked):
            return 0
        self._settle(running, asked)
        return (yield from self._advance(running))

    def _again(self, call: _Call, exchange: Exchange) -> bool:
        """Send once more where the case asks for retries and the answer is worth one."""
        if len(call.earlier) >= call.running.unit.case.retries or not _worth_a_retry(exchange.answer):
            return False
        earlier = (*call.earlier, exchange.answer)
        self.wire.submit(call.request, _Call(call.running, call.asked, call.request, call.repeat, earlier))
        return True

    def _repeat(self, running: Running, asked: Asked) -> bool:
        """Ask the old side once more, to learn what it disagrees with itself about."""
        old = asked.answers.get(Side.OLD)
        if not asked.repeats_left or old is None or not isinstance(old.answer, Response):
            return False
        asked.repeats_left -= 1
        asked.waiting += 1
        self.wire.submit(old.request, _Call(running, asked, old.request, repeat=True))
        return True

    def _settle(self, running: Running, asked: Asked) -> None:
        running.settle(asked)
        for capture in asked.step.captures:
            if capture.secret:
                for captured in asked.captured.values():
                    if capture.name in captured:
                        self.examiner.keep_secret(Secret(value=captured[capture.name], label=f"${{{capture.name}}}"))

    def _done(self, running: Running) -> Iterator[Event]:
        """Compare now, or after the last send where bodies are so large that comparing would stall the sending."""
        largest, total = _weight(running)
        if largest > COMPARED_LATER and self._later_bytes + total <= MOST_KEPT_FOR_LATER:
            self._later.append(running)
            self._later_bytes += total
            return
        yield self._round(running)

    def _round(self, running: Running) -> Round:
        pairs = tuple(self.examiner.pair(running, asked) for asked in running.asked)
        case = running.unit.case
        return Round(
            at=time.time(),
            suite=SUITE,
            index=case.index,
            case=self.examiner.shown(case.name),
            round=running.unit.round,
            pairs=pairs,
        )


def _not_sent(side: Side, asked: Asked, why: str) -> Exchange:
    request = Request(side=side, method=asked.step.method, url=asked.step.target)
    return Exchange(request=request, answer=NoResponse(reason=Reason.REFUSED_TO_SEND, detail=why), sent_at=time.time())


def _worth_a_retry(answer: Answer) -> bool:
    if isinstance(answer, NoResponse):
        return answer.reason is not Reason.REFUSED_TO_SEND
    return answer.status in _WORTH_A_RETRY


def _weight(running: Running) -> tuple[int, int]:
    sizes = [
        len(exchange.answer.body.content)
        for asked in running.asked
        for exchange in (*asked.answers.values(), *asked.repeats)
        if isinstance(exchange.answer, Response)
    ]
    return max(sizes, default=0), sum(sizes)
