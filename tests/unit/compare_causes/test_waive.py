"""Waivers: what they take, what they never take, and until when."""

from datetime import timedelta
from typing import Any

import pytest

from harness.model.rule import CompareRules, Waiver


def waiver(pairs: Any, at: str, *, days: int = 1, **kwargs: Any) -> Waiver:
    return Waiver(
        **{"id": "w1", "at": at, "owner": "orders", "until": pairs.today + timedelta(days=days), "because": "ORD-12"}
        | kwargs
    )


def etags(pairs: Any) -> tuple[Any, Any]:
    return pairs.answer(200, (("ETag", '"1"'),)), pairs.answer(200, (("ETag", 'W/"1"'),))


@pytest.mark.parametrize(
    "kwargs",
    [
        {},
        {"at": "header:ETag"},
        {"at": "header:*"},
        {"at": "*"},
        {"case": "list*"},
        {"case": "list orders", "operation": "GET /*"},
        {"operation": "GET /order?"},
        {"days": 0},
    ],
)
def test_taken(pairs: Any, kwargs: dict[str, Any]) -> None:
    one = waiver(pairs, kwargs.pop("at", "header:etag"), **kwargs)
    found = pairs.explain(*etags(pairs), waivers=(one,))
    assert found.waivers_used == ("w1",)
    assert found.differences[0].cause.value == "waived"
    assert found.differences[0].note == f"waived by orders until {one.until}: ORD-12"


@pytest.mark.parametrize(
    "kwargs", [{"at": "header:e"}, {"at": "etag"}, {"case": "list"}, {"operation": "POST *"}, {"at": "body*"}]
)
def test_not_taken(pairs: Any, kwargs: dict[str, Any]) -> None:
    one = waiver(pairs, kwargs.pop("at", "header:etag"), **kwargs)
    found = pairs.explain(*etags(pairs), waivers=(one,))
    assert found.waivers_used == ()
    assert found.differences[0].cause.value == "unexplained"
    assert found.differences[0].note == ""


def test_expired(pairs: Any) -> None:
    found = pairs.explain(*etags(pairs), waivers=(waiver(pairs, "header:etag", days=-1),))
    assert found.waivers_used == ()
    assert found.differences[0].cause.value == "unexplained"
    assert found.differences[0].note == "waiver w1 expired on 2026-11-20"
    both = (waiver(pairs, "header:etag", days=-1), waiver(pairs, "header:etag", id="w2"))
    assert pairs.explain(*etags(pairs), waivers=both).waivers_used == ("w2",)


@pytest.mark.parametrize(
    ("at", "taken"),
    [
        ("body:$.items[*].price", True),
        ("$.items[*].price", True),
        ("body:$.items[1].price", True),
        ("body:$.items[0].price", False),
        ("body:$.items[*]", False),
        ("body:$.*", True),
        ("body", False),
    ],
)
def test_places_in_bodies(pairs: Any, at: str, *, taken: bool) -> None:
    json = (("Content-Type", "application/json"),)
    old = pairs.answer(200, json, '{"items": [{"price": 1}, {"price": 2}]}')
    new = pairs.answer(200, json, '{"items": [{"price": 1}, {"price": 3}]}')
    assert bool(pairs.explain(old, new, waivers=(waiver(pairs, at),)).waivers_used) is taken


def test_weaker_is_never_waived(pairs: Any) -> None:
    found = pairs.explain(pairs.answer(403), pairs.answer(200), waivers=(waiver(pairs, "status"),))
    assert found.waivers_used == ()
    assert found.differences[0].cause.value == "weaker"
    assert "waiver w1: what is weaker is never waived" in found.differences[0].note


def test_what_would_not_fail_needs_no_waiver(pairs: Any) -> None:
    old = pairs.answer(403, (("x-amzn-RequestId", "1"),), '{"message":"Missing Authentication Token"}')
    new = pairs.answer(404, (), '{ "statusCode": 404, "message": "Resource not found" }')
    assert pairs.explain(old, new, waivers=(waiver(pairs, "*"),)).waivers_used == ()
    strict = pairs.explain(old, new, waivers=(waiver(pairs, "*"),), rules=CompareRules(strict=True))
    assert strict.waivers_used == ("w1",)
    assert {one.cause.value for one in strict.differences} == {"waived", "identity"}
