"""A whole body as JSON."""

import codecs

from msgspec import Raw

from harness.compare.collect import Collector
from harness.compare.json_diff import Walker
from harness.compare.json_rules import RuleBook, check_formats
from harness.compare.json_text import BadJson, level, stripped
from harness.model.difference import Kind
from harness.model.rule import BodyRule

_BOM = b"\xef\xbb\xbf"
_BLOCK = 65_536
_Utf8 = codecs.getincrementaldecoder("utf-8")


def compare(old: bytes, new: bytes, rules: tuple[BodyRule, ...], out: Collector, *, prefix: str = "body:") -> None:
    """Compare two JSON texts whose bytes differ; `prefix` is the place of the text as a whole, with a colon."""
    at = prefix.rstrip(":")
    if (old[:3] == _BOM) != (new[:3] == _BOM):
        side = "old" if old[:3] == _BOM else "new"
        out.add(at, Kind.FORMAT, old[:64].decode(errors="replace"), new[:64].decode(errors="replace"),
                note=f"a byte order mark on the {side} side only")  # fmt: skip
    old, new = (stripped(body.removeprefix(_BOM)) for body in (old, new))
    if old == new:
        check(old, old, rules, out, prefix=prefix)
        return
    mark = out.mark()
    try:
        _check_utf8(old)
        _check_utf8(new)
        Walker(out, RuleBook(rules) if rules else None, prefix).node(Raw(old), Raw(new), ())
        check(old, new, rules, out, prefix=prefix)
    except (BadJson, UnicodeDecodeError) as error:
        out.rewind(mark)
        out.add(at, Kind.FORMAT, _head(old), _head(new), note=_faults(old, new) or str(error))
    except RecursionError:
        out.rewind(mark)
        out.add(at, Kind.FORMAT, _head(old), _head(new), note="nested too deeply to be compared; the bytes differ")


def check(old: bytes, new: bytes, rules: tuple[BodyRule, ...], out: Collector, *, prefix: str = "body:") -> None:
    """Add a difference where a format that a rule asks for is not met."""
    if any(rule.format is not None for rule in rules):
        check_formats(old, new, rules, out, prefix)


def both_json(old: bytes, new: bytes) -> bool:
    """Tell whether both bodies are JSON objects or arrays."""
    return all(stripped(body)[:1] in (b"{", b"[") and not _fault(stripped(body)) for body in (old, new))


def _faults(old: bytes, new: bytes) -> str:
    faults = ((side, _fault(body)) for side, body in (("old", old), ("new", new)))
    return "; ".join(f"{side}: {fault}" for side, fault in faults if fault)


def _fault(body: bytes) -> str:
    """Return why a text is no JSON in UTF-8, "" if it is."""
    try:
        _check_utf8(body)
        level(body)
    except UnicodeDecodeError:
        return "invalid UTF-8"
    except BadJson as error:
        return f"no JSON: {error}"
    return ""


def _check_utf8(body: bytes) -> None:
    """Raise UnicodeDecodeError if the text is no UTF-8; in blocks, since a decoded copy may be four times as large."""
    if body.isascii():
        return
    decoder = _Utf8()
    for start in range(0, len(body), _BLOCK):
        decoder.decode(body[start : start + _BLOCK])
    decoder.decode(b"", final=True)


def _head(body: bytes) -> str:
    return body[:4_096].decode(errors="replace")
