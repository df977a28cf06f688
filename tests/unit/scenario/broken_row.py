"""A row of the tables of broken scenarios, and the good text that most of them spoil."""

from dataclasses import dataclass

OLD = 'old: {kind: generic, url: "http://127.0.0.1:1"}\n'
NEW = 'new: {kind: generic, url: "http://127.0.0.1:2"}\n'
TOP = "version: 1\nname: t\n" + OLD + NEW  # lines 1 to 4
CASE = "cases:\n  - {name: a, request: GET /a}\n"  # lines 5 and 6
HEAD = TOP + CASE
ENVIRON = {"SET": "canary-value", "EMPTY": "", "SPACED": "can ary"}


@dataclass(frozen=True)
class Row:
    """A broken text, and what must be said about it.

    `schema` says that the JSON Schema refuses it too; `files` are those of key_material.py that lie beside it.
    """

    name: str
    text: str
    line: int
    column: int
    message: str
    hint: str = ""
    schema: bool = False
    files: tuple[str, ...] = ()


def pointed(name: str, text: str, message: str, hint: str = "", *, schema: bool = False, files: str = "") -> Row:
    """Return a row whose place is marked by § in the text."""
    before = text[: text.index("§")]
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    return Row(name, text.replace("§", ""), line, column, message, hint, schema, tuple(files.split()))
