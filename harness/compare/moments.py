"""Body values that are each side's own "now": two answers are given at two moments, so nobody can make them equal.

Noise cannot teach this: the old side asked twice within one second says the same second twice. So a value counts as
the moment of its answer only where both sides show it in one spelling, each within two seconds of its own clock.
"""

import re
from datetime import UTC, datetime, timedelta

from harness.compare import clock
from harness.compare.formats import format_of
from harness.model.difference import Difference, Kind
from harness.model.exchange import Exchange
from harness.model.response import Response

NOTE = "each side tells the moment of its own answer"
_TICK = timedelta(seconds=2)
_DIGIT = re.compile(r"\d")
_PER_SECOND = {"epoch-s": 1, "epoch-ms": 1000}


def is_now(difference: Difference, old: Exchange, new: Exchange) -> bool:
    """Tell whether a JSON value differs only as the moments of the two answers do."""
    if difference.kind is not Kind.VALUE or difference.path is None:
        return False
    mine, theirs = difference.old or "", difference.new or ""
    if len(mine) > 64 or len(theirs) > 64 or _spelling(mine) != _spelling(theirs):
        return False
    return _tells(mine, old) and _tells(theirs, new)


def _spelling(text: str) -> str:
    return _DIGIT.sub("0", text)


def _tells(text: str, exchange: Exchange) -> bool:
    """Tell whether a JSON text is the moment of an answer, by the side's own Date or by our clock."""
    moment = _moment(text[1:-1] if text.startswith('"') else text)
    answer = exchange.answer
    if moment is None or not isinstance(answer, Response):
        return False
    date = clock.read(answer.first("date"))
    if date is not None and abs(moment - date) <= _TICK:
        return True
    sent = datetime.fromtimestamp(exchange.sent_at, tz=UTC)
    return sent - _TICK <= moment <= sent + timedelta(milliseconds=answer.timings.total) + _TICK


def _moment(text: str) -> datetime | None:
    kind = format_of(text)
    if kind in _PER_SECOND:
        return datetime.fromtimestamp(int(text) / _PER_SECOND[kind], tz=UTC)
    if kind == "http-date":
        return clock.read(text)
    if kind != "date-time":
        return None
    found = datetime.fromisoformat(text.upper().replace(":60", ":59"))
    return found if found.tzinfo else None
