"""A recording of any known format → its requests.

Formats are told by what the file holds, not by its name; each may be packed by gzip:

Common, Combined Log    nginx, Apache, API Gateway's CLF template
API Gateway             JSON, CSV or XML, a line a request, as the templates of its console write them
API Management          GatewayLogs, as diagnostic settings export them: a record a line, or {"records": [...]}
HAR 1.2                 what browsers and proxies save; Authorization, Cookie and other secrets are dropped
JSON lines              {"at", "method", "target", "headers", "body", "status", "duration_ms"}; only `method` and one of
                        target, url, path are needed
"""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from harness.model.errors import UsageError
from harness.model.recording import RecordedRequest
from harness.recordings import access_log, objects
from harness.recordings.lines import LARGEST_DOCUMENT, TornError, document, lines, opened
from harness.recordings.objects import Told, lowered
from harness.recordings.recording import MOST_SKIPPED, Recording, Unread

MOST = 1_000_000
MOST_HELD = 500_000_000
_PATIENCE = 1_000  # lines that are looked at for one of a known format

_TEXTS: tuple[tuple[str, Callable[[str, int], RecordedRequest]], ...] = (
    ("Common or Combined Log", access_log.common),
    ("API Gateway CSV", access_log.csv),
    ("API Gateway XML", access_log.xml),
)
_OBJECTS: tuple[tuple[str, Callable[[Told, int], RecordedRequest]], ...] = (
    ("HAR", objects.har),
    ("API Gateway JSON", objects.aws),
    ("API Management GatewayLogs", objects.apim),
    ("JSON lines", objects.own),
)
# CloudWatch writes the time of arrival before each line that it exports.
_EXPORTED = re.compile(rb"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,15}Z ")
_HINT = (
    "known are Common and Combined Logs, API Gateway's JSON, CSV and XML, API Management's GatewayLogs, HAR (up to"
    f' {LARGEST_DOCUMENT // 1_000_000} MB), and lines of JSON such as {{"method": "GET", "target": "/orders"}}'
)


def read(path: Path, *, most: int = MOST, most_held: int = MOST_HELD) -> Recording:
    """Read the first `most` requests of a recording, or as many as hold `most_held` bytes (targets, headers, bodies …).

    Lines that cannot be read are skipped, counted and told. Raises UsageError where the file cannot be opened, or
    nothing in it is of a known format.
    """
    reader = _Reader(most, most_held)
    whole = _whole(path)
    if whole is None:
        reader.take_lines(path)
    else:
        reader.take_objects(whole)
    if not reader.requests:
        raise UsageError(f"nothing in {path} reads as a recorded request{reader.first}", hint=_HINT)
    return Recording(
        requests=tuple(reader.requests),
        format=reader.format,
        skipped=tuple(reader.skipped),
        left_out=reader.left_out,
        whole=reader.whole,
    )


def _whole(path: Path) -> list[Any] | None:
    """Return the entries of a file that is one JSON document; None for a file of lines."""
    with opened(path) as stream:
        try:
            first = next((line for _, line in lines(stream)), b"")
        except TornError:
            return None
    if first is not None and (first[:1] not in {b"{", b"["} or _is_a_line(first)):
        return None
    data = document(path)
    found = None if data is None or data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] not in {b"{", b"["} else _decoded(data)
    return list(_entries(found)) if isinstance(found, dict | list) else None


def _is_a_line(first: bytes) -> bool:
    found = _decoded(first)
    return isinstance(found, dict) and "log" not in found


def _decoded(data: bytes) -> Any:
    """Return a JSON value, None for what is none."""
    try:
        return json.loads(data.removeprefix(b"\xef\xbb\xbf"))
    except (ValueError, RecursionError):
        return None


def _entries(found: Any) -> Iterator[Any]:
    """Yield what a document lists: entries of a HAR, records, or itself."""
    if isinstance(found, list):
        yield from found
    elif isinstance(found, dict):
        log = found.get("log")
        listed = log.get("entries") if isinstance(log, dict) else found.get("records")
        yield from listed if isinstance(listed, list) else [found]


class _Reader:
    """What was read so far; the first line that fits a format says which one the file is in."""

    def __init__(self, most: int, most_held: int) -> None:
        self._most = most
        self._most_held = most_held
        self.requests: list[RecordedRequest] = []
        self.skipped: list[tuple[int, str]] = []
        self.left_out = 0
        self.whole = True
        self.format = ""
        self._held = 0
        self._texts, self._objects = _TEXTS, _OBJECTS

    @property
    def first(self) -> str:
        """What was wrong with the first line, for a sentence's end."""
        return f" (line {self.skipped[0][0]}: {self.skipped[0][1]})" if self.skipped else ": it is empty"

    def take_lines(self, path: Path) -> None:
        """Read a file of lines."""
        number = 0
        with opened(path) as stream:
            try:
                for number, line in lines(stream):
                    if not self._goes_on(number):
                        return
                    self._take(line, number)
            except TornError as torn:
                self._skip(number + 1, str(torn))
                self.whole = False

    def take_objects(self, found: list[Any]) -> None:
        """Read the entries of a document."""
        for number, one in enumerate(found, 1):
            if not self._goes_on(number):
                return
            self._take_object(one, number)

    def _goes_on(self, number: int) -> bool:
        if self._full():
            return False
        return bool(self.format) or number <= _PATIENCE

    def _full(self) -> bool:
        """Tell whether nothing more is taken, though there is more."""
        full = len(self.requests) >= self._most or self._held > self._most_held
        self.whole = self.whole and not full
        return full

    def _keep(self, request: RecordedRequest) -> None:
        self.requests.append(request)
        self._held += len(request.target) + len(request.client) + len(request.body or b"")
        if request.headers:
            self._held += sum(len(name) + len(value) for name, value in request.headers)

    def _take(self, line: bytes | None, number: int) -> None:
        if line is None:
            self._skip(number, "longer than any line of a log")
            return
        if line[:1].isdigit():
            line = _EXPORTED.sub(b"", line, count=1)
        if line[:1] != b"{":
            self._take_text(line.decode("latin-1"), number)
            return
        found = _decoded(line)
        if found is None:
            self._skip(number, "no JSON")
        for one in _entries(found):
            if self._full():
                return
            self._take_object(one, number)

    def _take_text(self, line: str, number: int) -> None:
        why = "a line of another format"
        for entry in self._texts:
            try:
                self._keep(entry[1](line, number))
            except Unread as unread:
                why = str(unread)
                continue
            if not self.format:
                self.format, self._texts, self._objects = entry[0], (entry,), ()
            return
        self._skip(number, why if self.format else "of no known format")

    def _take_object(self, found: Any, number: int) -> None:
        why = "a line of another format"
        try:
            told = lowered(found)
        except Unread as unread:
            self._skip(number, str(unread))
            return
        for entry in self._objects:
            try:
                self._keep(entry[1](told, number))
            except Unread as unread:
                why = str(unread)
                continue
            if not self.format:
                self.format, self._objects, self._texts = entry[0], (entry,), ()
            return
        self._skip(number, why)

    def _skip(self, number: int, why: str) -> None:
        self.left_out += 1
        if len(self.skipped) < MOST_SKIPPED:
            self.skipped.append((number, why))
