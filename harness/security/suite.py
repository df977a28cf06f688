"""The security suite of a scenario: its cases, the identities made for them, and its checks."""

from collections.abc import Callable
from dataclasses import dataclass, field

from harness.model.check import Check
from harness.scenario.types import Case, Identity, Scenario
from harness.security.draft import Draft
from harness.security.operation import operations

Part = Callable[[Draft], None]
CheckPart = Callable[[Draft, int], list[Check]]

PARTS: tuple[Part, ...] = ()
"""Each adds its cases to the draft; the order is that of the report."""

CHECK_PARTS: tuple[CheckPart, ...] = ()
"""Each makes checks, numbered from the index that it is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """What is asked: cases and checks share one row of indices; `identities` are those of the scenario and the made."""

    cases: tuple[Case, ...] = ()
    checks: tuple[Check, ...] = ()
    identities: dict[str, Identity] = field(default_factory=dict)


def suite(scenario: Scenario) -> Suite:
    """Return the suite; empty where the scenario has no `security` section. The same scenario gives the same suite."""
    if scenario.security is None:
        return Suite(identities=scenario.identities)
    security = scenario.security
    draft = Draft(scenario=scenario, security=security, operations=operations(scenario, security))
    for part in PARTS:
        part(draft)
    checks: list[Check] = []
    for check_part in CHECK_PARTS:
        checks += check_part(draft, len(draft.cases) + len(checks))
    return Suite(
        cases=tuple(draft.cases),
        checks=tuple(checks),
        identities={**scenario.identities, **draft.identities},
    )
