"""Two JSON texts → differences, exactly and in time that follows what differs, not what is there.

Large pieces are peeled: one level is decoded, children with equal bytes are dropped, the others descended into.
Small pieces are parsed whole and walked strictly. Rules are asked for only at places that differ.
"""

import math
from typing import Any

from msgspec import Raw

from harness.compare import json_arrays
from harness.compare.binary import first_difference
from harness.compare.collect import Collector, at_path
from harness.compare.formats import is_format
from harness.compare.json_rules import RuleBook, within
from harness.compare.json_text import BadJson, Duplicated, is_number, kind_of, level, parse, same, show, strictly_same
from harness.model.difference import Kind
from harness.model.place import Path

SMALL = 4_096
_LONG = 1_000
ABSENT: Any = object()


class Walker:
    """Walks two JSON values of one place; a value is Raw (not read yet) or parsed, on both sides alike.

    `remark` is added to the notes of what is told while it is set.
    """

    __slots__ = ("book", "out", "prefix", "remark")

    def __init__(self, out: Collector, book: RuleBook | None, prefix: str) -> None:
        self.out = out
        self.book = book
        self.prefix = prefix
        self.remark = ""

    def node(self, old: Any, new: Any, path: Path) -> None:
        """Compare two values; raises RecursionError, and BadJson if the whole text cannot be read (`path` empty)."""
        opened = self._opened(old, new, path)
        if opened is None:
            return
        old, new = opened
        kind = type(old)
        if kind is dict and type(new) is dict:
            self._members(old, new, path)
        elif kind is list and type(new) is list:
            key = self.book.unordered(path) if self.book is not None else None
            # called from here, not through one more function: nesting is bounded by Python's stack
            if key is None:
                json_arrays.ordered(self, old, new, path)
            else:
                json_arrays.unordered(self, key, old, new, path)
        elif kind is Duplicated or type(new) is Duplicated:
            self._duplicated(old, new, path)
        else:
            self._leaf(old, new, path)

    def _opened(self, old: Any, new: Any, path: Path) -> tuple[Any, Any] | None:
        """Return both values read, None if they are equal, ignored or told already."""
        if type(old) is not Raw:
            if self.book is not None and self.book.ignored(path) is not None:
                if not same(old, new):
                    self._ignored(path, old, new)
                return None
            return old, new
        if old == new or self._ignored(path, old, new):
            return None
        try:
            a, b = _read(old, new)
        except BadJson as error:
            if not path:
                raise
            self.tell(path, Kind.FORMAT, old, new, str(error))
            return None
        return None if a is b else (a, b)

    def tell(self, path: Path, kind: Kind, old: Any, new: Any, note: str = "") -> None:
        """Add a difference; ABSENT stands for no value."""
        texts = (None if side is ABSENT else show(side) for side in (old, new))
        note = "; ".join(filter(None, (note, self.remark)))
        self.out.add(self.at(path), kind, *texts, path=path, note=note)

    def at(self, path: Path) -> str:
        """Return a place as text."""
        return at_path(self.prefix, path)

    def lost(self, path: Path, old: Any, note: str = "") -> None:
        """Tell that the new side has nothing here."""
        if not self._ignored(path, old, ABSENT):
            null = _is_null(old) and isinstance(path[-1], str)
            self.tell(path, Kind.NULL_ABSENT if null else Kind.MISSING, old, ABSENT, note)

    def gained(self, path: Path, new: Any, note: str = "") -> None:
        """Tell that the old side has nothing here."""
        if not self._ignored(path, ABSENT, new):
            null = _is_null(new) and isinstance(path[-1], str)
            self.tell(path, Kind.NULL_ABSENT if null else Kind.ADDED, ABSENT, new, note)

    def _ignored(self, path: Path, old: Any, new: Any) -> bool:
        rule = self.book.ignored(path) if self.book is not None else None
        if rule is None:
            return False
        if self.out.only_counted():
            return True
        note = f"ignored: {rule.because}" if rule.because else "ignored by a rule"
        kind = Kind.MISSING if new is ABSENT else Kind.ADDED if old is ABSENT else Kind.VALUE
        texts = (None if side is ABSENT else show(side) for side in (old, new))
        self.out.set_aside(self.at(path), kind, *texts, path=path, note=note)
        return True

    def _members(self, old: dict[str, Any], new: dict[str, Any], path: Path) -> None:
        for key, value in old.items():
            other = new.get(key, ABSENT)
            if other is ABSENT:
                self.lost((*path, key), value)
            elif value != other or not strictly_same(value, other):
                self.node(value, other, (*path, key))
            if self.out.capped:
                return
        for key in [key for key in new if key not in old]:
            self.gained((*path, key), new[key])

    def _duplicated(self, old: Any, new: Any, path: Path) -> None:
        if not (isinstance(old, dict | Duplicated) and isinstance(new, dict | Duplicated)):
            self.tell(path, Kind.TYPE, old, new, _types(old, new))
            return
        mine, theirs = _lists(old), _lists(new)
        for key, values in mine.items():
            others = theirs.get(key, [])
            if len(values) == len(others):
                for a, b in zip(values, others, strict=True):
                    self.node(a, b, (*path, key))
            elif not others and len(values) == 1:
                self.lost((*path, key), values[0])
            else:
                self._repeated((*path, key), values, others)
        for key, values in theirs.items():
            if key not in mine:
                if len(values) == 1:
                    self.gained((*path, key), values[0])
                else:
                    self._repeated((*path, key), [], values)

    def _repeated(self, path: Path, old: list[Any], new: list[Any]) -> None:
        note = f"the key occurs {len(old)} times on the old side, {len(new)} times on the new"
        texts = (", ".join(map(show, values)) or None for values in (old, new))
        self.out.add(self.at(path), Kind.FORMAT, *texts, path=path, note=note)

    def _leaf(self, old: Any, new: Any, path: Path) -> None:
        if is_number(old) and is_number(new):
            if old != new:
                self._differ(old, new, path, Kind.VALUE, _precision(old, new))
        elif type(old) is not type(new):
            self._differ(old, new, path, Kind.TYPE, _types(old, new))
        elif old != new:
            self._differ(old, new, path, Kind.VALUE, _where(old, new))

    def _differ(self, old: Any, new: Any, path: Path, kind: Kind, note: str) -> None:
        if self.book is not None and self._allowed(old, new, path, kind):
            return
        self.tell(path, kind, old, new, note)

    def _allowed(self, old: Any, new: Any, path: Path, kind: Kind) -> bool:
        """Tell whether a format or a tolerance allows the two values; a format that is not met is told elsewhere."""
        book = self.book
        assert book is not None
        wanted = book.format(path)
        if wanted is not None:
            if is_format(wanted, old) and is_format(wanted, new) and not self.out.only_counted():
                note = f"both are {wanted}, as the rule asks"
                self.out.set_aside(self.at(path), kind, show(old), show(new), path=path, note=note)
            return True
        tolerance = book.tolerance(path)
        if tolerance is not None and within(old, new, tolerance):
            if self.out.only_counted():
                return True
            note = f"within the tolerance of {tolerance}"
            self.out.set_aside(self.at(path), kind, show(old), show(new), path=path, note=note)
            return True
        return False


