"""Which zone a name is in, who its servers are, and what they say: at servers that are given, or by the delegation."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from harness.dns.asking.reach import refused, servers_at
from harness.dns.facts import BESIDE, Zone
from harness.dns.surveying.authorities import ask_authorities
from harness.dns.surveying.zones import Zones, zone_of
from harness.model.dns import Chain, Heard, Link, Reply, Server
from harness.scenario.moving import Dns, Move, Target
from tests.unit.dns.fake_servers import Fake, Key, empty, fails, refers, rr, says, soa

API = "api.example.test"
MOVE = Move(name=API, old=Target(cname="gw.old.test"), new=Target(cname="gw.new.test"))
NS1, NS2, PARENT, RESOLVER = "192.0.2.1", "192.0.2.2", "192.0.2.9", "192.0.2.53"
CNAME = rr(API, "CNAME", "gw.old.test")


def server(address: str) -> Server:
    return Server(name=address, address=address)


def section(*given: str, follow: bool = False, **zones: tuple[Server, ...]) -> Dns:
    authorities: dict[str, tuple[Server, ...]] = {name.replace("_", "."): servers for name, servers in zones.items()}
    if given:
        authorities[""] = tuple(server(one) for one in given)
    return Dns(moves=(MOVE,), authorities=authorities, follow=follow)


def find(fake: Fake, dns: Dns, name: str = API, resolvers: Sequence[str] = (RESOLVER,)) -> Zone:
    return asyncio.run(zone_of(fake, name, dns, [server(one) for one in resolvers]))


def own(address: str, **said: Reply) -> dict[Key, Reply]:
    """Return what a server of example.test says, which has an alias at api."""
    usual: dict[Key, Reply] = {
        (address, API, type_): empty("old.test", CNAME, heard=Heard.ANSWER) for type_ in (*BESIDE, "SOA")
    }
    usual[(address, "example.test", "SOA")] = says(soa("example.test"))
    usual[(address, "example.test", "NS")] = says(rr("example.test", "NS", "ns1.example.test", "ns2.example.test"))
    return usual | {(address, API, type_): reply for type_, reply in said.items()}


# --- servers that are given


def test_the_zone_of_an_alias_is_looked_for_above_it() -> None:
    fake = Fake(own(NS1) | own(NS2), {NS1: "example.test", NS2: "example.test"})
    zone = find(fake, section(NS1, NS2))
    assert zone.name == "example.test"
    assert [one.server.address for one in zone.authorities] == [NS1, NS2]
    assert all(one.given and one.answers for one in zone.authorities)
    assert zone.name_servers == ("ns1.example.test", "ns2.example.test")
    assert not zone.parent_asked
    assert fake.addresses() == {NS1, NS2}
    assert not fake.recursed


def test_a_given_server_that_refuses_stays_among_them() -> None:
    table = own(NS2) | {(NS1, API, "SOA"): fails(Heard.REFUSED), (NS1, "example.test", "SOA"): fails(Heard.REFUSED)}
    zone = find(Fake(table, {NS2: "example.test"}), section(NS1, NS2))
    assert zone.name == "example.test"
    assert [one.answers for one in zone.authorities] == [False, True]


def test_a_given_server_that_has_the_zone_above_alone_does_not_hide_the_zone() -> None:
    table = own(NS2) | {(NS1, "example.test", type_): empty("test", heard=Heard.NO_NAME) for type_ in ("SOA", "NS")}
    zone = find(Fake(table, {NS1: "test", NS2: "example.test"}), section(NS1, NS2))
    assert zone.name == "example.test"
    assert [one.answers for one in zone.authorities] == [False, True]


def test_the_longest_zone_that_is_given_wins() -> None:
    fake = Fake({(NS2, API, "SOA"): says(soa(API))}, {NS1: "test", NS2: API})
    zone = find(fake, section(test=(server(NS1),), api_example_test=(server(NS2),)))
    assert zone.name == API
    assert fake.addresses() == {NS2}


def test_given_servers_that_do_not_speak_for_the_name_are_kept_with_what_they_say() -> None:
    zone = find(Fake({(NS1, API, "SOA"): fails(Heard.REFUSED)}), section(NS1, follow=True))
    assert "none of the servers given speaks for the zone of api.example.test" in zone.trouble
    assert [one.soa.heard for one in zone.authorities] == [Heard.REFUSED]


def test_other_zones_are_not_looked_for_unless_delegations_are_followed() -> None:
    fake = Fake({(NS1, "gw.old.test", "SOA"): fails(Heard.REFUSED)})
    zone = find(fake, section(NS1), "gw.old.test")
    assert "delegations are not followed" in zone.trouble
    assert fake.addresses() == {NS1}


def test_a_zone_listed_without_servers_is_followed_all_the_same() -> None:
    fake = Fake(delegation())
    assert find(fake, section(example_test=())).name == "example.test"


# --- the delegation


def delegation(names: Sequence[str] = ("ns1.example.test", "ns2.example.test")) -> dict[Key, Any]:
    """Return what a resolver and the parent's server say of example.test, at a resolver that knows everything."""
    places = {"ns1.example.test": NS1, "ns2.example.test": NS2, "ns.test": PARENT}
    table: dict[Key, Any] = {
        (RESOLVER, API, "SOA"): empty("old.test", CNAME, aa=False),
        (RESOLVER, "example.test", "SOA"): says(soa("example.test"), aa=False),
        (RESOLVER, "example.test", "NS"): says(rr("example.test", "NS", *names), aa=False),
        (RESOLVER, "test", "SOA"): says(soa("test"), aa=False),
        (RESOLVER, "test", "NS"): says(rr("test", "NS", "ns.test"), aa=False),
        (PARENT, "example.test", "NS"): refers("example.test", *names, glue={n: places.get(n, NS1) for n in names}),
        (PARENT, "example.test", "DS"): empty("test"),
    }
    for name in {*names, "ns.test"}:
        table[(RESOLVER, name, "A")] = says(rr(name, "A", places.get(name, NS1)), aa=False)
        table[(RESOLVER, name, "AAAA")] = empty("example.test", aa=False)
    return table | own(NS1) | own(NS2)


