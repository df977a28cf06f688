"""Start two stand-in gateways and a sample backend on this machine, to try `cutover` on.

The old one answers as Amazon API Gateway (REST) is documented to, the new one as Azure API Management. `--defect`
switches on what real migrations get wrong. The ports after the backend's are for scenarios/security.yaml: both gateways
over TLS and behind firewalls, back doors, and ports that must stay closed. Prints the commands that rehearse the
scenarios. Stops on Ctrl-C.
"""

import argparse
import asyncio
import json
import sys
from difflib import get_close_matches

from harness.lab.catalogue import SUITES, listing
from harness.lab.ports import DOORS, PORTS
from harness.lab.serve import LabConfig, LabPorts, parse_ports, serve
from harness.model.errors import UsageError
from harness.model.outcome import ExitCode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the verb's options."""
    parser.add_argument("--defect", metavar="NAME", action="append", default=[], help="switch a defect on; repeatable")
    parser.add_argument(
        "--ports", metavar="OLD,NEW,BACKEND", default="8081,8082,8083", help="ports, the others follow; 0 for free ones"
    )
    parser.add_argument("--list", action="store_true", help="list the defects and stop")
    parser.add_argument(
        "--json",
        action="store_true",
        help="with --list: JSON, with the case, cell or threshold that must notice each; else: addresses as JSON",
    )
    parser.epilog = (
        "examples:\n"
        "  cutover lab                                 # then, elsewhere: cutover rehearse scenarios/demo.yaml\n"
        "  cutover lab --list\n"
        "  cutover lab --defect header-dropped --defect null-dropped"
    )


def run(args: argparse.Namespace) -> int:
    """List, or serve until told to stop."""
    if args.list:
        rows = listing(*SUITES)
        sys.stdout.write(json.dumps(rows, indent=2) + "\n" if args.json else _table(rows))
        return ExitCode.GO
    names = [str(row["name"]) for row in listing(*SUITES)]
    for name in args.defect:
        if name not in names:
            near = get_close_matches(name, names, n=1)
            hint = f"did you mean {near[0]}?" if near else "`cutover lab --list` lists them"
            raise UsageError(f"no defect is called {name!r}", hint=hint)
    config = LabConfig(ports=_ports(args.ports), defects=tuple(args.defect))
    try:
        asyncio.run(serve(config, announce=lambda ports: _announce(ports, args)))
    except OSError as error:
        raise UsageError(f"cannot listen: {error.strerror or error}", hint="--ports 0 takes free ports") from error
    return ExitCode.GO


def _ports(text: str) -> tuple[int, int, int]:
    try:
        return parse_ports(text)
    except ValueError as error:
        message = f"--ports {text}: expected one or three port numbers, 0 to 65535"
        raise UsageError(message, hint="for example --ports 8081,8082,8083, or --ports 0") from error


def _announce(ports: LabPorts, args: argparse.Namespace) -> None:
    bases = ports.addresses
    if args.json:
        sys.stdout.write(ports.line() + "\n")
    else:
        defects = f" with {', '.join(args.defect)}" if args.defect else ", faithful (no defect)"
        sys.stdout.write(
            f"old      {bases.old}  as Amazon API Gateway\n"
            f"new      {bases.new}  as Azure API Management{defects}\n"
            f"backend  {bases.backend}\n"
            f"keys     {ports.files}  of token issuer, certificates and clients; gone when this ends\n"
            "\n"
            f"parity    cutover rehearse scenarios/demo.yaml{_own_ports(ports)}\n"
            f"security  cutover rehearse scenarios/security.yaml {_sets(ports)}\n"
            f"load      cutover rehearse scenarios/load.yaml --suite load{_own_ports(ports)}\n"
            "\n"
            "Ctrl-C stops them.\n"
        )
    sys.stdout.flush()


def _own_ports(ports: LabPorts) -> str:
    """Return the options that aim scenarios/demo.yaml and load.yaml at this lab; "" where it is."""
    if (ports.old, ports.new) == PORTS[:2]:
        return ""
    return f" --set old_port={ports.old} --set new_port={ports.new}"


def _sets(ports: LabPorts) -> str:
    """Return the options that aim scenarios/security.yaml at this lab: the folder, and ports that are not its own."""
    usual = dict(zip(DOORS, range(PORTS[2] + 1, PORTS[2] + 1 + len(DOORS)), strict=True))
    own = {name: value for name, value in ports.sets.items() if value != str(usual.get(name.removesuffix("_port")))}
    return " ".join(f"--set {name}={value}" for name, value in own.items())


def _table(rows: list[dict[str, object]]) -> str:
    width = max(len(str(row["name"])) for row in rows)
    lines = [f"{row['name']:<{width}}  {row['suite']:<8}  {row['family']:<11}  {row['does']}" for row in rows]
    return "\n".join(lines) + "\n"
