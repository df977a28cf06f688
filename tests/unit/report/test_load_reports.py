"""A load in report.html, .json, .md and .sarif: what counts is told, what is missing is told, all of it bounded."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from harness.decide.fold import fold
from harness.model.event import Checked, Ended, Event, Loaded, Planned
from harness.model.finding import Summary
from harness.model.load import Arm, Compared, Slice
from harness.report import load_charts, load_latency, load_view
from harness.report.html import render_html
from harness.report.json_report import render_json
from harness.report.load_words import ms
from harness.report.markdown import render_markdown
from harness.report.sarif import render_sarif
from tests.golden import load_run


def _summary(events: Sequence[Event]) -> Summary:
    return fold([*events, Ended(at=load_run.AT + 80, state="finished")])


def _load(events: Sequence[Event]) -> Any:
    return msgspec.json.decode(render_json(_summary(events), "head"))["load"]


def _html(events: Sequence[Event]) -> str:
    return render_html(_summary(events), events, lambda _: b"", "head").decode()


def _with(loaded: Loaded) -> list[Event]:
    return [*load_run.events()[:2], load_run.loading(), loaded, *load_run.checks()]


def test_the_json_tells_the_load_by_operation_threshold_and_generator() -> None:
    told = _load(load_run.events())
    assert (told["state"], told["valid"], told["order"], told["workers"]) == ("finished", True, "interleaved", 2)
    assert told["planned"] == {"old": 1200, "new": 1200}
    whole = told["operations"][0]
    assert (whole["operation"], whole["old"]["sent"], whole["new"]["errors"]) == ("", 1200, 2)
    assert [one["metric"] for one in whole["compared"]] == ["p50", "p90", "p95", "p99", "max", "errors"]
    assert [(one["text"], one["outcome"]) for one in told["thresholds"]][:2] == [
        ("p95 <= old * 1.2", "FAIL"),
        ("errors <= old + 0.1pp", "PASS"),
    ]
    assert told["generator"]["late_p99"] == 0.82
    assert set(told["histograms"]["new"]) == {"planned", "service", "overhead"}
    assert told["window"][0]["absence"] == "throttled"
    assert [one["state"] for one in told["earlier"]] == ["worker lost"]


def test_a_run_without_a_load_says_nothing_of_one() -> None:
    events = [event for event in load_run.events() if not isinstance(event, Checked)][:2]
    assert "load" not in msgspec.json.decode(render_json(_summary(events), "head"))
    assert 'id="load"' not in _html(events)
    assert "## Load" not in render_markdown(_summary(events), "head")


def test_figures_that_are_no_numbers_become_null() -> None:
    odd = Compared(operation="", metric="p99", old=math.nan, new=math.inf, difference=math.nan, exceedance_e=math.inf)
    told = _load(_with(load_run.loaded(compared=(odd,))))["operations"][0]["compared"][0]
    assert (told["old"], told["new"], told["exceedance_e"]) == (None, None, None)
    assert "no answer" in _html(_with(load_run.loaded(compared=(odd,))))


@pytest.mark.parametrize(
    ("events", "words", "measured"),
    [
        (load_run.partial(), "The figures are of the part that was sent, and are no proof.", True),
        (load_run.nothing(), "Nothing was measured.", False),
        (load_run.events()[:3], "nothing of it was kept", False),
    ],
    ids=["aborted", "never sent", "cut off"],
)
def test_a_load_that_is_not_whole_says_so_before_any_figure(events: list[Event], words: str, measured: bool) -> None:
    page = _html(events)
    assert words in page
    assert page.index('class="alarm"') < page.index('class="thresholds"')
    assert ("Latency by percentile" in page) is measured
    text = render_markdown(_summary(events), "head")
    assert text.index(words) < text.index("| threshold |")
    assert _load(events)["state"] != "finished"


def test_a_schedule_that_nobody_judged_is_no_valid_one() -> None:
    events = load_run.events()
    planned = Planned(at=load_run.AT, suite="load", cases=load_run.INFOS[1:])
    chosen = [event for event in events if not (isinstance(event, Checked) and event.index == 0)]
    summary = _summary([chosen[0], planned, *chosen[2:]])
    assert load_view.valid(summary) is None
    assert load_view.validity(summary).startswith("Not known")


def test_the_headline_speaks_of_the_load_where_it_alone_decides() -> None:
    assert "does not keep to its thresholds under load" in _html(load_run.events())


def test_the_worst_operation_comes_first_and_the_rest_is_counted() -> None:
    one = load_run.loaded()
    names = [f"GET /{number}" for number in range(120)]
    arms = (*one.arms[:2], *(Arm(side=side, operation=name, sent=9) for name in names for side in ("old", "new")))
    slower = [
        Compared(operation=name, metric="p95", old=10.0, new=10.0 + number, difference=float(number))
        for number, name in enumerate(names)
    ]
    failing = Compared(operation=names[3], metric="errors", old=0.0, new=0.2, difference=0.2)
    loaded = replace(one, arms=arms, compared=(*slower, failing))
    assert load_view.operations(loaded)[:3] == ["", names[3], names[119]]
    page = _html(_with(loaded))
    assert page.count('<details class="operation">') == 50
    assert "… and 70 more operations in report.json" in page
    assert "… and 100 more operations" in render_markdown(_summary(_with(loaded)), "head")
    assert len(_load(_with(loaded))["operations"]) == 121


def test_a_long_load_makes_a_light_page() -> None:
    slices = tuple(
        Slice(side=side, at=float(at), planned=50, sent=50, errors=at % 2, p50=9.0, p95=20.0 + at % 7, p99=60.0)
        for side in ("old", "new")
        for at in range(240)
    )
    page = _html(_with(load_run.loaded(slices=slices)))
    assert len(page) < 420_000


def test_a_histogram_that_cannot_be_read_takes_its_curve_only() -> None:
    loaded = load_run.loaded()
    broken = tuple(
        replace(arm, planned="garbage", service="AAAA", overhead="=") if arm.side == "new" else arm
        for arm in loaded.arms
    )
    assert set(load_latency.curves(replace(loaded, arms=broken), "planned")) == {"old"}
    assert "Latency by percentile" in _html(_with(replace(loaded, arms=broken)))


def test_the_distribution_tells_both_sides_at_the_percentiles_that_people_ask_for() -> None:
    loaded = load_run.loaded(slower=1.5)
    chart = load_latency.distribution(load_latency.curves(loaded, "planned"), {})
    assert chart is not None
    told = {band.label.split(" · ")[0]: band.label for band in chart.bands}
    old, new = (
        sorted(load_run.Sampled(side, slower=slow, failing=0.0).latencies(None))
        for side, slow in (("old", 1.0), ("new", 1.5))
    )
    for name, share in (("50 %", 0.5), ("95 %", 0.95), ("99 %", 0.99)):
        for side, samples in (("old", old), ("new", new)):
            assert f"{side} {ms(load_run.nearest(samples, share))}" in told[name]
    assert "slowest" in told
    assert chart.bands[0].x == chart.left
    assert chart.bands[-1].x + chart.bands[-1].width == pytest.approx(chart.right)


@pytest.mark.parametrize("samples", [[5.0], [5.0, 6.0]])
def test_a_distribution_of_hardly_anything(samples: list[float]) -> None:
    loaded = load_run.loaded(arms=(Arm(side="new", sent=1, planned=load_run.text(samples)),))
    chart = load_latency.distribution(load_latency.curves(loaded, "planned"), {})
    assert chart is not None
    assert [line.name for line in chart.lines] == ["new"]


def test_waiting_before_the_send_is_told_where_it_shows() -> None:
    loaded = load_run.loaded()
    planned, service = (load_latency.curves(loaded, what) for what in ("planned", "service"))
    assert "new" in load_latency.waited(planned, service)
    assert "1.3" in load_latency.waited(planned, service)
    assert load_latency.waited(service, service).endswith("about the same.")
    assert load_latency.waited({}, service) == ""


def test_a_slice_without_an_answer_is_a_gap_and_no_zero() -> None:
    chart = load_charts.percentiles_over_time(load_run.loaded())
    assert chart is not None
    assert all(line.path.count("M") == 2 for line in chart.lines)
    assert "old no answer" in next(band.label for band in chart.bands if band.label.startswith("40.0 s"))


def test_no_error_is_said_in_words_not_drawn() -> None:
    calm = replace(load_run.loaded(), slices=tuple(replace(one, errors=0) for one in load_run.loaded().slices))
    assert load_charts.errors_over_time(calm) is None
    assert "no request failed" in _html(_with(calm))


def test_monitoring_is_drawn_with_its_deployments_and_its_absence_told() -> None:
    chart = load_charts.history(load_run.history(), {"old": 118.0, "new": 227.0})
    assert chart is not None
    assert [line.name for line in chart.lines][-2:] == ["old p95 in this load", "new p95 in this load"]
    assert [notch.label.split(",")[0] for notch in chart.notches] == ["deployment d1x", "deployment d2y"]
    averages = replace(
        load_run.history(), series=tuple(replace(one, statistic="average") for one in load_run.history().series[:1])
    )
    alone = load_charts.history(averages, {"old": 118.0})
    assert alone is not None
    assert [line.name for line in alone.lines] == ["old average"], "an average is not set beside a percentile"
    page = _html(load_run.events())
    assert "access denied; cloudwatch:GetMetricData is not allowed &lt;b&gt;" in page
    assert "throttled by the service: Rate exceeded (ThrottlingException), asked 4 times" in page


def test_a_year_of_minutes_is_thinned_to_its_peaks() -> None:
    points = tuple((60.0 * minute, 900.0 if minute == 777 else 10.0) for minute in range(20_000))
    told = load_run.history()
    chart = load_charts.history(
        replace(told, start=0.0, end=1.2e6, series=(replace(told.series[1], period=60, points=points),)), {}
    )
    assert chart is not None
    assert len(chart.bands) <= load_charts.MOST_PERIODS + 1
    assert any("900 ms" in band.label for band in chart.bands)


def test_a_broken_threshold_is_a_rule_of_performance() -> None:
    run = msgspec.json.decode(render_sarif(_summary(load_run.events())))["runs"][0]
    rules = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}
    assert rules["load/failed/p95"]["properties"]["tags"] == ["performance"]
    assert "security-severity" not in rules["load/failed/p95"]["properties"]
    assert rules["load/failed/p95"]["shortDescription"]["text"] == "Not kept under load: p95"


def test_hostile_words_are_no_markup() -> None:
    text = render_markdown(_summary(load_run.events()), "head")
    for bad in ("<script>", "](http", "\x1b", "\u202e"):
        assert bad not in text
    page = _html(load_run.events()).split('<script type="application/json"')[0]
    assert "<script>window" not in page
