from collections.abc import Callable
from pathlib import Path

import pytest

from harness.journal.mask import Mask
from harness.journal.writer import JournalWriter
from harness.model.event import (
    Asked,
    CaseInfo,
    Ended,
    Event,
    GateInfo,
    Intent,
    Judged,
    ManualGate,
    Note,
    Planned,
    Recorded,
    RecordedDifference,
    RecordedPair,
    Round,
    Started,
    WaiverInfo,
)

GATES = GateInfo(
    require=("parity",),
    manual=(ManualGate(what="rules reviewed", owner="netops"),),
    waivers=(WaiverInfo(id="w1", at="status", case="*", owner="me", until="2026-12-31", because="x", expired=False),),
)
STARTED = Started(
    run="r1",
    at=1.5,
    version="0.1.0",
    scenario="orders",
    scenario_files=("a.yaml",),
    digest="ab" * 32,
    environment="staging",
    mode="rehearse",
    seed=7,
    gateways={"old": {"kind": "aws-rest"}, "new": {"kind": "azure-apim"}},
    gates=GATES,
)
ANSWER = Recorded(
    method="GET", url="http://old/orders?é=1", sent_at=2.0, status=200, reason="OK", headers=(("ETag", '"a\\b"'),)
)
PAIR = RecordedPair(
    step=0,
    old=ANSWER,
    new=ANSWER,
    noise=(ANSWER,),
    counts={"identity": 1},
    differences=(RecordedDifference(at="header:date", kind="value", cause="identity", old="a\x00", new="b<script>"),),
    outcome="PASS",
    captures={"old": {"id": "1"}, "new": {"id": "2"}},
)
EVENTS: tuple[Event, ...] = (
    Planned(at=2.0, suite="parity", cases=(CaseInfo(index=0, name="list", operation="GET /orders"),)),
    Intent(at=2.0, suite="parity", case=0, round=0, step=0, side="old", method="POST", url="http://old/"),
    Round(at=3.0, suite="parity", index=0, case="list", round=0, pairs=(PAIR, PAIR)),
    Note(at=3.0, text="a note"),
    Judged(at=4.0, suite="mine", item="test_x", outcome="passed"),
    Asked(at=4.0, item="test_x", side="old", exchange=ANSWER),
)
ENDED = Ended(at=5.0, state="finished", longest_gap_ms=1.25)


@pytest.fixture
def started() -> Started:
    """Return the first line of a run."""
    return STARTED


@pytest.fixture
def events() -> tuple[Event, ...]:
    """One event of every type, as a finished run has them."""
    return (STARTED, *EVENTS, ENDED)


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., tuple[Path, str]]:
    """Write a sealed journal of every type of event; returns its directory and its head."""

    def write(name: str = "run") -> tuple[Path, str]:
        run_dir = tmp_path / name
        run_dir.mkdir()
        writer = JournalWriter.create(run_dir, STARTED, mask=Mask())
        for event in EVENTS:
            writer.append(event)
        return run_dir, writer.seal(ENDED)

    return write
