import gzip

import pytest

from harness.wire.answers import answers_in

_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


def test_answers_behind_each_other_are_told_in_order() -> None:
    second = b"HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\nno\r\n0\r\nX-Sum: 1\r\n\r\n"
    answers, rest = answers_in(_OK + second + b"HTTP/1.0 400 Bad Request\r\n\r\nwhy", closed=True)
    assert [(one.status, one.version, one.body.content, one.body.fault) for one in answers] == [
        (200, "1.1", b"{}", ""),
        (404, "1.1", b"no", ""),
        (400, "1.0", b"why", ""),
    ]
    assert answers[1].trailers == (("X-Sum", "1"),)
    assert rest == b""


def test_interim_answers_belong_to_the_final_one() -> None:
    answers, _ = answers_in(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nX: y\r\n\r\n" + _OK, closed=False)
    assert [(one.status, one.interim) for one in answers] == [(200, (100, 103))]


def test_a_coding_is_undone() -> None:
    body = gzip.compress(b"x" * 100)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body)
    ((answer,), _) = answers_in(head + body, closed=True)
    assert (answer.body.content, answer.body.coding) == (b"x" * 100, "gzip")


@pytest.mark.parametrize("status", [101, 204, 304])
def test_some_answers_have_no_body_whatever_they_declare(status: int) -> None:
    answers, rest = answers_in(b"HTTP/1.1 %d X\r\nContent-Length: 5\r\n\r\n" % status + _OK, closed=True)
    assert [one.status for one in answers] == [status, 200]
    assert rest == b""


def test_an_answer_to_head_has_no_body() -> None:
    answers, rest = answers_in(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" + _OK, closed=True, bodiless=True)
    assert ([one.body.content for one in answers], rest) == ([b"", b"{}"], b"")


@pytest.mark.parametrize(
    ("data", "closed", "content", "fault"),
    [
        (b"Content-Length: 5\r\n\r\nab", True, b"ab", "cut short"),
        (b"\r\nab", False, b"ab", "cut short"),
        (b"Content-Length: -5\r\n\r\nab", True, b"ab", "no sense"),
        (b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc", True, b"abc", "no sense"),
        (b"Content-Length: 2, 2\r\n\r\nab", True, b"ab", "no sense"),
        (b"Content-Length: " + b"9" * 5000 + b"\r\n\r\nab", True, b"ab", "no sense"),
        (b"Transfer-Encoding: chunked\r\n\r\n5\r\nab", True, b"ab", "cut short"),
        (b"Transfer-Encoding: chunked\r\n\r\nzz\r\nab", True, b"", "no sense"),
        (b"Transfer-Encoding: chunked\r\n\r\n2\r\nabcd\r\n0\r\n\r\n", True, b"ab", "where it should"),
        (b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n", True, b"ab", "cut short"),
        (b"Transfer-Encoding: chunked\r\n\r\nffffffff\r\nab", True, b"ab", "cut short"),
        (b"Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n", True, b"ab", ""),
    ],
)
def test_a_body_that_is_not_what_it_says_carries_a_fault(data: bytes, closed: bool, content: bytes, fault: str) -> None:
    ((answer,), _) = answers_in(b"HTTP/1.1 200 OK\r\nX: y\r\n" + data, closed=closed)
    assert answer.body.content == content
    assert fault in answer.body.fault
    assert bool(answer.body.fault) == bool(fault)


@pytest.mark.parametrize(
    "data", [b"", b"SSH-2.0-OpenSSH\r\n\r\n", b"<html>", b"HTTP/1.1 200 OK\r\nX", b"HTTP/x y\r\n\r\n"]
)
def test_what_is_no_answer_is_left_over(data: bytes) -> None:
    assert answers_in(data, closed=True) == ((), data)


def test_the_number_of_answers_is_bounded() -> None:
    answers, rest = answers_in(_OK * 1000, closed=True)
    assert len(answers) == 100
    assert rest
