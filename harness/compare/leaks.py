"""The old side's address in the new side's answer: whoever follows it is back on the old gateway.

Looked for in every answer, since both sides may show it alike: equal bytes are no difference, but a fault still.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from harness.compare import addresses
from harness.compare.cookies import read as read_cookie
from harness.compare.media import media_type
from harness.dialects.dialect import Dialect
from harness.dialects.rows import Names
from harness.model.difference import Cause, Difference, Kind
from harness.model.gateway import Gateway
from harness.model.place import Path, render
from harness.model.request import Request
from harness.model.response import Response
from harness.model.rule import CompareRules

NOTE = "the new side's answer points to the old gateway"
REMEDY = (
    "Let the new side write its own address: rewrite it in the gateway (Azure API Management: `redirect-content-urls`, "
    "`set-header`), or let the backend build links from X-Forwarded-Host. If the old name itself will move to the "
    "new gateway, use it as the new side's `url` with `connect_to`."
)
SCANNED = 4_194_304
_PARSED = 1_048_576
_TEXT = 512
_PLACES = 20


class Watch:
    """Made once per scenario; `needle` is None where both sides have the same address."""

    def __init__(self, old: Gateway, new: Gateway, rules: CompareRules, dialect: Dialect) -> None:
        mine, theirs = addresses.read(old), addresses.read(new)
        self._host = mine.host
        self._needle = mine.host.encode("latin-1", "replace")
        self._pattern = _pattern(mine, theirs)
        self._rules = rules
        self._dialect = dialect

    def sees(self, response: Response) -> bool:
        """Tell, cheaply, whether `leaks` is worth asking."""
        if self._pattern is None:
            return False
        needle = self._host
        for _, value in response.headers:
            if needle in value:
                return True
        content = response.body.content
        return self._needle in (content if len(content) <= SCANNED else content[:SCANNED])

    def leaks(self, old: Response, new: Response, request: Request) -> tuple[Difference, ...]:
        """Return a difference of kind value at each place of `new` that shows the old side's address.

        None if the request itself holds that address: then the answer may echo it. At most 20 places.
        """
        pattern = self._pattern
        if pattern is None or _echoes(pattern, request):
            return ()
        found = [*self._in_headers(pattern, old, new), *self._in_body(pattern, old, new)]
        return tuple(found[:_PLACES])

    def _in_headers(self, pattern: re.Pattern[str], old: Response, new: Response) -> Iterator[Difference]:
        for header, value in new.headers:
            name = header.lower()
            if name in self._rules.ignored_headers or not pattern.search(value):
                continue
            if self._dialect.names(name) is not Names.PRODUCT:
                same = value if value in old.all(name) else old.first(name)
                yield _leak(_header_place(name, value, pattern), same, value)

    def _in_body(self, pattern: re.Pattern[str], old: Response, new: Response) -> Iterator[Difference]:
        content = new.body.content[:SCANNED]
        if self._needle not in content:
            return
        text = content.decode("utf-8", "replace")
        first = pattern.search(text)
        if first is None:
            return
        document = _document(new.body.content)
        if document is None:
            media = media_type(new).name
            lines = media.startswith("text/") and media != "text/xml"
            at = f"body:line {text.count(chr(10), 0, first.start()) + 1}" if lines else "body"
            shown = text[max(0, first.start() - 40) : first.end() + 80]
            yield _leak(at, shown if shown.encode() in old.body.content else None, shown)
            return
        other, seen = _document(old.body.content), False
        for path, value in _strings(document):
            if not pattern.search(value):
                continue
            seen = True
            if not self._ignored(path):
                mine = _at(other, path)
                yield _leak(f"body:{render(path)}", None if mine is None else _shown(mine), _shown(value), path)
        if not seen:  # in a key, or written with escapes
            yield _leak("body", None, text[max(0, first.start() - 40) : first.end() + 80])

    def _ignored(self, path: Path) -> bool:
        return any(rule.ignore and rule.at.covers(path) for rule in self._rules.body)


def parted(
    differences: tuple[Difference, ...], leaks: tuple[Difference, ...]
) -> tuple[tuple[Difference, ...], tuple[Difference, ...]]:
    """Return the differences that are no leak, and the leaks: those at (or holding) a leak's place, then the others."""
    places = {leak.at for leak in leaks}
    paths = [leak.path for leak in leaks if leak.path is not None]
    rest, told = [], []
    for difference in differences:
        holds = difference.kind is Kind.ADDED and any(_holds(difference.path, path) for path in paths)
        if difference.at in places or holds:
            note = "; ".join(filter(None, (NOTE, difference.note)))
            told.append(replace(difference, cause=Cause.UNEXPLAINED, note=note, remedy=REMEDY))
        else:
            rest.append(difference)
    known, held = {leak.at for leak in told}, [leak.path for leak in told]
    told += [leak for leak in leaks if leak.at not in known and not any(_holds(path, leak.path) for path in held)]
    return tuple(rest), tuple(told)


