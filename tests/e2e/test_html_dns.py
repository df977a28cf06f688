"""The names' section of report.html in a real Chromium: told on hover, at any width, and nothing of a name runs."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from playwright.sync_api import expect

from harness.model.dns import Clamp, Heard, Points, Sighting
from harness.model.event import Checked, Event, Sighted
from tests.bench.sample_run import Run
from tests.e2e.test_html_report import HOSTILE, Opened, _html, browser, show
from tests.golden import dns_run

__all__ = ["browser", "show"]

pytestmark = pytest.mark.server("chromium")


def _both() -> list[Event]:
    names = dns_run.suite_run(
        dns_run.timing(), dns_run.timing("dark.example.com", earliest=None, back=(), back_all=None)
    )
    return [*names, *dns_run.watch_run()[2:-3]]


def test_the_picture_tells_who_answered_what_and_when(show: Callable[..., Opened]) -> None:
    opened = show(_html(Run(events=dns_run.watch_run())), "#dns")
    picture = opened.page.locator("#dns svg.moves")
    assert picture.count() == 1
    row = picture.locator("g").filter(has_text="shop.example.com at Google")
    row.locator("rect").nth(2).hover()
    expect(opened.page.locator("#tip")).to_contain_text("old, 14:01:20 UTC to 14:01:30 UTC")
    name = opened.page.evaluate(
        "[...document.querySelectorAll('svg.moves')].map((s) => s.getAttribute('aria-labelledby').split(' ')"
        ".map((id) => document.getElementById(id).textContent).join(' '))"
    )
    assert "0 % of the resolvers that told answered new at the first look, 100 % at the last one" in name[0]
    assert opened.trouble == []


@pytest.mark.parametrize("scripts", [True, False])
def test_a_narrow_page_does_not_scroll_sideways_and_needs_no_script(show: Callable[..., Opened], scripts: bool) -> None:
    opened = show(
        _html(Run(events=_both())), "#dns", viewport={"width": 400, "height": 900}, java_script_enabled=scripts
    )
    assert opened.page.locator("#dns").bounding_box()["width"] <= 400  # type: ignore[index]
    expect(opened.page.locator("#dns")).to_contain_text("Not known when all 2 names can be moved")
    assert opened.page.locator("#dns svg").count() == 2
    if scripts:
        assert opened.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert opened.trouble == []


def test_many_servers_are_told_line_by_line(show: Callable[..., Opened]) -> None:
    events = dns_run.suite_run(dns_run.timing())
    servers = [f"ns{number}" for number in range(20)]
    facts = {"TTL": dict.fromkeys(servers, "60"), "serial": {"ns3": "2026112101"}}
    assert isinstance(events[-1], Checked)
    events[-1] = replace(events[-1], facts=facts)
    seen = show(_html(Run(events=events)), "#case-0").page.locator("#case-body .facts-of")
    expect(seen.locator("tbody tr")).to_have_count(20)
    expect(seen.locator("thead")).to_contain_text("serial")
    assert seen.locator(".off").count() == 0


def test_nothing_of_a_name_runs(show: Callable[..., Opened]) -> None:
    told = dns_run.watching(HOSTILE, ["ns", *HOSTILE[:4]])
    seen = tuple(
        Sighting(name=name, server=server, points=Points.ELSEWHERE, heard=Heard.ANSWER, addresses=(name,), detail=name)
        for name in told.names
        for server in told.servers
    )
    timings = [
        dns_run.timing(words, why=words, switched=words, clamps=(Clamp(server=words, seconds=1),)) for words in HOSTILE
    ]
    events: list[Event] = [
        *dns_run.suite_run(*timings),
        told,
        *(Sighted(at=told.at + at, suite="dns", seen=seen, moved=0.0) for at in range(3)),
    ]
    opened = show(_html(Run(events=events)), "#dns")
    assert opened.page.evaluate("window.pwned") is None
    drawn = opened.page.locator("#dns").evaluate("(section) => section.outerHTML")
    assert not [hidden for hidden in "\x1b\x00\u202e\u2066\u2028" if hidden in drawn]
    for tag in ("img", "iframe", "object", "form", "base", "plaintext", "math", "script", "[onload]", "[onerror]"):
        assert opened.page.locator(f"#dns {tag}").count() == 0, tag
    assert opened.trouble == []
    assert [url for url in opened.asked if not url.startswith(("file://", "data:"))] == []
