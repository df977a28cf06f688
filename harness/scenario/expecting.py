"""`expect`: what both sides, or each side, must answer."""

from functools import lru_cache

from harness.model.rule import Expect, ExpectSide
from harness.scenario import texts, units
from harness.scenario.containers import ByKind, ListOf, MapOf, OrNull
from harness.scenario.context import Wrong
from harness.scenario.fill import Fills
from harness.scenario.record import Fields, Key, Record
from harness.scenario.shape import Scalar, Text, parsed

_HINT = "a number from 100 to 599, or a class such as 2xx"


@lru_cache(maxsize=1024)
def _status(text: str) -> tuple[int, ...]:
    """Return the statuses that `200` or `2xx` stands for."""
    if len(text) == 3 and text.isascii() and text[0] in "12345":
        if text[1:].lower() == "xx":
            first = int(text[0]) * 100
            return tuple(range(first, first + 100))
        if text.isdigit():
            return (int(text),)
    raise Wrong(f"'{text}' is no status", _HINT)


_ONE = Scalar(
    _status,
    {
        "anyOf": [
            {"type": "integer", "minimum": 100, "maximum": 599},
            {"type": "string", "pattern": "^[1-5]([0-9]{2}|[xX]{2})$"},
        ]
    },
    expected="a status",
)
_STATUS: ByKind[tuple[int, ...], tuple[tuple[int, ...], ...], None] = ByKind(
    "a status, or a list of them", scalar=_ONE, items=ListOf(_ONE, least=1)
)
_HEADERS = MapOf(
    OrNull(Text(texts.header_value, fills=Fills.ALL, hidden=True, empty=True)), check_key=texts.header_name, least=1
)

_KEYS = (
    Key("status", _STATUS, "200, 2xx, or a list of such", absent=()),
    Key("headers", _HEADERS, "name: value; null means that the header must be absent", absent=()),
)


def _flat(status: tuple[int | tuple[int, ...], ...]) -> tuple[int, ...]:
    if not status or isinstance(status[0], int):
        return status  # type: ignore[return-value]  # one status is a flat tuple already
    return tuple(dict.fromkeys(number for part in status if isinstance(part, tuple) for number in part))


def _one_side(fields: Fields) -> ExpectSide:
    headers = tuple((name.lower(), value) for name, value in fields["headers"])
    return ExpectSide(status=_flat(fields["status"]), headers=headers)


_SIDE = Record(_one_side, *_KEYS, name="expect_side", among=("status", "headers"), least="what must this side answer?")


def _expect(fields: Fields) -> Expect:
    sides = fields.given("old", "new")
    if sides and "because" not in fields:
        raise fields.refuse(sides[0], "an expectation of one side needs a reason", "add `because:` beside it")
    return Expect(
        both=_one_side(fields),
        old=fields["old"],
        new=fields["new"],
        max_time=fields["max_time"],
        because=fields["because"],
    )


EXPECT = Record(
    _expect,
    *_KEYS,
    Key("max_time", parsed(units.duration, units.DURATION, "a duration such as 2s"), "how long each side may take"),
    Key("old", _SIDE, "what the old side alone must answer; needs because", absent=ExpectSide()),
    Key("new", _SIDE, "what the new side alone must answer; needs because", absent=ExpectSide()),
    Key("because", Text(), "why the sides differ", absent=""),
    name="expect",
    about="What must be answered; holds for both sides unless it stands under old or new.",
    among=("status", "headers", "max_time", "old", "new"),
    least="an empty expectation checks nothing: remove it",
)
