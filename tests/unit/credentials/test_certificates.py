"""Certificates with something wrong, shown to a server that demands one."""

import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, x25519
from cryptography.x509.oid import NameOID

from harness.credentials.certificates import CannotSign, signed, stranger
from harness.model.request import ClientCertificate
from tests.servers.tls import Authority

PEM, PKCS8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8


def make(key: Any, *, identifier: bytes | None = None, label: str = "test authority") -> ClientCertificate:
    """Make an authority whose certificate names its key by `identifier`, by nothing if that is None."""
    now = datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority of clients")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=100))
        .not_valid_after(now + timedelta(days=100))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    )
    if identifier is not None:
        builder = builder.add_extension(x509.SubjectKeyIdentifier(identifier), critical=False)
    made = builder.sign(key, None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256())
    form = PKCS8
    return ClientCertificate(
        certificate=made.public_bytes(PEM),
        key=key.private_bytes(PEM, form, serialization.NoEncryption()),
        label=label,
    )


@pytest.fixture(scope="module")
def partner(authority: Authority) -> ClientCertificate:
    files = authority.certificate("partner.example", "10.1.2.3")
    return ClientCertificate(certificate=files.cert.read_bytes(), key=files.key.read_bytes(), label="partner's")


def accepted(shown: ClientCertificate, trusted: bytes, authority: Authority, folder: Path) -> bool:
    """Tell whether a server that trusts the authority `trusted` completes the handshake and answers."""
    files = authority.certificate("127.0.0.1")
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(files.cert, files.key)
    server.verify_mode = ssl.CERT_REQUIRED
    server.load_verify_locations(cadata=trusted.decode())
    (folder / "client.pem").write_bytes(shown.certificate + shown.key)
    client = ssl.create_default_context(cafile=authority.ca_file)
    client.load_cert_chain(folder / "client.pem")

    def answer(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            try:
                with server.wrap_socket(connection, server_side=True) as secure:
                    secure.sendall(b"yes")
            except ssl.SSLError:
                return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer, args=(listener,))
        thread.start()
        try:
            with (
                socket.create_connection(listener.getsockname(), timeout=5) as connection,
                client.wrap_socket(connection, server_hostname="127.0.0.1") as secure,
            ):
                return secure.recv(10) == b"yes"
        except (ssl.SSLError, ConnectionError):
            return False
        finally:
            thread.join()


@pytest.mark.parametrize("identifier", [None, b"an identifier of its own"])
@pytest.mark.parametrize("kind", ["ec", "rsa", "ed25519"])
def test_what_is_wrong_is_just_that(
    kind: str, identifier: bytes | None, partner: ClientCertificate, authority: Authority, tmp_path: Path
) -> None:
    keys = {"ec": lambda: ec.generate_private_key(ec.SECP384R1()), "ed25519": ed25519.Ed25519PrivateKey.generate}
    key = keys[kind]() if kind in keys else rsa.generate_private_key(65537, 2048)
    ca = make(key, identifier=identifier)
    good, expired = signed(ca, partner, expired=False), signed(ca, partner, expired=True)
    assert accepted(good, ca.certificate, authority, tmp_path)
    assert not accepted(expired, ca.certificate, authority, tmp_path)
    assert not accepted(stranger(good), ca.certificate, authority, tmp_path)
    assert (good.label, expired.label) == ("partner's, made anew", "partner's, expired")


def test_a_stranger_looks_like_the_one_it_is_not(
    partner: ClientCertificate, authority: Authority, tmp_path: Path
) -> None:
    made = stranger(partner)
    mine, like = (x509.load_pem_x509_certificate(one.certificate) for one in (made, partner))
    assert mine.subject == like.subject
    assert mine.issuer != like.issuer
    names = x509.SubjectAlternativeName
    assert mine.extensions.get_extension_for_class(names) == like.extensions.get_extension_for_class(names)
    assert mine.not_valid_before_utc < datetime.now(UTC) < mine.not_valid_after_utc
    chain = x509.load_pem_x509_certificates(made.certificate)
    assert accepted(made, chain[1].public_bytes(PEM), authority, tmp_path)
    assert stranger(partner).certificate != made.certificate
    assert made.label == "partner's, of another authority"


def test_what_cannot_be_used_is_told(partner: ClientCertificate) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    ca = make(key)
    locked = key.private_bytes(PEM, PKCS8, serialization.BestAvailableEncryption(b"pw"))
    exchanges = x25519.X25519PrivateKey.generate().private_bytes(PEM, PKCS8, serialization.NoEncryption())
    other = make(ec.generate_private_key(ec.SECP256R1())).key
    for bad, words in (
        (ClientCertificate(certificate=b"x", key=ca.key, label="its name"), "its name: the certificate cannot be read"),
        (ClientCertificate(certificate=ca.certificate, key=b"x", label="its name"), "its name: the key cannot be read"),
        (ClientCertificate(certificate=ca.certificate, key=locked, label="its name"), "without a passphrase"),
        (ClientCertificate(certificate=ca.certificate, key=exchanges, label="its name"), "with a key of this kind"),
        (ClientCertificate(certificate=ca.certificate, key=other, label="its name"), "the key is not that of the"),
    ):
        with pytest.raises(CannotSign) as caught:
            signed(bad, partner, expired=True)
        assert words in caught.value.reason
    with pytest.raises(CannotSign, match="the certificate cannot be read"):
        stranger(ClientCertificate(certificate=b"", key=b"", label="its name"))
