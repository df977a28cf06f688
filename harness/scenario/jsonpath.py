"""Parser of JSONPath (RFC 9535) without filters, without places counted from the end."""

import re

from harness.model.place import JsonPath, Step
from harness.scenario.context import Wrong

_NAME = re.compile(r"[A-Za-z_\u0080-\ud7ff\ue000-\U0010ffff][A-Za-z0-9_\u0080-\ud7ff\ue000-\U0010ffff]*")
_INT = re.compile(r"-?[0-9]+")
_BLANK = re.compile(r"[ \t\r\n]*")
_HEX = re.compile(r"[0-9A-Fa-f]{4}")
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "/": "/", "\\": "\\", "'": "'", '"': '"'}
_LARGEST = 2**53 - 1

_FILTER = "rules match by place: name the place, or use * and .."
_FROM_END = "count from the start: a place counted from the end is not one place on both sides"


def parse(text: str) -> JsonPath:
    """Parse a pattern; raise Wrong with what is not understood and where (a column within the text)."""
    if not text.startswith("$"):
        hint = f"write '$.{text}'" if _NAME.match(text) else "`$` is the whole body, `$.items[0].id` a place in it"
        raise Wrong(f"a JSONPath begins with $, got '{text}'", hint)
    return JsonPath(text=text, steps=_Reader(text).steps())


def parse_singular(text: str) -> JsonPath:
    """Parse a pattern that can only select one place; raise Wrong if it could select more."""
    path = parse(text)
    for step in path.steps:
        if step.descend or step.wildcard or step.slices or len(step.names) + len(step.indexes) != 1:
            raise Wrong(f"'{text}' may select more than one value", "a capture takes one: use names and indexes alone")
    return path


class _Reader:
    """A cursor over the text of one pattern."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 1

    def steps(self) -> tuple[Step, ...]:
        """Read all segments after the `$`."""
        found: list[Step] = []
        while True:
            start = self.at
            self.blank()
            if self.at == len(self.text):
                if start != self.at:
                    raise self.wrong("blanks at the end")
                return tuple(found)
            found.append(self.segment())

    def segment(self) -> Step:
        """Read one of `.name .* ..name ..* [...] ..[...]`."""
        descend = self.take("..")
        if not descend and not self.peek("["):
            self.need(".")
        if self.peek("["):
            return self.bracket(descend=descend)
        if self.take("*"):
            return Step(wildcard=True, descend=descend)
        found = _NAME.match(self.text, self.at)
        if not found:
            rest = self.text[self.at :]
            hint = "quote it: ['…']" if rest[:1].isdigit() or rest[:1] == "-" else ""
            raise self.wrong("expected a name, * or [", hint)
        self.at = found.end()
        if self.peek("("):
            raise self.wrong("functions are not supported", _FILTER)
        return Step(names=(found.group(),), descend=descend)

    def bracket(self, *, descend: bool) -> Step:
        """Read `[selector, …]`."""
        self.need("[")
        names: list[str] = []
        indexes: list[int] = []
        slices: list[tuple[int | None, int | None, int]] = []
        wildcard = False
        while True:
            self.blank()
            if self.peek("?"):
                raise self.wrong("filters are not supported", _FILTER)
            if self.peek("'") or self.peek('"'):
                names.append(self.quoted())
            elif self.take("*"):
                wildcard = True
            else:
                self.number_or_slice(indexes, slices)
            self.blank()
            if self.take("]"):
                break
            self.need(",")
        return Step(
            names=tuple(names), indexes=tuple(indexes), slices=tuple(slices), wildcard=wildcard, descend=descend
        )

    def number_or_slice(self, indexes: list[int], slices: list[tuple[int | None, int | None, int]]) -> None:
        """Read `3` or `start:stop:step`."""
        start = self.integer()
        self.blank()
        if not self.take(":"):
            if start is None:
                raise self.wrong("expected a quoted name, an index, a slice or *", "names stand in quotes: ['name']")
            indexes.append(start)
            return
        self.blank()
        stop = self.integer()
        self.blank()
        step = None
        if self.take(":"):
            self.blank()
            step = self.integer()
        if step == 0:
            raise self.wrong("a step of 0 selects nothing")
        slices.append((start, stop, 1 if step is None else step))

    def integer(self) -> int | None:
        """Read an integer if there is one; negative ones are refused."""
        found = _INT.match(self.text, self.at)
        if not found:
            return None
        digits = found.group()
        if digits.startswith("-"):
            raise self.wrong(f"negative index or slice '{digits}'", _FROM_END)
        if (len(digits) > 1 and digits[0] == "0") or len(digits) > 16 or int(digits) > _LARGEST:
            raise self.wrong(f"'{digits[:20]}' is no index")
        self.at = found.end()
        return int(digits)

    def quoted(self) -> str:
        """Read a name in quotes, with JSON's escapes."""
        quote = self.text[self.at]
        self.at += 1
        parts = []
        while not self.take(quote):
            char = self.text[self.at : self.at + 1]
            if not char:
                raise self.wrong("a quote is not closed")
            if char < " ":
                raise self.wrong("control character in a name")
            self.at += 1
            parts.append(self.escape(quote) if char == "\\" else char)
        return "".join(parts)

    def escape(self, quote: str) -> str:
        """Read what follows a backslash."""
        char = self.text[self.at : self.at + 1]
        self.at += 1
        if char == "u":
            return self.unicode()
        if char in {"'", '"'} and char != quote:
            raise self.wrong(f"\\{char} is no escape here")
        if char not in _ESCAPES:
            raise self.wrong(f"\\{char} is no escape")
        return _ESCAPES[char]

    def unicode(self) -> str:
        """Read four digits, or a surrogate pair of two escapes."""
        first = self.hex()
        if 0xD800 <= first < 0xDC00 and self.take("\\u"):
            second = self.hex()
            if 0xDC00 <= second < 0xE000:
                return chr(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
        if 0xD800 <= first < 0xE000:
            raise self.wrong("half a surrogate pair")
        return chr(first)

    def hex(self) -> int:
        """Read four hexadecimal digits."""
        found = _HEX.match(self.text, self.at)
        if not found:
            raise self.wrong("\\u needs four hexadecimal digits")
        self.at = found.end()
        return int(found.group(), 16)

    def blank(self) -> None:
        """Skip blanks."""
        found = _BLANK.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def peek(self, token: str) -> bool:
        """Tell whether `token` comes next."""
        return self.text.startswith(token, self.at)

    def take(self, token: str) -> bool:
        """Skip `token` if it comes next."""
        if not self.peek(token):
            return False
        self.at += len(token)
        return True

    def need(self, token: str) -> None:
        """Skip `token` or raise."""
        if not self.take(token):
            raise self.wrong(f"expected {token}")

    def wrong(self, message: str, hint: str = "") -> Wrong:
        """Return the error for the current place."""
        return Wrong(f"JSONPath '{self.text}', character {self.at + 1}: {message}", hint)
