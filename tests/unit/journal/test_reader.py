import json
import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from harness.journal.chain import FIRST, NAMES, digest, line_of, seal_of
from harness.journal.mask import Mask
from harness.journal.reader import head, read
from harness.journal.writer import JournalWriter
from harness.model.errors import JournalError
from harness.model.event import Ended, Event, Note, Started
from harness.model.outcome import ExitCode

Make = Callable[..., tuple[Path, str]]
LINES = 9  # of a sealed journal: eight events and the seal


def journal(run_dir: Path) -> Path:
    return run_dir / "journal.jsonl"


def lines_of(run_dir: Path) -> list[bytes]:
    return journal(run_dir).read_bytes().splitlines(keepends=True)


def write(run_dir: Path, lines: list[bytes]) -> None:
    journal(run_dir).write_bytes(b"".join(lines))


def refused(run_dir: Path, *, sealed: bool = True) -> JournalError:
    with pytest.raises(JournalError) as caught:
        list(read(run_dir, sealed=sealed))
    assert caught.value.file == journal(run_dir)
    assert caught.value.hint
    assert caught.value.exit_code is ExitCode.INTERNAL
    return caught.value


def test_what_was_written_is_read_back(make: Make, events: tuple[Event, ...]) -> None:
    run_dir, sealed = make()
    assert list(read(run_dir)) == list(enumerate(events, 1))
    assert head(run_dir) == sealed == digest(lines_of(run_dir)[-1])


def test_every_type_of_event_has_a_name() -> None:
    assert set(get_args(Event)) == set(NAMES)


def test_lines_are_plain_json_in_a_chain(make: Make) -> None:
    run_dir, _ = make()
    prev = FIRST
    for n, line in enumerate(lines_of(run_dir)):
        value = json.loads(line)
        assert list(value)[:2] == ["n", "t"]
        assert value["n"] == n
        assert value["prev"] == prev
        prev = digest(line)
    assert value["t"] == "sealed"
    assert value["lines"] == LINES


@pytest.mark.parametrize("number", range(1, LINES + 1))
def test_any_edited_byte_is_told_with_its_line(make: Make, number: int) -> None:
    run_dir, _ = make()
    whole = lines_of(run_dir)
    rng = random.Random(number)
    line = whole[number - 1]
    places = (
        range(len(line) - 1)
        if len(line) < 400
        else sorted({*range(40), *rng.sample(range(len(line) - 1), 80), *range(len(line) - 90, len(line) - 1)})
    )
    for place in places:
        for change in (line[place] ^ 1, ord("0"), ord(" "), ord('"')):
            if change == line[place]:
                continue
            edited = line[:place] + bytes([change]) + line[place + 1 :]
            write(run_dir, [*whole[: number - 1], edited, *whole[number:]])
            error = refused(run_dir)
            assert error.line == number, (place, chr(change), error.message)


@pytest.mark.parametrize("number", range(1, LINES + 1))
def test_bytes_put_in_or_taken_out_are_told_with_their_line(make: Make, number: int) -> None:
    run_dir, _ = make()
    whole = lines_of(run_dir)
    line = whole[number - 1]
    for place in range(0, len(line) - 1, 17):
        for edited in (line[:place] + b" " + line[place:], line[:place] + line[place + 1 :]):
            write(run_dir, [*whole[: number - 1], edited, *whole[number:]])
            assert refused(run_dir).line == number


@pytest.mark.parametrize("number", range(1, LINES))
def test_lines_that_were_joined_are_told(make: Make, number: int) -> None:
    run_dir, _ = make()
    whole = lines_of(run_dir)
    for joint in (b"", b" ", b","):
        write(run_dir, [*whole[: number - 1], whole[number - 1][:-1] + joint, *whole[number:]])
        assert refused(run_dir).line == number


@pytest.mark.parametrize("number", range(1, LINES + 1))
def test_a_line_cut_anywhere_is_told(make: Make, number: int) -> None:
    run_dir, _ = make()
    whole = lines_of(run_dir)
    write(run_dir, [*whole[: number - 1], *whole[number:]])
    assert refused(run_dir).line == min(number, LINES - 1)


@pytest.mark.parametrize("number", range(1, LINES))
def test_lines_that_changed_places_are_told(make: Make, number: int) -> None:
    run_dir, _ = make()
    whole = lines_of(run_dir)
    whole[number - 1 : number + 1] = whole[number - 1 : number + 1][::-1]
    write(run_dir, whole)
    assert refused(run_dir).line == number


@pytest.mark.parametrize("number", range(1, LINES + 1))
def test_a_doubled_line_is_told(make: Make, number: int) -> None:
    run_dir, _ = make()
    whole = lines_of(run_dir)
    write(run_dir, [*whole[:number], whole[number - 1], *whole[number:]])
    assert refused(run_dir).line == number + 1


@pytest.mark.parametrize("number", range(2, LINES))
def test_a_line_of_another_run_is_told(make: Make, number: int) -> None:
    run_dir, _ = make()
    whole = lines_of(run_dir)
    whole[number - 1] = line_of(Note(at=1.0, text="all is well"), number - 1, json.loads(whole[number - 1])["prev"])
    write(run_dir, whole)
    assert refused(run_dir).line == number


