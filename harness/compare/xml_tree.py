"""XML text → a small tree, bounded: no entities of its own, no deep nesting, names with their namespaces.

Elements are interned: two subtrees with the same number are equal, so equal parts are never walked twice.
"""

from dataclasses import dataclass, field
from typing import NoReturn
from xml.parsers import expat

_DEEPEST = 200
_MOST = 200_000
_SEPARATOR = "\n"


class BadXml(ValueError):  # noqa: N818  reads as a fact where it is caught
    """The text is no XML that can be compared; the message says why."""


@dataclass(slots=True)
class Element:
    """An element; `name` is namespace, line feed, local name; `children` are elements and texts in order."""

    name: str
    attributes: dict[str, str]
    children: "list[Element | str]" = field(default_factory=list)
    number: int = -1


Interned = dict[object, int]


def local(name: str) -> str:
    """Return a name without its namespace."""
    return name.rpartition(_SEPARATOR)[2]


class _Builder:
    """Takes expat's events."""

    def __init__(self, interned: Interned) -> None:
        self._interned = interned
        self._open: list[Element] = []
        self._texts: list[str] = []
        self._count = 0
        self.root: Element | None = None

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._flush()
        if len(self._open) >= _DEEPEST:
            raise BadXml(f"nested deeper than {_DEEPEST} elements")
        self._count += 1
        if self._count > _MOST:
            raise BadXml(f"more than {_MOST:,} elements")
        element = Element(name, attributes)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)

    def end(self, _name: str) -> None:
        self._flush()
        element = self._open.pop()
        children = element.children
        # white space between elements is layout; beside text it may be content
        if any(isinstance(child, Element) for child in children) and all(
            isinstance(child, Element) or child.isspace() for child in children
        ):
            children[:] = [child for child in children if isinstance(child, Element)]
        whole = (element.name, tuple(sorted(element.attributes.items())), tuple(map(_key, children)))
        element.number = self._interned.setdefault(whole, len(self._interned))

    def text(self, text: str) -> None:
        self._texts.append(text)

    def _flush(self) -> None:
        if self._texts and self._open:
            self._open[-1].children.append("".join(self._texts))
        self._texts.clear()


def _key(child: Element | str) -> int | str:
    return child if isinstance(child, str) else child.number


def _no_entities(*_: object) -> NoReturn:
    raise BadXml("it declares entities, which are not expanded here")


def read(body: bytes, interned: Interned, charset: str | None = None) -> Element:
    """Return the root element; raise BadXml. Both sides must share `interned`."""
    builder = _Builder(interned)
    parser = expat.ParserCreate(charset, _SEPARATOR)
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.text
    parser.EntityDeclHandler = _no_entities
    try:
        parser.Parse(body, True)
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise error if isinstance(error, BadXml) else BadXml(str(error)) from error
    if builder.root is None:
        raise BadXml("no element")
    return builder.root
