"""A peer's certificates: the leaf from the PEM text that libcurl hands over, and any from its DER form."""

from datetime import datetime
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from harness.model.response import Certificate
from harness.model.seen import Leaf

_MOST_NAMES = 200


@lru_cache(maxsize=256)
def read_certificate(pem: bytes) -> Certificate | None:
    """Return the facts of a PEM certificate, None if it cannot be read. `sha256` is of the DER form, hex."""
    try:
        parsed = x509.load_pem_x509_certificate(pem)
        return Certificate(
            subject=parsed.subject.rfc4514_string(),
            issuer=parsed.issuer.rfc4514_string(),
            names=_names(parsed),
            not_before=_iso(parsed.not_valid_before_utc),
            not_after=_iso(parsed.not_valid_after_utc),
            sha256=parsed.fingerprint(SHA256()).hex(),
        )
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None


_CURVES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}


def read_leaf(der: bytes) -> Leaf | None:
    """Return the facts of one certificate of a chain, None if it cannot be read. `sha256` is of its DER form, hex."""
    try:
        parsed = x509.load_der_x509_certificate(der)
        key, bits = _key(parsed)
        return Leaf(
            subject=parsed.subject.rfc4514_string(),
            issuer=parsed.issuer.rfc4514_string(),
            names=_names(parsed),
            not_before=parsed.not_valid_before_utc.timestamp(),
            not_after=parsed.not_valid_after_utc.timestamp(),
            key=key,
            key_bits=bits,
            signature=_signature(parsed),
            sha256=parsed.fingerprint(SHA256()).hex(),
        )
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None


def _key(parsed: x509.Certificate) -> tuple[str, int]:
    key = parsed.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}", key.key_size
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"EC {_CURVES.get(key.curve.name, key.curve.name)}", key.key_size
    if isinstance(key, ed25519.Ed25519PublicKey):
        return "Ed25519", 256
    if isinstance(key, ed448.Ed448PublicKey):
        return "Ed448", 456
    if isinstance(key, dsa.DSAPublicKey):
        return f"DSA {key.key_size}", key.key_size
    return type(key).__name__, 0


def _signature(parsed: x509.Certificate) -> str:
    """Return the hash that the signature is over; signatures without one of their own are called by their number."""
    try:
        used = parsed.signature_hash_algorithm
    except UnsupportedAlgorithm:
        used = None
    return used.name if used else _WITHOUT_HASH.get(parsed.signature_algorithm_oid.dotted_string, "unknown")


_WITHOUT_HASH = {"1.3.101.112": "ed25519", "1.3.101.113": "ed448"}


def _names(parsed: x509.Certificate) -> tuple[str, ...]:
    try:
        names = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return ()
    hosts = names.get_values_for_type(x509.DNSName)
    addresses = [str(address) for address in names.get_values_for_type(x509.IPAddress)]
    return tuple([*hosts, *addresses][:_MOST_NAMES])


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
