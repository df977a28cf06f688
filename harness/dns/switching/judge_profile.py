"""Judges a profile of Traffic Manager or Front Door: both sides are in it, and callers come by it.

Rules: Microsoft Learn, "Traffic Manager routing methods" and "endpoint monitoring", Front Door "routing methods".
"""

from collections.abc import Iterable

from harness.dns.facts import Survey, View
from harness.dns.surveying.switched import authority_chains
from harness.dns.switching.shares import serves, taking_part
from harness.dns.times.moments import few
from harness.model.dns import Chain, Points
from harness.model.found import Found
from harness.model.outcome import Outcome, Severity
from harness.model.side import Side
from harness.model.switch import Mechanism, SwitchState

AT = "dns:switch"
_LEAST, _HEAVIEST = 1, 1000
_CHECKING = "checkingendpoint"


def profile(found: Found, state: SwitchState, survey: Survey, view: View) -> None:
    """Judge a profile."""
    if not state.enabled:
        found.fail(AT, f"{state.where} is disabled: it answers nobody", remedy="Enable the profile before the cutover.")
    for side in Side:
        _side(found, state, side, view)
    _elsewhere(found, state, view)
    _weights(found, state)
    if state.mechanism is Mechanism.TRAFFIC_MANAGER:
        _ttl(found, state, view)
        _by_place(found, state)
    else:
        _latency(found, state)
        _domain(found, state, view)
    _callers_come(found, state, survey, view)


def _thing(state: SwitchState) -> str:
    return "endpoint" if state.mechanism is Mechanism.TRAFFIC_MANAGER else "origin"


def _side(found: Found, state: SwitchState, side: Side, view: View) -> None:
    """Fail where a side is missing, or could not take callers."""
    own = [one for one in state.records if one.side == side.value]
    target, thing = view.move.target(side).text, _thing(state)
    if not own:
        found.fail(
            AT,
            f"{state.where} has no {thing} for the {side.value} side ({target})",
            remedy=f"Add it, or name the {thing} as `{side.value}` of `switch` if it leads there by another address.",
        )
    elif not any(one.enabled for one in own):
        told = own[0].health or "left out"
        healthy = "is disabled" if told == "Disabled" else f"is {told}"
        found.fail(
            AT,
            f"{thing} {own[0].name} of the {side.value} side {healthy}: no caller is sent there",
            remedy="Enable it with a share of 0 callers first." if told == "Disabled" else "See why its probe fails.",
        )
    elif all(one.health.lower().startswith(_CHECKING) for one in own):
        why = f"{thing} {own[0].name} of the {side.value} side is still being checked for its health: look again"
        found.say(Outcome.INCONCLUSIVE, why)


def _elsewhere(found: Found, state: SwitchState, view: View) -> None:
    for one in taking_part(state.records):
        if one.side or one.weight == 0:
            continue
        found.fail(
            AT,
            f"{_thing(state)} {one.name} takes part and leads to {', '.join(one.target)}, which is neither `from`"
            f" ({view.move.old.text}) nor `to` ({view.move.new.text})",
            remedy="Disable it for the cutover, or name it as `old` or `new` of `switch` if it is one of the two.",
        )


def _weights(found: Found, state: SwitchState) -> None:
    wrong = [one for one in state.records if one.weight is not None and not _LEAST <= one.weight <= _HEAVIEST]
    if wrong:
        why = f"{_thing(state)} {wrong[0].name} is said to have the weight {wrong[0].weight}, which it cannot have"
        found.say(Outcome.ERROR, why)


def _ttl(found: Found, state: SwitchState, view: View) -> None:
    ttls = {one.ttl for one in state.records}
    if not ttls or None in ttls:
        found.say(Outcome.ERROR, f"the TTL of {state.where} is not told")
    for ttl in ttls:
        if ttl is not None and ttl > view.dns.ttl_max:
            found.fail(
                AT,
                f"the TTL of {state.where} is {ttl} s, more than {view.dns.ttl_max} s",
                remedy=f"Lower it to {view.dns.ttl_max}, at least {ttl} s before the change.",
            )


