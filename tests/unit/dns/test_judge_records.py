"""What stands beside the records that are switched."""

import pytest

from harness.dns.facts import Authority
from harness.dns.records.judge_https import service
from harness.dns.records.judge_records import beside, other_types
from harness.model.dns import Heard, Records
from harness.model.found import Found
from harness.scenario.moving import Target
from tests.unit.dns.surveyed import (
    NAME,
    NEW,
    OLD,
    ZONE,
    Values,
    at_resolver,
    authority,
    chain,
    checked,
    reply,
    server,
    survey,
    titles,
    view,
)

OLD_IP, NEW_IP = Target(addresses=("192.0.2.10",)), Target(addresses=("198.51.100.20",))
CNAME: Values = {"CNAME": ("old.example.net",)}
TO_OLD = (NAME, "CNAME", "old.example.net")
TARGET = {
    "A": chain("A", ("new.example.net", "A", "198.51.100.20"), name="new.example.net"),
    "AAAA": chain("AAAA", name="new.example.net"),
}
TARGET_V6 = TARGET | {"AAAA": chain("AAAA", ("new.example.net", "AAAA", "2001:db8::20"), name="new.example.net")}


def judged(records: Values, old: Target = OLD, new: Target = NEW, zone: str = ZONE, name: str = NAME) -> Found:
    one = survey(authority(records, zone=zone, name=name), old=old, new=new, zone=zone, name=name)
    return beside(one, view(one))


def test_a_cname_to_another_cname_stands_alone() -> None:
    found = judged(CNAME)
    assert checked(found).outcome == "PASS"
    assert found.facts[f"CNAME of {NAME}"] == {"ns1 (192.0.2.1)": "old.example.net (TTL 60)"}


@pytest.mark.parametrize(
    ("records", "old", "new", "says"),
    [
        ({"CNAME": ("old.example.net",), "TXT": ('"v=1"',)}, OLD, NEW, "has TXT beside a CNAME"),
        ({"CNAME": ("old.example.net", "new.example.net")}, OLD, NEW, "has 2 CNAMEs"),
        ({"A": ("192.0.2.10",), "MX": ("10 mx.example.net",)}, OLD_IP, NEW, "has MX, which cannot stand beside"),
        ({"A": ("192.0.2.10",), "HTTPS": ("1 . alpn=h2",)}, OLD_IP, NEW, "has HTTPS, which cannot stand beside"),
        ({"A": ("192.0.2.10",), "AAAA": ("2001:db8::1",)}, OLD_IP, NEW, "has AAAA, which cannot stand beside"),
        ({"A": ("192.0.2.10",), "NS": ("ns.example.net",)}, OLD_IP, NEW, "is handed on to other name servers"),
        ({"CNAME": ("elsewhere.example.net",)}, OLD, NEW_IP, "has a CNAME that `from` does not name"),
        ({"CNAME": ("elsewhere.example.net",)}, OLD_IP, Target(alias="new.example.net"), "`from` does not name"),
    ],
)  # fmt: skip
def test_records_that_clash_fail(records: Values, old: Target, new: Target, says: str) -> None:
    found = judged(records, old, new)
    assert any(says in title for title in titles(found)), titles(found)
    assert all(point.remedy for point in found.points)


@pytest.mark.parametrize("records", [{"A": ("192.0.2.10",)}, CNAME])
def test_no_cname_at_an_apex(records: Values) -> None:
    found = judged(records, old=OLD_IP, zone=NAME)
    assert any("apex" in title for title in titles(found))
    assert "alias record" in found.points[0].remedy
    assert (
        checked(judged({"A": ("192.0.2.10",), "NS": ("ns1.example.test",)}, OLD_IP, NEW_IP, zone=NAME)).outcome
        == "PASS"
    )


def test_another_kind_of_record_must_come_and_go_in_one_change() -> None:
    plans: tuple[tuple[Values, Target, Target], ...] = (
        (CNAME, OLD, NEW_IP),
        (CNAME, OLD, Target(alias="new.example.net")),
        ({"A": ("192.0.2.10",)}, OLD_IP, NEW),
        ({"A": ("192.0.2.10",), "AAAA": ("2001:db8::1",)}, Target(alias="old.example.net"), NEW),
    )
    for records, old, new in plans:
        found = judged(records, old, new)
        assert checked(found).outcome == "PASS"
        (told,) = found.points
        assert "one change batch" in told.remedy
        assert "60 s (negative TTL)" in told.note, "the SOA's own TTL is the lesser one (RFC 2308)"


