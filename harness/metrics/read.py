"""What monitoring tells of a gateway: the one door to CloudWatch and Azure Monitor."""

import time
from collections.abc import Callable, Sequence

from harness.clouds.unread import Unread
from harness.metrics import azure, cloudwatch
from harness.metrics.window import window
from harness.model.secret import Secret
from harness.model.series import TIER_UNKNOWN, Telemetry
from harness.model.side import Side
from harness.scenario.control import AwsControl, Control

PERCENTILES = (0.5, 0.9, 0.95, 0.99)


def telemetry(
    control: Control,
    kind: str,
    side: Side,
    *,
    start: float,
    end: float,
    percentiles: Sequence[float] = PERCENTILES,
    deployments: bool = True,
    hide: Callable[[Secret], None],
) -> Telemetry:
    """Return what the control plane's monitoring tells between `start` and `end` (Unix seconds, widened to periods).

    `kind` is the gateway's. `hide` is told each secret that is fetched on the way, before it is used. Never raises for
    the service's faults: what could not be read says why, by series or as a whole (`absence`, `trouble`).
    """
    asked = window(start, end, time.time())
    try:
        if isinstance(control, AwsControl):
            return cloudwatch.read(control, kind, side, asked, percentiles, deployments=deployments, hide=hide)
        return azure.read(control, side, asked, deployments=deployments, hide=hide)
    except Unread as trouble:
        return Telemetry(
            side=side.value,
            what=what(control),
            start=asked.start,
            end=asked.end,
            facts={} if isinstance(control, AwsControl) else {TIER_UNKNOWN: trouble.reason},
            absence=trouble.kind,
            trouble=trouble.reason,
        )


def what(control: Control) -> str:
    """Name a stage or service for people."""
    if isinstance(control, AwsControl):
        return f"stage {control.stage} of API {control.api}"
    return f"service {control.resource.rstrip('/').rpartition('/')[2]}"
