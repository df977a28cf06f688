"""Ask both gateways one case now and show the answers side by side, with `curl` commands to see it by hand.

Writes a run of its own, like everything that sends; its verdict covers this one case. Secrets are shown as variables.
"""

import argparse
import sys
from dataclasses import dataclass, field
from difflib import get_close_matches

from harness.cli.common import read_scenario, runs_option, scenario_options
from harness.decide.pair import Judgement
from harness.engine.plan import skip_reason
from harness.engine.session import Order, Session
from harness.engine.suites import Suites, suites_of
from harness.model.difference import Difference
from harness.model.errors import UsageError
from harness.model.exchange import Exchange
from harness.model.outcome import EXIT_OF_VERDICT, ExitCode
from harness.model.side import Side
from harness.report.render import render
from harness.report.side_by_side import Probed, show_probe
from harness.scenario.types import Case


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the verb's options."""
    parser.add_argument("file", metavar="FILE", help="scenario")
    parser.add_argument(
        "--case", metavar="NAME", required=True, help="name of a case, or of a cell of the security suite"
    )
    scenario_options(parser)
    runs_option(parser)
    parser.epilog = (
        "examples:\n"
        "  cutover probe orders.yaml --case 'list orders'\n"
        "  cutover probe orders.yaml --case 'GET /orders: no credential'"
    )


def run(args: argparse.Namespace) -> int:
    """Ask, show, and exit by the outcome of the case."""
    scenario = read_scenario(args.file, args.set)
    suites = suites_of(scenario)
    case = _named(suites, args.case)
    if skip_reason(case):
        raise UsageError(f"{case.name}: {skip_reason(case)}", hint="a probe sends what a rehearsal would, nothing more")
    seen = _Seen(case)
    with Session.open(scenario, suites, Order(runs=args.runs)) as session:
        session.examination.seen = seen.take
        items = suites.with_controls([case])
        session.plan(items, selection=f"probe of {case.name}")
        for _ in session.run(items):
            pass
        session.end()
        gateways = {side: scenario.gateway(side) for side in Side}
        show_probe(sys.stdout, seen.steps, gateways, session.shown)
    summary, files = render(session.run_dir)
    sys.stdout.write(f"\n{summary.verdict} for this case; evidence: {next(iter(files.values())).parent}\n")
    return int(EXIT_OF_VERDICT.get(summary.verdict, ExitCode.INTERNAL))


def _named(suites: Suites, name: str) -> Case:
    cases = [item for items in suites.items.values() for item in items if isinstance(item, Case)]
    for case in cases:
        if case.name == name:
            return case
    near = get_close_matches(name, [case.name for case in cases], n=1)
    hint = f"did you mean {near[0]!r}?" if near else "`cutover plan FILE --all` lists the cases"
    raise UsageError(f"no case is called {name!r}", hint=hint)


@dataclass(slots=True)
class _Seen:
    """Gathers the steps of the case as they are examined."""

    case: Case
    steps: list[Probed] = field(default_factory=list)

    def take(
        self, old: Exchange | None, new: Exchange | None, differences: tuple[Difference, ...], judgement: Judgement
    ) -> None:
        """Keep one step."""
        either = old or new
        assert either is not None
        many = len(self.case.steps) > 1
        step = f", step {len(self.steps) + 1} of {len(self.case.steps)} ({either.request.method})" if many else ""
        title = f"{self.case.name}{step}: {judgement.outcome}"
        self.steps.append(Probed(title=title, old=old, new=new, differences=differences, why=judgement.why))
