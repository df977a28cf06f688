"""Header lines, as libcurl hands them over, read into status, headers, interim statuses and trailers."""

from collections.abc import Sequence
from dataclasses import dataclass

from harness.model.request import Headers

_CACHED_LINES = 8192
_CACHED_LENGTH = 512
_CACHED_CODINGS = 500
_BLANK = (b"\r\n", b"\n")

StatusLine = tuple[str, int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The final header block; `complete` once its blank line came. `status` is None where not even a status came."""

    status: int | None = None
    reason: str = ""
    version: str = "1.1"
    headers: Headers = ()
    trailers: Headers = ()
    interim: tuple[int, ...] = ()
    complete: bool = False


class _Fields(dict[bytes, tuple[str, str]]):
    """Header lines met before; most lines of an API's answers are the same each time."""

    def __init__(self) -> None:
        super().__init__()
        self.codings: set[tuple[str, str]] = set()

    def __missing__(self, line: bytes) -> tuple[str, str]:
        name, _, value = line.decode("latin-1").partition(":")
        field = (name, value.strip(" \t\r\n"))
        if name.lower() == "content-encoding":
            self.codings.add(field)
        if len(line) <= _CACHED_LENGTH:
            if len(self) >= _CACHED_LINES:
                self.clear()
            self[line] = field
        return field


class HeadReader:
    """Reads header blocks; remembers lines that it has met (bounded)."""

    def __init__(self) -> None:
        self._fields = _Fields()
        self._field = self._fields.__getitem__
        self.codings = self._fields.codings
        self._statuses: dict[bytes, StatusLine] = {}

    @property
    def remembered(self) -> int:
        """How many lines are kept."""
        return len(self._fields) + len(self._statuses)

    def plain(self, lines: Sequence[bytes]) -> tuple[StatusLine, Headers] | None:
        """Return status line and headers of a lone, final, complete block; None for anything less simple."""
        if lines.count(b"\r\n") != 1 or lines[-1] != b"\r\n":
            return None
        status = self._statuses.get(lines[0]) or self._status(lines[0])
        if status[1] < 200:
            return None
        return status, tuple(map(self._field, lines[1:-1]))

    def read(self, lines: Sequence[bytes]) -> Head:
        """Read any sequence of blocks: 1xx ones, the final one (whole or cut short), trailers."""
        interim: list[int] = []
        rest = list(lines)
        while rest:
            block, rest, complete = _split(rest)
            if not block:
                continue
            version, status, reason = self._status(block[0])
            if 100 <= status < 200 and _opens_block(rest):
                interim.append(status)
                continue
            return Head(
                status=status or None,
                reason=reason,
                version=version,
                headers=tuple(map(self._field, block[1:])),
                trailers=tuple(map(self._field, (line for line in rest if line not in _BLANK))),
                interim=tuple(interim),
                complete=complete,
            )
        return Head(interim=tuple(interim))

    def coding(self, headers: Headers) -> str:
        """Return the Content-Encoding in lower case, several joined with ", ", "" for none."""
        if self.codings.isdisjoint(headers):
            return ""
        if len(self.codings) > _CACHED_CODINGS:  # only here, between two answers, may they be forgotten
            self._fields.clear()
            self.codings.clear()
        return ", ".join(value.lower() for name, value in headers if name.lower() == "content-encoding")

    def _status(self, line: bytes) -> StatusLine:
        known = self._statuses.get(line)
        if known is None:
            if len(self._statuses) > 1000:
                self._statuses.clear()
            known = _parse_status(line)
            if len(line) <= _CACHED_LENGTH:
                self._statuses[line] = known
        return known


def _split(lines: list[bytes]) -> tuple[list[bytes], list[bytes], bool]:
    for index, line in enumerate(lines):
        if line in _BLANK:
            return lines[:index], lines[index + 1 :], True
    return lines, [], False


def _opens_block(lines: list[bytes]) -> bool:
    """Tell whether another block may follow; an interim one always has one behind it, unless the answer was cut."""
    return not lines or lines[0].startswith(b"HTTP/")


def _parse_status(line: bytes) -> StatusLine:
    protocol, _, rest = line.decode("latin-1").strip("\r\n").partition(" ")
    code, _, reason = rest.strip(" ").partition(" ")
    return protocol.rpartition("/")[2] or "1.1", int(code) if code.isascii() and code.isdigit() else 0, reason
