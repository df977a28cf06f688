"""Figures of a load in words: short, with their unit, and no more digits than they are worth."""

import math

from harness.model.threshold import Threshold

NO_ANSWER = "no answer"
_MINUS = "\N{MINUS SIGN}"


def ms(value: float | None) -> str:
    """Return a latency in ms with its unit; None and what is not finite mean that too few answered."""
    if value is None or not math.isfinite(value):
        return NO_ANSWER
    size = abs(value)
    if size >= 10_000:
        return _signed(f"{size / 1000:.1f} s", value)
    if size >= 1000:
        return _signed(f"{size / 1000:.2f} s", value)
    return _signed(f"{size:.0f} ms" if size >= 100 else f"{size:.1f} ms" if size >= 1 else f"{size:.2g} ms", value)


def change(value: float | None) -> str:
    """Return a difference of latencies, with its sign."""
    return _plus(ms(value), value or 0.0)


def share(value: float) -> str:
    """Return a share as per cent."""
    return _signed(f"{_digits(abs(value) * 100)} %", value)


def points(value: float) -> str:
    """Return a difference of shares in percentage points, with its sign."""
    return _plus(_signed(f"{_digits(abs(value) * 100)} pp", value), value)


def percent(value: float) -> str:
    """Return a relative change (0.5 is half as much again) with its sign."""
    size = abs(value) * 100
    return _plus(_signed(f"{size:.0f} %" if size >= 10 else f"{size:.1f} %", value), value)


def rate(value: float) -> str:
    """Return requests per second."""
    return f"{value:,.0f}/s" if value >= 100 else f"{_digits(value)}/s"


def count(value: float) -> str:
    """Return a number of things."""
    return f"{value:,.0f}"


def rounded_up(value: float) -> int:
    """Return a number that is at least `value`, with two digits that matter."""
    unit = int(10 ** max(0, math.floor(math.log10(max(value, 1.0))) - 1))
    return math.ceil(value / unit - 1e-9) * unit


def duration(seconds: float) -> str:
    """Return at least `seconds` as a scenario writes it: 40s, 5m, 2h."""
    for unit, length, step in (("s", 1, 10), ("m", 60, 1), ("h", 3600, 1)):
        many = math.ceil(seconds / length / step - 1e-9) * step
        if many < 60 or (unit == "s" and many < 120) or unit == "h":
            return f"{many}{unit}"
    raise AssertionError(seconds)


def allowed(threshold: Threshold) -> str:
    """Return what a threshold's text allows, without its metric and its operation: "old * 1.2"."""
    value = threshold.text.split(threshold.operator, 1)[-1].strip()
    if threshold.operation and value.endswith(threshold.operation):
        value = value.removesuffix(threshold.operation).strip().removesuffix(" of")
    return value.strip()


def listed(names: list[str], most: int = 3) -> str:
    """Return the first names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _digits(value: float) -> str:
    """Return a figure with as many decimals as make two digits that matter, at most three; no zeros at the end."""
    text = f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 0.095 else f"{value:.3f}"
    return text.rstrip("0").rstrip(".")


def _signed(text: str, value: float) -> str:
    return f"{_MINUS}{text}" if value < 0 else text


def _plus(text: str, value: float) -> str:
    return f"+{text}" if value > 0 else text
