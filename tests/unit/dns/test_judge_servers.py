"""What the authoritative servers come to: who serves, who agrees, and where the name leads at them."""

from dataclasses import replace
from typing import Any

import pytest

from harness.dns.facts import BESIDE, AtResolver, Authority, Survey, Zone
from harness.dns.records.judge_servers import chain, servers
from harness.model.dns import Chain, Heard, Link, Points, Records, Reply, Server
from harness.model.found import Found
from harness.model.outcome import Outcome
from harness.scenario.moving import Move, ProxySwitch, Target
from tests.unit.dns.fake_servers import rr, soa
from tests.unit.dns.made_survey import view

API, ZONE = "api.example.test", "example.test"
MOVE = Move(name=API, old=Target(cname="gw.old.test"), new=Target(cname="gw.new.test"))
ALIAS = Move(name=API, old=Target(alias="gw.old.test"), new=Target(cname="gw.new.test"))


def reply(
    server: Server, name: str, type_: str, *records: Records, heard: Heard | None = None, aa: bool = True
) -> Reply:
    heard = heard or (Heard.ANSWER if records else Heard.EMPTY)
    return Reply(server=server, name=name, type=type_, heard=heard, answer=records, authoritative=aa, ms=2.4)


def way(
    points: Points = Points.OLD, *, to: str = "gw.old.test", address: str = "192.0.2.31", ttl: int = 60, type_: str = "A",
    heard: Heard = Heard.ANSWER, trouble: str = "",
) -> Chain:  # fmt: skip
    links = [Link(records=rr(API, "CNAME", to, ttl=ttl), told_by="x", zone=ZONE)] if to else []
    if address:
        links.append(Link(records=rr(to or API, type_, address), told_by="x"))
    return Chain(name=API, type=type_, links=tuple(links), heard=heard, trouble=trouble, points=points)


def serving(
    number: int = 1, *records: Records, serial: int = 1, primary: str = "ns1.example.test", **more: Any
) -> Authority:
    """Return a server that speaks for the zone: by default the name is an alias of the old side there."""
    address = more.pop("address", f"192.0.2.{number}")
    server = Server(name=f"ns{number}.example.test ({address})", address=address)
    has = {one.type: one for one in records or (rr(API, "CNAME", "gw.old.test"),)}
    chains = more.pop("chains", {"A": way(), "AAAA": way(type_="AAAA", address="", heard=Heard.EMPTY)})
    return Authority(
        server=server,
        soa=reply(server, ZONE, "SOA", soa(ZONE, serial, primary)),
        ns=reply(server, ZONE, "NS", rr(ZONE, "NS", *more.pop("ns", ("ns1.example.test", "ns2.example.test")))),
        at_name={type_: reply(server, API, type_, *([has[type_]] if type_ in has else [])) for type_ in BESIDE},
        chains=chains,
    )


def failing(number: int, heard: Heard, *, aa: bool = False, address: str = "") -> Authority:
    address = address or f"192.0.2.{number}"
    server = Server(name=f"ns{number}.example.test ({address})", address=address)
    nothing = reply(server, ZONE, "NS", heard=Heard.NOT_ASKED)
    return Authority(server=server, soa=reply(server, ZONE, "SOA", heard=heard, aa=aa), ns=nothing)


def survey(*authorities: Authority, move: Move = MOVE, **zone: Any) -> Survey:
    resolvers = zone.pop("resolvers", ())
    return Survey(
        move=move, began=0.0, ended=1.0, resolvers=resolvers, zone=Zone(name=ZONE, authorities=authorities, **zone)
    )  # fmt: skip


def judged(*authorities: Authority, **more: Any) -> Found:
    one = survey(*authorities, **more)
    return servers(one, view(move=one.move))


def led(*authorities: Authority, dns: dict[str, Any] | None = None, **more: Any) -> Found:
    one = survey(*authorities, **more)
    return chain(one, view(move=one.move, **(dns or {})))


def outcomes(found: Found) -> set[Outcome]:
    return {outcome for outcome, _ in found.reasons}


