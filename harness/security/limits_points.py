"""What the bursts on two gateways say about each other: pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from enum import StrEnum

from harness.dialects.registry import dialect
from harness.dialects.rows import Situation
from harness.model.difference import Cause
from harness.model.exchange import Exchange
from harness.model.found import Found
from harness.model.outcome import Outcome, Severity
from harness.model.probe import Decision
from harness.model.response import NoResponse, Reason, Response
from harness.scenario.types import PlanLimit

_OUR_OWN = frozenset({Reason.HARNESS, Reason.REFUSED_TO_SEND})
EARLY = 0.8
"""A gateway that lets through less than this part of the declared burst throttles early."""

_LONGEST_REFILL = 60.0
_LONGEST_WAIT = 366 * 86_400.0
_RATE_REMEDY = (
    "Set the plan's limit on the new side: in Azure API Management `rate-limit-by-key` (or `rate-limit` in the "
    "product) with calls and renewal-period of the plan, and a counter-key that names the caller."
)
_OTHERS_REMEDY = (
    'Count for each caller: `rate-limit-by-key` with counter-key="@(context.Subscription?.Key)" in Azure API '
    "Management, not one counter for all."
)


class Throttling(StrEnum):
    """How a side throttled a burst; the value is shown."""

    DECLARED = "throttles where the plan says"
    EARLY = "throttles long before the plan says"
    NONE = "does not throttle"
    AT_ONCE = "throttles from the first request"
    SLOW = "cannot be asked faster than the plan allows"
    REFUSED = "does not let the caller in"
    TROUBLE = "fails under the burst"
    UNASKED = "could not be asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """What came of a burst. `first` is the number of the first throttled request, from 1 (0: none).

    `passed` were let through; `refused`, `failed` and `unasked` (our own fault) count others. `statuses` are those of
    throttled answers. `retry_after` is the first throttled answer's (None: none). `other` is how another caller,
    `stranger`, fared meanwhile: a Decision, None if nobody was asked (`asked_others` requests were sent for that).
    `sent_before` are the requests of a first burst that came too soon after others.
    """

    sent: int
    seconds: float
    passed: int
    first: int = 0
    refused: int = 0
    failed: int = 0
    statuses: tuple[int, ...] = ()
    retry_after: str | None = None
    other: Decision | None = None
    stranger: str = ""
    asked_others: int = 0
    unasked: int = 0
    sent_before: int = 0


def allowed_at_once(plan: PlanLimit) -> int:
    """Return the burst that a plan allows: declared, else what its rate gives in a second."""
    return plan.burst if plan.burst is not None else math.ceil(plan.rate or 0.0)


def throttled(kind: str, exchange: Exchange) -> bool:
    """Tell whether an answer says: too many requests (429, or the product's own words for it)."""
    answer = exchange.answer
    if not isinstance(answer, Response):
        return False
    return answer.status == 429 or any(
        reading.situation in {Situation.THROTTLED, Situation.QUOTA}
        for reading in dialect(kind).readings(answer, exchange.request)
    )


def burst_of(kind: str, exchanges: Sequence[Exchange], took: float) -> Burst:
    """Return what a burst came to, that took so many seconds."""
    ordered = sorted(exchanges, key=lambda exchange: exchange.sent_at)
    slowed = [throttled(kind, exchange) for exchange in ordered]
    answers = [exchange.answer for exchange, slow in zip(ordered, slowed, strict=True) if not slow]
    first = slowed.index(True) + 1 if True in slowed else 0
    unasked = sum(isinstance(one, NoResponse) and one.reason in _OUR_OWN for one in answers)
    failed = sum(isinstance(one, NoResponse) or one.status >= 500 for one in answers) - unasked
    refused = sum(isinstance(one, Response) and one.status in {401, 403, 407} for one in answers)
    sample = ordered[first - 1].answer if first else None
    return Burst(
        sent=len(ordered),
        seconds=took,
        passed=len(answers) - failed - refused - unasked,
        first=first,
        refused=refused,
        failed=failed,
        unasked=unasked,
        statuses=tuple(sorted({_status(one) for one, slow in zip(ordered, slowed, strict=True) if slow})),
        retry_after=sample.first("retry-after") if isinstance(sample, Response) else None,
    )


def with_others(burst: Burst, kind: str, stranger: str, others: Sequence[Exchange]) -> Burst:
    """Add how another caller ("" for none) fared; `others` is what it got right before the burst, and right after."""
    fared = _fared(kind, others) if stranger else None
    return replace(burst, other=fared, stranger=stranger, asked_others=len(others))


def refill(plan: PlanLimit, burst: Burst) -> float:
    """Return how many seconds a caller's window takes to be full again, as far as plan and answer tell; bounded."""
    text = (burst.retry_after or "").strip()
    told = float(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0.0
    return min(_LONGEST_REFILL, max(told, allowed_at_once(plan) / plan.rate if plan.rate else 1.0))


def kind_of(plan: PlanLimit, burst: Burst) -> Throttling:
    """Tell how a side throttled, held against its plan."""
    if burst.unasked:
        return Throttling.UNASKED
    if not burst.passed:
        if burst.first == 1 and not burst.failed and not burst.refused:
            return Throttling.AT_ONCE
        return Throttling.TROUBLE if burst.failed >= burst.refused else Throttling.REFUSED
    if burst.failed:
        return Throttling.TROUBLE
    if burst.refused:
        return Throttling.REFUSED
    at_once = allowed_at_once(plan)
    if burst.first:
        return Throttling.EARLY if burst.passed < EARLY * at_once else Throttling.DECLARED
    outrun = burst.sent - at_once - (plan.rate or 0.0) * burst.seconds
    return Throttling.NONE if outrun >= 1 else Throttling.SLOW


T = Throttling
_UNPROVEN = {
    T.AT_ONCE: "throttles from the first request on: its window is still full, of an earlier run or of real use; "
    "wait for the plan's period and run this again",
    T.SLOW: "answers too slowly from here to be asked more than the plan allows: nothing is proven",
    T.REFUSED: "does not let the caller in, so that its limit cannot be seen",
}


def judge(plan: PlanLimit, old: Burst, new: Burst) -> Found:
    """Compare how the two sides throttled, and whether they left others alone."""
    found = Found()
    before, after = kind_of(plan, old), kind_of(plan, new)
    for column, burst, kind in (("old", old, before), ("new", new, after)):
        _show(found, column, burst, kind)
    _throttling(found, plan, (old, before), (new, after))
    if before in _SHOWN and after in _SHOWN:
        _waiting(found, old, new)
    _others(found, old, new)
    return found


_SHOWN = frozenset({T.DECLARED, T.EARLY})


def _throttling(found: Found, plan: PlanLimit, old: tuple[Burst, Throttling], new: tuple[Burst, Throttling]) -> None:
    (was, before), (now, after) = old, new
    told = (_told(was, before), _told(now, after))
    if _unproven(found, old, new):
        return
    if after is T.NONE and before is T.NONE:
        found.say(
            Outcome.INCONCLUSIVE,
            f"neither side shows the declared limit within {now.sent} requests: correct `security.limits`, or the "
            "plans (limits of gateways are best effort: one that is shared by many nodes shows late)",
        )
    elif after is T.NONE:
        found.fail(
            "limits", f"new does not throttle {plan.caller} within {now.sent} requests, old does",
            cause=Cause.WEAKER, old=told[0], new=told[1], remedy=_RATE_REMEDY,
        )  # fmt: skip
    elif after is T.EARLY and before is not T.EARLY:
        found.fail(
            "limits", f"new throttles {plan.caller} after {now.passed} requests; the plan allows "
            f"{allowed_at_once(plan)} at once, and old {before.value}",
            severity=Severity.MAJOR, old=told[0], new=told[1], remedy=_RATE_REMEDY,
        )  # fmt: skip
    elif after is T.EARLY:
        found.tell(
            "limits", "both sides throttle before the plan says: correct `security.limits`, or raise both",
            severity=Severity.MINOR, old=told[0], new=told[1],
        )  # fmt: skip
    elif before is not after:
        found.tell("limits", f"old {before.value}; new {after.value}, as it should", severity=Severity.MINOR,
                   old=told[0], new=told[1])  # fmt: skip


def _unproven(found: Found, old: tuple[Burst, Throttling], new: tuple[Burst, Throttling]) -> bool:
    """Say what keeps the two from being compared, if anything does."""
    (was, before), (now, after) = old, new
    if T.UNASKED in (before, after):
        found.say(Outcome.ERROR, "the burst could not be sent: this process was too slow, or its requests cannot be")
    elif before is T.TROUBLE:
        found.say(Outcome.ERROR, f"old {before.value}: {was.failed} of {was.sent} requests; nothing to compare with")
    elif after is T.TROUBLE:
        found.fail(
            "limits", f"new {after.value}: {now.failed} of {now.sent} requests, old {before.value}",
            severity=Severity.MAJOR, old=_told(was, before), new=_told(now, after),
            remedy="Look up these requests in the gateway's logs.",
        )  # fmt: skip
    else:
        for column, kind in (("old", before), ("new", after)):
            if kind in _UNPROVEN:
                found.say(Outcome.INCONCLUSIVE, f"{column} {_UNPROVEN[kind]}")
    return bool(found.reasons)


def _told(burst: Burst, kind: Throttling) -> str:
    return f"{kind.value} ({burst.passed} of {burst.sent} let through in {burst.seconds:.1f} s)"


def _waiting(found: Found, old: Burst, new: Burst) -> None:
    """Compare what clients are told about when to come again."""
    was, now = old.retry_after, new.retry_after
    told = {"old": was or "none", "new": now or "none"}
    if now is not None and not sane(now):
        found.fail("limits:retry-after", "Retry-After of new is no time to wait", severity=Severity.MAJOR,
                   old=told["old"], new=told["new"])  # fmt: skip
    elif was is not None and now is None:
        found.fail(
            "limits:retry-after", "old tells clients when to come again (Retry-After), new does not",
            severity=Severity.MAJOR, old=told["old"], new=told["new"],
            remedy="Send it: `retry-after-header-name` of `rate-limit-by-key`, or `set-header` in `on-error`.",
        )  # fmt: skip
    elif was is None and now is not None:
        found.tell("limits:retry-after", "new tells clients when to come again (Retry-After), old does not",
                   cause=Cause.GATEWAY, old=told["old"], new=told["new"])  # fmt: skip
    if old.statuses != new.statuses:
        found.tell(
            "limits:status", "the two sides throttle by another status", cause=Cause.GATEWAY, severity=Severity.MINOR,
            old=_list(old.statuses), new=_list(new.statuses), note="clients that wait and try again do so by status",
        )  # fmt: skip


def sane(value: str) -> bool:
    """Tell whether a Retry-After (RFC 9110 §10.2.3) is a number of seconds, or a date."""
    text = value.strip()
    if text.isascii() and text.isdigit():
        return len(text) < 12 and int(text) <= _LONGEST_WAIT
    try:
        return parsedate_to_datetime(text[:100]) is not None
    except (ValueError, TypeError, IndexError):
        return False


def _others(found: Found, old: Burst, new: Burst) -> None:
    """Compare whether the burst of one caller throttled another."""
    if not new.first:
        return
    if new.other is Decision.REFUSED and old.first and old.other is Decision.REFUSED:
        found.tell("limits:others", "the burst of one caller throttles another on both sides", severity=Severity.MAJOR,
                   remedy=_OTHERS_REMEDY)  # fmt: skip
    elif new.other is Decision.REFUSED:
        found.fail(
            "limits:others", f"the burst throttles {new.stranger} too on new, not on old", severity=Severity.CRITICAL,
            old="let through" if old.other is Decision.THROUGH else "not known", new="throttled",
            remedy=_OTHERS_REMEDY,
        )  # fmt: skip
    elif new.other is Decision.UNCLEAR:
        found.say(
            Outcome.INCONCLUSIVE,
            f"new: {new.stranger} could not be asked, or was not let in before the burst or not clearly after it: "
            "whether the burst of another throttles it is not seen",
        )


def _show(found: Found, column: str, burst: Burst, kind: Throttling) -> None:
    found.fact("result", **{column: kind.value})
    found.fact("let through", **{column: f"{burst.passed} of {burst.sent} in {burst.seconds:.1f} s"})
    found.fact("first throttled", **{column: f"request {burst.first}" if burst.first else "none"})
    found.fact("status", **{column: _list(burst.statuses) or "none"})
    found.fact("Retry-After", **{column: burst.retry_after or "none"})
    if burst.sent_before:
        found.fact("asked again", **{column: f"after a first burst of {burst.sent_before} that was throttled early"})
    if burst.other is not None:
        found.fact("another caller meanwhile", **{column: f"{burst.stranger}: {burst.other.value}"})
    decision = Decision.REFUSED if kind in _SHOWN else Decision.THROUGH if kind is T.NONE else Decision.UNCLEAR
    found.decisions[column] = decision.value


def _fared(kind: str, exchanges: Sequence[Exchange]) -> Decision:
    """Tell how the other caller fared after the burst; unclear unless it was let in before."""
    if len(exchanges) < 2:
        return Decision.UNCLEAR
    before, after = (_let_in(kind, one) for one in (exchanges[0], exchanges[-1]))
    return after if before is Decision.THROUGH else Decision.UNCLEAR


def _let_in(kind: str, exchange: Exchange) -> Decision:
    if throttled(kind, exchange):
        return Decision.REFUSED
    answer = exchange.answer
    if isinstance(answer, NoResponse) or answer.status >= 500 or answer.status in {401, 403, 407}:
        return Decision.UNCLEAR
    return Decision.THROUGH


def _status(exchange: Exchange) -> int:
    return exchange.answer.status or 0


def _list(statuses: Sequence[int]) -> str:
    return ", ".join(map(str, statuses))
