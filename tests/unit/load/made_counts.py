"""Counts of a load that was never sent: latencies and errors are given, or drawn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.load.counts import Cell, Counts
from harness.load.judge import judged
from harness.load.validity import generator
from harness.model.event import Checked
from harness.model.threshold import Base, Bound, Metric, Threshold
from harness.scenario.types import Load, Profile, Segment
from harness.stats.histogram import EMPTY, Histogram, bucketed, of

OLD, NEW = "old", "new"
GET, LIST = "GET /orders/{id}", "GET /orders"

P95 = Threshold(
    text="p95 <= old * 1.2",
    metric=Metric.LATENCY,
    percentile=0.95,
    operator="<=",
    bound=Bound(base=Base.OLD, factor=1.2),
    file="load.yaml",
    line=7,
)
ERRORS = Threshold(
    text="errors <= old + 0.1pp", metric=Metric.ERRORS, operator="<=", bound=Bound(base=Base.OLD, plus=0.001)
)
DEFAULTS = (P95, ERRORS)


def percentile(text: str, p: float, bound: Bound, operation: str = "") -> Threshold:
    return Threshold(text=text, metric=Metric.LATENCY, percentile=p, operator="<=", bound=bound, operation=operation)


def load_of(*thresholds: Threshold, rate: float = 50.0, seconds: float = 120.0, **more: Any) -> Load:
    profile = Profile(
        kind="constant", text=f"{rate:g}/s for {seconds:g}s", segments=(Segment(start=rate, end=rate, seconds=seconds),)
    )
    return Load(profile=profile, thresholds=thresholds or DEFAULTS, **more)


class MadeCounts(Counts):
    """Counts that hold the cells that they are given."""

    def __init__(self, operations: Sequence[str] = (LIST,), slice_seconds: float = 3.0) -> None:
        super().__init__(operations, slice_seconds)
        self.cells: dict[tuple[int, str, str], Cell] = {}
        self.late = of([900.0] * 99 + [1200.0])
        self.used: float | None = 0.3
        self.client = "a client"

    @property
    def slices(self) -> int:
        return max((key[0] for key in self.cells), default=-1) + 1

    @property
    def lateness(self) -> Histogram:
        return self.late

    @property
    def cpu(self) -> float | None:
        return self.used

    def cell(self, part: int, side: str, operation: str) -> Cell:
        return self.cells.get((part, side, operation), Cell())

    def put(self, part: int, side: str, operation: str, samples_us: Any, outcomes: Mapping[str, int]) -> None:
        """Put a cell: `samples_us` are the answers' latencies, `outcomes` all requests'; 5xx and words are errors."""
        errors = sum(many for one, many in outcomes.items() if not one.isdigit() or one == "429" or one >= "500")
        latencies = bucketed(samples_us) if len(samples_us) else EMPTY
        self.cells[part, side, operation] = Cell(
            sent=sum(outcomes.values()), errors=errors, outcomes=dict(outcomes), planned=latencies, service=latencies
        )


@dataclass(frozen=True)
class Side:
    """How one side answers: lognormal latencies in ms around `median`, and how often what else than 200."""

    median: float = 30.0
    sigma: float = 0.5
    factor: float = 1.0
    shares: Mapping[str, float] = None  # type: ignore[assignment]
    waves: float = 0.0  # standard deviation of the log level, slice by slice, of this side's own

    def draw(self, rng: np.random.Generator, many: int, level: float) -> tuple[Any, dict[str, int]]:
        shares = dict(self.shares or {})
        counts = rng.multinomial(many, [*shares.values(), 1 - sum(shares.values())])
        outcomes = {name: int(number) for name, number in zip([*shares, "200"], counts, strict=True) if number}
        answered = sum(number for name, number in outcomes.items() if name.isdigit())
        samples = self.factor * self.median * np.exp(level + self.sigma * rng.standard_normal(answered))
        return 1000 * samples, outcomes


def waves(rng: np.random.Generator, slices: int, size: float, memory: float = 0.9) -> NDArray[np.float64]:
    """Return a level that wanders: autocorrelated from slice to slice, with standard deviation `size`."""
    found = np.zeros(slices)
    for number in range(1, slices):
        found[number] = memory * found[number - 1] + size * np.sqrt(1 - memory**2) * rng.standard_normal()
    return found


def drawn(
    seed: int,
    old: Side = Side(),
    new: Side = Side(),
    *,
    many: int = 6000,
    slices: int = 40,
    operations: Sequence[str] = (LIST,),
    shared: float = 0.0,
    news: Mapping[str, Side] | None = None,
) -> MadeCounts:
    """Draw a load of `many` requests a side; `shared` waves hit both, `news` are new's sides by operation."""
    rng = np.random.default_rng(seed)
    counts = MadeCounts(operations)
    both = waves(rng, slices, shared)
    for name, side in ((OLD, old), (NEW, new)):
        own = waves(rng, slices, side.waves) + both
        for operation in operations:
            acting = (news or {}).get(operation, side) if name == NEW else side
            for number in range(slices):
                counts.put(number, name, operation, *acting.draw(rng, many // slices // len(operations), own[number]))
    return counts


def verdicts(counts: Counts, load: Load | None = None, **more: Any) -> list[Checked]:
    """Judge a load that ran to its end (but for `more`)."""
    load = load or load_of()
    sent = max(counts.over(side).sent for side in (OLD, NEW))
    more.setdefault("planned", {OLD: sent, NEW: sent})
    compared = more.pop("compared", ())
    return judged(load, counts, compared, generator(load, counts, {}), suite="load", at=1.0, **more)


def outcomes(counts: Counts, load: Load | None = None, **more: Any) -> list[str]:
    return [one.outcome for one in verdicts(counts, load, **more)]
