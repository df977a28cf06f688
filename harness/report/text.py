"""Formats and escapes that all reports share. Whatever comes from a response is hostile until it has passed here."""

import re
from datetime import UTC, datetime

# Controls, and the invisible or direction-changing characters that make one text look like another.
_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164"
    "\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff]"
)
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\x00": "\\0", "\x1b": "\\e"}
_BAD_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

NOTHING = "\N{EN DASH}"


def visible(text: str) -> str:
    """Return `text` with control, invisible and direction-changing characters as visible escapes."""
    return _HIDDEN.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    char = match[0]
    named = _NAMED.get(char)
    if named:
        return named
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{{{code:x}}}"


def short(text: str, limit: int) -> str:
    """Return `text` on one line, visible, at most `limit` characters: the middle gives way."""
    shown = visible(text[: 2 * limit] + text[-limit:] if len(text) > 3 * limit else text)
    if len(shown) <= limit and len(text) <= 3 * limit:
        return shown
    tail = limit // 4
    return f"{shown[: limit - tail - 1]}…{shown[-tail:] if tail else ''}"


def apart(old: str | None, new: str | None, limit: int) -> tuple[str | None, str | None]:
    """Return both values cut to `limit` characters each so that the place where they part is kept."""
    if old is None or new is None or max(len(old), len(new)) <= limit:
        return tuple(None if value is None else short(value, limit) for value in (old, new))  # type: ignore[return-value]
    same = next((index for index, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    start = max(0, same - limit // 2)
    lead = "…" if start else ""
    return lead + short(old[start:], limit - len(lead)), lead + short(new[start:], limit - len(lead))


def xml_text(text: str) -> str:
    """Return `text` fit for XML 1.0: illegal characters replaced by U+FFFD, markup escaped."""
    clean = _BAD_IN_XML.sub("\ufffd", text)
    return clean.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def xml_attribute(text: str) -> str:
    """Return `text` as an XML attribute's value, quotes included; line ends survive as references."""
    escaped = xml_text(text).replace('"', "&quot;")
    return '"' + escaped.replace("\n", "&#10;").replace("\r", "&#13;").replace("\t", "&#9;") + '"'


def instant(at: float) -> str:
    """Return Unix seconds as RFC 3339 in UTC, to the millisecond."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def when(at: float) -> str:
    """Return Unix seconds for people, in UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def milliseconds(value: float | None) -> str:
    """Return a duration in ms with as many digits as matter."""
    if value is None:
        return NOTHING
    if value >= 10_000:
        return f"{value / 1000:.1f} s"
    return f"{value:.0f} ms" if value >= 10 else f"{value:.1f} ms"


def duration(seconds: float) -> str:
    """Return a duration in seconds for people: `4.2 s`, `3 min 07 s`, `2 h 05 min`."""
    if seconds < 60:
        return f"{max(seconds, 0.0):.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def size(count: int) -> str:
    """Return a number of bytes for people."""
    if count < 10_000:
        return f"{count:,} B"
    return f"{count / 1000:,.0f} kB" if count < 10_000_000 else f"{count / 1_000_000:,.1f} MB"


def plural(count: int, word: str, many: str = "") -> str:
    """Return `1 case`, `2,000 cases`."""
    return f"{count:,} {word if count == 1 else many or word + 's'}"
