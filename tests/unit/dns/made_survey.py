"""Surveys as they would have been seen: an authority's TTLs, what resolvers hold, when they were looked at."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness.dns.facts import AtResolver, Authority, Survey, View, Zone
from harness.model.dns import Chain, Heard, Link, Points, Records, Reply, Server, Sighting
from harness.model.gateway import Gateway
from harness.model.side import Side
from harness.scenario.moving import Dns, Move, Target
from harness.scenario.types import Scenario

NAME = "api.example.com"
OLD = "old.execute-api.example"
NEW = "new.azure-api.example"
OLD_ADDRESSES = ("192.0.2.10",)
BEGAN = 1_795_269_600.0  # 2026-11-21 14:00 UTC
MOVE = Move(name=NAME, old=Target(cname=OLD), new=Target(cname=NEW))

CNAME = tuple[str, int, str]


def server(name: str, address: str = "192.0.2.53") -> Server:
    return Server(name=name, address=address)


def chain(
    *cnames: CNAME, type_: str = "A", end: Sequence[str] = OLD_ADDRESSES, end_ttl: int = 30, by: str = "", at: float = BEGAN,
    points: Points = Points.OLD, heard: Heard = Heard.ANSWER, trouble: str = "",
) -> Chain:  # fmt: skip
    """Return the way api -> … -> addresses: `cnames` are (owner, TTL, target)."""
    links = [
        Link(records=Records(name=one, type="CNAME", ttl=ttl, values=(to,)), told_by=by) for one, ttl, to in cnames
    ]
    if end:
        owner = cnames[-1][2] if cnames else NAME
        links.append(Link(records=Records(name=owner, type=type_, ttl=end_ttl, values=tuple(end)), told_by=by))
    return Chain(name=NAME, type=type_, links=tuple(links), heard=heard, trouble=trouble, at=at, points=points)


def nodata(type_: str = "AAAA", points: Points = Points.NOWHERE) -> Chain:
    return Chain(name=NAME, type=type_, heard=Heard.EMPTY, at=BEGAN, points=points)


def authority(name: str = "ns1", ttl: int | None = 60, soa: str = "300 300", **chains: Chain) -> Authority:
    """Return a server that tells the TTL of the link to the old side; `soa` is the record's own TTL and its minimum."""
    one = server(name)
    given = chains or ({} if ttl is None else {"A": chain((NAME, ttl, OLD), by=name)})
    own, least = soa.split()
    records = Records(
        name="example.com",
        type="SOA",
        ttl=int(own),
        values=(f"ns1.example.com. host.example.com. 7 3600 600 86400 {least}",),
    )
    told = Reply(server=one, name="example.com", type="SOA", heard=Heard.ANSWER, answer=(records,), authoritative=True)
    nothing = Reply(server=one, name="example.com", type="SOA", heard=Heard.SILENT)
    return Authority(server=one, soa=told if given else nothing, ns=told, chains=given)


def resolver(
    name: str, *looks: tuple[float, int], points: Points = Points.OLD, later_points: Points | None = None
) -> AtResolver:
    """Return a resolver that was looked at: (seconds after the beginning, TTL left)."""
    seen = [(BEGAN + at, chain((NAME, ttl, OLD), at=BEGAN + at, points=points, by=name)) for at, ttl in looks]
    sightings = [
        (at, Sighting(name=NAME, server=name, points=points if not number else later_points or points, heard=Heard.ANSWER,
                      ttl=way.links[0].records.ttl, addresses=way.addresses))
        for number, (at, way) in enumerate(seen)
    ]  # fmt: skip
    return AtResolver(
        server=server(name, "192.0.2.99"),
        chains={"A": seen[0][1]} if seen else {},
        first=sightings[0][1] if seen else None,
        later=tuple(sightings[1:]),
    )


def mute(name: str, heard: Heard) -> AtResolver:
    """Return a resolver of which nothing about the name was heard."""
    way = Chain(name=NAME, type="A", heard=heard, at=BEGAN)
    seen = Sighting(name=NAME, server=name, points=Points.UNKNOWN, heard=heard)
    return AtResolver(server=server(name, "192.0.2.99"), chains={"A": way}, first=seen)


def survey(
    *resolvers: AtResolver, authorities: Sequence[Authority] = (), move: Move = MOVE, took: float = 10.0, **more: Any
) -> Survey:
    zone = Zone(name="example.com", authorities=tuple(authorities) or (authority(),))
    return Survey(move=move, began=BEGAN, ended=BEGAN + took, zone=zone, resolvers=resolvers, **more)


def view(*, now: float = 10.0, move: Move = MOVE, **dns: Any) -> View:
    """Return what a survey is judged by, `now` seconds after its beginning."""
    section = Dns(moves=(move,), **dns)
    scenario = Scenario(
        name="made", files=(Path("made.yaml"),), digest="", old=Gateway(side=Side.OLD, kind="plain", url="https://old"),
        new=Gateway(side=Side.NEW, kind="plain", url="https://new"), dns=section,
    )  # fmt: skip
    return View(scenario=scenario, dns=section, move=move, now=BEGAN + now)
