"""Evidence survives: kill -9 and resume, edits and cuts are named, reports are made again byte for byte."""

import itertools
import json
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from harness.cli.main import main
from tests.servers.command import ROOT, Done, arguments, cutover, environment
from tests.servers.plain import Answer, Asked, PlainServer

CASES = 2000


def echo(asked: Asked) -> Answer:
    return Answer(body=b'{"target": "%s"}' % asked.target.encode())


def scenario(folder: Path, old: str, new: str, cases: str, more: str = "") -> Path:
    file = folder / "s.yaml"
    text = f"version: 1\nname: journal\nold: {{kind: generic, url: '{old}'}}\nnew: {{kind: generic, url: '{new}'}}\n"
    text += f"limits: {{rate: 100000, concurrency: 16}}\ncompare: {{noise: {{repeats: 0}}}}\n{more}cases:\n{cases}"
    file.write_text(text, encoding="utf-8")
    return file


def many(count: int) -> str:
    """Half safe, half unsafe."""
    lines = []
    for index in range(count):
        if index % 2:
            lines.append(f"  - {{name: write {index}, request: POST /w/{index}, unsafe: run, body: x}}\n")
        else:
            lines.append(f"  - {{name: read {index}, request: GET /r/{index}}}\n")
    return "".join(lines)


