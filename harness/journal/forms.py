"""The shapes that a secret takes on its way through URLs, JSON, HTML, headers and Base64.

Two ways together catch a secret: *forms* are byte strings to look for (the text itself, Base64, hex), *views* are the
data with its escapes undone (percent, JSON, HTML, line breaks of Base64, nested in any order), in which the forms are
looked for again.
"""

import re
import sys
from base64 import b64encode
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from json import dumps
from urllib.parse import quote, quote_plus

SHORT = 4
_SPACED = 8
_ROUNDS = 5
_REMEMBERED = 6  # bytes of an escape: so there are some 70,000 at most
_NAMED = {b"amp": b"&", b"lt": b"<", b"gt": b">", b"quot": b'"', b"apos": b"'", b"nbsp": b"\xc2\xa0"}
_CONTROLS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """Bytes to look for; `widen` takes one more Base64 character at each end, which holds bits of the secret.

    `wide` says that they are UTF-16, and so must be what is put in their place.
    """

    needle: bytes
    widen: bool = False
    wide: bool = False


def forms(value: str) -> tuple[tuple[Form, ...], tuple[bytes, ...]]:
    """Return what to look for as it is, and what to look for in either case (hex)."""
    plain = _plain(value)
    if len(value) < SHORT:
        return tuple(Form(needle=needle) for needle in plain if needle), ()
    told = (*plain, *_escaped(value))  # what another coding may be laid around: an address of a request, say
    cores = dict.fromkeys(core for raw in told for core in _base64_cores(raw))
    shapes = (shape for raw in plain for shape in (raw, *_undone(raw)))
    as_json = dumps(value, ensure_ascii=False)[1:-1].encode("utf-8", "surrogatepass")
    kept = dict.fromkeys(shape for shape in (*shapes, as_json) if len(shape) >= SHORT)
    found = [Form(needle=needle) for needle in kept]
    found += [Form(needle=core, widen=True) for core in cores if core not in kept]
    found += [Form(needle=needle, wide=True) for needle in _wide(value)]
    return tuple(found), tuple(dict.fromkeys(_hexes(told)))


def wide(text: str) -> bytes:
    """Return ASCII text as it stands in UTF-16 of either byte order: without the zero byte at one of its ends."""
    return text.encode("utf-16-le")[:-1]


def _wide(value: str) -> Iterator[bytes]:
    if value.isascii():
        yield from dict.fromkeys((wide(value), wide(dumps(value)[1:-1])))
    else:
        yield value.encode("utf-16-le", "surrogatepass")
        yield value.encode("utf-16-be", "surrogatepass")


def _hexes(plain: tuple[bytes, ...]) -> Iterator[bytes]:
    """Yield hex; spaced too where a secret is no longer than the stretch of bytes that reports show so."""
    for raw in plain:
        yield raw.hex().encode()
        if len(raw) <= _SPACED:
            yield raw.hex(" ").encode()


def _plain(value: str) -> tuple[bytes, ...]:
    utf8 = value.encode("utf-8", "surrogatepass")
    found = [utf8]
    if not value.isascii():
        found.append(utf8.decode("latin-1").encode())  # UTF-8 in a header that was read as Latin-1
        found.append(value.encode("latin-1", "ignore") if max(value) <= "\xff" else utf8)
    if len(value) >= SHORT:
        found += [utf8.replace(b" ", b"+"), utf8.replace(b"+", b" "), utf8.strip()]
    return tuple(needle for needle in dict.fromkeys(found) if needle.strip())


def _escaped(value: str) -> Iterator[bytes]:
    """Yield the secret as it stands in a document that may be Base64-encoded as a whole."""
    texts = (dumps(value)[1:-1], dumps(value, ensure_ascii=False)[1:-1], dumps(value)[1:-1].replace("/", "\\/"))
    safe = value.encode("utf-8", "replace")
    for text in (*texts, quote(safe, safe=""), quote(safe), quote_plus(safe), _html(value)):
        yield text.encode("utf-8", "replace")


def _html(value: str) -> str:
    pairs = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#x27;"))
    for char, entity in pairs:
        value = value.replace(char, entity)
    return value


