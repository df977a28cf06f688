"""Times as logs write them → Unix seconds."""

import calendar
import math
import re
from datetime import UTC, datetime
from functools import lru_cache

from harness.recordings.recording import Unread

CLF = r"[0-3][0-9]/[A-Z][a-z]{2}/[0-9]{4}:[0-2][0-9]:[0-5][0-9]:[0-6][0-9] [+-][0-9]{4}"
_CLF = re.compile(CLF)
_MONTHS = {name: number for number, name in enumerate(calendar.month_abbr) if name}
_NUMBER = re.compile(r"[0-9]{1,16}(?:\.[0-9]{1,9})?")
_MILLISECONDS = 1e11  # as seconds this would be the year 5138


def moment(value: object) -> float | None:
    """Return Unix seconds of a number (seconds, or milliseconds where it is that large), ISO 8601 or a CLF time.

    None where nothing is told (None, "" or "-"); raises Unread.
    """
    if value is None:
        return None
    if isinstance(value, str):
        return _of_text(value) if value not in {"", "-"} else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unread("a time that is neither a number nor a text")
    return _of_number(value)


def _of_number(value: float) -> float:
    try:
        seconds = float(value)
    except OverflowError:
        raise Unread("a time beyond all calendars") from None
    seconds = seconds / 1000 if seconds > _MILLISECONDS else seconds
    if not (math.isfinite(seconds) and 0 <= seconds < _MILLISECONDS):
        raise Unread("a time beyond all calendars")
    return seconds


@lru_cache(maxsize=4096)
def _of_text(text: str) -> float:
    if _CLF.fullmatch(text):
        return clf(text)
    if _NUMBER.fullmatch(text):
        return _of_number(float(text))
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise Unread("a time in no form that is known here") from None


@lru_cache(maxsize=4096)
def clf(text: str) -> float:
    """Return Unix seconds of `10/Oct/2000:13:55:36 -0700`; raises Unread."""
    month = _MONTHS.get(text[3:6])
    if month is None:
        raise Unread("a time with an unknown month")
    try:
        hour, minute, second = int(text[12:14]), int(text[15:17]), min(int(text[18:20]), 59)
        at = datetime(int(text[7:11]), month, int(text[:2]), hour, minute, second, tzinfo=UTC)
    except ValueError:
        raise Unread("a time that no calendar has") from None
    zone = int(text[22:24]) * 3600 + int(text[24:26]) * 60
    return at.timestamp() - (zone if text[21] == "+" else -zone)
