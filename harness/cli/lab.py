"""Start two stand-in gateways and a sample backend on this machine, to try `cutover` on.

The old one answers as Amazon API Gateway (REST) is documented to, the new one as Azure API Management. `--defect`
switches on what real migrations get wrong. Stops on Ctrl-C.
"""

import argparse
import json
import sys

from harness.lab.catalogue import listing
from harness.lab.serve import serve
from harness.model.outcome import ExitCode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the verb's options."""
    parser.add_argument("--defect", metavar="NAME", action="append", default=[], help="switch a defect on; repeatable")
    parser.add_argument("--ports", metavar="OLD,NEW,BACKEND", default="8081,8082,8083", help="ports; 0 for free ones")
    parser.add_argument("--list", action="store_true", help="list the defects and stop")
    parser.add_argument("--json", action="store_true", help="with --list: as JSON")
    parser.epilog = (
        "examples:\n"
        "  cutover lab                                 # then: cutover rehearse scenarios/demo.yaml\n"
        "  cutover lab --list\n"
        "  cutover lab --defect header-dropped --defect null-dropped"
    )


def run(args: argparse.Namespace) -> int:
    """List, or serve until told to stop."""
    if args.list:
        rows = listing()
        sys.stdout.write(json.dumps(rows, indent=2) + "\n" if args.json else _table(rows))
        return ExitCode.GO
    return serve(args.ports, args.defect)


def _table(rows: list[dict[str, object]]) -> str:
    width = max(len(str(row["name"])) for row in rows)
    lines = [f"{row['name']:<{width}}  {row['family']:<8}  {row['does']}" for row in rows]
    return "\n".join(lines) + "\n"
