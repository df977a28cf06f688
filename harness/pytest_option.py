"""The door for plain pytest: adds `--scenario` and, when it is given, brings in the real plugin.

Nothing else happens in anybody else's pytest run: no fixture names, no imports.
"""

from importlib import import_module
from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of `cutover rehearse` that make sense here."""
    group = parser.getgroup("cutover", "cutover: gateway parity")
    group.addoption("--scenario", metavar="FILE", help="scenario to rehearse: asks both gateways, then judges")
    group.addoption(
        "--set", metavar="NAME=VALUE", action="append", default=[], dest="cutover_set", help="fill ${var:NAME}"
    )
    group.addoption("--runs", metavar="DIR", default="cutover-runs", dest="cutover_runs", help="where runs are kept")


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Keep the name `dns` for its owner, before pytest gives it to `suites/dns`."""
    if early_config.known_args_namespace.scenario is not None:
        import_module("harness.dns.library")


def pytest_configure(config: pytest.Config) -> None:
    """Register the plugin proper when a scenario is given."""
    file = config.getoption("scenario")
    if file is None or config.pluginmanager.has_plugin("cutover-run"):
        return
    from harness.pytest_plugin import from_options  # noqa: PLC0415  keeps other people's start-up light

    plugin = from_options(config, file)
    _make_places(config)
    config.pluginmanager.register(plugin, "cutover-run")


def _make_places(config: pytest.Config) -> None:
    """Refuse places that cannot be written before anything is sent; later it would be a traceback."""
    from harness.journal.runs import make_root  # noqa: PLC0415  as above
    from harness.model.errors import UsageError  # noqa: PLC0415  as above

    junit = getattr(config.option, "xmlpath", None)
    try:
        make_root(Path(config.getoption("cutover_runs")))
        if junit:
            Path(junit).parent.mkdir(parents=True, exist_ok=True)
    except UsageError as error:
        raise pytest.UsageError(f"{error}\n    {error.hint}") from error
    except OSError as error:
        raise pytest.UsageError(f"--junitxml {junit}: the folder cannot be made: {error.strerror}") from error
