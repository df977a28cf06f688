"""How each kind of credential is broken: the standard columns of the matrix.

Broken is what is presented instead (() for nothing at all); NotAskable says why it cannot be made; None that the column
makes no sense for it (a key that is in the query already cannot be moved there).
"""

import re
import string
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from itertools import count

from harness.credentials.faults import askable
from harness.dialects.keys import header_for, query_for
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
    SignatureFault,
    SigV4Credential,
    TokenFault,
)
from harness.scenario.types import Security
from harness.security.callers_parts import Kind, Part

WRONG_KEY = "wrong key"
EMPTY_KEY = "empty key"
KEY_IN_QUERY = "key in the query instead of the header"
KEY_IN_HEADER = "key in the header instead of the query"
WRONG_PASSWORD = "wrong password"  # noqa: S105  a column
UNKNOWN_USER = "unknown user"
NO_CERTIFICATE = "no certificate"
OTHER_CA = "certificate of another CA"
EXPIRED_CERTIFICATE = "expired certificate"

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_IN_HEADERS_ALONE = frozenset({"authorization", "proxy-authorization", "cookie"})
_NOBODY = "cutover-unknown-user"
_NO_CLIENT_CA = (
    "an authority that both sides trust has to sign it: add the one of your tests, `security: {client_ca: {cert: …, "
    "key: …}}`, or such a certificate under `security.identities`"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotAskable:
    """Why a question cannot be asked, with what would make it askable."""

    why: str


Broken = tuple[Credential, ...] | NotAskable | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What breaking needs: whose credential it is, the product it is for, and values that must not be hit by chance."""

    caller: str
    kind: str
    security: Security
    taken: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """A column: how to break a part so, and why letting it through is bad on any side ("" if it need not be)."""

    column: str
    how: Callable[[Part, Bench], Broken]
    dangerous: str = ""


def wrong_text(seed: str, like: str, taken: frozenset[str] = frozenset()) -> str:
    """Return a text of the length and the alphabet of `like`, drawn from `seed` and never the value itself.

    Whatever is no letter or digit stays in place: a UUID stays a UUID.
    """
    letters = _alphabet(like)
    for turn in count():
        stream = _stream(f"{seed}/{turn}", len(like))
        found = "".join(
            letters[number % len(letters)] if char.isalnum() else char
            for char, number in zip(like, stream, strict=True)
        )
        if found != like and found not in taken:
            return found
        if turn == _TRIES:
            break
    return f"{found}x"  # so short that every text of this length is somebody's


_TRIES = 50


def _stream(seed: str, length: int) -> bytes:
    blocks = (sha256(f"{seed}/{block}".encode()).digest() for block in range(length // 32 + 1))
    return b"".join(blocks)[:length]


def _alphabet(like: str) -> str:
    used = {char for char in like if char.isalnum()}
    for alphabet in (string.digits, "0123456789abcdef", "0123456789ABCDEF"):
        if used and used <= set(alphabet):
            return alphabet
    classes = (string.ascii_lowercase, string.ascii_uppercase, string.digits)
    return "".join(letters for letters in classes if used & set(letters)) or string.ascii_lowercase


def generic(part: Part, bench: Bench) -> tuple[Credential, ...]:
    """Return a plainly wrong credential of the part's own kind; none at all where that cannot be made."""
    made = _GENERIC[part.kind](part, bench)
    return made if isinstance(made, tuple) else ()


def _value(part: Part) -> str:
    credential = part.credential
    if isinstance(credential, HeaderCredential):
        return credential.headers[0][1]
    assert isinstance(credential, QueryCredential)
    return credential.parameters[0][1]


def _with_value(part: Part, value: str) -> tuple[Credential, ...]:
    if isinstance(part.credential, HeaderCredential):
        return (HeaderCredential(headers=((part.name, value),)),)
    return (QueryCredential(parameters=((part.name, value),)),)


def _each_value(part: Part, change: Callable[[str], str]) -> str:
    """Change what identifies the caller: the values of cookies, what follows a scheme, else the whole."""
    text = _value(part)
    if part.name.lower() == "cookie":
        pairs = (cookie.strip().partition("=") for cookie in text.split(";"))
        return "; ".join(f"{name}={change(value)}" if mark else change(name) for name, mark, value in pairs)
    if part.name.lower() in _IN_HEADERS_ALONE and " " in text:
        scheme, _, rest = text.partition(" ")
        return f"{scheme} {change(rest)}".rstrip()
    return change(text)


def _wrong_key(part: Part, bench: Bench) -> Broken:
    seed = f"{bench.caller}/{part.name.lower()}"
    return _with_value(part, _each_value(part, lambda value: wrong_text(seed, value or "x", bench.taken)))


def _empty_key(part: Part, bench: Bench) -> Broken:  # noqa: ARG001  one of many
    return _with_value(part, _each_value(part, lambda _: ""))


def _key_in_query(part: Part, bench: Bench) -> Broken:
    if not isinstance(part.credential, HeaderCredential) or part.name.lower() in _IN_HEADERS_ALONE:
        return None
    return (QueryCredential(parameters=((query_for(bench.kind, part.name), _value(part)),)),)


def _key_in_header(part: Part, bench: Bench) -> Broken:
    if not isinstance(part.credential, QueryCredential):
        return None
    name, value = header_for(bench.kind, part.name), _value(part)
    if not _HEADER_NAME.fullmatch(name) or not (value.isascii() and value.isprintable()):
        return None
    return (HeaderCredential(headers=((name, value),)),)


def _wrong_password(part: Part, bench: Bench) -> Broken:
    credential = part.credential
    assert isinstance(credential, BasicCredential)
    password = wrong_text(f"{bench.caller}/password", credential.password or "x")
    return (BasicCredential(user=credential.user, password=password),)


def _unknown_user(part: Part, bench: Bench) -> Broken:  # noqa: ARG001  one of many
    credential = part.credential
    assert isinstance(credential, BasicCredential)
    return (BasicCredential(user=_NOBODY, password=credential.password),)


def _faulty_token(fault: TokenFault, part: Part, bench: Bench) -> Broken:
    source = part.credential
    if not isinstance(source, BearerCredential | OAuth2Credential | JwtCredential | CognitoCredential):
        return None
    why = askable(source, fault, bench.security.public_key)
    if why:
        return NotAskable(why=why)
    return (FaultyToken(source=source, fault=fault, public_key=bench.security.public_key),)


def _wrong_token(part: Part, bench: Bench) -> Broken:
    """Return a token that no gateway may take: tampered with, else another text, else none at all."""
    found = _faulty_token(TokenFault.TAMPERED, part, bench)
    if not isinstance(found, NotAskable):
        return found
    if isinstance(part.credential, BearerCredential):
        return (BearerCredential(token=wrong_text(f"{bench.caller}/token", part.credential.token)),)
    return _faulty_token(TokenFault.EMPTY, part, bench)


def _faulty_signature(fault: SignatureFault, part: Part, bench: Bench) -> Broken:  # noqa: ARG001  one of many
    if not isinstance(part.credential, SigV4Credential):
        return None
    return (FaultySignature(source=part.credential, fault=fault),)


def _other_ca(part: Part, bench: Bench) -> Broken:  # noqa: ARG001  one of many
    from harness.credentials.certificates import CannotSign, stranger  # noqa: PLC0415  heavy, and seldom needed

    assert isinstance(part.credential, CertificateCredential)
    try:
        return (CertificateCredential(certificate=stranger(part.credential.certificate)),)
    except CannotSign as cannot:
        return NotAskable(why=cannot.reason)


def _nothing(part: Part, bench: Bench) -> Broken:  # noqa: ARG001  one of many
    return ()


def _expired_certificate(part: Part, bench: Bench) -> Broken:
    from harness.credentials.certificates import CannotSign, signed  # noqa: PLC0415  heavy, and seldom needed

    authority = bench.security.client_ca
    if authority is None:
        return NotAskable(why=_NO_CLIENT_CA)
    assert isinstance(part.credential, CertificateCredential)
    try:
        return (CertificateCredential(certificate=signed(authority, part.credential.certificate, expired=True)),)
    except CannotSign as cannot:
        return NotAskable(why=f"`security.client_ca` cannot sign: {cannot.reason}")


_GENERIC: dict[Kind, Callable[[Part, Bench], Broken]] = {
    Kind.KEY: _wrong_key,
    Kind.PASSWORD: _wrong_password,
    Kind.TOKEN: _wrong_token,
    Kind.SIGNATURE: partial(_faulty_signature, SignatureFault.SECRET),
    Kind.CERTIFICATE: _other_ca,
}

# A token without the scope and two headers of which one is good are bad only where the old side refuses them.
_TOKEN_DANGERS = {
    TokenFault.EXPIRED: "a token that leaked is good for ever",
    TokenFault.NOT_YET: "the times in tokens are not checked",
    TokenFault.AUDIENCE: "tokens that were issued for other applications open this API",
    TokenFault.ISSUER: "whoever issues tokens decides who gets in",
    TokenFault.NONE: "anybody can write such a token",
    TokenFault.CONFUSED: "anybody can sign tokens with the public key",
    TokenFault.KEY_ID: "tokens of keys that nobody vouches for get in",
    TokenFault.TAMPERED: "callers can write into their tokens what they like",
    TokenFault.STRIPPED: "the signature is not checked: anybody can write such a token",
    TokenFault.EMPTY: "a token is not needed at all",
}
_SIGNATURE_DANGERS = {
    SignatureFault.SECRET: "the signature is not checked: knowing a key's name is enough",
    SignatureFault.CLOCK: "a request that was overheard can be sent again",
    SignatureFault.BODY: "a request can be changed on its way",
}

BREAKS: dict[Kind, tuple[Break, ...]] = {
    Kind.KEY: (
        Break(column=WRONG_KEY, how=_wrong_key, dangerous="any key gets in"),
        Break(column=EMPTY_KEY, how=_empty_key, dangerous="a key is not needed at all"),
        Break(column=KEY_IN_QUERY, how=_key_in_query),
        Break(column=KEY_IN_HEADER, how=_key_in_header),
    ),
    Kind.PASSWORD: (
        Break(column=WRONG_PASSWORD, how=_wrong_password, dangerous="any password gets in"),
        Break(column=UNKNOWN_USER, how=_unknown_user, dangerous="any user gets in"),
    ),
    Kind.TOKEN: tuple(
        Break(column=fault.value, how=partial(_faulty_token, fault), dangerous=_TOKEN_DANGERS.get(fault, ""))
        for fault in TokenFault
    ),
    Kind.SIGNATURE: tuple(
        Break(column=fault.value, how=partial(_faulty_signature, fault), dangerous=_SIGNATURE_DANGERS[fault])
        for fault in SignatureFault
    ),
    Kind.CERTIFICATE: (
        Break(column=NO_CERTIFICATE, how=_nothing, dangerous="a certificate is not needed at all"),
        Break(column=OTHER_CA, how=_other_ca, dangerous="anybody can make such a certificate"),
        Break(column=EXPIRED_CERTIFICATE, how=_expired_certificate, dangerous="certificates never end"),
    ),
}
"""By kind; where several are combined, leaving one out (callers_variants.py) is a column too."""