def test_a_delegation_is_followed_from_the_parent_down() -> None:
    fake = Fake(delegation(), {NS1: "example.test", NS2: "example.test"})
    zone = find(fake, section(follow=True))
    assert zone.name == "example.test"
    assert zone.parent_asked
    assert zone.delegated == zone.name_servers == ("ns1.example.test", "ns2.example.test")
    assert [(one.server.address, one.server.port) for one in zone.authorities] == [(NS1, 53), (NS2, 53)]
    assert zone.glue == {"ns1.example.test": (NS1,), "ns2.example.test": (NS2,)}
    assert zone.ds is not None
    assert zone.ds.heard is Heard.EMPTY
    assert zone.dnskey is not None
    # only the resolver is asked to look things up
    assert fake.recursed == {RESOLVER}


def test_the_next_resolver_is_asked_where_one_fails_and_a_silent_one_is_waited_for_once() -> None:
    fake = Fake(delegation(), {NS1: "example.test", NS2: "example.test"})
    zone = find(fake, section(follow=True), resolvers=("192.0.2.99", RESOLVER))
    assert zone.name == "example.test"
    assert sum(count for (address, _, _), count in fake.asked.items() if address == "192.0.2.99") <= 2


def test_no_resolver_tells_is_no_zone_and_no_crash() -> None:
    zone = find(Fake({}), section(follow=True), resolvers=("192.0.2.98", "192.0.2.99"))
    assert zone.name == ""
    assert "no resolver tells which zone api.example.test is in: no answer in time" in zone.trouble
    assert "no resolver" in find(Fake({}), section(follow=True), resolvers=()).trouble


def test_a_zone_that_no_resolver_tells_is_found_by_the_referral_of_the_one_above() -> None:
    table = delegation()
    for name in (API, "example.test"):
        for type_ in ("SOA", "NS"):
            table[(RESOLVER, name, type_)] = fails(Heard.SERVFAIL)
    table[(PARENT, API, "NS")] = refers("example.test", "ns1.example.test")
    zone = find(Fake(table, {PARENT: "test", NS1: "example.test", NS2: "example.test"}), section(follow=True))
    assert zone.name == "example.test"
    assert zone.delegated == ("ns1.example.test", "ns2.example.test")


def test_a_soa_of_a_stranger_tells_nothing() -> None:
    table = delegation() | {(RESOLVER, API, "SOA"): empty("evil.invalid", aa=False)}
    assert find(Fake(table, {NS1: "example.test"}), section(follow=True)).name == "example.test"


def test_what_a_parent_says_cannot_be_seen_where_its_server_serves_the_zone_too() -> None:
    table = delegation() | {(PARENT, "example.test", "NS"): says(rr("example.test", "NS", "ns1.example.test"))}
    zone = find(Fake(table, {NS1: "example.test"}), section(follow=True))
    assert not zone.parent_asked
    assert zone.delegated == ()


