"""Keys and certificates of a lab, made when it starts: elliptic curves, so that this takes milliseconds.

Nothing here guards anything; every lab has its own, and they are gone when it ends.
"""

import base64
import ipaddress
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ISSUER_ID = "https://issuer.lab.example"
AUDIENCE = "orders-api"
KEY_ID = "lab-1"
_LIFETIME = timedelta(days=730)
_HOST = "127.0.0.1"

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A certificate and its private key."""

    certificate: x509.Certificate
    key: Key = field(repr=False)

    @property
    def pem(self) -> bytes:
        """Return the certificate as PEM."""
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        """Return the private key as PEM."""
        return pem_of(self.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """What a lab signs with: `issuer` its tokens, `authority` its servers' certificates, `client_ca` its clients'."""

    issuer: ec.EllipticCurvePrivateKey = field(repr=False)
    other: ec.EllipticCurvePrivateKey = field(repr=False)
    authority: Party
    server: Party
    client_ca: Party
    machine: Party

    @property
    def issuer_public(self) -> bytes:
        """Return the issuer's public key as PEM."""
        return self.issuer.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def jwks(self) -> dict[str, Any]:
        """Return the issuer's key set (RFC 7517)."""
        numbers = self.issuer.public_key().public_numbers()
        point = {"x": _coordinate(numbers.x), "y": _coordinate(numbers.y)}
        return {"keys": [{"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": KEY_ID, **point}]}

    def write(self, folder: Path) -> None:
        """Write what a scenario names: of the token issuer, the server authority, and the clients' certificates."""
        files = {
            "issuer.pem": pem_of(self.issuer),
            "issuer.pub.pem": self.issuer_public,
            "other-issuer.pem": pem_of(self.other),
            "ca.pem": self.authority.pem,
            "client-ca.pem": self.client_ca.pem,
            "client-ca.key": self.client_ca.key_pem,
            "machine.pem": self.machine.pem,
            "machine.key": self.machine.key_pem,
        }
        for name, data in files.items():
            write_private(folder / name, data)


def make() -> Keys:
    """Return new keys and certificates."""
    authority = _authority("Lab server authority")
    client_ca = _authority("Lab client authority")
    return Keys(
        issuer=ec.generate_private_key(ec.SECP256R1()),
        other=ec.generate_private_key(ec.SECP256R1()),
        authority=authority,
        server=server_certificate(authority),
        client_ca=client_ca,
        machine=_signed("machine", client_ca, ExtendedKeyUsageOID.CLIENT_AUTH),
    )


def server_certificate(
    authority: Party, *, name: str = _HOST, ended: bool = False, own: bool = False, bits: int = 0
) -> Party:
    """Return a server's certificate: for another `name`, `ended` yesterday, signed by its `own` key, RSA of `bits`."""
    return _signed(name, authority, ExtendedKeyUsageOID.SERVER_AUTH, ended=ended, own=own, bits=bits)


def pem_of(key: Key) -> bytes:
    """Return a private key as PEM, unencrypted."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def write_private(path: Path, data: bytes) -> None:
    """Write a file that only its owner may read."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)


def _authority(name: str) -> Party:
    key = ec.generate_private_key(ec.SECP256R1())
    builder = (
        _builder(name, name, key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(authority=True), critical=True)
    )
    return Party(certificate=builder.sign(key, hashes.SHA256()), key=key)


def _signed(
    name: str, by: Party, purpose: x509.ObjectIdentifier, *, ended: bool = False, own: bool = False, bits: int = 0
) -> Party:
    key: Key = rsa.generate_private_key(65_537, bits) if bits else ec.generate_private_key(ec.SECP256R1())
    issuer = name if own else by.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
    signer = key if own else by.key
    authority_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    builder = (
        _builder(name, str(issuer), key, ended=ended)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        .add_extension(x509.SubjectAlternativeName(_names(name)), critical=False)
        .add_extension(authority_key, critical=False)
    )
    return Party(certificate=builder.sign(signer, hashes.SHA256()), key=key)


def _builder(name: str, issuer: str, key: Key, *, ended: bool = False) -> x509.CertificateBuilder:
    now = datetime.now(UTC).replace(microsecond=0)
    until = now - timedelta(days=1) if ended else now + _LIFETIME
    return (
        x509.CertificateBuilder()
        .subject_name(_named(name))
        .issuer_name(_named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(until)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _names(name: str) -> list[x509.GeneralName]:
    if name == _HOST:
        return [x509.IPAddress(ipaddress.ip_address(_HOST)), x509.DNSName("localhost")]
    return [x509.DNSName(name)]


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _coordinate(number: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes(32, "big")).rstrip(b"=").decode()
