"""What the old side disagrees with itself about, and what of a comparison that explains.

The old side is asked again; where its answers differ, a difference between old and new says little. It is set aside
only at exactly such a place, only for the kinds that were seen there (value, order), and only if both values share
type and format; of texts, what never changed on the old side must be the same on the new. Places that count items are
no help where the old side reorders or resizes the array that holds them: what stood at `$.items[0].price` was another
item's price.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from harness.compare import wording
from harness.compare.answers import compare
from harness.compare.collect import CAP_NOTE, TEXT_LIMIT
from harness.compare.formats import format_of, same_format
from harness.model.difference import Cause, Difference, Kind
from harness.model.response import Answer, NoResponse, Response
from harness.model.rule import CompareRules

_KINDS = frozenset({Kind.VALUE, Kind.ORDER})
_COUNTED = re.compile(r"\[\d+\]|(?<=body:)(?:line|record) \d+")
_WORDED = frozenset({"text", "uri", "email"})
_SPELT = frozenset({"uuid", "date-time", *(f"hex-{length}" for length in range(8, 129))})
_NEVER = ("status", "response", "body", "time:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """What repeats of the old side taught: kinds by place, places that hold moving items, and what to tell of it.

    `values` are what else the old side showed at a place.
    """

    places: dict[str, frozenset[Kind]]
    values: dict[str, tuple[str, ...]] = field(default_factory=dict)
    moving: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()


Translate = Callable[[str, str], str]


def untranslated(_at: str, text: str) -> str:
    """Return a text as it is."""
    return text


NOTHING = Noise(places={})


def learn(old: Response, repeats: Sequence[Answer], rules: CompareRules, *, method: str = "GET") -> Noise:
    """Compare an answer of the old side with further ones to the same request; one that failed teaches nothing."""
    if not repeats:
        return NOTHING
    places: defaultdict[str, set[Kind]] = defaultdict(set)
    values: defaultdict[str, list[str]] = defaultdict(list)
    moving: set[str] = set()
    notes = []
    for answer in repeats:
        if isinstance(answer, NoResponse):
            notes.append(f"asking the old side again failed ({answer.reason}); nothing was learnt from it")
            continue
        found = compare(old, answer, rules, method=method)
        if found.capped:
            notes.append("the old side differs from itself in too many places; nothing was learnt from it")
            continue
        # what a rule allows is settled: items matched by a key stay at their places, however they move
        differences = [difference for difference in found.differences if difference.cause is Cause.UNEXPLAINED]
        for difference in differences:
            places[difference.at].add(difference.kind)
            if difference.kind is Kind.VALUE and difference.new is not None:
                values[difference.at].append(difference.new)
        moving |= _moving(differences)
    kinds = {place: frozenset(found) for place, found in places.items()}
    others = {place: tuple(found) for place, found in values.items()}
    return Noise(places=kinds, values=others, moving=frozenset(moving), notes=tuple(notes))


def _moving(differences: Iterable[Difference]) -> set[str]:
    """Return the arrays (or line and record sequences) whose items change places or number on the old side.

    Seen by an item that is missing or added, by an order difference, or by one field's values that only change
    places among the items.
    """
    found: set[str] = set()
    fields: defaultdict[str, list[Difference]] = defaultdict(list)
    for difference in differences:
        holder = _holder(difference.at)
        if difference.kind is Kind.ORDER:
            found.add(difference.at)
        elif holder is not None:
            if difference.kind in (Kind.MISSING, Kind.ADDED, Kind.FORMAT) and _is_item(difference.at):
                found.add(holder)
            fields[_COUNTED.sub("[*]", difference.at)].append(difference)
    for alike in fields.values():
        if len(alike) > 1 and Counter(d.old for d in alike) == Counter(d.new for d in alike):
            found |= {holder for d in alike if (holder := _holder(d.at)) is not None}
    return found


def _holder(at: str) -> str | None:
    """Return the outermost place of `at` that counts items: `body:$.items[3].price` → `body:$.items`."""
    match = _COUNTED.search(at)
    return at[: match.start()] if match and at.startswith("body:") else None


def _is_item(at: str) -> bool:
    return bool(re.search(r"(?:\[\d+\]|body:(?:line|record) \d+)$", at))


def set_aside(
    differences: Sequence[Difference], noise: Noise, translate: Translate = untranslated
) -> tuple[Difference, ...]:
    """Return the differences with those that noise explains marked so, others at such a place with a note.

    `translate` turns a text of the old side, at a place, into what it becomes with the new side's own values.

    Nothing is set aside if the comparison was cut short.
    """
    if not noise.places:
        return tuple(differences)
    capped = any(difference.note == CAP_NOTE for difference in differences)
    return tuple(_judged(difference, noise, translate, capped=capped) for difference in differences)


def _judged(difference: Difference, noise: Noise, translate: Translate, *, capped: bool) -> Difference:
    kinds = noise.places.get(difference.at)
    if kinds is None or difference.cause is not Cause.UNEXPLAINED:
        return difference
    why = "the comparison was cut short" if capped else _why_not(difference, kinds, noise, translate)
    if not why:
        return replace(difference, cause=Cause.NOISE)
    told = f"the old side also differs from itself here ({why})"
    return replace(difference, note="; ".join(filter(None, (difference.note, told))))


def _why_not(difference: Difference, kinds: frozenset[Kind], noise: Noise, translate: Translate) -> str:
    """Return why a difference at a noisy place is not noise, "" if it is."""
    at = difference.at
    if difference.kind not in _KINDS:
        return f"{', '.join(sorted(kinds))}; {difference.kind} is never noise"
    if difference.kind not in kinds:
        return f"only in {', '.join(sorted(kinds))}"
    if at in _NEVER or at.startswith(("time:", "body:byte ")):
        return "never noise at this place"
    holder = _holder(at)
    if holder is not None and any(_inside(at, place) for place in noise.moving):
        return "its items change places there: a rule with `unordered` lets them be compared"
    if difference.kind is not Kind.VALUE:
        return ""
    if not _alike(difference):
        return "but the values share no type and format"
    return (
        ""
        if _worded_alike(difference, noise.values.get(at, ()), translate)
        else "but in other parts of the text, or spelt otherwise"
    )


def _inside(at: str, holder: str) -> bool:
    if holder == "body:":
        return True
    return at.startswith((f"{holder}[", f"{holder}."))


def _alike(difference: Difference) -> bool:
    old, new = difference.old, difference.new
    if old is None or new is None:
        return False
    if difference.path is None:
        return same_format(_bare(old), _bare(new))
    a, b = _scalar(old), _scalar(new)
    return a is not None and b is not None and a[0] == b[0] and same_format(a[1], b[1])


def _worded_alike(difference: Difference, others: Sequence[str], translate: Translate) -> bool:
    """Tell whether two texts that share a format differ only where the old side's own texts do."""
    old, new = difference.old or "", difference.new or ""
    read = _bare if difference.path is None else _string
    if max(map(len, (old, new, *others))) > TEXT_LIMIT or not others:
        return not others  # shortened: what follows is not known
    if all(_weak(new) != _weak(one) for one in (old, *others)):
        return False
    theirs, olds = read(new), [read(one) for one in (old, *others)]
    formats = {format_of(olds[0]), format_of(theirs)}
    if not formats & _WORDED:
        return not formats & _SPELT or wording.spelt_alike(theirs, olds)
    return wording.fits(theirs, [translate(difference.at, one) for one in olds])


def _weak(text: str) -> bool:
    return text.startswith('W/"')


def _string(text: str) -> str:
    found = _scalar(text)
    return found[1] if found is not None else text


def _bare(text: str) -> str:
    """Return a header's value without the quotes of an entity tag."""
    return text.removeprefix("W/").strip('"')


def _scalar(text: str) -> tuple[str, str] | None:
    """Return type and text of a JSON scalar, None for anything else."""
    if text.startswith('"'):
        try:
            return "string", str(json.loads(text))
        except ValueError:
            return ("string", text)
    if text in ("true", "false"):
        return "boolean", "boolean"
    return ("number", text) if text[:1] in "-0123456789" and text else None
