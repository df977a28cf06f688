"""What the new target leads to: everywhere to addresses that clients can use, and never back to the old side."""

from dataclasses import replace
from typing import Any

import pytest

from harness.dns.facts import Zone
from harness.dns.new_side.judge_target import resolves
from harness.model.dns import Chain, Heard, Points, Records, Reply, Server
from harness.model.event import Checked
from harness.model.switch import Mechanism
from tests.unit.dns.new_side import NAME, NEW, OLD, checked, resolver, survey, told, view, way, ways

FAIL = ("dns:target", "FAIL", "critical")
MAJOR = ("dns:target", "FAIL", "major")
HEARD = ways("198.51.100.1")


def judged(*resolvers: Any, mechanism: Mechanism = Mechanism.RECORD, **more: Any) -> Checked:
    seen = survey(*resolvers, **more)
    return checked(resolves(seen, view(seen, mechanism=mechanism)))


def both(heard: Heard, trouble: str = "") -> dict[str, Chain]:
    return {kind: way(NEW, type_=kind, heard=heard, trouble=trouble) for kind in ("A", "AAAA")}


def test_resolves_everywhere() -> None:
    found = judged(resolver("r1", HEARD), resolver("r2", ways("198.51.100.2", "2001:db8::2")), own=HEARD)
    assert (found.outcome, found.points) == ("PASS", ())
    assert found.facts[f"A of {NEW}"] == {
        "r1": "198.51.100.1", "r2": "198.51.100.2", "the servers of its own zone": "198.51.100.1"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("to", "said"),
    [
        (both(Heard.NO_NAME, f"{NEW} does not exist"), f"{NEW} does not exist"),
        (both(Heard.EMPTY), "neither an A nor an AAAA record"),
        ({"A": way(NEW, "x", NEW, trouble="a loop: x leads back to it", heard=Heard.ANSWER)}, "a loop"),
        ({"A": way(NEW, "gone", heard=Heard.NO_NAME, trouble="gone does not exist")}, "gone does not exist"),
        ({"A": way(NEW, heard=Heard.NO_NAME, trouble="x does not exist"), "AAAA": way(NEW, heard=Heard.SILENT)}, "x does not"),
        (both(Heard.SERVFAIL, "server failure from r2"), "server failure"),
    ],
)  # fmt: skip
def test_does_not_resolve_at_one_resolver(to: dict[str, Chain], said: str) -> None:
    found = judged(resolver("r1", HEARD), resolver("r2", to), own=HEARD)
    assert (found.outcome, told(found)) == ("FAIL", [FAIL])
    assert found.points[0].title.startswith(f"the new target {NEW} does not resolve at r2: ")
    assert said in found.points[0].title


@pytest.mark.parametrize("heard", [Heard.SILENT, Heard.REFUSED, Heard.WRONG_ID, Heard.MALFORMED, Heard.CUT_OFF])
def test_a_resolver_that_does_not_tell(heard: Heard) -> None:
    found = judged(resolver("r1", HEARD), resolver("r2", both(heard, "x from r2")), own=HEARD)
    assert (found.outcome, found.points) == ("ERROR", ())
    assert f"is not told by r2: {heard.value}" in found.why[0]


def test_a_resolver_that_fails_for_every_name() -> None:
    found = judged(resolver("r1", HEARD), resolver("r2", both(Heard.SERVFAIL), now=()), own=HEARD)
    assert (found.outcome, found.points) == ("ERROR", ())


def test_no_ipv4_and_no_word_of_ipv6() -> None:
    to = {"A": way(NEW), "AAAA": way(NEW, type_="AAAA", heard=Heard.SILENT)}
    assert judged(resolver("r1", to)).outcome == "ERROR"


@pytest.mark.parametrize(
    ("chain", "outcome"),
    [
        (way(NEW, type_="AAAA", heard=Heard.NO_NAME, trouble="does not exist"), "FAIL"),
        (way(NEW, type_="AAAA", heard=Heard.SERVFAIL, trouble="server failure"), "FAIL"),
        (way(NEW, type_="AAAA", heard=Heard.SILENT, trouble="no answer"), "ERROR"),
    ],
)
def test_one_type_fails_beside_the_other(chain: Chain, outcome: str) -> None:
    found = judged(resolver("r1", {**HEARD, "AAAA": chain}))
    assert found.outcome == outcome
    assert told(found) == ([MAJOR] if outcome == "FAIL" else [])


def test_nobody_tells() -> None:
    assert judged().outcome == "INCONCLUSIVE"
    assert judged(own=both(Heard.NOT_ASKED, "nobody to ask")).outcome == "ERROR"
    unfinished = way(NEW, "edge.example.net", heard=Heard.ANSWER)
    assert judged(own={"A": unfinished}).outcome == "ERROR"


def test_own_servers_alone_are_enough() -> None:
    assert judged(own=HEARD).outcome == "PASS"


