"""What a caller presents, taken apart: one part per key, password, token, signature and certificate."""

import binascii
from base64 import b64decode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

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


class Kind(StrEnum):
    """A kind of credential; the value is shown ("without its key")."""

    KEY = "key"
    PASSWORD = "password"  # noqa: S105  a word
    TOKEN = "token"  # noqa: S105  a word
    SIGNATURE = "signature"
    CERTIFICATE = "certificate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One credential that can be broken by itself; `name` is that of its header or parameter ("" for other kinds)."""

    kind: Kind
    credential: Credential
    name: str = ""


def parts(credentials: Sequence[Credential]) -> tuple[Part, ...]:
    """Return the parts of one side's credentials, in order."""
    return tuple(part for credential in credentials for part in _parts(credential))


def whole(found: Sequence[Part]) -> tuple[Credential, ...]:
    """Return these parts as credentials again."""
    return tuple(part.credential for part in found)


def _parts(credential: Credential) -> Iterator[Part]:
    if isinstance(credential, HeaderCredential):
        yield from (_header(name, value) for name, value in credential.headers)
    elif isinstance(credential, QueryCredential):
        for name, value in credential.parameters:
            yield Part(kind=Kind.KEY, credential=QueryCredential(parameters=((name, value),)), name=name)
    else:
        yield Part(kind=_KINDS[type(credential)], credential=credential)


_KINDS: dict[type, Kind] = {
    BasicCredential: Kind.PASSWORD,
    BearerCredential: Kind.TOKEN,
    OAuth2Credential: Kind.TOKEN,
    JwtCredential: Kind.TOKEN,
    CognitoCredential: Kind.TOKEN,
    FaultyToken: Kind.TOKEN,
    SigV4Credential: Kind.SIGNATURE,
    FaultySignature: Kind.SIGNATURE,
    CertificateCredential: Kind.CERTIFICATE,
}


def _header(name: str, value: str) -> Part:
    """Read a header: Authorization says by its scheme what it is, any other header is a key."""
    if name.lower() == "authorization":
        scheme, _, rest = value.strip().partition(" ")
        if scheme.lower() == "bearer" and rest.strip():
            return Part(kind=Kind.TOKEN, credential=BearerCredential(token=rest.strip()))
        basic = _basic(rest) if scheme.lower() == "basic" else None
        if basic is not None:
            return Part(kind=Kind.PASSWORD, credential=basic)
    return Part(kind=Kind.KEY, credential=HeaderCredential(headers=((name, value),)), name=name)


def _basic(text: str) -> BasicCredential | None:
    try:
        user, mark, password = b64decode(text.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return BasicCredential(user=user, password=password) if mark else None
