"""The new gateway answers as the old one did."""

import pytest

from harness.pytest_plugin import UnderTest


@pytest.mark.cutover
def test_case(pair: UnderTest) -> None:
    """One case of the scenario: sent to both sides and compared before this judges."""
    pair.check()
