"""`limits` and `evidence`."""

from harness.model.gateway import Limits
from harness.model.place import JsonPath
from harness.scenario import units
from harness.scenario.containers import ListOf
from harness.scenario.jsonpath import parse
from harness.scenario.record import Fields, Key, Record
from harness.scenario.shape import Scalar, integer, parsed, word
from harness.scenario.types import Evidence

_DEFAULT = Limits()

LIMITS = Record(
    lambda fields: Limits(
        rate=fields["rate"], concurrency=fields["concurrency"], timeout=fields["timeout"], body=fields["body"]
    ),
    Key(
        "rate",
        parsed(units.rate, units.RATE, "a rate such as 20 or 20/s", number=True),
        "requests per second and gateway",
        absent=_DEFAULT.rate,
        default=20,
    ),
    Key("concurrency", integer(1, 1000), "requests in flight per gateway", absent=_DEFAULT.concurrency, default=8),
    Key(
        "timeout",
        parsed(units.duration, units.DURATION, "a duration such as 35s"),
        "how long one answer may take",
        absent=_DEFAULT.timeout,
        default="35s",
    ),
    Key(
        "body",
        parsed(units.size, units.SIZE, "a size such as 10MB", number=True),
        "the largest body that is read",
        absent=_DEFAULT.body,
        default="10MB",
    ),
    name="limits",
    about="Bounds per gateway, never exceeded.",
)


def json_path() -> Scalar[JsonPath]:
    """Return the shape of a JSONPath."""
    return Scalar(parse, {"type": "string", "pattern": r"^\$"}, expected="a JSONPath such as $.items[*].id")


def _evidence(fields: Fields) -> Evidence:
    return Evidence(bodies=fields["bodies"], redact=fields["redact"])


EVIDENCE = Record(
    _evidence,
    Key(
        "bodies",
        word("all", "differing", "none"),
        "which bodies are kept",
        absent="differing",
        default="differing",
    ),
    Key("redact", ListOf(json_path()), "places of JSON bodies that are never kept", absent=()),
    name="evidence",
    about="What is kept of the answers.",
)
