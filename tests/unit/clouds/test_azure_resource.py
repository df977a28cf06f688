"""What reads Azure's management plane: pages, refusals, hostile answers; zones, profiles and host names as documented."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from harness.clouds.apim_domains import ApimDomains
from harness.clouds.azure_dns import AzureDns
from harness.clouds.front_door import FrontDoor
from harness.clouds.traffic_manager import TrafficManager
from harness.clouds.unread import Unread
from harness.model.series import Absence
from harness.model.switch import Mechanism
from tests.servers.azure_management import (
    FRONT_DOOR,
    RESOURCE,
    TRAFFIC_MANAGER,
    ZONE,
    ManagementPlane,
    endpoint,
    front_door,
    hostname,
    origin,
    record_set,
    service,
    traffic_manager,
    zone,
)
from tests.servers.plain import Answer, PlainServer

TOKEN = "a-token-of-azure-1"
Serve = Callable[[Callable[..., Answer]], PlainServer]


@pytest.fixture
def serve() -> Iterator[Serve]:
    with ExitStack() as stack:
        yield lambda behave: stack.enter_context(PlainServer(behave))


def dns(server: PlainServer, token: str = TOKEN) -> AzureDns:
    return AzureDns(resource=ZONE, endpoint=server.url, token=token)


def profile(server: PlainServer) -> TrafficManager:
    return TrafficManager(resource=TRAFFIC_MANAGER, endpoint=server.url, token=TOKEN)


def door(server: PlainServer) -> FrontDoor:
    return FrontDoor(resource=FRONT_DOOR, endpoint=server.url, token=TOKEN)


def origins(count: int) -> list[dict[str, Any]]:
    return [
        origin("orders", f"origin-{number}", f"host-{number}.example", weight=number + 1) for number in range(count)
    ]


def test_the_record_sets_of_a_name(serve: Serve) -> None:
    sets = (
        record_set("CNAME", "api", 300, CNAMERecord={"cname": "Old.Example."}),
        record_set("A", "two", ARecords=[{"ipv4Address": "192.0.2.1"}, {"ipv4Address": "192.0.2.2"}]),
        record_set("AAAA", "two", AAAARecords=[{"ipv6Address": "2001:db8::1"}]),
    )
    server = serve(ManagementPlane(zone(*sets)))
    state = dns(server).read("api.example.com")
    (one,) = state.records
    assert (one.type, one.target, one.ttl, one.alias) == ("CNAME", ("old.example",), 300, False)
    assert state.mechanism is Mechanism.AZURE_DNS
    assert state.name_servers[0] == "ns1-01.azure-dns.com"
    both = dns(server).read("two.example.com").records
    assert [(two.type, two.target) for two in both] == [("A", ("192.0.2.1", "192.0.2.2")), ("AAAA", ("2001:db8::1",))]
    assert dns(server).read("none.example.com").records == ()


def test_an_alias_at_the_apex_leads_to_a_resource(serve: Serve) -> None:
    made = record_set("A", "@", 60, targetResource={"id": TRAFFIC_MANAGER})
    (one,) = dns(serve(ManagementPlane(zone(made)))).read("example.com").records
    assert (one.alias, one.target) == (True, (TRAFFIC_MANAGER,))


def test_a_name_of_another_zone_and_a_private_zone_are_not_read(serve: Serve) -> None:
    with pytest.raises(Unread, match=r"not in zone example\.com"):
        dns(serve(ManagementPlane(zone()))).read("api.example.org")
    with pytest.raises(Unread, match="is private"):
        dns(serve(ManagementPlane({ZONE: {"properties": {"zoneType": "Private"}}}))).read("api.example.com")


def test_a_profile_of_traffic_manager(serve: Serve) -> None:
    ends = (
        endpoint("old", "Old.Example", weight=999),
        endpoint("new", "new.example", health="Degraded"),
        endpoint("off", "off.example", status="Disabled", health="Disabled"),
        endpoint("always", "always.example", health="Unmonitored", alwaysServe="Enabled"),
    )
    state = profile(serve(ManagementPlane(traffic_manager(*ends, ttl=30)))).read()
    assert state.hosts == ("orders.trafficmanager.net",)
    assert state.enabled
    told = {one.name: (one.target, one.weight, one.ttl, one.enabled, one.health) for one in state.records}
    assert told == {
        "old": (("old.example",), 999, 30, True, "Online"),
        "new": (("new.example",), 1, 30, False, "Degraded"),
        "off": (("off.example",), 1, 30, False, "Disabled"),
        "always": (("always.example",), 1, 30, True, "Unmonitored"),
    }


def test_a_disabled_profile_and_an_unknown_method(serve: Serve) -> None:
    assert not profile(serve(ManagementPlane(traffic_manager(profileStatus="Disabled")))).read().enabled
    with pytest.raises(Unread, match="routing method"):
        profile(serve(ManagementPlane(traffic_manager(trafficRoutingMethod="Astrology")))).read()


def test_a_profile_of_front_door_in_pages(serve: Serve) -> None:
    server = serve(
        ManagementPlane(front_door(*origins(5), domains={"api.example.com": "Approved", "b.test": "Pending"}))
    )
    told = door(server).read()
    state = told.state("orders")
    assert [(one.name, one.weight) for one in state.records] == [
        (f"origin-{number}", number + 1) for number in range(5)
    ]
    assert {one.policy for one in state.records} == {"weighted"}
    assert state.domains == {"api.example.com": "Approved", "b.test": "Pending"}
    assert state.hosts == ("orders-abc.z01.azurefd.net",)
    assert len([one for one in server.asked if "/origins?" in one.target]) == 3


def test_which_domains_the_routes_of_front_door_bring_to_a_group(serve: Serve) -> None:
    groups = ("orders", "other")
    told = door(serve(ManagementPlane(front_door(*origins(1), groups=groups)))).read()
    assert (told.state("orders").served, told.state("other").served) == (("api.example.com",), ())
    off = door(serve(ManagementPlane(front_door(*origins(1), groups=groups, routed="Disabled")))).read()
    assert off.state("orders").served == ()


@pytest.mark.parametrize("sensitivity", [0, None])
def test_weights_of_front_door_count_for_nothing_by_default(sensitivity: int | None, serve: Serve) -> None:
    told = door(serve(ManagementPlane(front_door(*origins(2), sensitivity=sensitivity)))).read()
    assert {one.policy for one in told.state("orders").records} == {"latency"}


def test_an_origin_group_by_its_name(serve: Serve) -> None:
    server = serve(ManagementPlane(front_door(*origins(2), groups=("orders", "other"))))
    assert list(door(server).read("Orders").groups) == ["orders"]
    with pytest.raises(Unread, match="no origin group nobody"):
        door(server).read("nobody")


def test_the_host_names_of_a_service(serve: Serve) -> None:
    names = (hostname("API.example.com", defaultSslBinding=True), hostname("dev.example.com", type="Portal"))
    told = ApimDomains(resource=RESOURCE, endpoint=serve(ManagementPlane(service(*names))).url, token=TOKEN).read()
    assert [one.host for one in told] == ["api.example.com", "contoso.azure-api.net"]
    assert (told[0].default, told[0].source, told[0].status) == (True, "KeyVault", "Completed")
    assert told[0].until == 1_811_808_000.0


def test_wildcards_serve_nothing_in_the_consumption_tier(serve: Serve) -> None:
    for tier, matches in (("Consumption", False), ("Premium", True)):
        plane = ManagementPlane(service(hostname("*.example.com"), tier=tier))
        told = ApimDomains(resource=RESOURCE, endpoint=serve(plane).url, token=TOKEN).read()
        assert told[0].matches is matches


@pytest.mark.parametrize(
    ("refusal", "kind", "words"),
    [
        ((403, "AuthorizationFailed", "no role", ()), Absence.DENIED, "role Reader"),
        ((429, "TooManyRequests", "slow", (("Retry-After", "17"),)), Absence.THROTTLED, "again in 17 s"),
        ((500, "InternalServerError", "oops", ()), Absence.FAILED, "answered 500"),
        ((404, "ResourceNotFound", "no such zone", ()), Absence.FAILED, "ResourceNotFound"),
    ],
)
def test_a_refusal_is_told_with_its_kind_and_not_asked_again(
    refusal: tuple[int, str, str, tuple[tuple[str, str], ...]], kind: Absence, words: str, serve: Serve
) -> None:
    server = serve(ManagementPlane(zone(), refusing={ZONE: refusal}))
    with pytest.raises(Unread, match=words) as raised:
        dns(server).read("api.example.com")
    assert raised.value.kind is kind
    assert len(server.asked) == 1


def test_a_wrong_token_is_denied_and_never_quoted(serve: Serve) -> None:
    with pytest.raises(Unread) as raised:
        dns(serve(ManagementPlane(zone())), token="a-wrong-token").read("api.example.com")
    assert raised.value.kind is Absence.DENIED
    assert "a-wrong-token" not in raised.value.reason


def test_a_throttled_page_is_no_list(serve: Serve) -> None:
    path = f"{FRONT_DOOR}/originGroups/orders/origins"
    plane = ManagementPlane(front_door(*origins(5)), refusing={path: (429, "Throttled", "", (("Retry-After", "5"),))})
    with pytest.raises(Unread, match="again in 5 s") as raised:
        door(serve(plane)).read()
    assert raised.value.kind is Absence.THROTTLED


@pytest.mark.parametrize(
    "link",
    [
        lambda link: link.replace("127.0.0.1", "localhost"),
        lambda link: link.replace("http://", "https://"),
        lambda link: link.replace("http://", "http://127.0.0.1@"),
        lambda _: "//elsewhere.example/",
        lambda _: "http://[",
        lambda _: 7,
        lambda link: link + "x" * 10_000,
    ],
)
def test_a_next_page_elsewhere_is_not_followed(link: Callable[[str], Any], serve: Serve) -> None:
    with pytest.raises(Unread, match="next page") as raised:
        door(serve(ManagementPlane(front_door(*origins(5)), link=link))).read()
    assert raised.value.kind is Absence.FAILED


def test_pages_without_end_are_no_list(serve: Serve) -> None:
    plane = ManagementPlane(front_door(*origins(3)), link=lambda link: link.replace("skipToken=2", "skipToken=0"))
    server = serve(plane)
    with pytest.raises(Unread, match="more pages"):
        door(server).read()
    assert len(server.asked) < 110


@pytest.mark.parametrize("spoilt", [[], {"properties": []}, {"properties": {"trafficRoutingMethod": 5}}])
def test_a_profile_that_is_none_failed(spoilt: Any, serve: Serve) -> None:
    with pytest.raises(Unread) as raised:
        profile(serve(ManagementPlane(traffic_manager(), change=lambda _: spoilt))).read()
    assert raised.value.kind is Absence.FAILED


def test_values_that_are_none_are_left_out(serve: Serve) -> None:
    ends: list[Any] = [{"properties": {"target": {"a": 1}, "endpointStatus": 3}}, 7, {}]
    told = {"trafficRoutingMethod": "Weighted", "dnsConfig": {"ttl": "60", "fqdn": ["a"]}, "endpoints": ends}
    spoilt = {"properties": {**told, "monitorConfig": [1]}}
    state = profile(serve(ManagementPlane(traffic_manager(), change=lambda _: spoilt))).read()
    assert state.hosts == ()
    assert [(one.weight, one.ttl, one.target) for one in state.records] == [(1, None, ("",))] * 2


@pytest.mark.parametrize("weight", [-5, "7", True, 1.5, 2**40])
def test_a_weight_that_is_none_is_no_default(weight: Any, serve: Serve) -> None:
    with pytest.raises(Unread, match="whole number"):
        profile(serve(ManagementPlane(traffic_manager(endpoint("old", "old.example", weight=weight))))).read()
    with pytest.raises(Unread, match="whole number"):
        door(serve(ManagementPlane(front_door(origin("orders", "o", "old.example", weight=weight))))).read()


@pytest.mark.parametrize(
    "answer",
    [
        Answer(body=b"<html>"),
        Answer(body=b"[" * 100_000),
        Answer(body=b"[" + b"1," * 1_000_000 + b"1]"),
        Answer(status=302, headers=(("Location", "http://169.254.169.254/"),)),
        Answer(raw=b"HTTP/1.1 200 X\r\nContent-Length: 100\r\n\r\n{}"),
    ],
)
def test_what_is_no_answer_failed(answer: Answer, serve: Serve) -> None:
    server = serve(lambda _: answer)
    with pytest.raises(Unread) as raised:
        dns(server).read("api.example.com")
    assert raised.value.kind is Absence.FAILED
    assert len(server.asked) == 1


def test_texts_of_others_cannot_move_the_terminal(serve: Serve) -> None:
    ends = (endpoint("old\x1b[2J", "old.example\nevil"),)
    (one,) = profile(serve(ManagementPlane(traffic_manager(*ends)))).read().records
    assert (one.name, one.target) == ("old [2J", ("old.example evil",))
