"""`cutover dns watch`: until when it watches."""

import argparse
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from harness.cli.dns import DEFAULT_WATCH, _moment, _section, _until
from harness.model.errors import UsageError
from harness.scenario.moving import Dns, ProxySwitch

if TYPE_CHECKING:
    from harness.scenario.types import Scenario

NOW = datetime(2026, 11, 21, 14, 20, 30, tzinfo=UTC).timestamp()


def _said(until: str = "", deadline: str = "", *, rehearse: bool = False) -> argparse.Namespace:
    return argparse.Namespace(until=until, deadline=deadline, rehearse=rehearse)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("15:00Z", "2026-11-21T15:00:00+00:00"),
        ("14:20Z", "2026-11-22T14:20:00+00:00"),
        ("14:20:31Z", "2026-11-21T14:20:31+00:00"),
        ("2026-11-21T16:00:00+01:00", "2026-11-21T15:00:00+00:00"),
        ("2026-11-21T15:00Z", "2026-11-21T15:00:00+00:00"),
    ],
)
def test_a_time_of_day_is_the_next_one(text: str, moment: str) -> None:
    assert datetime.fromtimestamp(_moment(text, NOW), UTC).isoformat() == moment


@pytest.mark.parametrize(
    "text", ["15:00", "25:00Z", "2026-11-21T15:00:00", "2026-11-21T14:00:00Z", "2027-01-01T00:00:00Z"]
)
def test_a_moment_without_a_zone_or_out_of_reach_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--deadline"):
        _moment(text, NOW)


@pytest.mark.parametrize(
    ("dns", "words"),
    [(None, "no `dns` section"), (Dns(moves=(), switch=ProxySwitch()), "moves callers request by request")],
)
def test_where_no_record_changes_there_is_nothing_to_watch(dns: Dns | None, words: str) -> None:
    scenario = cast("Scenario", SimpleNamespace(dns=dns, files=(Path("orders.yaml"),)))
    with pytest.raises(UsageError, match=words):
        _section(scenario, rehearse=False)


def test_the_window_ends_the_watch_where_nobody_says_otherwise() -> None:
    dns = Dns(moves=(), window=(NOW - 600, NOW + 1800))
    assert _until(_said(), dns, NOW) == NOW + 1800
    assert _until(_said(until="10m"), dns, NOW) == NOW + 600
    assert _until(_said(rehearse=True), dns, NOW) == NOW + DEFAULT_WATCH
    assert _until(_said(), Dns(moves=(), window=(NOW - 600, NOW - 60)), NOW) == NOW + DEFAULT_WATCH
    assert _until(_said(), Dns(moves=()), NOW) == NOW + DEFAULT_WATCH
