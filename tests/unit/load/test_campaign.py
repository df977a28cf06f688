"""A load is sent once, whatever becomes of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.load.campaign import Campaign
from harness.model.errors import HarnessError
from tests.unit.load.scenario_text import scenario


class Full:
    """Tools whose journal takes no line: the disk is full."""

    def __init__(self) -> None:
        self.told = 0

    def tell(self, event: object) -> None:
        self.told += 1
        raise OSError("no space left on device")

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return lambda *given, **_: given[-1] if given else False


def test_a_load_that_broke_off_is_not_begun_again_for_the_next_threshold(tmp_path: Path) -> None:
    campaign, tools = Campaign(scenario(tmp_path, "{profile: {rate: 50, for: 2m}, mix: {health: 1}}")), Full()
    with pytest.raises(OSError, match="no space"):
        campaign.checked(tools, 0)
    for index in (0, 1, 2):
        with pytest.raises(HarnessError, match="not sent a second time"):
            campaign.checked(tools, index)
    assert tools.told == 1
