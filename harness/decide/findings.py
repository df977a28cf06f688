"""Group what was met by common cause: one header wrong on 400 operations is one finding."""

import re
from collections.abc import Iterable
from hashlib import sha256

from harness.decide.gathered import NOBODY, Cell, Gathered, Key, Place, joined
from harness.model.difference import Cause
from harness.model.event import Anew, CaseInfo, Checked, Judged, Planned, RecordedDifference, RecordedPair, Round
from harness.model.finding import CaseResult, Finding
from harness.model.outcome import Outcome, Severity
from harness.model.probe import Group, Probe, Wants

_INDEX = re.compile(r"\[\d+\]|(?<=line )\d+|(?<=record )\d+|(?<=byte )\d+")
_OF_NAMES = "dns"
_HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)+")
_NUMBER = re.compile(r"\d+(\.\d+)?")
_FAILING = frozenset({Cause.UNEXPLAINED.value, Cause.WEAKER.value})
_ORDER = {Outcome.FAIL: 0, Outcome.ERROR: 1, Outcome.INCONCLUSIVE: 2, Outcome.PASS: 3}

_UNPLANNED = CaseInfo(index=0, name="", operation="")


class FindingFold:
    """Groups differences, broken expectations and troubles as rounds come in."""

    def __init__(self) -> None:
        self.waivers_used: set[str] = set()
        self._groups: dict[Key, Gathered] = {}
        self._cells: dict[Key, Cell] = {}
        self._open: dict[Place, Key] = {}
        self._infos: dict[tuple[str, int], CaseInfo] = {}
        self.strict = False

    def plan(self, planned: Planned) -> None:
        """Remember the planned cases."""
        for info in planned.cases:
            self._infos[planned.suite, info.index] = info

    def add_round(self, event: Round) -> None:
        """Take one asking of a case."""
        for pair in event.pairs:
            if not pair.differences and pair.outcome == "PASS":
                continue
            self.waivers_used.update(pair.waivers)
            lead = _lead(pair)
            reported = [
                self._difference(event, pair, difference)
                for difference in pair.differences
                if not _follows(difference, lead)
            ]
            for text in pair.broken:
                if lead is not None and lead.cause in _FAILING and _expected_at(text) == "status":
                    continue  # the status finding says so already
                self._trouble(event, _BLAMED[text.startswith("old")], text, at=_expected_at(text))
            if pair.outcome != "PASS" and not any(reported) and not pair.broken:
                for text in pair.why[:1]:
                    self._trouble(event, Outcome(pair.outcome), text, at="response")

    def add_judged(self, event: Judged) -> None:
        """Take a test that the user wrote."""
        if event.outcome == "passed":
            return
        outcome = Outcome.FAIL if event.outcome == "failed" else Outcome.ERROR
        index = -1 - len(self._infos)
        self._infos[event.suite, index] = CaseInfo(index=index, name=event.item, operation=event.item)
        text = event.text.strip().splitlines()
        said = (line[1:].strip() for line in text if line.startswith("E "))  # as pytest marks what went wrong
        title = next(said, text[-1] if text else event.outcome)
        group = _group(event.suite, index, outcome, at="test", title=title)
        self._count((event.suite, event.item), group, 0)

    def add_checked(self, event: Checked) -> None:
        """Take what a check saw; one that ended badly without a word of its own gives its reason."""
        own = self._info(event.suite, event.index).operation if event.suite == _OF_NAMES else ""
        for point in event.points:
            outcome = Outcome(point.outcome)
            group = _group(
                event.suite,
                event.index,
                outcome,
                at=point.at,
                cause=point.cause,
                old=point.old,
                new=point.new,
                note=point.note,
                remedy=point.remedy,
                title=point.title,
            )
            group.severity = Severity(point.severity)
            said = (_of_any(event.case, own), point.at, _of_any(point.title, own))
            self._count((event.suite, outcome.value, *said), group, 0, alone=True)
        if event.outcome != "PASS" and not any(point.outcome != "PASS" for point in event.points):
            for text in event.why[:1]:
                outcome = Outcome(event.outcome)
                group = _group(event.suite, event.index, outcome, at="check", title=text)
                # one reason, however many it stops
                self._count((event.suite, outcome.value, "check", _of_any(text, own)), group, 0)

    def anew(self, event: Anew) -> None:
        """Forget what was found by a suite's checks."""
        self._groups = {key: group for key, group in self._groups.items() if group.suite != event.suite}

    def findings(self, cases: Iterable[CaseResult]) -> tuple[Finding, ...]:
        """Return all findings, the worst first, then in the order of the scenario."""
        rounds = {(case.suite, case.info.index): case.rounds_seen for case in cases}
        made = [
            (group, self._finding(key, group, rounds))
            for key, group in joined(self._groups, self._cells, self._open).items()
        ]
        made.sort(
            key=lambda item: (
                _ORDER[item[1].outcome],
                item[1].cause != Cause.WEAKER.value,
                item[1].severity.rank,
                item[1].cause == Cause.WEAKER.value and item[1].at.startswith("header:"),  # an open door comes before
                item[0].index,
                item[1].at != "status",
            )
        )
        return tuple(finding for _, finding in made)

    def _difference(self, event: Round, pair: RecordedPair, difference: RecordedDifference) -> bool:
        """Count a difference in its group; return True if it fails the pair."""
        failing = difference.cause in _FAILING or (self.strict and difference.cause == Cause.GATEWAY.value)
        outcome = Outcome(pair.outcome) if failing else Outcome.PASS
        info = self._info(event.suite, event.index)
        group = _group(
            event.suite,
            event.index,
            outcome,
            at=difference.at,
            kind=difference.kind,
            cause=difference.cause,
            old=difference.old,
            new=difference.new,
            note=_with_followers(pair, difference),
            remedy=difference.remedy,
            title=_title(difference, info.probe),
        )
        shared = _probe_key(difference, info.probe) if info.probe else _key(difference, info.operation)
        key = (event.suite, outcome.value, *shared)
        if info.probe is not None and failing and _lets_in(difference, info.probe):
            key = self._cell(key, event.suite, info.probe)
        in_status = any(other.at in {"status", "response"} for other in pair.differences)
        self._count(key, group, event.round, alone=not in_status or difference.at in {"status", "response"})
        return failing and outcome is not Outcome.PASS

    def _cell(self, shared: Key, suite: str, probe: Probe) -> Key:
        """Keep the cells of an operation apart until all are known; return the key of this one's group."""
        key = (*shared, probe.row)
        self._cells[key] = Cell(shared=shared, place=(suite, probe.row))
        if probe.column == NOBODY:
            self._open[suite, probe.row] = shared
        return key

    def _trouble(self, event: Round, outcome: Outcome, text: str, *, at: str) -> None:
        """Count what is no difference: a broken expectation, an answer that proves nothing."""
        group = _group(event.suite, event.index, outcome, at=at, title=text)
        self._count((event.suite, outcome.value, "trouble", _NUMBER.sub("#", text)), group, event.round)

    def _count(self, key: Key, group: Gathered, round_: int, *, alone: bool = True) -> None:
        """Count an occurrence; the words are those of the first case in the order of the scenario, not of arrival."""
        known = self._groups.get(key)
        if known is None:
            known = self._groups[key] = group
        elif group.index < known.index:
            group.count, group.cases, group.alone = known.count, known.cases, known.alone
            known = self._groups[key] = group
        known.count += 1
        known.cases.setdefault(group.index, set()).add(round_)
        known.alone = known.alone or alone

    def _finding(self, key: Key, group: Gathered, rounds: dict[tuple[str, int], int]) -> Finding:
        info = self._info(group.suite, group.index)
        names = tuple(self._info(group.suite, index).name for index in sorted(group.cases))
        hit = sum(map(len, group.cases.values()))
        asked = sum(rounds.get((group.suite, index), 0) for index in group.cases)
        return Finding(
            id=sha256("\x1f".join(key).encode("utf-8", "replace")).hexdigest()[:12],
            suite=group.suite,
            case=info.name,
            operation=info.operation,
            outcome=group.outcome,
            severity=self._severity(group),
            at=group.at,
            kind=group.kind,
            cause=group.cause,
            old=group.old,
            new=group.new,
            title=group.title,
            remedy=group.remedy,
            note=group.note,
            count=group.count,
            cases=names,
            share=f"{hit} of {asked}" if hit < asked else "",
        )

    def _severity(self, group: Gathered) -> Severity:
        if group.outcome is Outcome.PASS:
            return Severity.INFO
        if group.cause == Cause.WEAKER.value:
            return Severity.CRITICAL
        if not group.alone:
            return Severity.MINOR
        if group.severity is not None:
            return group.severity
        critical = any(self._info(group.suite, index).critical for index in group.cases)
        return Severity.CRITICAL if critical else Severity.MAJOR

    def _info(self, suite: str, index: int) -> CaseInfo:
        return self._infos.get((suite, index), _UNPLANNED)


