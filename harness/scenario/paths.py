"""The `paths` section: where the new side serves what the old side serves elsewhere."""

import re
from collections.abc import Sequence
from functools import lru_cache

from harness.model.gateway import PathMap


def mapped(target: str, paths: Sequence[PathMap]) -> str:
    """Return the new side's target (path and query, verbatim) for an old one; the first rule that matches wins.

    `*` matches within a segment, `**` across slashes; the wildcards of `new` are filled in order with what those of
    `match` took. `/orders/**` takes `/orders` too.
    """
    path, mark, query = target.partition("?")
    for rule in paths:
        found = _pattern(rule.match).fullmatch(path)
        if found:
            return _fill(rule.new, [group or "" for group in found.groups()]) + mark + query
    return target


@lru_cache(maxsize=1024)
def _pattern(glob: str) -> re.Pattern[str]:
    tail = glob.endswith("/**")
    body = glob[:-3] if tail else glob
    text = "".join(_piece(piece) for piece in re.split(r"(\*\*|\*)", body))
    return re.compile(text + (r"(/.*)?" if tail else ""), re.DOTALL)


def _piece(piece: str) -> str:
    return {"**": "(.*)", "*": "([^/]*)"}.get(piece, re.escape(piece))


def _fill(new: str, taken: list[str]) -> str:
    tail = new.endswith("/**")
    body = new[:-3] if tail else new
    rest = iter(taken)
    filled = re.sub(r"\*\*|\*", lambda _: next(rest, ""), body)
    return filled + (taken[-1] if tail and taken else "")
