"""Watch names move from the old side to the new one.

`cutover rehearse FILE --suite dns` says whether the names are ready to move, and when at the earliest. `watch` goes on
from there: while the records are changed it asks every resolver, again and again, which side it answers.
"""

import argparse
import re
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import FrameType
from typing import Any

from harness.cli.common import read_scenario, runs_option, scenario_options
from harness.dns.asking.servers import resolvers
from harness.dns.watching.looking import opened
from harness.dns.watching.propagation import Watch, checks, plan_of
from harness.engine.masking import mask_of
from harness.engine.session import Order, Session
from harness.engine.suites import Suites
from harness.model.errors import UsageError
from harness.model.event import WATCH
from harness.model.outcome import EXIT_OF_VERDICT, ExitCode
from harness.report.console import Console
from harness.report.dns_live import WatchView
from harness.report.render import render
from harness.scenario.context import Wrong
from harness.scenario.moving import PER_REQUEST, Dns
from harness.scenario.sets import assignments
from harness.scenario.types import Scenario
from harness.scenario.units import duration, moment

SHORTEST, LONGEST = 0.1, 3600.0
LONGEST_WATCH = 7 * 86_400.0
DEFAULT_WATCH = 3600.0

_WATCH = """\
Ask every resolver for every name, each interval, which side it answers, until all have moved or the deadline is there.

A resolver counts as moved once it has told the new side at two looks; one that never answers holds the end. Writes a
run as `rehearse` does: journal, report.html with a picture of it over time, report.json, report.md, junit.xml. Ctrl-C
ends it, and keeps all that was seen. Nothing is changed anywhere.

exit codes: 0 all have moved   1 somebody is led to neither side   2 interrupted   5 not all have moved in time"""
_TIME_OF_DAY = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?Z")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the sub-verb and its options."""
    verbs = parser.add_subparsers(dest="what", metavar="watch", required=True)
    told: dict[str, Any] = {"formatter_class": argparse.RawDescriptionHelpFormatter, "allow_abbrev": False}
    _watch(verbs.add_parser("watch", help="show which side each resolver answers, until all moved", **told))
    parser.epilog = "examples:\n  cutover dns watch orders.yaml --deadline 15:00Z"


def _watch(parser: argparse.ArgumentParser) -> None:
    parser.description = _WATCH
    parser.add_argument("file", metavar="FILE", help="scenario with a `dns` section")
    parser.add_argument("--rehearse", action="store_true", help="watch the names of `dns.rehearse` in the test zone")
    parser.add_argument("--interval", metavar="TIME", default="5s", help="from look to look (5s)")
    end = parser.add_mutually_exclusive_group()
    end.add_argument("--until", metavar="TIME", default="", help="how long to watch (the window's end, else 1h)")
    end.add_argument("--deadline", metavar="MOMENT", default="", help="until when: 15:00Z, 2026-11-21T15:00Z")
    parser.add_argument("--json", action="store_true", help="print report.json at the end, and nothing else on stdout")
    scenario_options(parser)
    runs_option(parser)
    parser.epilog = (
        "examples:\n"
        "  cutover dns watch orders.yaml\n"
        "  cutover dns watch orders.yaml --interval 10s --deadline 15:00Z\n"
        "  cutover dns watch orders.yaml --rehearse --until 10m"
    )


def run(args: argparse.Namespace) -> int:
    """Watch, and return the exit code."""
    scenario = read_scenario(args.file, args.set)
    dns = _section(scenario, rehearse=args.rehearse)
    interval = _seconds("--interval", args.interval, SHORTEST, LONGEST)
    until = _until(args, dns, time.time())
    return int(_watched(scenario, dns, args, interval=interval, until=until))


