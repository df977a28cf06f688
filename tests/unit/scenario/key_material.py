"""Keys and certificates for tests of reading them, made once for a run: nothing of it is kept in the repository."""

import base64
import json
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, x25519
from cryptography.x509.oid import NameOID

NOW = datetime.now(UTC)
DAY = timedelta(days=1)
PLAIN = serialization.NoEncryption()


def _private(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | x25519.X25519PrivateKey,
    lock: serialization.KeySerializationEncryption = PLAIN,
) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock)


def _public(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def _certificate(
    name: str, key: ec.EllipticCurvePrivateKey, start: datetime, end: datetime, *, authority: bool = False
) -> bytes:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


def _b64(number: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes((number.bit_length() + 7) // 8)).rstrip(b"=").decode()


def _jwks(rsa_key: rsa.RSAPrivateKey, ec_key: ec.EllipticCurvePrivateKey) -> tuple[bytes, bytes]:
    numbers, point = rsa_key.public_key().public_numbers(), ec_key.public_key().public_numbers()
    first = {"kty": "RSA", "use": "enc", "n": "AQAB", "e": "AQAB"}
    second = {"kty": "RSA", "use": "sig", "kid": "1", "n": _b64(numbers.n), "e": _b64(numbers.e)}
    third = {"kty": "EC", "crv": "P-256", "x": _b64(point.x), "y": _b64(point.y)}
    return json.dumps({"keys": [{"kty": "oct", "k": "AA"}, first, second, third]}).encode(), json.dumps(third).encode()


@cache
def material() -> dict[str, bytes]:
    """Return files by name."""
    one, other = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP384R1())
    long = rsa.generate_private_key(65537, 2048)
    jwks, jwk = _jwks(long, one)
    good = _certificate("partner", one, NOW - DAY, NOW + DAY)
    return {
        "ec.key": _private(one),
        "other.key": _private(other),
        "rsa.key": _private(long),
        "ed.key": _private(ed25519.Ed25519PrivateKey.generate()),
        "x.key": _private(x25519.X25519PrivateKey.generate()),
        "locked.key": _private(one, serialization.BestAvailableEncryption(b"canary")),
        "old-locked.key": one.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.BestAvailableEncryption(b"canary"),
        ),
        "damaged.key": _private(one).replace(b"M", b"!", 1),
        "ec.pub": _public(one),
        "rsa.pub": _public(long),
        "good.pem": good,
        "chain.pem": good + _certificate("authority", other, NOW - DAY, NOW + DAY, authority=True),
        "old-chain.pem": good + _certificate("authority", other, NOW - 3 * DAY, NOW - DAY, authority=True),
        "expired.pem": _certificate("partner", one, datetime(2024, 1, 1, tzinfo=UTC), datetime(2025, 2, 3, tzinfo=UTC)),
        "future.pem": _certificate("partner", one, datetime(2100, 1, 1, tzinfo=UTC), datetime(2101, 1, 1, tzinfo=UTC)),
        "damaged.pem": b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
        "ca.pem": _certificate("authority", other, NOW - DAY, NOW + DAY, authority=True),
        "expired-ca.pem": _certificate("authority", other, NOW - 3 * DAY, NOW - DAY, authority=True),
        "jwks.json": jwks,
        "jwk.json": jwk,
        "no-keys.json": b'{"keys": [{"kty": "oct", "k": "AA"}]}',
        "broken.json": b'{"keys": [',
        "broken-key.json": b'{"keys": [{"kty": "EC", "crv": "P-256", "x": "AA"}]}',
        "secret.txt": b"canary-shared-secret-of-a-good-length\n",
        "empty.pem": b"\n",
        "text.pem": b"hello\n",
    }


def lay(folder: Path, names: tuple[str, ...]) -> None:
    """Write files of these names into `folder`."""
    for name in names:
        (folder / name).write_bytes(material()[name])
