"""The topic of the new target: it resolves everywhere, and to something that is not the old side."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from harness.dns.facts import ADDRESS_TYPES, Survey, View
from harness.dns.new_side.endpoint import old_addresses, target_addresses, unfit
from harness.dns.surveying.switched import plain
from harness.dns.surveying.walk import within
from harness.dns.times.moments import few, label
from harness.model.dns import Chain, Heard, Reply
from harness.model.found import Found
from harness.model.outcome import Outcome, Severity
from harness.scenario.moving import PER_REQUEST
from harness.scenario.texts import is_loopback

_AT = "dns:target"
_OWN_SERVERS = "the servers of its own zone"
_REMEDY = (
    "Correct `to`, or the records of the new target, before the switch; whoever asks there gets no address of the new "
    "side afterwards."
)
_FAILS_HERE = (
    "it answers for the production name: it cannot reach the target's servers, or their DNSSEC signatures do not hold"
)
_PRIVATE = tuple(map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")))


def resolves(survey: Survey, view: View) -> Found:
    """Judge what the new target leads to, at every resolver that answers and at its own servers."""
    found = Found()
    target = survey.move.new
    _leads_back(found, survey, view)
    _fit(found, survey)
    _withdrawn(found, survey)
    if target.addresses:
        found.fact("target", to=target.text)
        return found
    seen = {label(at.server): at.target for at in survey.resolvers}
    named = {place for at in survey.resolvers if _told(at.chains.values()) for place in [label(at.server)]}
    if survey.target:
        seen[_OWN_SERVERS] = survey.target
    troubles: dict[_Trouble, list[str]] = {}
    for place, chains in seen.items():
        for kind, chain in chains.items():
            found.fact(f"{kind} of {target.name}", **{place: _words(chain)})
        for trouble in _troubles(chains, named=place in named):
            troubles.setdefault(trouble, []).append(place)
    for trouble, places in troubles.items():
        _say(found, target.name, trouble, places)
    if not any(_told(chains.values()) for chains in seen.values()):
        found.say(Outcome.INCONCLUSIVE, f"nobody told what the new target {target.name} resolves to")
    _split(found, target.name, seen)
    _missing(found, survey)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trouble:
    """What is wrong at one place: with the name as a whole, or with one type beside good addresses (`kind`)."""

    outcome: Outcome
    why: str
    kind: str = ""
    note: str = ""


def _troubles(chains: Mapping[str, Chain], *, named: bool) -> Iterator[_Trouble]:
    """Yield what is wrong with the answers of one place; `named` says that it knows the production name."""
    if any(chain.addresses for chain in chains.values()):
        for kind, chain in chains.items():
            yield from _beside(kind, chain)
    elif broken := next((chain.trouble for chain in chains.values() if chain.trouble and chain.heard.tells), ""):
        yield _Trouble(outcome=Outcome.FAIL, why=broken)
    elif chains and all(chain.heard is Heard.EMPTY for chain in chains.values()):
        yield _Trouble(outcome=Outcome.FAIL, why="it has neither an A nor an AAAA record")
    elif named and any(chain.heard is Heard.SERVFAIL for chain in chains.values()):
        yield _Trouble(outcome=Outcome.FAIL, why=Heard.SERVFAIL.value, note=_FAILS_HERE)
    elif chains:
        heard = dict.fromkeys(chain.heard.value for chain in chains.values() if not _whole(chain))
        yield _Trouble(outcome=Outcome.ERROR, why=few(heard))


def _beside(kind: str, chain: Chain) -> Iterator[_Trouble]:
    """Yield what is wrong with a type that brought no address where the other one did."""
    if chain.addresses or (chain.heard is Heard.EMPTY and not chain.trouble):
        return
    if chain.heard.tells and chain.trouble:
        yield _Trouble(outcome=Outcome.FAIL, why=chain.trouble, kind=kind)
    elif chain.heard is Heard.SERVFAIL:
        yield _Trouble(outcome=Outcome.FAIL, why=chain.heard.value, kind=kind)
    else:
        yield _Trouble(outcome=Outcome.ERROR, why=chain.heard.value, kind=kind)


def _say(found: Found, name: str, trouble: _Trouble, places: Sequence[str]) -> None:
    where = few(places)
    if trouble.outcome is Outcome.ERROR:
        what = f"{trouble.kind} of the new target {name}" if trouble.kind else f"what the new target {name} resolves to"
        found.say(Outcome.ERROR, f"{what} is not told by {where}: {trouble.why}")
    elif trouble.kind:
        found.fail(
            _AT, f"{trouble.kind} of the new target {name} fails at {where}, beside other addresses: {trouble.why}",
            severity=Severity.MAJOR, new=trouble.why,
            note="clients that ask for both wait for it or fail; a resolver may take 'no such name' for all types "
            "(RFC 8020)", remedy=f"Have the servers of {name} answer {trouble.kind} with records, or with none.",
        )  # fmt: skip
    else:
        found.fail(_AT, f"the new target {name} does not resolve at {where}: {trouble.why}", new=trouble.why,
                   note=trouble.note, remedy=_REMEDY)  # fmt: skip


def _missing(found: Found, survey: Survey) -> None:
    """Fail a name on the way that some of its servers do not have: which one is asked, each resolver chooses."""
    there: dict[str, list[str]] = {}
    denied: dict[str, dict[str, set[str]]] = {}
    for reply in survey.at_target:
        if not (reply.heard.tells and reply.authoritative):
            continue
        if reply.answer:
            there.setdefault(reply.name, []).append(label(reply.server))
        elif _denied(reply, survey):
            denied.setdefault(reply.name, {}).setdefault(label(reply.server), set()).add(reply.type)
    for name, having in there.items():
        types = denied.get(name, {})
        lacking = [one for one in types if one not in having and types[one].issuperset(ADDRESS_TYPES)]
        if lacking:
            found.fail(
                _AT, f"{name}, on the way to the new side, is missing at {few(lacking)}, a server of its zone",
                severity=Severity.MAJOR, old=f"there at {few(having)}", new=f"missing at {few(lacking)}",
                note="resolvers that ask there get no address of the new side, and keep that",
                remedy=f"Have the zone of {name} transferred there, or take the server out, before the switch.",
            )  # fmt: skip


def _denied(reply: Reply, survey: Survey) -> bool:
    """Tell whether it is the name's own zone that says that there is nothing, and not one above it."""
    zones = [zone.name for zone in (survey.zone, *survey.zones) if zone.name and within(reply.name, zone.name)]
    told = (plain(one.name) for one in reply.authority if one.type == "SOA")
    return bool(zones) and max(zones, key=len) in told


