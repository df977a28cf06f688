"""CAA: which records hold for a name, found at real servers, and what they keep issuers from."""

import asyncio
from collections.abc import Iterator

import pytest

from harness.dns.asking.ask import Asker
from harness.dns.asking.once import Once
from harness.dns.facts import Authority, Caa, Zone
from harness.dns.new_side.issuing import Issuers
from harness.dns.records.judge_caa import caa as look
from harness.dns.records.judge_caa import judge, properties
from harness.dns.surveying.caa import after, caa
from harness.model.dns import Heard, Reply, Server
from harness.model.found import Found
from harness.scenario.moving import Dns, Move, Target
from tests.servers.nsd import Nsd, zone_text
from tests.servers.process import free_ports
from tests.unit.dns.surveyed import NAME, Values, authority, checked, survey, titles, view
from tests.unit.security.check_bench import FakeTools

NS = "@ NS ns1\nns1 A 127.0.0.1\n"
ZONES = {
    "test": zone_text("test", NS),
    "guarded.test": zone_text(
        "guarded.test",
        NS + '@ CAA 0 issue "ca.example"\napi CNAME gw.other.test.\nown A 192.0.2.1\nown CAA 0 issue "own.example"\n'
        "deep.under A 192.0.2.1\nopen CNAME nothing.other.test.\n",
    ),
    "open.test": zone_text("open.test", NS + "api CNAME old.other.test.\nloop CNAME pool\npool CNAME loop\n"),
    "other.test": zone_text(
        "other.test", NS + '@ CAA 0 issue ";"\ngw CNAME end\nend CAA 0 issue "front.example"\nnothing A 192.0.2.1\n'
    ),
    "broken.test": "this is no zone",
}


@pytest.fixture(scope="module")
def nsd() -> Iterator[Nsd]:
    with Nsd(ZONES) as server:
        yield server


def zone(server: Server, name: str) -> Zone:
    nothing = Reply(server=server, name=name, type="SOA", heard=Heard.NOT_ASKED)
    return Zone(name=name, authorities=(Authority(server=server, soa=nothing, ns=nothing),))


def looked(nsd: Nsd, name: str, *zones: str, resolves: bool = True, new: Target | None = None, port: int = 0) -> Caa:
    """Look `name` up; `zones` are known to be at nsd, all others are asked of it as of a resolver."""
    server = Server(name="nsd", address=nsd.address, port=port or nsd.port)
    resolvers = (Server(name="resolver", address=nsd.address, port=nsd.port),) if resolves else ()
    known = [zone(server, one) for one in zones]

    async def run() -> Caa:
        async with Asker(0.5 if port else 3.0) as asker:
            if new is None:
                return await caa(asker, name, Dns(moves=()), resolvers, known)
            move = Move(name=name, old=Target(cname="old.other.test"), new=new)
            return await after(asker, move, Dns(moves=()), resolvers, known)

    return asyncio.run(run())


@pytest.mark.server("nsd")
@pytest.mark.parametrize(
    ("name", "owner", "values"),
    [
        ("own.guarded.test", "own.guarded.test", ('0 issue "own.example"',)),
        ("deep.under.guarded.test", "guarded.test", ('0 issue "ca.example"',)),
        ("missing.guarded.test", "guarded.test", ('0 issue "ca.example"',)),
        ("api.guarded.test", "end.other.test", ('0 issue "front.example"',)),
        # RFC 8659 §3: from the end of an alias nobody climbs, or other.test's own would hold
        ("open.guarded.test", "guarded.test", ('0 issue "ca.example"',)),
        ("api.open.test", "", ()),
    ],
)
def test_the_tree_is_climbed_as_an_issuer_does(nsd: Nsd, name: str, owner: str, values: tuple[str, ...]) -> None:
    for known in (("guarded.test", "open.test", "other.test"), ()):
        found = looked(nsd, name, *known)
        assert (found.owner, found.values, found.trouble) == (owner, values, "")


@pytest.mark.server("nsd")
def test_after_the_move_the_new_target_counts_first(nsd: Nsd) -> None:
    zones = ("guarded.test", "open.test", "other.test")
    assert looked(nsd, "api.open.test", *zones, new=Target(cname="gw.other.test")).owner == "end.other.test"
    assert looked(nsd, "api.open.test", *zones, new=Target(cname="nothing.other.test")).owner == ""
    assert looked(nsd, "api.guarded.test", *zones, new=Target(cname="nothing.other.test")).owner == "guarded.test"
    assert looked(nsd, "own.guarded.test", *zones, new=Target(addresses=("192.0.2.2",))).owner == "own.guarded.test"
    assert looked(nsd, "api.open.test", *zones, new=Target(addresses=("192.0.2.2",))).owner == "", "its CNAME goes"


@pytest.mark.server("nsd")
def test_what_no_server_tells_is_trouble(nsd: Nsd) -> None:
    failing = looked(nsd, "api.broken.test", "broken.test")
    assert (failing.heard, failing.values) == (Heard.SERVFAIL, ())
    assert "api.broken.test" in failing.trouble
    assert looked(nsd, "api.broken.test").heard is Heard.ERROR, "a resolver's failure may be its own"
    assert looked(nsd, "loop.open.test", "open.test").heard is Heard.ERROR
    nobody = looked(nsd, "deep.under.guarded.test", resolves=False)
    assert nobody.heard is Heard.NOT_ASKED
    assert nobody.trouble


@pytest.mark.server("nsd")
def test_a_silent_authority_leaves_the_question_to_the_resolvers(nsd: Nsd) -> None:
    closed = free_ports(1)[0]
    assert looked(nsd, "own.guarded.test", "guarded.test", port=closed).owner == "own.guarded.test"


