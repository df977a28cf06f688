import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.journal.mask import Mask
from harness.journal.reader import read
from harness.journal.writer import JournalWriter
from harness.model.errors import HarnessError, JournalError, UsageError
from harness.model.event import Ended, Event, Intent, Note, Recorded, RecordedPair, Round, Started
from harness.model.secret import Secret

Make = Callable[..., tuple[Path, str]]
CANARY = 'canary/"7f3a'
CHILD = """
import sys
from pathlib import Path
from harness.journal.mask import Mask
from harness.journal.reader import scan, Tail
from harness.journal.writer import JournalWriter
from harness.model.event import Started, Note

writer, events, told = JournalWriter.resume(Path(sys.argv[1]), mask=Mask())
number = 0
while True:
    writer.append(Note(at=float(number), text=f"{number}" + "x" * (number % 3000)), sync=number == 499)
    number += 1
    if number == 500:
        print("going", flush=True)
"""


@pytest.fixture
def run_dir(tmp_path: Path, started: Started) -> Path:
    JournalWriter.create(tmp_path, started, mask=Mask()).release()
    return tmp_path


def journal(run_dir: Path) -> Path:
    return run_dir / "journal.jsonl"


def test_a_synced_event_is_in_the_file_with_all_before_it(run_dir: Path) -> None:
    writer, _, _ = JournalWriter.resume(run_dir, mask=Mask())
    for number in range(100):
        writer.append(Note(at=1.0, text=f"note {number}"), sync=number == 50)
        if number == 50:
            assert [f"note {n}" in journal(run_dir).read_text() for n in range(51)] == [True] * 51
    writer.release()
    assert "note 99" in journal(run_dir).read_text()


def test_one_run_has_one_journal(run_dir: Path, started: Started) -> None:
    with pytest.raises(HarnessError, match="cannot begin"):
        JournalWriter.create(run_dir, started, mask=Mask())


def test_a_run_that_cannot_be_written_is_told(tmp_path: Path, started: Started) -> None:
    with pytest.raises(HarnessError):
        JournalWriter.create(tmp_path / "missing", started, mask=Mask())


def test_two_writers_on_one_run_are_refused(run_dir: Path) -> None:
    writer, _, _ = JournalWriter.resume(run_dir, mask=Mask())
    with pytest.raises(UsageError, match="another process is writing") as caught:
        JournalWriter.resume(run_dir, mask=Mask())
    assert caught.value.hint
    writer.append(Note(at=1.0, text="still mine"))
    writer.release()
    JournalWriter.resume(run_dir, mask=Mask())[0].release()


def test_going_on_gives_the_events_and_continues_the_chain(make: Make, events: tuple[Event, ...]) -> None:
    run_dir, _ = make()
    writer, before, told = JournalWriter.resume(run_dir, mask=Mask())
    assert (tuple(before), told) == (events, "")
    writer.append(Note(at=6.0, text="resumed"))
    head = writer.seal(Ended(at=7.0, state="finished"))
    assert head == writer.head
    assert [event for _, event in read(run_dir)] == [
        *events,
        Note(at=6.0, text="resumed"),
        Ended(at=7.0, state="finished"),
    ]


def test_a_torn_last_line_is_cut_and_told(make: Make, events: tuple[Event, ...]) -> None:
    run_dir, _ = make()
    whole = journal(run_dir).read_bytes()
    for torn in (1, 50, 150):
        journal(run_dir).write_bytes(whole[:-torn])
        writer, before, told = JournalWriter.resume(run_dir, mask=Mask())
        writer.release()
        assert tuple(before) == events
        assert "torn" in told
        assert "line 9" in told
        assert len(list(read(run_dir, sealed=False))) == len(events)


def test_an_edited_line_is_no_torn_line(make: Make) -> None:
    run_dir, _ = make()
    whole = journal(run_dir).read_bytes()
    journal(run_dir).write_bytes(whole.replace(b"a note", b"a vote"))
    with pytest.raises(JournalError) as caught:
        JournalWriter.resume(run_dir, mask=Mask())
    assert caught.value.line == 5
    assert journal(run_dir).read_bytes() == whole.replace(b"a note", b"a vote")