def texts(found: Found, outcome: Outcome = Outcome.FAIL) -> list[str]:
    return [text for one, text in found.reasons if one is outcome]


def told(found: Found) -> list[str]:
    return [point.title for point in found.points if point.outcome == Outcome.PASS.value]


# --- the servers


def test_servers_that_serve_and_agree_pass() -> None:
    found = judged(serving(1), serving(2))
    assert found.reasons == []
    assert found.points == []
    assert found.facts["serial"] == {"ns1.example.test (192.0.2.1)": "1", "ns2.example.test (192.0.2.2)": "1"}
    assert found.facts["as its authority"]["ns2.example.test (192.0.2.2)"] == "yes"


def test_no_zone_is_no_pass() -> None:
    nothing = Survey(move=MOVE, began=0.0, ended=1.0, zone=Zone(trouble="no resolver tells which zone it is in"))
    for topic in (servers, chain):
        found = topic(nothing, view(move=MOVE))
        assert outcomes(found) == {Outcome.ERROR}
        assert "no resolver tells" in texts(found, Outcome.ERROR)[0]


@pytest.mark.parametrize("heard", [Heard.REFUSED, Heard.SERVFAIL, Heard.REFERRAL, Heard.ANSWER, Heard.NO_NAME])
def test_a_lame_server_among_others_fails(heard: Heard) -> None:
    found = judged(serving(1), failing(2, heard))
    assert outcomes(found) == {Outcome.FAIL}
    assert texts(found)[0].startswith("ns2.example.test (192.0.2.2) is named as a server of example.test and does not")


@pytest.mark.parametrize("heard", [Heard.WRONG_ID, Heard.MALFORMED, Heard.CUT_OFF])
def test_a_server_that_answers_rubbish_among_others_fails(heard: Heard) -> None:
    assert outcomes(judged(serving(1), failing(2, heard))) == {Outcome.FAIL}


def test_a_silent_server_among_others_fails() -> None:
    found = judged(serving(1), failing(2, Heard.SILENT))
    assert texts(found) == ["ns2.example.test (192.0.2.2), a server of example.test, does not answer while others do"]


def test_ipv6_that_cannot_be_seen_from_here_is_told() -> None:
    found = judged(serving(1), failing(1, Heard.UNREACHABLE, address="2001:db8::1"))
    assert found.reasons == []
    assert told(found) == [
        "the IPv6 addresses of the servers of example.test cannot be seen from here: ns1.example.test (2001:db8::1)"
    ]


def test_one_silent_ipv6_address_fails_where_another_answers() -> None:
    found = judged(serving(1, address="2001:db8::1"), failing(2, Heard.SILENT, address="2001:db8::2"))
    assert outcomes(found) == {Outcome.FAIL}


def test_a_zone_that_no_server_serves_fails() -> None:
    found = judged(failing(1, Heard.REFUSED), failing(2, Heard.SILENT))
    assert outcomes(found) == {Outcome.FAIL}
    assert texts(found)[0].startswith("no server of example.test serves it: ns1.example.test (192.0.2.1): refused")


def test_silence_of_all_may_be_a_network_in_the_way() -> None:
    found = judged(failing(1, Heard.SILENT), failing(2, Heard.UNREACHABLE))
    assert outcomes(found) == {Outcome.ERROR}
    assert "blocks port 53" in texts(found, Outcome.ERROR)[0]


def test_answers_without_authority_of_all_may_be_a_proxy_where_resolvers_get_on_well() -> None:
    fine = AtResolver(server=Server(name="r", address="192.0.2.53"), chains={"A": way()})
    lame = (failing(1, Heard.ANSWER), failing(2, Heard.ANSWER))
    assert outcomes(judged(*lame, resolvers=(fine,))) == {Outcome.ERROR}
    assert outcomes(judged(*lame)) == {Outcome.FAIL}


def test_a_server_that_was_not_asked_is_no_pass() -> None:
    assert Outcome.INCONCLUSIVE in outcomes(judged(serving(1), failing(2, Heard.NOT_ASKED)))
    assert outcomes(judged(failing(1, Heard.NOT_ASKED))) == {Outcome.INCONCLUSIVE}


