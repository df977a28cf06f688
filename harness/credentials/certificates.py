"""Client certificates with something wrong: expired, or of an authority that nobody trusts."""

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import (
    CertificateIssuerPrivateKeyTypes,
    CertificateIssuerPublicKeyTypes,
    CertificatePublicKeyTypes,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from harness.model.request import ClientCertificate

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_SIGNERS = (
    rsa.RSAPrivateKey,
    ec.EllipticCurvePrivateKey,
    dsa.DSAPrivateKey,
    ed25519.Ed25519PrivateKey,
    ed448.Ed448PrivateKey,
)
_STRANGER = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "cutover, an authority that nobody trusts")])


class CannotSign(Exception):  # noqa: N818  reads as a fact at the call site
    """A certificate or key cannot be used; `reason` is one line without the key."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def signed(ca: ClientCertificate, subject_of: ClientCertificate, *, expired: bool) -> ClientCertificate:
    """Return a certificate by `ca` for the same subject and names, with a key of its own; raise CannotSign.

    Valid for a day, or, if `expired`, until yesterday.
    """
    issuer, key = _certificate(ca), _key(ca)
    if issuer.public_key() != key.public_key():
        raise CannotSign(f"{ca.label}: the key is not that of the certificate")
    now = datetime.now(UTC)
    start, end = (now - 30 * _DAY, now - _DAY) if expired else (now - _HOUR, now + _DAY)
    label = f"{subject_of.label}, {'expired' if expired else 'made anew'}"
    return _made(_certificate(subject_of), issuer, key, (start, end), label)


def stranger(like: ClientCertificate) -> ClientCertificate:
    """Return a valid certificate for the same subject and names, by an authority made here; raise CannotSign."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    times = now - _HOUR, now + _DAY
    root = (
        _builder(_STRANGER, _STRANGER, key.public_key(), times)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return _made(_certificate(like), root, key, times, f"{like.label}, of another authority")


def _made(
    like: x509.Certificate,
    issuer: x509.Certificate,
    signer: CertificateIssuerPrivateKeyTypes,
    times: tuple[datetime, datetime],
    label: str,
) -> ClientCertificate:
    key = ec.generate_private_key(ec.SECP256R1())
    builder = (
        _builder(like.subject, issuer.subject, key.public_key(), times)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(_issued_by(issuer, signer.public_key()), critical=False)
    )
    if (names := _names(like)) is not None:
        builder = builder.add_extension(names, critical=False)
    made = builder.sign(signer, _digest(signer))
    return ClientCertificate(
        certificate=made.public_bytes(serialization.Encoding.PEM) + issuer.public_bytes(serialization.Encoding.PEM),
        key=key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
        label=label,
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, public: CertificatePublicKeyTypes, times: tuple[datetime, datetime]
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(times[0])
        .not_valid_after(times[1])
    )


def _names(like: x509.Certificate) -> x509.SubjectAlternativeName | None:
    try:
        return like.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return None


def _issued_by(issuer: x509.Certificate, key: CertificateIssuerPublicKeyTypes) -> x509.AuthorityKeyIdentifier:
    """Name the issuer's key as the issuer itself does, or chains would not be found."""
    try:
        named = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return x509.AuthorityKeyIdentifier.from_issuer_public_key(key)
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(named)


def _digest(signer: CertificateIssuerPrivateKeyTypes) -> hashes.SHA256 | None:
    return None if isinstance(signer, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey) else hashes.SHA256()


def _certificate(of: ClientCertificate) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(of.certificate)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise CannotSign(f"{of.label}: the certificate cannot be read") from None


def _key(of: ClientCertificate) -> CertificateIssuerPrivateKeyTypes:
    try:
        key = serialization.load_pem_private_key(of.key, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise CannotSign(f"{of.label}: the key cannot be read (it must be PEM, without a passphrase)") from None
    if not isinstance(key, _SIGNERS):
        raise CannotSign(f"{of.label}: certificates cannot be signed with a key of this kind")
    return key
