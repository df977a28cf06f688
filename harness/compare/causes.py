"""Two answers → what differs, and why: the one face of comparing that the engine calls.

Order, the first that applies wins:
1. the old side's address in the new answer: unexplained, nothing but a waiver changes that
2. `identity`: a header that only names the product or the request, a body value that only tells when it was made
3. `intended`: the case's `expect` declares it (over `weaker` only with a reason)
4. `weaker`, 5. `gateway`, 6. `bound`, 7. `noise`
8. `waived`: what would still fail, but for `weaker`
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from harness.compare import intended, lengths, moments, noise
from harness.compare.answers import compare
from harness.compare.bound import Binder, Captures
from harness.compare.leaks import Watch, parted
from harness.compare.products import UNREAD, Products, Read
from harness.compare.waive import Waivers
from harness.model.difference import Cause, Difference, Kind
from harness.model.exchange import Exchange
from harness.model.gateway import Gateway, PathMap
from harness.model.response import Answer, NoResponse, Response
from harness.model.rule import CompareRules, Expect, Waiver

_PAIRED = 64
_LOCKS = (
    "Require on the new side what the old side requires of its callers (keys, tokens, signatures, networks), on this "
    "operation too: look for an open product, an operation whose policy leaves out the common one, a method without "
    "authorization."
)

Differences = tuple[Difference, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """Differences with their causes, broken expectations, ids of waivers used, what repeats could not teach."""

    differences: Differences = ()
    broken: tuple[str, ...] = ()
    waivers_used: tuple[str, ...] = ()
    repeat_notes: tuple[str, ...] = ()


NOTHING = Explained()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    """Both exchanges, both answers (responses), and what the case says."""

    old: Exchange
    new: Exchange
    mine: Response
    theirs: Response
    expect: Expect
    captures: Captures


class Causes:
    """Explains the pairs of one scenario; what the scenario alone decides is made ready once."""

    def __init__(
        self,
        *,
        old_gateway: Gateway,
        new_gateway: Gateway,
        paths: tuple[PathMap, ...],
        rules: CompareRules,
        waivers: tuple[Waiver, ...],
        today: date,
    ) -> None:
        self._rules = rules
        self._products = Products(old_gateway.kind, new_gateway.kind)
        self._binder = Binder(old_gateway, new_gateway, paths)
        self._watch = Watch(old_gateway, new_gateway, rules, self._products.new)
        self._waivers = Waivers(waivers, today, strict=rules.strict)

    def explain(
        self,
        old: Exchange,
        new: Exchange,
        repeats: Sequence[Exchange],
        *,
        case: str,
        operation: str,
        expect: Expect,
        captures: Captures,
    ) -> Explained:
        """Compare one pair; `repeats` are further answers of the old side, `captures` map a name to both values."""
        mine, theirs = old.answer, new.answer
        if not isinstance(mine, Response) or not isinstance(theirs, Response):
            return Explained(differences=_silent(mine, theirs), broken=self.broken(expect, old, new))
        found = compare(mine, theirs, self._rules, method=old.request.method).differences
        seen = self._watch.sees(theirs)
        broken = self.broken(expect, old, new)
        if not found and not seen:
            return Explained(broken=broken) if broken else NOTHING
        leaks = self._watch.leaks(mine, theirs, new.request) if seen else ()
        rest, leaks = parted(found, leaks) if leaks else (found, leaks)
        rest = self._products.identities(rest, old.request)
        if not leaks and not _any_left(rest):
            return Explained(differences=rest, broken=broken)
        pair = _Pair(old=old, new=new, mine=mine, theirs=theirs, expect=expect, captures=captures)
        rest, notes = self._explained(rest, pair, repeats)
        told, used = self._waivers.apply((*rest, *leaks), case, operation)
        return Explained(differences=told, broken=broken, waivers_used=used, repeat_notes=notes)

    def waived(
        self, differences: Sequence[Difference], case: str, operation: str
    ) -> tuple[tuple[Difference, ...], tuple[str, ...]]:
        """Return differences of decisions, waived where a waiver says so, and the waivers used.

        A decision shows at the status where there are two, so that a waiver names the status in any case.
        """
        named = [replace(one, at="status") if one.at == "decision" else one for one in differences]
        told, used = self._waivers.apply(named, case, operation)
        return tuple(replace(new, at=one.at) for one, new in zip(differences, told, strict=True)), used

    def broken(self, expect: Expect, old: Exchange | None, new: Exchange | None) -> tuple[str, ...]:
        """Return the expectations that a side broke; an exchange that did not take place breaks none."""
        return () if intended.says_nothing(expect) else intended.broken(expect, old, new)

    def _explained(
        self, found: Differences, pair: _Pair, repeats: Sequence[Exchange]
    ) -> tuple[Differences, tuple[str, ...]]:
        read = self._products.read(pair.old, pair.new, pair.mine, pair.theirs)
        found = self._by_products(tuple(self._first(one, pair, read) for one in found), pair.mine.status, read)
        found = tuple(_as_now(one, pair) for one in self._bound(found, pair))
        notes: tuple[str, ...] = ()
        if repeats and _any_left(found):
            answers = [repeat.answer for repeat in repeats]
            learnt = noise.learn(pair.mine, answers, self._rules, method=pair.old.request.method)
            found, notes = noise.set_aside(found, learnt, self._translate(pair.captures)), learnt.notes
        return (self._noted(found, pair, read), notes) if read is not UNREAD else (found, notes)

    def _first(self, difference: Difference, pair: _Pair, read: Read) -> Difference:
        """Return a difference as intended or as weaker, where it is one of these."""
        if not _left(difference):
            return difference
        weaker = None
        if difference.at == "status":
            weaker = self._products.weaker(pair.old, pair.new, pair.mine, pair.theirs, read)
        meant = intended.explain(difference, pair.expect, pair.mine, pair.theirs)
        if meant is not None and (weaker is None or pair.expect.because):
            return meant if weaker is None else replace(meant, note=f"{weaker}; {meant.note}")
        if weaker is not None:
            return replace(difference, cause=Cause.WEAKER, note=weaker, remedy=_LOCKS)
        return difference

    def _by_products(self, found: Differences, status: int, read: Read) -> Differences:
        if read.shared:
            found = tuple((_left(one) and self._products.gateway(one, read, status)) or one for one in found)
        renamed = self._products.renamed(found)
        return tuple(renamed.get(index, one) for index, one in enumerate(found)) if renamed else found

    def _bound(self, found: Differences, pair: _Pair) -> Differences:
        captures = pair.captures
        told = [replace(d, cause=Cause.BOUND) if _left(d) and self._binder.binds(d, captures) else d for d in found]
        if lengths.describes_unsent(pair.old.request.method, pair.mine, pair.theirs):
            told = [self._bound_length(one) for one in told]
        if captures:
            self._pair_members(told, captures)
        return tuple(told)

    def _bound_length(self, one: Difference) -> Difference:
        why = self._binder.length(one) if _left(one) else ""
        return replace(one, cause=Cause.BOUND, note="; ".join(filter(None, (one.note, why)))) if why else one

    def _translate(self, captures: Captures) -> noise.Translate:
        return lambda at, text: self._binder.translated(text, captures, at=at)

    def _pair_members(self, told: list[Difference], captures: Captures) -> None:
        """Mark members of JSON objects and arrays that are lost and gained only by each side's own values."""
        lost = [index for index, d in enumerate(told) if _left(d) and d.kind is Kind.MISSING and d.path][:_PAIRED]
        gained = [index for index, d in enumerate(told) if _left(d) and d.kind is Kind.ADDED and d.path][:_PAIRED]
        for one in lost:
            for other in gained:
                if self._binder.binds_pair(told[one], told[other], captures):
                    told[one] = replace(told[one], cause=Cause.BOUND)
                    told[other] = replace(told[other], cause=Cause.BOUND)
                    gained.remove(other)
                    break

    def _noted(self, found: Differences, pair: _Pair, read: Read) -> Differences:
        """Add to the most telling of the failing differences which product made its answer itself."""
        failing = [index for index, one in enumerate(found) if one.cause in (Cause.UNEXPLAINED, Cause.WEAKER)]
        if read.shared or not failing:
            return found
        index = min(failing, key=lambda index: _rank(found[index].at))
        noted = self._products.alone(found[index], read, pair.mine, pair.theirs)
        return (*found[:index], noted, *found[index + 1 :])


def _rank(at: str) -> int:
    return 0 if at == "status" else 1 if at.startswith("body") else 2


def _as_now(difference: Difference, pair: _Pair) -> Difference:
    if not _left(difference) or not moments.is_now(difference, pair.old, pair.new):
        return difference
    return replace(difference, cause=Cause.IDENTITY, note=moments.NOTE)


def _left(difference: Difference) -> bool:
    return difference.cause is Cause.UNEXPLAINED


def _any_left(found: Differences) -> bool:
    return any(map(_left, found))


def _silent(old: Answer, new: Answer) -> Differences:
    """Return one difference at `response` if exactly one side is silent, none if both are."""
    if isinstance(old, NoResponse) and isinstance(new, NoResponse):
        return ()
    kind = Kind.MISSING if isinstance(new, NoResponse) else Kind.ADDED
    return (Difference(at="response", kind=kind, old=_told(old), new=_told(new)),)


def _told(answer: Answer) -> str:
    return f"{answer.reason}: {answer.detail}" if isinstance(answer, NoResponse) else str(answer.status)
