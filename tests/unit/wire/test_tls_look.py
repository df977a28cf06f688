import errno
import socket
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa

from harness.model.gateway import Gateway
from harness.model.seen import Offer, TlsFacts
from harness.model.side import Side
from harness.wire import tls, tls_handshake
from harness.wire.certificate import read_leaf
from harness.wire.tls import MOST_CONNECTIONS, look
from tests.servers.hostile import HostileServer, server_context
from tests.servers.nginx import Nginx, Server
from tests.servers.process import free_ports
from tests.servers.tls import Authority, ServerFiles

V12, V13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
NAME = "api.example.com"


def _gateway(port: int, authority: Authority, name: str = NAME, ca_file: Path | None = None) -> Gateway:
    return Gateway(
        side=Side.NEW,
        kind="generic",
        url=f"https://{name}",
        connect_to=f"127.0.0.1:{port}",
        ca_file=ca_file or authority.ca_file,
    )


def _no_pause() -> None:
    """Go on at once."""


def _accepted(facts: TlsFacts) -> list[str]:
    return [name for name, offer in facts.versions if offer is Offer.ACCEPTED]


def test_what_a_modern_endpoint_does(authority: Authority) -> None:
    files = authority.certificate(NAME, "127.0.0.1")
    with HostileServer(tls=files) as server:
        facts = look(_gateway(server.port, authority), timeout=5, pause=_no_pause)
        assert server.connections == facts.connections <= MOST_CONNECTIONS
        assert server.seen == []  # nothing was asked for
    assert [name for name, _ in facts.versions] == ["TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3"]
    assert _accepted(facts) == ["TLS 1.2", "TLS 1.3"]
    assert (facts.trouble, facts.trusted, facts.distrust) == ("", True, "")
    assert (facts.alpn, facts.demands_certificate) == ("http/1.1", "no")
    assert facts.cipher.startswith("TLS_AES")
    leaf, issuer = facts.chain
    parsed = x509.load_pem_x509_certificate(files.cert.read_bytes())
    assert leaf.sha256 == parsed.fingerprint(hashes.SHA256()).hex()
    assert (leaf.subject, leaf.names) == (f"CN={NAME}", (NAME, "127.0.0.1"))
    assert (leaf.key, leaf.key_bits, leaf.signature) == ("EC P-256", 256, "sha256")
    assert leaf.not_after == parsed.not_valid_after_utc.timestamp()
    assert issuer.subject == leaf.issuer == "CN=cutover test authority"


@pytest.mark.parametrize("version", [V12, V13])
def test_one_version_alone(authority: Authority, version: ssl.TLSVersion) -> None:
    context = server_context(authority.certificate(NAME))
    context.minimum_version = context.maximum_version = version
    with HostileServer(tls=context) as server:
        facts = look(_gateway(server.port, authority), timeout=5, pause=_no_pause)
    assert _accepted(facts) == ["TLS 1.2" if version is V12 else "TLS 1.3"]
    assert [offer for _, offer in facts.versions].count(Offer.REFUSED) == 3
    assert (len(facts.chain), facts.trusted) == (2, True)


@pytest.mark.server("nginx")
@pytest.mark.parametrize(
    ("protocols", "accepted"),
    [
        ("TLSv1 TLSv1.1 TLSv1.2 TLSv1.3", ["TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3"]),
        ("TLSv1 TLSv1.2", ["TLS 1.0", "TLS 1.2"]),
        ("TLSv1", ["TLS 1.0"]),
        ("TLSv1.1", ["TLS 1.1"]),
        ("TLSv1.2 TLSv1.3", ["TLS 1.2", "TLS 1.3"]),
        ("TLSv1.3", ["TLS 1.3"]),
    ],
)
@pytest.mark.parametrize("key", ["EC", "RSA"])
def test_the_versions_of_an_nginx(
    start_nginx: Callable[..., Nginx],
    authority: Authority,
    tmp_path: Path,
    protocols: str,
    accepted: list[str],
    key: str,
) -> None:
    body = f"ssl_protocols {protocols}; ssl_ciphers ALL:@SECLEVEL=0; location / {{ return 200; }}"
    files = (
        authority.certificate(NAME) if key == "EC" else _self_signed(tmp_path, rsa.generate_private_key(65537, 1024))
    )
    nginx = start_nginx(Server(body=body, tls=files, http2=True))
    facts = look(_gateway(nginx.port, authority), timeout=5, pause=_no_pause)
    assert _accepted(facts) == accepted
    assert [offer for _, offer in facts.versions].count(Offer.UNKNOWN) == 0
    assert (facts.alpn, facts.demands_certificate) == ("h2", "no")
    if key == "EC":
        assert (len(facts.chain), facts.trusted) == (2, True)
    else:
        assert [(one.key, one.key_bits) for one in facts.chain] == [("RSA 1024", 1024)]
        assert (facts.trusted, facts.distrust) == (False, "self-signed certificate")


