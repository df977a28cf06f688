"""A threshold: METRIC OP VALUE [of OPERATION | for TIME], the one grammar of every suite that measures.

`p95 <= old * 1.2`, `p99 <= 800ms`, `errors <= old + 0.1pp`, `throughput >= 95% of planned`, `capacity <= 60%`,
`p95 <= old * 1.5 of GET /orders`, `errors > 5% for 2m`. scenario/thresholds.py reads it.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Metric(StrEnum):
    """What is measured. Latencies in ms, errors and capacity as shares (0 to 1), throughput in requests/s."""

    LATENCY = "latency"  # a percentile or the maximum, see Threshold.percentile
    ERRORS = "errors"
    THROUGHPUT = "throughput"
    CAPACITY = "capacity"


class Base(StrEnum):
    """What a value is relative to; NOTHING: it is absolute."""

    NOTHING = ""
    OLD = "old"
    PLANNED = "planned"
    HISTORY = "history"


Operator = Literal["<=", "<", ">=", ">"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """The value that is allowed: `base * factor + plus`, or `plus` alone where `base` is NOTHING.

    `plus` is in the metric's unit: ms, a share (0.001 for 0.1pp), requests/s.
    """

    base: Base = Base.NOTHING
    factor: float = 1.0
    plus: float = 0.0

    def of(self, base: float) -> float:
        """Return what is allowed where the base measures `base` (in the metric's unit)."""
        return self.plus if self.base is Base.NOTHING else base * self.factor + self.plus


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """`text` is as the user wrote it (white space tidied). `percentile` is 0.95 for p95, 1.0 for max; 0 for no latency.

    `operation` is what comes after `of` ("" for all), `seconds` what comes after `for` (0: the whole time). `file` and
    `line` say where it is written; a default has none.
    """

    text: str
    metric: Metric
    percentile: float = 0.0
    operator: Operator
    bound: Bound
    operation: str = ""
    seconds: float = 0.0
    file: str = ""
    line: int = 0

    @property
    def measured(self) -> str:
        """Return the metric's word: p95, max, errors, throughput, capacity."""
        return self.text.split(maxsplit=1)[0]

    def keeps(self, value: float, allowed: float) -> bool:
        """Tell whether `value` keeps to what is `allowed`."""
        match self.operator:
            case "<=":
                return value <= allowed
            case "<":
                return value < allowed
            case ">=":
                return value >= allowed
            case _:
                return value > allowed
