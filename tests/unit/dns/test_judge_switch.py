"""What a control plane has is what is planned: each way in which it is not is told as what callers would feel."""

from dataclasses import replace
from typing import Any

import pytest

from harness.clouds.unread import Unread
from harness.dns.facts import Zone
from harness.dns.switching.judge_switch import judge
from harness.model.dns import Points
from harness.model.found import Found
from harness.model.outcome import Outcome
from harness.model.series import Absence
from harness.model.side import Side
from harness.scenario.moving import Move, Target
from tests.unit.dns.made_survey import NAME, NEW, OLD, authority, chain, survey, view
from tests.unit.dns.made_switch import (
    FQDN,
    ROUTE53,
    SERVERS,
    answers,
    by_answer,
    by_request,
    delegated,
    endpoint,
    in_zone,
    on_the_way,
    origin,
    record,
)

PAIR = (record(OLD, weight=255, id="old"), record(NEW, weight=0, id="new"))


def outcome(found: Found) -> Outcome:
    return max((one for one, _ in found.reasons), key=lambda one: one.rank, default=Outcome.PASS)


def failed(found: Found, *words: str) -> None:
    """Hold that it fails for this reason alone."""
    assert outcome(found) is Outcome.FAIL
    assert len(found.reasons) == 1, found.reasons
    assert all(word in found.reasons[0][1] for word in words), found.reasons[0][1]
    assert all(point.remedy for point in found.points if point.outcome == "FAIL")


def held(found: Found, kind: Outcome, *words: str) -> None:
    assert [one for one, _ in found.reasons] == [kind], found.reasons
    assert all(word in found.reasons[0][1] for word in words), found.reasons[0][1]


def test_a_plain_record_as_planned_passes_and_is_told() -> None:
    found = in_zone(record())
    assert not found.reasons
    assert found.facts["share of callers"] == {"old side": "1", "new side": "0"}
    assert found.facts[f"1. {NAME} CNAME"]["leads to"] == OLD
    assert found.facts["read from"] == {"Route 53": "zone example.com (Z1)"}


def test_a_weighted_pair_as_planned_passes() -> None:
    found = in_zone(*PAIR)
    assert not found.reasons
    assert not found.points


@pytest.mark.parametrize(
    ("kind", "words"),
    [(Absence.DENIED, "denies"), (Absence.THROTTLED, "throttles"), (Absence.FAILED, "could not be read")],
)
def test_what_was_not_read_is_no_pass(kind: Absence, words: str) -> None:
    found = judge(Unread("because", kind), delegated(), view(switch=ROUTE53))
    held(found, Outcome.ERROR, "Route 53", words, "because")


def test_no_record_of_the_name() -> None:
    found = in_zone(seen=delegated(answers()))
    failed(found, "nothing to change")


def test_a_record_that_leads_elsewhere() -> None:
    found = in_zone(record("third.example"), seen=delegated(answers(("CNAME", 60, ("third.example",)))))
    failed(found, "third.example", OLD, NEW)


@pytest.mark.parametrize(
    ("points", "kind"),
    [
        (Points.OLD, None),
        (Points.NEW, Outcome.FAIL),
        (Points.ELSEWHERE, Outcome.FAIL),
        (Points.UNKNOWN, Outcome.INCONCLUSIVE),
    ],
)
def test_an_alias_of_a_resource_is_judged_by_what_is_answered(points: Points, kind: Outcome | None) -> None:
    alias = record("/subscriptions/s/publicIPAddresses/one", "A", alias=True)
    one = replace(answers(("A", 60, ("192.0.2.10",))), chains={"A": chain(points=points)})
    found = in_zone(alias, seen=delegated(one))
    assert [why for why, _ in found.reasons] == ([kind] if kind else [])


def test_what_is_switched_already() -> None:
    found = in_zone(record(NEW), seen=delegated(answers(("CNAME", 60, (NEW,)))))
    failed(found, "already switched")


