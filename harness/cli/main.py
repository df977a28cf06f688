"""`cutover`: find the verb, run it, turn every ending into one of six exit codes.

Verbs are imported when they are called, so that `cutover --help` answers at once. Python's own exit code 1 for a
traceback must never leak: it would read NO-GO.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn, Protocol

from harness import __version__
from harness.model.errors import CutoverError, UsageError
from harness.model.outcome import ExitCode

VERBS = {
    "demo": "start the lab and rehearse a faithful and a faulty migration",
    "init": "write a scenario to begin with",
    "plan": "check a scenario and print what would be sent, sending nothing",
    "rehearse": "ask both gateways, compare, and say GO, HOLD or NO-GO",
    "probe": "ask both gateways one case now and show the answers side by side",
    "load": "send a load from several machines, or write it for a managed Locust service",
    "dns": "watch names move: which side each resolver answers, until all have moved",
    "estate": "print what CloudWatch and Azure Monitor tell of both gateways",
    "report": "make the reports of a run again from its journal",
    "lab": "start two stand-in gateways and a backend to play with",
    "schema": "print the JSON Schema of scenario files, for editors",
    "suites": "print where the suites are, for plain pytest",
}

OPTIONS = ("-h", "--help", "--version")

EPILOG = """\
examples:
  cutover demo                                 see it work, nothing else needed
  cutover plan orders.yaml                     what would be sent
  cutover rehearse orders.yaml                 send, compare, decide
  cutover rehearse orders.yaml --set stage=test -k "orders and not export"
  cutover report latest                        the reports of the newest run again

exit codes:
  0 GO   1 NO-GO   2 interrupted   3 the harness failed   4 command line or scenario wrong   5 HOLD
`cutover VERB --help` tells more."""


class Parser(argparse.ArgumentParser):
    """Ends with exit code 4 where argparse would say 2, which means interrupted here."""

    def error(self, message: str) -> NoReturn:
        """Tell what is wrong and where to read more."""
        sys.stderr.write(f"{self.prog}: {message}\n    `{self.prog} --help` tells what there is\n")
        raise SystemExit(int(ExitCode.USAGE))


class Verb(Protocol):
    """What a module of this package offers."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Describe the verb's options."""

    def run(self, args: argparse.Namespace) -> int:
        """Do it and return the exit code."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    try:
        return _run(list(sys.argv[1:] if argv is None else argv))
    except CutoverError as error:
        return _tell(error)
    except KeyboardInterrupt:
        sys.stderr.write("cutover: interrupted\n")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.INTERNAL
    except Exception as error:  # noqa: BLE001  the last line of defence for the exit code
        return _failed(error)


def _run(argv: list[str]) -> int:
    if not argv:
        _parser().print_help()
        return ExitCode.USAGE
    name = argv[0]
    if name in OPTIONS:
        _parser().parse_args(argv)
    if name not in VERBS:
        raise _unknown(name)
    module: Verb = import_module(f"harness.cli.{name}")
    description = (getattr(module, "__doc__", None) or "").strip()
    verb = Parser(
        prog=f"cutover {name}",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    module.add_arguments(verb)
    return int(module.run(verb.parse_args(argv[1:])))


def _parser() -> argparse.ArgumentParser:
    width = max(map(len, VERBS)) + 2
    verbs = "\n".join(f"  {name:<{width}}{words}" for name, words in VERBS.items())
    parser = Parser(
        prog="cutover",
        usage="cutover VERB [options]",
        description=f"Prove that a new API gateway answers as the old one did.\n\nverbs:\n{verbs}",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"cutover {__version__}")
    return parser


def _unknown(name: str) -> UsageError:
    from difflib import get_close_matches  # noqa: PLC0415  only a typing error needs it

    kind = "option" if name.startswith("-") else "verb"
    near = get_close_matches(name, OPTIONS if kind == "option" else VERBS, n=1)
    hint = f"did you mean `cutover {near[0]}`?" if near else "`cutover --help` lists what there is"
    return UsageError(f"there is no {kind} {name!r}", hint=hint)


def _tell(error: CutoverError) -> int:
    sys.stderr.write(f"cutover: {error.message}\n")
    if error.hint:
        sys.stderr.write(f"    {error.hint}\n")
    return int(error.exit_code)


def _failed(error: Exception) -> int:
    """Tell that the harness failed; a traceback may hold secrets, so it is shown only to who asks for it."""
    what = type(error).__name__
    if isinstance(error, OSError) and error.strerror:
        what += f": {error.strerror}"
    sys.stderr.write(f"cutover: the harness failed ({what}); this says nothing about either gateway\n")
    if os.environ.get("CUTOVER_TRACEBACK"):
        import traceback  # noqa: PLC0415  rarely needed

        traceback.print_exc()
    else:
        sys.stderr.write("    set CUTOVER_TRACEBACK=1 to see where (a traceback may show secrets)\n")
    return ExitCode.INTERNAL


if __name__ == "__main__":
    sys.exit(main())
