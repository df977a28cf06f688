"""The lines of a file that nobody vouches for: unpacked, bounded, numbered."""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from harness.model.errors import UsageError

LONGEST = 1_000_000
LARGEST_DOCUMENT = 200_000_000
"""Bytes of a file that must be read as a whole (HAR)."""
LARGEST = 8_000_000_000
"""Bytes that are read of a log at most, unpacked."""

_BLOCK = 1 << 20
_TORN = (EOFError, OSError, zlib.error)


class TornError(Exception):
    """The file ends in the middle, or cannot be read on; what came before is good."""


def opened(path: Path) -> BinaryIO:
    """Open a file, unpacking it where it is packed by gzip; raises UsageError."""
    try:
        with path.open("rb") as stream:
            packed = stream.read(2) == b"\x1f\x8b"
        return cast("BinaryIO", gzip.open(path, "rb")) if packed else path.open("rb")
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        why = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"the recording {path} cannot be read: {why}") from None


def lines(stream: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
    """Yield (number from 1, line without its end) of each line that is not blank; None for one that is too long.

    Raises TornError.
    """
    seen = 0
    for number, line in enumerate(_raw(stream), 1):
        seen += len(line)
        if seen > LARGEST:
            raise TornError(f"read to {LARGEST:,} bytes, and no further")
        if len(line) > LONGEST:
            yield number, None
        elif stripped := line.strip():
            yield number, stripped.removeprefix(b"\xef\xbb\xbf") if number == 1 else stripped


def _raw(stream: BinaryIO) -> Iterator[bytes]:
    """Yield lines; of a longer one the beginning, which is longer than the longest."""
    try:
        while line := stream.readline(LONGEST + 1):
            yield line
            rest = line
            while len(rest) > LONGEST and not rest.endswith(b"\n"):
                rest = stream.readline(LONGEST + 1)
    except _TORN as error:
        raise TornError(f"the rest cannot be read: {error or type(error).__name__}") from None


def document(path: Path) -> bytes | None:
    """Return all of a file; None where it is too large for that, or torn."""
    with opened(path) as stream:
        blocks, seen = [], 0
        try:
            while block := stream.read(_BLOCK):
                blocks.append(block)
                seen += len(block)
                if seen > LARGEST_DOCUMENT:
                    return None
        except _TORN:
            return None
    return b"".join(blocks)
