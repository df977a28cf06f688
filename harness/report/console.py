"""What the terminal shows: progress while sending, then what matters first.

Nothing here reads markup: every text is a rich Text whose words went through `visible`, so neither a response nor a
scenario can colour, move or clear the terminal. No thread draws: measured latencies must not share the interpreter.
"""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TextIO

from rich.console import RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from harness.model.check import Tick
from harness.model.finding import Finding, Summary
from harness.model.outcome import Outcome, Severity, Verdict
from harness.report import ticks
from harness.report.console_load import load_of
from harness.report.console_matrix import cells_of
from harness.report.dns_console import dns_of, looks_of
from harness.report.load_view import requests_of
from harness.report.terminal import Terminal
from harness.report.text import NOTHING, apart, duration, plural, short, visible
from harness.report.view import Aside, example_of, extent, headline, note, problems, scope, set_aside

MOST_FINDINGS = 12
MOST_UNPROVEN = 8
MOST_REASONS = 8
REDRAW_SECONDS = 0.2
LOAD_SECONDS = 0.5
PLAIN_SECONDS = 10.0
_ONE_LINE = 50

_STYLE_OF_VERDICT = {
    Verdict.GO: "green",
    Verdict.HOLD: "yellow",
    Verdict.NO_GO: "red",
    Verdict.ROLLBACK: "red",
}
_STYLE_OF_SEVERITY = {
    Severity.CRITICAL: "bold red",
    Severity.MAJOR: "red",
    Severity.MINOR: "yellow",
    Severity.INFO: "dim",
}


