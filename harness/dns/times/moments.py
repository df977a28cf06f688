"""Moments, durations and lists of servers in words."""

import math
from collections.abc import Iterable
from datetime import UTC, datetime

from harness.model.dns import Server

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_SHOWN = 5
_LONGEST = 160


def utc(at: float) -> str:
    """Return the minute that a moment (Unix seconds) falls in, as "2026-11-21 14:20 UTC"."""
    return f"{_when(at):%Y-%m-%d %H:%M} UTC"


def safe_from(at: float) -> str:
    """Return the first whole minute that is not before a moment: what may be done from then on."""
    return utc(math.ceil(at / _MINUTE) * _MINUTE)


def span(seconds: float) -> str:
    """Return a duration in words, rounded up to a whole second: "45 s", "5 min", "1 h 30 min", "2 days"."""
    whole = math.ceil(seconds)
    if whole < 2 * _MINUTE and whole != _MINUTE:
        return f"{whole} s"
    parts = [
        (whole // _DAY, "days"),
        (whole % _DAY // _HOUR, "h"),
        (whole % _HOUR // _MINUTE, "min"),
        (whole % 60, "s"),
    ]
    return " ".join(f"{count} {'day' if count == 1 and unit == 'days' else unit}" for count, unit in parts if count)


def ttl_text(seconds: int) -> str:
    """Return a TTL, with its length in words where the number alone is hard to read."""
    return f"{seconds} s" if seconds < 2 * _MINUTE else f"{seconds} s ({span(seconds)})"


def few(texts: Iterable[str], most: int = _SHOWN) -> str:
    """Return the first few different texts, and how many more there are; each is cut where it is too long."""
    every = list(dict.fromkeys(texts))
    left = len(every) - most
    shown = ", ".join(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…" for text in every[:most])
    return shown + (f" and {left} more" if left > 0 else "")


def label(server: Server) -> str:
    """Return a server's name with its address, where the name does not say it."""
    port = "" if server.port in {53, 443, 853} else f":{server.port}"
    where = f"[{server.address}]{port}" if ":" in server.address and port else f"{server.address}{port}"
    return server.name if server.address in server.name else f"{server.name} ({where})"


def _when(at: float) -> datetime:
    """Return a moment; what no calendar has is brought to its end."""
    return datetime.fromtimestamp(min(max(at, 0.0), 253402300799.0), UTC)
