"""The load's section of report.html in a real Chromium: values on hover, nothing of a response runs, any width."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from playwright.sync_api import expect

from harness.model.event import Checked, Event, Planned
from harness.model.load import Arm, Compared, Generator
from harness.model.series import Deployment, Telemetry
from tests.bench.sample_run import Run
from tests.e2e.test_html_report import HOSTILE, Opened, _html, browser, show
from tests.golden import load_run

__all__ = ["browser", "show"]

pytestmark = pytest.mark.server("chromium")


@pytest.fixture(scope="module")
def loaded() -> bytes:
    return _html(Run(events=load_run.events()))


def test_the_threshold_that_failed_is_seen_with_its_number(show: Callable[..., Opened], loaded: bytes) -> None:
    opened = show(loaded, "#load")
    first = opened.page.locator(".thresholds tbody tr").first
    expect(first).to_contain_text("FAIL")
    expect(first).to_contain_text("old 121 ms, new 178 ms (+47 %); allowed old * 1.2 = 145 ms")
    first.locator("a").click()
    expect(opened.page.locator("#case-body")).to_contain_text("p95 of GET /orders/{id}")
    assert opened.page.locator("#case-body .facts-of .off").count() == 0, "figures that differ are not wrong by that"
    assert opened.trouble == []


def test_every_chart_tells_both_sides_where_the_pointer_is(show: Callable[..., Opened], loaded: bytes) -> None:
    opened = show(loaded)
    charts = opened.page.locator("#load svg.chart")
    assert charts.count() == 4
    for number, words in enumerate(("new from the send", "p95 ", " of 20 failed", "p95 ")):
        chart = charts.nth(number)
        chart.locator(".band").nth(10).hover()
        expect(opened.page.locator("#tip")).to_contain_text(words)
        assert chart.get_attribute("aria-label")
    assert opened.trouble == []
    assert [url for url in opened.asked if not url.startswith(("file://", "data:"))] == []


@pytest.mark.parametrize("events", [load_run.events, load_run.partial, load_run.nothing])
def test_a_narrow_page_does_not_scroll_sideways(show: Callable[..., Opened], events: Callable[[], list[Event]]) -> None:
    opened = show(_html(Run(events=events())), "#load", viewport={"width": 400, "height": 900})
    assert opened.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert opened.page.locator("#load .alarm").count() == (0 if events is load_run.events else 1)
    assert opened.trouble == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_is_small_can_be_read(show: Callable[..., Opened], scheme: str) -> None:
    page = show(_html(Run(events=load_run.partial())), color_scheme=scheme).page
    contrasts = page.evaluate("""() => {
      const light = (c) => { const v = c.match(/[\\d.]+/g).slice(0, 3).map((x) => { x /= 255;
        return x <= .03928 ? x / 12.92 : ((x + .055) / 1.055) ** 2.4; }); return .2126 * v[0] + .7152 * v[1] + .0722 * v[2]; };
      const ground = (e) => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
        if (!c.endsWith(", 0)") && c !== "transparent") return c; } return "rgb(255, 255, 255)"; };
      return ["#load .alarm", "#load .note", "#load .legend li", "#load th", "#load small", "#load .operation .warn"].map((s) => {
        const e = document.querySelector(s), a = light(getComputedStyle(e).color), b = light(ground(e));
        return [s, (Math.max(a, b) + .05) / (Math.min(a, b) + .05)]; }); }""")
    assert [found for found in contrasts if found[1] < 4.5] == []


def _hostile_events() -> list[Event]:
    """Return a load whose every text is hostile."""
    names = dict.fromkeys(HOSTILE)
    base = load_run.loaded()
    arms = [replace(arm, operation=name) for arm, name in zip(base.arms[2:] * 10, HOSTILE, strict=False)]
    whole = [replace(arm, outcomes=dict.fromkeys(HOSTILE, 3)) for arm in base.arms[:2]]
    told = load_run.history()
    odd = Telemetry(
        side=HOSTILE[0], what=HOSTILE[1], start=told.start, end=told.end, facts=dict.fromkeys(HOSTILE, HOSTILE[4]),
        series=tuple(replace(told.series[1], statistic=words, source=words, note=words) for words in HOSTILE),
        deployments=tuple(Deployment(at=told.start + 9_000 * at, id=words, text=words) for at, words in enumerate(HOSTILE)),
        trouble=HOSTILE[2],
    )  # fmt: skip
    event = replace(
        base,
        state=HOSTILE[3],
        why=HOSTILE[5],
        arms=(*whole, *(Arm(side="new", operation=name, sent=1) for name in names), *arms),
        compared=tuple(Compared(operation=name, metric=name, old=1.0, new=2.0, note=name) for name in names),
        history=(odd, told),
        window=(odd,),
        generator=Generator(lost=tuple(HOSTILE), client=HOSTILE[0], per_worker=dict.fromkeys(HOSTILE, 1)),
    )
    infos = tuple(load_run.info(index, words, words) for index, words in enumerate(HOSTILE))
    checks = [
        Checked(
            at=1.0, suite="load", index=index, case=words, outcome="FAIL", why=(words,),
            facts={words: {"old": words, "new": words, "limit": words, "difference": words}},
        )
        for index, words in enumerate(HOSTILE)
    ]  # fmt: skip
    loading = load_run.loading(profile=HOSTILE[0], order=HOSTILE[1], mix=dict.fromkeys(HOSTILE, 1.0))
    return [load_run.started(), Planned(at=0.0, suite="load", cases=infos), loading, event, *checks]


@pytest.mark.parametrize("scripts", [True, False])
def test_nothing_of_what_it_shows_runs(show: Callable[..., Opened], scripts: bool) -> None:
    opened = show(_html(Run(events=_hostile_events())), "#load", java_script_enabled=scripts)
    page = opened.page
    assert page.locator("#load .alarm").count() == 1
    assert page.locator("details.operation").count() > len(HOSTILE)
    if scripts:
        drawn = page.locator("#load").evaluate("(section) => section.outerHTML")
        assert not [hidden for hidden in "\x1b\x00\u202e\u2066\u2028" if hidden in drawn]
    if scripts:
        for band in page.locator("#load .band").all()[::40][:12]:
            band.hover()
            assert "\u202e" not in page.locator("#tip").inner_text()
        assert page.evaluate("window.pwned") is None
    for tag in ("img", "iframe", "object", "form", "base", "plaintext", "math", "[onload]", "[onerror]"):
        assert page.locator(f"#load {tag}").count() == 0, tag
    assert opened.trouble == []
    assert [url for url in opened.asked if not url.startswith(("file://", "data:"))] == []
