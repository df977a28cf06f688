"""JSON that is safe wherever it is put: in a file, or inside a `<script>` element of an HTML page."""

from typing import Any

import msgspec

# Inside a script element only these could end it, start a comment in it, or (U+2028/9) a line of JavaScript.
_UNSAFE = (
    (b"<", b"\\u003c"),
    (b">", b"\\u003e"),
    (b"&", b"\\u0026"),
    ("\u2028".encode(), b"\\u2028"),
    ("\u2029".encode(), b"\\u2029"),
)


def encode(value: Any) -> bytes:
    """Encode as JSON; a lone surrogate (no UTF-8 holds it) becomes "?" instead of an error."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return msgspec.json.encode(_clean(value))


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_clean(key): _clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    return value


def script_safe(encoded: bytes) -> bytes:
    """Return JSON that stays JSON, and that no HTML parser takes for anything but text."""
    for raw, escaped in _UNSAFE:
        encoded = encoded.replace(raw, escaped)
    return encoded


def encoded_size(text: str) -> int:
    """Return how many bytes `text` takes as a JSON string in a page."""
    return len(script_safe(encode(text)))
