"""Print the folder that holds the suites, so that plain pytest can run them from anywhere."""

import argparse
import sys

from harness.content import content_dir
from harness.model.outcome import ExitCode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the verb's options."""
    parser.epilog = (
        "examples:\n"
        "  pytest $(cutover suites)/parity --scenario orders.yaml -k orders\n"
        "  pytest $(cutover suites)/security --scenario orders.yaml -k 'expired and token'"
    )


def run(_: argparse.Namespace) -> int:
    """Print it."""
    sys.stdout.write(f"{content_dir() / 'suites'}\n")
    return ExitCode.GO
