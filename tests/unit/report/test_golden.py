"""A literal journal gives exactly these reports; `python -m tests.golden.remake` makes them anew."""

import shutil
from pathlib import Path
from xml.etree import ElementTree as ET

import msgspec
import pytest

from harness.decide.fold import fold
from harness.journal.reader import head, read
from harness.model.errors import JournalError
from harness.report.write import NAMES, write_all

GOLDEN = Path(__file__).resolve().parents[2] / "golden"


def _copied(name: str, tmp_path: Path) -> Path:
    copy = tmp_path / name
    copy.mkdir()
    shutil.copy(GOLDEN / name / "journal.jsonl", copy)
    if (GOLDEN / name / "bodies").exists():
        shutil.copytree(GOLDEN / name / "bodies", copy / "bodies")
    return copy


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    return _copied("orders", tmp_path)


def _write(run_dir: Path) -> dict[str, Path]:
    events = [event for _, event in read(run_dir)]
    return write_all(run_dir, fold(events), iter(events), head(run_dir))


@pytest.mark.parametrize("name", ["report.json", "report.md", "report.sarif", "junit.xml"])
@pytest.mark.parametrize("run", ["orders", "security", "load", "dns"])
def test_the_journal_gives_the_golden_report(tmp_path: Path, run: str, name: str) -> None:
    made = _copied(run, tmp_path)
    _write(made)
    assert (made / name).read_text() == (GOLDEN / run / name).read_text()


def test_all_reports_are_made_again_byte_for_byte(run_dir: Path) -> None:
    first = {name: path.read_bytes() for name, path in _write(run_dir).items()}
    assert set(first) == set(NAMES)
    assert {name: path.read_bytes() for name, path in _write(run_dir).items()} == first
    assert not list(run_dir.glob(".*")), "no part of a file is left"


def test_the_matrix_is_made_again_byte_for_byte(tmp_path: Path) -> None:
    made = _copied("security", tmp_path)
    first = {name: path.read_bytes() for name, path in _write(made).items()}
    assert b'id="security"' in first["report.html"]
    assert {name: path.read_bytes() for name, path in _write(made).items()} == first


def test_the_load_is_made_again_byte_for_byte(tmp_path: Path) -> None:
    made = _copied("load", tmp_path)
    first = {name: path.read_bytes() for name, path in _write(made).items()}
    assert b'id="load"' in first["report.html"]
    assert {name: path.read_bytes() for name, path in _write(made).items()} == first


def test_a_body_that_was_edited_stops_every_report(run_dir: Path) -> None:
    for body in (run_dir / "bodies").iterdir():
        body.write_bytes(b"edited")
    with pytest.raises(JournalError, match="edited"):
        _write(run_dir)
    assert not [name for name in NAMES if (run_dir / name).exists()]


def test_the_json_keys_come_in_the_documented_order(run_dir: Path) -> None:
    report = msgspec.json.decode(_write(run_dir)["report.json"].read_bytes())
    documented = "schema run verdict partial reasons environment started ended scenario head suites pairs differences findings unproven"
    assert list(report)[:15] == documented.split()
    of_finding = "id suite case operation outcome severity at cause old new remedy count"
    assert list(report["findings"][0])[:12] == of_finding.split()
    assert list(report["suites"]["parity"]) == ["outcome", "passed", "failed", "inconclusive", "errors", "skipped"]
    assert report["head"] == head(run_dir)


def test_junit_counts_what_it_holds(run_dir: Path) -> None:
    root = ET.fromstring(_write(run_dir)["junit.xml"].read_text())
    suite = root[0]
    for tag, name in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        assert int(suite.attrib[name]) == len(suite.findall(f"testcase/{tag}")) == int(root.attrib[name])
    assert int(suite.attrib["tests"]) == len(suite.findall("testcase"))
