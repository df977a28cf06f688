"""Noise: what the old side disagrees with itself about, and what that never hides."""

import json
from typing import Any

import pytest

from harness.compare.answers import compare
from harness.compare.noise import NOTHING, learn, set_aside
from harness.model.difference import Cause, Difference
from harness.model.place import JsonPath, Step
from harness.model.response import Body, NoResponse, Reason, Response
from harness.model.rule import BodyRule, CompareRules

NO_RULES = CompareRules()
UUIDS = (
    "8f14e45f-ceea-467f-ab5e-6c7d8e9f0a1b",
    "00000000-0000-4000-8000-000000000001",
    "16b2c3d4-0000-4000-8000-000000000002",
)


def answer(value: Any, *headers: tuple[str, str], status: int = 200, media: str = "application/json") -> Response:
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return Response(status=status, headers=(("Content-Type", media), *headers), body=Body(content=body, size=len(body)))


def judge(old: Response, repeat: Response, new: Response, *more: Response) -> list[Difference]:
    noise = learn(old, (repeat, *more), NO_RULES)
    return list(set_aside(compare(old, new, NO_RULES).differences, noise))


def causes(found: list[Difference]) -> list[tuple[str, str]]:
    return [(d.at.removeprefix("body:"), d.cause.value) for d in found]


@pytest.mark.parametrize(
    ("old", "repeat", "new", "expected"),
    [
        ({"id": UUIDS[0]}, {"id": UUIDS[1]}, {"id": UUIDS[2]}, "noise"),
        ({"n": 1}, {"n": 2}, {"n": 3}, "noise"),
        ({"n": 1.5}, {"n": 2.5}, {"n": 3}, "noise"),
        ({"at": "2026-11-21T04:24:00Z"}, {"at": "2026-11-21T04:24:01Z"}, {"at": "2026-11-21T04:24:02Z"}, "noise"),
        (
            {"at": "2026-11-21T04:24:00Z"},
            {"at": "2026-11-21T04:24:01Z"},
            {"at": "2026-11-21T04:24:02+00:00"},
            "unexplained",
        ),
        ({"t": 1795235040}, {"t": 1795235041}, {"t": 1795235042}, "noise"),
        ({"h": "deadbeef"}, {"h": "deadbeee"}, {"h": "12345678"}, "noise"),
        ({"f": True}, {"f": False}, {"f": False}, "noise"),
        ({"s": "a b"}, {"s": "c d"}, {"s": "e f"}, "noise"),
        ({"a": [1, 2]}, {"a": [2, 1]}, {"a": [2, 1]}, "noise"),
        ({"id": UUIDS[0]}, {"id": UUIDS[1]}, {"id": "none"}, "unexplained"),
        ({"id": UUIDS[0]}, {"id": UUIDS[1]}, {"id": ""}, "unexplained"),
        ({"id": UUIDS[0]}, {"id": UUIDS[1]}, {"id": 7}, "unexplained"),
        ({"id": UUIDS[0]}, {"id": UUIDS[1]}, {"id": None}, "unexplained"),
        ({"id": UUIDS[0]}, {"id": UUIDS[1]}, {}, "unexplained"),
        ({"t": 1795235040}, {"t": 1795235041}, {"t": 1795235042000}, "unexplained"),
        ({"h": "deadbeef"}, {"h": "deadbeee"}, {"h": "deadbeef00"}, "unexplained"),
        ({"at": "2026-11-21T04:24:00Z"}, {"at": "2026-11-21T04:24:01Z"}, {"at": "21.11.2026"}, "unexplained"),
        ({"n": None}, {}, {}, "unexplained"),
        ({"n": None}, {"n": 1}, {"n": 1}, "unexplained"),
        ({"n": 1}, {}, {}, "unexplained"),
    ],
)
def test_kinds_types_and_formats(old: Any, repeat: Any, new: Any, expected: str) -> None:
    (found,) = judge(answer(old), answer(repeat), answer(new))
    assert found.cause == expected
    assert bool(expected == "noise") is not ("also differs from itself here" in found.note)


def test_only_the_very_place_is_set_aside() -> None:
    found = judge(answer({"a": 1, "b": 1}), answer({"a": 2, "b": 1}), answer({"a": 3, "b": 2}))
    assert causes(found) == [("$.a", "noise"), ("$.b", "unexplained")]


def test_an_order_is_noise_only_where_one_was_seen() -> None:
    assert causes(judge(answer([1, 2]), answer([1, 3]), answer([2, 1]))) == [("$", "unexplained")]
    old, repeat = answer({"a": [1, 2], "ab": [5]}), answer({"a": [2, 1], "ab": [6]})
    assert causes(judge(old, repeat, answer({"a": [1, 2], "ab": [7]}))) == [("$.ab[0]", "noise")]


def test_headers() -> None:
    old, repeat, new = (answer(1, ("ETag", f'"{tag}"'), ("X", tag)) for tag in ("deadbeef", "deadbeee", "deadbeed"))
    assert causes(judge(old, repeat, new)) == [("header:etag", "noise"), ("header:x", "noise")]
    assert causes(judge(old, repeat, answer(1, ("ETag", '"x"'), ("X", "deadbeed"))))[0][1] == "unexplained"
    missing = judge(old, repeat, answer(1))
    assert [d.cause for d in missing] == [Cause.UNEXPLAINED] * 2


def test_a_status_is_never_noise() -> None:
    found = judge(answer(1, status=200), answer(1, status=503), answer(1, status=503))
    assert causes(found) == [("status", "unexplained")]


def test_bytes_are_never_noise() -> None:
    old, repeat, new = (answer(body, media="image/png") for body in (b"\0a", b"\0b", b"\0c" * 9))
    assert causes(judge(old, repeat, new)) == [("byte 1", "unexplained")]


