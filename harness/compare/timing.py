"""Streaming lost: the old side's first byte came early, the new side kept everything back until it was complete."""

from harness.compare.collect import Collector
from harness.compare.media import media_type
from harness.model.difference import Kind
from harness.model.response import Response

_SPAN_MS = 200.0
_STREAMS = frozenset({"text/event-stream", "application/x-ndjson", "application/ndjson", "application/jsonl"})
REMEDY = (
    'The new side buffers the answer. In Azure API Management set `buffer-response="false"` on the forward-request '
    "policy (and take out policies that read the response body); elsewhere switch response buffering off for the route."
)


def may_stream(old: Response) -> bool:
    """Tell, cheaply, whether the old side took long enough between first and last byte to have streamed."""
    first = old.timings.first_byte
    return first is not None and old.timings.total - first >= _SPAN_MS


def compare(old: Response, new: Response, out: Collector) -> None:
    """Add a difference at `time:first_byte` if the old side streamed and the new side did not.

    Streaming: first byte within half of the total and 200 ms or more before its end, of an answer that is a stream
    by type or has no declared length. Lost: the new side's first byte came when the old side was half through its
    stream or later, and its own span is at most a tenth of the old side's.
    """
    a, b = old.timings, new.timings
    if a.first_byte is None or b.first_byte is None or not _is_stream(old):
        return
    span = a.total - a.first_byte
    if span < _SPAN_MS or a.first_byte > a.total / 2 or b.total - b.first_byte > span / 10:
        return
    if b.first_byte < a.first_byte + span / 2:
        return  # complete early: the new side is fast, nothing was held back
    texts = (f"{one.first_byte:.0f} ms of {one.total:.0f} ms" for one in (a, b))
    out.add(
        "time:first_byte", Kind.VALUE, *texts, note="streaming lost: the answer came at once, at its end", remedy=REMEDY
    )


def _is_stream(old: Response) -> bool:
    return media_type(old).name in _STREAMS or old.first("content-length") is None
