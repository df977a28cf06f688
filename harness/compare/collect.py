"""Where the differences of one comparison are gathered, bounded."""

from harness.model.difference import Cause, Difference, Kind
from harness.model.place import Path, render

CAP = 1_000
TEXT_LIMIT = 4_096
CAP_NOTE = f"more than {CAP:,} differences; the rest was not compared"

Mark = tuple[int, int, int, bool]


class Collector:
    """Gathers at most CAP differences, and as many that a rule of the scenario sets aside.

    `capped` is True once a difference had to be dropped: whoever walks should stop then.
    """

    __slots__ = ("_aside", "_found", "_uncounted", "capped")

    def __init__(self) -> None:
        self._found: list[Difference] = []
        self._aside: list[Difference] = []
        self._uncounted = 0
        self.capped = False

    def add(
        self,
        at: str,
        kind: Kind,
        old: str | None,
        new: str | None,
        *,
        path: Path | None = None,
        note: str = "",
        remedy: str = "",
    ) -> None:
        """Add an unexplained difference."""
        if len(self._found) >= CAP:
            self.capped = True
            return
        texts = cut(old), cut(new)
        self._found.append(
            Difference(at=place(at), kind=kind, old=texts[0], new=texts[1], path=path, note=note, remedy=remedy)
        )

    def set_aside(
        self, at: str, kind: Kind, old: str | None, new: str | None, *, path: Path | None = None, note: str
    ) -> None:
        """Add a difference that a rule of the scenario allows; it never uses up room for the others."""
        if self.only_counted():
            return
        self._aside.append(
            Difference(at=place(at), kind=kind, old=cut(old), new=cut(new), path=path, note=note, cause=Cause.INTENDED)
        )

    def only_counted(self) -> bool:
        """Tell whether there is no room left for what rules allow; then one more is counted, and need not be shown."""
        if len(self._aside) < CAP:
            return False
        self._uncounted += 1
        return True

    def mark(self) -> Mark:
        """Return where the gathering stands, for `since` and `rewind`."""
        return len(self._found), len(self._aside), self._uncounted, self.capped

    def since(self, mark: Mark) -> bool:
        """Tell whether anything was added after `mark`, set aside or not."""
        return self.mark() != mark

    def unexplained_since(self, mark: Mark) -> bool:
        """Tell whether an unexplained difference was added after `mark`."""
        return len(self._found) != mark[0] or self.capped != mark[3]

    def rewind(self, mark: Mark) -> None:
        """Forget what was added after `mark`."""
        del self._found[mark[0] :]
        del self._aside[mark[1] :]
        self._uncounted, self.capped = mark[2], mark[3]

    def result(self) -> tuple[Difference, ...]:
        """Return the differences, the unexplained ones first, with a last one that tells if there were more."""
        if self.capped:
            self._found.append(Difference(at="body", kind=Kind.FORMAT, old=None, new=None, note=CAP_NOTE))
        if self._uncounted:
            note = f"{self._uncounted:,} more differences that rules of the scenario allow"
            self._aside.append(
                Difference(at="body", kind=Kind.VALUE, old=None, new=None, note=note, cause=Cause.INTENDED)
            )
        return (*self._found, *self._aside)


def cut(text: str | None) -> str | None:
    """Return `text`, shortened to a bounded length."""
    if text is None or len(text) <= TEXT_LIMIT:
        return text
    return text[:TEXT_LIMIT] + "…"


def place(at: str) -> str:
    """Return a place as one printable line of bounded length, whatever names a body held."""
    if len(at) > TEXT_LIMIT:
        at = at[:TEXT_LIMIT] + "…"
    if at.isprintable():
        return at
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in at)


def at_path(prefix: str, path: Path) -> str:
    """Return the place of `path` as text: ("body:", ("a", 0)) → `body:$.a[0]`."""
    return prefix + render(path)
