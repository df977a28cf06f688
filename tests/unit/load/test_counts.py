"""Lines of the generator added up: exact in any order, and nothing malformed taken for a count."""

import random
from typing import Any

import pytest

from harness.load.counts import Counts
from harness.model.errors import HarnessError
from harness.stats.histogram import EMPTY, bucketed, encode, merged

Line = dict[str, Any]


def cell(part: int, side: str = "old", operation: int = 0, latencies: tuple[int, ...] = (1000,), **more: Any) -> Line:
    text = encode(bucketed(latencies)) if latencies else ""
    counted = {"sent": len(latencies), "errors": 0, "outcomes": {"200": len(latencies)} if latencies else {}}
    return {
        "slice": part, "side": side, "operation": operation, **counted, "planned": text, "service": text, "overhead": "",
        **more,
    }  # fmt: skip


def line(*cells: Line, worker: str = "a", wall: float = 1.0, **more: Any) -> Line:
    plain = {"at": 1000.0 + wall, "cpu": wall / 4, "wall": wall, "late": "", "held": {}, "due": {}, "in_flight": {}}
    return {"type": "counts", "worker": worker, "cells": list(cells), **plain, **more}


def test_lines_add_up_in_any_order() -> None:
    chance = random.Random(5)
    lines = [
        line(*(cell(part, side, operation, tuple(chance.randrange(1, 10**7) for _ in range(20)))
               for part in (-1, 0, 1) for side in ("old", "new") for operation in (0, 1)), worker=worker)
        for worker in "abc" for _ in range(3)
    ]  # fmt: skip
    there, back = Counts(("GET", "PUT"), 1.0), Counts(("GET", "PUT"), 1.0)
    for one in lines:
        there.add(one)
    for one in reversed(lines):
        back.add(one)
    assert there.over("old") == back.over("old")
    assert there.slices == 2
    assert there.over("old").sent == 720
    assert there.cell(-1, "old", "GET").sent == 180
    assert there.over("new", "PUT").planned == merged(one.planned for one in there.blocks("new", "PUT"))
    assert there.over("new").planned.total == 720


def test_many_lines_of_one_slice_are_kept_as_few() -> None:
    counts, chance = Counts(("GET",), 60.0), random.Random(6)
    whole: list[int] = []
    for _ in range(200):
        latencies = tuple(chance.randrange(1, 10**8) for _ in range(9))
        whole.extend(latencies)
        counts.add(line(cell(0, latencies=latencies)))
    assert counts.over("old").planned == bucketed(whole)
    (tally,) = counts._tallies.values()
    assert len(tally.planned) < 20


def test_what_comes_late_is_counted_too() -> None:
    counts = Counts(("GET",), 1.0)
    counts.add(line(cell(0)))
    assert counts.cell(0, "old", "GET").sent == 1
    counts.add(line(cell(0, latencies=(5, 6))))
    assert counts.cell(0, "old", "GET").sent == 3
    assert counts.over("old").outcomes == {"200": 3}


def test_nothing_counted_is_nothing() -> None:
    counts = Counts(("GET",), 1.0)
    assert counts.slices == 0
    assert counts.over("old").sent == 0
    assert counts.over("old").planned == EMPTY
    assert counts.lateness == EMPTY
    assert counts.cpu is None
    tick = counts.tick(elapsed=0.0, total=10.0, phase="load", waiting="workers")
    assert (tick.phase, tick.p99, tick.rate) == ("waiting", {"old": None, "new": None}, {"old": 0.0, "new": 0.0})


def test_the_generator_itself_is_known() -> None:
    counts = Counts(("GET",), 1.0)
    counts.add({"type": "ready", "client": "a client 1.0", "workers": 2})
    for wall in (1.0, 2.0, 3.0):
        late = encode(bucketed([int(wall * 1000)]))
        counts.add(line(cell(0), wall=wall, late=late, held={"old": 1, "new": 0}, due={"old": 9, "new": 9}))
        counts.add(line(cell(0), wall=wall, worker="b", cpu=wall * 0.9))
    counts.add({"type": "lost", "worker": "b", "why": "it is gone"})
    assert counts.cpu == pytest.approx(0.9)
    assert counts.lateness.total == 3
    assert (counts.held["old"], counts.due["new"], counts.lost, counts.workers_seen) == (3, 27, ["b"], 2)
    assert counts.per_worker == {"a": 3, "b": 3}
    counts.add({"type": "ended", "why": "lost", "detail": "", "unsent": {"old": 4}, "per_worker": {"a": 5, "b": 0}})
    assert (counts.unsent, counts.per_worker) == ({"old": 4}, {"a": 5, "b": 0})


def test_a_tick_tells_of_the_last_seconds() -> None:
    counts = Counts(("GET",), 1.0)
    for wall in range(1, 21):
        slow = tuple([50_000] * 20) if wall > 10 else tuple([1000] * 20)
        errors = 5 if wall <= 10 else 0
        counts.add(line(cell(wall, latencies=slow, errors=errors), wall=float(wall), due={"old": 25, "new": 25}))
    tick = counts.tick(elapsed=20.0, total=60.0, phase="load")
    assert tick.planned_rate["old"] == pytest.approx(25)
    assert (tick.rate["old"], tick.rate["new"]) == (20.0, 0.0)
    assert tick.sent["old"] == 400
    assert tick.errors["old"] == 0.0
    assert tick.p95["old"] == pytest.approx(50, rel=0.001)


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "what"},
        {},
        line(cell(0, "middle")),
        line(cell(0, operation=1)),
        line(cell(-2)),
        line(cell(0, sent=5)),
        line(cell(0, errors=2)),
        line(cell(0, outcomes={"200": 1.0})),
        line(cell(0), held={"old": -1}),
        line(cell(0), cpu="x"),
        {key: value for key, value in line().items() if key != "cells"},
    ],
)
def test_what_is_no_line_is_no_count(wrong: Line) -> None:
    counts = Counts(("GET",), 1.0)
    with pytest.raises(HarnessError):
        counts.add(wrong)
    assert counts.over("old").sent == 0
