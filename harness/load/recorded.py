"""What the load needs of a recording, read once: how often each request was asked, and when."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from harness.recordings.read import read
from harness.recordings.recording import Recording
from harness.scenario.types import Load


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A recording without headers and bodies: `counted` by method and target, `times` in Unix seconds, sorted.

    `unread` says what of the file is not in it.
    """

    format: str
    counted: Counter[tuple[str, str]]
    times: tuple[float, ...]
    unread: tuple[str, ...] = ()


def recorded(path: Path) -> Recorded:
    """Return what a recording tells; a file that stays the same is read once. Raises UsageError."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return of(read(path))  # says why
    return _recorded(path, (found.st_mtime_ns, found.st_size))


@lru_cache(maxsize=2)  # the plan, the suite and the run each ask, and a million lines take their time
def _recorded(path: Path, _stamp: tuple[int, int]) -> Recorded:
    return of(read(path))


def of(recording: Recording) -> Recorded:
    """Return what is needed of a recording."""
    requests = recording.requests
    return Recorded(
        format=recording.format,
        counted=Counter((request.method, request.target) for request in requests),
        times=tuple(sorted(float(request.at) for request in requests if request.at is not None)),
        unread=tuple(_unread(recording)),
    )


def _unread(recording: Recording) -> Iterator[str]:
    if recording.left_out:
        first = "; the first is number {}: {}".format(*recording.skipped[0]) if recording.skipped else ""
        yield f"lines or entries that could not be read: {recording.left_out:,}{first}"
    if not recording.whole:
        yield f"it ends in the middle, or holds more than is read: {len(recording.requests):,} requests were"
    untimed = sum(request.at is None for request in recording.requests)
    if 0 < untimed < len(recording.requests):
        yield f"requests without a time, which a replay leaves out: {untimed:,}"


def unread(load: Load) -> Iterator[str]:
    """Yield what of the load's recordings is not sent because it was not read. Raises UsageError."""
    files = (load.mix.recording, load.profile.replay)
    for file in dict.fromkeys(file for file in files if file is not None):
        yield from (f"{file.name}: {text}" for text in recorded(file).unread)
