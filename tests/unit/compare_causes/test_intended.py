"""What `expect` declares, and what breaks it."""

from typing import Any

from harness.compare.intended import broken
from harness.model.exchange import Exchange
from harness.model.request import Request
from harness.model.response import NoResponse, Reason, Response, Timings
from harness.model.rule import Expect, ExpectSide
from harness.model.side import Side

JSON = (("Content-Type", "application/json"),)
AGREED = Expect(old=ExpectSide(status=(403,)), new=ExpectSide(status=(401,)), because="agreed, ORD-40")


def test_declared_statuses_carry_body_and_what_describes_it(pairs: Any) -> None:
    old = pairs.answer(403, JSON, '{"error": "no"}')
    more = (
        ("WWW-Authenticate", "Bearer"),
        ("Access-Control-Allow-Origin", "*"),
        ("X-Frame-Options", "DENY"),
        ("Set-Cookie", "a=1"),
    )
    new = pairs.answer(401, (("Content-Type", "text/plain"), *more), "who are you")
    found = pairs.explain(old, new, expect=AGREED, kinds=("generic", "generic")).differences
    by_place = {one.at: one for one in found}
    assert {at for at, one in by_place.items() if one.cause.value == "intended"} == {
        "status", "header:content-type", "header:www-authenticate", "body",
    } | {at for at in by_place if at.startswith("body")}  # fmt: skip
    assert {at for at, one in by_place.items() if one.cause.value == "unexplained"} == {
        "header:access-control-allow-origin", "header:x-frame-options", "header:set-cookie[a]",
    }  # fmt: skip
    assert by_place["status"].note == "agreed, ORD-40"


def test_statuses_that_are_not_the_declared_ones(pairs: Any) -> None:
    for old, new in ((403, 404), (404, 401), (401, 403)):
        found = pairs.causes(pairs.answer(old), pairs.answer(new), expect=AGREED, kinds=("generic", "generic"))
        assert found == {"status": "unexplained"}


def test_one_side_or_both_alike_declare_nothing(pairs: Any) -> None:
    for expect in (
        Expect(old=ExpectSide(status=(403,))),
        Expect(new=ExpectSide(status=(401,))),
        Expect(both=ExpectSide(status=(401, 403))),
    ):
        found = pairs.causes(pairs.answer(403), pairs.answer(401), expect=expect, kinds=("generic", "generic"))
        assert found == {"status": "unexplained"}


def test_a_body_is_not_intended_where_statuses_agree(pairs: Any) -> None:
    expect = Expect(old=ExpectSide(status=(200,)), new=ExpectSide(status=(200,)), because="x")
    found = pairs.causes(pairs.answer(200, JSON, '{"a": 1}'), pairs.answer(200, JSON, '{"a": 2}'), expect=expect)
    assert found == {"body:$.a": "unexplained"}


def test_weaker_is_intended_only_with_a_reason(pairs: Any) -> None:
    old, new = ExpectSide(status=(403,)), ExpectSide(status=(200,))
    pair = (pairs.answer(403), pairs.answer(200))
    assert pairs.causes(*pair, expect=Expect(old=old, new=new)) == {"status": "weaker"}
    found = pairs.explain(*pair, expect=Expect(old=old, new=new, because="public from now on")).differences
    assert found[0].cause.value == "intended"
    assert found[0].note == "the new side lets through what the old one refuses; public from now on"


def test_declared_headers(pairs: Any) -> None:
    old, new = pairs.answer(200, (("X-Version", "1"),)), pairs.answer(200, (("X-Version", "2"),))
    both = Expect(
        old=ExpectSide(headers=(("x-version", "1"),)), new=ExpectSide(headers=(("X-Version", "2"),)), because="v2"
    )
    assert pairs.causes(old, new, expect=both) == {"header:x-version": "intended"}
    gone = Expect(new=ExpectSide(headers=(("x-version", None),)), because="gone")
    assert pairs.causes(old, pairs.answer(200), expect=gone) == {"header:x-version": "intended"}
    assert pairs.causes(old, new, expect=gone) == {"header:x-version": "unexplained"}
    mine = Expect(old=ExpectSide(headers=(("x-version", "1"),)))
    assert pairs.causes(old, new, expect=mine) == {"header:x-version": "unexplained"}
    wrong = Expect(old=ExpectSide(headers=(("x-version", "9"),)), new=ExpectSide(headers=(("x-version", "2"),)))
    assert pairs.causes(old, new, expect=wrong) == {"header:x-version": "unexplained"}


def exchange(side: Side, answer: Response | NoResponse) -> Exchange:
    return Exchange(request=Request(side=side, method="GET", url="https://x/"), answer=answer, sent_at=0.0)


def test_broken_expectations() -> None:
    expect = Expect(
        both=ExpectSide(status=(200, 204), headers=(("ETag", '"1"'),)),
        old=ExpectSide(headers=(("x-gone", None),)),
        new=ExpectSide(status=(204,)),
        max_time=2.0,
    )
    slow = Timings(total=3_412.0)
    old = exchange(Side.OLD, Response(status=500, headers=(("X-Gone", "here"), ("etag", '"1"')), timings=slow))
    new = exchange(Side.NEW, Response(status=200, headers=(("ETag", '"2"'),)))
    assert broken(expect, old, new) == (
        "old: expected status 200 or 204, got 500",
        "old: expected no header x-gone, got here",
        "old: expected an answer within 2 s, took 3.412 s",
        "new: expected status 204, got 200",
        'new: expected header ETag: "1", got "2"',
    )
    missing = exchange(Side.NEW, Response(status=204))
    assert broken(expect, None, missing) == ('new: expected header ETag: "1", got none',)
    silent = exchange(Side.OLD, NoResponse(reason=Reason.CONNECT, detail="refused"))
    assert broken(expect, silent, None) == ()


def test_broken_expectations_of_equal_answers(pairs: Any) -> None:
    same = pairs.answer(200)
    found = pairs.explain(same, same, expect=Expect(both=ExpectSide(status=(201,))))
    assert found.broken == ("old: expected status 201, got 200", "new: expected status 201, got 200")
    assert found.differences == ()
