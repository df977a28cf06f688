"""What two TLS endpoints say about each other: one function for each topic, pure.

Each takes what was seen of the old side (None: it is plain http, nothing is compared) and of the new side.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from harness.model.difference import Cause
from harness.model.found import Found
from harness.model.outcome import Outcome, Severity
from harness.model.probe import Decision
from harness.model.seen import Leaf, Offer, TlsFacts

OLD_VERSIONS = frozenset({"SSL 3.0", "TLS 1.0", "TLS 1.1"})
_WEAK_HASHES = frozenset({"md5", "sha1"})
_LEAST_RSA, _LEAST_EC = 2048, 256
_DAY = 86_400.0
_FAIL_DAYS, _WARN_DAYS = 14.0, 30.0

_PROTOCOLS = (
    "Turn it off on the new side: in Azure API Management, Protocols + ciphers (Manage security settings); behind "
    "Front Door or Application Gateway, the minimum TLS version of the custom domain or the TLS policy."
)
_CERTIFICATE = (
    "Bind the right certificate, with its whole chain, to the new side's custom domain (Azure API Management: Custom "
    "domains; from Key Vault it is renewed by itself)."
)
_CLIENT = (
    "Azure API Management: switch on Negotiate client certificate for the custom domain and check it in a policy "
    "(`validate-client-certificate`)."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """What was seen of both sides; `host` is the new side's name, `now` the moment of looking (Unix seconds)."""

    old: TlsFacts | None
    new: TlsFacts
    host: str
    now: float


def trouble(pair: Pair) -> Found | None:
    """Return what to say if a side could not be seen; None if both could."""
    found = Found()
    for column, facts in _sides(pair):
        if facts.untried:
            found.say(Outcome.INCONCLUSIVE, f"{column} cannot be seen from here: {facts.trouble}")
            found.fact("trouble", **{column: facts.trouble})
    if found.reasons:
        return found
    if pair.old is not None and pair.old.trouble:
        found.say(Outcome.ERROR, f"nothing to compare with: old: {pair.old.trouble}")
        found.fact("trouble", old=pair.old.trouble)
    if pair.new.trouble:
        found.fact("trouble", new=pair.new.trouble)
        if found.reasons:
            found.say(Outcome.ERROR, f"new cannot be seen either: {pair.new.trouble}")
        else:
            works = "old takes TLS connections, new does not" if pair.old else "new takes no TLS connections"
            found.fail("tls", f"{works}: {pair.new.trouble}", severity=Severity.MAJOR, new=pair.new.trouble)
    return found if found.reasons else None


def versions(pair: Pair) -> Found:
    """Compare the protocol versions that are accepted."""
    found = Found()
    old = dict(pair.old.versions) if pair.old else {}
    new = dict(pair.new.versions)
    for name in dict.fromkeys((*old, *new)):
        _show(found, name, old.get(name), new.get(name), pair)
        _version(found, name, old.get(name), new.get(name, Offer.UNKNOWN))
    if Offer.ACCEPTED not in new.values():
        found.say(Outcome.INCONCLUSIVE, "new: no protocol version was seen to be accepted")
    return found


def _version(found: Found, name: str, old: Offer | None, new: Offer) -> None:
    at = f"tls:{name}"
    words = {"old": None if old is None else old.value, "new": new.value}
    dangerous = name in OLD_VERSIONS
    if new is Offer.UNKNOWN or old is Offer.UNKNOWN:
        if dangerous and old is not Offer.ACCEPTED and new is not Offer.REFUSED:
            found.say(Outcome.INCONCLUSIVE, f"{name}: it cannot be told from here whether it is accepted")
        elif not dangerous and old is Offer.ACCEPTED:
            found.say(Outcome.INCONCLUSIVE, f"{name}: old accepts it; it cannot be told from here whether new does")
    elif new is Offer.ACCEPTED and dangerous:
        if old is Offer.REFUSED:
            found.fail(
                at,
                f"{name} is accepted by new, refused by old",
                cause=Cause.WEAKER,
                remedy=_PROTOCOLS,
                old=words["old"],
                new=words["new"],
            )
        elif old is None:
            found.fail(
                at,
                f"{name} is accepted by new",
                severity=Severity.MAJOR,
                remedy=_PROTOCOLS,
                old=words["old"],
                new=words["new"],
            )
        else:
            found.tell(at, f"{name} is accepted by both sides: dangerous, and no worse than before",
                       remedy=_PROTOCOLS, old=words["old"], new=words["new"])  # fmt: skip
    elif old is Offer.ACCEPTED and new is Offer.REFUSED:
        _lost(found, at, name, words, dangerous=dangerous)


