"""When a name can be moved at the earliest, and how fast it is back."""

import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.dns.surveying.switched import switched
from harness.dns.times.back import MOST_POINTS, all_back, curve, share_back
from harness.dns.times.timing import timing
from harness.model.dns import Clamp, Heard
from harness.model.side import Side
from harness.model.switch import Mechanism, SwitchRecord, SwitchState
from harness.scenario.control import AzureControl
from harness.scenario.credential import SigV4Credential
from harness.scenario.moving import AzureSwitch, Move, ProxySwitch, Route53Switch, Target
from tests.unit.dns.made_survey import (
    BEGAN,
    NAME,
    NEW,
    OLD,
    authority,
    chain,
    mute,
    resolver,
    survey,
    view,
)

HOUR = 3600


# which records are switched


def test_the_last_link_before_the_old_target_is_switched() -> None:
    way = chain((NAME, 3600, "edge.example.com"), ("edge.example.com", 60, OLD))
    seen = survey(authorities=[authority(A=way)])
    assert switched(seen) == "edge.example.com"
    assert timing(seen, view()).ttl == 60


def test_after_the_move_the_link_to_the_new_target_is_meant() -> None:
    way = chain((NAME, 3600, "edge.example.com"), ("edge.example.com", 60, NEW))
    assert switched(survey(authorities=[authority(A=way)])) == "edge.example.com"


def test_addresses_are_switched_where_the_zone_of_the_name_has_them() -> None:
    move = Move(name=NAME, old=Target(addresses=("192.0.2.10",)), new=Target(cname=NEW))
    own = authority(A=chain((NAME, 300, "edge.example.com"), end_ttl=60))
    assert switched(survey(authorities=[own], move=move)) == "edge.example.com"
    foreign = authority(A=chain((NAME, 300, "edge.example.net"), end_ttl=60))
    assert switched(survey(authorities=[foreign], move=move)) == NAME


def test_a_name_without_any_answer_is_the_one_that_is_switched() -> None:
    assert switched(survey(authorities=[authority(ttl=None)])) == NAME


def test_the_largest_ttl_of_all_servers_and_both_types_counts() -> None:
    move = Move(name=NAME, old=Target(addresses=("192.0.2.10", "2001:db8::10")), new=Target(cname=NEW))
    four = chain(end_ttl=60)
    six = chain(type_="AAAA", end=("2001:db8::10",), end_ttl=300)
    seen = survey(resolver("r"), authorities=[authority("ns1", A=four), authority("ns2", A=four, AAAA=six)], move=move)
    assert timing(seen, view(move=move)).ttl == 300


# the earliest moment


def test_what_nobody_holds_any_more_can_be_moved_now() -> None:
    known = timing(survey(resolver("r1", (1, 60)), resolver("r2", (1, 12))), view(lowered_at=0.0))
    assert known.earliest == BEGAN + 10
    assert known.held == {}
    assert known.clamps == ()


def test_an_older_longer_answer_is_waited_out() -> None:
    seen = survey(resolver("near", (1, 60)), resolver("far", (2, 1000)))
    known = timing(seen, view())
    assert known.held == {"far": BEGAN + 2 + 1000 + 1}
    assert known.earliest == known.held["far"]
    assert "far holds an older answer" in known.why
    assert "`lowered_at` is not given" in known.why


def test_resolvers_that_nobody_asked_may_hold_the_old_ttl_since_it_was_lowered() -> None:
    lowered: dict[str, Any] = {"lowered_at": BEGAN - HOUR / 2, "lowered_from": HOUR}
    known = timing(survey(resolver("r", (1, 60))), view(**lowered))
    assert known.earliest == BEGAN + HOUR / 2
    assert "lowered at 2026-11-21 13:30 UTC from 3600 s" in known.why


