"""The words of `security.require` and `security.operations`: told at once where they can name nothing."""

import difflib
from collections.abc import Iterable
from fnmatch import fnmatchcase

from yaml.nodes import Node

from harness.model.probe import Group
from harness.scenario.context import Context, guess
from harness.scenario.credential import SignatureFault, TokenFault

GROUPS = tuple(group.value for group in Group)
COLUMNS = (
    *(fault.value for fault in (*TokenFault, *SignatureFault)),
    "no credential",
    "old credential, unchanged",
    "wrong key",
    "empty key",
    "key in the query instead of the header",
    "key in the header instead of the query",
    "key of another product",
    "disabled key",
    "wrong password",
    "unknown user",
    "no certificate",
    "certificate of another CA",
    "expired certificate",
    "protocol versions",
    "certificate",
    "client certificate",
    "TCP connection",
    "quota",
    "rate",
)
"""Columns that are known here. The suite has others, so a word is only refused here if it looks like a slip."""

_SLIP = 0.85


def check_operations(globs: Iterable[tuple[str, Node]], operations: Iterable[str], ctx: Context) -> None:
    """Note each glob that no operation of the cases matches."""
    known = tuple(operations)
    for glob, node in globs:
        if not any(fnmatchcase(name, glob) for name in known):
            ctx.note(node, f"no operation of the cases is '{glob}'", guess(glob, known))


def check_required(
    words: Iterable[tuple[str, Node]],
    columns: Iterable[str],
    operations: Iterable[str],
    ctx: Context,
) -> None:
    """Note each word that is nearly a group, a column or "operation: column", and none of them."""
    rows = tuple(operations)
    names = (*GROUPS, *COLUMNS, *columns)
    for word, node in words:
        if not _known(word, names, rows):
            _note_slip(word, names, rows, node, ctx)


def _known(word: str, names: tuple[str, ...], rows: tuple[str, ...]) -> bool:
    row, mark, column = word.partition(": ")
    return _matches(word, names) or bool(mark and _is_row(row, rows) and _matches(column, names))


def _matches(glob: str, names: Iterable[str]) -> bool:
    return any(fnmatchcase(name, glob) for name in names)


def _is_row(glob: str, rows: tuple[str, ...]) -> bool:
    """Tell whether this is a row, or "row, caller"."""
    return _matches(glob, rows) or _matches(glob.partition(", ")[0], rows)


def _note_slip(word: str, names: tuple[str, ...], rows: tuple[str, ...], node: Node, ctx: Context) -> None:
    row, mark, column = word.partition(": ")
    # A known column of an unknown row: the suite has rows that are no operations.
    close = "" if mark and _matches(column, names) else _close(word, names)
    if not close and mark:
        row = row if _is_row(row, rows) else _close(row, rows)
        column = column if _matches(column, names) else _close(column, names)
        close = f"{row}: {column}" if row and column else ""
    if close:
        ctx.note(node, f"nothing in the security suite is called '{word}'", f"did you mean '{close}'?")


def _close(word: str, names: Iterable[str]) -> str:
    folded = {name.lower(): name for name in names}
    return next((folded[found] for found in difflib.get_close_matches(word.lower(), folded, 1, _SLIP)), "")
