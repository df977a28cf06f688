"""Which items of two sequences belong together, in bounded time."""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from difflib import SequenceMatcher

LIMIT = 2_000
BY_INDEX = f"compared by index: more than {LIMIT:,} items, or too many alike"

Pairs = Iterable[tuple[int | None, int | None]]


def align(old: Sequence[Hashable], new: Sequence[Hashable]) -> tuple[Pairs, str]:
    """Return the index pairs that are not equal, (old, None) for a lost item, (None, new) for a new one, and a note.

    Equal ends are trimmed; the rest goes through difflib while that is small, else index by index (the note says so).
    """
    start, end = trim(old, new)
    # numbered, since difflib hashes and compares items again and again
    numbers: dict[Hashable, int] = {}
    a = [numbers.setdefault(item, len(numbers)) for item in old[start : len(old) - end]]
    b = [numbers.setdefault(item, len(numbers)) for item in new[start : len(new) - end]]
    if not _small(a, b):
        pairs = by_index(len(a), len(b), start, start)
        return ((i, j) for i, j in pairs if i is None or j is None or a[i - start] != b[j - start]), BY_INDEX
    found: list[tuple[int | None, int | None]] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if tag != "equal":
            found.extend(by_index(i2 - i1, j2 - j1, start + i1, start + j1))
    return found, ""


def trim(old: Sequence[Hashable], new: Sequence[Hashable]) -> tuple[int, int]:
    """Return how many items are equal at the start and at the end."""
    shorter = min(len(old), len(new))
    start = 0
    while start < shorter and old[start] == new[start]:
        start += 1
    end = 0
    while end < shorter - start and old[-1 - end] == new[-1 - end]:
        end += 1
    return start, end


def _small(a: list[int], b: list[int]) -> bool:
    """Tell whether difflib is fast here: its time grows with the number of equal pairs, not with the lengths."""
    if len(a) > LIMIT or len(b) > LIMIT:
        return False
    counts = Counter(b)
    return sum(counts[item] for item in a) <= 4 * (len(a) + len(b)) + 64


def by_index(old: int, new: int, i0: int, j0: int) -> Pairs:
    """Pair items by index, one after the other; `i0`, `j0` are the offsets of the first."""
    return ((i0 + n if n < old else None, j0 + n if n < new else None) for n in range(max(old, new)))