def test_a_name_server_is_nowhere_only_where_that_was_told() -> None:
    table = delegation()
    table[(RESOLVER, "ns2.example.test", "A")] = empty("example.test", heard=Heard.NO_NAME, aa=False)
    table[(PARENT, "example.test", "NS")] = refers("example.test", "ns1.example.test", "ns2.example.test")
    assert find(Fake(table, {NS1: "example.test"}), section(follow=True)).nowhere == ("ns2.example.test",)
    table[(RESOLVER, "ns2.example.test", "A")] = fails(Heard.SILENT)
    zone = find(Fake(table, {NS1: "example.test"}), section(follow=True))
    assert zone.nowhere == ()
    assert zone.left_out == (
        f"ns2.example.test: its address could not be looked up: no answer in time from {RESOLVER}",
    )
    assert zone.unseen == zone.left_out


def test_a_delegation_without_end_is_bounded() -> None:
    names = [f"ns{number}.example.test" for number in range(1, 41)]
    fake = Fake(delegation(names), {NS1: "example.test", NS2: "example.test"})
    zone = find(fake, section(follow=True))
    assert len({name for _, name, type_ in fake.asked if type_ == "A" and name != "ns.test"}) == 13
    assert zone.left_out == ("27 more name servers",)


def test_what_names_share_is_asked_for_once() -> None:
    fake = Fake(delegation(), {NS1: "example.test", NS2: "example.test"})

    async def both() -> None:
        zones = Zones(fake, section(follow=True), [server(RESOLVER)])
        await asyncio.gather(zones.of(API), zones.of(API), zones.of("ns1.example.test"))

    asyncio.run(both())
    assert fake.asked[(RESOLVER, "example.test", "SOA")] == 1
    assert fake.asked[(PARENT, "example.test", "NS")] == 1
    assert fake.asked[(NS1, "example.test", "SOA")] == 1


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("169.254.169.254", "link-local"),
        ("fe80::1", "link-local"),
        ("fe80::1%eth0", "scope"),
        ("::ffff:169.254.169.254", "link-local"),
        ("224.0.0.251", "multicast"),
        ("ff02::fb", "multicast"),
        ("0.0.0.0", "no address of a host"),
        ("0.1.2.3", "no address of a host"),
        ("::", "no address of a host"),
        ("255.255.255.255", "no address of a host"),
        ("gopher", "no IP address"),
        ("192.0.2.1", ""),
        ("10.0.0.1", ""),
        ("127.0.0.1", "this machine's own"),
        ("::1", "this machine's own"),
        ("::ffff:127.0.0.1", "this machine's own"),
        ("2001:db8::1", ""),
    ],
)
def test_addresses_of_no_server_are_never_asked(address: str, why: str) -> None:
    assert why in refused(address)
    assert bool(refused(address)) == bool(why)


def test_this_machines_own_addresses_are_asked_in_a_lab() -> None:
    assert refused("127.0.0.1", lab=True) == refused("::1", lab=True) == ""
    assert servers_at("ns", ["127.0.0.2"], lab=True)[1] == ()
    assert servers_at("ns", ["127.0.0.2"])[1] == ("ns (127.0.0.2): this machine's own address",)


def test_two_addresses_of_a_family_are_asked() -> None:
    asked, left_out = servers_at("ns", ["192.0.2.3", "192.0.2.1", "192.0.2.1", "192.0.2.2", "169.254.1.1"])
    assert [one.address for one in asked] == ["192.0.2.3", "192.0.2.1"]
    assert left_out == ()


# --- what the servers say


def ask(fake: Fake, chains: Mapping[tuple[str, str], Chain] | None = None, *addresses: str) -> tuple[Zone, list[str]]:
    chased: list[str] = []

    async def chase(name: str, type_: str) -> Chain:
        chased.append(f"{name} {type_}")
        return (chains or {}).get((name, type_), Chain(name=name, type=type_, heard=Heard.EMPTY))

    async def work() -> Zone:
        dns = section(*(addresses or (NS1, NS2)))
        zone = await zone_of(fake, API, dns, [])
        return await ask_authorities(fake, zone, MOVE, dns, chase, lag=0)

    return asyncio.run(work()), chased


def end(name: str, *links: Link, heard: Heard = Heard.ANSWER, trouble: str = "") -> Chain:
    return Chain(name=name, type="A", links=links, heard=heard, trouble=trouble)


def link(owner: str, type_: str, value: str, zone: str = "old.test") -> Link:
    return Link(records=rr(owner, type_, value), told_by="x", zone=zone)


