"""Keys and certificates in PEM: read to be checked, so that a run does not begin with one that cannot work.

`cryptography` is imported by the functions that need it: most scenarios hold no keys, and reading one must stay quick.
"""

import base64
import binascii
import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from harness.scenario.context import Wrong

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes
    from cryptography.x509 import Certificate

_PRIVATE = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----", re.DOTALL)
_CURVES = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512", "secp256k1": "ES256K"}
_ON_CURVE = tuple(_CURVES.values())
_RSA = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
SHARED = ("HS256", "HS384", "HS512")
ALGORITHMS = (*_RSA, *_ON_CURVE, "EdDSA", *SHARED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """Certificates of one file, the leaf first; `subject` is the leaf's, `key` its public key."""

    certificates: tuple["Certificate", ...]
    subject: str
    key: "PublicKeyTypes"


def is_pem(data: bytes) -> bool:
    """Tell whether this is PEM, else a shared secret."""
    return b"-----BEGIN " in data


def private_texts(data: bytes) -> tuple[str, ...]:
    """Return the private keys in `data` as texts, for hiding them."""
    return tuple(block.decode("ascii", "replace") for block in _PRIVATE.findall(data))


def private_key(data: bytes) -> "PrivateKeyTypes":
    """Return the private key in `data`; raise Wrong, never showing it."""
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415  only where there is a key
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415  likewise

    found = _PRIVATE.search(data)
    if not found:
        raise _no_private_key(data)
    block = found.group()
    if b"BEGIN ENCRYPTED PRIVATE KEY" in block or b"Proc-Type: 4,ENCRYPTED" in block:
        raise _encrypted()
    try:
        return load_pem_private_key(block, password=None)
    except TypeError:
        raise _encrypted() from None
    except (ValueError, UnsupportedAlgorithm):
        raise Wrong("the key cannot be read: its PEM is damaged", "`openssl pkey -in KEY -check` tells more") from None


def _encrypted() -> Wrong:
    return Wrong("the key is encrypted, and a run cannot ask for its password", "openssl pkey -in KEY -out PLAIN_KEY")


def _no_private_key(data: bytes) -> Wrong:
    if b"-----BEGIN CERTIFICATE-----" in data:
        return Wrong("this is a certificate, not a private key", "are the two swapped?")
    if b"PUBLIC KEY-----" in data:
        return Wrong("this is a public key: only a private key can sign", "give the private key of a test issuer")
    if is_pem(data):
        return Wrong("no private key in this PEM", "it begins with -----BEGIN PRIVATE KEY-----")
    return Wrong("the key is not PEM", "it begins with -----BEGIN PRIVATE KEY-----")


def algorithms(key: "PrivateKeyTypes") -> tuple[str, ...]:
    """Return the JOSE algorithms that `key` can sign with, the usual one first."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa  # noqa: PLC0415  only with a key

    if isinstance(key, rsa.RSAPrivateKey):
        return _RSA
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return tuple(filter(None, [_CURVES.get(key.curve.name)]))
    return ("EdDSA",) if isinstance(key, (ed25519.Ed25519PrivateKey, ed448.Ed448PrivateKey)) else ()


def chain(data: bytes) -> Chain:
    """Return the certificates in `data`; raise Wrong."""
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415  only where there is a certificate
    from cryptography.x509 import load_pem_x509_certificates  # noqa: PLC0415  likewise

    if b"-----BEGIN CERTIFICATE-----" not in data:
        if _PRIVATE.search(data):
            raise Wrong("this is a private key, not a certificate", "are the two swapped?")
        raise Wrong("this is no certificate in PEM", "it begins with -----BEGIN CERTIFICATE-----")
    try:
        found = tuple(load_pem_x509_certificates(data))
        return Chain(certificates=found, subject=found[0].subject.rfc4514_string(), key=found[0].public_key())
    except (ValueError, UnsupportedAlgorithm):
        raise Wrong("the certificate cannot be read: its PEM is damaged", "is the file whole?") from None


def check_fits(chain: Chain, key: "PrivateKeyTypes") -> None:
    """Raise Wrong where the private key is not that of the leaf."""
    if chain.key != key.public_key():
        raise Wrong(
            f"this is not the key of the certificate of '{chain.subject}'", "give the pair that was made together"
        )


_TIME = "%Y-%m-%d %H:%M UTC"
_DATES = "it would be refused whatever the gateway does, which proves nothing: give one that is valid now"


def check_dates(chain: Chain, now: datetime) -> None:
    """Raise Wrong where a certificate is not valid at `now`."""
    for one in chain.certificates:
        name, start, end = one.subject.rfc4514_string(), one.not_valid_before_utc, one.not_valid_after_utc
        if end < now:
            raise Wrong(f"the certificate of '{name}' expired on {end:{_TIME}}", _DATES)
        if start > now:
            raise Wrong(f"the certificate of '{name}' is not valid before {start:{_TIME}}", _DATES)


def check_authority(chain: Chain) -> None:
    """Raise Wrong where the leaf may not sign other certificates."""
    from cryptography.x509 import BasicConstraints, ExtensionNotFound  # noqa: PLC0415  only where there is one

    try:
        may = chain.certificates[0].extensions.get_extension_for_class(BasicConstraints).value.ca
    except (ExtensionNotFound, ValueError):
        may = False
    if not may:
        message = f"the certificate of '{chain.subject}' is no authority's: it may not sign others"
        raise Wrong(message, "give the authority of your test clients (basicConstraints: CA:TRUE)")


def public_key(data: bytes) -> bytes:
    """Return the public key (PEM) in PEM, a certificate, or a JWKS (its first RSA or EC key for signing)."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415  only where there is a key

    if data.lstrip()[:1] == b"{":
        key: Any = _of_jwks(data)
    elif _PRIVATE.search(data):
        raise Wrong("this is a private key: here the public one is enough", "openssl pkey -in KEY -pubout -out PUBLIC")
    elif b"-----BEGIN CERTIFICATE-----" in data:
        key = chain(data).key
    else:
        try:
            key = serialization.load_pem_public_key(data)
        except Exception:  # noqa: BLE001  whatever is wrong with it, it is no key
            raise Wrong("no public key in this file", "PEM (-----BEGIN PUBLIC KEY-----), or a JWKS") from None
    return bytes(key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo))


def _of_jwks(data: bytes) -> Any:
    try:
        found = json.loads(data)
    except ValueError:
        raise Wrong("this JWKS is no JSON", "it is what the issuer serves at its jwks_uri") from None
    keys = found.get("keys", [found])
    for key in keys if isinstance(keys, list) else ():
        if isinstance(key, dict) and key.get("kty") in {"RSA", "EC"} and key.get("use", "sig") == "sig":
            try:
                return _of_jwk(key)
            except (KeyError, TypeError, ValueError, binascii.Error):
                raise Wrong("the first signing key of this JWKS cannot be read", "is the file whole?") from None
    raise Wrong("no RSA or EC key for signing in this JWKS", "give the key that the issuer signs tokens with")


def _of_jwk(key: dict[str, Any]) -> Any:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa  # noqa: PLC0415  only where there is a key

    if key["kty"] == "RSA":
        return rsa.RSAPublicNumbers(_number(key["e"]), _number(key["n"])).public_key()
    curve = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}[key["crv"]]
    return ec.EllipticCurvePublicNumbers(_number(key["x"]), _number(key["y"]), curve).public_key()


def _number(text: str) -> int:
    return int.from_bytes(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
