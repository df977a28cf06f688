"""Mappings with known keys: a Record reads each key by its own shape and hands all to a builder."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from yaml.nodes import MappingNode, Node

from harness.scenario.containers import pairs
from harness.scenario.context import Context, Refused, guess
from harness.scenario.shape import Defs, Schema, Shape, is_null, what

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Key:
    """A known key. `absent` is what the builder gets without it; `about` is shown by editors."""

    name: str
    shape: Shape[Any]
    about: str = ""
    required: bool = False
    absent: Any = None
    default: Any = None
    """The default as the schema shows it (JSON)."""


class Fields:
    """What a Record read, for its builder: values by key, and the nodes they came from."""

    __slots__ = ("_keys", "_values", "ctx", "node", "nodes")

    def __init__(self, keys: dict[str, Key], node: Node, ctx: Context) -> None:
        self._keys = keys
        self.node = node
        self.ctx = ctx
        self._values: dict[str, Any] = {}
        self.nodes: dict[str, Node] = {}

    def __getitem__(self, name: str) -> Any:
        if name in self._values:
            return self._values[name]
        return self._keys[name].absent

    def __contains__(self, name: str) -> bool:
        return name in self.nodes

    def put(self, name: str, value: Any) -> None:
        """Take note of a value that was read."""
        self._values[name] = value

    def given(self, *names: str) -> list[str]:
        """Return those of `names` that the file has, in its order."""
        return [name for name in self.nodes if name in names]

    def refuse(self, name: str, message: str, hint: str = "") -> Refused:
        """Note a problem at the value of `name` (at the mapping, if it is not there)."""
        return self.ctx.refuse(self.nodes.get(name, self.node), message, hint)


class Record(Shape[T]):
    """A mapping with known keys; `build` is called when every key could be read.

    Keys `apart` stand on their own: if only these could not be read, `build` still runs, to note what else is wrong.
    """

    def __init__(
        self,
        build: Callable[[Fields], T],
        *keys: Key,
        name: str = "",
        about: str = "",
        least: str = "",
        among: tuple[str, ...] = (),
        apart: tuple[str, ...] = (),
    ) -> None:
        self.build = build
        self.keys = {key.name: key for key in keys}
        self.required = tuple(key.name for key in keys if key.required)
        self.name = name
        self.about = about
        self.least = least
        self.among = among
        self.apart = frozenset(apart)

    def read(self, node: Node, ctx: Context) -> T:
        """Return what the builder makes of all keys."""
        if node.__class__ is not MappingNode:
            raise ctx.refuse(node, f"expected a mapping with {self._expected()}, got {what(node)}", self.least)
        fields = Fields(self.keys, node, ctx)
        bad = self._read_keys(node, fields, ctx)
        if bad and not bad <= self.apart:
            raise Refused
        built = self.build(fields)
        if bad:
            raise Refused
        return built

    def _read_keys(self, node: MappingNode, fields: Fields, ctx: Context) -> set[str]:
        """Read every key; return those that failed ("" for the mapping as a whole)."""
        bad: set[str] = set()
        keys = self.keys
        nodes = fields.nodes
        for key, name, value in pairs(node, ctx):
            known = keys.get(name)
            if known is None:
                self._unknown(key, name, value, node, ctx)
                bad.add("")
                continue
            nodes[name] = value
            try:
                fields.put(name, known.shape.read(value, ctx))
            except Refused:
                bad.add(name)
        missing = [name for name in self.required if name not in nodes]
        for name in missing:
            ctx.note(node, f"missing key '{name}'", keys[name].about)
        if self.among and not fields.given(*self.among):
            ctx.note(node, f"expected one of {', '.join(self.among)}", self.least)
            missing.append("")
        return bad.union(missing)

    def _unknown(self, key: Node, name: str, value: Node, node: MappingNode, ctx: Context) -> None:
        if node.flow_style and is_null(value):
            ctx.note(key, f"unknown key '{name}'", "if it belongs to the text before the comma, quote that text")
            return
        ctx.note(key, f"unknown key '{name}'", guess(name, self.keys))

    def _expected(self) -> str:
        names = list(self.required or self.keys)[:6]
        return ", ".join(names) + ("" if len(names) == len(self.keys) else " …")

    def schema(self, defs: Defs) -> Schema:
        """Return an object; one with a name goes to `defs`."""
        if not self.name:
            return self._object(defs)
        if self.name not in defs:
            defs[self.name] = {}
            defs[self.name] = self._object(defs)
        return {"$ref": f"#/$defs/{self.name}"}

    def _object(self, defs: Defs) -> Schema:
        found: Schema = {"type": "object", "additionalProperties": False}
        if self.about:
            found["description"] = self.about
        found["properties"] = {key.name: _described(key, defs) for key in self.keys.values()}
        if self.required:
            found["required"] = list(self.required)
        if self.among:
            found["anyOf"] = [{"required": [name]} for name in self.among]
        return found


def _described(key: Key, defs: Defs) -> Schema:
    found = dict(key.shape.schema(defs))
    if key.about:
        found["description"] = key.about
    if key.default is not None:
        found["default"] = key.default
    return found