@pytest.mark.server("nginx")
@pytest.mark.parametrize("protocols", ["TLSv1.2", "TLSv1.3", "TLSv1.2 TLSv1.3"])
@pytest.mark.parametrize(("verify", "demands"), [("off", "no"), ("optional", "asked for"), ("on", "required")])
def test_nginx_asks_for_a_certificate_in_tls_and_refuses_in_http(
    start_nginx: Callable[..., Nginx], authority: Authority, protocols: str, verify: str, demands: str
) -> None:
    ask = f"ssl_verify_client {verify}; ssl_client_certificate {authority.ca_file};"
    body = f"ssl_protocols {protocols}; {ask} location / {{ return 200; }}"
    nginx = start_nginx(Server(body=body, tls=authority.certificate(NAME), http2=True))
    facts = look(_gateway(nginx.port, authority), timeout=5, pause=_no_pause)
    assert (facts.demands_certificate, facts.trusted) == (demands, True)


@pytest.mark.parametrize("version", [V12, V13])
@pytest.mark.parametrize(
    ("mode", "demands"),
    [(ssl.CERT_NONE, "no"), (ssl.CERT_OPTIONAL, "asked for"), (ssl.CERT_REQUIRED, "required")],
)
def test_a_handshake_that_minds_a_missing_certificate(
    authority: Authority, version: ssl.TLSVersion, mode: ssl.VerifyMode, demands: str
) -> None:
    context = server_context(authority.certificate(NAME))
    context.minimum_version = context.maximum_version = version
    context.load_verify_locations(authority.ca_file)
    context.verify_mode = mode
    with HostileServer(tls=context) as server:
        facts = look(_gateway(server.port, authority), timeout=5, pause=_no_pause)
        assert facts.connections == server.connections
    assert facts.demands_certificate == demands
    assert (len(facts.chain), facts.trusted, facts.alpn) == (2, True, "http/1.1")
    assert facts.cipher


@pytest.mark.parametrize(
    ("names", "days", "trusted", "words"),
    [
        (("wrong.example",), 1, True, "Hostname mismatch"),
        ((NAME,), -1, True, "expired"),
        ((NAME,), 1, False, "issuer"),
    ],
    ids=["wrong name", "expired", "unknown authority"],
)
def test_a_chain_that_does_not_hold_says_why(
    authority: Authority, tmp_path: Path, names: tuple[str, ...], days: int, trusted: bool, words: str
) -> None:
    end = datetime.now(UTC) + timedelta(days=days)
    files = authority.certificate(*names, start=end - timedelta(days=5), end=end)
    ca_file = authority.ca_file if trusted else Authority(tmp_path, "somebody else").ca_file
    with HostileServer(tls=files) as server:
        facts = look(_gateway(server.port, authority, ca_file=ca_file), timeout=5, pause=_no_pause)
    assert (facts.trusted, facts.trouble) == (False, "")
    assert words in facts.distrust or "self-signed" in facts.distrust
    assert facts.chain[0].names == names
    assert _accepted(facts) == ["TLS 1.2", "TLS 1.3"]


def test_an_incomplete_chain_is_told_as_sent(authority: Authority, tmp_path: Path) -> None:
    files = authority.certificate(NAME)
    leaf = tmp_path / "leaf.pem"
    leaf.write_bytes(
        files.cert.read_bytes().partition(b"-----END CERTIFICATE-----\n")[0] + b"-----END CERTIFICATE-----\n"
    )
    with HostileServer(tls=ServerFiles(cert=leaf, key=files.key)) as server:
        facts = look(_gateway(server.port, authority), timeout=5, pause=_no_pause)
    assert len(facts.chain) == 1


def test_an_address_in_the_url_is_looked_at_without_a_name(authority: Authority) -> None:
    with HostileServer(tls=authority.certificate("127.0.0.1")) as server:
        gateway = Gateway(side=Side.NEW, kind="generic", url=server.url, ca_file=authority.ca_file)
        facts = look(gateway, timeout=5, pause=_no_pause)
    assert (facts.trusted, facts.trouble) == (True, "")


def test_a_name_that_is_not_served_is_told(authority: Authority) -> None:
    context = server_context(authority.certificate(NAME))
    context.sni_callback = lambda _, name, __: None if name == NAME else ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
    with HostileServer(tls=context) as server:
        known = look(_gateway(server.port, authority), timeout=5, pause=_no_pause)
        other = look(_gateway(server.port, authority, "other.example"), timeout=5, pause=_no_pause)
    assert known.trouble == ""
    assert "unrecognized_name" in other.trouble
    assert (other.versions, other.chain, other.trusted) == ((), (), None)


def test_a_port_without_tls(hostile: HostileServer, authority: Authority) -> None:
    facts = look(_gateway(hostile.port, authority), timeout=0.5, pause=_no_pause)
    assert facts.trouble
    assert (facts.trusted, facts.versions) == (None, ())


@pytest.mark.server("nginx")
def test_plain_http_is_no_tls(start_nginx: Callable[..., Nginx], authority: Authority) -> None:
    nginx = start_nginx(Server(body="location / { return 200; }"))
    assert (
        look(_gateway(nginx.port, authority), timeout=2, pause=_no_pause).trouble
        == "what answers on this port is no TLS"
    )


