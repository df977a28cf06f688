"""The DNS suite of a scenario: a check for each topic of each name, all of one survey."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from harness.dns.entries import CAA, CERTIFICATE, HOST, SNI, SUITE, infos
from harness.model.check import Check, Tools
from harness.model.event import CaseInfo, Checked
from harness.model.side import Side
from harness.scenario.types import Scenario

if TYPE_CHECKING:
    from harness.dns.campaign import Campaign

_MOST_CONNECTIONS: Mapping[str, Mapping[Side, int]] = {
    CAA: {Side.NEW: 16},
    CERTIFICATE: {Side.NEW: 16},
    SNI: {Side.OLD: 1, Side.NEW: 8},
    HOST: {Side.OLD: 1, Side.NEW: 9},
}
"""What the topics send that look at the new side itself; all others ask name servers and control planes.

Of two that look at the same (CAA and the certificate), the first alone sends anything.
"""


@dataclass(slots=True)
class _Shared:
    """The campaign of all checks, begun by the first that is run: a plan has no use for what asks and judges."""

    scenario: Scenario
    _campaign: "Campaign | None" = field(default=None, init=False)

    def begun(self) -> "Campaign":
        """Return it."""
        if self._campaign is None:
            from harness.dns.campaign import Campaign  # noqa: PLC0415  heavy, and plans run nothing

            self._campaign = Campaign(self.scenario)
        return self._campaign


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsCheck:
    """What one topic says of one name; the first that is run has all names surveyed."""

    suite: ClassVar[str] = SUITE

    info: CaseInfo
    shared: _Shared = field(repr=False)
    move: int
    topic: str

    @property
    def requests(self) -> Mapping[Side, int]:
        """The most that it sends to the two sides."""
        dns = self.shared.scenario.dns
        if self.topic == CAA and dns is not None and dns.issuers:
            return {}
        return _MOST_CONNECTIONS.get(self.topic, {})

    def run(self, tools: Tools) -> Checked:
        """Return what the topic comes to."""
        return self.shared.begun().checked(tools, self.info, self.move, self.topic)


def suite(scenario: Scenario) -> tuple[Check, ...]:
    """Return the suite's checks; none where the scenario has no `dns` section."""
    if scenario.dns is None:
        return ()
    shared = _Shared(scenario)
    return tuple(
        DnsCheck(info=info, shared=shared, move=move, topic=topic)
        for info, move, topic in infos(scenario, scenario.dns)
    )
