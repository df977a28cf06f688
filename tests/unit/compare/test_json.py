"""JSON bodies: every kind, exactly at its place."""

import json
import random
import time
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.compare.answers import Comparison, compare
from harness.model.difference import Cause, Kind
from harness.model.place import JsonPath, Step
from harness.model.response import Body, Response
from harness.model.rule import BodyRule, CompareRules

NO_RULES = CompareRules()


def answer(body: bytes, media: str = "application/json") -> Response:
    return Response(status=200, headers=(("Content-Type", media),), body=Body(content=body, size=len(body)))


def diff(old: bytes | str, new: bytes | str, *rules: BodyRule, media: str = "application/json") -> Comparison:
    a, b = (side.encode() if isinstance(side, str) else side for side in (old, new))
    return compare(answer(a, media), answer(b, media), CompareRules(body=rules))


def told(comparison: Comparison) -> list[tuple[str, str]]:
    return [(d.at.removeprefix("body:"), d.kind.value) for d in comparison.differences if d.cause is Cause.UNEXPLAINED]


def items(text: str) -> str:
    return '{"items":' + text + "}"


def path(text: str) -> JsonPath:
    """A tiny reader of patterns, enough for tests: `$.a[*]..b`."""
    steps, descend = [], False
    for piece in text.removeprefix("$").replace("..", ".~").replace("[*]", ".*").split(".")[1:]:
        name = piece.removeprefix("~")
        descend = piece.startswith("~")
        steps.append(Step(wildcard=True, descend=descend) if name == "*" else Step(names=(name,), descend=descend))
    return JsonPath(text=text, steps=tuple(steps))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('{"a":1}', '{"a":1}', []),
        ('{"a":1}', ' { "a" : 1.0 } ', []),
        ('{"a":1,"b":2}', '{"b":2,"a":1}', []),
        ('{"a":1e2}', '{"a":100}', []),
        ('{"a":1e2}', '{"a":100.000}', []),
        ('{"a":"\\u00e9"}', '{"a":"é"}', []),
        ('{"a":-0}', '{"a":0}', []),
        ("[]", " [ ] ", []),
        ('{"a":1}', '{"a":2}', [("$.a", "value")]),
        ('{"a":1}', '{"a":true}', [("$.a", "type")]),
        ('{"a":0}', '{"a":false}', [("$.a", "type")]),
        ('{"a":[1]}', '{"a":[true]}', [("$.a[0]", "type")]),
        ('{"a":1}', '{"a":"1"}', [("$.a", "type")]),
        ('{"a":null}', '{"a":0}', [("$.a", "type")]),
        ('{"a":null}', '{"a":""}', [("$.a", "type")]),
        ('{"a":{}}', '{"a":[]}', [("$.a", "type")]),
        ('{"a":1}', "{}", [("$.a", "missing")]),
        ("{}", '{"a":1}', [("$.a", "added")]),
        ('{"a":null}', "{}", [("$.a", "null-absent")]),
        ("{}", '{"a":null}', [("$.a", "null-absent")]),
        ("[null]", "[]", [("$[0]", "missing")]),
        ("[1,2,3]", "[3,2,1]", [("$", "order")]),
        ('{"a":[{"x":1},{"x":2}]}', '{"a":[{"x":2.0},{ "x":1}]}', [("$.a", "order")]),
        ("[1,2,3]", "[1,3]", [("$[1]", "missing")]),
        ("[1,3]", "[1,2,3]", [("$[1]", "added")]),
        ("[1,2,3,4]", "[1,9,3,4]", [("$[1]", "value")]),
        ('[{"id":1,"v":1},{"id":2,"v":1}]', '[{"id":1,"v":1},{"id":2,"v":2}]', [("$[1].v", "value")]),
        ('{"a b":1}', '{"a b":2}', [("$['a b']", "value")]),
        ("5", "6", [("$", "value")]),
        ('"a"', '"b"', [("$", "value")]),
        ('{"n":12345678901234567890}', '{"n":12345678901234567000}', [("$.n", "value")]),
        ('{"n":0.1}', '{"n":0.1000000000000000055511151231257827}', [("$.n", "value")]),
        ('{"n":18446744073709551616}', '{"n":18446744073709551617}', [("$.n", "value")]),
        ('{"n":1e10000000}', '{"n":1e10000001}', [("$.n", "value")]),
        ('{"n":1e10000000}', '{"n":10e9999999}', []),
        ('{"a":1,"a":2}', '{"a":2}', [("$.a", "format")]),
        ('{"a":2}', '{"a":2,"a":2}', [("$.a", "format")]),
        ('{"a":1,"a":2}', '{"a":1, "a":2}', []),
        ('{"a":1,"a":2}', '{"a":2,"a":1}', [("$.a", "value"), ("$.a", "value")]),
        ('{"a":1,"a":2}', "{}", [("$.a", "format")]),
        ('{"b":{"a":1,"a":2}}', '{"b":3}', [("$.b", "type")]),
        ('{"a":NaN}', '{"a":1}', [("body", "format")]),
        ('{"a":1}', '{"a":Infinity}', [("body", "format")]),
        ('{"a":1}', '{"a":1', [("body", "format")]),
        ('{"a":1}', '{"a":1}x', [("body", "format")]),
        ('{"a":1}', "<html>", [("body", "format")]),
        ('{"a":1}', "", [("body", "missing")]),
        ("", '{"a":1}', [("body", "added")]),
        ('\ufeff{"a":1}', '{"a":1}', [("body", "format")]),
        ('{"a":1}', '\ufeff{"a":2}', [("body", "format"), ("$.a", "value")]),
        ('\ufeff{"a":1}', '\ufeff{"a":1.0}', []),
        ('{"a":"\\ud800"}', '{"a":"\\ud801"}', [("$.a", "value")]),
        ('{"a":"\\ud800"}', '{"a" : "\\uD800"}', []),
    ],
)
def test_kind_and_place(old: str, new: str, expected: list[tuple[str, str]]) -> None:
    assert told(diff(old, new)) == expected


