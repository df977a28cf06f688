"""Two bodies as XML: order of elements counts, order of attributes, prefixes and layout do not."""

from collections import Counter
from html import escape

from harness.compare.align import Pairs, align
from harness.compare.collect import TEXT_LIMIT, Collector
from harness.compare.media import MediaType
from harness.compare.xml_tree import BadXml, Element, Interned, local, read
from harness.model.difference import Kind


def compare(old: bytes, new: bytes, media: tuple[MediaType, MediaType], out: Collector) -> None:
    """Compare two XML texts; places are `body:/order/item[2]/@id`, counted among siblings of one name from 1."""
    interned: Interned = {}
    roots: list[Element] = []
    faults = []
    for side, body, kind in (("old", old, media[0]), ("new", new, media[1])):
        try:
            roots.append(read(body, interned, kind.parameters.get("charset")))
        except BadXml as error:
            faults.append(f"{side}: {error}")
    if faults:
        texts = (body[:TEXT_LIMIT].decode(errors="replace") for body in (old, new))
        out.add("body", Kind.FORMAT, *texts, note=f"no XML that can be compared: {'; '.join(faults)}")
        return
    _Walk(out).roots(*roots)


class _Walk:
    __slots__ = ("_out",)

    def __init__(self, out: Collector) -> None:
        self._out = out

    def roots(self, old: Element, new: Element) -> None:
        self._element(old, new, f"body:/{local(old.name)}")

    def _element(self, old: Element, new: Element, at: str) -> None:
        if old.number == new.number:
            return
        if old.name != new.name:
            note = "another namespace" if local(old.name) == local(new.name) else "another element"
            self._out.add(at, Kind.VALUE, show(old), show(new), note=note)
            return
        self._attributes(old.attributes, new.attributes, at)
        mine, theirs = list(map(_key, old.children)), list(map(_key, new.children))
        if mine == theirs:
            return
        if len(mine) > 1 and Counter(mine) == Counter(theirs):
            self._out.add(at, Kind.ORDER, show(old), show(new), note="the same content in another order")
        else:
            self._children(old, new, at)

    def _attributes(self, old: dict[str, str], new: dict[str, str], at: str) -> None:
        for name in dict.fromkeys((*old, *new)):
            a, b = old.get(name), new.get(name)
            if a != b:
                kind = Kind.MISSING if b is None else Kind.ADDED if a is None else Kind.VALUE
                self._out.add(f"{at}/@{local(name)}", kind, a, b)

    def _children(self, old: Element, new: Element, at: str) -> None:
        a, b = old.children, new.children
        if list(map(_name, a)) == list(map(_name, b)):
            pairs: Pairs = ((n, n) for n in range(len(a)))
            note = ""
        else:
            found, note = align(list(map(_key, a)), list(map(_key, b)))
            pairs = (split for i, j in found for split in _split(a, b, i, j))
        mine, theirs = _places(a, at), _places(b, at)
        for i, j in pairs:
            if self._out.capped:
                return
            if j is None:
                assert i is not None
                self._out.add(mine[i], Kind.MISSING, show(a[i]), None, note=note)
            elif i is None:
                told = "; ".join(filter(None, ("place on the new side", note)))
                self._out.add(theirs[j], Kind.ADDED, None, show(b[j]), note=told)
            else:
                self._pair(a[i], b[j], mine[i])

    def _pair(self, old: Element | str, new: Element | str, at: str) -> None:
        if isinstance(old, Element) and isinstance(new, Element):
            self._element(old, new, at)
        elif isinstance(old, str) and isinstance(new, str):
            if old != new:
                self._out.add(at, Kind.VALUE, old, new)
        else:
            self._out.add(at, Kind.TYPE, show(old), show(new))


def _split(
    a: list[Element | str], b: list[Element | str], i: int | None, j: int | None
) -> list[tuple[int | None, int | None]]:
    """Take a pair apart whose two sides are not called the same."""
    if i is None or j is None or _name(a[i]) == _name(b[j]):
        return [(i, j)]
    return [(i, None), (None, j)]


def _key(child: Element | str) -> int | str:
    return child if isinstance(child, str) else child.number


def _name(child: Element | str) -> str:
    return "" if isinstance(child, str) else child.name


def _places(children: list[Element | str], at: str) -> list[str]:
    """Return the place of each child; a name that occurs once has no number."""
    steps = ["text()" if isinstance(child, str) else local(child.name) for child in children]
    totals, seen = Counter(steps), Counter[str]()
    places = []
    for child, step in zip(children, steps, strict=True):
        seen[step] += 1
        if isinstance(child, str) and len(children) == 1:
            places.append(at)
        else:
            places.append(f"{at}/{step}" + (f"[{seen[step]}]" if totals[step] > 1 else ""))
    return places


def show(child: Element | str) -> str:
    """Return an element as text, without prefixes, cut to a bounded length."""
    texts: list[str] = []
    _write(child, texts, TEXT_LIMIT)
    return "".join(texts)


def _write(child: Element | str, texts: list[str], room: int) -> int:
    if isinstance(child, str):
        texts.append(escape(child[:TEXT_LIMIT], quote=False))
        return room - len(texts[-1])
    name = local(child.name)
    attributes = "".join(f' {local(key)}="{escape(value)}"' for key, value in child.attributes.items())
    texts.append(f"<{name}{attributes}>")
    room -= len(texts[-1])
    for inner in child.children:
        if room < 0:
            return room
        room = _write(inner, texts, room)
    texts.append(f"</{name}>")
    return room - len(texts[-1])
