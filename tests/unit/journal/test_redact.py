import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.journal.redact import CannotRedact, redact, redact_text, redact_value
from harness.model.place import JsonPath, Step

SSN = JsonPath(text="$.ssn", steps=(Step(names=("ssn",)),))
ANY = JsonPath(text="$..ssn", steps=(Step(names=("ssn",), descend=True),))
ITEMS = JsonPath(text="$.items[*].price", steps=(Step(names=("items",)), Step(wildcard=True), Step(names=("price",))))
SECOND = JsonPath(text="$[1]", steps=(Step(indexes=(1,)),))
ROOT = JsonPath(text="$", steps=())


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        (SSN, b'{"ssn": 12, "a" : 1.10e5}', b'{"ssn": "[redacted]", "a" : 1.10e5}'),
        (SSN, b'\xef\xbb\xbf{"ssn":12}', b'\xef\xbb\xbf{"ssn":"[redacted]"}'),
        (SSN, b'{"a":{"ssn":1}}', b'{"a":{"ssn":1}}'),
        (SSN, b'{"ssn":{"x":[1,"]}"]},"ssn":[{}]}', b'{"ssn":"[redacted]","ssn":"[redacted]"}'),
        (SSN, b'{"\\u0073sn":"1"}', b'{"\\u0073sn":"[redacted]"}'),
        (SSN, b'{"a":"\\"ssn\\":3","ssn":null}\n', b'{"a":"\\"ssn\\":3","ssn":"[redacted]"}\n'),
        (SSN, b'{"ssn":"\\\\","b":"\\""}', b'{"ssn":"[redacted]","b":"\\""}'),
        (ANY, b'[{"ssn":1},{"b":[{"ssn":[2]}]}]', b'[{"ssn":"[redacted]"},{"b":[{"ssn":"[redacted]"}]}]'),
        (
            ITEMS,
            b'{"items":[{"price":1},{},[],{"price":2}]}',
            b'{"items":[{"price":"[redacted]"},{},[],{"price":"[redacted]"}]}',
        ),
        (SECOND, b"[1, 2, 3]", b'[1, "[redacted]", 3]'),
        (ROOT, b" [1] ", b' "[redacted]" '),
        (SSN, b"", b""),
        (SSN, b"  \n", b"  \n"),
        (SSN, b'"ssn"', b'"ssn"'),
        (SSN, b"[]", b"[]"),
        (SSN, b"{ }", b"{ }"),
        (
            ANY,
            b'{"n":12345678901234567890.1234567890123456789,"x":"\xff ssn"}',
            b'{"n":12345678901234567890.1234567890123456789,"x":"\xff ssn"}',
        ),
    ],
)
def test_values_are_taken_out_and_the_rest_stays(path: JsonPath, before: bytes, after: bytes) -> None:
    assert redact(before, (path,)) == after


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b'{"ssn":1',
        b'{"ssn":1]',
        b'{"ssn" 1}',
        b'{"ssn":}',
        b'{"ssn":1,}',
        b"{ssn:1}",
        b'{"ssn":1}}',
        b'["ssn" 2]',
        b'{"ssn":"1}',
        b"{'ssn':1}",
        b'{"ssn":1} // x',
        '{"ssn":1}'.encode("utf-16"),
        b"[" * 300 + b'"ssn"' + b"]" * 300,
        b'[{"a":1},{"ssn":[}]',
    ],
)
def test_what_is_not_json_cannot_be_redacted(content: bytes) -> None:
    with pytest.raises(CannotRedact):
        redact(content, (ANY,))
    with pytest.raises(CannotRedact):
        redact_text(content, (ANY,))


def test_text_is_no_json() -> None:
    assert redact_text(b"ssn is a word", (ANY,)) == b"ssn is a word"
    assert redact_text(b"<ssn>1</ssn>", (ANY,)) == b"<ssn>1</ssn>"
    with pytest.raises(CannotRedact):
        redact(b"<ssn>1</ssn>", (ANY,))


def test_records_are_redacted_one_by_one() -> None:
    assert (
        redact(b'{"ssn":1}\n{"a":2}\r\n\n{"ssn":3}', (SSN,))
        == b'{"ssn":"[redacted]"}\n{"a":2}\r\n\n{"ssn":"[redacted]"}'
    )


