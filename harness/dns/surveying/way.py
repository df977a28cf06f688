"""A name's way to its addresses: CNAME after CNAME, until there is an end, or a reason why there is none."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from harness.model.dns import Chain, Heard, Link, Records, Reply

MOST_LINKS = 16  # resolvers give up sooner (unbound after 11)

AskOne = Callable[[str, str], Awaitable[Reply | None]]
"""Asks one server, or whoever is responsible, for a name and a type; None where nobody is to be asked further."""


async def follow(ask_one: AskOne, name: str, type_: str) -> Chain:
    """Return the way of `name`; an answer that holds several links, or all, is used as it is.

    `trouble` is "" for a way that ends in addresses, and for one that ends in a name without records of this type
    (`heard` EMPTY): that is an end.
    """
    walk = _Walk(name=name, type=type_, at=name)
    while True:
        before = walk.at
        reply = await ask_one(walk.at, type_)
        if reply is not None:
            walk.told(reply)
        if walk.done or walk.at == before:
            break
    last = walk.last
    return Chain(
        name=name,
        type=type_,
        links=tuple(walk.links),
        heard=last.heard if last is not None else Heard.NOT_ASKED,
        trouble=walk.trouble,
        at=last.at if last is not None else 0.0,
    )


@dataclass(slots=True, kw_only=True)
class _Walk:
    """How far it went: `at` is the name to be looked at next."""

    name: str
    type: str
    at: str
    links: list[Link] = field(default_factory=list)
    last: Reply | None = None
    trouble: str = ""
    done: bool = False

    def told(self, reply: Reply) -> None:
        """Take in as many steps as the reply tells."""
        self.last = reply
        before = self.at
        while not self.done and reply.heard.tells:
            here = reply.records(self.type, self.at)
            if here is not None:
                self._link(here, reply)
                self.done = True
            elif (cname := reply.records("CNAME", self.at)) is not None:
                self._step(cname, reply)
            else:
                break
        if not self.done and self.at == before:
            self.trouble = self._stuck(reply)
            self.done = True

    def _step(self, cname: Records, reply: Reply) -> None:
        self._link(cname, reply)
        seen = {self.name, *(link.records.name for link in self.links)}
        if len(cname.values) > 1:
            self._stop(f"{self.at} has {len(cname.values)} CNAME records ({', '.join(cname.values[:3])})")
        elif cname.values[0] in seen:
            self._stop(f"a loop: {self.at} leads back to {cname.values[0]}")
        elif len(self.links) >= MOST_LINKS:
            self._stop(f"no end after {MOST_LINKS} links, the last one to {cname.values[0]}")
        else:
            self.at = cname.values[0]

    def _link(self, records: Records, reply: Reply) -> None:
        self.links.append(Link(records=records, told_by=reply.server.name))

    def _stop(self, why: str) -> None:
        self.trouble, self.done = why, True

    def _stuck(self, reply: Reply) -> str:
        """Say why there is nothing of the name itself in the reply; "" where it merely has no such record."""
        if reply.heard is Heard.NO_NAME:
            led = f", where {self.links[-1].records.name} leads to," if self.links else ""
            return f"{self.at}{led} does not exist"
        if reply.heard is Heard.EMPTY:
            return ""
        why = f" ({reply.detail})" if reply.detail else ""
        return f"{self.at}: {reply.heard} from {reply.server.name}{why}"
