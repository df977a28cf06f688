"""What a load measured, as it is compared: both sides of an operation, slice by slice, with what got no answer."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from harness.model.side import Side
from harness.stats.histogram import EMPTY, HIGHEST, Histogram, merged, of

if TYPE_CHECKING:
    from harness.load.counts import Cell, Counts

WARM_UP = -1
NEVER = float(HIGHEST)
"""The latency in µs that a request without an answer counts with: slower than any answer."""

_LAST = 0.999 * NEVER  # NEVER, as a bucket may have it


@dataclass(frozen=True)
class Arms:
    """What one side answered to one operation ("" for all): all in all, and slice by slice in `latencies` (µs).

    A request without an answer counts in `latencies` with NEVER: else a gateway that drops what is slow would look
    quick.
    """

    sent: int
    errors: int
    outcomes: dict[str, int]
    latencies: tuple[Histogram, ...]
    by_slice: tuple[tuple[int, int], ...]
    """Requests and errors of each slice."""

    @cached_property
    def whole(self) -> Histogram:
        """Return the latencies of all slices."""
        return merged(self.latencies)

    @property
    def unanswered(self) -> int:
        """Return how many requests got no answer at all."""
        return unanswered(self.outcomes)

    @property
    def timed_out(self) -> int:
        """Return how many requests were given up for their time."""
        return self.outcomes.get("timeout", 0)

    @property
    def error_share(self) -> float:
        """Return the share of errors; 0 where nothing was sent."""
        return self.errors / self.sent if self.sent else 0.0

    @property
    def all_failed(self) -> bool:
        """Tell whether there were requests, and not one of them succeeded."""
        return 0 < self.sent == self.errors

    @property
    def usual(self) -> tuple[str, float]:
        """Return the outcome that was met most, and its share; ("", 0.0) where nothing was sent."""
        if not self.sent:
            return "", 0.0
        outcome, many = max(self.outcomes.items(), key=lambda item: (item[1], item[0]), default=("", 0))
        return outcome, many / self.sent

    def quantile(self, p: float) -> float | None:
        """Return the p-quantile in ms; None where there is no answer that late (or none at all)."""
        return in_ms(self.whole.quantile(p)) if self.whole.total else None


@dataclass(slots=True)
class Measured:
    """What both sides answered to each operation, put together once."""

    counts: "Counts"
    operations: Sequence[str]
    _arms: dict[tuple[str, str], Arms] = field(default_factory=dict)
    _early: dict[tuple[str, str], Arms] = field(default_factory=dict)

    def arms(self, side: Side | str, operation: str = "") -> Arms:
        """Return one side's answers to an operation in the measured part, "" for all of them."""
        key = (str(side), operation)
        if key not in self._arms:
            self._arms[key] = _arms(self.counts.blocks(str(side), operation))
        return self._arms[key]

    def with_warm_up(self, side: Side, operation: str = "") -> Arms:
        """Return one side's answers, those of the warm-up too: for telling whether a side answers at all."""
        key = (side.value, operation)
        if key not in self._early:
            names = [operation] if operation else self.operations
            cells = [self.counts.cell(WARM_UP, side.value, name) for name in names]
            self._early[key] = _joined(_arms(cells), self.arms(side, operation))
        return self._early[key]

    @property
    def parts(self) -> tuple[str, ...]:
        """Return the operations that are looked at by themselves: none, where there is but one."""
        return tuple(self.operations) if len(self.operations) > 1 else ()


def unanswered(outcomes: dict[str, int]) -> int:
    """Return how many outcomes are no status."""
    return sum(many for outcome, many in outcomes.items() if not outcome.isdigit())


def in_ms(value_us: float) -> float | None:
    """Return ms, None for NEVER."""
    return None if value_us >= _LAST else value_us / 1000


def _arms(cells: "Sequence[Cell]") -> Arms:
    outcomes: Counter[str] = Counter()
    for cell in cells:
        outcomes.update(cell.outcomes)
    return Arms(
        sent=sum(cell.sent for cell in cells),
        errors=sum(cell.errors for cell in cells),
        outcomes=dict(outcomes),
        latencies=tuple(_latencies(cell) for cell in cells),
        by_slice=tuple((cell.sent, cell.errors) for cell in cells),
    )


def _joined(first: Arms, then: Arms) -> Arms:
    return Arms(
        sent=first.sent + then.sent,
        errors=first.errors + then.errors,
        outcomes=dict(Counter(first.outcomes) + Counter(then.outcomes)),
        latencies=first.latencies + then.latencies,
        by_slice=first.by_slice + then.by_slice,
    )


def _latencies(cell: "Cell") -> Histogram:
    lost = unanswered(cell.outcomes)
    never = of([NEVER] * lost) if lost else EMPTY
    return cell.planned + never
