"""Raw requests that two readers may cut differently (`security.hostile: run`): what each side makes of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from harness.model.check import Check, Tools
from harness.model.difference import Cause
from harness.model.event import CaseInfo, Checked
from harness.model.found import Found
from harness.model.gateway import Gateway
from harness.model.outcome import Outcome, Severity
from harness.model.probe import Decision, Group, Probe
from harness.model.request import Request
from harness.model.seen import RawAnswers
from harness.model.side import Side
from harness.scenario.types import Scenario
from harness.security.draft import SUITE, Draft
from harness.security.found import (
    INTERRUPTED,
    behind_proxy,
    easiest,
    info_of,
    interrupted,
    plain_request,
    presented,
)
from harness.security.operation import Operation
from harness.security.raw_shapes import PROBE_PATH, SHAPES, Shape, head_of, honest

ROW = "raw requests"
PER_SIDE = 4
"""The honest request, and up to three that may be found in a shape."""

_TIMEOUT = 5.0
_QUIET = 2.0  # no more is awaited after so many seconds without a byte
_UNREAD = frozenset({408, 429, 502, 503, 504})
_REMEDY = (
    "Refuse ambiguous framing before the gateway: keep the firewall (Front Door or Application Gateway, rule group "
    "PROTOCOL-ENFORCEMENT) in front, and let nothing reach the gateway past it."
)


def _talk(gateway: Gateway, payload: bytes, *, timeout: float) -> RawAnswers:
    from harness.wire.raw import talk  # noqa: PLC0415  not needed to plan

    return talk(gateway, payload, timeout=timeout, quiet=_QUIET)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What one side made of a shape.

    `more` says that it answered more requests than it was sent, `blunt` that it refuses the honest request just so
    (a GET with a body, to some): nothing gets in, and nothing is told of the shape.
    """

    decision: Decision
    words: str
    more: bool = False
    blunt: bool = False
    trouble: bool = False


@dataclass(slots=True, kw_only=True)
class RawCheck:
    """One shape: first the same request honestly written, then the shape, on both sides."""

    suite: ClassVar[str] = SUITE
    info: CaseInfo
    shape: Shape
    scenario: Scenario
    plain: Mapping[Side, Request]
    caller: str
    requests: Mapping[Side, int]
    talk: Callable[..., RawAnswers] = _talk

    def run(self, tools: Tools) -> Checked:
        """Ask the old side, then the new one."""
        seen: dict[Side, Seen] = {}
        sent: dict[str, int] = {}
        for side in Side:
            if tools.stopping():
                return interrupted(self.info)
            seen[side] = self._ask(side, tools, sent)
        found = judge(self.shape.name, seen[Side.OLD], seen[Side.NEW])
        for side, one in seen.items():
            found.fact("answer", **{side.value: one.words})
            found.decisions[side.value] = one.decision.value
        found.requests.update(sent)
        return found.checked(self.info, SUITE)

    def _ask(self, side: Side, tools: Tools, sent: dict[str, int]) -> Seen:
        request = presented(tools, self.caller, self.plain[side])
        if isinstance(request, str):
            return Seen(decision=Decision.UNCLEAR, words=request, trouble=True)
        if request.certificate is not None:
            return Seen(decision=Decision.UNCLEAR, words="a client certificate cannot be shown with raw bytes")
        gateway, head = self.scenario.gateway(side), head_of(request)
        timeout = min(_TIMEOUT, self.scenario.limits.timeout)
        tools.pause()
        before = self.talk(gateway, honest(head, body=self.shape.body), timeout=timeout)
        sent[side.value] = 1
        if tools.stopping():
            return Seen(decision=Decision.UNCLEAR, words=INTERRUPTED)
        for _ in range(PER_SIDE - 1):
            tools.pause()
        after = self.talk(gateway, self.shape.make(head), timeout=timeout)
        sent[side.value] = PER_SIDE
        return read(self.shape, before, after)


def add(draft: Draft) -> None:
    """Leave the shapes out where hostile requests are not asked for, or there is nothing to ask."""
    why = _why_not(draft)
    if why:
        draft.leave_out(_probe("shapes that smuggle"), why)


def checks(draft: Draft, first: int) -> list[Check]:
    """Return a check for each shape."""
    operation = easiest(draft.operations)
    if _why_not(draft) or operation is None:
        return []
    caller = _caller(operation)
    nobody = operation.public and not caller
    plain = {side: _clean(plain_request(draft.scenario, operation, side, nobody=nobody)) for side in Side}
    return [
        RawCheck(
            info=info_of(draft, _probe(shape.name), index),
            shape=shape,
            scenario=draft.scenario,
            plain=plain,
            caller=caller,
            requests=dict.fromkeys(Side, PER_SIDE),
        )
        for index, shape in enumerate(SHAPES, first)
    ]


