"""Raw bytes → as many HTTP/1.x answers as are in them; tolerant, since they come from what is being provoked."""

import re

from harness.model.request import Headers
from harness.model.response import Body, Response
from harness.wire.bodies import BodyReader
from harness.wire.heads import Head, HeadReader

_HEAD_END = re.compile(rb"\r?\n\r?\n")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})[^\r\n]{0,1024}\r?\n")
_CUT = "the body is cut short"
_MOST_ANSWERS = 100
_SWITCHED = 101  # the one interim answer after which no other comes


def answers_in(data: bytes, *, closed: bool, bodiless: bool = False) -> tuple[tuple[Response, ...], bytes]:
    """Return the answers in `data`, and the bytes behind them that are none.

    `closed` tells that nothing more can come, which ends a body without a length. `bodiless` tells that the first
    answer is one to HEAD. A body that has not all come carries a fault.
    """
    heads, bodies = HeadReader(), BodyReader(max(1, len(data)) * 20)
    found: list[Response] = []
    interim: list[int] = []
    while data.startswith(b"HTTP/") and len(found) < _MOST_ANSWERS:
        end = _HEAD_END.search(data)
        head = heads.read(data[: end.end()].splitlines(keepends=True)) if end else Head()
        if end is None or (head.status is None and not head.interim):
            break
        data = data[end.end() :]
        if head.status is None and head.interim != (_SWITCHED,):
            interim += head.interim
            continue
        none = head.status in (None, 204, 304) or (bodiless and not found)
        content, trailers, data, fault = (b"", (), data, "") if none else _body(head.headers, data, closed=closed)
        coding = heads.coding(head.headers)
        body = bodies.coded(content, coding) if coding and not fault else bodies.plain(content)
        found.append(_response(head, _faulty(body, fault), trailers, interim))
        interim = []
    return tuple(found), data


def _response(head: Head, body: Body, trailers: Headers, interim: list[int]) -> Response:
    return Response(
        status=head.status or _SWITCHED,
        reason=head.reason,
        version=head.version,
        headers=head.headers,
        body=body,
        trailers=trailers,
        interim=tuple(interim),
    )


def _faulty(body: Body, fault: str) -> Body:
    if not fault:
        return body
    return Body(content=body.content, size=body.size, sha256=body.sha256, coding=body.coding, fault=fault)


def _body(headers: Headers, data: bytes, *, closed: bool) -> tuple[bytes, Headers, bytes, str]:
    """Return the body, its trailers, what is behind it and what is wrong with it."""
    if any("chunked" in value.lower() for name, value in headers if name.lower() == "transfer-encoding"):
        return _chunked(data)
    lengths = {value.strip() for name, value in headers if name.lower() == "content-length"}
    if not lengths:
        return data, (), b"", "" if closed else _CUT
    length = lengths.pop()
    if lengths or not re.fullmatch(r"[0-9]{1,18}", length):
        return data, (), b"", "the Content-Length makes no sense"
    wanted = int(length)
    return data[:wanted], (), data[wanted:], "" if len(data) >= wanted else _CUT


def _chunked(data: bytes) -> tuple[bytes, Headers, bytes, str]:
    pieces: list[bytes] = []
    at = 0
    while found := _CHUNK.match(data, at):
        size = int(found[1], 16)
        at = found.end()
        if not size:
            return _trailers(b"".join(pieces), data[at:])
        pieces.append(data[at : at + size])
        at += size
        end = re.compile(rb"\r?\n").match(data, at)
        if end is None:
            return b"".join(pieces), (), b"", _CUT if at >= len(data) else "a chunk does not end where it should"
        at = end.end()
    return b"".join(pieces), (), b"", _CUT if at >= len(data) else "a chunk's length makes no sense"


def _trailers(content: bytes, data: bytes) -> tuple[bytes, Headers, bytes, str]:
    lines: list[bytes] = []
    while True:
        line, end, data = data.partition(b"\n")
        if not end:
            return content, (), b"", _CUT
        if line in (b"", b"\r"):
            break
        lines.append(line)
    pairs = (line.decode("latin-1").partition(":") for line in lines)
    return content, tuple((name, value.strip(" \t\r")) for name, _, value in pairs), data, ""
