"""Texts with a unit: durations, sizes, rates, shares, dates, amounts."""

import re
from datetime import date, datetime
from decimal import Decimal

from harness.scenario.context import Wrong

_NUMBER = r"([0-9]{1,12}(?:\.[0-9]{1,9})?)"
_DURATION = re.compile(_NUMBER + r" ?(ms|s|m|h)")
_SIZE = re.compile(_NUMBER + r" ?(B|kB|KB|MB|GB|KiB|MiB|GiB)?")
_RATE = re.compile(_NUMBER + r"(?: ?/ ?(s|m|min|h))?")
_SHARE = re.compile(_NUMBER + r" ?%")
_SPAN = re.compile(_NUMBER + r" ?(s|m|h|d|w)")
_AMOUNT = re.compile(r"[0-9]{1,30}(?:\.[0-9]{1,30})?(?:[eE][-+]?[0-9]{1,2})?")
_MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?)"
    r" ?(Z|z|UTC|[+-][0-9]{2}:?[0-9]{2})?"
)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_SPANS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
_SHORTEST_SPAN = _SPANS["m"]
_LONGEST_SPAN = 455 * _SPANS["d"]
_BYTES = {"B": 1, "kB": 10**3, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
_PER = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}

DURATION = f"^{_NUMBER} ?(ms|s|m|h)$"
LONG_DURATION = f"^{_NUMBER} ?(ms|s|m|h|d|w)$"
SIZE = f"^{_SIZE.pattern}$"
RATE = f"^{_RATE.pattern}$"
SHARE = f"^{_SHARE.pattern}$"
SPAN = f"^{_SPAN.pattern}$"
DATE = f"^{_DATE.pattern}$"
MOMENT = f"^{_MOMENT.pattern}$"
_MOMENT_FORM = "such as 2026-11-21T14:20:00Z or 2026-11-21 15:20 +01:00"
_EARLIEST = 2000


def duration(text: str) -> float:
    """Return seconds, more than 0; raise Wrong."""
    seconds = duration_or_none(text)
    if not seconds:
        raise Wrong("a duration of 0", "give more than 0, such as 35s")
    return seconds


def long_duration(text: str) -> float:
    """Return seconds, more than 0, of a duration that may be of days or weeks; raise Wrong."""
    found = _SPAN.fullmatch(text)
    return float(found[1]) * _SPANS[found[2]] if found and float(found[1]) else duration(text)


def duration_or_none(text: str) -> float:
    """Return seconds, 0 for none; raise Wrong."""
    found = _DURATION.fullmatch(text)
    if not found:
        raise Wrong(f"'{text}' is no duration", "a number and its unit: 500ms, 35s, 2m, 1h")
    return float(found[1]) * _SECONDS[found[2]]


def span(text: str) -> float:
    """Return the seconds of a stretch of the past: 1 minute to 455 days, as far as CloudWatch reaches; raise Wrong."""
    found = _SPAN.fullmatch(text)
    if not found:
        raise Wrong(f"'{text}' is no stretch of time", "a number and its unit: 30m, 24h, 7d, 4w")
    seconds = float(found[1]) * _SPANS[found[2]]
    if not _SHORTEST_SPAN <= seconds <= _LONGEST_SPAN:
        raise Wrong(f"'{text}' is not within 1m to 455d", "monitoring tells of whole minutes, and keeps 455 days")
    return seconds


def size(text: str) -> int:
    """Return bytes, at least 1; raise Wrong."""
    found = _SIZE.fullmatch(text)
    if not found:
        raise Wrong(f"'{text}' is no size", "a number and its unit: 500kB, 10MB, 1MiB")
    count = int(Decimal(found[1]) * _BYTES[found[2] or "B"])
    if not count:
        raise Wrong("a size of 0", "give at least 1 byte, such as 10MB")
    return count


def rate(text: str) -> float:
    """Return requests per second, more than 0; raise Wrong."""
    value = rate_or_none(text)
    if not value:
        raise Wrong("a rate of 0 sends nothing", "give more than 0, such as 20/s")
    return value


def rate_or_none(text: str) -> float:
    """Return requests per second, 0 for none; raise Wrong."""
    found = _RATE.fullmatch(text)
    if not found:
        raise Wrong(f"'{text}' is no rate", "requests per second: 20, or with the unit: 20/s, 300/m")
    return float(found[1]) / _PER[found[2] or "s"]


def share(text: str) -> float:
    """Return a share (0.5 of 50%), more than 0 and at most 1; raise Wrong."""
    found = _SHARE.fullmatch(text)
    if not found:
        raise Wrong(f"'{text}' is no share", "of 100, such as 50%")
    value = float(found[1]) / 100
    if not 0 < value <= 1:
        raise Wrong(f"a share of {text}", "more than 0%, and at most 100%")
    return value


def amount(text: str) -> Decimal:
    """Return an exact amount, 0 or more, as it is written; raise Wrong."""
    if not _AMOUNT.fullmatch(text):
        raise Wrong(f"'{text}' is no tolerance", "the largest difference allowed, 0 or more, such as 0.01")
    return Decimal(text)


def day(text: str) -> date:
    """Return a date; raise Wrong."""
    if _DATE.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
    raise Wrong(f"'{text}' is no date", "write YYYY-MM-DD, such as 2026-12-31")


def moment(text: str) -> float:
    """Return Unix seconds of a day, time and zone (ISO 8601), as reports show it too; raise Wrong."""
    found = _MOMENT.fullmatch(text)
    if not found:
        if _DATE.fullmatch(text):
            raise Wrong(f"'{text}' is a day, and no moment", f"add time and zone, {_MOMENT_FORM}")
        raise Wrong(f"'{text}' is no moment", f"day, time and zone, {_MOMENT_FORM}")
    day_, time, zone = found.groups()
    if zone is None:
        raise Wrong(f"'{text}' names no time zone", "add Z for UTC, or the offset, such as +01:00")
    try:
        value = datetime.fromisoformat(f"{day_}T{time}{'Z' if zone in {'Z', 'z', 'UTC'} else zone}")
    except ValueError:
        raise Wrong(f"'{text}' is no moment: there is no such day, time or zone", _MOMENT_FORM) from None
    if value.year < _EARLIEST:
        raise Wrong(f"'{text}' is before {_EARLIEST}", "is the year right?")
    return value.timestamp()
