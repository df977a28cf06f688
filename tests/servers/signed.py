"""Zone files signed for tests: well, or wrongly in one way. Keys are made anew; one key signs everything."""

import time
from dataclasses import dataclass
from functools import cache

import dns.dnssec
import dns.name
import dns.rdatatype
import dns.zone
from cryptography.hazmat.primitives.asymmetric import ec
from dns.rdtypes.ANY.DNSKEY import DNSKEY

DAY = 86_400.0
_FLAGS = 257  # a zone's key that a DS may point to


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedZone:
    """A signed zone: its text, and the DS record (as a zone file writes its value) that a parent should have."""

    origin: str
    text: str
    ds: str

    @property
    def anchor(self) -> str:
        """Return the DS as a trust anchor, for a resolver that is to validate the zone."""
        return f"{self.origin.rstrip('.')}. IN DS {self.ds}"


def signed(
    origin: str,
    text: str,
    *,
    begins: float = -DAY,
    ends: float = 14 * DAY,
    unsigned: tuple[str, ...] = (),
    forged: tuple[str, ...] = (),
    key: int = 0,
) -> SignedZone:
    """Sign a zone file; the signatures begin and end so many seconds from now.

    `unsigned` are names (relative, "@" for the apex) whose signatures are left out; `forged` names whose signatures are
    by a key that the zone does not have. `key` numbers the key: zones with different ones have different keys.
    """
    apex = dns.name.from_text(origin)
    zone = dns.zone.from_text(text, apex, relativize=False)
    private, public = _key(key)
    now = int(time.time())
    dns.dnssec.sign_zone(
        zone, keys=[(private, public)], inception=now + int(begins), expiration=now + int(ends), dnskey_ttl=60
    )
    for name in unsigned:
        _strip(zone, dns.name.from_text(name, apex))
    for name in forged:
        _forge(zone, origin, dns.name.from_text(name, apex), now)
    return SignedZone(origin=origin, text=zone.to_text(relativize=False), ds=ds_of(origin, key))


def ds_of(origin: str, key: int = 0) -> str:
    """Return the DS record by which a parent vouches for a zone that is signed by `key`."""
    return dns.dnssec.make_ds(dns.name.from_text(origin), _key(key)[1], "SHA256").to_text()


@cache
def _key(number: int) -> tuple[ec.EllipticCurvePrivateKey, DNSKEY]:
    private = ec.generate_private_key(ec.SECP256R1())
    return private, dns.dnssec.make_dnskey(private.public_key(), "ECDSAP256SHA256", flags=_FLAGS)


def _strip(zone: dns.zone.Zone, name: dns.name.Name) -> None:
    node = zone.nodes[name]
    node.rdatasets = [one for one in node.rdatasets if one.rdtype != dns.rdatatype.RRSIG]


def _forge(zone: dns.zone.Zone, origin: str, name: dns.name.Name, now: int) -> None:
    """Sign the records of a name anew, by a key that the zone does not have."""
    private, public = _key(-1)
    _strip(zone, name)
    node = zone.nodes[name]
    for records in tuple(node.rdatasets):
        rrsig = dns.dnssec.sign(
            (name, records),
            private,
            dns.name.from_text(origin),
            public,
            inception=now - int(DAY),
            expiration=now + int(DAY),
        )
        found = node.find_rdataset(records.rdclass, dns.rdatatype.RRSIG, records.rdtype, create=True)
        found.add(rrsig, records.ttl)
