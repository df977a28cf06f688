import re
from pathlib import Path

import pytest

from harness.journal.runs import create_run_dir, new_run_id, resolve
from harness.model.errors import RunNotFound, UsageError

NOW = 1_795_234_935.1239


def made(root: Path, *ids: str) -> None:
    for run in ids:
        (root / run).mkdir(parents=True)
        (root / run / "journal.jsonl").write_bytes(b"")


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Orders API to Azure", "orders-api-to-azure"),
        ("", "run"),
        ("日本", "run"),
        ("../../x", "x"),
        ("É" * 90, "e" * 40),
        ("a" * 39 + " b", "a" * 39),
    ],
)
def test_an_id_is_a_time_a_slug_and_chance(name: str, slug: str) -> None:
    assert re.fullmatch(rf"20261121-\d{{6}}-123-{slug}-[0-9a-f]{{4}}", new_run_id(NOW, name))


def test_ids_sort_by_time() -> None:
    ids = [new_run_id(NOW + step, name) for step, name in ((0, "z"), (0.002, "y"), (1, "x"), (86400, "a"))]
    assert ids == sorted(ids)
    assert new_run_id(NOW, "a") != new_run_id(NOW, "a")


def test_a_run_gets_a_directory_that_git_ignores(tmp_path: Path) -> None:
    root = tmp_path / "deep" / "runs"
    assert create_run_dir(root, "r1") == root / "r1"
    assert (root / "r1").is_dir()
    assert (root / ".gitignore").read_text() == "*\n"
    with pytest.raises(UsageError, match="cannot make"):
        create_run_dir(root, "r1")


def test_a_root_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("x")
    with pytest.raises(UsageError) as caught:
        create_run_dir(tmp_path / "runs", "r1")
    assert "--runs" in caught.value.hint


def test_a_run_is_found_by_id_beginning_path_and_latest(tmp_path: Path) -> None:
    made(tmp_path, "20260101-a", "20260102-b", "20260102-c")
    (tmp_path / "20270101-no-journal").mkdir()
    assert resolve(tmp_path, "20260101-a") == tmp_path / "20260101-a"
    assert resolve(tmp_path, "20260101") == tmp_path / "20260101-a"
    assert resolve(tmp_path, "latest") == tmp_path / "20260102-c"
    for path in ("20260102-b", "20260102-b/", "20260102-b/journal.jsonl"):
        assert resolve(tmp_path / "elsewhere", f"{tmp_path}/{path}") == tmp_path / "20260102-b"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("20260102", "20260102-b, 20260102-c"),
        ("20260101-b", "did you mean"),
        ("xyz", "the newest are 20260102-c"),
        ("", "newest"),
        ("x" * 5000, "newest"),
        ("a\x00b", "newest"),
    ],
)
def test_what_is_there_instead_is_told(tmp_path: Path, text: str, hint: str) -> None:
    made(tmp_path, "20260101-a", "20260102-b", "20260102-c")
    with pytest.raises(RunNotFound) as caught:
        resolve(tmp_path, text)
    assert hint in caught.value.hint


@pytest.mark.parametrize("text", ["latest", "x"])
def test_no_run_at_all_is_told(tmp_path: Path, text: str) -> None:
    with pytest.raises(RunNotFound) as caught:
        resolve(tmp_path / "none", text)
    assert "cutover rehearse" in caught.value.hint
