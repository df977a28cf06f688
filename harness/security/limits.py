"""Rates and quotas, at the plans that the scenario declares (`security.limits`): who throttles, when, whom.

A burst asks as fast as it can and a little more than the plan allows. One that is throttled early is asked again, once
the caller's window is full again: what was asked before may have used it. Bursts never spend more than half of a quota.
A quota itself is not used up: one request asks whether the gateway tells what is left.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from time import monotonic
from types import MappingProxyType
from typing import ClassVar

from harness.model.check import Check, Tools
from harness.model.event import CaseInfo, Checked
from harness.model.found import Found
from harness.model.gateway import Limits
from harness.model.outcome import Outcome
from harness.model.probe import Group, Probe
from harness.model.request import Request
from harness.model.side import Side
from harness.scenario.types import PlanLimit, Scenario
from harness.security import limits_points, quota_points
from harness.security.draft import SUITE, Draft
from harness.security.found import easiest, info_of, interrupted, plain_request, presented
from harness.security.limits_points import Burst, Throttling
from harness.security.operation import Operation

RATE, QUOTA = "rate", "quota"
MOST = 500
_WINDOW = 2.0  # seconds of refilling that a burst outruns
_EXCESS = 5
_ABREAST = 50
_EARLY = frozenset({Throttling.EARLY, Throttling.AT_ONCE})


@dataclass(slots=True, kw_only=True)
class RateCheck:
    """A burst on each side by one caller, and one request by another before and after it."""

    suite: ClassVar[str] = SUITE
    info: CaseInfo
    plan: PlanLimit
    scenario: Scenario
    operation: Operation
    other: tuple[str, Operation] | None
    count: int
    requests: Mapping[Side, int]
    clock: Callable[[], float] = monotonic

    def run(self, tools: Tools) -> Checked:
        """Burst on the old side, then on the new one."""
        seen: dict[Side, Burst] = {}
        for side in Side:
            if tools.stopping():
                return interrupted(self.info)
            burst = self._burst(side, tools)
            if isinstance(burst, str):
                return _no_credential(self.info, side, burst, seen)
            if tools.stopping():
                return interrupted(self.info)
            seen[side] = burst
        found = limits_points.judge(self.plan, seen[Side.OLD], seen[Side.NEW])
        _count(found, seen)
        return found.checked(self.info, SUITE)

    def _burst(self, side: Side, tools: Tools) -> Burst | str:
        request = _asked(tools, self.scenario, self.operation, side, self.plan.caller)
        if isinstance(request, str):
            return request
        stranger: Request | str | None = None
        if self.other is not None:  # its credential is made before, so that nothing comes between burst and question
            stranger = _asked(tools, self.scenario, self.other[1], side, self.other[0])
        pace = Limits(
            rate=float(max(10 * self.count, self.scenario.limits.rate)),
            concurrency=min(self.count, _ABREAST),
            timeout=self.scenario.limits.timeout,
            body=self.scenario.limits.body,
        )
        before = tools.send([stranger], limits=pace) if isinstance(stranger, Request) else []
        burst = self._once(side, request, pace, tools)
        if limits_points.kind_of(self.plan, burst) in _EARLY and not tools.stopping():
            self._wait(burst, tools)
            if not tools.stopping():
                again = self._once(side, request, pace, tools)
                burst = replace(again, sent_before=burst.sent)
        after = tools.send([stranger], limits=pace) if isinstance(stranger, Request) and not tools.stopping() else []
        other = self.other[0] if self.other is not None else ""
        return limits_points.with_others(burst, self.scenario.gateway(side).kind, other, (*before, *after))

    def _once(self, side: Side, request: Request, pace: Limits, tools: Tools) -> Burst:
        started = self.clock()
        exchanges = tools.send([request] * self.count, limits=pace)
        return limits_points.burst_of(self.scenario.gateway(side).kind, exchanges, self.clock() - started)

    def _wait(self, burst: Burst, tools: Tools) -> None:
        """Let the caller's window refill: the suite's own requests before may have used it."""
        until = self.clock() + limits_points.refill(self.plan, burst)
        while self.clock() < until and not tools.stopping():
            tools.pause()


@dataclass(slots=True, kw_only=True)
class QuotaCheck:
    """One request on each side: what is left of the quota, where the gateway tells."""

    suite: ClassVar[str] = SUITE
    info: CaseInfo
    plan: PlanLimit
    scenario: Scenario
    operation: Operation
    requests: Mapping[Side, int]

    def run(self, tools: Tools) -> Checked:
        """Ask both sides once."""
        seen: dict[Side, quota_points.Quota] = {}
        for side in Side:
            if tools.stopping():
                return interrupted(self.info)
            request = _asked(tools, self.scenario, self.operation, side, self.plan.caller)
            if isinstance(request, str):
                return _no_credential(self.info, side, request)
            seen[side] = quota_points.quota_of(self.scenario.gateway(side).kind, tools.send([request])[0])
        found = quota_points.judge(self.plan, seen[Side.OLD], seen[Side.NEW])
        found.requests.update({side.value: 1 for side in seen})
        return found.checked(self.info, SUITE)


def add(draft: Draft) -> None:
    """Leave out the plans that cannot be tried, with the reason."""
    for plan in draft.security.limits:
        operation = _operation(draft, plan.caller)
        for column in _columns(plan):
            why = _why_not(plan, operation, column)
            if why:
                draft.leave_out(_probe(plan, operation, column), why)
            elif column == RATE and operation is not None and _other(draft, plan.caller, operation) is None:
                probe = _probe(plan, operation, "leaves others alone")
                draft.leave_out(probe, "there is no other caller whom no burst has throttled before")


def checks(draft: Draft, first: int) -> list[Check]:
    """Return the quotas' checks, then the bursts: what throttles a caller comes last."""
    found: list[Check] = []
    for column in (QUOTA, RATE):
        for plan in draft.security.limits:
            operation = _operation(draft, plan.caller)
            if operation is not None and column in _columns(plan) and not _why_not(plan, operation, column):
                found.append(_check(draft, plan, operation, column, first + len(found)))
    return found


