"""One asked step → compared, judged, recorded."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from harness.compare.causes import NOTHING, Causes, Explained
from harness.decide.pair import Judgement, judge, judge_alone
from harness.decide.probes import Judged, Jury, waived
from harness.engine.probing import Probing
from harness.engine.unit import Asked, Running
from harness.journal.encode import equal_pair
from harness.journal.mask import Mask
from harness.journal.record import Recorder
from harness.journal.replay import masked_like
from harness.model.difference import Cause, Difference
from harness.model.event import Recorded, RecordedDifference, RecordedPair, Round
from harness.model.exchange import Exchange
from harness.model.outcome import Outcome
from harness.model.response import Answer, NoResponse, Response
from harness.model.secret import Secret
from harness.model.side import Side
from harness.scenario.types import Case, Scenario

# met on nearly every pair: no reason to keep bodies as evidence
_USUAL = frozenset({Cause.IDENTITY, Cause.BOUND})


Seen = Callable[[Exchange | None, Exchange | None, tuple[Difference, ...], Judgement], None]


@dataclass(slots=True, kw_only=True)
class Examination:
    """The Examiner of a run.

    `keep_all` keeps every body (a one-sided run is of no use without). `stored` says that one side's answers come from
    an earlier run's journal, masked: the live side's are then masked alike before they are compared. `seen` is shown
    each step with the answers themselves, for whoever looks at a single case live.
    """

    scenario: Scenario
    recorder: Recorder
    mask: Mask
    today: date
    keep_all: bool = False
    stored: bool = False
    seen: Seen | None = None
    _causes: Causes = field(init=False)
    _probing: Probing = field(init=False)

    def __post_init__(self) -> None:
        scenario = self.scenario
        self._probing = Probing(Jury(kinds={side: scenario.gateway(side).kind for side in Side}))
        self._causes = Causes(
            old_gateway=scenario.old,
            new_gateway=scenario.new,
            paths=scenario.paths,
            rules=scenario.compare,
            waivers=scenario.waivers,
            today=self.today,
        )

    def keep_secret(self, secret: Secret) -> None:
        """Mask a value from now on."""
        self.mask.add(secret)

    def shown(self, text: str) -> str:
        """Return a text as it may be written down."""
        return self.mask.text(text)

    def pair(self, running: Running, asked: Asked) -> RecordedPair:
        """Compare, judge and record one step."""
        old, new = asked.answers.get(Side.OLD), asked.answers.get(Side.NEW)
        if asked.skipped or (old is None and new is None):
            why = asked.skipped or "was asked of no side"
            return _unasked(asked, why)
        if self.stored:
            old, new = self._like_stored(old), self._like_stored(new)
        explained, judgement, shown = self._judged(running.unit.case, asked, running, old, new)
        if self.seen is not None:
            self.seen(old, new, explained.differences, judgement)
        keep = self._keeps(judgement, explained)
        plain = explained is NOTHING and judgement.outcome is Outcome.PASS and not asked.lost
        if plain and shown is None and old and new:
            return self._equal(asked, old, new, keep=keep)
        counts, differences, cut = self._differences(explained)
        return RecordedPair(
            step=asked.index,
            first=asked.first.value,
            old=self._record(old, keep=keep),
            new=self._record(new, keep=keep),
            noise=tuple([self.recorder.exchange(repeat, keep=keep) for repeat in asked.repeats]),
            counts=counts,
            differences=differences,
            cut=cut,
            broken=self._shown(explained.broken),
            waivers=explained.waivers_used,
            outcome=judgement.outcome.value,
            why=self._shown(judgement.why + self._more(explained, judgement) + _told(running.unit.case, asked)),
            decisions=shown.decisions if shown else None,
            likeness=shown.likeness if shown else None,
        )

    def take(self, event: Round) -> None:
        """Learn from an earlier session's journal how the sides answered the valid callers."""
        self._probing.take(event)

    def _judged(
        self, case: Case, asked: Asked, running: Running, old: Exchange | None, new: Exchange | None
    ) -> tuple[Explained, Judgement, Judged | None]:
        """Explain and judge a step; what a probe showed comes with the step that it is about."""
        explained = self._explain(running, asked, old, new)
        if case.probe is None or asked.index < len(case.steps) - 1:
            return explained, self._judge(asked, explained), None
        judged = self._probing.judge(case, case.probe, old, new, explained.differences)
        told, used = self._causes.waived(judged.differences, case.name, case.operation)
        judged = waived(case.probe, judged, told) if used else judged
        return Explained(differences=judged.differences, waivers_used=used), judged.judgement, judged

    def _equal(self, asked: Asked, old: Exchange, new: Exchange, *, keep: bool) -> RecordedPair:
        record = self.recorder.exchange
        noise = tuple([record(repeat, keep=keep) for repeat in asked.repeats]) if asked.repeats else ()
        return equal_pair(asked.index, asked.first.value, record(old, keep=keep), record(new, keep=keep), noise)

    @staticmethod
    def _more(explained: Explained, judgement: Judgement) -> tuple[str, ...]:
        return () if judgement.outcome is Outcome.PASS else explained.repeat_notes

    def _shown(self, texts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(self.mask.text, texts)) if texts else ()

    def _differences(self, explained: Explained) -> tuple[dict[str, int], tuple[RecordedDifference, ...], bool]:
        if not explained.differences:
            return {}, (), False
        return self.recorder.differences(explained.differences)

    def _explain(self, running: Running, asked: Asked, old: Exchange | None, new: Exchange | None) -> Explained:
        if old is None or new is None:
            return Explained(broken=self._causes.broken(asked.step.expect, old, new))
        case = running.unit.case
        return self._causes.explain(
            old,
            new,
            asked.repeats,
            case=case.name,
            operation=case.operation,
            expect=asked.step.expect,
            captures=_both(running.captures),
        )

    def _judge(self, asked: Asked, explained: Explained) -> Judgement:
        old, new = asked.answers.get(Side.OLD), asked.answers.get(Side.NEW)
        expect = asked.step.expect
        if old is not None and new is not None:
            return judge(
                old.answer,
                new.answer,
                differences=explained.differences,
                broken=explained.broken,
                expect=expect,
                identified=asked.step.identity is not None,
                strict=self.scenario.compare.strict,
            )
        only = old or new
        assert only is not None
        side = only.request.side.value
        if asked.step.side is None:
            return _half(only.answer, side)
        return judge_alone(only.answer, side=side, expect=expect, broken=explained.broken)

    def _like_stored(self, exchange: Exchange | None) -> Exchange | None:
        if exchange is None or not isinstance(exchange.answer, Response):
            return exchange
        return replace(exchange, answer=masked_like(exchange.answer, self.recorder))

    def _keeps(self, judgement: Judgement, explained: Explained) -> bool:
        kept = self.scenario.evidence.bodies
        if self.keep_all or kept == "all":
            return True
        return kept == "differing" and (judgement.outcome is not Outcome.PASS or _telling(explained.differences))

    def _record(self, exchange: Exchange | None, *, keep: bool) -> Recorded | None:
        return None if exchange is None else self.recorder.exchange(exchange, keep=keep)


