"""Switches as a control plane would have them, beside surveys that show the same."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from harness.dns.facts import Authority, Survey, Zone
from harness.dns.switching import shares
from harness.dns.switching.judge_switch import judge
from harness.model.dns import Heard, Records, Reply
from harness.model.found import Found
from harness.model.side import Side
from harness.model.switch import Mechanism, SwitchRecord, SwitchState
from harness.scenario.control import AzureControl
from harness.scenario.credential import SigV4Credential
from harness.scenario.moving import AzureSwitch, Move, Route53Switch
from tests.unit.dns.made_survey import MOVE, NAME, OLD, authority, chain, server, survey, view

SERVERS = ("ns-1.awsdns-01.com", "ns-2.awsdns-02.net")
ROUTE53 = Route53Switch(keys=SigV4Credential(region="us-east-1"))
FQDN = "orders.trafficmanager.net"
EDGE = "orders-abc.z01.azurefd.net"


def azure(mechanism: Mechanism) -> AzureSwitch:
    return AzureSwitch(mechanism=mechanism, azure=AzureControl(resource="/subscriptions/s/x"))


def record(
    target: str | Sequence[str] = OLD, type_: str = "CNAME", *, ttl: int | None = 60, **more: Any
) -> SwitchRecord:
    values = (target,) if isinstance(target, str) else tuple(target)
    weighted = {"policy": "weighted"} if more.get("weight") is not None else {}
    return SwitchRecord(name=NAME, type=type_, target=values, ttl=ttl, **(weighted | more))


def answers(*told: tuple[str, int, tuple[str, ...]], name: str = "ns1") -> Authority:
    """Return a server that has these records of the name: (type, TTL, values)."""
    base = authority(name)
    have = {type_: Records(name=NAME, type=type_, ttl=ttl, values=values) for type_, ttl, values in told}
    replies = {
        type_: Reply(
            server=server(name), name=NAME, type=type_, authoritative=True,
            heard=Heard.ANSWER if type_ in have else Heard.EMPTY, answer=(have[type_],) if type_ in have else (),
        )
        for type_ in ("CNAME", "A", "AAAA")
    }  # fmt: skip
    return replace(base, at_name=replies)


def delegated(*authorities: Authority, to: Sequence[str] = SERVERS) -> Survey:
    """Return a survey whose zone is delegated to these servers."""
    given = authorities or (answers(("CNAME", 60, (OLD,))),)
    zone = Zone(name="example.com", delegated=tuple(to), parent_asked=True, authorities=given)
    return replace(survey(), zone=zone)


def in_zone(
    *records: SwitchRecord, seen: Survey | None = None, move: Move = MOVE, apex: tuple[str, ...] = SERVERS
) -> Found:
    """Judge record sets of Route 53."""
    state = SwitchState(
        mechanism=Mechanism.ROUTE53, where="zone example.com (Z1)", at=0.0, records=records, name_servers=SERVERS,
        apex=apex,
    )  # fmt: skip
    return judge(shares.told(state, move, {}), seen or delegated(), view(move=move, switch=ROUTE53))


def on_the_way(host: str) -> Survey:
    """Return a survey in which the name leads to the old side by `host`."""
    return survey(authorities=(authority(A=chain((NAME, 60, host), (host, 60, OLD))),))


def endpoint(target: str, *, enabled: bool = True, **more: Any) -> SwitchRecord:
    given: dict[str, Any] = {
        "ttl": 60,
        "weight": 1,
        "policy": "weighted",
        "health": "Online",
        "type": "externalEndpoints",
    }
    return SwitchRecord(name=target.partition(".")[0], target=(target,), enabled=enabled, **(given | more))


def origin(target: str, *, enabled: bool = True, **more: Any) -> SwitchRecord:
    given: dict[str, Any] = {"weight": 50, "priority": 1, "policy": "weighted", "type": "origin"}
    health = "" if enabled else "Disabled"
    return SwitchRecord(
        name=target.partition(".")[0], target=(target,), enabled=enabled, health=health, **(given | more)
    )


def by_answer(
    *records: SwitchRecord,
    seen: Survey | None = None,
    enabled: bool = True,
    origins: dict[Side, str] | None = None,
    move: Move = MOVE,
) -> Found:
    """Judge a profile of Traffic Manager."""
    state = SwitchState(
        mechanism=Mechanism.TRAFFIC_MANAGER,
        where="profile orders",
        at=0.0,
        records=records,
        hosts=(FQDN,),
        enabled=enabled,
    )
    told = shares.told(state, move, origins or {})
    return judge(told, seen or on_the_way(FQDN), view(move=move, switch=azure(Mechanism.TRAFFIC_MANAGER)))


def by_request(
    *records: SwitchRecord,
    seen: Survey | None = None,
    domains: dict[str, str] | None = None,
    served: tuple[str, ...] | None = None,
) -> Found:
    """Judge an origin group of Front Door."""
    have = {NAME: "Approved"} if domains is None else domains
    state = SwitchState(
        mechanism=Mechanism.FRONT_DOOR, where="origin group orders of profile orders", at=0.0, records=records,
        hosts=(EDGE,), domains=have, served=tuple(have) if served is None else served,
    )  # fmt: skip
    return judge(shares.told(state, MOVE, {}), seen or on_the_way(EDGE), view(switch=azure(Mechanism.FRONT_DOOR)))
