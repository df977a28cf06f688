"""All that a scenario asks: the cases and checks of each suite that has a section."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from harness.dns import suite as dns
from harness.engine.plan import cost, info, skip_reason
from harness.load import suite as load
from harness.model.check import Check
from harness.model.event import CaseInfo
from harness.model.gateway import Gateway
from harness.model.probe import Probe
from harness.model.side import Side
from harness.scenario.types import Case, Identity, Scenario
from harness.security import suite as security
from harness.security.doors import gateways as doors_of

PARITY = "parity"
SECURITY = "security"
LOAD = "load"
DNS = "dns"

Item = Case | Check
"""What a suite asks: a case is sent to both sides, a check looks by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suites:
    """Items by suite, in order of their indices; the callers and doors that they name."""

    items: dict[str, tuple[Item, ...]]
    identities: dict[str, Identity] = field(default_factory=dict)
    doors: dict[str, Gateway] = field(default_factory=dict)

    def with_controls(self, chosen: Iterable[Item]) -> list[Item]:
        """Return the chosen items, and the controls that they lean on, in order."""
        wanted = {key_of(item) for item in chosen}
        wanted |= {(LOAD, 0) for suite, _ in wanted if suite == LOAD}  # a load that is late proves nothing
        for items in self.items.values():
            for item in items:
                probe = _probe_of(item)
                if probe is not None and probe.control is not None and key_of(item) in wanted:
                    wanted.add((suite_of(item), probe.control))
        return [item for items in self.items.values() for item in items if key_of(item) in wanted]


def names(scenario: Scenario) -> tuple[str, ...]:
    """Return the suites that have a section."""
    sections = (
        (PARITY, scenario.cases),
        (SECURITY, scenario.security),
        (LOAD, scenario.load),
        (DNS, scenario.dns),
    )
    return tuple(suite for suite, section in sections if section is not None)


def suites_of(scenario: Scenario, *, bind: tuple[str, int] | None = None) -> Suites:
    """Return what a run of the scenario asks, one side or both; with `bind` the load's workers come from elsewhere."""
    asked = security.suite(scenario)
    items: dict[str, tuple[Item, ...]] = {PARITY: scenario.cases}
    if scenario.security is not None:
        items[SECURITY] = (*asked.cases, *asked.checks)
    if scenario.load is not None:
        items[LOAD] = load.suite(scenario, bind=bind)
    if scenario.dns is not None:
        items[DNS] = dns.suite(scenario)
    return Suites(items=items, identities=asked.identities, doors=doors_of(scenario))


def info_of(item: Item) -> CaseInfo:
    """Return an item as it is planned."""
    return info(item) if isinstance(item, Case) else item.info


def _probe_of(item: Item) -> Probe | None:
    return item.probe if isinstance(item, Case) else item.info.probe


def suite_of(item: Item) -> str:
    """Return the suite that an item belongs to."""
    return item.suite


def key_of(item: Item) -> tuple[str, int]:
    """Return what identifies an item: suite and index."""
    return suite_of(item), item.index if isinstance(item, Case) else item.info.index


def parted(items: Sequence[Item]) -> tuple[list[Case], list[Check]]:
    """Return the cases and the checks of `items`."""
    cases = [item for item in items if isinstance(item, Case)]
    return cases, [item for item in items if not isinstance(item, Case)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What a part of the security suite would ask: cells, those not asked, and requests by side."""

    cells: int = 0
    left_out: int = 0
    old: int = 0
    new: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            cells=self.cells + other.cells,
            left_out=self.left_out + other.left_out,
            old=self.old + other.old,
            new=self.new + other.new,
        )


def tallies(scenario: Scenario, items: Sequence[Item]) -> dict[str, Tally]:
    """Return what the security suite would ask, by group, in the order of the suite."""
    found: dict[str, Tally] = {}
    for item in items:
        probe = _probe_of(item)
        group = probe.group.value if probe else ""
        found[group] = found.get(group, Tally()) + _tally(scenario, item)
    return found


def _tally(scenario: Scenario, item: Item) -> Tally:
    if not isinstance(item, Case):
        return Tally(cells=1, old=item.requests.get(Side.OLD, 0), new=item.requests.get(Side.NEW, 0))
    if skip_reason(item):
        return Tally(cells=1, left_out=1)
    total = cost(scenario, [item])
    return Tally(cells=1, old=total.old, new=total.new)
