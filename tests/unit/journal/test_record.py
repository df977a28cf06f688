import json
from base64 import b64encode
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from harness.journal.bodies import CAP, BodyStore
from harness.journal.mask import Mask
from harness.journal.record import LONGEST, MOST, Recorder
from harness.model.difference import Cause, Difference, Kind
from harness.model.exchange import Exchange
from harness.model.place import JsonPath, Step
from harness.model.request import Headers, Request
from harness.model.response import Answer, Body, Certificate, NoResponse, Reason, Response, Timings
from harness.model.secret import Secret
from harness.model.side import Side
from harness.scenario.types import Evidence

CANARY = 'c4n4ry/"7f3a+ü'
HEADER_CANARY = CANARY.encode().decode("latin-1")
WORDS = "[masked ${env:K}]"
SSN = JsonPath(text="$..ssn", steps=(Step(names=("ssn",), descend=True),))


@pytest.fixture
def store(tmp_path: Path) -> BodyStore:
    return BodyStore(tmp_path)


@pytest.fixture
def recorder(store: BodyStore) -> Recorder:
    return Recorder(Mask([Secret(value=CANARY, label="${env:K}")]), Evidence(), store)


def recorder_of(
    store: BodyStore, *secrets: str, whole: bool = False, redact: tuple[JsonPath, ...] = (SSN,)
) -> Recorder:
    mask = Mask([Secret(value=secret, label="${env:K}") for secret in secrets])
    return Recorder(mask, Evidence(redact=redact), store, whole=whole)


def asked(
    answer: Answer | None = None,
    *,
    url: str = "http://old/orders",
    headers: Headers = (),
    body: bytes | None = None,
    earlier: tuple[Answer, ...] = (),
) -> Exchange:
    request = Request(side=Side.OLD, method="POST", url=url, headers=headers, body=body)
    return Exchange(request=request, answer=answer or Response(status=200), sent_at=1.0, earlier=earlier)


def answered(content: bytes, content_type: str = "application/json") -> Response:
    return Response(
        status=200,
        headers=(("Content-Type", content_type),),
        body=Body(content=content, size=len(content), sha256="ab" * 32),
    )


def test_an_exchange_is_kept_as_it_was(recorder: Recorder) -> None:
    answer = Response(
        status=201,
        reason="Created",
        version="2",
        headers=(("A", "1"), ("a", "2")),
        body=Body(content=b"abc", size=3, sha256="cd" * 32, coding="gzip", fault="cut"),
        timings=Timings(connect=1.0, first_byte=2.0, total=3.0),
    )
    kept = recorder.exchange(asked(answer, headers=(("X", "y"),)), keep=False)
    assert (kept.method, kept.url, kept.request_headers, kept.sent_at) == (
        "POST",
        "http://old/orders",
        (("X", "y"),),
        1.0,
    )
    assert (kept.status, kept.reason, kept.version, kept.headers) == (201, "Created", "2", answer.headers)
    assert (kept.size, kept.sha256, kept.coding, kept.fault) == (3, "cd" * 32, "gzip", "cut")
    assert (kept.body, kept.body_note, kept.attempts, kept.earlier) == ("", "not kept", 1, ())
    assert (kept.name_ms, kept.connect_ms, kept.tls_ms, kept.first_byte_ms, kept.total_ms) == (
        None,
        1.0,
        None,
        2.0,
        3.0,
    )


def test_no_response_is_kept_with_its_reason(recorder: Recorder) -> None:
    answer = NoResponse(reason=Reason.TIMEOUT_BODY, detail="35 s", status=200, headers=(("A", "1"),), received=17)
    kept = recorder.exchange(
        asked(
            answer, earlier=(Response(status=503, reason="Busy"), NoResponse(reason=Reason.RESET, detail="")), body=b"x"
        ),
        keep=False,
    )
    assert (kept.trouble, kept.detail, kept.status, kept.size) == ("timeout in body", "35 s", 200, 17)
    assert (kept.attempts, kept.earlier) == (3, ("503 Busy", "connection reset"))
    assert kept.body == kept.request_body == ""


