"""What the tests of both clouds share: controls of the stand-ins, and a time long enough ago to be whole."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from harness.metrics.read import telemetry
from harness.model.secret import Secret
from harness.model.series import Series, Telemetry
from harness.model.side import Side
from harness.scenario.control import AwsControl, AzureControl, Control
from harness.scenario.credential import SigV4Credential
from tests.servers.azure_management import RESOURCE

SECRET = "a-secret-key-of-the-tests"
TOKEN = "a-token-of-azure-1"
START = time.time() // 3600 * 3600 - 7200
END = START + 600  # ten minutes, an hour ago and more


def aws(endpoint: str, name: str = "orders", **keys: str) -> AwsControl:
    given = keys or {"access_key": "AKIATESTTESTTESTTEST", "secret_key": SECRET}
    credential = SigV4Credential(region="eu-west-1", **given)
    return AwsControl(region="eu-west-1", api="a1b2c3d4e5", stage="prod", name=name, keys=credential, endpoint=endpoint)


def azure(endpoint: str, token: str = TOKEN) -> AzureControl:
    return AzureControl(resource=RESOURCE, token=token, endpoint=endpoint)


def read(control: Control, kind: str = "aws-rest", hidden: list[Secret] | None = None, **more: Any) -> Telemetry:
    found = hidden if hidden is not None else []
    asked: dict[str, Any] = {"start": START, "end": END, "deployments": False} | more
    return telemetry(control, kind, Side.OLD, hide=found.append, **asked)


def the(told: Telemetry, name: str, statistic: str = "sum") -> Series:
    (found,) = [one for one in told.series if (one.name, one.statistic) == (name, statistic)]
    return found


def samples(minutes: Mapping[int, Sequence[float]]) -> list[tuple[float, float]]:
    """Return values by minute of the time as single samples."""
    return [
        (START + 60 * minute + 60 * index / len(values), value)
        for minute, values in minutes.items()
        for index, value in enumerate(values)
    ]
