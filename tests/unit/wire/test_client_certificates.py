import socket
import ssl
import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from harness.model.exchange import Exchange
from harness.model.gateway import Gateway, Limits
from harness.model.request import ClientCertificate, Request
from harness.model.response import Answer, NoResponse, Reason, Response
from harness.model.side import Side
from harness.wire.client import Wire
from tests.servers.hostile import HostileServer, Visit, server_context
from tests.servers.nginx import Nginx, Server
from tests.servers.tls import Authority

Ask = Callable[..., Answer]
Drain = Callable[[Wire, int], list[Exchange]]
V12, V13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


def shown_by(authority: Authority, name: str, **more: Any) -> ClientCertificate:
    files = authority.certificate(name, client=True, **more)
    return ClientCertificate(certificate=files.cert.read_bytes(), key=files.key.read_bytes(), label=name)


def who(visit: Visit) -> None:
    """Answer with the common name of the certificate that this connection's client showed."""
    peer = visit._sock.getpeercert()  # type: ignore[attr-defined]
    names = [value for part in (peer or {}).get("subject", ()) for key, value in part if key == "commonName"]
    visit.answer("".join(names).encode() or b"nobody")


def asking(
    authority: Authority, mode: ssl.VerifyMode = ssl.CERT_OPTIONAL, version: ssl.TLSVersion | None = None
) -> ssl.SSLContext:
    context = server_context(authority.certificate("127.0.0.1"))
    context.load_verify_locations(authority.ca_file)
    context.verify_mode = mode
    if version is not None:
        context.minimum_version = context.maximum_version = version
    return context


@pytest.mark.parametrize("version", [V12, V13])
def test_every_connection_shows_the_certificate_of_its_requests_and_is_kept(
    authority: Authority, open_wire: Callable[..., Wire], drain: Drain, version: ssl.TLSVersion
) -> None:
    one, two = shown_by(authority, "one.example"), shown_by(authority, "two.example")
    callers = [None, one, two, one, None, two, two, None, one]
    with HostileServer({"/who": who}, tls=asking(authority, version=version)) as server:
        wire = open_wire(Gateway(side=Side.OLD, kind="generic", url=server.url, ca_file=authority.ca_file))
        told = []
        for caller in callers:
            wire.submit(Request(side=Side.OLD, method="GET", url=server.url + "/who", certificate=caller), 0)
            told += drain(wire, 1)
        assert server.connections == 3
    bodies = [done.answer.body.content for done in told if isinstance(done.answer, Response)]
    assert bodies == [(caller.label if caller else "nobody").encode() for caller in callers]
    assert all(isinstance(done.answer, Response) and done.answer.certificate for done in told)


def test_certificates_are_kept_apart_when_many_requests_fly(
    authority: Authority, open_wire: Callable[..., Wire], drain: Drain
) -> None:
    callers = [None, *(shown_by(authority, f"{number}.example") for number in range(3))]
    with HostileServer({"/who": who}, tls=asking(authority)) as server:
        gateway = Gateway(side=Side.OLD, kind="generic", url=server.url, ca_file=authority.ca_file)
        wire = open_wire(gateway, limits=Limits(rate=1e6, concurrency=4))
        for token in range(80):
            caller = callers[token * 7 % 4]
            wire.submit(Request(side=Side.OLD, method="GET", url=server.url + "/who", certificate=caller), token)
        told = drain(wire, 80)
    for token, done in enumerate(told):
        caller = callers[token * 7 % 4]
        assert isinstance(done.answer, Response)
        assert done.answer.body.content == (caller.label if caller else "nobody").encode()


