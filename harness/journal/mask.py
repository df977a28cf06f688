"""Secrets never reach the disk in the clear: find them in any shape, put words in their place."""

import re
from collections.abc import Iterable, Iterator

from harness.journal.forms import Form, Origin, Trail, forms, views
from harness.model.secret import Secret

_UNSAFE = re.compile(r"[^A-Za-z0-9 _.,:/${}-]")
_BASE64 = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=")
_LABEL = 80
_PLAINEST = b"[***]"

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
        self._needles: tuple[bytes, ...] = ()
        self._hexes: tuple[bytes, ...] = ()
        for secret in secrets:
            self._take(secret)
        self._settle()

    def add(self, secret: Secret) -> None:
        """Mask one more secret from here on (a captured token)."""
        if secret.value not in self._labels:
            self._take(secret)
            self._settle()

    def _take(self, secret: Secret) -> None:
        if not secret.value.strip() or secret.value in self._labels:
            return
        words = f"[masked {_UNSAFE.sub('_', secret.label)[:_LABEL]}]".encode()
        plain, hexes = forms(secret.value)
        if any(form.needle in words for form in plain):
            words = _PLAINEST  # else the words themselves would tell
        self._labels[secret.value] = words
        for form in plain:
            self._forms.setdefault(form.needle, (form, words))
        for needle in hexes:
            self._hex.setdefault(needle, words)

    def _settle(self) -> None:
        self._needles = tuple(self._forms)
        self._hexes = tuple(self._hex)

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
        if not self._needles:
            return False
        if self._seen(data):
            return True
        return any(self._seen(view) for view, _ in views(data))

    def _seen(self, view: bytes) -> bool:
        for needle in self._needles:
            if needle in view:
                return True
        if self._hexes:
            lower = view.lower()
            for needle in self._hexes:
                if needle in lower:
                    return True
        return False

    def _spans(self, data: bytes) -> Iterator[Span]:
        yield from self._hits(data)
        for view, trail in views(data):
            if self._seen(view):
                yield from self._mapped(data, view, trail)

    def _mapped(self, data: bytes, view: bytes, trail: Trail) -> Iterator[Span]:
        origin = Origin(data, trail)
        for start, end, words in self._hits(view):
            first, last = origin.span(start, end)
            yield first, last, words

    def _hits(self, view: bytes) -> Iterator[Span]:
        for needle, (form, words) in self._forms.items():
            for start, end in _occurrences(view, needle):
                yield (*_widened(view, start, end), words) if form.widen else (start, end, words)
        lower = view.lower()
        for needle, words in self._hex.items():
            for start, end in _occurrences(lower, needle):
                yield start, end, words


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
