"""What the load generator's processes have counted, added up: exactly, whatever the order in which it came."""

from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.model.errors import HarnessError
from harness.model.load import LoadTick
from harness.model.side import Side
from harness.stats.histogram import EMPTY, Histogram, decode, encode, merged

SIDES = tuple(side.value for side in Side)
WARM_UP = -1
"""The slice that everything before the measured part is counted in."""

_RECENT = 5.0  # seconds that the live percentiles and error shares look back
_SETTLE = 16  # texts of one histogram that are kept before they are added up: hours of them would fill the memory
_SHORTEST = 0.2  # seconds: what a shorter line counted gives no rate

Key = tuple[int, str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One side's answers to one operation (or several) in one slice of time (or several).

    `sent` counts requests with an outcome, `outcomes` counts these by status ("200") or by what kept the answer away
    ("timeout"). The histograms are in µs: from the planned start, from the actual send, and of what the gateway itself
    took where a header tells.
    """

    sent: int = 0
    errors: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)
    planned: Histogram = EMPTY
    service: Histogram = EMPTY
    overhead: Histogram = EMPTY


@dataclass(slots=True)
class _Tally:
    """A cell as it comes in: histograms stay texts, which are smaller, until somebody asks."""

    sent: int = 0
    errors: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    planned: list[str] = field(default_factory=list)
    service: list[str] = field(default_factory=list)
    overhead: list[str] = field(default_factory=list)

    def add(self, cell: Mapping[str, Any]) -> None:
        self.sent += cell["sent"]
        self.errors += cell["errors"]
        self.outcomes.update(cell["outcomes"])
        for name in ("planned", "service", "overhead"):
            if cell[name]:
                texts = getattr(self, name)
                texts.append(cell[name])
                if len(texts) >= _SETTLE:
                    texts[:] = [encode(merged(map(decode, texts)))]

    def cell(self) -> Cell:
        return Cell(
            sent=self.sent,
            errors=self.errors,
            outcomes=dict(self.outcomes),
            planned=merged(map(decode, self.planned)),
            service=merged(map(decode, self.service)),
            overhead=merged(map(decode, self.overhead)),
        )


@dataclass(slots=True)
class _Worker:
    """What one process said of itself: CPU and wall seconds at its first and last line, and what the last one held."""

    first: tuple[float, float]
    last: tuple[float, float]
    seconds: float = 0.0
    due: Counter[str] = field(default_factory=Counter)
    sent: Counter[str] = field(default_factory=Counter)
    total: int = 0

    def share(self) -> float | None:
        """Return the share of a core that it used, None where it spoke but once."""
        seconds = self.last[1] - self.first[1]
        return (self.last[0] - self.first[0]) / seconds if seconds > 0 else None


class Counts:
    """Adds up the generator's lines. Slices count from 0 by planned start, WARM_UP is what came before.

    With `order: one-after-another` each side's slices count from the beginning of that side's own measured part.
    """

    def __init__(self, operations: Sequence[str], slice_seconds: float) -> None:
        self.operations = tuple(operations)
        self.slice_seconds = slice_seconds
        self.held: Counter[str] = Counter()
        self.due: Counter[str] = Counter()
        self.unsent: dict[str, int] = {}
        self.lost: list[str] = []
        self.client = ""
        self._tallies: dict[Key, _Tally] = {}
        self._made: dict[Key, Cell] = {}
        self._workers: dict[str, _Worker] = {}
        self._expected = 0
        self._late: list[Histogram] = []
        self._late_texts: list[str] = []
        self._recent: deque[Mapping[str, Any]] = deque()
        self._per_worker: dict[str, int] = {}

    def add(self, line: Mapping[str, Any]) -> None:
        """Take one line of the generator; raises HarnessError where it is none."""
        try:
            self._add(line)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise HarnessError(f"the load generator said what cannot be read: {error!r}") from None

    def _add(self, line: Mapping[str, Any]) -> None:
        match line["type"]:
            case "ready":
                self.client, self._expected = str(line["client"]), int(line["workers"])
            case "counts":
                self._count(line)
            case "lost":
                self.lost.append(str(line["worker"]))
            case "ended":
                self.unsent = {side: int(number) for side, number in line["unsent"].items()}
                self._per_worker = {str(name): int(number) for name, number in line["per_worker"].items()}
            case "started" | "waiting":
                pass
            case other:
                raise ValueError(other)

    def _count(self, line: Mapping[str, Any]) -> None:
        _checked(line, len(self.operations))
        for cell in line["cells"]:
            key = (cell["slice"], cell["side"], cell["operation"])
            self._tallies.setdefault(key, _Tally()).add(cell)
            self._made.pop(key, None)
        if line["late"]:
            self._late_texts.append(line["late"])
        if len(self._late_texts) >= _SETTLE:
            self._late, self._late_texts = [self.lateness], []
        self.held.update(line["held"])
        self.due.update(line["due"])
        self._recent.append(line)
        while self._recent[0]["at"] < line["at"] - _RECENT:
            self._recent.popleft()
        self._note(line)

    def _note(self, line: Mapping[str, Any]) -> None:
        now = (float(line["cpu"]), float(line["wall"]))
        worker = self._workers.setdefault(line["worker"], _Worker(first=now, last=(0.0, 0.0)))
        sent = Counter(dict.fromkeys(SIDES, 0))
        for cell in line["cells"]:
            sent[cell["side"]] += cell["sent"]
            worker.total += cell["sent"] if cell["slice"] != WARM_UP else 0
        seconds = now[1] - worker.last[1]
        worker.last = now
        if seconds >= _SHORTEST:
            worker.seconds, worker.due, worker.sent = seconds, Counter(line["due"]), sent

    @property
    def slices(self) -> int:
        """Return how many slices of the measured part there are."""
        return max((key[0] for key in self._tallies), default=WARM_UP) + 1

    @property
    def workers_seen(self) -> int:
        """Return how many processes have counted anything."""
        return len(self._workers)

    @property
    def per_worker(self) -> dict[str, int]:
        """Return how many requests of the measured part each process sent; until the end, had an outcome of."""
        return self._per_worker or {name: worker.total for name, worker in self._workers.items()}

    @property
    def cpu(self) -> float | None:
        """Return the share of a core that the busiest process used, None if that is not known."""
        return max((share for one in self._workers.values() if (share := one.share()) is not None), default=None)

    @property
    def lateness(self) -> Histogram:
        """Return actual send (or joining the line for a connection) minus planned start in µs, of measured requests."""
        return merged([*self._late, *map(decode, self._late_texts)])

    def cell(self, part: int, side: str, operation: str) -> Cell:
        """Return one slice of one operation; empty where nothing was counted."""
        key = (part, side, self.operations.index(operation))
        if key not in self._made:
            self._made[key] = self._tallies[key].cell() if key in self._tallies else Cell()
        return self._made[key]

    def over(self, side: str, operation: str = "") -> Cell:
        """Return all measured slices of an operation in one ("" for all operations)."""
        return together(self.blocks(side, operation))

    def blocks(self, side: str, operation: str = "") -> list[Cell]:
        """Return an operation slice by slice ("" for all operations)."""
        names = (operation,) if operation else self.operations
        return [together([self.cell(part, side, name) for name in names]) for part in range(self.slices)]

    def tick(self, *, elapsed: float, total: float, phase: str, waiting: str = "") -> LoadTick:
        """Return what the live table shows, of the last seconds."""
        cells = {side: _Tally() for side in SIDES}
        for line in self._recent:
            for cell in line["cells"]:
                cells[cell["side"]].add(cell)
        latencies = {side: merged(map(decode, tally.planned)) for side, tally in cells.items()}
        late = merged(decode(line["late"]) for line in self._recent)
        return LoadTick(
            elapsed=elapsed,
            total=total,
            phase="waiting" if waiting else phase,
            planned_rate={side: self._rate("due", side) for side in SIDES},
            rate={side: self._rate("sent", side) for side in SIDES},
            sent={side: sum(one.sent for key, one in self._tallies.items() if key[1] == side) for side in SIDES},
            errors={side: tally.errors / tally.sent if tally.sent else 0.0 for side, tally in cells.items()},
            p50=_quantiles(latencies, 0.5),
            p95=_quantiles(latencies, 0.95),
            p99=_quantiles(latencies, 0.99),
            late_p99=_milliseconds(late, 0.99),
            workers=self.workers_seen or self._expected or 1,
            waiting=waiting,
        )

    def _rate(self, what: str, side: str) -> float:
        workers = [one for one in self._workers.values() if one.seconds]
        return float(sum(getattr(one, what)[side] / one.seconds for one in workers))


def together(cells: Iterable[Cell]) -> Cell:
    """Return several cells as one."""
    found = [cell for cell in cells if cell.sent]
    if len(found) == 1:
        return found[0]
    outcomes: Counter[str] = Counter()
    for cell in found:
        outcomes.update(cell.outcomes)
    return Cell(
        sent=sum(cell.sent for cell in found),
        errors=sum(cell.errors for cell in found),
        outcomes=dict(outcomes),
        planned=merged(cell.planned for cell in found),
        service=merged(cell.service for cell in found),
        overhead=merged(cell.overhead for cell in found),
    )


def _quantiles(latencies: Mapping[str, Histogram], p: float) -> dict[str, float | None]:
    return {side: _milliseconds(histogram, p) for side, histogram in latencies.items()}


def _milliseconds(histogram: Histogram, p: float) -> float | None:
    return histogram.quantile(p) / 1000 if histogram.total else None


def _checked(line: Mapping[str, Any], operations: int) -> None:
    """Raise ValueError unless every number of a line of counts is one, and every name is known."""
    if not all(isinstance(line[name], int | float) for name in ("at", "cpu", "wall")):
        raise ValueError("a time is no number")
    for counted in (line["held"], line["due"]):
        _counts(counted, SIDES)
    for cell in line["cells"]:
        if cell["side"] not in SIDES or not 0 <= cell["operation"] < operations or cell["slice"] < WARM_UP:
            raise ValueError("a cell of nothing that was planned")
        _counts(cell["outcomes"])
        _counts({"sent": cell["sent"], "errors": cell["errors"]})
        if cell["sent"] != sum(cell["outcomes"].values()) or cell["errors"] > cell["sent"]:
            raise ValueError("a cell that does not add up")


def _counts(counted: Mapping[str, Any], names: Sequence[str] = ()) -> None:
    for name, number in counted.items():
        if (names and name not in names) or type(number) is not int or number < 0:
            raise ValueError(f"{name}: {number!r}")
