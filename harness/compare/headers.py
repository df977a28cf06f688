"""Headers and trailers of two answers → differences.

Fields are multisets; names are case-blind, values exact but for the structured ones below. Equal lines are dropped
first, so the cost follows what differs. Hop-by-hop fields (RFC 9110 §7.6.1) say nothing about the answer.
"""

from collections import Counter
from collections.abc import Callable, Sequence

from harness.compare import cookies, fields
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
}


def compare(old: Response, new: Response, ignored: frozenset[str], out: Collector, *, head: bool = False) -> None:
    """Compare headers, then trailers; `head` for answers to HEAD, whose Content-Length describes what GET sends."""
    if old.headers != new.headers:
        mine, theirs = _leftover(old.headers, new.headers)
        for name in dict.fromkeys((*mine, *theirs)):
            if name not in ignored and name not in HOP_BY_HOP:
                _field(name, old, new, mine.get(name, []), theirs.get(name, []), out, head=head)
    if old.trailers != new.trailers:
        mine, theirs = _leftover(old.trailers, new.trailers)
        for name in dict.fromkeys((*mine, *theirs)):
            if name not in ignored:
                _plain(f"trailer:{name}", mine.get(name, []), theirs.get(name, []), out)


def _leftover(old: Headers, new: Headers) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Return what is left on each side, by name in lower case, once equal lines are taken away."""
    mine, theirs = _by_line(old), _by_line(new)
    if mine == theirs:
        return {}, {}
    return _by_name(mine - theirs, old), _by_name(theirs - mine, new)


def _by_line(headers: Headers) -> Counter[tuple[str, str]]:
    return Counter([(name.lower(), value) for name, value in headers])


def _by_name(left: Counter[tuple[str, str]], headers: Headers) -> dict[str, list[str]]:
    """Return the lines that are left, in the order they were sent."""
    found: dict[str, list[str]] = {}
    for name, value in headers:
        line = (name.lower(), value)
        if left[line] > 0:
            left[line] -= 1
            found.setdefault(line[0], []).append(value)
    return found


def _field(
    name: str, old: Response, new: Response, mine: list[str], theirs: list[str], out: Collector, *, head: bool
) -> None:
    at = f"header:{name}"
    if name == "content-length":
        _content_length(old, new, out, head=head)
    elif name == "content-encoding":
        _content_encoding(old, new, out)
    elif name == "set-cookie":
        cookies.compare(old.all(name), new.all(name), out)
    elif name == "content-type":
        if not (len(mine) == len(theirs) == 1 and fields.content_type(mine[0]) == fields.content_type(theirs[0])):
            _plain(at, mine, theirs, out, present=_present(name, old, new))
    elif name in ("www-authenticate", "proxy-authenticate"):
        _challenges(at, old.all(name), new.all(name), out)
    elif name in _SETS:
        _set(at, old.all(name), new.all(name), _SETS[name], out)
    else:
        _plain(at, mine, theirs, out, present=_present(name, old, new))


def _present(name: str, old: Response, new: Response) -> tuple[int, int]:
    return len(old.all(name)), len(new.all(name))


def _plain(
    at: str, old: Sequence[str], new: Sequence[str], out: Collector, *, present: tuple[int, int] = (0, 0)
) -> None:
    """Pair what is left of one name in order; more lines on one side are missing or added."""
    for a, b in zip(old, new, strict=False):
        out.add(at, Kind.VALUE, a, b)
    times = f"sent {present[0]} times by the old side, {present[1]} times by the new" if min(present) else ""
    for a in old[len(new) :]:
        out.add(at, Kind.MISSING, a, None, note=times)
    for b in new[len(old) :]:
        out.add(at, Kind.ADDED, None, b, note=times)


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


def _challenges(at: str, old: Sequence[str], new: Sequence[str], out: Collector) -> None:
    mine, theirs = fields.challenges(old), fields.challenges(new)
    texts = ", ".join(old), ", ".join(new)
    for scheme in dict.fromkeys((*mine, *theirs)):
        if scheme not in theirs:
            out.add(at, Kind.MISSING, texts[0], texts[1] or None, note=f"scheme {scheme} is not offered")
        elif scheme not in mine:
            out.add(at, Kind.ADDED, texts[0] or None, texts[1], note=f"scheme {scheme} is offered on the new side only")
        elif Counter(mine[scheme]) != Counter(theirs[scheme]):
            out.add(at, Kind.VALUE, *texts, note=f"other parameters of scheme {scheme}")
