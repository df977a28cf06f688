"""The checks against real servers: TLS topics, plain text, raw requests and a port of two nginx, alike and not."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from harness.model.event import Checked
from harness.model.request import Request
from harness.model.response import Answer
from harness.model.side import Side
from harness.scenario.types import Scenario, Security
from harness.security import plain_check, smuggling, tls_check
from harness.security.doors import gateways
from harness.wire.client import Wire
from tests.servers.nginx import Nginx, Server
from tests.servers.tls import Authority
from tests.unit.security.check_bench import FakeTools, draft_of, scenario

pytestmark = pytest.mark.server("nginx")
OLD_TOO = "ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3; ssl_ciphers 'ALL:@SECLEVEL=0';"
MODERN = "ssl_protocols TLSv1.2 TLSv1.3;"
ANSWER = "location / { default_type application/json; return 200 '[]'; }"


@contextmanager
def sides(folder: Path, *, old: str = MODERN, new: str = MODERN, days: float = 90) -> Iterator[Scenario]:
    authority = Authority(folder / "ca")
    tls = authority.certificate("127.0.0.1", end=_in(days))
    servers = [Server(body=f"{directives} {ANSWER}", tls=tls) for directives in (old, new)]
    with Nginx(folder / "nginx", servers) as nginx:
        one, two = (f"https://127.0.0.1:{port}" for port in nginx.ports)
        made = scenario(old=one, new=two, security=Security(hostile=True))
        ca = authority.ca_file
        yield replace(made, old=replace(made.old, ca_file=ca), new=replace(made.new, ca_file=ca))


def _in(days: float) -> datetime:
    return datetime.now(UTC) + timedelta(days=days)


def seen(made: Scenario) -> dict[str, Checked]:
    tools = FakeTools()
    checks = tls_check.checks(draft_of(made), 0)
    return {check.info.name.removeprefix("TLS: "): check.run(tools) for check in checks}


def test_alike(tmp_path: Path) -> None:
    with sides(tmp_path) as made:
        found = seen(made)
    assert {name: one.outcome for name, one in found.items()} == dict.fromkeys(found, "PASS")
    assert found["protocol versions"].facts["TLS 1.0"] == {"old": "refused", "new": "refused"}
    assert found["certificate"].facts["trusted"] == {"old": "yes", "new": "yes"}


def test_an_old_version_by_the_new_side_alone(tmp_path: Path) -> None:
    with sides(tmp_path, new=OLD_TOO) as made:
        found = seen(made)
    versions = found.pop("protocol versions")
    assert [(point.at, point.cause, point.severity) for point in versions.points] == [
        ("tls:TLS 1.0", "weaker", "critical"),
        ("tls:TLS 1.1", "weaker", "critical"),
    ]
    assert {one.outcome for one in found.values()} == {"PASS"}


def test_clients_of_an_old_version_are_lost(tmp_path: Path) -> None:
    with sides(tmp_path, new="ssl_protocols TLSv1.3;") as made:
        versions = seen(made)["protocol versions"]
    assert (versions.outcome, versions.points[0].cause) == ("FAIL", "unexplained")


def test_a_certificate_that_ends_soon(tmp_path: Path) -> None:
    with sides(tmp_path, days=5) as made:
        assert seen(made)["certificate"].outcome == "FAIL"


def test_a_name_that_the_certificate_does_not_cover(tmp_path: Path) -> None:
    with sides(tmp_path) as made:
        port = made.new.url.rpartition(":")[2]
        new = replace(made.new, url=f"https://localhost:{port}", connect_to=f"127.0.0.1:{port}")
        certificate = seen(replace(made, new=new))["certificate"]
    assert (certificate.outcome, certificate.points[0].cause) == ("FAIL", "weaker")
    assert "localhost" in certificate.why[0]


def test_raw_requests(tmp_path: Path) -> None:
    """The same server on both sides: nothing is weaker, and each shape is told within seconds."""
    started = time.monotonic()
    with sides(tmp_path) as made:
        tools = FakeTools()
        found = [check.run(tools) for check in smuggling.checks(draft_of(made), 0)]
    told = {one.case: (one.outcome, one.facts["answer"]["new"]) for one in found}
    assert not [case for case, (outcome, _) in told.items() if outcome in {"FAIL", "ERROR"}], told
    assert told["raw requests: Content-Length twice, different"][1].startswith("400")
    assert all(one.facts["answer"]["old"] == one.facts["answer"]["new"] for one in found)
    assert time.monotonic() - started < 30


def test_plain_text(tmp_path: Path) -> None:
    with Nginx(tmp_path / "plain", [Server(body=ANSWER), Server(body="return 301 https://127.0.0.1/;")]) as plain:
        open_port, moved = (f"http://127.0.0.1:{port}" for port in plain.ports)
        with sides(tmp_path) as made:
            for old, new, expected in (
                (moved, open_port, "FAIL"),
                (moved, moved, "PASS"),
                (open_port, open_port, "PASS"),
            ):
                both = replace(made, security=Security(http={Side.OLD: old, Side.NEW: new}))
                doors = gateways(both)
                with Wire({Side.OLD: both.old, Side.NEW: both.new}, both.limits, doors=doors) as wire:

                    def ask(request: Request, wire: Wire = wire) -> Answer:
                        wire.submit(request, 0)
                        found: list[Answer] = []
                        while not found:
                            found += [exchange.answer for _, exchange in wire.wait(1.0)]
                        return found[0]

                    (check,) = plain_check.checks(draft_of(both), 0)
                    assert check.run(FakeTools(answer=ask)).outcome == expected
