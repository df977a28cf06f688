"""Who the old gateway lets in besides API keys: Lambda authorizers, IAM (SigV4) and mutual TLS.

The texts are those of facts 1.1 and 1.7. A Lambda authorizer answers 401 where its identity source is missing or where
it throws "Unauthorized", 403 where its policy denies. Real mutual TLS belongs to a whole custom domain, not to one
method, and refuses with 403 as it does here.
"""

from harness.lab import certificates, issuer, sigv4
from harness.lab.keys import Keys
from harness.lab.message import Call

Refusal = tuple[int, str, bytes]
"""Status, x-amzn-ErrorType and body."""

STOCK_USERS = {"warehouse": "lab-stock-password-51"}
FEED_TOKENS = frozenset({"lab-feed-token-0b9e"})

_UNAUTHORIZED: Refusal = (401, "UnauthorizedException", b'{"message":"Unauthorized"}')
_DENIED: Refusal = (
    403,
    "AccessDeniedException",
    b'{"Message":"User is not authorized to access this resource with an explicit deny"}',
)
_FORBIDDEN: Refusal = (403, "ForbiddenException", b'{"message":"Forbidden"}')
_NO_SIGNATURE: Refusal = (
    403,
    "MissingAuthenticationTokenException",
    b'{"message":"Missing Authentication Token"}',
)


def refused(call: Call, check: str, scope: str, keys: Keys | None) -> Refusal | None:
    """Return the refusal of a call to a method that is guarded by `check`, None if it may pass."""
    if check == "basic":
        pair = issuer.basic(call.text(b"authorization"))
        return None if pair and STOCK_USERS.get(pair[0]) == pair[1] else _UNAUTHORIZED
    if check == "feed":
        return None if _parameter(call, "token") in FEED_TOKENS else _UNAUTHORIZED
    if check == "sigv4":
        return _signature(sigv4.fault(call))
    if keys is None:
        return _DENIED
    if check == "certificate":
        return _FORBIDDEN if certificates.fault(call.certificate, keys.client_ca) else None
    found = issuer.fault(call.all(b"authorization"), scope, keys)
    if found == "scope":
        return _DENIED
    return _UNAUTHORIZED if found else None


def _parameter(call: Call, name: str) -> str:
    pieces = (piece.partition("=") for piece in call.query.decode("latin-1").split("&"))
    return next((value for key, _, value in pieces if key == name), "")


def _signature(fault: sigv4.Fault | None) -> Refusal | None:
    if fault is None:
        return None
    if fault == "missing":
        return _NO_SIGNATURE
    if fault == "unknown":
        text = "The security token included in the request is invalid."
        return 403, "UnrecognizedClientException", f'{{"message":"{text}"}}'.encode()
    if fault == "incomplete":
        text = "Authorization header requires 'Credential', 'Signature' and 'SignedHeaders' parameters."
        return 403, "IncompleteSignatureException", f'{{"message":"{text}"}}'.encode()
    text = "Signature expired" if fault == "clock" else _MISMATCH
    return 403, "InvalidSignatureException", f'{{"message":"{text}"}}'.encode()


_MISMATCH = (
    "The request signature we calculated does not match the signature you provided."
    " Check your AWS Secret Access Key and signing method."
)
