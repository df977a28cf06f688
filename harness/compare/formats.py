"""Formats of scalar values: which one a text has, and whether two texts share one."""

import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from functools import partial
from socket import AF_INET6, inet_pton
from typing import Any

_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_DATE_TIME = re.compile(
    r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])[Tt ](?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d{1,12})?"
    r"(?:[Zz]|[+-](?:[01]\d|2[0-3]):?[0-5]\d)"
)
_DATE = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])")
_TIME = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,12})?)?(?:[Zz]|[+-]\d{2}:?\d{2})?")
_HTTP_DATE = re.compile(r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2}[ -][A-Z][a-z]{2}[ -]\d{4} \d{2}:\d{2}:\d{2} GMT")
_INTEGER = re.compile(r"-?(?:0|[1-9]\d{0,4000})")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,4000})(?:\.\d{1,4000})?(?:[eE][+-]?\d{1,18})?")
_EPOCH_S = re.compile(r"[1-3]\d{9}(?:\.\d{1,9})?")
_EPOCH_MS = re.compile(r"[1-3]\d{12}")
_HEX = re.compile(r"(?:[0-9a-f]{8,}|[0-9A-F]{8,})")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{14,}={0,2}")
_JWT = re.compile(r"ey[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s]+")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_IPV4 = re.compile(r"(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}")
_IPV6 = re.compile(r"[0-9A-Fa-f:]{2,39}|[0-9A-Fa-f:]{2,30}:\d{1,3}(?:\.\d{1,3}){3}")
_LONGEST = 8_192

_SHAPES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("uuid", _UUID),
    ("date-time", _DATE_TIME),
    ("http-date", _HTTP_DATE),
    ("date", _DATE),
    ("epoch-s", _EPOCH_S),
    ("epoch-ms", _EPOCH_MS),
    ("integer", _INTEGER),
    ("number", _NUMBER),
    ("ipv4", _IPV4),
    ("time", _TIME),
    ("ipv6", _IPV6),
    ("jwt", _JWT),
    ("email", _EMAIL),
    ("uri", _URI),
)
_BY_NAME = dict(_SHAPES)
# What a rule can ask for; the scenario's list is the same.
NAMES = frozenset({*_BY_NAME, "string", "boolean", "epoch", "hex", "base64"})


def format_of(text: str) -> str:
    """Return the name of the most telling format of a text; `hex-32` names its length, `text` stands for any other."""
    if len(text) > _LONGEST:
        return "text"
    for name, shape in _SHAPES:
        if shape.fullmatch(text) and _plausible(name, text):
            return name
    if _HEX.fullmatch(text):
        return f"hex-{len(text)}"
    if _BASE64.fullmatch(text) and _mixed(text):
        return "base64"
    return "text" if text else "empty"


def same_format(old: str, new: str) -> bool:
    """Tell whether two texts share a format.

    A format is taken from the side that shows it clearly: hexadecimal digits may happen to be all decimal, base64
    may happen to hold no digit, an amount may happen to be whole, an integer may happen to look like a time.
    """
    if "" in (old, new):
        return old == new
    mine, theirs = format_of(old), format_of(new)
    if mine == theirs:
        return True
    return any(_also(name, other) for name, other in ((mine, new), (theirs, old)))


def _also(name: str, text: str) -> bool:
    if name.startswith("hex-"):
        return len(text) == int(name[4:]) and _HEX.fullmatch(text) is not None
    if name == "base64":
        return _BASE64.fullmatch(text) is not None and format_of(text) in ("text", "base64")
    if name in ("epoch-s", "epoch-ms"):
        # a random number may look like a time; seconds and milliseconds are three digits apart
        return format_of(text) == "integer" and abs(len(text) - (10 if name == "epoch-s" else 13)) <= 1
    return name == "number" and format_of(text) in ("integer", "epoch-s", "epoch-ms")


def _plausible(name: str, text: str) -> bool:
    if name == "date-time":
        return _parses(datetime.fromisoformat, text.upper().replace(":60", ":59"))
    if name == "date":
        return _parses(datetime.fromisoformat, text)
    if name == "http-date":
        return _parses(parsedate_to_datetime, text)
    if name == "ipv6":
        return ":" in text and _parses(partial(inet_pton, AF_INET6), text)
    return True


def _parses(reader: Callable[[str], Any], text: str) -> bool:
    try:
        reader(text)
    except (ValueError, OSError):
        return False
    return True


def _mixed(text: str) -> bool:
    """Tell base64 from a long word: letters of both cases and a digit, or padding."""
    kinds = (str.islower, str.isupper, str.isdigit)
    return text.endswith("=") or all(any(test(char) for char in text) for test in kinds)


def is_format(name: str, value: Any) -> bool:
    """Tell whether a parsed JSON value has the format that a rule names; an unknown name is met by nothing.

    Names: string, number, integer, boolean, uuid, date-time (RFC 3339), http-date, date, time, epoch, epoch-s,
    epoch-ms (numbers, or strings of digits), hex, base64, jwt, uri, email, ipv4, ipv6.
    """
    if name == "boolean":
        return isinstance(value, bool)
    if isinstance(value, bool) or value is None:
        return False
    if name == "string":
        return isinstance(value, str)
    if name in ("number", "integer"):
        return not isinstance(value, str) and _is_numeric(name, value)
    return _has(name, value if isinstance(value, str) else _digits(value))


def _is_numeric(name: str, value: Any) -> bool:
    if isinstance(value, int):
        return True
    if not isinstance(value, Decimal):
        return False
    exponent = value.as_tuple().exponent
    return name == "number" or (isinstance(exponent, int) and exponent >= 0)


def _digits(value: Any) -> str:
    return str(value) if isinstance(value, int | Decimal) else ""


def _has(name: str, text: str) -> bool:
    if len(text) > _LONGEST:
        return False
    if name == "epoch":
        return _has("epoch-s", text) or _has("epoch-ms", text)
    if name == "hex":
        return re.fullmatch(r"[0-9a-fA-F]+", text) is not None
    if name == "base64":
        return re.fullmatch(r"[A-Za-z0-9+/_-]+={0,2}", text) is not None
    shape = _BY_NAME.get(name)
    return shape is not None and shape.fullmatch(text) is not None and _plausible(name, text)
