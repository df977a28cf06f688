"""Waivers: differences that somebody tolerates for a while. Only what would fail is waived, and never `weaker`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from harness.model.difference import Cause, Difference
from harness.model.rule import Waiver


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ready:
    """A waiver with its globs compiled; None for those that take anything."""

    waiver: Waiver
    at: re.Pattern[str]
    case: re.Pattern[str] | None
    operation: re.Pattern[str] | None
    expired: bool


class Waivers:
    """The waivers of a scenario as of one day; made once."""

    def __init__(self, waivers: Sequence[Waiver], today: date, *, strict: bool) -> None:
        self._all = tuple(_ready(waiver, today) for waiver in waivers)
        self._taken = frozenset({Cause.UNEXPLAINED, Cause.GATEWAY} if strict else {Cause.UNEXPLAINED})
        self._known: dict[tuple[str, str], tuple[_Ready, ...]] = {}

    def apply(
        self, differences: Sequence[Difference], case: str, operation: str
    ) -> tuple[tuple[Difference, ...], tuple[str, ...]]:
        """Return the differences, waived where a waiver says so, and the ids of the waivers used, each once."""
        mine = self._of(case, operation)
        if not mine:
            return tuple(differences), ()
        used: dict[str, None] = {}
        waived = tuple(self._one(difference, mine, used) for difference in differences)
        return waived, tuple(used)

    def _of(self, case: str, operation: str) -> tuple[_Ready, ...]:
        key = (case, operation)
        if not self._all:
            return ()
        if key not in self._known:
            self._known[key] = tuple(
                ready
                for ready in self._all
                if (ready.case is None or ready.case.fullmatch(case))
                and (ready.operation is None or ready.operation.fullmatch(operation))
            )
        return self._known[key]

    def _one(self, difference: Difference, mine: Sequence[_Ready], used: dict[str, None]) -> Difference:
        if difference.cause is not Cause.WEAKER and difference.cause not in self._taken:
            return difference
        if difference.at == "response":
            return difference  # silence is no difference that somebody could tolerate: nothing was compared
        fitting = [ready for ready in mine if ready.at.fullmatch(difference.at)]
        valid = [ready.waiver for ready in fitting if not ready.expired]
        if difference.cause is Cause.WEAKER:
            return _noted(difference, *(f"waiver {one.waiver.id}: what is weaker is never waived" for one in fitting))
        if valid:
            used[valid[0].id] = None
            return replace(_noted(difference, _words(valid[0])), cause=Cause.WAIVED)
        return _noted(difference, *(f"waiver {one.waiver.id} expired on {one.waiver.until}" for one in fitting))


def _ready(waiver: Waiver, today: date) -> _Ready:
    return _Ready(
        waiver=waiver,
        at=_glob(_place(waiver.at)),
        case=None if waiver.case is None else _glob(waiver.case),
        operation=None if waiver.operation is None else _glob(waiver.operation),
        expired=today > waiver.until,
    )


def _place(at: str) -> str:
    """Return a place as differences spell it: header names in lower case, JSON places below `body:`."""
    if at.startswith("$"):
        return f"body:{at}"
    if at.lower().startswith("header:"):
        name, bracket, rest = at.partition("[")
        return name.lower() + bracket + rest
    return at


def _glob(text: str) -> re.Pattern[str]:
    """Return a glob as a pattern: `*` for anything, `?` for one character, `[*]` for any index; `[3]` is itself."""
    pieces = re.split(r"(\[\*\]|\*|\?)", text)
    known = {"[*]": r"\[[^\]]*\]", "*": ".*", "?": "."}
    return re.compile("".join(known.get(piece) or re.escape(piece) for piece in pieces), re.DOTALL)


def _words(waiver: Waiver) -> str:
    return f"waived by {waiver.owner} until {waiver.until}: {waiver.because}"


def _noted(difference: Difference, *notes: str) -> Difference:
    if not notes:
        return difference
    return replace(difference, note="; ".join(filter(None, (difference.note, *notes))))
