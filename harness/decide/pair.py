"""The outcome of one pair (design §5)."""

from collections.abc import Sequence
from dataclasses import dataclass

from harness.model.difference import Cause, Difference
from harness.model.outcome import Outcome
from harness.model.response import Answer, NoResponse, Reason, Response
from harness.model.rule import Expect

_FAILING = frozenset({Cause.UNEXPLAINED, Cause.WEAKER})
_OUR_OWN = {
    Reason.HARNESS: "the harness was too slow to tell",
    Reason.REFUSED_TO_SEND: "could not be sent",
}


_WORDS = {
    "missing": "new lacks it",
    "added": "new adds it",
    "type": "another type",
    "value": "another value",
    "order": "another order",
    "null-absent": "null on one side, absent on the other",
    "format": "another format",
    "coding": "another content coding",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """An outcome and the sentences that say why (none for a plain PASS)."""

    outcome: Outcome = Outcome.PASS
    why: tuple[str, ...] = ()


_PASS = Judgement()


def fails(cause: Cause, *, strict: bool) -> bool:
    """Tell whether a difference of this cause fails its case."""
    return cause in _FAILING or (strict and cause is Cause.GATEWAY)


def judge(
    old: Answer,
    new: Answer,
    *,
    differences: Sequence[Difference] = (),
    broken: Sequence[str] = (),
    expect: Expect,
    identified: bool,
    strict: bool,
) -> Judgement:
    """Judge a pair that was asked of both sides; `identified` says whether the case has `as`."""
    doubt = _old_proves_nothing(old, expect, identified=identified)
    if not differences and not broken and doubt is None and isinstance(new, Response):
        return _PASS
    reasons = [doubt] if doubt else []
    reasons += [_side_broken(text) for text in broken]
    silent = _new_silent(old, new)
    if silent:
        reasons.append(silent)
    reasons += _failing(differences, strict=strict, comparable=_comparable(doubt, broken))
    return judgement_of(reasons)


def judge_alone(answer: Answer, *, side: str, expect: Expect, broken: Sequence[str]) -> Judgement:
    """Judge a step that only one side is asked: it must answer, and not with an error that nobody expects."""
    mine = [text for text in broken if text.startswith(side)]
    named = bool(expect.both.status or (expect.old if side == "old" else expect.new).status)
    blame = Outcome.FAIL if side == "new" else Outcome.ERROR
    if isinstance(answer, NoResponse):
        own = _OUR_OWN.get(answer.reason)
        return judgement_of([(Outcome.ERROR if own else blame, f"{side}: {own or answer.reason}: {answer.detail}")])
    reasons = [(blame, text) for text in mine]
    if answer.status >= 400 and not named:
        reasons.append((blame, f"{side}: status {answer.status}, which no `expect` names"))
    return judgement_of(reasons)


_Reason = tuple[Outcome, str]


def judgement_of(reasons: Sequence[_Reason]) -> Judgement:
    """Return the worst of the outcomes, with all reasons, the worst first; PASS for none."""
    if not reasons:
        return _PASS
    ordered = sorted(reasons, key=lambda reason: -reason[0].rank)
    return Judgement(outcome=ordered[0][0], why=tuple(text for _, text in ordered))


def _old_proves_nothing(old: Answer, expect: Expect, *, identified: bool) -> _Reason | None:
    if isinstance(old, NoResponse):
        own = _OUR_OWN.get(old.reason)
        words = own or f"old did not answer ({old.reason})"
        return Outcome.ERROR, f"nothing to compare with: {words}: {old.detail}"
    status = old.status
    doubtful = status >= 500 or status == 429 or (identified and status in {401, 403})
    if not doubtful or status in (*expect.both.status, *expect.old.status):
        return None
    return Outcome.INCONCLUSIVE, f"old answered {status}, which proves nothing unless `expect` names it"


def _side_broken(text: str) -> _Reason:
    return (Outcome.ERROR if text.startswith("old") else Outcome.FAIL), text


def _new_silent(old: Answer, new: Answer) -> _Reason | None:
    if not isinstance(new, NoResponse):
        return None
    own = _OUR_OWN.get(new.reason)
    if own:
        return Outcome.ERROR, f"new: {own}: {new.detail}"
    if isinstance(old, NoResponse):
        return Outcome.ERROR, f"new did not answer either ({new.reason}): {new.detail}"
    return Outcome.FAIL, f"old answers, new does not ({new.reason}): {new.detail}"


def _comparable(doubt: _Reason | None, broken: Sequence[str]) -> bool:
    return doubt is None and not any(text.startswith("old: expected status") for text in broken)


def _failing(differences: Sequence[Difference], *, strict: bool, comparable: bool) -> list[_Reason]:
    """Return one reason per failing difference; what an unusable old answer differs in proves nothing."""
    reasons = []
    for difference in differences:
        if difference.at == "response" or not fails(difference.cause, strict=strict):
            continue
        if comparable or difference.cause is Cause.WEAKER:
            reasons.append((Outcome.FAIL, describe(difference)))
    return reasons


def describe(difference: Difference) -> str:
    """Return one line that begins with the place; values, but for a status, are shown beside it, masked."""
    weaker = "weaker than old: " if difference.cause is Cause.WEAKER else ""
    if difference.at == "status":
        return f"{weaker}status: old {difference.old}, new {difference.new}"
    return f"{weaker}{difference.at}: {_WORDS.get(difference.kind, difference.kind)}"
