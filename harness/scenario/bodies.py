"""`json`, `form`, `body`, `body_file`: the bodies of requests."""

import json
import re
from dataclasses import dataclass
from urllib.parse import quote_plus

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from harness.scenario import marks
from harness.scenario.containers import ByKind, ListOf, MapOf, flat, pairs
from harness.scenario.context import Context, Refused, base_of
from harness.scenario.fill import MARK, Fills, fill
from harness.scenario.record import Fields, Key
from harness.scenario.shape import Defs, Loose, Schema, Shape, Text, Unsupported, is_null, misread
from harness.scenario.types import BodyKind

NAMES = ("json", "form", "body", "body_file")
_JSON_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_JSON_WORDS = {"true": "true", "True": "true", "TRUE": "true", "false": "false", "False": "false", "FALSE": "false"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestBody:
    """A body as Step holds it, with the Content-Type that goes with it."""

    data: bytes | None = None
    has_marks: bool = False
    kind: BodyKind = ""
    content_type: str = ""


class Json(Shape[str]):
    """Any YAML value, as compact JSON text; numbers keep their digits. `fills` is what its texts may be filled with."""

    def __init__(self, fills: Fills = Fills.STEPS) -> None:
        self.fills = fills

    def read(self, node: Node, ctx: Context) -> str:
        """Return JSON text; captures in it stay marks."""
        if isinstance(node, ScalarNode):
            return _scalar(node, ctx, self.fills)
        before = len(ctx.problems)
        found = []
        bad = False
        for name, child in _children(node, ctx, self.fills):
            try:
                found.append(name + self.read(child, ctx))
            except Refused:
                bad = True
        if bad or len(ctx.problems) > before:
            raise Refused
        return f"{{{','.join(found)}}}" if isinstance(node, MappingNode) else f"[{','.join(found)}]"

    def schema(self, defs: Defs) -> Schema:  # noqa: ARG002  nothing to name
        """Return what everything fits."""
        return {}


def _children(node: Node, ctx: Context, fills: Fills) -> list[tuple[str, Node]]:
    if isinstance(node, SequenceNode):
        return [("", child) for child in node.value]
    found = []
    assert isinstance(node, MappingNode)
    for key, name, value in pairs(node, ctx):
        text = fill(name, key, ctx, fills)[0] if "${" in name else name
        found.append((json.dumps(text, ensure_ascii=False) + ":", value))
    return found


def _scalar(node: ScalarNode, ctx: Context, fills: Fills) -> str:
    text: str = node.value
    if "${" in text:
        return json.dumps(fill(text, node, ctx, fills)[0], ensure_ascii=False)
    if node.style:
        return json.dumps(text, ensure_ascii=False)
    if is_null(node):
        return "null"
    if text in _JSON_WORDS:
        return _JSON_WORDS[text]
    if _JSON_NUMBER.fullmatch(text):
        return text
    taken = misread(text)
    if taken:
        message = f"{text} is {taken} to some YAML readers and a text to others"
        raise ctx.refuse(node, message, f'quote it: "{text}"; or write it as JSON does (true, 10, 0.5)')
    return json.dumps(text, ensure_ascii=False)


_BODY_HINT = "a structured body is written under `json:` or `form:`"

KEYS = (
    Key("json", Json(), "the body as YAML; sent as JSON"),
    Key(
        "form",
        MapOf(
            ByKind(
                "a text, or a list of texts",
                scalar=Loose(fills=Fills.STEPS),
                items=ListOf(Loose(fills=Fills.STEPS), least=1),
            )
        ),
        "fields, name: value; sent as application/x-www-form-urlencoded",
    ),
    Key(
        "body",
        ByKind(
            "a text",
            scalar=Text(fills=Fills.STEPS, empty=True),
            items=Unsupported("expected a text, got a list", _BODY_HINT),
            mapping=Unsupported("expected a text, got a mapping", _BODY_HINT),
        ),
        "the body as text, sent as UTF-8",
    ),
    Key("body_file", Text(), "a file whose bytes are the body, relative to this file"),
)


def request_body(fields: Fields) -> RequestBody:
    """Return the body of a request; raise Refused if there is more than one, or its file cannot be read."""
    given = fields.given(*NAMES)
    if not given:
        return RequestBody()
    if len(given) > 1:
        raise fields.refuse(given[1], f"one request has both '{given[0]}' and '{given[1]}'", "keep one of them")
    if "body_file" in fields:
        return RequestBody(data=_file(fields))
    if "json" in fields:
        return _text(fields["json"], "json", "application/json")
    if "form" in fields:
        return _form(fields)
    return _text(fields["body"], "", "")


def _text(text: str, kind: BodyKind, content_type: str) -> RequestBody:
    if "${" not in text:
        return RequestBody(data=text.encode(), kind=kind, content_type=content_type)
    marked = bool(marks.names(text))
    data = (text if marked else marks.literal(text)).encode()
    return RequestBody(data=data, has_marks=marked, kind=kind, content_type=content_type)


def _form(fields: Fields) -> RequestBody:
    entries = flat(fields["form"])
    text = "&".join(f"{quote_plus(name)}={_encoded(value)}" for name, value in entries)
    return _text(text, "form", "application/x-www-form-urlencoded")


def _encoded(value: str) -> str:
    """Percent-encode all but the captures."""
    parts = []
    end = 0
    for mark in MARK.finditer(value):
        parts.append(quote_plus(value[end : mark.start()]))
        parts.append(quote_plus("${") if mark[1] is None else mark[0])
        end = mark.end()
    return "".join(parts) + quote_plus(value[end:])


def _file(fields: Fields) -> bytes:
    cache = fields.ctx.file_bytes
    path = base_of(fields.nodes["body_file"]) / fields["body_file"]
    if path not in cache:
        try:
            cache[path] = path.read_bytes()
        except (OSError, ValueError) as error:  # ValueError: a NUL in the path
            message = f"the file '{fields['body_file']}' cannot be read: {getattr(error, 'strerror', None) or error}"
            raise fields.refuse("body_file", message, f"looked for {path}") from None
    return cache[path]
