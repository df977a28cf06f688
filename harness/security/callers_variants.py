"""What is presented in the name of one caller: its credentials on both sides, one part of them broken.

Where both sides have a part of the same kind, both get the same fault. Where only one has it (keys before, tokens now),
the other side is given something plainly wrong of its own kind, so that each product's own weaknesses are looked for;
only where letting through is bad by itself, since a fault of one side proves nothing about a rule of the other.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from harness.model.side import Side
from harness.scenario.credential import Credential, HeaderCredential, QueryCredential
from harness.scenario.types import Identity, Scenario, Security
from harness.security.callers_parts import Kind, Part, parts, whole
from harness.security.callers_wrong import BREAKS, Bench, Break, Broken, NotAskable, generic

OTHER_PRODUCT = "key of another product"
DISABLED_KEY = "disabled key"
GIVEN = (OTHER_PRODUCT, DISABLED_KEY)
"""Columns that only a credential of the user's own can fill (`security.identities`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A column of one caller, and what each side is given; `why` says that it cannot be asked ("" if it can).

    `side` is the only one that is asked (None for both).
    """

    column: str
    dangerous: str = ""
    old: tuple[Credential, ...] = ()
    new: tuple[Credential, ...] = ()
    why: str = ""
    side: Side | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Half:
    """One side of a caller: its parts, and what breaking them needs."""

    found: tuple[Part, ...]
    bench: Bench

    def of(self, kind: Kind) -> tuple[Part, ...]:
        return tuple(part for part in self.found if part.kind is kind)

    def instead(self, part: Part, put: tuple[Credential, ...]) -> tuple[Credential, ...]:
        """Return the credentials with `put` in the place of `part`, all others as they are."""
        at = next(index for index, one in enumerate(self.found) if one is part)
        return (*whole(self.found[:at]), *put, *whole(self.found[at + 1 :]))

    def wrong(self, other: "_Half") -> tuple[Credential, ...]:
        """Return the credentials with a plainly wrong one: the part that the other side has no counterpart of."""
        if not self.found:
            return ()
        theirs = {part.kind for part in other.found}
        part = next((part for part in self.found if part.kind not in theirs), self.found[0])
        return self.instead(part, generic(part, self.bench))


def variants(identity: Identity, scenario: Scenario, security: Security, taken: frozenset[str]) -> tuple[Variant, ...]:
    """Return the columns of this caller, in the order of the matrix; `taken` are keys that must not be hit."""
    bench = Bench(caller=identity.name, kind=scenario.old.kind, security=security, taken=taken)
    old = _Half(found=parts(identity.old), bench=bench)
    new = _Half(found=parts(identity.new), bench=replace(bench, kind=scenario.new.kind))
    return tuple(variant for kind in Kind for variant in _of_kind(kind, old, new))


def has_key(identity: Identity) -> bool:
    """Tell whether this caller has a key on any side."""
    return any(part.kind is Kind.KEY for part in parts(identity.old) + parts(identity.new))


def columns_of_kinds() -> Iterator[str]:
    """Yield the columns that are made here, in the order of the matrix."""
    for kind in Kind:
        yield from (one.column for one in BREAKS[kind])
        if kind is Kind.KEY:
            yield from GIVEN
        if kind is not Kind.CERTIFICATE:
            yield _without(kind)


def _of_kind(kind: Kind, old: _Half, new: _Half) -> Iterator[Variant]:
    before, after = old.of(kind), new.of(kind)
    for nth in range(max(len(before), len(after))):
        mine = before[nth] if nth < len(before) else None
        theirs = after[nth] if nth < len(after) else None
        # the second key of a caller has columns of its own
        more = f" ({(mine or theirs).name or nth + 1})" if nth and (mine or theirs) else ""  # type: ignore[union-attr]
        for one in BREAKS[kind]:
            variant = _broken(one, (old, mine), (new, theirs))
            if variant is not None:
                yield replace(variant, column=one.column + more) if more else variant
        if mine is not None and theirs is not None:
            yield from _left_out(more, (old, mine), (new, theirs))


def _left_out(more: str, old: tuple[_Half, Part], new: tuple[_Half, Part]) -> Iterator[Variant]:
    """Yield the column of a caller that forgets one of its several credentials."""
    kind = old[1].kind
    combined = len(old[0].found) > 1 or len(new[0].found) > 1
    if combined and kind is not Kind.CERTIFICATE:  # that one has `no certificate`
        yield Variant(column=_without(kind) + more, old=old[0].instead(old[1], ()), new=new[0].instead(new[1], ()))


def _without(kind: Kind) -> str:
    return f"without its {kind}"


def _broken(one: Break, old: tuple[_Half, Part | None], new: tuple[_Half, Part | None]) -> Variant | None:
    (before, mine), (after, theirs) = old, new
    put_old, put_new = _how(one, before, mine), _how(one, after, theirs)
    if mine is not None and theirs is not None:
        return _both(one, (before, mine, put_old), (after, theirs, put_new))
    if not one.dangerous:
        return None
    half, part, put = (before, mine, put_old) if mine is not None else (after, theirs, put_new)
    if isinstance(put, NotAskable):
        return Variant(column=one.column, dangerous=one.dangerous, why=put.why)
    if put is None or part is None:
        return None
    given = half.instead(part, put)
    if mine is not None:
        return Variant(column=one.column, dangerous=one.dangerous, old=given, new=after.wrong(before))
    if not before.found:  # whoever asked the old side needed nothing: it has no refusal to compare with
        return Variant(column=one.column, dangerous=one.dangerous, new=given, side=Side.NEW)
    return Variant(column=one.column, dangerous=one.dangerous, old=before.wrong(after), new=given)


def _how(one: Break, half: _Half, part: Part | None) -> Broken:
    return None if part is None else one.how(part, half.bench)


def _both(one: Break, old: tuple[_Half, Part, Broken], new: tuple[_Half, Part, Broken]) -> Variant | None:
    (before, mine, put_old), (after, theirs, put_new) = old, new
    if put_old is None or put_new is None:
        return None
    if isinstance(put_new, NotAskable):
        return Variant(column=one.column, dangerous=one.dangerous, why=put_new.why)
    given = after.instead(theirs, put_new)
    if not isinstance(put_old, NotAskable):
        return Variant(column=one.column, dangerous=one.dangerous, old=before.instead(mine, put_old), new=given)
    if not one.dangerous:
        return Variant(column=one.column, why=put_old.why)
    wrong = before.instead(mine, generic(mine, before.bench))
    return Variant(column=one.column, dangerous=one.dangerous, old=wrong, new=given)


def keys_of(identities: Iterable[Identity]) -> frozenset[str]:
    """Return all keys of these callers: a made-up one must not be one of them."""
    found = (credential for identity in identities for credential in identity.old + identity.new)
    return frozenset(value for credential in found for value in _values(credential))


def _values(credential: Credential) -> Iterator[str]:
    if isinstance(credential, HeaderCredential):
        yield from (value for _, value in credential.headers)
    elif isinstance(credential, QueryCredential):
        yield from (value for _, value in credential.parameters)