def _of_any(text: str, name: str) -> str:
    """Return what is said of a host name as it would be said of any: what is wrong with 200 of them is one finding."""
    return text.replace(name, "…") if _HOST.fullmatch(name) else text


def _lead(pair: RecordedPair) -> RecordedDifference | None:
    """Return the status difference of a pair, which others merely follow from."""
    return next((difference for difference in pair.differences if difference.at == "status"), None)


def _follows(difference: RecordedDifference, lead: RecordedDifference | None) -> bool:
    """Tell whether a difference needs no finding of its own: another status has another body.

    Under a status that was set aside, all that was set aside for the same cause follows it too.
    """
    if lead is None or difference is lead:
        return False
    if lead.cause in _FAILING:
        return difference.cause in _FAILING and difference.at.startswith("body")
    return difference.cause == lead.cause


def _with_followers(pair: RecordedPair, difference: RecordedDifference) -> str:
    if difference.at != "status":
        return difference.note
    followers = [other.at for other in pair.differences if _follows(other, difference)]
    if not followers:
        return difference.note
    places = ", ".join(followers[:3]) + (", …" if len(followers) > 3 else "")
    told = f"goes with it: {places}"
    return f"{difference.note}; {told}" if difference.note else told


# an old side that breaks an expectation is no reference; a new one is wrong
_BLAMED = {True: Outcome.ERROR, False: Outcome.FAIL}


