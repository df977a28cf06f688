"""The catalogue of what can be wrong with a name that is to move: one fault each, with the verdict and the check.

Every fault is the clean set of zones with a few zone files in place of others, and a few keys of the `dns` section. A
set can be served by itself, or with others' by the same servers: then each has zones of its own, told by a tag.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.dns import entries
from tests.servers.nsd import zone_text
from tests.servers.signed import DAY, ds_of, signed

HOUR = 3600.0
NAME, OLD, NEW = "api.example.test", "old-gw.provider.test", "new-gw.other.test"
OLD_A, NEW_A = "192.0.2.10", "198.51.100.20"
OLD_V6, NEW_V6 = "2001:db8::10", "2001:db8:1::20"
SERVERS = ("ns1", "ns2")
_TAGGED = ("example", "provider", "other")
_NS = "@ NS ns1\n@ NS ns2\nns1 A 127.0.0.1\nns2 A 127.0.0.1\n"
_ALIAS = f"api CNAME {OLD}.\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A zone file: what stands below SOA and NS. `signing` are keywords of tests.servers.signed, None: not signed.

    `text` is the file as it is, in place of all this. `ds` says by which key the parent vouches for the zone (the
    number of it in tests.servers.signed), None where it does not.
    """

    records: str = ""
    serial: int = 1
    ttl: int = 60
    negative: int = 60
    signing: Mapping[str, Any] | None = None
    ds: int | None = None
    text: str = ""


Files = dict[str, File]