@pytest.mark.parametrize("size", [10, 10_000])
def test_large_and_small_pieces_are_told_alike(size: int) -> None:
    pad = '"pad":"' + "x" * size + '"'
    rows = [
        ('{%s,"a":1,"a":2}', '{%s,"a":2}', [("$.a", "format")]),
        ('{%s,"a":[1,2]}', '{%s,"a":[2,1]}', [("$.a", "order")]),
        ('{%s,"a":true}', '{%s,"a":1}', [("$.a", "type")]),
        ('{"a":null,%s}', "{%s}", [("$.a", "null-absent")]),
        ('{"b":{"x":1,%s}}', '{"b":[1,{%s}]}', [("$.b", "type")]),
        ("[{%s},1]", "[1,{%s}]", [("$", "order")]),
        ("[{%s},1,2]", "[1,2]", [("$[0]", "missing")]),
        ('{ "a" : 1 , %s , "a" : 2 }', '{%s,"a":2}', [("$.a", "format")]),
        ('{"a\\n": 1, %s }', '{%s,"a\\n":2}', [("$['a\\n']", "value")]),
    ]
    for old, new, expected in rows:
        assert told(diff(old % pad, new.replace("%s", pad))) == expected, (old, new)


def test_duplicate_keys_in_a_large_pretty_object_are_seen() -> None:
    many = {f"k{n}": {"v": n} for n in range(3_000)}
    old = json.dumps(many, indent=2)
    new = old.replace('"k7": {', '"k6": {"v": 6},\n  "k7": {', 1)
    assert told(diff(old, new)) == [("$.k6", "format")]


def test_values_are_shown_as_json() -> None:
    (d,) = diff('{"a":"é"}', '{"a":["x",1.50,null]}').differences
    assert (d.old, d.new, d.path) == ('"é"', '["x", 1.50, null]', ("a",))
    assert d.note == "string became array"


def test_alike_digits_are_told() -> None:
    (d,) = diff('{"a":1.50}', '{"a":"1.50"}').differences
    assert d.note == "number became string, written alike"


def test_lost_precision_is_told() -> None:
    (d,) = diff('{"a":12345678901234567890}', '{"a":12345678901234567000}').differences
    assert "precision lost" in d.note


@pytest.mark.parametrize("size", [5, 5_000_000])
def test_texts_are_bounded(size: int) -> None:
    (d,) = diff(json.dumps({"a": "x" * size}), json.dumps({"a": "y" * size})).differences
    assert d.old is not None
    assert len(d.old) <= 4_100


