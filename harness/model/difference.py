"""What differs between two answers, how and why."""

from dataclasses import dataclass
from enum import StrEnum

from harness.model.place import Path


class Kind(StrEnum):
    """How two values differ, seen from the old side."""

    MISSING = "missing"
    ADDED = "added"
    TYPE = "type"
    VALUE = "value"
    ORDER = "order"
    NULL_ABSENT = "null-absent"
    FORMAT = "format"
    CODING = "coding"


class Cause(StrEnum):
    """Why two values differ (design §4)."""

    UNEXPLAINED = "unexplained"
    WEAKER = "weaker"
    GATEWAY = "gateway"
    IDENTITY = "identity"
    BOUND = "bound"
    INTENDED = "intended"
    NOISE = "noise"
    WAIVED = "waived"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One difference.

    `at` is the place as text: `status`, `response`, `header:etag` (lower case), `body`, `body:$.items[3].price`,
    `body:line 12`, `body:record 3`, `body:byte 1024`, `body:/order/item[2]` (XML), `time:first_byte`.
    `path` is the same place as keys where the body is JSON. `old` and `new` are the two values as text (JSON text
    in JSON bodies), None where there is none. `note` adds what a reader should know, `remedy` what to do.
    """

    at: str
    kind: Kind
    old: str | None
    new: str | None
    cause: Cause = Cause.UNEXPLAINED
    path: Path | None = None
    note: str = ""
    remedy: str = ""
