from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from harness.journal.bodies import CAP, BodyStore
from harness.journal.mask import Mask
from harness.journal.record import Recorder
from harness.journal.replay import answer_of, masked_like
from harness.model.errors import JournalError
from harness.model.event import Recorded
from harness.model.exchange import Exchange
from harness.model.place import JsonPath, Step
from harness.model.request import Request
from harness.model.response import Answer, Body, NoResponse, Reason, Response, Timings
from harness.model.secret import Secret
from harness.model.side import Side
from harness.scenario.types import Evidence

SSN = JsonPath(text="$.ssn", steps=(Step(names=("ssn",)),))
CANARY = "canary-7f3a"


def body(content: bytes, coding: str = "") -> Body:
    return Body(
        content=content, size=len(content) + (5 if coding else 0), sha256=sha256(content).hexdigest(), coding=coding
    )


PLAIN = Response(
    status=200,
    reason="OK",
    version="2",
    headers=(("A", "1"), ("a", "2")),
    body=body(b"abc", "gzip"),
    timings=Timings(connect=1.0, total=2.0),
)


@pytest.fixture
def store(tmp_path: Path) -> BodyStore:
    return BodyStore(tmp_path)


@pytest.fixture
def recorder(store: BodyStore) -> Recorder:
    return Recorder(Mask([Secret(value=CANARY, label="k")]), Evidence(redact=(SSN,)), store, whole=True)


def recorded(recorder: Recorder, answer: Answer, *, keep: bool = True) -> Recorded:
    request = Request(side=Side.OLD, method="GET", url="http://old/")
    return recorder.exchange(Exchange(request=request, answer=answer, sent_at=1.0), keep=keep)


@pytest.mark.parametrize("content", [b"", b"abc", b"\xff\x00", b"x" * (CAP + 1)])
def test_an_answer_comes_back_as_it_was(store: BodyStore, content: bytes) -> None:
    recorder = Recorder(Mask(), Evidence(), store, whole=True)
    answer = replace(PLAIN, body=body(content, "gzip" if content else ""))
    assert answer_of(recorded(recorder, answer), store) == answer


def test_an_empty_answer_that_was_coded_comes_back_too(store: BodyStore, recorder: Recorder) -> None:
    answer = replace(PLAIN, body=Body(content=b"", size=20, sha256="ab" * 32, coding="gzip"))
    back = answer_of(recorded(recorder, answer), store)
    assert isinstance(back, Response)
    assert (back.body.content, back.body.size) == (b"", 20)


def test_no_response_comes_back_as_it_was(store: BodyStore, recorder: Recorder) -> None:
    answer = NoResponse(reason=Reason.TLS, detail="expired", status=None, headers=(("A", "1"),), received=3)
    assert answer_of(recorded(recorder, answer), store) == answer


@pytest.mark.parametrize(
    "content",
    [b'{"ssn":"1","k":"canary-7f3a"}', b'{"ssn":"1"}', b'{"k":"canary-7f3a"}', b'{"a":1}', b"", b"plain canary-7f3a"],
)
def test_a_live_answer_compares_equal_to_its_record(store: BodyStore, recorder: Recorder, content: bytes) -> None:
    answer = replace(PLAIN, headers=(("X-Echo", CANARY),), reason=CANARY, body=body(content))
    live = masked_like(answer, recorder)
    assert answer_of(recorded(recorder, answer), store) == live
    assert CANARY not in str(live)
    assert CANARY.encode() not in live.body.content


def test_a_live_answer_that_differs_still_differs(store: BodyStore, recorder: Recorder) -> None:
    old = replace(PLAIN, body=body(b'{"ssn":"1","a":1}'))
    new = replace(PLAIN, body=body(b'{"ssn":"2","a":2}'))
    back, live = answer_of(recorded(recorder, old), store), masked_like(new, recorder)
    assert isinstance(back, Response)
    assert (back.body.content, live.body.content) == (b'{"ssn":"[redacted]","a":1}', b'{"ssn":"[redacted]","a":2}')


def test_a_body_that_was_not_kept_whole_is_no_answer(store: BodyStore) -> None:
    for recorder, answer, keep in (
        (Recorder(Mask(), Evidence(), store), replace(PLAIN, body=body(b"x" * (CAP + 1))), True),
        (Recorder(Mask(), Evidence(), store), PLAIN, False),
        (Recorder(Mask(), Evidence(redact=(SSN,)), store), replace(PLAIN, body=body(b'{"ssn":')), True),
    ):
        back = answer_of(recorded(recorder, answer, keep=keep), store)
        assert isinstance(back, NoResponse)
        assert back.reason is Reason.HARNESS
        assert "cannot be compared" in back.detail


def test_a_body_that_was_edited_is_told(store: BodyStore, recorder: Recorder) -> None:
    kept = recorded(recorder, PLAIN)
    (store.directory / kept.body).write_bytes(b"abd")
    with pytest.raises(JournalError, match="edited") as caught:
        answer_of(kept, store)
    assert caught.value.file == store.directory / kept.body
    (store.directory / kept.body).unlink()
    with pytest.raises(JournalError, match="cannot be read"):
        answer_of(kept, store)


def test_a_record_without_status_or_reason_is_no_answer(store: BodyStore, recorder: Recorder) -> None:
    kept = recorded(recorder, PLAIN)
    assert isinstance(answer_of(replace(kept, status=None), store), NoResponse)
    back = answer_of(replace(kept, trouble="a reason from the future"), store)
    assert isinstance(back, NoResponse)
    assert back.reason is Reason.HARNESS
