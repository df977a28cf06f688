"""Every faulty token is refused by a verifier that checks everything; one that forgets a check takes just that one."""

import base64
import json
import time
import warnings
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from harness.credentials.faults import MINTED, UNKNOWN_KID, askable
from harness.credentials.keyring import CredentialUnavailable, Keyring
from harness.model.request import Request
from harness.model.secret import Secret
from harness.model.side import Side
from harness.scenario.credential import (
    BasicCredential,
    BearerCredential,
    CognitoCredential,
    Credential,
    FaultyToken,
    JwtCredential,
    OAuth2Credential,
    TokenFault,
)
from harness.scenario.types import Identity

CLAIMS = {"iss": "https://issuer/", "aud": "orders", "sub": "partner", "scope": "orders.read"}
OPAQUE = BearerCredential(token="an-opaque-token-0123")
OAUTH2 = OAuth2Credential(token_url="https://login/token", client_id="c", client_secret="s")
COGNITO = CognitoCredential(region="eu-west-1", pool="p", client="c", user="u", password="p")


@lru_cache
def key(algorithm: str) -> Any:
    if algorithm == "HS256":
        return b"a shared secret of enough length."
    if algorithm == "ES256":
        return ec.generate_private_key(ec.SECP256R1())
    return ed25519.Ed25519PrivateKey.generate() if algorithm == "EdDSA" else rsa.generate_private_key(65537, 2048)


@lru_cache
def pem(algorithm: str) -> bytes:
    if algorithm == "HS256":
        return bytes(key(algorithm))
    form = serialization.PrivateFormat.PKCS8
    return bytes(key(algorithm).private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))


def public(algorithm: str) -> bytes:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return bytes(key(algorithm).public_key().public_bytes(serialization.Encoding.PEM, form))


def source(algorithm: str = "RS256", **claims: Any) -> JwtCredential:
    return JwtCredential(key=pem(algorithm), algorithm=algorithm, claims={**CLAIMS, **claims}, headers={"kid": "key-1"})


HIDDEN: list[str] = []


def sent(credential: Credential) -> tuple[str, ...]:
    """Return the values of the Authorization headers."""
    HIDDEN.clear()
    ring = Keyring(lambda secret: HIDDEN.append(secret.value))
    caller = Identity(name="derived", old=(credential,), new=())
    if ring.due(caller, Side.OLD):
        ring.prepare(caller, Side.OLD)
    request = ring.present(caller, Request(side=Side.OLD, method="GET", url="https://old/"))
    assert {name for name, _ in request.headers} == {"Authorization"}
    return tuple(value for _, value in request.headers)


def faulty(of: Any, fault: TokenFault, public_key: bytes = b"") -> tuple[str, ...]:
    return sent(FaultyToken(source=of, fault=fault, public_key=public_key))


