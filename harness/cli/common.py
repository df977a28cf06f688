"""Options and steps that several verbs share."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from harness.scenario.load import load
from harness.scenario.sets import assignments
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
