"""The terminal's view of telemetry: figures, plots that fit, deployments on the axis, and what is missing."""

import pytest

from harness.model.series import Absence, Deployment, Series, Telemetry
from harness.report.metrics_text import axis_of, metrics_text, plot
from harness.report.text import NOTHING

START = 1_795_219_200.0
HOURS = 48
END = START + 3600 * HOURS


def series(name: str, statistic: str, values: dict[int, float], unit: str = "ms", **more: object) -> Series:
    points = tuple((START + 3600 * hour, value) for hour, value in sorted(values.items()))
    return Series(name=name, statistic=statistic, unit=unit, period=3600, points=points, **more)  # type: ignore[arg-type]


def told(*found: Series, **more: object) -> Telemetry:
    given: dict[str, object] = {"facts": {}} | more
    return Telemetry(side="old", what="stage prod of API a1", start=START, end=END, series=found, **given)  # type: ignore[arg-type]


REQUESTS = series("requests", "sum", dict.fromkeys(range(HOURS), 100.0), "requests")
P95 = series("latency", "p95", {hour: 10.0 + hour for hour in range(HOURS)})


def test_figures_say_how_they_were_had() -> None:
    errors = series("errors 5xx", "sum", {3: 48.0}, "requests")
    text = metrics_text([told(REQUESTS, errors, P95)], 100)
    assert "requests               4,800" in text
    assert "48  (1.00 %)" in text
    assert "percentiles are medians of those of each hour" in text
    assert "latency p95, at most 57 ms in any hour" in text


@pytest.mark.parametrize("width", [10, 60, 100, 500])
def test_no_plot_is_wider_than_the_terminal(width: int) -> None:
    lines = metrics_text([told(REQUESTS, P95)], width).splitlines()
    drawn = [line for line in lines if set(line) & set("▁▂▃▄▅▆▇█─")]
    assert drawn
    assert max(map(len, drawn)) <= max(min(width, 160), 40)


def test_a_plot_rises_with_its_values_and_shows_gaps() -> None:
    axis = axis_of(told(P95), 50)
    assert axis.width == HOURS
    (line,) = plot(series("x", "sum", {0: 0.0, 1: 1.0, 2: 8.0, 4: 4.0}), axis, 1)
    assert line[:6] == " ▁█·▄·"
    tall = plot(series("x", "sum", {0: 8.0, 1: 4.0}), axis, 2)
    assert [line[:2] for line in tall] == ["█", "██"]


def test_a_column_of_several_periods_shows_the_highest() -> None:
    axis = axis_of(told(P95), 24)
    assert axis.width == 24
    (line,) = plot(series("x", "sum", dict.fromkeys(range(HOURS), 1.0) | {5: 8.0}), axis, 1)
    assert line == "▁▁█" + "▁" * 21


def test_deployments_stand_on_the_axis() -> None:
    deployments = (
        Deployment(at=START - 60, id="d0", text="before"),
        Deployment(at=START + 24 * 3600, id="d1", text="weak\netags\x1b[31m"),
    )
    lines = metrics_text([told(P95, deployments=deployments)], 52).splitlines()
    marks = lines[next(index for index, line in enumerate(lines) if "─" in line) + 1]
    assert marks.index("▲") == 2 + 24
    assert "    before 2026-11-20" in "\n".join(lines)
    assert "weak\\netags\\e[31m" in "\n".join(lines)


def test_what_is_missing_is_listed_once_with_its_reason() -> None:
    gaps = {"absence": Absence.PARTIAL, "note": "no value in 3 of 48 hours"}
    text = metrics_text(
        [told(series("latency", "p95", {0: 1.0}, **gaps), series("latency", "p99", {0: 1.0}, **gaps))], 100
    )
    assert "    latency p95, p99: values are missing in between: no value in 3 of 48 hours" in text


def test_nothing_at_all_is_told_in_place_of_a_plot() -> None:
    text = metrics_text([told(absence=Absence.DENIED, trouble="AWS answered 403\x1b[2J")], 100)
    assert "access denied: AWS answered 403\\e[2J" in text
    assert "─" not in text


def test_zero_is_a_figure_and_absence_is_none() -> None:
    zero = series("errors 5xx", "sum", {}, "requests", absence=Absence.ZERO)
    unknown = series("errors 4xx", "sum", {}, "requests", absence=Absence.NO_TELEMETRY)
    text = metrics_text([told(REQUESTS, unknown, zero)], 100)
    assert "errors 5xx                 0  (0.00 %)" in text
    assert f"errors 4xx                 {NOTHING}\n" in text