def _base64_cores(raw: bytes) -> Iterator[bytes]:
    """Yield the Base64 characters that `raw` alone decides, at each of the three alignments, in both alphabets."""
    for shift, lead in ((0, 0), (1, 2), (2, 3)):
        whole = b64encode(b"\0" * shift + raw)
        core = whole[lead : (shift + len(raw)) * 8 // 6]
        if len(core) >= SHORT:
            yield core
            yield core.replace(b"+", b"-").replace(b"/", b"_")


def _undone(raw: bytes) -> Iterator[bytes]:
    """Yield what is left of a secret that itself looks escaped: views of the data show it so."""
    return (view for view, _ in views(raw))


class _Decoded(dict[bytes, bytes]):
    """What short escapes stand for, remembered: text has the same few over and over."""

    def __init__(self, decode: Callable[[bytes], bytes]) -> None:
        super().__init__()
        self._decode = decode

    def __missing__(self, token: bytes) -> bytes:
        text = self._decode(token)
        if len(token) <= _REMEMBERED:
            self[token] = text
        return text


@dataclass(frozen=True, slots=True)
class Escape:
    """A way of escaping: its mark, a pattern that begins with it, and what each match stands for."""

    mark: bytes
    pattern: re.Pattern[bytes]
    decoded: _Decoded

    def undo(self, data: bytes) -> bytes:
        """Return `data` with one layer of this escaping undone."""
        decoded = self.decoded
        return self.pattern.sub(lambda match: decoded[match[0]], data)


def _percent(token: bytes) -> bytes:
    return bytes.fromhex(token[1:].decode())


def _backslash(token: bytes) -> bytes:
    tail = token[1:]
    if len(tail) == 1:
        return _CONTROLS.get(tail, tail)
    if tail[:1] == b"x":
        return bytes.fromhex(tail[1:].decode())
    units = bytes.fromhex(token.replace(b"\\u", b"").decode())
    return units.decode("utf-16-be", "surrogatepass").encode("utf-8", "surrogatepass")


def _entity(token: bytes) -> bytes:
    name = token[1:-1]
    if name[:1] != b"#":
        return _NAMED.get(name.lower(), token)
    digits = name[1:]
    point = int(b"0" + digits, 16) if digits[:1] in b"xX" else int(digits)
    return chr(point).encode("utf-8", "surrogatepass") if point <= sys.maxunicode else token


_PERCENT = Escape(b"%", re.compile(rb"%[0-9A-Fa-f]{2}"), _Decoded(_percent))
_BACKSLASH = Escape(
    b"\\",
    re.compile(
        rb"\\(?:u[dD][89abAB][0-9A-Fa-f]{2}\\u[dD][c-fC-F][0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|[^\x80-\xff])",
        re.DOTALL,
    ),
    _Decoded(_backslash),
)
_ENTITY = Escape(b"&", re.compile(rb"&(?:#[0-9]{1,8}|#[xX][0-9A-Fa-f]{1,7}|[A-Za-z]{2,4});"), _Decoded(_entity))
_BREAK = Escape(  # Base64 in lines of 60 characters or more, as mail and PEM have it
    b"\n",
    re.compile(rb"\r?\n(?:(?<=[A-Za-z0-9+/]{60}\n)|(?<=[A-Za-z0-9+/]{60}\r\n))(?=[A-Za-z0-9+/=])"),
    _Decoded(lambda _: b""),
)
_ESCAPES = (_PERCENT, _BACKSLASH, _ENTITY, _BREAK)

Trail = tuple[Escape, ...]


def views(data: bytes) -> Iterator[tuple[bytes, Trail]]:
    """Yield `data` with its escapes undone, layer by layer, and which were undone to get there."""
    present = [escape for escape in _ESCAPES if escape.mark in data and escape.pattern.search(data)]
    done = b""
    for escape in present:
        for done, trail in _peel(data, (escape,)):
            yield done, trail
    if len(present) == 1 and not any(escape.mark in done for escape in _ESCAPES if escape is not present[0]):
        return
    if present:
        yield from _peel(data, _ESCAPES)


def _peel(data: bytes, escapes: Trail) -> Iterator[tuple[bytes, Trail]]:
    trail: Trail = ()
    for _ in range(_ROUNDS):
        before = data
        for escape in escapes:
            if escape.mark not in data:
                continue
            after = escape.undo(data)
            if after != data:
                data, trail = after, (*trail, escape)
                yield data, trail
        if data == before:
            return


class Origin:
    """Where each byte of a view came from."""

    def __init__(self, data: bytes, trail: Trail) -> None:
        self._layers: list[tuple[list[int], list[int], list[int]]] = []
        for escape in trail:
            data = self._follow(data, escape)

    def _follow(self, data: bytes, escape: Escape) -> bytes:
        """Undo one layer, noting for each escape where it began in the view, where in the data, and its end there."""
        at, begins, ends = [0], [0], [0]
        shift = 0
        for match in escape.pattern.finditer(data):
            text = escape.decoded[match[0]]
            at.append(match.start() - shift)
            begins.append(match.start())
            ends.append(match.end())
            shift += len(match[0]) - len(text)
            at.append(match.end() - shift)
            begins.append(match.end())
            ends.append(match.end())
        self._layers.append((at, begins, ends))
        return escape.undo(data)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the stretch of the data that the view's bytes from `start` to `end` stand for."""
        for at, begins, ends in reversed(self._layers):
            start, end = _back(at, begins, ends, start)[0], _back(at, begins, ends, end - 1)[1]
        return start, end


def _back(at: list[int], begins: list[int], ends: list[int], offset: int) -> tuple[int, int]:
    """Return the first byte of the data behind the view's byte at `offset`, and the end of what stands for it."""
    index = bisect_right(at, offset) - 1
    if index % 2:  # odd entries are escapes: all of it stands for each of its bytes
        return begins[index], ends[index]
    begin = begins[index] + offset - at[index]
    return begin, begin + 1