@pytest.mark.parametrize("version", [V12, V13])
@pytest.mark.parametrize(
    ("shows", "words"),
    [
        ("none", ("handshake failure", "certificate required")),
        ("expired", ("expired",)),
        ("other", ("unknown ca",)),
    ],
)
def test_a_server_that_refuses_the_certificate_is_a_tls_trouble_in_its_own_words(
    ask: Ask, authority: Authority, tmp_path: Path, version: ssl.TLSVersion, shows: str, words: tuple[str, ...]
) -> None:
    past = datetime.now(UTC) - timedelta(days=8)
    certificate = {
        "none": None,
        "expired": shown_by(authority, "late.example", start=past - timedelta(days=1), end=past),
        "other": shown_by(Authority(tmp_path, "somebody else"), "other.example"),
    }[shows]
    with HostileServer(tls=asking(authority, ssl.CERT_REQUIRED, version)) as server:
        answer = ask(server.url + "/ok", certificate=certificate, gateway={"ca_file": authority.ca_file})
        assert server.seen == []
    assert isinstance(answer, NoResponse)
    assert answer.reason is Reason.TLS
    assert any(word in answer.detail for word in words)


def _key(certificate: ClientCertificate, *, passphrase: bytes = b"") -> bytes:
    kind = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    key = serialization.load_pem_private_key(certificate.key, None)
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, kind)


BAD: list[tuple[str, Callable[[ClientCertificate], dict[str, bytes]], str]] = [
    ("no PEM", lambda _: {"certificate": b"nonsense"}, "no readable PEM certificate"),
    ("empty", lambda _: {"certificate": b""}, "no readable PEM certificate"),
    ("cut", lambda good: {"certificate": good.certificate[:200]}, "no readable PEM certificate"),
    ("key as certificate", lambda good: {"certificate": good.key}, "no readable PEM certificate"),
    ("no key", lambda _: {"key": b""}, "no readable PEM key"),
    ("certificate as key", lambda good: {"key": good.certificate}, "no readable PEM key"),
    ("cut key", lambda good: {"key": good.key[:60]}, "no readable PEM key"),
    ("locked key", lambda good: {"key": _key(good, passphrase=b"secret")}, "encrypted"),
    (
        "another key",
        lambda _: {
            "key": ec.generate_private_key(ec.SECP256R1()).private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        },
        "does not belong to it",
    ),
]


@pytest.mark.parametrize(("spoil", "words"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_what_cannot_be_shown_is_not_sent(
    ask: Ask,
    authority: Authority,
    spoil: Callable[[ClientCertificate], dict[str, bytes]],
    words: str,
) -> None:
    good = shown_by(authority, "partner.example")
    bad = ClientCertificate(**{"certificate": good.certificate, "key": good.key, "label": "partner"} | spoil(good))  # type: ignore[arg-type]
    with HostileServer(tls=asking(authority)) as server:
        answer = ask(server.url + "/ok", certificate=bad, gateway={"ca_file": authority.ca_file})
        assert server.connections == 0
    assert isinstance(answer, NoResponse)
    assert answer.reason is Reason.REFUSED_TO_SEND
    assert words in answer.detail
    assert "'partner'" in answer.detail


def _issued(subject: str, key: Any, issuer: x509.Certificate | None, signer: Any, *, ca: bool) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, subject)])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer.subject if issuer else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .sign(signer, hashes.SHA256())
    )


def _pem(*certificates: x509.Certificate) -> bytes:
    return b"".join(one.public_bytes(serialization.Encoding.PEM) for one in certificates)


def _key_pem(key: Any) -> bytes:
    form = serialization.PrivateFormat.PKCS8
    return bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))


def test_the_chain_behind_the_leaf_is_shown_too(ask: Ask, authority: Authority) -> None:
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(3)]
    root = _issued("root", keys[0], None, keys[0], ca=True)
    middle = _issued("middle", keys[1], root, keys[0], ca=True)
    leaf = _issued("partner", keys[2], middle, keys[1], ca=False)
    context = asking(authority, ssl.CERT_REQUIRED)
    context.load_verify_locations(cadata=_pem(root).decode())
    answers = []
    for shown in (_pem(leaf, middle), _pem(leaf)):
        certificate = ClientCertificate(certificate=shown, key=_key_pem(keys[2]), label="partner")
        with HostileServer({"/who": who}, tls=context) as server:
            answers.append(ask(server.url + "/who", certificate=certificate, gateway={"ca_file": authority.ca_file}))
    assert isinstance(answers[0], Response)
    assert answers[0].body.content == b"partner"
    assert isinstance(answers[1], NoResponse)
    assert answers[1].reason is Reason.TLS


