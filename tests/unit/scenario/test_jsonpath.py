"""JSONPath: what is read, what it matches, what is refused."""

import pytest

from harness.model.place import Path
from harness.scenario.context import Wrong
from harness.scenario.jsonpath import parse, parse_singular


@pytest.mark.parametrize(
    ("text", "path", "matches"),
    [
        ("$", (), True),
        ("$", ("a",), False),
        ("$.a", ("a",), True),
        ("$['a b']", ("a b",), True),
        ('$["it\'s"]', ("it's",), True),
        (r"$['it\'s']", ("it's",), True),
        (r"$['\u00e9\ud83d\ude00']", ("é😀",), True),
        ("$.größe", ("größe",), True),
        ("$.a[0]", ("a", 0), True),
        ("$.a[0]", ("a", "0"), False),
        ("$.a[*].b", ("a", 7, "b"), True),
        ("$.*", ("x",), True),
        ("$.*", ("x", "y"), False),
        ("$..price", ("a", 3, "price"), True),
        ("$..price", ("price",), True),
        ("$..*", ("a", 1), True),
        ("$..[0]", ("a", 0), True),
        ("$[1:3]", (2,), True),
        ("$[1:3]", (3,), False),
        ("$[::2]", (4,), True),
        ("$[::2]", (5,), False),
        ("$[:]", (9,), True),
        ("$[ 'a' , 3 ,\t1:2 ]", ("a",), True),
        ("$ .a [0]", ("a", 0), True),
    ],
)
def test_matches(text: str, path: Path, *, matches: bool) -> None:
    found = parse(text)
    assert found.text == text
    assert found.matches(path) is matches


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "begins with $"),
        ("a.b", "begins with $"),
        ("$a", "expected ."),
        ("$.", "expected a name"),
        ("$..", "expected a name"),
        ("$.1a", "expected a name"),
        ("$.a-b", "expected ."),
        ("$ ", "blanks at the end"),
        ("$[?@.a == 1]", "filters are not supported"),
        ("$.length()", "functions are not supported"),
        ("$[-1]", "negative index"),
        ("$[-2:]", "negative index or slice"),
        ("$[1:-1]", "negative index or slice"),
        ("$[::-1]", "negative index or slice"),
        ("$[::0]", "a step of 0"),
        ("$[01]", "is no index"),
        ("$[99999999999999999999]", "is no index"),
        ("$[a]", "expected a quoted name"),
        ("$[]", "expected a quoted name"),
        ("$['a'", "expected ,"),
        ("$['a", "a quote is not closed"),
        (r"$['\q']", "is no escape"),
        (r"$['\ud800']", "half a surrogate pair"),
        (r"$['\u12']", "four hexadecimal"),
        ("$['a\nb']", "control character"),
    ],
)
def test_refused(text: str, message: str) -> None:
    with pytest.raises(Wrong) as caught:
        parse(text)
    assert message in caught.value.message


@pytest.mark.parametrize("text", ["$.a[*]", "$..a", "$[0,1]", "$[0:1]", "$.*", "$['a','b']"])
def test_not_singular(text: str) -> None:
    parse(text)
    with pytest.raises(Wrong, match="more than one value"):
        parse_singular(text)


@pytest.mark.parametrize("text", ["$", "$.a", "$.a[0]['b c']"])
def test_singular(text: str) -> None:
    assert parse_singular(text).text == text
