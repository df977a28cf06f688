"""Take the values that later steps need out of an answer."""

import json
from decimal import Decimal

from harness.model.place import JsonPath
from harness.model.response import Response
from harness.scenario.types import Capture

LONGEST = 4096
_ABSENT = object()


def take(captures: tuple[Capture, ...], response: Response) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the captured texts by name, and the names that the answer does not hold.

    A captured value is a JSON string, number or boolean, or a header, of at most 4,096 characters.
    """
    found: dict[str, str] = {}
    document = _document(response) if any(capture.path for capture in captures) else _ABSENT
    for capture in captures:
        value = response.first(capture.header) if capture.header else _at(document, capture.path)
        text = _text(value)
        if text is not None and 0 < len(text) <= LONGEST:
            found[capture.name] = text
    return found, tuple(capture.name for capture in captures if capture.name not in found)


def _document(response: Response) -> object:
    try:
        parsed: object = json.loads(response.body.content, parse_float=Decimal)
    except (ValueError, RecursionError):
        return _ABSENT
    return parsed


def _at(value: object, path: JsonPath | None) -> object:
    for step in path.steps if path else ():
        key: str | int = step.names[0] if step.names else step.indexes[0]
        if isinstance(value, dict) and isinstance(key, str):
            value = value.get(key, _ABSENT)
        elif isinstance(value, list) and isinstance(key, int) and key < len(value):
            value = value[key]
        else:
            return _ABSENT
    return value


def _text(value: object) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | Decimal):
        return str(value)
    return None
