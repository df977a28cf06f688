"""Figures of a load as texts, in the words that its verdicts use: values, differences, intervals, p- and e-values."""

from collections.abc import Iterable

from harness.load import words
from harness.model.load import Compared
from harness.report.text import NOTHING

ms = words.ms


def share(value: float | None) -> str:
    """Return a share as per cent with as many digits as matter."""
    return NOTHING if value is None else words.share(value)


def value_text(metric: str, value: float | None) -> str:
    """Return what was measured: a share for errors, else a latency."""
    return share(value) if metric == "errors" else words.ms(value)


def change_text(metric: str, value: float | None) -> str:
    """Return a difference with its sign, in percentage points for errors."""
    if value is None:
        return NOTHING
    return words.points(value) if metric == "errors" else words.change(value)


def interval_text(metric: str, interval: tuple[float, float] | None, *, change: bool = False) -> str:
    """Return an interval: `118 … 124 ms`; "" where there is none."""
    if interval is None:
        return ""
    told = change_text if change else value_text
    low, high = (told(metric, end) for end in interval)
    amount, unit = low.rpartition(" ")[::2]
    return f"{amount if high.endswith(f' {unit}') else low} … {high}"


def ratio_text(told: Compared) -> str:
    """Return new against old in per cent: `+47 %`; "" where that says nothing."""
    if told.metric == "errors" or not told.old or told.new is None:
        return ""
    return words.percent(told.new / told.old - 1)


def p_text(value: float | None) -> str:
    """Return a p-value."""
    if value is None:
        return NOTHING
    return "< 0.0001" if value < 0.0001 else f"{value:.4f}" if value < 0.01 else f"{value:.2f}"


def e_text(value: float | None) -> str:
    """Return an e-value."""
    if value is None:
        return NOTHING
    return "> 1 million" if value > 1e6 else f"{value:,.0f}" if value >= 10 else f"{value:.2f}"


def level(told: Iterable[Compared]) -> str:
    """Return how sure the intervals are, or "" where there is none."""
    levels = {one.level for one in told if one.interval is not None or one.new_interval is not None}
    return " or ".join(words.share(one) for one in sorted(levels))
