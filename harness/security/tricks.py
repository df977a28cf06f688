"""Ways to write a path otherwise: all of them verbatim, as they go out."""

import re
from collections.abc import Callable

Trick = tuple[str, Callable[[str], str]]
"""What it is called, and what it makes of a path; the same path means that there is nothing to try."""

Climb = tuple[str, str]
"""What it is called, and how it writes "one up"; the last slash of it may be written otherwise, too."""

_LETTER = re.compile(r"(?<!%)(?<!%[0-9A-Fa-f])[A-Za-z]")  # none that is part of an escape


def _raised(path: str) -> str:
    return path.lower() if path.isupper() else path.upper()


def _slash(path: str) -> str:
    if path == "/":
        return path
    return path[:-1] if path.endswith("/") else f"{path}/"


def _encoded(path: str) -> str:
    """Write the path's first letter by its number."""
    return _LETTER.sub(lambda found: f"%{ord(found[0]):02x}", path, count=1)


SPELLINGS: tuple[Trick, ...] = (
    ("path in other letters", _raised),
    ("slash at the end", _slash),
    ("double slash", lambda path: f"/{path}"),
    ("dot segment /./", lambda path: f"/.{path}"),
    ("path parameter ;x=1", lambda path: f"{path};x=1"),
    ("encoded letter", _encoded),
)
"""Ways that routers and backends often read alike: tried without a credential, too."""

ENDINGS: tuple[Trick, ...] = (
    ("encoded slash %2f at the end", lambda path: f"{path}%2f"),
    ("%00 at the end", lambda path: f"{path}%00"),
    ("backslash at the end", lambda path: f"{path}\\"),
)

CLIMBS: tuple[Climb, ...] = (
    ("/../", "/.."),
    ("..;/", "/..;"),
    ("%2e%2e/", "/%2e%2e"),
    ("double encoded %252e%252e/", "/%252e%252e"),
    ("encoded slash ..%2f", "%2f.."),
    ("backslash ..\\", "\\.."),
)


def climbed(climb: Climb, path: str, other: str) -> str:
    """Return a path that begins with `path`, and leads to `other` for whoever undoes the writing."""
    _, up = climb
    depth = len([segment for segment in path.split("/") if segment])
    tail = other.lstrip("/")
    joint = up.removesuffix("..") if up.endswith("..") else "/"
    return path.rstrip("/") + up * depth + joint + tail
