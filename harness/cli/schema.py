"""Print the JSON Schema of scenario files.

In an editor with a YAML language server, put this first into a scenario:
  # yaml-language-server: $schema=./cutover.schema.json
"""

import argparse
import json
import sys

from harness.model.outcome import ExitCode
from harness.scenario.schema import json_schema


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the verb's options."""
    parser.epilog = "example:\n  cutover schema > cutover.schema.json"


def run(_: argparse.Namespace) -> int:
    """Print it."""
    sys.stdout.write(json.dumps(json_schema(), indent=2) + "\n")
    return ExitCode.GO
