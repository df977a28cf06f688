"""What an answer is like: enough to tell the valid caller's answer from another one with the same status.

A likeness is a short text, so that a journal can keep it: it holds no content, only digests. Whatever names the request
(ids, times) is left out of them.
"""

import json
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Self

from harness.model.response import Response

MOST_READ = 262_144
MOST_KEYS = 200
_WORD = re.compile(r"[\w+/=.:-]+")
_DIGIT = re.compile(r"\d")
_KEYS = re.compile(r"\w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """`kind` is that of the body ("json", "html", "text", "empty"), `keys` digests of a JSON document's first keys.

    `digest` is that of the words (and of where a redirection leads), `media` and `size` what a HEAD tells too.
    """

    kind: str
    keys: frozenset[str] = frozenset()
    digest: str = ""
    media: str = ""
    size: str = ""

    @classmethod
    def of(cls, answer: Response) -> Self:
        """Return what an answer is like."""
        text = answer.body.content[:MOST_READ].decode("utf-8", "replace")
        document = _parsed(text)
        where = (answer.first("location") or "").partition("?")[0]
        return cls(
            kind=_kind(text, document),
            keys=frozenset(_digest(key) for key in _keys(document)),
            digest=_digest(_WORD.sub(_unnamed, f"{where}\n{text}")),
            media=_plain((answer.first("content-type") or "").partition(";")[0]),
            size=_plain(answer.first("content-length")),
        )

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Return what `told` wrote; None for anything else."""
        fields = text.split("|")
        if len(fields) != _FIELDS:
            return None
        kind, keys, digest, media, size = fields
        return cls(kind=kind, keys=frozenset(_KEYS.findall(keys)), digest=digest, media=media, size=size)

    def told(self) -> str:
        """Return this as one text."""
        return "|".join((self.kind, " ".join(sorted(self.keys)), self.digest, self.media, self.size))

    def same_words(self, other: "Likeness") -> bool:
        """Tell whether both say the same, but for what names the request."""
        return (self.kind, self.digest) == (other.kind, other.digest)

    def same_head(self, other: "Likeness") -> bool:
        """Tell whether one may be what a HEAD gets where a GET gets the other."""
        return self.media == other.media and (not self.size or not other.size or self.size == other.size)

    def alike(self, other: "Likeness") -> bool:
        """Tell whether both are answers of one kind: the same words, or documents of the same keys."""
        return self.same_words(other) or bool(
            self.kind == other.kind == "json" and self.keys == other.keys and self.keys
        )

    def foreign(self, other: "Likeness") -> bool:
        """Tell whether both are surely answers of two kinds: documents without a common key, a page and a document."""
        apart = bool(self.keys and other.keys) and self.keys.isdisjoint(other.keys)
        return self.kind != other.kind or apart


_FIELDS = 5


def _plain(value: str | None) -> str:
    """Return a header's value, short and without what would part the fields."""
    return re.sub(r"[^a-z0-9/.+-]", "", (value or "").lower())[:60]


def _kind(text: str, document: Any) -> str:
    if not text.strip():
        return "empty"
    if document is not None:
        return "json"
    return "html" if text.lstrip().startswith("<") else "text"


def _unnamed(word: re.Match[str]) -> str:
    """Leave out a word with a digit in it: it names this very request, as ids, times and counts do."""
    return "#" if _DIGIT.search(word[0]) else word[0]


def _parsed(text: str) -> Any:
    if text.lstrip()[:1] not in {"{", "["}:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _keys(document: Any) -> list[str]:
    """Return the keys of an object, or of a list's first member."""
    if isinstance(document, list):
        document = document[0] if document else None
    return list(document)[:MOST_KEYS] if isinstance(document, dict) else []


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "replace")).hexdigest()[:12]
