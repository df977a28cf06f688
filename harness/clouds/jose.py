"""A signed token (JWT, RFC 7519) taken apart, not verified: only its issuer and the gateways can do that."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

_LONGEST = 100_000


def taken_apart(token: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Return header and claims of a signed token, None for any other text."""
    parts = token.split(".")
    if len(parts) != 3 or len(token) > _LONGEST or not all(parts):
        return None
    header, claims = _read(parts[0]), _read(parts[1])
    return None if header is None or claims is None or "alg" not in header else (header, claims)


def written(part: dict[str, Any]) -> str:
    """Return a header or claims as a token's segment."""
    return encoded(json.dumps(part, separators=(",", ":")).encode())


def encoded(data: bytes) -> str:
    """Return Base64 for URLs without padding (RFC 7515 §2)."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _read(segment: str) -> dict[str, Any] | None:
    try:
        part = json.loads(urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))
    except (ValueError, RecursionError):
        return None
    return part if isinstance(part, dict) else None
