"""DNSSEC: zones signed well and wrongly at real servers, and what is said of them."""

import asyncio
import re
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from harness.dns.asking.ask import Asker
from harness.dns.facts import Authority, Signatures, Signed, Zone
from harness.dns.records.judge_dnssec import dnssec as judge
from harness.dns.surveying import signing
from harness.dns.surveying.dnssec import signatures
from harness.model.dns import Heard, Records, Reply, Server
from harness.model.found import Found
from harness.scenario.moving import Dns
from tests.servers.nsd import Nsd, zone_text
from tests.servers.signed import DAY, signed
from tests.servers.unbound import Unbound
from tests.unit.dns.surveyed import HOUR, NAME, NOW, ZONE, at_resolver, checked, survey, titles, view

RECORDS = "@ NS ns1\nns1 A 127.0.0.1\napi CNAME old.example.net.\nwww A 192.0.2.1\n*.wild A 192.0.2.2\nfar DNAME else.where.\n"


def text(origin: str) -> str:
    return zone_text(origin, RECORDS)


SIGNED = {
    one.origin: one
    for one in (
        signed("fresh.test", text("fresh.test")),
        signed("expired.test", text("expired.test"), begins=-14 * DAY, ends=-HOUR),
        signed("early.test", text("early.test"), begins=HOUR),
        signed("missing.test", text("missing.test"), unsigned=("api",)),
        signed("forged.test", text("forged.test"), forged=("api",)),
        signed("unvouched.test", text("unvouched.test"), key=1),
    )
}
OTHER = signed("other.test", text("other.test"), key=2)


@pytest.fixture(scope="module")
def nsd() -> Iterator[Nsd]:
    zones = {origin: one.text for origin, one in SIGNED.items()}
    with Nsd(
        zones | {"test": zone_text("test", "@ NS ns1\nns1 A 127.0.0.1\n"), "plain.test": text("plain.test")}
    ) as one:
        yield one


@pytest.fixture(scope="module")
def stale() -> Iterator[Nsd]:
    old = signed("fresh.test", text("fresh.test"), begins=-14 * DAY, ends=-HOUR)
    with Nsd({"fresh.test": old.text}) as one:
        yield one


@pytest.fixture(scope="module")
def validating(nsd: Nsd) -> Iterator[Unbound]:
    anchors = [SIGNED["fresh.test"].anchor, SIGNED["expired.test"].anchor]
    stubs = {"test": f"{nsd.address}@{nsd.port}"}
    with Unbound(stubs, anchors=anchors) as one:
        yield one


def at(nsd: Nsd, name: str = "ns1") -> Server:
    return Server(name=name, address=nsd.address, port=nsd.port)


def said(zone: str, values: tuple[str, ...] = (), heard: Heard | None = None, soa: str = "test") -> Reply:
    """Return what the parent said of a DS."""
    server = Server(name="parent", address="192.0.2.1")
    heard = heard or (Heard.ANSWER if values else Heard.EMPTY)
    answer = (Records(name=zone, type="DS", ttl=60, values=values),) if values else ()
    denial = () if values else (Records(name=soa, type="SOA", ttl=60, values=("a b 1 2 3 4 5",)),)
    return Reply(server=server, name=zone, type="DS", heard=heard, answer=answer, authority=denial)


def seen(
    zone: str, *servers: Server, ds: Reply | None = None, name: str = "api", resolvers: tuple[Server, ...] = ()
) -> Signatures:
    nothing = Reply(server=servers[0], name=zone, type="SOA", heard=Heard.NOT_ASKED)
    known = Zone(name=zone, ds=ds, authorities=tuple(Authority(server=one, soa=nothing, ns=nothing) for one in servers))

    async def run() -> Signatures:
        async with Asker(3.0) as asker:
            return await signatures(asker, f"{name}.{zone}", known, Dns(moves=()), resolvers, time.time())

    return asyncio.run(run())


@pytest.mark.server("nsd")
@pytest.mark.parametrize("name", ["api", "www", "a.wild", "nothing", "x.far"])
def test_a_well_signed_name_is_secure_until_its_signatures_end(nsd: Nsd, name: str) -> None:
    found = seen("fresh.test", at(nsd), ds=said("fresh.test", (SIGNED["fresh.test"].ds,)), name=name)
    assert (found.state, found.why) == (Signed.SECURE, "")
    assert found.until is not None
    assert found.since is not None
    assert found.until - found.since == 15 * DAY


