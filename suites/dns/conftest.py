"""Says at once what is missing where the suite is run without a scenario."""

import pytest

from harness.pytest_plugin import Rehearsal


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Refuse to collect without the plugin that a scenario brings."""
    if not any(isinstance(plugin, Rehearsal) for plugin in config.pluginmanager.get_plugins()):
        raise pytest.UsageError("the DNS suite needs a scenario: pytest suites/dns --scenario FILE")