def _holds(outer: Path | None, inner: Path | None) -> bool:
    return outer is not None and inner is not None and inner[: len(outer)] == outer


def _pattern(old: addresses.Address, new: addresses.Address) -> re.Pattern[str] | None:
    """Return what the old side's address looks like, None if the new side's is the same."""
    if not old.host or (old.host, old.port) == (new.host, new.port):
        return None
    before = r"(?:(?<![\w@-])(?<![\w-]\.)|(?<=%2[Ff]))"
    host, port = re.escape(old.host), rf"(?::|%3[Aa]){old.port}(?!\d)"
    after = r"(?![\w-]|\.\w)"
    if old.host == new.host and old.default_port:
        return re.compile(rf"{before}{host}{port}|{old.scheme}(?::|%3[Aa])(?://|%2[Ff]%2[Ff]){host}(?!:|%3[Aa]){after}")
    if old.host == new.host:
        return re.compile(f"{before}{host}{port}")
    if old.named:
        return re.compile(f"{before}{host}{after}")
    return re.compile(rf"{before}{host}{port}|(?://|%2[Ff]%2[Ff]){host}(?!:|%3[Aa]){after}")


def _echoes(pattern: re.Pattern[str], request: Request) -> bool:
    if pattern.search(request.url) or any(pattern.search(value) for _, value in request.headers):
        return True
    return request.body is not None and pattern.search(request.body.decode("utf-8", "replace")) is not None


def _header_place(name: str, value: str, pattern: re.Pattern[str]) -> str:
    if name != "set-cookie":
        return f"header:{name}"
    cookie = read_cookie(value)
    key = next((f".{key}" for key, text in cookie.attributes.items() if pattern.search(text)), "")
    return f"header:set-cookie[{cookie.name}]{key}"


def _leak(at: str, old: str | None, new: str, path: Path | None = None) -> Difference:
    return Difference(
        at=at, kind=Kind.VALUE, old=None if old is None else old[:_TEXT], new=new[:_TEXT], path=path, note=NOTE,
        remedy=REMEDY,
    )  # fmt: skip


def _shown(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _document(content: bytes) -> Any:
    if len(content) > _PARSED or content.lstrip()[:1] not in (b"{", b"["):
        return None
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _strings(document: Any) -> Iterator[tuple[Path, str]]:
    """Yield every string of a JSON document with its place, in document order; object keys are not looked at."""
    waiting: list[tuple[Path, Any]] = [((), document)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, str):
            yield path, value
        elif isinstance(value, dict):
            waiting.extend(((*path, key), child) for key, child in reversed(value.items()))
        elif isinstance(value, list):
            waiting.extend(((*path, index), value[index]) for index in range(len(value) - 1, -1, -1))


def _at(document: Any, path: Path) -> Any:
    try:
        for key in path:
            document = document[key]
    except (LookupError, TypeError):
        return None
    return document