def test_route_53_takes_a_minute_until_all_its_servers_know() -> None:
    lowered: dict[str, Any] = {"lowered_at": BEGAN - HOUR / 2, "lowered_from": HOUR}
    known = timing(survey(resolver("r", (1, 60))), view(**lowered, switch=_route53()))
    assert known.earliest == BEGAN + HOUR / 2 + 60
    assert known.delay == 60


def test_a_day_is_assumed_where_the_ttl_before_is_not_given() -> None:
    known = timing(survey(resolver("r", (1, 60))), view(lowered_at=BEGAN - HOUR))
    assert known.earliest == BEGAN + 23 * HOUR
    assert "assumed" in known.why


def test_a_ttl_that_is_still_long_is_told_as_if_it_were_lowered_now() -> None:
    known = timing(survey(resolver("r", (1, 3000)), authorities=[authority(ttl=HOUR)]), view())
    assert known.earliest == BEGAN + 10 + HOUR
    assert known.why.startswith("if the TTL is lowered now")


def test_a_ttl_that_will_be_lowered_counts_from_then() -> None:
    seen = survey(resolver("r", (1, 300)), authorities=[authority(ttl=300)])
    known = timing(seen, view(lowered_at=BEGAN + HOUR, lowered_from=300))
    assert known.earliest == BEGAN + HOUR + 300
    assert known.why.startswith("if the TTL is lowered at 2026-11-21 15:00 UTC")


@pytest.mark.parametrize(
    "seen",
    [survey(mute("r", Heard.SILENT)), survey(), survey(resolver("r", (1, 60)), authorities=[authority(ttl=None)])],
)
def test_without_answers_there_is_no_earliest_moment(seen: object) -> None:
    known = timing(seen, view(lowered_at=0.0))  # type: ignore[arg-type]
    assert known.earliest is None
    assert known.why


# clamps


def test_a_copy_fetched_anew_that_is_longer_than_the_authority_says_is_a_clamp() -> None:
    known = timing(survey(resolver("r", (0, 5), (6, 300))), view(lowered_at=None))
    assert known.clamps == (Clamp(server="r", seconds=300),)
    assert known.held == {}
    assert known.back_all == 300


def test_a_long_copy_long_after_the_ttl_was_lowered_is_a_clamp() -> None:
    lowered: dict[str, Any] = {"lowered_at": BEGAN - 2 * HOUR, "lowered_from": HOUR}
    known = timing(survey(resolver("r", (0, 250))), view(**lowered))
    assert known.clamps == (Clamp(server="r", seconds=250),)
    assert known.earliest == BEGAN + 10


def test_a_ttl_that_was_never_longer_makes_any_longer_copy_a_clamp() -> None:
    known = timing(survey(resolver("r", (0, 250))), view(lowered_at=0.0))
    assert known.clamps == (Clamp(server="r", seconds=250),)


def test_a_forwarder_that_always_tells_the_same_ttl_clamps() -> None:
    known = timing(survey(resolver("r", (0, 300), (3, 300), (7, 300))), view())
    assert known.clamps == (Clamp(server="r", seconds=300),)


def test_an_old_copy_before_the_lowering_has_run_its_time_is_no_clamp() -> None:
    lowered: dict[str, Any] = {"lowered_at": BEGAN - 600, "lowered_from": HOUR}
    known = timing(survey(resolver("r", (0, 2900))), view(**lowered))
    assert known.clamps == ()
    assert known.held["r"] == BEGAN + 2901


def test_one_copy_that_counts_down_is_no_clamp() -> None:
    known = timing(survey(resolver("r", (0, 300), (4, 296), (9.4, 291))), view())
    assert known.clamps == ()
    assert known.held["r"] == BEGAN + 9.4 + 292


def test_several_caches_behind_one_address_are_not_taken_for_a_clamp() -> None:
    known = timing(survey(resolver("pool", (0, 3), (5, 900), (7, 58), (9, 896)), took=12), view(now=12))
    assert known.clamps == ()
    assert known.held["pool"] == BEGAN + 9 + 897


