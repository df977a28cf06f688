"""report.html in a real Chromium: nothing of a response runs, the list stays fast, keys and filters work."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect, sync_playwright

from harness.decide.fold import fold
from harness.model.event import (
    CaseInfo,
    Checked,
    Event,
    Note,
    Planned,
    Point,
    Recorded,
    RecordedDifference,
    RecordedPair,
    Round,
    Started,
)
from harness.model.probe import Group
from harness.report.html import render_html
from tests.bench.html_bench import CHROMIUM_ARGS, SCROLL, chromium_path
from tests.bench.sample_run import Run, make_run
from tests.golden import security_run

pytestmark = pytest.mark.server("chromium")

HOSTILE = [
    "<script>window.pwned=1;alert(1)</script>",
    "</script><script>window.pwned=1</script>",
    "</style><style>body{display:none}</style>",
    "</title></head><body onload=alert(1)>",
    "<img src=x onerror=window.pwned=1>",
    "<img src=http://evil.example/x.png><link rel=stylesheet href=//evil.example/a.css>",
    "<svg onload=window.pwned=1><a xlink:href='javascript:alert(1)'>x</a></svg>",
    "javascript:window.pwned=1",
    "--><!--<script>-->",
    "]]>",
    "{{7*7}} {% raw %} ${7*7} #{7*7}",
    '" onmouseover="window.pwned=1" x="',
    "' autofocus onfocus='window.pwned=1",
    "\x1b[2J\x00\x07",
    "\u202egnp.exe",
    "\u2028window.pwned=1\u2029",
    "<iframe srcdoc='<script>parent.pwned=1</script>'></iframe><object data=//evil.example></object>",
    "<!--data-->",
    "__proto__",
    "constructor",
    "hasOwnProperty",
    "&lt;script&gt;window.pwned=1&lt;/script&gt;",
    "&#60;img src=x onerror=window.pwned=1&#62;",
    "\\u003cscript\\u003ewindow.pwned=1\\u003c/script\\u003e",
    "</noscript></textarea></template></select></svg><plaintext><script>window.pwned=1</script>",
    "<meta http-equiv=refresh content='0;url=http://evil.example/'><base href=//evil.example/>",
    "url(http://evil.example/a.png) } * { background: url(//evil.example/b.png) } @import '//evil.example/c.css'; {",
    "<form id=rows><input name=attributes></form><a id=document><a id=document name=body>",
    "data:text/html,<script>window.opener.pwned=1</script>",
    "<math><mtext></p><style><img src=x onerror=window.pwned=1></style>",
    "\ud800<script>window.pwned=1</script>\udfff",
    "\u2066\u2067ylno\u2069<b>",
    "Z" + "\u0338\u0353\u0301" * 200,
    "`${window.pwned=1}` + '\\'; window.pwned=1; //",
]


@dataclass(slots=True)
class Opened:
    """A page with all that it did by itself."""

    page: Page
    asked: list[str] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=chromium_path(), args=[*CHROMIUM_ARGS, "--disable-frame-rate-limit"]
        )
        yield launched
        launched.close()


@pytest.fixture
def show(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Opened]]:
    """Return a function that opens a report, offline, in a context of its own."""
    contexts = []

    def show(html: bytes, anchor: str = "", **options: Any) -> Opened:
        file = tmp_path / "report.html"
        file.write_bytes(html)
        context = browser.new_context(**{"offline": True, "viewport": {"width": 1280, "height": 900}, **options})
        contexts.append(context)
        opened = Opened(context.new_page())
        context.on("request", lambda request: opened.asked.append(request.url))
        opened.page.on("console", lambda message: opened.trouble.append(message.text))
        opened.page.on("pageerror", lambda error: opened.trouble.append(str(error)))

        def refuse(dialog: Dialog) -> None:
            opened.trouble.append("dialog")
            dialog.dismiss()

        opened.page.on("dialog", refuse)
        opened.page.on("popup", lambda _: opened.trouble.append("popup"))
        opened.page.goto(file.as_uri() + anchor)
        return opened

    yield show
    for context in contexts:
        context.close()


def _html(run: Run) -> bytes:
    return render_html(fold(run.events), run.events, run.bodies.__getitem__, "ab" * 32)


@pytest.fixture(scope="module")
def small() -> bytes:
    return _html(make_run(60, failing_every=5))


def _hostile_run() -> Run:
    run = Run()
    infos = tuple(CaseInfo(index=index, name=words, operation=words) for index, words in enumerate(HOSTILE))
    first = make_run(0).events[0]
    assert isinstance(first, Started)
    started = replace(
        first,
        scenario=HOSTILE[0],
        environment=HOSTILE[3],
        gateways={"old": {"url": HOSTILE[4]}, HOSTILE[1]: {}},
    )
    run.events = [
        started,
        Planned(at=0.0, suite="parity", cases=infos),
        *(Note(at=0.0, text=words) for words in HOSTILE),
    ]
    run.events += [_hostile_round(run, index, words) for index, words in enumerate(HOSTILE)]
    return run


def _hostile_round(run: Run, index: int, words: str) -> Event:
    documents = [json.dumps({words: [words, {"a": words, "n": side}]}).encode() for side in (1, 2)]
    bodies = [
        run.keep(words.encode() + side if index % 2 else documents[number]) for number, side in enumerate((b"1", b"2"))
    ]
    old, new = (
        Recorded(
            method=words, url=f"https://{words}/", request_headers=((words, words),), request_body=body, sent_at=1.0,
            status=200, reason=words, version=words, headers=((words, words + body[:3]), ("X", words)), size=9, coding=words,
            fault=words, body=body, body_note=words, detail=words, certificate=words, earlier=(words,), total_ms=3.0,
        )
        for body in bodies
    )  # fmt: skip
    differences = tuple(
        RecordedDifference(at=at, kind="value", cause=cause, old=words, new=words, note=words, remedy=words)
        for at, cause in ((words, "unexplained"), ("status", "gateway"), (f"header:{words}", "noise"))
    )
    pair = RecordedPair(
        step=0, old=old, new=new, counts={"unexplained": 1, "gateway": 1, "noise": 1}, differences=differences,
        outcome="FAIL", why=(words,), broken=(words,), captures={words: {words: words}},
    )  # fmt: skip
    return Round(at=1.0, suite="parity", index=index, case=words, round=0, pairs=(pair,))


def test_nothing_of_a_response_runs_or_leaves(show: Callable[..., Opened]) -> None:
    opened = show(_html(_hostile_run()))
    page = opened.page
    allowed = page.evaluate("[...new Set([...document.querySelectorAll('*')].map((one) => one.localName))].sort()")
    for summary in page.locator("main details > summary").all():
        summary.evaluate("node => { node.parentElement.open = true }")
    for index in range(len(HOSTILE)):
        page.evaluate(f"location.hash = '#case-{index}'")
        expect(page.locator("#case-h")).to_contain_text("FAIL")
        expect(page.locator("#case-over")).to_contain_text(re.compile(rf"\b{index + 1} of {len(HOSTILE)}$"))
        page.evaluate("document.querySelectorAll('#case-body details').forEach((one) => { one.open = true })")
        text = page.locator("#case-body").inner_text()
        assert "\x1b" not in text
        assert "\u202e" not in text
    tags = page.evaluate("[...new Set([...document.querySelectorAll('*')].map((one) => one.localName))].sort()")
    assert not {"img", "iframe", "object", "link:stylesheet", "form", "base", "plaintext", "math"} & {*tags, *allowed}
    assert page.evaluate("document.querySelectorAll('script:not([type=\"application/json\"])').length") == 1
    assert page.evaluate("document.querySelectorAll('style').length") == 1
    assert page.evaluate("document.querySelectorAll('link').length") == 1, "the empty icon"
    attributes = page.evaluate(
        "[...new Set([...document.querySelectorAll('*')].flatMap((one) => one.getAttributeNames()))]"
    )
    assert not [name for name in attributes if name.startswith("on")]
    hrefs = page.evaluate("[...document.querySelectorAll('[href]')].map((one) => one.getAttribute('href'))")
    assert all(href.startswith("#") or href == "data:," for href in hrefs)
    assert page.evaluate("window.pwned") is None
    assert opened.trouble == []
    assert [url for url in opened.asked if not url.startswith(("file://", "data:,"))] == []


def test_a_value_of_a_megabyte_stays_bounded(show: Callable[..., Opened]) -> None:
    words = "<b>" + "x" * 1_000_000
    run = make_run(1, failing_every=1)
    shown = run.events[2]
    assert isinstance(shown, Round)
    pair = shown.pairs[0]
    assert pair.old is not None
    big = replace(pair.old, headers=(("X-Big", words),), body=run.keep(words.encode()), url="https://x/" + words)
    run.events[2] = replace(shown, pairs=(replace(pair, old=big, why=(words,)),))
    html = _html(run)
    assert len(html) < 300_000
    opened = show(html, "#case-0")
    assert "more characters" in opened.page.locator("#case-body").inner_text()
    assert opened.trouble == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"[" * 32_000, b"[" * 31_999),
        (b"[" + b"1," * 15_000 + b"1]", b"[" + b"2," * 15_000 + b"2]"),
        (b'{"a":' * 100 + b"1" + b"}" * 100, b'{"a":' * 100 + b"2" + b"}" * 100),
        (b'"' + b"\\\\" * 15_000 + b'"', b'"' + b"x" * 31_000),
        (b"\n" * 32_000, b"\r\n" * 16_000),
        (b'{"a" 1}', b'{"a":1}}'),
        (b"\xff\xfe\x00" * 500, b"\xff\xfe\x00" * 501),
    ],
    ids=["deep", "long", "nested", "escapes", "lines", "broken", "binary"],
)
def test_odd_bodies_are_shown_in_time(show: Callable[..., Opened], old: bytes, new: bytes) -> None:
    run = make_run(1, failing_every=1)
    shown = run.events[2]
    assert isinstance(shown, Round)
    pair = shown.pairs[0]
    assert pair.old is not None
    assert pair.new is not None
    odd = replace(pair, old=replace(pair.old, body=run.keep(old)), new=replace(pair.new, body=run.keep(new)))
    run.events[2] = replace(shown, pairs=(odd,))
    opened = show(_html(run))
    took = opened.page.evaluate(
        "(async () => { const began = performance.now(); location.hash = '#case-0';"
        " await new Promise((go) => addEventListener('hashchange', () => setTimeout(go, 0))); return performance.now() - began; })()"
    )
    assert opened.page.locator("#case-body .brow").count() > 0
    assert took < 2_000
    assert opened.trouble == []


def test_the_policy_forbids_everything_else(small: bytes) -> None:
    policy = re.search(rb'Content-Security-Policy" content="([^"]*)"', small)
    assert policy is not None
    assert policy[1].startswith(b"default-src &#39;none&#39;") or policy[1].startswith(b"default-src 'none'")
    assert b"unsafe" not in policy[1]
    assert b"innerHTML" not in small
    assert b" style=" not in small


def test_the_verdict_is_seen_first(show: Callable[..., Opened], small: bytes) -> None:
    page = show(small).page
    assert page.locator("h1").inner_text() == "NO-GO"
    box = page.locator("h1").bounding_box()
    assert box is not None
    assert box["y"] < 200
    assert page.title().startswith("NO-GO")
    assert page.locator("main > section").first.inner_text().count("12 of 60 cases failed") == 1


def test_filters_narrow_the_list(show: Callable[..., Opened], small: bytes) -> None:
    page = show(small).page
    rows = page.locator("#rows .row:not([hidden])")
    page.locator("#by-outcome button", has_text="FAIL").click()
    expect(page.locator("#shown")).to_have_text("12 of 60 cases")
    assert rows.count() == 12
    page.fill("#find", "invoices 00010")
    expect(page.locator("#shown")).to_have_text("1 of 60 cases")
    page.fill("#find", "no such thing")
    page.wait_for_selector("#none:not([hidden])")
    page.fill("#find", "")
    page.locator("#by-outcome button", has_text="FAIL").click()
    page.select_option("#by-cause", label="bound")
    expect(page.locator("#shown")).to_have_text("12 of 60 cases")
    page.select_option("#by-cause", value="-1")
    page.locator("[data-finding]").first.click()
    expect(page.locator("#shown")).to_have_text("12 of 60 cases")
    page.click("#by-finding")
    expect(page.locator("#shown")).to_have_text("60 cases")


def test_the_list_works_by_keyboard(show: Callable[..., Opened], small: bytes) -> None:
    page = show(small).page
    page.keyboard.press("/")
    page.keyboard.type("orders")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "rows"
    page.keyboard.press("ArrowDown")
    chosen = page.evaluate(
        "document.getElementById(document.getElementById('rows').getAttribute('aria-activedescendant')).textContent"
    )
    page.keyboard.press("Enter")
    page.wait_for_selector("#case[open]")
    name = page.evaluate("document.getElementById('case-h').lastChild.textContent")
    assert name in chosen
    page.keyboard.press("j")
    expect(page.locator("#case-h")).not_to_contain_text(name)
    page.keyboard.press("Escape")
    page.wait_for_selector("#case:not([open])", state="attached")
    assert page.evaluate("document.activeElement.id") == "rows"
    page.keyboard.press("End")
    expect(page.locator("#rows [aria-selected=true]")).to_have_attribute("aria-rowindex", "8")


def test_a_case_shows_both_bodies_with_the_differing_places_marked(show: Callable[..., Opened], small: bytes) -> None:
    page = show(small, "#case-5").page
    page.wait_for_selector("#case[open]")
    marks = page.locator("#case-body .brow.differs mark").all_inner_texts()
    assert '"2.90"' in marks
    assert "2.9" in marks
    calm = page.locator("#case-body .brow.calm").all_inner_texts()
    assert any("api.example.com" in line for line in calm)
    page.locator("#case-body details summary").click()
    assert 'x-api-key: \'"${OLD_PARTNER_KEY}"' in page.locator("pre.curl").first.inner_text()
    while page.locator(".fold").count():
        page.locator(".fold").first.click()
    lines = page.locator("#case-body .brow .old").all_inner_texts()
    assert '  "number": 9007199254740998,' in lines, "no digit of a large number is lost"


def test_charts_tell_their_values(show: Callable[..., Opened], small: bytes) -> None:
    page = show(small).page
    mark = page.locator("svg.chart [data-tip]").nth(5)
    mark.scroll_into_view_if_needed()
    mark.hover()
    page.wait_for_selector("#tip:not([hidden])")
    assert re.fullmatch(r"old · \d+ %: [\d.]+ ms", page.locator("#tip").inner_text())
    assert page.locator("svg.stack title").first.text_content() == "FAIL: 12"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_in_light_and_dark(show: Callable[..., Opened], small: bytes, scheme: str) -> None:
    page = show(small, color_scheme=scheme).page
    contrast = """(selector) => {
      const parse = (text) => text.match(/[\\d.]+/g).map(Number);
      const light = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
      let worst = 99;
      for (const node of document.querySelectorAll(selector)) {
        let under = node;
        while (under && parse(getComputedStyle(under).backgroundColor)[3] === 0) under = under.parentElement;
        const [a, b] = [light(parse(getComputedStyle(node).color)), light(parse(getComputedStyle(under).backgroundColor))];
        worst = Math.min(worst, (Math.max(a, b) + .05) / (Math.min(a, b) + .05));
      }
      return worst;
    }"""
    for selector in ("h1", ".headline", ".chip", "small", ".over", ".row .name b", ".row .tags", "dt", "th"):
        assert page.evaluate(contrast, selector) >= 4.5, selector
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.click("#theme")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate(contrast, "h2") >= 4.5, "ink on paper, whatever the screen shows"


def test_a_narrow_page_does_not_scroll_sideways(show: Callable[..., Opened], small: bytes) -> None:
    page = show(small, viewport={"width": 380, "height": 800}).page
    assert page.evaluate("document.documentElement.scrollWidth") <= 380
    page.locator("#rows .row").first.click()
    page.wait_for_selector("#case[open]")
    assert page.evaluate("document.getElementById('case-body').scrollWidth") <= 380


def test_without_script_the_verdict_and_findings_are_there(show: Callable[..., Opened], small: bytes) -> None:
    page = show(small, java_script_enabled=False).page
    assert page.locator("h1").inner_text() == "NO-GO"
    assert page.locator("details.finding").count() == 3
    assert page.locator("noscript").count() == 1


def test_every_one_of_ten_thousand_rows_is_reached(show: Callable[..., Opened]) -> None:
    html = _html(make_run(10_000, failing_every=3))
    assert len(html) <= 15_000_000
    page = show(html).page
    found = page.evaluate(SCROLL, 10)
    assert found["seen"] == 10_000
    assert found["nodes"] < 80, "only rows in sight exist"
    page.select_option("#sort", "plan")
    page.fill("#find", "09999")
    expect(page.locator("#shown")).to_have_text("1 of 10,000 cases")
    page.locator("#rows .row:not([hidden])").click()
    page.wait_for_selector("#case[open]")


def test_more_findings_than_the_page_was_made_with(show: Callable[..., Opened]) -> None:
    run = make_run(400, failing_every=1)
    for index, event in enumerate(run.events):
        if isinstance(event, Round):
            own = RecordedDifference(
                at=f"body:$.field{event.index}x", kind="missing", cause="unexplained", old="1", new=None
            )
            run.events[index] = replace(
                event, pairs=(replace(event.pairs[0], differences=(own,), counts={"unexplained": 1}),)
            )
    page = show(_html(run)).page
    assert page.locator("details.finding").count() == 150
    page.click("#more-findings")
    assert page.locator("details.finding").count() == 250


def test_an_address_or_a_search_runs_nothing(show: Callable[..., Opened], small: bytes) -> None:
    """What stands behind the # of a link that someone was sent is hostile as well."""
    opened = show(small)
    for words in HOSTILE:
        opened.page.evaluate("(words) => { location.hash = '#case-' + words }", words)
        opened.page.evaluate("(words) => { location.hash = '#' + words }", words)
        opened.page.evaluate(
            "(words) => { const box = document.getElementById('find');"
            " box.value = words; box.dispatchEvent(new Event('input', {bubbles: true})) }",
            words,
        )
        expect(opened.page.locator("#shown")).to_contain_text("of 60 cases")
    assert opened.page.evaluate("window.pwned") is None
    assert opened.trouble == []
    assert opened.page.locator("h1").inner_text() == "NO-GO"
    assert [url for url in opened.asked if not url.startswith(("file://", "data:,"))] == []


