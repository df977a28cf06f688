"""The lines of a journal: one JSON object each, with its ordinal, its type and the hash of the line before.

    {"n": 12, "t": "round", …the event's fields…, "prev": "<SHA-256 of line 11 without its newline>"}

A sealing line ends a session: `lines` counts all lines up to it, `check` is the SHA-256 of the line before `check`
itself, so that a seal vouches for its own bytes.
"""

from hashlib import sha256

import msgspec

from harness.model.event import (
    Anew,
    Asked,
    Checked,
    Ended,
    Event,
    Intent,
    Judged,
    Loaded,
    Loading,
    Note,
    Planned,
    Round,
    Sighted,
    Started,
    Surveyed,
    Watching,
)

FILE = "journal.jsonl"
FIRST = "0" * 64
LONGEST = 64 * 1024 * 1024  # bytes in one line; a plan of 100,000 cases takes a third of it
SEALED = "sealed"

NAMES: dict[type, str] = {
    Started: "started",
    Planned: "planned",
    Intent: "intent",
    Round: "round",
    Checked: "checked",
    Loading: "loading",
    Loaded: "loaded",
    Surveyed: "surveyed",
    Anew: "anew",
    Watching: "watching",
    Sighted: "sighted",
    Note: "note",
    Judged: "judged",
    Asked: "asked",
    Ended: "ended",
}

_HEADS = {kind: f',"t":"{name}",'.encode() for kind, name in NAMES.items()}
_ENCODER = msgspec.json.Encoder()


def line_of(event: Event, n: int, prev: str) -> bytes:
    """Return the line of an event, newline included; UnicodeEncodeError if a text holds a lone surrogate."""
    body = _ENCODER.encode(event)
    return b'{"n":%d%b%b,"prev":"%b"}\n' % (n, _HEADS[type(event)], body[1:-1], prev.encode())


def seal_of(n: int, prev: str) -> bytes:
    """Return a sealing line, newline included."""
    head = f'{{"n":{n},"t":"{SEALED}","lines":{n + 1},"prev":"{prev}"'.encode()
    return b'%b,"check":"%b"}\n' % (head, sha256(head).hexdigest().encode())


def digest(line: bytes) -> str:
    """Return the hash that the next line carries; `line` with or without its newline."""
    return sha256(line.removesuffix(b"\n")).hexdigest()
