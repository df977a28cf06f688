"""How long report.html takes to make, how large it is, and how it scrolls: `python -m tests.bench.html_bench [--json]`."""

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from harness.decide.fold import fold
from harness.report.html import render_html
from tests.bench.result import Row, main
from tests.bench.sample_run import Run, make_run
from tests.servers.process import find_program

CHROMIUM_ARGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
)

# Scroll through all rows a screen (and `spare` rows that exist beyond it) at a time, one step per frame, and note every
# task over 50 ms meanwhile.
SCROLL = """async (spare) => {
  const rows = document.getElementById('rows'), seen = new Set(), long = [];
  const watcher = new PerformanceObserver((list) => { for (const entry of list.getEntries()) long.push(entry.duration); });
  await new Promise((go) => setTimeout(go, 300));
  watcher.observe({ type: 'longtask' });
  const frame = () => new Promise((go) => requestAnimationFrame(() => setTimeout(go, 0)));
  const note = () => { for (const row of rows.querySelectorAll('.row:not([hidden])')) seen.add(Number(row.getAttribute('aria-rowindex'))); };
  const started = performance.now();
  let worst = 0;
  for (let top = 0; top <= rows.scrollHeight; top += rows.clientHeight + spare * 48) {
    const before = performance.now();
    rows.scrollTop = top;
    await frame();
    note();
    worst = Math.max(worst, performance.now() - before);
  }
  await new Promise((go) => setTimeout(go, 60));
  for (const entry of watcher.takeRecords()) long.push(entry.duration);
  return { seen: seen.size, nodes: rows.querySelectorAll('.row').length, longest: Math.max(0, ...long), worst, total: performance.now() - started };
}"""


def chromium_path() -> str | None:
    """Return Chromium's path, None if it is not on this machine."""
    return find_program("chromium", "chromium-browser", "google-chrome")


def _render(run: Run) -> tuple[float, int]:
    """Return the seconds (best of three) and the bytes of one page."""
    summary, times, made = fold(run.events), [], b""
    for _ in range(3):
        began = time.perf_counter()
        made = render_html(summary, run.events, run.bodies.__getitem__, "ab" * 32)
        times.append(time.perf_counter() - began)
    return min(times), len(made)


def _scroll(run: Run, times: int) -> list[dict[str, Any]]:
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = Path(folder) / "report.html"
        file.write_bytes(render_html(fold(run.events), run.events, run.bodies.__getitem__, "ab" * 32))
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(CHROMIUM_ARGS))
        found = []
        for _ in range(times):
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.goto(file.as_uri())
            found.append(page.evaluate(SCROLL, 0))
            page.close()
        browser.close()
    return found


def measure(options: argparse.Namespace) -> list[Row]:
    """Return all figures."""
    passing, failing = make_run(5_000), make_run(5_000, failing_every=1)
    large = make_run(10_000, failing_every=1)
    rows = [
        Row(name="report.html of 5,000 passing cases", value=_render(passing)[0], unit="s", most=0.35),
        Row(name="report.html of 5,000 failing cases", value=_render(failing)[0], unit="s", most=1.0),
        Row(name="report.html of 10,000 passing cases", value=_render(make_run(10_000))[1] / 1e6, unit="MB", most=15),
        Row(name="report.html of 10,000 failing cases", value=_render(large)[1] / 1e6, unit="MB", most=15),
    ]
    if chromium_path() is None:
        return rows
    found = _scroll(large, 3)
    longest = statistics.median(one["longest"] for one in found)
    total = statistics.median(one["total"] for one in found)
    note = f"median of 3; {found[0]['seen']:,} rows seen in {total / 1000:.1f} s; none reported under 50 ms"
    return [*rows, Row(name="longest task while scrolling 10,000 rows", value=longest, unit="ms", most=100, note=note)]


if __name__ == "__main__":
    main("html_bench", measure)
