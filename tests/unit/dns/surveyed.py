"""Surveys as values, from a few lines of records: what the topics judge, without a server."""

from typing import TYPE_CHECKING, Any

from harness.dns.facts import BESIDE, AtResolver, Authority, Survey, View, Zone
from harness.model.dns import Chain, Heard, Link, Records, Reply, Server
from harness.model.event import CaseInfo, Checked
from harness.model.found import Found
from harness.scenario.moving import Dns, Move, Target

if TYPE_CHECKING:
    from harness.scenario.types import Scenario

NOW = 1_800_000_000.0
HOUR = 3600.0
NAME, ZONE = "api.example.test", "example.test"
OLD = Target(cname="old.example.net")
NEW = Target(cname="new.example.net")

Values = dict[str, tuple[str, ...]]


def server(name: str = "ns1", last: int = 1) -> Server:
    return Server(name=name, address=f"192.0.2.{last}")


def reply(
    at: Server, name: str, type_: str, values: tuple[str, ...], *, heard: Heard | None = None, **more: Any
) -> Reply:
    records = (Records(name=name, type=type_, ttl=60, values=values),) if values else ()
    heard = heard or (Heard.ANSWER if values else Heard.EMPTY)
    return Reply(server=at, name=name, type=type_, heard=heard, authoritative=True, **{"answer": records, **more})


def authority(
    records: Values,
    *,
    name: str = NAME,
    zone: str = ZONE,
    at: Server | None = None,
    chains: tuple[Chain, ...] = (),
    **replies: Reply,
) -> Authority:
    """An authority that has these records at the name; with a CNAME, that is what all other questions bring."""
    at = at or server()
    cname = records.get("CNAME", ())
    at_name = {}
    for type_ in BESIDE:
        values = records.get(type_, ())
        at_name[type_] = reply(at, name, type_, values)
        if cname and not values:
            alias = Records(name=name, type="CNAME", ttl=60, values=cname)
            at_name[type_] = reply(at, name, type_, (), heard=Heard.ANSWER, answer=(alias,))
    soa = (f"ns1.{zone} hostmaster.{zone} 1 3600 600 86400 300",)
    return Authority(
        server=at,
        soa=reply(at, zone, "SOA", soa),
        ns=reply(at, zone, "NS", (f"ns1.{zone}",)),
        at_name=at_name | replies,
        chains={one.type: one for one in chains},
    )


def chain(type_: str, *links: tuple[str, str, str], name: str = NAME, heard: Heard | None = None) -> Chain:
    """A way of links (owner, type, value); without an end of addresses there are none of this type."""
    told = tuple(
        Link(records=Records(name=owner, type=kind, ttl=60, values=(value,)), told_by="ns1")
        for owner, kind, value in links
    )
    ends = bool(links) and links[-1][1] == type_
    return Chain(name=name, type=type_, links=told, heard=heard or (Heard.ANSWER if ends else Heard.EMPTY))


def survey(
    *authorities: Authority, old: Target = OLD, new: Target = NEW, name: str = NAME, zone: str = ZONE, **more: Any
) -> Survey:
    move = Move(name=name, old=old, new=new)
    zones = Zone(name=zone, authorities=authorities, **more.pop("of_zone", {}))
    return Survey(**{"move": move, "began": NOW - 1, "ended": NOW, "zone": zones, **more})


def at_resolver(**more: Any) -> AtResolver:
    return AtResolver(server=server("resolver", 53), **more)


def view(of: Survey, **dns: Any) -> View:
    scenario: Scenario = None  # type: ignore[assignment]  # these topics do not look at it
    return View(scenario=scenario, dns=Dns(moves=(of.move,), **dns), move=of.move, now=NOW)


def checked(found: Found) -> Checked:
    return found.checked(CaseInfo(index=0, name="topic", operation=NAME), "dns")


def titles(found: Found, outcome: str = "FAIL") -> list[str]:
    return [point.title for point in found.points if point.outcome == outcome]