@dataclass(frozen=True)
class Verifier:
    """Takes one Authorization header and checks all of a token but what it `forgets`."""

    algorithm: str = "RS256"
    forgets: TokenFault | None = None

    def takes(self, headers: tuple[str, ...]) -> bool:
        if len(headers) != 1 and self.forgets is not TokenFault.TWICE:
            return False
        scheme, _, token = headers[-1].partition(" ")
        if scheme != "Bearer":
            return False
        if not token:
            return self.forgets is TokenFault.EMPTY
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                claims = self._read(token)
        except (jwt.PyJWTError, ValueError):
            return False
        return "orders.read" in str(claims.get("scope")) or self.forgets is TokenFault.SCOPE

    def _read(self, token: str) -> dict[str, Any]:
        forgets, head = self.forgets, jwt.get_unverified_header(token)
        options: dict[str, Any] = {"require": ["exp", "nbf", "iss", "aud"]}
        options["verify_exp"] = forgets is not TokenFault.EXPIRED
        options["verify_nbf"] = forgets is not TokenFault.NOT_YET
        options["verify_aud"] = forgets is not TokenFault.AUDIENCE
        options["verify_iss"] = forgets is not TokenFault.ISSUER
        if head["alg"] == "none" and forgets is TokenFault.NONE:
            options["verify_signature"] = False
        if forgets is TokenFault.STRIPPED and token.endswith(".") and head["alg"] == self.algorithm:
            options["verify_signature"] = False
        if forgets is TokenFault.TAMPERED and not token.endswith("."):
            options["verify_signature"] = head["alg"] != self.algorithm or head["kid"] != "key-1"
        if head.get("kid") != "key-1":
            if forgets is not TokenFault.KEY_ID:
                raise jwt.InvalidKeyError
            options["verify_signature"] = False  # takes whichever key is named
        if head["alg"] == "HS256" != self.algorithm:
            if forgets is not TokenFault.CONFUSED:
                raise jwt.InvalidAlgorithmError
            return self._confused(token)
        checked = {"audience": "orders", "issuer": "https://issuer/"}
        verifying = key(self.algorithm) if self.algorithm == "HS256" else public(self.algorithm)
        return jwt.decode(token, verifying, algorithms=[self.algorithm], options=options, **checked)  # type: ignore[arg-type]

    def _confused(self, token: str) -> dict[str, Any]:
        import hashlib
        import hmac

        signed, _, signature = token.rpartition(".")
        made = hmac.new(public(self.algorithm), signed.encode(), hashlib.sha256).digest()
        if base64.urlsafe_b64encode(made).rstrip(b"=").decode() != signature:
            raise jwt.InvalidSignatureError
        return dict(jwt.decode(token, options={"verify_signature": False}))


def faults(algorithm: str) -> Iterator[TokenFault]:
    return (fault for fault in TokenFault if not askable(source(algorithm), fault, b""))


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "EdDSA", "HS256"])
def test_each_fault_is_refused_but_by_who_forgets_just_that(algorithm: str) -> None:
    asked = list(faults(algorithm))
    assert len(asked) == (11 if algorithm == "HS256" else 12)
    good = sent(source(algorithm))
    assert Verifier(algorithm).takes(good)
    for fault in asked:
        headers = faulty(source(algorithm), fault)
        assert not Verifier(algorithm).takes(headers), fault
        takers = [one for one in TokenFault if Verifier(algorithm, one).takes(headers)]
        assert takers == [fault], (fault, takers)
        for header in headers:
            token = header.removeprefix("Bearer").strip()
            for part in (token, *token.split(".")[1:]):
                assert not part or part in HIDDEN
            assert not token or token.split(".")[0] not in HIDDEN


def test_a_token_of_others_is_altered_alone() -> None:
    bearer = BearerCredential(token=sent(source())[0].removeprefix("Bearer "))
    for fault in TokenFault:
        why = askable(bearer, fault, public("RS256"))
        assert bool(why) == (fault in MINTED)
        if why:
            with pytest.raises(CredentialUnavailable, match="the issuer's key is not ours"):
                faulty(bearer, fault, public("RS256"))
            continue
        headers = faulty(bearer, fault, public("RS256"))
        assert not Verifier().takes(headers)
        takers = [one for one in TokenFault if Verifier(forgets=one).takes(headers)]
        assert takers == [fault], (fault, takers)


def test_shapes() -> None:
    original = source()
    good = sent(original)[0].removeprefix("Bearer ")
    bearer = BearerCredential(token=good)
    head, payload, signature = good.split(".")
    assert faulty(bearer, TokenFault.STRIPPED) == (f"Bearer {head}.{payload}.",)
    assert faulty(bearer, TokenFault.EMPTY) == ("Bearer",)
    none = faulty(bearer, TokenFault.NONE)[0].removeprefix("Bearer ")
    assert none.endswith(f".{payload}.")
    assert json.loads(base64.urlsafe_b64decode(none.split(".")[0] + "==")) == {
        "alg": "none",
        "kid": "key-1",
        "typ": "JWT",
    }
    first, second = faulty(bearer, TokenFault.TWICE)
    assert second == f"Bearer {good}"
    assert first.startswith(f"Bearer {head}.{payload}.")
    assert first != second
    unknown = faulty(bearer, TokenFault.KEY_ID)[0].removeprefix("Bearer ")
    assert jwt.get_unverified_header(unknown)["kid"] == UNKNOWN_KID
    assert unknown.endswith(f".{payload}.{signature}")