def _by_place(found: Found, state: SwitchState) -> None:
    policies = {one.policy for one in state.records} - {"weighted", "priority"}
    if policies and not state.shares:
        found.tell(
            AT,
            f"{state.where} chooses by {few(sorted(policies))}: weights do nothing, and shares are not known",
            severity=Severity.MAJOR,
            remedy="Set the routing method to Weighted for a cutover in steps.",
        )


def _latency(found: Found, state: SwitchState) -> None:
    group = taking_part(state.records)
    if {"old", "new"} <= {one.side for one in group} and any(one.policy == "latency" for one in group):
        found.fail(
            AT,
            f"weights do nothing at a latency sensitivity of 0 ms: in {state.where} each caller gets the nearest"
            " origin, so nobody knows how many are on the new side",
            remedy="Set the latency sensitivity of the origin group to 1000 ms or so, or disable the new origin.",
        )


def _domain(found: Found, state: SwitchState, view: View) -> None:
    """Fail where Front Door does not know the production name."""
    name = view.move.name
    validation = state.domains.get(name, state.domains.get(f"*.{name.partition('.')[2]}"))
    if validation is None:
        found.fail(
            AT,
            f"{name} is no custom domain of {state.where}: it answers 404 for that name",
            old=name,
            new=few(state.domains) or "no custom domain",
            remedy="Add the name as a custom domain, validate it, and associate it with a route.",
        )
        return
    if not serves(state, name):
        found.fail(
            AT,
            f"no enabled route of {name} leads to {state.where}: changing its origins moves nobody",
            new=few(state.served) or "no custom domain",
            remedy="Associate the custom domain with the route of this origin group, or name the right one as `group`.",
        )
    if not validation:
        found.say(Outcome.ERROR, f"Front Door does not tell whether {name} is validated")
    elif validation.lower() == "pendingrevalidation":
        found.tell(
            AT,
            f"custom domain {name} is to be validated again before its managed certificate ends",
            severity=Severity.MAJOR,
            remedy=f"Renew the TXT record _dnsauth.{name}.",
        )
    elif validation.lower() != "approved":
        found.fail(
            AT,
            f"custom domain {name} is not validated ({validation})",
            remedy=f"Write the TXT record _dnsauth.{name} as the profile says, and wait until it is Approved.",
        )


def _callers_come(found: Found, state: SwitchState, survey: Survey, view: View) -> None:
    """Fail where the production name does not lead to the profile: then changing it moves nobody."""
    name, hosts = view.move.name, set(state.hosts)
    ways = [one for one in _ways(survey) if one.links]
    if not hosts:
        found.say(Outcome.ERROR, f"no host name of {state.where} is told: not known whether {name} leads to it")
    elif not ways:
        found.say(Outcome.INCONCLUSIVE, f"nobody told where {name} leads: not known whether it is {few(state.hosts)}")
    elif past := [one for one in ways if not _leads(one, hosts, view.move.old.alias.lower())]:
        found.fail(
            AT,
            f"{name} does not lead to {few(state.hosts)}: changing {state.where} moves nobody",
            old=few(state.hosts),
            new=_way(past[0]),
            remedy=f"Point {name} at {state.hosts[0]} first, and let the old TTL run out.",
        )


def _leads(chain: Chain, hosts: set[str], alias: str) -> bool:
    """Tell whether a way passes the profile; an alias of it shows no name, but the addresses that it has now."""
    if hosts & {one.lower() for one in chain.names}:
        return True
    return alias in hosts and chain.points in {Points.OLD, Points.BOTH}


def _ways(survey: Survey) -> Iterable[Chain]:
    yield from authority_chains(survey)
    for resolver in survey.resolvers:
        yield from resolver.chains.values()


def _way(chain: Chain) -> str:
    return " → ".join([*chain.names, *chain.addresses][:6])
