"""Two answers to a probe → decisions, differences with their causes, and an outcome.

What is compared is what the sides decided. Words may differ: two refusals are the same thing, said by two products.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from harness.decide.held import ControlSeen, by_content, likeness, missing, says_the_same, served_nobody
from harness.decide.hygiene import lost
from harness.decide.pair import Judgement, judgement_of
from harness.decide.reading import Read, ours, read
from harness.decide.remedies import remedy
from harness.dialects.registry import dialect
from harness.model.difference import Cause, Difference, Kind
from harness.model.exchange import Exchange
from harness.model.outcome import Outcome
from harness.model.probe import Decision, Group, Probe, Reads, Wants
from harness.model.response import NoResponse, Response
from harness.model.side import Side

R, T, U = Decision.REFUSED, Decision.THROUGH, Decision.UNCLEAR
_SAME_WORDS = "both sides refuse, each in its product's words"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What a probe showed: `decisions` and `likeness` by side, as in RecordedPair."""

    judgement: Judgement
    differences: tuple[Difference, ...] = ()
    decisions: dict[str, str] = field(default_factory=dict)
    likeness: dict[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Jury:
    """Judges the probes of one scenario; `kinds` are those of the gateways."""

    kinds: dict[Side, str]

    def pair(
        self,
        probe: Probe,
        old: Exchange,
        new: Exchange,
        *,
        controls: dict[Side, ControlSeen] | None,
        explained: Sequence[Difference],
    ) -> Judged:
        """Judge a probe that was asked of both sides.

        `explained` are the differences of the whole answers, with their causes; `controls` None if the control was not
        asked.
        """
        asked = old, new
        reads = self._read(probe, old, controls), self._read(probe, new, controls)
        mine, theirs = by_content(probe, asked, missing(probe, asked, reads), controls)
        if ours(old.answer) or ours(new.answer):
            return _told(mine, theirs, [(Outcome.ERROR, f"the harness could not ask: {_own_words(old, new)}")])
        empty = served_nobody(probe, (old, new), (mine, theirs), controls)
        if empty:
            return _told(mine, theirs, empty)
        differences = self._differences(probe, (old, new), (mine, theirs), explained)
        alike = says_the_same(mine, theirs, old, new, explained)
        reasons = [] if alike else _decided(probe, mine, theirs, old, new)
        reasons += _hygiene_reasons(differences, decided=bool(reasons))
        if not reasons:
            reasons = _answers(probe, mine, theirs, differences) or _unfounded(probe, controls, mine)
        judged = _told(mine, theirs, reasons, differences)
        return replace(judged, likeness=likeness(old, new)) if probe.valid else judged

    def alone(self, probe: Probe, asked: Exchange, *, controls: dict[Side, ControlSeen] | None) -> Judged:
        """Judge a probe of a door that only one side has: it must be shut."""
        side = asked.request.side
        decision, words = self._read(probe, asked, controls)
        told = {side.value: decision.value}
        if ours(asked.answer) or decision is U:
            why = f"{side}: {words}"
            return Judged(judgement=judgement_of([(Outcome.INCONCLUSIVE, why)]), decisions=told)
        if decision is R:
            return Judged(judgement=judgement_of([]), decisions=told)
        status = str(asked.answer.status) if isinstance(asked.answer, Response) else words
        difference = Difference(
            at="status",
            kind=Kind.VALUE,
            old="not asked",
            new=status,
            cause=Cause.WEAKER,
            note=words,
            remedy=remedy(probe, self.kinds[side]),
        )
        open_to = "open to whoever knows the address" if probe.group is Group.DOORS else "let in, but must be refused"
        why = f"weaker: {open_to}: {words}"
        return Judged(judgement=judgement_of([(Outcome.FAIL, why)]), differences=(difference,), decisions=told)

    def _read(self, probe: Probe, asked: Exchange, controls: dict[Side, ControlSeen] | None) -> Read:
        side = asked.request.side
        control = controls.get(side) if controls else None
        held = control.held if control else None
        return read(probe, asked.request, asked.answer, held, dialect(self.kinds[side]))

    def _differences(
        self,
        probe: Probe,
        asked: tuple[Exchange, Exchange],
        reads: tuple[Read, Read],
        explained: Sequence[Difference],
    ) -> tuple[Difference, ...]:
        (mine, _), (theirs, words) = reads
        found: tuple[Difference, ...] = ()
        refused = (mine, theirs) == (R, R) and probe.reads is not Reads.CORS  # there it is the browser that refuses
        if refused:
            found = tuple(self._in_other_words(one) for one in explained)
        elif mine is theirs:
            whole = mine is T and probe.reads is Reads.ANSWER  # other contents are for the parity suite
            found = tuple(explained) if whole else ()
        elif mine is not U:
            found = (self._decision(probe, asked, mine, theirs, words),)
        old, new = asked[0].answer, asked[1].answer
        if isinstance(old, Response) and isinstance(new, Response) and (probe.valid or refused):
            gone = lost(old, new)
            told = {one.at for one in gone}
            found = (*(one for one in found if one.at not in told), *gone)
        return found

    def _in_other_words(self, one: Difference) -> Difference:
        if one.cause not in {Cause.UNEXPLAINED, Cause.WEAKER}:
            return one
        text = dialect(self.kinds[Side.NEW]).same_answer_else if one.at == "status" else ""
        return replace(one, cause=Cause.GATEWAY, note=_SAME_WORDS, remedy=text.replace("{status}", one.old or ""))

    def _decision(
        self, probe: Probe, asked: tuple[Exchange, Exchange], mine: Decision, theirs: Decision, words: str
    ) -> Difference:
        """Return the difference that the decisions are; at the status where that shows it."""
        old, new = (_status(one) for one in asked)
        at = "status" if old != new else "decision"
        cause, note, advice = self._account(probe, mine, theirs, words)
        return Difference(
            at=at,
            kind=Kind.VALUE,
            old=old if at == "status" else mine.value,
            new=new if at == "status" else theirs.value,
            cause=cause,
            note=note,
            remedy=advice,
        )

    def _account(self, probe: Probe, mine: Decision, theirs: Decision, words: str) -> tuple[Cause, str, str]:
        """Return why the two decide otherwise, in a note, and what to do."""
        if _is_excused(probe, mine, theirs):
            return Cause.GATEWAY, probe.excuse, ""
        if probe.wants is Wants.UNCHANGED and probe.change and theirs is R:
            return Cause.INTENDED, probe.change, ""
        weaker = (mine, theirs) == (R, T)
        advice = remedy(probe, self.kinds[Side.NEW], weaker=weaker)
        return Cause.WEAKER if weaker else Cause.UNEXPLAINED, f"{probe.column}: new {theirs} ({words})", advice


def waived(probe: Probe, judged: Judged, told: tuple[Difference, ...]) -> Judged:
    """Return what is left of a judgement where waivers took differences.

    Only what was decided can be waived, and never that clients would have to change: `clients_change` names those.
    """
    settled = U.value not in judged.decisions.values() and probe.wants is Wants.SAME
    failing = any(one.cause in {Cause.WEAKER, Cause.UNEXPLAINED} for one in told)
    if not settled or failing or judged.judgement.outcome is not Outcome.FAIL:
        return judged
    notes = [one.note for one in told if one.cause is Cause.WAIVED][:1]
    return replace(judged, differences=told, judgement=Judgement(why=tuple(notes)))


def _is_excused(probe: Probe, mine: Decision, theirs: Decision) -> bool:
    """Tell whether the two products are known to decide this otherwise, in this very direction."""
    return mine is not theirs and probe.excused is theirs


_Reason = tuple[Outcome, str]


def _told(mine: Read, theirs: Read, reasons: Sequence[_Reason], differences: tuple[Difference, ...] = ()) -> Judged:
    return Judged(
        judgement=judgement_of(reasons),
        differences=differences,
        decisions={Side.OLD.value: mine[0].value, Side.NEW.value: theirs[0].value},
    )


def _decided(probe: Probe, mine: Read, theirs: Read, old: Exchange, new: Exchange) -> list[_Reason]:
    """Return what the two decisions alone say; nothing where they agree."""
    (before, old_words), (after, new_words) = mine, theirs
    if before is U and isinstance(old.answer, NoResponse):
        return [(Outcome.ERROR, f"old is unclear: {old_words}")]  # whatever new says, this is one trouble
    if before is U:
        return [(Outcome.INCONCLUSIVE, f"old is unclear: {old_words}; new: {after} ({new_words})")]
    if after is U:
        return [_new_unclear(before, new, new_words)]
    if probe.wants is Wants.UNCHANGED:
        return _unchanged(probe, before, after, old_words, new_words)
    if probe.valid and before is after is R:
        return [(Outcome.INCONCLUSIVE, f"both refuse a caller of the scenario (old: {old_words}): this shows nothing")]
    if _is_excused(probe, before, after):
        return []
    if (before, after) == (R, T):
        return [(Outcome.FAIL, f"weaker than old: old refuses ({old_words}), new lets through ({new_words})")]
    if (before, after) == (T, R):
        return [(Outcome.FAIL, f"stricter than old: old lets through ({old_words}), new refuses ({new_words})")]
    return []


def _new_unclear(before: Decision, new: Exchange, words: str) -> _Reason:
    """Judge a new side that gives no decision: silence and crashes are failures, the rest proves nothing."""
    crashed = isinstance(new.answer, NoResponse) or new.answer.status >= 500
    outcome = Outcome.FAIL if crashed else Outcome.INCONCLUSIVE
    return outcome, f"old: {before}; new is unclear: {words}"


def _unchanged(probe: Probe, before: Decision, after: Decision, old_words: str, new_words: str) -> list[_Reason]:
    if before is R:
        return [(Outcome.INCONCLUSIVE, f"old refuses a credential of its own ({old_words})")]
    if after is R and not probe.change:
        why = f"{probe.caller} would have to change: new refuses the credential that old accepts ({new_words})"
        return [(Outcome.FAIL, why)]
    return []


def _hygiene_reasons(differences: Sequence[Difference], *, decided: bool) -> list[_Reason]:
    if decided:
        return []
    return [
        (Outcome.FAIL, f"{one.cause}: {one.at}: {one.note}")
        for one in differences
        if one.cause in {Cause.WEAKER, Cause.UNEXPLAINED} and one.at.startswith("header:")
    ]


def _answers(probe: Probe, mine: Read, theirs: Read, differences: Sequence[Difference]) -> list[_Reason]:
    """Judge two answers of callers that were let through: their status, or all of them where it is about content."""
    if not (mine[0] is theirs[0] is T):
        return []
    return [
        (Outcome.FAIL, f"both let {probe.column} through, but answer otherwise: {one.at}: {one.old} became {one.new}")
        for one in differences
        if one.cause in {Cause.WEAKER, Cause.UNEXPLAINED} and not one.at.startswith("header:")
    ]


def _unfounded(probe: Probe, controls: dict[Side, ControlSeen] | None, mine: Read) -> list[_Reason]:
    """Tell where two refusals prove nothing, since the valid caller is not let in either."""
    if probe.control is None or mine[0] is not R:
        return []
    if controls is None:
        return [(Outcome.INCONCLUSIVE, "the valid caller was not asked, so that a refusal shows nothing")]
    shut = [side.value for side, seen in controls.items() if seen.decision is not T]
    if not shut:
        return []
    return [(Outcome.INCONCLUSIVE, f"{' and '.join(shut)}: the valid caller is not let in either: this shows nothing")]


def _status(asked: Exchange) -> str:
    answer = asked.answer
    return str(answer.status) if isinstance(answer, Response) else answer.reason.value


def _own_words(*asked: Exchange) -> str:
    said = [one.answer.detail for one in asked if isinstance(one.answer, NoResponse) and ours(one.answer)]
    return "; ".join(dict.fromkeys(said))
