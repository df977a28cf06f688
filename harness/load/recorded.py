"""What the load needs of a recording, read once: how often each request was asked, and when."""

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from harness.recordings.read import read
from harness.recordings.recording import Recording


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A recording without headers and bodies: `counted` by method and target, `times` in Unix seconds, sorted."""

    format: str
    counted: Counter[tuple[str, str]]
    times: tuple[float, ...]


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
    )
