"""Tokens with something wrong: which can be asked, and what is sent for each.

Some faults need the issuer's key, and are asked only of tokens minted here: all but the one claim is right, and the
signature is valid. The others alter a token, whoever issued it.
"""

from dataclasses import replace
from typing import Any

from harness.clouds.jose import taken_apart, written
from harness.credentials.trouble import CredentialUnavailable
from harness.scenario.credential import (
    BearerCredential,
    CognitoCredential,
    Credential,
    FaultyToken,
    JwtCredential,
    OAuth2Credential,
    TokenFault,
)

ELSEWHERE = "https://elsewhere.invalid/"  # RFC 6761: names under .invalid are nobody's
UNKNOWN_KID = "cutover-unknown-key"
OPAQUE = "the token is opaque, not a JWT"
_NOT_OURS = "the issuer's key is not ours: it alone can sign such a token"
_NO_PUBLIC_KEY = "the issuer's public key is not given"
_SCOPES = ("scope", "scp", "roles")
_HOUR, _DAY = 3600, 86_400

MINTED = frozenset({TokenFault.EXPIRED, TokenFault.NOT_YET, TokenFault.AUDIENCE, TokenFault.ISSUER, TokenFault.SCOPE})
"""Only the issuer's key makes these."""
_ANY_TOKEN = frozenset({TokenFault.EMPTY, TokenFault.TWICE})


def askable(source: Credential, fault: TokenFault, public_key: bytes) -> str:
    """Return "" if `fault` can be asked of the token of `source`, else why not. Nothing is opened or fetched."""
    if isinstance(source, JwtCredential):
        return _askable_of_ours(source, fault)
    if not isinstance(source, BearerCredential | OAuth2Credential | CognitoCredential):
        return "this credential is no token"
    if fault in _ANY_TOKEN:
        return ""
    if isinstance(source, BearerCredential) and taken_apart(source.token) is None:
        return OPAQUE
    if fault in MINTED:
        return _NOT_OURS
    return _NO_PUBLIC_KEY if fault is TokenFault.CONFUSED and not public_key else ""


def _askable_of_ours(source: JwtCredential, fault: TokenFault) -> str:
    if fault is TokenFault.SCOPE and not any(name in source.claims for name in _SCOPES):
        return f"the token has none of the claims {', '.join(_SCOPES)}"
    if fault is TokenFault.CONFUSED and source.algorithm.startswith("HS"):
        return "the token is signed with a shared secret: there is no public key to confuse it with"
    return ""


def needs_token(credential: FaultyToken) -> bool:
    """Tell whether the source's own token must be there first."""
    return credential.fault is not TokenFault.EMPTY


def authorizations(credential: FaultyToken, token: str, now: float) -> tuple[str, ...]:
    """Return the tokens, one for each Authorization header; `token` is the source's own, "" is sent as no token.

    Raises CredentialUnavailable for a token, or a key, that cannot have this fault.
    """
    fault, source = credential.fault, credential.source
    if fault is TokenFault.EMPTY:
        return ("",)
    if fault is TokenFault.TWICE:
        return broken(token), token
    if fault in MINTED:
        if not isinstance(source, JwtCredential):
            raise CredentialUnavailable(_NOT_OURS)
        return (_minted(source, fault, now),)
    parts = taken_apart(token)
    if parts is None:
        raise CredentialUnavailable(OPAQUE)
    return (_altered(credential, token, *parts, now),)


def broken(token: str) -> str:
    """Return `token` with one of its last characters changed: the signature's, if it has one.

    Not the very last: the bits of that one may say nothing.
    """
    at = max(len(token) - 5, 0)
    return f"{token[:at]}{'B' if token[at : at + 1] == 'A' else 'A'}{token[at + 1 :]}"


def _minted(source: JwtCredential, fault: TokenFault, now: float) -> str:
    from harness.credentials.minting import claims_at, mint  # noqa: PLC0415  heavy

    claims = claims_at(source, now)
    if fault is TokenFault.EXPIRED:
        claims |= {"iat": int(now) - 2 * _HOUR, "nbf": int(now) - 2 * _HOUR, "exp": int(now) - _HOUR}
    elif fault is TokenFault.NOT_YET:
        claims |= {"nbf": int(now) + _DAY, "exp": int(now) + 2 * _DAY}
    elif fault is TokenFault.AUDIENCE:
        claims["aud"] = ELSEWHERE
    elif fault is TokenFault.ISSUER:
        claims["iss"] = ELSEWHERE
    else:
        claims = {name: value for name, value in claims.items() if name not in _SCOPES}
    return mint(source, claims)


def _altered(credential: FaultyToken, token: str, header: dict[str, Any], claims: dict[str, Any], now: float) -> str:
    head, payload, signature = token.split(".")
    fault = credential.fault
    if fault is TokenFault.NONE:
        return f"{written({**header, 'alg': 'none'})}.{payload}."
    if fault is TokenFault.STRIPPED:
        return f"{head}.{payload}."
    if fault is TokenFault.TAMPERED:
        return f"{head}.{written(_tampered(claims))}.{signature}"
    if fault is TokenFault.CONFUSED:
        return _confused(credential, header, payload)
    return _of_unknown_key(credential, header, payload, signature, now)


def _tampered(claims: dict[str, Any]) -> dict[str, Any]:
    """Change who is meant, and nothing that is checked without the signature."""
    subject = claims.get("sub")
    return {**claims, "sub": f"{subject}-tampered" if isinstance(subject, str) else "tampered"}


def _confused(credential: FaultyToken, header: dict[str, Any], payload: str) -> str:
    from harness.credentials.minting import public_key_of, signed_hs256  # noqa: PLC0415  heavy

    source, key = credential.source, credential.public_key
    if not key and isinstance(source, JwtCredential) and not source.algorithm.startswith("HS"):
        key = public_key_of(source)
    if not key:
        raise CredentialUnavailable(_NO_PUBLIC_KEY)
    return signed_hs256({**header, "alg": "HS256"}, payload, key)


def _of_unknown_key(credential: FaultyToken, header: dict[str, Any], payload: str, signature: str, now: float) -> str:
    """Name a key that nobody knows; where the issuer is ours, the signature is that key's, and valid."""
    source = credential.source
    if not isinstance(source, JwtCredential):
        return f"{written({**header, 'kid': UNKNOWN_KID})}.{payload}.{signature}"
    from harness.credentials.minting import claims_at, mint, unknown_key  # noqa: PLC0415  heavy

    own = replace(source, headers={**source.headers, "kid": UNKNOWN_KID})
    return mint(own, claims_at(source, now), key=unknown_key(source.algorithm))
