"""Which side each record of a switch leads to, and what share of callers that sends there. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from harness.dns.surveying.points import addresses
from harness.model.side import Side
from harness.model.switch import Mechanism, SwitchRecord, SwitchState
from harness.scenario.moving import Move, Target

DUALSTACK = "dualstack."
"""What Route 53's console puts before the name of a load balancer in an alias; the name without it is the same."""


def told(state: SwitchState, move: Move, origins: Mapping[Side, str]) -> SwitchState:
    """Return the state with its records' sides and its shares; `origins` names an endpoint or an origin of a side."""
    records = tuple(replace(one, side=side_of(one, move, origins)) for one in state.records)
    marked = replace(state, records=records, shares={})
    shares = {} if not state.enabled else (of_profile(records) if _is_profile(state) else of_sets(records))
    return replace(marked, shares=shares, facts={**state.facts, **_dualstack(records, move)})


def side_of(record: SwitchRecord, move: Move, origins: Mapping[Side, str]) -> str:
    """Return the side that a record leads to, "" where it is neither or both."""
    found = [side for side in Side if _named(record, origins.get(side, "")) or _meets(record, move.target(side))]
    return found[0].value if len(found) == 1 else ""


def serves(state: SwitchState, name: str) -> bool:
    """Tell whether a route of the name, or of the wildcard that covers it, leads to these origins."""
    return bool({name, f"*.{name.partition('.')[2]}"} & set(state.served))


def of_sets(records: Sequence[SwitchRecord]) -> dict[str, float]:
    """Return the shares of a name's record sets, those of IPv4 where IPv6 has others."""
    for type_ in ("CNAME", "A", "AAAA"):
        group = [one for one in records if one.type == type_]
        if group:
            return of_group(group)
    return {}


def of_group(group: Sequence[SwitchRecord]) -> dict[str, float]:
    """Return the shares within the sets of one type; {} where the place of the caller decides, or its health."""
    if any(one.policy == "weighted" for one in group):
        return _by_weight(group)
    if len({one.side for one in group}) == 1 or all(one.policy == "multivalue" for one in group):
        return _equal(group)
    return {}


def of_profile(records: Sequence[SwitchRecord]) -> dict[str, float]:
    """Return the shares of the endpoints or origins that take part."""
    group = taking_part(records)
    if not group:
        return {}
    if group[0].policy == "priority":
        return _equal(group[:1])
    return of_group(group)


def taking_part(records: Sequence[SwitchRecord]) -> list[SwitchRecord]:
    """Return what answers now: enabled and healthy, all enabled ones where none is healthy, and the first priority.

    Traffic Manager answers with all degraded endpoints where none is online (Learn: endpoint monitoring).
    """
    on = [one for one in records if one.enabled] or [one for one in records if one.health.lower() == "degraded"]
    if not on or on[0].policy not in {"priority", "weighted", "latency"} or all(one.priority is None for one in on):
        return on
    ranked = sorted(on, key=_rank)
    if ranked[0].policy == "priority":
        return ranked
    return [one for one in ranked if one.type != "origin" or _rank(one) == _rank(ranked[0])]


def _rank(record: SwitchRecord) -> int:
    return 2**31 if record.priority is None else record.priority


def _by_weight(group: Sequence[SwitchRecord]) -> dict[str, float]:
    """Weigh; a group of zeros alone is served in equal shares (Route 53)."""
    total = sum(max(0, one.weight or 0) for one in group)
    if not total:
        return _equal(group)
    return _summed((one.side, max(0, one.weight or 0) / total) for one in group)


def _equal(group: Sequence[SwitchRecord]) -> dict[str, float]:
    return _summed((one.side, 1 / len(group)) for one in group)


def _summed(parts: Iterable[tuple[str, float]]) -> dict[str, float]:
    shares = {side.value: 0.0 for side in Side}
    for side, share in parts:
        if side in shares:
            shares[side] += share
    return {side: round(share, 9) for side, share in shares.items()}


def _is_profile(state: SwitchState) -> bool:
    return state.mechanism in {Mechanism.TRAFFIC_MANAGER, Mechanism.FRONT_DOOR}


def _named(record: SwitchRecord, name: str) -> bool:
    """Tell whether the scenario names this record: by its own name, or by the resource that an alias leads to."""
    if not name:
        return False
    wanted = name.lower().rstrip("/")
    names = {record.name.lower(), record.id.lower().rpartition("/")[2]}
    if record.alias:
        names |= {one.lower().rstrip("/") for one in record.target}
        names |= {one.lower().rstrip("/").rpartition("/")[2] for one in record.target}
    return wanted in names


def _meets(record: SwitchRecord, target: Target) -> bool:
    if target.name:
        return bool(record.target) and {_plain(one) for one in record.target} == {_plain(target.name)}
    return bool(found := addresses(record.target)) and found <= addresses(target.addresses)


def _plain(name: str) -> str:
    return name.lower().rstrip(".").removeprefix(DUALSTACK)


def _dualstack(records: Iterable[SwitchRecord], move: Move) -> dict[str, str]:
    given = {move.old.name.lower(), move.new.name.lower()}
    odd = [name for one in records if one.alias for name in one.target if name.startswith(DUALSTACK)]
    return {"alias": f"{odd[0]} is taken for the name without {DUALSTACK}"} if odd and odd[0] not in given else {}
