"""What stands beside the records that are switched: clashes at the name, IPv6, and records that browsers read first."""

from collections.abc import Iterable, Sequence
from ipaddress import ip_address

from harness.dns.facts import Survey, View
from harness.dns.records.judge_https import https
from harness.dns.records.judge_wildcard import after_it, hides, tell_hidden
from harness.dns.records.own_records import Own, own_records
from harness.dns.surveying.switched import at_switched, authority_chains, plain, switched, switched_records
from harness.dns.surveying.translated import is_translated
from harness.dns.surveying.walk import within
from harness.dns.times.judge_times import negative_ttl
from harness.dns.times.moments import few
from harness.model.dns import Chain
from harness.model.found import Found
from harness.model.outcome import Outcome, Severity
from harness.scenario.moving import PER_REQUEST, Move, Target

_BESIDE = "dns:beside"
_IPV6 = "dns:ipv6"
_IPV4 = "dns:ipv4"
_WAYS_OUT = (
    "The apex of a zone can have no CNAME (RFC 1034 §3.6.2). Use A and AAAA records with addresses of the new side "
    "that stay, an alias record of the zone's provider, or a front with addresses that stay."
)
_ONE_BATCH = (
    "Delete and create in one change where the provider has one (Route 53: one change batch), else one right after the "
    "other."
)


def beside(survey: Survey, view: View) -> Found:
    """Judge the records at the name itself: what clashes now, and what would once it leads to the new side."""
    found, own = Found(), own_records(survey)
    _show(found, own)
    if not own.seen:
        found.say(Outcome.INCONCLUSIVE, f"no authoritative server told which records {own.name} has")
        return found
    if own.untold:
        kinds, instead = ", ".join(own.untold), next(iter(own.untold.values()))
        found.say(Outcome.INCONCLUSIVE, f"no server told whether {own.name} has records of type {kinds} ({instead})")
    _clashes_now(found, own, survey.zone.name)
    owner = switched(survey)
    if hides(survey):
        tell_hidden(found, own, survey.zone.name, view)
    elif plain(owner) == own.name:
        if view.dns.switch.mechanism not in PER_REQUEST:
            _below_dname(found, own.name, survey)
        _clashes_then(found, own, survey, view.move)
    elif (further := at_switched(survey)) is not None:
        _clashes_then(found, own_records(further), further, view.move)
    elif view.move.new.cname and not _is_alias(survey, owner):
        why = f"{owner}, which is to become a CNAME, was not asked for records that clash: add it to `dns.names`"
        found.say(Outcome.INCONCLUSIVE, why)
    return found


def _is_alias(survey: Survey, owner: str) -> bool:
    """Tell whether a name further on is a CNAME now: then nothing stands beside it that clashes."""
    told = [switched_records(chain, owner) for chain in authority_chains(survey)]
    return all(records is None or records.type == "CNAME" for records in told)


def _below_dname(found: Found, name: str, survey: Survey) -> None:
    """Fail a name that has no record of its own to be changed: a DNAME above it answers for all names below."""
    replies = (reply for one in survey.zone.authorities for reply in one.at_name.values())
    above = (records for reply in replies for records in reply.answer if records.type == "DNAME")
    records = next((one for one in above if one.name != name and within(name, one.name)), None)
    if records is not None:
        found.fail(
            _BESIDE,
            f"{name} cannot have a record of its own: {records.name} above it has a DNAME to {few(records.values)}",
            old=f"DNAME {few(records.values)}",
            note="Nothing may stand below a DNAME (RFC 6672 §2.4); servers refuse such records, or hide them.",
            remedy=f"Change the name that it leads to, or replace the DNAME of {records.name} by records of each name.",
        )


def _show(found: Found, own: Own) -> None:
    for type_, by_server in own.by_type.items():
        said = {server: f"{few(records.values)} (TTL {records.ttl})" for server, records in by_server.items()}
        found.fact(f"{type_} of {own.name}", **said)
    if not own.by_type:
        found.fact(f"records of {own.name}", **dict.fromkeys(own.servers, "none"))


def _clashes_now(found: Found, own: Own, zone: str) -> None:
    for server, servers in own.delegated.items():
        found.fail(
            _BESIDE,
            f"{own.name} is handed on to other name servers: what {zone} says of it is not used",
            new=f"NS {few(servers)}",
            note=f"Seen at {server}.",
            remedy="Make the change in the zone that it is handed on to, or take these NS records away before.",
        )
        break
    aliases = own.by_type.get("CNAME", {})
    if own.name == zone and aliases:
        found.fail(_BESIDE, f"{own.name} is the apex of its zone and has a CNAME", old=_cname(own), remedy=_WAYS_OUT)
    _several(found, own)
    for server in aliases:
        others = [type_ for type_ in own.at(server) if type_ != "CNAME" and not (own.name == zone and type_ == "NS")]
        if others:
            found.fail(
                _BESIDE,
                f"{own.name} has {few(others)} beside a CNAME: resolvers may answer with either, or not at all",
                old=_cname(own),
                note=f"Seen at {server}. No other data may stand beside a CNAME (RFC 1034 §3.6.2, RFC 2181 §10.1).",
                remedy=f"Delete the records of type {few(others)} at {own.name}, or replace the CNAME by addresses.",
            )
            break


