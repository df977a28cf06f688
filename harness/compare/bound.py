"""Differences that follow from each side's own values: ids that it generated, links to itself.

The old text is turned into a pattern of the new text: where it shows the old side's value of a capture, or the old
side's own address, the new text must show the new side's; all else must be equal. Captures count only whole or
between characters that are no letters or digits. A link's path goes through the scenario's `paths` on the way.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from harness.compare import addresses, lengths
from harness.compare.collect import TEXT_LIMIT
from harness.model.difference import Difference, Kind
from harness.model.gateway import Gateway, PathMap
from harness.scenario.paths import mapped

Captures = Mapping[str, tuple[str | None, str | None]]

_RELATIVE = frozenset({"header:location", "header:content-location"})
_IN_LINK = re.compile(r"(?<=<)/(?!/)[^>]*(?=>)")
_ENCODED = re.compile(r"https?%3a%2f%2f[\w.~%-]*", re.IGNORECASE)
_BEFORE, _AFTER = r"(?<![^\W_])", r"(?![^\W_])"
# A value this short may well stand elsewhere for something else, which is the same on both sides.
_SHORT = 4
# Patterns with more own values than this are not built: such texts are told, not excused.
_MOST = 64
# A captured boolean would excuse any flag that differs.
_SAYS_NOTHING = frozenset({"true", "false", ""})


class Binder:
    """Made once per scenario: knows both sides' addresses and the mapping of paths."""

    def __init__(self, old: Gateway, new: Gateway, paths: Sequence[PathMap]) -> None:
        self._old, self._new = addresses.read(old), addresses.read(new)
        self._paths = tuple(paths)
        self._own = re.compile(
            rf"(?P<scheme>https?:)?//{self._old.authority.pattern}(?![\w:@-]|\.\w)"
            r"(?P<rest>(?:[/?#](?:(?!https?://)[^\s\"'<>\\^`{|}])*)?)",
            re.IGNORECASE,
        )

    def binds(self, difference: Difference, captures: Captures) -> bool:
        """Tell whether the two values of a difference are the same but for what each side made or is."""
        old, new, at = difference.old, difference.new, difference.at
        if difference.kind is not Kind.VALUE or old is None or new is None or not at.startswith(("body:", "header:")):
            return False
        if max(len(old), len(new)) >= TEXT_LIMIT or at == lengths.PLACE:
            return False
        if difference.path is not None:
            old, new = _string(old), _string(new)
        if at.endswith("].domain"):
            return old == self._old.host and new == self._new.host
        return self.alike(old, new, captures, at="header:location" if at.endswith("].path") else at)

    def length(self, difference: Difference) -> str:
        """Return in words why a Content-Length without a body follows from each side's own address, "" if not."""
        return lengths.explained(difference, self._old, self._new)

    def binds_pair(self, lost: Difference, gained: Difference, captures: Captures) -> bool:
        """Tell whether a lost and a gained member of one JSON object or array are one and the same in that sense."""
        if not lost.path or not gained.path or lost.old is None or gained.new is None:
            return False
        key, other = lost.path[-1], gained.path[-1]
        if (
            lost.path[:-1] != gained.path[:-1]
            or type(key) is not type(other)
            or (isinstance(key, int) and key != other)
        ):
            return False
        old, new = _canonical(lost.old), _canonical(gained.new)
        return old is not None and new is not None and self.alike(f"{key}\n{old}", f"{other}\n{new}", captures)

    def alike(self, old: str, new: str, captures: Captures, *, at: str = "body") -> bool:
        """Tell whether `new` is what `old` becomes on the new side."""
        if at in _RELATIVE and _is_relative(old) != _is_relative(new):
            # clients resolve the one to the other
            old, new = _resolved(old, self._old), _resolved(new, self._new)
        old, new = _undone(old, new)
        values = _by_old_value(captures)
        pieces, tokens = [], 0
        for own, text in self._pieces(old, at):
            pattern, count = _filled(text, values)
            pieces.append(own + pattern)
            tokens += count + bool(own)
        if not 0 < tokens <= _MOST:
            return False
        return re.fullmatch("".join(pieces), new, re.DOTALL) is not None

    def translated(self, text: str, captures: Captures, *, at: str) -> str:
        """Return a text of the old side with the new side's address and captured values in place of its own."""
        text = self._relative(text)[1] if at in _RELATIVE and _is_relative(text) else self._own.sub(self._address, text)
        values = {old: news[0] for old, news in _by_old_value(captures).items() if len(old) >= _SHORT}
        if not values:
            return text
        known = "|".join(map(re.escape, sorted(values, key=len, reverse=True)))
        return re.sub(f"{_BEFORE}(?:{known}){_AFTER}", lambda match: values[match[0]], text)

    def _address(self, match: re.Match[str]) -> str:
        scheme = match["scheme"] or ""
        if scheme.lower() == f"{self._old.scheme}:":
            scheme = f"{self._new.scheme}:"
        return f"{scheme}{self._new.origin.removeprefix(f'{self._new.scheme}:')}{self._moved(match['rest'])}"

    def _pieces(self, text: str, at: str) -> Iterator[tuple[str, str]]:
        """Yield (pattern of the new side's own address or "", text that follows it)."""
        if at in _RELATIVE and _is_relative(text):
            yield self._relative(text)
            return
        end = 0
        for match in self._own.finditer(text):
            yield from self._between(text[end : match.start()], at)
            yield self._absolute(match["scheme"], match["rest"])
            end = match.end()
        yield from self._between(text[end:], at)

    def _between(self, text: str, at: str) -> Iterator[tuple[str, str]]:
        end = 0
        if at == "header:link":
            for match in _IN_LINK.finditer(text):
                yield "", text[end : match.start()]
                yield self._relative(match[0])
                end = match.end()
        yield "", text[end:]

    def _absolute(self, scheme: str | None, rest: str) -> tuple[str, str]:
        own = f"(?i:{self._new.authority.pattern})"
        if scheme is None:
            prefix = f"//{own}"
        elif scheme.lower() == f"{self._old.scheme}:":
            prefix = f"{self._new.scheme}://{own}"
        else:
            prefix = f"{scheme.lower()}//{own}"
        return prefix, self._moved(rest)

    def _relative(self, target: str) -> tuple[str, str]:
        return "(?#own)", self._moved(target) or "/"

    def _moved(self, target: str) -> str:
        """Return where the new side serves what the old one serves at `target` (with its base path)."""
        base = self._old.base
        if not target.startswith(base) or target[len(base) : len(base) + 1] not in ("", "/", "?", "#"):
            return mapped(target, self._paths)  # relative to the host: neither side's base is in it
        return self._new.base + mapped(target[len(base) :], self._paths)


