"""What all tests share: the third-party servers that some need, and what becomes of a test where one is missing."""

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.servers import envoy as envoy_server
from tests.servers import netns, watched
from tests.servers import nginx as nginx_server
from tests.servers import nsd as nsd_server
from tests.servers import unbound as unbound_server
from tests.servers.nginx import Nginx
from tests.servers.process import find_program
from tests.servers.tls import Authority

FINDERS: dict[str, Callable[[], str | None]] = {
    "nginx": nginx_server.find,
    "nsd": nsd_server.find,
    "unbound": unbound_server.find,
    "dig": lambda: find_program("dig"),
    "netns": netns.find,
    "envoy": envoy_server.find,
    "chromium": lambda: find_program("chromium", "chromium-browser", "google-chrome"),
    "openssl": lambda: find_program("openssl"),
    "strace": watched.find,
}

_NEEDS = re.compile(r"needs (\w+), which is not on this machine")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose server is not on this machine; on CI that is a failure, or a green run would prove less."""
    for name in _wanted(item):
        if FINDERS[name]() is None:
            text = f"needs {name}, which is not on this machine (run `make servers`)"
            if os.environ.get("CI"):
                pytest.fail(text, pytrace=False)
            pytest.skip(text)


def _wanted(item: pytest.Item) -> list[str]:
    names = [str(name) for marker in item.iter_markers("server") for name in marker.args]
    for name in names:
        if name not in FINDERS:
            pytest.fail(f"unknown server {name!r}; tests/conftest.py knows {', '.join(sorted(FINDERS))}", pytrace=False)
    return names


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say which servers were missed and how many tests did not run for it, in this process or in those beside it."""
    reports = [one for kind in ("skipped", "failed", "error") for one in terminalreporter.stats.get(kind, ())]
    found = [_NEEDS.search(str(report.longrepr)) for report in reports]
    for name, count in sorted(Counter(match[1] for match in found if match).items()):
        terminalreporter.write_line(f"{count} test(s) not run: {name} is missing (run `make servers`)", yellow=True)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Return a certificate authority made for this run."""
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def start_nginx(tmp_path: Path) -> Iterator[Callable[..., Nginx]]:
    """Return a function that starts an nginx from `server { … }` texts; all are stopped at the end of the test."""
    with ExitStack() as stack:

        def start(*servers: nginx_server.Server) -> Nginx:
            folder = tmp_path / f"nginx-{len(list(tmp_path.glob('nginx-*')))}"
            return stack.enter_context(Nginx(folder, servers))

        yield start


@pytest.fixture
def start_envoy(tmp_path: Path) -> Iterator[Callable[..., envoy_server.Envoy]]:
    """Return a function that starts an Envoy from a route table; all are stopped at the end of the test."""
    with ExitStack() as stack:

        def start(setup: envoy_server.Setup) -> envoy_server.Envoy:
            folder = tmp_path / f"envoy-{len(list(tmp_path.glob('envoy-*')))}"
            return stack.enter_context(envoy_server.Envoy(folder, setup))

        yield start
