"""The words of `security.require` and `security.operations`: told at once where they can name nothing."""

import difflib
from collections.abc import Iterable
from fnmatch import fnmatchcase

from yaml.nodes import Node

from harness.model.probe import Group
from harness.scenario.context import Context, guess
from harness.scenario.credential import SignatureFault, TokenFault

GROUPS = tuple(group.value for group in Group)
COLUMNS = tuple(fault.value for fault in (*TokenFault, *SignatureFault))
"""Columns that are known here. The suite has others, so a word is only refused here if it looks like a slip."""

_SLIP = 0.8


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
    if any(fnmatchcase(name, word) for name in names):
        return True
    return bool(mark) and any(fnmatchcase(name, row) for name in rows) and any(fnmatchcase(n, column) for n in names)


def _note_slip(word: str, names: tuple[str, ...], rows: tuple[str, ...], node: Node, ctx: Context) -> None:
    close = _close(word, names)
    row, mark, column = word.partition(": ")
    if not close and mark:
        near_row = row if any(fnmatchcase(name, row) for name in rows) else _close(row, rows)
        near_column = column if any(fnmatchcase(name, column) for name in names) else _close(column, names)
        if near_row and (near_row, near_column) != (row, column):
            close = f"{near_row}: {near_column or column}" if (near_row != row or near_column) else ""
    if close:
        ctx.note(node, f"nothing in the security suite is called '{word}'", f"did you mean '{close}'?")


def _close(word: str, names: Iterable[str]) -> str:
    folded = {name.lower(): name for name in names}
    return next((folded[found] for found in difflib.get_close_matches(word.lower(), folded, 1, _SLIP)), "")
