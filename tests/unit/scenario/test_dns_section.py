"""The `dns` section: names, targets, servers, moments, mechanisms, and defaults."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from harness.model.dns import Server
from harness.model.errors import ScenarioError
from harness.model.side import Side
from harness.model.switch import Mechanism
from harness.scenario.control import AzureControl
from harness.scenario.credential import SigV4Credential
from harness.scenario.load import load
from harness.scenario.moving import (
    AzureSwitch,
    Dns,
    Move,
    ProxySwitch,
    RawCallers,
    RecordSwitch,
    Rehearse,
    Route53Switch,
    Switch,
    Target,
)
from harness.scenario.schema import json_schema
from harness.scenario.types import Scenario
from tests.unit.scenario.broken_dns import DOOR, NAMED, PROFILE, TARGETS, ZONE
from tests.unit.scenario.broken_row import HEAD

ENVIRON = {"NAME": "api.example.com", "TOKEN": "token-canary", "SECRET": "secret-canary", "HOST": "new.example.net"}
MOVE = Move(name="api.example.com", old=Target(cname="old.example.net"), new=Target(cname="new.example.net"))
Read = Callable[..., Scenario]
Section = Callable[[str], Dns]


class _Plain(yaml.SafeLoader):
    """YAML whose moments stay texts, as the scenario reads them."""


_Plain.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if not tag.endswith("timestamp")]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Return a function that reads a scenario with these keys in `dns`, and holds it against the schema."""
    (tmp_path / "access.log").write_text("-")
    (tmp_path / "ca.pem").write_text("-")

    def run(text: str, *, rest: str = "") -> Scenario:
        file = tmp_path / "scenario.yaml"
        whole = f"{HEAD}{rest}dns:\n  {text}\n"
        file.write_text(whole, encoding="utf-8")
        jsonschema.Draft202012Validator(json_schema()).validate(yaml.load(whole, _Plain))
        return load(file, environ=ENVIRON)

    return run


STAYS = "from: front.example.com"
PER_REQUEST_WORDS = ("proxy", "application-gateway", "front-door")  # callers are moved behind a name that stays


@pytest.fixture
def section(read: Read) -> Section:
    """Return a function that reads keys of a section, with a good name and targets where it gives none."""

    def run(text: str) -> Dns:
        targets = STAYS if any(word in text for word in PER_REQUEST_WORDS) else TARGETS
        found = read(text if "name" in text.partition(":")[0] else f"{NAMED}\n  {targets}\n  {text}").dns
        assert found is not None
        return found

    return run


def test_defaults(section: Section) -> None:
    found = section("")
    assert found == Dns(
        moves=(MOVE,), ttl_max=60, negative_ttl_max=3600, system=True, public=False, resolvers=(), authorities={},
        follow=True, lowered_at=None, lowered_from=None, window=None, rollback_within=300.0, switch=RecordSwitch(),
        issuers=(), callers=None, rehearse=(), wait=75.0, timeout=2.0, client_cache=0.0, resolver_count=None,
    )  # fmt: skip
    line = len(HEAD.splitlines()) + 2
    assert found.written is not None
    assert (found.written.line, found.written.column) == (line, 3)
    assert found.moves[0].written is not None
    assert (found.moves[0].written.line, found.moves[0].written.column) == (line, 9)


def test_a_section_is_required_unless_the_file_says_what_is(read: Read) -> None:
    text = f"{NAMED}\n  {TARGETS}"
    assert read(text).gates.require == ("parity", "dns")
    assert read(text, rest="gates: {require: [dns]}\n").gates.require == ("dns",)
    assert read(text, rest="load: {profile: {rate: 1, for: 1m}}\nsecurity: {}\n").gates.require == (
        "parity", "security", "load", "dns",
    )  # fmt: skip


