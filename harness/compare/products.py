"""What the two products themselves account for: their headers, their own errors, and a weaker new side."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from harness.dialects.dialect import Dialect
from harness.dialects.registry import dialect
from harness.dialects.rows import Names, Reading, Situation, is_preflight
from harness.model.difference import Cause, Difference, Kind
from harness.model.exchange import Exchange
from harness.model.request import Request
from harness.model.response import Response

S = Situation

# Besides status and body: what describes an error, and so belongs to the product that made it.
_ERROR_HEADERS = frozenset(
    {
        "header:content-type",
        "header:content-length",
        "header:www-authenticate",
        "header:x-amzn-errortype",
        "header:retry-after",
    }
)
# Readings of the new side by which a request came through to the backend's side of the gateway.
_BEHIND = frozenset({S.TIMEOUT, S.BACKEND_UNREACHABLE, S.BACKEND_CRASH})
# What stands between client and gateway, or a busy gateway, answers so as well: no evidence of having passed.
_NO_EVIDENCE = frozenset({407, 408, 429, 502, 503, 504})
_REFUSALS = frozenset({401, 403})
# Two time limits are taken for one if neither is more than twice the other; then only the ratio is told.
_SAME_LIMIT = 2.0
_NEAR = 1.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """How both answers of a pair read: made by the products themselves, in which situations."""

    old: tuple[Reading, ...]
    new: tuple[Reading, ...]
    shared: tuple[tuple[Reading, Reading], ...]
    note: str = ""


UNREAD = Read(old=(), new=(), shared=())


class Products:
    """Made once per scenario: the dialects of both sides."""

    def __init__(self, old_kind: str, new_kind: str) -> None:
        self.old: Dialect = dialect(old_kind)
        self.new: Dialect = dialect(new_kind)
        self._names: dict[str, frozenset[Names]] = {}

    def read(self, old: Exchange, new: Exchange, mine: Response, theirs: Response) -> Read:
        """Read both answers; a situation is shared only if facts that are proven say so on both sides."""
        a, b = self.old.readings(mine, old.request), self.new.readings(theirs, new.request)
        if not a and not b:
            return UNREAD
        shared = [(x, y) for x in a for y in b if x.situation is y.situation and x.proven and y.proven]
        limits = _limits(mine, theirs)
        note = ""
        if any(x.situation is S.TIMEOUT for x, _ in shared):
            note, same = limits
            if not same:
                shared = [(x, y) for x, y in shared if x.situation is not S.TIMEOUT]
        return Read(old=a, new=b, shared=tuple(shared), note=note)

    def identities(self, differences: Sequence[Difference], request: Request) -> tuple[Difference, ...]:
        """Return the differences with those in headers that only name the product or the request marked so."""
        return tuple(
            _named(one) if one.cause is Cause.UNEXPLAINED and self._identity(one, request) else one
            for one in differences
        )

    def _identity(self, difference: Difference, request: Request) -> bool:
        names = self._names.get(difference.at)
        if names is None:
            names = self._names[difference.at] = self._asked(difference.at)
        if Names.PRODUCT in names:
            return True
        if Names.REQUEST not in names or difference.kind is not Kind.VALUE:
            return False
        # one that the old side sends back as it was sent is a promise, no name
        return all(value != difference.old for _, value in request.headers)

    def _asked(self, at: str) -> frozenset[Names]:
        if not at.startswith("header:"):
            return frozenset()
        name = at.removeprefix("header:")
        return frozenset(filter(None, (self.old.names(name), self.new.names(name))))

    def weaker(self, old: Exchange, new: Exchange, mine: Response, theirs: Response, read: Read) -> str | None:
        """Return why the new side is weaker, None if it is not.

        The old side refused: 401, 403, or a firewall's block. The new side let the request through if it answers
        without an error, or with an error that its product is known not to make itself: then a backend answered,
        which no refused request reaches. Errors of a product without error tables prove neither, and neither do
        statuses that any proxy answers with. Where the old refusal may also mean an unknown route, it is taken for
        a refusal: for a route with IAM authorization, Missing Authentication Token is just that.
        """
        blocked = any(reading.situation is S.WAF_BLOCKED for reading in read.old)
        if mine.status not in _REFUSALS and not blocked:
            return None
        if is_preflight(new.request) and is_preflight(old.request):
            return None  # carries no credentials by design; what CORS then allows is compared by its headers
        status = theirs.status
        if status < 400:
            told = "the new side lets through what the old one refuses"
            routes = any(reading.situation is S.NO_ROUTE for reading in read.old)
            return f"{told} (or serves a route that the old one does not have)" if routes else told
        if status in _REFUSALS or any(reading.situation is S.NO_ROUTE for reading in read.old):
            return None
        if read.new:
            behind = all(reading.situation in _BEHIND for reading in read.new)
            return "the new side passes on to the backend what the old one refuses" if behind else None
        if status in _NO_EVIDENCE or not self.new.recognises_errors or new.request.method == "HEAD":
            return None  # without a body, the product's own errors are not recognised either
        return (
            f"{status} is not of the new product's own making: what the old side refuses reached a backend or a policy"
        )

    def gateway(self, difference: Difference, read: Read, status: int) -> Difference | None:
        """Return a difference as the two products' own words for one situation, None if it is not."""
        at = difference.at
        situation = read.shared[0][0].situation
        cors = situation is S.CORS_MISMATCH and at.startswith("header:access-control-")
        body = at.startswith("body")
        if not (at == "status" or body or at in _ERROR_HEADERS or cors):
            return None
        if at == "header:retry-after" and difference.kind is Kind.MISSING:
            return None  # clients wait by it
        if (body or at == "header:content-type") and all(x.customised or y.customised for x, y in read.shared):
            return None  # somebody wrote that body for clients to read
        words = " or ".join(dict.fromkeys(x.situation for x, _ in read.shared))
        note = "; ".join(filter(None, (difference.note, f"both gateways say: {words}", read.note)))
        return replace(difference, cause=Cause.GATEWAY, note=note, remedy=self.new.remedy(situation, status))

    def renamed(self, differences: Sequence[Difference]) -> dict[int, Difference]:
        """Return, by index, header differences that are one: the old product hides a backend's field by a prefix."""
        prefix = self.old.renames
        if not prefix or self.new.renames:
            return {}
        found: dict[int, Difference] = {}
        lost = {
            (d.at.removeprefix(f"header:{prefix}"), d.old): index
            for index, d in enumerate(differences)
            if d.kind is Kind.MISSING and d.at.startswith(f"header:{prefix}") and d.cause is Cause.UNEXPLAINED
        }
        for index, gained in enumerate(differences):
            other = lost.get((gained.at.removeprefix("header:"), gained.new))
            if other is not None and gained.kind is Kind.ADDED and gained.cause is Cause.UNEXPLAINED:
                name = gained.at.removeprefix("header:")
                note = f"{self.old.product} sends this field of the backend as {prefix}{name}"
                remedy = f"Delete or rename `{name}` on the new side (`set-header`), if clients must not see it."
                for one in (index, other):
                    found[one] = replace(differences[one], cause=Cause.GATEWAY, note=note, remedy=remedy)
        return found

    def alone(self, difference: Difference, read: Read, mine: Response, theirs: Response) -> Difference:
        """Return a difference that stays unexplained, with a note of which product made its answer itself."""
        notes = [difference.note]
        remedy = difference.remedy
        for product, readings, response in ((self.old, read.old, mine), (self.new, read.new, theirs)):
            if readings and _is_error(readings):
                notes.append(_made_itself(product, readings, response))
        if read.new:
            remedy = remedy or self.new.repairs.get(read.new[0].situation, "")
        elif read.old and not remedy:
            remedy = self.new.remedy(read.old[0].situation, mine.status)
        return replace(difference, note="; ".join(filter(None, (*notes, read.note))), remedy=remedy)


