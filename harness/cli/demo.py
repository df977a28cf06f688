"""See it work: a lab on free ports, a faithful migration (GO), then the same with six defects (NO-GO).

Nothing leaves this machine. Exits 0 when both verdicts are as they should be, 3 when they are not.
"""

import argparse
import sys
from pathlib import Path

from harness.cli.common import runs_option
from harness.cli.execute import Selection, execute
from harness.content import content_dir
from harness.engine.session import Order
from harness.lab.serve import Lab
from harness.model.outcome import ExitCode
from harness.scenario.load import load

DEFECTS = (
    "path-case-insensitive",
    "header-dropped",
    "number-precision",
    "null-dropped",
    "old-address-in-links",
    "key-not-required",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the verb's options."""
    runs_option(parser)
    parser.epilog = "example:\n  cutover demo        # then open the report.html that it names"


def run(args: argparse.Namespace) -> int:
    """Rehearse both; tell whether the verdicts are right."""
    clean = _rehearse(args.runs, (), "1 of 2: a faithful migration; every difference should be accounted for")
    if clean is ExitCode.INTERRUPTED:
        return clean
    words = f"2 of 2: the same with {len(DEFECTS)} defects: {', '.join(DEFECTS)}"
    faulty = _rehearse(args.runs, DEFECTS, words)
    if faulty is ExitCode.INTERRUPTED:
        return faulty
    right = clean is ExitCode.GO and faulty is ExitCode.NO_GO
    sys.stdout.write(
        "\nBoth verdicts are right: GO for the faithful gateway, NO-GO for the faulty one.\n"
        "Next: `cutover plan FILE` with a scenario of your own; scenarios/ has examples.\n"
        "Who gets in is the security suite's question: `cutover lab` prints the command that asks it.\n"
        if right
        else f"\nUnexpected: the faithful pair ended in {clean.name}, the faulty one in {faulty.name}.\n"
    )
    return ExitCode.GO if right else ExitCode.INTERNAL


def _rehearse(runs: Path, defects: tuple[str, ...], words: str) -> ExitCode:
    sys.stdout.write(f"\n== {words}\n\n")
    sys.stdout.flush()
    with Lab(*defects) as ports:
        sets = {"old_port": str(ports.old), "new_port": str(ports.new)}
        scenario = load(content_dir() / "scenarios" / "demo.yaml", sets=sets)
        return execute(scenario, Order(runs=runs), Selection())
