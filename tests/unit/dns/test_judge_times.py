"""Topics of time, each judged alone: what is said of a survey, and what it comes to."""

from dataclasses import replace

import pytest

from harness.dns.facts import AtResolver, Survey
from harness.dns.records.judge_resolvers import at_resolvers
from harness.dns.times.judge_ready import old_ttl, rollback
from harness.dns.times.judge_times import load, negative, ttl
from harness.dns.times.moments import few, safe_from, span
from harness.dns.times.timing import timing
from harness.model.dns import Heard, Points
from harness.model.found import Found
from harness.model.outcome import Outcome
from harness.model.switch import Mechanism
from harness.scenario.control import AzureControl
from harness.scenario.credential import SigV4Credential
from harness.scenario.moving import AzureSwitch, Move, ProxySwitch, Route53Switch, Target
from tests.unit.dns.made_survey import (
    BEGAN,
    MOVE,
    NAME,
    NEW,
    OLD,
    authority,
    chain,
    mute,
    nodata,
    resolver,
    server,
    survey,
    view,
)

HOUR = 3600


def outcome(found: Found) -> Outcome:
    return max((one for one, _ in found.reasons), key=lambda one: one.rank, default=Outcome.PASS)


def words(found: Found) -> str:
    texts = [text for _, text in found.reasons]
    return " | ".join(texts + [f"{point.title} {point.note} {point.remedy}" for point in found.points])


def route53() -> Route53Switch:
    return Route53Switch(keys=SigV4Credential(region="us-east-1", service="route53"))


def azure(mechanism: Mechanism) -> AzureSwitch:
    return AzureSwitch(mechanism=mechanism, azure=AzureControl(resource="/subscriptions/1"))


# TTL at the authority


def test_a_low_ttl_passes_with_what_each_server_tells() -> None:
    found = ttl(survey(authorities=[authority("ns1"), authority("ns2", ttl=30)]), view())
    assert outcome(found) is Outcome.PASS
    assert found.facts[f"TTL of {NAME} CNAME"] == {"ns1 (192.0.2.53)": "60", "ns2 (192.0.2.53)": "30"}
    assert not found.points


def test_a_long_ttl_at_one_server_fails_and_says_what_to_do_until_when() -> None:
    found = ttl(survey(resolver("r", (0, 60)), authorities=[authority("ns1"), authority("ns2", ttl=HOUR)]), view())
    assert outcome(found) is Outcome.FAIL
    (point,) = found.points
    assert "is 3600 s (1 h) at ns2" in point.title
    assert point.remedy == (
        f"Lower the TTL of {NAME} CNAME from 3600 to 60 at least one hour before; "
        "if it is done now, safe from 2026-11-21 15:01 UTC."
    )


def test_a_link_before_the_one_that_is_switched_is_told_and_fails_nothing() -> None:
    way = chain((NAME, HOUR, "edge.example.com"), ("edge.example.com", 60, OLD), by="ns1")
    found = ttl(survey(authorities=[authority(A=way)]), view())
    assert outcome(found) is Outcome.PASS
    assert "no harm while it leads to edge.example.com" in words(found)
    assert found.facts[f"TTL of {NAME} CNAME"] == {"ns1 (192.0.2.53)": "3600"}


def test_a_ttl_that_nobody_told_is_an_error() -> None:
    assert outcome(ttl(survey(authorities=[authority(ttl=None)]), view())) is Outcome.ERROR


def test_a_server_that_did_not_tell_is_named() -> None:
    found = ttl(survey(authorities=[authority("ns1"), authority("ns2", ttl=None)]), view())
    assert "was not told by ns2 (192.0.2.53)" in words(found)


def test_a_ttl_of_zero_is_told() -> None:
    found = ttl(survey(authorities=[authority(ttl=0)]), view())
    assert outcome(found) is Outcome.PASS
    assert "is 0: every request asks" in words(found)


def test_the_ttl_of_an_alias_record_cannot_be_lowered() -> None:
    move = Move(name=NAME, old=Target(alias=OLD), new=Target(cname=NEW))
    seen = survey(authorities=[authority(A=chain(end_ttl=300))], move=move)
    found = ttl(seen, view(move=move, switch=route53()))
    assert "has the TTL of its target and none to be set" in words(found)