def test_a_silent_port_costs_one_wait(authority: Authority) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        facts = look(_gateway(listener.getsockname()[1], authority), timeout=0.2, pause=_no_pause)
    assert "nothing came back" in facts.trouble
    assert (facts.connections, facts.versions) == (1, ())


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, "refused"),
        ({"url": "https://no-such-host.invalid", "connect_to": None}, "not resolved"),
        ({"url": "http://127.0.0.1"}, "plain http"),
        ({"proxy": "http://127.0.0.1:1"}, "proxy"),
    ],
)
def test_nothing_to_look_at_says_why(authority: Authority, more: dict[str, Any], words: str) -> None:
    values = {"url": f"https://{NAME}", "connect_to": f"127.0.0.1:{free_ports(1)[0]}", "ca_file": authority.ca_file}
    facts = look(Gateway(**{"side": Side.NEW, "kind": "generic", **values, **more}), timeout=2, pause=_no_pause)
    assert words in facts.trouble
    assert (facts.versions, facts.trusted, facts.untried) == ((), None, words == "proxy")


def test_without_the_librarys_tracing_the_chain_is_read_from_an_older_hello(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tls_handshake, "_listen_in", lambda *_: None)
    context = server_context(authority.certificate(NAME))
    context.load_verify_locations(authority.ca_file)
    context.verify_mode = ssl.CERT_OPTIONAL
    with HostileServer(tls=context) as server:
        facts = look(_gateway(server.port, authority), timeout=5, pause=_no_pause)
    assert (facts.chain[0].names, facts.demands_certificate) == ((NAME,), "asked for")


@pytest.mark.parametrize(("version", "demands"), [(V12, "no"), (V13, "")])
def test_without_the_librarys_tracing_it_may_not_be_known_what_is_demanded(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, version: ssl.TLSVersion, demands: str
) -> None:
    monkeypatch.setattr(tls_handshake, "_listen_in", lambda *_: None)
    context = server_context(authority.certificate(NAME))
    context.minimum_version = context.maximum_version = version
    with HostileServer(tls=context) as server:
        assert look(_gateway(server.port, authority), timeout=5, pause=_no_pause).demands_certificate == demands


def test_each_connection_waits_for_its_turn(authority: Authority) -> None:
    with HostileServer(tls=authority.certificate(NAME)) as server:
        seen: list[int] = []
        facts = look(_gateway(server.port, authority), timeout=5, pause=lambda: seen.append(server.connections))
    assert len(seen) == facts.connections
    assert seen[0] == 0
    assert all(one < another + 2 for one, another in zip(seen, range(len(seen)), strict=True))


def test_what_this_machine_cannot_try_is_not_the_endpoints_doing(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENETUNREACH, "Network is unreachable")

    monkeypatch.setattr(socket.socket, "connect", fail)
    facts = look(_gateway(1, authority), timeout=1, pause=_no_pause)
    assert facts.untried
    assert "Network is unreachable" in facts.trouble


def test_a_verifying_handshake_that_fails_by_itself_says_nothing_of_trust() -> None:
    assert tls._trust(tls_handshake.Shaken(wrong="no answer in time", silent=True))[0] is None


def _self_signed(folder: Path, key: Any, digest: Any = hashes.SHA256) -> ServerFiles:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = (
        builder.serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    )
    certificate = builder.sign(key, digest() if digest else None)
    files = ServerFiles(cert=folder / "self.pem", key=folder / "self.key")
    files.cert.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.PKCS8
    files.key.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    return files


@pytest.mark.parametrize(
    ("key", "digest", "told"),
    [
        (lambda: rsa.generate_private_key(65537, 2048), hashes.SHA384, ("RSA 2048", 2048, "sha384")),
        (lambda: ec.generate_private_key(ec.SECP384R1()), hashes.SHA256, ("EC P-384", 384, "sha256")),
        (lambda: ec.generate_private_key(ec.SECP256K1()), hashes.SHA256, ("EC secp256k1", 256, "sha256")),
        (lambda: dsa.generate_private_key(1024), hashes.SHA256, ("DSA 1024", 1024, "sha256")),
        (ed25519.Ed25519PrivateKey.generate, None, ("Ed25519", 256, "ed25519")),
        (ed448.Ed448PrivateKey.generate, None, ("Ed448", 456, "ed448")),
    ],
)
def test_keys_and_signatures(tmp_path: Path, key: Any, digest: Any, told: tuple[str, int, str]) -> None:
    pem = _self_signed(tmp_path, key(), digest).cert.read_bytes()
    leaf = read_leaf(x509.load_pem_x509_certificate(pem).public_bytes(serialization.Encoding.DER))
    assert leaf is not None
    assert (leaf.key, leaf.key_bits, leaf.signature) == told


@pytest.mark.parametrize("der", [b"", b"nonsense", b"\x30\x82\x01\x00" + bytes(256)])
def test_what_is_no_certificate_is_none(der: bytes) -> None:
    assert read_leaf(der) is None