def test_a_key_that_the_library_holds_for_too_weak_is_not_sent(ask: Ask, authority: Authority) -> None:
    key = rsa.generate_private_key(65537, 1024)
    weak = ClientCertificate(
        certificate=_pem(_issued("weak", key, None, key, ca=False)), key=_key_pem(key), label="weak"
    )
    with HostileServer(tls=asking(authority)) as server:
        answer = ask(server.url + "/ok", certificate=weak, gateway={"ca_file": authority.ca_file})
        assert server.seen == []
    assert isinstance(answer, NoResponse)
    assert answer.reason is Reason.REFUSED_TO_SEND
    assert "key" in answer.detail


@pytest.mark.server("nginx")
def test_streams_of_http_2_keep_to_their_certificate(
    start_nginx: Callable[..., Nginx], authority: Authority, open_wire: Callable[..., Wire], drain: Drain
) -> None:
    ask_for = f"ssl_verify_client optional; ssl_client_certificate {authority.ca_file};"
    body = ask_for + "location / { return 200 '$ssl_client_s_dn'; }"
    nginx = start_nginx(Server(body=body, tls=authority.certificate("127.0.0.1"), http2=True))
    url = f"https://127.0.0.1:{nginx.port}"
    gateway = Gateway(side=Side.OLD, kind="generic", url=url, ca_file=authority.ca_file, http="2")
    wire = open_wire(gateway, limits=Limits(rate=1e6, concurrency=16))
    callers = [None, shown_by(authority, "one.example"), shown_by(authority, "two.example")]
    for token in range(60):
        wire.submit(Request(side=Side.OLD, method="GET", url=url + "/", certificate=callers[token % 3]), token)
    for token, done in enumerate(drain(wire, 60)):
        caller = callers[token % 3]
        assert isinstance(done.answer, Response)
        assert (done.answer.version, done.answer.body.content.decode()) == ("2", f"CN={caller.label}" if caller else "")


def test_a_certificate_on_plain_http_is_not_sent(ask: Ask, authority: Authority, hostile: HostileServer) -> None:
    answer = ask(hostile.url + "/ok", certificate=shown_by(authority, "partner.example"))
    assert isinstance(answer, NoResponse)
    assert (answer.reason, hostile.seen) == (Reason.REFUSED_TO_SEND, [])
    assert "https" in answer.detail


class _FirstIsLost(HostileServer):
    """Resets every other connection as soon as its handshake is over."""

    def _answer_all(self, sock: socket.socket, number: int) -> None:
        if number % 2:
            super()._answer_all(sock, number)
        else:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def test_a_lost_send_does_not_spoil_the_next_request(
    authority: Authority, open_wire: Callable[..., Wire], drain: Drain
) -> None:
    """libcurl keeps a TLS connection whose sending failed; the next request must not be lost on it."""
    with _FirstIsLost(tls=authority.certificate("127.0.0.1")) as server:
        gateway = Gateway(side=Side.OLD, kind="generic", url=server.url, ca_file=authority.ca_file)
        for _ in range(8):  # whether it is the sending that fails depends on who is quicker
            wire = open_wire(gateway)
            for token in range(2):
                wire.submit(Request(side=Side.OLD, method="GET", url=server.url + "/ok"), token)
                (done,) = drain(wire, 1)
                assert isinstance(done.answer, Response) == (token == 1), done.answer


def test_the_key_is_shown_nowhere(ask: Ask, authority: Authority) -> None:
    certificate = shown_by(authority, "partner.example")
    request = Request(side=Side.OLD, method="GET", url="https://127.0.0.1:1/", certificate=certificate)
    assert "PRIVATE KEY" not in repr(request)
    answer = ask(request.url, certificate=certificate, gateway={"ca_file": authority.ca_file})
    assert "PRIVATE KEY" not in repr(answer)
