"""Paths of the API with the operations on them, and which few of many are tried."""

from collections.abc import Sequence
from dataclasses import dataclass

from harness.model.request import SAFE_METHODS
from harness.scenario.types import Security
from harness.security.draft import Draft
from harness.security.operation import Operation, operations


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A path template with its operations, in the order of the scenario.

    `methods` are all that cases use here, those of operations that `security.operations` leaves out too: they are the
    API's, so that asking with them would be no probe, but a call.
    """

    path: str
    operations: tuple[Operation, ...]
    methods: frozenset[str]

    @property
    def asked(self) -> Operation | None:
        """Return the operation that stands for the path: one that may be sent, best a safe one; None if none may."""
        known = [one for one in self.operations if sendable(one) and (one.callers or one.public)]
        return min(known, key=lambda one: _ORDER.get(one.step.method, len(_ORDER)), default=None)

    @property
    def safe(self) -> Operation | None:
        """Return the operation that stands for the path if it changes nothing."""
        found = self.asked
        return found if found is not None and found.step.method in SAFE_METHODS else None

    @property
    def run(self) -> tuple[Operation, ...]:
        """Return the operations that change something and may be sent."""
        return tuple(one for one in self.operations if one.step.method not in SAFE_METHODS and one.unsafe == "run")

    @property
    def public(self) -> bool:
        """Tell whether the path's operation is open to everybody."""
        return self.asked is not None and self.asked.public


_ORDER = {method: rank for rank, method in enumerate(("GET", "HEAD", "OPTIONS"))}


def sendable(operation: Operation) -> bool:
    """Tell whether an operation may be asked again: it is safe, or a case says `unsafe: run`."""
    return operation.step.method in SAFE_METHODS or operation.unsafe == "run"


def first_caller(operation: Operation) -> str:
    """Return who asks it first, "" for nobody in particular."""
    return operation.callers[0] if operation.callers else ""


def path_of(target: str) -> str:
    """Return a target without its query."""
    return target.partition("?")[0]


def query_of(target: str) -> str:
    """Return a target's query with its mark, "" if there is none."""
    _, mark, query = target.partition("?")
    return mark + query


def places(draft: Draft) -> tuple[Place, ...]:
    """Return the paths of the API, in the order of the scenario."""
    found: dict[str, list[Operation]] = {}
    for operation in draft.operations:
        found.setdefault(_template(operation), []).append(operation)
    used = _used(draft)
    return tuple(
        Place(path=path, operations=tuple(group), methods=_methods(path, group, used)) for path, group in found.items()
    )


_Used = dict[int, dict[tuple[str, ...], set[str]]]
"""Methods by number of segments and segments."""


def _used(draft: Draft) -> _Used:
    found: _Used = {}
    for operation in operations(draft.scenario, Security()):
        for path in {_template(operation), path_of(operation.step.target)}:
            segments = _segments(path)
            found.setdefault(len(segments), {}).setdefault(segments, set()).add(operation.step.method)
    return found


def _methods(path: str, group: Sequence[Operation], used: _Used) -> frozenset[str]:
    """Return the methods of every path that may be the same as this one, templates filled in."""
    mine = {_segments(one) for one in (path, *(path_of(operation.step.target) for operation in group))}
    alike = (
        methods
        for segments in mine
        for others, methods in used.get(len(segments), {}).items()
        if all(a == b or "{" in a or "{" in b for a, b in zip(segments, others, strict=True))
    )
    return frozenset(one.step.method for one in group).union(*alike)


def _template(operation: Operation) -> str:
    return operation.name.partition(" ")[2] or path_of(operation.step.target)


def _segments(path: str) -> tuple[str, ...]:
    return tuple(path.strip("/").split("/"))


def spread(found: Sequence[Place], most: int) -> tuple[Place, ...]:
    """Return at most `most` places: one of each caller, then of each caller's other first segments, then seconds."""
    segments: dict[str, dict[str, int]] = {}
    order = []
    for position, place in enumerate(found):
        seen = segments.setdefault(first_caller(place.asked) if place.asked else "", {})
        segment = place.path.strip("/").partition("/")[0]
        turn = seen.get(segment, 0)
        seen[segment] = turn + 1
        order.append((turn, list(seen).index(segment), position))
    return tuple(found[position] for position in sorted(position for _, _, position in sorted(order)[:most]))


def plainest(operations: Sequence[Operation], method: str) -> Operation | None:
    """Return the operation with this method and the shortest request, among those that may be sent; None if none."""
    fit = [one for one in operations if one.step.method == method and sendable(one) and (one.callers or one.public)]
    return min(fit, key=lambda one: (len(one.step.target), len(one.step.headers)), default=None)


def left_paths(left: Sequence[Place]) -> str:
    """Return the names of a few paths, and how many more there are."""
    named = ", ".join(place.path for place in left[:3])
    return named if len(left) <= 3 else f"{named} and {len(left) - 3} more"
