"""`cases`: what is asked of both sides."""

from dataclasses import replace

from yaml.nodes import Node

from harness.model.request import SAFE_METHODS
from harness.scenario import bodies, marks, texts
from harness.scenario.containers import ListOf
from harness.scenario.context import Context, Refused
from harness.scenario.fill import Fills
from harness.scenario.record import Fields, Key, Record
from harness.scenario.shape import Scalar, Text, Unsupported, flag, integer, word
from harness.scenario.steps import APART, REQUEST, REQUEST_KEYS, STEP, Draft, check_captures, draft
from harness.scenario.types import Case, Step

_OF_STEPS = ("capture", "side", "captured_from", "always")


class _Name(Text):
    """A case's name; kept by the context, since it must be unique and waivers refer to it."""

    def read(self, node: Node, ctx: Context) -> str:
        """Return the name."""
        name = super().read(node, ctx)
        first = ctx.case_names.setdefault(name, node)
        if first is not node:
            mark = first.start_mark
            raise ctx.refuse(
                node, f"two cases are called '{name}'", f"the first is at {mark.name}:{mark.line + 1}; rename one"
            )
        return name


def _operation(text: str) -> str:
    method, template = texts.request(text)
    return f"{method} {template}"


def _asked(step: Step) -> str:
    """Return the operation of a step by itself: method and path, captured values as {name}."""
    return f"{step.method} {step.target.partition('?')[0].replace('${', '{')}"


def _case(fields: Fields) -> Case:
    drafts = _drafts(fields)
    steps = tuple(drawn.step for drawn in drafts)
    _check_safety(fields, tuple(step.method for step in steps))
    if not check_captures(drafts):
        raise Refused
    first = steps[0]
    operation = fields["operation"] or f"{first.method} {marks.literal(first.target).partition('?')[0]}"
    fields.ctx.operations.add(operation)
    if "security" in fields.ctx.sections:
        fields.ctx.asked.update(map(_asked, steps))
    mark = fields.node.start_mark
    return Case(
        index=0,
        name=fields["name"],
        operation=operation,
        steps=steps,
        repeat=fields["repeat"],
        retries=fields["retries"],
        critical=fields["critical"],
        unsafe=fields["unsafe"],
        because=fields["because"],
        file=mark.name,
        line=mark.line + 1,
    )


def _drafts(fields: Fields) -> tuple[Draft, ...]:
    if "steps" not in fields:
        return (draft(fields),)
    if "request" in fields:
        raise fields.refuse("request", "a case has both 'request' and 'steps'", "keep one of them")
    misplaced = fields.given("headers", "expect", *bodies.NAMES)
    if misplaced:
        message = f"'{misplaced[0]}' stands beside 'steps'"
        raise fields.refuse(misplaced[0], message, "write it into the step that it is meant for")
    drafts: tuple[Draft, ...] = fields["steps"]
    caller = fields["as"]
    if caller is None:
        return drafts
    return tuple(
        drawn if drawn.step.identity else Draft(replace(drawn.step, identity=caller), drawn.fields) for drawn in drafts
    )


def _check_safety(fields: Fields, methods: tuple[str, ...]) -> None:
    unsafe = next((method for method in methods if method not in SAFE_METHODS), "")
    choice = fields["unsafe"]
    if choice and not unsafe:
        raise fields.refuse("unsafe", "'unsafe' on a case whose methods are all safe", "remove it: it is sent anyway")
    if choice == "skip" and "because" not in fields:
        raise fields.refuse(
            "unsafe", "unsafe: skip needs a reason", "add because: …; the case stays unproven, and listed"
        )
    if "because" in fields and not choice:
        hint = "the reason of an intended difference stands within `expect:`"
        raise fields.refuse("because", "'because' gives the reason of `unsafe: skip`, which is not here", hint)
    if fields["retries"] and unsafe:
        hint = "a second attempt could do it twice: remove retries"
        raise fields.refuse("retries", f"retries with the unsafe method {unsafe}", hint)


CASE = Record(
    _case,
    Key("name", _Name(texts.one_line), "unique among the cases", required=True),
    Key("request", REQUEST, "METHOD /path?query, sent as it is written"),
    Key(
        "steps",
        ListOf(STEP, least=1, empty="a case without steps proves nothing"),
        "requests in order, instead of request",
    ),
    *REQUEST_KEYS,
    Key(
        "operation",
        Scalar(_operation, {"type": "string", "pattern": texts.REQUEST}, expected="METHOD /template", fills=Fills.VARS),
        "METHOD /template that groups cases; method and path if left out",
    ),
    Key("repeat", integer(1, 1_000_000), "how often both sides are asked", absent=1, default=1),
    Key("retries", integer(0, 10), "further attempts when no answer comes; safe methods only", absent=0, default=0),
    Key("critical", flag(), "its failing is critical", absent=False, default=False),
    Key("unsafe", word("run", "skip"), "POST, PUT, PATCH, DELETE: send them, or accept them as unproven", absent=""),
    Key("because", Text(), "why an unsafe case is skipped", absent=""),
    *(
        Key(name, Unsupported(f"'{name}' belongs to a step", "write the request under `steps:`"), absent=None)
        for name in _OF_STEPS
    ),
    name="case",
    apart=APART,
    about="What is asked of both sides.",
    among=("request", "steps"),
    least="such as request: GET /orders",
)

CASES = ListOf(CASE, least=1, empty="no cases: an empty suite proves nothing")


def numbered(cases: tuple[Case, ...]) -> tuple[Case, ...]:
    """Give each case its ordinal."""
    return tuple(case if case.index == index else replace(case, index=index) for index, case in enumerate(cases))
