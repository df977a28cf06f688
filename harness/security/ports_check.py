"""Ports that must be closed to the place where this runs (`security.closed`)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import ClassVar

from harness.model.check import Check, Tools
from harness.model.difference import Cause
from harness.model.event import CaseInfo, Checked
from harness.model.found import Found
from harness.model.outcome import Outcome
from harness.model.probe import Decision, Group, Probe, Reads, Wants
from harness.model.seen import Knock, Port
from harness.model.side import Side
from harness.security.draft import SUITE, Draft
from harness.security.found import info_of, interrupted, this_machine

COLUMN = "TCP connection"
TIMEOUT = 5.0
MOST_ADDRESSES = 16
"""How many addresses of one name are tried."""

_CLOSED = {
    Port.REFUSED: "refuses connections",
    Port.SILENT: f"gives no answer within {TIMEOUT:.0f} s",
    Port.UNREACHABLE: "cannot be reached",
}
_REMEDY = (
    "Close it to this network: the network security group or firewall before the backend, a private endpoint, "
    "`ip-filter` in Azure API Management; allow the gateway's own addresses alone."
)


_NOTHING_TRIED = {
    Port.UNRESOLVED: "is not resolved",
    Port.UNTRIED: "cannot be tried",
}


def _knock(host: str, port: int, *, timeout: float, pause: Callable[[], None]) -> Knock:
    from harness.wire.ports import knock  # noqa: PLC0415  not needed to plan

    return knock(host, port, timeout=timeout, pause=pause)


@dataclass(slots=True, kw_only=True)
class PortCheck:
    """Connections to a port that must not answer."""

    suite: ClassVar[str] = SUITE
    info: CaseInfo
    host: str
    port: int
    knock: Callable[..., Knock] = _knock
    requests: Mapping[Side, int]

    def run(self, tools: Tools) -> Checked:
        """Knock at each address of the host."""
        if tools.stopping():
            return interrupted(self.info)
        knock = self.knock(self.host, self.port, timeout=TIMEOUT, pause=tools.pause)
        return judge(knock, self.host, self.port).checked(self.info, SUITE)


def checks(draft: Draft, first: int) -> list[Check]:
    """Return a check for each port of `security.closed`."""
    return [
        PortCheck(
            info=info_of(draft, _probe(host, port), index), host=host, port=port, requests={Side.NEW: _most(host)}
        )
        for index, (host, port) in enumerate(draft.security.closed, first)
    ]


def judge(knock: Knock, host: str, port: int) -> Found:
    """Say what became of the connection, and from where it was tried."""
    found = Found()
    here = f"{this_machine()} ({knock.here})" if knock.here else this_machine()
    where = f"{host}:{port}"
    found.fact("tried from", new=here)
    found.fact("connection", new=f"{knock.state.value}: {knock.detail}" if knock.detail else knock.state.value)
    if knock.peer:
        found.fact("address", new=knock.peer)
    found.requests[Side.NEW.value] = knock.tried
    if knock.state in _NOTHING_TRIED:
        found.decisions["new"] = Decision.UNCLEAR.value
        found.say(
            Outcome.INCONCLUSIVE,
            f"{where} {_NOTHING_TRIED[knock.state]} from {here}, so nothing is proven: {knock.detail}",
        )
    elif knock.state is Port.OPEN:
        found.decisions["new"] = Decision.THROUGH.value
        found.fail(
            f"port {where}", f"{where} answers a TCP connection from {here}", cause=Cause.WEAKER,
            new=knock.state.value, note="it is in `security.closed`: who reaches it goes past the gateway",
            remedy=_REMEDY,
        )  # fmt: skip
    else:
        found.decisions["new"] = Decision.REFUSED.value
        found.fact("result", new=f"{_CLOSED[knock.state]} from {here}")
    return found


def _most(host: str) -> int:
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return MOST_ADDRESSES
    return 1


def _probe(host: str, port: int) -> Probe:
    return Probe(group=Group.DOORS, row=f"closed: {host}:{port}", column=COLUMN, reads=Reads.REACH, wants=Wants.REFUSED)
