"""A name that a wildcard answers for (RFC 4592): the switch makes a record of its own, and that hides the wildcard."""

from dataclasses import replace

from harness.dns.facts import Survey, View
from harness.dns.records.own_records import Own
from harness.dns.surveying.switched import plain, switched
from harness.dns.surveying.walk import above
from harness.dns.surveying.wildcard import answers
from harness.dns.times.moments import few
from harness.model.found import Found
from harness.model.outcome import Severity

_AT = "dns:beside"
_LEADING = ("CNAME", "A", "AAAA")
"""Types that lead to a side: what becomes of those is judged by where the name leads."""


def hides(survey: Survey) -> bool:
    """Tell whether the switch makes the first record of the name itself: then no wildcard answers for it any more."""
    return plain(switched(survey)) == plain(survey.move.name) and answers(survey)


def after_it(own: Own, survey: Survey) -> Own:
    """Return what stays beside the switched records: nothing of what a wildcard alone has told."""
    return replace(own, by_type={}) if hides(survey) else own


def tell_hidden(found: Found, own: Own, zone: str, view: View) -> None:
    """Tell what goes with the wildcard's answers. Nothing clashes: its records are not at the name."""
    gone, parent = [type_ for type_ in own.by_type if type_ not in _LEADING], above(own.name)
    found.fact("answered by a wildcard", **{own.name: f"as any name right below {parent} that nobody has made"})
    found.tell(
        _AT,
        f"{own.name} has no record of its own: a wildcard answers for it, until the switch makes one",
        severity=Severity.MINOR,
        old="; ".join(f"{type_} {few(own.values(type_))}" for type_ in gone) or None,
        note=f"{_lost(gone)}The wildcard no longer answers for {_below(own.name, parent, zone)}, either (RFC 4592 "
        "§2.2.1, §3.3.1). The way back is to delete the record: the wildcard answers again at once, and resolvers keep "
        "what was deleted for its TTL.",
        remedy=f"{_again(gone, view)}Give the new record a TTL of at most {view.dns.ttl_max} s, and write down that "
        "the way back is to delete it; or change the wildcard itself, which moves every name that it answers for.",
    )


def _below(name: str, parent: str, zone: str) -> str:
    """Return for which other names the wildcard ends: a new name makes those between it and the wildcard exist."""
    below = f"names below it, such as x.{name}"
    return below if parent == zone else f"{below}, and where {parent} does not exist yet, for names below that"


def _lost(gone: list[str]) -> str:
    if not gone:
        return ""
    return f"Nothing of type {few(gone)} is answered for it any more: the new record hides the wildcard for all types. "


def _again(gone: list[str], view: View) -> str:
    if not gone:
        return ""
    if view.move.new.cname:
        return f"See that nobody reads {few(gone)} there, since nothing stands beside a CNAME. "
    return f"Make what somebody reads of {few(gone)} in the same change. "
