"""What a recording came to: the requests that could be read, and what could not."""

from dataclasses import dataclass

from harness.model.recording import RecordedRequest

MOST_SKIPPED = 20


class Unread(ValueError):  # noqa: N818  reads as a fact at the call site
    """A line or entry cannot be read; the text says why, in the words of a log's reader."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """The requests in the file's order. `format` names what was recognised.

    `skipped` are the first 20 lines (or entries) that could not be read, as (number from 1, why); `left_out` counts all
    of them. `whole` is False where the file holds more than was asked for, or ends in the middle.
    """

    requests: tuple[RecordedRequest, ...]
    format: str
    skipped: tuple[tuple[int, str], ...] = ()
    left_out: int = 0
    whole: bool = True
