"""Tokens minted for a test issuer whose key the scenario gives (RFC 7519, RFC 7515)."""

import hmac
import json
import warnings
from functools import lru_cache
from hashlib import sha256
from secrets import token_bytes
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

from harness.clouds.jose import encoded, written
from harness.credentials.trouble import CredentialUnavailable
from harness.scenario.credential import JwtCredential

SigningKey = bytes | rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey

_EARLIER = 10  # seconds: a gateway whose clock is a little behind must not think that the token is from the future
_CURVES: dict[str, type[ec.EllipticCurve]] = {"ES384": ec.SECP384R1, "ES512": ec.SECP521R1, "ES256K": ec.SECP256K1}


def claims_at(credential: JwtCredential, now: float) -> dict[str, Any]:
    """Return the claims of a token minted `now` (seconds since 1970)."""
    times = {"iat": int(now) - _EARLIER, "nbf": int(now) - _EARLIER, "exp": int(now + credential.lifetime)}
    return {**times, **credential.claims}


def mint(credential: JwtCredential, claims: dict[str, Any], *, key: SigningKey | None = None) -> str:
    """Return a token signed with the credential's key, or with `key`; raise CredentialUnavailable."""
    if not credential.key:
        raise CredentialUnavailable("no token: the key is empty")
    payload = json.dumps(claims, separators=(",", ":")).encode()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a test issuer's key may be shorter than PyJWT would like
            return jwt.PyJWS().encode(
                payload, key or credential.key, algorithm=credential.algorithm, headers=credential.headers
            )
    except (jwt.PyJWTError, ValueError, TypeError, NotImplementedError) as error:
        # The words of the libraries are not repeated: some quote what they were given.
        what = f"the key cannot sign with {credential.algorithm} ({type(error).__name__})"
        raise CredentialUnavailable(f"no token: {what}; check that key and algorithm belong together") from None


def public_key_of(credential: JwtCredential) -> bytes:
    """Return the PEM of the public half of an asymmetric key; raise CredentialUnavailable."""
    try:
        private = serialization.load_pem_private_key(credential.key, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise CredentialUnavailable("the token's key has no public half that can be read") from None
    return private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def signed_hs256(header: dict[str, Any], payload: str, key: bytes) -> str:
    """Return a token of this header and payload segment, signed with `key` as a shared secret.

    PyJWT rightly refuses a public key for that, so it is done by hand.
    """
    signed = f"{written(header)}.{payload}"
    return f"{signed}.{encoded(hmac.new(key, signed.encode(), sha256).digest())}"


@lru_cache(maxsize=16)
def unknown_key(algorithm: str) -> SigningKey:
    """Return a key that nobody knows, made for this process, fit for `algorithm`."""
    if algorithm.startswith("HS"):
        return token_bytes(64)
    if algorithm.startswith(("RS", "PS")):
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    if algorithm.startswith("ES"):
        return ec.generate_private_key(_CURVES.get(algorithm, ec.SECP256R1)())
    return ed448.Ed448PrivateKey.generate() if algorithm == "Ed448" else ed25519.Ed25519PrivateKey.generate()
