"""Send, compare, tell: the generator of events that everything else listens to."""

import random
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from harness.engine.capture import take
from harness.engine.plan import Unit, UnitKey, together
from harness.engine.requests import NotMade, Outbound
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
    """Asks units of both sides; `stored` holds answers of an earlier one-sided run by unit and step.

    Events are told before what they announce is sent: whatever is to go out waits in `_held` until the events of the
    same turn have been taken (and, for intents, are on disk). `stopping` is asked every turn; once it says True, `run`
    raises KeyboardInterrupt, between events, so that the journal is never left within a line.
    """

    scenario: Scenario
    wire: Sender
    examiner: Examiner
    outbound: Outbound
    sides: Sequence[Side] = tuple(Side)
    stored: Mapping[UnitKey, Sequence[StoredStep]] = field(default_factory=dict)
    seed: int = 0
    stopping: Callable[[], bool] = bool
    _chance: random.Random = field(init=False)
    _told: list[Event] = field(default_factory=list)
    _held: list[_Call] = field(default_factory=list)
    _later: list[Running] = field(default_factory=list)
    _later_bytes: int = 0

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)  # noqa: S311  an order to ask in, no secret

    def run(self, units: Iterable[Unit]) -> Iterator[Event]:
        """Yield events; an Intent must be on disk before the generator is resumed.

        Safe units are asked concurrently. Units that change something go one at a time afterwards, one side after the
        other, so that a write on a shared backend never makes another case's read differ.
        """
        for group in together(list(units)):
            yield from self._drain(group, width=self.scenario.limits.concurrency if group[0].safe else 1)
            for running in self._later:
                yield self._round(running)
            self._later.clear()
            self._later_bytes = 0

    def _drain(self, units: Sequence[Unit], *, width: int) -> Iterator[Event]:
        waiting = deque(units)
        active = 0
        while waiting or active or self._told:
            while waiting and active < width and not self.stopping():
                if self.outbound.due(waiting[0].case):
                    if active:
                        break  # fetching a token blocks: nothing may be in flight meanwhile
                    self.outbound.prepare(waiting[0].case)
                    if self.stopping():
                        break  # nobody wants an intent on disk for what is not sent any more
                active += self._advance(self._start(waiting.popleft()))
            if self._told:
                yield from self._flush()
            self._release()
            if self.stopping() and (waiting or active):
                raise KeyboardInterrupt
            if not active:
                continue
            for token, exchange in self.wire.wait(_POLL):
                assert isinstance(token, _Call)
                active -= not self._arrived(token, exchange)
                self._release_safe()

    def _flush(self) -> Iterator[Event]:
        """Yield what there is to tell, in order."""
        told, self._told = self._told, []
        yield from told

    def _release(self) -> None:
        """Send what was held back until its events were taken."""
        held, self._held = self._held, []
        for call in held:
            self.wire.submit(call.request, call)

    def _release_safe(self) -> None:
        """Send at once what needs no intent on disk first, so that a long turn delays nobody."""
        if self._held and self._held[0].request.safe:
            self._release()

    def _start(self, unit: Unit) -> Running:
        return Running(unit=unit, sides=self.sides, repeats=self.scenario.compare.noise_repeats, random=self._chance)

    def _advance(self, running: Running) -> bool:
        """Ask the next step; return False when the unit is done."""
        while (asked := running.next_step()) is not None:
            if self.stored:
                self._recall(running, asked)
            if self._ask(running, asked):
                return True
            self._settle(running, asked)
        self._done(running)
        return False

    def _recall(self, running: Running, asked: Asked) -> None:
        steps = self.stored.get(running.unit.key, ())
        if asked.index < len(steps):
            asked.answers.update(steps[asked.index].answers)
            asked.repeats.extend(steps[asked.index].repeats)

    def _ask(self, running: Running, asked: Asked) -> bool:
        """Send a step to its sides: together where that is safe, else to the first one only for now."""
        sent = False
        for side in running.order(asked):
            if side in asked.answers:
                continue
            sent = self._send(running, asked, side) or sent
            if sent and not running.unit.safe:
                break
        return sent

    def _send(self, running: Running, asked: Asked, side: Side) -> bool:
        """Hold a request for sending, its intent told first if it is unsafe; False if it cannot be made."""
        try:
            request = self.outbound.request(asked.step, side, running.values(asked.step, side))
        except NotMade as missing:
            asked.answers[side] = _not_sent(side, asked, str(missing))
            return False
        if not running.unit.safe and not request.safe:
            self._told.append(self._intent(running, asked, request))
        asked.waiting += 1
        self._held.append(_Call(running, asked, request))
        return True

    def _intent(self, running: Running, asked: Asked, request: Request) -> Intent:
        return Intent(
            at=time.time(),
            suite=running.unit.case.suite,
            case=running.unit.case.index,
            round=running.unit.round,
            step=asked.index,
            side=request.side.value,
            method=request.method,
            url=self.examiner.shown(request.url),
        )

    def _arrived(self, call: _Call, exchange: Exchange) -> bool:
        """Take an answer; return False when it ended its unit."""
        running, asked = call.running, call.asked
        if running.unit.case.retries and self._again(call, exchange):
            return True
        if call.earlier:
            exchange = replace(exchange, earlier=call.earlier)
        asked.waiting -= 1
        if call.repeat:
            asked.repeats.append(exchange)
        else:
            asked.answers[exchange.request.side] = exchange
        if asked.waiting or self._more(running, asked):
            return True
        self._settle(running, asked)
        return self._advance(running)

    def _more(self, running: Running, asked: Asked) -> bool:
        """Send what a step still needs: the other side (where they go one after the other), then noise calls."""
        if not running.unit.safe and self._ask(running, asked):
            return True
        return asked.repeats_left > 0 and self._repeat(running, asked)

    def _again(self, call: _Call, exchange: Exchange) -> bool:
        """Send once more where the case asks for retries and the answer is worth one."""
        if len(call.earlier) >= call.running.unit.case.retries or not _worth_a_retry(exchange.answer):
            return False
        earlier = (*call.earlier, exchange.answer)
        self._held.append(_Call(call.running, call.asked, call.request, call.repeat, earlier))
        return True

    def _repeat(self, running: Running, asked: Asked) -> bool:
        """Ask the old side once more, to learn what it disagrees with itself about."""
        old = asked.answers.get(Side.OLD)
        if old is None or not isinstance(old.answer, Response):
            return False
        asked.repeats_left -= 1
        asked.waiting += 1
        self._held.append(_Call(running, asked, old.request, repeat=True))
        return True

    def _settle(self, running: Running, asked: Asked) -> None:
        running.settle(asked)
        secret = tuple(capture for capture in asked.step.captures if capture.secret)
        if not secret:
            return
        # every answer may hold a fresh one, those that only teach noise too
        for exchange in (*asked.answers.values(), *asked.repeats):
            if isinstance(exchange.answer, Response):
                for name, value in take(secret, exchange.answer)[0].items():
                    self.examiner.keep_secret(Secret(value=value, label=f"${{{name}}}"))

    def _done(self, running: Running) -> None:
        """Compare now, or after the last send where bodies are so large that comparing would stall the sending.

        What changed something is recorded at once: a kill must not leave its outcome unknown.
        """
        large = _large(running) if running.unit.safe else 0
        if large and self._later_bytes + large <= MOST_KEPT_FOR_LATER:
            self._later.append(running)
            self._later_bytes += large
            return
        self._told.append(self._round(running))

    def _round(self, running: Running) -> Round:
        case = running.unit.case
        return Round(
            at=time.time(),
            suite=case.suite,
            index=case.index,
            case=self.examiner.shown(case.name),
            round=running.unit.round,
            pairs=tuple([self.examiner.pair(running, asked) for asked in running.asked]),
        )


def _not_sent(side: Side, asked: Asked, why: str) -> Exchange:
    request = Request(side=side, method=asked.step.method, url=asked.step.target)
    return Exchange(request=request, answer=NoResponse(reason=Reason.REFUSED_TO_SEND, detail=why), sent_at=time.time())


def _worth_a_retry(answer: Answer) -> bool:
    if isinstance(answer, NoResponse):
        return answer.reason is not Reason.REFUSED_TO_SEND
    return answer.status in _WORTH_A_RETRY


def _large(running: Running) -> int:
    """Return the bytes that a unit's bodies take if one of them is large, else 0."""
    largest = total = 0
    for asked in running.asked:
        for exchange in (*asked.answers.values(), *asked.repeats):
            if isinstance(exchange.answer, Response):
                size = len(exchange.answer.body.content)
                total += size
                largest = max(largest, size)
    return total if largest > COMPARED_LATER else 0