def test_a_server_without_an_address_fails() -> None:
    found = judged(
        serving(1), serving(2), nowhere=("ns3.example.test",), delegated=("ns3.example.test",), parent_asked=True
    )
    assert texts(found) == ["ns3.example.test is named as a server of example.test and has no address"]
    assert found.points[0].note == "named by its parent"


def test_a_server_in_the_delegation_alone_is_told_while_all_agree() -> None:
    names = ("ns1.example.test", "ns2.example.test")
    found = judged(serving(1), serving(2), name_servers=names[:1], delegated=names, parent_asked=True)
    assert found.reasons == []
    assert "ns2.example.test in the parent alone" in told(found)[0]


def test_a_server_in_the_delegation_alone_fails_with_data_of_its_own() -> None:
    names = ("ns1.example.test", "ns2.example.test")
    other = serving(2, rr(API, "CNAME", "gw.new.test"))
    found = judged(serving(1), other, name_servers=names[:1], delegated=names, parent_asked=True)
    assert outcomes(found) == {Outcome.FAIL}
    assert any("ns2.example.test: in the delegation, and not in the zone" in point.note for point in found.points)


def test_a_zone_without_a_delegation_is_told() -> None:
    found = judged(serving(1), serving(2), parent_asked=True, name_servers=("ns1.example.test",))
    assert found.reasons == []
    assert "does not delegate it" in told(found)[0]


GLUE: dict[str, Any] = {
    "glue": {"ns2.example.test": ("192.0.2.66",)},
    "addresses": {"ns2.example.test": ("192.0.2.2",)},
}


def test_wrong_glue_fails_where_nobody_serves_there() -> None:
    found = judged(serving(1), serving(2), failing(2, Heard.REFUSED, address="192.0.2.66"), **GLUE)
    assert texts(found) == [
        "the parent of example.test says that ns2.example.test is at 192.0.2.66, and it is at 192.0.2.2"
    ]


def test_wrong_glue_is_told_where_the_zone_is_served_there_too() -> None:
    found = judged(serving(1), serving(2), serving(2, address="192.0.2.66"), **GLUE)
    assert found.reasons == []
    assert len(told(found)) == 1


def test_glue_that_tells_one_of_several_addresses_is_fine() -> None:
    addresses = {"ns2.example.test": ("192.0.2.2", "192.0.2.66", "2001:db8::2")}
    assert judged(serving(1), serving(2), glue=GLUE["glue"], addresses=addresses).points == []


def test_different_records_fail_and_name_both() -> None:
    found = judged(serving(1), serving(2, rr(API, "CNAME", "gw.new.test")))
    (text,) = texts(found)
    assert text == (
        "the servers of example.test differ in CNAME of api.example.test: gw.old.test (TTL 60) at "
        "ns1.example.test (192.0.2.1); gw.new.test (TTL 60) at ns2.example.test (192.0.2.2)"
    )


def test_a_record_that_one_server_lacks_fails() -> None:
    both = (rr(API, "A", "192.0.2.31"), rr(API, "AAAA", "2001:db8::31"))
    (text,) = texts(judged(serving(1, *both), serving(2, both[0])))
    assert "differ in AAAA" in text
    assert "none at ns2.example.test" in text


def test_different_ttls_fail() -> None:
    (text,) = texts(judged(serving(1), serving(2, rr(API, "CNAME", "gw.old.test", ttl=3600))))
    assert "differ in the TTL of CNAME of api.example.test" in text


def test_an_alias_may_answer_with_different_addresses_of_its_target() -> None:
    ends = {"A": way(to="", address="192.0.2.31"), "AAAA": way(Points.NOWHERE, to="", address="", heard=Heard.EMPTY)}
    one, two = serving(1, rr(API, "A", "192.0.2.31"), chains=ends), serving(2, rr(API, "A", "192.0.2.32"), chains=ends)
    found = judged(one, two, move=ALIAS)
    assert found.reasons == []
    assert "different addresses of the alias target" in told(found)[0]
    by_address = replace(
        ALIAS, old=Target(addresses=("192.0.2.31", "192.0.2.32")), new=Target(addresses=("192.0.2.41",))
    )
    assert outcomes(judged(one, two, move=by_address)) == {Outcome.FAIL}