def test_surrogates_can_be_written() -> None:
    (d,) = diff('{"a":"\\ud800é"}', '{"a":1}').differences
    assert d.old is not None
    d.old.encode()


def test_too_many_differences_are_told() -> None:
    found = diff(json.dumps({"n": list(range(5_000))}), json.dumps({"n": [n + 0.5 for n in range(5_000)]}))
    assert found.capped
    assert len(found.differences) == 1_001
    assert (found.differences[-1].at, found.differences[-1].kind) == ("body", Kind.FORMAT)
    assert "more than 1,000" in found.differences[-1].note


def test_reordered_arrays_of_any_size_are_one_difference() -> None:
    items = [{"id": n, "name": "n" * 20} for n in range(30_000)]
    assert told(diff(json.dumps(items), json.dumps(items[::-1]))) == [("$", "order")]


def test_long_arrays_fall_back_to_index_and_say_so() -> None:
    old = list(range(10_000))
    found = diff(json.dumps(old), json.dumps([n + 1 for n in old[:-2]] + [5]))
    assert found.capped
    assert "by index" in found.differences[0].note
    assert "by index" in diff(json.dumps(old), json.dumps([*old[:5], 77, *old[5:]][:-3])).differences[-2].note


class TestRules:
    def test_ignored_places_are_counted_with_their_reason(self) -> None:
        rule = BodyRule(at=path("$.trace"), ignore=True, because="debug only")
        found = diff('{"trace":{"a":[1,2]},"b":1}', '{"trace":{"a":3},"b":2}', rule)
        assert told(found) == [("$.b", "value")]
        (aside,) = [d for d in found.differences if d.cause is Cause.INTENDED]
        assert (aside.at, aside.note) == ("body:$.trace", "ignored: debug only")

    def test_ignored_places_may_be_missing(self) -> None:
        rule = BodyRule(at=path("$..trace"), ignore=True)
        assert told(diff('{"a":[{"trace":1}]}', '{"a":[{}]}', rule)) == []

    @pytest.mark.parametrize(
        ("new", "expected"),
        [
            ("10.01", []),
            ("9.99", []),
            ("10.011", ["value"]),
            ('"10"', ["type"]),
            ("1e400000", ["value"]),
            ("null", ["type"]),
        ],
    )
    def test_tolerance(self, new: str, expected: list[str]) -> None:
        rule = BodyRule(at=path("$..price"), tolerance=Decimal("0.01"))
        assert [kind for _, kind in told(diff('{"a":{"price":10}}', f'{{"a":{{"price":{new}}}}}', rule))] == expected

    def test_tolerance_does_not_use_up_room(self) -> None:
        rule = BodyRule(at=path("$[*]"), tolerance=Decimal(1))
        found = diff(json.dumps(list(range(5_000))), json.dumps([n + 0.5 for n in range(4_999)] + [0]), rule)
        assert not found.capped
        assert told(found) == [("$[4999]", "value")]
        assert "more differences that rules" in found.differences[-1].note

    def test_format_allows_other_values(self) -> None:
        rule = BodyRule(at=path("$.at"), format="date-time")
        found = diff('{"at":"2026-01-01T00:00:00Z"}', '{"at":"2026-02-01T00:00:00+01:00"}', rule)
        assert told(found) == []
        assert [d.cause for d in found.differences] == [Cause.INTENDED]

    @pytest.mark.parametrize(
        ("old", "new", "expected"),
        [
            ('{"at":"2026-01-01T00:00:00Z"}', '{"at":"yesterday"}', [("$.at", "format")]),
            ('{"at":"2026-01-01T00:00:00Z"}', '{"at":1767225600}', [("$.at", "format")]),
            ('{"at":"2026-01-01T00:00:00Z"}', "{}", [("$.at", "missing")]),
            ('{"at":"yesterday"}', '{"at":"yesterday"}', [("$.at", "format")]),
            ("{}", "{}", []),
            ("{}", "{ }", []),
            ('{"b":1}', '{"b":2}', [("$.b", "value")]),
            ("[]", "[]", []),
            ("{}", '{"at":"2026-01-01T00:00:00Z"}', [("$.at", "added")]),
            ("{}", '{"at":"yesterday"}', [("$.at", "added"), ("$.at", "format")]),
            ('{"at":"yesterday"}', "{}", [("$.at", "missing"), ("$.at", "format")]),
            ('{"at":null}', "{}", [("$.at", "null-absent"), ("$.at", "format")]),
            ('{"at":"2026-01-01T00:00:00Z"}', '{"at":null}', [("$.at", "format")]),
        ],
    )
    def test_format_must_be_met_even_if_all_is_equal(self, old: str, new: str, expected: list[tuple[str, str]]) -> None:
        rule = BodyRule(at=path("$.at"), format="date-time")
        assert told(diff(old, new, rule)) == expected

    def test_format_below_arrays(self) -> None:
        rule = BodyRule(at=path("$.items[*].id"), format="uuid")
        good, bad = '{"id":"8f14e45f-ceea-467f-ab5e-6c7d8e9f0a1b"}', '{"id":"7"}'
        found = diff(items(f"[{good},{good}]"), items(f"[{good},{bad}]"), rule)
        assert told(found) == [("$.items[1].id", "format")]
        assert told(diff('{"items":[{}]}', '{"items":[{}]}', rule)) == []

    KEYED = BodyRule(at=path("$.items"), unordered="id")

    @pytest.mark.parametrize(
        ("old", "new", "expected"),
        [
            ('[{"id":1},{"id":2}]', '[{"id":2},{"id":1}]', []),
            ('[{"id":1,"v":1},{"id":2,"v":2}]', '[{"id":2,"v":3},{"id":1,"v":1}]', [("$.items[1].v", "value")]),
            ('[{"id":1},{"id":2}]', '[{"id":2}]', [("$.items[0]", "missing")]),
            ('[{"id":2}]', '[{"id":1},{"id":2}]', [("$.items[0]", "added")]),
            ('[{"id":1},{"id":1}]', '[{"id":1},{"id":1.0}]', []),
            ('[{"id":1},{"id":1}]', '[{"id":1}]', [("$.items[1]", "missing")]),
            (
                '[{"id":1,"v":1},{"id":1,"v":2}]',
                '[{"id":1,"v":2},{"id":1,"v":1}]',
                [("$.items[0].v", "value"), ("$.items[1].v", "value")],
            ),
            ('[{"id":1},{"x":1}]', '[{"id":1}]', [("$.items[1]", "missing")]),
            ('[{"id":1},{"x":1}]', '[{"x":1},{"id":1}]', []),
            ('[{"id":1}]', '[{"id":"1"}]', [("$.items[0]", "missing"), ("$.items[0]", "added")]),
            ('[{"id":1}]', '[{"id":true}]', [("$.items[0]", "missing"), ("$.items[0]", "added")]),
            ("[1]", "[2]", [("$.items[0]", "value")]),
        ],
    )
    def test_matched_by_key(self, old: str, new: str, expected: list[tuple[str, str]]) -> None:
        assert told(diff(items(old), items(new), self.KEYED)) == expected

    def test_rules_below_keyed_items_still_apply(self) -> None:
        below = BodyRule(at=path("$.items[*].v"), tolerance=Decimal(1))
        old, new = '{"items":[{"id":1,"v":1},{"id":2,"v":5}]}', '{"items":[{"id":2,"v":5.5},{"id":1,"v":3}]}'
        assert told(diff(old, new, self.KEYED, below)) == [("$.items[0].v", "value")]

    WHOLE = BodyRule(at=path("$.items"), unordered="")

    @pytest.mark.parametrize(
        ("old", "new", "expected"),
        [
            ("[1,2,2]", "[2,1,2]", []),
            ("[1,2,2]", "[2,1,1]", [("$.items[2]", "value")]),
            (
                "[1,2,3]",
                "[4,5,1]",
                [
                    ("$.items[1]", "missing"),
                    ("$.items[2]", "missing"),
                    ("$.items[0]", "added"),
                    ("$.items[1]", "added"),
                ],
            ),
            ('[{"a":1,"b":[true]},2]', '[2.0,{"b":[true],"a":1}]', []),
            ('[{"a":[1]},2]', '[2,{"a":[true]}]', [("$.items[0].a[0]", "type")]),
            ("[]", "[1]", [("$.items[0]", "added")]),
            ("[[1,2]]", "[[2,1]]", [("$.items[0]", "order")]),
        ],
    )
    def test_multiset(self, old: str, new: str, expected: list[tuple[str, str]]) -> None:
        assert told(diff(items(old), items(new), self.WHOLE)) == expected

    def test_rules_below_a_multiset_apply(self) -> None:
        below = BodyRule(at=path("$.items[*].t"), ignore=True)
        old, new = '{"items":[{"a":1,"t":1},{"a":2,"t":1}]}', '{"items":[{"a":2,"t":7},{"a":1,"t":8}]}'
        assert told(diff(old, new, self.WHOLE, below)) == []

    def test_an_allowed_order_is_told(self) -> None:
        found = diff('{"items":[1,2]}', '{"items":[2,1]}', self.WHOLE)
        assert [(d.kind, d.cause) for d in found.differences] == [(Kind.ORDER, Cause.INTENDED)]


