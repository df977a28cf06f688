"""The name is ready to move, and comes back fast enough if it must."""

import pytest

from harness.pytest_plugin import UnderTest


@pytest.mark.cutover
def test_topic(topic: UnderTest) -> None:
    """One topic of one name: name servers, resolvers and the new side were asked before this judges."""
    topic.check()
