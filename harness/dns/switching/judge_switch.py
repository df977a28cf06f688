"""Judges whether what is planned is what the control plane has: the switch of a name, and its custom domain."""

from typing import cast

from harness.clouds.unread import Unread
from harness.dns.facts import Survey, View
from harness.dns.surveying.switched import switched
from harness.dns.switching import judge_profile, judge_sets
from harness.dns.switching.judge_domains import custom_domain
from harness.dns.switching.switch import Hide, Readers
from harness.model.check import Tools
from harness.model.found import Found
from harness.model.outcome import Outcome
from harness.model.series import Absence
from harness.model.switch import Mechanism, SwitchRecord, SwitchState

__all__ = ["custom_domain", "judge", "state_of", "switch"]

AT = "dns:switch"
_READERS = "readers of the switch"
_STATE = "state of the switch"
WORDS = {
    Mechanism.ROUTE53: "Route 53",
    Mechanism.AZURE_DNS: "Azure DNS",
    Mechanism.TRAFFIC_MANAGER: "Traffic Manager",
    Mechanism.FRONT_DOOR: "Front Door",
}
_WHY = {Absence.DENIED: "denies it", Absence.THROTTLED: "throttles"}


def switch(survey: Survey, view: View, tools: Tools) -> Found:
    """Read what moves the name, once, and judge it."""
    state = state_of(survey, view, tools.hide)
    return Found() if state is None else judge(state, survey, view)


def state_of(survey: Survey, view: View, hide: Hide) -> SwitchState | Unread | None:
    """Return what moves the name, or why it is not known; None where no control plane tells. Read once in a run."""
    key = (_STATE, survey.move.name)
    if key not in view.once:
        readers = view.once.setdefault(_READERS, Readers(view.dns, hide))
        assert isinstance(readers, Readers)  # nobody else keeps anything there
        view.once[key] = _read(readers, survey)
    return cast("SwitchState | Unread | None", view.once[key])


def _read(readers: Readers, survey: Survey) -> SwitchState | Unread | None:
    in_zone = readers.dns.switch.mechanism in {Mechanism.ROUTE53, Mechanism.AZURE_DNS}
    reader = readers.of(survey.move, switched(survey) if in_zone else "")
    try:
        return None if reader is None else reader.read()
    except Unread as trouble:
        return trouble


def judge(state: SwitchState | Unread, survey: Survey, view: View) -> Found:
    """Judge a state, or that it could not be read. Pure."""
    found = Found()
    if isinstance(state, Unread):
        who = WORDS.get(view.dns.switch.mechanism, "the control plane")
        found.say(Outcome.ERROR, f"{who} {_WHY.get(state.kind, 'could not be read')}: {state.reason}")
        return found
    _tell(found, state)
    if state.mechanism in {Mechanism.TRAFFIC_MANAGER, Mechanism.FRONT_DOOR}:
        judge_profile.profile(found, state, survey, view)
    else:
        judge_sets.sets(found, state, survey, view)
    _shares(found, state, view)
    return found


def _tell(found: Found, state: SwitchState) -> None:
    found.fact("read from", **{WORDS.get(state.mechanism, "control plane"): state.where})
    for number, record in enumerate(state.records[:20], 1):
        name = f"{record.name} {record.type} {record.id.rpartition('/')[2]}".strip()
        found.fact(f"{number}. {name}", **_columns(record))
    if len(state.records) > 20:
        found.fact("records", **{"not shown": str(len(state.records) - 20)})
    if state.name_servers:
        found.fact("name servers of the zone", **{"as read": ", ".join(state.name_servers)})
    for what, told in list(state.facts.items())[:20]:
        found.fact(what, **{"as read": told})


def _columns(record: SwitchRecord) -> dict[str, str]:
    told = {
        "leads to": ", ".join(record.target[:4]),
        "side": record.side or "neither",
        "ttl": "" if record.ttl is None else str(record.ttl),
        "weight": "" if record.weight is None else str(record.weight),
        "priority": "" if record.priority is None else str(record.priority),
        "chosen by": record.policy,
        "health": record.health,
        "": "",
    }
    return {column: value for column, value in told.items() if value}


def _shares(found: Found, state: SwitchState, view: View) -> None:
    """Tell who gets how much; what is on the new side already is no longer to be switched."""
    name = view.move.name
    if not state.shares:
        return
    found.fact("share of callers", **{f"{side} side": f"{share:.4g}" for side, share in state.shares.items()})
    new = state.shares.get("new", 0.0)
    if new >= 1.0:
        found.fail(
            AT,
            f"{name} is already switched: {WORDS[state.mechanism]} sends every caller to the new side",
            new=view.move.new.text,
            remedy="If that is not meant, switch back; if it is, the cutover is over: run the suites of after it.",
        )
    elif new > 0.0:
        found.tell(AT, f"{WORDS[state.mechanism]} sends {new:.1%} of the callers of {name} to the new side already")