def _section(scenario: Scenario, *, rehearse: bool) -> Dns:
    """Return what is to be watched; raises UsageError where the scenario has none of it."""
    if scenario.dns is None:
        message = f"{scenario.files[0]}: no `dns` section, so there is no name to watch"
        raise UsageError(message, hint="add `dns:` with the name, and where it leads `from` and `to`")
    if rehearse and not scenario.dns.rehearse:
        message = f"{scenario.files[0]}: no `dns.rehearse`, so there is no test zone to watch"
        raise UsageError(message, hint="add `rehearse: {zone: test.example.com}` to the `dns` section")
    mechanism = scenario.dns.switch.mechanism
    if mechanism in PER_REQUEST:
        message = f"{scenario.files[0]}: `switch` is {mechanism.value}, which moves callers request by request"
        raise UsageError(message, hint="no record changes, so no resolver could tell: watch the answers instead")
    return scenario.dns


def _seconds(option: str, text: str, least: float, most: float) -> float:
    try:
        seconds = duration(text)
    except Wrong as wrong:
        raise UsageError(f"{option}: {wrong}", hint=wrong.hint) from wrong
    if not least <= seconds <= most:
        raise UsageError(f"{option} {text}: not within {least:g}s to {most:g}s", hint="5s suits most watches")
    return seconds


def _until(args: argparse.Namespace, dns: Dns, now: float) -> float:
    """Return the deadline in Unix seconds."""
    if args.until:
        return now + _seconds("--until", args.until, SHORTEST, LONGEST_WATCH)
    if args.deadline:
        return _moment(args.deadline, now)
    window = dns.window[1] if dns.window is not None and not args.rehearse else 0.0
    return window if now < window <= now + LONGEST_WATCH else now + DEFAULT_WATCH


def _moment(text: str, now: float) -> float:
    """Return a moment in Unix seconds; a time of day is the next one. Raises UsageError."""
    hint = "such as 15:00Z or 2026-11-21T15:00Z; the Z says UTC"
    found = _TIME_OF_DAY.fullmatch(text)
    if found:
        hour, minute, second = (int(part or 0) for part in found.groups())
        at = datetime.fromtimestamp(now, UTC).replace(hour=hour, minute=minute, second=second, microsecond=0)
        return (at if at.timestamp() > now else at + timedelta(days=1)).timestamp()
    try:
        until = moment(text)
    except Wrong as wrong:
        raise UsageError(f"--deadline: {wrong}", hint=hint) from wrong
    if not now < until <= now + LONGEST_WATCH:
        raise UsageError(f"--deadline {text}: this is over, or more than a week away", hint=hint)
    return until


def _watched(scenario: Scenario, dns: Dns, args: argparse.Namespace, *, interval: float, until: float) -> ExitCode:
    plan = plan_of(dns, resolvers(dns), interval=interval, until=until, rehearsal=args.rehearse)
    if not any(plan.servers(move.name) for move in plan.moves):
        message = f"{scenario.files[0]}: nobody to ask, since this machine has no resolver of its own"
        raise UsageError(message, hint="name some under `dns.resolvers`")
    view = WatchView(sys.stderr if args.json else sys.stdout, shown=mask_of(scenario).text)
    items = checks(Watch(plan=plan, opens=opened, shows=view))
    selection = WATCH + (" --rehearse" if args.rehearse else "")
    order = Order(runs=args.runs, sets=assignments(args.set), suites=("dns",), watch=True)
    interrupted = False
    with Session.open(scenario, Suites(items={"dns": items}), order) as session:
        session.plan(items, selection=selection)
        try:
            with _stoppable(session):
                for _ in session.run(items):
                    pass
        except KeyboardInterrupt:
            interrupted = True
        finally:
            view.close()
        session.end(interrupted=interrupted)
    summary, files = render(session.run_dir)
    if args.json:
        sys.stdout.write(files["report.json"].read_text(encoding="utf-8"))
    else:
        Console(sys.stdout).finish(summary, files)
    return ExitCode.INTERRUPTED if interrupted else EXIT_OF_VERDICT[summary.verdict]


@contextmanager
def _stoppable(session: Session) -> Iterator[None]:
    """Let signals end the watch between two looks, so that the journal is sealed and the reports are written.

    SIGHUP is one of them, since a terminal may go away in the hours that a watch takes; under nohup it stays ignored.
    """

    def stop(_number: int, _frame: FrameType | None) -> None:
        session.stopping = True

    ends = [one for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP) if signal.getsignal(one) != signal.SIG_IGN]
    before = {number: signal.signal(number, stop) for number in ends}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
