"""Times seen in real time: an old TTL that runs out at a resolver, one that clamps, with nsd and unbound."""

import asyncio
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from harness.dns.asking.ask import Asker
from harness.dns.facts import Survey, View
from harness.dns.surveying.survey import surveys
from harness.dns.times.judge_ready import old_ttl, rollback
from harness.dns.times.judge_times import ttl
from harness.dns.times.timing import timing
from harness.model.dns import Clamp, Server
from harness.model.found import Found
from harness.model.gateway import Gateway
from harness.model.outcome import Outcome
from harness.model.side import Side
from harness.scenario.moving import Dns, Move, Target
from harness.scenario.types import Scenario
from tests.servers.nsd import Nsd, zone_text
from tests.servers.unbound import Unbound

if TYPE_CHECKING:
    from harness.model.check import Tools

pytestmark = [pytest.mark.server("nsd"), pytest.mark.server("unbound")]

ZONE = "example.test"
NAME = f"api.{ZONE}"
MOVE = Move(name=NAME, old=Target(cname=f"old.{ZONE}"), new=Target(cname=f"new.{ZONE}"))
BEFORE, AFTER, CLAMPED = 6, 2, 4
PLAIN, SLOW = "plain", "slow"


class _Tools:
    """What a survey needs of its tools."""

    def stopping(self) -> bool:
        return False


TOOLS = cast("Tools", _Tools())


@dataclass(frozen=True)
class Seen:
    """Two surveys: before the TTL was lowered, and while it ran out; what the plain resolver answered meanwhile."""

    high: Survey
    low: Survey
    section: Dns
    answers: list[tuple[float, int]]

    def view(self, survey: Survey, *, now: float | None = None) -> View:
        old, new = (Gateway(side=side, kind="plain", url=f"https://{side.value}.{ZONE}") for side in Side)
        scenario = Scenario(name="times", files=(Path("times.yaml"),), digest="", old=old, new=new, dns=self.section)
        return View(scenario=scenario, dns=self.section, move=MOVE, now=survey.ended if now is None else now)

    @property
    def at_first(self) -> tuple[Survey, float]:
        """Return the second survey as it was after the first looks, and when that was."""
        first = replace(self.low, resolvers=tuple(replace(one, later=()) for one in self.low.resolvers))
        return first, max(one.chains["A"].at for one in first.resolvers)


@pytest.fixture(scope="module")
def seen() -> Iterator[Seen]:
    with Nsd({ZONE: _zone(BEFORE, serial=1)}) as nsd:
        stubs = {ZONE: f"{nsd.address}@{nsd.port}"}
        with Unbound(stubs) as plain, Unbound(stubs, options=[f"cache-min-ttl: {CLAMPED}"]) as slow:
            section = Dns(
                moves=(MOVE,), ttl_max=AFTER, system=False, resolvers=(plain.server(PLAIN), slow.server(SLOW)),
                authorities={"": (Server(name="ns1", address=nsd.address, port=nsd.port),)}, wait=0, rollback_within=3,
            )  # fmt: skip
            (high,) = surveys(section, TOOLS)
            nsd.rewrite(ZONE, _zone(AFTER, serial=2))
            lowered = replace(section, wait=BEFORE * 3.0, lowered_at=time.time(), lowered_from=BEFORE)
            with _watched(plain.server(PLAIN)) as answers:
                (low,) = surveys(lowered, TOOLS)
            yield Seen(high=high, low=low, section=lowered, answers=answers)


def test_a_ttl_that_is_not_lowered_yet_fails(seen: Seen) -> None:
    view = replace(seen.view(seen.high), dns=replace(seen.section, lowered_at=None, lowered_from=None))
    found = ttl(seen.high, view)
    assert _outcome(found) is Outcome.FAIL
    assert f"Lower the TTL of {NAME} CNAME from {BEFORE} to {AFTER}" in found.points[0].remedy
    assert _outcome(ttl(seen.low, seen.view(seen.low))) is Outcome.PASS


def test_the_old_copy_counts_down_and_it_is_too_early_to_move(seen: Seen) -> None:
    first, at = seen.at_first
    view = seen.view(first, now=at)
    known = timing(first, view)
    assert known.ttl == AFTER
    assert set(known.held) == {PLAIN, SLOW}
    assert _outcome(old_ttl(first, view)) is Outcome.FAIL
    held = [ttl for at, ttl in seen.answers if ttl > AFTER]
    assert held == sorted(held, reverse=True)
    assert len(set(held)) >= BEFORE - AFTER - 2


def test_the_earliest_safe_moment_is_met(seen: Seen) -> None:
    first, at = seen.at_first
    earliest = timing(first, seen.view(first, now=at)).held[PLAIN]
    # the whole seconds of a TTL leave at most two of them open
    ends = [at + ttl for at, ttl in seen.answers if at < earliest - 2]
    assert ends
    assert max(ends) - min(ends) < 2  # one copy, that of before
    assert all(ttl <= AFTER for at, ttl in seen.answers if at >= earliest)
    assert max(at + ttl for at, ttl in seen.answers) > max(ends) + AFTER - 1  # another one was fetched


def test_it_is_safe_once_all_old_copies_have_run_out(seen: Seen) -> None:
    assert timing(seen.low, seen.view(seen.low)).held == {}
    # a machine that is slow to lower the TTL has the copies run out before those of resolvers that nobody asked
    view = seen.view(seen.low, now=max(seen.low.ended, (seen.section.lowered_at or 0) + BEFORE))
    assert timing(seen.low, view).earliest == view.now
    assert _outcome(old_ttl(seen.low, view)) is Outcome.PASS


def test_the_resolver_that_clamps_is_recognised_and_decides_the_way_back(seen: Seen) -> None:
    known = timing(seen.low, seen.view(seen.low))
    assert known.clamps == (Clamp(server=SLOW, seconds=CLAMPED),)
    assert known.back_all == CLAMPED
    found = rollback(seen.low, seen.view(seen.low))
    assert _outcome(found) is Outcome.FAIL
    assert f"{SLOW} holds answers for {CLAMPED} s" in found.points[-1].remedy
    without = replace(seen.low, resolvers=seen.low.resolvers[:1])
    assert _outcome(rollback(without, seen.view(without))) is Outcome.PASS


@contextmanager
def _watched(server: Server) -> Iterator[list[tuple[float, int]]]:
    """Ask a resolver over and over, and once more at the end: when, and the TTL that it told."""
    answers: list[tuple[float, int]] = []
    ended = threading.Event()

    async def ask() -> None:
        async with Asker(1.0) as asker:
            last = False
            while not last:
                last = ended.is_set()
                reply = await asker.ask(server, NAME, "A")
                records = reply.records("CNAME", NAME)
                if records is not None:
                    answers.append((reply.at, records.ttl))
                await asyncio.sleep(0.2)

    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(asyncio.run, ask())
        try:
            yield answers
        finally:
            ended.set()
            asking.result()


def _zone(ttl: int, *, serial: int) -> str:
    records = f"@ 3600 NS ns1\nns1 3600 A 127.0.0.1\napi {ttl} CNAME old\nold 3600 A 192.0.2.10\nnew 3600 A 192.0.2.20"
    return zone_text(ZONE, records, serial=serial)


def _outcome(found: Found) -> Outcome:
    return max((one for one, _ in found.reasons), key=lambda one: one.rank, default=Outcome.PASS)
