"""The security suite of a scenario: its cases, the identities made for them, and its checks."""

from collections.abc import Callable
from dataclasses import dataclass, field

from harness.model.check import Check
from harness.model.errors import Problem, ScenarioError
from harness.model.probe import Probe
from harness.scenario.types import Case, Identity, Scenario, Security
from harness.security import cors, doors, limits, matrix, plain_check, ports_check, smuggling, surface, tls_check, waf
from harness.security.draft import Draft, is_required
from harness.security.operation import operations

Part = Callable[[Draft], None]
CheckPart = Callable[[Draft, int], list[Check]]

PARTS: tuple[Part, ...] = (
    matrix.add,
    surface.add,
    cors.add,
    waf.add,
    doors.add,
    tls_check.add,
    plain_check.add,
    smuggling.add,
    limits.add,
)
"""Each adds its cases to the draft; the order is that of the report."""

CHECK_PARTS: tuple[CheckPart, ...] = (
    ports_check.checks,
    tls_check.checks,
    plain_check.checks,
    smuggling.checks,
    limits.checks,  # the last: their bursts throttle callers
)
"""Each makes checks, numbered from the index that it is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """What is asked: cases and checks share one row of indices; `identities` are those of the scenario and the made."""

    cases: tuple[Case, ...] = ()
    checks: tuple[Check, ...] = ()
    identities: dict[str, Identity] = field(default_factory=dict)


def suite(scenario: Scenario) -> Suite:
    """Return the suite; empty where the scenario has no `security` section. The same scenario gives the same suite.

    Raises ScenarioError for a word of `security.require` that names no cell: it would go unheard.
    """
    if scenario.security is None:
        return Suite(identities=scenario.identities)
    security = scenario.security
    draft = Draft(scenario=scenario, security=security, operations=operations(scenario, security))
    for part in PARTS:
        part(draft)
    checks: list[Check] = []
    for check_part in CHECK_PARTS:
        checks += check_part(draft, len(draft.cases) + len(checks))
    _all_named(security, [case.probe for case in draft.cases] + [check.info.probe for check in checks])
    return Suite(
        cases=tuple(draft.cases),
        checks=tuple(checks),
        identities={**scenario.identities, **draft.identities},
    )


def _all_named(security: Security, probes: list[Probe | None]) -> None:
    problems = [
        Problem(
            file=file,
            line=line,
            column=column,
            message=f"'{word}' names nothing that this suite asks",
            hint='name a group, a column, or "row: column"; `cutover plan FILE --all` lists the cells',
        )
        for word, (file, line, column) in security.written.items()
        if not any(probe is not None and is_required(probe, (word,)) for probe in probes)
    ]
    if problems:
        raise ScenarioError(problems)
