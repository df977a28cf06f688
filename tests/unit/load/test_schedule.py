"""What is planned is what is sent: counts, arrivals and each worker's part."""

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from harness.load import schedule
from harness.load.recorded import Recorded, of, recorded
from harness.model.errors import ScenarioError
from harness.model.recording import RecordedRequest
from harness.recordings.recording import Recording
from harness.scenario.types import Load, Profile, Segment
from tests.unit.load.scenario_text import scenario


def rates(*parts: tuple[float, float, float], poisson: bool = False, warm_up: float = 0.0, workers: int = 1) -> Load:
    segments = tuple(Segment(start=start, end=end, seconds=seconds) for start, end, seconds in parts)
    profile = Profile(kind="steps", text="", segments=segments, poisson=poisson)
    return Load(profile=profile, warm_up=warm_up, workers=workers)


@pytest.mark.parametrize(
    ("load", "planned", "peak", "seconds", "warm_up"),
    [
        (rates((50, 50, 120)), 6000, 50, 120, 0),
        (rates((10, 100, 300), warm_up=10), 16_500, 100, 300, 100),
        (rates((20, 20, 120), (200, 200, 10), (20, 20, 170)), 7800, 200, 300, 0),
        (rates((0, 10, 1), warm_up=5), 5, 10, 1, 0),
        (rates((3, 3, 1.5)), 5, 3, 1.5, 0),
        (rates((0.1, 0.1, 3), (0, 0, 7)), 1, 0.1, 10, 0),
        (rates(*[(0.1, 0.1, 1)] * 10), 1, 0.1, 10, 0),
    ],
)
def test_a_profile_is_counted(load: Load, planned: int, peak: float, seconds: float, warm_up: int) -> None:
    assert schedule.planned(load) == planned
    assert schedule.peak(load) == peak
    assert schedule.seconds(load) == pytest.approx(seconds)
    assert schedule.warm_up(load) == warm_up


PROGRAM = """
import importlib.util, json, sys
spec = importlib.util.spec_from_file_location("child", sys.argv[1])
child = importlib.util.module_from_spec(spec)
spec.loader.exec_module(child)
for line in sys.stdin:
    moments = [slot[0] for slot in child.slots(json.loads(line))]
    measured = sum(moment >= 0 for moment in moments)
    print(json.dumps([measured, len(moments) - measured]))
"""


STEADY: list[list[tuple[float, float, float]]] = [
    [(50, 50, 120)],
    [(0, 10, 1)],
    [(3, 3, 1.5)],
    [(0.1, 0.1, 1)] * 10,
    [(0.1, 0.1, 3), (0, 0, 7)],
]


def test_the_generator_sends_what_is_planned() -> None:
    """Counted by its own schedule, in a process of its own: what it imports patches sockets."""
    chance = random.Random(5)
    drawn = [[(chance.random() * 9, chance.random() * 9, chance.random() * 9) for _ in range(4)] for _ in range(30)]
    profiles = [*STEADY, *drawn]
    ways = [(False, 0.0), (False, 3.3), (True, 0.0), (True, 3.3)]
    loads: list[tuple[Load, list[float]]] = [
        (rates(*parts, poisson=poisson, warm_up=warm_up), []) for poisson, warm_up in ways for parts in profiles
    ]
    loads += [(rates(warm_up=2.5), sorted(chance.random() * 30 for _ in range(200)))]
    plans = [
        {
            "segments": [[part.start, part.end, part.seconds] for part in load.profile.segments],
            "arrivals": arrivals, "poisson": load.profile.poisson, "warm_up": load.warm_up, "seed": 11,
            "max_requests": 100_000, "requests": [{"weight": 1.0}],
        }
        for load, arrivals in loads
    ]  # fmt: skip
    told = subprocess.run(
        [sys.executable, "-c", PROGRAM, Path(schedule.__file__).with_name("child.py")],
        input="\n".join(map(json.dumps, plans)), capture_output=True, text=True, check=True,
    )  # fmt: skip
    sent = [tuple(json.loads(line)) for line in told.stdout.splitlines()]
    assert sent == [
        (schedule.planned(load, arrivals, seed=11), schedule.warm_up(load, arrivals)) for load, arrivals in loads
    ]