def test_times_are_far_enough_from_now() -> None:
    def claims(fault: TokenFault) -> dict[str, Any]:
        token = faulty(source(), fault)[0].removeprefix("Bearer ")
        return dict(jwt.decode(token, options={"verify_signature": False}))

    now = time.time()
    expired, early = claims(TokenFault.EXPIRED), claims(TokenFault.NOT_YET)
    assert expired["iat"] <= expired["nbf"] < expired["exp"] < now - 3000
    assert early["iat"] < now + 3000 < early["nbf"] < early["exp"]


@pytest.mark.parametrize(
    ("of", "fault", "public_key", "words"),
    [
        (OPAQUE, TokenFault.NONE, b"", "the token is opaque, not a JWT"),
        (OPAQUE, TokenFault.EXPIRED, b"", "the token is opaque, not a JWT"),
        (OPAQUE, TokenFault.EMPTY, b"", ""),
        (OPAQUE, TokenFault.TWICE, b"", ""),
        (BearerCredential(token="a.b.c"), TokenFault.STRIPPED, b"", "the token is opaque, not a JWT"),
        (BearerCredential(token="e30.e30.c2ln"), TokenFault.STRIPPED, b"", "the token is opaque, not a JWT"),
        (OAUTH2, TokenFault.NONE, b"", ""),
        (OAUTH2, TokenFault.TAMPERED, b"", ""),
        (OAUTH2, TokenFault.CONFUSED, b"", "the issuer's public key is not given"),
        (OAUTH2, TokenFault.CONFUSED, b"pem", ""),
        (OAUTH2, TokenFault.EXPIRED, b"pem", "the issuer's key is not ours"),
        (COGNITO, TokenFault.AUDIENCE, b"", "the issuer's key is not ours"),
        (COGNITO, TokenFault.KEY_ID, b"", ""),
        (source("HS256"), TokenFault.CONFUSED, b"", "signed with a shared secret"),
        (source("RS256"), TokenFault.CONFUSED, b"", ""),
        (JwtCredential(key=b"k", algorithm="HS256", claims={}), TokenFault.SCOPE, b"", "none of the claims scope"),
        (BasicCredential(user="u", password="p"), TokenFault.EMPTY, b"", "this credential is no token"),
    ],
)
def test_what_cannot_be_asked_says_why(of: Credential, fault: TokenFault, public_key: bytes, words: str) -> None:
    why = askable(of, fault, public_key)
    assert words in why
    assert bool(words) == bool(why)


def test_a_token_that_turns_out_to_be_opaque_is_told() -> None:
    with pytest.raises(CredentialUnavailable, match="the token is opaque, not a JWT"):
        faulty(OPAQUE, TokenFault.STRIPPED)
    first, second = faulty(OPAQUE, TokenFault.TWICE)
    assert second == "Bearer an-opaque-token-0123"
    assert len(first) == len(second)
    assert first != second


def test_a_hostile_token_is_no_trouble() -> None:
    deep = base64.urlsafe_b64encode(b'{"alg":"RS256","a":' + b"[" * 900 + b"]" * 900 + b"}").decode()
    for token in (f"{deep}.{deep}.c2ln", f"{deep}." * 2 + "x" * 90_000, ".".join(["e30"] * 4), "..", "é.é.é"):
        for fault in TokenFault:
            with suppress(CredentialUnavailable):
                assert sent(FaultyToken(source=BearerCredential(token=token), fault=fault, public_key=b"pem"))


def test_nothing_of_a_credential_is_shown() -> None:
    text = repr(FaultyToken(source=OPAQUE, fault=TokenFault.NONE)) + repr(Secret(value="abcd", label="x"))
    assert "an-opaque" not in text
    assert "abcd" not in text
