"""Shapes made of other shapes; all problems of all parts are noted before the whole is refused."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from harness.scenario.context import Context, Refused, Wrong
from harness.scenario.shape import Defs, Schema, Shape, is_null, what

T = TypeVar("T")
A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")


class ListOf(Shape[tuple[T, ...]]):
    """A list; `least` items at least, `empty` says what an empty one means."""

    def __init__(self, item: Shape[T], *, least: int = 0, empty: str = "expected at least one item") -> None:
        self.item = item
        self.least = least
        self.empty = empty

    def read(self, node: Node, ctx: Context) -> tuple[T, ...]:
        """Return the items."""
        if node.__class__ is not SequenceNode:
            raise ctx.refuse(node, f"expected a list, got {what(node)}", "write [ … ], or one `- …` per line")
        if len(node.value) < self.least:
            raise ctx.refuse(node, self.empty)
        found = []
        bad = False
        read = self.item.read
        for child in node.value:
            try:
                found.append(read(child, ctx))
            except Refused:
                bad = True
        if bad:
            raise Refused
        return tuple(found)

    def schema(self, defs: Defs) -> Schema:
        """Return an array."""
        found: Schema = {"type": "array", "items": self.item.schema(defs)}
        return found | ({"minItems": self.least} if self.least else {})


def pairs(node: MappingNode, ctx: Context) -> Iterator[tuple[Node, str, Node]]:
    """Yield (key, its text, value), merge keys (`<<`) resolved; note keys that are doubled or no texts."""
    seen: dict[str, Node] = {}
    merged: list[Node] = []
    for key, value in node.value:
        if key.__class__ is not ScalarNode:
            ctx.note(key, f"expected a text as key, got {what(key)}", "quote it if it holds braces")
            continue
        name = key.value
        if name == "<<" and not key.style:
            merged.append(value)
            continue
        if name in seen:
            first = seen[name].start_mark.line + 1
            ctx.note(key, f"the key '{name}' is there twice; first on line {first}", "keep one of them")
            continue
        seen[name] = key
        yield key, name, value
    for source in merged:
        for key, value in _merge_pairs(source, ctx):
            if key.value not in seen:
                seen[key.value] = key
                yield key, key.value, value


def _merge_pairs(source: Node, ctx: Context) -> Iterator[tuple[Node, Node]]:
    many = source.value if isinstance(source, SequenceNode) else [source]
    for part in many:
        if not isinstance(part, MappingNode):
            ctx.note(part, f"<< takes mappings, got {what(part)}", "write <<: *name, where &name marks a mapping")
            continue
        for key, _, value in pairs(part, ctx):
            yield key, value


def flat(entries: tuple[tuple[str, str | tuple[str, ...]], ...]) -> tuple[tuple[str, str], ...]:
    """Return (name, value) for each value of each name, in order."""
    found = []
    for name, value in entries:
        if value.__class__ is str:
            found.append((name, value))
        else:
            found.extend((name, part) for part in value)
    return tuple(found)


class MapOf(Shape[tuple[tuple[str, T], ...]]):
    """A mapping with free keys; `check_key` raises Wrong on a key that will not do."""

    def __init__(self, value: Shape[T], *, check_key: Callable[[str], object] | None = None, least: int = 0) -> None:
        self.value = value
        self.check_key = check_key
        self.least = least

    def read(self, node: Node, ctx: Context) -> tuple[tuple[str, T], ...]:
        """Return (key, value) in the order of the file."""
        if node.__class__ is not MappingNode:
            raise ctx.refuse(node, f"expected a mapping (name: value), got {what(node)}")
        if len(node.value) < self.least:
            raise ctx.refuse(node, "expected at least one entry")
        before = len(ctx.problems)
        found = []
        bad = False
        for key, name, value in pairs(node, ctx):
            if self.check_key is not None:
                try:
                    self.check_key(name)
                except Wrong as wrong:
                    ctx.note(key, wrong.message, wrong.hint)
                    continue
            try:
                found.append((name, self.value.read(value, ctx)))
            except Refused:
                bad = True
        if bad or len(ctx.problems) > before:
            raise Refused
        return tuple(found)

    def schema(self, defs: Defs) -> Schema:
        """Return an object with free keys."""
        found: Schema = {"type": "object", "additionalProperties": self.value.schema(defs)}
        return found | ({"minProperties": self.least} if self.least else {})


class ByKind(Shape[A | B | C]):
    """Whichever stands there: a scalar, a list or a mapping."""

    def __init__(
        self,
        expected: str,
        *,
        scalar: Shape[A] | None = None,
        items: Shape[B] | None = None,
        mapping: Shape[C] | None = None,
    ) -> None:
        self.expected = expected
        self.scalar = scalar
        self.items = items
        self.mapping = mapping

    def read(self, node: Node, ctx: Context) -> A | B | C:
        """Return what the fitting shape reads."""
        shape: Shape[Any] | None = self.mapping
        if node.__class__ is ScalarNode:
            shape = self.scalar
        elif node.__class__ is SequenceNode:
            shape = self.items
        if shape is None:
            raise ctx.refuse(node, f"expected {self.expected}, got {what(node)}")
        found: A | B | C = shape.read(node, ctx)
        return found

    def schema(self, defs: Defs) -> Schema:
        """Return any of them."""
        return {"anyOf": [shape.schema(defs) for shape in (self.scalar, self.items, self.mapping) if shape is not None]}


class OrNull(Shape[T | None]):
    """A value, or null."""

    def __init__(self, shape: Shape[T]) -> None:
        self.shape = shape

    def read(self, node: Node, ctx: Context) -> T | None:
        """Return the value or None."""
        return None if is_null(node) else self.shape.read(node, ctx)

    def schema(self, defs: Defs) -> Schema:
        """Return either."""
        return {"anyOf": [self.shape.schema(defs), {"type": "null"}]}
