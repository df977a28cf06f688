"""What the DNS suite advises reads alike: sentences, each with a capital and an end."""

import ast
from collections.abc import Iterator
from pathlib import Path

import harness.dns.suite

ROOM = Path(harness.dns.suite.__file__).parent


def test_remedies_are_sentences() -> None:
    found = [text for path in sorted(ROOM.rglob("*.py")) for text in _remedies(path)]
    assert len(found) > 60
    assert [text for text in found if text[:1].islower() or text[-1:] not in {".", "}"}] == []


def _remedies(path: Path) -> Iterator[str]:
    """Return the texts that are written where a remedy is given, what is filled in as `{}`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        called = node.arg if isinstance(node, ast.keyword) else ""
        if isinstance(node, ast.Assign):
            called = ast.unparse(node.targets[0])
        if called and "remedy" in called.lower() and isinstance(node, ast.keyword | ast.Assign):
            yield from _texts(node.value)


def _texts(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.IfExp):
        yield from (*_texts(node.body), *_texts(node.orelse))
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    elif isinstance(node, ast.Constant) and node.value:
        yield str(node.value)
