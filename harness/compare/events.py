"""Bodies that are sequences of records: NDJSON and server-sent events."""

from collections.abc import Iterator
from typing import Any

from harness.compare import json_body
from harness.compare.align import Pairs, align
from harness.compare.collect import Collector
from harness.compare.json_text import stripped
from harness.model.difference import Kind
from harness.model.rule import BodyRule

_Event = tuple[tuple[str, bytes], ...]


def compare_records(old: bytes, new: bytes, rules: tuple[BodyRule, ...], out: Collector) -> None:
    """Compare JSON records, one a line; places are `body:record N` from 1, with a JSON path inside after a colon."""
    mine, theirs = _records(old), _records(new)
    for i, j in _pairs(mine, theirs, out):
        json_body.compare(mine[i], theirs[j], rules, out, prefix=f"body:record {i + 1}:")


def _records(body: bytes) -> list[bytes]:
    return [record for line in body.replace(b"\x1e", b"\n").split(b"\n") if (record := stripped(line))]


def compare_events(old: bytes, new: bytes, rules: tuple[BodyRule, ...], out: Collector) -> None:
    """Compare server-sent events by field: `body:record N:event`; JSON in `data` is compared as JSON.

    The format is read as the HTML standard says (comments, which keep connections alive, say nothing). An event cut
    off at the end is compared too, and if one side alone ends so, that is told: a browser would drop it.
    """
    mine, theirs = _events(old), _events(new)
    if mine and theirs and _ended(old) != _ended(new):
        side, number = ("new", len(theirs)) if _ended(old) else ("old", len(mine))
        note = f"the {side} side's last event is not ended by an empty line: clients drop it"
        out.add(f"body:record {number}", Kind.FORMAT, _text(mine[-1]), _text(theirs[-1]), note=note)
    for i, j in _pairs(mine, theirs, out):
        _event(f"body:record {i + 1}:", dict(mine[i]), dict(theirs[j]), rules, out)


def _lines(body: bytes) -> list[bytes]:
    return body.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")


def _ended(body: bytes) -> bool:
    """Tell whether an empty line comes after the last event; comments may follow it."""
    *lines, rest = _lines(body)
    told = next((line for line in reversed(lines) if not line.startswith(b":")), b"")
    return not told and not rest.partition(b":")[0]


def _events(body: bytes) -> list[_Event]:
    lines = _lines(body)
    found: list[_Event] = []
    fields: dict[str, bytes] = {}
    for line in (*lines, b""):
        if not line:
            if fields:
                found.append(tuple(sorted(fields.items())))
            fields = {}
            continue
        name, _, value = line.partition(b":")
        if name:
            key, text = name.decode(errors="replace"), value.removeprefix(b" ")
            fields[key] = fields[key] + b"\n" + text if key == "data" and key in fields else text
    return found


def _event(at: str, old: dict[str, bytes], new: dict[str, bytes], rules: tuple[BodyRule, ...], out: Collector) -> None:
    for key in dict.fromkeys((*old, *new)):
        a, b = old.get(key), new.get(key)
        if a == b:
            continue
        if a is None or b is None:
            out.add(at + key, Kind.ADDED if a is None else Kind.MISSING, _text(a), _text(b))
        elif key == "data" and json_body.both_json(a, b):
            json_body.compare(a, b, rules, out, prefix=at)
        else:
            out.add(at + key, Kind.VALUE, _text(a), _text(b))


def _pairs(old: list[Any], new: list[Any], out: Collector) -> Iterator[tuple[int, int]]:
    """Yield the pairs of records that differ; records of one side only are told here."""
    found, note = align(old, new) if len(old) != len(new) else (_side_by_side(old, new), "")
    for i, j in found:
        if out.capped:
            return
        if j is None:
            assert i is not None
            out.add(f"body:record {i + 1}", Kind.MISSING, _text(old[i]), None, note=note)
        elif i is None:
            told = "; ".join(filter(None, ("record number on the new side", note)))
            out.add(f"body:record {j + 1}", Kind.ADDED, None, _text(new[j]), note=told)
        else:
            yield i, j


def _side_by_side(old: list[Any], new: list[Any]) -> Pairs:
    return ((i, i) for i, (a, b) in enumerate(zip(old, new, strict=True)) if a != b)


def _text(record: bytes | _Event | None) -> str | None:
    if record is None:
        return None
    if isinstance(record, bytes):
        return record[:4_096].decode(errors="replace")
    return "\n".join(f"{name}: {_text(value)}" for name, value in record)