def test_a_name_that_is_handed_on_is_told_from_referrals() -> None:
    at = server()
    referral = reply(
        at, NAME, "NS", (), heard=Heard.REFERRAL, authority=(Records(name=NAME, type="NS", ttl=60, values=("ns.x",)),)
    )
    one = survey(authority({}, NS=referral))
    assert any("handed on" in title for title in titles(beside(one, view(one))))


def test_types_that_no_server_tells_of_are_no_pass() -> None:
    silent = reply(server(), NAME, "MX", (), heard=Heard.SILENT)
    one = survey(authority({"A": ("192.0.2.10",)}, MX=silent), old=OLD_IP)
    found = beside(one, view(one))
    assert checked(found).outcome == "INCONCLUSIVE"
    assert "MX (ns1 (192.0.2.1): no answer in time)" in checked(found).why[0]
    second = survey(authority({"A": ("192.0.2.10",)}, MX=silent), authority({}, at=server("ns2", 2)), old=OLD_IP)
    assert checked(beside(second, view(second))).outcome == "PASS"


@pytest.mark.parametrize("authorities", [(), (authority({}, zone=ZONE),)])
def test_nobody_who_speaks_for_the_zone_is_no_pass(authorities: tuple[Authority, ...]) -> None:
    lame = tuple(
        Authority(
            server=one.server,
            soa=reply(one.server, ZONE, "SOA", (), heard=Heard.REFUSED),
            ns=one.ns,
            at_name=one.at_name,
        )
        for one in authorities
    )
    one = survey(*lame)
    assert checked(beside(one, view(one))).outcome == "INCONCLUSIVE"


def test_a_name_further_on_that_is_switched_was_not_asked_for_its_records() -> None:
    way = chain("A", (NAME, "CNAME", f"gw.{ZONE}"), (f"gw.{ZONE}", "A", "192.0.2.10"))
    one = survey(authority({"CNAME": (f"gw.{ZONE}",)}, chains=(way,)), old=OLD_IP)
    assert checked(beside(one, view(one))).outcome == "INCONCLUSIVE"
    assert "gw.example.test" in checked(beside(one, view(one))).why[0]
    alias = chain("A", (NAME, "CNAME", f"gw.{ZONE}"), (f"gw.{ZONE}", "CNAME", "old.example.net"))
    two = survey(authority({"CNAME": (f"gw.{ZONE}",)}, chains=(alias,)))
    assert checked(beside(two, view(two))).outcome == "PASS", "a CNAME has nothing beside it"


def others(
    records: Values, *ways: tuple[str, str, str], old: Target = OLD, new: Target = NEW, target: object = TARGET
) -> Found:
    v6 = chain("AAAA", *ways)
    one = survey(authority(records, chains=(v6,)), old=old, new=new, target=target)
    return other_types(one, view(one))


def test_without_ipv6_and_https_there_is_nothing_to_say() -> None:
    assert checked(others(CNAME, TO_OLD)).outcome == "PASS"


def test_aaaa_that_no_one_replaces_keeps_callers_on_the_old_side() -> None:
    there: Values = {"A": ("192.0.2.10",), "AAAA": ("2001:db8::1",)}
    for new in (NEW_IP, Target(alias="new.example.net")):
        (point,) = others(there, (NAME, "AAAA", "2001:db8::1"), old=OLD_IP, new=new).points
        assert "stay on the old side" in point.title
        assert point.severity == "critical"
    named = Target(addresses=("192.0.2.10", "2001:DB8:0::1"))
    (point,) = others(there, (NAME, "AAAA", "2001:db8::1"), old=named, new=NEW_IP).points
    assert "no longer reach it" in point.title, "what `from` names goes"


def test_ipv6_that_is_lost_fails_and_ipv6_that_is_new_is_told() -> None:
    (lost,) = others(CNAME, TO_OLD, ("old.example.net", "AAAA", "2001:db8::1")).points
    assert (lost.outcome, lost.severity) == ("FAIL", "major")
    (gained,) = others(CNAME, TO_OLD, target=TARGET_V6).points
    assert gained.outcome == "PASS"
    assert "gets IPv6" in gained.title


