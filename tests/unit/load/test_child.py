"""What child.py reckons before anything is sent: the schedule, a request's bytes, what it reads from a header."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def facts() -> dict[str, Any]:
    argv = [sys.executable, "-m", "tests.unit.load.child_facts"]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture
def schedule(facts: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = facts["schedule"]
    return found


def test_both_sides_are_sent_the_same_as_often_as_planned(schedule: dict[str, Any]) -> None:
    assert schedule["sides"] == {"old": 6250, "new": 6250}
    assert schedule["warm-up"] == 500
    assert schedule["same request on both sides"]
    assert schedule["in order"]


def test_either_side_goes_first_as_often_and_the_other_half_a_gap_later(schedule: dict[str, Any]) -> None:
    assert 2900 < schedule["first"]["old"] < 3350
    assert sum(schedule["first"].values()) == 6250
    assert schedule["half a gap"] == [0.0, 0.01]


def test_workers_share_the_slots_and_nothing_is_lost(schedule: dict[str, Any]) -> None:
    assert schedule["measured of each worker"] == [3000] * 4
    assert schedule["the same in all"]
    assert schedule["slots are their workers'"]


def test_the_mix_is_drawn_by_weight(schedule: dict[str, Any]) -> None:
    assert schedule["drawn"]["0"] / 12_500 == pytest.approx(0.75, abs=0.02)


def test_a_seed_is_a_schedule(schedule: dict[str, Any]) -> None:
    assert schedule["again"]
    assert not schedule["another seed"]


def test_a_ramp_has_the_area_under_its_rate(schedule: dict[str, Any]) -> None:
    assert schedule["ramp"] == pytest.approx([125, 375, 500, 180], abs=1)
    assert sum(schedule["ramp"]) == 1180


def test_random_arrivals_keep_the_rate(schedule: dict[str, Any]) -> None:
    assert schedule["poisson"] == pytest.approx(10_000, abs=300)
    assert schedule["poisson gaps"] == pytest.approx(0.368, abs=0.02)


def test_the_bound_and_the_replay_are_kept_to(schedule: dict[str, Any]) -> None:
    assert schedule["most"] == 1000
    assert schedule["replay"] == [0.0, 0.4, 0.41, 2.0]


def test_one_side_after_the_other_begins_when_the_first_is_through(schedule: dict[str, Any]) -> None:
    assert schedule["after each other"] == [[-1.0, 0, -1.0], [0.5, 0, 0.5], [3.0, 1, -1.0], [4.5, 1, 0.5]]


def test_a_request_is_sent_as_it_is_written(facts: dict[str, Any]) -> None:
    wires = facts["wires"]
    assert wires["plain"].startswith("GET /a/%2e?b=c HTTP/1.1\r\nHost: gw.test:81\r\n")
    assert wires["no path"].startswith("GET /?next=/a HTTP/1.1\r\n")
    assert wires["body"].endswith("Content-Length: 3\r\n\r\nabc")
    assert "Content-Length: 0" in wires["empty"]
    assert wires["proxied"].startswith("GET http://gw.test:81/a HTTP/1.1\r\n")
    assert "Proxy-Authorization: Basic dTpwIHc=\r\n" in wires["proxied"]


def test_a_request_cannot_break_out_of_its_lines(facts: dict[str, Any]) -> None:
    assert facts["wires"]["smuggled"].startswith("refused")
    assert facts["wires"]["blank"].startswith("refused")


def test_latencies_are_rounded_as_the_histogram_does(facts: dict[str, Any]) -> None:
    assert facts["sizes"]["ours"] == facts["sizes"]["lowest"]
    assert 3_590_000_000 < facts["sizes"]["longest"] <= 3_600_000_000


def test_a_backend_time_is_read_where_there_is_one(facts: dict[str, Any]) -> None:
    sizes = facts["sizes"]
    assert (sizes["number"], sizes["with unit"], sizes["timing"]) == (12.5, 7.0, 42.5)
    assert (sizes["absent"], sizes["rubbish"], sizes["endless"]) == (None, None, None)


def test_a_connection_that_was_closed_before_is_no_error_of_a_safe_request_that_nobody_read(
    facts: dict[str, Any],
) -> None:
    assert facts["closings"]["idle"] == ["200", 2]
    assert facts["closings"]["idle, unsafe"] == ["connection lost", 1]


def test_a_request_that_was_read_is_not_sent_again(facts: dict[str, Any]) -> None:
    assert facts["closings"]["read"] == ["connection lost", 2]
