"""Where runs are, what they are called, and how one is found again."""

import re
import secrets
import unicodedata
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path

from harness.journal.chain import FILE
from harness.model.errors import RunNotFound, UsageError

ROOT = Path("cutover-runs")
LATEST = "latest"
_SLUG = 40
_SHOWN = 5
_ELSEWHERE = "choose another place with --runs DIR"


def new_run_id(now: float, name: str) -> str:
    """Return an id that sorts by time (`now` in Unix seconds, shown in UTC): `20261121-042215-123-orders-api-7f3a`."""
    moment = datetime.fromtimestamp(now, UTC)
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain)[:_SLUG].strip("-") or "run"
    return f"{moment:%Y%m%d-%H%M%S}-{moment.microsecond // 1000:03d}-{slug}-{secrets.token_hex(2)}"


def make_root(root: Path) -> None:
    """Make the place where runs are kept, if it is not there; raises UsageError where that cannot be."""
    try:
        if root.exists() and not root.is_dir():
            raise UsageError(f"{root}: not a directory, so runs cannot be kept there", hint=_ELSEWHERE)
        if not root.exists():
            root.mkdir(parents=True, exist_ok=True)
            (root / ".gitignore").write_text("*\n")
    except OSError as error:
        raise UsageError(f"{root}: runs cannot be kept there: {error.strerror}", hint=_ELSEWHERE) from error


def create_run_dir(root: Path, run_id: str) -> Path:
    """Make the directory of a new run; the root ignores itself, since evidence belongs in no repository."""
    make_root(root)
    directory = root / run_id
    try:
        directory.mkdir()
    except OSError as error:
        message = f"{directory}: cannot make the run's directory: {error.strerror}"
        raise UsageError(message, hint=_ELSEWHERE) from error
    return directory


def resolve(root: Path, text: str) -> Path:
    """Return the directory of the run that `text` names: an id, the beginning of one, a path, or `latest`.

    Raises RunNotFound, with what is there instead.
    """
    known = _ids(root)
    if text == LATEST:
        if not known:
            raise RunNotFound(f"there is no run in {root}", hint="make one with `cutover rehearse FILE`")
        return root / known[-1]
    if text in known:
        return root / text
    if (given := _given(Path(text))) is not None:
        return given
    begun = [run for run in known if text and run.startswith(text)]
    if len(begun) == 1:
        return root / begun[0]
    raise _not_found(root, text, known, begun)


def _ids(root: Path) -> list[str]:
    try:
        return sorted(entry.name for entry in root.iterdir() if (entry / FILE).is_file())
    except OSError:
        return []


def _given(path: Path) -> Path | None:
    """Return the run's directory if `path` is one, or a file in one."""
    try:
        directory = path.parent if path.is_file() else path
        return directory if (directory / FILE).is_file() else None
    except OSError:  # a name too long for the file system, say
        return None


def _not_found(root: Path, text: str, known: list[str], begun: list[str]) -> RunNotFound:
    if begun:
        return RunNotFound(f"{len(begun)} runs begin with {text!r}", hint=_listed("which of them?", begun))
    if near := get_close_matches(text, known, n=_SHOWN, cutoff=0.5):
        return RunNotFound(f"no run {text!r} in {root}", hint=_listed("did you mean", near))
    hint = _listed("the newest are", known[::-1]) if known else "there is none yet: `cutover rehearse FILE` makes one"
    return RunNotFound(f"no run {text!r} in {root}", hint=hint)


def _listed(lead: str, runs: list[str]) -> str:
    return f"{lead} {', '.join(runs[:_SHOWN])}"
