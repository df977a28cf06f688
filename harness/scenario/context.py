"""What decoding needs and gathers: problems, variables, secrets, names to check later."""

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from yaml.nodes import Node

from harness.model.errors import Problem
from harness.model.secret import Secret


class Refused(Exception):  # noqa: N818  the problem is already noted; this only leaves the value
    """A value could not be read; the problem that says why is already in the context."""


class Wrong(ValueError):  # noqa: N818  reads as a fact at the call site
    """A text does not parse; turned into a Problem by whoever knows where the text stands."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@dataclass(slots=True, kw_only=True)
class Variable:
    """A var: its text, and the node it was written at (None for --set, whose text is final)."""

    text: str
    node: Node | None = None
    filled: str | None = None
    secret: bool = False
    busy: bool = False
    broken: bool = False


@dataclass(slots=True, kw_only=True)
class Context:
    """One decoding.

    `later` holds checks that need the whole document; they run after it. `now` is what certificates are held against.
    `operations` are those that cases name, `asked` those of single steps (for the security suite).
    """

    environ: Mapping[str, str]
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    variables: dict[str, Variable] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    secrets: dict[str, Secret] = field(default_factory=dict)
    file_texts: dict[Path, str] = field(default_factory=dict)
    file_bytes: dict[Path, bytes] = field(default_factory=dict)
    files: tuple[Path, ...] = ()
    digest: str = ""
    sections: frozenset[str] = frozenset()
    identities: frozenset[str] = frozenset()
    case_names: dict[str, Node] = field(default_factory=dict)
    operations: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    later: list[Callable[[], None]] = field(default_factory=list)

    def note(self, node: Node, message: str, hint: str = "") -> None:
        """Record a problem at the beginning of `node` and go on."""
        mark = node.start_mark
        self.problems.append(
            Problem(file=Path(mark.name), line=mark.line + 1, column=mark.column + 1, message=message, hint=hint)
        )

    def refuse(self, node: Node, message: str, hint: str = "") -> Refused:
        """Record a problem; return the exception that leaves the value."""
        self.note(node, message, hint)
        return Refused(message)

    def hide(self, value: str, label: str) -> None:
        """Make `value` a secret; the first label given to a value stays."""
        if value and value not in self.secrets:
            self.secrets[value] = Secret(value=value, label=label)


def base_of(node: Node) -> Path:
    """Return the folder that relative paths of `node` start from."""
    return Path(node.start_mark.name).parent


def guess(word: str, known: Iterable[str]) -> str:
    """Return a "did you mean", else the list of what is known (cut where it is long)."""
    names = sorted(known)
    folded = {name.lower(): name for name in names}
    close = difflib.get_close_matches(word.lower(), folded, 1, 0.6)
    if close:
        return f"did you mean '{folded[close[0]]}'?"
    if not names:
        return ""
    shown = ", ".join(names[:24]) + (", …" if len(names) > 24 else "")
    return f"known here: {shown}"
