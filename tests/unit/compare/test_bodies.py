"""Bodies other than JSON: every manner of comparing, and what is hostile to it."""

import base64
import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.compare.answers import Comparison, compare
from harness.model.place import JsonPath, Step
from harness.model.response import Body, Response
from harness.model.rule import BodyRule, CompareRules

NO_RULES = CompareRules()


def answer(body: bytes, media: str, fault: str = "", coding: str = "") -> Response:
    headers = (("Content-Type", media),) if media else ()
    return Response(status=200, headers=headers, body=Body(content=body, size=len(body), fault=fault, coding=coding))


def diff(old: bytes | str, new: bytes | str, media: str, *rules: BodyRule) -> Comparison:
    a, b = (side.encode() if isinstance(side, str) else side for side in (old, new))
    return compare(answer(a, media), answer(b, media), CompareRules(body=rules))


def told(comparison: Comparison) -> list[tuple[str, str]]:
    return [(d.at.removeprefix("body:"), d.kind.value) for d in comparison.differences]


BILLION_LAUGHS = (
    '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    + "".join(f'<!ENTITY {chr(99 + n)} "{f"&{chr(98 + n)};" * 10}">' for n in range(8))
    + "]><l>&j;</l>"
)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("<a x='1' y='2'/>", '<a y="2" x="1"></a>', []),
        ("<a><b>1</b></a>", "<?xml version='1.0'?>\n<a>\n  <b>1</b>\n</a>\n", []),
        ('<p:a xmlns:p="urn:x"/>', '<a xmlns="urn:x"/>', []),
        ("<a><![CDATA[1<2]]></a>", "<a>1&lt;2</a>", []),
        ("<a><!-- c --><b/></a>", "<a><b/></a>", []),
        ("<a>1</a>", "<a>2</a>", [("/a", "value")]),
        ("<a> 1</a>", "<a>1</a>", [("/a", "value")]),
        ("<a>1</a>", "<a/>", [("/a", "missing")]),
        ("<a>1</a>", "<b>1</b>", [("/a", "value")]),
        ('<a xmlns="urn:x"/>', "<a/>", [("/a", "value")]),
        ("<a x='1'/>", "<a/>", [("/a/@x", "missing")]),
        ("<a/>", "<a x='1'/>", [("/a/@x", "added")]),
        ("<o><i id='1'/><i id='2'/></o>", "<o><i id='1'/><i id='3'/></o>", [("/o/i[2]/@id", "value")]),
        ("<o><i>1</i><i>2</i></o>", "<o><i>2</i><i>1</i></o>", [("/o", "order")]),
        ("<o><i>1</i><i>2</i><i>3</i></o>", "<o><i>1</i><i>3</i></o>", [("/o/i[2]", "missing")]),
        ("<o><i>1</i></o>", "<o><i>1</i><j/></o>", [("/o/j", "added")]),
        ("<o><i>1</i></o>", "<o><j>1</j></o>", [("/o/i", "missing"), ("/o/j", "added")]),
        ("<o>a<i/>b</o>", "<o>a<i/>c</o>", [("/o/text()[2]", "value")]),
        ("<o><i/></o>", "<o>x</o>", [("/o/i", "missing"), ("/o", "added")]),
        ("<o/>", "<o>", [("body", "format")]),
        ("<o/>", "", [("body", "missing")]),
        ("<o/>", '{"o":1}', [("body", "format")]),
        ('<!DOCTYPE o [<!ENTITY x "y">]><o>&x;</o>', "<o>y</o>", [("body", "format")]),
        ('<!DOCTYPE o SYSTEM "http://127.0.0.1:9/x.dtd"><o>1</o>', "<o>1</o>", []),
        ('<!DOCTYPE o [<!ENTITY x SYSTEM "file:///etc/passwd">]><o>&x;</o>', "<o></o>", [("body", "format")]),
        (BILLION_LAUGHS, "<l/>", [("body", "format")]),
        ("<a>" * 100_000, "<a>" * 99_999, [("body", "format")]),
        ("<a>" * 5_000 + "1" + "</a>" * 5_000, "<a>" * 5_000 + "2" + "</a>" * 5_000, [("body", "format")]),
        ("<a>" * 150 + "1" + "</a>" * 150, "<a>" * 150 + "2" + "</a>" * 150, [("/a" * 150, "value")]),
    ],
)
def test_xml(old: str, new: str, expected: list[tuple[str, str]]) -> None:
    started = time.process_time()
    assert told(diff(old, new, "application/xml")) == expected
    assert time.process_time() - started < 2


