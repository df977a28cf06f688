"""The new side under many production names at once: each with a certificate of its own, right or wrong, by real TLS."""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.dns_world import rehearse
from tests.servers.loaded import LoadedServer, Reply
from tests.servers.nsd import Nsd, zone_text
from tests.servers.tls import Authority, ServerFiles, by_name
from tests.servers.unbound import Unbound

pytestmark = [pytest.mark.server("nsd"), pytest.mark.server("unbound")]

ZONE = "example.test"
CERTIFICATE, SNI, HOST, CALLERS = (
    "certificate of the new side", "clients without SNI", "new side takes the name", "callers past DNS",
)  # fmt: skip
RAW = "a1b2.execute-api.eu-west-1.amazonaws.com"

# name -> what becomes of its certificate, how severe, and what is said
CERTIFICATES: Mapping[str, tuple[str, str, str]] = {
    "right": ("PASS", "", ""),
    "wildcard": ("PASS", "", ""),
    "later": ("PASS", "minor", "expires in 19 days"),
    "soon": ("FAIL", "major", "expires in 9 days"),
    "now": ("FAIL", "critical", "expires in 2 days"),
    "expired": ("FAIL", "critical", "expired at"),
    "early": ("FAIL", "critical", "is not valid before"),
    "wrong": ("FAIL", "critical", "does not cover wrong.example.test: it is for other.example.net"),
    "deep.label": ("FAIL", "critical", "does not cover deep.label.example.test: it is for *.example.test"),
    "stranger": ("FAIL", "critical", "is not trusted"),
    "incomplete": ("FAIL", "critical", "is not trusted"),
    "unserved": ("PASS", "", ""),
}


@dataclass(frozen=True, slots=True)
class Seen:
    """What one run said, by name and topic."""

    code: int
    report: Mapping[str, Any]
    checks: Mapping[str, Mapping[str, Any]]

    def of(self, name: str, topic: str) -> Mapping[str, Any]:
        return self.checks[f"{name}.{ZONE}: {topic}"]


def _certificates(folder: Path) -> tuple[Path, Mapping[str, ServerFiles], ServerFiles]:
    """Return the authority's file, a certificate by name, and the one for whoever says no name."""
    root = Authority(folder / "root", "root", depth=1)
    below = Authority(folder / "below", "intermediate", signer=root)
    stranger = Authority(folder / "stranger", "stranger")
    now = datetime.now(UTC)

    def made(by: Authority, *names: str, start: float = -9, end: float = 90, **more: Any) -> ServerFiles:
        return by.certificate(*names, start=now + timedelta(days=start), end=now + timedelta(days=end), **more)

    wildcard = made(root, f"*.{ZONE}")
    chosen = {
        "right": made(below, f"right.{ZONE}"),
        "wildcard": wildcard,
        "later": made(root, f"later.{ZONE}", end=20),
        "soon": made(root, f"soon.{ZONE}", end=10),
        "now": made(root, f"now.{ZONE}", end=2.5),
        "expired": made(root, f"expired.{ZONE}", end=-1),
        "early": made(root, f"early.{ZONE}", start=1),
        "wrong": made(root, "other.example.net"),
        "deep.label": wildcard,
        "stranger": made(stranger, f"stranger.{ZONE}"),
        "incomplete": made(below, f"incomplete.{ZONE}", alone=True),
        "unserved": wildcard,
    }
    return root.ca_file, {f"{name}.{ZONE}": files for name, files in chosen.items()}, made(root, "default.example.net")


def _answer(head: str) -> Reply:
    return Reply(status=421) if f"host: unserved.{ZONE}" in head.lower() else Reply()