def _several(found: Found, own: Own) -> None:
    for server, records in own.by_type.get("CNAME", {}).items():
        if len(records.values) > 1:
            found.fail(
                _BESIDE,
                f"{own.name} has {len(records.values)} CNAMEs; a name may have one",
                old=few(records.values),
                note=f"Seen at {server} (RFC 2181 §10.1).",
                remedy="Delete all but one.",
            )
            return


def _clashes_then(found: Found, own: Own, survey: Survey, move: Move) -> None:
    if not move.new.cname:
        _cname_goes(found, own, survey, move)
        return
    if own.name == survey.zone.name:
        title = f"{own.name} is the apex of its zone and cannot become a CNAME to {move.new.cname}"
        found.fail(_BESIDE, title, new=f"CNAME {move.new.cname}", remedy=_WAYS_OUT)
        return
    replaced = _replaced(own, move.old)
    clashing = [type_ for type_ in own.by_type if type_ != "CNAME" and type_ not in replaced]
    if clashing:
        found.fail(
            _BESIDE,
            f"{own.name} has {few(clashing)}, which cannot stand beside the CNAME to {move.new.cname}",
            old="; ".join(f"{type_} {few(own.values(type_))}" for type_ in clashing),
            new=f"CNAME {move.new.cname}",
            note="The zone's provider refuses the CNAME, or resolvers lose these records (RFC 1034 §3.6.2).",
            remedy=f"Move the records of type {few(clashing)} to another name, or use A and AAAA records or an alias.",
        )
    if replaced and "CNAME" not in own.by_type:
        kinds = " and ".join(sorted(replaced))
        _tell_order(found, survey, f"{kinds} of {own.name} must go in the change that brings the CNAME")


def _cname_goes(found: Found, own: Own, survey: Survey, move: Move) -> None:
    """Judge a CNAME that is there while addresses or an alias record are planned."""
    leads_to = [plain(value) for value in own.values("CNAME")]
    if not leads_to:
        return
    planned = f"alias of {move.new.alias}" if move.new.alias else few(move.new.addresses)
    known = {plain(one) for one in (move.old.cname, move.new.alias) if one}
    if known.issuperset(leads_to):
        _tell_order(found, survey, f"the CNAME of {own.name} must go in the change that brings the new addresses")
        return
    found.fail(
        _BESIDE,
        f"{own.name} has a CNAME that `from` does not name: the planned addresses cannot stand beside it",
        old=_cname(own),
        new=planned,
        remedy=f"Delete the CNAME in the same change, and write it as `from`. {_ONE_BATCH}",
    )


def _tell_order(found: Found, survey: Survey, title: str) -> None:
    told = (negative_ttl(authority.soa) for authority in survey.zone.authorities if authority.answers)
    seconds = max((ttl for ttl in told if ttl is not None), default=None)
    kept = "the zone's negative TTL" if seconds is None else f"up to {seconds} s (negative TTL)"
    found.tell(
        _BESIDE,
        title,
        note=f"Between two changes the name does not exist, and resolvers that ask then keep that for {kept}. The way "
        "back is such a change, too; weights cannot be shared between the two.",
        remedy=_ONE_BATCH,
    )


def _replaced(own: Own, old: Target) -> frozenset[str]:
    """Return the types of addresses at the name that are the old side's own, and go with it."""
    there = [type_ for type_ in ("A", "AAAA") if own.values(type_)]
    # some providers answer with the addresses of what a CNAME or an alias record leads to
    if old.name and "CNAME" not in own.by_type:
        return frozenset(there)
    known = {_address(text) for text in old.addresses}
    return frozenset(type_ for type_ in there if all(_address(value) in known for value in own.values(type_)))


def _cname(own: Own) -> str:
    return f"CNAME {few(own.values('CNAME'))}"


def other_types(survey: Survey, view: View) -> Found:
    """Judge what would still lead to the old side: AAAA records and HTTPS records; and IPv6 that is lost or new."""
    found, own = Found(), after_it(own_records(survey), survey)
    _ipv6(found, own, survey, view.move)
    _ipv4(found, own.name, survey, view.move)
    https(found, own, survey, view.move)
    return found