def test_without_a_section(tmp_path: Path) -> None:
    file = tmp_path / "scenario.yaml"
    file.write_text(HEAD)
    found = load(file, environ={})
    assert found.dns is None
    assert found.gates.require == ("parity",)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("API.Example.COM.", "api.example.com"),
        ("_acme-challenge.api.example.com", "_acme-challenge.api.example.com"),
        ("bücher.example.com", "xn--bcher-kva.example.com"),
        ("BÜCHER.example.com.", "xn--bcher-kva.example.com"),
        ("bu\u0308cher.example.com", "xn--bcher-kva.example.com"),
        ("xn--strae-oqa.example.com", "xn--strae-oqa.example.com"),
        ('"${env:NAME}"', "api.example.com"),
        ("a" * 63 + ".example", "a" * 63 + ".example"),
        ("2.0.192.in-addr.arpa", "2.0.192.in-addr.arpa"),
    ],
)
def test_names(written: str, name: str, section: Section) -> None:
    (move,) = section(f"name: {written}\n  {TARGETS}").moves
    assert move.name == name


@pytest.mark.parametrize(
    ("written", "target"),
    [
        ("Contoso-APIM.azure-api.net.", Target(cname="contoso-apim.azure-api.net")),
        ("192.0.2.1", Target(addresses=("192.0.2.1",))),
        ("'2001:DB8:0::1'", Target(addresses=("2001:db8::1",))),
        ("[192.0.2.2, 192.0.2.1, '2001:db8::1']", Target(addresses=("192.0.2.2", "192.0.2.1", "2001:db8::1"))),
        ("{cname: a.example.net}", Target(cname="a.example.net")),
        ("{a: [192.0.2.1]}", Target(addresses=("192.0.2.1",))),
        ("{aaaa: '2001:db8::1', a: 192.0.2.1}", Target(addresses=("192.0.2.1", "2001:db8::1"))),
        (
            "{alias: D-abc.execute-api.eu-west-1.amazonaws.com}",
            Target(alias="d-abc.execute-api.eu-west-1.amazonaws.com"),
        ),
        ('"${env:HOST}"', Target(cname="new.example.net")),
        ('{cname: "${env:HOST}"}', Target(cname="new.example.net")),
        ("127.0.0.1", Target(addresses=("127.0.0.1",))),
    ],
)
def test_targets(written: str, target: Target, section: Section) -> None:
    (move,) = section(f"{NAMED}\n  from: x.example.net\n  to: {written}").moves
    assert move.new == target
    assert move.target(Side.OLD) == Target(cname="x.example.net")


def test_several_names_have_targets_of_their_own_or_those_of_the_section(section: Section) -> None:
    found = section(
        "names:\n    - api.example.com\n    - {name: m.example.com, to: 192.0.2.1}\n"
        "    - {name: n.example.com, from: 192.0.2.2, to: 192.0.2.3}\n  " + TARGETS
    )
    old = Target(cname="old.example.net")
    assert found.moves == (
        MOVE,
        Move(name="m.example.com", old=old, new=Target(addresses=("192.0.2.1",))),
        Move(name="n.example.com", old=Target(addresses=("192.0.2.2",)), new=Target(addresses=("192.0.2.3",))),
    )
    lines = [move.written.line - found.written.line for move in found.moves if move.written and found.written]
    assert lines == [1, 2, 3]


def test_names_that_have_all_of_their_targets_need_none_of_the_section(section: Section) -> None:
    found = section("names: [{name: a.example.com, from: x.example.net, to: y.example.net}]")
    assert found.moves == (
        Move(name="a.example.com", old=Target(cname="x.example.net"), new=Target(cname="y.example.net")),
    )


def test_durations(section: Section) -> None:
    found = section(
        "ttl_max: 2m\n  negative_ttl_max: 15m\n  rollback_within: 90s\n  wait: 0s\n  timeout: 500ms\n  client_cache: 30s\n"
        "  resolver_count: 5000"
    )
    assert (found.ttl_max, found.negative_ttl_max, found.rollback_within) == (120, 900, 90.0)
    assert (found.wait, found.timeout, found.client_cache, found.resolver_count) == (0.0, 0.5, 30.0, 5000)
    assert isinstance(found.ttl_max, int)


