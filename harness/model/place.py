"""Places inside a JSON body, and patterns (RFC 9535, without filters) that match them."""

import re
from dataclasses import dataclass
from functools import lru_cache

Path = tuple[str | int, ...]

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def render(path: Path) -> str:
    """Return a normalised path as text: ('items', 3, 'unit price') → `$.items[3]['unit price']`."""
    return "$" + "".join(map(_segment, path))


def _segment(key: str | int) -> str:
    if isinstance(key, int):
        return f"[{key}]"
    if _PLAIN.match(key):
        return f".{key}"
    escaped = key.replace("\\", "\\\\").replace("'", "\\'")
    if not escaped.isprintable():
        escaped = "".join(char if char.isprintable() else _escape(char) for char in escaped)
    return f"['{escaped}']"


def _escape(char: str) -> str:
    """Return an unprintable character (a lone surrogate too) as RFC 9535 §2.7 writes control characters."""
    short = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}
    units = char.encode("utf-16-be", "surrogatepass")
    return short.get(char) or "".join(f"\\u{units[i : i + 2].hex()}" for i in range(0, len(units), 2))


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One segment of a pattern.

    `names` and `indexes` are what it selects; `wildcard` selects every child; `slices` are
    (start, stop, step) with non-negative parts or None; `descend` looks at every depth below.
    """

    names: tuple[str, ...] = ()
    indexes: tuple[int, ...] = ()
    slices: tuple[tuple[int | None, int | None, int], ...] = ()
    wildcard: bool = False
    descend: bool = False

    def takes(self, key: str | int) -> bool:
        """Tell whether this segment selects the child `key`."""
        if self.wildcard:
            return True
        if isinstance(key, str):
            return key in self.names
        return key in self.indexes or any(
            (start or 0) <= key and (stop is None or key < stop) and (key - (start or 0)) % step == 0
            for start, stop, step in self.slices
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonPath:
    """A pattern over places; `text` is as the user wrote it."""

    text: str
    steps: tuple[Step, ...]

    def matches(self, path: Path) -> bool:
        """Tell whether `path` is a place that this pattern selects."""
        return _matches(self.steps, path)

    def covers(self, path: Path) -> bool:
        """Tell whether this pattern selects `path` or something that holds it."""
        return any(_matches(self.steps, path[:end]) for end in range(len(path) + 1))

    def reaches_below(self, path: Path) -> bool:
        """Tell whether this pattern could select something inside `path` (or `path` itself)."""
        return _prefix(self.steps, path)


@lru_cache(maxsize=65_536)
def _matches(steps: tuple[Step, ...], path: Path) -> bool:
    if not steps:
        return not path
    first, rest = steps[0], steps[1:]
    if not path:
        return False
    if first.takes(path[0]) and _matches(rest, path[1:]):
        return True
    return first.descend and _matches(steps, path[1:])


@lru_cache(maxsize=65_536)
def _prefix(steps: tuple[Step, ...], path: Path) -> bool:
    if not path:
        return True
    if not steps:
        return False
    first, rest = steps[0], steps[1:]
    if first.descend:
        return True
    return first.takes(path[0]) and _prefix(rest, path[1:])
