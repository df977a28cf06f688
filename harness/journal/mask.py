"""Secrets never reach the disk in the clear: find them in any shape, put words in their place."""

import re
from collections.abc import Iterable, Iterator
from sys import byteorder

from harness.journal.forms import Form, Origin, Trail, forms, views, wide
from harness.model.secret import Secret

_UNSAFE = re.compile(r"[^A-Za-z0-9 _.,:/${}-]")
_BASE64 = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=")
_LABEL = 80
_LINE = 8  # characters; a shorter line of a secret (a brace, a blank) would blot out more than it hides
_PLAINEST = b"[***]"
_FEW = 12  # about as many searches cost as much as one look at the windows
_WINDOW = 8
_LONG = 2 * _WINDOW - 1

Span = tuple[int, int, bytes]


class Mask:
    """Replaces every secret, in each shape that it may take, by `[masked <label>]`.

    The words put in are safe inside JSON strings, HTML, XML and URLs as shown. A secret of fewer than four characters
    is looked for as it is and escaped, not in Base64 or hex.
    """

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        self._labels: dict[str, bytes] = {}
        self._forms: dict[bytes, tuple[Form, bytes]] = {}
        self._hex: dict[bytes, bytes] = {}
        self._few: list[bytes] = []
        self._windows: dict[int, list[bytes]] = {}
        for secret in secrets:
            self.add(secret)

    def __bool__(self) -> bool:
        return bool(self._labels)

    def add(self, secret: Secret) -> None:
        """Mask one more secret from here on (a captured token)."""
        if not secret.value.strip() or secret.value in self._labels:
            return
        words = f"[masked {_UNSAFE.sub('_', secret.label)[:_LABEL]}]".encode()
        plain, hexes = forms(secret.value)
        if any(form.needle in words for form in plain):
            words = _PLAINEST  # else the words themselves would tell
        self._labels[secret.value] = words
        for form in plain:
            self._look_for(form.needle)
            self._forms.setdefault(form.needle, (form, wide(words.decode()) if form.wide else words))
        for needle in hexes:
            self._look_for(needle, needle.upper())
            self._hex.setdefault(needle, words)
        self._add_lines(secret)

    def _add_lines(self, secret: Secret) -> None:
        """Mask each line of a key as well: texts are compared and shown line by line."""
        lines = secret.value.splitlines()
        for line in lines if len(lines) > 1 else ():
            if len(line.strip()) >= _LINE:
                self.add(Secret(value=line.strip(), label=secret.label))

    def _look_for(self, *needles: bytes) -> None:
        """Add to what is searched one by one, or, once that is much, to the windows."""
        self._few += needles
        if len(self._few) <= _FEW and not self._windows:
            return
        for needle in self._few:
            if len(needle) >= _LONG:
                for start in range(_WINDOW):
                    window = int.from_bytes(needle[start : start + _WINDOW], byteorder)
                    self._windows.setdefault(window, []).append(needle)
        self._few = [needle for needle in self._few if len(needle) < _LONG]

    def text(self, text: str) -> str:
        """Return `text` with every secret replaced."""
        data = text.encode("utf-8", "surrogatepass")
        masked = self.data(data)
        return text if masked is data else masked.decode("utf-8", "replace")

    def data(self, data: bytes) -> bytes:
        """Return `data` with every secret replaced; `data` itself if there is none."""
        if not self.found_in(data):
            return data
        return _replaced(data, _merged(sorted(self._spans(data))))

    def found_in(self, data: bytes) -> bool:
        """Tell whether a secret is in `data` in any shape."""
        if not self._labels:
            return False
        if self.stands_in(data):
            return True
        for view, _ in views(data):  # noqa: SIM110  this is the hot path: any() costs a generator more
            if self.stands_in(view):
                return True
        return False

    def stands_in(self, data: bytes) -> bool:
        """Tell whether a secret is in `data` as it is, in Base64, hex or a JSON string: half of `found_in`."""
        for needle in self._few:
            if needle in data:
                return True
        return bool(self._windows) and self._is_framed(data)

    def _is_framed(self, data: bytes) -> bool:
        """Look at every eighth byte's window only: a needle of 15 bytes or more holds one whole wherever it begins.

        So the cost does not grow with the number of secrets.
        """
        cells = memoryview(data)[: len(data) // _WINDOW * _WINDOW].cast("Q")
        if self._windows.keys().isdisjoint(cells):
            return False
        return any(needle in data for window in self._windows.keys() & set(cells) for needle in self._windows[window])

    def _spans(self, data: bytes) -> Iterator[Span]:
        yield from self._hits(data)
        for view, trail in views(data):
            if self.stands_in(view):
                yield from self._mapped(data, view, trail)

    def _mapped(self, data: bytes, view: bytes, trail: Trail) -> Iterator[Span]:
        origin = Origin(data, trail)
        for start, end, words in self._hits(view):
            first, last = origin.span(start, end)
            yield first, last, words

    def _hits(self, view: bytes) -> Iterator[Span]:
        for needle in self._near(view):
            if needle in self._forms:
                form, words = self._forms[needle]
                for start, end in _occurrences(view, needle):
                    yield (*_widened(view, start, end), words) if form.widen else (start, end, words)
        lower = view.lower()
        for needle in self._near(lower):
            if needle in self._hex:
                for start, end in _occurrences(lower, needle):
                    yield start, end, self._hex[needle]

    def _near(self, view: bytes) -> Iterable[bytes]:
        """Return the needles that may be in `view`: few, even where thousands of tokens were hidden."""
        cells = memoryview(view)[: len(view) // _WINDOW * _WINDOW].cast("Q")
        framed = self._windows.keys() & set(cells) if self._windows else ()
        return dict.fromkeys((*self._few, *(needle for window in framed for needle in self._windows[window])))


def _occurrences(view: bytes, needle: bytes) -> Iterator[tuple[int, int]]:
    start = view.find(needle)
    while start >= 0:
        yield start, start + len(needle)
        start = view.find(needle, start + 1)


def _widened(view: bytes, start: int, end: int) -> tuple[int, int]:
    if start and view[start - 1] in _BASE64:
        start -= 1
    if end < len(view) and view[end] in _BASE64:
        end += 1
    return start, end


def _merged(spans: list[Span]) -> Iterator[Span]:
    """Join spans that overlap; the longest one's words stand for all."""
    start, end, words = spans[0]
    longest = end - start
    for first, last, other in spans[1:]:
        if first >= end:
            yield start, end, words
            start, end, words, longest = first, last, other, last - first
            continue
        if last - first > longest:
            words, longest = other, last - first
        end = max(end, last)
    yield start, end, words


def _replaced(data: bytes, spans: Iterable[Span]) -> bytes:
    pieces: list[bytes] = []
    at = 0
    for start, end, words in spans:
        pieces += (data[at:start], words)
        at = end
    return b"".join((*pieces, data[at:]))