def test_xml_in_its_own_charset() -> None:
    old = '<?xml version="1.0" encoding="ISO-8859-1"?><a>é</a>'.encode("latin-1")
    assert told(diff(old, "<a>é</a>", "application/soap+xml")) == []
    assert told(diff("<a>é</a>".encode("latin-1"), "<a>é</a>", "text/xml; charset=iso-8859-1")) == [("/a", "value")]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("a=1&b=2", "b=2&a=1", []),
        ("a=%20x", "a=+x", []),
        ("a=1&a=2", "a=2&a=1", [("field a", "order")]),
        ("a=1", "a=2", [("field a", "value")]),
        ("a=1&a=2", "a=1&a=3", [("field a[1]", "value")]),
        ("a=1&b=", "a=1", [("field b", "missing")]),
        ("a=1", "a=1&b=", [("field b", "added")]),
        ("a=1&a=2", "a=1", [("field a[1]", "missing")]),
        ("a=1", b"a=\xff", [("body", "format")]),
        ("&".join("a=1" for _ in range(200_000)), "a=1", [("body", "format")]),
    ],
)
def test_form(old: str, new: str | bytes, expected: list[tuple[str, str]]) -> None:
    assert told(diff(old, new, "application/x-www-form-urlencoded")) == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("a\nb\nc", "a\nx\nc", [("line 2", "value")]),
        ("a\nb\nc", "a\nc", [("line 2", "missing")]),
        ("a\nc", "a\nb\nc", [("line 2", "added")]),
        ("a\nb\n", "a\nb", [("line 3", "missing")]),
        ("a\r\nb", "a\nb", [("body", "format")]),
        ("a", b"\xff", [("body", "format")]),
        (b"a\xff\xfe", b"a\xff\xfd", [("byte 2", "value")]),
        ('{"a":1}', '{"a":2}', [("$.a", "value")]),
        ('{"a":1}', '{"a": 1}', []),
        ("[x", "[y", [("line 1", "value")]),
        ("5", "5.0", [("line 1", "value")]),
    ],
)
@pytest.mark.parametrize("media", ["text/plain", "text/html", ""])
def test_text(old: str | bytes, new: str | bytes, expected: list[tuple[str, str]], media: str) -> None:
    assert told(diff(old, new, media)) == expected


def test_text_in_another_charset_is_only_another_type() -> None:
    old = answer("né\nà".encode("latin-1"), "text/plain; charset=iso-8859-1")
    new = answer("né\nà".encode(), "text/plain; charset=utf-8")
    assert [d.at for d in compare(old, new, NO_RULES).differences] == ["header:content-type"]
    wrong = answer("né\nà".encode(), "text/plain; charset=iso-8859-1")
    assert [d.at for d in compare(old, wrong, NO_RULES).differences] == ["body:line 1", "body:line 2"]


@pytest.mark.parametrize("charset", ["no-such", "punycode", "zip", "base64", "undefined", "unicode_escape", "utf-16"])
def test_strange_charsets_end_as_bytes_or_text(charset: str) -> None:
    assert told(diff("ab\n" * 5_000, "ab\n" * 4_999 + "xb\n", f"text/plain; charset={charset}"))