@pytest.mark.parametrize(
    ("written", "server"),
    [
        ("192.0.2.53", Server(name="192.0.2.53", address="192.0.2.53")),
        ("192.0.2.53:53", Server(name="192.0.2.53", address="192.0.2.53")),
        ("127.0.0.1:5353", Server(name="127.0.0.1:5353", address="127.0.0.1", port=5353)),
        ("'2001:DB8::53'", Server(name="2001:db8::53", address="2001:db8::53")),
        ("'[::1]:5353'", Server(name="[::1]:5353", address="::1", port=5353)),
        ("169.254.169.253", Server(name="169.254.169.253", address="169.254.169.253")),
        ("tcp://192.0.2.53", Server(name="tcp://192.0.2.53", address="192.0.2.53", protocol="tcp")),
        ("tls://192.0.2.53", Server(name="tls://192.0.2.53", address="192.0.2.53", port=853, protocol="dot")),
        (
            "TLS://DNS.example.net:8853",
            Server(name="tls://dns.example.net:8853", address="dns.example.net", port=8853, protocol="dot", host="dns.example.net"),
        ),
        (
            "https://dns.example.net/q",
            Server(name="https://dns.example.net/q", address="dns.example.net", port=443, protocol="doh", host="dns.example.net", path="/q"),
        ),
        (
            "'https://[::1]:8443'",
            Server(name="https://[::1]:8443/dns-query", address="::1", port=8443, protocol="doh"),
        ),
        ("{address: 192.0.2.53, port: 54, name: ours}", Server(name="ours", address="192.0.2.53", port=54)),
        (
            "{address: 192.0.2.53, protocol: dot, host: dns.example.net}",
            Server(name="tls://192.0.2.53", address="192.0.2.53", port=853, protocol="dot", host="dns.example.net"),
        ),
        (
            "{address: dns.example.net, protocol: doh, path: /q}",
            Server(name="https://dns.example.net/q", address="dns.example.net", port=443, protocol="doh", host="dns.example.net", path="/q"),
        ),
    ],
)  # fmt: skip
def test_resolvers(written: str, server: Server, section: Section) -> None:
    found = section(f"resolvers:\n    - {written}")
    assert found.resolvers == (server,)
    assert not found.system
    assert not found.public


def test_the_words_among_resolvers(section: Section) -> None:
    found = section("resolvers: [public, 192.0.2.53, system]")
    assert (found.system, found.public, len(found.resolvers)) == (True, True, 1)
    assert section("resolvers: [public]").system is False


def test_a_resolver_has_authorities_of_its_own(section: Section, tmp_path: Path) -> None:
    (server,) = section("resolvers: [{address: 192.0.2.53, protocol: dot, ca_file: ca.pem}]").resolvers
    assert server.ca_file == tmp_path / "ca.pem"


ONE = Server(name="127.0.0.1:5300", address="127.0.0.1", port=5300)
NS = Server(name="ns1", address="192.0.2.1")