def test_a_traffic_manager_answers_with_the_ttl_of_its_profile() -> None:
    way = chain((NAME, 60, "x.trafficmanager.net"), ("x.trafficmanager.net", 300, OLD), by="ns1")
    found = ttl(survey(authorities=[authority(A=way)]), view(switch=azure(Mechanism.TRAFFIC_MANAGER)))
    assert outcome(found) is Outcome.FAIL
    assert "Lower the TTL of the Traffic Manager profile" in words(found)


# has the old TTL run out


def test_nothing_old_is_held_so_it_is_safe_now() -> None:
    found = old_ttl(survey(resolver("r", (0, 60))), view(lowered_at=0.0))
    assert outcome(found) is Outcome.PASS
    assert found.facts["safe from"]["when"] == "2026-11-21 14:01 UTC"


def test_an_older_answer_at_a_resolver_makes_it_too_early() -> None:
    found = old_ttl(survey(resolver("r", (0, 1200))), view())
    assert outcome(found) is Outcome.FAIL
    assert "moving api.example.com now is too early: safe from 2026-11-21 14:21 UTC" in words(found)
    assert "`dns.lowered_at` tells them apart" in words(found)
    assert found.facts["holds an older answer until"] == {"r": "2026-11-21 14:21 UTC"}


@pytest.mark.parametrize(
    ("begin", "end", "expected"),
    [
        (1800, 3600, Outcome.PASS),
        (600, 3600, Outcome.FAIL),
        (-600, 3600, Outcome.FAIL),
        (-600, -60, Outcome.INCONCLUSIVE),
    ],
)
def test_the_window_says_when_it_is_moved(begin: float, end: float, expected: Outcome) -> None:
    found = old_ttl(survey(resolver("r", (0, 1200))), view(window=(BEGAN + begin, BEGAN + end)))
    assert outcome(found) is expected


def test_without_resolvers_that_tell_it_stays_open() -> None:
    assert outcome(old_ttl(survey(mute("r", Heard.REFUSED)), view(lowered_at=0.0))) is Outcome.INCONCLUSIVE
    assert outcome(old_ttl(survey(), view(lowered_at=0.0))) is Outcome.INCONCLUSIVE


def test_a_resolver_that_tells_nothing_is_named_as_not_covered() -> None:
    found = old_ttl(survey(resolver("r", (0, 60)), mute("quiet", Heard.SILENT)), view(lowered_at=0.0))
    assert outcome(found) is Outcome.PASS
    assert "not covered, since they did not tell what they hold: quiet" in words(found)


def test_an_interrupted_survey_never_passes() -> None:
    assert (
        outcome(old_ttl(survey(resolver("r", (0, 60)), interrupted=True), view(lowered_at=0.0))) is Outcome.INCONCLUSIVE
    )


# resolvers


def judged(*resolvers: AtResolver) -> Found:
    return at_resolvers(survey(*resolvers), view())


def test_resolvers_that_lead_where_the_authority_does_pass() -> None:
    found = judged(resolver("r1", (0, 60)), resolver("r2", (0, 12), (14, 60)))
    assert outcome(found) is Outcome.PASS
    assert found.facts["leads to"]["r1 (192.0.2.99)"] == "A: old"


@pytest.mark.parametrize("points", [Points.NEW, Points.ELSEWHERE, Points.BOTH])
def test_a_resolver_that_leads_elsewhere_fails(points: Points) -> None:
    found = judged(resolver("r1", (0, 60)), resolver("odd", (0, 60), points=points))
    assert outcome(found) is Outcome.FAIL
    assert "odd (192.0.2.99): api.example.com A leads to" in words(found)


def test_many_resolvers_with_one_trouble_are_told_together() -> None:
    found = judged(resolver("r1", (0, 60)), *(mute(f"quiet{number}", Heard.SILENT) for number in range(9)))
    assert len(found.reasons) == 1
    assert "and 4 more: no answer in time for A" in words(found)