def test_what_ran_out_before_the_authority_was_asked_is_no_proof_of_a_clamp() -> None:
    late = authority(A=chain((NAME, 60, OLD), at=BEGAN + 20, by="ns1"))
    known = timing(survey(resolver("r", (0, 1), (30, 3000)), authorities=[late], took=31), view(now=31))
    assert known.clamps == ()
    assert known.held == {"r": BEGAN + 30 + 3001}


def test_a_resolver_that_holds_less_is_told_and_still_reckoned_in_full() -> None:
    seen = survey(resolver("r", (0, 5), (6.2, 10)), authorities=[authority(ttl=60)])
    known = timing(seen, view())
    assert known.clamps == (Clamp(server="r", seconds=10, least=False),)
    assert known.back_all == 60


def test_a_copy_that_others_fetched_a_while_ago_is_no_clamp() -> None:
    assert timing(survey(resolver("r", (0, 5), (20, 48))), view()).clamps == ()


# the way back


def test_clients_are_back_evenly_over_one_ttl() -> None:
    known = timing(survey(resolver("r", (0, 60))), view())
    assert known.back[0] == (0.0, 0.0)
    assert known.back[-1] == (60.0, 1.0)
    assert share_back([60], 30) == pytest.approx(0.5)


def test_the_share_counts_each_resolver_alike() -> None:
    known = timing(survey(resolver("r1", (0, 60)), resolver("r2", (0, 240))), view(lowered_at=0.0))
    assert known.back_all == 240
    assert share_back([60, 240], 60) == pytest.approx(0.5 + 0.125)


def test_route_53_serves_nothing_anew_within_its_minute() -> None:
    known = timing(survey(resolver("r", (0, 60))), view(switch=_route53()))
    assert known.back[:2] == ((0.0, 0.0), (60.0, 0.0))
    assert known.back_all == 120


def test_the_control_plane_knows_a_longer_ttl_and_its_own_delay() -> None:
    records = (SwitchRecord(name=NAME, type="CNAME", ttl=300),)
    state = SwitchState(mechanism=Mechanism.ROUTE53, where="Z1", at=BEGAN, records=records, delay=30)
    known = timing(replace(survey(resolver("r", (0, 60))), switch=state), view(switch=_route53()))
    assert known.delay == 30
    assert known.back_all == 330


def test_clients_may_keep_the_address_beyond_its_ttl() -> None:
    known = timing(survey(resolver("r", (0, 60))), view(client_cache=30))
    assert known.back_all == 90


def test_a_proxy_is_back_once_it_is_flipped_whatever_the_ttl() -> None:
    known = timing(survey(resolver("r", (0, 3000))), view(switch=ProxySwitch(takes=5), client_cache=30))
    assert known.back == ((0.0, 0.0), (5.0, 0.0), (5.0, 1.0))
    assert known.earliest == BEGAN + 10
    instant = timing(survey(resolver("r", (0, 3000))), view(switch=ProxySwitch()))
    assert instant.back == ((0.0, 1.0),)
    assert instant.back_all == 0


def test_front_door_moves_requests_and_no_name() -> None:
    switch = AzureSwitch(
        mechanism=Mechanism.FRONT_DOOR, azure=AzureControl(resource="/subscriptions/1"), origins={Side.OLD: "o"}
    )
    assert timing(survey(resolver("r", (0, 3000))), view(switch=switch)).back_all is None
    measured = timing(survey(resolver("r", (0, 3000))), view(switch=replace(switch, takes=600)))
    assert measured.back == ((0.0, 0.0), (600.0, 0.0), (600.0, 1.0))


def test_without_resolvers_the_ttl_alone_counts() -> None:
    assert timing(survey(mute("r", Heard.SILENT)), view()).back_all == 60


def test_without_a_ttl_there_is_no_way_back_to_be_told() -> None:
    known = timing(survey(resolver("r", (0, 60)), authorities=[authority(ttl=None)]), view())
    assert known.back == ()
    assert known.back_all is None


# properties

