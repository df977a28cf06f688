"""Whether the load was what the plan says: a generator that fell behind measured itself."""

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from harness.load import words
from harness.model.load import Generator
from harness.model.side import Side
from harness.scenario.types import Load

if TYPE_CHECKING:
    from harness.load.counts import Counts

LEFT_OUT = 0.001
"""The share of planned requests that may be missing."""

BUSY = 0.9
_COMFORTABLE = 0.7  # share of a core up to which a generator keeps its schedule
_LATE_QUANTILE = 0.99


def generator(load: Load, counts: "Counts", ended: Mapping[str, Any], *, cores: int | None = None) -> Generator:
    """Return how the generator itself did; `ended` is its last line. `cores` are this machine's (None: as it says)."""
    late = counts.lateness
    found = Generator(
        workers=load.workers,
        lost=tuple(counts.lost),
        late_p99=late.quantile(_LATE_QUANTILE) / 1000 if late.total else None,
        late_max=late.maximum / 1000 if late.total else None,
        unsent=_by_side(counts.unsent) or _by_side(ended.get("unsent", {})),
        held=_by_side(counts.held),
        cpu=counts.cpu,
        client=counts.client,
        per_worker=dict(counts.per_worker),
    )
    hold = _shown(load, counts) if on_time(load, found) else _reckoned(load, found, counts, cores or _cores())
    return replace(found, hold=hold)


def _cores() -> int:
    return os.cpu_count() or 1


def _by_side(counted: Mapping[str, int]) -> dict[str, int]:
    return {side: int(many) for side, many in counted.items()}


def on_time(load: Load, found: Generator) -> bool:
    """Tell whether the requests left when they were planned to."""
    return found.late_p99 is not None and found.late_p99 <= load.max_lateness


def _shown(load: Load, counts: "Counts") -> float | None:
    """Return the rate of the busiest slice of a run that was on time: of both sides, where they were asked at once."""
    by_side = [[cell.sent for cell in counts.blocks(side.value)] for side in Side]
    together = [sum(sent) if load.order == "interleaved" else max(sent) for sent in zip(*by_side, strict=True)]
    return max(together) / counts.slice_seconds if together else None


def _reckoned(load: Load, found: Generator, counts: "Counts", cores: int) -> float | None:
    """Return the rate (both sides) that the CPU seconds of a request allow, at 70 % of a core for each worker."""
    seconds = counts.slices * counts.slice_seconds * (1 if load.order == "interleaved" else 2)
    sent = sum(counts.over(side.value).sent for side in Side)
    if not found.cpu or not sent or not seconds:
        return None
    return sent / seconds * _COMFORTABLE / found.cpu * min(found.workers, cores) / found.workers


def invalid(
    load: Load, generator: Generator, counts: "Counts", planned: Mapping[str, int], *, cores: int | None = None
) -> list[str]:
    """Return why the measurement proves nothing, each with its number and what to do; [] for a valid one.

    `planned` are requests by side, of a load that ran to its end; of arrivals at random those that the seed draws.
    """
    sent = {side.value: counts.over(side.value).sent for side in Side}
    if not any(sent.values()):
        return [*_lost(generator), "not one request was sent and seen to its end: nothing was measured"]
    return [*_lost(generator), *_late(load, generator, cores or _cores()), *_missing(generator, sent, planned)]


def _lost(generator: Generator) -> list[str]:
    if not generator.lost:
        return []
    return [f"lost {words.listed(list(generator.lost))} on the way: what it was to send and what it saw is not there"]


def _late(load: Load, generator: Generator, cores: int) -> list[str]:
    late, limit = generator.late_p99, load.max_lateness
    busy = generator.cpu is not None and generator.cpu > BUSY
    if late is None:
        return ["how late the requests left is not known"]
    if late > limit:
        text = f"the load generator fell behind: 1 % of the requests left {words.ms(late)} late or more"
        return [f"{text} (allowed: {words.ms(limit)}); {_advice(generator, cores)}"]
    if busy and late > limit / 2:
        text = f"a load worker used {words.share(generator.cpu or 0.0)} of a core, and 1 % of its requests left"
        return [f"{text} {words.ms(late)} late or more: what it measured is partly itself; {_advice(generator, cores)}"]
    return []


def _advice(generator: Generator, cores: int) -> str:
    """Return what this machine holds and what to do."""
    more = "add `workers`" if generator.workers < cores else "add machines (`cutover load worker`)"
    if generator.hold is None:
        return f"lower the rate, or {more}"
    used = "" if generator.cpu is None else f"{words.share(generator.cpu)} of a core"
    if generator.cpu is not None and generator.cpu < _COMFORTABLE:
        return f"its busiest process used {used} only, so something else kept this machine busy: run the load alone"
    held = f"this machine holds about {words.rate(generator.hold)} (both sides; reckoned from {used})"
    return f"{held}: lower the rate, or {more}"


def _missing(generator: Generator, sent: Mapping[str, int], planned: Mapping[str, int]) -> list[str]:
    return [
        f"{side}: {words.count(gone)} of {words.count(whole)} planned requests were not sent or not seen to their end "
        f"(allowed: {words.share(LEFT_OUT)}): the load was not the one that was planned"
        for side, whole in planned.items()
        if (gone := max(generator.unsent.get(side, 0), whole - sent[side])) > LEFT_OUT * whole
    ]
