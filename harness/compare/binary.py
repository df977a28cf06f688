"""Two bodies as bytes: length, hash and the first byte that differs."""

import base64
import binascii
import hashlib

from harness.compare.collect import Collector
from harness.model.difference import Kind

_BLOCK = 65_536
_MANGLED = "the bytes went through a text decoder on the way: this media type must be treated as binary"
_REMEDY_BASE64 = "decode it on the way out (for an integration that answers in Base64: its binary setting)"


def compare(old: bytes, new: bytes, out: Collector) -> None:
    """Add one difference for two bodies that differ; the place counts bytes from 0."""
    first = first_difference(old, new)
    kind = Kind.MISSING if first == len(new) else Kind.ADDED if first == len(old) else Kind.VALUE
    note, remedy = _explained(old, new, first)
    out.add(f"body:byte {first}", kind, _shown(old, first), _shown(new, first), note=note, remedy=remedy)


def first_difference(old: bytes | str, new: bytes | str) -> int:
    """Return the offset of the first byte or character that differs; the shorter length if one starts the other."""
    shorter = min(len(old), len(new))
    for start in range(0, shorter, _BLOCK):
        end = min(start + _BLOCK, shorter)
        if old[start:end] != new[start:end]:
            return next(i for i in range(start, end) if old[i] != new[i])
    return shorter


def _shown(body: bytes, at: int) -> str:
    digest = hashlib.sha256(body).hexdigest()[:16]
    return f"{len(body):,} bytes, sha256 {digest}…, from byte {at}: {body[at : at + 8].hex(' ') or 'end'}"


def _explained(old: bytes, new: bytes, first: int) -> tuple[str, str]:
    """Return a note and a remedy for the ways in which gateways are known to spoil bytes."""
    if first == len(new):
        return f"cut: the new side ends after {len(new):,} of {len(old):,} bytes", ""
    if _is_base64(new, old):
        return "the new side's body is the old side's in Base64", _REMEDY_BASE64
    if _is_base64(old, new):
        return "the old side's body is the new side's in Base64", ""
    if new == old.decode(errors="replace").encode():
        return "bytes that are no UTF-8 were replaced by U+FFFD", _MANGLED
    if new == old.decode("latin-1").encode():
        return "each byte was taken for a Latin-1 character and encoded as UTF-8", _MANGLED
    return "", ""


def _is_base64(text: bytes, body: bytes) -> bool:
    # four characters stand for three bytes; line breaks may add a little
    if not len(body) <= len(text) <= 2 * len(body) + 8:
        return False
    try:
        return base64.b64decode(text) == body
    except (binascii.Error, ValueError):
        return False
