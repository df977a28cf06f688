"""Heads, bodies and quickly made values, without any network."""

from harness.model.exchange import Exchange
from harness.model.request import Request
from harness.model.response import Body, Certificate, Response, Timings
from harness.model.side import Side
from harness.wire.bodies import BodyReader
from harness.wire.heads import Head, HeadReader
from harness.wire.made import exchange, response, reused_timings


def test_quickly_made_values_are_what_the_constructors_make() -> None:
    shown = Certificate(subject="s", issuer="i", names=(), not_before="", not_after="")
    body, timings, headers = Body(content=b"x", size=1), Timings(total=3.0), (("A", "b"),)
    answer = response(("2", 201, "Created"), headers, body, timings, shown)
    assert answer == Response(
        status=201, reason="Created", version="2", headers=headers, body=body, timings=timings, certificate=shown
    )
    request = Request(side=Side.OLD, method="GET", url="http://x")
    assert exchange(request, answer, 1.5) == Exchange(request=request, answer=answer, sent_at=1.5)
    assert reused_timings(1.0, 2.0) == Timings(first_byte=1.0, total=2.0)
    # a field that a class gained but these do not set would raise here
    assert repr(exchange(request, answer, 1.5))
    assert repr(reused_timings(1.0, 2.0))


def test_a_plain_block() -> None:
    lines = [b"HTTP/1.1 200 OK\r\n", b"A: b\r\n", b"a:c \r\n", b"\r\n"]
    reader = HeadReader()
    assert reader.plain(lines) == (("1.1", 200, "OK"), (("A", "b"), ("a", "c")))
    assert reader.plain(lines) == (("1.1", 200, "OK"), (("A", "b"), ("a", "c")))


def test_what_is_not_plain_is_read_with_care() -> None:
    reader = HeadReader()
    for lines in (
        [],
        [b"HTTP/1.1 200 OK\r\n"],
        [b"HTTP/1.1 100 Continue\r\n", b"\r\n"],
        [b"HTTP/1.1 200 OK\r\n", b"\r\n", b"X: y\r\n"],
        [b"HTTP/1.1 200 OK\n", b"\n"],
    ):
        assert reader.plain(lines) is None


def test_blocks_of_every_kind() -> None:
    lines = [
        *(b"HTTP/1.1 103 Early Hints\r\n", b"Link: x\r\n", b"\r\n"),
        *(b"HTTP/1.1 404 Not Found\r\n", b"A: b\r\n", b"\r\n"),
        *(b"T: u\r\n", b"\r\n"),
    ]
    assert HeadReader().read(lines) == Head(
        status=404,
        reason="Not Found",
        headers=(("A", "b"),),
        trailers=(("T", "u"),),
        interim=(103,),
        complete=True,
    )


def test_a_block_cut_short_is_not_complete() -> None:
    head = HeadReader().read([b"HTTP/1.1 200 OK\r\n", b"A: b\r\n"])
    assert (head.status, head.headers, head.complete) == (200, (("A", "b"),), False)
    assert HeadReader().read([]) == Head()


def test_remembered_lines_are_bounded_and_codings_stay_known() -> None:
    reader = HeadReader()
    coded = [b"HTTP/1.1 200 OK\r\n", b"content-ENCODING: GZip\r\n", b"\r\n"]
    for number in range(20_000):
        reader.plain([b"HTTP/1.1 %d OK\r\n" % (200 + number), b"X: %d\r\n" % number, b"\r\n"])
        if number % 1000 == 0:
            plain = reader.plain(coded)
            assert plain is not None
            assert reader.coding(plain[1]) == "gzip"
    assert reader.remembered < 10_000


def test_a_coding_is_not_forgotten_within_its_answer() -> None:
    reader = HeadReader()
    for number in range(9000):
        coded = b"Content-Encoding: x%d\r\n" % number
        plain = reader.plain([b"HTTP/1.1 200 OK\r\n", coded, b"X: %d\r\n" % number, b"\r\n"])
        assert plain is not None
        assert reader.coding(plain[1]) == f"x{number}"
    assert len(reader.codings) < 1000


def test_long_lines_are_not_remembered() -> None:
    reader = HeadReader()
    long = b"X: " + b"y" * 100_000 + b"\r\n"
    plain = reader.plain([b"HTTP/1.1 200 " + b"z" * 1000 + b"\r\n", long, b"\r\n"])
    assert plain is not None
    assert len(plain[1][0][1]) == 100_000
    assert reader.remembered == 0


def test_several_codings_are_one_list() -> None:
    reader = HeadReader()
    plain = reader.plain([b"HTTP/2 200\r\n", b"Content-Encoding: br\r\n", b"Content-Encoding: gzip\r\n", b"\r\n"])
    assert plain is not None
    assert reader.coding(plain[1]) == "br, gzip"
    assert reader.coding((("Content-Type", "x"),)) == ""


def test_equal_small_bodies_are_one() -> None:
    reader = BodyReader(100)
    assert reader.plain(b"{}") is reader.plain(b"{}")
    assert reader.plain(b"") == Body()
    assert reader.plain(b"x" * 5000).size == 5000
    for number in range(5000):
        assert reader.plain(b"%d" % number).content == b"%d" % number
