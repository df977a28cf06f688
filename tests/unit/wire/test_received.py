import hashlib
from collections.abc import Callable

import pytest

from harness.model.response import Answer, Body, Response
from tests.servers.hostile import ORDER, HostileServer, Visit

Ask = Callable[..., Answer]


def _response(answer: Answer) -> Response:
    assert isinstance(answer, Response), answer
    return answer


def test_a_plain_answer(hostile: HostileServer, ask: Ask) -> None:
    answer = _response(ask(hostile.url + "/ok"))
    assert (answer.status, answer.reason, answer.version) == (200, "OK", "1.1")
    assert answer.headers == (("Content-Type", "application/json"), ("Content-Length", "2"))
    assert answer.body == Body(content=b"{}", size=2, sha256=hashlib.sha256(b"{}").hexdigest())
    assert (answer.trailers, answer.interim, answer.certificate) == ((), (), None)


def test_headers_are_raw_ordered_and_duplicated(hostile: HostileServer, ask: Ask) -> None:
    answer = _response(ask(hostile.url + "/duplicates"))
    assert answer.headers[:4] == (("Set-Cookie", "a=1"), ("X-One", "1"), ("set-cookie", "b=2"), ("SET-COOKIE", "a=1"))
    assert answer.all("Set-Cookie") == ("a=1", "b=2", "a=1")


def test_header_values_are_latin_1_and_may_be_empty(hostile: HostileServer, ask: Ask) -> None:
    answer = _response(ask(hostile.url + "/latin-1"))
    assert answer.headers[:3] == (("X-Name", "café"), ("X-Empty", ""), ("X-Blank", ""))


def test_a_folded_header_is_one(hostile: HostileServer, ask: Ask) -> None:
    assert _response(ask(hostile.url + "/folded")).first("x-folded") == "one two three"


def test_a_thousand_headers(hostile: HostileServer, ask: Ask) -> None:
    answer = _response(ask(hostile.url + "/1000-headers"))
    assert len(answer.headers) == 1001
    assert answer.headers[999] == ("X-999", "value 999")


@pytest.mark.parametrize(
    ("path", "status", "reason", "version"),
    [
        ("/no-reason", 200, "", "1.1"),
        ("/odd-reason", 299, "Fine, thanks é", "1.1"),
        ("/http-1.0", 200, "OK", "1.0"),
        ("/bare-line-feeds", 200, "OK", "1.1"),
    ],
)
def test_status_lines(hostile: HostileServer, ask: Ask, path: str, status: int, reason: str, version: str) -> None:
    answer = _response(ask(hostile.url + path))
    assert (answer.status, answer.reason, answer.version) == (status, reason, version)


@pytest.mark.parametrize(
    ("path", "interim", "headers"),
    [
        ("/continue", (100,), (("Content-Length", "2"),)),
        ("/early-hints", (103, 102), (("X-One", "1"), ("Content-Length", "2"))),
    ],
)
def test_interim_answers_are_set_aside(
    hostile: HostileServer, ask: Ask, path: str, interim: tuple[int, ...], headers: object
) -> None:
    answer = _response(ask(hostile.url + path))
    assert (answer.status, answer.interim, answer.headers) == (200, interim, headers)
    assert answer.body.content == b"{}"


def test_trailers_are_no_headers(hostile: HostileServer, ask: Ask) -> None:
    answer = _response(ask(hostile.url + "/trailers"))
    assert answer.trailers == (("X-Sum", "1"), ("X-End", "yes"))
    assert answer.headers == (("Transfer-Encoding", "chunked"),)
    assert answer.body.content == b"{}"


@pytest.mark.parametrize("path", ["/chunked", "/until-close", "/drip"])
def test_bodies_arrive_whole(hostile: HostileServer, ask: Ask, path: str) -> None:
    body = _response(ask(hostile.url + path)).body
    assert (body.content, body.size) == (b"0123456789", 10)


def test_bytes_beyond_the_length_are_not_seen(hostile: HostileServer, ask: Ask) -> None:
    assert _response(ask(hostile.url + "/too-long")).body.content == b"01234"


def test_a_redirect_is_an_answer(hostile: HostileServer, ask: Ask) -> None:
    with HostileServer() as elsewhere:

        def redirect(visit: Visit) -> None:
            visit.answer(b"", f"Location: {elsewhere.url}/ok", status="302 Found")

        with HostileServer({"/go": redirect}) as server:
            answer = _response(ask(server.url + "/go"))
        assert answer.status == 302
        assert answer.first("location") == f"{elsewhere.url}/ok"
        assert elsewhere.seen == []


@pytest.mark.parametrize("path", ["/gzip", "/deflate", "/raw-deflate"])
def test_codings_are_undone_and_told(hostile: HostileServer, ask: Ask, path: str) -> None:
    answer = _response(ask(hostile.url + path))
    assert answer.body.content == ORDER
    assert answer.body.fault == ""
    assert answer.body.coding in path
    assert answer.body.size == int(answer.first("content-length") or 0) < len(ORDER)
    assert answer.body.sha256 != hashlib.sha256(ORDER).hexdigest()


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("/cut-gzip", "cut short"),
        ("/corrupt-gzip", "corrupt gzip"),
        ("/not-gzip", "corrupt gzip"),
        ("/zstd", "unknown coding zstd"),
        ("/gzip-bomb", "expands beyond 1000000 bytes"),
    ],
)
def test_what_cannot_be_undone_is_kept_as_it_came(hostile: HostileServer, ask: Ask, path: str, fault: str) -> None:
    body = _response(ask(hostile.url + path)).body
    assert fault in body.fault
    assert len(body.content) == body.size
    assert body.sha256 == hashlib.sha256(body.content).hexdigest()