def test_a_part_that_is_on_the_new_side_is_told() -> None:
    found = in_zone(record(OLD, weight=90, id="old"), record(NEW, weight=10, id="new"))
    assert not found.reasons
    assert any("10.0%" in point.title for point in found.points)


def test_where_a_failover_leads_is_told() -> None:
    found = in_zone(record(policy="failover", id="first"), record("sorry.example", policy="failover", id="second"))
    assert not found.reasons
    assert any("sorry.example" in point.title for point in found.points)


def test_case_dots_and_the_prefix_of_load_balancers_are_no_difference() -> None:
    move = Move(name=NAME, old=Target(alias="Old.Example"), new=Target(cname=NEW))
    alias = record("dualstack.old.example", "A", ttl=None, alias=True)
    found = in_zone(alias, seen=delegated(answers(("A", 60, ("192.0.2.10",)))), move=move)
    assert not found.reasons
    assert "dualstack." in found.facts["alias"]["as read"]


def test_addresses_are_compared_as_addresses() -> None:
    move = Move(name=NAME, old=Target(addresses=("2001:db8::1", "192.0.2.1")), new=Target(cname=NEW))
    records = (record("192.0.2.1", "A"), record("2001:0db8:0:0::1", "AAAA"))
    seen = delegated(answers(("A", 60, ("192.0.2.1",)), ("AAAA", 60, ("2001:db8::1",))))
    assert not in_zone(*records, seen=seen, move=move).reasons


def test_all_weights_zero_send_half_to_the_new_side() -> None:
    found = in_zone(record(OLD, weight=0, id="old"), record(NEW, weight=0, id="new"))
    failed(found, "all weights", "50%")
    assert found.facts["share of callers"] == {"old side": "0.5", "new side": "0.5"}


def test_ttls_that_differ_within_a_group() -> None:
    found = in_zone(PAIR[0], replace(PAIR[1], ttl=30))
    failed(found, "different TTLs", "30, 60")


def test_a_ttl_over_the_limit() -> None:
    found = in_zone(record(ttl=3600), seen=delegated(answers(("CNAME", 3600, (OLD,)))))
    failed(found, "3600 s", "more than 60 s")


def test_a_weighted_record_beside_a_simple_one() -> None:
    found = in_zone(*PAIR, record(OLD))
    failed(found, "beside one that is not")


def test_a_group_without_a_record_for_the_new_side() -> None:
    found = in_zone(record(OLD, weight=1, id="old"))
    failed(found, "no record of the group leads to the new side")
    assert NEW in found.points[0].remedy


def test_a_weight_that_cannot_be_is_an_error() -> None:
    found = in_zone(replace(PAIR[0], weight=300), PAIR[1])
    held(found, Outcome.ERROR, "300")


def test_an_alias_beside_a_cname() -> None:
    move = Move(name=NAME, old=Target(alias=OLD), new=Target(cname=NEW))
    found = in_zone(record(OLD, "A", ttl=None, alias=True), record(OLD), move=move)
    failed(found, "CNAME beside A")


def test_callers_by_ipv6_that_no_weight_shifts() -> None:
    move = Move(
        name=NAME,
        old=Target(addresses=("192.0.2.1", "2001:db8::1")),
        new=Target(addresses=("192.0.2.2", "2001:db8::2")),
    )
    four = (record("192.0.2.1", "A", weight=9, id="old"), record("192.0.2.2", "A", weight=1, id="new"))
    seen = delegated(answers(("A", 60, ("192.0.2.1",)), ("AAAA", 60, ("2001:db8::1",))))
    failed(in_zone(*four, record("2001:db8::1", "AAAA"), seen=seen, move=move), "IPv6 are not shifted")
    six = (record("2001:db8::1", "AAAA", weight=5, id="old"), record("2001:db8::2", "AAAA", weight=5, id="new"))
    failed(in_zone(*four, *six, seen=seen, move=move), "10.0%", "50.0%")