def test_a_resolver_that_changes_its_mind_fails() -> None:
    assert outcome(judged(resolver("r1", (0, 6), (8, 60), later_points=Points.NEW))) is Outcome.FAIL


@pytest.mark.parametrize("heard", [Heard.NO_NAME, Heard.EMPTY])
def test_a_stale_negative_answer_fails(heard: Heard) -> None:
    way = chain(end=(), heard=heard, points=Points.NOWHERE)
    found = judged(AtResolver(server=server("stale"), chains={"A": way}))
    assert outcome(found) is Outcome.FAIL
    assert "though the authoritative servers have it" in words(found)


def test_a_way_without_an_end_fails_even_if_it_names_the_old_side() -> None:
    way = chain((NAME, 60, OLD), end=(), heard=Heard.NO_NAME, trouble=f"{OLD} does not exist")
    assert outcome(judged(AtResolver(server=server("lost"), chains={"A": way}))) is Outcome.FAIL
    loop = chain((NAME, 60, OLD), (OLD, 60, NAME), end=(), trouble="a loop", points=Points.UNKNOWN)
    assert outcome(judged(AtResolver(server=server("loop"), chains={"A": loop}))) is Outcome.FAIL


def test_a_server_failure_while_others_answer_fails() -> None:
    found = judged(resolver("r1", (0, 60)), mute("broken", Heard.SERVFAIL))
    assert outcome(found) is Outcome.FAIL
    assert "callers behind it get nothing" in words(found)


def test_a_server_failure_where_nobody_answers_is_an_error() -> None:
    seen = survey(mute("broken", Heard.SERVFAIL), authorities=[authority(ttl=None)])
    assert outcome(at_resolvers(seen, view())) is Outcome.ERROR


@pytest.mark.parametrize(
    "heard", [one for one in Heard if not one.tells and one not in {Heard.SERVFAIL, Heard.NOT_ASKED}]
)
def test_what_tells_nothing_of_the_name_is_an_error_and_never_a_pass(heard: Heard) -> None:
    found = judged(resolver("r1", (0, 60)), mute("odd", heard))
    assert outcome(found) is Outcome.ERROR
    assert f"odd (192.0.2.99): {heard.value}" in words(found)


def test_an_answer_whose_side_cannot_be_told_is_an_error() -> None:
    assert outcome(judged(resolver("r1", (0, 60), points=Points.UNKNOWN))) is Outcome.ERROR


def test_without_resolvers_or_unasked_it_stays_open() -> None:
    assert outcome(judged()) is Outcome.INCONCLUSIVE
    assert outcome(judged(AtResolver(server=server("r")))) is Outcome.INCONCLUSIVE
    assert outcome(judged(mute("r", Heard.NOT_ASKED))) is Outcome.INCONCLUSIVE


def test_without_an_authority_there_is_nothing_to_hold_them_against() -> None:
    assert (
        outcome(at_resolvers(survey(resolver("r", (0, 60)), authorities=[authority(ttl=None)]), view()))
        is Outcome.ERROR
    )


def test_ipv6_that_is_absent_everywhere_is_as_it_should_be() -> None:
    move = Move(name=NAME, old=Target(addresses=("192.0.2.10",)), new=Target(cname=NEW))
    seen = survey(
        AtResolver(server=server("r"), chains={"A": chain(), "AAAA": nodata()}),
        authorities=[authority(A=chain(), AAAA=nodata())], move=move,
    )  # fmt: skip
    assert outcome(at_resolvers(seen, view(move=move))) is Outcome.PASS


def test_ipv6_that_a_translating_resolver_makes_up_is_no_other_side() -> None:
    made = chain(type_="AAAA", end=("64:ff9b::c000:20a",), points=Points.ELSEWHERE)
    seen = survey(
        AtResolver(server=server("r"), chains={"A": chain(), "AAAA": made}),
        authorities=[authority(A=chain(), AAAA=nodata())],
    )
    assert outcome(at_resolvers(seen, view())) is Outcome.PASS
    real = chain(type_="AAAA", end=("2001:db8::66",), points=Points.ELSEWHERE)
    seen = survey(
        AtResolver(server=server("r"), chains={"A": chain(), "AAAA": real}),
        authorities=[authority(A=chain(), AAAA=nodata())],
    )
    assert outcome(at_resolvers(seen, view())) is Outcome.FAIL


