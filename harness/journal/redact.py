"""Take out the places of JSON bodies that must never be kept (`evidence.redact`), leaving all other bytes alone."""

import json
import re
from collections.abc import Iterable

from harness.model.place import JsonPath, Path

REDACTED = "[redacted]"
_VALUE = b'"[redacted]"'
_DEEPEST = 200  # deeper than any body worth keeping; patterns are matched by recursion
_TOKEN = re.compile(
    rb'[ \t\r\n]*(?:([{}\[\],:])|("(?:[^"\\]|\\.)*")|((?:-?[0-9][0-9.eE+-]*|true|false|null)(?![^ \t\r\n,\]}])))',
    re.DOTALL,
)
_CLOSING = {b"{": b"}", b"[": b"]"}
_ENDS = (b"}", b"]")
_NO_VALUE = (*_ENDS, b",", b":")
_SPACE = b" \t\r\n"
_BOM = b"\xef\xbb\xbf"
_FIELD = re.compile(rb"data(?:: ?|\Z)")
_DATA = re.compile(rb"(?:\A|[\r\n])data:")
_LINE = re.compile(rb"(\r\n|\n|\r)")


class CannotRedact(ValueError):  # noqa: N818  reads as a fact at the call site
    """The content is not JSON as far as can be told, so its places cannot be found."""


def redact(content: bytes, paths: tuple[JsonPath, ...], base: Path = ()) -> bytes:
    """Return a JSON text with the values at `paths` replaced; `base` is where in the body the text stands.

    NDJSON and event streams are redacted record by record. Raises CannotRedact.
    """
    if not paths or not content.strip(_SPACE):
        return content
    try:
        return _document(content, paths, base)
    except CannotRedact:
        if base:
            raise
    return _stream(content, paths) if _DATA.search(content) else _lines(content, paths)


def redact_text(content: bytes, paths: tuple[JsonPath, ...]) -> bytes:
    """Return content of no JSON media type, redacted if it is JSON all the same; raises CannotRedact if it looks so."""
    try:
        return redact(content, paths)
    except CannotRedact:
        if _looks_json(content):
            raise
        return content


def redact_value(path: Path | None, text: str, paths: tuple[JsonPath, ...]) -> str:
    """Return the text of a difference's value, redacted: the place itself, what holds it, what it holds."""
    if not paths:
        return text
    if path is not None and any(pattern.covers(path) for pattern in paths):
        return REDACTED
    if path is not None and not any(pattern.reaches_below(path) for pattern in paths):
        return text
    content = text.encode("utf-8", "surrogatepass")
    try:
        done = redact_text(content, paths) if path is None else redact(content, paths, path)
    except CannotRedact:
        return REDACTED
    return text if done is content else done.decode("utf-8", "replace")


def _looks_json(content: bytes) -> bool:
    return content.removeprefix(_BOM).lstrip(_SPACE)[:1] in (b"{", b"[", b'"') or b"\0" in content[:4]


def _lines(content: bytes, paths: tuple[JsonPath, ...]) -> bytes:
    """Redact a record per line; the last one may be torn, and then it tells nothing."""
    pieces = _LINE.split(content)
    filled = [index for index in range(0, len(pieces), 2) if pieces[index].strip(_SPACE)]
    for index in filled:
        try:
            pieces[index] = _document(pieces[index], paths, ())
        except CannotRedact:
            if index != filled[-1] or len(filled) == 1:
                raise
            pieces[index] = _VALUE
    return b"".join(pieces)


def _stream(content: bytes, paths: tuple[JsonPath, ...]) -> bytes:
    """Redact an event stream: lines of data that follow each other are one record."""
    pieces = _LINE.split(content)
    index = 0
    while index < len(pieces):
        end = index
        while end < len(pieces) and _FIELD.match(pieces[end]):
            end += 2
        if end > index:
            pieces[index:end:2] = _record(pieces[index:end:2], paths)
        elif _looks_json(pieces[index]):
            pieces[index] = _VALUE
        index = max(end, index + 2)
    return b"".join(pieces)


def _record(lines: list[bytes], paths: tuple[JsonPath, ...]) -> list[bytes]:
    """Return as many lines of data as there were, redacted together; words that are no JSON stay."""
    leads = [line[: _lead(line)] for line in lines]
    texts = [line[len(lead) :] for line, lead in zip(lines, leads, strict=True)]
    try:
        done = _document(b"\n".join(texts), paths, ()).split(b"\n")
    except CannotRedact:
        if not any(map(_looks_json, texts)):
            return lines
        done = [_VALUE]
    done += [b""] * (len(lines) - len(done))
    return [lead + text for lead, text in zip(leads, done, strict=True)]


def _lead(line: bytes) -> int:
    match = _FIELD.match(line)
    return match.end() if match else 0


