"""Set-Cookie: by cookie name and attributes (RFC 6265)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from harness.compare import clock
from harness.compare.collect import Collector
from harness.model.difference import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Cookie:
    """One Set-Cookie line; attributes by name in lower case, in one spelling each, flags with ""."""

    name: str
    value: str
    attributes: Mapping[str, str]


def read(line: str) -> Cookie:
    """Read a Set-Cookie line; the last of a repeated attribute counts, as in browsers."""
    head, *rest = line.split(";")
    name, mark, value = head.partition("=")
    if not mark:
        name, value = "", name
    attributes = {}
    for piece in rest:
        key, _, text = piece.partition("=")
        key = key.strip().lower()
        if key:
            attributes[key] = _spelling(key, text.strip())
    return Cookie(name=name.strip(), value=value.strip(), attributes=attributes)


def _spelling(key: str, text: str) -> str:
    if key == "samesite":
        return text.lower()
    if key == "domain":
        return text.lower().removeprefix(".")
    return "" if key in ("secure", "httponly", "partitioned") else text


def compare(old: Sequence[str], new: Sequence[str], out: Collector, later: timedelta | None = None) -> None:
    """Compare all Set-Cookie lines of two answers; `later` is how much later the new side answered, if known."""
    mine, theirs = _by_name(old), _by_name(new)
    for name in dict.fromkeys((*mine, *theirs)):
        _same_name(f"header:set-cookie[{name}]", mine.get(name, []), theirs.get(name, []), out, later)


def _by_name(lines: Sequence[str]) -> dict[str, list[Cookie]]:
    found: dict[str, list[Cookie]] = {}
    for line in lines:
        cookie = read(line)
        found.setdefault(cookie.name, []).append(cookie)
    return found


def _same_name(at: str, old: list[Cookie], new: list[Cookie], out: Collector, later: timedelta | None) -> None:
    """Compare the cookies of one name: equal ones first, then those of the same domain and path, then in order."""
    for alike in (_whole, _scope, _any):
        old, new = _paired(at, old, new, alike, out, later)
    for cookie in old:
        out.add(at, Kind.MISSING, cookie.value, None, note="cookie not set")
    for cookie in new:
        out.add(at, Kind.ADDED, None, cookie.value, note="cookie set on the new side only, or more than once")


def _whole(cookie: Cookie) -> object:
    return cookie.value, sorted(cookie.attributes.items())


def _scope(cookie: Cookie) -> object:
    return cookie.attributes.get("domain"), cookie.attributes.get("path")


def _any(cookie: Cookie) -> object:
    return len(cookie.name)


def _paired(
    at: str,
    old: list[Cookie],
    new: list[Cookie],
    alike: Callable[[Cookie], object],
    out: Collector,
    later: timedelta | None,
) -> tuple[list[Cookie], list[Cookie]]:
    places: dict[str, list[Cookie]] = {}
    for cookie in reversed(new):
        places.setdefault(repr(alike(cookie)), []).append(cookie)
    left = []
    for cookie in old:
        partners = places.get(repr(alike(cookie)))
        if partners:
            _pair(at, cookie, partners.pop(), out, later)
        else:
            left.append(cookie)
    free = {id(cookie) for partners in places.values() for cookie in partners}
    return left, [cookie for cookie in new if id(cookie) in free]


def _pair(at: str, old: Cookie, new: Cookie, out: Collector, later: timedelta | None) -> None:
    if old.value != new.value:
        out.add(at, Kind.VALUE, old.value, new.value)
    for key in dict.fromkeys((*old.attributes, *new.attributes)):
        mine, theirs = old.attributes.get(key), new.attributes.get(key)
        if key != "expires" or not clock.moved(mine, theirs, later):
            _attribute(f"{at}.{key}", mine, theirs, out)


def _attribute(at: str, old: str | None, new: str | None, out: Collector) -> None:
    if old == new:
        return
    if new is None:
        out.add(at, Kind.MISSING, old, None)
    elif old is None:
        out.add(at, Kind.ADDED, None, new)
    elif not at.endswith(".expires"):
        out.add(at, Kind.VALUE, old, new)
    else:
        a, b = clock.read(old), clock.read(new)
        if a is None or b is None or a != b:
            out.add(at, Kind.FORMAT if (a is None) != (b is None) else Kind.VALUE, old, new)
