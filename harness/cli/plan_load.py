"""What `cutover plan` tells of the load suite."""

from collections.abc import Iterator
from typing import Any

from harness.load import mix, schedule
from harness.load.least import short_of
from harness.load.plan import Most, most, over_http_1
from harness.load.recorded import unread
from harness.report.text import plural, short
from harness.scenario.types import Load, Scenario

_MOST_SHOWN = 40
_MOST_OF_NAME = 80  # characters


def planned(scenario: Scenario) -> Most | None:
    """Return what the load suite would send, None without such a section; raises ScenarioError."""
    return most(scenario, schedule.arrivals_of(scenario)) if scenario.load is not None else None


def as_json(scenario: Scenario) -> dict[str, Any] | None:
    """Return the load as `plan --json` has it."""
    load, counted = scenario.load, planned(scenario)
    if load is None or counted is None:
        return None
    shares = mix.shares(scenario)
    return {
        "profile": schedule.words(load.profile),
        "order": load.order,
        "requests": {"old": counted.requests, "new": counted.requests},
        "warm_up": {"old": counted.warm_up, "new": counted.warm_up},
        "http": "1.1",
        "workers": load.workers,
        "per_worker": list(counted.per_worker),
        "peak": round(counted.peak, 3),
        "seconds": round(counted.whole, 3),
        "mix": {name: round(share, 6) for name, share in shares.weights.items()},
        "uncovered": round(shares.uncovered, 6),
        "left_out": dict(shares.left_out),
        "thresholds": [threshold.text for threshold in load.thresholds],
        "too_few": {one.threshold.text: one.needed for one in short_of(scenario, shares, counted.requests)},
    }


def lines(scenario: Scenario, duration: str) -> Iterator[str]:
    """Yield the summary's lines; `duration` is the time that it takes, in words."""
    load, counted = scenario.load, planned(scenario)
    if load is None or counted is None:
        return
    warm_up = f" after {counted.warm_up:,} to warm up" if counted.warm_up else ""
    yield f"  load       {counted.requests:,} requests a side{warm_up}, in {duration}; bounds of its own, not `limits`"
    yield f"             {schedule.words(load.profile)} a side, at most {counted.peak:g}/s; {load.order}"
    yield f"             {_workers(load, counted)}"
    if told := over_http_1(scenario):
        yield f"             {told}"


def _workers(load: Load, counted: Most) -> str:
    if load.workers == 1:
        return "1 worker"
    each = sorted(set(counted.per_worker), reverse=True)
    return f"{plural(load.workers, 'worker')}, {' or '.join(f'{number:,}' for number in each)} requests a side each"


def mix_lines(scenario: Scenario) -> Iterator[str]:
    """Yield what the load is made of and what decides, for below the summary."""
    if scenario.load is None:
        return
    shares = mix.shares(scenario)
    yield ""
    yield f"load would be made of (by {shares.source})"
    for name, share in list(shares.weights.items())[:_MOST_SHOWN]:
        yield f"  {100 * share:5.1f} %  {short(name, _MOST_OF_NAME)}"
    if len(shares.weights) > _MOST_SHOWN:
        yield f"  … and {len(shares.weights) - _MOST_SHOWN} more"
    if shares.uncovered:
        yield f"  {100 * shares.uncovered:.1f} % of the recording matches no case: {'; '.join(shares.examples)}"
    for name, why in list(shares.left_out.items())[:_MOST_SHOWN]:
        yield f"  not in it: {short(name, _MOST_OF_NAME)}: {why}"
    yield from (f"  not in it: {text}" for text in unread(scenario.load))
    yield f"  decided by {', '.join(threshold.text for threshold in scenario.load.thresholds)}"
    yield from _too_few(scenario, shares)


def _too_few(scenario: Scenario, shares: mix.Shares) -> Iterator[str]:
    """Yield what this load cannot show to hold, however well both sides do: better told before it is sent."""
    counted = planned(scenario)
    assert counted is not None
    for short_one in short_of(scenario, shares, counted.requests):
        text = short_one.threshold.text
        if short_one.needed is None:
            yield f"  leaves no room for chance, so that it hardly ever passes: {text}"
        else:
            yield f"  too few requests for {text} to pass: {short_one.had:,} a side of at least {short_one.needed:,}"
