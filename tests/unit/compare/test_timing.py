"""Streaming lost: told for streams, never for ordinary answers."""

import pytest

from harness.compare.answers import compare
from harness.model.response import Response, Timings
from harness.model.rule import CompareRules

EVENTS = (("Content-Type", "text/event-stream"),)
SIZED = (("Content-Type", "text/plain"), ("Content-Length", "0"))


@pytest.mark.parametrize(
    ("headers", "old", "new", "expected"),
    [
        (EVENTS, (50.0, 1_000.0), (1_000.0, 1_010.0), True),
        ((), (50.0, 1_000.0), (1_000.0, 1_010.0), True),
        ((*EVENTS, ("Content-Length", "0")), (50.0, 1_000.0), (1_000.0, 1_001.0), True),
        (SIZED, (50.0, 1_000.0), (1_000.0, 1_010.0), False),
        (EVENTS, (50.0, 1_000.0), (60.0, 1_010.0), False),
        (EVENTS, (50.0, 1_000.0), (60.0, 65.0), False),
        (EVENTS, (50.0, 1_000.0), (600.0, 605.0), True),
        (EVENTS, (50.0, 1_000.0), (700.0, 1_000.0), False),
        (EVENTS, (50.0, 200.0), (200.0, 200.0), False),
        (EVENTS, (700.0, 1_000.0), (1_000.0, 1_000.0), False),
        (EVENTS, (None, 1_000.0), (1_000.0, 1_000.0), False),
        (EVENTS, (50.0, 1_000.0), (None, 1_000.0), False),
    ],
)
def test_streaming_lost(
    headers: tuple[tuple[str, str], ...],
    old: tuple[float | None, float],
    new: tuple[float | None, float],
    expected: bool,
) -> None:
    a, b = (
        Response(status=200, headers=headers, timings=Timings(first_byte=first, total=total))
        for first, total in (old, new)
    )
    found = compare(a, b, CompareRules()).differences
    assert [d.at for d in found] == (["time:first_byte"] if expected else [])
    assert all("buffer-response" in d.remedy for d in found)
