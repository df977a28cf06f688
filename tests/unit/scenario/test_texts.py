"""Units and marks: small texts."""

from decimal import Decimal

import pytest

from harness.scenario import marks, units
from harness.scenario.context import Wrong
from harness.scenario.types import Step


@pytest.mark.parametrize(
    ("text", "seconds"), [("500ms", 0.5), ("35s", 35), ("2m", 120), ("1.5h", 5400), ("0.5 s", 0.5)]
)
def test_duration(text: str, seconds: float) -> None:
    assert units.duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "size"), [("10MB", 10**7), ("1MiB", 2**20), ("1.5kB", 1500), ("500", 500), ("2 GiB", 2**31)]
)
def test_size(text: str, size: int) -> None:
    assert units.size(text) == size


@pytest.mark.parametrize(("text", "rate"), [("20", 20), ("20/s", 20), ("300/m", 5), ("0.5", 0.5), ("3600 / h", 1)])
def test_rate(text: str, rate: float) -> None:
    assert units.rate(text) == rate


@pytest.mark.parametrize("text", ["", "s", "-1s", "1e3s", "1d", "0s", "1s 2s", "\u0661s", "9" * 50 + "s", "inf", "nan"])
def test_no_duration(text: str) -> None:
    with pytest.raises(Wrong):
        units.duration(text)


@pytest.mark.parametrize("text", ["", "-1", "1e10000000", "nan", "inf", "5%", "1_0", "." + "1" * 99])
def test_no_amount(text: str) -> None:
    with pytest.raises(Wrong):
        units.amount(text)


def test_amount_is_exact() -> None:
    assert str(units.amount("0.10")) == "0.10"
    assert units.amount("1e-3") == Decimal("0.001")


def test_marks() -> None:
    assert marks.names("/a/${id}/$${no}/${x-1}") == ("id", "x-1")
    assert marks.fill("/a/${id}/$${no}", {"id": "7"}) == "/a/7/${no}"
    assert marks.fill("plain", {}) == "plain"
    with pytest.raises(marks.MissingCapture) as caught:
        marks.fill("${id}", {})
    assert caught.value.name == "id"


@pytest.mark.parametrize(
    ("body", "kind", "filled"),
    [
        (b'{"a":"${v}"}', "json", b'{"a":"x\\"&\\n"}'),
        (b"a=${v}", "form", b"a=x%22%26%0A"),
        (b"${v}$${v}", "", b'x"&\n${v}'),
    ],
)
def test_bodies_are_filled_in_their_own_way(body: bytes, kind: str, filled: bytes) -> None:
    step = Step(method="POST", target="/", body=body, body_has_marks=True, body_kind=kind)  # type: ignore[arg-type]
    assert marks.fill_body(step, {"v": 'x"&\n'}) == filled


def test_bodies_without_marks_stay() -> None:
    assert marks.fill_body(Step(method="POST", target="/", body=b"\xff${v}"), {"v": "x"}) == b"\xff${v}"
