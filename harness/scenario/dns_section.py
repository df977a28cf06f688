"""`dns`: which names move, from where to where, by what, and what they are held to."""

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase

from harness.scenario import dns_names, texts, units
from harness.scenario.containers import ByKind, ListOf
from harness.scenario.context import Refused, Wrong
from harness.scenario.dns_servers import AUTHORITIES, FOLLOWED, RESOLVERS, Authorities
from harness.scenario.dns_switches import SWITCH
from harness.scenario.dns_targets import NAME, NAMES, TARGETS, moves
from harness.scenario.files import existing
from harness.scenario.fill import uses_secrets
from harness.scenario.made import Made
from harness.scenario.moving import PER_REQUEST, Dns, Move, RawCallers, RecordSwitch, Rehearse
from harness.scenario.profiles import place
from harness.scenario.record import Fields, Key, Record
from harness.scenario.shape import Scalar, Text, integer, parsed

_DEFAULT = Dns(moves=())
_LONGEST_TTL = 2**31 - 1  # RFC 2181 §8
_LONGEST_TIMEOUT = 30.0
_LONGEST_WINDOW = 14 * 86_400.0
_NEVER = "never"
_GLOB = re.compile(r"[a-z0-9_.*:-]+")


def ttl(text: str) -> int:
    """Return whole seconds from 1 to 2^31 - 1; raise Wrong."""
    seconds = units.long_duration(text)
    if seconds != int(seconds):
        raise Wrong(f"a TTL of {text}", "TTLs are whole seconds, such as 60s")
    if seconds > _LONGEST_TTL:
        raise Wrong(f"a TTL of {text}", f"{_LONGEST_TTL}s at most")
    return int(seconds)


def _timeout(text: str) -> float:
    seconds = units.duration(text)
    if seconds > _LONGEST_TIMEOUT:
        raise Wrong(f"a timeout of {text}", f"{_LONGEST_TIMEOUT:.0f}s at most, for one question to one server")
    return seconds


def _lowered(text: str) -> float:
    return 0.0 if text == _NEVER else units.moment(text)


def _glob(text: str) -> str:
    found = text.lower()
    if "://" in text or not _GLOB.fullmatch(found):
        raise Wrong(
            f"'{text[:80]}' is no address of callers", 'a host, with * as wildcard, such as "*.internal.example"'
        )
    if not found.strip("*.:"):
        raise Wrong(f"'{text}' stands for every address", "name those that no record moves")
    return found


def _duration(default: float, *, zero: bool = True) -> Scalar[float]:
    read = units.duration_or_none if zero else units.duration
    return parsed(read, units.DURATION, f"a duration such as {default:.0f}s")


_TTL = parsed(ttl, units.LONG_DURATION, "a duration such as 60s")
_MOMENT = parsed(units.moment, units.MOMENT, "a moment such as 2026-11-21T14:20:00Z")


def _window(fields: Fields) -> tuple[float, float]:
    start, end = fields["from"], fields["until"]
    if end <= start:
        raise fields.refuse("until", "the window ends before it begins", "`until` comes after `from`")
    if end - start > _LONGEST_WINDOW:
        raise fields.refuse("until", "a window of more than 14 days", "when is the change made, at the latest?")
    return start, end


_WINDOW = Record(
    _window,
    Key("from", _MOMENT, "its begin, such as 2026-11-21T14:00:00Z", required=True),
    Key("until", _MOMENT, "its end", required=True),
    name="dns_window",
    about="When the change is to be made.",
)


def _callers(fields: Fields) -> RawCallers:
    if "accept" in fields and "because" not in fields:
        raise fields.refuse("accept", "accept needs a reason", "add because: who they are, and who tells them")
    if "because" in fields and "accept" not in fields:
        raise fields.refuse("because", "'because' gives the reason for `accept`, which is not there", "add accept: 2%")
    log = existing(fields, "log")
    assert log is not None
    return RawCallers(log=log, hosts=fields["hosts"], accepted=fields["accept"], because=fields["because"])


