"""The load suite of a scenario: a check for the schedule and one for each threshold, all of one campaign."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from harness.load.entries import SUITE, infos
from harness.model.check import Check, Tools
from harness.model.event import CaseInfo, Checked
from harness.model.side import Side
from harness.scenario.types import Scenario

if TYPE_CHECKING:
    from harness.load.campaign import Bind, Campaign


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadCheck:
    """What one load run says of the schedule (index 0) or of a threshold; the first that is run sends the load."""

    suite: ClassVar[str] = SUITE

    info: CaseInfo
    campaign: "Campaign" = field(repr=False)
    requests: Mapping[Side, int]

    def run(self, tools: Tools) -> Checked:
        """Return what the load came to for this one."""
        return self.campaign.checked(tools, self.info.index)


def suite(scenario: Scenario, *, bind: "Bind | None" = None) -> tuple[Check, ...]:
    """Return the suite's checks; none where the scenario has no `load` section.

    With `bind` the campaign waits there for workers of other machines. Raises ScenarioError where the mix or the
    arrivals name what is not there.
    """
    if scenario.load is None:
        return ()
    from harness.load.campaign import Campaign  # noqa: PLC0415  most scenarios load nothing

    campaign = Campaign(scenario, bind=bind)
    planned = campaign.planned
    whole = dict.fromkeys(Side, planned.warm_up + planned.requests)
    return tuple(
        LoadCheck(info=info, campaign=campaign, requests={} if info.index else whole) for info in infos(scenario.load)
    )
