"""Who is to issue the new side's certificate: whom the scenario names, else who issued the one that is shown."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from harness.dns.facts import Survey, View
from harness.dns.new_side.endpoint import covers, interrupted, is_plain, looks
from harness.dns.new_side.issuers import issuer_of
from harness.dns.surveying.switched import plain
from harness.dns.surveying.walk import within
from harness.dns.times.moments import few
from harness.model.check import Tools
from harness.model.found import Found
from harness.model.seen import Leaf, TlsFacts
from harness.model.side import Side

_LONGEST = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuing:
    """One who is to issue: any of `identifiers` in a CAA record permits it; `who` is what texts call it.

    `exact`: its certificate has the name itself; `below`: the names right below which its wildcards stand. `given`: the
    scenario names it, which tells nothing of wildcards.
    """

    who: str
    identifiers: tuple[str, ...]
    exact: bool = True
    below: tuple[str, ...] = ()
    given: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuers:
    """Everyone who is to issue, and in words where that could not be told (`unknown`), one text for each reason."""

    known: tuple[Issuing, ...] = ()
    unknown: tuple[str, ...] = ()


def given(view: View) -> Issuers | None:
    """Return whom the scenario names, None where it names nobody."""
    names = view.dns.issuers
    return Issuers(known=(Issuing(who=few(names), identifiers=names, given=True),)) if names else None


def shown(survey: Survey, view: View, tools: Tools, found: Found) -> Issuers:
    """Return who issued what the new side shows for the production name: the looks are those of its own topic."""
    if is_plain(view, Side.NEW):
        return Issuers(unknown=("the new side is plain http and shows no certificate",))
    seen = looks(survey, view, tools, found)
    if interrupted(survey, view, seen):
        return Issuers(unknown=("interrupted before the new side's certificate was looked at",))
    return told_by(seen, plain(view.move.name), found)


def told_by(seen: Mapping[str, TlsFacts], name: str, found: Found) -> Issuers:
    """Return who issued the certificates that are seen, by address; the facts of it go to `found`.

    One that callers would not trust, or that is for other names, tells nothing of who will issue the one for `name`.
    An address that shows none says nothing against what others show.
    """
    known: dict[Issuing, None] = {}
    strangers: dict[str, None] = {}
    nothing: dict[str, None] = {}
    for way, facts in seen.items():
        why = _unfit(facts, name)
        if why:
            nothing[f"{way} {why}"] = None
            continue
        leaf = facts.chain[0]
        issuing = _issuing(leaf, name)
        who = f"{issuing.who}, in CAA records {few(issuing.identifiers)}" if issuing else "not known"
        found.fact("issuer", **{way: f"{who} (by the certificate shown: {_cut(leaf.issuer)})"})
        if issuing is None:
            strangers[_stranger(leaf)] = None
        else:
            known[issuing] = None
    if not known and not strangers:
        return Issuers(unknown=(_nothing(nothing),))
    return Issuers(known=tuple(known), unknown=tuple(strangers))


def _unfit(facts: TlsFacts, name: str) -> str:
    if facts.trouble or not facts.chain:
        return f"shows no certificate ({_cut(facts.trouble or facts.distrust or 'unreadable')})"
    if not facts.trusted:
        return "shows a certificate that is not known to be trusted"
    return "" if covers(facts.chain[0].names, name) else f"shows a certificate that is not for {name}"


def _issuing(leaf: Leaf, name: str) -> Issuing | None:
    issuer = issuer_of(leaf.issuer)
    if issuer is None:
        return None
    names = dict.fromkeys(plain(one) for one in leaf.names)
    below = tuple(base for one in names if one.startswith("*.") and within(name, base := one[2:]))
    return Issuing(who=issuer.name, identifiers=issuer.identifiers, exact=name in names, below=below)


def _stranger(leaf: Leaf) -> str:
    who = _cut(leaf.issuer) or "nobody named"
    return (
        f"the certificate shown is issued by {who}, whose name in CAA records is not known here (a private authority "
        "looks at no CAA)"
    )


def _nothing(why: Iterable[str]) -> str:
    return few(why, 2) or "no address of the new side could be looked at"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
