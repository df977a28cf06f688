"""The topic of resolvers: each must answer, and lead where the authoritative servers do."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from harness.dns.facts import ADDRESS_TYPES, AtResolver, Survey, View
from harness.dns.surveying.translated import made_of
from harness.dns.times.moments import few, label
from harness.dns.times.timing import timing
from harness.model.dns import Heard, Points, Sighting
from harness.model.found import Found
from harness.model.outcome import Outcome

_AT = "dns:resolvers"
_APART = (
    "Its callers are not where the others are. Find out why before the name is moved: a view of the zone of its own, a "
    "copy of longer ago, or a change that was made too early."
)
_ABSENT = "It may remember that the record was missing: flush the name there, or wait for the zone's negative TTL."
_ENDLESS = "Compare what it says with what the authoritative servers say: its callers get no address."
_FAILING = "Look into its log: it does not reach the authoritative servers, or refuses their signatures."


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one look at one resolver came to, for one type of address."""

    type: str
    heard: Heard
    points: Points
    trouble: str = ""
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What the authoritative servers say: the sides by type, the types that have addresses at all."""

    sides: Mapping[str, frozenset[Points]] = field(default_factory=dict)
    have: frozenset[str] = frozenset()

    @property
    def told(self) -> bool:
        """Tell whether they say anything."""
        return any(self.sides.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """One trouble, as it is said of every resolver that has it."""

    outcome: Outcome
    text: str
    remedy: str = ""


def at_resolvers(survey: Survey, view: View) -> Found:
    """Judge what every resolver answers for the name, against what the authoritative servers say."""
    found = Found()
    if not survey.resolvers:
        found.say(Outcome.INCONCLUSIVE, "no resolver is listed and none found: give some as `dns.resolvers`")
        return found
    expected = _expected(survey)
    if not expected.told:
        found.say(
            Outcome.ERROR, "no authoritative server told where the name leads: nothing to hold the resolvers against"
        )
    somebody = expected.told or any(look.heard.tells for seen in survey.resolvers for look in _looks(seen))
    said: dict[_Said, list[str]] = {}
    for seen in survey.resolvers:
        looks = list(_looks(seen))
        found.fact("leads to", **{label(seen.server): _summary(looks)})
        v4 = {one for look in looks if look.type == "A" for one in look.addresses}
        judged = [look for look in looks if not _made_up(look, expected, v4)]
        wrong = [one for look in judged if (one := _wrong(survey, look, expected))]
        for one in dict.fromkeys([*wrong, *_without_answer(looks, fails=somebody)]):
            said.setdefault(one, []).append(label(seen.server))
    for one, servers in said.items():
        _say(found, one, servers)
    _tell_clamps(found, survey, view)
    return found


def _say(found: Found, said: _Said, servers: list[str]) -> None:
    """Add one trouble, with all resolvers that have it."""
    title = f"{few(servers)}: {said.text}"
    if said.outcome is Outcome.FAIL:
        found.fail(_AT, title, remedy=said.remedy)
    else:
        found.say(said.outcome, title)


def _expected(survey: Survey) -> Expected:
    chains = [chain for one in survey.zone.authorities for chain in one.chains.values()]
    sides = {
        type_: frozenset(chain.points for chain in chains if chain.type == type_) - {Points.UNKNOWN}
        for type_ in ADDRESS_TYPES
    }
    return Expected(sides=sides, have=frozenset(chain.type for chain in chains if chain.addresses))


def _looks(seen: AtResolver) -> Iterable[Look]:
    """Return every look at a resolver: the whole ways, the first look, those after the copy had run out."""
    for type_, chain in seen.chains.items():
        yield Look(type=type_, heard=chain.heard, points=chain.points, trouble=chain.trouble, addresses=chain.addresses)
    sightings: list[Sighting | None] = [seen.first, *(one for _, one in seen.later)]
    for one in sightings:
        if one is not None:
            yield Look(type="A", heard=one.heard, points=one.points, trouble=one.detail, addresses=one.addresses)


def _summary(looks: list[Look]) -> str:
    """Return what a resolver said, in words."""
    return few(f"{look.type}: {look.points.value if look.heard.tells else look.heard.value}" for look in looks)


def _wrong(survey: Survey, look: Look, expected: Expected) -> _Said | None:
    """Return what is wrong with an answer, None where it is as it should be, or there is none."""
    name, sides = f"{survey.move.name} {look.type}", expected.sides.get(look.type, frozenset())
    if not look.heard.tells:
        return None
    if look.heard is Heard.NO_NAME:  # of all types, so it is said once
        text = look.trouble or f"{survey.move.name} does not exist"
        if expected.have:
            text += ", though the authoritative servers have it"
        return _Said(outcome=Outcome.FAIL, text=text, remedy=_ABSENT if expected.have else _ENDLESS)
    if look.type in expected.have and look.heard is not Heard.ANSWER:
        text = f"{look.heard.value} for {name}, though the authoritative servers have it"
        return _Said(outcome=Outcome.FAIL, text=text, remedy=_ABSENT)
    if look.trouble:
        return _Said(outcome=Outcome.FAIL, text=f"no end for {name}, {look.trouble}", remedy=_ENDLESS)
    if look.points is Points.UNKNOWN:
        return _Said(outcome=Outcome.ERROR, text=f"which side its answer for {name} leads to cannot be told")
    if look.points in sides or not sides:
        return None
    text = f"{name} leads to {_side(survey, look)}, by the authoritative servers to {few(_sides(sides))}"
    return _Said(outcome=Outcome.FAIL, text=text, remedy=_APART)


def _made_up(look: Look, expected: Expected, v4: Collection[str]) -> bool:
    """Tell whether its addresses are IPv4 ones, written as IPv6 for callers that have nothing else."""
    if look.type in expected.have or not look.addresses:
        return False
    return all(made_of(one, v4) for one in look.addresses)


def _sides(sides: frozenset[Points]) -> list[str]:
    return sorted(_IN_WORDS.get(side, side.value) for side in sides)


def _side(survey: Survey, look: Look) -> str:
    where = _IN_WORDS.get(look.points, look.points.value)
    target = {Points.OLD: survey.move.old.text, Points.NEW: survey.move.new.text}.get(look.points, few(look.addresses))
    return f"{where} ({target})" if target else where


_IN_WORDS = {
    Points.OLD: "the old side",
    Points.NEW: "the new side",
    Points.BOTH: "both sides",
    Points.NOWHERE: "no address",
}


def _without_answer(looks: list[Look], *, fails: bool) -> Iterable[_Said]:
    """Return what is to be said of looks that told nothing; `fails`: somebody else told, so the server is at fault."""
    if not looks:
        yield _Said(outcome=Outcome.INCONCLUSIVE, text="not asked")
    for heard in dict.fromkeys(look.heard for look in looks if not look.heard.tells):
        of = " and ".join(dict.fromkeys(look.type for look in looks if look.heard is heard))
        if heard is Heard.SERVFAIL and fails:
            text = f"{heard.value} for {of}, so callers behind it get nothing"
            yield _Said(outcome=Outcome.FAIL, text=text, remedy=_FAILING)
        elif heard is Heard.NOT_ASKED:
            yield _Said(outcome=Outcome.INCONCLUSIVE, text=f"not asked for {of}")
        else:
            yield _Said(outcome=Outcome.ERROR, text=f"{heard.value} for {of}, so what its callers get cannot be told")


def _tell_clamps(found: Found, survey: Survey, view: View) -> None:
    """Tell which resolvers keep to a TTL of their own."""
    known = timing(survey, view)
    for clamp in known.clamps:
        if clamp.least:
            found.fact("holds answers for at least", **{clamp.server: f"{clamp.seconds} s"})
            found.tell(
                _AT,
                f"{clamp.server} holds answers for at least {clamp.seconds} s, the authorities say {known.ttl} s",
                note="It has a least TTL of its own: its callers follow a move, and a move back, by that much later.",
            )  # fmt: skip
        else:
            found.fact("holds answers for at most", **{clamp.server: f"{clamp.seconds} s"})