class Console:
    """The terminal's view of one run: `begin`, many cheap `update`s, `finish`."""

    def __init__(
        self,
        file: TextIO,
        width: int | None = None,
        *,
        color: bool | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.terminal = Terminal(file, width, color=color)
        self._clock = clock
        self._live: Live | None = None
        self._total = 0
        self._began = 0.0
        self._next = 0.0
        self._waiting = ""

    def begin(self, total_requests: int, title: str = "") -> None:
        """Start the progress display; `total_requests` counts requests to both sides together."""
        self._total = total_requests
        self._began = self._clock()
        if title:
            self.terminal.print(_plain(title, style="bold"))
        if self.terminal.is_terminal:
            self._live = Live(
                console=self.terminal,
                auto_refresh=False,
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start()
            self._next = self._began
        else:
            self._next = self._began + PLAIN_SECONDS

    def update(self, done: int, differences: int) -> None:
        """Tell how many requests are done and how many unexplained differences were met so far."""
        now = self._clock()
        if now < self._next or not (done or self._total):
            return
        words = self._words(done, differences, now - self._began)
        if self._live is None:
            self._next = now + PLAIN_SECONDS
            self.terminal.print(words)
            return
        self._next = now + REDRAW_SECONDS
        self._live.update(self._bar(done, words), refresh=True)

    def tick(self, tick: Tick) -> None:
        """Show how a long check is getting on: drawn twice a second at most, off a terminal a line now and then."""
        now = self._clock()
        waiting = ticks.waiting(tick)
        if now < self._next and (self._live is not None or waiting == self._waiting):
            return
        self._waiting = waiting
        if self._live is None:
            self._next = now + PLAIN_SECONDS
            self.terminal.print(Text(ticks.line(tick)), soft_wrap=True)
            return
        self._next = now + LOAD_SECONDS
        self._live.update(ticks.live(tick, self.terminal.width), refresh=True)

    def close(self) -> None:
        """Take the progress display away; safe to call more than once."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def finish(self, summary: Summary, paths: Mapping[str, Path]) -> None:
        """Show the verdict, what it rests on, what was set aside, what is unproven and where the reports are."""
        self.close()
        for part in (
            _banner(summary),
            *_findings(summary),
            *load_of(summary),
            *dns_of(summary),
            *cells_of(summary, MOST_FINDINGS),
            *_aside(set_aside(summary)),
            *_unproven(summary),
            *_waivers(summary),
            *_notes(summary),
        ):
            self.terminal.print(part)
        # Never folded: a path that is cut into lines cannot be copied.
        for line in _paths(paths):
            self.terminal.print(line, soft_wrap=True)

    def _words(self, done: int, differences: int, elapsed: float) -> Text:
        parts = [f"{done:,} of {self._total:,} requests" if self._total else f"{done:,} requests"]
        rate = done / elapsed if elapsed > 0 else 0.0
        parts.append(f"{rate:,.0f}/s")
        if rate and done < self._total:
            parts.append(f"{duration((self._total - done) / rate)} left")
        text = Text("  ".join(parts), overflow="ellipsis", no_wrap=True)
        met = plural(differences, "unexplained difference")
        return text.append("  ").append(met, style="red" if differences else "dim")

    def _bar(self, done: int, words: Text) -> RenderableType:
        grid = Table.grid(padding=(0, 1))
        bar = ProgressBar(total=max(self._total, 1), completed=done, width=min(30, self.terminal.width // 5))
        grid.add_row(bar, words)
        return grid


def _plain(text: str, style: str = "") -> Text:
    return Text(visible(text), style=style)


def _banner(summary: Summary) -> RenderableType:
    style = _STYLE_OF_VERDICT[summary.verdict]
    text = Text().append(headline(summary), style="bold")
    if scope(summary):
        text.append("\n").append(visible(scope(summary)))
    for reason in summary.reasons[:MOST_REASONS]:
        text.append("\n• ").append(visible(short(reason, 400)))
    if len(summary.reasons) > MOST_REASONS:
        text.append(f"\n… and {plural(len(summary.reasons) - MOST_REASONS, 'more reason')}", style="dim")
    title = Text(f" {summary.verdict.value} ", style=f"bold reverse {style}")
    foot = Text(f" {_work(summary)} in {duration(summary.ended - summary.started)} ", style="dim")
    return Panel(
        text, title=title, title_align="left", subtitle=foot, subtitle_align="right", border_style=style, padding=(1, 2)
    )


def _work(summary: Summary) -> str:
    """Return what was done: pairs compared, requests sent as a load."""
    loaded = requests_of(summary)
    looks = looks_of(summary)
    other = [*([f"{plural(loaded, 'request')} under load"] if loaded else []), *([looks] if looks else [])]
    parts = [f"{plural(summary.pairs, 'pair')} compared"] if summary.pairs or not other else []
    return ", ".join([*parts, *other])


def _heading(words: str) -> Text:
    return Text(f"\n{words}", style="bold")


def _findings(summary: Summary) -> list[RenderableType]:
    found = problems(summary)
    if not found:
        return []
    failing = sum(finding.outcome is Outcome.FAIL for finding in found)
    parts: list[RenderableType] = [_heading(f"What is wrong ({failing:,})")] if failing else []
    remedies: dict[str, int] = {}
    for number, finding in enumerate(found[:MOST_FINDINGS], 1):
        if number == failing + 1:
            parts.append(_heading(f"What could not be judged ({len(found) - failing:,})"))
        first = remedies.setdefault(finding.remedy, number)
        parts.append(_finding(number, finding, finding.remedy if first == number else f"as for {first}."))
    if len(found) > MOST_FINDINGS:
        parts.append(Text(f"… and {len(found) - MOST_FINDINGS:,} more in report.html", style="dim"))
    return parts


def _finding(number: int, finding: Finding, remedy: str) -> RenderableType:
    head = Text().append(f"{number}. ", style="bold")
    if finding.outcome is Outcome.FAIL:
        head.append(f"{finding.severity.value}: ", style=_STYLE_OF_SEVERITY[finding.severity])
    head.append(visible(short(finding.title, 300)), style="bold")
    body = Text(visible(short(extent(finding), 300)))
    if example_of(finding) and finding.operation != finding.case:
        words = "first " if len(finding.cases) > 1 else ""
        body.append(f"  {words}{short(finding.operation, 120)}", style="dim")
    if finding.old is not None or finding.new is not None:
        if finding.at not in finding.title:
            body.append("\n").append(visible(finding.at), style="cyan")
        body.append("\n").append_text(_change(finding, 90))
    if note(finding):
        body.append("\n").append(visible(short(note(finding), 400)), style="dim")
    if finding.remedy:
        body.append("\nWhat to do: ", style="green").append(visible(remedy))
    return _indented(head, body)


def _indented(head: Text, body: Text) -> RenderableType:
    grid = Table.grid()
    grid.add_row(head)
    grid.add_row(Padding(body, (0, 0, 0, 3)))
    return grid


def _change(finding: Finding, limit: int) -> Text:
    old, new = apart(finding.old, finding.new, limit)
    if len(finding.sides) == 1:
        return Text().append(f"{finding.sides[0]} ", style="dim").append(_value(old if new is None else new))
    between = "  →  new " if len(_value(old)) + len(_value(new)) <= _ONE_LINE else "\nnew "
    return Text().append("old ", style="dim").append(_value(old)).append(between, style="dim").append(_value(new))


def _value(value: str | None) -> str:
    return "(none)" if value is None else visible(value) or '""'


def _aside(asides: tuple[Aside, ...]) -> list[RenderableType]:
    if not asides:
        return []
    total = sum(aside.count for aside in asides)
    parts: list[RenderableType] = [
        _heading(f"Differences set aside ({total:,}): met, and not held against the new side")
    ]
    for aside in asides:
        head = Text().append(f"{aside.count:>5,}  ").append(f"{aside.cause}: ", style="bold").append(aside.meaning)
        parts += [head, *([_example(aside.example)] if aside.example is not None else [])]
    return parts


def _example(finding: Finding) -> RenderableType:
    words = Text("for example ", style="dim").append(visible(short(finding.at, 120)), style="cyan").append("\n")
    words.append_text(_change(finding, 60))
    if finding.remedy:
        words.append("\nto answer alike: ", style="dim").append(visible(finding.remedy))
    return Padding(words, (0, 0, 0, 7))


def _unproven(summary: Summary) -> list[RenderableType]:
    told = {name for finding in problems(summary) if finding.outcome is not Outcome.FAIL for name in finding.cases}
    ordered = sorted((item for item in summary.unproven if item.what not in told), key=lambda item: not item.holding)
    if not ordered:
        return []
    parts: list[RenderableType] = [_heading(f"Not proven ({len(ordered):,})")]
    for item in ordered[:MOST_UNPROVEN]:
        text = Text("• ").append(visible(short(item.what, 120)), style="bold")
        text.append(f": {visible(short(item.why, 300))}")
        parts.append(text.append(" (no GO without it)", style="yellow") if item.holding else text)
    if len(ordered) > MOST_UNPROVEN:
        parts.append(Text(f"… and {len(ordered) - MOST_UNPROVEN:,} more in report.html", style="dim"))
    return parts


def _waivers(summary: Summary) -> list[RenderableType]:
    told = [("expired on", waiver) for waiver in summary.expired_waivers]
    told += [("matched nothing, valid until", waiver) for waiver in summary.unused_waivers]
    if not told:
        return []
    parts: list[RenderableType] = [_heading("Waivers to look at")]
    for state, waiver in told[:MOST_UNPROVEN]:
        owner = waiver.owner or NOTHING
        parts.append(_plain(f"• {short(waiver.id, 120)}: {state} {waiver.until} (owner: {short(owner, 60)})"))
    return parts


def _notes(summary: Summary) -> list[RenderableType]:
    return [_plain(f"note: {short(text, 400)}", style="dim") for text in summary.notes[:MOST_REASONS]]


def _paths(paths: Mapping[str, Path]) -> list[Text]:
    if not paths:
        return []
    first, *others = paths.values()
    lines = [_heading("Reports"), _plain(str(first))]
    beside = [path.name for path in others if path.parent == first.parent]
    apart_ = [_plain(str(path)) for path in others if path.parent != first.parent]
    return [*lines, *([_plain(f"and beside it: {', '.join(beside)}", style="dim")] if beside else []), *apart_]
