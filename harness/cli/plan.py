"""Check a scenario and print what a rehearsal would send. Sends nothing.

Shown: requests per gateway (noise calls included) and part of the security suite, the load and what each of its workers
sends, the names that move and who is asked about them, the least time that the rate limit allows, what is skipped as
unsafe, and what would stay unproven.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict

from harness.cli import plan_dns, plan_load
from harness.cli.common import read_scenario, scenario_options
from harness.engine.masking import mask_of, not_sent
from harness.engine.plan import cost, skip_reason
from harness.engine.suites import SECURITY, Suites, Tally, info_of, suites_of, tallies
from harness.model.outcome import ExitCode
from harness.model.side import Side
from harness.report.text import plural, short
from harness.scenario.types import Case, Scenario

MOST_SHOWN = 40
MOST_OF_NAME = 80  # characters; --json prints all
MOST_OF_TARGET = 120
MOST_OF_LINE = 300


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the verb's options."""
    parser.add_argument("file", metavar="FILE", help="scenario")
    parser.add_argument("--json", action="store_true", help="print the plan as JSON")
    parser.add_argument(
        "--all", action="store_true", help=f"list every case, not only the first {MOST_SHOWN}, and every cell"
    )
    scenario_options(parser)
    parser.epilog = "examples:\n  cutover plan orders.yaml\n  cutover plan orders.yaml --set stage=test --json"


def run(args: argparse.Namespace) -> int:
    """Print the plan."""
    scenario = read_scenario(args.file, args.set)
    suites = suites_of(scenario)
    shown = mask_of(scenario).text
    if args.json:
        text = json.dumps(_as_json(scenario, suites), indent=2, ensure_ascii=False)
    else:
        text = "\n".join(_lines(scenario, suites, None if args.all else MOST_SHOWN))
    sys.stdout.write(shown(text) + "\n")
    return ExitCode.GO


def _as_json(scenario: Scenario, suites: Suites) -> dict[str, object]:
    total = cost(scenario, scenario.cases)
    asked = _security(scenario, suites)
    whole = sum(asked.values(), Tally(old=total.old, new=total.new))
    load = plan_load.planned(scenario)
    return {
        "schema": 1,
        "scenario": scenario.name,
        "digest": scenario.digest,
        "gateways": {side.value: _gateway(scenario, side) for side in Side},
        "requests": {"old": whole.old, "new": whole.new, "noise": total.noise},
        "seconds": round(_seconds(scenario, whole) + (load.whole if load else 0.0), 3),
        "cases": [_case_json(case) for case in scenario.cases],
        "security": {group: asdict(tally) for group, tally in asked.items()},
        "cells": [info_of(item).name for item in suites.items.get(SECURITY, ())],
        "load": plan_load.as_json(scenario),
        "dns": plan_dns.as_json(scenario),
        "notes": list(not_sent(scenario)),
        "unproven": [{"what": what, "why": why} for what, why in _unproven(scenario, suites)],
    }


def _security(scenario: Scenario, suites: Suites) -> dict[str, Tally]:
    return tallies(scenario, suites.items.get(SECURITY, ()))


def _seconds(scenario: Scenario, whole: Tally) -> float:
    return max(whole.old, whole.new) / scenario.limits.rate


def _gateway(scenario: Scenario, side: Side) -> dict[str, str]:
    gateway = scenario.gateway(side)
    facts = {"kind": gateway.kind, "url": gateway.url, "connect_to": gateway.connect_to or "", "http": gateway.http}
    return {name: value for name, value in facts.items() if value}


def _case_json(case: Case) -> dict[str, object]:
    return {
        "name": case.name,
        "operation": case.operation,
        "requests": [f"{step.method} {step.target}" for step in case.steps],
        "repeat": case.repeat,
        "skipped": skip_reason(case),
    }


def _unproven(scenario: Scenario, suites: Suites) -> Iterator[tuple[str, str]]:
    for items in suites.items.values():
        for item in items:
            info = info_of(item)
            if info.skip:
                yield info.name, info.skip
    for gate in scenario.gates.manual:
        if not gate.done:
            yield gate.what, f"not signed off by {gate.owner}"


