"""Whether a name has records of its own, or a wildcard above it answers in its place (RFC 4592)."""

import asyncio
import secrets
from collections.abc import Mapping

from harness.dns.asking.once import Asks
from harness.dns.facts import BESIDE, Survey, Zone
from harness.dns.surveying.switched import plain
from harness.dns.surveying.walk import above
from harness.model.dns import Heard, Reply

_LONGEST_NAME = 253  # letters without the final dot, RFC 1035 §2.3.4
NOBODY_S = f"cutover-{secrets.token_hex(6)}"
"""A label that nobody has made a record for: the same for all names of a run, so that they share what it brings."""


async def beside(asker: Asks, zone: Zone, name: str) -> Mapping[str, Reply]:
    """Return what one server of the zone says, by type, of a name that nobody has made, right beside `name`.

    Empty where there is no such name, so no wildcard; where `name` was made itself, so that there is none below it (RFC
    4592 §3.3.1: what exists ends the wildcards above it); and where no server tells. The first type is asked twice: the
    asker is one that keeps what it has heard (once.py).
    """
    server, name = next((one.server for one in zone.authorities if one.answers), None), plain(name)
    made_up, below = f"{NOBODY_S}.{above(name)}", f"{NOBODY_S}.{name}"
    if server is None or name == zone.name or len(below) > _LONGEST_NAME:
        return {}
    for one in (made_up, below):
        first = await asker.ask(server, one, BESIDE[0], recurse=False)
        if first.heard not in {Heard.ANSWER, Heard.EMPTY} or not first.authoritative:
            return {}
    replies = await asyncio.gather(*(asker.ask(server, made_up, type_, recurse=False) for type_ in BESIDE))
    return dict(zip(BESIDE, replies, strict=True))


def answers(survey: Survey) -> bool:
    """Tell whether the name answers just as one that nobody has made: every type alike, values and TTL.

    A name with a record of its own hides the wildcard for all types (RFC 4592 §2.2.1).
    """
    made_up = survey.wildcard
    server = next((reply.server for reply in made_up.values()), None)
    at_name = next((one.at_name for one in survey.zone.authorities if one.server == server), {})
    if not made_up or any(type_ not in at_name for type_ in made_up):
        return False
    pairs = [(at_name[type_], reply) for type_, reply in made_up.items()]
    told = all(reply.heard in {Heard.ANSWER, Heard.EMPTY} for pair in pairs for reply in pair)
    return told and all(_own(one) == _own(other) for one, other in pairs) and any(_own(one) for one, _ in pairs)


def _own(reply: Reply) -> tuple[tuple[str, int, tuple[str, ...]], ...]:
    """Return the records that a reply has of the very name that was asked for."""
    return tuple((one.type, one.ttl, one.values) for one in reply.answer if plain(one.name) == plain(reply.name))