CLEAN: Files = {
    "example.test": File(records=_ALIAS),
    "provider.test": File(records=f"old-gw A {OLD_A}\n"),
    "other.test": File(records=f"new-gw A {NEW_A}\n"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault: `zones` at every server, `second` at ns2 alone (a file of no origin's: not served there).

    `dns` are keys of the section. `check` is the topic that must say so, "" where nothing is wrong; `says` a part of
    its words.
    """

    name: str
    zones: Mapping[str, File] = field(default_factory=dict)
    second: Mapping[str, File | None] = field(default_factory=dict)
    dns: Mapping[str, Any] = field(default_factory=dict)
    verdict: str = "NO-GO"
    check: str = ""
    says: str = ""

    def section(self, tag: str = "") -> dict[str, Any]:
        """Return what the `dns` section says of this name."""
        section: dict[str, Any] = _tagged({"name": NAME, "from": OLD, "to": NEW, **self.dns}, tag)
        return section


def world_of(faults: Mapping[str, Fault]) -> dict[str, dict[str, str]]:
    """Return the zone files of faults by tag, by server and origin; the parent of all zones is among them."""
    found: dict[str, dict[str, str]] = {server: {} for server in SERVERS}
    vouched: list[str] = []
    for tag, fault in faults.items():
        for origin, file in {**CLEAN, **fault.zones}.items():
            for server in SERVERS:
                served = fault.second.get(origin, file) if server == SERVERS[1] else file
                if served is not None:
                    found[server][_tagged(origin, tag)] = _text(_tagged(origin, tag), served, tag)
            if file.ds is not None:
                vouched.append(_delegation(_tagged(origin, tag), file.ds))
    parent = zone_text("test", _NS + "".join(vouched))
    return {server: {"test": parent, **zones} for server, zones in found.items()}


def _text(origin: str, file: File, tag: str) -> str:
    if file.text:
        return file.text
    records = _tagged(_NS + file.records, tag)
    text = zone_text(origin, records, serial=file.serial, ttl=file.ttl, negative=file.negative)
    return text if file.signing is None else signed(origin, text, **file.signing).text


def _delegation(origin: str, key: int) -> str:
    return f"{origin}. NS ns1.{origin}.\n{origin}. DS {ds_of(origin, key)}\nns1.{origin}. A 127.0.0.1\n"


def _tagged(value: Any, tag: str) -> Any:
    """Return a value in which the zones are those of a tag."""
    if isinstance(value, Mapping):
        return {key: _tagged(one, tag) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_tagged(one, tag) for one in value]
    if isinstance(value, str) and tag:
        for zone in _TAGGED:
            value = value.replace(f"{zone}.test", f"{zone}-{tag}.test")
    return value


def _example(records: str, **more: Any) -> Files:
    return {"example.test": File(records=records, **more)}


def _signed(records: str = _ALIAS, ds: int | None = 0, **signing: Any) -> File:
    return File(records=records, signing=signing, ds=ds)


def _addresses(*extra: str) -> str:
    """Return the records of a name that leads to the old side by address."""
    return "".join(f"api {one}\n" for one in (f"A {OLD_A}", *extra))


_BY_ADDRESS: dict[str, Any] = {"from": OLD_A, "to": NEW_A}
_TO_CNAME: dict[str, Any] = {"from": OLD_A}
_ISSUED: dict[str, Any] = {"issuer": "ca.example"}

GOOD: tuple[Fault, ...] = (
    Fault(name="by-a-wildcard", zones=_example(f"* CNAME {OLD}.\n"), verdict="GO"),
    Fault(name="by-a-wildcard-to-addresses", zones=_example(f"* CNAME {OLD}.\n"), dns={"to": NEW_A}, verdict="GO"),
    # the mail and texts of a wildcard clash with no record of the name itself
    Fault(
        name="by-a-wildcard-with-more",
        zones=_example(f'* A {OLD_A}\n* MX 10 mx.provider.test.\n* TXT "v=1"\n'),
        dns=_TO_CNAME,
        verdict="GO",
    ),
    Fault(name="by-a-name-between", zones=_example(f"api 3600 CNAME gw\ngw CNAME {OLD}.\n"), verdict="GO"),
    Fault(
        name="old-addresses-held-long", zones={"provider.test": File(records=f"old-gw 3600 A {OLD_A}\n")}, verdict="GO"
    ),
    # no DS at the parent: nobody looks at the signatures
    Fault(
        name="expired-where-nobody-looks",
        zones={"example.test": _signed(ds=None, begins=-9 * DAY, ends=-HOUR)},
        verdict="GO",
    ),
    Fault(name="caa-of-its-own-kind", zones=_example(_ALIAS + '@ CAA 0 iodef "mailto:a@example.test"\n'), verdict="GO"),
    Fault(
        name="txt-where-addresses-stay",
        zones=_example(_addresses('TXT "v=1"', "MX 10 mx.provider.test.")),
        dns=_BY_ADDRESS,
        verdict="GO",
    ),
    Fault(name="clean", verdict="GO"),
    Fault(name="clean-by-address", zones=_example(_addresses()), dns=_BY_ADDRESS, verdict="GO"),
    Fault(name="address-to-cname", zones=_example(_addresses()), dns=_TO_CNAME, verdict="GO"),
    Fault(name="signed", zones={"example.test": _signed()}, verdict="GO"),
    Fault(name="caa-permits", zones=_example(_ALIAS + '@ CAA 0 issue "ca.example"\n'), dns=_ISSUED, verdict="GO"),
    Fault(
        name="https-of-new", zones=_example(_addresses(f"HTTPS 1 . ipv4hint={NEW_A}")), dns=_BY_ADDRESS, verdict="GO"
    ),
    Fault(
        name="ipv6-gained",
        zones={"other.test": File(records=f"new-gw A {NEW_A}\nnew-gw AAAA {NEW_V6}\n")},
        verdict="GO",
    ),
)
"""Names that may move: nothing is wrong, or nothing that would break a caller."""

FAULTS: tuple[Fault, ...] = (
    Fault(name="ttl-too-high", zones=_example(f"api 3600 CNAME {OLD}.\n"), check=entries.TTL, says="from 3600 to 60"),
    Fault(
        name="lowered-a-moment-ago", dns={"lowered_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "lowered_from": "1h"},
        check=entries.HELD,
    ),
    Fault(name="back-too-slow", dns={"rollback_within": "20s"}, check=entries.ROLLBACK),
    Fault(
        name="negative-ttl-a-day", zones=_example(f"api 60 CNAME {OLD}.\n", ttl=86_400, negative=86_400),
        check=entries.NEGATIVE,
    ),
    Fault(
        name="secondary-lags", zones=_example(_ALIAS, serial=2),
        second={"example.test": File(records="api CNAME before.provider.test.\n", serial=1)},
        check=entries.SERVERS,
    ),
    Fault(
        name="serial-lags", zones=_example(_ALIAS, serial=7), second={"example.test": File(records=_ALIAS, serial=6)},
        check=entries.SERVERS, says="serial 7",
    ),
    Fault(
        name="ttl-differs", second={"example.test": File(records=f"api 30 CNAME {OLD}.\n")}, check=entries.SERVERS, says="TTL",
    ),
    Fault(name="lame-server", second={"example.test": None}, check=entries.SERVERS),
    Fault(name="unreadable-at-one", second={"example.test": File(text="no zone at all")}, check=entries.SERVERS),
    Fault(name="cname-and-txt", zones=_example(_ALIAS + 'api TXT "v=1"\n'), check=entries.SERVERS),
    Fault(name="two-cnames", zones=_example(_ALIAS + f"api CNAME {NEW}.\n"), check=entries.SERVERS),
    Fault(name="loop", zones=_example("api CNAME also\nalso CNAME api\n"), check=entries.CHAIN, says="loop"),
    Fault(name="dangling", zones=_example("api CNAME gone.provider.test.\n"), check=entries.CHAIN),
    Fault(name="no-such-name", zones=_example(f"www CNAME {OLD}.\n"), check=entries.CHAIN),
    Fault(name="no-address", zones=_example('api TXT "v=1"\n'), check=entries.CHAIN),
    Fault(
        name="from-elsewhere",
        zones=_example("api CNAME third.provider.test.\n")
        | {"provider.test": File(records=f"old-gw A {OLD_A}\nthird A 192.0.2.77\n")},
        check=entries.CHAIN, says="neither to the old side nor to the new one",
    ),
    Fault(name="already-moved", zones=_example(f"api CNAME {NEW}.\n"), check=entries.CHAIN, says="already"),
    Fault(
        name="one-server-moved", second={"example.test": File(records=f"api CNAME {NEW}.\n")}, check=entries.CHAIN,
        says="leads to the new side at ns2",
    ),
    Fault(name="both-at-once", zones=_example(_addresses(f"A {NEW_A}")), dns=_BY_ADDRESS, check=entries.CHAIN, says="both"),
    Fault(
        name="delegated-away", zones=_example("api NS ns.elsewhere.invalid.\n"), check=entries.SERVERS, says="refers to other servers",
    ),
    Fault(
        name="cname-beside-mx", zones=_example(_addresses("MX 10 mx.provider.test.")), dns=_TO_CNAME, check=entries.BESIDE,
        says="MX",
    ),
    Fault(
        name="cname-beside-txt-and-caa", zones=_example(_addresses('TXT "v=1"', 'CAA 0 issue "ca.example"')),
        dns=_TO_CNAME | _ISSUED, check=entries.BESIDE, says="TXT, CAA",
    ),
    Fault(
        name="cname-at-apex", zones=_example(f"@ A {OLD_A}\n"), dns=_TO_CNAME | {"name": "example.test"},
        check=entries.BESIDE, says="apex",
    ),
    Fault(
        name="addresses-beside-a-cname", zones=_example("api CNAME third.provider.test.\n")
        | {"provider.test": File(records=f"old-gw A {OLD_A}\nthird A {OLD_A}\n")},
        dns=_BY_ADDRESS, check=entries.BESIDE, says="`from` does not name",
    ),
    Fault(
        name="aaaa-left", zones=_example(_addresses(f"AAAA {OLD_V6}")), dns=_BY_ADDRESS, check=entries.OTHER_TYPES,
        says="stay on the old side",
    ),
    Fault(
        name="ipv6-lost", zones={"provider.test": File(records=f"old-gw A {OLD_A}\nold-gw AAAA {OLD_V6}\n")},
        check=entries.OTHER_TYPES, says="IPv6 alone",
    ),
    Fault(
        name="ipv6-of-a-wildcard-lost", zones=_example(f"* A {OLD_A}\n* AAAA {OLD_V6}\n"), dns=_BY_ADDRESS,
        check=entries.OTHER_TYPES, says="IPv6 alone",
    ),
    Fault(
        name="https-hint-left", zones=_example(_addresses(f"HTTPS 1 . alpn=h2 ipv4hint={OLD_A}")), dns=_BY_ADDRESS,
        check=entries.OTHER_TYPES, says="hints",
    ),
    Fault(
        name="https-alias-left", zones=_example(_addresses(f"HTTPS 0 {OLD}.")), dns=_BY_ADDRESS,
        check=entries.OTHER_TYPES, says="not on the way",
    ),
    Fault(
        name="caa-forbids", zones=_example(_ALIAS + '@ CAA 0 issue "other-ca.example"\n'), dns=_ISSUED, check=entries.CAA,
        says="forbids ca.example",
    ),
    Fault(name="caa-nobody", zones=_example(_ALIAS + '@ CAA 0 issue ";"\n'), check=entries.CAA, says="any issuer"),
    Fault(
        name="caa-critical", zones=_example(_ALIAS + '@ CAA 0 issue "ca.example"\n@ CAA 128 future "x"\n'), dns=_ISSUED,
        check=entries.CAA, says="critical",
    ),
    Fault(
        name="caa-at-the-target",
        zones={"other.test": File(records=f'new-gw A {NEW_A}\nnew-gw CAA 0 issue "front-ca.example"\n')}, dns=_ISSUED,
        check=entries.CAA, says="after the move",
    ),
    Fault(
        name="caa-issuer-not-told", zones=_example(_ALIAS + '@ CAA 0 issue "ca.example"\n'), verdict="HOLD",
        check=entries.CAA, says="dns.issuer",
    ),
    Fault(name="signature-expired", zones={"example.test": _signed(begins=-9 * DAY, ends=-HOUR)}, check=entries.DNSSEC, says="ended"),
    Fault(name="signature-early", zones={"example.test": _signed(begins=HOUR)}, check=entries.DNSSEC, says="begins"),
    Fault(
        name="signature-ends-soon", zones={"example.test": _signed(begins=-9 * DAY, ends=6 * HOUR)}, check=entries.DNSSEC,
        says="end at",
    ),
    Fault(name="signature-missing", zones={"example.test": _signed(unsigned=("api",))}, check=entries.DNSSEC, says="no signature"),
    Fault(name="signature-forged", zones={"example.test": _signed(forged=("api",))}, check=entries.DNSSEC, says="none of the zone's"),
    Fault(
        name="signature-stale-at-one", zones={"example.test": _signed()},
        second={"example.test": _signed(begins=-9 * DAY, ends=-HOUR)}, check=entries.DNSSEC, says="at ns2",
    ),
    Fault(name="ds-of-another-key", zones={"example.test": _signed(ds=1)}, check=entries.DNSSEC, says="is for key"),
    Fault(
        name="ds-without-keys", zones={"example.test": File(records=_ALIAS, ds=1)}, check=entries.DNSSEC, says="no keys",
    ),
    Fault(
        name="target-signature-expired",
        zones={"other.test": _signed(f"new-gw A {NEW_A}\n", begins=-9 * DAY, ends=-HOUR)}, check=entries.DNSSEC, says="new-gw",
    ),
    Fault(name="target-unknown", zones={"other.test": File(records=f"gw A {NEW_A}\n")}, check=entries.TARGET),
    Fault(name="target-without-address", zones={"other.test": File(records='new-gw TXT "soon"\n')}, check=entries.TARGET),
    Fault(
        name="target-loops", zones={"other.test": File(records="new-gw CNAME gw\ngw CNAME new-gw\n")}, check=entries.TARGET,
        says="loop",
    ),
)  # fmt: skip
"""What would break callers, one thing each; and what keeps it from being told."""


def tagged(faults: Iterable[Fault]) -> dict[str, Fault]:
    """Return faults by a tag each, to be served together."""
    return {f"{at:02}": fault for at, fault in enumerate(faults)}
