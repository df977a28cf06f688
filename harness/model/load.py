"""What a load run measured, as it is journaled and shown. Latencies are in ms; histograms are HdrHistogram texts in µs.

A histogram's text is the standard V2 compressed encoding in base64; 1 µs to 1 hour with three significant digits.
"""

from dataclasses import dataclass, field
from enum import StrEnum


class LoadState(StrEnum):
    """How a load ended. Only a FINISHED one is judged; what the others measured is kept, and marked."""

    FINISHED = "finished"
    INTERRUPTED = "interrupted"
    ABORTED = "aborted"  # the error share passed `abort_at`
    WORKER_LOST = "worker lost"
    FAILED = "failed"  # the generator broke, or never started


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """What one side answered to one operation ("" for all of them) in the measured part, warm-up not included.

    `sent` counts requests with an outcome, `errors` those with no response, 5xx, 429, or a status that `expect` does
    not allow. `outcomes` counts by status ("200") or reason ("timeout"). `planned` holds the latencies from the planned
    start, `service` those from the actual send; both of every request that was answered. `overhead` holds the time
    that the gateway itself took, where a header tells the backend's ("" where none does).
    """

    side: str
    operation: str = ""
    sent: int = 0
    errors: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)
    planned: str = ""
    service: str = ""
    overhead: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """One side in one slice of time, by planned start: `at` seconds from the load's start. Percentiles from planned."""

    side: str
    at: float
    planned: int
    sent: int
    errors: int
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One metric of one operation ("" for all), on both sides.

    `metric` is p50, p90, p95, p99, max or errors; values in ms, or shares for errors. Intervals are two-sided at
    `level`; None where there are too few samples for one. `difference` is new minus old. `quantile_p` is the two-arm
    quantile test's p-value that new is no slower, `exceedance_e` the e-value of the exceedance test (or, for errors, of
    the conditional odds-ratio test) against "new is no worse". `judged` is False below 10 / (1 - p) samples.
    """

    operation: str
    metric: str
    old: float | None
    new: float | None
    old_interval: tuple[float, float] | None = None
    new_interval: tuple[float, float] | None = None
    difference: float | None = None
    interval: tuple[float, float] | None = None
    level: float = 0.99
    quantile_p: float | None = None
    exceedance_e: float | None = None
    judged: bool = True
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Generator:
    """How the load generator itself did: what makes a measurement valid.

    `late_p99` is the 99th percentile of actual send minus planned start in ms; of requests that waited for a free
    connection, that of joining the line. `held` counts these, by side. `unsent` counts planned requests that never
    left. `cpu` is the share of one core that the busiest process used; `hold` the highest rate (requests/s, both sides
    together) that this machine has shown, or is reckoned, to hold. `client` names the software.
    """

    workers: int = 1
    lost: tuple[str, ...] = ()
    late_p99: float | None = None
    late_max: float | None = None
    unsent: dict[str, int] = field(default_factory=dict)
    held: dict[str, int] = field(default_factory=dict)
    cpu: float | None = None
    hold: float | None = None
    client: str = ""
    per_worker: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadTick:
    """What the live table shows: once a second, not journaled. By side; rates in requests/s over the last second.

    `errors` are shares, percentiles in ms from the planned start, both over the last few seconds; `sent` since the
    start. `elapsed` and `total` are seconds, warm-up included. `phase` is warm-up, load or waiting, `waiting` says for
    what ("" if for nothing).
    """

    elapsed: float
    total: float
    phase: str
    planned_rate: dict[str, float]
    rate: dict[str, float]
    sent: dict[str, int]
    errors: dict[str, float]
    p50: dict[str, float | None]
    p95: dict[str, float | None]
    p99: dict[str, float | None]
    late_p99: float | None = None
    workers: int = 1
    waiting: str = ""

    @classmethod
    def waiting_for(cls, what: str) -> "LoadTick":
        """Return the tick of a load that sends nothing now."""
        nothing: dict[str, float | None] = {}
        return cls(
            elapsed=0.0, total=0.0, phase="waiting", planned_rate={}, rate={}, sent={}, errors={},
            p50=nothing, p95=nothing, p99=nothing, waiting=what,
        )  # fmt: skip