@pytest.mark.parametrize("secret", [CANARY, HEADER_CANARY])
def test_a_secret_is_in_no_field(recorder: Recorder, store: BodyStore, secret: str) -> None:
    basic = "Basic " + b64encode(f"user:{CANARY}".encode()).decode()
    certificate = Certificate(subject=secret, issuer=secret, names=(secret,), not_before="", not_after="")
    response = Response(
        status=200,
        reason=secret,
        headers=((f"x-{secret}", secret), ("Echo", basic)),
        body=Body(content=json.dumps({"echo": [CANARY, basic]}).encode(), size=9, coding=secret, fault=secret),
        certificate=certificate,
    )
    trouble = NoResponse(reason=Reason.PROTOCOL, detail=secret, headers=((secret, secret),))
    for answer in (response, trouble):
        exchange = asked(
            answer,
            url=f"http://old/?key={secret}",
            headers=(("X-Key", secret),),
            body=CANARY.encode(),
            earlier=(trouble, response),
        )
        kept = str(asdict(recorder.exchange(exchange, keep=True)))
        assert "c4n4ry" not in kept
        assert b64encode(CANARY.encode()).decode()[2:-4] not in kept
        assert WORDS in kept
    for file in store.directory.iterdir():
        assert b"c4n4ry" not in file.read_bytes()
    assert len(list(store.directory.iterdir())) == 2


def test_headers_of_credentials_are_hidden_whoever_wrote_them(recorder: Recorder) -> None:
    headers = (
        ("authorization", "Bearer literal"),
        ("Cookie", "sid=literal; b=c"),
        ("Proxy-Authorization", "literal"),
        ("Accept", "x"),
    )
    kept = recorder.exchange(asked(headers=headers), keep=False)
    assert kept.request_headers == (
        ("authorization", "Bearer [masked authorization]"),
        ("Cookie", "[masked Cookie]"),
        ("Proxy-Authorization", "[masked Proxy-Authorization]"),
        ("Accept", "x"),
    )


def test_bodies_are_kept_masked_and_cut(recorder: Recorder, store: BodyStore) -> None:
    kept = recorder.exchange(asked(answered(b"x" * 10)), keep=True)
    assert (store.get(kept.body), kept.body_note) == (b"x" * 10, "")
    kept = recorder.exchange(asked(answered(b"x" + CANARY.encode(), "text/plain")), keep=True)
    assert (store.get(kept.body), kept.body_note) == (b"x" + WORDS.encode(), "masked")
    kept = recorder.exchange(asked(answered(b"x" * (CAP + 5), "text/plain")), keep=True)
    assert (len(store.get(kept.body)), kept.body_note) == (CAP, f"cut at {CAP} of {CAP + 5} bytes")
    assert recorder.exchange(asked(Response(status=204)), keep=True).body == ""


def test_a_secret_across_the_cut_of_a_body_does_not_survive(recorder: Recorder, store: BodyStore) -> None:
    content = b"x" * (CAP - 5) + CANARY.encode() + b"y" * 99
    kept = recorder.exchange(asked(answered(content, "text/plain")), keep=True)
    assert b"c4n4" not in store.get(kept.body)


def test_a_secret_beyond_what_is_looked_through_does_not_survive_by_shrinking(
    recorder: Recorder, store: BodyStore
) -> None:
    padded = quote(CANARY) * 60_000
    for lead in range(0, 40, 9):
        kept = recorder.exchange(asked(answered(b"x" * lead + padded.encode(), "text/plain")), keep=True)
        content = store.get(kept.body)
        assert content.strip(b"x").replace(WORDS.encode(), b"")[20:] == b""
        assert b"c4n4" not in content
        assert "cut at" in kept.body_note


def test_a_whole_run_keeps_bodies_of_any_size(store: BodyStore) -> None:
    kept = recorder_of(store, whole=True, redact=()).exchange(asked(answered(b"x" * (CAP + 5))), keep=True)
    assert len(store.get(kept.body)) == CAP + 5


def test_places_are_redacted_before_they_are_kept(store: BodyStore) -> None:
    recorder = recorder_of(store, "1234-5678")
    kept = recorder.exchange(
        asked(
            answered(b'{"ssn":"123","k":"1234-5678"}'),
            headers=(("content-type", "application/json"),),
            body=b'{"ssn":9}',
        ),
        keep=True,
    )
    assert store.get(kept.body) == b'{"ssn":"[redacted]","k":"[masked ${env:K}]"}'
    assert store.get(kept.request_body) == b'{"ssn":"[redacted]"}'
    assert kept.body_note == "redacted, masked"
    assert kept.sha256 == ""  # few digits are soon guessed from a hash


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "application/problem+json; charset=utf-8", "text/event-stream", "text/html", ""],
)
def test_what_cannot_be_redacted_is_not_kept(store: BodyStore, content_type: str) -> None:
    kept = recorder_of(store).exchange(asked(answered(b'{"ssn": 123', content_type)), keep=True)
    assert (kept.body, kept.body_note) == ("", "not kept: cannot be redacted")
    assert not store.directory.exists()


