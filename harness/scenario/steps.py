"""Requests: what a case with `request:` and each of a case's `steps` have in common, and captures."""

from dataclasses import dataclass

from yaml.nodes import Node

from harness.model.place import JsonPath
from harness.model.request import Headers
from harness.model.rule import Expect
from harness.model.side import Side
from harness.scenario import bodies, marks, texts
from harness.scenario.containers import ByKind, ListOf, MapOf, flat
from harness.scenario.context import Context, Wrong, guess
from harness.scenario.expecting import EXPECT
from harness.scenario.fill import Fills
from harness.scenario.hiding import hide_header
from harness.scenario.jsonpath import parse_singular
from harness.scenario.record import Fields, Key, Record
from harness.scenario.shape import Scalar, Shape, Text, flag, word
from harness.scenario.types import Capture, Step

_SIDES = {"old": Side.OLD, "new": Side.NEW}
_VALUE = Text(texts.header_value, fills=Fills.STEPS, hidden=True, empty=True)


class _Caller(Text):
    """The name of a caller; checked against `credentials`."""

    def read(self, node: Node, ctx: Context) -> str:
        """Return the name."""
        name = super().read(node, ctx)
        if name not in ctx.identities:
            hint = guess(name, ctx.identities) or f"add `credentials: {{{name}: …}}`"
            raise ctx.refuse(node, f"no caller '{name}' in `credentials`", hint)
        return name


REQUEST = Scalar(
    texts.request,
    {"type": "string", "pattern": texts.REQUEST},
    expected="a request such as GET /orders",
    fills=Fills.STEPS,
)
REQUEST_KEYS = (
    Key("as", _Caller(), "the caller, one of `credentials`; anonymous if left out"),
    Key(
        "headers",
        MapOf(
            ByKind("a text, or a list of texts", scalar=_VALUE, items=ListOf(_VALUE, least=1)),
            check_key=texts.header_name,
        ),
        "name: value, or a list of values for a header that is sent more than once",
        absent=(),
    ),
    *bodies.KEYS,
    Key("expect", EXPECT, "what must be answered", absent=Expect()),
)


APART = ("name", "as", "headers", "expect", "repeat", "critical", "because", "operation")


@dataclass(frozen=True, slots=True)
class Draft:
    """A step, and where its parts stand."""

    step: Step
    fields: Fields


def draft(fields: Fields) -> Draft:
    """Build one step of what its keys say; raise Refused."""
    method, target = fields["request"]
    body = bodies.request_body(fields)
    step = Step(
        method=method,
        target=target,
        headers=_headers(fields, body.content_type),
        body=body.data,
        body_has_marks=body.has_marks,
        body_kind=body.kind,
        identity=fields["as"],
        expect=fields["expect"],
    )
    return Draft(step, fields)


def _headers(fields: Fields, content_type: str) -> Headers:
    entries = fields["headers"]
    if entries:
        _check_names(entries, fields)
        entries = flat(entries)
        for name, value in entries:
            if texts.is_sensitive(name) and not marks.names(value):
                hide_header(name, marks.literal(value), f"header {name.lower()}", fields.ctx)
    if content_type and not any(name.lower() == "content-type" for name, _ in entries):
        return (*entries, ("Content-Type", content_type))
    return tuple(entries)


def _check_names(entries: tuple[tuple[str, object], ...], fields: Fields) -> None:
    names = [name.lower() for name, _ in entries]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise fields.refuse(
            "headers", f"the header '{twice}' is there twice", f"for two values write {twice}: [one, two]"
        )


def _capture(fields: Fields) -> Capture:
    if "at" in fields and "header" in fields:
        raise fields.refuse("header", "a capture has both 'at' and 'header'", "keep one of them")
    header: str | None = fields["header"]
    path: JsonPath | None = fields["at"]
    return Capture(name="", path=path, header=header.lower() if header else None, secret=fields["secret"])


