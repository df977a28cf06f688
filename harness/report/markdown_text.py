"""Words and values in Markdown: nothing that a response says becomes markup, a link, a mention or HTML."""

import re

from harness.report.text import NOTHING, short, visible

VALUE = 80

_BACKSLASHED = re.compile(r"([\\`*_\[\]~])")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;"}
_ENTITY = re.compile(r"[&<>|]")
_SPECIAL = re.compile(r"[\\`*_\[\]~&<>|!#(){}]")


def prose(text: str) -> str:
    """Return `text` as plain words of a Markdown line or table cell."""
    escaped = _ENTITY.sub(lambda match: _ENTITIES[match[0]], visible(text))
    escaped = _BACKSLASHED.sub(r"\\\1", escaped)
    # GitHub makes links and mentions of these by itself.
    return escaped.replace("://", "&#58;//").replace("www.", "www&#46;").replace("@", "&#64;")


def code(text: str | None, limit: int = VALUE) -> str:
    """Return `text` as a code span; where that cannot hold it (backtick, pipe, backslash), as escaped words."""
    if text is None:
        return NOTHING
    shown = short(text, limit)
    if not shown.strip():
        return "*empty*"
    if not any(char in shown for char in "`|\\"):
        return f"`{shown}`"
    return _SPECIAL.sub(lambda match: f"&#{ord(match[0])};", shown).replace("://", "&#58;//").replace("@", "&#64;")
