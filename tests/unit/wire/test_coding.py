import contextlib
import gzip
import tracemalloc
import zlib

import brotli  # type: ignore[import-untyped]  # it ships no types
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.wire.coding import Undecodable, decode

TEXT = b'{"id": 1, "name": "an order"}' * 500


def _raw(data: bytes) -> bytes:
    engine = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return engine.compress(data) + engine.flush()


CODED = {
    "gzip": gzip.compress(TEXT),
    "x-gzip": gzip.compress(TEXT),
    "deflate": zlib.compress(TEXT),
    "br": brotli.compress(TEXT),
}


@pytest.mark.parametrize("coding", CODED)
def test_each_coding(coding: str) -> None:
    assert decode(CODED[coding], coding, len(TEXT)) == TEXT


def test_raw_deflate() -> None:
    assert decode(_raw(TEXT), "deflate", len(TEXT)) == TEXT


def test_gzip_of_several_members() -> None:
    assert decode(gzip.compress(b"one ") + gzip.compress(b"two") + b"\0\0", "gzip", 100) == b"one two"


@pytest.mark.parametrize("coding", ["", "identity", " identity , identity"])
def test_no_coding(coding: str) -> None:
    assert decode(TEXT, coding, 1) == TEXT


def test_stacked_codings_come_off_from_the_last() -> None:
    assert decode(brotli.compress(gzip.compress(TEXT)), "gzip, br", len(TEXT)) == TEXT
    assert decode(gzip.compress(zlib.compress(TEXT)), "deflate,identity, gzip", len(TEXT)) == TEXT


@pytest.mark.parametrize("coding", [*CODED, "zstd"])
def test_nothing_has_no_coding(coding: str) -> None:
    assert decode(b"", coding, 10) == b""


@pytest.mark.parametrize("coding", CODED)
def test_one_byte_beyond_the_limit(coding: str) -> None:
    with pytest.raises(Undecodable, match=f"expands beyond {len(TEXT) - 1} bytes"):
        decode(CODED[coding], coding, len(TEXT) - 1)


@pytest.mark.parametrize("coding", CODED)
@pytest.mark.parametrize("cut", [1, 5, 20])
def test_cut_short(coding: str, cut: int) -> None:
    with pytest.raises(Undecodable, match="cut short"):
        decode(CODED[coding][:-cut], coding, len(TEXT))


@pytest.mark.parametrize("coding", CODED)
def test_corrupt(coding: str) -> None:
    with pytest.raises(Undecodable, match=r"corrupt|cut short"):
        decode(b"\xff" * 50, coding, len(TEXT))


def test_bytes_after_the_end() -> None:
    with pytest.raises(Undecodable, match="corrupt"):
        decode(zlib.compress(TEXT) + b"more", "deflate", len(TEXT))
    with pytest.raises(Undecodable, match="corrupt"):
        decode(gzip.compress(TEXT) + b"more", "gzip", len(TEXT))
    with pytest.raises(Undecodable, match="corrupt"):
        decode(brotli.compress(TEXT) + b"more", "br", len(TEXT))


def test_unknown_coding() -> None:
    with pytest.raises(Undecodable, match="unknown coding zstd"):
        decode(TEXT, "zstd", 10)
    with pytest.raises(Undecodable, match="codings on top"):
        decode(TEXT, ",".join(["gzip"] * 50), 10)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br"])
def test_a_bomb_stays_small(coding: str) -> None:
    zeros = bytes(50_000_000)
    bomb = {"gzip": gzip.compress, "deflate": zlib.compress, "br": lambda data: brotli.compress(data, quality=3)}[
        coding
    ](zeros)
    del zeros
    tracemalloc.start()
    try:
        with pytest.raises(Undecodable, match="expands beyond 1000000 bytes"):
            decode(bomb, coding, 1_000_000)
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()


def test_a_bomb_of_tiny_members_stays_small() -> None:
    with pytest.raises(Undecodable, match="expands beyond"):
        decode(gzip.compress(bytes(1000)) * 200, "gzip", 100_000)


@given(data=st.binary(max_size=300), coding=st.sampled_from(sorted(CODED)))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_anything_decodes_or_says_why(data: bytes, coding: str) -> None:
    with contextlib.suppress(Undecodable):
        assert len(decode(data, coding, 5000)) <= 5000