@pytest.mark.parametrize("after", [300, 2600])
def test_kill_and_resume(tmp_path: Path, after: int) -> None:
    """Killed in the safe half (300 requests in) and in the unsafe one (2,600 in)."""
    with PlainServer(echo) as old, PlainServer(echo) as new:
        file = scenario(tmp_path, old.url, new.url, many(CASES))
        child = subprocess.Popen(
            arguments("rehearse", file),
            cwd=tmp_path,
            env={**environment(), "PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
        )
        while len(old.asked) + len(new.asked) < after and child.poll() is None:
            pass
        child.send_signal(signal.SIGKILL)
        child.wait()
        assert len(old.asked) + len(new.asked) < 2 * CASES
        done = cutover("rehearse", "--resume", "latest", cwd=tmp_path)
        rounds = done.rounds()
        assert sorted(event["index"] for event in rounds) == list(range(CASES))
        writes = {key: count for side in (old, new) for key, count in side.counts.items() if key.startswith("POST")}
        for side in (old, new):
            assert max(count for key, count in side.counts.items() if key.startswith("POST")) == 1, writes
        unknown = [
            e for e in rounds if any("outcome unknown" in why for pair in e["pairs"] for why in pair.get("why", ()))
        ]
        assert len(unknown) <= 1
        assert done.code == (5 if unknown else 0), done.out[-3000:] + done.err
        assert any("resumed" in note for note in done.report["notes"])


def test_interrupt_writes_reports_and_can_be_resumed(tmp_path: Path) -> None:
    cases = 600
    with PlainServer(echo) as old, PlainServer(echo) as new:
        file = scenario(tmp_path, old.url, new.url, many(cases))
        child = subprocess.Popen(
            arguments("rehearse", file),
            cwd=tmp_path,
            env={**environment(), "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        )
        while len(old.asked) < 200 and child.poll() is None:
            pass
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=60)
        assert child.returncode == 2, out + err
        first = Done(code=2, out=out, err=err, runs=tmp_path / "cutover-runs")
        assert first.report["verdict"] == "HOLD"
        assert (first.run / "report.html").exists()
        done = cutover("rehearse", file, "--resume", "latest", cwd=tmp_path)
        assert done.code == 0, done.out + done.err
        assert sorted(event["index"] for event in done.rounds()) == list(range(cases))


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Done:
    folder = tmp_path_factory.mktemp("finished")
    with PlainServer(echo) as old, PlainServer(lambda a: Answer(body=b'{"target": 1}')) as new:
        file = scenario(folder, old.url, new.url, many(6))
        done = cutover("rehearse", file, cwd=folder)
    assert done.code == 1
    return done


REPORTS = ("report.html", "report.json", "report.md", "junit.xml")


def test_report_again_is_the_same(finished: Done) -> None:
    before = {name: (finished.run / name).read_bytes() for name in REPORTS}
    for name in REPORTS[:1] + REPORTS[2:]:
        (finished.run / name).unlink()
    again = cutover("report", "latest", cwd=finished.runs.parent)
    assert again.code == 1, again.err
    assert {name: (finished.run / name).read_bytes() for name in REPORTS} == before


def damaged(finished: Done, tmp_path: Path, change: str, number: int) -> Done:
    import shutil

    runs = tmp_path / "cutover-runs"
    shutil.copytree(finished.runs, runs)
    done = Done(code=0, out="", err="", runs=runs)
    for name in REPORTS:
        if name != "report.json":
            (done.run / name).unlink()
    journal = done.run / "journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    if change == "edit":
        middle = len(lines[number]) // 2
        swapped = b"0" if lines[number][middle : middle + 1] != b"0" else b"1"
        lines[number] = lines[number][:middle] + swapped + lines[number][middle + 1 :]
    else:
        del lines[number]
    journal.write_bytes(b"".join(lines))
    return done


@pytest.mark.parametrize("change", ["edit", "cut"])
@pytest.mark.parametrize("number", range(11))
def test_damage_is_named(
    finished: Done,
    tmp_path: Path,
    change: str,
    number: int,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    total = len((finished.run / "journal.jsonl").read_bytes().splitlines())
    if number >= total:
        pytest.fail(f"the journal has only {total} lines: shorten the range")
    run = damaged(finished, tmp_path, change, number)
    monkeypatch.chdir(tmp_path)
    assert main(["report", "latest"]) == 3
    err = capfd.readouterr().err
    assert any(f"journal.jsonl:{line}:" in err for line in (number + 1, number + 2, number)), err
    assert not (run.run / "report.html").exists()


def test_changed_scenario_is_not_resumed(tmp_path: Path) -> None:
    with PlainServer(echo) as old, PlainServer(echo) as new:
        file = scenario(tmp_path, old.url, new.url, many(4))
        assert cutover("rehearse", file, cwd=tmp_path).code == 0
        file.write_text(file.read_text() + "  - {name: more, request: GET /more}\n")
        done = cutover("rehearse", file, "--resume", "latest", cwd=tmp_path)
    assert done.code == 4
    assert "changed" in done.err


def test_one_side_now_the_other_later(tmp_path: Path) -> None:
    with PlainServer(echo) as old, PlainServer(echo) as new, PlainServer(lambda a: Answer(body=b"{}")) as wrong:
        file = scenario(tmp_path, old.url, new.url, many(6), "evidence: {bodies: none}\n")
        first = cutover("rehearse", file, "--only", "old", cwd=tmp_path)
        assert first.code == 5
        assert not new.asked
        asked = len(old.asked)
        second = cutover("rehearse", file, "--against", first.run.name, cwd=tmp_path)
        assert second.code == 0, second.out + second.err
        assert len(old.asked) == asked
        assert len(new.asked) == 6
        assert any("older than" in note for note in second.report["notes"])
        text = file.read_text().replace(new.url, wrong.url)
        (tmp_path / "other").mkdir()
        other = tmp_path / "other" / "s.yaml"
        other.write_text(text)
        refused = cutover("rehearse", other, "--against", first.run.name, cwd=tmp_path)
        assert refused.code == 4


def test_against_finds_what_differs(tmp_path: Path) -> None:
    with PlainServer(echo) as old, PlainServer(lambda a: Answer(body=b'{"target": null}')) as new:
        file = scenario(tmp_path, old.url, new.url, many(4))
        assert cutover("rehearse", file, "--only", "old", cwd=tmp_path).code == 5
        done = cutover("rehearse", file, "--against", "latest", cwd=tmp_path)
    assert done.code == 1
    assert {finding["at"] for finding in done.findings()} == {"body:$.target"}


def test_runs_of_two_at_once_do_not_mix(tmp_path: Path) -> None:
    with PlainServer(echo) as old, PlainServer(echo) as new:
        file = scenario(tmp_path, old.url, new.url, many(20))
        command = arguments("rehearse", file)
        env = {**environment(), "PYTHONPATH": str(ROOT)}
        children = [
            subprocess.Popen(command, cwd=tmp_path, env=env, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
            for _ in range(2)
        ]
        assert [child.wait(timeout=60) for child in children] == [0, 0]
    runs = [path for path in (tmp_path / "cutover-runs").iterdir() if not path.name.startswith(".")]
    assert len(runs) == 2


class Shop:
    """Two sides that keep orders, each with ids of its own; tells when so many requests have come."""

    def __init__(self) -> None:
        self.moment = threading.Event()
        self.open = threading.Event()
        self.open.set()
        self._ids = itertools.count(1000)
        self._asked = itertools.count(1)
        self._at = 0
        self._closing = False

    def tell_after(self, more: int, *, closing: bool = False) -> None:
        """Set `moment` once `more` further requests have come; with `closing` answer none from then on.

        A busy machine kills late, and would find all answered by then.
        """
        self.moment.clear()
        self._closing = closing
        self._at = next(self._asked) + more

    def behave(self, asked: Asked) -> Answer:
        if next(self._asked) >= self._at:
            if self._closing:
                self.open.clear()
                self._closing = False
            self.moment.set()
        self.open.wait(30)
        if asked.target.startswith("/o/") and asked.method == "POST":
            return Answer(status=201, body=b'{"id": "order-%d"}' % next(self._ids))
        return Answer(body=b'{"state": "known"}')


LIFE_CYCLE = """\
  - name: life cycle {n}
    unsafe: run
    repeat: 2
    steps:
      - {{request: POST /o/{n}, json: {{sku: A1}}, capture: {{id: $.id}}}}
      - {{request: 'GET /o/{n}/${{id}}'}}
      - {{request: 'PUT /o/{n}/${{id}}', json: {{state: paid}}}}
      - {{request: 'DELETE /o/{n}/${{id}}', always: true}}
"""


def start(folder: Path, *args: str | Path) -> subprocess.Popen[bytes]:
    """Start a rehearsal as a child and leave it running."""
    env = {**environment(), "PYTHONPATH": str(ROOT)}
    quiet = subprocess.DEVNULL
    return subprocess.Popen(arguments("rehearse", *args), cwd=folder, env=env, stdin=quiet, stdout=quiet, stderr=quiet)


def kill(child: subprocess.Popen[bytes]) -> None:
    child.send_signal(signal.SIGKILL)
    child.wait()


def test_killed_five_times_in_life_cycles(tmp_path: Path) -> None:
    """Each resume is killed in its turn; no request that changes something is ever sent twice."""
    total, chance, shop = 24, random.Random(20261121), Shop()
    with PlainServer(shop.behave) as old, PlainServer(shop.behave) as new:
        file = scenario(tmp_path, old.url, new.url, "".join(LIFE_CYCLE.format(n=n) for n in range(total)))
        for attempt in range(5):
            shop.tell_after(chance.randrange(20, 60), closing=True)
            child = start(tmp_path, *([file] if attempt == 0 else ["--resume", "latest"]))
            assert shop.moment.wait(30)
            kill(child)
            shop.open.set()
        assert len(old.asked) + len(new.asked) < total * 2 * 4 * 2, "killed before the end"
        done = cutover("rehearse", "--resume", "latest", cwd=tmp_path)
        rounds = done.rounds()
        assert sorted((event["index"], event["round"]) for event in rounds) == [
            (n, r) for n in range(total) for r in (0, 1)
        ]
        for side in (old, new):
            for asked, count in side.counts.items():
                if asked.startswith("POST"):
                    assert count <= 2, f"{asked}: {count} times in 2 rounds"
                elif not asked.startswith("GET"):
                    assert count == 1, f"{asked}: its id is made once"
    unknown = [event for event in rounds if "outcome unknown" in json.dumps(event)]
    assert 0 < len(unknown) <= 5, "each kill leaves one life cycle of which nobody knows at most"
    assert done.code == 5, done.out[-3000:] + done.err
    notes = [note for note in done.report["notes"] if "resumed" in note]
    assert len(notes) == 5
    assert len(list(done.runs.glob("2*"))) == 1


def test_a_torn_last_line_is_cut_and_told(tmp_path: Path) -> None:
    shop = Shop()
    with PlainServer(shop.behave) as old, PlainServer(shop.behave) as new:
        file = scenario(tmp_path, old.url, new.url, many(200))
        shop.tell_after(230)
        child = start(tmp_path, file)
        assert shop.moment.wait(30)
        kill(child)
        run = next((tmp_path / "cutover-runs").glob("2*"))
        journal = run / "journal.jsonl"
        content = journal.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        last = whole.splitlines(keepends=True)[-1]
        journal.write_bytes(whole + last[: len(last) // 2])
        done = cutover("rehearse", "--resume", "latest", cwd=tmp_path)
        assert done.code in {0, 5}, done.out + done.err
        assert any("torn" in note or "cut" in note for note in done.report["notes"]), done.report["notes"]
        assert sorted(event["index"] for event in done.rounds()) == list(range(200))


def test_a_run_has_one_writer(tmp_path: Path) -> None:
    """Who resumes a run that is still being written, or resumed by someone else, is told so and breaks nothing."""
    shop = Shop()
    shop.open.clear()
    with PlainServer(shop.behave) as old, PlainServer(shop.behave) as new:
        file = scenario(tmp_path, old.url, new.url, many(20))
        shop.tell_after(1)
        first = start(tmp_path, file)
        assert shop.moment.wait(30)
        refused = cutover("rehearse", "--resume", "latest", cwd=tmp_path)
        kill(first)
        shop.tell_after(1)
        second = start(tmp_path, "--resume", "latest")
        assert shop.moment.wait(30)
        again = cutover("rehearse", "--resume", "latest", cwd=tmp_path)
        shop.open.set()
        assert second.wait(60) in {0, 5}
    for call in (refused, again):
        assert call.code == 4, call.out + call.err
        assert "still being written" in call.err or "another" in call.err, call.err
        assert "Traceback" not in call.err
    assert sorted(event["index"] for event in again.rounds()) == list(range(20))
    assert cutover("report", "latest", cwd=tmp_path).code == second.returncode


@pytest.mark.parametrize("side", ["old", "new"])
def test_half_a_comparison_ends_in_hold_whatever_was_answered(tmp_path: Path, side: str) -> None:
    def missing(asked: Asked) -> Answer:
        return Answer(status=500 if asked.target.endswith("0") else 404)

    with PlainServer(missing) as old, PlainServer(missing) as new:
        file = scenario(tmp_path, old.url, new.url, many(4))
        done = cutover("rehearse", file, "--only", side, cwd=tmp_path)
    assert done.code == 5, done.out + done.err
    assert done.report["verdict"] == "HOLD"


def test_reports_that_cannot_be_written_are_the_harness_own_failure(tmp_path: Path) -> None:
    """At pytest's door too: a traceback would end in Python's 1, which reads NO-GO."""
    own = tmp_path / "test_own.py"
    own.write_text("def test_it(old):\n    (old.session.run_dir / 'report.html').mkdir()\n")
    with PlainServer(echo) as old, PlainServer(echo) as new:
        file = scenario(tmp_path, old.url, new.url, many(1))
        call = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(own), f"--scenario={file}"],
            cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert call.returncode == 3, call.stdout + call.stderr
    assert "the harness failed" in call.stderr
