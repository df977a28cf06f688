"""What only tells the moment of an answer is set aside; every other time, spelling or place is not."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from harness.compare.moments import is_now
from harness.model.difference import Difference, Kind
from harness.model.exchange import Exchange
from harness.model.request import Request
from harness.model.response import Response, Timings
from harness.model.side import Side

SENT = 1_790_000_000.0
NOW = datetime.fromtimestamp(SENT, tz=UTC)


def exchange(side: Side, later: float = 0.0, date: str | None = None) -> Exchange:
    headers = (("Date", date),) if date else ()
    answer = Response(status=200, headers=headers, timings=Timings(total=100.0))
    return Exchange(request=Request(side=side, method="GET", url="http://x/"), answer=answer, sent_at=SENT + later)


def iso(seconds: float, end: str = "Z") -> str:
    return '"' + (NOW + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S") + end + '"'


ROWS: dict[str, tuple[str, str, bool]] = {
    "epoch seconds": (f"{SENT:.0f}", f"{SENT + 1:.0f}", True),
    "epoch milliseconds": (f"{SENT * 1000 + 3:.0f}", f"{SENT * 1000 + 90:.0f}", True),
    "epoch as text": (f'"{SENT:.0f}"', f'"{SENT + 1:.0f}"', True),
    "date-time": (iso(0), iso(1), True),
    "date-time with a fraction": (iso(0, ".120Z"), iso(0, ".345Z"), True),
    "less precise": (iso(0, ".120456Z"), iso(0, ".345Z"), False),
    "an hour apart": (iso(0), iso(3600), False),
    "both an hour ago": (iso(-3600), iso(-3599), False),
    "old is not now": (iso(-60), iso(0), False),
    "another zone": (iso(0), iso(0, "+00:00"), False),
    "without a zone": (iso(0, ""), iso(1, ""), False),
    "a number became text": (f"{SENT:.0f}", f'"{SENT + 1:.0f}"', False),
    "seconds became milliseconds": (f"{SENT:.0f}", f"{SENT * 1000:.0f}", False),
    "no time at all": ("17", "18", False),
    "words": ('"open"', '"done"', False),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())
def test_rows(row: tuple[str, str, bool]) -> None:
    old, new, told = row
    difference = Difference(at="body:$.now", kind=Kind.VALUE, old=old, new=new, path=("now",))
    assert is_now(difference, exchange(Side.OLD), exchange(Side.NEW, 0.5)) is told


@pytest.mark.parametrize("change", [{"kind": Kind.TYPE}, {"kind": Kind.MISSING, "new": None}, {"path": None}])
def test_only_values_of_json(change: dict[str, Any]) -> None:
    values: dict[str, Any] = {"at": "body:$.now", "kind": Kind.VALUE, "old": iso(0), "new": iso(1), "path": ("now",)}
    assert not is_now(Difference(**{**values, **change}), exchange(Side.OLD), exchange(Side.NEW))


def test_the_sides_own_date_counts_where_clocks_differ() -> None:
    far = NOW + timedelta(hours=3)
    date = far.strftime("%a, %d %b %Y %H:%M:%S GMT")
    difference = Difference(at="body:$.now", kind=Kind.VALUE, old=iso(0), new=iso(3 * 3600 + 1), path=("now",))
    assert is_now(difference, exchange(Side.OLD), exchange(Side.NEW, date=date))
    assert not is_now(difference, exchange(Side.OLD), exchange(Side.NEW))
