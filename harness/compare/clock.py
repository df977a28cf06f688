"""Headers that count from the moment of the answer: the two sides answer at two moments, which Date tells.

A lifetime is the same if it ends as long after each side's own Date (RFC 9110 §6.6.1, RFC 9111 §5.3). Clocks tick
between the two headers, so a second or two more or less is nothing.
"""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from harness.compare.collect import Collector
from harness.compare.fields import members, parameters
from harness.model.difference import Kind
from harness.model.response import Response

_TICK = timedelta(seconds=2)


def read(text: str | None) -> datetime | None:
    """Return an HTTP date, None for anything else."""
    if text is None:
        return None
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def drift(old: Response, new: Response) -> timedelta | None:
    """Return how much later the new side answered by the sides' own Date, None if one has none."""
    mine, theirs = read(_only(old, "date")), read(_only(new, "date"))
    return None if mine is None or theirs is None else theirs - mine


def moved(old: str | None, new: str | None, later: timedelta | None) -> bool:
    """Tell whether two dates are the same moment, each counted from its own side's Date."""
    mine, theirs = read(old), read(new)
    if mine is None or theirs is None or later is None:
        return False
    return abs(theirs - mine - later) <= _TICK


def expires(old: Response, new: Response, out: Collector) -> None:
    """Compare Expires as a lifetime."""
    if not moved(_only(old, "expires"), _only(new, "expires"), drift(old, new)):
        _told("expires", old, new, out)


def last_modified(old: Response, new: Response, out: Collector) -> None:
    """Compare Last-Modified; of answers made on the spot it is just their Date."""
    for side in (old, new):
        date, changed = read(_only(side, "date")), read(_only(side, "last-modified"))
        if date is None or changed is None or abs(date - changed) > _TICK:
            _told("last-modified", old, new, out)
            return


def age(old: Response, new: Response, out: Collector) -> None:
    """Compare Age: any number of seconds says the same, unless only the new side's is past its own lifetime."""
    mine, theirs = (_seconds(_only(side, "age")) for side in (old, new))
    if mine is None or theirs is None:
        _told("age", old, new, out)
    elif theirs > _lifetime(new) and mine <= _lifetime(old):
        _told("age", old, new, out, note="older than its own Cache-Control allows")


def _lifetime(response: Response) -> float:
    found = parameters(members(response.all("cache-control")))
    seconds = _seconds(found.get("s-maxage", found.get("max-age")))
    return float("inf") if seconds is None else seconds


def _seconds(text: str | None) -> int | None:
    return int(text) if text is not None and re.fullmatch(r"[0-9]{1,10}", text) else None


def _only(response: Response, name: str) -> str | None:
    values = response.all(name)
    return values[0] if len(values) == 1 else None


def _told(name: str, old: Response, new: Response, out: Collector, note: str = "") -> None:
    mine, theirs = (", ".join(side.all(name)) or None for side in (old, new))
    kind = Kind.MISSING if theirs is None else Kind.ADDED if mine is None else Kind.VALUE
    out.add(f"header:{name}", kind, mine, theirs, note=note)