@pytest.mark.parametrize("scripts", [True, False])
def test_hostile_words_without_script_and_on_paper(show: Callable[..., Opened], scripts: bool) -> None:
    """What the page holds before any script has run is escaped as well."""
    opened = show(_html(_hostile_run()), java_script_enabled=scripts)
    opened.page.emulate_media(media="print")
    for tag in ("img", "iframe", "object", "form", "base", "plaintext", "math", "meta[http-equiv=refresh]"):
        assert opened.page.locator(tag).count() == 0, tag
    assert opened.trouble == []
    assert [url for url in opened.asked if not url.startswith(("file://", "data:,"))] == []


# ---- the security matrix


@pytest.fixture(scope="module")
def secure() -> bytes:
    return _html(Run(events=security_run.events()))


def test_cells_tell_both_decisions_by_shape_and_word(show: Callable[..., Opened], secure: bytes) -> None:
    page = show(secure).page
    expect(page.locator("#security h2 small")).to_contain_text("17 cells: 5 as before, 5 weaker, 1 stricter")
    weaker = page.locator("td.m-weaker a").first
    assert weaker.inner_text().split() == ["■□", "weaker"]
    assert weaker.get_attribute("aria-label") == "weaker: old refused, new let through"
    calm = page.locator(".mx td:not([class]) a, .mx td.k a").first
    assert calm.get_attribute("aria-label") in {"refused on both sides", "let through on both sides"}
    for name, sign in (("stricter", "□■"), ("open", "□□"), ("unproven", "■?")):
        assert page.locator(f"td.m-{name} a").first.inner_text().split() == [sign, name]