def _expected_at(text: str) -> str:
    """Return the place that a broken expectation (compare/intended.py words it) is about."""
    if "expected status" in text:
        return "status"
    named = re.search(r"expected (?:no )?header ([!-~]+?)(?:[ ,:]|$)", text)
    return f"header:{named[1]}" if named else "time:total"


def _group(
    suite: str,
    index: int,
    outcome: Outcome,
    *,
    at: str,
    title: str,
    kind: str = "",
    cause: str = "",
    old: str | None = None,
    new: str | None = None,
    note: str = "",
    remedy: str = "",
) -> Gathered:
    return Gathered(suite, index, outcome, at, kind, cause, old, new, note, remedy, title)


def _lets_in(difference: RecordedDifference, probe: Probe) -> bool:
    """Tell whether this is a caller whom the new side alone lets in; a valid one tells of the old side's trouble."""
    weaker = difference.cause == Cause.WEAKER.value and difference.at in {"status", "decision"}
    return weaker and probe.group is Group.CALLERS and probe.wants is Wants.SAME and not probe.valid


def _key(difference: RecordedDifference, operation: str) -> Key:
    """Return what differences of one common cause share."""
    at = _INDEX.sub("[*]", difference.at)
    key: Key = (difference.cause, at, difference.kind)
    if difference.at in {"status", "response"}:
        return (
            *key,
            _NUMBER.sub("#", difference.old or "") if difference.at == "response" else difference.old or "",
            _NUMBER.sub("#", difference.new or "") if difference.at == "response" else difference.new or "",
        )
    if difference.at.startswith("body") and not difference.at.startswith("body:$"):
        return (*key, operation)
    return key


def _probe_key(difference: RecordedDifference, probe: Probe) -> Key:
    """Return what cells of one common cause share: the column, wherever and by whomever it was asked.

    A header is lost for all columns alike; a weak door that also answers in other words is still one door.
    """
    if difference.at.startswith("header:"):
        return _key(difference, "")
    return (difference.cause, difference.at.partition(":")[0], probe.group.value, _asked(difference, probe))


def _asked(difference: RecordedDifference, probe: Probe) -> str:
    """Return what a finding is about: the column; for a back door, the door."""
    if difference.cause == Cause.GATEWAY.value:
        return ""
    return probe.row if probe.group is Group.DOORS else probe.column


_WORDS = {
    "missing": "new lacks",
    "added": "new adds",
    "type": "another type at",
    "value": "another value at",
    "order": "another order at",
    "null-absent": "null on one side, absent on the other at",
    "format": "another format at",
    "coding": "another content coding at",
}


_DECIDED = {Cause.WEAKER.value: "weaker than old", Cause.UNEXPLAINED.value: "stricter than old"}


def _title(difference: RecordedDifference, probe: Probe | None) -> str:
    if probe is not None and probe.wants is Wants.REFUSED:  # asked of one side alone: nothing became of anything
        what = f"{probe.row} is open" if probe.group is Group.DOORS else f"{probe.column}: must be refused"
        return f"{what}: new answers {difference.new}"
    if probe is not None and difference.at in {"status", "decision"}:
        how = _DECIDED.get(difference.cause, difference.cause)
        asked = f"as {probe.caller}" if probe.caller == probe.column else probe.column
        return f"{asked}: {how}: {difference.old} became {difference.new}"
    if difference.cause == Cause.WEAKER.value and difference.new is None:
        return f"weaker than old: new lacks {difference.at}"
    if difference.cause == Cause.WEAKER.value:
        return f"weaker than old: old answers {difference.old}, new answers {difference.new}"
    if difference.at == "status":
        return f"status {difference.old} became {difference.new}"
    if difference.at == "response":
        return f"old: {difference.old}; new: {difference.new}"
    if difference.old == difference.new and difference.note:
        return f"{difference.note.partition(';')[0]}: {difference.at}"
    return f"{_WORDS.get(difference.kind, difference.kind)} {difference.at}"
