"""A line for people about two small pieces; DeepDiff words it, and never decides anything."""

import json

_MOST = 4_096
_LINES = 5


def explain(old_text: str, new_text: str) -> str:
    """Return what changed between two small JSON texts in a few words, "" if they are too large or no JSON."""
    if len(old_text) > _MOST or len(new_text) > _MOST:
        return ""
    try:
        old, new = json.loads(old_text), json.loads(new_text)
    except (ValueError, RecursionError):
        return ""
    # imported here because it takes longer than the whole start of the command may take
    from deepdiff import DeepDiff  # noqa: PLC0415

    lines = str(DeepDiff(old, new, ignore_order=False).pretty()).splitlines()
    more = f" (and {len(lines) - _LINES} more)" if len(lines) > _LINES else ""
    return " ".join(lines[:_LINES]) + more