_CALLERS = Record(
    _callers,
    Key(
        "log",
        Text(texts.one_line),
        "an access log of the old side that names the host, relative to this file",
        required=True,
    ),
    Key(
        "hosts",
        ListOf(Made(_glob), least=1),
        'further addresses that no record moves, with * as wildcard: ["*.internal.example"]',
        absent=(),
    ),
    Key(
        "accept",
        parsed(units.share, units.SHARE, "a share such as 2%"),
        "share of the calls by such an address that is accepted; needs because",
        absent=0.0,
    ),
    Key("because", Text(texts.one_line), "why it is", absent=""),
    name="dns_callers",
    about="Callers that use the old side's own address, which no change of a record moves.",
)


@dataclass(frozen=True, slots=True)
class _Rehearsal:
    """What `rehearse` says, with its place."""

    zone: str
    name: str
    fields: Fields


_REHEARSE = Record(
    lambda fields: _Rehearsal(fields["zone"], fields["name"] or "", fields),
    Key("zone", Made(dns_names.zone, pattern=dns_names.NAME), "a test zone, such as test.example.com", required=True),
    Key("name", NAME, "the name in it that stands for the production name; its first label, in the zone, if left out"),
    name="dns_rehearse",
    about="A test zone in which the change is rehearsed.",
)


def _rehearsed(asked: _Rehearsal | None, moving: tuple[Move, ...]) -> tuple[Rehearse, ...]:
    """Return the name that stands for each move; raise Refused where one cannot."""
    if asked is None:
        return ()
    fields = asked.fields
    if asked.name and len(moving) > 1:
        raise fields.refuse(
            "name", "one name for several", "leave it out: each stands under its first label in the zone"
        )
    if asked.name and not f".{asked.name}".endswith(f".{asked.zone}"):
        such = "a name that ends in it" if uses_secrets(fields.nodes["zone"]) else f"such as api.{asked.zone}"
        raise fields.refuse("name", "the name is not in the test zone", such)
    at = "name" if asked.name else "zone"
    found: dict[str, str] = {}
    for move in moving:
        name = asked.name or f"{move.name.partition('.')[0]}.{asked.zone}"
        if any(name == other.name for other in moving):
            raise fields.refuse(at, "the rehearsal would change a production name", "name a test zone")
        if name in found:
            message = "two names have the same first label, and would be rehearsed as one"
            raise fields.refuse(at, message, "rehearse them one by one, each in a scenario of its own")
        found[name] = move.name
    return tuple(Rehearse(zone=asked.zone, name=name) for name in found)


def _check_lowered(fields: Fields) -> None:
    """Note what cannot be of the TTL that was lowered."""
    ctx = fields.ctx
    if "lowered_from" not in fields or fields["lowered_from"] is None:
        return
    if "lowered_at" not in fields:
        ctx.note(
            fields.nodes["lowered_from"], "'lowered_from' without 'lowered_at'", "add lowered_at: when it was lowered"
        )
    elif fields["lowered_at"] == 0:
        ctx.note(
            fields.nodes["lowered_from"], "'lowered_from' of a TTL that never was lowered", "remove one of the two"
        )
    elif fields["lowered_from"] <= fields["ttl_max"]:
        hint = "the TTL before it was lowered, which is larger than ttl_max"
        ctx.note(
            fields.nodes["lowered_from"],
            f"{fields['lowered_from']}s is no more than ttl_max, {fields['ttl_max']}s",
            hint,
        )


def _check_hosts(callers: RawCallers | None, moving: tuple[Move, ...], fields: Fields) -> None:
    hosts = callers.hosts if callers is not None else ()
    for glob in hosts:
        if any(fnmatchcase(move.name, glob) for move in moving):
            message = "`hosts` names a name that moves: its callers do follow the record"
            fields.ctx.note(fields.nodes["callers"], message, "name those addresses alone that no record moves")


def _many(value: str | tuple[str, ...] | None) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(dict.fromkeys(value or ()))


