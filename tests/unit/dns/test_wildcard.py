"""A wildcard that answers for the name: seen at a real server, and what the switch makes of it."""

import asyncio
from collections.abc import Iterator

import pytest

from harness.dns.asking.ask import Asker
from harness.dns.asking.once import Once
from harness.dns.facts import BESIDE, Authority, Survey, Zone
from harness.dns.records.judge_records import beside, other_types
from harness.dns.surveying.authorities import ask_authorities
from harness.dns.surveying.wildcard import NOBODY_S, answers
from harness.dns.surveying.wildcard import beside as ask_beside
from harness.model.dns import Chain, Heard, Reply, Server
from harness.model.found import Found
from harness.scenario.moving import Dns, Move, Target
from tests.servers.nsd import Nsd, zone_text
from tests.unit.dns.surveyed import (
    NAME,
    NEW,
    OLD,
    Values,
    authority,
    chain,
    checked,
    reply,
    server,
    survey,
    titles,
    view,
)

NS = "@ NS ns1\nns1 A 127.0.0.1\n"
ZONES = {
    "alias.test": zone_text("alias.test", NS + "* CNAME gw.other.test.\nown CNAME gw.other.test.\nelse A 192.0.2.9\n"),
    "many.test": zone_text(
        "many.test",
        NS + '* A 192.0.2.1\n* MX 10 mx\n* TXT "v=1"\nown A 192.0.2.1\nslow 3600 A 192.0.2.1\ndeep.x A 192.0.2.1\n',
    ),
    "none.test": zone_text("none.test", NS + "api A 192.0.2.1\nanother A 192.0.2.1\n"),
}


@pytest.fixture(scope="module")
def nsd() -> Iterator[Nsd]:
    with Nsd(ZONES) as running:
        yield running


async def _survey(once: Once, asker: Asker, nsd: Nsd, name: str) -> Survey:
    async def nowhere(name: str, type_: str) -> Chain:
        return Chain(name=name, type=type_, heard=Heard.NOT_ASKED)

    at = Server(name="nsd", address=nsd.address, port=nsd.port)
    origin = ".".join(name.split(".")[-2:])
    nothing = Reply(server=at, name=origin, type="SOA", heard=Heard.NOT_ASKED)
    zone = Zone(name=origin, authorities=(Authority(server=at, soa=nothing, ns=nothing),))
    move = Move(name=name, old=OLD, new=NEW)
    zone = await ask_authorities(asker, zone, move, Dns(moves=(move,)), nowhere)
    seen = await ask_beside(once, zone, name)
    return Survey(move=move, began=0, ended=0, zone=zone, wildcard=seen)


def surveyed(nsd: Nsd, *names: str) -> list[Survey]:
    async def run() -> list[Survey]:
        async with Asker(3.0) as asker:
            once = Once(asker)
            return [await _survey(once, asker, nsd, name) for name in names]

    return asyncio.run(run())


@pytest.mark.server("nsd")
@pytest.mark.parametrize(
    ("name", "by_wildcard"),
    [
        ("api.alias.test", True),
        ("own.alias.test", False),  # a copy of all that the wildcard has, but there is none below it
        ("else.alias.test", False),
        ("api.many.test", True),
        ("far.below.many.test", True),
        ("own.many.test", False),  # the same address, but no MX
        ("slow.many.test", False),
        ("many.test", False),
        ("below.x.many.test", False),  # x exists, so the wildcard does not reach below it (RFC 4592 §3.3.1)
        ("api.none.test", False),
    ],
)
def test_a_name_that_a_wildcard_answers_for(nsd: Nsd, name: str, by_wildcard: bool) -> None:
    (found,) = surveyed(nsd, name)
    assert answers(found) is by_wildcard


@pytest.mark.server("nsd")
def test_names_beside_each_other_share_the_questions(nsd: Nsd) -> None:
    async def run() -> int:
        async with Asker(3.0) as asker:
            once = Once(asker)
            zone = (await _survey(once, asker, nsd, "a.many.test")).zone
            before = asker.questions
            assert await ask_beside(once, zone, "b.many.test")
            return asker.questions - before

    assert asyncio.run(run()) == 1, "what is below the name is its own"


@pytest.mark.server("nsd")
def test_where_there_is_no_wildcard_one_question_says_so(nsd: Nsd) -> None:
    async def run() -> int:
        async with Asker(3.0) as asker:
            zone = (await _survey(Once(asker), asker, nsd, "api.none.test")).zone
            before = asker.questions
            assert await ask_beside(Once(asker), zone, "api.none.test") == {}
            return asker.questions - before

    assert asyncio.run(run()) == 1