def test_only_what_differs_is_shown_until_asked_for_more(show: Callable[..., Opened], secure: bytes) -> None:
    page = show(secure).page
    sheet = page.locator(".sheet").first
    heads = sheet.locator("thead th:visible")
    assert [" ".join(text.split()) for text in heads.all_inner_texts()[1:]] == [
        "partner wrong key",
        "web wrong audience",
    ]
    sheet.locator("[data-only]").click()
    assert heads.count() == 7
    assert sheet.locator("[data-only]").get_attribute("aria-pressed") == "false"
    sheet.locator("[data-only]").click()
    assert heads.count() == 3


def test_a_cell_opens_its_evidence_and_takes_the_reader_back(show: Callable[..., Opened], secure: bytes) -> None:
    page = show(secure).page
    cell = page.locator("td.m-weaker a").first
    cell.click()
    expect(page.locator("#case-h")).to_contain_text("GET /orders, web: wrong audience")
    assert page.locator("#case-body .decided").inner_text() == "weaker · old: refused · new: let through"
    expect(page.locator("#case-body .side.new .answer")).to_have_text("200 OK")
    page.keyboard.press("Escape")
    expect(cell).to_be_focused()


def test_arrow_keys_go_from_cell_to_cell(show: Callable[..., Opened], secure: bytes) -> None:
    page = show(secure).page
    page.locator(".mx").first.locator("td a:visible").first.focus()
    for key, name in (
        ("ArrowRight", "weaker: old refused, new let through"),
        ("ArrowRight", "weaker: old refused, new let through"),
        ("ArrowDown", "weaker: old refused, new let through"),
        ("ArrowLeft", "stricter: old let through, new refused"),
    ):
        page.keyboard.press(key)
        assert page.evaluate("document.activeElement.getAttribute('aria-label')") == name
    expect(page.locator("#tip")).to_contain_text("GET /orders/{id}, partner wrong key: stricter")