def test_a_page_is_kept_although_places_are_redacted(store: BodyStore) -> None:
    kept = recorder_of(store).exchange(asked(answered(b"<h1>ssn</h1>", "text/html")), keep=True)
    assert store.get(kept.body) == b"<h1>ssn</h1>"


def difference(
    at: str = "body:$.a", old: str | None = "1", new: str | None = "2", cause: Cause = Cause.UNEXPLAINED, **more: Any
) -> Difference:
    return Difference(at=at, kind=Kind.VALUE, old=old, new=new, cause=cause, **more)


def test_differences_are_counted_and_kept(recorder: Recorder) -> None:
    counts, kept, cut = recorder.differences(
        [difference(), difference(old=None, cause=Cause.NOISE, note="n", remedy="r"), difference()]
    )
    assert counts == {"unexplained": 2, "noise": 1}
    assert [(one.at, one.kind, one.cause, one.old, one.new, one.note, one.remedy) for one in kept] == [
        ("body:$.a", "value", "unexplained", "1", "2", "", ""),
        ("body:$.a", "value", "noise", None, "2", "n", "r"),
        ("body:$.a", "value", "unexplained", "1", "2", "", ""),
    ]
    assert not cut
    assert recorder.differences([]) == ({}, (), False)


def test_the_worst_differences_are_kept_when_there_are_too_many(recorder: Recorder) -> None:
    noise, bad, weaker = (difference(cause=cause) for cause in (Cause.NOISE, Cause.UNEXPLAINED, Cause.WEAKER))
    counts, kept, cut = recorder.differences([*[noise] * 150, bad, bad, weaker])
    assert counts == {"noise": 150, "unexplained": 2, "weaker": 1}
    assert [one.cause for one in kept[:4]] == ["weaker", "unexplained", "unexplained", "noise"]
    assert (len(kept), cut) == (MOST, True)


@pytest.mark.parametrize("lead", range(LONGEST - 20, LONGEST + 2))
def test_a_secret_across_the_cut_of_a_value_does_not_survive(recorder: Recorder, lead: int) -> None:
    _, (kept,), _ = recorder.differences(
        [difference(old="x" * lead + CANARY + "y" * 600, new=json.dumps("x" * lead + CANARY))]
    )
    assert kept.old is not None
    assert kept.new is not None
    for value in (kept.old, kept.new):
        assert "c4" not in value
    assert len(kept.old) < LONGEST + 30
    assert kept.old.endswith("characters)")


def test_a_secret_is_in_no_text_of_a_difference(recorder: Recorder) -> None:
    _, kept, _ = recorder.differences(
        [difference(at=f"header:{CANARY}", old=CANARY, new=None, note=CANARY, remedy=CANARY), difference()]
    )
    assert "c4n4ry" not in str(kept)
    assert kept[1].old == "1"


def test_values_of_differences_are_redacted(store: BodyStore) -> None:
    recorder = recorder_of(store)
    _, kept, _ = recorder.differences(
        [
            difference(at="body:$.ssn", path=("ssn",), old="123", new=None),
            difference(at="body:$.a", path=("a",), old='{"ssn":123}', new="7"),
            difference(at="body", old='{"ssn":123', new="plain"),
            difference(at="header:x", old='{"ssn":123', new="ssn"),
        ]
    )
    assert [(one.old, one.new) for one in kept] == [
        ("[redacted]", None),
        ('{"ssn":"[redacted]"}', "7"),
        ("[redacted]", "plain"),
        ('{"ssn":123', "ssn"),
    ]


def test_lone_surrogates_become_text(recorder: Recorder) -> None:
    _, (kept,), _ = recorder.differences([difference(old="a\ud800", new="\x00")])
    assert (kept.old, kept.new) == ("a\\ud800", "\x00")
