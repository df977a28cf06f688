from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from harness.model.errors import HarnessError
from harness.model.exchange import Exchange
from harness.model.gateway import Gateway, Limits
from harness.model.request import Request
from harness.model.response import Answer, NoResponse, Reason, Response
from harness.model.side import Side
from harness.wire.certificate import read_certificate
from harness.wire.client import Wire
from harness.wire.options import system_bundle
from tests.servers.hostile import HostileServer
from tests.servers.tls import Authority

Ask = Callable[..., Answer]
Drain = Callable[[Wire, int], list[Exchange]]


def test_a_trusted_server_answers_and_shows_its_certificate(ask: Ask, authority: Authority) -> None:
    with HostileServer(tls=authority.certificate("localhost", "127.0.0.1")) as server:
        answer = ask(server.url + "/ok", gateway={"ca_file": authority.ca_file})
    assert isinstance(answer, Response)
    shown = answer.certificate
    assert shown is not None
    assert shown.names == ("localhost", "127.0.0.1")
    assert shown.subject == "CN=localhost"
    assert shown.issuer == "CN=cutover test authority"
    assert len(shown.sha256) == 64
    assert shown.not_before < datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") < shown.not_after
    assert answer.timings.tls is not None


@pytest.mark.parametrize(
    ("names", "days", "trusted"),
    [(("wrong.example",), 1, True), (("127.0.0.1",), -1, True), (("127.0.0.1",), 1, False)],
    ids=["wrong name", "expired", "unknown authority"],
)
def test_a_certificate_that_does_not_hold_is_no_answer(
    ask: Ask, authority: Authority, tmp_path: Path, *, names: tuple[str, ...], days: int, trusted: bool
) -> None:
    end = datetime.now(UTC) + timedelta(days=days)
    files = authority.certificate(*names, start=end - timedelta(days=5), end=end)
    ca_file = authority.ca_file if trusted else Authority(tmp_path, "somebody else").ca_file
    with HostileServer(tls=files) as server:
        answer = ask(server.url + "/ok", gateway={"ca_file": ca_file})
        assert server.seen == []
    assert isinstance(answer, NoResponse)
    assert answer.reason is Reason.TLS
    assert "certificate" in answer.detail


def test_the_system_does_not_trust_the_tests_authority(ask: Ask, authority: Authority) -> None:
    with HostileServer(tls=authority.certificate("127.0.0.1")) as server:
        answer = ask(server.url + "/ok")
    assert isinstance(answer, NoResponse)
    assert answer.reason is Reason.TLS


def test_connect_to_keeps_host_and_sni(ask: Ask, authority: Authority) -> None:
    with HostileServer(tls=authority.certificate("api.example.com")) as server:
        answer = ask(
            "https://api.example.com/ok?x=1",
            gateway={"ca_file": authority.ca_file, "connect_to": f"127.0.0.1:{server.port}"},
        )
        (seen,) = server.seen
    assert isinstance(answer, Response)
    assert answer.certificate is not None
    assert answer.certificate.names == ("api.example.com",)
    assert (seen.sni, seen.target, seen.header_lines) == ("api.example.com", "/ok?x=1", [b"Host: api.example.com"])


def test_both_sides_behind_one_name_show_their_own_certificate(
    authority: Authority, open_wire: Callable[..., Wire], drain: Drain
) -> None:
    """The name is the same, the addresses differ: nothing of one side's TLS may serve the other."""
    with (
        HostileServer(tls=authority.certificate("api.example.com")) as old,
        HostileServer(tls=authority.certificate("api.example.com", "new.example.com")) as new,
    ):
        wire = open_wire(
            *[
                Gateway(
                    side=side,
                    kind="generic",
                    url="https://api.example.com",
                    ca_file=authority.ca_file,
                    connect_to=f"localhost:{server.port}",
                )
                for side, server in ((Side.OLD, old), (Side.NEW, new))
            ]
        )
        for turn in range(3):  # the second and third time on the same connections
            for side in Side:
                wire.submit(Request(side=side, method="GET", url=f"https://api.example.com/{side}"), side.value)
            told = {done.request.side: done.answer for done in drain(wire, 2)}
            for side, names in ((Side.OLD, 1), (Side.NEW, 2)):
                answer = told[side]
                assert isinstance(answer, Response)
                assert answer.certificate is not None, turn
                assert len(answer.certificate.names) == names
                assert (answer.timings.tls is None) == (turn > 0)
        assert (old.connections, new.connections) == (1, 1)
        assert {seen.target for seen in old.seen} == {"/old"}
        assert {seen.target for seen in new.seen} == {"/new"}


def test_many_connections_each_keep_their_certificate(
    authority: Authority, open_wire: Callable[..., Wire], drain: Drain
) -> None:
    with HostileServer(tls=authority.certificate("127.0.0.1")) as server:
        gateway = Gateway(side=Side.OLD, kind="generic", url=server.url, ca_file=authority.ca_file)
        wire = open_wire(gateway, limits=Limits(rate=1e6, concurrency=6))
        for token in range(60):
            wire.submit(Request(side=Side.OLD, method="GET", url=server.url + "/slow?5"), token)
        answers = [done.answer for done in drain(wire, 60)]
        assert server.connections == 6
    assert all(isinstance(answer, Response) and answer.certificate is not None for answer in answers)


def test_a_hanging_handshake_is_a_tls_trouble(ask: Ask, authority: Authority, hostile: HostileServer) -> None:
    answer = ask(hostile.url.replace("http", "https") + "/ok", timeout=0.2, gateway={"ca_file": authority.ca_file})
    assert isinstance(answer, NoResponse)
    assert answer.reason is Reason.TLS


def test_the_bundle_is_found_in_the_environment_first(authority: Authority) -> None:
    assert system_bundle({"SSL_CERT_FILE": str(authority.ca_file)}.get) == authority.ca_file


def test_a_missing_bundle_file_is_passed_over(tmp_path: Path) -> None:
    try:
        assert system_bundle({"SSL_CERT_FILE": str(tmp_path / "none.pem")}.get).is_file()
    except HarnessError as error:
        assert "SSL_CERT_FILE" in error.hint  # noqa: PT017  a machine without any bundle


def test_a_certificate_that_cannot_be_read_is_none() -> None:
    assert read_certificate(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n") is None
    assert read_certificate(b"nonsense") is None
