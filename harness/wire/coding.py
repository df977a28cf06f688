"""Content codings undone (RFC 9110 §8.4): gzip, x-gzip, deflate (zlib and raw), br; stacked ones from the last on."""

import zlib
from collections.abc import Callable

import brotli  # type: ignore[import-untyped]  # it ships no types

_STEP = 65_536
_MOST_CODINGS = 8


class Undecodable(Exception):  # noqa: N818  says what the body is
    """A coding could not be undone; the message is fit for `Body.fault`."""


def decode(data: bytes, coding: str, limit: int) -> bytes:
    """Return `data` with every coding of `coding` (a Content-Encoding value, lower case) undone.

    `limit` bounds each step's result in bytes. Raises Undecodable for an unknown coding, for corrupt or cut data
    and for data that expands beyond the limit. No data has no coding to undo (an answer to HEAD, a 304).
    """
    codings = [word for part in coding.split(",") if (word := part.strip()) and word != "identity"]
    if not data or not codings:
        return data
    if len(codings) > _MOST_CODINGS:
        raise Undecodable(f"{len(codings)} codings on top of each other")
    for word in reversed(codings):
        undo = _UNDO.get(word)
        if undo is None:
            raise Undecodable(f"unknown coding {word[:40]}")
        data = undo(data, limit)
    return data


def _gunzip(data: bytes, limit: int) -> bytes:
    pieces: list[bytes] = []
    room = limit
    while data:
        engine = zlib.decompressobj(16 + zlib.MAX_WBITS)
        piece = _inflate(engine, data, room, limit, "gzip")
        pieces.append(piece)
        room -= len(piece)
        data = engine.unused_data.lstrip(b"\0")
    return b"".join(pieces)


def _undeflate(data: bytes, limit: int) -> bytes:
    """Undo `deflate`: zlib's format by the book, a raw stream as some servers send it."""
    wbits = zlib.MAX_WBITS if _has_zlib_header(data) else -zlib.MAX_WBITS
    engine = zlib.decompressobj(wbits)
    content = _inflate(engine, data, limit, limit, "deflate")
    if engine.unused_data:
        raise Undecodable("corrupt deflate: bytes after its end")
    return content


def _has_zlib_header(data: bytes) -> bool:
    return len(data) >= 2 and data[0] & 0x0F == 8 and (data[0] << 8 | data[1]) % 31 == 0


def _inflate(engine: "zlib._Decompress", data: bytes, room: int, limit: int, name: str) -> bytes:
    try:
        content = engine.decompress(data, room + 1)
    except zlib.error as error:
        raise Undecodable(f"corrupt {name}: {error}") from None
    if len(content) > room:
        raise Undecodable(f"{name} expands beyond {limit} bytes")
    if not engine.eof:
        raise Undecodable(f"{name} is cut short")
    return content


def _unbrotli(data: bytes, limit: int) -> bytes:
    """Undo brotli in steps: the decoder hands out at most a step's worth beyond the limit."""
    engine = brotli.Decompressor()
    pieces: list[bytes] = []
    size = 0
    feed = data
    try:
        while True:
            piece = engine.process(feed, output_buffer_limit=_STEP)
            feed = b""
            pieces.append(piece)
            size += len(piece)
            if size > limit:
                raise Undecodable(f"br expands beyond {limit} bytes")
            if engine.is_finished() or (not piece and engine.can_accept_more_data()):
                break
    except brotli.error as error:
        raise Undecodable(f"corrupt br: {error}") from None
    if not engine.is_finished():
        raise Undecodable("br is cut short")
    return b"".join(pieces)


_UNDO: dict[str, Callable[[bytes, int], bytes]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _undeflate,
    "br": _unbrotli,
}
