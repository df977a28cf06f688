"""JSON text → values, exactly: numbers as int or Decimal, duplicate keys seen, nothing repaired.

Two depths of reading: `level` decodes one level only (msgspec's Raw for what is below), `parse` a whole piece with
the standard library's scanner. Both refuse NaN and Infinity. `measured.md` of the design has the reasons and figures.
"""

import json
import re
from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

import msgspec
from msgspec import Raw

from harness.compare.collect import TEXT_LIMIT


class BadJson(ValueError):  # noqa: N818  reads as a fact where it is caught
    """The text is no JSON that can be compared exactly; the message says why."""


class Duplicated:
    """An object in which a key occurs more than once."""

    __slots__ = ("pairs",)

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        self.pairs = pairs

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Duplicated) and self.pairs == other.pairs

    def __hash__(self) -> int:
        return len(self.pairs)

    def values_of(self) -> dict[str, list[Any]]:
        """Return each key with its values in order."""
        found: dict[str, list[Any]] = {}
        for key, value in self.pairs:
            found.setdefault(key, []).append(value)
        return found


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any] | Duplicated:
    found = dict(pairs)
    return found if len(found) == len(pairs) else Duplicated(pairs)


def _refuse(name: str) -> NoReturn:
    raise BadJson(f"{name} is no JSON")


_decoder = json.JSONDecoder(object_pairs_hook=_object, parse_float=Decimal, parse_constant=_refuse)
# The scanner is what `decode` calls; calling it directly spares two regular expressions per piece.
_scan: Callable[[str, int], tuple[Any, int]] = vars(_decoder)["scan_once"]
_objects = msgspec.json.Decoder(dict[str, Raw])
_arrays = msgspec.json.Decoder(list[Raw])
# possessive throughout, so that a key of megabytes leaves nothing to go back to
_member = re.compile(rb'[\s,]*+"[^"\\]*+(?:\\.[^"\\]*+)*+"\s*+:\s*+', re.DOTALL)
_SPACE = b" \t\r\n"


def parse(piece: bytes | Raw) -> Any:
    """Return the value of a JSON text without white space around it; raise BadJson."""
    try:
        text = bytes(piece).decode()
        value, end = _scan(text, 0)
    except UnicodeDecodeError as error:
        raise BadJson(f"invalid UTF-8 at byte {error.start}") from error
    except StopIteration as error:
        raise BadJson(f"no value at character {error.value}") from error
    except InvalidOperation as error:
        raise BadJson("a number's exponent is out of range") from error
    except BadJson:
        raise
    except ValueError as error:
        raise BadJson(_why(error)) from error
    except RecursionError as error:
        raise BadJson("nested too deeply") from error
    if end != len(text):
        raise BadJson(f"text after the value at character {end}")
    return value


def _why(error: ValueError) -> str:
    text = str(error)
    return "an integer has more than 4,300 digits" if "integer string conversion" in text else text


def level(piece: bytes | Raw) -> Any:
    """Return an object or array with its children still Raw, any other value parsed; raise BadJson.

    Duplicate keys are seen: msgspec would keep the last, so an object whose text is longer than its members account
    for is walked member by member, and parsed whole if that does not come out even.
    """
    first = bytes(memoryview(piece)[:1])
    try:
        if first == b"{":
            found = _objects.decode(piece)
            return found if _whole(found, piece) else parse(piece)
        if first == b"[":
            return _arrays.decode(piece)
    except msgspec.DecodeError:
        return parse(piece)
    except UnicodeDecodeError as error:
        raise BadJson("invalid UTF-8") from error
    except RecursionError as error:
        raise BadJson("nested too deeply") from error
    return parse(piece)


def _whole(members: dict[str, Raw], piece: bytes | Raw) -> bool:
    """Tell whether `members` are all that the object's text holds."""
    size = 1 + sum(map(len, members)) + sum(map(len, members.values())) + 4 * len(members)
    return size == len(piece) or _walked(members, bytes(piece))


def _walked(members: dict[str, Raw], text: bytes) -> bool:
    position = 1
    for value in members.values():
        gap = _member.match(text, position)
        if gap is None:
            return False
        raw = memoryview(value)
        position = gap.end() + len(raw)
        if memoryview(text)[gap.end() : position] != raw:
            return False
    return text[position:].strip(_SPACE) == b"}"


def stripped(body: bytes) -> bytes:
    """Return `body` without white space around it."""
    return body.strip(_SPACE)


def kind_of(value: Any) -> str:
    """Return JSON's word for the type of a parsed value."""
    return _WORDS[type(value)]


_WORDS: dict[type, str] = {
    dict: "object",
    Duplicated: "object",
    list: "array",
    str: "string",
    bool: "boolean",
    int: "number",
    Decimal: "number",
    type(None): "null",
}


def is_number(value: Any) -> bool:
    """Tell whether a parsed value is a number (never a boolean)."""
    return type(value) is int or type(value) is Decimal


def same(old: Any, new: Any) -> bool:
    """Tell whether two parsed values are equal: numbers by exact value, true never 1, keys in any order."""
    if old != new:
        return False
    return strictly_same(old, new)


def strictly_same(old: Any, new: Any) -> bool:
    """Tell equal from equal but for bool and number; the two are equal by Python's `==` already."""
    kind = type(old)
    if kind is str or kind is Raw:
        return True
    if kind is dict:
        return all(strictly_same(value, new[key]) for key, value in old.items())
    if kind is list:
        return all(map(strictly_same, old, new))
    if kind is Duplicated:
        return all(strictly_same(a[1], b[1]) for a, b in zip(old.pairs, new.pairs, strict=True))
    return (kind is bool) == (type(new) is bool)


def frozen(value: Any) -> Any:
    """Return a hashable stand-in for a parsed value: equal stand-ins, equal values."""
    kind = type(value)
    if kind is dict:
        return "o", frozenset((key, frozen(child)) for key, child in value.items())
    if kind is list:
        return "a", tuple(map(frozen, value))
    if kind is bool:
        return "b", value
    if kind is Duplicated:
        return "d", tuple((key, frozen(child)) for key, child in value.pairs)
    return value


def show(value: Any) -> str:
    """Return a value, parsed or Raw, as JSON text of bounded length."""
    texts, room = [], TEXT_LIMIT
    for text in _texts(value):
        texts.append(text)
        room -= len(text)
        if room < 0:
            break
    # a lone surrogate is legal in JSON but cannot be written as UTF-8
    return "".join(texts).encode(errors="backslashreplace").decode()


def _texts(value: Any) -> Iterator[str]:
    kind = type(value)
    if kind is Raw:
        yield bytes(memoryview(value)[: TEXT_LIMIT + 1]).decode(errors="replace")
    elif kind is str:
        yield json.dumps(value[:TEXT_LIMIT], ensure_ascii=False)
    elif kind is dict or kind is Duplicated:
        yield "{"
        for number, (key, child) in enumerate(value.items() if kind is dict else value.pairs):
            yield (", " if number else "") + json.dumps(key, ensure_ascii=False) + ": "
            yield from _texts(child)
        yield "}"
    elif kind is list:
        yield "["
        for number, child in enumerate(value):
            if number:
                yield ", "
            yield from _texts(child)
        yield "]"
    else:
        yield str(value) if kind is Decimal else json.dumps(value)
