"""What a check is given: the wire, the callers, the pace of the scenario, and the wish to stop."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import Enum
from typing import Any

from harness.engine.requests import Outbound
from harness.journal.record import LONGEST_NOTE, bounded
from harness.model.check import Check, Tick
from harness.model.errors import CutoverError
from harness.model.event import CaseInfo, Checked, Event, Point
from harness.model.exchange import Exchange
from harness.model.gateway import Gateway, Limits
from harness.model.outcome import Outcome
from harness.model.request import Request
from harness.model.response import NoResponse, Reason
from harness.model.secret import Secret
from harness.model.side import Side
from harness.scenario.asking import with_defaults
from harness.wire.client import Wire

Shown = Callable[[str], str]

_TURN = 0.5
_INTERRUPTED = "the run was interrupted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """The Tools (model/check.py) of one session."""

    outbound: Outbound
    wire: Callable[[], Wire]
    stopping: Callable[[], bool]
    hiding: Callable[[Secret], object]
    journal: Callable[[Event], object]
    watching: Callable[[Tick], object]

    def send(self, requests: Sequence[Request], *, limits: Limits | None = None) -> list[Exchange]:
        """Send all; what is still out when the user wants to stop comes back as not sent."""
        if limits is None:
            return self._through(self.wire(), requests)
        scenario = self.outbound.scenario
        gateways: Mapping[Side, Gateway] = {side: scenario.gateway(side) for side in Side}
        with Wire(gateways, limits, doors=self.outbound.doors) as own:
            return self._through(own, requests)

    def present(self, identity: str, request: Request) -> Request:
        """Return `request` as this caller sends it; raises CredentialUnavailable."""
        known = self.outbound.identities[identity]
        keyring = self.outbound.keyring
        if keyring.due(known, request.side):
            keyring.prepare(known, request.side)
        presented = keyring.present(known, request)
        return replace(presented, headers=with_defaults(presented.headers))

    def hide(self, secret: Secret) -> None:
        """Mask a value from now on."""
        self.hiding(secret)

    def tell(self, event: Event) -> None:
        """Journal an event of the check's own."""
        self.journal(event)

    def show(self, tick: Tick) -> None:
        """Show how the check is getting on."""
        self.watching(tick)

    def pause(self) -> None:
        """Wait for one beat of the scenario's rate; raises KeyboardInterrupt where the user wants to stop."""
        until = time.monotonic() + 1 / self.outbound.scenario.limits.rate
        while (left := until - time.monotonic()) > 0:
            if self.stopping():
                raise KeyboardInterrupt
            time.sleep(min(left, _TURN))

    def _through(self, wire: Wire, requests: Sequence[Request]) -> list[Exchange]:
        for index, request in enumerate(requests):
            wire.submit(request, index)
        found: dict[object, Exchange] = {}
        while len(found) < len(requests) and not self.stopping():
            found.update(wire.wait(_TURN))
        return [found.get(index) or _left_out(request) for index, request in enumerate(requests)]


def _left_out(request: Request) -> Exchange:
    answer = NoResponse(reason=Reason.REFUSED_TO_SEND, detail=_INTERRUPTED)
    return Exchange(request=request, answer=answer, sent_at=time.time())


def broken(check: Check, error: Exception) -> Checked:
    """Return what a check comes to that failed by itself; only the harness's own words are known to be fit to show."""
    what = error.message if isinstance(error, CutoverError) else type(error).__name__
    return Checked(
        at=time.time(),
        suite=check.suite,
        index=check.info.index,
        case=check.info.name,
        outcome=Outcome.ERROR.value,
        why=(f"the harness failed, which says nothing about either gateway: {what}",),
    )


def load_cut(check: Check, shown: Shown) -> Checked:
    """Return what becomes of a threshold whose load was cut short in an earlier session and may not be sent again."""
    return Checked(
        at=time.time(),
        suite=check.suite,
        index=check.info.index,
        case=shown(check.info.name),
        outcome=Outcome.INCONCLUSIVE.value,
        why=("outcome unknown: a load that changes something was cut short, and is not sent again; start a new run",),
    )


def masked(seen: Checked, shown: Shown) -> Checked:
    """Return what a check saw with every text masked, then cut: certificates and headers may be of any length."""

    def fit(text: str) -> str:
        return bounded(shown(text), LONGEST_NOTE)

    return replace(
        seen,
        case=shown(seen.case),
        why=tuple(map(fit, seen.why)),
        points=tuple(_masked_point(point, fit) for point in seen.points),
        facts={
            fit(name): {column: fit(text) for column, text in values.items()} for name, values in seen.facts.items()
        },
    )


def _masked_point(point: Point, fit: Shown) -> Point:
    return replace(
        point,
        at=fit(point.at),
        title=fit(point.title),
        old=None if point.old is None else fit(point.old),
        new=None if point.new is None else fit(point.new),
        note=fit(point.note),
        remedy=fit(point.remedy),
    )


def masked_info(info: CaseInfo, shown: Shown) -> CaseInfo:
    """Return an item of the plan with its texts masked: a path, and so an operation's name, may hold a secret."""
    probe = info.probe
    if probe is not None:
        probe = replace(
            probe,
            row=shown(probe.row),
            column=shown(probe.column),
            caller=shown(probe.caller),
            change=shown(probe.change),
        )
    return replace(info, name=shown(info.name), operation=shown(info.operation), skip=shown(info.skip), probe=probe)


_AS_THEY_ARE = frozenset({"planned", "service", "overhead"})
"""Fields whose texts are encoded histograms: a mask that hit one by chance would make it unreadable."""


def masked_event(event: Event, shown: Shown) -> Event:
    """Return an event of a check's own (Loading, Surveyed, Note …) with every text in it masked and bounded."""

    def fit(value: Any) -> Any:
        if isinstance(value, Enum):
            return value
        if isinstance(value, str):
            return bounded(shown(value), LONGEST_NOTE)
        if isinstance(value, tuple):
            return tuple(map(fit, value))
        if isinstance(value, dict):
            return {fit(key): fit(inner) for key, inner in value.items()}
        if is_dataclass(value) and not isinstance(value, type):
            return replace(value, **{name: fit(inner) for name, inner in _parts(value)})
        return value

    made: Event = fit(event)
    return made


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    for one in fields(value):
        inner = getattr(value, one.name)
        if not (isinstance(inner, str) and one.name in _AS_THEY_ARE):
            yield one.name, inner
