"""Read a journal, verifying it on the way: an edited, missing, moved or torn line is named."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

import msgspec

from harness.journal.chain import FILE, FIRST, LONGEST, NAMES, SEALED, digest, seal_of
from harness.model.errors import JournalError
from harness.model.event import Event, Started

SCHEMA = 1
REPORT = "report.json"
_NO_SEAL = "the run was cut short: go on with `cutover rehearse --resume`"
_DAMAGED = "this journal proves nothing any more: send again"
_HEAD = re.compile(rb'\{"n":(0|[1-9][0-9]{0,11}),"t":"([a-z]{1,20})",')
_TAIL = re.compile(rb',"prev":"([0-9a-f]{64})"(?:,"check":"[0-9a-f]{64}")?\}\Z')
_TAIL_LENGTH = 200


def _decoder(kind: type) -> Callable[[bytes], Event]:
    return cast("Callable[[bytes], Event]", msgspec.json.Decoder(kind).decode)


_DECODERS = {name.encode(): _decoder(kind) for kind, name in NAMES.items()}
_SEAL = SEALED.encode()


@dataclass(slots=True)
class Tail:
    """Where a verified journal ends: what a writer that goes on needs, and what its end is worth."""

    lines: int = 0
    size: int = 0
    head: str = FIRST
    sealed: bool = False
    torn: bytes = b""
    seals: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    text: bytes
    kind: bytes
    prev: str


def read(run_dir: Path, *, sealed: bool = True) -> Iterator[tuple[int, Event]]:
    """Yield (line number from 1, event) of a verified journal; JournalError names the first bad line.

    An event is yielded once the line after it vouches for it. With `sealed=False` the journal may end anywhere, but
    not within a line. What `report.json` says of the end is checked too.
    """
    tail = Tail()
    yield from scan(run_dir / FILE, tail)
    _check_end(run_dir, tail, sealed=sealed)


def head(run_dir: Path) -> str:
    """Return the hash of the journal's last line, all of it verified and sealed."""
    tail = Tail()
    for _ in scan(run_dir / FILE, tail):
        pass
    _check_end(run_dir, tail, sealed=True)
    return tail.head


def scan(file: Path, tail: Tail) -> Iterator[tuple[int, Event]]:
    """Yield the events of whole lines, filling in `tail`; a torn last line is left in it, not judged."""
    try:
        source = file.open("rb")
    except OSError as error:
        raise JournalError(file, 1, f"cannot be read: {error.strerror}", hint="is this a run's directory?") from error
    with source:
        yield from _verified(file, source, tail)


def _verified(file: Path, source: BinaryIO, tail: Tail) -> Iterator[tuple[int, Event]]:
    held: tuple[int, Event] | None = None
    suspect = False
    for line in _lines(file, source, tail):
        honest = line.prev == tail.head
        if suspect:  # the line before does not follow from the one before it: which of the two was edited?
            raise _edited(file, line.number - 2 if honest else line.number - 1)
        event = _event(file, line)  # a line that cannot be read is named itself
        if not honest and _is_seal(line):
            raise _edited(file, line.number - 1)  # a seal vouches for itself, so it is the line before
        suspect = not honest
        if suspect and line.number == 1:
            raise _edited(file, 1)
        _advance(tail, line)
        if suspect:
            continue
        if held is not None:
            yield held
        held = None if event is None else (line.number, event)
    if suspect:
        raise _edited(file, tail.lines - 1)
    if held is not None:
        yield held


def _lines(file: Path, source: BinaryIO, tail: Tail) -> Iterator[_Line]:
    while text := source.readline(LONGEST + 1):
        number = tail.lines + 1
        if not text.endswith(b"\n"):
            if len(text) > LONGEST:
                raise JournalError(file, number, "this line is too long to be a journal's", hint=_DAMAGED)
            tail.torn = text
            return
        tail.size += len(text)
        yield _parsed(file, number, text[:-1])


def _parsed(file: Path, number: int, text: bytes) -> _Line:
    begin, end = _HEAD.match(text), _TAIL.search(text, max(0, len(text) - _TAIL_LENGTH))
    if begin is None or end is None:
        raise JournalError(file, number, "this is no line of a journal", hint=_DAMAGED)
    if int(begin[1]) != number - 1:
        what = f"line {int(begin[1]) + 1} stands where line {number} should"
        raise JournalError(file, number, f"a line was cut, moved or edited: {what}", hint=_DAMAGED)
    return _Line(number, text, begin[2], end[1].decode())


def _event(file: Path, line: _Line) -> Event | None:
    if _is_seal(line):
        if line.text + b"\n" != seal_of(line.number - 1, line.prev):
            raise _edited(file, line.number)
        return None
    decode = _DECODERS.get(line.kind)
    if decode is None:
        kind = line.kind.decode()
        hint = "a newer version of the harness may have written it"
        raise JournalError(file, line.number, f"unknown type of line: {kind}", hint=hint)
    try:
        event = decode(line.text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise JournalError(file, line.number, f"this line cannot be read: {error}", hint=_DAMAGED) from error
    _check_first(file, line.number, event)
    return event


def _check_first(file: Path, number: int, event: Event) -> None:
    if isinstance(event, Started) != (number == 1):
        raise JournalError(file, number, "a journal has one first line that says what was started", hint=_DAMAGED)
    if isinstance(event, Started) and event.schema != SCHEMA:
        hint = "read it with the version that wrote it"
        raise JournalError(file, number, f"journal schema {event.schema}, this version reads {SCHEMA}", hint=hint)


def _is_seal(line: _Line) -> bool:
    return line.kind == _SEAL


def _advance(tail: Tail, line: _Line) -> None:
    tail.lines = line.number
    tail.head = digest(line.text)
    tail.sealed = _is_seal(line)
    if tail.sealed:
        tail.seals.append(tail.head)


def _edited(file: Path, number: int) -> JournalError:
    return JournalError(file, number, "this line was edited after it was written", hint=_DAMAGED)


def _check_end(run_dir: Path, tail: Tail, *, sealed: bool) -> None:
    file, last = run_dir / FILE, max(tail.lines, 1)
    if tail.torn:
        raise JournalError(file, tail.lines + 1, "the last line is torn", hint=_NO_SEAL)
    if not tail.lines:
        raise JournalError(file, 1, "the journal is empty", hint=_DAMAGED)
    if sealed and not tail.sealed:
        raise JournalError(file, last, "the journal ends without its seal", hint=_NO_SEAL)
    told = _reported_head(run_dir / REPORT)
    if told is not None and told not in tail.seals:
        message = f"{REPORT} was made from another end of this journal: lines were cut or replaced"
        raise JournalError(file, last, message, hint=_DAMAGED)


class _Report(msgspec.Struct):
    head: str


def _reported_head(file: Path) -> str | None:
    try:
        return msgspec.json.decode(file.read_bytes(), type=_Report).head
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        hint = "remove the file to have the reports made again"
        raise JournalError(file, 1, f"cannot be read for the journal's head: {error}", hint=hint) from error