@pytest.mark.parametrize(
    ("written", "authorities", "follow"),
    [
        ("delegation", {}, True),
        ("[127.0.0.1:5300, {name: ns1, address: 192.0.2.1}]", {"": (ONE, NS)}, False),
        ("{Example.com.: [127.0.0.1:5300]}", {"example.com": (ONE,)}, False),
        ('{example.com: [127.0.0.1:5300], "*": delegation}', {"example.com": (ONE,)}, True),
        (
            "{example.com: [127.0.0.1:5300], azure-api.net: delegation}",
            {"example.com": (ONE,), "azure-api.net": ()},
            False,
        ),
        ("{example: [{address: 192.0.2.1, name: ns1}]}", {"example": (NS,)}, False),
    ],
)
def test_authorities(written: str, authorities: dict[str, Any], follow: bool, section: Section) -> None:
    found = section(f"authorities: {written}")
    assert found.authorities == authorities
    assert found.follow is follow


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-20T09:00:00Z",
        "2026-11-20T09:00Z",
        "2026-11-20t09:00:00.000z",
        "2026-11-20 09:00 UTC",
        "2026-11-20T10:00:00+01:00",
        "2026-11-20 04:30 -0430",
        '"2026-11-20T09:00:00Z"',
    ],
)
def test_moments(written: str, section: Section) -> None:
    found = section(f"lowered_at: {written}\n  lowered_from: 1h")
    assert found.lowered_at == datetime(2026, 11, 20, 9, tzinfo=UTC).timestamp()
    assert found.lowered_from == 3600


def test_never_lowered(section: Section) -> None:
    assert section("lowered_at: never").lowered_at == 0.0


def test_window(section: Section) -> None:
    found = section("window: {from: 2026-11-21T14:00:00Z, until: 2026-11-21T16:00:00+00:00}").window
    assert found is not None
    assert found[1] - found[0] == 7200.0


def test_issuers(section: Section) -> None:
    assert section("issuer: DigiCert.com").issuers == ("digicert.com",)
    assert section("issuer: [letsencrypt.org, digicert.com]").issuers == ("letsencrypt.org", "digicert.com")