def _told(chains: Iterable[Chain]) -> bool:
    return any(_whole(chain) for chain in chains)


def _whole(chain: Chain) -> bool:
    """Tell whether a way was seen to its end, good or bad; one that leads to where nobody is asked was not."""
    return chain.heard.tells and bool(chain.addresses or chain.trouble or chain.heard is not Heard.ANSWER)


def _words(chain: Chain) -> str:
    if chain.addresses:
        return few(chain.addresses) + (f" by {few(chain.names[1:])}" if len(chain.names) > 1 else "")
    return chain.trouble or (chain.heard.value if _whole(chain) else f"leads to {chain.names[-1]}, not asked further")


def _leads_back(found: Found, survey: Survey, view: View) -> None:
    """Fail a new target that is the name itself, leads back to it, or still leads to the old target."""
    move = survey.move
    if view.dns.switch.mechanism in PER_REQUEST:
        return  # no record changes: both sides are behind what the name leads to
    way = _names_on_the_way(survey)
    if move.name in way:
        found.fail(
            _AT, f"the new target of {move.name} leads back to {move.name}: after the switch it is a loop",
            new=few(way), remedy="Write the new gateway's own name as `to`, and have it lead to addresses of its own.",
        )  # fmt: skip
    elif move.old.name and move.old.name in way:
        found.fail(
            _AT, f"`to` still ends at old: {move.new.text} leads to {move.old.name}", old=move.old.text, new=few(way),
            remedy=f"Point {move.new.text} at the new gateway before the switch; now it would change nothing.",
        )  # fmt: skip
    else:
        _same_addresses(found, survey)