@pytest.mark.server("nsd")
@pytest.mark.parametrize(
    ("zone", "why"),
    [
        ("expired.test", "has a signature that ended on"),
        ("early.test", "has a signature that begins only on"),
        ("missing.test", "CNAME of api.missing.test at ns1 "),
        ("forged.test", "which is none of the zone's"),
    ],
)
def test_what_a_validating_resolver_refuses_is_bogus(nsd: Nsd, zone: str, why: str) -> None:
    for ds in (said(zone, (SIGNED[zone].ds,)), None):
        found = seen(zone, at(nsd), ds=ds)
        assert found.state is Signed.BOGUS
        assert why in found.why
    assert seen(zone, at(nsd), ds=said(zone)).state is Signed.UNSIGNED, "without a DS nobody checks"


@pytest.mark.server("nsd")
def test_the_parent_s_ds_must_fit_a_key(nsd: Nsd) -> None:
    wrong = seen("unvouched.test", at(nsd), ds=said("unvouched.test", (OTHER.ds,)))
    assert wrong.state is Signed.BOGUS
    assert "is for key" in wrong.why
    both = said("unvouched.test", (OTHER.ds, SIGNED["unvouched.test"].ds))
    assert seen("unvouched.test", at(nsd), ds=both).state is Signed.SECURE
    keyless = seen("plain.test", at(nsd), ds=said("plain.test", (OTHER.ds,)))
    assert (keyless.state, "has no keys" in keyless.why) == (Signed.BOGUS, True)
    unknown = seen("unvouched.test", at(nsd), ds=said("unvouched.test", ("1 13 99 00ff",)))
    assert unknown.state is Signed.UNKNOWN, "a digest that nobody knows proves nothing"


@pytest.mark.server("nsd")
def test_without_keys_and_ds_a_zone_is_unsigned(nsd: Nsd) -> None:
    assert seen("plain.test", at(nsd), ds=said("plain.test")) == Signatures(
        zone="plain.test", name="api.plain.test", state=Signed.UNSIGNED
    )
    child = said("plain.test", soa="plain.test")
    assert "the parent was not asked" in seen("plain.test", at(nsd), ds=child).why, "no zone knows of its own DS"


@pytest.mark.server("nsd")
def test_one_stale_server_is_enough_to_be_refused(nsd: Nsd, stale: Nsd) -> None:
    ds = said("fresh.test", (SIGNED["fresh.test"].ds,))
    found = seen("fresh.test", at(nsd), at(stale, "ns2"), ds=ds)
    assert found.state is Signed.BOGUS
    assert "at ns2" in found.why
    assert "at ns1" not in found.why


@pytest.mark.server("nsd")
def test_one_fault_is_told_and_how_many_there_are(nsd: Nsd) -> None:
    found = seen("expired.test", at(nsd), at(nsd, "ns2"), ds=said("expired.test", (SIGNED["expired.test"].ds,)))
    assert re.search(r" at ns1 \S+ has a signature that ended on .* and [0-9]+ more$", found.why)
    assert len(found.why) < 180


@pytest.mark.server("nsd", "unbound")
def test_a_validating_resolver_agrees(nsd: Nsd, validating: Unbound) -> None:
    resolver = validating.server()
    assert (
        seen("fresh.test", at(nsd), ds=said("fresh.test", (SIGNED["fresh.test"].ds,)), resolvers=(resolver,)).state
        is Signed.SECURE
    )
    ds = said("expired.test", (SIGNED["expired.test"].ds,))
    refused = seen("expired.test", at(nsd), ds=ds, resolvers=(resolver,))
    assert refused.state is Signed.BOGUS


@pytest.mark.server("nsd", "unbound")
def test_what_a_resolver_refuses_is_bogus_whatever_the_servers_show(nsd: Nsd) -> None:
    with Unbound({"test": f"{nsd.address}@{nsd.port}"}, anchors=[f"unvouched.test. IN DS {OTHER.ds}"]) as resolver:
        found = seen("unvouched.test", at(nsd), resolvers=(resolver.server(),))
    assert found.state is Signed.BOGUS
    assert "answers only with its checking switched off" in found.why


