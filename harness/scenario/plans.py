"""Callers named outside of `credentials`, and `security.limits`: what their plans allow."""

import re
from dataclasses import replace
from typing import TypeVar

from yaml.nodes import MappingNode, Node

from harness.scenario import units
from harness.scenario.containers import MapOf
from harness.scenario.context import Context, Refused, Wrong, guess
from harness.scenario.record import Fields, Key, Record
from harness.scenario.shape import Defs, Schema, Shape, Text, integer, parsed
from harness.scenario.types import PlanLimit

T = TypeVar("T")

_PERIODS = {
    "s": 1.0,
    "m": 60.0,
    "minute": 60.0,
    "h": 3_600.0,
    "hour": 3_600.0,
    "day": 86_400.0,
    "week": 604_800.0,
    "month": 2_592_000.0,
}
_QUOTA = re.compile(r"([0-9]{1,12}) ?/ ?([a-z]+)")


def _check_caller(name: str, node: Node, ctx: Context) -> None:
    if name not in ctx.identities:
        hint = guess(name, ctx.identities) or f"add `credentials: {{{name}: …}}`"
        raise ctx.refuse(node, f"no caller '{name}' in `credentials`", hint)


class Caller(Text):
    """The name of a caller; checked against `credentials`."""

    def read(self, node: Node, ctx: Context) -> str:
        """Return the name."""
        name = super().read(node, ctx)
        _check_caller(name, node, ctx)
        return name


class ByCaller(MapOf[T]):
    """A mapping whose keys are callers."""

    def read(self, node: Node, ctx: Context) -> tuple[tuple[str, T], ...]:
        """Return (caller, value) in the order of the file."""
        found = super().read(node, ctx)
        keys = {key.value: key for key, _ in node.value} if isinstance(node, MappingNode) else {}
        bad = False
        for name, _ in found:
            try:
                _check_caller(name, keys.get(name, node), ctx)
            except Refused:
                bad = True
        if bad:
            raise Refused
        return found


def _quota(text: str) -> tuple[int, float]:
    found = _QUOTA.fullmatch(text)
    if not found or found[2] not in _PERIODS:
        raise Wrong(f"'{text}' is no quota", f"requests per time, such as 1000/day; known: {', '.join(_PERIODS)}")
    if not int(found[1]):
        raise Wrong("a quota of 0 lets nobody in", "a caller who is to be refused is a column of `identities`")
    return int(found[1]), _PERIODS[found[2]]


def _limit(fields: Fields) -> PlanLimit:
    quota, period = fields["quota"] or (None, PlanLimit(caller="").period)
    return PlanLimit(caller="", rate=fields["rate"], burst=fields["burst"], quota=quota, period=period)


_LIMIT = Record(
    _limit,
    Key("rate", parsed(units.rate, units.RATE, "a rate such as 10 or 10/s", number=True), "10/s, 300/m, 5000/h"),
    Key("burst", integer(1, 1_000_000), "requests at once, before the rate counts"),
    Key("quota", parsed(_quota, f"^{_QUOTA.pattern}$", "a quota such as 1000/day"), "1000/day, 5000/week, 100/hour"),
    name="plan",
    about="What a caller's plan allows; never more is sent.",
    among=("rate", "burst", "quota"),
    least="what the plan allows",
)


class _Limits(Shape[tuple[PlanLimit, ...]]):
    """The limits of callers' plans."""

    def __init__(self) -> None:
        self.entries = ByCaller(_LIMIT)

    def read(self, node: Node, ctx: Context) -> tuple[PlanLimit, ...]:
        """Return them in the order of the file."""
        return tuple(replace(limit, caller=name) for name, limit in self.entries.read(node, ctx))

    def schema(self, defs: Defs) -> Schema:
        """Return an object of plans."""
        return self.entries.schema(defs)


LIMITS = _Limits()