def test_fields_of_items_may_be_noise() -> None:
    def items(*stamps: int, price: int = 5) -> Response:
        return answer({"items": [{"id": n, "at": at, "price": price} for n, at in enumerate(stamps)]})

    found = judge(items(1795235040, 1795235041), items(1795235042, 1795235043), items(1795235044, 1795235045, price=6))
    assert sorted(causes(found)) == [
        ("$.items[0].at", "noise"),
        ("$.items[0].price", "unexplained"),
        ("$.items[1].at", "noise"),
        ("$.items[1].price", "unexplained"),
    ]


def test_an_array_that_old_reorders_hides_nothing_inside() -> None:
    def items(*rows: tuple[int, int], at: int) -> Response:
        return answer({"items": [{"id": key, "price": price, "at": at + n} for n, (key, price) in enumerate(rows)]})

    old, repeat = items((1, 10), (2, 20), at=100), items((2, 20), (1, 10), at=200)
    found = judge(old, repeat, items((2, 99), (1, 10), at=300))
    assert {cause for _, cause in causes(found)} == {"unexplained"}
    assert all("unordered" in d.note for d in found)


def test_an_array_that_old_resizes_hides_nothing_inside() -> None:
    old, repeat, new = (
        answer([{"a": 1}, {"a": 2}]),
        answer([{"a": 7}, {"a": 2}, {"a": 3}]),
        answer([{"a": 9}, {"a": 2}]),
    )
    assert causes(judge(old, repeat, new)) == [("$[0].a", "unexplained")]


def test_an_array_of_pure_reordering_is_noise_as_a_whole_only() -> None:
    old, repeat = answer({"a": [{"i": 1}, {"i": 2}]}), answer({"a": [{"i": 2}, {"i": 1}]})
    assert causes(judge(old, repeat, answer({"a": [{"i": 2}, {"i": 1}]}))) == [("$.a", "noise")]
    assert causes(judge(old, repeat, answer({"a": [{"i": 2}, {"i": 9}]}))) == [
        ("$.a[0].i", "unexplained"),
        ("$.a[1].i", "unexplained"),
    ]


def test_reordering_seen_by_one_repeat_spoils_what_another_taught() -> None:
    old = answer({"a": [{"i": 1}, {"i": 2}]})
    found = judge(
        old,
        answer({"a": [{"i": 2}, {"i": 1}]}),
        answer({"a": [{"i": 7}, {"i": 2}]}),
        answer({"a": [{"i": 5}, {"i": 2}]}),
    )
    assert causes(found) == [("$.a[0].i", "unexplained")]


def test_lines_that_only_change_places_hide_nothing() -> None:
    old, repeat, new = (answer(text, media="text/plain") for text in (b"a 1\nb 2\nc", b"b 2\na 1\nc", b"b 3\na 1\nc"))
    assert {cause for _, cause in causes(judge(old, repeat, new))} == {"unexplained"}


def test_a_line_that_differs_is_noise() -> None:
    old, repeat, new = (answer(text, media="text/plain") for text in (b"a\nat 1", b"a\nat 2", b"a\nat 3"))
    assert causes(judge(old, repeat, new)) == [("line 2", "noise")]


def test_a_comparison_cut_short_hides_nothing() -> None:
    old, repeat = answer([1, *range(2_000)]), answer([2, *range(2_000)])
    found = judge(old, repeat, answer([n + 0.5 for n in range(2_001)]))
    assert len(found) == 1_001
    assert {d.cause for d in found} == {Cause.UNEXPLAINED}


def test_an_old_side_that_differs_everywhere_teaches_nothing() -> None:
    noise = learn(answer(list(range(2_000))), [answer([n + 0.5 for n in range(2_000)])], NO_RULES)
    assert not noise.places
    assert "too many places" in noise.notes[0]


def test_a_repeat_without_response_teaches_nothing() -> None:
    noise = learn(answer(1), [NoResponse(reason=Reason.RESET, detail="")], NO_RULES)
    assert not noise.places
    assert noise.notes == ("asking the old side again failed (connection reset); nothing was learnt from it",)


def test_without_repeats_nothing_changes() -> None:
    differences = compare(answer(1), answer(2), NO_RULES).differences
    assert learn(answer(1), [], NO_RULES) is NOTHING
    assert set_aside(differences, NOTHING) == differences


def test_streaming_lost_is_never_noise() -> None:
    lost = Difference(
        at="time:first_byte", kind=compare(answer(1), answer(2), NO_RULES).differences[0].kind, old="1", new="2"
    )
    noise = learn(answer({"a": 1}), [answer({"a": 2})], NO_RULES)
    assert set_aside((lost,), noise) == (lost,)


def test_items_matched_by_a_key_keep_their_places() -> None:
    rule = BodyRule(at=JsonPath(text="$.items", steps=(Step(names=("items",)),)), unordered="id")
    rules = CompareRules(body=(rule,))

    def items(*rows: tuple[int, int, int]) -> Response:
        return answer({"items": [{"id": key, "at": at, "price": price} for key, at, price in rows]})

    old, repeat, new = items((1, 11, 5), (2, 12, 6)), items((2, 13, 6), (1, 14, 5)), items((2, 15, 9), (1, 16, 5))
    noise = learn(old, [repeat], rules)
    found = set_aside(compare(old, new, rules).differences, noise)
    assert sorted(causes(list(found))) == [
        ("$.items", "intended"),
        ("$.items[0].at", "noise"),
        ("$.items[1].at", "noise"),
        ("$.items[1].price", "unexplained"),
    ]