def burst_size(plan: PlanLimit) -> int:
    """Return how many requests a burst has: the plan's burst, what refills meanwhile, and a little more."""
    burst = limits_points.allowed_at_once(plan)
    size = burst + math.ceil((plan.rate or 0.0) * _WINDOW) + _EXCESS
    return min(size, max(MOST, burst + _EXCESS))


def _check(draft: Draft, plan: PlanLimit, operation: Operation, column: str, index: int) -> Check:
    probe = _probe(plan, operation, column)
    if column == QUOTA:
        return QuotaCheck(
            info=info_of(draft, probe, index, proves_maybe=True),  # most gateways do not tell what is left
            plan=plan,
            scenario=draft.scenario,
            operation=operation,
            requests=dict.fromkeys(Side, 1),
        )
    other, size = _other(draft, plan.caller, operation), burst_size(plan)
    return RateCheck(
        info=info_of(draft, probe, index),
        plan=plan,
        scenario=draft.scenario,
        operation=operation,
        other=other,
        count=size,
        requests=dict.fromkeys(Side, 2 * size + 2 * (other is not None)),
    )


def _operation(draft: Draft, caller: str) -> Operation | None:
    return easiest([one for one in draft.operations if caller in one.callers])


def _other(draft: Draft, caller: str, operation: Operation) -> tuple[str, Operation] | None:
    """Return another caller, on the same operation if there is one for it, and what to ask as it.

    One without a plan is best; one whose own burst came before may be throttled still, and is not asked.
    """
    planned = [plan.caller for plan in draft.security.limits]
    spent = set(planned[: planned.index(caller) + 1])
    for fresh in (set(planned), spent):
        for one in (operation, *draft.operations):
            name = next((name for name in one.callers if name not in fresh and name != caller), "")
            if name and easiest([one]) is not None:
                return name, one
    return None


def _columns(plan: PlanLimit) -> list[str]:
    rate = [RATE] if plan.rate is not None or plan.burst is not None else []
    return rate + ([QUOTA] if plan.quota is not None else [])


def _why_not(plan: PlanLimit, operation: Operation | None, column: str) -> str:
    if operation is None:
        return f"no operation that {plan.caller} may use can be asked without changing something"
    most = 2 * burst_size(plan)
    if column == RATE and plan.quota is not None and 2 * most > plan.quota:
        return f"the bursts take up to {most} requests, more than half of the quota of {plan.quota}"
    return ""


def _probe(plan: PlanLimit, operation: Operation | None, column: str) -> Probe:
    row = operation.name if operation is not None else f"plan of {plan.caller}"
    return Probe(group=Group.LIMITS, row=row, column=column, caller=plan.caller)


def _asked(tools: Tools, scenario: Scenario, operation: Operation, side: Side, caller: str) -> Request | str:
    return presented(tools, caller, plain_request(scenario, operation, side))


def _no_credential(info: CaseInfo, side: Side, why: str, seen: Mapping[Side, Burst] = MappingProxyType({})) -> Checked:
    found = Found()
    found.say(Outcome.ERROR, f"{side.value}: {why}")
    _count(found, seen)
    return found.checked(info, SUITE)


def _count(found: Found, seen: Mapping[Side, Burst]) -> None:
    for side, burst in seen.items():
        found.requests[side.value] = burst.sent_before + burst.sent + burst.asked_others
