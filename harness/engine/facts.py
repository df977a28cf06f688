"""What a journal's first line says of gateways and gates."""

from collections.abc import Callable
from datetime import UTC, datetime

from harness.model.event import GateInfo, WaiverInfo
from harness.model.gateway import Gateway
from harness.model.rule import Waiver
from harness.model.side import Side
from harness.scenario.types import Scenario

_Shown = Callable[[str], str]


def gateway_facts(scenario: Scenario, shown: _Shown) -> dict[str, dict[str, str]]:
    """Return the facts to show of each side, masked."""
    return {side.value: _facts(scenario.gateway(side), shown) for side in Side}


def _facts(gateway: Gateway, shown: _Shown) -> dict[str, str]:
    facts = {
        "kind": gateway.kind,
        "url": gateway.url,
        "connect_to": gateway.connect_to or "",
        "ca_file": str(gateway.ca_file or ""),
        "http": gateway.http,
        "proxy": gateway.proxy or "",
    }
    return {name: shown(value) for name, value in facts.items() if value}


def gate_info(scenario: Scenario, now: float, shown: _Shown, suites: tuple[str, ...] = ()) -> GateInfo:
    """Return what deciding needs of the scenario; waivers are judged as of `now` (Unix seconds).

    Where the run is narrowed to `suites`, these are what is required.
    """
    today = datetime.fromtimestamp(now, tz=UTC).date()
    return GateInfo(
        require=suites or scenario.gates.require,
        manual=scenario.gates.manual,
        strict=scenario.compare.strict,
        waivers=tuple(_waiver(waiver, expired=waiver.until < today, shown=shown) for waiver in scenario.waivers),
    )


def _waiver(waiver: Waiver, *, expired: bool, shown: _Shown) -> WaiverInfo:
    return WaiverInfo(
        id=waiver.id,
        at=waiver.at,
        case=shown(waiver.case or waiver.operation or "*"),
        owner=shown(waiver.owner),
        until=waiver.until.isoformat(),
        because=shown(waiver.because),
        expired=expired,
    )
