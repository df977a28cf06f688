"""The new gateway refuses whatever the old one refused, and lets in whomever the old one let in."""

import pytest

from harness.pytest_plugin import UnderTest


@pytest.mark.cutover
def test_cell(probe: UnderTest) -> None:
    """One question of the security suite: asked of both sides and decided before this judges."""
    probe.check()
