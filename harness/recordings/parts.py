"""Parts of a recorded request: method, target, host, client, status, duration. Nothing of a recording is trusted."""

import math
import re
import sys
from functools import lru_cache
from urllib.parse import urlsplit

from harness.recordings.recording import Unread

_METHOD = re.compile(r"[A-Z][A-Z-]{1,19}")
_TARGET = re.compile(r"/[!-~]*")
_ROUTE = re.compile(r"[A-Z]{2,20} (/.*)")
_HOST = re.compile(r"(\[[0-9a-f:.]{2,45}\]|[a-z0-9_-]+(?:\.[a-z0-9_-]+)*)\.?(?::[0-9]{1,5})?")
_CLIENT = re.compile(r"[!-~]{1,100}")
_LONGEST = 16_384
_LONGEST_HOST = 253


def method(text: object) -> str:
    """Return the method; raises Unread."""
    if not isinstance(text, str) or not _METHOD.fullmatch(text):
        raise Unread("no method of a request")
    return sys.intern(text)


def target(text: object) -> str:
    """Return path and query of a target, a whole URL, or a route ("GET /orders"); raises Unread."""
    if not isinstance(text, str) or len(text) > _LONGEST:
        raise Unread("no path of a request")
    return _target(text)


@lru_cache(maxsize=16_384)  # a log repeats its paths: one text for all of the same is what keeps a million in memory
def _target(text: str) -> str:
    if not text.startswith("/"):
        route = _ROUTE.fullmatch(text)
        text = route[1] if route else _of_url(text)
    text = text.partition("#")[0]
    if not _TARGET.fullmatch(text):
        raise Unread("a path with blanks or characters that no request line holds")
    return text


def _of_url(text: str) -> str:
    if not text.lower().startswith(("http://", "https://")):
        raise Unread("no path of a request")
    try:
        parts = urlsplit(text)
    except ValueError:
        raise Unread("a URL that cannot be read") from None
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def host(text: object) -> str:
    """Return the host of a Host header or a URL: in lower case, no port, no brackets; "" where none is told.

    What is no host says nothing of the request, which is read all the same.
    """
    return _host(text) if isinstance(text, str) and len(text) <= _LONGEST else ""


@lru_cache(maxsize=16_384)
def _host(text: str) -> str:
    text = text.lower()
    if text.startswith(("http://", "https://")):
        text = text.partition("://")[2].partition("/")[0].partition("?")[0].rpartition("@")[2]
    found = _HOST.fullmatch(text)
    return sys.intern(found[1].strip("[]")) if found and len(found[1]) <= _LONGEST_HOST else ""


def client(text: object) -> str:
    """Return what a client is known by, "" where it is not told or no short text."""
    return sys.intern(text) if isinstance(text, str) and text != "-" and _CLIENT.fullmatch(text) else ""


def status(value: object) -> int | None:
    """Return the status; None where none is told (also 0, which stands for no answer)."""
    number = number_of(value)
    return int(number) if number is not None and 100 <= number <= 999 else None


def milliseconds(value: object) -> float | None:
    """Return a duration in ms; None where none is told."""
    number = number_of(value)
    return number if number is not None and number >= 0 else None


def number_of(value: object) -> float | None:
    """Return a number that a log may write as a text; None for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str) and len(value) > 40:
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