def _read(old: Raw, new: Raw) -> tuple[Any, Any]:
    """Return both values read, one level only where one is large; the same object twice if they are equal."""
    if len(old) > SMALL or len(new) > SMALL:
        a, b = level(old), level(new)
        if type(a) is type(b) or not (_has_raw(a) or _has_raw(b)):
            return (a, b) if not _mixed(a, b) else (parse(old), parse(new))
        return (parse(old), parse(new)) if Duplicated in (type(a), type(b)) else (a, b)
    text, other = bytes(old), bytes(new)
    a, b = parse(text), parse(other)
    if a == b and ((_no_booleans(text) and _no_booleans(other)) or same(a, b)):
        return a, a
    return a, b


def _no_booleans(text: bytes) -> bool:
    """Tell that Python's equality cannot have taken true for 1 or false for 0."""
    return b"true" not in text and b"false" not in text


def _has_raw(value: Any) -> bool:
    return _first_child_type(value) is Raw


def _mixed(a: Any, b: Any) -> bool:
    """Tell whether the children of one side are Raw and those of the other parsed (one text had to be read whole)."""
    kinds = {_first_child_type(a), _first_child_type(b)} - {None}
    return len(kinds) > 1 and Raw in kinds


def _first_child_type(value: Any) -> type | None:
    children = value.values() if type(value) is dict else value if type(value) is list else ()
    return next((type(child) for child in children), None)


def _lists(value: Any) -> dict[str, list[Any]]:
    if isinstance(value, Duplicated):
        return value.values_of()
    return {key: [child] for key, child in value.items()}


def _is_null(value: Any) -> bool:
    return value is None or (type(value) is Raw and value == Raw(b"null"))


def _types(old: Any, new: Any) -> str:
    words = f"{kind_of(old)} became {kind_of(new)}"
    scalars = (str, bool, type(None))
    if (is_number(old) or isinstance(old, scalars)) and (is_number(new) or isinstance(new, scalars)):
        plain = {(value if isinstance(value, str) else show(value)) for value in (old, new)}
        return f"{words}, written alike" if len(plain) == 1 else words
    return words


def _where(old: Any, new: Any) -> str:
    """Return where two long texts begin to differ: what is shown of them may be alike."""
    if not isinstance(old, str) or min(len(old), len(new)) < _LONG:
        return ""
    return f"the texts differ from character {first_difference(old, new):,} on"


def _precision(old: Any, new: Any) -> str:
    """Return a note if the two numbers are one and the same 64-bit float: digits were lost on the way."""
    try:
        a, b = float(old), float(new)
    except (OverflowError, ValueError):
        return ""
    return "number precision lost: both are the same 64-bit float" if a == b and math.isfinite(a) else ""
