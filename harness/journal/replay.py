"""What a journal holds → answers that can be compared again (`--against`)."""

from dataclasses import replace
from hashlib import sha256

from harness.journal.bodies import BodyStore
from harness.journal.record import CHANGED, CUT, Recorder
from harness.model.event import Recorded
from harness.model.response import Answer, Body, NoResponse, Reason, Response, Timings


def answer_of(recorded: Recorded, store: BodyStore) -> Answer:
    """Return the answer that was recorded, its body read from the store.

    A body that was not kept whole cannot be compared: a NoResponse says so (Reason.HARNESS, an ERROR of the run).
    Raises JournalError when the store no longer holds what the journal names.
    """
    if recorded.trouble:
        return _trouble(recorded)
    if recorded.status is None:
        return _unusable(recorded, "the recorded answer has no status")
    if _is_partial(recorded):
        return _unusable(recorded, f"the recorded body cannot be compared: {recorded.body_note or 'it was not kept'}")
    return Response(
        status=recorded.status,
        reason=recorded.reason,
        version=recorded.version,
        headers=recorded.headers,
        body=_body(recorded, store.get(recorded.body) if recorded.body else b""),
        timings=_timings(recorded),
    )


def masked_like(response: Response, recorder: Recorder) -> Response:
    """Return a live answer masked and redacted as a recorded one is, so that the two compare fairly.

    The certificate and trailers are left out, since a journal keeps neither.
    """
    answer = recorder.masked(response)
    shown = recorder.shown(response.body.content, response.first("content-type") or "")
    body = answer.body
    if shown.content is not None and shown.note:
        body = replace(body, content=shown.content, size=len(shown.content), sha256=_hash(shown.content))
    return replace(answer, body=body, certificate=None, trailers=())


def _is_partial(recorded: Recorded) -> bool:
    return CUT in recorded.body_note or bool(recorded.size and not recorded.body)


def _body(recorded: Recorded, content: bytes) -> Body:
    changed = any(word in recorded.body_note for word in CHANGED)
    known = recorded.sha256 and not changed
    return Body(
        content=content,
        size=len(content) if changed else recorded.size,
        sha256=recorded.sha256 if known else _hash(content),
        coding=recorded.coding,
        fault=recorded.fault,
    )


def _hash(content: bytes) -> str:
    return sha256(content).hexdigest()


def _trouble(recorded: Recorded) -> NoResponse:
    known = {reason.value: reason for reason in Reason}
    return NoResponse(
        reason=known.get(recorded.trouble, Reason.HARNESS),
        detail=recorded.detail,
        status=recorded.status,
        headers=recorded.headers,
        received=recorded.size,
        timings=_timings(recorded),
    )


def _unusable(recorded: Recorded, detail: str) -> NoResponse:
    return NoResponse(
        reason=Reason.HARNESS,
        detail=detail,
        status=recorded.status,
        headers=recorded.headers,
        received=recorded.size,
        timings=_timings(recorded),
    )


def _timings(recorded: Recorded) -> Timings:
    return Timings(
        name=recorded.name_ms,
        connect=recorded.connect_ms,
        tls=recorded.tls_ms,
        first_byte=recorded.first_byte_ms,
        total=recorded.total_ms,
    )
