"""Options and steps that several verbs share."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from harness.model.errors import UsageError
from harness.scenario.load import load
from harness.scenario.types import Scenario

RUNS = "cutover-runs"


def scenario_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how a scenario is read."""
    parser.add_argument("--set", metavar="NAME=VALUE", action="append", default=[], help="fill ${var:NAME}")


def runs_option(parser: argparse.ArgumentParser) -> None:
    """Add the place where runs are kept."""
    parser.add_argument("--runs", metavar="DIR", type=Path, default=Path(RUNS), help=f"where runs are kept ({RUNS})")


def read_scenario(file: str, sets: Sequence[str]) -> Scenario:
    """Load a scenario; raises ScenarioError or UsageError."""
    return load(Path(file), sets=assignments(sets))


def assignments(sets: Sequence[str]) -> dict[str, str]:
    """Return the NAME=VALUE texts of --set as a dict; raises UsageError."""
    return dict(map(_assignment, sets))


def _assignment(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise UsageError(f"--set {text}: expected NAME=VALUE", hint="for example --set stage=test")
    return name, value