@pytest.mark.server("nsd")
def test_servers_that_do_not_tell_leave_it_unknown(nsd: Nsd) -> None:
    found = seen("elsewhere.invalid", at(nsd))
    assert (found.state, "no authoritative server" in found.why) == (Signed.UNKNOWN, True)


def test_hostile_messages_prove_nothing() -> None:
    assert signing.parsed(b"") is None
    assert signing.parsed(b"\x00" * 11) is None
    keys, seal = signing.entry_keys("example.test", (), ("nonsense", "1 2 3 zz"))
    assert (keys, bool(seal.fault)) == ((), True)


def state(**changes: object) -> Signatures:
    good = Signatures(zone=ZONE, name=NAME, state=Signed.SECURE, until=NOW + 10 * DAY, since=NOW - 4 * DAY)
    return replace(good, **changes)  # type: ignore[arg-type]


def judged(*states: Signatures, resolvers: bool = False, window: tuple[float, float] | None = None) -> Found:
    one = survey(signatures=states, resolvers=(at_resolver(authenticated=resolvers),))
    return judge(one, view(one, window=window))


UNSIGNED_TARGET = Signatures(zone="example.net", name="new.example.net", state=Signed.UNSIGNED)


def test_signed_or_not_it_passes_as_long_as_nothing_is_refused() -> None:
    assert checked(judged(state())).outcome == "PASS"
    assert checked(judged(state(state=Signed.UNSIGNED, until=None))).outcome == "PASS"
    found = judged(state(), UNSIGNED_TARGET)
    assert checked(found).outcome == "PASS"
    assert [(point.severity, "validation ends at example.net" in point.title) for point in found.points] == [
        ("minor", True)
    ]


@pytest.mark.parametrize("where", [ZONE, "example.net"])
def test_bogus_in_the_zone_or_on_the_new_way_fails(where: str) -> None:
    found = judged(state(), state(zone=where, state=Signed.BOGUS, why="the signature ended"))
    (title,) = titles(found)
    assert "refuse" in title
    assert found.points[0].severity == "critical"


@pytest.mark.parametrize(
    ("left", "age", "window", "outcome"),
    [
        (6 * HOUR, 13 * DAY, None, "FAIL"),
        (6 * HOUR, HOUR, None, "FAIL"),  # so short that nobody should count on the signer
        (20 * HOUR, 13 * DAY, None, "FAIL"),
        (23 * HOUR, DAY, None, "PASS"),  # signed anew at every answer, for two days
        (25 * HOUR, 13 * DAY, None, "PASS"),
        (2 * DAY, 12 * DAY, 3 * DAY, "FAIL"),
        (10 * DAY, 4 * DAY, 21 * DAY, "PASS"),
        (4 * DAY, 10 * DAY, 3 * DAY, "PASS"),
    ],
)
def test_signatures_must_last_until_the_window_is_over(
    left: float, age: float, window: float | None, outcome: str
) -> None:
    when = None if window is None else (NOW + window - HOUR, NOW + window)
    found = judged(state(until=NOW + left, since=NOW - age), window=when)
    assert checked(found).outcome == outcome


def test_signatures_of_an_hour_are_a_fault_where_nobody_renews_them() -> None:
    short = state(until=NOW + HOUR, since=NOW - HOUR)
    assert outcome(judged(short)) == "FAIL"
    assert outcome(judged(replace(short, renewed=True))) == "PASS"
    assert outcome(judged(replace(short, renewed=True, since=NOW - DAY))) == "FAIL"


def test_what_could_not_be_seen_is_no_pass_where_it_matters() -> None:
    own = state(state=Signed.UNKNOWN, why="nobody told", until=None)
    other = Signatures(zone="example.net", name="new.example.net", state=Signed.UNKNOWN, why="nobody told")
    assert outcome(judged(own)) == "INCONCLUSIVE"
    assert outcome(judged(state(), other)) == "PASS"
    assert outcome(judged(state(), other, resolvers=True)) == "INCONCLUSIVE"
    assert outcome(judged()) == "INCONCLUSIVE"


def outcome(found: Found) -> str:
    return checked(found).outcome