def _document(content: bytes, paths: tuple[JsonPath, ...], base: Path) -> bytes:
    wanted = _possible(content, paths)
    if not wanted:
        _check(content)
        return content
    spans = _Scan(content, wanted).run(base)
    if not spans:
        return content
    pieces: list[bytes] = []
    at = 0
    for start, end in spans:
        pieces += (content[at:start], _VALUE)
        at = end
    return b"".join((*pieces, content[at:]))


def _check(content: bytes) -> None:
    """Raise CannotRedact unless this is JSON in UTF-8: names in another charset would have been missed."""
    text = content.removeprefix(_BOM).decode("utf-8", "replace")
    try:
        json.loads(text, parse_int=str, parse_float=str, strict=False)
    except (ValueError, RecursionError) as error:
        raise CannotRedact("no JSON") from error


def _possible(content: bytes, paths: Iterable[JsonPath]) -> tuple[JsonPath, ...]:
    """Leave out patterns that end in names which the content does not hold; a backslash may hide any name."""
    if b"\\" in content:
        return tuple(paths)
    return tuple(path for path in paths if not path.steps or _could_end(content, path))


def _could_end(content: bytes, path: JsonPath) -> bool:
    last = path.steps[-1]
    if last.wildcard or last.indexes or last.slices or not last.names:
        return True
    return any(name.encode("utf-8", "replace") in content for name in last.names)


class _Scan:
    """One pass over a JSON text, without recursion.

    All of it is checked, in values that are taken out too: a quote too many would move a name into a string.
    """

    def __init__(self, content: bytes, paths: tuple[JsonPath, ...]) -> None:
        self._content = content
        self._paths = paths
        self._at = len(_BOM) if content.startswith(_BOM) else 0
        self._start = 0
        self._open: list[tuple[bool, Path, int]] = []  # is an object, its path, index of the item to come
        self._taken: tuple[int, int] | None = None  # how deep and where the value begins that is being taken out
        self._spans: list[tuple[int, int]] = []

    def run(self, base: Path) -> list[tuple[int, int]]:
        """Return where the values to take out begin and end."""
        path: Path | None = base
        while path is not None:
            path = self._enter(path) or self._next()
        if self._content[self._at :].strip(_SPACE):
            raise CannotRedact("text after the end")
        return self._spans

    def _enter(self, path: Path) -> Path | None:
        """Read a value; return the path of its first child, None if it was read to its end."""
        token = self._token()
        if token in _NO_VALUE:
            raise CannotRedact("a value is missing")
        taken = self._taken is None and any(_selects(pattern, path) for pattern in self._paths)
        start = self._start
        if token not in _CLOSING or self._peek() in _ENDS:
            self._end_of(token)
            if taken:
                self._spans.append((start, self._at))
            return None
        if len(self._open) >= _DEEPEST:
            raise CannotRedact("too deep")
        if taken:
            self._taken = (len(self._open), start)
        self._open.append((token == b"{", path, 0))
        return self._child()

    def _next(self) -> Path | None:
        """Return the path of the value that comes next, None at the end of the text."""
        while self._open:
            token = self._token()
            if token == b",":
                return self._child()
            is_object = self._open.pop()[0]
            if token != (b"}" if is_object else b"]"):
                raise CannotRedact("a comma or an end is missing")
            if self._taken is not None and self._taken[0] == len(self._open):
                self._spans.append((self._taken[1], self._at))
                self._taken = None
        return None

    def _child(self) -> Path:
        """Return the path of the next child, reading its name if it has one."""
        is_object, path, index = self._open[-1]
        if not is_object:
            self._open[-1] = (False, path, index + 1)
            return (*path, index)
        name = self._token()
        if name[:1] != b'"' or self._token() != b":":
            raise CannotRedact("a name is missing")
        return (*path, _name(name))

    def _end_of(self, token: bytes) -> None:
        if token in _CLOSING and self._token() != _CLOSING[token]:
            raise CannotRedact("the wrong end")

    def _peek(self) -> bytes:
        match = _TOKEN.match(self._content, self._at)
        return b"" if match is None else match[1] or b""

    def _token(self) -> bytes:
        match = _TOKEN.match(self._content, self._at)
        if match is None:
            raise CannotRedact("no value")
        self._at = match.end()
        self._start = match.start(match.lastindex or 0)
        return match[match.lastindex or 0]


def _selects(pattern: JsonPath, path: Path) -> bool:
    """Tell the same as `pattern.matches`, most often by the last segment alone."""
    if pattern.steps and path and not pattern.steps[-1].takes(path[-1]):
        return False
    return pattern.matches(path)


def _name(token: bytes) -> str:
    if b"\\" not in token:
        return token[1:-1].decode("utf-8", "replace")
    try:
        return str(json.loads(token))
    except ValueError as error:
        raise CannotRedact("a name cannot be read") from error