def _lost(found: Found, at: str, name: str, words: dict[str, str | None], *, dangerous: bool) -> None:
    if dangerous or name == "TLS 1.3":  # no client should need the one; clients of the other fall back to TLS 1.2
        found.tell(
            at,
            f"{name} is accepted by old, refused by new",
            severity=Severity.MINOR,
            old=words["old"],
            new=words["new"],
        )
        return
    found.fail(
        at, f"{name} is accepted by old, refused by new: clients that speak no newer version cannot connect",
        severity=Severity.MAJOR, remedy=f"Accept {name} on the new side, or prove that no client needs it.",
            old=words["old"], new=words["new"],
    )  # fmt: skip


def certificate(pair: Pair) -> Found:
    """Judge the new side's certificate: trusted, for this name, neither expired nor about to."""
    found = Found()
    for column, facts in _sides(pair):
        _describe(found, column, facts)
    if not pair.new.chain:
        found.say(Outcome.INCONCLUSIVE, "new: no certificate was seen")
        return found
    leaf = pair.new.chain[0]
    if pair.new.trusted is None:
        found.say(Outcome.INCONCLUSIVE, f"new: whether the certificate is trusted is not known: {pair.new.distrust}")
    elif not pair.new.trusted:
        _distrusted(found, pair)
    left = (leaf.not_after - pair.now) / _DAY
    new = f"{left:.0f} days left"
    if left < 0:
        found.fail("tls:expiry", f"the certificate of new expired {-left:.0f} days ago", new=new, remedy=_CERTIFICATE)
    elif leaf.not_before > pair.now:
        found.fail("tls:expiry", "the certificate of new is not valid yet", remedy=_CERTIFICATE)
    elif left < _FAIL_DAYS:
        found.fail("tls:expiry", f"the certificate of new expires in {left:.0f} days", severity=Severity.MAJOR, new=new,
                   remedy=_CERTIFICATE)  # fmt: skip
    elif left < _WARN_DAYS:
        found.tell("tls:expiry", f"the certificate of new expires in {left:.0f} days", severity=Severity.MINOR, new=new,
                   remedy=_CERTIFICATE)  # fmt: skip
    return found


def _distrusted(found: Found, pair: Pair) -> None:
    """Say that clients will refuse the new side's certificate; less loudly where they refuse the old one's too."""
    why = pair.new.distrust or "not trusted"
    if pair.old is not None and pair.old.trusted is False:
        found.fail("tls:trust", f"neither side's certificate is trusted here; new: {why}", severity=Severity.MAJOR,
                   old=pair.old.distrust, new=why, note="if both are of a private authority, name it as `ca_file`",
                   remedy=_CERTIFICATE)  # fmt: skip
        return
    before = pair.old is not None and pair.old.trusted
    cause = Cause.WEAKER if before else Cause.UNEXPLAINED
    found.fail("tls:trust", f"the certificate of new is not trusted for {pair.host}: {why}", cause=cause,
               old="trusted" if before else None, new=why, remedy=_CERTIFICATE)  # fmt: skip


def key(pair: Pair) -> Found:
    """Compare key and signature of the certificates."""
    found = Found()
    old = pair.old.chain[0] if pair.old and pair.old.chain else None
    if not pair.new.chain:
        found.say(Outcome.INCONCLUSIVE, "new: no certificate was seen")
        return found
    new = pair.new.chain[0]
    for column, leaf in (("old", old), ("new", new)):
        if leaf is not None:
            found.fact("key", **{column: leaf.key})
            found.fact("signature", **{column: leaf.signature})
    if _small(new):
        _weak(found, "tls:key", f"the key of new is too small: {new.key}", new=new.key,
              old=None if old is None else old.key, same=old is not None and _small(old))  # fmt: skip
    elif old is not None and not _small(old) and _class(new) < _class(old):
        found.tell("tls:key", f"the key of new is smaller: {old.key} before, {new.key} now", severity=Severity.MINOR,
                   old=old.key, new=new.key)  # fmt: skip
    if new.signature.lower() in _WEAK_HASHES:
        same = old is not None and old.signature.lower() in _WEAK_HASHES
        _weak(found, "tls:signature", f"the certificate of new is signed with {new.signature}",
              old=None if old is None else old.signature, new=new.signature, same=same)  # fmt: skip
    return found


def _weak(found: Found, at: str, title: str, *, old: str | None, new: str, same: bool) -> None:
    if same:
        found.tell(at, f"{title}; so is old's: dangerous, and no worse than before", severity=Severity.MAJOR, old=old,
                   new=new, remedy=_CERTIFICATE)  # fmt: skip
        return
    cause = Cause.WEAKER if old is not None else Cause.UNEXPLAINED
    found.fail(at, title, cause=cause, old=old, new=new, remedy=_CERTIFICATE)