def read(shape: Shape, honest_answers: RawAnswers, answers: RawAnswers) -> Seen:
    """Tell what a side made of a shape, held against how it answers the honest request."""
    if not honest_answers.answers:
        return _unseen(honest_answers)
    known = honest_answers.answers[0].status
    if not answers.answers:
        return _silent(answers)
    said = [answer.status for answer in answers.answers]
    words = f"{', '.join(map(str, said))} ({answers.ended}); the honest request: {known}"
    if len(said) > shape.expected:
        return Seen(decision=Decision.THROUGH, words=f"{len(said)} answers, one too many: {words}", more=True)
    if said[0] == known:
        if known in {400, 403, 501}:
            return Seen(decision=Decision.REFUSED, words=f"even the honest request is refused: {words}", blunt=True)
        return Seen(decision=Decision.THROUGH, words=words)
    if said[0] in _UNREAD:
        return Seen(decision=Decision.UNCLEAR, words=words)
    if 400 <= said[0] < 500 or said[0] in {501, 505}:
        return Seen(decision=Decision.REFUSED, words=words)
    return Seen(decision=Decision.THROUGH, words=words)


def _unseen(answers: RawAnswers) -> Seen:
    detail = f"{answers.ended}: {answers.detail}" if answers.detail else answers.ended
    return Seen(decision=Decision.UNCLEAR, words=f"the honest request gets no answer ({detail})", trouble=True)


def _silent(answers: RawAnswers) -> Seen:
    if answers.ended in {"closed", "reset"}:
        return Seen(decision=Decision.REFUSED, words=f"no answer, {answers.ended}")
    if answers.ended == "no connection":
        return Seen(decision=Decision.UNCLEAR, words=f"no connection: {answers.detail}", trouble=True)
    return Seen(decision=Decision.UNCLEAR, words=f"no answer ({answers.ended}), as one that waits for more bytes")


def judge(name: str, old: Seen, new: Seen) -> Found:
    """Compare what the two sides made of a shape."""
    found = Found()
    told = {"old": old.words, "new": new.words}
    if old.trouble or new.trouble:
        side, one = ("old", old) if old.trouble else ("new", new)
        found.say(Outcome.ERROR, f"{side}: {one.words}")
    if new.more and not old.more:
        found.fail(
            "raw", f"{name}: new answers a request that was hidden in another one's body, old does not",
            cause=Cause.WEAKER, remedy=_REMEDY, old=told["old"], new=told["new"],
            note=f"a proxy before it that reads otherwise lets strangers put requests into others' connections "
            f"(the hidden one was a GET of {PROBE_PATH})",
        )  # fmt: skip
    elif new.decision is Decision.THROUGH and (old.blunt or (old.decision is Decision.UNCLEAR and not new.more)):
        found.say(Outcome.INCONCLUSIVE, f"new takes it; what old does with it is not clear: {old.words}")
    elif new.decision is Decision.THROUGH and old.decision is Decision.REFUSED:
        found.fail(
            "raw",
            f"{name}: old refuses it, new takes it",
            cause=Cause.WEAKER,
            remedy=_REMEDY,
            old=told["old"],
            new=told["new"],
        )
    elif new.more:
        found.tell("raw", f"{name}: both sides answer the hidden request: dangerous, and no worse than before",
                   severity=Severity.MAJOR, remedy=_REMEDY, old=told["old"], new=told["new"])  # fmt: skip
    elif new.decision is Decision.UNCLEAR:
        found.say(Outcome.INCONCLUSIVE, f"new: {new.words}")
    elif old.decision is Decision.THROUGH and new.decision is Decision.REFUSED:
        found.tell(
            "raw",
            f"{name}: new refuses it, old takes it; no client that keeps to HTTP writes so",
            old=told["old"],
            new=told["new"],
        )
    return found


def _why_not(draft: Draft) -> str:
    if not draft.security.hostile:
        return "hostile requests are not asked for (`security.hostile: run`)"
    if easiest(draft.operations) is None:
        return "no operation can be asked without changing something"
    return behind_proxy(draft.scenario, tuple(Side))


def _caller(operation: Operation) -> str:
    return "" if operation.public else next(iter(operation.callers), "")


def _clean(request: Request) -> Request:
    """Return the request without a body: the shapes bring their own."""
    return replace(request, body=None)


def _probe(column: str) -> Probe:
    return Probe(group=Group.SURFACE, row=ROW, column=column)
