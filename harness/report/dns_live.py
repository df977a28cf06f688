"""A watch while it runs: a table on a terminal, a line for each change elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from harness.dns.watching.watched import Place, Watched
from harness.model.dns import Points
from harness.report.dns_words import STYLES, clock, left_words, percent, said, split_words, worst_first
from harness.report.terminal import Terminal
from harness.report.text import NOTHING, duration, plural, short, when

REDRAW_SECONDS = 0.5
PLAIN_SECONDS = 30.0
_HEAD_AND_FOOT = 6
_NAME, _SERVER = 48, 36
_COLOURS = {"old": "blue", "new": "green", "both": "yellow", "lost": "bold red", "none": "dim"}


class WatchView:
    """The terminal's view of one watch: `begin`, a `look` each, `tick`s between them, `close`.

    A terminal that goes away takes the view alone: the watch goes on, and its journal too.
    """

    def __init__(
        self,
        file: TextIO,
        *,
        shown: Callable[[str], str] = str,
        width: int | None = None,
        color: bool | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.terminal = Terminal(file, width, color=color)
        self._now = now
        self._shown = shown
        self._live: Live | None = None
        self._gone = False
        self._next = 0.0
        self._said: dict[tuple[str, str], str] = {}

    def begin(self, watched: Watched) -> None:
        """Say what is watched, and until when."""
        one = watched.watching
        what = "Rehearsal: watching" if one.rehearsal else "Watching"
        names = plural(len(one.names), "name")
        servers = plural(len(one.servers), "server")
        until = clock(one.until) if one.until - one.at < 86_400 else when(one.until)
        self._print(f"{what} {names} at {servers} every {one.interval:g} s, until {until} at the latest")
        if self.terminal.is_terminal:
            self._live = Live(
                console=self.terminal,
                auto_refresh=False,
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            with self._seen():
                self._live.start()

    def look(self, watched: Watched) -> None:
        """Show what a look saw: drawn anew, or what changed in plain lines and now and then how things stand.

        That all are where a watch expects them at first, on the old side, is told by how things stand.
        """
        now = self._now()
        if self._live is not None:
            self._draw(watched, now)
            return
        first = not self._said
        changed = [place for place in watched.asked if self._changes(place)]
        if first and all(place.now is Points.OLD for place in changed):
            changed = []
        for place in changed[:MOST_CHANGES]:
            self._print(self._shown(_line(place, now)))
        if len(changed) > MOST_CHANGES:
            self._print(f"… and {plural(len(changed) - MOST_CHANGES, 'other change')}")
        if changed or now >= self._next or watched.all_moved:
            self._next = now + PLAIN_SECONDS
            self._print(summary_line(watched, now))

    def tick(self, watched: Watched) -> None:
        """Let the seconds run on the terminal."""
        now = self._now()
        if self._live is not None and now >= self._next:
            self._draw(watched, now)

    def close(self) -> None:
        """Take the display away; safe to call more than once."""
        live, self._live = self._live, None
        if live is not None:
            with self._seen():
                live.stop()

    def _draw(self, watched: Watched, now: float) -> None:
        self._next = now + REDRAW_SECONDS
        with self._seen():
            if self._live is not None and not self._gone:
                self._live.update(picture(watched, now, self.terminal.height, self._shown), refresh=True)

    def _print(self, words: str) -> None:
        with self._seen():
            if not self._gone:
                self.terminal.print(Text(words), soft_wrap=True)

    @contextmanager
    def _seen(self) -> Iterator[None]:
        try:
            yield
        except OSError:
            self._gone = True

    def _changes(self, place: Place) -> bool:
        key, words = (place.name, place.server), said(place)
        before, self._said[key] = self._said.get(key), words
        return before != words


MOST_CHANGES = 40


def summary_line(watched: Watched, now: float) -> str:
    """Return how things stand in one line: `50 % moved (2 old, 3 new), look 7, 58 min 20 s left`."""
    left = watched.watching.until - now
    parts = [
        f"{clock(now)}  {percent(watched.share)} moved" + (f" ({split_words(watched)})" if watched.looks else ""),
        f"look {watched.looks:,}",
        "all have moved" if watched.all_moved else f"{duration(left)} left" if left > 0 else "the deadline is over",
    ]
    return ", ".join(parts)


def _line(place: Place, now: float) -> str:
    remaining = left_words(place, now)
    told = f" ({remaining} left)" if remaining != NOTHING else ""
    return f"{clock(place.changed_at)}  {short(place.name, 120)} at {short(place.server, 80)}: {said(place)}{told}"


def picture(watched: Watched, now: float, height: int, shown: Callable[[str], str] = str) -> RenderableType:
    """Return what is drawn over and over: a line of the whole and a row for each that fits, those left first."""
    head = Text(summary_line(watched, now), overflow="ellipsis", no_wrap=True, style="bold")
    rows = worst_first(watched)
    room = max(height - _HEAD_AND_FOOT, 4)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for name, justify in (("name", "left"), ("server", "left"), ("answers", "left"), ("TTL left", "right")):
        table.add_column(name, justify="right" if justify == "right" else "left", no_wrap=True, overflow="ellipsis")
    table.add_column("since", justify="right", no_wrap=True)
    for place in rows[:room]:
        table.add_row(
            Text(short(shown(place.name), _NAME)),
            Text(short(shown(place.server), _SERVER)),
            Text(said(place), style=_COLOURS[STYLES[place.now]]),
            Text(left_words(place, now), style="" if place.now is Points.OLD else "dim"),
            Text(duration(max(now - place.changed_at, 0.0)) if place.stretches else NOTHING, style="dim"),
        )
    parts: list[RenderableType] = [head, table]
    if len(rows) > room:
        moved = sum(place.moved for place in rows[room:])
        parts.append(Text(f"… and {len(rows) - room:,} more, {moved:,} of them moved", style="dim"))
    return Group(*parts)
