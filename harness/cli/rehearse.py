"""Ask both gateways every case of a scenario, compare the answers, and say GO, HOLD or NO-GO.

Writes a run under cutover-runs/: the journal (evidence), report.html, report.json, report.md, report.sarif and
junit.xml. Unsafe methods (POST, PUT, PATCH, DELETE) are sent only for cases that say `unsafe: run`. Where the scenario
has a `security` section, both gateways are also asked what careless and hostile callers would ask; where it has a
`load` section, both get the same load, at the same time.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from harness.cli.common import runs_option, scenario_options
from harness.cli.execute import Selection, execute
from harness.cli.report import worst
from harness.engine.session import Order
from harness.engine.stored import first_line
from harness.engine.suites import DNS, LOAD, PARITY, SECURITY, names
from harness.journal.runs import resolve
from harness.model.errors import UsageError
from harness.model.side import Side
from harness.scenario.load import load
from harness.scenario.sets import assignments
from harness.scenario.types import Scenario

SUITES = (PARITY, SECURITY, LOAD, DNS)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the verb's options."""
    parser.add_argument("file", metavar="FILE", nargs="*", help="scenario; several make a run each")
    parser.add_argument("--suite", action="append", choices=SUITES, help="judge this suite alone (default: all)")
    parser.add_argument(
        "-k", dest="keyword", metavar="EXPR", default="", help="only what has these words in its name, as in pytest"
    )
    parser.add_argument("--lf", action="store_true", help="only what failed last time")
    one_side = parser.add_mutually_exclusive_group()
    one_side.add_argument("--only", choices=[side.value for side in Side], help="ask one side now (ends in HOLD)")
    one_side.add_argument("--against", metavar="RUN", default="", help="ask the other side and compare with that run")
    one_side.add_argument("--resume", metavar="RUN", default="", help="go on with a run that was interrupted or killed")
    parser.add_argument("--junitxml", metavar="PATH", type=Path, help="also write pytest's own JUnit file")
    scenario_options(parser)
    runs_option(parser)
    parser.epilog = (
        "examples:\n"
        "  cutover rehearse orders.yaml\n"
        "  cutover rehearse orders.yaml -k 'orders and not export' --set stage=test\n"
        "  cutover rehearse orders.yaml --suite security -k 'expired and token'\n"
        "  cutover rehearse orders.yaml --suite load\n"
        "  cutover rehearse orders.yaml --suite dns        # is the name ready to move?\n"
        "  cutover rehearse orders.yaml --only old        # in the old network, then\n"
        "  cutover rehearse orders.yaml --against latest  # in the new one\n"
        "  cutover rehearse --resume latest"
    )


def _check_junit(path: Path | None, files: int) -> None:
    """Raise UsageError where the JUnit file cannot be written, before anything is sent."""
    if path is None:
        return
    if files > 1:
        raise UsageError(
            "--junitxml takes one scenario", hint="each run writes a junit.xml of its own, beside its report"
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"--junitxml {path}: the folder cannot be made: {error.strerror}"
        raise UsageError(message, hint="name a file in a folder that can be written") from error
    if path.is_dir():
        raise UsageError(f"--junitxml {path}: this is a directory", hint="name a file")


def _check_suites(scenario: Scenario, suites: Sequence[str]) -> None:
    """Raise UsageError where a suite is asked for that the scenario has no section for."""
    for suite in suites:
        if suite not in names(scenario):
            message = f"{scenario.files[0]}: no `{suite}` section, so there is nothing for --suite {suite}"
            raise UsageError(message, hint=f"add `{suite}:` to the scenario, or leave --suite out")


def run(args: argparse.Namespace) -> int:
    """Rehearse each scenario; all are read before anything is sent."""
    if len(args.file) > 1 and (args.resume or args.against):
        raise UsageError("--resume and --against take one scenario", hint="name a single FILE")
    _check_junit(args.junitxml, len(args.file))
    sets = assignments(args.set)
    files = list(args.file)
    if args.resume and not files:
        started = first_line(resolve(args.runs, args.resume))
        files, sets = [started.source], {**started.sets, **sets}
    if not files:
        raise UsageError("no scenario named", hint="cutover rehearse FILE; scenarios/ has examples")
    scenarios = [load(Path(file), sets=sets) for file in files]
    for scenario in scenarios:
        _check_suites(scenario, args.suite or ())
    only = Side(args.only) if args.only else None
    order = Order(runs=args.runs, sets=sets, only=only, against=args.against, resume=args.resume)
    selection = Selection(suites=tuple(args.suite or ()), keyword=args.keyword, lf=args.lf, junitxml=args.junitxml)
    return worst([execute(scenario, order, selection) for scenario in scenarios])