@pytest.mark.server("nsd")
def test_what_names_share_is_asked_once(nsd: Nsd) -> None:
    server = Server(name="nsd", address=nsd.address, port=nsd.port)
    known = [zone(server, "guarded.test")]

    async def run() -> tuple[list[str], int]:
        async with Asker(3.0) as asker:
            once = Once(asker)
            names = ("a.guarded.test", "b.guarded.test", "c.guarded.test")
            found = await asyncio.gather(*(caa(once, name, Dns(moves=()), (), known) for name in names))
            return [one.owner for one in found], asker.questions

    assert asyncio.run(run()) == (["guarded.test"] * 3, 3 + 1)


def judged(*values: str, issuers: tuple[str, ...] = ("ca.example",), after: Caa | None = None) -> Found:
    now = Caa(name=NAME, owner="example.test" if values else "", values=values)
    one = survey(caa=now, caa_after=after or now)
    return look(one, view(one, issuers=issuers), FakeTools())


@pytest.mark.parametrize(
    "values",
    [
        (),
        ('0 issue "ca.example"',),
        ('0 issue "CA.Example"', '0 issue "other.example"'),
        ('0 ISSUE "ca.example; validationmethods=dns-01"', '0 issue ";"'),
        ('0 iodef "mailto:a@example.test"',),
        ('128 issue "ca.example"',),
        ('0 issuewild "other.example"',),
        ('0 future "ca.example"', '0 issue "ca.example"'),
    ],
)
def test_what_permits_the_issuer_passes(values: tuple[str, ...]) -> None:
    assert checked(judged(*values)).outcome == "PASS"


@pytest.mark.parametrize(
    ("values", "issuers", "says"),
    [
        (('0 issue "other.example"',), ("ca.example", "b.example"), "forbids ca.example, b.example"),
        (('0 issue ";"',), ("ca.example",), "forbids any issuer"),
        (('0 issue ""',), (), "forbids any issuer"),
        (('128 tbs "x"', '0 issue "ca.example"'), ("ca.example",), "a critical property that issuers do not know"),
        (("no record at all",), (), "a critical property"),
    ],
)
def test_what_forbids_the_issuer_fails(values: tuple[str, ...], issuers: tuple[str, ...], says: str) -> None:
    found = judged(*values, issuers=issuers)
    (title,) = titles(found)
    assert says in title
    assert found.points[0].remedy


def test_the_target_s_own_records_forbid_as_well() -> None:
    found = judged(
        '0 issue "ca.example"', after=Caa(name=NAME, owner="gw.example.net", values=('0 issue "x.example"',))
    )
    assert titles(found) == [
        f"CAA of gw.example.net forbids ca.example to issue a certificate for {NAME} after the move"
    ]
    assert found.points[0].remedy == (
        'Add `0 issue "ca.example"` at gw.example.net before it is ordered, or order it from x.example, which these '
        f"records allow; no CAA records of its own can stand at {NAME}, beside a CNAME."
    )


@pytest.mark.parametrize(
    ("old", "new", "own"),
    [
        (Target(addresses=("192.0.2.1",)), Target(addresses=("192.0.2.2",)), True),
        (Target(addresses=("192.0.2.1",)), Target(cname="gw.example.net"), False),
        (Target(cname="gw.example.net"), Target(addresses=("192.0.2.2",)), False),
    ],
)
def test_records_of_its_own_are_advised_only_where_they_can_stand(old: Target, new: Target, own: bool) -> None:
    held = Caa(name=NAME, owner="example.test", values=('0 issue "other.example"',))
    records: Values = {"CNAME": (old.cname,)} if old.cname else {"A": old.addresses}
    one = survey(authority(records), old=old, new=new, caa=held, caa_after=held)
    found = look(one, view(one, issuers=("ca.example",)), FakeTools())
    assert (f"CAA records of its own at {NAME}" in found.points[0].remedy) is own


def test_records_without_a_known_issuer_are_no_pass() -> None:
    found, held = Found(), Caa(name=NAME, owner="example.test", values=('0 issue "ca.example"',))
    judge(found, survey(caa=held, caa_after=held), Issuers(unknown=("nobody knows",)))
    (why,) = checked(found).why
    assert checked(found).outcome == "INCONCLUSIVE"
    assert why == "CAA of example.test allows ca.example, and nobody knows: write the new certificate's `dns.issuer`"
    assert checked(judged(issuers=())).outcome == "PASS"


def test_conditions_and_wildcards_are_told() -> None:
    found = judged('0 issue "ca.example; accounturi=https://ca.example/1"', '0 issuewild ";"')
    assert checked(found).outcome == "PASS"
    told = {point.new for point in found.points}
    assert told == {"ca.example: accounturi=https://ca.example/1", '0 issuewild ";"'}


@pytest.mark.parametrize(
    ("heard", "outcome"), [(Heard.SERVFAIL, "FAIL"), (Heard.SILENT, "ERROR"), (Heard.NOT_ASKED, "ERROR")]
)
def test_what_could_not_be_seen_is_no_pass(heard: Heard, outcome: str) -> None:
    assert checked(judged(after=Caa(name=NAME, trouble="CAA of example.test", heard=heard))).outcome == outcome


def test_a_name_that_was_not_looked_up_is_no_pass() -> None:
    one = survey()
    assert checked(look(one, view(one), FakeTools())).outcome == "INCONCLUSIVE"


def test_a_record_is_read_with_its_escapes() -> None:
    (one,) = properties((r'128 issue "a\.exa\109ple \; x=1; account=\"9\""',))
    assert (one.critical, one.tag) == (True, "issue")
    assert one.issuer == "a.example"
