"""Shapes: each one reads a YAML node into a value and describes itself as JSON Schema, so that both stay one.

Shape                 read(node, ctx) → value, or Refused once the problem is noted; schema(defs) → JSON Schema
├── Text              a text; numbers and words that YAML reads as something else must be quoted
├── Scalar            a text that is parsed (durations, numbers, words, dates …)
├── Loose             any scalar, as it is written
├── ListOf, MapOf     many of a shape; ByKind, OrNull: one of several (containers.py)
├── Record            a mapping with known keys (record.py)
└── Unsupported       known to the contract, not to this version
"""

import re
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from harness.scenario.context import Context, Refused, Wrong, guess
from harness.scenario.fill import Fills, fill, uses_secrets

T = TypeVar("T")
Schema = dict[str, Any]
Defs = dict[str, Any]

FILLED: Schema = {"type": "string", "pattern": r"\$\{(var|env|file):", "description": "filled in before it is read"}

_NULLS = {"", "~", "null", "Null", "NULL"}
_FLAGS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_WORDS = dict.fromkeys(_NULLS, "null")
_WORDS |= dict.fromkeys(_FLAGS, "true or false")
_WORDS |= {
    spelt: "true or false in older YAML"
    for word in ("yes", "no", "on", "off")
    for spelt in (word, word.title(), word.upper())
}
_NUMBER = re.compile(
    r"[-+]?(?:[0-9][0-9_]*(?::[0-5]?[0-9])*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?"
    r"|\.[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?|0[xob][0-9a-fA-F_]+|\.(?:inf|Inf|INF))|\.(?:nan|NaN|NAN)"
)
_FIRST = frozenset("0123456789-+.~")
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")


def misread(text: str) -> str:
    """Return what YAML would take an unquoted `text` for ("" if a text)."""
    if text in _WORDS:
        return _WORDS[text]
    return "a number" if text[0] in _FIRST and _NUMBER.fullmatch(text) else ""


def is_null(node: Node) -> bool:
    """Tell whether nothing (or null) stands there."""
    return isinstance(node, ScalarNode) and not node.style and node.value in _NULLS


def what(node: Node, *, hidden: bool = False) -> str:
    """Name what stands at `node`, for "expected …, got …"."""
    if isinstance(node, MappingNode):
        return "a mapping"
    if isinstance(node, SequenceNode):
        return "a list"
    if is_null(node):
        return "nothing"
    if hidden or uses_secrets(node):
        return "a text"
    value = str(node.value)
    return f"'{value[:60]}…'" if len(value) > 60 else f"'{value}'"


class Shape(Generic[T]):
    """A kind of value in a scenario file."""

    def read(self, node: Node, ctx: Context) -> T:
        """Return the value; raise Refused when it cannot be, its problems noted."""
        raise NotImplementedError

    def schema(self, defs: Defs) -> Schema:
        """Return the JSON Schema; named parts go to `defs`."""
        raise NotImplementedError


class Text(Shape[str]):
    """A text. `check` raises Wrong on a text that will not do; `hidden` keeps the text out of messages."""

    def __init__(
        self,
        check: Callable[[str], object] | None = None,
        *,
        fills: Fills = Fills.VARS,
        hidden: bool = False,
        empty: bool = False,
        pattern: str = "",
    ) -> None:
        self.check = check
        self.fills = fills
        self.hidden = hidden
        self.empty = empty
        self.pattern = pattern

    def read(self, node: Node, ctx: Context) -> str:
        """Return the text, filled in."""
        if node.__class__ is not ScalarNode:
            raise self.unfit(node, ctx)
        text: str = node.value
        if not node.style and (not text or text[0] in _FIRST or text in _WORDS) and misread(text):
            raise self.unfit(node, ctx)
        secret = False
        if "${" in text:
            text, secret = fill(text, node, ctx, self.fills)
        if not text and not self.empty:
            raise ctx.refuse(node, "expected a text, got an empty one")
        if self.check is not None:
            try:
                self.check(text)
            except Wrong as wrong:
                # The checks of hidden texts never show them; others may, so a secret gets a message of its own.
                if secret and not self.hidden:
                    raise ctx.refuse(node, f"what {node.value} gives will not do here") from None
                raise ctx.refuse(node, wrong.message, wrong.hint) from None
        return text

    def unfit(self, node: Node, ctx: Context) -> Refused:
        """Note that no text stands there."""
        if not isinstance(node, ScalarNode):
            return ctx.refuse(node, f"expected a text, got {what(node)}", _flow_hint(node))
        if is_null(node):
            return ctx.refuse(node, "expected a text, got nothing", "give a value, or remove the key")
        shown = "…" if self.hidden else node.value
        return ctx.refuse(
            node, f"expected a text, but YAML reads {shown} as {misread(node.value)}", f'quote it: "{shown}"'
        )

    def schema(self, defs: Defs) -> Schema:  # noqa: ARG002  nothing to name
        """Return a string."""
        found: Schema = {"type": "string"} if self.empty else {"type": "string", "minLength": 1}
        return found | ({"pattern": self.pattern} if self.pattern else {})