def test_health_that_brings_nothing_is_told() -> None:
    gateway = "d-1.execute-api.eu-west-1.amazonaws.com"
    move = Move(name=NAME, old=Target(alias=gateway), new=Target(cname=NEW))
    alias = record(gateway, "A", ttl=None, alias=True, health="target")
    found = in_zone(alias, seen=delegated(answers(("A", 60, ("192.0.2.1",)))), move=move)
    assert not found.reasons
    assert "brings nothing" in found.points[0].title
    checked = in_zone(record(health="health check h-1"))
    assert "h-1" in checked.points[0].title


def test_a_zone_that_nobody_asks() -> None:
    found = in_zone(record(), seen=delegated(to=("ns1.other.example", "ns2.other.example")))
    failed(found, "a zone that nobody asks")


def test_servers_of_ones_own_name_are_left_to_a_human() -> None:
    own = ("ns1.example.com", "ns2.example.com")
    held(in_zone(record(), seen=delegated(to=own), apex=own), Outcome.INCONCLUSIVE, "ns1.example.com", SERVERS[0])


def test_a_delegation_to_others_as_well() -> None:
    failed(in_zone(record(), seen=delegated(to=(*SERVERS, "ns9.other.example"))), "also delegated", "ns9.other.example")


def test_a_delegation_that_is_not_known_is_no_pass() -> None:
    held(in_zone(record(), seen=delegated(to=())), Outcome.INCONCLUSIVE, "not known whether")


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (answers(("CNAME", 60, ("third.example",))), "third.example"),
        (answers(("CNAME", 300, (OLD,))), "TTL of 300"),
        (answers(), "nothing"),
        (answers(("CNAME", 60, (OLD,)), ("AAAA", 60, ("2001:db8::1",))), "no record"),
    ],
)
def test_servers_that_answer_something_else(seen: Any, words: str) -> None:
    failed(in_zone(record(), seen=delegated(seen)), "ns1", words)


def test_any_record_of_a_weighted_group_may_be_answered() -> None:
    for target in (OLD, NEW):
        assert not in_zone(*PAIR, seen=delegated(answers(("CNAME", 60, (target,))))).reasons


def test_servers_that_tell_nothing_are_no_pass() -> None:
    mute = replace(answers(), at_name={})
    held(in_zone(record(), seen=delegated(mute)), Outcome.INCONCLUSIVE, "nothing to compare with")
    nobody = replace(survey(), zone=Zone(name="example.com", delegated=SERVERS, parent_asked=True))
    held(in_zone(record(), seen=nobody), Outcome.INCONCLUSIVE, "nothing to compare with")


def test_a_profile_of_traffic_manager_as_planned() -> None:
    found = by_answer(endpoint(OLD, weight=999), endpoint(NEW, weight=1))
    assert not found.reasons
    assert found.facts["share of callers"] == {"old side": "0.999", "new side": "0.001"}


@pytest.mark.parametrize(
    ("records", "words"),
    [
        ((endpoint(OLD),), ("no endpoint", "new side", NEW)),
        ((endpoint(OLD), endpoint(NEW, enabled=False, health="Disabled")), ("new side is disabled",)),
        ((endpoint(OLD), endpoint(NEW, enabled=False, health="Degraded")), ("new side is Degraded",)),
        ((endpoint(OLD, ttl=300), endpoint(NEW, ttl=300)), ("300 s, more than 60 s",)),
        ((endpoint(OLD), endpoint(NEW), endpoint("third.example")), ("third.example", "neither")),
    ],
)
def test_a_profile_of_traffic_manager_that_cannot_shift(records: Any, words: tuple[str, ...]) -> None:
    failed(by_answer(*records), *words)


def test_a_disabled_profile() -> None:
    found = by_answer(endpoint(OLD), endpoint(NEW), enabled=False)
    failed(found, "disabled")
    assert "share of callers" not in found.facts


