"""Two JSON arrays: in order, matched by a key, or as a multiset of whole values."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Raw

from harness.compare.align import BY_INDEX, LIMIT, Pairs, align, by_index
from harness.compare.json_text import BadJson, frozen, parse, same, show
from harness.model.difference import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.compare.json_diff import Walker
    from harness.model.place import Path

_BYTES_LIMIT = 2_000_000
_NEW_INDEX = "index on the new side"
_TRIES = 100


def unordered(walk: Walker, key: str, old: list[Any], new: list[Any], path: Path) -> None:
    """Compare two arrays whose items are matched by a key, or as a multiset of whole values (key "")."""
    if key:
        _keyed(walk, key, old, new, path)
    else:
        _multiset(walk, old, new, path)


def ordered(walk: Walker, old: list[Any], new: list[Any], path: Path) -> None:
    """Compare two arrays in order; the same values in another order are one difference."""
    if len(old) != len(new):
        _aligned(walk, old, new, path)
        return
    if old and type(old[0]) is Raw:
        differing = [i for i, (a, b) in enumerate(zip(old, new, strict=True)) if a != b]
    else:
        differing = [i for i, (a, b) in enumerate(zip(old, new, strict=True)) if not same(a, b)]
    mark = walk.out.mark()
    for i in differing:
        walk.node(old[i], new[i], (*path, i))
        if walk.out.capped:
            break
    if len(differing) < 2 or not walk.out.unexplained_since(mark):
        return
    if _permuted([old[i] for i in differing], [new[i] for i in differing]):
        walk.out.rewind(mark)
        _tell_order(walk, old, new, path)


def _tell_order(walk: Walker, old: list[Any], new: list[Any], path: Path) -> None:
    walk.out.add(walk.at(path), Kind.ORDER, show(old), show(new), path=path, note="the same items in another order")


def _permuted(old: list[Any], new: list[Any]) -> bool:
    """Tell whether the same values come in another order; beyond the limits only equal bytes are seen."""
    if type(old[0]) is Raw:
        if Counter(map(bytes, old)) == Counter(map(bytes, new)):
            return True
        if len(old) > LIMIT or sum(map(len, old)) + sum(map(len, new)) > _BYTES_LIMIT:
            return False
    elif len(old) > LIMIT:
        return False
    try:
        others = [_thaw(item) for item in new]
        # the cheap test first: no permutation if one differing item is nowhere on the other side
        probe = next((a for a, b in zip(map(_thaw, old), others, strict=True) if a != b), None)
        if probe is not None and probe not in others:
            return False
        return Counter(frozen(_thaw(item)) for item in old) == Counter(map(frozen, others))
    except BadJson:
        return False


def _thaw(item: Any) -> Any:
    return parse(item) if type(item) is Raw else item


def _key_of_whole(item: Any) -> Any:
    try:
        return frozen(_thaw(item))
    except BadJson:
        return bytes(item)


def _aligned(walk: Walker, old: list[Any], new: list[Any], path: Path) -> None:
    pairs, note = _pairs(old, new)
    before, walk.remark = walk.remark, walk.remark or note
    for i, j in pairs:
        if i is None:
            assert j is not None
            walk.gained((*path, j), new[j], _NEW_INDEX)
        elif j is None:
            walk.lost((*path, i), old[i])
        else:
            walk.node(old[i], new[j], (*path, i))
        if walk.out.capped:
            break
    walk.remark = before


def _pairs(old: list[Any], new: list[Any]) -> tuple[Pairs, str]:
    """Return the pairs of items that differ; equal ends are trimmed by their bytes before anything is read."""
    start = end = 0
    shorter = min(len(old), len(new))
    if shorter and type(old[0]) is Raw:
        while start < shorter and old[start] == new[start]:
            start += 1
        while end < shorter - start and old[-1 - end] == new[-1 - end]:
            end += 1
    a, b = old[start : len(old) - end], new[start : len(new) - end]
    raw = any(type(side[0]) is Raw for side in (a, b) if side)
    size = sum(map(len, a)) + sum(map(len, b)) if raw else 0
    if max(len(a), len(b)) > LIMIT or size > _BYTES_LIMIT:
        return by_index(len(a), len(b), start, start), BY_INDEX
    found, note = align([_key_of_whole(item) for item in a], [_key_of_whole(item) for item in b])
    return [(None if i is None else start + i, None if j is None else start + j) for i, j in found], note


def _keyed(walk: Walker, key: str, old: list[Any], new: list[Any], path: Path) -> None:
    """Compare items matched by a key, places counted on the old side.

    The n-th item with a key belongs to the n-th with that key on the other side, so a repeated key is a difference
    unless it is repeated alike; items without the key are matched among themselves.
    """
    mine, theirs = _index(old, key), _index(new, key)
    for found, i in mine.items():
        j = theirs.get(found)
        if j is None:
            walk.lost((*path, i), old[i], _unmatched_note(found, key, "new"))
        elif old[i] != new[j] or type(old[i]) is not Raw:
            walk.node(old[i], new[j], (*path, i))
        if walk.out.capped:
            return
    for found, j in theirs.items():
        if found not in mine:
            walk.gained((*path, j), new[j], f"{_unmatched_note(found, key, 'old')}; {_NEW_INDEX}")
    if list(mine) != list(theirs) and mine.keys() == theirs.keys():
        _allowed_order(walk, old, new, path)


def _index(items: list[Any], key: str) -> dict[tuple[Any, int], int]:
    """Return the position of each item by its key and by how many came before with the same."""
    found: dict[tuple[Any, int], int] = {}
    seen: dict[Any, int] = {}
    read = _key_reader(key)
    for position, item in enumerate(items):
        value = read(item) if type(item) is Raw else _key_of(item, key)
        before = seen.get(value, 0)
        seen[value] = before + 1
        found[value, before] = position
    return found


def _key_reader(key: str) -> Callable[[Raw], Any]:
    """Return a function that takes the key from an unread item, reading nothing else of it."""
    shape = msgspec.defstruct("_Item", [("key", Raw | msgspec.UnsetType, msgspec.UNSET)], rename={"key": key})
    decode = msgspec.json.Decoder(shape).decode

    def read(item: Raw) -> Any:
        try:
            piece = decode(item).key  # type: ignore[attr-defined]
            return None if piece is msgspec.UNSET else _quick(bytes(piece))
        except (msgspec.MsgspecError, BadJson, RecursionError):
            return None

    return read


def _quick(piece: bytes) -> Any:
    """Return a key as something hashable; the most usual ones, short integers and plain texts, are read by hand."""
    if piece.isdigit() and len(piece) < 19:
        return "key", int(piece)
    if piece[:1] == b'"' and b"\\" not in piece and piece.isascii():
        return "key", piece[1:-1].decode()
    return "key", frozen(parse(piece))


def _key_of(item: Any, key: str) -> Any:
    """Return the key of an item that is read already, None if it has none."""
    return ("key", frozen(item[key])) if type(item) is dict and key in item else None


def _unmatched_note(found: tuple[Any, int], key: str, side: str) -> str:
    if found[0] is None:
        return f"an item without {key}"
    return (
        f"this {key} occurs less often on the {side} side"
        if found[1]
        else f"no item with this {key} on the {side} side"
    )


def _allowed_order(walk: Walker, old: list[Any], new: list[Any], path: Path) -> None:
    note = "another order, which a rule allows"
    walk.out.set_aside(walk.at(path), Kind.ORDER, show(old), show(new), path=path, note=note)


def _multiset(walk: Walker, old: list[Any], new: list[Any], path: Path) -> None:
    lost, gained = list(range(len(old))), list(range(len(new)))
    if any(type(items[0]) is Raw for items in (old, new) if items):
        lost, gained = _unmatched(old, new, lost, gained, bytes)
    lost, gained = _unmatched(old, new, lost, gained, _key_of_whole)
    if walk.book is not None and walk.book.reaches_below(path):
        lost, gained = _unmatched_by_rules(walk, old, new, lost, gained, path)
    if len(lost) == len(gained) == 1:
        walk.node(old[lost[0]], new[gained[0]], (*path, lost[0]))
        return
    for i in lost:
        walk.lost((*path, i), old[i], "no such item on the new side")
        if walk.out.capped:
            return
    for j in gained:
        walk.gained((*path, j), new[j], f"no such item on the old side; {_NEW_INDEX}")
    if not lost and not gained and not all(map(_alike, old, new)):
        _allowed_order(walk, old, new, path)


def _alike(old: Any, new: Any) -> bool:
    return bool(old == new) if type(old) is Raw else same(old, new)


def _unmatched(
    old: list[Any], new: list[Any], lost: list[int], gained: list[int], key: Any
) -> tuple[list[int], list[int]]:
    """Return the indexes on each side that find no partner with the same key."""
    keys = [key(new[j]) for j in gained]
    free = Counter(keys)
    left = []
    for i in lost:
        mine = key(old[i])
        if free.get(mine):
            free[mine] -= 1
        else:
            left.append(i)
    if not left and len(lost) == len(gained):
        return [], []
    spare = []
    for j, theirs in zip(reversed(gained), reversed(keys), strict=True):
        if free[theirs]:
            free[theirs] -= 1
            spare.append(j)
    return left, spare[::-1]


def _unmatched_by_rules(
    walk: Walker, old: list[Any], new: list[Any], lost: list[int], gained: list[int], path: Path
) -> tuple[list[int], list[int]]:
    """Pair items that differ only in what rules allow; tries every pair, so only for a few small ones."""
    size = sum(len(old[i]) for i in lost if type(old[i]) is Raw)
    if max(len(lost), len(gained)) > _TRIES or size * len(gained) > 10 * _BYTES_LIMIT:
        return lost, gained
    left, free = [], list(gained)
    for i in lost:
        for j in free:
            mark = walk.out.mark()
            walk.node(old[i], new[j], (*path, i))
            if not walk.out.unexplained_since(mark):
                free.remove(j)
                break
            walk.out.rewind(mark)
        else:
            left.append(i)
    return left, free
