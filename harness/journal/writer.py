"""Append events to a run's journal: chained, masked once more, at once on disk."""

import os
import time
from contextlib import suppress
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, Self

from harness.journal.chain import FILE, digest, line_of, seal_of
from harness.journal.mask import Mask
from harness.journal.reader import Tail, scan
from harness.model.difference import Cause, Kind
from harness.model.errors import HarnessError, JournalError, UsageError
from harness.model.event import Ended, Event, Started
from harness.model.outcome import Outcome
from harness.model.side import Side

try:
    import fcntl
except ImportError:  # Windows: two writers are the user's own look-out there
    fcntl = None  # type: ignore[assignment]

_APPEND = os.O_APPEND | getattr(os, "O_BINARY", 0)
_STRUCTURAL = frozenset(map(str, (*Kind, *Cause, *Outcome, *Side))) | {
    *("rehearse", "only-old", "only-new", "against", "finished", "interrupted", "info", "warning"),
    *("parity", "security", "load", "dns", "rollback", "both"),
}
_LATEST = 0.05  # seconds that a line may wait for others
_NAMES_OF_FILES = frozenset({"run", "digest", "body", "request_body", "sha256", "suite", "trouble"})


class JournalWriter:
    """The one writer of a run's journal.

    Lines that come faster than twenty a second are handed to the system together, at most 50 ms late: a killed process
    loses no more than that, and never one that was written with `sync`, which waits until it is on the disk.
    Raises HarnessError when the disk does not take a line: nothing is written after that.
    """

    def __init__(self, file: Path, descriptor: int, mask: Mask, tail: Tail) -> None:
        self._file = file
        self._descriptor = descriptor
        self._mask = mask
        self._lines = tail.lines
        self._head = tail.head
        self._waiting: list[bytes] = []
        self._flushed = 0.0

    @classmethod
    def create(cls, run_dir: Path, first: Started, *, mask: Mask) -> Self:
        """Begin the journal of a run; HarnessError if there is one already."""
        file = run_dir / FILE
        try:
            descriptor = os.open(file, os.O_WRONLY | _APPEND | os.O_CREAT | os.O_EXCL, 0o644)
        except OSError as error:
            raise HarnessError(f"{file}: cannot begin a journal: {error.strerror}") from error
        _lock(descriptor, file)
        writer = cls(file, descriptor, mask, Tail())
        writer.append(first, sync=True)
        _sync_directory(run_dir)
        return writer

    @classmethod
    def resume(cls, run_dir: Path, *, mask: Mask) -> tuple[Self, list[Event], str]:
        """Go on with a journal: its verified events, and what had to be cut ("" if nothing).

        Raises JournalError if a whole line does not verify, UsageError if the run is still being written.
        """
        file = run_dir / FILE
        try:
            descriptor = os.open(file, os.O_RDWR | _APPEND)
        except OSError as error:
            raise JournalError(file, 1, f"cannot be gone on with: {error.strerror}") from error
        try:
            _lock(descriptor, file)
            tail = Tail()
            events = _verified(file, tail)
            told = _cut(descriptor, tail)
        except BaseException:
            os.close(descriptor)
            raise
        return cls(file, descriptor, mask, tail), events, told

    @property
    def head(self) -> str:
        """Return the hash of the last line (after `seal`: what goes into report.json)."""
        return self._head

    def append(self, event: Event, *, sync: bool = False) -> None:
        """Write one event; with `sync`, return only once it is on the disk."""
        self._write(self._encoded(event))
        now = time.monotonic()
        if sync or now - self._flushed > _LATEST:
            self._flushed = now
            self._flush()
        if sync:
            self._sync()

    def seal(self, ended: Ended) -> str:
        """Write the end of this session and the seal, close the journal, and return its head."""
        self.append(ended)
        self._write(seal_of(self._lines, self._head))
        self._flush()
        self._sync()
        self.release()
        return self._head

    def release(self) -> None:
        """Let go of the journal as it is (without a seal, it can be resumed)."""
        if self._descriptor >= 0:
            with suppress(HarnessError):
                self._flush()
        self._close()

    def _close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _encoded(self, event: Event) -> bytes:
        try:
            line = line_of(event, self._lines, self._head)
        except UnicodeEncodeError:  # a lone surrogate, from someone's JSON
            event = _mapped(event, _whole)
            line = line_of(event, self._lines, self._head)
        if self._mask.stands_in(line):  # a net: texts of events are masked where they are made
            line = line_of(_mapped(event, self._mask.text), self._lines, self._head)
        return line

    def _write(self, line: bytes) -> None:
        if self._descriptor < 0:
            raise HarnessError(f"{self._file}: the journal is closed")
        self._waiting.append(line)
        self._lines += 1
        self._head = digest(line)

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        try:
            _write_all(self._descriptor, b"".join(waiting))
        except OSError as error:
            self._close()
            hint = "make room, then go on with `cutover rehearse --resume`"
            raise HarnessError(f"{self._file}: cannot be written: {error.strerror}", hint=hint) from error

    def _sync(self) -> None:
        try:
            os.fsync(self._descriptor)
        except OSError as error:
            self._close()
            raise HarnessError(f"{self._file}: cannot be synced: {error.strerror}") from error


def _write_all(descriptor: int, line: bytes) -> None:
    written = os.write(descriptor, line)
    while written < len(line):
        written += os.write(descriptor, line[written:])


def _lock(descriptor: int, file: Path) -> None:
    """Hold the journal for this process; the system lets go when the process ends, however it ends."""
    if fcntl is None:
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        hint = "wait until that one has ended, or start a new run"
        raise UsageError(f"{file}: another process is writing this run", hint=hint) from error


def _verified(file: Path, tail: Tail) -> list[Event]:
    events = [event for _, event in scan(file, tail)]
    if not events:
        raise JournalError(file, 1, "not even the first line is whole", hint="start a new run")
    return events


def _cut(descriptor: int, tail: Tail) -> str:
    if not tail.torn:
        return ""
    os.ftruncate(descriptor, tail.size)
    os.fsync(descriptor)
    return f"the last line of the journal was torn ({len(tail.torn)} bytes of line {tail.lines + 1}) and was cut"


def _sync_directory(run_dir: Path) -> None:
    if os.name != "posix":
        return
    descriptor = os.open(run_dir, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _whole(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def _mapped(value: Any, change: Any) -> Any:
    """Return an event with `change` applied to every text that is not part of the journal's own structure."""
    if isinstance(value, str):
        return value if value in _STRUCTURAL else change(value)
    if isinstance(value, tuple):
        return tuple(_mapped(item, change) for item in value)
    if isinstance(value, dict):
        return {_mapped(key, change): _mapped(item, change) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in fields(value) if field.name not in _NAMES_OF_FILES]
        return replace(value, **{name: _mapped(getattr(value, name), change) for name in names})
    return value
