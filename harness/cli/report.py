"""Make the reports of a run again from its journal, byte for byte.

The journal is verified first: where a byte was edited or a line was cut, the line is named, nothing is written, and
the exit code is 3. Otherwise the exit code is that of the run's verdict.
"""

import argparse
import sys

from harness.cli.common import runs_option
from harness.journal.runs import resolve
from harness.model.outcome import EXIT_OF_VERDICT, ExitCode
from harness.report.console import Console
from harness.report.render import render


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the verb's options."""
    parser.add_argument("run", metavar="RUN", nargs="+", help="an id, a path, or `latest`")
    runs_option(parser)
    parser.epilog = "examples:\n  cutover report latest\n  cutover report cutover-runs/20261121-081500-orders-3f2a"


def run(args: argparse.Namespace) -> int:
    """Render each run; the worst exit code wins."""
    codes = []
    for name in args.run:
        summary, files = render(resolve(args.runs, name))
        Console(sys.stdout).finish(summary, files)
        interrupted = summary.state == "interrupted"
        codes.append(ExitCode.INTERRUPTED if interrupted else EXIT_OF_VERDICT[summary.verdict])
    return worst(codes)


_WORST_FIRST = (
    ExitCode.INTERNAL,
    ExitCode.USAGE,
    ExitCode.INTERRUPTED,
    ExitCode.NO_GO,
    ExitCode.HOLD,
    ExitCode.GO,
)


def worst(codes: list[ExitCode]) -> int:
    """Return the exit code that matters most."""
    return int(min(codes, key=_WORST_FIRST.index))
