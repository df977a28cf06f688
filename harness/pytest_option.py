"""The door for plain pytest: adds `--scenario` and, when it is given, brings in the real plugin.

Nothing else happens in anybody else's pytest run: no fixture names, no imports.
"""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of `cutover rehearse` that make sense here."""
    group = parser.getgroup("cutover", "cutover: gateway parity")
    group.addoption("--scenario", metavar="FILE", help="scenario to rehearse: asks both gateways, then judges")
    group.addoption(
        "--set", metavar="NAME=VALUE", action="append", default=[], dest="cutover_set", help="fill ${var:NAME}"
    )
    group.addoption("--runs", metavar="DIR", default="cutover-runs", dest="cutover_runs", help="where runs are kept")


def pytest_configure(config: pytest.Config) -> None:
    """Register the plugin proper when a scenario is given."""
    file = config.getoption("scenario")
    if file is None or config.pluginmanager.has_plugin("cutover-run"):
        return
    from harness.pytest_plugin import from_options  # noqa: PLC0415  keeps other people's start-up light

    config.pluginmanager.register(from_options(config, file), "cutover-run")
