"""Texts that the old side words anew each time: what stays the same in all of them must be in the new text too.

Words are runs of letters and digits. Where the old side's texts have the same number of them, each word that never
changed, and all that stands between words, is kept; else what they start and end with alike. Points in time are one
word while they change, since a clock moves on between the old side's calls and the new side's.
"""

import re
from collections.abc import Sequence

_WORD = re.compile(r"([^\W_]+)")
_TIMES = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d(?:\.\d{1,12})?)?(?:[Zz]|[+-]\d\d:?\d\d)?"
    r"|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT"
    r"|(?<![^\W_])[12]\d{9}(?:\d{3})?(?:\.\d{1,9})?(?![^\W_])"
)
_TIME = "time"
_MOMENT = re.compile(
    r"\d{4}-\d\d-\d\d(?P<mark>[Tt ])\d\d:\d\d:\d\d(?P<fraction>\.\d+)?(?P<zone>[Zz]|[+-]\d\d:?\d\d)", re.ASCII
)
_ZEROS = 2


def fits(new: str, olds: Sequence[str]) -> bool:
    """Tell whether `new` keeps what all of `olds`, at least two texts, have in common."""
    if any(set(_TIMES.findall(old)) != set(_TIMES.findall(olds[0])) for old in olds):
        new, *olds = (_TIMES.sub(_TIME, text) for text in (new, *olds))
    words = [_WORD.split(text) for text in olds]
    theirs = _WORD.split(new)
    if len({len(one) for one in words}) == 1:
        return len(theirs) == len(words[0]) and all(
            word in column or (position % 2 == 1 and len(set(column)) > 1)
            for position, (word, column) in enumerate(zip(theirs, zip(*words, strict=True), strict=True))
        )
    start, end = _common(words), _common([one[::-1] for one in words])
    shortest = min(map(len, words))
    start, end = start[:shortest], end[: max(shortest - len(start), 0)]
    return len(theirs) >= len(start) + len(end) and _starts(theirs, start) and _starts(theirs[::-1], end)


def spelt_alike(new: str, olds: Sequence[str]) -> bool:
    """Tell whether an id or a point in time is written as the old side writes them: case, zone, precision.

    Some libraries drop zeros at the end of a fraction, so two digits less or more are nothing.
    """
    cases = [_case(text) for text in (new, *olds)]
    if cases[0] and all(cases[1:]) and cases[0] not in cases[1:]:
        return False
    theirs, mine = _moment(new), [found for old in olds if (found := _moment(old))]
    if theirs is None or not mine:
        return True
    digits, *style = theirs
    return any(style == rest and (not digits) == (not other) and abs(digits - other) <= _ZEROS for other, *rest in mine)


def _case(text: str) -> str:
    return "lower" if text.islower() else "upper" if text.isupper() else ""


def _moment(text: str) -> tuple[int, str, str] | None:
    """Return number of digits below the second, separator and way of telling the zone of a date-time."""
    match = _MOMENT.fullmatch(text)
    if match is None:
        return None
    zone = match["zone"] if len(match["zone"]) == 1 else "+:" if ":" in match["zone"] else "+"
    return len(match["fraction"] or ""), match["mark"], zone


def _common(words: Sequence[Sequence[str]]) -> list[str]:
    found = []
    for column in zip(*words, strict=False):
        if len(set(column)) > 1:
            break
        found.append(column[0])
    return found


def _starts(words: Sequence[str], start: Sequence[str]) -> bool:
    return list(words[: len(start)]) == list(start)