def test_text_of_many_alike_lines_stays_fast() -> None:
    rng = random.Random(1)
    old, new = ("\n".join(rng.choice("ab") for _ in range(length)) for length in (60_000, 50_000))
    started = time.process_time()
    assert diff(old, new, "text/plain").capped
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('{"a":1}\n{"a":2}\n', '{"a":1}\r\n{ "a" : 2.0 }', []),
        ('{"a":1}\n{"a":2}\n', '{"a":1}\n{"a":3}\n', [("record 2:$.a", "value")]),
        ('{"a":1}\n{"a":2}\n', '{"a":1}\n', [("record 2", "missing")]),
        ('{"a":2}\n', '{"a":1}\n{"a":2}\n', [("record 1", "added")]),
        ('{"a":1}\n', "oops\n", [("record 1", "format")]),
    ],
)
def test_records(old: str, new: str, expected: list[tuple[str, str]]) -> None:
    assert told(diff(old, new, "application/x-ndjson")) == expected


def test_the_path_of_a_record_is_the_path_inside() -> None:
    (d,) = diff('{"a":[1]}', '{"a":[2]}', "application/jsonl").differences
    assert (d.at, d.path) == ("body:record 1:$.a[0]", ("a", 0))


def test_rules_hold_inside_records() -> None:
    rule = BodyRule(at=JsonPath(text="$.t", steps=(Step(names=("t",)),)), ignore=True)
    found = diff('{"t":1}\n{"t":2}', '{"t":3}\n{"t":2}', "application/x-ndjson", rule)
    assert [d.cause.value for d in found.differences] == ["intended"]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("data: x\n\n", ": keep-alive\n\ndata:x\r\n\r\n", []),
        ("data: a\ndata: b\n\n", "data: a\ndata: b\n", [("record 1", "format")]),
        ("data: x\n\n", "data: y\n\n", [("record 1:data", "value")]),
        ('data: {"p":1}\n\n', 'data: {"p": 2}\n\n', [("record 1:$.p", "value")]),
        ('data: {"p":1}\n\n', 'data: {"p": 1}\n\n', []),
        ("event: a\ndata: x\n\n", "event: b\ndata: x\n\n", [("record 1:event", "value")]),
        ("id: 1\ndata: x\n\n", "data: x\n\n", [("record 1:id", "missing")]),
        ("data: 1\n\ndata: 2\n\n", "data: 1\n\n", [("record 2", "missing")]),
    ],
)
def test_events(old: str, new: str, expected: list[tuple[str, str]]) -> None:
    assert told(diff(old, new, "text/event-stream")) == expected


PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20


@pytest.mark.parametrize(
    ("new", "expected", "note"),
    [
        (PNG[:2_000] + b"!" + PNG[2_001:], ("byte 2000", "value"), ""),
        (PNG[:2_000], ("byte 2000", "missing"), "cut"),
        (PNG + b"x", (f"byte {len(PNG)}", "added"), ""),
        (PNG.decode(errors="replace").encode(), ("byte 0", "value"), "U+FFFD"),
        (PNG.decode("latin-1").encode(), ("byte 0", "value"), "Latin-1"),
        (base64.b64encode(PNG), ("byte 0", "value"), "Base64"),
        (b"", ("body", "missing"), ""),
    ],
)
def test_binary(new: bytes, expected: tuple[str, str], note: str) -> None:
    found = diff(PNG, new, "image/png")
    assert told(found) == [expected]
    assert note in found.differences[0].note


def test_binary_shows_length_hash_and_bytes() -> None:
    (d,) = diff(b"\x00\x01\x02", b"\x00\xff\x02", "application/octet-stream").differences
    assert d.old is not None
    assert d.old.startswith("3 bytes, sha256 ae4b3280e56e2faf…, from byte 1: 01 02")


def test_unknown_types_with_null_bytes_are_bytes() -> None:
    assert told(diff(b"\x00a", b"\x00b", "")) == [("byte 1", "value")]