def _dns(fields: Fields) -> Dns:
    before = len(fields.ctx.problems)
    _check_lowered(fields)
    moving = moves(fields, stays=fields["switch"].mechanism in PER_REQUEST)
    _check_hosts(fields["callers"], moving, fields)
    rehearse = _rehearsed(fields["rehearse"], moving)
    if len(fields.ctx.problems) > before:
        raise Refused
    asked = fields["resolvers"]
    authorities: Authorities = fields["authorities"]
    return Dns(
        moves=moving,
        ttl_max=fields["ttl_max"],
        negative_ttl_max=fields["negative_ttl_max"],
        system=asked is None or "system" in asked,
        public=asked is not None and "public" in asked,
        resolvers=tuple(one for one in asked or () if not isinstance(one, str)),
        authorities=authorities.servers,
        follow=authorities.follow,
        lowered_at=fields["lowered_at"],
        lowered_from=fields["lowered_from"],
        window=fields["window"],
        rollback_within=fields["rollback_within"],
        switch=fields["switch"],
        issuers=_many(fields["issuer"]),
        callers=fields["callers"],
        rehearse=rehearse,
        wait=fields["wait"],
        timeout=fields["timeout"],
        client_cache=fields["client_cache"],
        resolver_count=fields["resolver_count"],
        written=place(fields.node),
    )


_ISSUER = Made(dns_names.host, pattern=dns_names.NAME)
DNS = Record(
    _dns,
    Key("name", NAME, "the name that moves, such as api.example.com"),
    Key("names", NAMES, "several: [api.example.com, {name: m.example.com, from: …, to: …}]"),
    *TARGETS,
    Key("ttl_max", _TTL, "the most that the TTL of a switched record may be", absent=_DEFAULT.ttl_max, default="60s"),
    Key(
        "negative_ttl_max",
        _TTL,
        "the most for which resolvers may remember that there is no such record",
        absent=_DEFAULT.negative_ttl_max,
        default="1h",
    ),
    Key(
        "lowered_at",
        parsed(_lowered, f"^{_NEVER}$|{units.MOMENT}", "a moment, or never"),
        "when the TTL was lowered: 2026-11-20T09:00:00Z; never: it always was as low",
    ),
    Key("lowered_from", _TTL, "the TTL before it was lowered, such as 1h"),
    Key("window", _WINDOW, "when the change is to be made: {from: 2026-11-21T14:00:00Z, until: 2026-11-21T16:00:00Z}"),
    Key(
        "rollback_within",
        _duration(300, zero=False),
        "within which all clients must be back on the old side",
        absent=_DEFAULT.rollback_within,
        default="5m",
    ),
    Key(
        "resolvers",
        RESOLVERS,
        "resolvers that are asked: system, public, addresses, tls://host, https://host/path; system if left out",
    ),
    Key(
        "authorities",
        AUTHORITIES,
        "authoritative servers: delegation, a list for the names' own zones, or lists by zone",
        absent=FOLLOWED,
        default="delegation",
    ),
    Key(
        "switch",
        SWITCH,
        "what moves the callers: record, proxy, or {kind: route53 | azure-dns | traffic-manager | front-door, …}",
        absent=RecordSwitch(),
        default="record",
    ),
    Key(
        "issuer",
        ByKind("a domain, or a list of domains", scalar=_ISSUER, items=ListOf(_ISSUER, least=1)),
        "who issues the new certificate, as CAA records name it: digicert.com",
    ),
    Key("callers", _CALLERS, "callers by the old side's own address: {log: access.log}"),
    Key("rehearse", _REHEARSE, "a test zone in which the change is rehearsed: {zone: test.example.com}"),
    Key(
        "wait",
        _duration(75),
        "how long a resolver's old answer is waited out, to see what it holds next",
        absent=_DEFAULT.wait,
        default="75s",
    ),
    Key(
        "timeout",
        parsed(_timeout, units.DURATION, "a duration such as 2s"),
        "how long one question may take",
        absent=_DEFAULT.timeout,
        default="2s",
    ),
    Key(
        "client_cache",
        _duration(30),
        "how long clients keep an address beyond its TTL",
        absent=_DEFAULT.client_cache,
        default="0s",
    ),
    Key("resolver_count", integer(1), "how many resolvers the callers use, for the load on the authoritative servers"),
    name="dns",
    about="Names that move to the new side, and what they are held to.",
    among=("name", "names"),
    least="the name that moves: name: api.example.com, with from: and to:",
    apart=(
        "negative_ttl_max",
        "window",
        "rollback_within",
        "resolvers",
        "authorities",
        "switch",
        "issuer",
        "callers",
        "rehearse",
        "wait",
        "timeout",
        "client_cache",
        "resolver_count",
    ),
)
