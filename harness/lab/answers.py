"""Small makers of replies, for the backend."""

import json
from typing import Any

from harness.lab.message import Pairs, Reply

JSON = b"application/json; charset=utf-8"


def dumps(value: Any) -> bytes:
    """Return compact JSON in UTF-8, keys in order."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def json_reply(value: Any, status: int = 200, headers: Pairs = ()) -> Reply:
    """Return a JSON answer."""
    return Reply(status=status, headers=((b"Content-Type", JSON), *headers), body=dumps(value))


def text_reply(body: bytes, media: bytes, headers: Pairs = ()) -> Reply:
    """Return a 200 with `body` as it is."""
    return Reply(status=200, headers=((b"Content-Type", media), *headers), body=body)


def problem(status: int, code: str, detail: str, headers: Pairs = ()) -> Reply:
    """Return an error of the backend's own (RFC 9457)."""
    body = {"type": f"https://orders.example/problems/{code}", "status": status, "code": code, "detail": detail}
    return Reply(status=status, headers=((b"Content-Type", b"application/problem+json"), *headers), body=dumps(body))
