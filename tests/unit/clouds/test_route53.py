"""Route 53 through boto3: moto's server for what it has, a stand-in for pages within a name and for refusals."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import lru_cache
from typing import Any

import pytest

from harness.clouds.aws_domains import AwsDomains
from harness.clouds.aws_keys import AwsKeys
from harness.clouds.route53 import DELAY, Route53, plain
from harness.clouds.unread import Unread
from harness.model.series import Absence
from tests.servers.moto import REGION, Moto
from tests.servers.plain import PlainServer
from tests.servers.route53 import Route53StandIn, weighted

SECRET = "a-secret-key-of-the-tests"
KEYS = AwsKeys(access_key="AKIATESTTESTTESTTEST", secret_key=SECRET)
Serve = Callable[[Route53StandIn], Route53]


@pytest.fixture(scope="module")
def moto() -> Iterator[Moto]:
    with Moto() as server:
        yield server


@pytest.fixture
def serve() -> Iterator[Serve]:
    with ExitStack() as stack:
        yield lambda behave: Route53(keys=KEYS, endpoint=stack.enter_context(PlainServer(behave)).url)


def reading(moto: Moto, page: int = 300) -> Route53:
    return Route53(keys=KEYS, endpoint=moto.url, page=page)


@lru_cache
def prepares(url: str) -> Any:
    return Moto(url=url).client("route53")


def zone(moto: Moto, name: str, *sets: dict[str, Any], private: bool = False) -> str:
    service = prepares(moto.url)
    more = {"VPC": {"VPCRegion": REGION, "VPCId": "vpc-1"}} if private else {}
    config = {"Comment": "", "PrivateZone": private}
    made = service.create_hosted_zone(
        Name=name, CallerReference=f"{name}{len(sets)}{private}", HostedZoneConfig=config, **more
    )
    found = str(made["HostedZone"]["Id"]).rpartition("/")[2]
    changes = [{"Action": "CREATE", "ResourceRecordSet": one} for one in sets]
    if changes:
        service.change_resource_record_sets(HostedZoneId=found, ChangeBatch={"Changes": changes})
    return found


def record(name: str, type_: str, *values: str, ttl: int = 60, **more: Any) -> dict[str, Any]:
    told = [{"Value": value} for value in values]
    return {"Name": name, "Type": type_, "TTL": ttl, "ResourceRecords": told, **more}


def test_a_zone_is_found_by_the_longest_suffix_and_its_sets_by_name(moto: Moto) -> None:
    zone(moto, "one.test", record("api.eu.one.test", "CNAME", "parent.test."))
    inner = zone(
        moto,
        "eu.one.test",
        record("api.eu.one.test", "CNAME", "Old.Test."),
        record("apj.eu.one.test", "CNAME", "other.test."),
    )
    state = reading(moto).read("api.eu.one.test")
    assert inner in state.where
    (one,) = state.records
    assert (one.name, one.type, one.target, one.ttl, one.policy) == (
        "api.eu.one.test",
        "CNAME",
        ("old.test",),
        60,
        "simple",
    )
    assert state.delay == DELAY
    assert len(state.name_servers) >= 1
    assert all(name == name.lower().rstrip(".") for name in state.name_servers)


def test_weights_aliases_and_health_checks_are_told(moto: Moto) -> None:
    alias = {"HostedZoneId": "Z2", "DNSName": "d-1.execute-api.eu-west-1.amazonaws.com.", "EvaluateTargetHealth": True}
    zone(
        moto,
        "two.test",
        {"Name": "api.two.test", "Type": "A", "SetIdentifier": "old", "Weight": 255, "AliasTarget": alias},
        record("api.two.test", "A", "192.0.2.1", SetIdentifier="new", Weight=0, HealthCheckId="h-1"),
        record("api.two.test", "AAAA", "2001:db8::1", "2001:db8::2"),
        record("api.two.test", "TXT", '"not asked for"'),
    )
    records = {one.id or one.type: one for one in reading(moto).read("api.two.test").records}
    assert set(records) == {"old", "new", "AAAA"}
    old, new = records["old"], records["new"]
    assert (old.alias, old.ttl, old.weight, old.policy, old.health) == (True, None, 255, "weighted", "target")
    assert old.target == ("d-1.execute-api.eu-west-1.amazonaws.com",)
    assert (new.weight, new.policy, new.health) == (0, "weighted", "health check h-1")
    assert records["AAAA"].target == ("2001:db8::1", "2001:db8::2")


def test_many_record_sets_come_in_pages_and_only_those_of_the_name_are_read(moto: Moto) -> None:
    around = [record(f"n{number:03}.three.test", "A", "192.0.2.9") for number in range(120)]
    own = [record("n050.three.test", "AAAA", "2001:db8::1"), record("n050.three.test", "TXT", '"x"')]
    zone(moto, "three.test", *around, *own)
    state = reading(moto, page=1).read("n050.three.test")
    assert [one.type for one in state.records] == ["A", "AAAA"]


def test_private_zones_are_left_out_and_told(moto: Moto) -> None:
    hidden = zone(moto, "four.test", record("api.four.test", "CNAME", "inside.test"), private=True)
    public = zone(moto, "four.test", record("api.four.test", "CNAME", "old.test"))
    state = reading(moto).read("api.four.test")
    assert public in state.where
    assert state.facts == {"private zone four.test": hidden}
    with pytest.raises(Unread, match="is private"):
        reading(moto).read("api.four.test", hidden)


def test_two_public_zones_of_one_name_are_not_guessed_between(moto: Moto) -> None:
    both = [zone(moto, "five.test"), zone(moto, "five.test", record("api.five.test", "A", "192.0.2.1"))]
    with pytest.raises(Unread, match="2 public zones") as raised:
        reading(moto).read("api.five.test")
    assert all(one in raised.value.reason for one in both)
    state = reading(moto).read("api.five.test", f"/hostedzone/{both[1]}")
    assert state.facts == {"another public zone of this name": both[0]}
    assert len(state.records) == 1


def test_no_zone_and_an_unknown_zone_failed(moto: Moto) -> None:
    with pytest.raises(Unread, match="no public zone") as raised:
        reading(moto).read("api.nowhere.test")
    assert raised.value.kind is Absence.FAILED
    with pytest.raises(Unread, match="NoSuchHostedZone"):
        reading(moto).read("api.nowhere.test", "Z404")


def test_a_name_without_records_has_none(moto: Moto) -> None:
    zone(moto, "six.test", record("z.six.test", "A", "192.0.2.1"))
    assert reading(moto).read("api.six.test").records == ()


def test_the_zones_own_ns_record_is_told(serve: Serve) -> None:
    own = {"Name": "example.com.", "Type": "NS", "TTL": 172800}
    values = [{"ResourceRecord": {"Value": f"{name}.example.com."}} for name in ("NS1", "ns2")]
    state = serve(Route53StandIn(sets=[own | {"ResourceRecords": values}])).read("api.example.com")
    assert state.apex == ("ns1.example.com", "ns2.example.com")
    assert state.name_servers == ("ns-1.awsdns-01.com", "ns-2.awsdns-02.net")


def test_who_may_read_one_zone_need_not_list_all(serve: Serve) -> None:
    source = serve(Route53StandIn(sets=[weighted("old", "old.test", 1)], unlisted=True))
    state = source.read("api.example.com", "Z1")
    assert len(state.records) == 1
    assert "not known" in state.facts["another public zone of this name"]


def test_a_zone_is_looked_up_once_for_all_its_names(serve: Serve) -> None:
    stand_in = Route53StandIn(sets=[weighted("old", "old.test", 1), weighted("n", "n.test", 1, name="b.example.com.")])
    source = serve(stand_in)
    assert len(source.read("api.example.com").records) == 1
    assert len(source.read("b.example.com").records) == 1
    assert len([path for path in stand_in.seen if path.endswith("/Z1")]) == 1


def test_pages_within_one_name_go_on_by_identifier(serve: Serve) -> None:
    sets = [weighted(f"s{number}", f"t{number}.test.", number) for number in range(7)]
    records = serve(Route53StandIn(sets=sets, page=2)).read("api.example.com").records
    assert [(one.id, one.weight) for one in records] == [(f"s{number}", number) for number in range(7)]


def test_pages_without_end_are_no_answer(serve: Serve) -> None:
    sets = [weighted(f"s{number}", "t.test.", 1) for number in range(30)]
    with pytest.raises(Unread, match="more pages"):
        serve(Route53StandIn(sets=sets, page=1)).read("api.example.com")


@pytest.mark.parametrize(
    ("refusing", "kind"),
    [
        ((403, "AccessDenied", f"not authorized with {SECRET}"), Absence.DENIED),
        ((400, "Throttling", "Rate exceeded"), Absence.THROTTLED),
        ((503, "ServiceUnavailable", "later"), Absence.FAILED),
    ],
)
def test_a_refusal_is_told_with_its_kind_and_not_asked_again(
    refusing: tuple[int, str, str], kind: Absence, serve: Serve
) -> None:
    stand_in = Route53StandIn(refusing=refusing)
    with pytest.raises(Unread) as raised:
        serve(stand_in).read("api.example.com")
    assert raised.value.kind is kind
    assert SECRET not in raised.value.reason
    assert len(stand_in.seen) == 1


@pytest.mark.parametrize("body", [b"", b"<html>", b"\x00\xff", b"<a>" * 100_000])
def test_an_answer_that_is_none_of_route_53_failed(body: bytes, serve: Serve) -> None:
    with pytest.raises(Unread) as raised:
        serve(Route53StandIn(body=body)).read("api.example.com")
    assert raised.value.kind is Absence.FAILED
    assert "\x00" not in raised.value.reason


def test_octal_escapes_are_undone() -> None:
    assert plain("\\052.Example.COM.") == "*.example.com"
    assert plain("a\\033[31m.example.com") == "a [31m.example.com"


def domains(moto: Moto, api: str, *, http: bool) -> AwsDomains:
    return AwsDomains(region=REGION, endpoint=moto.url, api=api, stage="prod", http=http, keys=KEYS)


def test_custom_domain_names_of_rest_apis_and_their_mappings(moto: Moto) -> None:
    service = moto.client("apigateway")
    api = service.create_rest_api(name="orders")["id"]
    root = service.get_resources(restApiId=api)["items"][0]["id"]
    service.put_method(restApiId=api, resourceId=root, httpMethod="GET", authorizationType="NONE")
    service.put_integration(restApiId=api, resourceId=root, httpMethod="GET", type="MOCK")
    service.create_deployment(restApiId=api, stageName="prod")
    service.create_domain_name(
        domainName="api.example.com", regionalCertificateArn="arn:aws:acm:eu-west-1:1:certificate/1"
    )
    service.create_base_path_mapping(domainName="api.example.com", restApiId=api, stage="prod", basePath="v1")
    (found,) = domains(moto, api, http=False).read("api.example.com")
    assert (found.host, found.mapped) == ("api.example.com", ("v1",))
    assert domains(moto, api, http=False).read("other.test") == ()
    (foreign,) = domains(moto, "another", http=False).read("api.example.com")
    assert foreign.mapped == ()


def test_custom_domain_names_of_http_apis_and_their_mappings(moto: Moto) -> None:
    service = moto.client("apigatewayv2")
    api = service.create_api(Name="orders", ProtocolType="HTTP")["ApiId"]
    service.create_stage(ApiId=api, StageName="prod")
    service.create_domain_name(DomainName="http.example.com", DomainNameConfigurations=[{"CertificateArn": "arn:1"}])
    service.create_api_mapping(DomainName="http.example.com", ApiId=api, Stage="prod")
    (found,) = domains(moto, api, http=True).read("http.example.com")
    assert (found.host, found.mapped) == ("http.example.com", ("",))
    (foreign,) = domains(moto, "another", http=True).read("http.example.com")
    assert foreign.mapped == ()
