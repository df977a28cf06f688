"""Media types: what Content-Type says, and how a body of that type is compared."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache

from harness.compare.fields import parameters, split_outside
from harness.model.response import Response


class Manner(Enum):
    """How a body is compared."""

    JSON = auto()
    RECORDS = auto()
    EVENTS = auto()
    XML = auto()
    FORM = auto()
    TEXT = auto()
    MAYBE_JSON = auto()
    UNKNOWN = auto()
    BINARY = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaType:
    """A Content-Type: type/subtype in lower case ("" if absent or unreadable) and its parameters."""

    name: str
    parameters: Mapping[str, str]

    @property
    def charset(self) -> str:
        """Return the declared charset in lower case, utf-8 by default."""
        return self.parameters.get("charset", "utf-8").lower()


_RECORDS = frozenset({
    "application/x-ndjson", "application/ndjson", "application/jsonl", "application/jsonlines", "application/json-seq",
    "application/x-jsonlines", "application/stream+json", "application/x-json-stream",
})  # fmt: skip
_TEXTUAL = frozenset({
    "application/javascript", "application/ecmascript", "application/x-javascript", "application/yaml",
    "application/x-yaml", "application/toml", "application/graphql", "application/sql", "application/jwt",
    "application/jose",
})  # fmt: skip

# Python's codecs that stand for no charset of the web; some take quadratic time
_NO_CHARSETS = frozenset({"punycode", "idna", "unicode_escape", "unicode-escape", "raw_unicode_escape", "undefined"})


@lru_cache(maxsize=1_024)
def read(value: str) -> MediaType:
    """Read a Content-Type's value."""
    name, *rest = split_outside(value, ";")
    return MediaType(name=name.strip().lower(), parameters=parameters(rest))


def media_type(response: Response) -> MediaType:
    """Return the Content-Type of a response."""
    return read(response.first("content-type") or "")


def manner(media: MediaType) -> Manner:
    """Return how a body of this type is compared."""
    name = media.name
    if name in _RECORDS:
        return Manner.RECORDS
    if name in ("application/json", "text/json") or name.endswith("+json"):
        return Manner.JSON
    if name == "text/event-stream":
        return Manner.EVENTS
    if name in ("application/xml", "text/xml") or name.endswith("+xml"):
        return Manner.XML
    if name == "application/x-www-form-urlencoded":
        return Manner.FORM
    if name.startswith("text/"):
        return Manner.MAYBE_JSON
    if name in _TEXTUAL or name.endswith("+yaml"):
        return Manner.TEXT
    return Manner.BINARY if name else Manner.UNKNOWN


def decode(content: bytes, media: MediaType) -> str | None:
    """Return a body as text in its declared charset, None if it is none."""
    if media.charset in _NO_CHARSETS:
        return None
    try:
        return content.decode(media.charset)
    except (LookupError, ValueError):
        return None
