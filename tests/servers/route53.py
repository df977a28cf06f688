"""A stand-in for Route 53 for what moto's server has not: pages within one name, refusals, and sets that cannot be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

from tests.servers.plain import Answer, Asked

_SPACE = "https://route53.amazonaws.com/doc/2013-04-01/"
Set = Mapping[str, Any]


def weighted(id_: str, target: str, weight: int, *, name: str = "api.example.com.", **more: Any) -> Set:
    """Return a weighted CNAME, as AWS writes it."""
    made: dict[str, Any] = {"Name": name, "Type": "CNAME", "SetIdentifier": id_, "Weight": weight, "TTL": 60}
    return made | {"ResourceRecords": [{"ResourceRecord": {"Value": target}}]} | more


@dataclass(slots=True)
class Route53StandIn:
    """Serves the zone Z1, example.com, with `sets` in this order, `page` of them at a time.

    `refusing` is (status, code, message) for every question; `unlisted` denies to find zones by their name.
    """

    sets: Sequence[Set] = ()
    page: int = 100
    refusing: tuple[int, str, str] | None = None
    servers: Sequence[str] = ("ns-1.awsdns-01.com", "ns-2.awsdns-02.net")
    body: bytes | None = None
    unlisted: bool = False
    seen: list[str] = field(default_factory=list)

    def __call__(self, asked: Asked) -> Answer:
        """Answer one request."""
        url = urlsplit(asked.target)
        self.seen.append(url.path)
        if self.body is not None:
            return Answer(body=self.body)
        if self.refusing:
            status, code, message = self.refusing
            error = {"Error": {"Type": "Sender", "Code": code, "Message": message}, "RequestId": "1"}
            return _xml("ErrorResponse", error, status)
        zone = {
            "Id": "/hostedzone/Z1",
            "Name": "example.com.",
            "CallerReference": "1",
            "Config": {"PrivateZone": "false"},
        }
        if url.path.endswith("/hostedzone"):
            return self._zones(zone, parse_qs(url.query).get("marker", [""])[0])
        if self.unlisted and url.path.endswith("/hostedzonesbyname"):
            return _xml("ErrorResponse", {"Error": {"Type": "Sender", "Code": "AccessDenied", "Message": "no"}}, 403)
        if url.path.endswith("/hostedzonesbyname"):
            given = parse_qs(url.query)["dnsname"][0].rstrip(".")
            zones = [{"HostedZone": zone}] if given == "example.com" else []
            return _xml(
                "ListHostedZonesByNameResponse", {"HostedZones": zones, "IsTruncated": "false", "MaxItems": 100}
            )
        if url.path.endswith("/rrset"):
            return self._page({name: values[0] for name, values in parse_qs(url.query).items()})
        servers = [{"NameServer": one} for one in self.servers]
        return _xml("GetHostedZoneResponse", {"HostedZone": zone, "DelegationSet": {"NameServers": servers}})

    def _zones(self, zone: Mapping[str, Any], marker: str) -> Answer:
        """Tell the zone on a second page, after one that has nothing to do with it."""
        if not marker:
            other = {**zone, "Id": "/hostedzone/Z0", "Name": "another.test."}
            told = {"HostedZones": [{"HostedZone": other}], "IsTruncated": "true", "NextMarker": "Z1", "MaxItems": 1}
            return _xml("ListHostedZonesResponse", told)
        told = {"HostedZones": [{"HostedZone": zone}], "IsTruncated": "false", "MaxItems": 1}
        return _xml("ListHostedZonesResponse", told)

    def _page(self, query: Mapping[str, str]) -> Answer:
        wanted = (query["name"].rstrip("."), query.get("type", ""), query.get("identifier", ""))
        keys = [(one["Name"].rstrip("."), one["Type"], one.get("SetIdentifier", "")) for one in self.sets]
        first = next((at for at, key in enumerate(keys) if _reached(key, wanted)), len(keys))
        sets = [{"ResourceRecordSet": one} for one in self.sets[first : first + self.page]]
        told: dict[str, Any] = {"ResourceRecordSets": sets, "MaxItems": self.page, "IsTruncated": "false"}
        if first + self.page < len(keys):
            name, type_, id_ = keys[first + self.page]
            told |= {"IsTruncated": "true", "NextRecordName": f"{name}.", "NextRecordType": type_}
            told |= {"NextRecordIdentifier": id_} if id_ else {}
        return _xml("ListResourceRecordSetsResponse", told)


def _reached(key: tuple[str, str, str], wanted: tuple[str, str, str]) -> bool:
    return all(not want or have == want for have, want in zip(key, wanted, strict=True))


def _xml(root: str, told: Any, status: int = 200) -> Answer:
    text = f'<?xml version="1.0"?><{root} xmlns="{_SPACE}">{_inner(told)}</{root}>'
    return Answer(status=status, headers=(("Content-Type", "text/xml"),), body=text.encode())


def _inner(told: Any) -> str:
    if isinstance(told, Mapping):
        return "".join(f"<{name}>{_inner(value)}</{name}>" for name, value in told.items())
    if isinstance(told, list):
        return "".join(map(_inner, told))
    return escape(str(told))
