"""`include`: reading the files of a scenario and merging them into one mapping."""

from dataclasses import dataclass, field
from pathlib import Path

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from harness.model.errors import Problem, ScenarioError
from harness.scenario.containers import pairs
from harness.scenario.context import Context, Refused, Variable
from harness.scenario.document import INCLUDE, VERSION
from harness.scenario.yaml_nodes import compose, read_bytes


@dataclass(slots=True, kw_only=True)
class Files:
    """The files of a scenario, in order of inclusion, with their bytes."""

    ctx: Context
    paths: list[Path] = field(default_factory=list)
    bytes: list[bytes] = field(default_factory=list)
    seen: set[Path] = field(default_factory=set)


def gather(path: Path, files: Files) -> MappingNode:
    """Return the merged mapping of `path` and all that it includes; raise ScenarioError if `path` cannot be read."""
    try:
        data = read_bytes(path)
    except OSError as error:
        missing = isinstance(error, FileNotFoundError)
        hint = "is the name right? scenarios/ has examples" if missing else "name a scenario file that can be read"
        message = f"cannot be read: {error.strerror}"
        raise ScenarioError([Problem(file=path, line=1, column=1, message=message, hint=hint)]) from None
    return _opened(path, data, files, ())


def _opened(path: Path, data: bytes, files: Files, within: tuple[Path, ...]) -> MappingNode:
    """Compose one file, then merge it over those that it includes."""
    here = path.resolve()
    files.seen.add(here)
    files.paths.append(path)
    files.bytes.append(data)
    root = compose(data, path)
    own: list[tuple[Node, Node]] = []
    includes: Node | None = None
    for key, name, value in pairs(root, files.ctx):
        if name == "include":
            includes = value
        elif name == "version" and within:
            _check_version(value, files.ctx)
        else:
            own.append((key, value))
    take_vars(root, files.ctx)
    merged = MappingNode("", own, root.start_mark, root.end_mark, flow_style=root.flow_style)
    return merged if includes is None else _merge(_included(includes, files, (*within, here)), merged, files.ctx)


def _check_version(node: Node, ctx: Context) -> None:
    try:
        VERSION.read(node, ctx)
    except Refused:
        return


def take_vars(root: MappingNode, ctx: Context) -> None:
    """Make the vars of `root` known, but for those that are known already."""
    for name, value in entries(root, "vars").items():
        if isinstance(value, ScalarNode):
            ctx.variables.setdefault(name, Variable(text=value.value, node=value))


def entries(root: MappingNode, section: str) -> dict[str, Node]:
    """Return what a section holds, by key; its problems are noted when it is decoded."""
    unheard = Context(environ={})
    node = next((value for key, value in root.value if key.value == section), None)
    return {name: value for _, name, value in pairs(node, unheard)} if isinstance(node, MappingNode) else {}


def _included(includes: Node, files: Files, within: tuple[Path, ...]) -> MappingNode | None:
    try:
        names = INCLUDE.read(includes, files.ctx)
    except Refused:
        return None
    merged: MappingNode | None = None
    for node, name in zip(includes.value, names, strict=True):
        part = _include(node, name, files, within)
        if part is not None:
            merged = part if merged is None else _merge(merged, part, files.ctx)
    return merged


def _include(node: Node, name: str, files: Files, within: tuple[Path, ...]) -> MappingNode | None:
    """Return an included file's mapping; None if it was there before, or once its problems are noted."""
    path = Path(node.start_mark.name).parent / name
    here = path.resolve()
    if here in within:
        circle = " → ".join(part.name for part in (*within[within.index(here) :], here))
        files.ctx.note(node, f"'{name}' includes itself: {circle}", "remove one of these includes")
        return None
    if here in files.seen:
        return None
    try:
        data = read_bytes(path)
    except OSError as error:
        files.ctx.note(node, f"the file '{name}' cannot be read: {error.strerror}", f"looked for {path}")
        return None
    try:
        return _opened(path, data, files, within)
    except ScenarioError as error:
        files.ctx.problems.extend(error.problems)
        return None


def _merge(base: MappingNode | None, over: MappingNode, ctx: Context) -> MappingNode:
    """Return `over` laid over `base`: maps merge deep, lists append, else `over` wins."""
    if base is None:
        return over
    found = {name: (key, value) for key, name, value in pairs(base, ctx)}
    for key, name, value in pairs(over, ctx):
        below = found[name][1] if name in found else None
        found[name] = (key, _laid(below, value, ctx))
    return MappingNode("", list(found.values()), over.start_mark, over.end_mark, flow_style=over.flow_style)


def _laid(below: Node | None, value: Node, ctx: Context) -> Node:
    if isinstance(below, MappingNode) and isinstance(value, MappingNode):
        return _merge(below, value, ctx)
    if isinstance(below, SequenceNode) and isinstance(value, SequenceNode):
        both = [*below.value, *value.value]
        return SequenceNode("", both, value.start_mark, value.end_mark, flow_style=value.flow_style)
    return value
