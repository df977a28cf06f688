"""Headers that count from the answer's own Date."""

import pytest

from harness.compare.answers import compare
from harness.model.response import Body, Response, Timings
from harness.model.rule import CompareRules


def day(minute: int, second: int = 0) -> str:
    return f"Sat, 21 Nov 2026 04:{minute:02}:{second:02} GMT"


def answer(*headers: tuple[str, str]) -> Response:
    return Response(status=200, headers=headers, body=Body(content=b"", size=0), timings=Timings())


def places(old: Response, new: Response) -> list[tuple[str, str]]:
    found = compare(old, new, CompareRules()).differences
    return [(one.at.removeprefix("header:"), one.kind.value) for one in found if one.at != "header:date"]


OLD = ("Date", day(0))
NEW = ("Date", day(1))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ([OLD, ("Expires", day(10))], [NEW, ("Expires", day(11))], []),
        ([OLD, ("Expires", day(10))], [NEW, ("Expires", day(11, 2))], []),
        ([OLD, ("Expires", day(10))], [NEW, ("Expires", day(11, 4))], [("expires", "value")]),
        ([OLD, ("Expires", day(10))], [NEW, ("Expires", day(10, 2))], [("expires", "value")]),
        ([OLD, ("Expires", day(10))], [("Expires", day(11))], [("expires", "value")]),
        ([OLD, ("Expires", day(10))], [NEW, ("Expires", "0")], [("expires", "value")]),
        ([OLD, ("Expires", day(10))], [NEW], [("expires", "missing")]),
        ([OLD], [NEW, ("Expires", day(10))], [("expires", "added")]),
        ([OLD, ("Last-Modified", day(0))], [NEW, ("Last-Modified", day(1))], []),
        ([OLD, ("Last-Modified", day(0))], [NEW, ("Last-Modified", day(0))], []),
        ([OLD, ("Last-Modified", day(0))], [NEW, ("Last-Modified", day(0, 30))], [("last-modified", "value")]),
        ([OLD, ("Last-Modified", day(0))], [NEW], [("last-modified", "missing")]),
        ([("Age", "1")], [("Age", "50")], []),
        ([("Age", "1")], [("Age", "50"), ("Cache-Control", "max-age=10")], [("cache-control", "added"), ("age", "value")]),
        ([("Age", "1")], [("Age", "soon")], [("age", "value")]),
        ([("Age", "1")], [], [("age", "missing")]),
        ([], [("Age", "1")], [("age", "added")]),
        ([OLD, ("Set-Cookie", f"a=1; Expires={day(9)}")], [NEW, ("Set-Cookie", f"a=1; Expires={day(10)}")], []),
        (
            [OLD, ("Set-Cookie", f"a=1; Expires={day(9)}")],
            [NEW, ("Set-Cookie", f"a=1; Expires={day(19)}")],
            [("set-cookie[a].expires", "value")],
        ),
    ],
)  # fmt: skip
def test_counted_from_date(
    old: list[tuple[str, str]], new: list[tuple[str, str]], expected: list[tuple[str, str]]
) -> None:
    assert sorted(places(answer(*old), answer(*new))) == sorted(expected)