class TestFaults:
    def test_on_one_side_is_a_format_difference(self) -> None:
        old, new = answer(b"{}", "application/json"), answer(b"{}", "application/json", "not gzip", "gzip")
        (d,) = compare(old, new, NO_RULES).differences
        assert (d.at, d.kind.value, d.note) == ("body", "format", "new: declared gzip: not gzip")

    def test_on_both_sides_the_bytes_decide(self) -> None:
        sides = [answer(body, "application/json", "not gzip", "gzip") for body in (b"{}", b"{}", b"[]")]
        assert compare(sides[0], sides[1], NO_RULES).differences == ()
        assert told(compare(sides[0], sides[2], NO_RULES)) == [("body", "format")]


def test_the_old_sides_type_decides() -> None:
    found = compare(answer(b'{"a":1}', "application/json"), answer(b'{"a": 1}', "text/plain"), NO_RULES)
    assert [d.at for d in found.differences] == ["header:content-type"]


def test_nothing_differs() -> None:
    old = answer(b"x" * 100, "text/plain")
    assert compare(old, old, NO_RULES).differences == ()


MEDIA = st.sampled_from([
    "application/json", "application/xml", "text/plain", "text/plain; charset=utf-16", "text/event-stream",
    "application/x-ndjson", "application/x-www-form-urlencoded", "image/png", "", "text/html; charset=", "a/b+json",
])  # fmt: skip
BODIES = st.one_of(
    st.binary(max_size=60),
    st.text(alphabet='<a>/ ="!&;\n', max_size=40).map(str.encode),
    st.text(alphabet='data:id\n {}[]1,"&=%', max_size=40).map(str.encode),
)


@settings(derandomize=True, deadline=None, max_examples=500)
@given(BODIES, BODIES, MEDIA)
def test_never_raises_and_is_symmetric_in_emptiness(old: bytes, new: bytes, media: str) -> None:
    assert bool(diff(old, new, media).differences) == bool(diff(new, old, media).differences)
    assert diff(old, bytes(bytearray(old)), media).differences == ()
    for d in diff(old, new, media).differences:
        d.at.encode()
        (d.old or "").encode()
        (d.new or "").encode()


def test_long_texts_are_compared_by_line_number() -> None:
    old = "".join(f"{n}\n" for n in range(50_000))
    assert told(diff(old, old.replace("\n777\n", "\nx\n"), "text/plain")) == [("line 778", "value")]
    assert told(diff(old, old.replace("\n777\n", "\n"), "text/plain")) == [("line 778", "missing")]
    assert told(diff(old, old + "x", "text/plain")) == [("line 50001", "value")]
    both = old.replace("\n777\n", "\nx\n").replace("\n40000\n", "\ny\n")
    found = diff(old, both, "text/plain")
    assert told(found) == [("line 778", "value"), ("line 40001", "value")]
    assert "by index" in found.differences[0].note


@settings(derandomize=True, deadline=None)
@given(st.lists(st.sampled_from(["a", "b", ""]), max_size=8), st.lists(st.sampled_from(["a", "b", ""]), max_size=8))
def test_lines_told_are_lines_that_differ(old: list[str], new: list[str]) -> None:
    found = diff("x\n" + "\n".join(old), "x\n" + "\n".join(new), "text/plain").differences
    gone = [int(d.at.removeprefix("body:line ")) - 2 for d in found if d.old is not None]
    come = [d.new for d in found if d.new is not None]
    assert [d.old for d in found if d.old is not None] == [(old or [""])[line] for line in gone]
    assert len(come) - len(gone) == len(new or [""]) - len(old or [""])


@pytest.mark.parametrize(
    ("media", "piece"),
    [("application/xml", "<a/>"), ("text/event-stream", "data\n\n"), ("application/x-ndjson", "1\n")],
)
def test_very_many_records_are_bounded(media: str, piece: str) -> None:
    wrap = "<r>{}</r>" if media == "application/xml" else "{}"
    old, new = wrap.format(piece * 400_000), wrap.format(piece * 399_999 + piece.replace("a", "b"))
    started = time.process_time()
    diff(old, new, media)
    assert time.process_time() - started < 5
