from hashlib import sha256
from pathlib import Path

import pytest

from harness.journal.bodies import BodyStore
from harness.model.errors import HarnessError, JournalError


def test_a_body_is_named_by_its_hash_and_kept_once(tmp_path: Path) -> None:
    store = BodyStore(tmp_path)
    assert not store.directory.exists()
    name = store.put(b"abc")
    assert name == sha256(b"abc").hexdigest() == store.put(b"abc") == BodyStore(tmp_path).put(b"abc")
    assert store.get(name) == b"abc"
    assert [file.name for file in store.directory.iterdir()] == [name]


@pytest.mark.parametrize("name", ["", "../journal.jsonl", "a" * 63, "G" * 64, "a" * 64 + "\n", "a" * 64])
def test_only_bodies_are_given_out(tmp_path: Path, name: str) -> None:
    (tmp_path / "journal.jsonl").write_bytes(b"x")
    with pytest.raises(JournalError):
        BodyStore(tmp_path).get(name)


def test_a_disk_that_takes_nothing_is_told(tmp_path: Path) -> None:
    (tmp_path / "bodies").write_bytes(b"in the way")
    with pytest.raises(HarnessError, match="cannot keep"):
        BodyStore(tmp_path).put(b"abc")
