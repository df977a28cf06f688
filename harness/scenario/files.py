"""Files that a scenario names: paths relative to the file that names them, bounded, every failure told at its place."""

from pathlib import Path

from harness.scenario.context import base_of
from harness.scenario.record import Fields

LARGEST = 1_000_000


def existing(fields: Fields, name: str) -> Path | None:
    """Return the path that key `name` gives (None without it); the file must be there."""
    if name not in fields:
        return None
    path: Path = base_of(fields.nodes[name]) / fields[name]
    if not path.is_file():
        raise fields.refuse(name, f"no file '{fields[name]}'", f"looked for {path}")
    return path


def content(fields: Fields, name: str) -> bytes:
    """Return what the file of key `name` holds; one that is missing, empty or too large is a problem."""
    cache = fields.ctx.file_bytes
    path: Path = base_of(fields.nodes[name]) / fields[name]
    if path not in cache:
        try:
            with path.open("rb") as stream:
                data = stream.read(LARGEST + 1)
        except (OSError, ValueError) as error:  # ValueError: a NUL in the path
            message = f"the file '{fields[name]}' cannot be read: {getattr(error, 'strerror', None) or error}"
            raise fields.refuse(name, message, f"looked for {path}") from None
        if len(data) > LARGEST:
            message = f"the file '{fields[name]}' is larger than {LARGEST} bytes"
            raise fields.refuse(name, message, "is it the right one?")
        cache[path] = data
    if not cache[path].strip():
        raise fields.refuse(name, f"the file '{fields[name]}' is empty", f"it is {path}")
    return cache[path]
