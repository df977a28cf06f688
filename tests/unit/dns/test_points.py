"""Which side a name's way leads to."""

import pytest

from harness.dns.surveying.points import points
from harness.model.dns import Chain, Heard, Link, Points, Records
from harness.scenario.moving import Move, Target

NAME = "api.example.test"
OLD_CNAME, NEW_CNAME = Target(cname="old.gateway.test"), Target(cname="new.gateway.test")
OLD_ALIAS, NEW_ALIAS = Target(alias="old.gateway.test"), Target(alias="new.gateway.test")
OLD_BY, NEW_BY = Target(addresses=("192.0.2.1", "192.0.2.2", "2001:db8::1")), Target(addresses=("192.0.2.9",))
RESOLVED = {"old": frozenset({"192.0.2.1", "192.0.2.2"}), "new": frozenset({"192.0.2.9"})}


def way(*steps: str, heard: Heard = Heard.ANSWER, trouble: str = "") -> Chain:
    """Return a way by names, and by addresses (with commas between them) at the end."""
    links, owner = [], NAME
    for step in steps:
        last = step[0].isdigit()
        kind = "CNAME" if not last else "AAAA" if ":" in step else "A"
        values = tuple(step.split(","))
        links.append(Link(records=Records(name=owner, type=kind, ttl=60, values=values), told_by="resolver"))
        owner = values[0]
    kind = "AAAA" if links and links[-1].records.type == "AAAA" else "A"
    return Chain(name=NAME, type=kind, links=tuple(links), heard=heard, trouble=trouble)


def told(chain: Chain, old: Target, new: Target) -> Points:
    return points(chain, Move(name=NAME, old=old, new=new), **RESOLVED)


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (("old.gateway.test", "192.0.2.1"), Points.OLD),
        (("new.gateway.test", "192.0.2.9"), Points.NEW),
        (("other.example.test", "new.gateway.test", "edge.gateway.test", "198.51.100.1"), Points.NEW),
        (("old.gateway.test", "new.gateway.test", "192.0.2.9"), Points.OLD),
        (("new.gateway.test", "old.gateway.test", "192.0.2.1"), Points.NEW),
        (("old.gateway.test,new.gateway.test",), Points.BOTH),
        (("third.gateway.test", "198.51.100.1"), Points.ELSEWHERE),
        (("192.0.2.9",), Points.NEW),  # the zone answers with the target's addresses in its place
    ],
)
def test_by_the_names_on_the_way(steps: tuple[str, ...], expected: Points) -> None:
    assert told(way(*steps), OLD_CNAME, NEW_CNAME) is expected


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (("192.0.2.1",), Points.OLD),
        (("192.0.2.1,192.0.2.2",), Points.OLD),
        (("192.0.2.9",), Points.NEW),
        (("192.0.2.1,192.0.2.9",), Points.BOTH),
        (("192.0.2.1,198.51.100.1",), Points.ELSEWHERE),
        (("198.51.100.1",), Points.ELSEWHERE),
    ],
)
@pytest.mark.parametrize(("old", "new"), [(OLD_BY, NEW_BY), (OLD_ALIAS, NEW_ALIAS), (OLD_ALIAS, NEW_BY)])
def test_by_the_addresses_at_the_end(old: Target, new: Target, steps: tuple[str, ...], expected: Points) -> None:
    assert told(way(*steps), old, new) is expected


def test_addresses_are_compared_as_addresses() -> None:
    assert told(way("2001:0DB8:0::1"), OLD_BY, NEW_BY) is Points.OLD


def test_a_cname_that_is_met_goes_before_addresses() -> None:
    assert told(way("new.gateway.test", "192.0.2.1"), OLD_ALIAS, NEW_CNAME) is Points.NEW


def test_addresses_of_both_sides_are_those_of_the_side_without_a_name_to_be_met() -> None:
    same = {"old": frozenset({"192.0.2.1"}), "new": frozenset({"192.0.2.1"})}
    assert points(way("192.0.2.1"), Move(name=NAME, old=OLD_ALIAS, new=NEW_CNAME), **same) is Points.OLD
    assert points(way("192.0.2.1"), Move(name=NAME, old=OLD_ALIAS, new=NEW_ALIAS), **same) is Points.UNKNOWN


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        (Heard.NO_NAME, Points.NOWHERE),
        (Heard.EMPTY, Points.NOWHERE),
        *((heard, Points.UNKNOWN) for heard in Heard if not heard.tells),
    ],
)
def test_no_addresses(heard: Heard, expected: Points) -> None:
    assert told(way(heard=heard), OLD_BY, NEW_BY) is expected
    assert told(way("third.gateway.test", heard=heard), OLD_CNAME, NEW_CNAME) is expected


@pytest.mark.parametrize("heard", [Heard.NO_NAME, Heard.SERVFAIL, Heard.EMPTY, Heard.SILENT])
def test_a_target_that_does_not_resolve_is_still_where_the_name_leads(heard: Heard) -> None:
    chain = way("new.gateway.test", heard=heard, trouble="new.gateway.test does not exist")
    assert told(chain, OLD_CNAME, NEW_CNAME) is Points.NEW


def test_nothing_known_of_the_targets_is_not_a_side() -> None:
    move = Move(name=NAME, old=OLD_ALIAS, new=NEW_ALIAS)
    assert points(way("192.0.2.1"), move, old=frozenset(), new=frozenset()) is Points.ELSEWHERE