def test_addresses_that_nobody_told_are_no_pass() -> None:
    one = survey(authority(CNAME), target={"AAAA": chain("AAAA", heard=Heard.SERVFAIL)})
    found = checked(other_types(one, view(one)))
    assert found.outcome == "INCONCLUSIVE"
    assert len(found.why) == 2


def test_a_target_of_ipv6_alone_fails() -> None:
    found = others({}, new=Target(addresses=("2001:db8::20",)), old=OLD_IP)
    assert any("IPv6 addresses alone" in title for title in titles(found))


@pytest.mark.parametrize(
    ("value", "outcome", "says"),
    [
        ("1 . ipv4hint=192.0.2.10", "FAIL", "its hints are"),
        ('1 . alpn="h2" ipv4hint="198.51.100.20,192.0.2.10"', "FAIL", "its hints are"),
        ("0 old.example.net.", "FAIL", "its target old.example.net is not on the way"),
        ("1 svc.example.net. alpn=h3", "FAIL", "its target svc.example.net is not on the way"),
        ("0 new.example.net.", "PASS", ""),
        ("1 . ipv4hint=198.51.100.20", "PASS", ""),
        ("1 . alpn=h3 port=8443", "PASS", "promises alpn=h3, port=8443"),
        ("1 . ech=AEX+DQBB", "INCONCLUSIVE", "key for ECH"),
        ("what is this", "INCONCLUSIVE", "cannot be read"),
    ],
)
def test_https_records_are_read_before_addresses(value: str, outcome: str, says: str) -> None:
    found = others({"A": ("192.0.2.10",), "HTTPS": (value,)}, old=OLD_IP, new=Target(alias="new.example.net"))
    told = checked(found)
    assert told.outcome == outcome
    assert says in " ".join((*told.why, *(point.title for point in told.points)))


def test_https_hints_are_held_against_planned_addresses() -> None:
    good, bad = (
        others({"A": ("192.0.2.10",), "HTTPS": (f"1 . ipv4hint={hint}",)}, old=OLD_IP, new=NEW_IP)
        for hint in ("198.51.100.20", "192.0.2.10")
    )
    assert checked(good).outcome == "PASS"
    assert "the old side's: 192.0.2.10" in titles(bad)[0]


def test_https_at_the_end_of_the_way_moves_with_it() -> None:
    end = Records(name="old.example.net", type="HTTPS", ttl=60, values=("1 . ipv4hint=192.0.2.10",))
    seen = at_resolver(https=reply(server(), NAME, "HTTPS", (), heard=Heard.ANSWER, answer=(end,)))
    one = survey(authority(CNAME, chains=(chain("AAAA", TO_OLD),)), target=TARGET, resolvers=(seen,))
    found = other_types(one, view(one))
    assert checked(found).outcome == "PASS"
    assert "old.example.net" in found.points[0].title


def test_https_that_servers_refuse_to_tell_of_is_asked_of_resolvers() -> None:
    refused = reply(server(), NAME, "HTTPS", (), heard=Heard.REFUSED)
    at = authority({"A": ("192.0.2.10",)}, chains=(chain("AAAA"),), HTTPS=refused)
    one = survey(at, old=OLD_IP, new=NEW_IP)
    assert checked(other_types(one, view(one))).outcome == "INCONCLUSIVE"
    told = at_resolver(https=reply(server(), NAME, "HTTPS", ("1 . ipv4hint=192.0.2.10",)))
    two = survey(at, old=OLD_IP, new=NEW_IP, resolvers=(told,))
    assert checked(other_types(two, view(two))).outcome == "FAIL"


def test_a_service_record_is_read() -> None:
    read = service('16 Svc.Example.NET. mandatory=alpn alpn="h2,h3" no-default-alpn ipv6hint=2001:db8:0:0::1', NAME)
    assert read is not None
    assert (read.alias, read.target, read.hints) == (False, "svc.example.net", ("2001:db8::1",))
    assert read.parameters["no-default-alpn"] == ""
    assert service("", NAME) is None