def test_addresses_need_no_answer() -> None:
    assert judged(to="198.51.100.1, 2001:db8::1").outcome == "PASS"


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "::1", "169.254.169.254", "fe80::1", "0.0.0.0", "::", "224.0.0.1", "255.255.255.255", "::ffff:127.0.0.1"]
)  # fmt: skip
def test_addresses_that_no_client_can_use(address: str) -> None:
    assert (judged(to=f"198.51.100.1, {address}").outcome, judged(own=ways(address)).outcome) == ("FAIL", "FAIL")
    assert address in judged(own=ways(address)).points[0].title


def test_loopback_is_fine_where_the_old_side_is_there_too() -> None:
    assert judged(resolver("r1", ways("127.0.0.1"), now=("127.0.0.2",))).outcome == "PASS"
    assert judged(to="127.0.0.1", old="127.0.0.2").outcome == "PASS"
    assert judged(own=ways("127.0.0.1"), here=("127.0.0.1",)).outcome == "PASS"
    moved = replace(
        resolver("r1", ways("127.0.0.1")), chains={"A": way(NAME, NEW, end=("127.0.0.1",), points=Points.NEW)}
    )
    assert judged(moved).outcome == "FAIL"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"to": NAME}, "leads back to"),
        ({"own": {"A": way(NEW, NAME, end=("192.0.2.10",))}}, "leads back to"),
        ({"own": {"A": way(NEW, "x.example", OLD, end=("192.0.2.10",))}}, "still ends at old"),
        ({"to": OLD}, "still ends at old"),
        ({"to": "192.0.2.10", "old": "192.0.2.10, 192.0.2.11"}, "still ends at old"),
    ],
)
def test_leads_back_or_still_to_old(more: dict[str, Any], said: str) -> None:
    found = judged(**{"own": HEARD, **more})
    assert (found.outcome, told(found)) == ("FAIL", [FAIL])
    assert said in found.points[0].title
    assert judged(**{"own": HEARD, **more}, mechanism=Mechanism.PROXY).outcome == "PASS"


def test_one_resolver_that_still_leads_to_old() -> None:
    found = judged(resolver("r1", HEARD), resolver("r2", {"A": way(NEW, OLD, end=("192.0.2.10",))}), own=HEARD)
    assert (found.outcome, told(found)) == ("FAIL", [FAIL])


def test_both_targets_at_the_same_addresses() -> None:
    found = judged(resolver("r1", ways("192.0.2.10")))
    assert (found.outcome, told(found)) == ("PASS", [("dns:target", "PASS", "major")])
    moved = replace(resolver("r1", HEARD), chains={"A": way(NAME, NEW, end=("198.51.100.1",), points=Points.NEW)})
    assert judged(moved).points == ()


def test_other_addresses_elsewhere_are_fine_unless_the_horizon_is_split() -> None:
    assert judged(resolver("r1", ways("198.51.100.1")), resolver("r2", ways("198.51.100.7"))).points == ()
    found = judged(resolver("r1", ways("198.51.100.1")), resolver("r2", ways("10.0.0.7")))
    assert (found.outcome, told(found)) == ("PASS", [("dns:target", "PASS", "major")])
    assert "private at r2 and public at r1" in found.points[0].title


def test_many_resolvers_are_one_finding() -> None:
    found = judged(*(resolver(f"r{number}", both(Heard.NO_NAME, "gone")) for number in range(200)), own=HEARD)
    assert len(found.points) == 1
    assert "and 195 more" in found.points[0].title


def at_server(name: str, *, a: Heard, aaaa: Heard, zone: str) -> tuple[Reply, ...]:
    """Return what a server of the target's zone says of A and AAAA."""

    def said(type_: str, heard: Heard) -> Reply:
        answer = (Records(name=NEW, type=type_, ttl=60, values=("198.51.100.1",)),) if heard is Heard.ANSWER else ()
        soa = (Records(name=zone, type="SOA", ttl=60, values=("ns h 1 2 3 4 5",)),)
        server = Server(name=name, address="192.0.2.53")
        return Reply(
            server=server, name=NEW, type=type_, heard=heard, answer=answer, authority=soa, authoritative=heard.tells
        )

    return said("A", a), said("AAAA", aaaa)


@pytest.mark.parametrize(
    ("a", "aaaa", "above", "outcome"),
    [
        (Heard.NO_NAME, Heard.NO_NAME, False, "FAIL"),
        (Heard.EMPTY, Heard.EMPTY, False, "FAIL"),
        (Heard.SILENT, Heard.EMPTY, False, "PASS"),  # a lost packet is no missing name
        (Heard.REFUSED, Heard.REFUSED, False, "PASS"),
        (Heard.NO_NAME, Heard.NO_NAME, True, "PASS"),  # a server of another zone, that one above it
    ],
)
def test_missing_at_one_of_its_servers(a: Heard, aaaa: Heard, above: bool, outcome: str) -> None:
    zone = NEW.partition(".")[2]
    good = at_server("ns1", a=Heard.ANSWER, aaaa=Heard.EMPTY, zone=zone)
    other = at_server("ns2", a=a, aaaa=aaaa, zone=zone.rpartition(".")[2] if above else zone)
    seen = replace(survey(resolver("r1", HEARD), own=HEARD), zones=(Zone(name=zone),), at_target=(*good, *other))
    assert checked(resolves(seen, view(seen))).outcome == outcome
