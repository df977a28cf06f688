"""CAA where the scenario names no issuer: who issued what the new side shows is who will issue the next one."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from harness.dns.facts import Caa, Survey, View
from harness.dns.new_side.issuing import told_by
from harness.dns.new_side.judge_endpoint import certificate
from harness.dns.records.judge_caa import caa, judge
from harness.model.event import Checked
from harness.model.found import Found
from harness.model.seen import Leaf, TlsFacts
from tests.servers.hostile import HostileServer
from tests.servers.tls import Authority, ServerFiles
from tests.unit.dns.new_side import NAME, NOW, checked, looked, resolver, survey, view, ways
from tests.unit.security.check_bench import FakeTools

ZONE = "example.com"
ALLOWED = ('0 issue "letsencrypt.org"',)
LETS_ENCRYPT, AMAZON, PRIVATE = "CN=R11,O=Let's Encrypt,C=US", "CN=Amazon RSA 2048 M02,O=Amazon,C=US", "CN=Example CA"


def leaf(issuer: str = LETS_ENCRYPT, *names: str) -> TlsFacts:
    shown = Leaf(
        subject="", issuer=issuer, names=names or (NAME,), not_before=NOW, not_after=NOW, key="", key_bits=0,
        signature="", sha256="",
    )  # fmt: skip
    return TlsFacts(chain=(shown,), trusted=True)


def held(*values: str, owner: str = ZONE, after: Caa | None = None) -> Survey:
    now = Caa(name=NAME, owner=owner if values else "", values=values)
    return replace(survey(), caa=now, caa_after=after or now)


def judged(seen: Survey, **shown: TlsFacts) -> Checked:
    found = Found()
    judge(found, seen, told_by(shown, NAME, found))
    return checked(found)


def told(seen: Checked) -> tuple[str, list[str]]:
    return seen.outcome, [point.title for point in seen.points if point.outcome == "FAIL"]


def test_the_issuer_of_what_is_shown_is_permitted_by_any_of_its_names() -> None:
    found = judged(held(*ALLOWED), a=leaf())
    assert told(found) == ("PASS", [])
    assert found.facts["issuer"] == {
        "a": f"Let's Encrypt, in CAA records letsencrypt.org (by the certificate shown: {LETS_ENCRYPT})"
    }
    for name in ("amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com"):
        assert told(judged(held(f'0 issue "{name}"'), a=leaf(AMAZON))) == ("PASS", [])


def test_an_issuer_that_is_not_permitted_fails() -> None:
    found = judged(held(*ALLOWED), a=leaf(), b=leaf(AMAZON))
    assert told(found) == ("FAIL", [f"CAA of {ZONE} forbids Amazon to issue a certificate for {NAME} now"])
    assert '`0 issue "amazon.com"`' in found.points[0].remedy
    assert "`dns.issuer`" in found.points[0].remedy
    assert "issued the certificate that the new side shows" in found.points[0].note


@pytest.mark.parametrize("issuer", [PRIVATE, "", "CN=R3,O=(STAGING) Let's Encrypt"])
def test_an_issuer_that_nobody_knows_is_no_pass(issuer: str) -> None:
    found = judged(held(*ALLOWED), a=leaf(issuer), b=leaf())
    assert told(found) == ("INCONCLUSIVE", [])
    assert "a private authority looks at no CAA" in found.why[0]
    assert "write the new certificate's `dns.issuer`" in found.why[0]


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        (TlsFacts(trouble="timed out"), "a shows no certificate (timed out)"),
        (TlsFacts(), "a shows no certificate"),
        (replace(leaf(), trusted=False), "not known to be trusted"),
        (replace(leaf(), trusted=None), "not known to be trusted"),
        (leaf(LETS_ENCRYPT, "other.example.com"), f"a shows a certificate that is not for {NAME}"),
    ],
)
def test_what_callers_would_not_take_tells_of_no_issuer(facts: TlsFacts, says: str) -> None:
    found = judged(held(*ALLOWED), a=facts)
    assert told(found) == ("INCONCLUSIVE", [])
    assert says in found.why[0]
    assert told(judged(held(*ALLOWED), a=facts, b=leaf())) == ("PASS", []), "another address does tell"


@pytest.mark.parametrize(
    ("values", "names", "outcome"),
    [
        # RFC 8659 §4.3: issuewild, where there is any, is all that counts for a wildcard
        ((*ALLOWED, '0 issuewild "other.example"'), ("*.example.com",), "FAIL"),
        ((*ALLOWED, '0 issuewild ";"'), ("*.example.com", NAME), "FAIL"),
        ((*ALLOWED, '0 issuewild ";"'), (NAME,), "PASS"),
        (('0 issuewild ";"',), (NAME,), "PASS"),
        (('0 issuewild ";"',), ("*.example.com",), "FAIL"),
        (('0 issue ";"', '0 issuewild "letsencrypt.org"'), ("*.example.com",), "PASS"),
        (('0 issue ";"', '0 issuewild "letsencrypt.org"'), ("*.example.com", NAME), "FAIL"),
        (('0 issue "other.example"',), ("*.example.com",), "FAIL"),
        (ALLOWED, ("*.example.com",), "PASS"),
        ((*ALLOWED, '0 issuewild ";"'), (NAME, "*.another.example"), "PASS"),
    ],
)
def test_a_wildcard_goes_by_issuewild(values: tuple[str, ...], names: tuple[str, ...], outcome: str) -> None:
    found = judged(held(*values), a=leaf(LETS_ENCRYPT, *names))
    assert found.outcome == outcome
    if outcome == "FAIL" and NAME not in names:
        assert told(found)[1] == [f"CAA of {ZONE} forbids Let's Encrypt to issue a certificate for *.{ZONE} now"]


def test_records_of_the_name_itself_say_nothing_of_a_wildcard_beside_it() -> None:
    own = held('0 issue "other.example"', owner=NAME)
    found = judged(own, a=leaf(LETS_ENCRYPT, f"*.{ZONE}"))
    assert told(found) == ("INCONCLUSIVE", [])
    assert f"CAA of {ZONE}" in found.why[0]
    assert judged(own, a=leaf(LETS_ENCRYPT, f"*.{ZONE}", NAME)).outcome == "FAIL"
    target = Caa(name=NAME, owner="gw.example.net", values=('0 issue "front.example"',))
    assert judged(held(*ALLOWED, after=target), a=leaf(LETS_ENCRYPT, f"*.{ZONE}")).outcome == "PASS"
    assert judged(held(*ALLOWED, after=target), a=leaf()).outcome == "FAIL"


# by real TLS

HERE = survey(resolver("r1", ways("127.0.0.1"), now=("127.0.0.1",)))


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("public"), "R11", organisation="Let's Encrypt")


@pytest.fixture
def server(public: Authority) -> Iterator[HostileServer]:
    with HostileServer(tls=_files(public)) as started:
        yield started


def _files(authority: Authority) -> ServerFiles:
    return authority.certificate(NAME, end=datetime.now(UTC) + timedelta(days=90))


def at(server: HostileServer, ca_file: Path, **more: Any) -> View:
    by = view(HERE, new=f"https://{NAME}:{server.port}", ca_file=ca_file, now=datetime.now(UTC).timestamp())
    return replace(by, dns=replace(by.dns, **more))


def with_records(*values: str) -> Survey:
    now = Caa(name=NAME, owner=ZONE if values else "", values=values)
    return replace(HERE, caa=now, caa_after=now)


def test_the_new_side_is_looked_at_once_for_both_topics(server: HostileServer, public: Authority) -> None:
    by, seen = at(server, public.ca_file), with_records(*ALLOWED)
    first, second = looked(caa, seen, by), looked(certificate, seen, by)
    assert (first.outcome, first.requests) == ("PASS", {"new": 1})
    assert (second.outcome, second.requests) == ("PASS", {})
    assert list(second.facts["issuer"].values()) == ["CN=R11,O=Let's Encrypt"]
    other = looked(caa, with_records('0 issue "pki.goog"'), by)
    assert (other.outcome, other.requests) == ("FAIL", {})


def test_nothing_is_opened_where_it_does_not_matter(server: HostileServer, public: Authority) -> None:
    given = at(server, public.ca_file, issuers=("ca.example",))
    found = looked(caa, with_records(*ALLOWED), given)
    assert (found.outcome, found.requests) == ("FAIL", {})
    assert found.facts["issuer"] == {"scenario": "ca.example"}
    for values in ((), ('0 issue ";"',), ('0 iodef "mailto:a@example.com"',)):
        assert looked(caa, with_records(*values), at(server, public.ca_file)).requests == {}


def test_without_a_certificate_the_issuer_must_be_written(server: HostileServer, public: Authority) -> None:
    plain = view(HERE, new=f"http://{NAME}:{server.port}")
    found = looked(caa, with_records(*ALLOWED), plain)
    assert (found.outcome, found.requests) == ("INCONCLUSIVE", {})
    assert "plain http" in found.why[0]
    stopped = FakeTools(stop_after=0)
    assert looked(caa, with_records(*ALLOWED), at(server, public.ca_file), stopped).outcome == "INCONCLUSIVE"
    nowhere = replace(with_records(*ALLOWED), resolvers=())
    assert "no address of the new side" in looked(caa, nowhere, at(server, public.ca_file)).why[0]