def test_what_cannot_be_asked_tells_why(show: Callable[..., Opened], secure: bytes) -> None:
    page = show(secure).page
    page.locator("[data-only]").first.click()
    cell = page.locator("td.m-not-askable a").first
    told = page.locator(f"#{cell.get_attribute('aria-describedby')}")
    expect(told).to_contain_text("its key is not ours")
    cell.hover()
    expect(page.locator("#tip")).to_contain_text("GET /orders, web expired token: not askable. its key is not ours")
    expect(page.locator(".whys tr", has_text="not askable 2")).to_contain_text("GET /orders/{id}, web: expired token")


def test_a_check_shows_what_was_seen_on_each_side(show: Callable[..., Opened], secure: bytes) -> None:
    opened = show(secure, "#case-15")
    body = opened.page.locator("#case-body")
    assert opened.page.locator("#case-body .facts-of tr").all_inner_texts()[:2] == [
        "\told\tnew", "versions\tTLS 1.2, TLS 1.3\tTLS 1.0, TLS 1.2",
    ]  # fmt: skip
    assert opened.page.locator("#case-body .facts-of tr.off").count() == 2
    expect(body).to_contain_text("TLS 1.0 is accepted by the new side only (critical)")
    expect(body).to_contain_text("set the minimum version of the custom domain to 1.2")
    expect(body).to_contain_text("Sent: old 6, new 6.")
    assert opened.trouble == []


