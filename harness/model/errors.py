"""The errors a caller may see.

CutoverError                    has a `hint` and the exit code that it leads to
├── UsageError            (4)   the command line is wrong
├── ScenarioError         (4)   one or more Problems of scenario files, each with file:line:column
├── RunNotFound           (4)   no such run
├── JournalError          (3)   a journal failed verification; names file and line
└── HarnessError          (3)   the harness itself failed

Network trouble is no exception: it is a `NoResponse` (model/response.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.model.outcome import ExitCode


class CutoverError(Exception):
    """Base of all errors that are told to the user without a traceback."""

    exit_code: ExitCode = ExitCode.INTERNAL

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(CutoverError):
    """The command line asks for something that cannot be."""

    exit_code = ExitCode.USAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong in a scenario file; line and column count from 1."""

    file: Path
    line: int
    column: int
    message: str
    hint: str = ""

    def __str__(self) -> str:
        tail = f"\n    {self.hint}" if self.hint else ""
        return f"{self.file}:{self.line}:{self.column}: {self.message}{tail}"


class ScenarioError(CutoverError):
    """A scenario is wrong; carries every problem that was found, in file order."""

    exit_code = ExitCode.USAGE

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


class RunNotFound(CutoverError):  # noqa: N818  reads as a fact at the call site
    """No run answers to the name given."""

    exit_code = ExitCode.USAGE


class JournalError(CutoverError):
    """A journal is damaged, cut or edited; `line` counts from 1."""

    def __init__(self, file: Path, line: int, message: str, *, hint: str = "") -> None:
        super().__init__(f"{file}:{line}: {message}", hint=hint)
        self.file = file
        self.line = line


class HarnessError(CutoverError):
    """The harness cannot do its work here; says nothing about either gateway."""