_PLACE: Shape[JsonPath] = Scalar(
    parse_singular, {"type": "string", "pattern": r"^\$"}, expected="a JSONPath such as $.id"
)
_DETAILED = Record(
    _capture,
    Key("at", _PLACE, "JSONPath of one value in the body"),
    Key("header", Text(texts.header_name), "a header's name"),
    Key("secret", flag(), "never written down", absent=False, default=False),
    name="capture",
    about="A value that later steps use as ${name}.",
    among=("at", "header"),
    least="where the value is taken from",
)


def _capture_name(name: str) -> None:
    if not marks.CAPTURE_NAME.fullmatch(name):
        raise Wrong(f"'{name}' is no name for a capture", "letters, digits, _ and - alone")


def _step(fields: Fields) -> Draft:
    drawn = draft(fields)
    side, source = fields["side"], fields["captured_from"]
    step = Step(
        method=drawn.step.method,
        target=drawn.step.target,
        headers=drawn.step.headers,
        body=drawn.step.body,
        body_has_marks=drawn.step.body_has_marks,
        body_kind=drawn.step.body_kind,
        identity=drawn.step.identity,
        expect=drawn.step.expect,
        captures=tuple(_named(name, found) for name, found in fields["capture"]),
        side=_SIDES[side] if side else None,
        captured_from=_SIDES[source] if source else None,
        always=fields["always"],
    )
    return Draft(step, fields)


def _named(name: str, found: Capture | JsonPath) -> Capture:
    if isinstance(found, JsonPath):
        return Capture(name=name, path=found)
    return Capture(name=name, path=found.path, header=found.header, secret=found.secret)


STEP = Record(
    _step,
    Key("request", REQUEST, "METHOD /path?query, sent as it is written", required=True),
    *REQUEST_KEYS,
    Key(
        "capture",
        MapOf(ByKind("a JSONPath, or a mapping", scalar=_PLACE, mapping=_DETAILED), check_key=_capture_name),
        "values that later steps use: {id: $.id}",
        absent=(),
    ),
    Key("side", word("old", "new"), "the only side that is asked"),
    Key("captured_from", word("old", "new"), "whose captures are used; each side's own if left out"),
    Key("always", flag(), "runs even if a step before it failed", absent=False, default=False),
    name="step",
    apart=APART,
    about="One request of a case.",
)


def check_captures(drafts: tuple[Draft, ...]) -> bool:
    """Note every `${name}` that no earlier step captured on the side it is needed from; tell whether all is well."""
    known: dict[Side, set[str]] = {Side.OLD: set(), Side.NEW: set()}
    good = True
    for drawn in drafts:
        step = drawn.step
        sides = [step.side] if step.side else list(Side)
        for key, name in _uses(drawn):
            sources = [step.captured_from or side for side in sides]
            missing = [side for side in sources if name not in known[side]]
            if missing:
                good = False
                _note_missing(key, name, missing[0], known, drafts, drawn)
        for side in sides:
            known[side].update(capture.name for capture in step.captures)
    return good


def _uses(drawn: Draft) -> list[tuple[str, str]]:
    step = drawn.step
    found = [("request", name) for name in marks.names(step.target)]
    found += [("headers", name) for _, value in step.headers for name in marks.names(value)]
    if step.body_has_marks and step.body is not None:
        key = drawn.fields.given(*bodies.NAMES)[0]
        found += [(key, name) for name in marks.names(step.body.decode())]
    return list(dict.fromkeys(found))


def _note_missing(
    key: str, name: str, side: Side, known: dict[Side, set[str]], drafts: tuple[Draft, ...], drawn: Draft
) -> None:
    ctx, node = drawn.fields.ctx, drawn.fields.nodes[key]
    if name in known[side.other]:
        hint = f"write captured_from: {side.other.value} to use that side's value"
        ctx.note(node, f"'${{{name}}}' is captured on {side.other.value} alone", hint)
        return
    everywhere = {capture.name for other in drafts for capture in other.step.captures}
    if name in everywhere:
        ctx.note(node, f"'${{{name}}}' is captured later than it is used", "capture it in a step before this one")
        return
    hint = (
        guess(name, everywhere)
        if everywhere
        else f"add capture: {{{name}: $.…}} to a step before; vars are ${{var:{name}}}"
    )
    ctx.note(node, f"no step captures '${{{name}}}'", hint)