@pytest.mark.parametrize("content", [b"", b'{"n":0,"t":"sta'])
def test_nothing_whole_is_nothing_to_go_on_with(tmp_path: Path, content: bytes) -> None:
    journal(tmp_path).write_bytes(content)
    with pytest.raises(JournalError):
        JournalWriter.resume(tmp_path, mask=Mask())
    with pytest.raises(JournalError):
        JournalWriter.resume(tmp_path / "missing", mask=Mask())


def test_a_killed_writer_leaves_a_chain_that_goes_on(run_dir: Path) -> None:
    for _ in range(3):
        with subprocess.Popen([sys.executable, "-c", CHILD, str(run_dir)], stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == b"going\n"
            child.send_signal(signal.SIGKILL)
    writer, before, _ = JournalWriter.resume(run_dir, mask=Mask())
    assert len(before) >= 1501
    writer.seal(Ended(at=1.0, state="finished"))
    assert len(list(read(run_dir))) == len(before) + 1


def test_a_writer_in_another_process_is_refused_until_it_is_killed(run_dir: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", CHILD, str(run_dir)], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        with pytest.raises(UsageError):
            JournalWriter.resume(run_dir, mask=Mask())
        child.kill()
    JournalWriter.resume(run_dir, mask=Mask())[0].release()


def test_a_full_disk_is_told_and_nothing_is_written_after_it(run_dir: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full here")
    writer, _, _ = JournalWriter.resume(run_dir, mask=Mask())
    descriptor = os.open(full, os.O_WRONLY)
    os.dup2(descriptor, writer._descriptor)
    os.close(descriptor)
    with pytest.raises(HarnessError, match="cannot be written") as caught:
        writer.append(Note(at=1.0, text="lost"))
    assert "room" in caught.value.hint
    with pytest.raises(HarnessError, match="closed"):
        writer.append(Note(at=1.0, text="lost"))


def test_letting_go_twice_does_no_harm(run_dir: Path) -> None:
    writer, _, _ = JournalWriter.resume(run_dir, mask=Mask())
    writer.seal(Ended(at=1.0, state="finished"))
    writer.release()
    writer.release()


def test_a_secret_that_slipped_through_is_masked_in_the_line(run_dir: Path) -> None:
    answer = Recorded(
        method="GET",
        url=f"http://x/?k={CANARY}",
        sent_at=1.0,
        headers=((f"x-{CANARY}", CANARY),),
        detail=CANARY,
        earlier=(CANARY,),
    )
    pair = RecordedPair(
        step=0, old=answer, counts={"identity": 1}, outcome="FAIL", why=(CANARY,), captures={"old": {CANARY: CANARY}}
    )
    writer, _, _ = JournalWriter.resume(run_dir, mask=Mask([Secret(value=CANARY, label="${env:K}")]))
    writer.append(Intent(at=1.0, suite="parity", case=0, round=0, step=0, side="old", method="POST", url=CANARY))
    writer.append(Round(at=1.0, suite="parity", index=0, case=CANARY, round=0, pairs=(pair,)))
    writer.release()
    content = journal(run_dir).read_text()
    assert "canary" not in content
    assert content.count("[masked ${env:K}]") == 10
    assert len(list(read(run_dir, sealed=False))) == 3


def test_the_journals_own_words_survive_a_secret_that_is_one_of_them(run_dir: Path) -> None:
    mask = Mask([Secret(value=word, label="odd") for word in ("old", "identity", "FAIL", "parity", "finished", "info")])
    writer, _, _ = JournalWriter.resume(run_dir, mask=mask)
    round_ = Round(
        at=1.0,
        suite="parity",
        index=0,
        case="c",
        round=0,
        pairs=(RecordedPair(step=0, counts={"identity": 1}, outcome="FAIL"),),
    )
    writer.append(round_)
    writer.append(Note(at=1.0, text="the old one"))
    writer.seal(Ended(at=1.0, state="finished"))
    assert [event for _, event in read(run_dir)][1:] == [
        round_,
        Note(at=1.0, text="the [masked odd] one"),
        Ended(at=1.0, state="finished"),
    ]


def test_a_lone_surrogate_is_written_as_its_escape(run_dir: Path) -> None:
    writer, _, _ = JournalWriter.resume(run_dir, mask=Mask())
    writer.append(Note(at=1.0, text="a\ud800b\x00\x1b"))
    writer.release()
    assert list(read(run_dir, sealed=False))[1][1] == Note(at=1.0, text="a\\ud800b\x00\x1b")
    assert b"\x1b" not in journal(run_dir).read_bytes()
