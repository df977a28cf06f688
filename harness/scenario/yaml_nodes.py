"""YAML text → nodes with marks, bounded; every error of the syntax as a Problem with a hint.

Nothing is resolved: a plain scalar stays the text that was written, so `no`, `1.10` and `010` reach the
decoder as they are, and it is the schema that says what they have to be.
"""

import io
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from yaml.composer import Composer
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner

from harness.model.errors import Problem, ScenarioError

MAX_BYTES = 256_000_000
MAX_DEPTH = 100
MAX_SIZE = 1_000_000

_ALIAS = re.compile(r"(?:^|[\s,\[{])\*[^\s*/]", re.MULTILINE)
_TAG = re.compile(r"(?:^|[\s,\[{])!", re.MULTILINE)

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_INDICATORS = "%@`|>&*!"


class _TooDeep(Exception):  # noqa: N818  never leaves this module
    """Nesting beyond the bound; the C composer would run out of stack."""


class _Unresolved:
    """Instead of a resolver: gives no tags, counts the depth."""

    depth = 0

    def resolve(self, _kind: Any, _value: Any, _implicit: Any) -> str:
        """Leave the tag empty: only a tag written in the file is kept."""
        return ""

    def descend_resolver(self, parent: Any, _index: Any) -> None:
        """Go one level down."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _TooDeep(parent)

    def ascend_resolver(self) -> None:
        """Come back up."""
        self.depth -= 1

    def check_resolver_prefix(self, *_: Any) -> bool:
        """Belongs to the interface of a resolver; paths are not used."""
        return False


class PlainLoader(_Unresolved, Reader, Scanner, Parser, Composer):
    """The loader where libyaml is absent: slower, otherwise the same."""

    def __init__(self, stream: Any) -> None:
        Reader.__init__(self, stream)
        Scanner.__init__(self)
        Parser.__init__(self)
        Composer.__init__(self)


if TYPE_CHECKING or not yaml.__with_libyaml__:
    FastLoader = PlainLoader
else:
    from yaml.cyaml import CParser

    class FastLoader(_Unresolved, CParser):
        """The loader over libyaml."""


class _Named(io.BytesIO):
    """Bytes with the name that marks will carry."""

    def __init__(self, data: bytes, name: str) -> None:
        super().__init__(data)
        self.name = name


def read_bytes(path: Path) -> bytes:
    """Return the bytes of a scenario file; raise OSError with the system's words, or if it is too large."""
    if path.is_dir():
        raise IsADirectoryError(21, "it is a directory")
    with path.open("rb") as stream:
        data = stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise OSError(27, f"it is larger than {MAX_BYTES} bytes")
    return data


def compose(data: bytes, path: Path, loader: type[Any] = FastLoader) -> MappingNode:
    """Return the document's mapping; raise ScenarioError if there is none, with the place and a hint."""
    text = _decode(data, path)
    try:
        root = loader(_Named(text.encode(), str(path))).get_single_node()
    except yaml.MarkedYAMLError as error:
        raise ScenarioError([_syntax(error, text, path)]) from None
    except yaml.YAMLError as error:
        raise ScenarioError([_problem(path, 0, 0, f"not YAML: {error}", "")]) from None
    except _TooDeep as error:
        node = error.args[0]
        raise ScenarioError([_at(path, node, f"nested deeper than {MAX_DEPTH} levels", "")]) from None
    if not isinstance(root, MappingNode):
        raise ScenarioError([_no_mapping(root, path)])
    if "!" in text and _TAG.search(text):
        _refuse_tags(root, path)
    if "&" in text and _ALIAS.search(text):
        _bound_aliases(root, path, max(MAX_SIZE, len(text)))
    return root


def _decode(data: bytes, path: Path) -> str:
    try:
        text = data.removeprefix(b"\xef\xbb\xbf").decode()
    except UnicodeDecodeError as error:
        line, column = _place(data[: error.start].decode(errors="replace"))
        hint = "save the file as UTF-8 (it looks like UTF-16)" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else ""
        message = f"not UTF-8: byte 0x{data[error.start]:02x}"
        raise ScenarioError([_problem(path, line, column, message, hint or "save the file as UTF-8")]) from None
    found = _CONTROL.search(text)
    if found:
        line, column = _place(text[: found.start()])
        message = f"control character U+{ord(found.group()):04X}"
        hint = 'remove it, or write it as an escape in a double-quoted text: "\\u0001"'
        raise ScenarioError([_problem(path, line, column, message, hint)])
    return text


def _place(before: str) -> tuple[int, int]:
    return before.count("\n"), len(before) - before.rfind("\n") - 1


def _problem(path: Path, line: int, column: int, message: str, hint: str) -> Problem:
    return Problem(file=path, line=line + 1, column=column + 1, message=message, hint=hint)


def _at(path: Path, node: Node | None, message: str, hint: str) -> Problem:
    mark = node.start_mark if node is not None else None
    return _problem(path, mark.line if mark else 0, mark.column if mark else 0, message, hint)