def test_every_type_is_asked_of_every_server_and_the_way_out_of_the_zone_is_followed_once() -> None:
    fake = Fake(own(NS1) | own(NS2), {NS1: "example.test", NS2: "example.test"})
    zone, chased = ask(fake, {("gw.old.test", "A"): end("gw.old.test", link("gw.old.test", "A", "192.0.2.31"))})
    assert chased == ["gw.old.test A", "gw.old.test AAAA"]
    for one in zone.authorities:
        assert set(one.at_name) == set(BESIDE)
        assert one.chains["A"].addresses == ("192.0.2.31",)
        assert [step.zone for step in one.chains["A"].links] == ["example.test", "old.test"]
        assert one.chains["A"].trouble == ""
        assert one.chains["AAAA"].heard is Heard.EMPTY
        assert one.chains["AAAA"].trouble == ""


def test_a_server_is_not_believed_about_other_zones() -> None:
    lie = rr("gw.old.test", "A", "203.0.113.6")
    fake = Fake(own(NS1, A=says(CNAME, lie)), {NS1: "example.test"})
    zone, _ = ask(fake, {("gw.old.test", "A"): end("gw.old.test", link("gw.old.test", "A", "192.0.2.31"))}, NS1)
    assert zone.authorities[0].chains["A"].addresses == ("192.0.2.31",)


def test_links_within_the_zone_are_asked_of_the_same_server() -> None:
    table = own(NS1, A=says(rr(API, "CNAME", "edge.example.test")))
    table[(NS1, "edge.example.test", "A")] = says(rr("edge.example.test", "A", "192.0.2.31"))
    zone, chased = ask(Fake(table, {NS1: "example.test"}), None, NS1)
    assert zone.authorities[0].chains["A"].names == (API, "edge.example.test")
    assert zone.authorities[0].chains["A"].addresses == ("192.0.2.31",)
    assert chased == ["gw.old.test AAAA"]


def test_a_loop_over_another_zone_is_told() -> None:
    back = end("gw.old.test", link("gw.old.test", "CNAME", API))
    zone, _ = ask(Fake(own(NS1), {NS1: "example.test"}), {("gw.old.test", "A"): back}, NS1)
    assert zone.authorities[0].chains["A"].trouble == f"a loop: gw.old.test leads back to {API}"


def test_a_way_without_end_is_cut_and_told() -> None:
    names = [f"g{number}.old.test" for number in range(20)]
    steps = [link(one, "CNAME", to) for one, to in zip(["gw.old.test", *names], names, strict=False)]
    zone, _ = ask(Fake(own(NS1), {NS1: "example.test"}), {("gw.old.test", "A"): end("gw.old.test", *steps)}, NS1)
    way = zone.authorities[0].chains["A"]
    assert len(way.links) == 16
    assert way.trouble.startswith("no end after 16 links")


def test_a_dangling_end_beyond_the_zone_is_told() -> None:
    gone = end("gw.old.test", heard=Heard.NO_NAME, trouble="gw.old.test does not exist")
    zone, _ = ask(Fake(own(NS1), {NS1: "example.test"}), {("gw.old.test", "A"): gone}, NS1)
    way = zone.authorities[0].chains["A"]
    assert way.heard is Heard.NO_NAME
    assert way.trouble == f"gw.old.test, where {API} leads to, does not exist"


def test_a_silent_server_is_not_asked_further_questions() -> None:
    fake = Fake(own(NS1), {NS1: "example.test"})
    zone, _ = ask(fake)
    silent = zone.authorities[1]
    assert silent.soa.heard is Heard.SILENT
    assert not silent.at_name
    assert {(name, type_) for address, name, type_ in fake.asked if address == NS2} <= {
        (API, "SOA"),
        ("example.test", "SOA"),
    }


def test_a_change_on_its_way_to_a_secondary_is_looked_at_a_second_time() -> None:
    table: dict[Key, Any] = own(NS1) | own(NS2)
    table[(NS1, "example.test", "SOA")] = says(soa("example.test", 8))
    table[(NS2, "example.test", "SOA")] = [says(soa("example.test", 7)), says(soa("example.test", 8))]
    zone, _ = ask(Fake(table, {NS1: "example.test", NS2: "example.test"}))
    assert [one.soa.records("SOA") for one in zone.authorities] == [soa("example.test", 8)] * 2


def test_primaries_of_their_own_are_not_waited_for() -> None:
    table: dict[Key, Any] = own(NS1) | own(NS2)
    table[(NS2, "example.test", "SOA")] = says(soa("example.test", 7, "ns.other.test"))
    fake = Fake(table, {NS1: "example.test", NS2: "example.test"})
    ask(fake)
    assert fake.asked[(NS2, "example.test", "NS")] == 1