def _small(leaf: Leaf) -> bool:
    least = _LEAST_RSA if leaf.key.startswith(("RSA", "DSA")) else _LEAST_EC
    return 0 < leaf.key_bits < least


def _class(leaf: Leaf) -> float:
    """Return a key's strength in bits of a symmetric one, roughly: what is compared between kinds of keys."""
    if not leaf.key.startswith(("RSA", "DSA")):
        return leaf.key_bits / 2
    steps = ((15_360, 256), (7_680, 192), (4_096, 140), (3_072, 128), (2_048, 112), (1_024, 80))
    return next((bits for size, bits in steps if leaf.key_bits >= size), 0)


def http2(pair: Pair) -> Found:
    """Compare what ALPN chooses.

    HTTP/2 that is lost fails nothing: clients agree on the version in the handshake and fall back to HTTP/1.1 (gRPC
    does not, but neither product's REST side speaks it). It is told, since connections and latency change with it.
    """
    found = Found()
    names = {column: facts.alpn or "not said" for column, facts in _sides(pair)}
    found.fact("chosen by ALPN", **names)
    old, new = names.get("old"), names["new"]
    if old == "h2" and new != "h2":
        found.tell(
            "tls:alpn", "HTTP/2 is offered by old, not by new: clients fall back to HTTP/1.1",
            severity=Severity.MINOR, old=old, new=new, note="more connections, and slower for clients that multiplex",
            remedy="Switch HTTP/2 on: in Azure API Management under Protocols + ciphers, client-side HTTP/2.",
        )  # fmt: skip
    elif new == "h2" and old not in {None, "h2"}:
        found.tell("tls:alpn", "HTTP/2 is gained: clients that offer it will use it", old=old, new=new)
    return found


def client_certificate(pair: Pair) -> Found:
    """Compare whether a client certificate is demanded."""
    found = Found()
    said = {column: facts.demands_certificate for column, facts in _sides(pair)}
    found.fact("client certificate", **{column: word or "not known" for column, word in said.items()})
    new, old = said["new"], said.get("old")
    found.decisions.update({column: _demand(word) for column, word in said.items()})
    if not new or (pair.old is not None and not old):
        found.say(Outcome.INCONCLUSIVE, "it cannot be told from here whether a client certificate is demanded")
    elif old == "required" and new == "asked for":
        found.tell(
            "tls:client certificate",
            "old demands a client certificate in the handshake, new asks for one",
            severity=Severity.MINOR,
            old=old,
            new=new,
            note="then a policy must refuse requests without one: the matrix asks that of callers with certificates",
            remedy=_CLIENT,
        )
    elif old == "required" and new == "no":
        found.fail("tls:client certificate", "old demands a client certificate, new does not", cause=Cause.WEAKER,
                   old=old, new=new, remedy=_CLIENT)  # fmt: skip
    elif old in {"no", "asked for"} and new == "required":
        found.fail(
            "tls:client certificate", "new demands a client certificate, old does not: clients without one break",
            severity=Severity.MAJOR, old=old, new=new,
            remedy="Make it optional on the new side, or give every client a certificate first.",
        )  # fmt: skip
    elif old == "asked for" and new == "no":
        found.fail("tls:client certificate", "old asks for a client certificate, new does not: none can be checked",
                   cause=Cause.WEAKER, severity=Severity.MAJOR, old=old, new=new, remedy=_CLIENT)  # fmt: skip
    return found


def _demand(word: str) -> str:
    return {"required": Decision.REFUSED, "no": Decision.THROUGH, "asked for": Decision.THROUGH}.get(
        word, Decision.UNCLEAR
    ).value


def _sides(pair: Pair) -> list[tuple[str, TlsFacts]]:
    return [*([("old", pair.old)] if pair.old is not None else []), ("new", pair.new)]


def _show(found: Found, name: str, old: Offer | None, new: Offer | None, pair: Pair) -> None:
    if pair.old is not None:
        found.fact(name, old=(old or Offer.UNKNOWN).value)
    found.fact(name, new=(new or Offer.UNKNOWN).value)


def _describe(found: Found, column: str, facts: TlsFacts) -> None:
    trusted = {True: "yes", False: f"no: {facts.distrust}", None: facts.distrust or "not known"}[facts.trusted]
    found.fact("trusted", **{column: trusted})
    if not facts.chain:
        return
    leaf = facts.chain[0]
    found.fact("subject", **{column: leaf.subject})
    found.fact("issuer", **{column: leaf.issuer})
    found.fact("names", **{column: ", ".join(leaf.names[:20])})
    found.fact("not after", **{column: _day(leaf.not_after)})
    found.fact("certificates sent", **{column: str(len(facts.chain))})


def _day(moment: float) -> str:
    try:
        return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d")
    except (ValueError, OverflowError, OSError):
        return "beyond all dates"