def test_a_clamping_resolver_is_named() -> None:
    found = judged(resolver("slow", (0, 5), (7, 300)))
    assert outcome(found) is Outcome.PASS
    assert "slow holds answers for at least 300 s, the authorities say 60 s" in words(found)


# rollback


def test_a_short_ttl_brings_everybody_back_in_time() -> None:
    found = rollback(survey(resolver("r", (0, 60))), view())
    assert outcome(found) is Outcome.PASS
    assert found.facts["callers back"] == {
        "after 30 s": "50 %", "after 5 min": "100 %", "all after": "1 min",
    }  # fmt: skip
    assert "keep a connection open" in words(found)


def test_a_clamping_resolver_fails_the_way_back() -> None:
    found = rollback(survey(resolver("r", (0, 60)), resolver("slow", (0, 5), (7, 900))), view())
    assert outcome(found) is Outcome.FAIL
    assert "slow holds answers for 900 s" in words(found)
    assert "by when 66.7 % are" in words(found)


def test_a_long_ttl_fails_the_way_back() -> None:
    found = rollback(survey(resolver("r", (0, 60)), authorities=[authority(ttl=HOUR)]), view())
    assert outcome(found) is Outcome.FAIL
    assert f"Lower the TTL of {NAME} from 3600 to 60 or less" in words(found)


@pytest.mark.parametrize(
    ("looks", "expected"),
    [
        (((0, 250),), Outcome.INCONCLUSIVE),  # what is left of a copy: the whole may be longer than 5 min
        (((0, 20), (22, 250)), Outcome.PASS),  # fetched anew while we watched
        (((0, 250), (10, 250), (20, 250)), Outcome.PASS),  # a forwarder that always says so
        (((0, 400),), Outcome.FAIL),  # too long, however much longer the whole is
    ],
)
def test_a_rest_of_a_clamping_copy_proves_no_way_back(looks: tuple[tuple[float, int], ...], expected: Outcome) -> None:
    found = rollback(survey(resolver("r", *looks)), view(lowered_at=0.0))
    assert outcome(found) is expected
    if expected is Outcome.INCONCLUSIVE:
        assert "give `wait` more than 4 min 10 s" in words(found)


def test_a_copy_that_is_not_waited_out_is_told() -> None:
    told = "at r: the copy there outlasts `wait`"
    assert told in words(rollback(survey(resolver("r", (0, 12)), resolver("whole", (0, 60))), view(wait=2.0)))
    assert told not in words(rollback(survey(resolver("r", (0, 12), (13, 60))), view()))


def test_the_minute_of_route_53_counts() -> None:
    seen = survey(resolver("r", (0, 60)))
    assert outcome(rollback(seen, view(switch=route53(), rollback_within=120))) is Outcome.PASS
    found = rollback(seen, view(switch=route53(), rollback_within=90))
    assert outcome(found) is Outcome.FAIL
    assert "1 min until Route 53 serves it" in words(found)
    assert f"Lower the TTL of {NAME} from 60 to 30 or less" in words(found)
    assert "No TTL is short enough" in words(rollback(seen, view(switch=route53(), rollback_within=60)))


def test_what_a_mechanism_takes_is_told_where_it_is_not_documented() -> None:
    for mechanism in (Mechanism.AZURE_DNS, Mechanism.TRAFFIC_MANAGER):
        found = rollback(survey(resolver("r", (0, 60))), view(switch=azure(mechanism)))
        assert outcome(found) is Outcome.PASS
        assert "is not documented" in words(found)


def test_all_of_the_way_back_rests_on_what_front_door_takes() -> None:
    seen, door = survey(resolver("r", (0, HOUR))), azure(Mechanism.FRONT_DOOR)
    unknown = rollback(seen, view(switch=door))
    assert outcome(unknown) is Outcome.INCONCLUSIVE
    assert "dns.switch.takes" in words(unknown)
    assert outcome(rollback(seen, view(switch=replace(door, takes=200)))) is Outcome.PASS
    assert outcome(rollback(seen, view(switch=replace(door, takes=400)))) is Outcome.FAIL


