"""Headers and trailers of two answers → differences.

Fields are multisets; names are case-blind, values exact but for the structured ones below. Equal lines are dropped
first, so the cost follows what differs. Hop-by-hop fields (RFC 9110 §7.6.1) say nothing about the answer.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial

from harness.compare import clock, cookies, fields
from harness.compare.collect import Collector
from harness.model.difference import Kind
from harness.model.request import Headers
from harness.model.response import Response

HOP_BY_HOP = frozenset({"connection", "keep-alive", "proxy-connection", "transfer-encoding"})

# Lists whose order says nothing: how one member is brought into one spelling.
_SETS: dict[str, Callable[[str], str]] = {
    "cache-control": fields.directive,
    "vary": str.lower,
    "allow": str,
    "access-control-allow-methods": str,
    "access-control-allow-headers": str.lower,
    "access-control-expose-headers": str.lower,
    "link": fields.link,
    "server-timing": fields.timing,
}


IGNORED = "ignored by `compare.headers.ignore`"

_Lines = dict[str, list[str]]


def compare(old: Response, new: Response, ignored: frozenset[str], out: Collector, *, head: bool = False) -> None:
    """Compare headers, then trailers; `head` for answers to HEAD, whose Content-Length describes what GET sends."""
    if old.headers != new.headers:
        mine, theirs = _leftover(old.headers, new.headers)
        for name in mine if mine.keys() == theirs.keys() else dict.fromkeys((*mine, *theirs)):
            if name in HOP_BY_HOP:
                continue
            if name in ignored:
                _ignored(f"header:{name}", mine.get(name), theirs.get(name), out)
            elif name == "content-length":
                _content_length(old, new, out, head=head)
            else:
                _field(name, old, new, (mine.get(name, []), theirs.get(name, [])), out)
    if old.trailers != new.trailers:
        mine, theirs = _leftover(old.trailers, new.trailers)
        for name in dict.fromkeys((*mine, *theirs)):
            if name in ignored:
                _ignored(f"trailer:{name}", mine.get(name), theirs.get(name), out)
            else:
                _plain(f"trailer:{name}", mine.get(name, []), theirs.get(name, []), out)


def _ignored(at: str, old: Sequence[str] | None, new: Sequence[str] | None, out: Collector) -> None:
    """Count what a rule ignores: nothing that is set aside is hidden."""
    kind = Kind.VALUE if old and new else Kind.MISSING if old else Kind.ADDED
    mine, theirs = (", ".join(lines) if lines else None for lines in (old, new))
    out.set_aside(at, kind, mine, theirs, note=IGNORED)


def _leftover(old: Headers, new: Headers) -> tuple[_Lines, _Lines]:
    """Return what is left on each side, by name in lower case, once equal lines are taken away."""
    if len(old) == len(new):
        # most answers have the same lines at the same positions; what is left then is short
        moved = [(a, b) for a, b in zip(old, new, strict=True) if a != b]
        old, new = tuple([a for a, _ in moved]), tuple([b for _, b in moved])
    counts: dict[tuple[str, str], int] = {}
    theirs = [(name.lower(), value) for name, value in new]
    for line in theirs:
        counts[line] = counts.get(line, 0) + 1
    mine: _Lines = {}
    for name, value in old:
        line = (name.lower(), value)
        if counts.get(line):
            counts[line] -= 1
        else:
            mine.setdefault(line[0], []).append(value)
    return mine, _remaining(theirs, counts)


def _remaining(lines: list[tuple[str, str]], counts: dict[tuple[str, str], int]) -> _Lines:
    """Return the lines that found no partner, in the order they were sent."""
    found: _Lines = {}
    for line in lines:
        if counts[line]:
            counts[line] -= 1
            found.setdefault(line[0], []).append(line[1])
    return found


def _field(name: str, old: Response, new: Response, left: tuple[list[str], list[str]], out: Collector) -> None:
    at = f"header:{name}"
    if name in _SETS:
        _set(at, old.all(name), new.all(name), _SETS[name], out)
    elif name in _SPECIAL:
        _SPECIAL[name](old, new, out)
    elif name != "content-type" or not _same_type(*left):
        mine, theirs = left
        times = ""
        if len(mine) != len(theirs) and old.all(name) and new.all(name):
            times = f"sent {len(old.all(name))} times by the old side, {len(new.all(name))} times by the new"
        _plain(at, mine, theirs, out, times)


def _same_type(old: Sequence[str], new: Sequence[str]) -> bool:
    return len(old) == len(new) == 1 and fields.content_type(old[0]) == fields.content_type(new[0])


def _plain(at: str, old: Sequence[str], new: Sequence[str], out: Collector, note: str = "") -> None:
    """Pair what is left of one name in order; more lines on one side are missing or added."""
    for a, b in zip(old, new, strict=False):
        out.add(at, Kind.VALUE, a, b)
    for a in old[len(new) :]:
        out.add(at, Kind.MISSING, a, None, note=note)
    for b in new[len(old) :]:
        out.add(at, Kind.ADDED, None, b, note=note)


def _content_length(old: Response, new: Response, out: Collector, *, head: bool) -> None:
    """Tell a Content-Length only where it is no mere consequence of the body, its coding or the framing."""
    mine, theirs = set(old.all("content-length")), set(new.all("content-length"))
    if not mine or not theirs or mine == theirs or _codings(old) != _codings(new):
        return
    if head or old.body.size == new.body.size:
        out.add("header:content-length", Kind.VALUE, ", ".join(sorted(mine)), ", ".join(sorted(theirs)))


def _content_encoding(old: Response, new: Response, out: Collector) -> None:
    mine, theirs = _codings(old), _codings(new)
    if mine != theirs:
        texts = (", ".join(codings) or None for codings in (mine, theirs))
        out.add("header:content-encoding", Kind.CODING, *texts, note="the bodies are compared with their coding undone")


def _codings(response: Response) -> list[str]:
    found = (coding.lower().removeprefix("x-") for coding in fields.members(response.all("content-encoding")))
    return [coding for coding in found if coding != "identity"]


def _set(at: str, old: Sequence[str], new: Sequence[str], spelling: Callable[[str], str], out: Collector) -> None:
    mine, theirs = ({spelling(member): member for member in fields.members(values)} for values in (old, new))
    if mine.keys() == theirs.keys():
        return
    if not old or not new:
        kind = Kind.ADDED if not old else Kind.MISSING
        out.add(at, kind, ", ".join(old) or None, ", ".join(new) or None)
        return
    lost = [member for key, member in mine.items() if key not in theirs]
    gained = [member for key, member in theirs.items() if key not in mine]
    notes = ((f"{word}: {', '.join(found)}") for word, found in (("lost", lost), ("gained", gained)) if found)
    out.add(at, Kind.VALUE, ", ".join(old), ", ".join(new), note="; ".join(notes))


def _challenges(name: str, old: Response, new: Response, out: Collector) -> None:
    at, mine_raw, theirs_raw = f"header:{name}", old.all(name), new.all(name)
    mine, theirs = fields.challenges(mine_raw), fields.challenges(theirs_raw)
    texts = ", ".join(mine_raw), ", ".join(theirs_raw)
    for scheme in dict.fromkeys((*mine, *theirs)):
        if scheme not in theirs:
            out.add(at, Kind.MISSING, texts[0], texts[1] or None, note=f"scheme {scheme} is not offered")
        elif scheme not in mine:
            out.add(at, Kind.ADDED, texts[0] or None, texts[1], note=f"scheme {scheme} is offered on the new side only")
        elif Counter(mine[scheme]) != Counter(theirs[scheme]):
            out.add(at, Kind.VALUE, *texts, note=f"other parameters of scheme {scheme}")


# Fields that are compared as a whole, in a way of their own.
_SPECIAL: dict[str, Callable[[Response, Response, Collector], None]] = {
    "content-encoding": _content_encoding,
    "set-cookie": lambda old, new, out: cookies.compare(
        old.all("set-cookie"), new.all("set-cookie"), out, clock.drift(old, new)
    ),
    "expires": clock.expires,
    "last-modified": clock.last_modified,
    "age": clock.age,
    "www-authenticate": partial(_challenges, "www-authenticate"),
    "proxy-authenticate": partial(_challenges, "proxy-authenticate"),
}
