"""What of an identity must be masked wherever it turns up."""

import re
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Iterable, Iterator
from urllib.parse import quote_plus

from harness.clouds.cognito import secret_hash
from harness.clouds.tokens import client_basic
from harness.credentials.apply import basic_value
from harness.credentials.sources import parts_of
from harness.model.secret import Secret
from harness.model.side import Side
from harness.scenario.credential import (
    BasicCredential,
    BearerCredential,
    CertificateCredential,
    CognitoCredential,
    Credential,
    FaultySignature,
    FaultyToken,
    HeaderCredential,
    JwtCredential,
    OAuth2Credential,
    QueryCredential,
    SigV4Credential,
)
from harness.scenario.types import Identity

SHORTEST = 4  # a shorter value protects nothing, and masking it would blot out the evidence
_LINE = 8
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_SENSITIVE = frozenset({"authorization", "proxy-authorization", "cookie"})


def secrets_of(identity: Identity) -> tuple[Secret, ...]:
    """Return every value that identifies this caller on either side, in each form that it is sent in."""
    values = (value for side in Side for credential in identity.on(side) for value in _values(credential))
    return _secrets(values, f"credential {identity.name}")


def _secrets(values: Iterable[str], label: str) -> tuple[Secret, ...]:
    kept = dict.fromkeys(value for value in values if len(value) >= SHORTEST)
    return tuple(Secret(value=value, label=label) for value in kept)


def _values(credential: Credential) -> Iterator[str]:
    if isinstance(credential, BasicCredential):
        yield credential.password
        yield basic_value(credential.user, credential.password)
    elif isinstance(credential, BearerCredential):
        yield from parts_of(credential.token)
    elif isinstance(credential, HeaderCredential):
        for name, value in credential.headers:
            yield value
            if name.lower() in _SENSITIVE:
                yield from _cookies(value) if name.lower() == "cookie" else _scheme(value)
    elif isinstance(credential, QueryCredential):
        yield from (value for _, value in credential.parameters)
    elif isinstance(credential, FaultyToken | FaultySignature):
        yield from _values(credential.source)
    else:
        yield from _of_fetching(credential)


def _of_fetching(credential: Credential) -> Iterator[str]:
    """Yield what proves who we are where tokens and keys are given out."""
    if isinstance(credential, OAuth2Credential):
        yield from (credential.client_secret, quote_plus(credential.client_secret), client_basic(credential))
    elif isinstance(credential, CognitoCredential):
        yield credential.password
        if credential.client_secret:
            yield from (credential.client_secret, secret_hash(credential))
    elif isinstance(credential, SigV4Credential):
        yield from (credential.secret_key, credential.session_token)
    elif isinstance(credential, JwtCredential):
        yield from key_texts(credential.key)
    elif isinstance(credential, CertificateCredential):
        yield from key_texts(credential.certificate.key)


def key_texts(key: bytes) -> Iterator[str]:
    """Yield a key's text, the lines of its Base64, and those joined, as JSON files of keys have them."""
    try:
        text = key.decode()
    except UnicodeDecodeError:
        yield b64encode(key).decode()
        return
    yield text.strip()
    lines = [line for line in text.split() if len(line) >= _LINE and _BASE64.fullmatch(line)]
    if "-----BEGIN" in text:
        yield from lines
        yield "".join(lines)


def _scheme(value: str) -> Iterator[str]:
    """Yield what follows the scheme's name, and the password inside Basic."""
    scheme, _, rest = value.strip().partition(" ")
    token = rest.strip()
    if not token:
        return
    yield token
    if scheme.lower() == "basic":
        try:
            _, mark, password = b64decode(token).decode().partition(":")
        except (NotBase64, UnicodeDecodeError):
            return
        if mark:
            yield password


def _cookies(value: str) -> Iterator[str]:
    for cookie in value.split(";"):
        _, mark, content = cookie.strip().partition("=")
        if mark:
            yield content.strip('"')
