"""`gates`: what GO needs."""

from yaml.nodes import Node

from harness.model.event import ManualGate
from harness.scenario import units
from harness.scenario.containers import ListOf
from harness.scenario.context import Context, Wrong
from harness.scenario.gateways import LATER_HINT
from harness.scenario.record import Fields, Key, Record
from harness.scenario.shape import Scalar, Text, Unsupported, word
from harness.scenario.types import Gates

SUITES = {"parity": "cases", "security": "security", "load": "load", "dns": "dns", "rollback": "rollback"}
"""Each suite and the section that it runs for."""

KNOWN = ("parity", "security", "load", "dns")
"""The suites of this version."""


def _done(text: str) -> str:
    if text in {"false", "False", "FALSE"}:
        return ""
    if text in {"true", "True", "TRUE"}:
        raise Wrong("done is the date of the signing off, not true", "write YYYY-MM-DD, or false")
    return units.day(text).isoformat()


_MANUAL = Record(
    lambda fields: ManualGate(
        what=fields["what"], owner=fields["owner"], done=fields["done"], evidence=fields["evidence"]
    ),
    Key("what", Text(), "what a person signs off", required=True),
    Key("owner", Text(), "who does", required=True),
    Key(
        "done",
        Scalar(
            _done, {"anyOf": [{"type": "string", "pattern": units.DATE}, {"const": False}]}, expected="a date, or false"
        ),
        "the day it was done, YYYY-MM-DD; false or left out: not yet, which holds the verdict",
        absent="",
    ),
    Key("evidence", Text(), "a ticket or a link", absent=""),
    name="manual_gate",
)


class _Suite(Scalar[str]):
    """A suite that is required: it must have a section."""

    def read(self, node: Node, ctx: Context) -> str:
        """Return its name."""
        name = super().read(node, ctx)
        section = SUITES[name]
        if section not in ctx.sections:
            message = f"'{name}' is required, but there is no `{section}` section"
            raise ctx.refuse(node, message, f"add `{section}:`, or remove '{name}': nothing would be judged")
        return name


_WORD = word(*SUITES)


def required(ctx: Context) -> tuple[str, ...]:
    """Return what is required where the file does not say: every suite that has a section."""
    return tuple(suite for suite in KNOWN if SUITES[suite] in ctx.sections)


def _gates(fields: Fields) -> Gates:
    asked = fields["require"] if "require" in fields else required(fields.ctx)
    return Gates(require=tuple(dict.fromkeys(asked)), manual=fields["manual"])


GATES = Record(
    _gates,
    Key(
        "require",
        ListOf(
            _Suite(_WORD.parse, _WORD.described, expected=_WORD.expected, fills=_WORD.fills),
            least=1,
            empty="nothing is required: an empty gate proves nothing",
        ),
        "the suites that must pass; every suite that has a section if left out",
    ),
    Key("manual", ListOf(_MANUAL), "what people sign off", absent=()),
    Key("coverage", Unsupported("'gates.coverage' is not yet supported by this version", LATER_HINT)),
    name="gates",
    about="What GO needs.",
)
