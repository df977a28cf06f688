"""Load from several machines, or from somebody else's: master, worker, export.

`cutover rehearse FILE --suite load` sends a scenario's load from this machine alone. `master` does the same with
workers that join from other machines; `worker` is such a one. `export` writes the load for a managed Locust service.
"""

import argparse
import socket
import sys
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from harness.cli.common import read_scenario, runs_option, scenario_options
from harness.model.errors import UsageError
from harness.model.outcome import ExitCode
from harness.scenario.types import Scenario

PORT = 5557
"""Locust's own."""

_MOST_WORKERS = 64
_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104  told apart, not bound to


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the sub-verbs and their options."""
    verbs = parser.add_subparsers(dest="what", metavar="master | worker | export", required=True)
    _master(verbs.add_parser("master", help="rehearse the load with workers of other machines", **_told(_MASTER)))
    _worker(verbs.add_parser("worker", help="send a master's load from this machine", **_told(_WORKER)))
    _export(verbs.add_parser("export", help="write the load for a managed Locust service", **_told(_EXPORT)))
    parser.epilog = (
        "examples:\n"
        "  cutover load master orders.yaml --bind 10.0.0.5 --workers 2   # here, then on two other machines\n"
        "  cutover load worker 10.0.0.5\n"
        "  cutover load export orders.yaml azure-load-test/"
    )


_MASTER = """\
Wait for workers, send the scenario's load through them, and say GO, HOLD or NO-GO as `cutover rehearse` does.

A worker that is lost makes the run inconclusive. What is sent, credentials included, goes to the workers by Locust's
protocol, which is not encrypted: bind to an address of a private network."""
_WORKER = """\
Join a master and send the part of the load that it gives to this machine, then end.

Needs nothing but this installation: what is sent, and to where, comes from the master. Where no master is there yet, it
is looked for every five seconds, for five minutes."""
_EXPORT = """\
Write a locustfile, the profile, requirements and a test configuration (Azure Load Testing) to a folder.

No secret is written: values from the environment are named there, and filled in where it runs. A credential that is no
"${env:NAME}" (a text of the scenario, a file, a token to be fetched, a signature) cannot be exported: exit 4."""


def _told(text: str) -> dict[str, Any]:
    return {"description": text, "formatter_class": argparse.RawDescriptionHelpFormatter, "allow_abbrev": False}


def _master(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        "examples:\n"
        "  cutover load master orders.yaml --workers 2                   # both join from this machine\n"
        "  cutover load master orders.yaml --bind 10.0.0.5 --workers 2   # from two others"
    )
    parser.add_argument("file", metavar="SCENARIO", help="scenario with a `load` section")
    parser.add_argument(
        "--bind", metavar="HOST[:PORT]", default="127.0.0.1", help=f"where workers join (127.0.0.1:{PORT})"
    )
    parser.add_argument("--workers", metavar="N", type=int, help="how many to wait for (default: the scenario's)")
    scenario_options(parser)
    runs_option(parser)


def _worker(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "examples:\n  cutover load worker 10.0.0.5\n  cutover load worker 10.0.0.5:6000"
    parser.add_argument("host", metavar="HOST[:PORT]", help=f"where the master is (port {PORT} if left out)")


def _export(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        "examples:\n"
        "  cutover load export orders.yaml azure-load-test/\n"
        "  cutover load export orders.yaml azure-load-test/ --set stage=test --force"
    )
    parser.add_argument("file", metavar="SCENARIO", help="scenario with a `load` section")
    parser.add_argument("folder", metavar="DIR", type=Path, help="where to write; made if it is not there")
    parser.add_argument("--force", action="store_true", help="write over files that are there")
    scenario_options(parser)


def run(args: argparse.Namespace) -> int:
    """Do what was asked."""
    return {"master": _run_master, "worker": _run_worker, "export": _run_export}[args.what](args)


def _run_master(args: argparse.Namespace) -> int:
    from harness.cli.execute import Selection, execute  # noqa: PLC0415  heavy, and the other sub-verbs need none of it
    from harness.engine.session import Order  # noqa: PLC0415  as execute
    from harness.scenario.sets import assignments  # noqa: PLC0415  as execute

    scenario = _with_load(args)
    if args.workers is not None:
        scenario = _with_workers(scenario, args.workers)
    host, port = address(args.bind)
    _check_free(host, port)
    sys.stderr.write(f"cutover: on the machine of each worker: cutover load worker {_joined(host, port)}\n")
    if not _is_local(host):
        sys.stderr.write(
            f"cutover: workers join at {host}:{port}; what they are to send, credentials included, goes to them"
            " unencrypted\n"
        )
    order = Order(runs=args.runs, sets=assignments(args.set), bind=(host, port))
    return execute(scenario, order, Selection(suites=("load",)))


def _with_load(args: argparse.Namespace) -> Scenario:
    scenario = read_scenario(args.file, args.set)
    if scenario.load is None:
        message = f"{scenario.files[0]}: no `load` section, so there is nothing to send"
        raise UsageError(message, hint="add one: load: {profile: {rate: 50, for: 2m}}")
    return scenario


def _with_workers(scenario: Scenario, workers: int) -> Scenario:
    if not 1 <= workers <= _MOST_WORKERS:
        raise UsageError(f"--workers {workers}: expected 1 to {_MOST_WORKERS}")
    assert scenario.load is not None
    return replace(scenario, load=replace(scenario.load, workers=workers))


def _run_worker(args: argparse.Namespace) -> int:
    from harness.load.process import worker_process  # noqa: PLC0415  not needed to tell of the verb

    host, port = address(args.host)
    sys.stderr.write(f"cutover: joining the master at {host}:{port}; Ctrl-C ends this worker\n")
    with worker_process(host, port) as child:
        try:
            code = child.wait()
        except KeyboardInterrupt:
            child.wait()  # the terminal told it as well
            raise
    if code:
        sys.stderr.write(f"cutover: the worker ended with an error ({code}); is the master still there?\n")
    return ExitCode.INTERNAL if code else ExitCode.GO


def _run_export(args: argparse.Namespace) -> int:
    from harness.load.export import export  # noqa: PLC0415  not needed to tell of the verb

    for path in export(_with_load(args), args.folder, force=args.force):
        sys.stdout.write(f"{path}\n")
    return ExitCode.GO


def address(text: str) -> tuple[str, int]:
    """Return host and port of "HOST", "HOST:PORT" or "[IPv6]:PORT"; raises UsageError."""
    host, colon, port = text.rpartition(":") if text.count(":") == 1 or text.startswith("[") else (text, "", "")
    if text.endswith("]"):
        host, colon, port = text, "", ""
    if not host.strip("[]") or (colon and not (port.isascii() and port.isdigit() and 0 < int(port) < 65_536)):
        raise UsageError(f"{text!r} is no address", hint=f"HOST or HOST:PORT, such as 10.0.0.5:{PORT}")
    return host.strip("[]"), int(port) if colon else PORT


def _check_free(host: str, port: int) -> None:
    """Raise UsageError where nothing can listen at this address: Locust would only say so by a traceback."""
    try:
        family, kind, protocol, _, found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as Locust's own, so soon after another load
            tried.bind(found)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        hint = "an address of this machine and a free port, such as --bind 10.0.0.5:6000; is another master running?"
        raise UsageError(f"workers cannot join at {host}:{port}: {why}", hint=hint) from None


def _joined(host: str, port: int) -> str:
    """Return what a worker is told to join."""
    named = "HOST" if host in _EVERYWHERE else host
    if port == PORT:
        return named
    return f"[{named}]:{port}" if ":" in named else f"{named}:{port}"


def _is_local(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
