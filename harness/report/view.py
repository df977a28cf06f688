"""Which findings matter, what was set aside, and the words that all reports say it in."""

from dataclasses import dataclass

from harness.model.difference import Cause
from harness.model.event import WATCH
from harness.model.finding import Finding, Summary
from harness.model.outcome import Outcome, Verdict
from harness.report.text import duration, plural, when

MEANING = {
    Cause.UNEXPLAINED: "nothing accounts for it: it fails its case",
    Cause.WEAKER: "the new side lets through what the old one refused",
    Cause.GATEWAY: "both products say the same thing, each in its own dialect",
    Cause.IDENTITY: "only names the product or the single request",
    Cause.BOUND: "each side's own value: an id that it made, its own address",
    Cause.INTENDED: "the case's `expect` says so, with a reason",
    Cause.NOISE: "the old side disagrees with itself here in the same way",
    Cause.WAIVED: "a dated, owned waiver tolerates it",
}

_HEADLINE = {
    Verdict.GO: "The new gateway answered as the old one did.",
    Verdict.HOLD: "Not proven yet: do not move traffic until the points below are settled.",
    Verdict.NO_GO: "Do not move traffic: the new gateway does not answer as the old one did.",
    Verdict.ROLLBACK: "Move traffic back to the old gateway.",
}

_UNDER_LOAD = {
    Verdict.GO: "The new gateway bears the load within its thresholds.",
    Verdict.NO_GO: "Do not move traffic: the new gateway does not keep to its thresholds under load.",
}
"""As above, of a run where the load alone decides."""


MOST_NAMES = 3
"""Names that are told of a finding; report.html and report.json have all."""
_NAMES = "dns"
"""The suite whose cases are of names, `<name>: <topic>`."""
_OF_NAMES = {
    Verdict.GO: "The names are ready to move.",
    Verdict.HOLD: "Not proven yet: do not move the names until the points below are settled.",
    Verdict.NO_GO: "Do not move the names: callers would not get to the new side, or not back in time.",
}
"""As above, where the names alone decide."""

_WATCHED = {
    Verdict.GO: "Every server that was asked answers the new side.",
    Verdict.HOLD: "Not everyone is known to have moved.",
    Verdict.NO_GO: "Somebody is led to neither side: look at the records now.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """Differences that did not count, by cause; `findings` are their groups, the most frequent first."""

    cause: str
    count: int
    meaning: str
    findings: tuple[Finding, ...]

    @property
    def example(self) -> Finding | None:
        """Return the most frequent group."""
        return self.findings[0] if self.findings else None


def headline(summary: Summary) -> str:
    """Return the verdict in a sentence that needs no glossary."""
    if summary.mode.startswith("only-"):
        side = summary.mode.removeprefix("only-")
        return f"Only the {side} side was asked: nothing has been compared yet."
    if summary.mode == WATCH:
        return _WATCHED.get(summary.verdict, _HEADLINE[summary.verdict])
    judged = {suite.name for suite in summary.suites if suite.outcome is not Outcome.PASS}
    if summary.loads and (judged or {suite.name for suite in summary.suites}) == {"load"}:
        return _UNDER_LOAD.get(summary.verdict, _HEADLINE[summary.verdict])
    if judged == {"dns"} or {suite.name for suite in summary.suites} == {"dns"}:
        if summary.verdict is Verdict.GO and {"-k", "--lf"} & set(summary.selection.split()):
            return "Nothing speaks against moving the names in the checks that were made."
        return _OF_NAMES.get(summary.verdict, _HEADLINE[summary.verdict])
    return _HEADLINE[summary.verdict]


def scope(summary: Summary) -> str:
    """Return what the verdict covers when that is not everything, else ""."""
    if not summary.partial:
        return ""
    return f"Partial: this verdict covers the selection only ({summary.selection or 'narrowed'})."


def problems(summary: Summary) -> tuple[Finding, ...]:
    """Return the findings that need someone to act, the worst first."""
    return tuple(finding for finding in summary.findings if finding.outcome is not Outcome.PASS)


def set_aside(summary: Summary) -> tuple[Aside, ...]:
    """Return what was met and did not count, by cause, in the order of the causes."""
    groups: dict[str, list[Finding]] = {}
    for finding in summary.findings:
        if finding.outcome is Outcome.PASS:
            groups.setdefault(finding.cause, []).append(finding)
    asides = []
    for cause in Cause:
        found = sorted(groups.get(cause.value, ()), key=lambda finding: -finding.count)
        total = summary.differences.get(cause.value, 0)
        if cause in {Cause.UNEXPLAINED, Cause.WEAKER}:
            total = sum(finding.count for finding in found)
        if total:
            asides.append(Aside(cause=cause.value, count=total, meaning=MEANING[cause], findings=tuple(found)))
    return tuple(asides)


def note(finding: Finding) -> str:
    """Return what is to be said beside the title; "" where the title says it."""
    return "" if finding.note and finding.title.startswith(finding.note) else finding.note


def extent(finding: Finding) -> str:
    """Return how far a finding reaches: `on 400 cases`, `3 of 5 askings`."""
    cases = len(finding.cases)
    text = f"in {plural(cases, 'case')}" if cases > 1 else f"in “{finding.case}”" if finding.case else ""
    if cases > 1 and finding.suite == _NAMES:
        text = _of_names(finding)
    if finding.count > max(cases, 1):
        text += f", met {finding.count:,} times"
    if finding.share:
        text += f"; flaky: in {finding.share} askings"
    return text.removeprefix(", ")


def _of_names(finding: Finding) -> str:
    """Return which names a finding is about: whoever lowers a TTL wants to know which."""
    names = tuple(dict.fromkeys(case.partition(": ")[0] for case in finding.cases))
    more = f" and {len(names) - MOST_NAMES:,} more" if len(names) > MOST_NAMES else ""
    told = ", ".join(names[:MOST_NAMES]) + more
    if len(names) == len(finding.cases):
        return f"with {len(names):,} names: {told}"
    return f"in {plural(len(finding.cases), 'case')} of {told}"


def example_of(finding: Finding) -> str:
    """Return the operation that is told beside the extent of a finding, "" where that tells it itself."""
    return "" if len(finding.cases) > 1 and finding.suite == _NAMES else finding.operation


def facts(summary: Summary, head: str) -> list[tuple[str, str]]:
    """Return what identifies a run, as (name, value)."""
    found = [
        ("run", summary.run),
        ("state", summary.state),
        ("mode", summary.mode),
        ("environment", summary.environment or "not said"),
        ("started", when(summary.started)),
        ("took", duration(summary.ended - summary.started)),
        ("compared", plural(summary.pairs, "pair")),
    ]
    for side, told in summary.gateways.items():
        found.append((side, ", ".join(f"{key} {value}" for key, value in told.items())))
    found += [("scenario", summary.digest), ("journal head", head), ("cutover", summary.version)]
    return found
