"""What is left of a quota on two gateways, where they tell: pure."""

import re
from dataclasses import dataclass

from harness.model.difference import Cause
from harness.model.exchange import Exchange
from harness.model.found import Found
from harness.model.outcome import Outcome, Severity
from harness.model.response import NoResponse
from harness.scenario.types import PlanLimit
from harness.security.limits_points import throttled

_LOW = 0.1
_REMAINING = re.compile(r"(quota|rate-?limit).*remaining|remaining.*(quota|call)")
_NUMBER = re.compile(r"\s*(\d{1,15})\s*(?:[,;].*)?\Z", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """What one answer tells about a quota: what is left, by which header ("" if none tells)."""

    status: int | None
    left: int | None = None
    header: str = ""
    used_up: bool = False
    trouble: str = ""


def quota_of(kind: str, exchange: Exchange) -> Quota:
    """Return what an answer tells about the caller's quota."""
    answer = exchange.answer
    if isinstance(answer, NoResponse):
        return Quota(status=None, trouble=f"no answer ({answer.reason}): {answer.detail}")
    if throttled(kind, exchange):
        return Quota(status=answer.status, used_up=True)
    for name, value in answer.headers:
        number = _NUMBER.match(value)
        if number and _REMAINING.search(name.lower()):
            return Quota(status=answer.status, left=int(number[1]), header=name[:80])
    return Quota(status=answer.status)


def judge(plan: PlanLimit, old: Quota, new: Quota) -> Found:
    """Compare what is left; a gateway that does not tell proves nothing."""
    found = Found()
    quota = plan.quota or 0
    found.fact("quota", plan=f"{quota} in {plan.period:.0f} s")
    for column, one in (("old", old), ("new", new)):
        found.fact("left", **{column: _left(one)})
    if old.trouble or new.trouble:
        for column, one, outcome in (("old", old, Outcome.ERROR), ("new", new, Outcome.FAIL)):
            if one.trouble:
                found.say(Outcome.ERROR if old.trouble else outcome, f"{column}: {one.trouble}")
    elif new.used_up and not old.used_up:
        found.fail("limits:quota", f"new: the quota of {plan.caller} is used up, old lets the caller through",
                   severity=Severity.MAJOR, old=_left(old), new=_left(new),
                   remedy="Raise or reset the quota on the new side before clients come.")  # fmt: skip
    elif new.left is not None and new.left > quota:
        found.fail("limits:quota", f"new leaves {plan.caller} {new.left} requests; its quota is {quota}",
                   cause=Cause.WEAKER if old.left is None or old.left <= quota else Cause.UNEXPLAINED,
                   old=_left(old), new=_left(new),
                   remedy="Set calls and renewal-period of `quota-by-key` (or the product's `quota`) to the plan's.",
                   )  # fmt: skip
    elif new.left is None:
        found.say(Outcome.INCONCLUSIVE, "new does not tell what is left of the quota: look it up at the gateway")
    elif new.left < _LOW * quota:
        found.tell("limits:quota", f"new: {new.left} of {quota} requests are left to {plan.caller}",
                   severity=Severity.MAJOR, old=_left(old), new=_left(new))  # fmt: skip
    return found


def _left(quota: Quota) -> str:
    if quota.used_up:
        return f"nothing ({quota.status})"
    if quota.trouble:
        return quota.trouble
    return "not told" if quota.left is None else f"{quota.left} ({quota.header})"
