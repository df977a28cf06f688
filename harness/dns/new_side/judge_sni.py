"""The topic of clients that say no name in the TLS handshake (no SNI): old SDKs, probes."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from harness.dns.facts import Survey, View
from harness.dns.new_side.endpoint import INTERRUPTED, covers, interrupted, is_plain, look_at_old, looks, nothing, plain
from harness.dns.times.moments import few
from harness.model.check import Tools
from harness.model.found import Found
from harness.model.outcome import Outcome, Severity
from harness.model.seen import Port, TlsFacts
from harness.model.side import Side

_AT = "dns:sni"
_REMEDY = (
    "Find the clients that send no SNI (old SDKs, probes) and renew them, or have the new side show the certificate "
    "for {name} to whoever says no name; look again after that, as products differ here."
)


def without_sni(survey: Survey, view: View, tools: Tools) -> Found:
    """Judge what clients get that say no name, against what they get of the old side.

    Which certificate a product shows then is its own setting (API Management's `defaultSslBinding` is not confirmed to
    be it): it is seen, not assumed.
    """
    found = Found()
    if plain(found, _AT, view):
        return found
    seen = looks(survey, view, tools, found, named=False)
    if not seen:
        nothing(found, survey)
    shown = {way: _shown(facts, view.move.name, view.now) for way, facts in seen.items()}
    for way, (_, words) in shown.items():
        found.fact("without SNI", **{way: words})
    unseen = {way: words for way, (fits, words) in shown.items() if fits is None}
    if unseen:
        found.say(
            Outcome.ERROR, f"what clients without SNI get is not seen: {few(f'{a}: {b}' for a, b in unseen.items())}"
        )
    unfit = [way for way, (fits, _) in shown.items() if fits is False]
    if unfit:
        _compare(found, view, tools, unfit, shown[unfit[0]][1])
    if interrupted(survey, view, seen):
        found.say(Outcome.INCONCLUSIVE, INTERRUPTED)
    return found


def _shown(facts: TlsFacts, name: str, now: float) -> tuple[bool | None, str]:
    """Return whether what is shown to a client without SNI fits `name` (None: not seen), and what it is."""
    if facts.trouble:
        refused = facts.port is Port.OPEN and not facts.untried
        return (False if refused else None), f"{'refused: ' if refused else ''}{facts.trouble}"
    if not facts.chain or facts.trusted is None:
        return None, facts.distrust or "a certificate that cannot be read"
    leaf = facts.chain[0]
    words = f"a certificate for {few(leaf.names) or 'no name'}"
    if not facts.trusted:
        return False, f"{words}, not trusted: {facts.distrust}"
    return covers(leaf.names, name) and leaf.not_before <= now <= leaf.not_after, words


def _compare(found: Found, view: View, tools: Tools, unfit: Sequence[str], words: str) -> None:
    """Fail what the old side does for these clients and the new one does not."""
    title, where = f"clients without SNI get no certificate for {view.move.name}", few(unfit)
    remedy = _REMEDY.replace("{name}", view.move.name)
    if is_plain(view, Side.OLD):
        found.tell(_AT, f"{title} (at {where})", old="http", new=words, remedy=remedy)
        return
    if tools.stopping():
        found.say(Outcome.INCONCLUSIVE, INTERRUPTED)
        return
    facts = look_at_old(view, tools, found)
    host = urlsplit(view.scenario.old.url).hostname or ""
    fits, before = _shown(facts, host, view.now)
    found.fact("without SNI", old=before)
    if fits is None:
        found.say(Outcome.INCONCLUSIVE, f"{title} of new, and what old shows them is not seen: {before}")
    elif fits:
        found.fail(
            _AT, f"{title} from the new side (at {where}), from old they get one for {host}: {words}",
            severity=Severity.MAJOR, old=before, new=words, remedy=remedy,
        )  # fmt: skip
    else:
        found.tell(_AT, f"{title} (at {where}), nor from old one for {host}: no worse than before", old=before,
                   new=words)  # fmt: skip
