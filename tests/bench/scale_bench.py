"""10,000 cases in one scenario: time to plan, memory to rehearse, size of the report; and how fast the command answers."""

import argparse
import statistics
import tempfile
from pathlib import Path

from tests.bench.machine import CUTOVER, OTHER_JSON, SMALL_JSON, Ran, run, scenario, two_nginx
from tests.bench.result import Row, main


def _seconds(times: int, *words: str, cwd: Path) -> float:
    found = []
    for _ in range(times):
        ran = run([*CUTOVER, *words], cwd)
        assert ran.code == 0, ran.output[-2000:]
        found.append(ran.seconds)
    return statistics.median(found)


def _rehearse(folder: Path, new: str, cases: int) -> tuple[Ran, float]:
    """Return how the rehearsal went and the size of its HTML report in MB."""
    folder.mkdir()
    with two_nginx(folder / "servers", new=new) as two:
        (folder / "bench.yaml").write_text(scenario(two, cases))
        ran = run([*CUTOVER, "rehearse", "bench.yaml"], folder)
    assert ran.code == (0 if new == SMALL_JSON else 1), ran.output[-2000:]
    (html,) = (folder / "cutover-runs").glob("*/report.html")
    return ran, html.stat().st_size / 1_000_000


def measure(arguments: argparse.Namespace) -> list[Row]:
    """Measure what grows with the number of cases, and what must not depend on it."""
    cases = arguments.cases
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        passed, passed_size = _rehearse(folder / "pass", SMALL_JSON, cases)
        failed, failed_size = _rehearse(folder / "fail", OTHER_JSON, cases)
        plan = _seconds(3, "plan", "bench.yaml", cwd=folder / "pass")
        help_ = _seconds(9, "--help", cwd=folder)
        demo = run([*CUTOVER, "demo"], folder)
    words = f"{cases:,} cases"
    return [
        Row(name="cutover plan", value=plan, unit="s", most=3, note=words),
        Row(name="rehearsal memory, all pass", value=passed.memory, unit="MB", most=400, note=words),
        Row(name="rehearsal memory, all fail", value=failed.memory, unit="MB", most=400, note=words),
        Row(name="rehearsal time, all pass", value=passed.seconds, unit="s", note=words),
        Row(name="rehearsal time, all fail", value=failed.seconds, unit="s", note=words),
        Row(name="report.html, all pass", value=passed_size, unit="MB", most=15, note=words),
        Row(name="report.html, all fail", value=failed_size, unit="MB", most=15, note=words),
        Row(name="cutover --help", value=help_, unit="s", most=0.25, note="median of 9"),
        Row(name="cutover demo", value=demo.seconds, unit="s", most=20, note=f"exit code {demo.code}"),
    ]


if __name__ == "__main__":
    main("scale_bench", measure, ("cases", 10_000, "cases"))
