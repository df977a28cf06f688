"""Under the load that it will meet, the new gateway is as fast and as steady as the old one."""

import pytest

from harness.pytest_plugin import UnderTest


@pytest.mark.cutover
def test_threshold(threshold: UnderTest) -> None:
    """One threshold of the load section: both sides were loaded, and it was decided, before this judges."""
    threshold.check()
