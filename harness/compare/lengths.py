"""Content-Length of an answer without a body, where each side's body would hold links to itself.

HEAD and 304 tell how long the body would be, and show none of it. Where both sides build links from their own
address, the lengths differ by a whole number of times the difference of the two addresses. Nothing more is known, so
little is excused: the difference must have the right sign, both bodies must have room for that many links, and
addresses of nearly the same length, which would explain any small difference, explain none. What the body holds is
for the GET of the same resource to show.
"""

from collections.abc import Iterator

from harness.compare.addresses import Address
from harness.model.difference import Difference, Kind
from harness.model.response import Response

PLACE = "header:content-length"
# Steps below this would be met by chance.
_LEAST_STEP = 4


def describes_unsent(method: str, old: Response, new: Response) -> bool:
    """Tell whether Content-Length speaks of a body that was not sent, on both sides."""
    if old.body.size or new.body.size:
        return False
    return method == "HEAD" or old.status == new.status == 304


def explained(difference: Difference, old: Address, new: Address) -> str:
    """Return in words how many links to each side's own address account for a Content-Length, "" if none do."""
    a, b = difference.old, difference.new
    if difference.at != PLACE or difference.kind is not Kind.VALUE or a is None or b is None:
        return ""
    if not (a.isascii() and a.isdigit() and b.isascii() and b.isdigit() and max(len(a), len(b)) < 19):
        return ""
    for mine, theirs in _spellings(old, new):
        step = theirs - mine
        if abs(step) < _LEAST_STEP:
            continue
        links, rest = divmod(int(b) - int(a), step)
        if not rest and links >= 1 and links * mine < int(a) and links * theirs < int(b):
            word = "link" if links == 1 else "links"
            return f"as {links} {word} to each side's own address would make it; a GET shows the body"
    return ""


def _spellings(old: Address, new: Address) -> Iterator[tuple[int, int]]:
    """Yield the lengths of both addresses as links hold them: whole, without the old side's base path, in JSON."""
    for base in dict.fromkeys((old.base, "")):
        mine = f"{old.origin}{base}"
        theirs = f"{new.origin}{new.base}"
        yield len(mine), len(theirs)
        yield len(mine) + mine.count("/"), len(theirs) + theirs.count("/")