def test_a_name_that_does_not_lead_to_the_profile() -> None:
    past = survey(authorities=(authority(A=chain((NAME, 60, OLD))),))
    failed(by_answer(endpoint(OLD), endpoint(NEW), seen=past), FQDN, "moves nobody")
    unknown = survey(authorities=(authority(ttl=None),))
    held(by_answer(endpoint(OLD), endpoint(NEW), seen=unknown), Outcome.INCONCLUSIVE, "nobody told where")


def test_an_endpoint_that_is_still_checked_is_no_pass() -> None:
    found = by_answer(endpoint(OLD), endpoint(NEW, health="CheckingEndpoint"))
    held(found, Outcome.INCONCLUSIVE, "still being checked")


def test_endpoints_by_priority_give_all_to_the_first() -> None:
    ends = [endpoint(side, weight=None, policy="priority", priority=at) for at, side in enumerate((OLD, NEW), 1)]
    assert by_answer(*ends).facts["share of callers"] == {"old side": "1", "new side": "0"}
    failed(by_answer(replace(ends[0], priority=3), ends[1]), "already switched")


def test_routing_by_place_has_no_known_shares() -> None:
    found = by_answer(*(endpoint(side, weight=None, policy="performance") for side in (OLD, NEW)))
    assert not found.reasons
    assert "share of callers" not in found.facts
    assert any("weights do nothing" in point.title for point in found.points)


def test_an_endpoint_by_the_name_that_the_scenario_gives() -> None:
    ends = (endpoint("a.internal.example"), endpoint("b.internal.example"))
    found = by_answer(*ends, origins={Side.OLD: "A", Side.NEW: "b"})
    assert not found.reasons


def test_a_group_of_front_door_as_planned() -> None:
    found = by_request(origin(OLD, weight=1000), origin(NEW, weight=1))
    assert not found.reasons


@pytest.mark.parametrize(
    ("records", "words"),
    [
        ((origin(OLD),), ("no origin", NEW)),
        ((origin(OLD), origin(NEW, enabled=False)), ("new side is disabled",)),
        ((origin(OLD, policy="latency"), origin(NEW, policy="latency")), ("weights do nothing", "0 ms")),
    ],
)
def test_a_group_of_front_door_that_cannot_shift(records: Any, words: tuple[str, ...]) -> None:
    failed(by_request(*records), *words)


def test_sensitivity_matters_not_where_priorities_decide() -> None:
    found = by_request(origin(OLD, policy="latency"), origin(NEW, policy="latency", priority=2))
    assert not found.reasons
    assert found.facts["share of callers"] == {"old side": "1", "new side": "0"}


@pytest.mark.parametrize(
    ("domains", "words"),
    [({}, "no custom domain"), ({"other.example.com": "Approved"}, "no custom domain"), ({NAME: "Pending"}, "Pending")],
)
def test_a_name_that_front_door_does_not_know(domains: dict[str, str], words: str) -> None:
    failed(by_request(origin(OLD), origin(NEW), domains=domains), words)


def test_a_group_that_no_route_of_the_name_leads_to() -> None:
    failed(by_request(origin(OLD), origin(NEW), served=("other.example.com",)), "no enabled route", "moves nobody")


def test_a_wildcard_domain_of_front_door_counts() -> None:
    assert not by_request(origin(OLD), origin(NEW), domains={"*.example.com": "Approved"}).reasons


def test_a_name_that_does_not_lead_to_front_door() -> None:
    failed(by_request(origin(OLD), origin(NEW), seen=on_the_way(FQDN)), "moves nobody")


def test_an_alias_of_the_profile_shows_by_its_addresses() -> None:
    move = Move(name=NAME, old=Target(alias=FQDN), new=Target(cname=NEW))
    ends = (endpoint("a.example"), endpoint("b.example"))
    for points, outcomes in ((Points.OLD, 0), (Points.ELSEWHERE, 1)):
        seen = survey(authorities=(authority(A=chain(points=points)),), move=move)
        found = by_answer(*ends, seen=seen, move=move, origins={Side.OLD: "a", Side.NEW: "b"})
        assert len(found.reasons) == outcomes
