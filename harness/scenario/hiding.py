"""What becomes a secret: the values that callers are recognised by, and what tells them."""

import base64
import binascii
from urllib.parse import quote_plus

from harness.scenario import pem
from harness.scenario.context import Context
from harness.scenario.credential import (
    BasicCredential,
    BearerCredential,
    CertificateCredential,
    CognitoCredential,
    Credential,
    HeaderCredential,
    JwtCredential,
    OAuth2Credential,
    QueryCredential,
    SigV4Credential,
)

SHORTEST_PART = 4


def hide_header(name: str, value: str, label: str, ctx: Context) -> None:
    """Make a header's value a secret, and its parts: the token after the scheme, each cookie, the password."""
    ctx.hide(value, label)
    if name.lower() == "cookie":
        parts = [pair.partition("=")[2].strip() for pair in value.split(";")]
    else:
        scheme, _, token = value.partition(" ")
        parts = [token.strip(), *_basic(scheme, token)]
    for part in parts:
        if len(part) >= SHORTEST_PART:
            ctx.hide(part, label)


def _basic(scheme: str, token: str) -> list[str]:
    if scheme.lower() != "basic":
        return []
    try:
        pair = base64.b64decode(token.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return []
    return [pair, pair.partition(":")[2]]


def hide(credential: Credential, label: str, ctx: Context) -> None:
    """Make secrets of all that recognises a caller."""
    if isinstance(credential, HeaderCredential):
        for name, value in credential.headers:
            hide_header(name, value, label, ctx)
    elif isinstance(credential, QueryCredential):
        for _, value in credential.parameters:
            ctx.hide(value, label)
    else:
        for value in _values(credential):
            ctx.hide(value, label)


def _values(credential: Credential) -> tuple[str, ...]:
    match credential:
        case BasicCredential():
            return credential.password, f"{credential.user}:{credential.password}"
        case BearerCredential():
            return (credential.token,)
        case OAuth2Credential():
            return _of_client(credential)
        case JwtCredential():
            return pem.private_texts(credential.key) or (credential.key.decode("utf-8", "replace"),)
        case SigV4Credential():
            return credential.secret_key, credential.session_token
        case CertificateCredential():
            return pem.private_texts(credential.certificate.key)
        case CognitoCredential():
            return credential.password, credential.client_secret
    return ()


def _of_client(credential: OAuth2Credential) -> tuple[str, ...]:
    """Return the secret, and the pair as HTTP Basic encodes it (RFC 6749 §2.3.1), of which Base64 is found too."""
    user, secret = credential.client_id, credential.client_secret
    return secret, f"{user}:{secret}", f"{quote_plus(user)}:{quote_plus(secret)}"
