"""Two bodies as text, line by line."""

from collections.abc import Iterator
from itertools import zip_longest

from harness.compare import binary
from harness.compare.align import BY_INDEX, LIMIT, align
from harness.compare.collect import Collector
from harness.compare.media import MediaType, decode
from harness.model.difference import Kind


def compare(old: bytes, new: bytes, media: tuple[MediaType, MediaType], out: Collector) -> None:
    """Compare two texts, each read in its own declared charset; places are `body:line N`, from 1."""
    mine, theirs = decode(old, media[0]), decode(new, media[1])
    if mine is None and theirs is None:
        binary.compare(old, new, out)
    elif mine is None or theirs is None:
        side, charset = ("old", media[0].charset) if mine is None else ("new", media[1].charset)
        note = f"the {side} side's body is no text in {charset}"
        out.add("body", Kind.FORMAT, _head(old, mine), _head(new, theirs), note=note)
    elif mine != theirs:
        _lines(mine, theirs, out)


def _head(body: bytes, text: str | None) -> str:
    return text[:4_096] if text is not None else body[:4_096].decode(errors="replace")


def _lines(old: str, new: str, out: Collector) -> None:
    if old.replace("\r\n", "\n") == new.replace("\r\n", "\n"):
        out.add("body", Kind.FORMAT, _endings(old), _endings(new), note="the same lines with other line endings")
        return
    start, end = _ends(old, new)
    first = old.count("\n", 0, start)
    mine, theirs = old[start : len(old) - end], new[start : len(new) - end]
    if max(mine.count("\n"), theirs.count("\n")) < LIMIT:
        _aligned(mine.split("\n"), theirs.split("\n"), first, out)
    else:
        _one_by_one(mine, theirs, first, out)


def _ends(old: str, new: str) -> tuple[int, int]:
    """Return how many characters the two have in common at the start and at the end, in whole lines."""
    start = old.rfind("\n", 0, binary.first_difference(old, new)) + 1
    rest, other = old[start:][::-1], new[start:][::-1]
    end = rest.rfind("\n", 0, binary.first_difference(rest, other))
    return start, max(end, 0)


def _aligned(old: list[str], new: list[str], first: int, out: Collector) -> None:
    found, note = align(old, new)
    for i, j in found:
        _tell(first, i, j, (None if i is None else old[i], None if j is None else new[j]), note, out)
        if out.capped:
            return


def _one_by_one(old: str, new: str, first: int, out: Collector) -> None:
    """Compare line by line without holding all lines, since a line of one letter takes the room of fifty."""
    for number, (a, b) in enumerate(zip_longest(_split(old), _split(new))):
        if a != b:
            _tell(first, None if a is None else number, None if b is None else number, (a, b), BY_INDEX, out)
        if out.capped:
            return


def _split(text: str) -> Iterator[str]:
    start = 0
    while (end := text.find("\n", start)) >= 0:
        yield text[start:end]
        start = end + 1
    yield text[start:]


def _tell(
    first: int, i: int | None, j: int | None, lines: tuple[str | None, str | None], note: str, out: Collector
) -> None:
    if i is not None:
        kind = Kind.MISSING if j is None else Kind.VALUE
        out.add(f"body:line {first + i + 1}", kind, *lines, note=note)
    elif j is not None:
        told = "; ".join(filter(None, ("line number on the new side", note)))
        out.add(f"body:line {first + j + 1}", Kind.ADDED, *lines, note=told)


def _endings(text: str) -> str:
    crlf = text.count("\r\n")
    return f"{crlf:,} times CRLF, {text.count(chr(10)) - crlf:,} times LF"
