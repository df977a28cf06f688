"""`load.mix`: what a load is made of, and which cases may be."""

import re
from collections.abc import Iterable

from yaml.nodes import MappingNode, Node, ScalarNode

from harness.scenario import texts
from harness.scenario.containers import pairs
from harness.scenario.context import Context, Refused, Wrong, base_of, guess
from harness.scenario.fill import Fills
from harness.scenario.profiles import place
from harness.scenario.shape import Defs, Scalar, Schema, Shape, Text, is_null, misread, what
from harness.scenario.types import Case, Mix

_RECORDING = "from"
_WEIGHT = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")


def _weight(text: str) -> float:
    if not _WEIGHT.fullmatch(text):
        raise Wrong(f"'{text}' is no weight", "a number: a case of weight 3 is sent three times as often as one of 1")
    if not float(text):
        raise Wrong("a weight of 0", "give more than 0, or leave the case out: what is not named is not sent")
    return float(text)


class _Mix(Shape[Mix]):
    """Weights by case, or `{from: recording}`."""

    def __init__(self) -> None:
        self.weight = Scalar(_weight, {"type": "number", "exclusiveMinimum": 0}, expected="a weight", fills=Fills.VARS)
        self.file = Text(texts.one_line)

    def read(self, node: Node, ctx: Context) -> Mix:
        """Return the mix; names of cases are checked when all of them are known."""
        if not isinstance(node, MappingNode):
            raise ctx.refuse(node, f"expected a mapping (case: weight, or from: recording), got {what(node)}")
        entries = list(pairs(node, ctx))
        if not entries:
            raise ctx.refuse(node, "a mix of nothing: nothing would be sent", "name cases, or remove `mix`")
        recording = next(((key, value) for key, name, value in entries if name == _RECORDING), None)
        return self._weights(entries, ctx) if recording is None else self._recording(*recording, len(entries), ctx)

    def _weights(self, entries: list[tuple[Node, str, Node]], ctx: Context) -> Mix:
        weights: dict[str, float] = {}
        for _, name, value in entries:
            try:
                weights[name] = self.weight.read(value, ctx)
            except Refused:
                continue
        if len(weights) < len(entries):
            raise Refused
        ctx.later.append(lambda: _check_names(entries, ctx))
        return Mix(weights=weights, written={name: place(key) for key, name, _ in entries})

    def _recording(self, key: Node, value: Node, count: int, ctx: Context) -> Mix:
        if count > 1 or _is_number(value):
            hint = "a case of that name cannot have a weight: rename it"
            raise ctx.refuse(key, "'from' takes the whole mix from a recording, and stands alone", hint)
        path = base_of(value) / self.file.read(value, ctx)
        if not path.is_file():
            raise ctx.refuse(value, f"no file '{path.name}'", f"looked for {path}")
        return Mix(recording=path, written={"": place(value)})

    def schema(self, defs: Defs) -> Schema:
        """Return either form."""
        by_case = {
            "type": "object",
            "additionalProperties": self.weight.schema(defs),
            "minProperties": 1,
            "not": {"required": [_RECORDING]},
        }
        recorded = {
            "type": "object",
            "additionalProperties": False,
            "properties": {_RECORDING: self.file.schema(defs) | {"description": "an access log, HAR or JSON lines"}},
            "required": [_RECORDING],
        }
        return {"anyOf": [by_case, recorded]}


MIX = _Mix()


def _is_number(node: Node) -> bool:
    return isinstance(node, ScalarNode) and not is_null(node) and not node.style and bool(misread(node.value))


def _check_names(entries: list[tuple[Node, str, Node]], ctx: Context) -> None:
    for key, name, _ in entries:
        if name not in ctx.case_names:
            ctx.note(key, f"no case is called '{name}'", guess(name, ctx.case_names))


def unfit(case: Case, *, named: bool) -> str:
    """Return why a case cannot be part of a load ("" if it can); `named` tells whether the mix names it."""
    step = case.steps[0]
    if len(case.steps) > 1:
        return f"it has {len(case.steps)} steps, and a load sends single requests"
    if step.captures:
        return "it captures values, and a load sends single requests"
    if step.side is not None:
        return f"it asks {step.side.value} alone, and a load sends the same to both sides"
    if case.unsafe == "skip":
        return "it says `unsafe: skip`"
    if not case.safe and case.unsafe != "run":
        return f"{step.method} may change something, and the case does not say `unsafe: run`"
    if not case.safe and not named:
        return f"{step.method} may change something, and `mix` does not name the case"
    return case.skip


def left_out(mix: Mix, case: Case) -> str:
    """Return why a case is no part of the load; "" if it is one of those named, or a safe case of one request."""
    if mix.weights and case.name not in mix.weights:
        return "the mix does not name it"
    expect = case.steps[0].expect
    if not mix.weights and mix.recording is None and expect.old.status != expect.new.status:
        return "the sides are to answer with different statuses, whose times do not compare, and `mix` does not name it"
    return unfit(case, named=bool(mix.weights))


def sent(mix: Mix, cases: Iterable[Case]) -> tuple[Case, ...]:
    """Return the cases that a load may send."""
    return tuple(case for case in cases if not left_out(mix, case))
