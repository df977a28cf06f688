"""Signed tokens for the lab (JWT with HS256, RFC 7519): made for its callers, checked by its gateways."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any, Literal

Fault = Literal["malformed", "signature", "issuer", "expired"]


def make(claims: dict[str, Any], secret: bytes) -> str:
    """Return a signed token."""
    head = _part(json.dumps({"alg": "HS256", "typ": "JWT"}, separators=(",", ":")).encode())
    body = _part(json.dumps(claims, separators=(",", ":")).encode())
    return f"{head}.{body}.{_signature(f'{head}.{body}', secret)}"


def fault(token: str, secret: bytes, issuer: str, *, now: float | None = None) -> Fault | None:
    """Return what is wrong with a token, None if nothing is."""
    signed, _, signature = token.rpartition(".")
    claims = _claims(signed.partition(".")[2])
    if claims is None:
        return "malformed"
    if not hmac.compare_digest(signature.encode(), _signature(signed, secret).encode()):
        return "signature"
    if claims.get("iss") != issuer:
        return "issuer"
    expires = claims.get("exp")
    if not isinstance(expires, int) or expires <= (time.time() if now is None else now):
        return "expired"
    return None


def bearer(authorization: str) -> str:
    """Return the token of an Authorization header, with or without its scheme."""
    scheme, _, token = authorization.strip().rpartition(" ")
    return token if scheme.lower() in {"", "bearer"} else ""


def _claims(text: str) -> dict[str, Any] | None:
    try:
        claims = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, RecursionError):
        return None
    return claims if isinstance(claims, dict) else None


def _signature(signed: str, secret: bytes) -> str:
    return _part(hmac.new(secret, signed.encode(), hashlib.sha256).digest())


def _part(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
