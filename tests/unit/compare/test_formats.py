"""Formats of scalar values."""

from decimal import Decimal
from typing import Any

import pytest

from harness.compare.formats import NAMES, format_of, is_format, same_format
from harness.scenario.comparing import FORMATS


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("8f14e45f-ceea-467f-ab5e-6c7d8e9f0a1b", "uuid"),
        ("2026-11-21T04:24:00Z", "date-time"),
        ("2026-11-21t04:24:00.123456+01:00", "date-time"),
        ("2026-02-30T00:00:00Z", "text"),
        ("2026-11-21T04:24:00", "text"),
        ("Sat, 21 Nov 2026 04:24:00 GMT", "http-date"),
        ("2026-11-21", "date"),
        ("2026-13-21", "text"),
        ("1795235040", "epoch-s"),
        ("1795235040123", "epoch-ms"),
        ("42", "integer"),
        ("-1.50", "number"),
        ("1e5", "number"),
        ("d41d8cd98f00b204e9800998ecf8427e", "hex-32"),
        ("deadbeef", "hex-8"),
        ("DEADbeef", "text"),
        ("SGVsbG8gV29ybGQhIDEy", "base64"),
        ("customerNameTooLong", "text"),
        ("10.0.0.1", "ipv4"),
        ("2001:db8::1", "ipv6"),
        ("::ffff:10.0.0.1", "ipv6"),
        ("12:34:56", "time"),
        ("1::2::3", "text"),
        ("a@b.example", "email"),
        ("https://a.example/b", "uri"),
        ("eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.", "jwt"),
        ("hello world", "text"),
        ("", "empty"),
        ("x" * 100_000, "text"),
    ],
)
def test_format_of(text: str, expected: str) -> None:
    assert format_of(text) == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("deadbeef", "12345678", True),
        ("deadbeef", "deadbeef00", False),
        ("1.5", "2", True),
        ("8f14e45f-ceea-467f-ab5e-6c7d8e9f0a1b", "none", False),
        ("2026-11-21T04:24:00Z", "Sat, 21 Nov 2026 04:24:00 GMT", False),
        ("1795235040", "1795235040123", False),
        ("1795235040", "5795235040", True),
        ("999999999", "1000000000", True),
        ("1795235040", "7", False),
        ("1795235040", "0.5", True),
        ("SGVsbG8gV29ybGQhIDEy", "QUJDREVGR0hJSktMTU5P", True),
        ("SGVsbG8gV29ybGQhIDEy", "internal server error", False),
        ("a b", "c d", True),
        ("", "", True),
        ("", "a", False),
    ],
)
def test_same_format(old: str, new: str, expected: bool) -> None:
    assert same_format(old, new) is expected
    assert same_format(new, old) is expected


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("uuid", "8f14e45f-ceea-467f-ab5e-6c7d8e9f0a1b", True),
        ("uuid", None, False),
        ("date-time", "2026-11-21T04:24:00Z", True),
        ("date-time", 1795235040, False),
        ("epoch", 1795235040, True),
        ("epoch-s", "1795235040", True),
        ("epoch-ms", 1795235040, False),
        ("epoch-s", True, False),
        ("number", Decimal("1.5"), True),
        ("number", "1.5", False),
        ("number", True, False),
        ("integer", 3, True),
        ("integer", Decimal("1.5"), False),
        ("integer", Decimal("1e999999999"), True),
        ("string", "x", True),
        ("string", 1, False),
        ("boolean", False, True),
        ("hex", "0aF", True),
        ("base64", "QQ==", True),
        ("base64", "a b", False),
        ("email", "a@b.example", True),
        ("uri", "urn:x", True),
        ("ipv6", "fe80::1", True),
        ("ipv6", "10.0.0.1", False),
        ("ipv6", "fe80", False),
        ("no-such", "x", False),
        ("date-time", [], False),
    ],
)
def test_is_format(name: str, value: Any, expected: bool) -> None:
    assert is_format(name, value) is expected


def test_rules_can_ask_for_just_these() -> None:
    assert sorted(FORMATS) == sorted(NAMES)