def test_arrivals_at_random_are_as_many_as_their_rate() -> None:
    load = rates((50, 50, 120), poisson=True)
    counts = [schedule.planned(load, seed=seed) for seed in range(40)]
    assert len(set(counts)) > 10
    assert sum(counts) / len(counts) == pytest.approx(6000, abs=60)
    assert schedule.planned(load, seed=3) == counts[3]


@pytest.mark.parametrize("workers", [1, 2, 3, 64])
@pytest.mark.parametrize("requests", [0, 1, 63, 6000])
def test_every_request_has_its_worker(requests: int, workers: int) -> None:
    found = schedule.per_worker(requests, workers)
    assert len(found) == workers
    assert sum(found) == requests
    assert max(found) - min(found) <= 1


def recording(*times: float | None) -> Recorded:
    requests = tuple(RecordedRequest(at=at, method="GET", target="/") for at in times)
    return of(Recording(requests=requests, format=""))


def test_arrivals_are_those_of_the_recording() -> None:
    profile = Profile(kind="replay", text="", speed=2.0)
    assert schedule.arrivals(profile, recording(107.5, None, 100.0, 103.25)) == [0.0, 1.625, 3.75]
    bounded = Profile(kind="replay", text="", seconds=3.0)
    assert schedule.arrivals(bounded, recording(100.5, 102.0, 103.5, 110.0)) == [0.0, 1.5]
    assert schedule.arrivals(profile, recording(None)) == []


def test_whole_seconds_are_spread() -> None:
    profile = Profile(kind="replay", text="")
    assert schedule.arrivals(profile, recording(7, 7, 5, 7, 7)) == [0.0, 2.0, 2.25, 2.5, 2.75]


def test_the_peak_of_a_replay_is_its_busiest_second() -> None:
    load = rates()
    assert schedule.peak(load, [0.0, 0.9, 1.2, 1.5, 1.89, 5.0]) == 4
    assert schedule.seconds(load, [0.0, 5.0]) == 5
    assert schedule.planned(load, [0.0, 0.5]) == 2


def log(folder: Path, count: int) -> None:
    lines = [json.dumps({"at": 1000.25 + number / 10, "method": "GET", "path": "/health"}) for number in range(count)]
    (folder / "traffic.log").write_text("\n".join(lines))


def test_a_replay_is_read_beside_its_scenario(tmp_path: Path) -> None:
    log(tmp_path, 30)
    found = scenario(tmp_path, "{profile: {replay: traffic.log, speed: 2}}")
    arrivals = schedule.arrivals_of(found)
    assert arrivals == pytest.approx([number / 20 for number in range(30)])
    assert schedule.arrivals_of(scenario(tmp_path)) == []


@pytest.mark.parametrize(
    ("content", "more", "said"),
    [
        ("hello", "", "nothing in .*traffic.log reads as a recorded request"),
        ('{"method": "GET", "path": "/"}', "", "no line of traffic.log tells when its request came"),
        ("", ", max_requests: 20", "the recording has 30 requests a side, and no more than 20"),
        ("", ", max_rate: 5", "the recording has 10 requests in one second, and no more than 5/s"),
    ],
)
def test_a_replay_that_cannot_be_sent_is_told_at_its_place(tmp_path: Path, content: str, more: str, said: str) -> None:
    log(tmp_path, 30)
    if content:
        (tmp_path / "traffic.log").write_text(content)
    found = scenario(tmp_path, f"{{profile: {{replay: traffic.log}}{more}}}")
    with pytest.raises(ScenarioError, match=said) as raised:
        schedule.at_most(found, schedule.arrivals_of(found))
    problem = raised.value.problems[0]
    assert (problem.file.name, problem.line) == ("orders.yaml", 25)
    assert problem.hint


def test_a_profile_says_itself_in_words(tmp_path: Path) -> None:
    assert schedule.words(scenario(tmp_path).load.profile) == "50/s for 2m"  # type: ignore[union-attr]
    assert schedule.words(rates((1, 2, 3), (2, 2, 1)).profile) == "1 to 2/s for 3 s, then 2/s for 1 s"


def test_a_recording_is_read_anew_when_it_has_changed(tmp_path: Path) -> None:
    log(tmp_path, 3)
    first = recorded(tmp_path / "traffic.log")
    assert recorded(tmp_path / "traffic.log") is first
    log(tmp_path, 5)
    assert len(recorded(tmp_path / "traffic.log").times) == 5
