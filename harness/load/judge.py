"""One verdict per threshold of a load, and one on the load itself: whether the generator kept its schedule.

docs/decisions/0014-how-a-load-threshold-is-decided.md has the rules and their reasons.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from harness.load import words
from harness.load.answers import met
from harness.load.counts import Counts
from harness.load.entries import infos
from harness.load.judge_errors import errors, errors_at_abort
from harness.load.judge_latency import latency
from harness.load.judge_supply import capacity, throughput
from harness.load.measured import Arms, Measured
from harness.load.ruling import Ruling, Run
from harness.load.validity import invalid, on_time
from harness.model.event import CaseInfo, Checked, Point
from harness.model.load import Compared, Generator, LoadState
from harness.model.outcome import Outcome, Severity
from harness.model.series import TIER_UNKNOWN, Telemetry
from harness.model.side import Side
from harness.model.threshold import Metric, Threshold
from harness.scenario.types import Load

_DEVELOPER = (
    "the new side runs in the Developer tier: it has no SLA and its capacity says nothing of production's, so that no "
    "load decides there; load the tier that production will have"
)

_ANY_TIER = "the tier of the new side's service could not be read, and the Developer tier lets no load decide"


def judged(
    load: Load,
    counts: Counts,
    compared: Sequence[Compared],
    generator: Generator,
    *,
    suite: str,
    at: float,
    planned: Mapping[str, int],
    seconds: float = 0.0,
    history: Sequence[Telemetry] = (),
    window: Sequence[Telemetry] = (),
    state: LoadState = LoadState.FINISHED,
    why: str = "",
    presented: Collection[str] | None = None,
    named: Collection[str] = (),
    first: int = 0,
) -> list[Checked]:
    """Return the outcome of the schedule, then of each threshold, as `infos` lists them.

    `planned` are requests by side in `seconds`, the measured time of a side (0: as the profile says). `why` says more
    of a `state` that is not finished. `presented` are the operations that are asked as a caller and whose refusal no
    `expect` names; None: all may be. `named` are those whose `expect` names what new may answer.
    Never raises for what was measured.
    """
    run = Run(
        load=load,
        measured=Measured(counts, counts.operations),
        compared={(one.operation, one.metric): one for one in compared},
        generator=generator,
        planned=planned,
        seconds=seconds or _seconds(load, counts),
        history=history,
        window=window,
        state=state,
        why=why,
        presented=presented,
        named=named,
    )
    reasons = invalid(load, generator, counts, planned) if state is LoadState.FINISHED else [_unfinished(run)]
    plan = infos(load, first=first)
    rulings = [_schedule(run, reasons), *(_ruling(run, threshold, reasons) for threshold in load.thresholds)]
    checks = [_checked(info, ruling, suite, at) for info, ruling in zip(plan, rulings, strict=True)]
    checks[0] = replace(checks[0], requests=_sent(run))
    return checks


def _seconds(load: Load, counts: Counts) -> float:
    """Return the time that a side's load takes: a replay's by its slices."""
    return sum(segment.seconds for segment in load.profile.segments) or counts.slices * counts.slice_seconds


def _sent(run: Run) -> dict[str, int]:
    return {side.value: run.measured.with_warm_up(side).sent for side in Side}


def _checked(info: CaseInfo, ruling: Ruling, suite: str, at: float) -> Checked:
    return Checked(
        at=at,
        suite=suite,
        index=info.index,
        case=info.name,
        outcome=ruling.outcome.value,
        why=tuple(dict.fromkeys(line for line in ruling.why if line)),
        points=tuple(ruling.points),
        facts=ruling.facts,
    )


def _unfinished(run: Run) -> str:
    said = {
        LoadState.INTERRUPTED: "the load was interrupted",
        LoadState.ABORTED: "the load was stopped: too many errors",
        LoadState.WORKER_LOST: "a load worker was lost",
        LoadState.FAILED: "the load generator failed",
    }[run.state]
    sent = words.count(min((run.measured.arms(side).sent for side in Side), default=0))
    whole = words.count(max(run.planned.values(), default=0))
    more = f" ({run.why})" if run.why else ""
    return f"{said}{more} after {sent} of {whole} requests a side: what it measured until then decides nothing"


def _schedule(run: Run, reasons: Sequence[str]) -> Ruling:
    """Judge the load itself."""
    found, load = run.generator, run.load
    ruling = Ruling(Outcome.INCONCLUSIVE if reasons else Outcome.PASS, list(reasons))
    if not reasons:
        sent = " and ".join(f"{words.count(run.measured.arms(side).sent)} on {side}" for side in Side)
        late = f"99 % of them within {words.ms(found.late_p99)} of their planned start"
        ruling.why.append(f"requests sent: {sent}, {late} (allowed: {words.ms(load.max_lateness)})")
    if load.order == "one-after-another":
        ruling.why.append("old was loaded first, then new: what else changed in between counts as new's")
    ruling.points.extend(  # the first reason is that of every threshold, too, and told with theirs
        Point(at="schedule", title=text, outcome=Outcome.INCONCLUSIVE.value, severity=Severity.MAJOR.value)
        for text in reasons[1:]
    )
    ruling.facts = _schedule_facts(run)
    return ruling


def _schedule_facts(run: Run) -> dict[str, dict[str, str]]:
    found = run.generator
    facts: dict[str, dict[str, str]] = {
        "sent": {side.value: words.count(run.measured.arms(side).sent) for side in Side},
        "planned": {side: words.count(many) for side, many in run.planned.items()},
        "waited for a connection": {side: words.count(many) for side, many in found.held.items()},
    }
    if found.late_p99 is not None:
        facts["lateness p99"] = {"generator": words.ms(found.late_p99), "allowed": words.ms(run.load.max_lateness)}
    if found.cpu is not None:
        facts["busiest process"] = {"generator": f"{words.share(found.cpu)} of a core"}
    if found.hold is not None:
        how = "shown" if on_time(run.load, found) else "reckoned"
        facts["rate that this machine holds"] = {"generator": f"{words.rate(found.hold)} (both sides, {how})"}
    return {name: columns for name, columns in facts.items() if columns}


def _ruling(run: Run, threshold: Threshold, reasons: Sequence[str]) -> Ruling:
    """Judge a threshold by its own rule, then hold that against what the load as a whole is worth."""
    dead = _dead(run, threshold)
    ruling = _by_rule(run, threshold)
    if dead is not None:
        return _instead(ruling, *dead)
    if (tier := _tier(run)) is not None:
        return _instead(ruling, Outcome.INCONCLUSIVE, tier)
    if _broken_by_new(run) and threshold.metric is Metric.ERRORS:
        found = errors_at_abort(run, threshold)
        return found if found.outcome is Outcome.FAIL else _instead(found, Outcome.INCONCLUSIVE, *reasons)
    if reasons:
        return _instead(ruling, Outcome.INCONCLUSIVE, *reasons)
    return ruling


def _by_rule(run: Run, threshold: Threshold) -> Ruling:
    rules = {
        Metric.LATENCY: latency,
        Metric.ERRORS: errors,
        Metric.THROUGHPUT: throughput,
        Metric.CAPACITY: capacity,
    }
    return rules[threshold.metric](run, threshold)


def _instead(ruling: Ruling, outcome: Outcome, *why: str) -> Ruling:
    """Return another outcome in place of a ruling's own; its figures stay, and its line, as what they would say."""
    figures = [f"measured: {line}" for line in ruling.why[:1] if outcome is Outcome.INCONCLUSIVE]
    points = [
        Point(at="load", title=text, outcome=outcome.value, severity=Severity.MAJOR.value)
        for text in (why if outcome is not Outcome.INCONCLUSIVE else ())
    ]
    return Ruling(outcome, [*why, *figures], points, ruling.facts)


