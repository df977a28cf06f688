"""The scenario's rules for JSON bodies, looked up by place."""

from collections.abc import Iterable, Iterator
from decimal import Context, Decimal, Inexact
from typing import Any

from msgspec import Raw

from harness.compare.collect import Collector, at_path
from harness.compare.formats import is_format
from harness.compare.json_text import BadJson, is_number, level, parse, show
from harness.model.difference import Kind
from harness.model.place import Path, Step
from harness.model.rule import BodyRule

_EXACT = Context(prec=2_000)
_FAR = 900


class RuleBook:
    """Rules by place; answers are kept, since the same places are asked for again and again."""

    __slots__ = ("_formats", "_ignores", "_tolerances", "_unordered")

    def __init__(self, rules: tuple[BodyRule, ...]) -> None:
        self._ignores = _compiled(rule for rule in rules if rule.ignore)
        self._unordered = _compiled(rule for rule in rules if rule.unordered is not None)
        self._tolerances = _compiled(rule for rule in rules if rule.tolerance is not None)
        self._formats = _compiled(rule for rule in rules if rule.format is not None)

    def ignored(self, path: Path) -> BodyRule | None:
        """Return the rule that sets this very place aside."""
        return _first(self._ignores, path)

    def unordered(self, path: Path) -> str | None:
        """Return the key that this array's items are matched by ("" for whole values), None for in order."""
        rule = _first(self._unordered, path)
        return rule.unordered if rule else None

    def tolerance(self, path: Path) -> Decimal | None:
        """Return how far two numbers may be apart here."""
        rule = _first(self._tolerances, path)
        return rule.tolerance if rule else None

    def format(self, path: Path) -> str | None:
        """Return the format that both values must have here."""
        rule = _first(self._formats, path)
        return rule.format if rule else None

    def reaches_below(self, path: Path) -> bool:
        """Tell whether a rule could apply to something inside the items of the array at `path`."""
        rules = (*self._ignores, *self._tolerances, *self._formats, *self._unordered)
        return any(rule.at.reaches_below((*path, 0)) for rule, _, _ in rules)


_Compiled = tuple[BodyRule, tuple[Step, ...], int]


def _compiled(rules: Iterable[BodyRule]) -> tuple[_Compiled, ...]:
    """Return rules with their patterns and lengths, -1 for a pattern that looks at every depth."""
    return tuple(
        (rule, rule.at.steps, -1 if any(step.descend for step in rule.at.steps) else len(rule.at.steps))
        for rule in rules
    )


def _first(rules: tuple[_Compiled, ...], path: Path) -> BodyRule | None:
    """Return the first rule whose pattern selects `path`; what decides most often, and cheaply, is asked first."""
    for rule, steps, length in rules:
        if length < 0:
            if (not path or not steps or steps[-1].takes(path[-1])) and rule.at.matches(path):
                return rule
        elif length == len(path) and all(map(Step.takes, steps, path)):
            return rule
    return None


def within(old: Any, new: Any, tolerance: Decimal) -> bool:
    """Tell whether two numbers are at most `tolerance` apart; exponents are looked at before any arithmetic."""
    if not (is_number(old) and is_number(new)):
        return False
    a, b = Decimal(old), Decimal(new)
    if any(_far(number) for number in (a, b)):
        return False
    context = _EXACT.copy()
    context.traps[Inexact] = False
    return context.compare(context.subtract(a, b).copy_abs(), tolerance) <= 0


def _far(number: Decimal) -> bool:
    exponent = number.as_tuple().exponent
    return not isinstance(exponent, int) or abs(exponent) > _FAR or (bool(number) and abs(number.adjusted()) > _FAR)


def check_formats(old: bytes, new: bytes, rules: tuple[BodyRule, ...], out: Collector, prefix: str) -> None:
    """Add a difference where a rule's place is there without its format on a side, whatever else is equal.

    A place that a side lacks is no matter of formats: the walk over both bodies tells it, and where both lack it, as
    answers of other cases do, the rule has nothing to say.
    """
    for rule in rules:
        if rule.format is None:
            continue
        mine = _failing(old, rule)
        theirs = mine if old is new else _failing(new, rule)
        for path in dict.fromkeys((*mine, *theirs)):
            (a, why_old), (b, why_new) = mine.get(path, (None, "")), theirs.get(path, (None, ""))
            note = "; ".join(f"{side}: {why}" for side, why in (("old", why_old), ("new", why_new)) if why)
            out.add(at_path(prefix, path), Kind.FORMAT, a, b, path=path, note=f"must be {rule.format}; {note}")


def _failing(body: bytes, rule: BodyRule) -> dict[Path, tuple[str | None, str]]:
    """Return the places that the rule selects where the format is not met, with value and reason."""
    wanted = rule.format or ""
    found: dict[Path, tuple[str | None, str]] = {}
    try:
        for path, piece in _select(Raw(body), rule.at.steps, ()):
            if not is_format(wanted, parse(piece)):
                found[path] = (show(piece), "another format")
    except (BadJson, RecursionError):
        return {}
    return found


def _select(piece: Raw, steps: tuple[Step, ...], path: Path) -> Iterator[tuple[Path, Raw]]:
    """Yield what the pattern selects below `piece`."""
    if not steps:
        yield path, piece
        return
    step, rest = steps[0], steps[1:]
    children = level(piece)
    members: dict[str | int, Raw] = {}
    if isinstance(children, dict):
        members = dict(children)
    elif isinstance(children, list):
        members = dict(enumerate(children))
    for key, child in members.items():
        if step.takes(key):
            yield from _select(child, rest, (*path, key))
        if step.descend:
            yield from _select(child, steps, (*path, key))
