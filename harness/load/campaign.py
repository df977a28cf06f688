"""One load run, from the first request to the verdicts: plan, send, count, compare, judge, tell."""

import random
import time
from collections.abc import Iterator
from typing import Any

from harness.load import mix, plan, schedule
from harness.load.asking import Asked, NotPresented, asked, renewed
from harness.load.entries import SUITE, failed
from harness.load.monitoring import Monitoring
from harness.load.process import Generator
from harness.load.recorded import unread
from harness.load.sending import Sending
from harness.model.check import Tools
from harness.model.errors import HarnessError
from harness.model.event import Checked, Loaded, Loading, Note
from harness.model.load import LoadState
from harness.model.request import SAFE_METHODS, Request
from harness.model.series import Telemetry
from harness.model.side import Side
from harness.scenario.types import Load, Scenario

Bind = tuple[str, int]
"""Host and port where workers of other machines are awaited."""

_STATES = {
    "finished": LoadState.FINISHED,
    "stopped": LoadState.INTERRUPTED,
    "aborted": LoadState.ABORTED,
    "lost": LoadState.WORKER_LOST,
}


class Campaign:
    """The load of a scenario, sent once; every check of the suite takes its part of the outcome."""

    def __init__(self, scenario: Scenario, *, bind: Bind | None = None) -> None:
        """Read the mix and the arrivals; raises ScenarioError where they name what is not there.

        `planned` says what will be sent.
        """
        assert scenario.load is not None
        self._scenario = scenario
        self._load: Load = scenario.load
        self._bind = bind
        self._shares = mix.shares(scenario)
        self._arrivals = schedule.arrivals_of(scenario)
        self._seed = random.SystemRandom().randrange(2**32)
        self.planned = plan.most(scenario, self._arrivals, seed=self._seed)
        self._judged: dict[int, Checked] = {}
        self._begun = False

    def checked(self, tools: Tools, index: int) -> Checked:
        """Return what the load says of check `index`; the first call sends it.

        Raises HarnessError where an earlier call broke off: a load is sent once, whatever became of it.
        """
        if not self._begun:
            self._begun = True
            self._judged = {one.index: one for one in self._measure(tools)}
        if index not in self._judged:
            raise HarnessError("the load broke off, and is not sent a second time")
        return self._judged[index]

    def _measure(self, tools: Tools) -> list[Checked]:
        """Send the load and judge it; what stops it before the first request is an ERROR of every threshold."""
        if why := plan.unnamed_proxy(self._scenario):
            return failed(self._load, why, suite=SUITE, at=time.time())
        everything = asked(self._scenario, self._shares)
        try:
            presented = [one.presented(tools) for one in everything]
        except NotPresented as missing:
            return failed(self._load, str(missing), suite=SUITE, at=time.time())
        history = Monitoring(self._scenario).history(tools)
        made = self._made(everything, presented)
        for text in self._left_out():
            tools.tell(Note(at=time.time(), text=text))
        tools.tell(self._loading(everything))
        sending = self._sent(made, everything, presented, tools)
        return self._judge(sending, history, everything, tools)

    def _made(self, everything: list[Asked], presented: list[dict[Side, Request]]) -> dict[str, Any]:
        requests = [
            (one.case, one.caller, sides[Side.OLD], sides[Side.NEW])
            for one, sides in zip(everything, presented, strict=True)
        ]
        return plan.plan_of(self._scenario, self._shares, requests, seed=self._seed, arrivals=self._arrivals)

    def _loading(self, everything: list[Asked]) -> Loading:
        return Loading(
            at=time.time(),
            suite=SUITE,
            profile=schedule.words(self._load.profile),
            order=self._load.order,
            workers=self._load.workers,
            seconds=self.planned.whole - self._load.warm_up,
            warm_up=self._load.warm_up,
            planned=self._requests,
            mix=dict(self._shares.weights),
            changes=any(one.case.steps[0].method not in SAFE_METHODS for one in everything),
            seed=self._seed,
        )

    def _left_out(self) -> Iterator[str]:
        """Tell what the load does not cover, so that nobody takes it for proven."""
        for name, why in self._shares.left_out.items():
            yield f"not under load: {name}: {why}"
        if self._shares.uncovered:
            share = f"{100 * self._shares.uncovered:.1f} %"
            examples = "; ".join(self._shares.examples)
            yield f"not under load: {share} of the recording, which no case stands for: {examples}"
        yield from (f"not under load: {text}" for text in unread(self._load))
        if told := plan.over_http_1(self._scenario):
            yield f"under load: {told}"

    @property
    def _requests(self) -> dict[str, int]:
        return {side.value: self.planned.requests for side in Side}

    def _sent(
        self,
        made: dict[str, Any],
        everything: list[Asked],
        presented: list[dict[Side, Request]],
        tools: Tools,
    ) -> Sending:
        from harness.load.counts import Counts  # noqa: PLC0415  heavy, and most runs load nothing

        sending = Sending(
            generator=Generator(made, workers=self._load.workers, bind=self._bind),
            counts=Counts(made["operations"], made["slice"]),
            tools=tools,
            renew=lambda: renewed(everything, presented, tools),
            seconds=self.planned.whole - self._load.warm_up,
            warm_up=self._load.warm_up,
        )
        sending.run()
        return sending

    def _judge(
        self, sending: Sending, history: tuple[Telemetry, ...], everything: list[Asked], tools: Tools
    ) -> list[Checked]:
        """Compare, journal what was measured, and judge each threshold by it."""
        from harness.load import compare, judge, validity  # noqa: PLC0415  heavy, and most runs load nothing

        counts = sending.counts
        state, why = _state(sending)
        began = sending.started + self._load.warm_up
        window = Monitoring(self._scenario).window(began, time.time(), tools) if sending.started else ()
        per_slice = compare.planned_per_slice(self._load.profile, self._arrivals, counts.slice_seconds)
        generator = validity.generator(self._load, counts, sending.ended)
        found = compare.compared(counts, self._load.thresholds, seed=0)
        tools.tell(
            Loaded(
                at=time.time(),
                suite=SUITE,
                state=state.value,
                why=why,
                started=began if sending.started else 0.0,
                seconds=self.planned.seconds,
                arms=compare.arms(counts),
                slices=compare.slices(counts, per_slice),
                slice_seconds=counts.slice_seconds,
                compared=found,
                generator=generator,
                history=history,
                window=window,
            )
        )
        return judge.judged(
            self._load,
            counts,
            found,
            generator,
            suite=SUITE,
            at=time.time(),
            planned=self._requests,
            seconds=self.planned.seconds,
            history=history,
            window=window,
            state=state,
            why=why,
            presented=_presented(everything),
            named=_named(everything),
        )


def _presented(everything: list[Asked]) -> frozenset[str]:
    """Return the operations that are asked as a caller, and whose refusal no `expect` names."""
    return frozenset(
        one.case.operation
        for one in everything
        if one.caller and not any(plan.allowed(one.case.steps[0].expect, side) for side in Side)
    )


def _named(everything: list[Asked]) -> frozenset[str]:
    """Return the operations of which each case's `expect` names what new may answer."""
    bare = {one.case.operation for one in everything if not plan.allowed(one.case.steps[0].expect, Side.NEW)}
    return frozenset(one.case.operation for one in everything) - bare


def _state(sending: Sending) -> tuple[LoadState, str]:
    """Return how the load ended, and more of it where that is not as planned."""
    detail = str(sending.ended.get("detail", ""))
    if sending.trouble:
        return LoadState.FAILED, sending.trouble
    state = _STATES.get(str(sending.ended.get("why", "stopped")), LoadState.FAILED)
    return state, detail
