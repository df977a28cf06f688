"""Write a scenario to begin with: commented, valid, to be pointed at your own gateways."""

import argparse
import sys
from pathlib import Path

from harness.content import content_dir
from harness.model.errors import UsageError
from harness.model.outcome import ExitCode

EXAMPLES = ("gateway-to-gateway", "aws-to-azure")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the verb's options."""
    parser.add_argument("file", metavar="FILE", nargs="?", default="cutover.yaml", help="what to write (cutover.yaml)")
    parser.add_argument("--example", choices=EXAMPLES, default=EXAMPLES[0], help=f"what to begin with ({EXAMPLES[0]})")
    parser.epilog = (
        "examples:\n"
        "  cutover init orders.yaml\n"
        "  cutover init orders.yaml --example aws-to-azure    # keys from the environment, waivers, security, gates"
    )


def run(args: argparse.Namespace) -> int:
    """Write it; an existing file is never overwritten."""
    file = Path(args.file)
    text = (content_dir() / "scenarios" / f"{args.example}.yaml").read_text(encoding="utf-8")
    try:
        with file.open("x", encoding="utf-8") as out:
            out.write(text)
    except FileExistsError as error:
        raise UsageError(f"{file} exists already", hint="name another file: `cutover init FILE`") from error
    except OSError as error:
        raise UsageError(f"{file}: cannot be written: {error.strerror}") from error
    sys.stdout.write(f"wrote {file}; edit `old`, `new` and `cases`, then: cutover plan {file}\n")
    return ExitCode.GO
