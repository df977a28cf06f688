"""Two bodies as text, line by line."""

from harness.compare import binary
from harness.compare.align import align
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
    mine, theirs = old.split("\n"), new.split("\n")
    found, note = align(mine, theirs)
    for i, j in found:
        if j is None:
            assert i is not None
            out.add(f"body:line {i + 1}", Kind.MISSING, mine[i], None, note=note)
        elif i is None:
            told = "; ".join(filter(None, ("line number on the new side", note)))
            out.add(f"body:line {j + 1}", Kind.ADDED, None, theirs[j], note=told)
        else:
            out.add(f"body:line {i + 1}", Kind.VALUE, mine[i], theirs[j], note=note)
        if out.capped:
            return


def _endings(text: str) -> str:
    crlf = text.count("\r\n")
    return f"{crlf:,} times CRLF, {text.count(chr(10)) - crlf:,} times LF"
