"""Texts that become something else; what YAML reads as a number or a word must be quoted, as for any text."""

from collections.abc import Callable
from typing import TypeVar

from yaml.nodes import Node

from harness.scenario.context import Context
from harness.scenario.fill import Fills
from harness.scenario.shape import Defs, Schema, Shape, Text

T = TypeVar("T")


class Made(Shape[T]):
    """A text of which `make` makes a value (raising Wrong)."""

    def __init__(self, make: Callable[[str], T], *, fills: Fills = Fills.ALL, pattern: str = "") -> None:
        self.make = make
        self.text = Text(make, fills=fills, pattern=pattern)

    def read(self, node: Node, ctx: Context) -> T:
        """Return what is made of the text."""
        return self.make(self.text.read(node, ctx))

    def schema(self, defs: Defs) -> Schema:
        """Return a text's."""
        return self.text.schema(defs)
