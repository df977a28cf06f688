"""A name's way, link by link, whoever tells which."""

import asyncio

from harness.dns.surveying.way import MOST_LINKS, follow
from harness.model.dns import Chain, Heard, Records, Reply, Server

SERVER = Server(name="ns1", address="192.0.2.53")


def records(owner: str, kind: str, *values: str, ttl: int = 60) -> Records:
    return Records(name=owner, type=kind, ttl=ttl, values=values)


def reply(name: str, *answer: Records, heard: Heard = Heard.ANSWER, server: str = "ns1", detail: str = "") -> Reply:
    told_by = Server(name=server, address="192.0.2.53")
    return Reply(server=told_by, name=name, type="A", heard=heard, answer=answer, at=100.0, detail=detail)


def way(*replies: Reply | None, name: str = "a.test") -> tuple[Chain, list[str]]:
    """Follow `name` where these replies come, one after the other; return what was asked too."""
    ahead, asked = list(replies), []

    async def ask_one(at: str, kind: str) -> Reply | None:
        asked.append(at)
        assert kind == "A"
        return ahead.pop(0)

    return asyncio.run(follow(ask_one, name, "A")), asked


def test_a_whole_answer_takes_one_question() -> None:
    chain, asked = way(
        reply("a.test", records("b.test", "A", "192.0.2.1"), records("a.test", "CNAME", "b.test", ttl=300))
    )
    assert asked == ["a.test"]
    assert chain.names == ("a.test", "b.test")
    assert chain.addresses == ("192.0.2.1",)
    assert [link.records.ttl for link in chain.links] == [300, 60]
    assert (chain.heard, chain.trouble, chain.at) == (Heard.ANSWER, "", 100.0)


def test_links_of_other_zones_are_asked_for_where_the_answer_ends() -> None:
    chain, asked = way(
        reply("a.test", records("a.test", "CNAME", "b.other")),
        reply("b.other", records("b.other", "CNAME", "c.other"), server="ns2"),
        reply("c.other", records("c.other", "A", "192.0.2.1"), server="ns3"),
    )
    assert asked == ["a.test", "b.other", "c.other"]
    assert [link.told_by for link in chain.links] == ["ns1", "ns2", "ns3"]


def test_a_link_that_leads_to_nothing() -> None:
    chain, asked = way(
        reply("a.test", records("a.test", "CNAME", "b.test"), heard=Heard.NO_NAME), reply("b.test", heard=Heard.NO_NAME)
    )
    assert asked == ["a.test", "b.test"]
    assert chain.heard is Heard.NO_NAME
    assert chain.trouble == "b.test, where a.test leads to, does not exist"
    assert not chain.addresses


def test_a_name_without_this_type_is_an_end() -> None:
    chain, _ = way(reply("a.test", heard=Heard.EMPTY))
    assert (chain.heard, chain.trouble, chain.links) == (Heard.EMPTY, "", ())


def test_a_failure_on_the_way_is_told_with_its_server() -> None:
    chain, _ = way(
        reply("a.test", records("a.test", "CNAME", "b.test")),
        reply("b.test", heard=Heard.SERVFAIL, detail="dnssec bogus", server="ns2"),
    )
    assert chain.heard is Heard.SERVFAIL
    assert chain.trouble == "b.test: server failure from ns2 (dnssec bogus)"
    assert len(chain.links) == 1


def test_nobody_to_ask_further_is_no_trouble() -> None:
    chain, asked = way(reply("a.test", records("a.test", "CNAME", "b.other")), None)
    assert asked == ["a.test", "b.other"]
    assert (chain.heard, chain.trouble, len(chain.links)) == (Heard.ANSWER, "", 1)


def test_a_loop_across_answers() -> None:
    chain, asked = way(
        reply("a.test", records("a.test", "CNAME", "b.test")), reply("b.test", records("b.test", "CNAME", "a.test"))
    )
    assert asked == ["a.test", "b.test"]
    assert chain.trouble == "a loop: b.test leads back to a.test"


def test_a_way_as_long_as_may_be() -> None:
    steps = [records(f"n{at}.test", "CNAME", f"n{at + 1}.test") for at in range(MOST_LINKS - 1)]
    end = records(f"n{MOST_LINKS - 1}.test", "A", "192.0.2.1")
    chain, _ = way(reply("n0.test", *steps, end), name="n0.test")
    assert (len(chain.links), chain.trouble) == (MOST_LINKS, "")


def test_an_answer_that_speaks_of_something_else_ends_the_way() -> None:
    chain, asked = way(reply("a.test", records("z.test", "A", "192.0.2.1")))
    assert asked == ["a.test"]
    assert chain.trouble
    assert not chain.links