def _dead(run: Run, threshold: Threshold) -> tuple[Outcome, str] | None:
    """Return the outcome of a load in which a side never answered without error; None where both did."""
    if threshold.metric is Metric.CAPACITY or run.state not in {LoadState.FINISHED, LoadState.ABORTED}:
        return None
    old, new = (run.measured.with_warm_up(side, threshold.operation) for side in Side)
    if old.all_failed:
        return Outcome.ERROR, f"old did not answer: {_all_of(old)}; there is nothing to compare with"
    if new.all_failed and old.sent:
        return Outcome.FAIL, f"new did not answer, where old did: {_all_of(new)}"
    return None


def _all_of(arms: Arms) -> str:
    return f"all {words.count(arms.sent)} requests failed: {met(arms)}"


def _tier(run: Run) -> str | None:
    """Return why the new side's service, by its tier, lets no load decide; None where it does."""
    facts = [told.facts for told in run.window if told.side == Side.NEW.value]
    if any(told.get("tier", "").strip().lower() == "developer" for told in facts):
        return _DEVELOPER
    unknown = next((told[TIER_UNKNOWN] for told in facts if TIER_UNKNOWN in told), None)
    return unknown if unknown is None else f"{_ANY_TIER} ({unknown})"


def _broken_by_new(run: Run) -> bool:
    """Tell whether a load was stopped for the errors of the new side, while the old one did better.

    What stopped it were the last outcomes of a side; the slices that hold them are wider, and their share is lower.
    """
    if run.state is not LoadState.ABORTED:
        return False
    old, new = (_share_at_end(run, side) for side in Side)
    return old < new / 2 and old < run.load.abort_at


def _share_at_end(run: Run, side: Side) -> float:
    """Return a side's error share over the last slices that hold at least 100 outcomes together."""
    sent = errors = 0
    for more, failing in reversed(run.measured.with_warm_up(side).by_slice):
        sent, errors = sent + more, errors + failing
        if sent >= 100:
            break
    return errors / sent if sent else 0.0
