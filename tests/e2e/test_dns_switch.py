"""A switch whose control plane is read, beside real name servers that answer: moto's Route 53, a Traffic Manager."""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from harness.engine.session import Order, Session
from harness.engine.suites import DNS, suites_of
from harness.model.finding import Summary
from harness.model.outcome import Outcome
from harness.scenario.load import load
from tests.e2e.dns_world import NAME, NEW, OLD, ZONES, World, sides, world
from tests.servers.azure_management import TRAFFIC_MANAGER, ManagementPlane, endpoint, traffic_manager
from tests.servers.moto import Moto
from tests.servers.nsd import zone_text
from tests.servers.plain import PlainServer

pytestmark = [pytest.mark.server("nsd"), pytest.mark.server("unbound")]

FQDN = "orders.trafficmanager.net"
BY_PROFILE = "by-profile.example.test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """The world of the tests: what moto has of the zone is what the name servers answer."""

    world: World
    moto: Moto
    zone: str

    def set(self, *weights: int) -> None:
        """Put a weighted record for each side in place of what is there."""
        service = self.moto.client("route53")
        changes = [
            {"Action": "UPSERT", "ResourceRecordSet": record(target, weight)}
            for target, weight in zip((OLD, NEW), weights, strict=True)
        ]
        service.change_resource_record_sets(HostedZoneId=self.zone, ChangeBatch={"Changes": changes})

    def judged(self, folder: Path, switch: Mapping[str, Any], **dns: Any) -> tuple[Outcome, str]:
        """Return what the topic comes to, and why."""
        file = folder / "scenario.yaml"
        file.write_text(json.dumps(self.world.scenario(switch=switch, **dns)))
        summary = rehearsed(file, folder / "runs")
        (topic,) = [case for case in summary.cases if case.info.name.endswith(": what is switched")]
        return topic.outcome, " ".join(topic.why)


def record(target: str, weight: int) -> dict[str, Any]:
    told = [{"Value": f"{target}."}]
    return {
        "Name": NAME,
        "Type": "CNAME",
        "TTL": 60,
        "SetIdentifier": target,
        "Weight": weight,
        "ResourceRecords": told,
    }


def rehearsed(file: Path, runs: Path) -> Summary:
    read = load(file)
    suites = suites_of(read)
    with Session.open(read, suites, Order(runs=runs, suites=(DNS,))) as session:
        chosen = suites.items[DNS]
        session.plan(chosen, selection="--suite dns")
        for _ in session.run(chosen):
            pass
        session.end()
    return session.fold.summary()


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moved]:
    with ExitStack() as stack:
        moto = stack.enter_context(Moto())
        made = moto.client("route53").create_hosted_zone(Name="example.test", CallerReference="1")
        servers = [str(one).rstrip(".") for one in made["DelegationSet"]["NameServers"]]
        own = "\n".join([*(f"@ NS {one}." for one in servers), f"api CNAME {OLD}.", f"by-profile CNAME {FQDN}.", ""])
        zones = {
            **ZONES,
            "example.test": zone_text("example.test", own),
            "trafficmanager.net": zone_text("trafficmanager.net", f"@ NS ns1\nns1 A 127.0.0.1\norders CNAME {OLD}.\n"),
        }
        both = stack.enter_context(sides(tmp_path_factory.mktemp("tls"), NAME, BY_PROFILE))
        found = stack.enter_context(world(both, {"ns1": zones}))
        yield Moved(world=found, moto=moto, zone=str(made["HostedZone"]["Id"]).rpartition("/")[2])


def test_weights_of_route_53(moved: Moved, tmp_path: Path) -> None:
    switch = {
        "kind": "route53",
        "endpoint": moved.moto.url,
        "access_key": "AKIATESTTESTTESTTEST",
        "secret_key": "a" * 40,
    }
    moved.set(255, 0)
    assert moved.judged(tmp_path, switch) == (Outcome.PASS, "")
    moved.set(0, 0)
    outcome, why = moved.judged(tmp_path, switch)
    assert outcome is Outcome.FAIL
    assert "all weights" in why
    outcome, why = moved.judged(tmp_path, {**switch, "zone": "Z404"})
    assert outcome is Outcome.ERROR
    assert "NoSuchHostedZone" in why


def test_endpoints_of_traffic_manager(moved: Moved, tmp_path: Path) -> None:
    ends = (endpoint("old", OLD, weight=1000), endpoint("new", NEW, weight=1))
    for told, name, wanted, words in (
        (ends, BY_PROFILE, Outcome.PASS, ""),
        (ends, NAME, Outcome.FAIL, "moves nobody"),
        (ends[:1], BY_PROFILE, Outcome.FAIL, "no endpoint for the new side"),
    ):
        with PlainServer(ManagementPlane(traffic_manager(*told))) as server:
            switch = {"kind": "traffic-manager", "resource": TRAFFIC_MANAGER, "endpoint": server.url}
            outcome, why = moved.judged(tmp_path, {**switch, "token": "a-token-of-azure-1"}, name=name)
            assert (outcome, words in why) == (wanted, True), why