def _ipv4(found: Found, name: str, survey: Survey, move: Move) -> None:
    """Judge IPv4 that the new side does not have; a name that has none now loses none."""
    then = _addresses_then(survey, move)
    if then and _addresses_now(survey, "A") != () and _addresses_then(survey, move, "A") == ():
        found.fail(
            _IPV4,
            f"{move.new.text}, where {name} is to lead, has IPv6 addresses alone: callers with IPv4 do not reach it",
            new=few(then),
            remedy="Give the new side an IPv4 address, in `to` or in the records of its name.",
        )


def _ipv6(found: Found, own: Own, survey: Survey, move: Move) -> None:
    now, then = _addresses_now(survey), _addresses_then(survey, move)
    if now is None:
        found.say(Outcome.INCONCLUSIVE, f"no server told whether {own.name} has IPv6 addresses (AAAA)")
    if then is None:
        found.say(Outcome.INCONCLUSIVE, f"no server told whether {move.new.text} has IPv6 addresses (AAAA)")
    if now is not None:
        found.fact(f"AAAA of {own.name}", old=few(now) or "none", new="not known" if then is None else few(then))
    if now is None or then is None:
        return
    left = _left(own, move) if plain(switched(survey)) == own.name else ()
    if (left or now) and not then:
        _ipv6_ends(found, own.name, move.new.text, now, left)
    elif then and not now:
        found.tell(
            _IPV6,
            f"{own.name} gets IPv6 with the new side",
            new=few(then),
            note='Callers with IPv6 go there by it as soon as what they hold of "no AAAA" runs out (negative TTL).',
            remedy="Check that the new side answers by IPv6, and that allow-lists of addresses know it.",
        )
    elif left and move.new.alias:
        found.tell(_IPV6, f"{own.name} has A and AAAA: both must become aliases of {move.new.alias}", old=few(left))


def _ipv6_ends(found: Found, name: str, new: str, now: Sequence[str], left: Sequence[str]) -> None:
    """Judge IPv6 that the new side does not have: `left` are the addresses that nobody takes away."""
    if left:
        found.fail(
            _IPV6,
            f"{name} keeps its AAAA records, which `to` does not replace: callers with IPv6 stay on the old side",
            old=few(left),
            new=new,
            remedy="Delete them in the same change, or give the new side IPv6 and write its addresses into `to`.",
        )
        return
    found.fail(
        _IPV6,
        f"{name} has IPv6 now and {new} has none: callers with IPv6 alone no longer reach it",
        severity=Severity.MAJOR,
        old=few(now),
        new="no AAAA",
        remedy="Give the new side IPv6, or a front that has it; or take the AAAA away some days before, so that "
        "callers who need it show themselves.",
    )


def _left(own: Own, move: Move) -> tuple[str, ...]:
    """Return the AAAA values at the name itself that neither the plan's CNAME nor `from` takes away."""
    if move.new.cname:
        return ()
    known = {_address(text) for text in (*move.old.addresses, *move.new.addresses)}
    return tuple(value for value in own.values("AAAA") if _address(value) not in known)


def _addresses_now(survey: Survey, type_: str = "AAAA") -> tuple[str, ...] | None:
    of_resolvers = (chain for one in survey.resolvers for chain in one.chains.values())
    return _ends(type_, authority_chains(survey), of_resolvers)


def _addresses_then(survey: Survey, move: Move, type_: str = "AAAA") -> tuple[str, ...] | None:
    if not move.new.name:
        return _of(move.new.addresses, 6 if type_ == "AAAA" else 4)
    of_resolvers = (chain for one in survey.resolvers for chain in one.target.values())
    return _ends(type_, survey.target.values(), of_resolvers)


def _ends(type_: str, own: Iterable[Chain], of_resolvers: Iterable[Chain]) -> tuple[str, ...] | None:
    """Return the addresses at the ends of ways, None where no way told its end.

    A resolver is believed where the name's own servers do not tell: it may make IPv6 addresses up (RFC 6147).
    """
    for chains in (own, of_resolvers):
        told = [chain for chain in chains if chain.type == type_ and chain.heard.tells]
        if told:
            found = dict.fromkeys(value for chain in told for value in chain.addresses)
            return tuple(value for value in found if not is_translated(value))
    return None


def _of(addresses: Iterable[str], version: int) -> tuple[str, ...]:
    return tuple(text for text in addresses if (6 if ":" in text else 4) == version)


def _address(text: str) -> str:
    """Return an address in its one form, anything else as it is."""
    try:
        return str(ip_address(text))
    except ValueError:
        return text