@pytest.mark.parametrize("kept", range(1, LINES))
def test_a_cut_end_is_told(make: Make, kept: int) -> None:
    run_dir, _ = make()
    write(run_dir, lines_of(run_dir)[:kept])
    error = refused(run_dir)
    assert error.line == kept
    assert "--resume" in error.hint
    assert len(list(read(run_dir, sealed=False))) == kept


def test_a_torn_line_is_told_wherever_it_was_torn(make: Make) -> None:
    run_dir, _ = make()
    whole = journal(run_dir).read_bytes()
    for size in range(1, len(whole), 7):
        if whole[size - 1 : size] != b"\n":
            journal(run_dir).write_bytes(whole[:size])
            assert refused(run_dir, sealed=False).line == whole[:size].count(b"\n") + 1


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"\xff\n", b"{}\n", b"null\n", b"[1]\n", b"\x00" * 100 + b"\n", b'{"n":0,"t":"started"}\n']
)
def test_what_is_no_journal_is_told(make: Make, content: bytes) -> None:
    run_dir, _ = make()
    journal(run_dir).write_bytes(content)
    assert refused(run_dir).line == 1


def test_a_missing_journal_is_told(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="cannot be read"):
        list(read(tmp_path))


def test_a_directory_in_its_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "journal.jsonl").mkdir()
    with pytest.raises(JournalError):
        list(read(tmp_path))


def test_a_type_from_the_future_is_told(make: Make) -> None:
    run_dir, _ = make()
    whole = lines_of(run_dir)[:-1]
    whole.append(b'{"n":8,"t":"surprise","prev":"%b"}\n' % digest(whole[-1]).encode())
    write(run_dir, whole)
    error = refused(run_dir)
    assert (error.line, "surprise" in error.message, "newer" in error.hint) == (9, True, True)


def test_another_schema_is_told(tmp_path: Path, started: Started) -> None:
    JournalWriter.create(tmp_path, replace(started, schema=2), mask=Mask()).seal(Ended(at=1.0, state="finished"))
    error = refused(tmp_path)
    assert error.line == 1
    assert "schema 2" in error.message


def test_a_field_of_another_type_is_told_even_if_the_chain_is_whole(tmp_path: Path, started: Started) -> None:
    first = line_of(started, 0, FIRST).replace(b'"seed":7', b'"seed":"x"')
    write(tmp_path, [first, seal_of(1, digest(first))])
    assert refused(tmp_path).line == 1


def test_a_journal_begins_with_what_was_started_and_only_there(tmp_path: Path, started: Started) -> None:
    first = line_of(Note(at=1.0, text="hello"), 0, FIRST)
    write(tmp_path, [first, seal_of(1, digest(first))])
    assert refused(tmp_path).line == 1
    first = line_of(started, 0, FIRST)
    second = line_of(started, 1, digest(first))
    write(tmp_path, [first, second, seal_of(2, digest(second))])
    assert refused(tmp_path).line == 2


def test_an_endless_line_is_not_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.journal.reader.LONGEST", 1000)
    journal(tmp_path).write_bytes(b"x" * 5000)
    assert "too long" in refused(tmp_path).message


def test_a_head_told_by_the_report_must_be_that_of_a_seal(make: Make) -> None:
    run_dir, sealed = make()
    report = run_dir / "report.json"
    report.write_text(json.dumps({"schema": 1, "head": sealed}))
    assert len(list(read(run_dir))) == LINES - 1
    report.write_text(json.dumps({"schema": 1, "head": "0" * 64}))
    assert refused(run_dir).line == LINES
    for broken in ("", "{", "[]", '{"head": 3}', "{}"):
        report.write_text(broken)
        with pytest.raises(JournalError) as caught:
            list(read(run_dir))
        assert (caught.value.file, caught.value.line) == (report, 1)


def test_a_journal_replaced_as_a_whole_does_not_fit_its_report(make: Make) -> None:
    run_dir, sealed = make()
    (run_dir / "report.json").write_text(json.dumps({"head": sealed}))
    shutil.copy(journal(make("other")[0]), journal(run_dir))
    assert len(list(read(run_dir))) == LINES - 1  # the same events give the same chain
    whole = lines_of(run_dir)[:3]
    write(run_dir, [*whole, seal_of(3, digest(whole[-1]))])
    assert refused(run_dir).line == 4


def test_a_cut_back_to_an_earlier_seal_shows_in_the_report(make: Make) -> None:
    run_dir, first = make()
    early = lines_of(run_dir)
    writer, _, _ = JournalWriter.resume(run_dir, mask=Mask())
    last = writer.seal(Ended(at=9.0, state="finished"))
    report = run_dir / "report.json"
    for told in (first, last):
        report.write_text(json.dumps({"head": told}))
        assert head(run_dir) == last
    write(run_dir, early)
    assert refused(run_dir).line == LINES


def test_ten_thousand_rounds(tmp_path: Path, events: tuple[Event, ...], started: Started) -> None:
    writer = JournalWriter.create(tmp_path, started, mask=Mask())
    for _ in range(10_000):
        writer.append(events[3])
    writer.seal(Ended(at=1.0, state="finished"))
    assert sum(1 for _ in read(tmp_path)) == 10_002