class TestHostile:
    DEEP = b"[" * 100_000

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            (DEEP, DEEP + b"["),
            (DEEP + b"]" * 100_000, DEEP + b"1" + b"]" * 100_000),
            (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, b'{"a":' * 50_000 + b"2" + b"}" * 50_000),
            (b"[" * 700 + b"1" + b"]" * 700, b"[" * 700 + b"2" + b"]" * 700),
            (b'{"a":"\xff"}', b'{"a":"\xfe"}'),
            (b'{"a":"\xff","b":1}', b'{"b":1,"a":"\xff"}'),
            (b'{"a":"\xff","p":"' + b"x" * 9_000 + b'","b":1}', b'{"b":1,"p":"' + b"x" * 9_000 + b'","a":"\xff"}'),
            (b'{"a":' + b"9" * 5_000 + b"}", b'{"a":' + b"9" * 4_999 + b"8}"),
            (b'{"a":1e99999999999999999999}', b'{"a":1e99999999999999999998}'),
            (b"\xff\xfe{\x00}\x00", b"{}"),
            (b"\x00" * 1_000, b"{}"),
            (b'"' + b"\\" * 99_999, b'"' + b"\\" * 99_998),
        ],
    )
    def test_is_a_format_difference_in_bounded_time(self, old: bytes, new: bytes) -> None:
        started = time.process_time()
        found = diff(old, new)
        assert time.process_time() - started < 2
        assert [d.kind for d in found.differences] == [Kind.FORMAT]

    def test_one_huge_integer_leaves_the_rest_comparable(self) -> None:
        old = b'{"a":' + b"9" * 5_000 + b',"b":1}'
        assert told(diff(old, old.replace(b'"b":1', b'"b":2') + b" ")) == [("$.b", "value")]

    def test_many_equal_items_stay_fast(self) -> None:
        rng = random.Random(3)
        old, new = ([rng.randrange(2) for _ in range(length)] for length in (1_900, 1_800))
        started = time.process_time()
        assert diff(json.dumps(old), json.dumps(new)).differences
        assert time.process_time() - started < 2

    def test_deep_but_sane_nesting_is_compared(self) -> None:
        depth = 150
        found = diff(b'{"a":[' * depth + b"1" + b"]}" * depth, b'{"a":[' * depth + b"2" + b"]}" * depth)
        assert [d.kind for d in found.differences] == [Kind.VALUE]
        assert found.differences[0].path == ("a", 0) * depth


SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=8), st.floats(allow_nan=False, allow_infinity=False)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=4), inner, max_size=5),
    max_leaves=25,
)
FIXED = settings(derandomize=True, deadline=None, max_examples=200)


@FIXED
@given(VALUES)
def test_a_value_equals_itself_however_written(value: object) -> None:
    old = json.dumps(value)
    for new in (
        old,
        json.dumps(value, indent=3, sort_keys=True),
        json.dumps(value, ensure_ascii=False, separators=(",", ":")),
    ):
        assert diff(old, new.encode(errors="surrogatepass") if new.isascii() else new).differences == ()


@FIXED
@given(VALUES, VALUES)
def test_emptiness_is_symmetric(old: object, new: object) -> None:
    a, b = json.dumps(old), json.dumps(new)
    assert bool(diff(a, b).differences) == bool(diff(b, a).differences)


def _canonical(value: object) -> object:
    """An independent notion of equality: exact numbers, tagged booleans, keys in any order."""
    if isinstance(value, dict):
        return "object", frozenset((key, _canonical(child)) for key, child in value.items())
    if isinstance(value, list):
        return "array", tuple(map(_canonical, value))
    return (type(value) is bool, value)


FEW = st.recursive(
    st.sampled_from([None, True, False, 0, 1, 1.0, 1.5, "", "1", "a"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=6,
)


@pytest.mark.parametrize("small", [0, 8, 4_096])
@settings(FIXED, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(old=FEW, new=FEW, indent=st.sampled_from([None, 1]))
def test_nothing_told_means_equal(
    monkeypatch: pytest.MonkeyPatch, small: int, old: object, new: object, indent: int | None
) -> None:
    monkeypatch.setattr("harness.compare.json_diff.SMALL", small)
    for other in (new, old):
        found = diff(json.dumps(old), json.dumps(other, indent=indent, sort_keys=True)).differences
        assert bool(found) == (_canonical(old) != _canonical(other))


def _places(value: object, at: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    found = [at]
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        found += _places(child, (*at, key))
    return found


@FIXED
@given(VALUES, st.randoms(use_true_random=False), st.booleans())
def test_one_mutation_is_found_at_its_place(value: object, rng: random.Random, large: bool) -> None:
    document = {"pad": "x" * (9_000 if large else 1), "value": value}
    *way, last = rng.choice([place for place in _places(document) if place and place[0] == "value"])
    changed = json.loads(json.dumps(document))
    holder = changed
    for key in way:
        holder = holder[key]
    holder[last] = "changed: " + json.dumps(holder[last])
    found = diff(json.dumps(document), json.dumps(changed, sort_keys=rng.random() < 0.5))
    assert [d.path for d in found.differences] == [(*way, last)]
    assert found.differences[0].kind in (Kind.TYPE, Kind.VALUE)


@FIXED
@given(st.binary(max_size=80), st.binary(max_size=80), st.sampled_from(["application/json", "text/plain", ""]))
def test_never_raises(old: bytes, new: bytes, media: str) -> None:
    found = diff(old, new, media=media)
    assert bool(found.differences) or old == new or media != "text/plain"


@FIXED
@given(
    st.text(alphabet='{}[]",:0123456789.eE+-truefalsn \\u', max_size=40),
    st.text(alphabet='{}[]",:01.e-tru \\', max_size=40),
)
def test_never_raises_on_almost_json(old: str, new: str) -> None:
    found = diff(old, new)
    assert found.differences == () or old != new


def test_hostile_keys_make_one_printable_place() -> None:
    found = diff('{"a\\n\\ud800":1}', '{"a\\n\\ud800":2}')
    assert told(found) == [("$['a\\n\\ud800']", "value")]
    (d,) = diff(json.dumps({"k" * 100_000: 1}), json.dumps({"k" * 100_000: 2})).differences
    assert len(d.at) < 5_000


@pytest.mark.parametrize("key", ["k" * 5_000_000, "\\n" * 2_000_000])
def test_huge_keys_in_spaced_objects_take_no_stack(key: str) -> None:
    old = '{ "' + key + '" : 1, "b" : 1 }'
    assert [d.path for d in diff(old, old.replace('"b" : 1', '"b" : 2')).differences] == [("b",)]


def test_one_key_repeated_by_all_items_stays_fast() -> None:
    rule = BodyRule(at=JsonPath(text="$", steps=()), unordered="id")
    old = json.dumps([{"id": 1, "v": n} for n in range(30_000)])
    started = time.process_time()
    assert told(diff(old, old.replace('"v": 29999}', '"v": 0}'), rule)) == [("$[29999].v", "value")]
    assert time.process_time() - started < 2


def test_items_that_swap_places_stay_fast() -> None:
    old = [{"id": n, "text": "x" * 200} for n in range(1_900)]
    new = [old[n ^ 1] for n in range(1_900)][:-1]
    started = time.process_time()
    assert diff(json.dumps(old), json.dumps(new, indent=1)).differences
    assert time.process_time() - started < 5


def test_long_texts_tell_where_they_begin_to_differ() -> None:
    (d,) = diff(json.dumps({"a": "x" * 90_000}), json.dumps({"a": "x" * 70_000 + "y" * 20_000})).differences
    assert d.note == "the texts differ from character 70,000 on"
