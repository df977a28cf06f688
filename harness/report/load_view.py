"""A load in the words that all reports share: what was sent, how it ended, which threshold holds and why."""

from dataclasses import dataclass

from harness.load.entries import SCHEDULE
from harness.model.event import Loaded
from harness.model.finding import CaseResult, LoadRun, Summary
from harness.model.load import Arm, Compared, Generator, LoadState
from harness.model.outcome import Outcome
from harness.report.load_words import ms
from harness.report.text import duration, plural

SUITE = "load"
SIDES = ("old", "new")

_ENDED = {
    LoadState.INTERRUPTED.value: "The load was stopped before its end",
    LoadState.ABORTED.value: "The load was broken off",
    LoadState.WORKER_LOST.value: "The load lost a worker",
    LoadState.FAILED.value: "The load could not be sent",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A threshold and what became of it; the texts of the number that decided are "" where there is none."""

    text: str
    outcome: Outcome
    skipped: bool
    old: str
    new: str
    difference: str
    limit: str
    why: tuple[str, ...]

    @property
    def sign(self) -> str:
        """Return what a reader sees first."""
        return "✓" if self.outcome is Outcome.PASS else "✗" if self.outcome is Outcome.FAIL else "?"


def shown(summary: Summary) -> LoadRun | None:
    """Return the load that counts: the last one."""
    return summary.loads[-1] if summary.loads else None


def state(run: LoadRun) -> str:
    """Return how a load ended, in a word or two."""
    return run.loaded.state if run.loaded is not None else "cut off"


def alarm(run: LoadRun) -> str:
    """Return what a reader must know before any figure of a load that is not whole; "" for one that is."""
    if run.loaded is None:
        return "This load was begun, and the run was cut off before it ended: nothing of it was kept."
    if run.loaded.state == LoadState.FINISHED.value:
        return ""
    head = _ENDED.get(run.loaded.state, f"The load ended otherwise than planned ({run.loaded.state})")
    why = f": {run.loaded.why}" if run.loaded.why else ""
    if not any(arm.sent for arm in run.loaded.arms):
        return f"{head}{why}. Nothing was measured."
    return f"{head}{why}. The figures are of the part that was sent, and are no proof."


def headline(run: LoadRun) -> list[tuple[str, str]]:
    """Return what kind of load it was, as (name, value)."""
    found = []
    if run.loading is not None:
        loading = run.loading
        found += [
            ("load", f"{loading.profile} on each side"),
            ("planned", _by_side(loading.planned, "request")),
            ("order", loading.order),
            ("workers", f"{loading.workers:,}"),
        ]
        if loading.warm_up:
            found.append(("warm-up", f"{duration(loading.warm_up)} before, not counted"))
    if run.loaded is not None:
        found.append(("answered or failed", _by_side(sent(run.loaded), "request")))
    return found


def sent(loaded: Loaded) -> dict[str, int]:
    """Return the number of requests with an outcome, by side."""
    return {arm.side: arm.sent for arm in loaded.arms if not arm.operation}


def _by_side(counts: dict[str, int], word: str) -> str:
    values = [counts.get(side, 0) for side in SIDES]
    if values[0] == values[1]:
        return f"{plural(values[0], word)} a side"
    return f"{values[0]:,} old, {values[1]:,} new"


def brief(run: LoadRun) -> str:
    """Return a load in one line: `50/s for 2m, 6,000 requests a side, interleaved, 1 worker`."""
    parts = []
    if run.loading is not None:
        parts += [run.loading.profile, _by_side(run.loading.planned, "request"), run.loading.order]
        parts.append(plural(run.loading.workers, "worker"))
    return ", ".join([*parts, *([state(run)] if alarm(run) else [])])


def schedule(summary: Summary) -> CaseResult | None:
    """Return the check of the generator's schedule; None where it was not selected."""
    return next((case for case in summary.cases if case.suite == SUITE and case.info.name == SCHEDULE), None)


def valid(summary: Summary) -> bool | None:
    """Tell whether the generator did as planned, so that the figures are of the gateways; None if nobody judged it."""
    case = schedule(summary)
    return None if case is None or not case.rounds_seen else case.outcome is Outcome.PASS


def validity(summary: Summary) -> str:
    """Return whether the measurement holds, in a sentence."""
    case = schedule(summary)
    if case is None or not case.rounds_seen:
        why = "that check was not part of this run" if case is None else "the run ended before it was judged"
        return f"Not known whether the load generator kept its schedule: {why}."
    why = "; ".join(case.why)
    if case.outcome is Outcome.PASS:
        return f"Valid: the load generator kept its schedule{f' ({why})' if why else ''}."
    return f"Not valid: {why or 'the load generator did not keep its schedule'}."


def thresholds(summary: Summary) -> list[Held]:
    """Return every threshold of the plan, in its order."""
    return [_held(summary.cases[row]) for row in threshold_rows(summary)]


def threshold_rows(summary: Summary) -> list[int]:
    """Return where the thresholds are among the cases; a test of the user's own (its index is negative) is none."""
    return [
        row
        for row, case in enumerate(summary.cases)
        if case.suite == SUITE and case.info.index >= 0 and case.info.name != SCHEDULE
    ]


def _held(case: CaseResult) -> Held:
    seen = _deciding(case)
    return Held(
        text=case.info.name,
        outcome=case.outcome,
        skipped=case.skipped,
        old=seen.get("old", ""),
        new=seen.get("new", ""),
        difference=seen.get("difference", ""),
        limit=seen.get("limit", ""),
        why=case.why,
    )


def _deciding(case: CaseResult) -> dict[str, str]:
    """Return the fact that the first line of the reasons speaks of, else the first one."""
    facts = list(case.facts.items())
    first = case.why[0] if case.why else ""
    named = [fact for fact in facts if first.startswith((f"{fact[0]}:", f"{fact[0]} of"))]
    longest = max(named, key=lambda fact: len(fact[0]), default=None)
    return (longest or (facts[0] if facts else ("", {})))[1]


def operations(loaded: Loaded) -> list[str]:
    """Return all operations, "" (all of them) first, then those that fail more, then those that slowed down most."""
    named = dict.fromkeys(arm.operation for arm in loaded.arms)
    errors = {told.operation: told.difference or 0.0 for told in loaded.compared if told.metric == "errors"}
    slower = {
        told.operation: told.new / told.old
        for told in loaded.compared
        if told.metric == "p95" and told.old and told.new is not None
    }
    return sorted(
        named, key=lambda name: (bool(name), -round(max(errors.get(name, 0.0), 0.0), 3), -slower.get(name, 0.0))
    )


def arms(loaded: Loaded, operation: str = "") -> dict[str, Arm]:
    """Return both sides of an operation, as far as they are there."""
    return {arm.side: arm for arm in loaded.arms if arm.operation == operation}


def compared(loaded: Loaded, operation: str = "") -> tuple[Compared, ...]:
    """Return what was compared of an operation."""
    return tuple(told for told in loaded.compared if told.operation == operation)


def generator_facts(generator: Generator) -> list[tuple[str, str]]:
    """Return how the generator itself did, as (name, value)."""
    found = [("client", generator.client or "not known"), ("workers", f"{generator.workers:,}")]
    if generator.lost:
        found.append(("lost", ", ".join(generator.lost[:20])))
    if generator.late_p99 is not None:
        late = f"{ms(generator.late_p99)} at p99"
        found.append(("sent late by", late + f", at most {ms(generator.late_max)}"))
    found.append(("never sent", _by_side(generator.unsent, "request")))
    if any(generator.held.values()):
        found.append(("waited for a connection", _by_side(generator.held, "request")))
    if generator.cpu is not None:
        found.append(("busiest process", f"{100 * generator.cpu:.0f} % of a core"))
    if generator.hold is not None:
        found.append(("this machine holds", f"about {generator.hold:,.0f} requests/s, both sides together"))
    if len(generator.per_worker) > 1:
        shares = [f"{name} {count:,}" for name, count in list(generator.per_worker.items())[:16]]
        more = len(generator.per_worker) - len(shares)
        found.append(("sent by", ", ".join(shares) + (f" and {more:,} more workers" if more else "")))
    return found


def outcomes(loaded: Loaded) -> list[tuple[str, dict[str, int]]]:
    """Return what was answered (status, or why there was no answer) with its count by side, the most frequent first."""
    both = arms(loaded)
    names = dict.fromkeys(name for arm in both.values() for name in arm.outcomes)
    counted = [(name, {side: arm.outcomes.get(name, 0) for side, arm in both.items()}) for name in names]
    return sorted(counted, key=lambda item: (-sum(item[1].values()), item[0]))


def requests_of(summary: Summary) -> int:
    """Return how many requests of loads had an outcome, all sides and loads together."""
    return sum(sum(sent(run.loaded).values()) for run in summary.loads if run.loaded is not None)
