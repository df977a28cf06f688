"""`compare` and `waivers`."""

from fnmatch import fnmatchcase

from yaml.nodes import Node

from harness.model.rule import BodyRule, CompareRules, Waiver
from harness.scenario import texts, units
from harness.scenario.bounds import json_path
from harness.scenario.containers import ListOf
from harness.scenario.context import Context, Wrong, guess
from harness.scenario.fill import Fills
from harness.scenario.record import Fields, Key, Record
from harness.scenario.shape import Scalar, Text, flag, integer, parsed, word

FORMATS = (
    "uuid",
    "date-time",
    "date",
    "time",
    "http-date",
    "epoch",
    "epoch-s",
    "epoch-ms",
    "hex",
    "base64",
    "jwt",
    "string",
    "number",
    "integer",
    "boolean",
    "email",
    "uri",
    "ipv4",
    "ipv6",
)
_RULES = ("unordered", "tolerance", "format", "ignore")


def _unordered(text: str) -> str:
    """Return the key that items are matched by, "" for whole values."""
    if text in {"false", "False", "FALSE"} or not text:
        raise Wrong("unordered is the key to match items by, or true", "remove the rule to compare in order")
    return "" if text in {"true", "True", "TRUE"} else text


def _must_be_true(text: str) -> bool:
    if text not in {"true", "True", "TRUE"}:
        raise Wrong(f"ignore can only be true, got '{text}'", "remove the rule to compare the place")
    return True


def _body_rule(fields: Fields) -> BodyRule:
    kinds = fields.given(*_RULES)
    if len(kinds) > 1:
        raise fields.refuse(kinds[1], f"one rule has both '{kinds[0]}' and '{kinds[1]}'", "write two rules")
    if "ignore" in fields and "because" not in fields:
        raise fields.refuse("ignore", "ignore needs a reason", "add because: …")
    return BodyRule(
        at=fields["at"],
        unordered=fields["unordered"],
        tolerance=fields["tolerance"],
        format=fields["format"],
        ignore=fields["ignore"],
        because=fields["because"],
    )


BODY_RULE = Record(
    _body_rule,
    Key("at", json_path(), "JSONPath (RFC 9535) of the places", required=True),
    Key(
        "unordered",
        Scalar(
            _unordered, {"anyOf": [{"type": "string"}, {"const": True}]}, expected="a key, or true", fills=Fills.VARS
        ),
        "compare the array as a set: items matched by this key, or by their whole value (true)",
    ),
    Key(
        "tolerance", parsed(units.amount, "", "a number such as 0.01", number=True), "largest difference of two numbers"
    ),
    Key("format", word(*FORMATS), "both must have this format; the values may differ"),
    Key("ignore", Scalar(_must_be_true, {"const": True}, expected="true"), "set the place aside", absent=False),
    Key("because", Text(), "why; needed by ignore", absent=""),
    name="body_rule",
    about="A rule at places of JSON bodies.",
    among=_RULES,
    least="each rule says what is done at the place",
)


def _lower_name(text: str) -> str:
    texts.header_name(text)
    return text.lower()


def _compare(fields: Fields) -> CompareRules:
    return CompareRules(
        strict=fields["strict"],
        noise_repeats=fields["noise"],
        ignored_headers=frozenset(fields["headers"]),
        body=fields["body"],
    )


COMPARE = Record(
    _compare,
    Key("strict", flag(), "differences of cause `gateway` fail too", absent=False, default=False),
    Key(
        "noise",
        Record(
            lambda fields: fields["repeats"],
            Key("repeats", integer(0, 100), "how often the old side is asked again", absent=1, default=1),
            name="noise",
            about="Extra calls to the old side for safe requests: what it disagrees with itself about.",
        ),
        absent=1,
    ),
    Key(
        "headers",
        Record(
            lambda fields: fields["ignore"],
            Key(
                "ignore",
                ListOf(Scalar(_lower_name, {"type": "string"}, expected="a header name", fills=Fills.VARS)),
                "names, in any case",
                absent=(),
            ),
            name="header_rules",
        ),
        absent=(),
    ),
    Key("body", ListOf(BODY_RULE), "rules for places of JSON bodies", absent=()),
    name="compare",
    about="How two answers are compared.",
)

_PLACES = ("status", "response", "header:", "body", "body:", "time:")


def _place(text: str) -> str:
    """Check a place of a difference; header names are told in lower case."""
    if text.startswith("header:"):
        if text == "header:":
            raise Wrong("'header:' names no header", "such as header:etag")
        return text.lower()
    if text in {"status", "response", "body"} or text.startswith(("body:", "time:")) or text[:1] in {"*", "?", "["}:
        return text
    hint = f"write body:{text}" if text.startswith("$") else guess(text.partition(":")[0] + ":", _PLACES)
    raise Wrong(f"'{text}' is no place", hint)


def _waiver(fields: Fields) -> Waiver:
    ctx = fields.ctx
    case, operation = fields["case"], fields["operation"]
    if case is not None:
        node = fields.nodes["case"]
        ctx.later.append(lambda: _known_case(case, node, ctx))
    if operation is not None:
        place = fields.nodes["operation"]
        ctx.later.append(lambda: _known_operation(operation, place, ctx))
    return Waiver(
        id="",
        at=fields["at"],
        owner=fields["owner"],
        until=fields["until"],
        because=fields["because"],
        case=case,
        operation=operation,
    )


def _known_case(name: str, node: Node, ctx: Context) -> None:
    if "security" in ctx.sections and ": " in name:
        return  # a cell of the security suite ("row, caller: column"): an unused waiver is told
    if name not in ctx.case_names and not any(fnmatchcase(known, name) for known in ctx.case_names):
        ctx.note(node, f"no case is called '{name}'", guess(name, ctx.case_names))


def _known_operation(name: str, node: Node, ctx: Context) -> None:
    if ctx.problems or name in ctx.operations:
        return
    if not any(fnmatchcase(known, name) for known in ctx.operations):
        ctx.note(node, f"no case has the operation '{name}'", guess(name, ctx.operations))


WAIVER = Record(
    _waiver,
    Key("case", Text(), "the case's name, or a glob; every case if left out"),
    Key("operation", Text(), "METHOD /template, or a glob; every operation if left out"),
    Key(
        "at",
        Scalar(_place, {"type": "string"}, expected="a place such as header:etag", fills=Fills.VARS),
        "status, header:NAME, body:$.place, or a glob over places",
        required=True,
    ),
    Key("owner", Text(), "who removes it", required=True),
    Key("until", parsed(units.day, units.DATE, "a date such as 2026-12-31"), "its last day, YYYY-MM-DD", required=True),
    Key("because", Text(), "why it is tolerated", required=True),
    name="waiver",
    about="A difference tolerated for a while.",
)


def numbered(waivers: tuple[Waiver, ...]) -> tuple[Waiver, ...]:
    """Give each waiver its id: w1, w2 and so on."""
    return tuple(
        Waiver(
            id=f"w{number}",
            at=waiver.at,
            owner=waiver.owner,
            until=waiver.until,
            because=waiver.because,
            case=waiver.case,
            operation=waiver.operation,
        )
        for number, waiver in enumerate(waivers, start=1)
    )
