"""How a check that takes long is getting on, whatever it is: drawn over and over, or told in a line."""

from rich.console import RenderableType
from rich.text import Text

from harness.model.check import Tick
from harness.model.load import LoadTick
from harness.report import load_live
from harness.report.dns_words import survey_words


def live(tick: Tick, width: int) -> RenderableType:
    """Return what is drawn on a terminal of `width` columns."""
    if isinstance(tick, LoadTick):
        return load_live.live(tick, width)
    return Text(survey_words(tick), overflow="ellipsis", no_wrap=True)


def line(tick: Tick) -> str:
    """Return the moment in one line."""
    return load_live.line(tick) if isinstance(tick, LoadTick) else survey_words(tick)


def waiting(tick: Tick) -> str:
    """Return what is waited for, "" for nothing: where this changes, it is told at once."""
    return tick.waiting if isinstance(tick, LoadTick) else ""