def _names_on_the_way(survey: Survey) -> tuple[str, ...]:
    chains = [*survey.target.values(), *(chain for at in survey.resolvers for chain in at.target.values())]
    names = [name for chain in chains for name in chain.names]
    return tuple(dict.fromkeys([survey.move.new.name, *names])) if survey.move.new.name else ()


def _same_addresses(found: Found, survey: Survey) -> None:
    """Fail addresses that `from` names; where both only resolve alike, tell it: a front door may hold both sides."""
    move, new = survey.move, frozenset(target_addresses(survey))
    if not new or any(map(is_loopback, new)):
        return
    if new <= frozenset(move.old.addresses):
        found.fail(
            _AT, f"`to` still ends at old: {move.new.text} has no other addresses than `from`", old=move.old.text,
            new=few(sorted(new)),
            remedy="Name the new gateway's addresses as `to`; now the switch would change nothing.",
        )  # fmt: skip
    elif shared := new & frozenset(move.old.addresses):
        found.fail(
            _AT, f"`to` still leads to old in part: {few(sorted(shared))}, which `from` names, is one of its addresses",
            severity=Severity.MAJOR, old=move.old.text, new=few(sorted(new)),
            note=f"a share of the callers of {move.name} stays on the old side",
            remedy=f"Take {few(sorted(shared))} out of {move.new.text}.",
        )  # fmt: skip
    elif shared := new & old_addresses(survey):
        found.tell(
            _AT, f"{move.new.text} has addresses that {move.name} has now: {few(sorted(shared))}",
            severity=Severity.MAJOR, note="right where one front holds both sides and chooses by name, else not",
            remedy="Make sure that it is the new side that answers there.",
        )  # fmt: skip


def _fit(found: Found, survey: Survey) -> None:
    wrong = {one: why for one in target_addresses(survey) if (why := unfit(one, survey))}
    if wrong:
        shown = few(f"{address} ({why})" for address, why in wrong.items())
        found.fail(_AT, f"the new target {survey.move.new.text} leads to addresses that no client can use: {shown}",
                   new=shown, remedy=_REMEDY)  # fmt: skip


def _withdrawn(found: Found, survey: Survey) -> None:
    """Fail a new target that is private alone, where the old side is public: callers out there do not reach it."""
    move, new, old = survey.move, target_addresses(survey), old_addresses(survey)
    public = [one for one in old if not is_loopback(one) and not _is_private(one)]
    if new and public and all(map(_is_private, new)):
        found.fail(
            _AT, f"{move.new.text} has private addresses alone, and {move.name} is public now: {few(new)}",
            old=few(sorted(public)), new=few(new), note="callers on the internet do not reach private addresses",
            remedy="Write the new side's public name or address as `to`, or a front that has one.",
        )  # fmt: skip


def _split(found: Found, name: str, seen: Mapping[str, Mapping[str, Chain]]) -> None:
    """Tell that some servers lead to private addresses, others to public ones."""
    kinds = {place: frozenset(_kinds(chains)) for place, chains in seen.items()}
    private = [place for place, kind in kinds.items() if "private" in kind]
    public = [place for place, kind in kinds.items() if "public" in kind]
    if private and public:
        found.tell(
            _AT, f"{name} is private at {few(private)} and public at {few(public)} (split horizon)",
            severity=Severity.MAJOR,
            note="clients reach the new side by different ways, of which one alone may be open",
            remedy="Make sure that both ways are open to those who are led there, and test each from its own network.",
        )  # fmt: skip


def _kinds(chains: Mapping[str, Chain]) -> Iterator[str]:
    every = (address for chain in chains.values() for address in chain.addresses)
    for address in every:
        if not is_loopback(address):
            yield "private" if _is_private(address) else "public"


def _is_private(address: str) -> bool:
    read = ip_address(address)
    return any(read in network for network in _PRIVATE)
