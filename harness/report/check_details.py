"""Evidence of a check, in the compact form of `details`: what was seen on each side, and the points it makes."""

from harness.model.event import Checked, Point
from harness.model.outcome import Outcome, Severity

MOST_FACTS = 300
MOST_POINTS = 100

_OUTCOMES = tuple(outcome.value for outcome in Outcome)
_SEVERITIES = tuple(severity.value for severity in Severity)
_SIDES = ("old", "new")

Row = list[object]


def check_row(event: Checked, texts: dict[str, int]) -> Row:
    """Return the row of a check: it begins with the word that tells it from the rounds of a case."""
    columns = columns_of(event.facts)
    facts = [
        [texts[name], *(texts[seen[column]] if column in seen else None for column in columns)]
        for name, seen in list(event.facts.items())[:MOST_FACTS]
    ]
    return [
        "check",
        int(event.at * 1000),
        [texts[column] for column in columns],
        facts,
        [_point(point, texts) for point in event.points[:MOST_POINTS]],
        [[texts[side], count] for side, count in event.requests.items()],
        len(event.facts) - len(facts) + max(len(event.points) - MOST_POINTS, 0),
    ]


def columns_of(facts: dict[str, dict[str, str]]) -> tuple[str, ...]:
    """Return what the facts are told of: old and new first, then whatever else was looked at."""
    named = dict.fromkeys(column for seen in facts.values() for column in seen)
    return (*(side for side in _SIDES if side in named), *(name for name in named if name not in _SIDES))


def _point(point: Point, texts: dict[str, int]) -> Row:
    return [
        texts[point.at],
        texts[point.title],
        _OUTCOMES.index(point.outcome) if point.outcome in _OUTCOMES else 0,
        texts[point.severity if point.severity in _SEVERITIES else Severity.INFO.value],
        None if point.old is None else texts[point.old],
        None if point.new is None else texts[point.new],
        texts[point.note],
        texts[point.remedy],
    ]
