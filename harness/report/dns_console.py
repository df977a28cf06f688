"""Names at the end of a run, on the terminal: the earliest safe time first, then each name, then how they moved."""

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from harness.dns.watching.watched import Watched
from harness.model.finding import Propagation, Summary
from harness.report import dns_words
from harness.report.dns_page import state_words, watch_words
from harness.report.dns_words import clock, left_words, said
from harness.report.text import NOTHING, plural, short

MOST_NAMES = 12
MOST_PLACES = 16
_TEXT = 400


def dns_of(summary: Summary) -> list[RenderableType]:
    """Return the names' part; nothing where the run asked nothing of them."""
    parts: list[RenderableType] = []
    timings = dns_words.earliest_first([one.timing for one in summary.surveyed])
    asked = max((one.at for one in summary.surveyed), default=0.0)
    if timings:
        parts += [Text("\nNames", style="bold"), Text(dns_words.overall(timings, asked), style="bold")]
    alike: dict[tuple[str, str], list[str]] = {}
    for one in timings:
        how = f"{dns_words.back_words(one)}; {dns_words.how_words(one)}"
        alike.setdefault((dns_words.safe_words(one, asked), how), []).append(short(one.name, 120))
    grid = Table.grid(padding=(0, 1, 0, 0))
    for (safe, how), names in list(alike.items())[:MOST_NAMES]:
        who = names[0] + (f" and {len(names) - 1:,} more" if len(names) > 1 else "")
        grid.add_row(
            "•", Text(who, style="bold").append(f": {safe}", style="not bold").append(f"\n{how}", "not bold dim")
        )
    parts += [grid] if timings else []
    left = sum(map(len, list(alike.values())[MOST_NAMES:]))
    if left:
        parts.append(Text(f"… and {left:,} more names in report.html", style="dim"))
    for told in summary.propagations[-1:]:
        parts += _watch(told, summary.state)
    return parts


def _watch(told: Propagation, state: str) -> list[RenderableType]:
    watched = Watched(told.watching, told.sighted)
    head = "Rehearsal in a test zone" if told.watching.rehearsal else "Watched"
    style = "green" if watched.all_moved else "bold yellow"
    parts: list[RenderableType] = [
        Text(f"\n{head}: {short(watch_words(told), _TEXT)}", style="bold"),
        Text(short(state_words(watched, state), _TEXT), style=style),
    ]
    places = dns_words.worst_first(watched)
    grid = Table.grid(padding=(0, 2, 0, 0))
    for place in places[:MOST_PLACES]:
        moved = f"since {clock(place.moved_at)}" if place.moved and place.moved_at is not None else ""
        left = left_words(place, watched.at)
        back = f"went back at {clock(place.back[-1])}" if place.back else ""
        told_ = ", ".join(
            part for part in (moved, back, f"{left} left" if left != NOTHING and not moved else "") if part
        )
        grid.add_row(
            Text("✓" if place.moved else "?", style="green" if place.moved else "bold yellow"),
            Text(short(place.name, 60)),
            Text(short(place.server, 60)),
            Text(said(place)),
            Text(told_, style="dim"),
        )
    parts.append(Padding(grid, (0, 0, 0, 1)))
    if len(places) > MOST_PLACES:
        parts.append(Text(f"… and {len(places) - MOST_PLACES:,} more in report.html", style="dim"))
    return parts


def looks_of(summary: Summary) -> str:
    """Return how often and how much was looked, "" where nothing was."""
    looks = sum(len(one.sighted) for one in summary.propagations)
    parts = [plural(len(summary.surveyed), "name") + " asked about"] if summary.surveyed else []
    return ", ".join([*parts, *([plural(looks, "look")] if summary.propagations else [])])
