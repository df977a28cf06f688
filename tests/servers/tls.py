"""A certificate authority for one test run, and the server certificates that it signs."""

import ipaddress
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFiles:
    """A server's certificate chain and private key, as PEM files."""

    cert: Path
    key: Path


class Authority:
    """Signs certificates for names that exist nowhere else; `ca_file` is what a client should trust.

    With `signer` it is an intermediate one; the root allows as many of these as its `depth`.
    """

    def __init__(
        self,
        folder: Path,
        name: str = "cutover test authority",
        *,
        signer: "Authority | None" = None,
        depth: int = 0,
        organisation: str = "",
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        subject = _name(name, organisation)
        start = datetime.now(UTC) - timedelta(days=30)
        self._certificate: x509.Certificate = (
            _builder(
                subject,
                signer._certificate.subject if signer else subject,
                self._key.public_key(),
                start,
                start + timedelta(days=365),
            )
            .add_extension(x509.BasicConstraints(ca=True, path_length=depth), critical=True)
            .add_extension(_ca_usage(), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
            .sign(signer._key if signer else self._key, hashes.SHA256())
        )
        self.ca_file: Path = signer.ca_file if signer else folder / "ca.pem"
        if signer is None:
            self.ca_file.write_bytes(_pem(self._certificate))
        self._made = 0

    def key_pem(self) -> bytes:
        """Return the authority's own private key, for who signs with it elsewhere."""
        return _private(self._key)

    def certificate(
        self,
        *names: str,
        start: datetime | None = None,
        end: datetime | None = None,
        client: bool = False,
        alone: bool = False,
    ) -> ServerFiles:
        """Make a certificate for host names and IP addresses; valid for a day around now unless told otherwise.

        `client` makes it one that a client shows; `alone` leaves this authority's own out of the chain.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.now(UTC)
        usage = ExtendedKeyUsageOID.CLIENT_AUTH if client else ExtendedKeyUsageOID.SERVER_AUTH
        certificate = (
            _builder(
                _name(names[0]),
                self._certificate.subject,
                key.public_key(),
                start or now - timedelta(hours=12),
                end or now + timedelta(hours=12),
            )
            .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()),
                critical=False,
            )
            .sign(self._key, hashes.SHA256())
        )
        self._made += 1
        files = ServerFiles(
            cert=self._folder / f"server-{self._made}.pem", key=self._folder / f"server-{self._made}.key"
        )
        files.cert.write_bytes(_pem(certificate) + (b"" if alone else _pem(self._certificate)))
        files.key.write_bytes(_private(key))
        return files


def context_of(files: ServerFiles) -> ssl.SSLContext:
    """Return the settings of a server that shows one certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.cert, files.key)
    return context


def by_name(files: Mapping[str, ServerFiles], default: ServerFiles | None) -> ssl.SSLContext:
    """Return the settings of a server that chooses its certificate by the name that is asked for (SNI).

    For other names, and where none is said, it shows `default`, or refuses the handshake.
    """
    contexts = {name: context_of(one) for name, one in files.items()}
    first = context_of(default) if default else next(iter(contexts.values()))

    def choose(sock: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> int | None:
        chosen = contexts.get(name or "", first if default else None)
        if chosen is None:
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        sock.context = chosen
        return None

    first.sni_callback = choose
    return first


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    start: datetime,
    end: datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
    )


def _ca_usage() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )


def _name(text: str, organisation: str = "") -> x509.Name:
    owner = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation)] if organisation else []
    return x509.Name([*owner, x509.NameAttribute(NameOID.COMMON_NAME, text[:64])])


def _general_name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    pkcs8 = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, pkcs8, serialization.NoEncryption())
