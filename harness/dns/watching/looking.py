"""The eye of a watch: asks resolvers and authoritative servers by DNS, all at once."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from harness.dns.asking.ask import Asker
from harness.dns.facts import ADDRESS_TYPES
from harness.dns.surveying.at_resolver import sight
from harness.dns.watching.propagation import Plan
from harness.model.check import Tools
from harness.model.dns import Points, Server, Sighting
from harness.model.side import Side
from harness.scenario.moving import Move, Target

MOST_ADDRESSES = 512
"""Addresses of a target that are remembered."""


@asynccontextmanager
async def opened(plan: Plan, tools: Tools) -> AsyncIterator["Looking"]:
    """Open what asks, for one watch."""
    async with Asker(plan.timeout, stopping=tools.stopping) as asker:
        yield Looking(asker=asker, plan=plan)


@dataclass(slots=True, kw_only=True)
class Looking:
    """Looks, and remembers the addresses of both sides: a gateway's own change, and an old answer still names them."""

    asker: Asker
    plan: Plan
    _known: dict[str, dict[str, None]] = field(default_factory=dict, init=False)

    async def see(self) -> tuple[Sighting, ...]:
        """Return what each server answers now for each name."""
        await self._targets()
        return tuple(
            await asyncio.gather(
                *(self._sight(server, move) for move in self.plan.moves for server in self.plan.servers(move.name))
            )
        )

    async def _sight(self, server: Server, move: Move) -> Sighting:
        sides = {side: self._addresses(move.target(side)) for side in Side}
        seen = await sight(self.asker, server, move.name, move, old=sides[Side.OLD], new=sides[Side.NEW])
        return _in_part(seen, move, sides)

    def _addresses(self, target: Target) -> frozenset[str]:
        return frozenset(target.addresses or self._known.get(target.name, ()))

    async def _targets(self) -> None:
        """Look up what the targets resolve to now, at every resolver: they may not tell everybody the same."""
        names = dict.fromkeys(name for move in self.plan.moves for side in Side if (name := move.target(side).name))
        await asyncio.gather(
            *(
                self._target(server, name, type_)
                for name in names
                for server in self.plan.resolvers
                for type_ in ADDRESS_TYPES
            )
        )

    async def _target(self, server: Server, name: str, type_: str) -> None:
        found = (await self.asker.ask(server, name, type_)).records(type_)
        known = self._known.setdefault(name, {})
        for address in found.values if found is not None else ():
            known.pop(address, None)
            known[address] = None
            if len(known) > MOST_ADDRESSES:
                known.pop(next(iter(known)))


def _in_part(seen: Sighting, move: Move, sides: Mapping[Side, frozenset[str]]) -> Sighting:
    """Take an answer for the side that it shares an address with: a target may have more than it tells at once."""
    met = [side for side in Side if sides[side] & frozenset(seen.addresses)]
    if seen.points is not Points.ELSEWHERE or len(met) != 1 or not move.target(met[0]).name:
        return seen
    return replace(seen, points=Points.OLD if met[0] is Side.OLD else Points.NEW)
