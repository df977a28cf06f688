"""What a load cannot show to hold is known before it is sent."""

from pathlib import Path

import pytest

from harness.cli.main import main
from harness.load.least import least
from harness.scenario.thresholds import DEFAULTS, parse
from harness.stats.intervals import share, share_difference

LEVEL = 0.98
OWN = """\
version: 1
name: Short
old: {kind: generic, url: "http://127.0.0.1:1"}
new: {kind: generic, url: "http://127.0.0.1:2"}
cases:
  - {name: list, request: GET /list}
  - {name: one, request: GET /one}
load:
  profile: {rate: 10, for: 1m}
  thresholds: [p95 <= old * 1.2, p95 <= 1s of GET /one, p99 <= 1s of GET /one, errors <= 0.5%, errors <= old + 0.1pp, p50 <= old]
"""


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        ("p95 <= old * 1.2", 200),
        ("p99 <= 800ms", 1000),
        ("p50 <= history * 2", 20),
        ("p95 <= old", None),
        ("p95 <= old + 1ms", 200),
        ("errors <= old", None),
        ("errors < 0.5%", 919),
        ("errors <= 0%", None),
        ("max <= old", 1),
        ("throughput >= 95% of planned", 1),
        ("capacity <= 60%", 1),
    ],
)
def test_the_least_that_a_threshold_takes(text: str, needed: int | None) -> None:
    assert least(parse(text)) == needed


def test_so_many_requests_without_a_failure_are_enough_and_hardly_fewer() -> None:
    relative, absolute = least(DEFAULTS[1]), least(parse("errors <= 0.5%"))
    assert relative is not None
    assert absolute is not None
    assert share_difference(0, relative, 0, relative, level=LEVEL).high <= 0.001
    assert share_difference(0, relative * 0.98, 0, relative * 0.98, level=LEVEL).high > 0.001
    assert share(0, absolute, LEVEL).high <= 0.005 < share(0, absolute - 1, LEVEL).high


def test_the_plan_says_what_the_load_is_too_short_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "short.yaml"
    file.write_text(OWN)
    assert main(["plan", str(file)]) == 0
    told = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert [line for line in told if line.startswith(("too few", "leaves"))] == [
        "too few requests for p99 <= 1s of GET /one to pass: 300 a side of at least 1,000",
        "too few requests for errors <= 0.5% to pass: 600 a side of at least 919",
        "too few requests for errors <= old + 0.1pp to pass: 600 a side of at least 4,608",
        "leaves no room for chance, so that it hardly ever passes: p50 <= old",
    ]
