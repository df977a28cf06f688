"""Amazon Route 53: the hosted zone of a name, and the record sets that decide about the name. Only reads.

One attempt for each call. Route 53 answers an account five requests a second, so zones are remembered (one Route53
for all names of a run), and calls are spaced.
"""

import re
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from harness.clouds.aws import client
from harness.clouds.aws_keys import AwsKeys
from harness.clouds.trouble import quoted
from harness.clouds.unread import Unread, asked
from harness.model.series import Absence
from harness.model.switch import Mechanism, SwitchRecord, SwitchState

DELAY = 60.0  # seconds until all of Route 53's servers have a change (AWS: within 60 s under normal conditions)
_TYPES = frozenset({"A", "AAAA", "CNAME"})
_MOST_PAGES = 20
_MOST_VALUES = 400
_SPACE = 0.22  # seconds between two calls of AWS's own
_ESCAPE = re.compile(r"\\([0-3][0-7]{2})")
_POLICIES = (
    ("Weight", "weighted"),
    ("Region", "latency"),
    ("GeoLocation", "geo"),
    ("GeoProximityLocation", "geo"),
    ("Failover", "failover"),
    ("MultiValueAnswer", "multivalue"),
    ("CidrRoutingConfig", "cidr"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Zone:
    id: str
    name: str
    name_servers: tuple[str, ...] = ()
    apex: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Route53:
    """Asks one account; `endpoint` stands in for AWS's own. `page` is the most record sets of one answer."""

    keys: AwsKeys = field(repr=False)
    endpoint: str = ""
    region: str = "us-east-1"
    page: int = 300
    _zones: dict[str, _Zone] = field(default_factory=dict)
    _listed: dict[str, list[Mapping[str, Any]]] | None = None
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)
    _next: float = 0.0
    _service: Any = field(default=None, repr=False)

    def read(self, name: str, zone_id: str = "") -> SwitchState:
        """Return the record sets of `name` in zone `zone_id`, "" for the public zone that holds it; raises Unread."""
        secrets = (self.keys.secret_key, self.keys.session_token)
        with self._lock, asked(f"records of {name} not read from Route 53", secrets):
            service = self._client()
            zone = self._zone(service, zone_id) if zone_id else self._zone_of(service, name)
            records = tuple(_record(one) for one in self._sets(service, zone, name))
        return SwitchState(
            mechanism=Mechanism.ROUTE53,
            where=f"zone {zone.name} ({zone.id})",
            at=time.time(),
            records=records,
            name_servers=zone.name_servers,
            apex=zone.apex,
            delay=DELAY,
            facts=zone.facts,
        )

    def _client(self) -> Any:
        """Return the one client of all names: making one takes longer than asking."""
        if self._service is None:
            self._service = client(
                "route53",
                self.region,
                self.endpoint,
                aws_access_key_id=self.keys.access_key,
                aws_secret_access_key=self.keys.secret_key,
                aws_session_token=self.keys.session_token or None,
            )
        return self._service

    def _call(self, method: Any, **given: Any) -> dict[str, Any]:
        time.sleep(max(0.0, self._next - time.monotonic()))
        self._next = time.monotonic() + (0.0 if self.endpoint else _SPACE)
        answer: dict[str, Any] = method(**given)
        return answer

    def _zone_of(self, service: Any, name: str) -> _Zone:
        """Find the zone of the longest suffix of `name`; private zones answer nobody outside."""
        labels = name.split(".")
        private: dict[str, str] = {}
        for first in range(max(1, len(labels) - 1)):  # nobody here holds a top-level domain
            suffix = ".".join(labels[first:])
            same = self._called(service, suffix)
            private |= {f"private zone {suffix}": _id(one) for one in same if _private(one)}
            public = [_id(one) for one in same if not _private(one)]
            if len(public) > 1:
                raise self._several(service, suffix, public)
            if public:
                found = self._zone(service, public[0])
                return replace(found, facts={**found.facts, **private})
        there = f", only private ones ({', '.join(private.values())})" if private else ""
        raise Unread(f"no public zone of {name} in this account{there}; name it with `zone`", Absence.FAILED)

    def _called(self, service: Any, name: str) -> list[Mapping[str, Any]]:
        """Return the zones of exactly this name; all zones are listed once, for all names."""
        if self._listed is None:
            found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
            for one in self._all_zones(service):
                found[plain(one.get("Name", ""))].append(one)
            self._listed = found
        return self._listed.get(name, [])

    def _others(self, service: Any, zone_id: str, name: str) -> dict[str, str]:
        """Tell of other public zones of this name; who may read one zone need not be allowed to list all."""
        from botocore.exceptions import ClientError  # noqa: PLC0415  heavy, and most runs ask no cloud

        told = "another public zone of this name"
        if self._listed is not None:
            same = self._listed.get(name, [])
        else:
            try:
                answer = self._call(service.list_hosted_zones_by_name, DNSName=name, MaxItems="100")
            except ClientError:
                return {told: "not known: zones may not be listed"}
            same = [one for one in answer.get("HostedZones") or () if plain(one.get("Name", "")) == name]
        others = [_id(one) for one in same if _id(one) != zone_id and not _private(one)]
        return {told: ", ".join(others[:4])} if others else {}

    def _all_zones(self, service: Any) -> Iterator[Mapping[str, Any]]:
        more: dict[str, Any] = {}
        for _ in range(_MOST_PAGES):
            answer = self._call(service.list_hosted_zones, **more)
            yield from answer.get("HostedZones") or ()
            if not answer.get("IsTruncated"):
                return
            more = {"Marker": answer.get("NextMarker") or ""}
        raise Unread("this account has more hosted zones than are listed; name the one with `zone`", Absence.FAILED)

    def _several(self, service: Any, name: str, ids: list[str]) -> Unread:
        zones = [self._zone(service, one) for one in ids[:4]]
        told = "; ".join(f"{zone.id} with {', '.join(zone.name_servers[:2])}" for zone in zones)
        return Unread(f"{len(ids)} public zones {name} ({told}); name the delegated one with `zone`", Absence.FAILED)

    def _zone(self, service: Any, given: str) -> _Zone:
        zone_id = given.rpartition("/")[2]
        if zone_id not in self._zones:
            answer = self._call(service.get_hosted_zone, Id=zone_id)
            told, name = answer.get("HostedZone") or {}, plain((answer.get("HostedZone") or {}).get("Name", ""))
            if _private(told):
                raise Unread(f"zone {zone_id} is private: it answers nobody outside its networks", Absence.FAILED)
            servers = (answer.get("DelegationSet") or {}).get("NameServers") or ()
            facts = self._others(service, zone_id, name)
            found = tuple(plain(one) for one in list(servers)[:20])
            apex = self._apex(service, zone_id, name)
            self._zones[zone_id] = _Zone(id=quoted(zone_id), name=name, name_servers=found, apex=apex, facts=facts)
        return self._zones[zone_id]

    def _apex(self, service: Any, zone_id: str, name: str) -> tuple[str, ...]:
        """Return the values of the zone's own NS record: servers of the owner's own names stand there alone."""
        given = {"HostedZoneId": zone_id, "StartRecordName": name, "StartRecordType": "NS", "MaxItems": "1"}
        sets = self._call(service.list_resource_record_sets, **given).get("ResourceRecordSets") or ()
        own = [one for one in sets if one.get("Type") == "NS" and plain(one.get("Name", "")) == name]
        return tuple(plain(value) for one in own for value in _values(one)[:20])

    def _sets(self, service: Any, zone: _Zone, name: str) -> Iterator[Mapping[str, Any]]:
        """Yield the address record sets of `name`; they come in the order of names from it on."""
        start: dict[str, Any] = {"StartRecordName": name}
        for _ in range(_MOST_PAGES):
            given = {"HostedZoneId": zone.id, "MaxItems": str(self.page), **start}
            answer = self._call(service.list_resource_record_sets, **given)
            for one in answer.get("ResourceRecordSets") or ():
                if plain(one.get("Name", "")) != name:
                    return
                if one.get("Type") in _TYPES:
                    yield one
            if not answer.get("IsTruncated") or plain(answer.get("NextRecordName", "")) != name:
                return
            names = {"StartRecordName": "Name", "StartRecordType": "Type", "StartRecordIdentifier": "Identifier"}
            following = {
                key: answer[f"NextRecord{what}"] for key, what in names.items() if answer.get(f"NextRecord{what}")
            }
            if following == start:
                break
            start = following
        raise Unread(f"zone {zone.id} has more pages of record sets of {name} than are read", Absence.FAILED)


def plain(name: object) -> str:
    r"""Return a name without its final dot and octal escapes (\052 is *), in lower case."""
    unescaped = _ESCAPE.sub(lambda match: chr(int(match[1], 8)), str(name)[:1024])
    return quoted(unescaped).lower().rstrip(".")


def _record(told: Mapping[str, Any]) -> SwitchRecord:
    alias = told.get("AliasTarget")
    return SwitchRecord(
        name=plain(told.get("Name", "")),
        type=quoted(told.get("Type", "")),
        target=(plain(alias.get("DNSName", "")),) if alias else tuple(map(plain, _values(told))),
        alias=bool(alias),
        ttl=None if alias else told.get("TTL"),
        weight=told.get("Weight"),
        policy=next((word for key, word in _POLICIES if _given(told.get(key))), "simple"),
        id=quoted(told.get("SetIdentifier", "")),
        health=_health(told, alias),
    )


def _values(told: Mapping[str, Any]) -> list[str]:
    return [str(one.get("Value", "")) for one in list(told.get("ResourceRecords") or ())[:_MOST_VALUES]]


def _given(value: object) -> bool:
    """Tell whether a set says this at all; a weight of 0 does."""
    return value is not None and value is not False and value != ""


def _health(told: Mapping[str, Any], alias: Mapping[str, Any] | None) -> str:
    if told.get("HealthCheckId"):
        return f"health check {quoted(told['HealthCheckId'])}"
    return "target" if alias and alias.get("EvaluateTargetHealth") else ""


def _id(zone: Mapping[str, Any]) -> str:
    return quoted(zone.get("Id", "")).rpartition("/")[2]


def _private(zone: Mapping[str, Any]) -> bool:
    return bool((zone.get("Config") or {}).get("PrivateZone"))
