"""What a check is given: the wire, the callers, the pace of the scenario, and the wish to stop."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from harness.engine.requests import Outbound, with_defaults
from harness.model.event import Checked, Point
from harness.model.exchange import Exchange
from harness.model.gateway import Gateway, Limits
from harness.model.request import Request
from harness.model.response import NoResponse, Reason
from harness.model.side import Side
from harness.wire.client import Wire

_TURN = 0.5
_INTERRUPTED = "the run was interrupted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """The Tools (model/check.py) of one session."""

    outbound: Outbound
    wire: Callable[[], Wire]
    stopping: Callable[[], bool]
    shown: Callable[[str], str]

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

    def pause(self) -> None:
        """Wait for one beat of the scenario's rate."""
        time.sleep(1 / self.outbound.scenario.limits.rate)

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


def masked(seen: Checked, shown: Callable[[str], str]) -> Checked:
    """Return what a check saw with every text masked."""
    return replace(
        seen,
        case=shown(seen.case),
        why=tuple(map(shown, seen.why)),
        points=tuple(_masked_point(point, shown) for point in seen.points),
        facts={
            shown(name): {column: shown(text) for column, text in values.items()} for name, values in seen.facts.items()
        },
    )


def _masked_point(point: Point, shown: Callable[[str], str]) -> Point:
    return replace(
        point,
        at=shown(point.at),
        title=shown(point.title),
        old=None if point.old is None else shown(point.old),
        new=None if point.new is None else shown(point.new),
        note=shown(point.note),
    )
