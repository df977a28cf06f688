"""The rows of a dialect's tables, and how an answer is held against them.

Facts about a product are data: each row says how well it is known (`grade`) and where that stands (`source`, a key
of the facts about gateways). A status alone proves nothing: a row matches by the body's shape and text, or by a
header that only the product sends.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto
from typing import Any

from harness.model.request import Request
from harness.model.response import Response


class Grade(StrEnum):
    """How well a fact is known, best first."""

    DOCUMENTED = "D"
    RECORDED = "S"
    OBSERVED = "O"
    INFERRED = "I"
    EMULATED = "LS"
    UNCONFIRMED = "U"

    @property
    def proven(self) -> bool:
        """Tell whether a fact of this grade may excuse a difference."""
        return self in _PROVEN


_PROVEN = frozenset({Grade.DOCUMENTED, Grade.RECORDED, Grade.OBSERVED})


class Names(Enum):
    """What a header names that says nothing about the answer.

    PRODUCT: the gateway or an edge before it; may be there on one side only. REQUEST: this very request, as clients
    log it; only its value may differ, a lost one is a loss.
    """

    PRODUCT = auto()
    REQUEST = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderRow:
    """A response header that only names the product or the request; `name` is in lower case."""

    name: str
    names: Names
    grade: Grade
    source: str


class Situation(StrEnum):
    """What made a gateway answer by itself; the value is said to readers."""

    NO_ROUTE = "no operation matches"
    NO_STAGE = "no API is mapped to this path"
    KEY_MISSING = "the API key is missing"
    KEY_INVALID = "the API key is not accepted"
    TOKEN_MISSING = "the token is missing"  # noqa: S105  words, no password
    TOKEN_INVALID = "the token is not accepted"  # noqa: S105  words, no password
    NOT_SIGNED = "the request is not signed"
    SIGNATURE_INVALID = "the signature is not accepted"
    DENIED = "the caller is denied"
    THROTTLED = "the rate limit is exceeded"
    QUOTA = "the quota is used up"
    TOO_LARGE = "the request is too large"
    TIMEOUT = "the backend did not answer in time"
    BACKEND_UNREACHABLE = "the backend cannot be reached"
    BACKEND_CRASH = "the backend's answer is malformed"
    BAD_REQUEST = "the request is not valid"
    UNSUPPORTED_MEDIA_TYPE = "the media type is not supported"
    WAF_BLOCKED = "a web application firewall blocks the request"
    AUTHORIZER_FAILED = "the authorizer failed"
    CONFIG_ERROR = "the gateway's own configuration fails"
    CORS_MISMATCH = "no CORS rule allows the origin"


class Body(Enum):
    """The shape of a gateway-made body: a JSON object with the text under `key`, plain text, or nothing."""

    JSON = auto()
    TEXT = auto()
    EMPTY = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRow:
    """An error that the product makes itself.

    `text` is matched whole against the text under `key` ("" for a JSON null). `keys` are all keys that the object
    may have, `needs` those that it must have besides. `headers` are patterns that must match whole, by name in lower
    case. `error_type` is the product's header that names the error. `own` says that text and headers together are
    the product's alone, so that no error type is asked for.
    """

    name: str
    situations: tuple[Situation, ...]
    status: int
    text: re.Pattern[str]
    body: Body = Body.JSON
    key: str = "message"
    keys: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()
    headers: Mapping[str, re.Pattern[str]] = field(default_factory=dict)
    error_type: str = ""
    own: bool = False
    grade: Grade
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One way to read an answer: the product made it itself, in this situation.

    `customised` says that the body is not the product's own: somebody wrote it, so clients may count on it.
    """

    situation: Situation
    row: ErrorRow
    customised: bool = False

    @property
    def proven(self) -> bool:
        """Tell whether this reading may excuse a difference."""
        return self.row.grade.proven


# What only a backend adds: an answer with one of these was not made by the gateway itself.
_BACKEND_MARKS = frozenset(
    {"x-powered-by", "x-aspnet-version", "x-aspnetmvc-version", "x-runtime", "etag", "last-modified"}
)
LONGEST_ERROR = 16_384


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """An answer as the rows look at it: headers by name in lower case (the first of each), JSON parsed once."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    document: Any
    head: bool

    def text_of(self, row: ErrorRow) -> str | None:
        """Return the text that `row` is to match, None if the body has another shape."""
        if row.body is Body.EMPTY:
            return "" if not self.content else None
        if row.body is Body.TEXT:
            return self.content.decode(errors="replace").strip()
        if not isinstance(self.document, dict) or row.key not in self.document:
            return None
        if not self.document.keys() <= (row.keys or {row.key}) or not row.needs <= self.document.keys():
            return None
        value = self.document[row.key]
        if value is None:
            return ""
        return value if isinstance(value, str) else None


def facts_of(response: Response, request: Request) -> Facts | None:
    """Return what rows look at, None for an answer that a gateway cannot have made itself."""
    headers: dict[str, str] = {}
    for name, value in response.headers:
        headers.setdefault(name.lower(), value)
    if not _BACKEND_MARKS.isdisjoint(headers) or len(response.body.content) > LONGEST_ERROR:
        return None
    return Facts(
        status=response.status,
        headers=headers,
        content=response.body.content,
        document=_parsed(response.body.content),
        head=request.method == "HEAD",
    )


def _parsed(content: bytes) -> Any:
    if content.lstrip()[:1] != b"{":
        return None
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def headers_match(row: ErrorRow, facts: Facts) -> bool:
    """Tell whether all headers that the row asks for are there."""
    for name, pattern in row.headers.items():
        value = facts.headers.get(name)
        if value is None or not pattern.fullmatch(value):
            return False
    return True


def is_preflight(request: Request) -> bool:
    """Tell whether this is a CORS preflight (Fetch §3.2): OPTIONS with Origin and Access-Control-Request-Method."""
    if request.method != "OPTIONS":
        return False
    names = {name.lower() for name, _ in request.headers}
    return "origin" in names and "access-control-request-method" in names


def words(text: str) -> re.Pattern[str]:
    """Return a pattern for exactly this text."""
    return re.compile(re.escape(text))


ANY = re.compile(r".*", re.DOTALL)
