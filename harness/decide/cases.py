"""What became of each planned case."""

from collections import Counter
from dataclasses import dataclass, field
from statistics import median

from harness.model.difference import Cause
from harness.model.event import Anew, CaseInfo, Checked, Judged, Planned, Recorded, RecordedPair, Round
from harness.model.finding import CaseResult
from harness.model.outcome import Outcome

MOST_REASONS = 12
OWN_TESTS = "own tests"

_UNSEEN = dict.fromkeys(("load", "dns"), "the run ended before this was judged")

_OF_PYTEST = {"passed": Outcome.PASS, "failed": Outcome.FAIL, "error": Outcome.ERROR}


@dataclass(slots=True)
class _Case:
    """What is known so far of one case."""

    info: CaseInfo
    suite: str
    outcome: Outcome = Outcome.PASS
    why: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    rounds: set[int] = field(default_factory=set)
    bad_rounds: int = 0
    statuses: tuple[str, str] = ("", "")
    old_ms: list[float] = field(default_factory=list)
    new_ms: list[float] = field(default_factory=list)
    skipped: bool = False
    compared: bool = False
    decisions: dict[str, str] | None = None
    facts: dict[str, dict[str, str]] = field(default_factory=dict)


class CaseFold:
    """Cases by suite and index, in the order of the plan."""

    def __init__(self) -> None:
        self.pairs = 0
        self._cases: dict[tuple[str, int], _Case] = {}

    def plan(self, planned: Planned) -> None:
        """Take what is to be judged."""
        for info in planned.cases:
            self._cases.setdefault((planned.suite, info.index), _Case(info=info, suite=planned.suite))

    def add_round(self, event: Round) -> None:
        """Take one asking of a case; one that was not planned is an error of its own, told as such."""
        case = self._cases.get((event.suite, event.index))
        if case is None:
            info = CaseInfo(index=event.index, name=event.case, operation="", rounds=event.round + 1)
            case = self._cases[event.suite, event.index] = _Case(info=info, suite=event.suite)
            _blame(case, Outcome.ERROR, "was sent but never planned")
        if event.round in case.rounds:
            _blame(case, Outcome.ERROR, f"round {event.round + 1} is in the journal twice")
        case.rounds.add(event.round)
        if case.info.probe is not None:
            _take_decisions(case, event)
        bad = False
        for pair in event.pairs:
            self.pairs += pair.old is not None and pair.new is not None
            bad = _take_pair(case, pair, many=len(event.pairs) > 1) or bad
        case.bad_rounds += bad

    def add_judged(self, event: Judged) -> None:
        """Take the outcome of a test that the user wrote."""
        index = len(self._cases)
        info = CaseInfo(index=index, name=event.item, operation=event.item)
        case = self._cases[event.suite, -1 - index] = _Case(info=info, suite=event.suite, rounds={0}, compared=True)
        case.skipped = event.outcome == "skipped"
        case.outcome = _OF_PYTEST.get(event.outcome, Outcome.INCONCLUSIVE)
        if event.text:
            case.why.append(event.text)

    def add_checked(self, event: Checked) -> None:
        """Take a check; one that was not planned, or comes twice, is an error of its own."""
        case = self._cases.get((event.suite, event.index))
        if case is None:
            info = CaseInfo(index=event.index, name=event.case, operation="")
            case = self._cases[event.suite, event.index] = _Case(info=info, suite=event.suite)
            _blame(case, Outcome.ERROR, "was checked but never planned")
        if case.rounds:
            _blame(case, Outcome.ERROR, "is in the journal twice")
        case.rounds.add(0)
        case.compared = True
        case.outcome = case.outcome.worse(Outcome(event.outcome))
        case.why.extend(event.why[:MOST_REASONS])
        case.counts.update(point.cause for point in event.points if point.cause)
        case.decisions, case.facts = event.decisions, event.facts

    def anew(self, event: Anew) -> None:
        """Forget what was judged of a suite."""
        for key, case in self._cases.items():
            if case.suite == event.suite:
                self._cases[key] = _Case(info=case.info, suite=case.suite)

    def result(self, suite: str, index: int) -> CaseResult:
        """Return what became of one case."""
        return _result(self._cases[suite, index])

    def results(self) -> tuple[CaseResult, ...]:
        """Return all cases in the order of the plan."""
        return tuple(map(_result, self._cases.values()))

    def differences(self) -> dict[str, int]:
        """Return the number of differences per cause, every cause named."""
        total: Counter[str] = Counter()
        for case in self._cases.values():
            total.update(case.counts)
        return {cause.value: total[cause.value] for cause in Cause}


def _take_pair(case: _Case, pair: RecordedPair, *, many: bool) -> bool:
    if pair.counts:
        case.counts.update(pair.counts)
    if pair.old is not None and pair.new is not None:
        case.compared = True
    if pair.old is not None:
        case.old_ms.append(pair.old.total_ms)
    if pair.new is not None:
        case.new_ms.append(pair.new.total_ms)
    if pair.outcome == "PASS":
        if case.outcome is Outcome.PASS:
            case.statuses = (_status(pair.old), _status(pair.new))
        return False
    if case.outcome is Outcome.PASS:
        case.statuses = (_status(pair.old), _status(pair.new))
    case.outcome = case.outcome.worse(Outcome(pair.outcome))
    prefix = f"step {pair.step + 1}: " if many else ""
    for text in pair.why:
        line = prefix + text
        if len(case.why) < MOST_REASONS and line not in case.why:
            case.why.append(line)
    return True


def _take_decisions(case: _Case, event: Round) -> None:
    """Keep the decisions of the step that the probe is about; a door is asked of one side alone."""
    last = event.pairs[-1] if event.pairs else None
    if last is not None and last.decisions is not None:
        case.decisions = last.decisions
        case.compared = case.compared or len(last.decisions) == 1


def _blame(case: _Case, outcome: Outcome, why: str) -> None:
    case.outcome = case.outcome.worse(outcome)
    case.why.append(why)


def _status(side: Recorded | None) -> str:
    if side is None:
        return ""
    return side.trouble or str(side.status)


def _result(case: _Case) -> CaseResult:
    outcome, why = case.outcome, list(case.why)
    seen, wanted = len(case.rounds), case.info.rounds
    if case.info.skip:
        outcome, why = Outcome.INCONCLUSIVE, [case.info.skip]
    elif seen < wanted:
        outcome = outcome.worse(Outcome.INCONCLUSIVE)
        why.append(f"only {seen} of {wanted} repeats were asked" if seen else _UNSEEN.get(case.suite, "was not asked"))
    elif outcome is Outcome.PASS and not case.compared:
        outcome = Outcome.INCONCLUSIVE
        why.append("no step was asked of both sides: nothing was compared")
    flaky = f"{case.bad_rounds} of {seen}" if 0 < case.bad_rounds < seen else ""
    return CaseResult(
        info=case.info,
        suite=case.suite,
        outcome=outcome,
        skipped=bool(case.info.skip) or case.skipped,
        why=tuple(why),
        counts=dict(case.counts),
        rounds_seen=seen,
        flaky=flaky,
        old_status=case.statuses[0],
        new_status=case.statuses[1],
        old_ms=round(median(case.old_ms), 3) if case.old_ms else None,
        new_ms=round(median(case.new_ms), 3) if case.new_ms else None,
        decisions=case.decisions,
        facts=case.facts,
    )
