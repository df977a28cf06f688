"""The new gateway answers as the old one did."""

import pytest

from harness.pytest_plugin import PairUnderTest


@pytest.mark.cutover
def test_case(pair: PairUnderTest) -> None:
    """One case of the scenario: sent to both sides and compared before this judges."""
    pair.check()