def test_event_streams_are_redacted_line_by_line() -> None:
    stream = b'event: order\nid: 7\ndata: {"ssn":1}\n\n: ping\ndata:{"ssn":2}\n\ndata: [DONE]\n\n'
    expected = b'event: order\nid: 7\ndata: {"ssn":"[redacted]"}\n\n: ping\ndata:{"ssn":"[redacted]"}\n\ndata: "[redacted]"\n\n'
    assert redact(stream, (SSN,)) == expected


def test_a_record_over_many_lines_of_data_is_one() -> None:
    stream = b'data: {"a":\ndata: {"ssn":\ndata: 123\ndata:\ndata: }}\n\ndata: two\ndata: words\n\ndata: {"ssn":\ndata: 123\n\n'
    expected = b'data: {"a":\ndata: {"ssn":\ndata: "[redacted]"\ndata:\ndata: }}\n\ndata: two\ndata: words\n\ndata: "[redacted]"\ndata: \n\n'
    assert redact(stream, (ANY,)) == expected


def test_a_name_in_another_charset_is_not_overlooked() -> None:
    with pytest.raises(CannotRedact):
        redact('{"ssn":1}'.encode("utf-16-le"), (SSN,))


def test_a_quote_too_many_hides_nothing() -> None:
    for content in (
        b'{"a":["x""],"ssn":"1","b":["]}',
        b'{"b":["x""],"ssn":"1","ssn":["]}',
        b'{"a":1}\n{"ssn":\n123\n}\n',
    ):
        with pytest.raises(CannotRedact):
            redact(content, (SSN,))


def test_a_torn_record_tells_nothing() -> None:
    assert redact(b'{"ssn":1}\n{"ssn":2\n', (SSN,)) == b'{"ssn":"[redacted]"}\n"[redacted]"\n'


@pytest.mark.parametrize(
    ("path", "text", "after"),
    [
        (("ssn",), "12", "[redacted]"),
        (("ssn", 0, "x"), "12", "[redacted]"),
        (("other",), '{"ssn":1}', '{"ssn":1}'),
        ((), '{"a":2,"ssn":1}', '{"a":2,"ssn":"[redacted]"}'),
        ((), '{"a":2,"ssn":', "[redacted]"),
        (None, '{"ssn":1}', '{"ssn":"[redacted]"}'),
        (None, 'data: {"ssn":1}', 'data: {"ssn":"[redacted]"}'),
        (None, '{"ssn":1', "[redacted]"),
        (None, "plain text", "plain text"),
    ],
)
def test_values_of_differences_are_redacted(path: Any, text: str, after: str) -> None:
    assert redact_value(path, text, (SSN,)) == after


def test_a_value_inside_an_item_is_redacted() -> None:
    assert redact_value(("items", 3), '{"price": 1.50, "b": 2}', (ITEMS,)) == '{"price": "[redacted]", "b": 2}'
    assert redact_value(("items",), '[{"price": 1}]', (ITEMS,)) == '[{"price": "[redacted]"}]'
    assert redact_value(("items", 3, "b"), "2", (ITEMS,)) == "2"
    assert redact_value(("x",), "1", ()) == "1"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just("CANARY"),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["ssn", "a", "b", 'q"\\ü']), inner, max_size=4)
    ),
    max_leaves=20,
)


def without(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: "[redacted]" if key == "ssn" else without(item) for key, item in value.items()}
    return [without(item) for item in value] if isinstance(value, list) else value


@settings(derandomize=True, deadline=None, max_examples=300)
@given(value=JSON, indent=st.sampled_from([None, 1]), ascii_only=st.booleans())
def test_redacting_is_what_it_says(value: Any, indent: int | None, ascii_only: bool) -> None:
    content = json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode()
    assert json.loads(redact(content, (ANY,))) == without(value)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(content=st.binary(max_size=60) | st.text('{}[]",:\\ sn1\n', max_size=60).map(str.encode))
def test_any_bytes_end_in_an_answer(content: bytes) -> None:
    with suppress(CannotRedact):
        redact(content, (ANY,))