_LONG = """() => { window.long = []; new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.long.push(entry.duration); }).observe({ type: 'longtask', buffered: true }); }"""


@pytest.fixture(scope="module")
def wide() -> bytes:
    return _html(Run(events=security_run.large(200, 40, weaker=(125, 126, 3000, 7777))))


def test_two_hundred_by_forty_open_and_scroll(show: Callable[..., Opened], wide: bytes) -> None:
    opened = show(wide)
    page = opened.page
    page.evaluate(_LONG)
    page.wait_for_timeout(100)
    assert max(page.evaluate("window.long"), default=0) < 400, "a loaded machine is slower than a reader's"
    assert page.locator(".mx tbody tr:visible").count() == 3
    page.click("[data-only]")
    assert page.locator(".mx tbody tr:visible").count() == 200
    page.evaluate("document.querySelector('.mx').scrollTo(900, 3000)")
    seen = page.evaluate(
        "(() => { const box = document.querySelector('.mx'), at = box.getBoundingClientRect();"
        " const head = box.querySelector('thead th:nth-child(20)').getBoundingClientRect();"
        " const row = box.querySelectorAll('tbody tr')[100].cells[0].getBoundingClientRect();"
        " return [Math.round(head.top - at.top), Math.round(row.left - at.left)]; })()"
    )
    assert all(abs(distance) <= 2 for distance in seen), "heads and operations stay in sight"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (
        "the page itself does not scroll sideways"
    )
    assert opened.trouble == []


