"""What monitoring tells of a load: the old side's history before it, and both sides while it ran."""

import time
from dataclasses import dataclass

from harness.metrics.read import PERCENTILES, telemetry
from harness.model.check import Tools
from harness.model.load import LoadTick
from harness.model.series import Absence, Telemetry
from harness.model.side import Side
from harness.model.threshold import Metric
from harness.scenario.types import Scenario

_LATE = 240.0  # seconds that are waited at most for figures of the load's own time
_AGAIN = 15.0
_MINUTE = 60.0
_CAPACITY = "the capacity of the load's time, which is published minutes later; Ctrl-C judges without it"


@dataclass(frozen=True, slots=True)
class Monitoring:
    """The control planes that a scenario names; nobody else is asked."""

    scenario: Scenario

    def history(self, tools: Tools) -> tuple[Telemetry, ...]:
        """Return what the old side's monitoring has on record; nothing where the scenario names no control plane."""
        load = self.scenario.load
        assert load is not None
        now = time.time()
        return self._read((Side.OLD,), now - load.last, now, tools, deployments=True)

    def window(self, start: float, end: float, tools: Tools) -> tuple[Telemetry, ...]:
        """Return what monitoring has of the load's time (Unix seconds), in whole minutes.

        A threshold on capacity waits for figures that are late, as services publish them after minutes.
        """
        first, last = start - start % _MINUTE, end + _MINUTE - end % _MINUTE
        until = time.monotonic() + (_LATE if self._waits() else 0.0)
        while True:
            found = self._read(tuple(Side), first, last, tools, deployments=False)
            if time.monotonic() >= until or not _late(found) or not _waited(tools):
                return found

    def _waits(self) -> bool:
        load = self.scenario.load
        assert load is not None
        return any(threshold.metric is Metric.CAPACITY for threshold in load.thresholds)

    def _percentiles(self) -> tuple[float, ...]:
        """Return what is always read, and what the thresholds ask for besides."""
        load = self.scenario.load
        assert load is not None
        asked = {one.percentile for one in load.thresholds if 0 < one.percentile < 1}
        return tuple(sorted({*PERCENTILES, *asked}))

    def _read(
        self, sides: tuple[Side, ...], start: float, end: float, tools: Tools, *, deployments: bool
    ) -> tuple[Telemetry, ...]:
        return tuple(
            telemetry(
                control,
                self.scenario.gateway(side).kind,
                side,
                start=start,
                end=end,
                percentiles=self._percentiles(),
                deployments=deployments,
                hide=tools.hide,
            )
            for side in sides
            if (control := self.scenario.controls.get(side)) is not None
        )


def _late(found: tuple[Telemetry, ...]) -> bool:
    """Tell whether the capacity's figures may still come."""
    waited_for = {Absence.LATE, Absence.NO_TELEMETRY, Absence.PARTIAL}
    series = [one for told in found for one in told.series if one.name == "capacity"]
    return any(one.absence in waited_for for one in series)


def _waited(tools: Tools) -> bool:
    """Wait a little, showing why; False where the user wants to end."""
    until = time.monotonic() + _AGAIN
    while (left := until - time.monotonic()) > 0:
        if tools.stopping():
            return False
        tools.show(LoadTick.waiting_for(_CAPACITY))
        time.sleep(min(left, 1.0))
    return True
