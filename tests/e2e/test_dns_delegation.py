"""Delegations followed from a root of the test's own, on port 53, in a network of the test's own.

Every zone below "test." is delegated in its own way, most of them wrongly. All are surveyed at once; each test looks
at what one of them came to.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial

import pytest

from harness.dns.asking.ask import Asker
from harness.dns.facts import Survey
from harness.dns.records.judge_servers import chain, servers
from harness.dns.surveying.authorities import ask_authorities
from harness.dns.surveying.chasing import Chasing
from harness.dns.surveying.points import points
from harness.dns.surveying.zones import Zones
from harness.model.dns import Heard, Server
from harness.model.found import Found
from harness.model.outcome import Outcome
from harness.scenario.moving import Dns, Move, Target
from tests.servers.netns import Network
from tests.servers.nsd import Nsd, zone_text
from tests.servers.signed import signed
from tests.servers.unbound import Unbound
from tests.unit.dns.made_survey import view

pytestmark = [pytest.mark.server("nsd"), pytest.mark.server("unbound"), pytest.mark.server("netns")]

ROOT, TLD, ONE, TWO, TARGETS, NOBODY = (f"192.0.2.{number}" for number in (1, 2, 11, 12, 21, 66))
ONE_V6 = "2001:db8::11"
GW = "gw.old.test"
API = f"api CNAME {GW}."
PAIR = "@ NS ns1.clean.test.\n@ NS ns2.clean.test.\n"

ZONES_ONE: Mapping[str, str] = {
    "clean.test": zone_text(
        "clean.test", f"@ NS ns1\n@ NS ns2\nns1 A {ONE}\nns1 AAAA {ONE_V6}\nns2 A {TWO}\n{API}\nalias CNAME api"
    ),
    "lame.test": zone_text("lame.test", f"@ NS ns1.clean.test.\n@ NS ns.old.test.\n{API}"),
    "silent.test": zone_text("silent.test", f"@ NS ns1.clean.test.\n@ NS off.clean-two.test.\n{API}"),
    "clean-two.test": zone_text(
        "clean-two.test", f"{PAIR}off A {NOBODY}\nmeta A 169.254.169.254\nmeta AAAA 2001:db8::99"
    ),
    "mismatch.test": zone_text("mismatch.test", f"@ NS ns1.clean.test.\n{API}"),
    "forgotten.test": zone_text("forgotten.test", f"@ NS ns1.clean.test.\n{API}"),
    "lagging.test": zone_text("lagging.test", PAIR + API, serial=8),
    "nowhere.test": zone_text("nowhere.test", f"@ NS ns1.clean.test.\n@ NS nope.clean.test.\n{API}"),
    "glue.test": zone_text("glue.test", f"@ NS ns1.clean.test.\n@ NS ns2\nns2 A {TWO}\n{API}"),
    "metadata.test": zone_text("metadata.test", f"@ NS ns1.clean.test.\n@ NS meta.clean-two.test.\n{API}"),
    "ttl.test": zone_text("ttl.test", f"{PAIR}api 3600 CNAME {GW}."),
    "dangling.test": zone_text("dangling.test", f"{PAIR}api CNAME nothing.old.test."),
}
SIGNED = signed("signed.test", zone_text("signed.test", PAIR + API))

DELEGATED = f"""
clean NS ns1.clean
clean NS ns2.clean
ns1.clean A {ONE}
ns1.clean AAAA {ONE_V6}
ns2.clean A {TWO}
old NS ns.old
ns.old A {TARGETS}
new NS ns.old
lame NS ns1.clean
lame NS ns.old
silent NS ns1.clean
silent NS off.clean-two
clean-two NS ns1.clean
clean-two NS ns2.clean
mismatch NS ns1.clean
mismatch NS ns2.clean
forgotten NS ns1.clean
forgotten NS ns2.clean
lagging NS ns1.clean
lagging NS ns2.clean
nowhere NS ns1.clean
nowhere NS nope.clean
glue NS ns1.clean
glue NS ns2.glue
ns2.glue A {NOBODY}
metadata NS ns1.clean
metadata NS meta.clean-two
ttl NS ns1.clean
ttl NS ns2.clean
dangling NS ns1.clean
dangling NS ns2.clean
dead NS ns.old
dead NS ns1.clean
signed NS ns1.clean
signed NS ns2.clean
signed DS {SIGNED.ds}
"""


@dataclass(frozen=True)
class Seen:
    survey: Survey
    servers: Found
    chain: Found

    def failed(self) -> list[str]:
        return [title for outcome, title in self.servers.reasons if outcome is Outcome.FAIL]

    def told(self) -> list[str]:
        return [point.title for point in self.servers.points if point.outcome == "PASS"]


def zones_two() -> dict[str, str]:
    """Return what the second server has: the same, but where a zone is there to differ."""
    return {
        **ZONES_ONE,
        "forgotten.test": zone_text("forgotten.test", "@ NS ns1.clean.test.\napi CNAME gw.new.test.", serial=1),
        "lagging.test": zone_text("lagging.test", PAIR + API, serial=7),
        "ttl.test": zone_text("ttl.test", PAIR + API),
    }


def target(name: str, address: str) -> str:
    return zone_text(name, f"@ NS ns.old.test.\nns A {TARGETS}\ngw A {address}")


def start(stack: ExitStack) -> Server:
    """Start every server, inside; return the resolver."""
    own = {"signed.test": SIGNED.text}
    for address, also, zones in (
        (ROOT, (), {".": zone_text(".", f"@ NS ns.root.\nns.root. A {ROOT}\ntest. NS ns.test.\nns.test. A {TLD}")}),
        (TLD, (), {"test": zone_text("test", f"@ NS ns\nns A {TLD}\n{DELEGATED}")}),
        (ONE, (ONE_V6,), {**ZONES_ONE, **own}),
        (TWO, (), {**zones_two(), **own}),
        (TARGETS, (), {"old.test": target("old.test", "192.0.2.31"), "new.test": target("new.test", "192.0.2.32")}),
    ):
        stack.enter_context(Nsd(zones, address, 53, also=also))
    return stack.enter_context(Unbound({".": ROOT}, "127.0.0.1", 53)).server()


async def look_at_all(resolver: Server) -> dict[str, Seen]:
    names = [f"api.{zone}" for zone in (*ZONES_ONE, "dead.test", "signed.test")] + ["alias.clean.test", "api.gone.test"]
    moves = tuple(Move(name=name, old=Target(cname=GW), new=Target(cname="gw.new.test")) for name in names)
    dns = Dns(moves=moves, timeout=1.0)
    async with Asker(1.0) as asker:
        zones = Zones(asker, dns, [Server(name="off", address=NOBODY), resolver])
        chasing = Chasing(asker=asker, zones=zones, resolvers=[resolver])

        async def look(move: Move) -> Seen:
            zone = await ask_authorities(asker, await zones.of(move.name), move, dns, chasing.chain, lag=0.1)
            pointed = tuple(
                replace(
                    one,
                    chains={
                        type_: replace(way, points=points(way, move, old=frozenset(), new=frozenset()))
                        for type_, way in one.chains.items()
                    },
                )
                for one in zone.authorities
            )
            survey = Survey(move=move, began=0.0, ended=1.0, zone=replace(zone, authorities=pointed))
            judged_by = view(move=move)
            return Seen(survey, servers(survey, judged_by), chain(survey, judged_by))

        found = await asyncio.gather(*map(look, moves))
    return dict(zip(names, found, strict=True))


@pytest.fixture(scope="module")
def seen() -> Iterator[Callable[[str], Seen]]:
    with Network([ROOT, TLD, ONE, TWO, TARGETS, NOBODY, ONE_V6]) as network, ExitStack() as stack:
        resolver = network.run(partial(start, stack))
        found = network.run(lambda: asyncio.run(look_at_all(resolver)))
        yield lambda zone: found[zone if zone in found else f"api.{zone}"]


def outcome(found: Found) -> list[Outcome]:
    return sorted({outcome for outcome, _ in found.reasons}, key=lambda one: one.rank)


def test_a_clean_delegation_is_followed_to_every_address_of_every_server(seen: Callable[[str], Seen]) -> None:
    one = seen("clean.test")
    zone = one.survey.zone
    assert zone.name == "clean.test"
    assert zone.delegated == zone.name_servers == ("ns1.clean.test", "ns2.clean.test")
    assert [authority.server.address for authority in zone.authorities] == [ONE, ONE_V6, TWO]
    assert all(authority.answers for authority in zone.authorities)
    assert one.servers.reasons == []
    assert one.servers.points == []
    assert one.chain.reasons == []


def test_the_way_leads_over_the_zones_own_links_and_those_of_others(seen: Callable[[str], Seen]) -> None:
    way = seen("alias.clean.test").survey.zone.authorities[0].chains["A"]
    assert way.names == ("alias.clean.test", "api.clean.test", GW)
    assert way.addresses == ("192.0.2.31",)
    assert [link.zone for link in way.links] == ["clean.test", "clean.test", "old.test"]
    assert [link.records.ttl for link in way.links] == [60, 60, 60]


def test_a_lame_server_is_named(seen: Callable[[str], Seen]) -> None:
    (failed,) = seen("lame.test").failed()
    assert f"ns.old.test ({TARGETS}) is named as a server of lame.test and does not serve it" in failed


def test_a_server_that_is_off_is_named(seen: Callable[[str], Seen]) -> None:
    (failed,) = seen("silent.test").failed()
    assert f"off.clean-two.test ({NOBODY}), a server of silent.test, does not answer" in failed


def test_a_server_in_the_delegation_alone_with_the_same_data_is_told(seen: Callable[[str], Seen]) -> None:
    one = seen("mismatch.test")
    assert one.servers.reasons == []
    assert any("ns2.clean.test in the parent alone" in title for title in one.told())


def test_a_server_in_the_delegation_alone_with_other_data_fails(seen: Callable[[str], Seen]) -> None:
    one = seen("forgotten.test")
    assert any("differ in CNAME of api.forgotten.test" in title for title in one.failed())
    (split,) = [why for _, why in one.chain.reasons]
    assert f"to the new side at ns2.clean.test ({TWO})" in split


def test_a_secondary_that_does_not_follow_fails(seen: Callable[[str], Seen]) -> None:
    (failed,) = seen("lagging.test").failed()
    assert failed == f"serial 8 of lagging.test has not reached ns2.clean.test ({TWO}) (7)"


def test_a_server_without_an_address_fails(seen: Callable[[str], Seen]) -> None:
    (failed,) = seen("nowhere.test").failed()
    assert failed == "nope.clean.test is named as a server of nowhere.test and has no address"


def test_glue_that_leads_to_the_wrong_address_fails(seen: Callable[[str], Seen]) -> None:
    one = seen("glue.test")
    (failed,) = one.failed()
    assert failed == f"the parent of glue.test says that ns2.glue.test is at {NOBODY}, and it is at {TWO}"


def test_a_ttl_that_differs_between_servers_fails(seen: Callable[[str], Seen]) -> None:
    (failed,) = seen("ttl.test").failed()
    assert "differ in the TTL of CNAME of api.ttl.test" in failed
    assert "TTL 3600" in failed
    assert "TTL 60" in failed


def test_a_way_that_leads_to_no_name_fails(seen: Callable[[str], Seen]) -> None:
    one = seen("dangling.test")
    assert one.servers.reasons == []
    assert any("nothing.old.test" in why and "does not exist" in why for _, why in one.chain.reasons)
    assert outcome(one.chain)[-1] is Outcome.FAIL


def test_a_zone_that_no_server_serves_fails_although_no_resolver_tells_it(seen: Callable[[str], Seen]) -> None:
    one = seen("dead.test")
    assert one.survey.zone.name == "dead.test"
    assert one.survey.zone.delegated == ("ns.old.test", "ns1.clean.test")
    assert any(title.startswith("no server of dead.test serves it") for title in one.failed())


def test_neither_a_metadata_address_nor_one_that_no_route_leads_to_is_asked(seen: Callable[[str], Seen]) -> None:
    zone = seen("metadata.test").survey.zone
    assert [authority.server.address for authority in zone.authorities] == [ONE, ONE_V6]
    assert zone.left_out == (
        "meta.clean-two.test (169.254.169.254): a link-local address",
        "meta.clean-two.test (2001:db8::99): an IPv6 address, and this machine has no route to it",
    )


def test_the_keys_of_a_signed_zone_and_what_its_parent_vouches_for_are_kept(seen: Callable[[str], Seen]) -> None:
    one = seen("signed.test")
    zone = one.survey.zone
    assert one.servers.reasons == []
    assert zone.ds is not None
    assert zone.ds.records("DS") is not None
    assert zone.dnskey is not None
    assert zone.dnskey.records("DNSKEY") is not None
    assert zone.dnskey.wire
    unsigned = seen("clean.test").survey.zone.ds
    assert unsigned is not None
    assert unsigned.heard is Heard.EMPTY


def test_a_name_without_a_zone_of_its_own_leads_nowhere(seen: Callable[[str], Seen]) -> None:
    one = seen("api.gone.test")
    assert one.survey.zone.name == "test"
    assert outcome(one.chain) == [Outcome.FAIL]