def _is_relative(target: str) -> bool:
    return target.startswith("/") and not target.startswith("//")


def _resolved(target: str, own: addresses.Address) -> str:
    return own.origin + target if _is_relative(target) else target


def _undone(old: str, new: str) -> tuple[str, str]:
    """Return both texts with escaped slashes and percent-encoded addresses undone, where both have them."""
    if "\\/" in old and "\\/" in new:
        old, new = old.replace("\\/", "/"), new.replace("\\/", "/")
    if _ENCODED.search(old) and _ENCODED.search(new):
        old, new = (_ENCODED.sub(lambda match: unquote(match[0]), text) for text in (old, new))
    return old, new


def _string(text: str) -> str:
    """Return what a JSON string holds; other JSON text as it is."""
    if text.startswith('"'):
        try:
            return str(json.loads(text))
        except ValueError:
            pass
    return text


def _canonical(text: str) -> str | None:
    """Return JSON text in one spelling, numbers digit by digit; None if it is cut or no JSON."""
    if len(text) >= TEXT_LIMIT:
        return None
    try:
        value: Any = json.loads(text, parse_float=_number, parse_int=_number)
        return json.dumps(value, sort_keys=True, ensure_ascii=False)
    except (ValueError, RecursionError):
        return None


def _number(digits: str) -> dict[str, str]:
    """Return a stand-in for a number that no string is taken for."""
    return {"#number": digits}


def _by_old_value(captures: Captures) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for old, new in captures.values():
        if old is not None and new is not None and old not in _SAYS_NOTHING and new:
            found.setdefault(old, []).append(new)
    return found


def _filled(text: str, values: Mapping[str, list[str]]) -> tuple[str, int]:
    """Return a pattern for `text` with the new side's values in place of the old side's, and how many there are."""
    known = [value for value in values if value in text]
    if not known:
        return re.escape(text), 0
    known.sort(key=len, reverse=True)
    pieces, end, count = [], 0, 0
    for match in re.finditer(f"{_BEFORE}(?:{'|'.join(map(re.escape, known))}){_AFTER}", text):
        pieces.append(re.escape(text[end : match.start()]) + _own_value(match[0], values[match[0]]))
        end, count = match.end(), count + 1
    return "".join(pieces) + re.escape(text[end:]), count


def _own_value(old: str, news: Sequence[str]) -> str:
    choices = [*news, old] if len(old) < _SHORT else news
    return f"{_BEFORE}(?:{'|'.join(map(re.escape, choices))}){_AFTER}"