def test_a_type_that_one_server_does_not_tell_is_no_pass() -> None:
    one = serving(2)
    https = replace(one.at_name["HTTPS"], heard=Heard.SILENT)
    found = judged(serving(1), replace(one, at_name={**one.at_name, "HTTPS": https}))
    assert texts(found, Outcome.INCONCLUSIVE) == [
        "ns2.example.test (192.0.2.2) did not tell HTTPS of api.example.test: no answer in time"
    ]


def test_a_secondary_that_does_not_follow_fails() -> None:
    found = judged(serving(1, serial=5), serving(2, serial=4), serving(3, serial=5))
    assert texts(found) == ["serial 5 of example.test has not reached ns2.example.test (192.0.2.2) (4)"]


def test_serials_are_counted_past_their_end() -> None:
    found = judged(serving(1, serial=4_294_967_295), serving(2, serial=3))
    assert texts(found) == ["serial 3 of example.test has not reached ns1.example.test (192.0.2.1) (4294967295)"]


def test_serials_of_two_primaries_are_told() -> None:
    found = judged(serving(1, serial=5), serving(2, serial=2026, primary="ns.other.test"))
    assert found.reasons == []
    assert told(found) == ["example.test is kept by 2 primaries: serials 5 of ns1.example.test; 2026 of ns.other.test"]


def test_a_single_server_is_told() -> None:
    found = judged(serving(1))
    assert found.reasons == []
    assert told(found) == ["example.test has one server at one address: ns1.example.test (192.0.2.1)"]


def test_a_server_of_which_nothing_was_seen_is_no_pass() -> None:
    why = "ns3.example.test: its address could not be looked up: no answer in time from r1"
    found = judged(serving(1), serving(2), left_out=(why,), unseen=(why,))
    assert [kind for kind, _ in found.reasons] == [Outcome.INCONCLUSIVE]
    assert "ns3.example.test" in found.reasons[0][1]


def test_what_was_left_out_is_told() -> None:
    found = judged(serving(1), serving(2), left_out=("ns3 (169.254.1.1): a link-local address",))
    assert told(found) == ["servers of example.test that were not asked: ns3 (169.254.1.1): a link-local address"]


# --- the way


def test_a_name_that_leads_to_the_old_side_everywhere_passes() -> None:
    found = led(serving(1), serving(2))
    assert found.reasons == []
    assert found.facts["api.example.test CNAME"]["ns1.example.test (192.0.2.1)"] == "gw.old.test, TTL 60"
    assert found.facts["gw.old.test A"]["ns2.example.test (192.0.2.2)"] == "192.0.2.31, TTL 60"


def at(points: Points, **more: Any) -> dict[str, Any]:
    return {"chains": {"A": way(points, **more), "AAAA": way(points, type_="AAAA", **{**more, "address": ""})}}


@pytest.mark.parametrize(
    ("there", "words"),
    [
        (Points.NEW, "already leads to the new side at ns1.example.test (192.0.2.1): nothing is left to switch"),
        (Points.ELSEWHERE, "leads neither to the old side nor to the new one at ns1.example.test"),
        (Points.BOTH, "leads to both sides at once at ns1.example.test"),
        (Points.NOWHERE, "leads to no address"),
    ],
)
def test_a_name_that_does_not_lead_to_the_old_side_fails(there: Points, words: str) -> None:
    found = led(serving(1, **at(there)))
    assert outcomes(found) == {Outcome.FAIL}
    assert words in texts(found)[0]


def test_servers_that_lead_to_different_sides_fail() -> None:
    found = led(serving(1), serving(2, **at(Points.NEW)))
    (text,) = texts(found)
    assert text == (
        "api.example.test leads to the new side at ns2.example.test (192.0.2.2) and to the old one at "
        "ns1.example.test (192.0.2.1)"
    )


