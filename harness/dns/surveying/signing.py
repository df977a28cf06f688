"""Whether signatures in DNS messages hold, by the keys of their zone (RFC 4034, RFC 4035 §5); denial is not proven.

Pure. What a stranger's server sent is checked: keys and signatures are bounded, since many that share a tag are an
attack on whoever checks them (CVE-2023-50387).
"""

from collections.abc import Iterable
from dataclasses import dataclass

import dns.dnssec
import dns.exception
import dns.message
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.rrset
from dns.dnssectypes import DSDigest
from dns.rdtypes.ANY.DNSKEY import DNSKEY
from dns.rdtypes.ANY.DS import DS
from dns.rdtypes.ANY.RRSIG import RRSIG

from harness.dns.times.moments import utc

MOST_KEYS = 24
MOST_SIGNATURES = 6
_UNSUPPORTED = "of an algorithm that is not known here"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """The signature of one set of records. `fault` says why it does not hold, "" if it does.

    `unknown`: it cannot be checked here. `until` and `since` bound the time in which it holds (Unix seconds).
    """

    what: str
    fault: str = ""
    unknown: bool = False
    until: float | None = None
    since: float | None = None


Keys = tuple[DNSKEY, ...]


def parsed(wire: bytes) -> dns.message.Message | None:
    """Return a message, None for what is none."""
    try:
        return dns.message.from_wire(wire) if wire else None
    except Exception:  # noqa: BLE001  a stranger's bytes: whatever the parser stumbles over, they are no message
        return None


def keys_of(message: dns.message.Message, zone: str) -> Keys:
    """Return the zone's keys in an answer to DNSKEY."""
    found = _sets(message, {_name(zone)})
    return tuple(one for rrset in found for one in rrset if isinstance(one, DNSKEY))[:MOST_KEYS]


def entry_keys(zone: str, keys: Keys, ds: Iterable[str]) -> tuple[Keys, Seal]:
    """Return the keys that the parent's DS records (as written) vouch for; where there are none, what is to be said."""
    what = f"the DS of {zone}"
    records = [record for text in tuple(ds)[:MOST_KEYS] if (record := _ds(text)) is not None]
    matching = tuple(key for key in keys if any(_vouches(_name(zone), record, key) for record in records))
    if matching:
        return matching, Seal(what=what)
    if keys and not any(_digest(_name(zone), keys[0], record) for record in records):
        return (), Seal(what=what, fault=_UNSUPPORTED, unknown=True)
    told, have = _tags(record.key_tag for record in records), _tags(dns.dnssec.key_id(key) for key in keys)
    return (), Seal(what=what, fault=f"is for key {told}, and the zone has {have or 'no key'}")


def seals(message: dns.message.Message, name: str, zone: str, keys: Keys, now: float) -> tuple[Seal, ...]:
    """Return what the signatures of the records of `name` and of the zone's apex come to, by `keys`."""
    found = _sets(message, {_name(name), _name(zone)})
    return tuple(_seal(message, rrset, _name(zone), keys, now) for rrset in found)


def _sets(message: dns.message.Message, names: set[dns.name.Name]) -> list[dns.rrset.RRset]:
    """Return the sets of records to be checked: the answer's, and the SOA by which there is none."""
    both = [*message.answer, *(one for one in message.authority if one.rdtype == dns.rdatatype.SOA)]
    # a CNAME that a server makes of a DNAME has no signature of its own (RFC 6672 §5.3.1)
    made = {dns.rdatatype.CNAME} if any(one.rdtype == dns.rdatatype.DNAME for one in message.answer) else set()
    skipped = {dns.rdatatype.RRSIG, *made}
    return [one for one in both if one.name in names and one.rdtype not in skipped and one.rdclass == dns.rdataclass.IN]


def _seal(message: dns.message.Message, rrset: dns.rrset.RRset, zone: dns.name.Name, keys: Keys, now: float) -> Seal:
    what = f"{dns.rdatatype.to_text(rrset.rdtype)} of {_text(rrset.name)}"
    faults = []
    holding = []
    for signature in _signatures(message, rrset, zone)[:MOST_SIGNATURES]:
        fault = _fault(rrset, signature, zone, keys, now)
        if fault:
            faults.append(fault)
        else:
            holding.append(signature)
    if holding:
        last = max(holding, key=lambda one: one.expiration)
        return Seal(what=what, until=float(last.expiration), since=float(last.inception))
    if not faults:
        return Seal(what=what, fault="has no signature")
    return Seal(what=what, fault=f"has a signature {faults[0]}", unknown=_UNSUPPORTED in faults)


def _signatures(message: dns.message.Message, rrset: dns.rrset.RRset, zone: dns.name.Name) -> list[RRSIG]:
    return [
        one
        for found in (*message.answer, *message.authority)
        if found.rdtype == dns.rdatatype.RRSIG and found.name == rrset.name
        for one in found
        if isinstance(one, RRSIG) and one.type_covered == rrset.rdtype and one.signer == zone
    ]


def _fault(rrset: dns.rrset.RRset, signature: RRSIG, zone: dns.name.Name, keys: Keys, now: float) -> str:
    """Say why one signature does not hold, "" if it does."""
    if signature.expiration < now:
        return f"that ended on {utc(signature.expiration)}"
    if signature.inception > now:
        return f"that begins only on {utc(signature.inception)}"
    own = [key for key in keys if key.algorithm == signature.algorithm]
    own = [key for key in own if dns.dnssec.key_id(key) == signature.key_tag]
    if not own:
        return f"by key {signature.key_tag}, which is none of the zone's"
    if not any(dns.dnssec.default_policy.ok_to_validate(key) for key in own):
        return _UNSUPPORTED
    try:
        dns.dnssec.validate_rrsig(rrset, signature, {zone: _as_set(own)}, now=now)
    except Exception as error:  # noqa: BLE001  a key of a stranger's making may be no key at all: nothing holds by it
        # of dnspython, or of the library below it that may refuse old hashes
        if type(error).__name__ == "UnsupportedAlgorithm":
            return _UNSUPPORTED
        return f"by key {signature.key_tag} that does not fit the records"
    return ""


def _as_set(keys: Iterable[DNSKEY]) -> dns.rdataset.Rdataset:
    return dns.rdataset.from_rdata_list(0, list(keys))


def _ds(text: str) -> DS | None:
    try:
        record = dns.rdata.from_text("IN", "DS", text)
    except (dns.exception.DNSException, ValueError):
        return None
    return record if isinstance(record, DS) else None


def _vouches(zone: dns.name.Name, record: DS, key: DNSKEY) -> bool:
    return record.key_tag == dns.dnssec.key_id(key) and _digest(zone, key, record) == record.digest


def _digest(zone: dns.name.Name, key: DNSKEY, record: DS) -> bytes | None:
    """Return what a DS for a key would hold, made as the record was; None where it is not known how."""
    try:
        return bytes(dns.dnssec.make_ds(zone, key, DSDigest(record.digest_type), validating=True).digest)
    except (dns.exception.DNSException, ValueError):
        return None


def _tags(tags: Iterable[int]) -> str:
    return ", ".join(str(tag) for tag in sorted(set(tags))[:4])


def _name(text: str) -> dns.name.Name:
    return dns.name.from_text(text)


def _text(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower()
