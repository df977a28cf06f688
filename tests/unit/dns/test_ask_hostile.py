"""A name server that lies, cuts off, floods or says nothing: a clear outcome each, and no answer where there is none."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.dns.asking.ask import GIVE_UP, Asker
from harness.dns.asking.parse import LONGEST_TEXT, LONGEST_VALUE, MOST_RECORDS
from harness.dns.surveying.way import MOST_LINKS, follow
from harness.model.dns import Chain, Heard, Reply, Server
from tests.servers.dns_hostile import ADDRESS, ROW, ROWS, Hostile

TIMEOUT = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """All that one run of questions brought."""

    replies: dict[str, Reply]
    chains: dict[str, Chain]
    open_before: int
    open_after: int
    asked: dict[tuple[str, str], int]


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.fixture(scope="module")
def seen() -> Iterator[Seen]:
    async def ask() -> Seen:
        before = _open_files()
        async with Asker(TIMEOUT) as asker:
            names = list(ROWS)
            kinds = {"largest": "TXT", "large-by-udp": "TXT", "silly-text": "TXT"}
            replies = await asyncio.gather(
                *(asker.ask(server.server(), f"{name}.{ROW}", kinds.get(name, "A")) for name in names)
            )

            async def one(name: str, type_: str) -> Reply:
                return await asker.ask(server.server(), name, type_)

            chains = {name: await follow(one, f"{name}.{ROW}".rstrip("."), "A") for name in CHAINS}
        asked = dict(server.asked)
        for _ in range(500):  # the server's own ends are open until it has seen ours closed
            if _open_files() == before:
                break
            await asyncio.sleep(0.01)
        return Seen(
            replies=dict(zip(names, replies, strict=True)),
            chains=chains,
            open_before=before,
            open_after=_open_files(),
            asked=asked,
        )

    with Hostile() as server:
        yield asyncio.run(ask())


OUTCOMES: dict[str, tuple[Heard, str]] = {
    "good": (Heard.ANSWER, ""),
    "silent": (Heard.SILENT, ""),
    "other-id": (Heard.WRONG_ID, "another id"),
    "other-question": (Heard.WRONG_ID, "the answer to other.test A"),
    "other-type": (Heard.WRONG_ID, "TXT"),
    "other-port": (Heard.WRONG_ID, "answered from 127.0.0.1 port"),
    "spoofed-first": (Heard.ANSWER, ""),
    "echo": (Heard.WRONG_ID, "a question in place of an answer"),
    "short": (Heard.MALFORMED, "2 bytes"),
    "garbage": (Heard.MALFORMED, ""),
    "update": (Heard.WRONG_ID, "no question"),
    "no-question": (Heard.WRONG_ID, "no question at all"),
    "counts": (Heard.MALFORMED, ""),
    "trailing": (Heard.MALFORMED, "TrailingJunk"),
    "bad-rdata": (Heard.MALFORMED, ""),
    "to-itself": (Heard.MALFORMED, "BadPointer"),
    "signed-by-nobody": (Heard.MALFORMED, ""),
    "other-class": (Heard.EMPTY, ""),
    "stranger": (Heard.EMPTY, "1 records of other names left out"),
    "cut-then-whole": (Heard.ANSWER, ""),
    "cut-then-closed": (Heard.CUT_OFF, "closed unanswered"),
    "cut-then-cut": (Heard.CUT_OFF, "by TCP"),
    "cut-then-drip": (Heard.CUT_OFF, "no answer in time"),
    "cut-then-half": (Heard.CUT_OFF, "ended within an answer"),
    "cut-then-garbage": (Heard.CUT_OFF, "no DNS message"),
    "cut-then-other-id": (Heard.CUT_OFF, "another id"),
    "servfail": (Heard.SERVFAIL, ""),
    "servfail-with-records": (Heard.SERVFAIL, ""),
    "servfail-bare": (Heard.SERVFAIL, ""),
    "explained": (Heard.SERVFAIL, "dnssec bogus: signature\\x1b[31m expired\\n"),
    "nxdomain": (Heard.NO_NAME, ""),
    "refused": (Heard.REFUSED, ""),
    "notauth": (Heard.ERROR, "NOTAUTH"),
    "no-edns": (Heard.ANSWER, ""),
    "formerr": (Heard.ERROR, "FORMERR"),
    "referral": (Heard.ERROR, "does not recurse"),
    "loop": (Heard.ANSWER, ""),
    "to-self": (Heard.ANSWER, ""),
    "endless": (Heard.ANSWER, ""),
    "long-chain": (Heard.ANSWER, ""),
    "two-ways": (Heard.ANSWER, ""),
    "many": (Heard.ANSWER, "3800 more records not kept"),
    "largest": (Heard.ANSWER, ""),
    "large-by-udp": (Heard.ANSWER, ""),
    "negative-ttl": (Heard.ANSWER, ""),
    "largest-ttl": (Heard.ANSWER, ""),
    "silly-names": (Heard.ANSWER, ""),
    "silly-text": (Heard.ANSWER, ""),
    "flood": (Heard.ANSWER, ""),
}

CHAINS: dict[str, tuple[int, str]] = {
    "good": (1, ""),
    "loop": (2, "a loop: pool.hostile.test leads back to loop.hostile.test"),
    "to-self": (1, "a loop: to-self.hostile.test leads back to to-self.hostile.test"),
    "endless": (MOST_LINKS, "no end after 16 links, the last one to endless-16.hostile.test"),
    "long-chain": (MOST_LINKS, "no end after 16 links"),
    "two-ways": (1, "two-ways.hostile.test has 2 CNAME records (new.test, old.test)"),
    "servfail": (0, "servfail.hostile.test: server failure from hostile"),
    "nxdomain": (0, "nxdomain.hostile.test does not exist"),
    "silent": (0, "silent.hostile.test: no answer in time from hostile"),
    "stranger": (0, ""),
    "silly-names": (1, "does not exist"),
}


def test_every_row_has_an_outcome() -> None:
    assert set(OUTCOMES) == set(ROWS)


@pytest.mark.parametrize("row", ROWS)
def test_the_outcome(seen: Seen, row: str) -> None:
    reply = seen.replies[row]
    heard, words = OUTCOMES[row]
    assert reply.heard is heard, reply
    assert words in reply.detail
    assert len(reply.detail) <= LONGEST_TEXT
    assert reply.at > 0
    assert reply.ms > 0
    assert bool(reply.answer) is (heard is Heard.ANSWER)


@pytest.mark.parametrize("row", CHAINS)
def test_the_way(seen: Seen, row: str) -> None:
    chain = seen.chains[row]
    links, trouble = CHAINS[row]
    assert len(chain.links) == links
    assert trouble in chain.trouble
    assert bool(chain.trouble) is bool(trouble)


def test_a_silent_server_is_asked_twice_and_a_good_one_once(seen: Seen) -> None:
    assert seen.asked["silent", "udp"] == 2 * 2  # for itself, and as a way
    assert seen.asked["good", "udp"] == 2


def test_what_a_cut_off_answer_was_brought_by(seen: Seen) -> None:
    assert seen.replies["cut-then-whole"].transport == "tcp"
    assert seen.replies["good"].transport == "udp"
    assert seen.replies["cut-then-closed"].transport == ""


def test_what_is_kept_is_bounded(seen: Seen) -> None:
    assert len(seen.replies["many"].answer[0].values) == MOST_RECORDS
    values = seen.replies["largest"].answer[0].values
    assert all(len(one) == LONGEST_VALUE and one.endswith("…") for one in values)
    assert all(len(one.name) <= 1004 for reply in seen.replies.values() for one in reply.answer)


def test_ttls_beyond_the_largest_count_as_none(seen: Seen) -> None:
    assert seen.replies["negative-ttl"].answer[0].ttl == 0
    assert seen.replies["largest-ttl"].answer[0].ttl == 2**31 - 1


@pytest.mark.parametrize("row", ["silly-names", "silly-text", "explained"])
def test_nothing_that_a_terminal_obeys_is_left(seen: Seen, row: str) -> None:
    reply = seen.replies[row]
    texts = [reply.detail, *(value for one in reply.answer for value in one.values)]
    assert all(text.isascii() and text.isprintable() for text in (one.replace("…", "") for one in texts))


def test_records_of_a_failure_are_no_answer(seen: Seen) -> None:
    assert seen.replies["servfail-with-records"].answer == ()
    assert seen.replies["spoofed-first"].answer[0].values == (ADDRESS,)


def test_every_socket_is_closed_again(seen: Seen) -> None:
    assert seen.open_after == seen.open_before


def test_a_server_that_stays_silent_is_left_alone_for_a_while() -> None:
    timeout, width, questions = 0.2, 20, 300

    async def ask(server: Server) -> tuple[list[Reply], Reply]:
        async with Asker(timeout, width=width) as asker:
            many = (asker.ask(server, f"silent.{ROW}", "A") for _ in range(questions))
            replies = await asyncio.gather(*many)
            await asker.pause(4 * timeout)
            return replies, await asker.ask(server, f"good.{ROW}", "A")

    with Hostile() as server:
        replies, after = asyncio.run(ask(server.server()))
    assert {one.heard for one in replies} == {Heard.SILENT}
    assert server.asked["silent", "udp"] <= 2 * (GIVE_UP + width)
    assert "not asked again" in replies[-1].detail
    assert after.heard is Heard.ANSWER