@pytest.mark.server("nsd")
def test_a_name_that_leaves_no_room_beside_it_is_not_asked_about(nsd: Nsd) -> None:
    name = ".".join(["a", *["b" * 60] * 3, "b" * 50, "many.test"])
    assert len(name) <= 253
    (found,) = surveyed(nsd, name)
    assert found.wildcard == {}
    assert answers(found) is False


# judged

OLD_IP, NEW_IP = Target(addresses=("192.0.2.10",)), Target(addresses=("198.51.100.20",))
BY_CNAME: Values = {"CNAME": ("old.example.net",)}
BY_ADDRESS: Values = {"A": ("192.0.2.10",), "MX": ("10 mx.example.net",), "TXT": ('"v=1"',)}
NO_V6 = {"A": chain("A"), "AAAA": chain("AAAA", name="new.example.net")}


def made_up(records: Values) -> dict[str, Reply]:
    """What the wildcard answers for a name that nobody has made."""
    name = f"{NOBODY_S}.example.test"
    return dict(authority(records, name=name).at_name)


def moved(records: Values, old: Target = OLD, new: Target = NEW, like: Values | None = None) -> Survey:
    wildcard = made_up(records if like is None else like)
    ways = (
        chain("A", (NAME, "A", "192.0.2.10")),
        chain("AAAA", *((NAME, "AAAA", one) for one in records.get("AAAA", ()))),
    )
    return survey(authority(records, chains=ways), old=old, new=new, wildcard=wildcard, target=NO_V6)


def judged(one: Survey) -> Found:
    return beside(one, view(one, ttl_max=60))


def only(found: Found) -> tuple[str, str, str]:
    (point,) = found.points
    assert (point.outcome, point.severity) == ("PASS", "minor")
    assert point.title == f"{NAME} has no record of its own: a wildcard answers for it, until the switch makes one"
    return point.old or "", point.note, point.remedy


def test_an_explicit_record_hides_the_wildcard() -> None:
    address: Values = {"A": ("192.0.2.10",)}
    for records, old, new in ((BY_CNAME, OLD, NEW), (BY_CNAME, OLD, NEW_IP), (address, OLD_IP, NEW)):
        _, note, remedy = only(judged(moved(records, old, new)))
        assert "names below it" in note
        assert "delete" in note
        assert "60 s" in remedy


def test_types_that_vanish_are_told_and_clash_with_nothing() -> None:
    gone, note, remedy = only(judged(moved(BY_ADDRESS, OLD_IP, NEW)))
    assert gone == 'TXT "v=1"; MX 10 mx.example.net'
    assert "TXT, MX" in note
    assert "TXT, MX" in remedy
    found = judged(moved(BY_ADDRESS, OLD_IP, NEW_IP))
    assert only(found)[0] == gone
    assert checked(found).outcome == "PASS"


def test_a_record_of_its_own_clashes_as_ever() -> None:
    one = moved(BY_ADDRESS, OLD_IP, NEW, like={"A": ("192.0.2.10",)})
    assert "cannot stand beside the CNAME" in titles(judged(one))[0]
    untold = survey(authority(BY_ADDRESS), old=OLD_IP, new=NEW)
    assert "cannot stand beside the CNAME" in titles(judged(untold))[0]


def test_silence_beside_the_name_is_no_wildcard() -> None:
    silent = made_up(BY_ADDRESS) | {"MX": reply(server(), f"{NOBODY_S}.example.test", "MX", (), heard=Heard.SILENT)}
    assert answers(survey(authority(BY_ADDRESS), wildcard=silent)) is False


def test_ipv6_and_https_of_a_wildcard_are_hidden_not_left() -> None:
    records: Values = {"A": ("192.0.2.10",), "AAAA": ("2001:db8::10",), "HTTPS": ("1 . ipv4hint=192.0.2.10",)}
    one = moved(records, OLD_IP, NEW_IP)
    found = other_types(one, view(one))
    assert [title.partition(" has IPv6")[0] for title in titles(found)] == [NAME]
    assert "callers with IPv6 alone" in titles(found)[0]
    explicit = moved(records, OLD_IP, NEW_IP, like={})
    assert [
        ("stay on the old side" in title or "hint" in title) for title in titles(other_types(explicit, view(explicit)))
    ]
    assert set(BESIDE) == set(one.wildcard)
