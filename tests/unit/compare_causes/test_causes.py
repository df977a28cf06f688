"""The order of causes, silence, noise; and that equal answers cost next to nothing."""

import time
from typing import Any

import pytest

from harness.compare.causes import NOTHING
from harness.model.response import NoResponse, Reason
from harness.model.rule import Expect, ExpectSide, Waiver

JSON = (("Content-Type", "application/json"),)


def test_equal_answers(pairs: Any) -> None:
    same = pairs.answer(200, JSON, '{"a": 1}')
    assert pairs.explain(same, same) is NOTHING


def test_silence(pairs: Any) -> None:
    silent = NoResponse(reason=Reason.TIMEOUT_HEADERS, detail="35 s")
    answered = pairs.answer(200)
    lost = pairs.explain(answered, silent).differences
    assert [(one.at, one.kind.value, one.old, one.new) for one in lost] == [
        ("response", "missing", "200", "timeout before headers: 35 s")
    ]
    gained = pairs.explain(silent, answered).differences
    assert [(one.kind.value, one.cause.value) for one in gained] == [("added", "unexplained")]
    assert pairs.explain(silent, silent).differences == ()
    expect = Expect(both=ExpectSide(status=(201,)))
    assert pairs.explain(answered, silent, expect=expect).broken == ("old: expected status 201, got 200",)
    waiver = Waiver(id="w1", at="*", owner="a", until=pairs.today, because="b")
    assert pairs.explain(answered, silent, waivers=(waiver,)).waivers_used == ()


def test_noise(pairs: Any) -> None:
    def at(stamp: str) -> Any:
        return pairs.answer(200, JSON, f'{{"at": "2026-11-21T10:00:{stamp}Z", "n": 1}}')

    found = pairs.explain(at("01"), at("02"), repeats=(at("03"),))
    assert [one.cause.value for one in found.differences] == ["noise"]
    assert pairs.causes(at("01"), at("02")) == {"body:$.at": "unexplained"}
    silent = NoResponse(reason=Reason.RESET, detail="x")
    assert len(pairs.explain(at("01"), at("02"), repeats=(silent,)).repeat_notes) == 1


def test_other_kinds_are_told_to_be_noisy_but_stay(pairs: Any) -> None:
    old, new = pairs.answer(200, JSON, '{"a": 1, "b": 2}'), pairs.answer(200, JSON, '{"a": 1}')
    found = pairs.explain(old, new, repeats=(new,)).differences
    assert [one.cause.value for one in found] == ["unexplained"]
    assert "the old side also differs from itself here" in found[0].note


def test_bound_comes_before_noise(pairs: Any) -> None:
    old, new, again = (pairs.answer(200, JSON, f'{{"id": "{value}"}}') for value in ("a1", "b2", "c3"))
    assert pairs.causes(old, new, repeats=(again,), captures={"id": ("a1", "b2")}) == {"body:$.id": "bound"}
    assert pairs.causes(old, new, repeats=(again,)) == {"body:$.id": "noise"}


def test_a_status_is_never_noise(pairs: Any) -> None:
    old, new = pairs.answer(500), pairs.answer(503)
    assert pairs.causes(old, new, repeats=(new,)) == {"status": "unexplained"}


def test_places_stay_in_order_and_none_is_lost(pairs: Any) -> None:
    old = pairs.answer(200, (*JSON, ("Date", "a"), ("X-A", "1")), '{"a": 1, "b": 2}')
    new = pairs.answer(404, (*JSON, ("Date", "b"), ("X-A", "2")), '{"a": 2, "b": 3}')
    places = [one.at for one in pairs.explain(old, new).differences]
    assert places == ["status", "header:date", "header:x-a", "body:$.a", "body:$.b"]


@pytest.mark.parametrize("kind", ["aws-http", "generic"])
def test_every_pair_of_kinds(pairs: Any, kind: str) -> None:
    old, new = pairs.answer(200, (("Date", "a"),)), pairs.answer(500, (("Date", "b"),))
    for other in ("aws-rest", "aws-http", "azure-apim", "generic"):
        assert pairs.causes(old, new, kinds=(kind, other)) == {"status": "unexplained", "header:date": "identity"}


def test_hostile_answers(pairs: Any) -> None:
    for body in ("[" * 100_000, "\x00\xff", '{"a": 1e10000000}', '{"message": ' + "9" * 5_000 + "}", "{" * 3):
        for status in (200, 403, 500):
            old, new = pairs.answer(status, JSON, body), pairs.answer(200, JSON, '{"a": 2}')
            assert pairs.explain(old, new, captures={"x": ("1", "2")}).differences


def test_many_differences_end_soon(pairs: Any) -> None:
    old = pairs.answer(200, JSON, "{" + ", ".join(f'"k{n}": {{"a": {n}}}' for n in range(900)) + "}")
    new = pairs.answer(200, JSON, "{" + ", ".join(f'"j{n}": {{"a": {n}}}' for n in range(900)) + "}")
    started = time.perf_counter()
    pairs.explain(old, new, captures={f"c{n}": (f"k{n}", f"x{n}") for n in range(20)})
    assert time.perf_counter() - started < 2.0