def test_ipv6_that_leads_to_the_other_side_fails() -> None:
    split = {"A": way(), "AAAA": way(Points.NEW, type_="AAAA", to="", address="2001:db8::31")}
    assert "to both sides at once" in texts(led(serving(1, chains=split)))[0]


def test_a_name_without_ipv6_is_judged_by_ipv4() -> None:
    split = {"A": way(to=""), "AAAA": way(Points.NOWHERE, type_="AAAA", to="", address="", heard=Heard.EMPTY)}
    assert led(serving(1, chains=split)).reasons == []


def test_an_old_side_without_any_address_fails() -> None:
    empty = {type_: way(type_=type_, address="", heard=Heard.EMPTY) for type_ in ("A", "AAAA")}
    assert texts(led(serving(1, chains=empty))) == ["api.example.test leads to no address"]


@pytest.mark.parametrize(
    ("trouble", "heard"),
    [
        ("a loop: gw.old.test leads back to api.example.test", Heard.ANSWER),
        ("gw.old.test, where api.example.test leads to, does not exist", Heard.NO_NAME),
    ],
)
def test_a_way_without_end_fails_once(trouble: str, heard: Heard) -> None:
    lost = {
        type_: way(Points.UNKNOWN, type_=type_, address="", trouble=trouble, heard=heard) for type_ in ("A", "AAAA")
    }
    found = led(serving(1, chains=lost), serving(2, chains=lost))
    assert found.reasons == [(Outcome.FAIL, f"the way of api.example.test has no end: {trouble}")]


def test_a_way_that_cannot_be_seen_to_its_end_is_no_pass() -> None:
    lost = way(address="", trouble="gw.old.test: no answer in time from r", heard=Heard.SILENT)
    found = led(serving(1, chains={"A": lost, "AAAA": replace(lost, type="AAAA")}))
    assert outcomes(found) == {Outcome.ERROR}


def test_a_way_that_does_not_tell_a_side_is_no_pass() -> None:
    unknown = way(
        Points.UNKNOWN, to="", address="", heard=Heard.SERVFAIL, trouble="api.example.test: server failure from ns1"
    )
    found = led(serving(1, chains={"A": unknown}))
    assert outcomes(found) == {Outcome.ERROR}
    assert "server failure" in texts(found, Outcome.ERROR)[0]


def test_a_long_way_is_told() -> None:
    links = tuple(Link(records=rr(f"g{at}", "CNAME", f"g{at + 1}"), told_by="x") for at in range(9))
    long = Chain(name=API, type="A", links=links, heard=Heard.ANSWER, points=Points.OLD)
    found = led(serving(1, chains={"A": long}))
    assert found.reasons == []
    assert told(found) == ["api.example.test leads through 9 CNAMEs"]


def test_behind_a_proxy_the_name_leads_to_the_proxy() -> None:
    dns, move = {"switch": ProxySwitch()}, Move(name=API, old=Target(cname="px.test"), new=Target(cname="px.test"))
    shared = {"A": way(Points.UNKNOWN, to="", address="192.0.2.31")}
    assert led(serving(1, **at(Points.BOTH)), dns=dns, move=move).reasons == []
    assert led(serving(1, chains=shared), dns=dns, move=move).reasons == []
    (text,) = texts(led(serving(1, **at(Points.ELSEWHERE)), dns=dns, move=move))
    assert text == "api.example.test does not lead to px.test at ns1.example.test (192.0.2.1): 192.0.2.31"
    assert outcomes(led(serving(1, **at(Points.NOWHERE)), dns=dns, move=move)) == {Outcome.FAIL}


def test_texts_of_many_servers_stay_short() -> None:
    many = [
        serving(number, rr(API, "TXT", *(f"{number} {at} {'x' * 900}" for at in range(9)))) for number in range(1, 60)
    ]
    found = judged(*many)
    assert all(len(text) < 4000 for _, text in found.reasons)