_SPANS = st.lists(st.integers(0, 100_000), min_size=1, max_size=60)
_SECONDS = st.one_of(st.just(0.0), st.floats(0.1, 5000))


@settings(derandomize=True, deadline=None, max_examples=200)
@given(spans=_SPANS, delay=_SECONDS, cache=_SECONDS)
def test_the_curve_rises_to_all(spans: list[int], delay: float, cache: float) -> None:
    points = curve(spans, delay=delay, cache=cache)
    assert 1 <= len(points) <= MOST_POINTS
    assert points[0][0] == 0.0
    assert points[-1] == (all_back(spans, delay=delay, cache=cache), 1.0)
    assert list(points) == sorted(points)
    assert all(0 <= share <= 1 for _, share in points)
    assert [share for _, share in points] == sorted(share for _, share in points)


@settings(derandomize=True, deadline=None, max_examples=12)
@given(
    ttl=st.integers(0, 600), least=st.lists(st.integers(0, 1200), min_size=1, max_size=6), delay=_SECONDS, cache=_SECONDS,
    seed=st.integers(0, 99),
)  # fmt: skip
def test_the_share_is_that_of_simulated_clients(
    ttl: int, least: list[int], delay: float, cache: float, seed: int
) -> None:
    """Resolvers fetch again and again for hours; the change comes at any moment, each client waits for its resolver."""
    spans = [max(ttl, one) for one in least]
    chance = random.Random(seed)
    waits = sorted(_simulated_wait(chance, chance.choice(spans), delay, cache) for _ in range(8000))
    end = all_back(spans, delay=delay, cache=cache)
    assert waits[-1] <= end + 1e-6
    for part in (0.05, 0.2, 0.4, 0.6, 0.8, 0.95):
        at = end * part
        simulated = sum(wait <= at for wait in waits) / len(waits)
        assert share_back(spans, at, delay=delay, cache=cache) == pytest.approx(simulated, abs=0.02)


def _simulated_wait(chance: random.Random, span: int, delay: float, cache: float) -> float:
    """Return how long one client stays: its resolver fetches whenever its copy has run out, the change comes any time."""
    fetched = -span * chance.random()
    changed = (delay + span) * 3 * chance.random()
    new = span == 0
    while span and not new:
        fetched += span
        new = fetched >= changed + delay
    return (fetched - changed if span else delay) + cache * chance.random()


@settings(derandomize=True, deadline=None, max_examples=200)
@given(
    looks=st.lists(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 4000)), min_size=1, max_size=4), min_size=1, max_size=5),
    ttl=st.integers(0, 400), lowered=st.one_of(st.none(), st.just(0.0), st.floats(-9000, 9000)),
    before=st.one_of(st.none(), st.integers(0, 9000)),
)  # fmt: skip
def test_the_earliest_moment_is_never_before_what_is_held(
    looks: list[list[tuple[int, int]]], ttl: int, lowered: float | None, before: int | None
) -> None:
    seen = survey(
        *(resolver(f"r{number}", *sorted(some)) for number, some in enumerate(looks)),
        authorities=[authority(ttl=ttl)],
        took=70,
    )
    moment = lowered if not lowered else BEGAN + lowered
    known = timing(seen, view(now=70, lowered_at=moment, lowered_from=before))
    assert known.earliest is not None
    assert known.earliest >= max([BEGAN + 70, *known.held.values()])
    clamped = {clamp.server: clamp.seconds for clamp in known.clamps if clamp.least}
    for one in seen.resolvers:
        longest = max(ttl, clamped.get(one.server.name, 0))
        for at, sighting in one.later:
            assert sighting.ttl is not None
            assert sighting.ttl <= longest or at + sighting.ttl < known.earliest
    assert all(seconds > ttl for seconds in clamped.values())
    assert known.back_all == max([ttl, *clamped.values()])


def _route53() -> Route53Switch:
    return Route53Switch(keys=SigV4Credential(region="us-east-1", service="route53"))