def _telling(differences: Sequence[Difference]) -> bool:
    return any(difference.cause not in _USUAL for difference in differences)


def _half(answer: Answer, side: str) -> Judgement:
    """Judge one half of a comparison: whatever it is, it proves nothing alone."""
    why = f"only the {side} side was asked"
    if isinstance(answer, NoResponse):
        return Judgement(outcome=Outcome.ERROR, why=(f"{why}, and did not answer ({answer.reason}): {answer.detail}",))
    return Judgement(outcome=Outcome.INCONCLUSIVE, why=(why,))


def _unasked(asked: Asked, why: str) -> RecordedPair:
    return RecordedPair(
        step=asked.index, first=asked.first.value, counts={}, outcome=Outcome.INCONCLUSIVE.value, why=(why,)
    )


_NO_CAPTURES: dict[str, tuple[str | None, str | None]] = {}


def _both(captures: dict[Side, dict[str, str]]) -> dict[str, tuple[str | None, str | None]]:
    old, new = captures[Side.OLD], captures[Side.NEW]
    if not old and not new:
        return _NO_CAPTURES
    return {name: (old.get(name), new.get(name)) for name in {**old, **new}}


def _told(case: Case, asked: Asked) -> tuple[str, ...]:
    """Tell what could not be captured, where a later step needs it."""
    if not asked.lost or len(case.steps) == 1:
        return ()
    return tuple(
        f"{side}: nothing to capture for {', '.join(f'`{name}`' for name in lost)}"
        for side, lost in asked.lost.items()
        if lost
    )
