"""How two answers are to be compared, and what is tolerated."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from harness.model.place import JsonPath


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyRule:
    """A rule at places of a JSON body.

    `unordered` is the key that items are matched by ("" for whole values), None for in order;
    `tolerance` is the largest absolute difference of two numbers; `format` names a format that both
    values must have while they may differ (compare/formats.py); `ignore` sets the place aside.
    """

    at: JsonPath
    unordered: str | None = None
    tolerance: Decimal | None = None
    format: str | None = None
    ignore: bool = False
    because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareRules:
    """The `compare` section; header names are lower case."""

    strict: bool = False
    noise_repeats: int = 1
    ignored_headers: frozenset[str] = frozenset()
    body: tuple[BodyRule, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """A difference tolerated until the end of the day `until`.

    `case` and `operation` are globs (None: any), `at` is a place or a glob over places. `id` is unique in the scenario.
    """

    id: str
    at: str
    owner: str
    until: date
    because: str
    case: str | None = None
    operation: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectSide:
    """What one side must answer; statuses are exact numbers, () for any; a header's None means absent."""

    status: tuple[int, ...] = ()
    headers: tuple[tuple[str, str | None], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Expect:
    """The `expect` of a case: for both sides, or per side with a reason; `max_time` in seconds."""

    both: ExpectSide = ExpectSide()
    old: ExpectSide = ExpectSide()
    new: ExpectSide = ExpectSide()
    max_time: float | None = None
    because: str = ""
