"""Write all reports of a run: each file whole or not at all, the same bytes for the same journal."""

from collections.abc import Callable, Iterable
from pathlib import Path

from harness.journal.bodies import BodyStore
from harness.model.event import Event
from harness.model.finding import Summary
from harness.report.html import render_html
from harness.report.json_report import render_json
from harness.report.junit import render_junit
from harness.report.markdown import render_markdown
from harness.report.sarif import render_sarif

NAMES = ("report.html", "report.json", "report.md", "report.sarif", "junit.xml")


def write_all(
    run_dir: Path,
    summary: Summary,
    events: Iterable[Event],
    head: str,
    *,
    load: Callable[[str], bytes] | None = None,
) -> dict[str, Path]:
    """Write report.html, report.json, report.md, report.sarif and junit.xml; return their paths by name.

    `events` is read once, as it comes. `head` is the hash of the journal's last line. `load` returns a kept body by
    its name in bodies/ (default: from `run_dir`). Raises JournalError, before anything is written, when one is gone or
    was edited.
    """
    read = load or BodyStore(run_dir).get
    contents = (
        ("report.html", render_html(summary, events, read, head)),
        ("report.json", render_json(summary, head)),
        ("report.md", render_markdown(summary, head).encode("utf-8", "replace")),
        ("report.sarif", render_sarif(summary)),
        ("junit.xml", render_junit(summary)),
    )
    return {name: replace(run_dir / name, content) for name, content in contents}


def replace(path: Path, content: bytes) -> Path:
    """Write `content` to `path` atomically; a reader sees the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(content)
    part.replace(path)
    return path
