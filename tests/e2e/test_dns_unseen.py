"""Estates beyond the catalogue: what real zones look like, and what has once been given a wrong verdict."""

import asyncio
import ipaddress
import itertools
import random
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

from harness.dns import entries
from harness.dns.watching.looking import opened
from harness.dns.watching.propagation import Plan
from harness.model.dns import Points, Server, Sighting
from harness.model.outcome import Outcome
from harness.scenario.moving import Move, Target
from tests.e2e.dns_faults import NAME, NEW, NEW_A, NEW_V6, OLD, OLD_A, OLD_V6, Fault, File, tagged, world_of
from tests.e2e.dns_world import Sides, World, sides, world
from tests.e2e.test_dns_catalogue import judged
from tests.servers.nsd import zone_text
from tests.servers.scripted_dns import Answer, NameServer, serving
from tests.unit.security.check_bench import FakeTools

pytestmark = [pytest.mark.server("nsd"), pytest.mark.server("unbound")]

PATIENT = "5s"  # none of these servers is silent, however busy the machine is
OLD_BETWEEN = "old-gw.other.test"
BETWEEN = {
    "example.test": File(records="api 3600 CNAME edge.provider.test.\n"),
    "provider.test": File(records=f"edge CNAME {OLD_BETWEEN}.\n"),
    "other.test": File(records=f"old-gw A {OLD_A}\nnew-gw A {NEW_A}\n"),
}
"""The link that is switched is one of another zone than the name's."""


def example(records: str) -> dict[str, File]:
    return {"example.test": File(records=records)}