def _lines(scenario: Scenario, suites: Suites, most: int | None) -> Iterator[str]:
    total = cost(scenario, scenario.cases)
    limits = scenario.limits
    yield short(scenario.name, MOST_OF_LINE)
    yield ""
    for side in Side:
        yield f"  {side}  {_reached(scenario, side)}"
    yield ""
    sent = [case for case in scenario.cases if not skip_reason(case)]
    left = len(scenario.cases) - len(sent)
    unsent = f", {left:,} of them not sent" if left else ""
    yield f"  cases      {len(scenario.cases):,}{unsent}"
    noise = f" ({total.noise:,} of them to learn what old disagrees with itself about)" if total.noise else ""
    yield f"  requests   old {total.old:,}{noise}, new {total.new:,}; retries not counted"
    asked = _security(scenario, suites)
    yield from _security_lines(asked)
    whole = sum(asked.values(), Tally(old=total.old, new=total.new))
    yield f"  time       at least {_duration(_seconds(scenario, whole))} at {limits.rate:g} requests/s per gateway"
    load = plan_load.planned(scenario)
    yield from plan_load.lines(scenario, _duration(load.whole) if load else "")
    yield from plan_dns.lines(scenario)
    yield f"  limits     {plural(limits.concurrency, 'request')} at a time per gateway, {limits.timeout:g} s each"
    yield f"             {limits.body:,} bytes of a body are read"
    yield from _sent(sent, most)
    yield from _cells(suites, most)
    yield from plan_load.mix_lines(scenario)
    yield from plan_dns.name_lines(scenario)
    yield from _left_out(list(_unproven(scenario, suites)))
    for note in not_sent(scenario):
        yield f"\nnote: {note}"


def _security_lines(asked: dict[str, Tally]) -> Iterator[str]:
    if not asked:
        return
    whole = sum(asked.values(), Tally())
    yield f"  security   {plural(whole.cells, 'cell')}: old {whole.old:,} requests, new {whole.new:,}"
    for group, tally in asked.items():
        left = f"; {tally.left_out:,} not asked" if tally.left_out else ""
        yield f"             {group:<16} {tally.cells:>6,}: old {tally.old:,}, new {tally.new:,}{left}"


def _reached(scenario: Scenario, side: Side) -> str:
    gateway = scenario.gateway(side)
    extras = [f"at {gateway.connect_to}"] if gateway.connect_to else []
    extras += [f"through {gateway.proxy}"] if gateway.proxy else []
    return " ".join([f"{gateway.kind:<11} {gateway.url}", *extras, f"(HTTP/{gateway.http})"])


def _sent(cases: list[Case], most: int | None) -> Iterator[str]:
    if not cases:
        return
    yield ""
    words = ": safe cases first, then those that change something, one at a time"
    yield f"would send{words if any(not case.safe for case in cases) else ''}"
    ordered = [case for case in cases if case.safe] + [case for case in cases if not case.safe]
    for case in ordered[:most]:
        times = f" x{case.repeat}" if case.repeat > 1 else ""
        unsafe = "" if case.safe else "  [changes something]"
        steps = ", ".join(f"{step.method} {short(step.target, MOST_OF_TARGET)}" for step in case.steps)
        yield f"  {short(case.name, MOST_OF_NAME)}{times}: {short(steps, MOST_OF_LINE)}{unsafe}"
    if most is not None and len(ordered) > most:
        yield f"  … and {len(ordered) - most} more (--all lists them)"


def _cells(suites: Suites, most: int | None) -> Iterator[str]:
    """List the security suite's cells with --all; the counts say enough otherwise."""
    cells = suites.items.get(SECURITY, ())
    if most is not None or not cells:
        return
    yield ""
    yield "would ask, after that"
    for info in map(info_of, cells):
        yield f"  {short(info.name, MOST_OF_LINE)}{'  [not asked]' if info.skip else ''}"


def _left_out(unproven: list[tuple[str, str]]) -> Iterator[str]:
    if not unproven:
        return
    yield ""
    yield "would stay unproven"
    for what, why in unproven[:MOST_SHOWN]:
        yield f"  {short(what, MOST_OF_NAME)}: {short(why, MOST_OF_LINE)}"
    if len(unproven) > MOST_SHOWN:
        yield f"  … and {len(unproven) - MOST_SHOWN} more"


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.1f} s"
    minutes = seconds / 60
    return f"{minutes:.1f} min" if minutes < 120 else f"{minutes / 60:.1f} h"
