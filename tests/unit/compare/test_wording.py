"""What the old side's texts have in common must be in the new text."""

import pytest

from harness.compare.wording import fits, spelt_alike


@pytest.mark.parametrize(
    ("olds", "new", "expected"),
    [
        (["order 1a accepted", "order 2b accepted"], "order 3c accepted", True),
        (["order 1a accepted", "order 2b accepted"], "order 3c rejected", False),
        (["order 1a accepted", "order 2b accepted"], "order 3c", False),
        (["order 1a accepted", "order 2b accepted"], "order 3c  accepted", False),
        (["order 1a accepted", "order 2b accepted"], "order - accepted", False),
        (["a 1 z", "a 2 3 z"], "a 4 5 6 z", True),
        (["a 1 z", "a 2 3 z"], "a 4 5 6 y", False),
        (["a 1 z", "a 2 3 z"], "z", False),
        (["a b", "a"], "a c", True),
        (["one", "two"], "three", True),
        (["one", "two"], "", False),
        (["at 2026-11-21T04:00:00.1Z", "at 2026-11-21T04:00:00.2Z"], "at 2026-11-21T04:00:01.3Z", True),
        (["at 2026-11-21T04:00:00Z, 7", "at 2026-11-21T04:00:00Z, 8"], "at 2026-11-21T05:00:00Z, 9", False),
        (["t=1795240876.1 x", "t=1795240876.25 x"], "t=1795240877.3 x", True),
        (["t=1795240876.1 x", "t=1795240876.25 x"], "t=17952408773 x", False),
        (["x 1", "x 1", "x 2"], "x 3", True),
    ],
)
def test_fits(olds: list[str], new: str, expected: bool) -> None:
    assert fits(new, olds) is expected


def test_long_texts_end_soon() -> None:
    assert not fits("a-" * 20_000 + "c", ["a-" * 20_000 + "b", "a-" * 19_999 + "b"])


@pytest.mark.parametrize(
    ("olds", "new", "expected"),
    [
        (["0aff", "0b11"], "0c22", True),
        (["0aff", "0b11"], "0C22", False),
        (["0aff", "0B11"], "0C22", True),
        (["0123", "0b11"], "0C22", True),
        (["2026-11-21T04:00:00.123Z"], "2026-11-21T04:00:01.12Z", True),
        (["2026-11-21T04:00:00.123Z"], "2026-11-21T04:00:01Z", False),
        (["2026-11-21T04:00:00Z"], "2026-11-21T04:00:01.1Z", False),
        (["2026-11-21T04:00:00.123Z"], "2026-11-21T04:00:01.123456Z", False),
        (["2026-11-21T04:00:00.123Z"], "2026-11-21T04:00:01.123+00:00", False),
        (["2026-11-21T04:00:00+01:00"], "2026-11-21T03:00:01+00:00", True),
        (["2026-11-21T04:00:00+01:00"], "2026-11-21T03:00:01+0000", False),
        (["2026-11-21T04:00:00Z"], "2026-11-21 04:00:01Z", False),
    ],
)
def test_spelt_alike(olds: list[str], new: str, expected: bool) -> None:
    assert spelt_alike(new, olds) is expected