def _no_mapping(root: Node | None, path: Path) -> Problem:
    if root is None or (isinstance(root, ScalarNode) and not root.value and not root.style):
        return _at(path, root, "the file is empty", "a scenario begins with `version: 1`; scenarios/ has examples")
    kind = "a list" if isinstance(root, SequenceNode) else "a single text"
    return _at(path, root, f"expected a mapping of sections, got {kind}", "a scenario begins with `version: 1`")


def _syntax(error: yaml.MarkedYAMLError, text: str, path: Path) -> Problem:
    """Turn the parser's complaint into a place and a hint; an unclosed bracket is told where it was opened."""
    what = error.problem or error.context or "not YAML"
    mark = error.problem_mark or error.context_mark
    lines = text.splitlines()
    if mark is None:
        return _problem(path, 0, 0, f"not YAML: {what}", "")
    at, column = mark.line, mark.column
    before = error.context_mark
    if (
        before is not None
        and before.line < len(lines)
        and (at >= len(lines) or "block scalar" in (error.context or ""))
    ):
        at, column = before.line, before.column
    if at >= len(lines):
        # The text ended too early: tell its last line that says something.
        at = max((index for index, line in enumerate(lines) if line.strip()), default=0)
        column = len(lines[at].rstrip()) if lines else 0
    line = lines[at] if lines else ""
    if "another document" in what:
        return _problem(path, at, column, "a second document in one file", "one scenario per file: remove `---`")
    if "undefined alias" in what:
        return _problem(path, at, column, "undefined alias", "a text that begins with * must be quoted")
    return _problem(path, at, column, f"not YAML: {what}", _hint(line, column, what))


def _hint(line: str, column: int, what: str) -> str:
    before, rest = line[:column], line[column:]
    if "\t" in line[: len(line) - len(line.lstrip())] or rest.startswith("\t"):
        return "YAML indents with spaces, not with tabs"
    value = _value_in(line, column)
    if value[:1] and value[0] in _INDICATORS:
        return f'quote it: "{value}"'
    if "${" in line and ("{" in before.replace("${", "") or "[" in before):
        return 'quote a text that holds ${…} inside {…} or […]: "…${name}…"'
    if "mapping values" in what:
        return "quote the value if it holds `: `; else look at the indentation"
    if "escape" in what:
        return "in double quotes a backslash begins an escape: use single quotes, or write \\\\"
    if "'?'" in what:
        return "quote a text that holds ? inside {…} or […]"
    if "{" in line or "[" in line:
        return "close every { [ and quote; quote texts that hold { } [ ] , or `: `"
    return "look at the indentation and the quotes of this line and the one before"


def _value_in(line: str, column: int) -> str:
    """Return the value that stands at `column`, for showing it quoted."""
    value = line[column:].strip() or line.strip()
    value = value.split(": ", 1)[-1] if value[:1] not in _INDICATORS else value
    return value.removeprefix("- ").rstrip("}], ").replace('"', "'")


def _bound_aliases(root: Node, path: Path, limit: int) -> None:
    """Refuse aliases that hold themselves or multiply beyond `limit` (nodes, and 64 characters of text each)."""
    sizes: dict[int, tuple[int, int]] = {}
    within: set[int] = set()

    def walk(node: Node, level: int) -> tuple[int, int]:
        if isinstance(node, ScalarNode):
            return 1 + len(node.value) // 64, 1
        if id(node) in within:
            raise ScenarioError([_at(path, node, "this anchor holds itself", "remove the alias (*name) inside it")])
        known = sizes.get(id(node))
        if level + (known[1] if known else 0) > MAX_DEPTH + 1:
            raise ScenarioError([_at(path, node, f"nested deeper than {MAX_DEPTH} levels by its aliases", "")])
        if known:
            return known
        within.add(id(node))
        below = [walk(child, level + 1) for child in _children(node)]
        within.discard(id(node))
        size = 1 + sum(part[0] for part in below)
        if size > limit:
            message = f"aliases make this more than {limit} values"
            raise ScenarioError([_at(path, node, message, "write it out, or use fewer aliases of aliases")])
        sizes[id(node)] = (size, 1 + max((part[1] for part in below), default=0))
        return sizes[id(node)]

    walk(root, 1)


def _refuse_tags(root: Node, path: Path) -> None:
    """Refuse every tag: nothing here reads them, and ignoring one would change what was meant."""
    seen: set[int] = set()
    found: list[Problem] = []
    open_nodes = [root]
    while open_nodes:
        node = open_nodes.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if node.tag:
            hint = "remove it; quote a text that begins with !"
            found.append(_at(path, node, f"tags ('{node.tag}') are not used here", hint))
        open_nodes.extend(() if isinstance(node, ScalarNode) else _children(node))
    if found:
        raise ScenarioError(sorted(found, key=lambda one: (one.line, one.column)))


def _children(node: Node) -> list[Node]:
    if isinstance(node, MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value)
