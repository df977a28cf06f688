"""Two bodies as application/x-www-form-urlencoded: by key, in any order of keys, in order within a key."""

from collections import Counter
from urllib.parse import parse_qsl

from harness.compare.collect import Collector
from harness.model.difference import Kind

_MOST = 100_000


def compare(old: bytes, new: bytes, out: Collector) -> None:
    """Compare two forms; places are `body:field NAME`, with [n] where a key is repeated."""
    try:
        mine, theirs = _fields(old), _fields(new)
    except ValueError as error:
        out.add("body", Kind.FORMAT, _head(old), _head(new), note=f"no form: {error}")
        return
    for key in dict.fromkeys((*mine, *theirs)):
        _field(f"body:field {key}", mine.get(key, []), theirs.get(key, []), out)


def _fields(body: bytes) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key, value in parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST):
        found.setdefault(key, []).append(value)
    return found


def _field(at: str, old: list[str], new: list[str], out: Collector) -> None:
    if old == new:
        return
    if len(old) > 1 and Counter(old) == Counter(new):
        out.add(at, Kind.ORDER, ", ".join(old), ", ".join(new))
        return
    many = len(old) > 1 or len(new) > 1
    for n in range(max(len(old), len(new))):
        place = f"{at}[{n}]" if many else at
        if n >= len(new):
            out.add(place, Kind.MISSING, old[n], None)
        elif n >= len(old):
            out.add(place, Kind.ADDED, None, new[n])
        elif old[n] != new[n]:
            out.add(place, Kind.VALUE, old[n], new[n])


def _head(body: bytes) -> str:
    return body[:4_096].decode(errors="replace")
