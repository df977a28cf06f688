"""The lab's own token issuer (ES256, RFC 7515 and 7519), and the check that both gateways make of its tokens."""

import base64
import binascii
import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256

from harness.lab.answers import json_reply
from harness.lab.keys import AUDIENCE, ISSUER_ID, KEY_ID, Keys
from harness.lab.message import Call, Handler, Reply

CLIENTS = {"service": "lab-service-secret-2b8c"}
"""Clients of the token endpoint and their secrets."""

_LEEWAY = 0
_LIFETIME = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRules:
    """What is looked at; everything, unless somebody left something out.

    Without `key_id`, a signature by a key that the issuer does not list is not checked.
    """

    expiry: bool = True
    start: bool = True
    audience: bool = True
    issuer: bool = True
    scope: bool = True
    signature: bool = True
    key_id: bool = True
    unsigned: bool = False
    stripped: bool = False
    confused: bool = False
    empty: bool = False
    several: bool = False


def fault(authorizations: list[str], scope: str, keys: Keys, rules: TokenRules = TokenRules()) -> str | None:
    """Return what is wrong with a request's Authorization headers for an operation that needs `scope`.

    None lets the call through. "missing" is no token at all, "scope" a good one that is not for this.
    """
    if not authorizations:
        return "missing"
    if len(authorizations) > 1 and not rules.several:
        return "several"
    if len(authorizations) > 1:
        # whoever looks at one header only takes any that is good
        found = [fault([one], scope, keys, rules) for one in authorizations]
        return None if None in found else found[0]
    scheme, _, token = authorizations[0].strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        return None if rules.empty and scheme.lower() == "bearer" else "malformed"
    return _token_fault(token.strip(), scope, keys, rules)


def _token_fault(token: str, scope: str, keys: Keys, rules: TokenRules) -> str | None:
    parts = token.split(".")
    if len(parts) != 3:
        return "malformed"
    head, claims = _document(parts[0]), _document(parts[1])
    if head is None or claims is None:
        return "malformed"
    if not _is_signed(head, parts, keys, rules):
        return "signature"
    return _claims_fault(claims, scope, rules)


def _is_signed(head: dict[str, Any], parts: list[str], keys: Keys, rules: TokenRules) -> bool:
    algorithm = head.get("alg")
    if algorithm == "none":
        return rules.unsigned
    if not parts[2]:
        return rules.stripped or not rules.signature
    signed, signature = f"{parts[0]}.{parts[1]}".encode(), _bytes(parts[2])
    if algorithm == "HS256":
        return rules.confused and _is_mac(signed, signature, keys.issuer_public)
    if head.get("kid") != KEY_ID and rules.signature:
        return not rules.key_id
    if not rules.signature:
        return True
    return algorithm == "ES256" and _verifies(signed, signature, keys)


def _is_mac(signed: bytes, signature: bytes, secret: bytes) -> bool:
    """Tell whether a public key was used as a shared secret, with or without the line's end."""
    macs = (hmac.new(key, signed, hashlib.sha256).digest() for key in (secret, secret.strip()))
    return any(hmac.compare_digest(mac, signature) for mac in macs)


def _verifies(signed: bytes, signature: bytes, keys: Keys) -> bool:
    if len(signature) != 64:
        return False
    pair = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    try:
        keys.issuer.public_key().verify(utils.encode_dss_signature(*pair), signed, ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def _claims_fault(claims: dict[str, Any], scope: str, rules: TokenRules) -> str | None:
    now = time.time()
    audiences = claims.get("aud")
    checks = (
        ("expired", rules.expiry and _number(claims.get("exp"), 0) <= now - _LEEWAY),
        ("not yet valid", rules.start and _number(claims.get("nbf"), 0) > now + _LEEWAY),
        ("issuer", rules.issuer and claims.get("iss") != ISSUER_ID),
        ("audience", rules.audience and AUDIENCE not in (audiences if isinstance(audiences, list) else [audiences])),
        ("scope", rules.scope and bool(scope) and scope not in str(claims.get("scope", "")).split()),
    )
    return next((name for name, wrong in checks if wrong), None)


def _number(value: object, default: float) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else default


def _document(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(_bytes(text))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _bytes(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (ValueError, binascii.Error):
        return b""


def mint(claims: dict[str, Any], keys: Keys) -> str:
    """Return a token that the lab's gateways accept, `claims` in place of the usual ones."""
    now = int(time.time())
    usual = {"iss": ISSUER_ID, "aud": AUDIENCE, "iat": now, "nbf": now, "exp": now + _LIFETIME}
    head = _part({"alg": "ES256", "typ": "JWT", "kid": KEY_ID})
    signed = f"{head}.{_part({**usual, **claims})}"
    r, s = utils.decode_dss_signature(keys.issuer.sign(signed.encode(), ec.ECDSA(SHA256())))
    return f"{signed}.{_text(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def _part(value: dict[str, Any]) -> str:
    return _text(json.dumps(value, separators=(",", ":")).encode())


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def issuing(inner: Handler, keys: Keys) -> Handler:
    """Return a handler that is also the issuer: its key set, and a token endpoint (RFC 6749 §4.4)."""

    async def handle(call: Call) -> Reply:
        if call.path == b"/.well-known/jwks.json" and call.method == "GET":
            return json_reply(keys.jwks())
        if call.path == b"/oauth2/token" and call.method == "POST":
            return _token(call, keys)
        return await inner(call)

    return handle


def _token(call: Call, keys: Keys) -> Reply:
    form = {name: values[0] for name, values in parse_qs(call.body.decode("latin-1")).items()}
    client, secret = _client(call, form)
    if not client or not hmac.compare_digest(CLIENTS.get(client, ""), secret):
        return json_reply({"error": "invalid_client"}, 401, ((b"WWW-Authenticate", b'Basic realm="lab"'),))
    if form.get("grant_type") != "client_credentials":
        return json_reply({"error": "unsupported_grant_type"}, 400)
    token = mint({"sub": client, "scope": form.get("scope", "")}, keys)
    return json_reply({"access_token": token, "token_type": "Bearer", "expires_in": _LIFETIME})


def _client(call: Call, form: dict[str, str]) -> tuple[str, str]:
    pair = basic(call.text(b"authorization"))
    return pair or (form.get("client_id", ""), form.get("client_secret", ""))


def basic(authorization: str) -> tuple[str, str] | None:
    """Return user and password of an Authorization header (RFC 7617), None if it is no such thing."""
    scheme, _, text = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(text.strip(), validate=True).decode().partition(":")
    except (ValueError, binascii.Error):
        return None
    return (user, password) if colon else None
