"""The new gateway answers as the old one did."""

import pytest


@pytest.mark.cutover
def test_case(pair):
    """One case of the scenario: sent to both sides and compared before this judges."""
    pair.check()