def _named(one: Difference) -> Difference:
    """Return it with cause identity; built by hand, since most pairs of two products have some."""
    return Difference(
        at=one.at, kind=one.kind, old=one.old, new=one.new, cause=Cause.IDENTITY, path=None, note=one.note,
        remedy=one.remedy,
    )  # fmt: skip


def _is_error(readings: Sequence[Reading]) -> bool:
    return any(reading.row.status >= 400 or reading.situation is S.CORS_MISMATCH for reading in readings)


def _made_itself(product: Dialect, readings: Sequence[Reading], response: Response) -> str:
    words = " or ".join(dict.fromkeys(reading.situation for reading in readings))
    text = response.body.content[:120].decode("utf-8", "replace").strip()
    told = f"{response.status} {' '.join(text.split())}".strip()
    doubt = "" if any(reading.proven for reading in readings) else "; the product's text is not confirmed"
    return f"{product.product} made this answer itself: {words} ({told}){doubt}"


def _limits(old: Response, new: Response) -> tuple[str, bool]:
    """Return what to tell of the times that two timeouts took, and whether they may be one limit."""
    a, b = old.timings.total, new.timings.total
    if min(a, b) <= 0:
        return "", True
    ratio = max(a, b) / min(a, b)
    if ratio < _NEAR:
        return "", True
    told = f"the time limits differ: the old side gave up after {a / 1000:.1f} s, the new after {b / 1000:.1f} s"
    return told, ratio <= _SAME_LIMIT