def _flow_hint(node: Node) -> str:
    return "a text with braces must be quoted" if getattr(node, "flow_style", False) else ""


class Scalar(Shape[T]):
    """A scalar that `parse` turns into a value (raising Wrong); unquoted and quoted are the same."""

    def __init__(
        self, parse: Callable[[str], T], schema: Schema, *, expected: str = "a text", fills: Fills = Fills.ALL
    ) -> None:
        self.parse = parse
        self.described = schema
        self.expected = expected
        self.fills = fills

    def read(self, node: Node, ctx: Context) -> T:
        """Return the parsed value."""
        if node.__class__ is not ScalarNode or is_null(node):
            raise ctx.refuse(node, f"expected {self.expected}, got {what(node)}")
        text: str = node.value
        secret = False
        if "${" in text:
            text, secret = fill(text, node, ctx, self.fills)
        try:
            return self.parse(text)
        except Wrong as wrong:
            if secret:
                raise ctx.refuse(node, f"expected {self.expected}, got another text from {node.value}") from None
            raise ctx.refuse(node, wrong.message, wrong.hint) from None

    def schema(self, defs: Defs) -> Schema:
        """Return what the value looks like, or a text that is filled in."""
        defs["filled"] = FILLED
        if (
            isinstance(self.described.get("type"), str)
            and self.described["type"] == "string"
            and len(self.described) == 1
        ):
            return dict(self.described)
        return {"anyOf": [self.described, {"$ref": "#/$defs/filled"}]}


def word(*words: str) -> Scalar[str]:
    """One of some words."""

    def parse(text: str) -> str:
        if text not in words:
            raise Wrong(f"expected one of {', '.join(words)}, got '{text}'", guess(text, words))
        return text

    return Scalar(parse, {"enum": list(words)}, expected=f"one of {', '.join(words)}", fills=Fills.VARS)


def flag() -> Scalar[bool]:
    """Accept true or false, and none of the words that only older YAML takes for them."""

    def parse(text: str) -> bool:
        if text not in _FLAGS:
            raise Wrong(f"expected true or false, got '{text}'", "write true or false, without quotes")
        return _FLAGS[text]

    return Scalar(parse, {"type": "boolean"}, expected="true or false", fills=Fills.VARS)


def integer(least: int, most: int = 10**9) -> Scalar[int]:
    """Accept an integer within bounds, in the one spelling that all YAML readers agree on."""
    bounds = f"a whole number from {least}" if most == 10**9 else f"a whole number from {least} to {most}"

    def parse(text: str) -> int:
        if not _INTEGER.fullmatch(text):
            octal = text.isdecimal() and text.startswith("0")
            raise Wrong(
                f"expected {bounds}, got '{text}'", "without a leading 0, which YAML reads as octal" if octal else ""
            )
        number = int(text)
        if not least <= number <= most:
            raise Wrong(f"expected {bounds}, got {text}")
        return number

    return Scalar(parse, {"type": "integer", "minimum": least, "maximum": most}, expected=bounds)


def parsed(parse: Callable[[str], T], pattern: str, expected: str, *, number: bool = False) -> Scalar[T]:
    """Accept a text in a form of its own, or (with `number`) a plain number too."""
    shown: Schema = {"type": "string", "pattern": pattern} if pattern else {"type": "string"}
    return Scalar(parse, {"anyOf": [{"type": "number", "minimum": 0}, shown]} if number else shown, expected=expected)


class Loose(Shape[str]):
    """Any scalar as the text that is written: numbers need no quotes. With `fills` None, marks are left in."""

    def __init__(self, *, fills: Fills | None = Fills.ALL) -> None:
        self.fills = fills

    def read(self, node: Node, ctx: Context) -> str:
        """Return the text, filled in."""
        if node.__class__ is not ScalarNode or is_null(node):
            raise ctx.refuse(node, f"expected a text or a number, got {what(node)}")
        text: str = node.value
        return fill(text, node, ctx, self.fills)[0] if self.fills is not None and "${" in text else text

    def schema(self, defs: Defs) -> Schema:  # noqa: ARG002  nothing to name
        """Return any scalar."""
        return {"type": ["string", "number", "boolean"]}


class Unsupported(Shape[None]):
    """Something that the contract has and this version does not: an error, never ignored."""

    def __init__(self, message: str, hint: str) -> None:
        self.message = message
        self.hint = hint

    def read(self, node: Node, ctx: Context) -> None:
        """Refuse it."""
        raise ctx.refuse(node, self.message, self.hint)

    def schema(self, defs: Defs) -> Schema:  # noqa: ARG002  nothing to name
        """Return what nothing fits."""
        return {"not": {}, "description": f"{self.message}: {self.hint}"}
