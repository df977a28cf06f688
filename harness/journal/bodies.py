"""Bodies kept as evidence: files named by the hash of what they hold."""

import os
import re
from hashlib import sha256
from pathlib import Path

from harness.model.errors import HarnessError, JournalError

CAP = 1024 * 1024  # bytes kept of one body, unless the run keeps all of it
_NAME = re.compile(r"[0-9a-f]{64}\Z")


class BodyStore:
    """The directory `bodies/` of a run; made when the first body is kept."""

    def __init__(self, run_dir: Path) -> None:
        self.directory = run_dir / "bodies"
        self._known: set[str] = set()

    def put(self, content: bytes) -> str:
        """Keep `content`, whole or not at all, and return its name; HarnessError if the disk does not take it."""
        name = sha256(content).hexdigest()
        if name not in self._known:
            try:
                self._store(self.directory / name, content)
            except OSError as error:
                raise HarnessError(f"{self.directory}: cannot keep a body: {error.strerror}") from error
            self._known.add(name)
        return name

    def get(self, name: str) -> bytes:
        """Return what was kept as `name`; JournalError if it is gone or was changed."""
        file = self.directory / name
        if not _NAME.match(name):
            raise JournalError(file, 1, "this is no name of a body")
        try:
            content = file.read_bytes()
        except OSError as error:
            raise JournalError(file, 1, f"a body that the journal names cannot be read: {error.strerror}") from error
        if sha256(content).hexdigest() != name:
            raise JournalError(file, 1, "this body was edited after it was written")
        return content

    def _store(self, file: Path, content: bytes) -> None:
        if file.exists():
            return
        self.directory.mkdir(parents=True, exist_ok=True)
        part = file.with_name(f"{file.name}.{os.getpid()}.part")
        part.write_bytes(content)
        part.replace(file)
