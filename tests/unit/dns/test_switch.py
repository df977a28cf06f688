"""Readers of what moves callers, through real HTTP: sides, shares, one reading for many names, and manners."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest

from harness.clouds.unread import Unread
from harness.dns.switching.judge_switch import judge, switch
from harness.dns.switching.switch import Readers, reader
from harness.model.outcome import Outcome
from harness.model.secret import Secret
from harness.model.series import Absence
from harness.model.switch import Mechanism
from harness.scenario.control import AzureControl
from harness.scenario.credential import SigV4Credential
from harness.scenario.moving import AzureSwitch, Dns, Move, ProxySwitch, RecordSwitch, Route53Switch
from tests.servers.azure_management import (
    FRONT_DOOR,
    TRAFFIC_MANAGER,
    ZONE,
    ManagementPlane,
    endpoint,
    front_door,
    origin,
    record_set,
    traffic_manager,
    zone,
)
from tests.servers.plain import Answer, PlainServer
from tests.servers.route53 import Route53StandIn, weighted
from tests.unit.dns.made_survey import MOVE, NAME, NEW, OLD, view
from tests.unit.dns.made_switch import answers, delegated

TOKEN = "a-token-of-azure-1"
KEYS = SigV4Credential(region="us-east-1", access_key="AKIATESTTESTTESTTEST", secret_key="a-secret-key-of-the-tests")
ENDS = (endpoint("old", OLD, weight=900), endpoint("new", NEW, weight=100))
ORIGINS = (origin("orders", "old", OLD, weight=900), origin("orders", "new", NEW, weight=100))
Serve = Callable[[Callable[..., Answer]], PlainServer]


@pytest.fixture
def serve() -> Iterator[Serve]:
    with ExitStack() as stack:
        yield lambda behave: stack.enter_context(PlainServer(behave))


def section(switch: Any, moves: Sequence[Move] = (MOVE,)) -> Dns:
    return Dns(moves=tuple(moves), switch=switch)


def azure(mechanism: Mechanism, resource: str, server: PlainServer, **more: Any) -> AzureSwitch:
    control = AzureControl(resource=resource, token=TOKEN, endpoint=server.url)
    return AzureSwitch(mechanism=mechanism, azure=control, **more)


def test_mechanisms_that_are_not_read_have_no_reader() -> None:
    assert reader(section(RecordSwitch()), MOVE) is None
    assert reader(section(ProxySwitch()), MOVE) is None


def test_route_53_is_read_and_judged(serve: Serve) -> None:
    stand_in = Route53StandIn(sets=[weighted("old", f"{OLD}.", 255), weighted("new", f"{NEW}.", 0)])
    asked = reader(section(Route53Switch(keys=KEYS, endpoint=serve(stand_in).url)), MOVE)
    assert asked is not None
    state = asked.read()
    assert [(one.id, one.side) for one in state.records] == [("old", "old"), ("new", "new")]
    assert state.shares == {"old": 1.0, "new": 0.0}
    seen = delegated(answers(("CNAME", 60, (OLD,))), to=stand_in.servers)
    assert not judge(state, seen, view()).reasons


@pytest.mark.parametrize(
    ("mechanism", "resource", "objects"),
    [
        (Mechanism.TRAFFIC_MANAGER, TRAFFIC_MANAGER, traffic_manager(*ENDS)),
        (Mechanism.FRONT_DOOR, FRONT_DOOR, front_door(*ORIGINS)),
    ],
)
def test_a_profile_is_read_once_for_many_names(mechanism: Mechanism, resource: str, objects: Any, serve: Serve) -> None:
    server = serve(ManagementPlane(objects))
    moves = [replace(MOVE, name=f"api{number}.example.com") for number in range(20)]
    readers = Readers(section(azure(mechanism, resource, server), moves))
    states = [one.read() for move in moves if (one := readers.of(move))]
    assert {(state.shares["old"], state.shares["new"]) for state in states} == {(0.9, 0.1)}
    assert len(server.asked) <= 5


def test_many_names_of_a_zone_are_read_by_one_list(serve: Serve) -> None:
    sets = [record_set("CNAME", f"API{number}", CNAMERecord={"cname": OLD}) for number in range(30)]
    server = serve(ManagementPlane(zone(*sets, record_set("TXT", "api0")), page=10))
    moves = [replace(MOVE, name=f"api{number}.example.com") for number in range(31)]
    readers = Readers(section(azure(Mechanism.AZURE_DNS, ZONE, server), moves))
    states = [one.read() for move in moves if (one := readers.of(move))]
    assert [len(state.records) for state in states] == [1] * 30 + [0]
    assert states[0].shares == {"old": 1.0, "new": 0.0}
    assert states[0].name_servers[0] == "ns1-01.azure-dns.com"
    assert len(server.asked) == 5


def test_the_origin_group_that_holds_both_sides_is_found(serve: Serve) -> None:
    others = [origin("other", "x", "x.example"), origin("third", "old", OLD)]
    objects = front_door(*ORIGINS, *others, groups=("other", "orders", "third"))
    state = Readers(section(azure(Mechanism.FRONT_DOOR, FRONT_DOOR, serve(ManagementPlane(objects))))).of(MOVE)
    assert state is not None
    assert state.read().where.startswith("origin group orders")


def test_groups_that_cannot_be_told_apart_are_not_guessed(serve: Serve) -> None:
    twice = [*ORIGINS, *(origin("more", name, host) for name, host in (("o", OLD), ("n", NEW)))]
    server = serve(ManagementPlane(front_door(*twice, groups=("orders", "more"), route="other")))
    asked = reader(section(azure(Mechanism.FRONT_DOOR, FRONT_DOOR, server)), MOVE)
    assert asked is not None
    with pytest.raises(Unread, match="several origin groups"):
        asked.read()
    named = reader(section(azure(Mechanism.FRONT_DOOR, FRONT_DOOR, server, group="more")), MOVE)
    assert named is not None
    assert named.read().shares == {"old": 0.5, "new": 0.5}
    server = serve(ManagementPlane(front_door(*twice, groups=("orders", "more"), route="more")))
    routed = reader(section(azure(Mechanism.FRONT_DOOR, FRONT_DOOR, server)), MOVE)
    assert routed is not None
    assert routed.read().served == (NAME,)


def test_all_degraded_endpoints_are_answered_with(serve: Serve) -> None:
    ends = [endpoint(name, host, health="Degraded") for name, host in (("old", OLD), ("new", NEW))]
    asked = reader(
        section(azure(Mechanism.TRAFFIC_MANAGER, TRAFFIC_MANAGER, serve(ManagementPlane(traffic_manager(*ends))))), MOVE
    )
    assert asked is not None
    assert asked.read().shares == {"old": 0.5, "new": 0.5}


@pytest.mark.parametrize("status", [403, 429])
def test_once_refused_nothing_more_is_asked(status: int, serve: Serve) -> None:
    server = serve(ManagementPlane(zone(), refusing={ZONE: (status, "No", "no", ())}))
    moves = [replace(MOVE, name=f"api{number}.example.com") for number in range(12)]
    readers = Readers(section(azure(Mechanism.AZURE_DNS, ZONE, server), moves))
    for move in moves:
        one = readers.of(move)
        assert one is not None
        with pytest.raises(Unread) as raised:
            one.read()
        assert raised.value.kind is {403: Absence.DENIED, 429: Absence.THROTTLED}[status]
    assert len(server.asked) == 1


def test_secrets_are_hidden_before_anything_is_told(serve: Serve) -> None:
    hidden: list[Secret] = []
    server = serve(ManagementPlane(traffic_manager(*ENDS)))
    asked = reader(section(azure(Mechanism.TRAFFIC_MANAGER, TRAFFIC_MANAGER, server)), MOVE, hide=hidden.append)
    assert asked is not None
    asked.read()
    assert [one.value for one in hidden] == [TOKEN]


def test_the_topic_reads_the_owner_of_the_records_that_change(serve: Serve) -> None:
    made = record_set("CNAME", "api", CNAMERecord={"cname": OLD})
    server = serve(ManagementPlane(zone(made)))
    servers = ("ns1-01.azure-dns.com", "ns2-01.azure-dns.net", "ns3-01.azure-dns.org", "ns4-01.azure-dns.info")
    seen = delegated(answers(("CNAME", 60, (OLD,))), to=servers)

    class Tools:
        def hide(self, secret: Secret) -> None:
            assert secret.value == TOKEN

    tools: Any = Tools()
    given = view(switch=azure(Mechanism.AZURE_DNS, ZONE, server))
    for _ in range(3):
        assert not switch(seen, given, tools).reasons
    assert len(server.asked) == 4
    assert any(one.target.split("?")[0].endswith("/CNAME/api") for one in server.asked)
    nowhere = view(switch=azure(Mechanism.AZURE_DNS, f"{ZONE}.org", server))
    (why,) = switch(seen, nowhere, tools).reasons
    assert why[0] is Outcome.ERROR


def test_the_records_of_another_owner_on_the_way_are_those_that_are_read(serve: Serve) -> None:
    made = record_set("CNAME", "live", CNAMERecord={"cname": OLD})
    server = serve(ManagementPlane(zone(made)))
    asked = Readers(section(azure(Mechanism.AZURE_DNS, ZONE, server))).of(MOVE, "live.example.com")
    assert asked is not None
    assert [(one.name, one.side) for one in asked.read().records] == [("live.example.com", "old")]
