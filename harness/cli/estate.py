"""What the clouds themselves tell of both gateways. Only reads.

`metrics` prints and plots what CloudWatch and Azure Monitor have on record.
"""

import argparse
import json
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from harness.cli.common import read_scenario, scenario_options
from harness.model.errors import UsageError
from harness.model.outcome import ExitCode
from harness.model.series import Telemetry
from harness.model.side import Side
from harness.scenario.types import Scenario

LAST = 7 * 86_400.0
_LONGEST = 455 * 86_400.0  # what CloudWatch keeps
_SHORTEST = 60.0
_UNITS = {"m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
_METRICS = """\
Print and plot what CloudWatch and Azure Monitor tell of each side: requests, errors, latency (percentiles from
CloudWatch; Azure Monitor has averages alone), the backend's part of it, capacity, and the deployments on the time axis.

A side is asked where its gateway has a `control` section; nobody else is asked. Times are UTC."""
_EXAMPLES = """\
examples:
  cutover estate metrics orders.yaml                          the last seven days
  cutover estate metrics orders.yaml --last 24h --side old
  cutover estate metrics orders.yaml --from 2026-11-01 --to 2026-11-15T06:00:00+01:00 --json

exit codes:
  0 something was read (what is missing is told)   2 interrupted   3 nothing could be read
  4 command line or scenario wrong"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the sub-verbs and their options."""
    verbs = parser.add_subparsers(dest="what", metavar="metrics", required=True)
    metrics = verbs.add_parser(
        "metrics",
        help="print and plot what monitoring tells of both sides",
        description=_METRICS,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    metrics.add_argument("file", metavar="SCENARIO", help="scenario with a `control` of old or new")
    metrics.add_argument("--side", choices=[side.value for side in Side], help="ask about this side alone")
    metrics.add_argument("--last", metavar="TIME", help="how far back: 90m, 24h, 7d (default), 4w")
    metrics.add_argument("--from", metavar="ISO", dest="begin", help="from this date or time on, in place of --last")
    metrics.add_argument("--to", metavar="ISO", dest="until", help="up to this date or time (default: now)")
    metrics.add_argument("--json", action="store_true", help="print all values as JSON")
    scenario_options(metrics)
    parser.epilog = "example:\n  cutover estate metrics orders.yaml --last 7d"


def run(args: argparse.Namespace) -> int:
    """Print the metrics."""
    from harness.engine.masking import mask_of  # noqa: PLC0415  not needed to tell of the verb
    from harness.metrics.read import telemetry  # noqa: PLC0415  as above

    start, end = span(args.last, args.begin, args.until, time.time())
    scenario = read_scenario(args.file, args.set)
    mask = mask_of(scenario)
    told = [
        telemetry(scenario.controls[side], scenario.gateway(side).kind, side, start=start, end=end, hide=mask.add)
        for side in _sides(scenario, args.side)
    ]
    sys.stdout.write(mask.text(_as_json(told) if args.json else _as_text(told)))
    if not all(one.trouble for one in told):
        return ExitCode.GO
    for one in told:
        sys.stderr.write(mask.text(f"cutover: {one.side}: {one.absence}: {one.trouble}\n"))
    return ExitCode.INTERNAL


def span(last: str | None, begin: str | None, until: str | None, now: float) -> tuple[float, float]:
    """Return from when to when (Unix seconds); raises UsageError."""
    if last is not None and begin is not None:
        raise UsageError("both --last and --from are given", hint="keep one of them")
    end = now if until is None else moment("--to", until)
    start = end - duration(last) if begin is None else moment("--from", begin)
    if end > now:
        raise UsageError("--to lies in the future", hint="leave it out to ask up to now")
    if end - start < _SHORTEST:
        raise UsageError("the time asked for is shorter than a minute", hint="--from comes before --to")
    if now - start > _LONGEST:
        raise UsageError(f"no service keeps metrics for more than {_LONGEST / 86_400:.0f} days")
    return start, end


def duration(text: str | None) -> float:
    """Return the seconds of "7d"; raises UsageError."""
    if text is None:
        return LAST
    number, unit = text[:-1], text[-1:]
    if unit not in _UNITS or not (number.isascii() and number.isdigit() and len(number) <= 6):
        raise UsageError(f"--last {text!r} is no time", hint="a number and its unit: 90m, 24h, 7d, 4w")
    return int(number) * _UNITS[unit]


def moment(option: str, text: str) -> float:
    """Return a date or time in ISO 8601 as Unix seconds, UTC where it names no zone; raises UsageError."""
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        hint = "write 2026-11-21, 2026-11-21T14:30 or 2026-11-21T14:30:00+01:00"
        raise UsageError(f"{option} {text!r} is no date or time", hint=hint) from None


def _sides(scenario: Scenario, only: str | None) -> list[Side]:
    found = [side for side in Side if side in scenario.controls and only in {None, side.value}]
    if not found:
        where = f"`{only}` has" if only else "neither `old` nor `new` has"
        raise UsageError(f"{scenario.files[0]}: {where} a `control` section, so there is no one to ask", hint=_CONTROL)
    return found


_CONTROL = (
    "add one: control: {region: eu-west-1, api: a1b2c3d4e5, stage: prod} for Amazon API Gateway,"
    " control: {resource: /subscriptions/…/service/NAME} for Azure API Management"
)


def _as_json(told: Sequence[Telemetry]) -> str:
    return json.dumps({"schema": 1, "telemetry": [asdict(one) for one in told]}, indent=2, ensure_ascii=False) + "\n"


def _as_text(told: Sequence[Telemetry]) -> str:
    from harness.report.metrics_text import metrics_text  # noqa: PLC0415  not needed for JSON

    return metrics_text(told, shutil.get_terminal_size((100, 24)).columns - 1)
