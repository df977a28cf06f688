"""Two answers held against each other and against the valid caller's, where a status alone says too little."""

from collections.abc import Sequence
from dataclasses import dataclass

from harness.decide.likeness import Likeness
from harness.decide.reading import Control, Read
from harness.model.difference import Cause, Difference
from harness.model.exchange import Exchange
from harness.model.outcome import Outcome
from harness.model.probe import Decision, Group, Probe, Reads, Wants
from harness.model.response import Response
from harness.model.side import Side

R, T, U = Decision.REFUSED, Decision.THROUGH, Decision.UNCLEAR
Asked = tuple[Exchange, Exchange]
Reason = tuple[Outcome, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlSeen:
    """How a side answered the valid caller; `like` is None where that was not kept."""

    status: int | None
    decision: Decision
    like: Likeness | None = None

    @property
    def held(self) -> Control | None:
        """Return what other answers are held against: nothing, where the valid caller was not let in."""
        if self.status is None or self.decision is not Decision.THROUGH:
            return None
        return Control(status=self.status, like=self.like)


def missing(probe: Probe, asked: tuple[Exchange, Exchange], reads: tuple[Read, Read]) -> tuple[Read, Read]:
    """Read the same 404 on both sides alike, and to the valid caller as a backend's word.

    An HTTP API's "Not Found" is that of many backends, to the letter. Where it is the product's after all, everybody
    gets it: then what leans on this control shows nothing.
    """
    said = [one.answer for one in asked if isinstance(one.answer, Response) and one.answer.status == 404]
    if probe.reads in {Reads.CORS, Reads.REACH} or (reads[0][0] is reads[1][0] and not probe.valid):
        return reads
    if len(said) < len(asked) or not Likeness.of(said[0]).same_words(Likeness.of(said[1])):
        return reads
    alike = T if probe.valid else R, "404, in the same words on both sides"
    return alike, alike


def by_content(
    probe: Probe, asked: tuple[Exchange, Exchange], reads: tuple[Read, Read], controls: dict[Side, ControlSeen] | None
) -> tuple[Read, Read]:
    """Read a success as a refusal where one side alone gives the valid caller's document, the other some other one.

    Some gateways say "no" with 200: then both sides seem to let through what one of them refuses.
    """
    compared = probe.group in {Group.CALLERS, Group.WAF} and not probe.valid and probe.wants is Wants.SAME
    if not compared or controls is None or not all(read[0] is T for read in reads):
        return reads
    like = [controls[one.request.side].like if one.request.side in controls else None for one in asked]
    said = [Likeness.of(one.answer) if _succeeds(one) else None for one in asked]  # type: ignore[arg-type]
    if None in like or None in said:
        return reads
    pairs = [(one, other) for one, other in zip(said, like, strict=True) if one is not None and other is not None]
    same, foreign = [one.alike(other) for one, other in pairs], [one.foreign(other) for one, other in pairs]
    refused = R, "a success, but with another document than the valid caller's"
    if foreign[0] and same[1]:
        return refused, reads[1]
    return (reads[0], refused) if same[0] and foreign[1] else reads


def _succeeds(asked: Exchange) -> bool:
    return isinstance(asked.answer, Response) and 200 <= asked.answer.status < 300


def says_the_same(mine: Read, theirs: Read, old: Exchange, new: Exchange, explained: Sequence[Difference]) -> bool:
    """Tell whether both sides answer the same error in the same words: whatever it means, it means it twice."""
    if not (mine[0] is theirs[0] is U):
        return False
    before, after = old.answer, new.answer
    if not (isinstance(before, Response) and isinstance(after, Response) and before.status == after.status):
        return False
    named = 400 <= before.status < 500 and before.status not in {408, 429} and bool(before.body.content.strip())
    return named and all(one.cause in _SAID_THE_SAME for one in explained)


_SAID_THE_SAME = frozenset({Cause.IDENTITY, Cause.BOUND, Cause.NOISE})


def served_nobody(
    probe: Probe, asked: tuple[Exchange, Exchange], reads: tuple[Read, Read], controls: dict[Side, ControlSeen] | None
) -> list[Reason]:
    """Tell where an error says nothing about the caller, since the valid one gets it too."""
    if probe.valid or not controls or not _as_for_all(asked[1], controls):
        return []
    before = controls[Side.OLD].status if Side.OLD in controls else None
    if (reads[0][0], reads[1][0]) == (R, T) and before is not None and before < 400:
        why = f"old refuses ({reads[0][1]}); new answers the valid caller, too, with {reads[1][1]}"
        return [(Outcome.INCONCLUSIVE, f"{why}: it serves nobody here, where old does, so that this shows nothing")]
    if probe.group is Group.CALLERS and probe.dangerous and _as_for_all(asked[0], controls):
        why = f"both answer everybody alike, the valid caller too (old: {reads[0][1]}, new: {reads[1][1]})"
        return [(Outcome.INCONCLUSIVE, f"{why}: this shows nothing; ask for something that there is")]
    return []


def _as_for_all(asked: Exchange, controls: dict[Side, ControlSeen]) -> bool:
    """Tell whether this is an error, and the one that the valid caller gets, in its words."""
    answer, seen = asked.answer, controls.get(asked.request.side)
    if not isinstance(answer, Response) or answer.status < 400 or seen is None or seen.status != answer.status:
        return False
    return seen.like is None or Likeness.of(answer).same_words(seen.like)


def likeness(*asked: Exchange) -> dict[str, str]:
    """Return what these answers are like, by side, as the journal keeps it."""
    answers = ((one.request.side.value, one.answer) for one in asked)
    return {side: Likeness.of(answer).told() for side, answer in answers if isinstance(answer, Response)}