def _zones() -> dict[str, str]:
    names = "".join(f"{name} CNAME old.provider.test.\n" for name in CERTIFICATES)
    return {
        ZONE: zone_text(ZONE, f"@ NS ns1\nns1 A 127.0.0.1\n{names}"),
        "provider.test": zone_text("provider.test", "@ NS ns1\nns1 A 127.0.0.1\nold A 127.0.0.1\nnew A 127.0.0.1\n"),
    }


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    folder = tmp_path_factory.mktemp("run")
    ca_file, chosen, default = _certificates(folder)
    called = [{"method": "GET", "path": "/orders", "host": f"right.{ZONE}"}] * 97
    called += [{"method": "GET", "path": "/orders", "host": RAW, "client": "203.0.113.9"}] * 3
    (folder / "access.log").write_text("".join(f"{json.dumps(line)}\n" for line in called))
    with ExitStack() as stack:
        authority = stack.enter_context(Nsd(_zones()))
        stubs = dict.fromkeys(_zones(), f"{authority.address}@{authority.port}")
        resolver = stack.enter_context(Unbound(stubs))
        new = stack.enter_context(LoadedServer(behave=_answer, tls=by_name(chosen, default)))
        old = stack.enter_context(LoadedServer(tls=by_name({}, Authority(folder / "old").certificate("127.0.0.1"))))
        done = rehearse(folder, {
            "version": 1,
            "name": "names that move",
            "old": {"kind": "generic", "url": old.url, "ca_file": str(folder / "old" / "ca.pem")},
            "new": {"kind": "generic", "url": f"https://right.{ZONE}:{new.port}", "ca_file": str(ca_file)},
            "limits": {"rate": 500},
            "cases": [{"name": "orders", "request": "GET /orders"}],
            "dns": {
                "names": [f"{name}.{ZONE}" for name in CERTIFICATES],
                "from": "old.provider.test",
                "to": "new.provider.test",
                "lowered_at": "never",
                "resolvers": [{"name": "resolver", "address": resolver.address, "port": resolver.port}],
                "authorities": [{"name": "ns1", "address": authority.address, "port": authority.port}],
                "wait": "2s",
                "callers": {"log": "access.log"},
            },
        })  # fmt: skip
        lines = [json.loads(line) for line in (done.run / "journal.jsonl").read_bytes().splitlines()]
        checks = {line["case"]: line for line in lines if line["t"] == "checked"}
        yield Seen(done.code, done.report, checks)


@pytest.mark.parametrize("name", CERTIFICATES)
def test_what_each_certificate_comes_to(seen: Seen, name: str) -> None:
    outcome, severity, said = CERTIFICATES[name]
    check = seen.of(name, CERTIFICATE)
    assert check["outcome"] == outcome
    points = check.get("points", [])
    assert [point["severity"] for point in points] == ([severity] if severity else [])
    assert not said or said in points[0]["title"]


def test_what_breaks_clients_is_no_go(seen: Seen) -> None:
    assert (seen.code, seen.report["verdict"]) == (1, "NO-GO")
    told = [one for one in seen.report["findings"] if one["at"] == "dns:certificate" and one["outcome"] == "FAIL"]
    assert {one["case"] for one in told} == {
        f"{name}.{ZONE}: {CERTIFICATE}" for name, row in CERTIFICATES.items() if row[0] == "FAIL"
    }
    assert all(one["case"].partition(":")[0] in one["remedy"] for one in told)


def test_the_name_is_asked_as_a_host(seen: Seen) -> None:
    assert seen.of("right", HOST)["outcome"] == "PASS"
    refused = seen.of("unserved", HOST)
    assert refused["outcome"] == "FAIL"
    assert f"the new gateway does not serve unserved.{ZONE}: 421" in refused["points"][0]["title"]
    assert seen.of("expired", HOST)["outcome"] == "INCONCLUSIVE"


def test_clients_without_sni_lose_what_they_had(seen: Seen) -> None:
    check = seen.of("right", SNI)
    assert (check["outcome"], check["points"][0]["severity"]) == ("FAIL", "major")
    assert "default.example.net" in check["points"][0]["new"]


def test_callers_past_dns_are_told(seen: Seen) -> None:
    check = seen.of("right", CALLERS)
    assert (check["outcome"], check["points"][0]["severity"]) == ("FAIL", "major")
    assert check["points"][0]["title"] == f"3 of 100 calls (3 %) by {RAW}: they stay on old whatever DNS says"
    assert "203.0.113.9" not in json.dumps(check)