def test_where_no_record_changes_any_moment_is_safe() -> None:
    known = timing(survey(resolver("r", (0, HOUR))), view(switch=ProxySwitch()))
    assert known.earliest == view().now


def test_a_slow_proxy_fails_the_way_back() -> None:
    assert outcome(rollback(survey(resolver("r", (0, HOUR))), view(switch=ProxySwitch()))) is Outcome.PASS
    assert outcome(rollback(survey(), view(switch=ProxySwitch(takes=400)))) is Outcome.FAIL


def test_without_a_ttl_the_way_back_stays_open() -> None:
    assert outcome(rollback(survey(resolver("r"), authorities=[authority(ttl=None)]), view())) is Outcome.INCONCLUSIVE


def test_a_share_that_is_not_all_is_never_written_as_all() -> None:
    found = rollback(survey(resolver("r", (0, 60))), view(rollback_within=59.99))
    assert outcome(found) is Outcome.FAIL
    assert "99.9 %" in words(found)


# absence


@pytest.mark.parametrize(
    ("soa", "expected"), [("86400 86400", Outcome.FAIL), ("300 86400", Outcome.PASS), ("86400 300", Outcome.PASS)]
)
def test_absence_is_held_for_the_lesser_of_both_numbers(soa: str, expected: Outcome) -> None:
    found = negative(survey(authorities=[authority("ns1", soa="60 60"), authority("ns2", soa=soa)]), view())
    assert outcome(found) is expected


def test_a_zone_without_a_soa_record_is_an_error() -> None:
    assert outcome(negative(survey(authorities=[authority(ttl=None)]), view())) is Outcome.ERROR


def test_an_address_type_that_comes_with_the_move_is_told() -> None:
    seen = survey(
        authorities=[authority(A=chain(), AAAA=nodata())], target={"AAAA": chain(type_="AAAA", end=("2001:db8::1",))}
    )
    found = negative(seen, view())
    assert outcome(found) is Outcome.PASS
    assert "has no AAAA record now and gets one with the move" in words(found)


# load


@pytest.mark.parametrize(
    ("seconds", "count", "expected"),
    [(60, None, "not known"), (60, 6000, "100 at most"), (0, 6000, "one for each request")],
)
def test_the_load_is_told_and_fails_nothing(seconds: int, count: int | None, expected: str) -> None:
    found = load(survey(authorities=[authority(ttl=seconds)]), view(resolver_count=count, lowered_from=HOUR))
    assert outcome(found) is Outcome.PASS
    assert expected in found.facts["load on the authoritative servers"]["questions per second"]


def test_the_load_says_by_how_much_it_rose() -> None:
    found = load(survey(), view(lowered_from=HOUR))
    assert (
        found.facts["load on the authoritative servers"]["since the TTL was lowered"]
        == "60 times what it was at 3600 s"
    )


# every topic, whatever was seen


@pytest.mark.parametrize("judge", [ttl, old_ttl, at_resolvers, rollback, negative])
def test_a_survey_that_saw_nothing_never_passes(judge: object) -> None:
    nothing = Survey(move=MOVE, began=BEGAN, ended=BEGAN)
    assert callable(judge)
    assert outcome(judge(nothing, view())) is not Outcome.PASS


# words


def test_durations_and_lists_in_words() -> None:
    assert [span(one) for one in (0, 8, 60, 90, 300, 3600, 5400, 86400, 172800)] == [
        "0 s", "8 s", "1 min", "90 s", "5 min", "1 h", "1 h 30 min", "1 day", "2 days",
    ]  # fmt: skip
    assert safe_from(BEGAN) == "2026-11-21 14:00 UTC"
    assert safe_from(BEGAN + 0.5) == "2026-11-21 14:01 UTC"
    assert few(str(one) for one in range(7)) == "0, 1, 2, 3, 4 and 2 more"
