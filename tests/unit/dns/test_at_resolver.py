"""When a resolver is looked at again: once every copy that was seen there has run out, by whichever question."""

import asyncio
import time
from typing import TYPE_CHECKING, cast

import pytest

from harness.dns.surveying.at_resolver import look
from harness.model.dns import Heard, Records, Reply, Server
from harness.scenario.moving import Dns, Move, Target

if TYPE_CHECKING:
    from harness.dns.asking.ask import Asker

NAME = "api.example.test"
MOVE = Move(name=NAME, old=Target(cname="old.example.test"), new=Target(addresses=("192.0.2.20",)))
SERVER = Server(name="r1", address="192.0.2.53")
NOW = time.time()
HELD = 4


class Scripted:
    """A resolver that holds the record for as long as it says; AAAA is answered later than A, by a slow machine."""

    def __init__(self, delay: float) -> None:
        self.delay = delay
        self.until = 0.0

    async def ask(self, server: Server, name: str, type_: str, **_: object) -> Reply:
        at = self.until or (NOW + self.delay if type_ == "AAAA" else NOW)
        cname = Records(name=NAME, type="CNAME", ttl=60 if self.until else HELD, values=("old.example.test",))
        end = Records(name="old.example.test", type="A", ttl=300, values=("192.0.2.10",))
        answer = (cname, end) if type_ == "A" else (cname,)
        return Reply(server=server, name=name, type=type_, heard=Heard.ANSWER, answer=answer, at=at)

    async def pause(self, seconds: float) -> bool:
        self.until = time.time() + seconds
        return True


@pytest.mark.parametrize(("wait", "after"), [(60.0, 0.9 + HELD + 1), (HELD + 1.5, HELD + 1)])
def test_a_copy_that_was_seen_twice_is_waited_out_by_the_later_look(wait: float, after: float) -> None:
    asker = Scripted(0.9)
    section = Dns(moves=(MOVE,), wait=wait)
    asking = look(cast("Asker", asker), SERVER, MOVE, section, ttl=lambda: 60, until=NOW + 600)
    found = asyncio.run(asking)
    assert asker.until - NOW == pytest.approx(after, abs=0.3)
    assert [(one.ttl, at >= NOW + after - 0.3) for at, one in found.later] == [(60, True)]
