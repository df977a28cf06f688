"""The load in report.md: what was sent, whether the measurement holds, each threshold, figures by operation."""

from collections.abc import Iterator

from harness.load.entries import ALL
from harness.model.event import Loaded
from harness.model.finding import Summary
from harness.model.load import Compared
from harness.model.series import Telemetry
from harness.report import load_view
from harness.report.load_view import SIDES
from harness.report.load_words import change_text, interval_text, level, ratio_text, value_text
from harness.report.markdown_text import code, prose
from harness.report.text import NOTHING, plural, short, when

MOST_THRESHOLDS = 100
MOST_OPERATIONS = 20
_SHOWN = ("errors", "p50", "p95", "p99")
_TEXT = 300


def load_section(summary: Summary) -> Iterator[str]:
    """Tell the load that counts; nothing where the run has none."""
    run = load_view.shown(summary)
    if run is None:
        return
    yield "## Load"
    yield ""
    yield f"{prose(short(load_view.brief(run), _TEXT))}."
    yield ""
    if load_view.alarm(run):
        yield f"**{prose(short(load_view.alarm(run), _TEXT))}**"
    else:
        yield prose(short(load_view.validity(summary), _TEXT))
    yield ""
    yield from _thresholds(summary)
    if run.loaded is not None:
        yield from _operations(run.loaded)
        yield from _monitored(run.loaded)
    if len(summary.loads) > 1:
        yield f"Before it, {plural(len(summary.loads) - 1, 'other load')} of this run did not come to an end."
        yield ""


def _thresholds(summary: Summary) -> Iterator[str]:
    held = load_view.thresholds(summary)
    if not held:
        return
    yield "| threshold | outcome | old | new | allowed | what decided |"
    yield "|---|---|--:|--:|--:|---|"
    for one in held[:MOST_THRESHOLDS]:
        numbers = (prose(short(text, 60)) or NOTHING for text in (one.old, one.new, one.limit))
        why = prose(short("; ".join(one.why[:2]), 2 * _TEXT))
        outcome = "skipped" if one.skipped else one.outcome.value
        yield f"| {code(one.text, 120)} | {outcome} | {' | '.join(numbers)} | {why} |"
    if len(held) > MOST_THRESHOLDS:
        yield ""
        yield f"… and {len(held) - MOST_THRESHOLDS:,} more in report.html and report.json."
    yield ""


def _operations(loaded: Loaded) -> Iterator[str]:
    """Tell the figures of all together and of the operations that need a look first."""
    names = load_view.operations(loaded)
    if not names or not loaded.compared:
        return
    sure = level(loaded.compared)
    yield f"Old → new, latency from the planned start{f'; intervals at {sure}' if sure else ''}."
    yield ""
    yield f"| operation | requests | {' | '.join(_SHOWN)} |"
    yield "|---|--:|" + "---|" * len(_SHOWN)
    for name in names[: MOST_OPERATIONS + 1]:
        told = {one.metric: one for one in load_view.compared(loaded, name)}
        arms = load_view.arms(loaded, name)
        sent = " / ".join(f"{arms[side].sent:,}" if side in arms else NOTHING for side in SIDES)
        figures = (_figure(told[metric]) if metric in told else NOTHING for metric in _SHOWN)
        yield f"| {code(name, 100) if name else ALL} | {sent} | {' | '.join(figures)} |"
    if len(names) > MOST_OPERATIONS + 1:
        yield ""
        yield f"… and {len(names) - MOST_OPERATIONS - 1:,} more operations in report.html and report.json."
    yield ""


def _figure(told: Compared) -> str:
    """Return old → new, how much that is, and between what bounds."""
    text = f"{value_text(told.metric, told.old)} → {value_text(told.metric, told.new)}"
    if not told.judged:
        return f"{text} (too few)"
    much = ratio_text(told) or change_text(told.metric, told.difference)
    bounds = interval_text(told.metric, told.interval, change=True)
    return f"{text} ({much}{f'; {bounds}' if bounds else ''})"


def _monitored(loaded: Loaded) -> Iterator[str]:
    told = [("before", one) for one in loaded.history] + [("during the load", one) for one in loaded.window]
    if not told:
        return
    yield from (f"- monitoring {when_}: {_told(one)}" for when_, one in told[:MOST_OPERATIONS])
    yield ""


def _told(one: Telemetry) -> str:
    head = f"{one.side}, {prose(short(one.what, 100))}, {when(one.start)} to {when(one.end)}"
    if one.absence is not None or one.trouble:
        words = ": ".join(part for part in (one.absence.value if one.absence else "", one.trouble) if part)
        return f"{head}: nothing ({prose(short(words, _TEXT))})"
    missing = [f"{name.name} {name.statistic}: {name.absence.value}" for name in one.series if name.absence is not None]
    absent = f"; {prose(short('; '.join(missing), _TEXT))}" if missing else ""
    return f"{head}: {plural(len(one.series), 'series', 'series')}{absent}"