def test_the_matrix_fits_on_paper(show: Callable[..., Opened], wide: bytes) -> None:
    page = show(wide, viewport={"width": 1047, "height": 700}).page
    page.click("[data-only]")
    page.emulate_media(media="print")
    assert page.evaluate("document.querySelector('.mx table').getBoundingClientRect().right <= innerWidth + 1")
    assert page.locator(".mx tbody tr:visible").count() == 200
    assert page.locator("[data-only]:visible").count() == 0


def test_the_matrix_works_on_a_narrow_screen(show: Callable[..., Opened], secure: bytes) -> None:
    page = show(secure, viewport={"width": 390, "height": 800}).page
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator("td.m-weaker a").first.is_visible()


@pytest.mark.parametrize("scripts", [True, False])
def test_the_matrix_runs_nothing_of_what_it_shows(show: Callable[..., Opened], scripts: bool) -> None:
    infos = tuple(
        security_run.info(index, words, words, words, group=Group.SURFACE, dangerous=words)
        for index, words in enumerate(HOSTILE)
    )
    refused = replace(infos[1], skip=f"not askable: {HOSTILE[0]}", accepted=True)
    facts = {words: {"old": words, "new": words[::-1], words: words} for words in HOSTILE}
    points = tuple(
        Point(at=words, title=words, outcome=words, severity=words, old=words, new=words, note=words, remedy=words)
        for words in HOSTILE
    )
    check = Checked(
        at=1.0, suite="security", index=0, case=HOSTILE[0], outcome="FAIL", why=tuple(HOSTILE[:3]), points=(),
        facts=facts, requests={HOSTILE[0]: 1}, decisions={"old": HOSTILE[0], "new": HOSTILE[1]},
    )  # fmt: skip
    made = [security_run.asked(one, "let through", "let through") for one in infos[2:]]
    events: list[Event] = [
        security_run.started(),
        Planned(at=0.0, suite="security", cases=(infos[0], refused, *infos[2:])),
        check,
    ]
    summary = fold([*events, *made])
    html = render_html(summary, [*events[:2], replace(check, points=points), *made], lambda _: b"", "")
    opened = show(html, "#case-0", java_script_enabled=scripts)
    if scripts:
        expect(opened.page.locator("#case-body .facts-of tr")).to_have_count(len(HOSTILE) + 1)
        opened.page.keyboard.press("Escape")
        for link in opened.page.locator(".mx td a:visible").all()[:12]:
            link.hover()
            assert "\u202e" not in opened.page.locator("#tip").inner_text()
        assert opened.page.evaluate("window.pwned") is None
    assert opened.page.locator(".mx tbody tr").count() == len(HOSTILE)
    for tag in (
        "img",
        "iframe",
        "object",
        "form",
        "base",
        "plaintext",
        "math",
        "[onload]",
        "[onerror]",
        "[onmouseover]",
    ):
        assert opened.page.locator(tag).count() == 0, tag
    assert opened.trouble == []
    assert [url for url in opened.asked if not url.startswith(("file://", "data:,"))] == []
