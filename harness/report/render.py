"""A run's journal → its reports; the same journal gives the same bytes."""

from pathlib import Path

from harness.decide.fold import fold
from harness.journal.reader import head, read
from harness.model.finding import Summary
from harness.report.write import write_all


def render(run_dir: Path) -> tuple[Summary, dict[str, Path]]:
    """Verify the journal of `run_dir` and write its reports; raises JournalError, then nothing is written."""
    events = [event for _, event in read(run_dir)]
    summary = fold(events)
    return summary, write_all(run_dir, summary, events, head(run_dir))
