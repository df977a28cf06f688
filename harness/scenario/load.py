"""A scenario file → Scenario, or a ScenarioError with all that is wrong."""

import gc
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from yaml.nodes import MappingNode, ScalarNode

from harness.model.errors import Problem, ScenarioError, UsageError
from harness.scenario.context import Context, Refused, Variable, guess
from harness.scenario.document import DOCUMENT
from harness.scenario.fill import encodable
from harness.scenario.include import Files, entries, gather, take_vars
from harness.scenario.types import Scenario

_NO_SETS: Mapping[str, str] = {}


def load(path: Path, *, sets: Mapping[str, str] = _NO_SETS, environ: Mapping[str, str] = os.environ) -> Scenario:
    """Read a scenario and all that it includes.

    `sets` are the vars of the command line (`--set name=value`), taken as they are; `environ` fills `${env:NAME}`.
    Raises ScenarioError with every problem of the files, sorted by file and place; UsageError if a set is no text.
    """
    for name, value in sets.items():
        if not encodable(name + value):
            raise UsageError(f"--set {name!r}: not UTF-8 text")
    with _uncollected():
        return _load(path, sets, environ)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Hold the garbage collector: it would walk a growing heap of nodes, most of the time that reading takes."""
    held = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if held:
            gc.enable()


def _load(path: Path, sets: Mapping[str, str], environ: Mapping[str, str]) -> Scenario:
    ctx = Context(environ=environ, variables=_from(sets))
    files = Files(ctx=ctx)
    root = gather(path, files)
    # Now that all files are merged, the last word on each var is known.
    ctx.variables = _from(sets)
    take_vars(root, ctx)
    ctx.files = tuple(files.paths)
    ctx.digest = _digest(files.bytes, ctx.variables)
    scenario = _decode(root, ctx)
    _check_sets(sets, root, files, ctx)
    if scenario is None or ctx.problems:
        raise ScenarioError(_sorted(ctx.problems, files.paths))
    return replace(scenario, secrets=tuple(ctx.secrets.values()))


def _from(sets: Mapping[str, str]) -> dict[str, Variable]:
    return {name: Variable(text=value) for name, value in sets.items()}


def _decode(root: MappingNode, ctx: Context) -> Scenario | None:
    ctx.sections = frozenset(key.value for key, _ in root.value if isinstance(key, ScalarNode))
    ctx.identities = frozenset(entries(root, "credentials"))
    try:
        scenario: Scenario | None = DOCUMENT.read(root, ctx)
    except Refused:
        scenario = None
    for check in ctx.later:
        check()
    return scenario


def _check_sets(sets: Mapping[str, str], root: MappingNode, files: Files, ctx: Context) -> None:
    """Tell of a --set that nothing uses: a slip of the pen would leave the default in force."""
    declared = {name for name, var in ctx.variables.items() if name not in sets} | set(entries(root, "vars"))
    for name in sets:
        mark = f"${{var:{name}}}".encode()
        if name not in declared and not any(mark in data for data in files.bytes):
            ctx.note(
                root,
                f"--set {name}=…: no var of that name",
                guess(name, declared) or f"declare it: vars: {{{name}: …}}",
            )


def _digest(contents: list[bytes], variables: dict[str, Variable]) -> str:
    """Hash the files (each with its length) and the vars as written: secrets that they ask for stay out."""
    found = hashlib.sha256()
    for data in contents:
        found.update(len(data).to_bytes(8, "big"))
        found.update(data)
    texts = {name: var.text for name, var in variables.items()}
    found.update(json.dumps(texts, sort_keys=True).encode())
    return found.hexdigest()


def _sorted(problems: list[Problem], files: list[Path]) -> list[Problem]:
    order = {path: index for index, path in enumerate(files)}
    return sorted(dict.fromkeys(problems), key=lambda one: (order.get(one.file, len(order)), one.line, one.column))