def test_callers(section: Section, tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    assert section("callers: {log: access.log}").callers == RawCallers(log=log)
    found = section(
        'callers: {log: access.log, hosts: ["*.INTERNAL.example", 192.0.2.1], accept: 2%, because: told}'
    ).callers
    assert found == RawCallers(log=log, hosts=("*.internal.example", "192.0.2.1"), accepted=0.02, because="told")


def test_rehearse(section: Section) -> None:
    assert section("rehearse: {zone: Test.Example.com}").rehearse == (
        Rehearse(zone="test.example.com", name="api.test.example.com"),
    )
    assert section("rehearse: {zone: test.example.com, name: x.y.test.example.com}").rehearse == (
        Rehearse(zone="test.example.com", name="x.y.test.example.com"),
    )
    several = section(f"names: [a.example.com, b.example.com]\n  {TARGETS}\n  rehearse: {{zone: t.example.com}}")
    assert [one.name for one in several.rehearse] == ["a.t.example.com", "b.t.example.com"]


@pytest.mark.parametrize(
    ("written", "switch"),
    [
        ("record", RecordSwitch()),
        ("{kind: record}", RecordSwitch()),
        ("proxy", ProxySwitch()),
        ("haproxy", ProxySwitch()),
        ("application-gateway", ProxySwitch()),
        ("{kind: haproxy, takes: 5s}", ProxySwitch(takes=5.0)),
        ("{kind: route53}", Route53Switch(keys=SigV4Credential(region="us-east-1"))),
        (
            "{kind: route53, zone: /hostedzone/Z1, region: cn-north-1, profile: p, endpoint: 'http://127.0.0.1:9/'}",
            Route53Switch(
                zone="Z1",
                region="cn-north-1",
                keys=SigV4Credential(region="cn-north-1", profile="p"),
                endpoint="http://127.0.0.1:9",
            ),
        ),
        (
            f"{{kind: azure-dns, resource: {ZONE}/}}",
            AzureSwitch(mechanism=Mechanism.AZURE_DNS, azure=AzureControl(resource=ZONE)),
        ),
        (
            f"{{kind: traffic-manager, resource: {PROFILE}, old: aws, new: azure, endpoint: 'http://127.0.0.1:9'}}",
            AzureSwitch(
                mechanism=Mechanism.TRAFFIC_MANAGER,
                azure=AzureControl(resource=PROFILE, endpoint="http://127.0.0.1:9"),
                origins={Side.OLD: "aws", Side.NEW: "azure"},
            ),
        ),
        (
            f"{{kind: front-door, resource: {DOOR}, group: orders, new: azure}}",
            AzureSwitch(
                mechanism=Mechanism.FRONT_DOOR,
                azure=AzureControl(resource=DOOR),
                origins={Side.NEW: "azure"},
                group="orders",
            ),
        ),
    ],
)
def test_switches(written: str, switch: Switch, section: Section) -> None:
    assert section(f"switch: {written}").switch == switch


@pytest.mark.parametrize(
    ("written", "canaries"),
    [
        (f'{{kind: azure-dns, resource: {ZONE}, token: "${{env:TOKEN}}"}}', {"token-canary"}),
        (f"{{kind: azure-dns, resource: {ZONE}, token: plain-canary}}", {"plain-canary"}),
        ('{kind: route53, access_key: AKIA, secret_key: "${env:SECRET}"}', {"secret-canary"}),
        ("{kind: route53, access_key: AKIA, secret_key: plain-canary}", {"plain-canary"}),
        (
            f'{{kind: front-door, resource: {DOOR}, tenant: contoso.com, client_id: c, client_secret: "${{env:SECRET}}"}}',
            {"secret-canary"},
        ),
    ],
)
def test_secrets_of_a_switch_are_hidden(written: str, canaries: set[str], read: Read) -> None:
    scenario = read(f"{NAMED}\n  {STAYS if 'front-door' in written else TARGETS}\n  switch: {written}")
    assert canaries <= {secret.value for secret in scenario.secrets}
    assert "canary" not in repr(scenario)


@pytest.mark.parametrize("to", ["", "\n  to: front.example.com"])
def test_a_name_that_stays_goes_on_leading_where_it_does(to: str, read: Read) -> None:
    found = read(f"{NAMED}\n  {STAYS}{to}\n  switch: proxy").dns
    assert found is not None
    assert found.moves[0].new == found.moves[0].old


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    file = tmp_path / "scenario.yaml"
    file.write_text(
        HEAD
        + "dns:\n"
        + "  names: [api.example.com, api.example.com, {name: b.example.com, to: 192.0.2.1}]\n"
        + "  to: [192.0.2.1]\n"
        + "  ttl_max: 60s\n"
        + "  lowered_from: 1h\n"
        + "  resolvers: [10.0.0.300]\n"
        + "  switch: {kind: azure-dns}\n"
        + "  window: {from: 2026-11-21, until: 2026-11-22}\n"
        + "  typo: 1\n"
    )
    with pytest.raises(ScenarioError) as caught:
        load(file, environ={})
    told = {(one.line, one.column) for one in caught.value.problems}
    assert told == {(12, 15), (13, 11), (14, 18), (14, 37), (15, 3)}
    text = file.read_text().replace("  typo: 1\n", "")
    file.write_text(text)
    with pytest.raises(ScenarioError) as caught:
        load(file, environ={})
    told = {(one.line, one.column) for one in caught.value.problems}
    assert told == {(8, 11), (8, 28), (8, 52), (11, 17), (12, 15), (13, 11), (14, 18), (14, 37)}


def test_what_several_names_share_is_told_once(tmp_path: Path) -> None:
    file = tmp_path / "scenario.yaml"
    file.write_text(HEAD + "dns: {names: [a.example.com, b.example.com], from: x.example.net, to: x.example.net}\n")
    with pytest.raises(ScenarioError) as caught:
        load(file, environ={})
    assert len(caught.value.problems) == 1


@pytest.mark.parametrize(("written", "seconds"), [("1d", 86_400), ("2w", 1_209_600), ("90m", 5400), ("86400s", 86_400)])
def test_ttls_may_be_days_and_weeks(written: str, seconds: int, section: Section) -> None:
    found = section(f"lowered_at: 2026-11-20T09:00:00Z\n  lowered_from: {written}")
    assert found.lowered_from == seconds