ROWS = tagged(
    (
        Fault(
            name="ipv6-alone-stays-so",
            zones=example(f"api AAAA {OLD_V6}\n"),
            dns={"from": OLD_V6, "to": NEW_V6},
            verdict="GO",
        ),
        Fault(
            name="ipv4-lost",
            zones={"other.test": File(records=f"new-gw AAAA {NEW_V6}\n")},
            check=entries.OTHER_TYPES,
            says="callers with IPv4",
        ),
        Fault(
            name="public-to-private",
            zones={"other.test": File(records="new-gw A 10.1.2.3\n")},
            check=entries.TARGET,
            says="private addresses alone",
        ),
        Fault(
            name="private-to-private",
            zones=example("api A 10.9.9.9\n"),
            dns={"from": "10.9.9.9", "to": "10.1.2.3"},
            verdict="GO",
        ),
        Fault(name="switched-in-another-zone", zones=BETWEEN, dns={"from": OLD_BETWEEN}, verdict="GO"),
        Fault(
            name="ttl-differs-in-another-zone",
            zones=BETWEEN,
            second={"provider.test": File(records=f"edge 3600 CNAME {OLD_BETWEEN}.\n")},
            dns={"from": OLD_BETWEEN},
            check=entries.TTL,
            says="from 3600 to 60",
        ),
        Fault(
            name="moved-at-one-server-of-another-zone",
            zones=BETWEEN,
            second={"provider.test": File(records="edge CNAME new-gw.other.test.\n")},
            dns={"from": OLD_BETWEEN},
            check=entries.CHAIN,
            says="leads to the new side at ns2",
        ),
        Fault(
            name="target-missing-at-one-server",
            second={"other.test": File(records="gw A 192.0.2.1\n")},
            check=entries.TARGET,
            says="is missing at ns2",
        ),
        Fault(
            name="below-a-dname",
            zones={
                "example.test": File(records="sub DNAME zone.provider.test.\n"),
                "provider.test": File(records=f"api.zone A {OLD_A}\n"),
            },
            dns={"name": "api.sub.example.test", "from": "api.zone.provider.test"},
            check=entries.BESIDE,
            says="DNAME",
        ),
        Fault(
            name="moved-behind-a-dname",
            zones={
                "example.test": File(records="sub DNAME zone.provider.test.\n"),
                "provider.test": File(records=f"api.zone CNAME old-gw\nold-gw A {OLD_A}\n"),
            },
            dns={"name": "api.sub.example.test"},
            verdict="GO",
        ),
        Fault(
            name="https-record-of-new-leads-back",
            zones={"other.test": File(records=f"new-gw A {NEW_A}\nnew-gw HTTPS 1 . alpn=h2 ipv4hint={OLD_A}\n")},
            check=entries.OTHER_TYPES,
            says="go back to the old side",
        ),
        Fault(
            name="https-record-of-new",
            zones={"other.test": File(records=f"new-gw A {NEW_A}\nnew-gw HTTPS 1 . alpn=h2 ipv4hint={NEW_A}\n")},
            verdict="GO",
        ),
        Fault(
            name="to-is-old-in-part",
            zones=example(f"api A {OLD_A}\n"),
            dns={"from": OLD_A, "to": [NEW_A, OLD_A]},
            check=entries.TARGET,
            says="leads to old in part",
        ),
        Fault(
            name="addresses-further-on-become-a-cname",
            zones=example(f"api 3600 CNAME gw\ngw A {OLD_A}\n"),
            dns={"from": OLD_A},
            verdict="GO",
        ),
        Fault(
            name="mx-beside-addresses-further-on",
            zones=example(f"api 3600 CNAME gw\ngw A {OLD_A}\ngw MX 10 mx.provider.test.\n"),
            dns={"from": OLD_A},
            check=entries.BESIDE,
            says="cannot stand beside the CNAME",
        ),
        # some providers answer with what a CNAME would lead to
        Fault(name="addresses-of-from-in-its-place", zones=example(f"api A {OLD_A}\n"), verdict="GO"),
        Fault(name="target-unknown-to-servers-of-the-name", second={"other.test": None}, verdict="GO"),
    )
)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Serve the zones of all rows, each set under names of its own, at the same servers."""
    names = [fault.section(tag)["name"] for tag, fault in ROWS.items()]
    with sides(tmp_path_factory.mktemp("tls"), *names) as both, world(both, world_of(ROWS)) as found:
        yield found


@pytest.mark.parametrize("tag", ROWS, ids=[fault.name for fault in ROWS.values()])
def test_a_zone(tag: str, served: World, tmp_path: Path) -> None:
    fault = ROWS[tag]
    summary = judged(tmp_path, served.scenario(timeout=PATIENT, **fault.section(tag)))
    told = [(one.case.partition(": ")[2], one.outcome.value, one.title) for one in summary.findings]
    assert summary.verdict.value == fault.verdict, told
    if fault.check:
        cases = [case for case in summary.cases if case.info.name.endswith(f": {fault.check}")]
        wanted = Outcome.FAIL if fault.verdict == "NO-GO" else Outcome.INCONCLUSIVE
        assert [case.outcome for case in cases] == [wanted], told
        assert fault.says in " ".join(
            [*cases[0].why, *(f"{one.title} {one.note} {one.remedy}" for one in summary.findings)]
        )


NS = "@ NS ns1\n@ NS ns2\nns1 A 127.0.0.1\nns2 A 127.0.0.1\n"
BY_CNAME = serving(
    {
        "test": zone_text("test", NS),
        "example.test": zone_text("example.test", f"{NS}api CNAME {OLD}.\n"),
        "provider.test": zone_text("provider.test", f"{NS}old-gw A {OLD_A}\n"),
        "other.test": zone_text("other.test", f"{NS}new-gw A {NEW_A}\n"),
    }
)
BY_ADDRESS = serving(
    {
        "test": zone_text("test", NS),
        "example.test": zone_text("example.test", f"{NS}api A {OLD_A}\n"),
        "provider.test": zone_text("provider.test", f"{NS}old-gw A {OLD_A}\n"),
        "other.test": zone_text("other.test", f"{NS}new-gw A {NEW_A}\n"),
    }
)


def type_of(asked: dns.message.Message) -> str:
    return dns.rdatatype.to_text(asked.question[0].rdtype)


def refusing(base: Answer, code: dns.rcode.Rcode, *types: str) -> Answer:
    """Answer questions of some types with an error."""

    def answer(asked: dns.message.Message) -> dns.message.Message | bytes | None:
        if type_of(asked) not in types:
            return base(asked)
        reply = dns.message.make_response(asked, recursion_available=True)
        reply.set_rcode(code)
        return reply

    return answer


def before_edns(base: Answer) -> Answer:
    """Refuse questions with EDNS, and send their OPT record back."""

    def answer(asked: dns.message.Message) -> dns.message.Message | bytes | None:
        if asked.edns < 0:
            return base(asked)
        reply = dns.message.make_response(asked)
        reply.set_rcode(dns.rcode.FORMERR)
        return reply

    return answer


def translating(base: Answer, prefix: str) -> Answer:
    """Make IPv6 addresses up where there are none (DNS64)."""

    def answer(asked: dns.message.Message) -> dns.message.Message | bytes | None:
        reply = cast("dns.message.Message", base(asked))
        if type_of(asked) != "AAAA" or any(one.rdtype == dns.rdatatype.AAAA for one in reply.answer):
            return reply
        v4 = dns.message.make_query(asked.question[0].name, "A")
        found = cast("dns.message.Message", base(v4))
        for one in found.answer:
            if one.rdtype == dns.rdatatype.A:
                made = (int(ipaddress.IPv6Address(prefix)) + int(ipaddress.IPv4Address(value.address)) for value in one)
                texts = [str(ipaddress.IPv6Address(value)) for value in made]
                reply.authority.clear()
                reply.answer.append(dns.rrset.from_text(one.name, one.ttl, "IN", "AAAA", *texts))
        return reply

    return answer


def rotating(base: Answer, most: int) -> Answer:
    """Answer for the name and the old target with a few of twenty addresses, others each time."""
    pool = [f"192.0.2.{at}" for at in range(100, 120)]
    turn = itertools.count()

    def answer(asked: dns.message.Message) -> dns.message.Message | bytes | None:
        reply = cast("dns.message.Message", base(asked))
        for at, one in enumerate(reply.answer):
            if one.rdtype == dns.rdatatype.A and one[0].address == OLD_A:
                some = random.Random(next(turn)).sample(pool, most)
                reply.answer[at] = dns.rrset.from_text(one.name, one.ttl, "IN", "A", *some)
        return reply

    return answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Odd:
    """Name servers that nsd and unbound cannot be made into; `resolver` is one beside a plain one."""

    name: str
    servers: Answer = BY_CNAME
    resolver: Answer | None = None
    dns: Mapping[str, Any] = field(default_factory=dict)
    verdict: str = "GO"


ADDRESSES: dict[str, Any] = {"from": OLD_A, "to": NEW_A}
NOTIMP = dns.rcode.NOTIMP
ODD = (
    Odd(name="dns64", resolver=translating(BY_CNAME, "64:ff9b::")),
    Odd(name="dns64-to-an-address", servers=BY_ADDRESS, resolver=translating(BY_ADDRESS, "64:ff9b::"), dns=ADDRESSES),
    Odd(name="dns64-by-its-own-prefix", servers=BY_ADDRESS, resolver=translating(BY_ADDRESS, "2001:db8:64::"), dns=ADDRESSES),
    Odd(name="servers-from-before-https-records", servers=refusing(BY_CNAME, NOTIMP, "HTTPS", "SVCB")),
    Odd(name="servers-fail-at-https-records", servers=refusing(BY_CNAME, dns.rcode.SERVFAIL, "HTTPS"), verdict="HOLD"),
    # whether the zone is signed cannot be asked there; nothing else is wrong with it
    Odd(name="servers-from-before-edns", servers=before_edns(BY_CNAME), verdict="HOLD"),
    Odd(name="eight-of-twenty-addresses", servers=rotating(BY_ADDRESS, 8), dns={"from": {"alias": OLD}}),
    Odd(name="two-of-twenty-addresses", servers=rotating(BY_ADDRESS, 2), dns={"from": OLD}),
)  # fmt: skip


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sides]:
    with sides(tmp_path_factory.mktemp("odd"), NAME) as found:
        yield found


@pytest.mark.parametrize("odd", ODD, ids=[odd.name for odd in ODD])
def test_odd_servers(odd: Odd, both: Sides, tmp_path: Path) -> None:
    with ExitStack() as stack:
        answers = {"ns1": odd.servers, "ns2": odd.servers, "plain": odd.servers, "other": odd.resolver or odd.servers}
        servers: dict[str, Any] = {name: stack.enter_context(NameServer(one)) for name, one in answers.items()}
        authorities = {name: servers[name] for name in ("ns1", "ns2")}
        resolvers = {name: servers[name] for name in ("plain", "other")}
        scenario = World(authorities=authorities, resolvers=resolvers, sides=both).scenario(
            **{"to": NEW, "timeout": PATIENT, **odd.dns}
        )
        summary = judged(tmp_path, scenario)
    assert summary.verdict.value == odd.verdict, [(one.outcome.value, one.title) for one in summary.findings]


def holding(base: Answer) -> Answer:
    """Answer each question as at first, like a resolver within the TTL."""
    held: dict[tuple[str, str], dns.message.Message] = {}

    def answer(asked: dns.message.Message) -> dns.message.Message:
        key = asked.question[0].name.to_text(), type_of(asked)
        reply = held.setdefault(key, cast("dns.message.Message", base(asked)))
        reply.id = asked.id
        return reply

    return answer


def test_a_watch_takes_a_few_of_many_addresses_for_their_side() -> None:
    move = Move(name=NAME, old=Target(alias=OLD), new=Target(cname=NEW))

    async def look(server: Server) -> tuple[Sighting, ...]:
        plan = Plan(moves=(move,), resolvers=(server,), interval=1.0, until=0.0, timeout=5.0)
        async with opened(plan, FakeTools()) as looking:
            return await looking.see()

    with NameServer(holding(rotating(BY_ADDRESS, 8))) as resolver:
        (seen,) = asyncio.run(look(resolver.server()))
    assert seen.points is Points.OLD
