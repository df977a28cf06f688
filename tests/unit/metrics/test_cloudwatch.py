"""CloudWatch through boto3: moto's server for what it has, a stand-in for percentiles and for all that goes wrong."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from harness.clouds.api_gateway import ApiGateway
from harness.clouds.aws_keys import AwsKeys
from harness.metrics.summary import summary
from harness.model.secret import Secret
from harness.model.series import Absence, Telemetry
from tests.servers.cloudwatch import CloudWatchStandIn
from tests.servers.moto import REGION, Moto
from tests.servers.plain import PlainServer
from tests.servers.token_endpoint import TokenEndpoint, reset
from tests.unit.metrics.asking import END, SECRET, START, aws, read, samples, the

DENIED = (403, "AccessDeniedException", "User is not authorized to perform this")
THROTTLED = (400, "ThrottlingException", "Rate exceeded")
HUNDRED = [float(value) for value in range(1, 101)]
FULL = dict.fromkeys(range(10), HUNDRED)


def traffic(**more: list[tuple[float, float]]) -> dict[str, list[tuple[float, float]]]:
    """Return samples of a hundred requests a minute, of 1 to 100 ms, none of them an error."""
    ones = samples({minute: [1.0] * 100 for minute in range(10)})
    zeros = [(at, 0.0) for at, _ in ones]
    latency = {"Latency": samples(FULL), "IntegrationLatency": samples(FULL)}
    return {"Count": ones, "4XXError": zeros, "5XXError": zeros, **latency, **more}


@pytest.fixture
def serve() -> Iterator[Callable[[CloudWatchStandIn], PlainServer]]:
    with ExitStack() as stack:
        yield lambda behave: stack.enter_context(PlainServer(behave))


Serve = Callable[[CloudWatchStandIn], PlainServer]


@pytest.fixture(scope="module")
def moto() -> Iterator[Moto]:
    with Moto() as server:
        yield server


def put(moto: Moto, metric: str, value: float, api: str) -> None:
    """Put a value into each minute."""
    dimensions = [{"Name": "ApiName", "Value": api}, {"Name": "Stage", "Value": "prod"}]
    data = [
        {"MetricName": metric, "Dimensions": dimensions, "Timestamp": datetime.fromtimestamp(at, UTC), "Value": value}
        for at in range(int(START), int(END), 60)
    ]
    moto.client("cloudwatch").put_metric_data(Namespace="AWS/ApiGateway", MetricData=data)


def test_sums_and_averages_come_from_moto(moto: Moto) -> None:
    for metric, value in (("Count", 7.0), ("4XXError", 1.0), ("5XXError", 0.0), ("Latency", 42.0)):
        put(moto, metric, value, "orders")
    told = read(aws(moto.url), percentiles=())
    assert (told.absence, told.what) == (None, "stage prod of API a1b2c3d4e5")
    assert [value for _, value in the(told, "requests").points] == [7.0] * 10
    assert [at for at, _ in the(told, "requests").points] == [START + 60 * index for index in range(10)]
    assert summary(the(told, "errors 4xx")) == (10.0, "sum")
    assert summary(the(told, "latency", "average")) == (42.0, "average of the whole time")
    assert the(told, "backend latency", "average").absence is Absence.NO_TELEMETRY
    assert the(told, "requests").source == "AWS/ApiGateway Count Sum, ApiName=orders, Stage=prod"


def test_an_unknown_stage_is_no_telemetry_and_a_quiet_one_no_traffic(moto: Moto) -> None:
    put(moto, "Count", 1.0, "quiet")
    quiet = read(aws(moto.url, "quiet"), percentiles=(), start=START - 7200, end=START - 3600)
    assert quiet.absence is None
    assert {one.absence for one in quiet.series} == {Absence.NO_TRAFFIC}
    unknown = read(aws(moto.url, "nobody"), percentiles=())
    assert unknown.absence is Absence.NO_TELEMETRY
    assert "no metrics of ApiName=nobody, Stage=prod; check api, stage and region" in unknown.trouble
    assert {one.absence for one in unknown.series} == {Absence.NO_TELEMETRY}


def test_the_name_and_the_deployments_of_a_rest_api(moto: Moto) -> None:
    gateway = moto.client("apigateway")
    made = gateway.create_rest_api(name="orders")["id"]
    root = gateway.get_resources(restApiId=made)["items"][0]["id"]
    gateway.put_method(restApiId=made, resourceId=root, httpMethod="GET", authorizationType="NONE")
    gateway.put_integration(restApiId=made, resourceId=root, httpMethod="GET", type="MOCK")
    name = gateway.create_deployment(restApiId=made, stageName="prod", description="the first")["id"]
    control = replace(aws(moto.url, ""), api=made)
    told = read(control, percentiles=())
    assert the(told, "requests").source.endswith("ApiName=orders, Stage=prod")
    keys = AwsKeys(access_key="testing", secret_key="testing")
    (first,) = ApiGateway(region=REGION, endpoint=moto.url, api=made, keys=keys).deployments()
    assert (first.id, first.text) == (name, "the first")
    assert first.at > END


def test_percentiles_by_minute_and_of_the_whole_time(serve: Serve) -> None:
    stand_in = CloudWatchStandIn(samples=traffic(Latency=samples({**FULL, 9: [1000.0] * 100})))
    told = read(aws(serve(stand_in).url), percentiles=(0.5, 0.95, 0.999))
    p95 = the(told, "latency", "p95")
    assert [value for _, value in p95.points] == [95.0] * 9 + [1000.0]
    assert summary(p95) == (1000.0, "p95 of the whole time")
    assert (p95.period, p95.unit, p95.absence) == (60, "ms", None)
    assert the(told, "latency", "p99.9").points[0][1] == 100.0
    assert summary(the(told, "backend latency", "p50")) == (50.0, "p50 of the whole time")
    assert told.absence is None


def test_pages_are_read_to_their_end_and_bounded(serve: Serve) -> None:
    stand_in = CloudWatchStandIn(samples=traffic(), page=3)
    told = read(aws(serve(stand_in).url), percentiles=(0.95,))
    assert len(the(told, "latency", "p95").points) == 10
    assert len(stand_in.queries) == 4
    endless = CloudWatchStandIn(change=lambda answer: answer | {"NextToken": "0"})
    told = read(aws(serve(endless).url), percentiles=(0.95,))
    assert len(endless.queries) == 10
    assert the(told, "latency", "p95").absence is Absence.PARTIAL


def test_an_http_api_goes_by_its_id_and_other_names(serve: Serve) -> None:
    given = traffic()
    renamed = {"4xx": given["4XXError"], "5xx": [(at, 1.0) for at, _ in given["5XXError"]]}
    stand_in = CloudWatchStandIn(
        samples={**given, **renamed},
        dimensions={"ApiId": "a1b2c3d4e5", "Stage": "prod"},
        deployments=[(START - 9000, "d0", ""), (START - 8000, "d1", "first"), (START + 60, "d2", "second")],
    )
    told = read(aws(serve(stand_in).url), "aws-http", percentiles=(), deployments=True)
    assert summary(the(told, "errors 5xx")) == (1000.0, "sum")
    assert [one.id for one in told.deployments] == ["d1", "d2"]


@pytest.mark.parametrize("kind", ["aws-websocket", "generic"])
def test_a_kind_without_such_metrics_is_unsupported(kind: str, serve: Serve) -> None:
    stand_in = CloudWatchStandIn(samples=traffic())
    server = serve(stand_in)
    assert read(aws(server.url), kind).absence is Absence.UNSUPPORTED
    assert not server.asked


@pytest.mark.parametrize(
    ("refusal", "absence"),
    [
        (DENIED, Absence.DENIED),
        ((400, "AccessDenied", "no"), Absence.DENIED),
        ((403, "InvalidClientTokenId", "no such key"), Absence.DENIED),
        (THROTTLED, Absence.THROTTLED),
        ((429, "TooManyRequestsException", "slow down"), Absence.THROTTLED),
        ((500, "InternalFailure", "sorry"), Absence.FAILED),
    ],
)
def test_a_refusal_is_told_with_its_kind(refusal: tuple[int, str, str], absence: Absence, serve: Serve) -> None:
    server = serve(CloudWatchStandIn(refusing={"GetMetricData": refusal}))
    told = read(aws(server.url))
    assert told.absence is absence
    assert refusal[1] in told.trouble
    assert refusal[2] in told.trouble
    assert (told.series, len(server.asked)) == ((), 1)  # nothing is asked twice


def test_a_name_that_may_not_be_looked_up_says_so(serve: Serve) -> None:
    told = read(aws(serve(CloudWatchStandIn(refusing={"GetRestApi": DENIED})).url, ""))
    assert told.absence is Absence.DENIED
    assert "no name of REST API a1b2c3d4e5" in told.trouble


def test_deployments_that_may_not_be_read_take_nothing_from_the_metrics(serve: Serve) -> None:
    stand_in = CloudWatchStandIn(samples=traffic(), refusing={"GetDeployments": DENIED})
    told = read(aws(serve(stand_in).url), deployments=True)
    assert told.absence is None
    assert told.facts["deployments"].startswith("not known: no deployments of API a1b2c3d4e5")


def test_metrics_that_may_not_be_listed_stay_no_telemetry(serve: Serve) -> None:
    """The role of the Postman document may ask for values alone."""
    told = read(aws(serve(CloudWatchStandIn(refusing={"ListMetrics": DENIED})).url))
    requests = the(told, "requests")
    assert requests.absence is Absence.NO_TELEMETRY
    assert "AccessDenied" in requests.note


@pytest.mark.parametrize(
    ("status", "absence"),
    [("PartialData", Absence.PARTIAL), ("Forbidden", Absence.DENIED), ("InternalError", Absence.FAILED)],
)
def test_the_status_of_one_metric_is_that_series_alone(status: str, absence: Absence, serve: Serve) -> None:
    stand_in = CloudWatchStandIn(
        samples=traffic(), status={"5XXError": status}, messages=[{"Code": "Why", "Value": "because"}]
    )
    told = read(aws(serve(stand_in).url))
    assert the(told, "errors 5xx").absence is absence
    assert the(told, "errors 5xx").note == f"CloudWatch says {status}: Why because"
    assert the(told, "requests").absence is None


def test_no_telemetry_is_not_no_errors(serve: Serve) -> None:
    given = traffic()
    del given["5XXError"]
    told = read(aws(serve(CloudWatchStandIn(samples=given)).url))
    assert the(told, "errors 5xx").absence is Absence.ZERO
    told = read(aws(serve(CloudWatchStandIn(known=False)).url))
    assert the(told, "errors 5xx").absence is Absence.NO_TELEMETRY


def spoilt(path: str) -> Callable[[Any], Any]:
    def change(answer: Any) -> Any:
        first = answer["MetricDataResults"][0]
        match path:
            case "no results":
                return {"MetricDataResults": None}
            case "list":
                return []
            case "strange ids":
                return {"MetricDataResults": [{**one, "Id": "x"} for one in answer["MetricDataResults"]]}
            case "more times":
                first["Timestamps"] = [*first["Timestamps"], START]
            case "words":
                first["Values"] = ["many"]
            case "not finite":
                first["Values"] = [float("nan")] * len(first["Values"])
            case "far away":
                first["Timestamps"] = [1e10] * len(first["Timestamps"])
        return answer

    return change


@pytest.mark.parametrize("path", ["no results", "list", "strange ids", "more times", "words", "not finite", "far away"])
def test_an_answer_that_is_none_of_cloudwatchs_is_no_value(path: str, serve: Serve) -> None:
    told = read(aws(serve(CloudWatchStandIn(samples=traffic(), change=spoilt(path))).url))
    counted = next((one for one in told.series if one.name == "requests"), None)
    assert counted is None or not counted.points
    assert told.absence is not None or (counted is not None and counted.absence is not None)


def test_a_service_that_cannot_be_reached_failed() -> None:
    with TokenEndpoint(reset) as nobody:
        told = read(aws(nobody.url.removesuffix("/token")))
    assert told.absence is Absence.FAILED
    assert "127.0.0.1" in told.trouble


def test_a_role_is_assumed_with_its_external_id_and_its_keys_are_hidden(moto: Moto, serve: Serve) -> None:
    server = serve(CloudWatchStandIn(samples=traffic()))
    hidden = list[Secret]()
    control = aws(
        server.url,
        access_key="AKIATESTTESTTESTTEST",
        secret_key=SECRET,
        role="arn:aws:iam::123456789012:role/migration",
        external_id="external-1",
        sts_url=moto.url,
    )
    told = read(control, hidden=hidden)
    assert told.absence is None
    (asked,) = server.asked
    given = asked.all("x-amz-security-token")
    assert given[0] in {one.value for one in hidden}
    assert SECRET not in {one.value for one in hidden}  # the role's, not those it was assumed with
    assert not any(one.value in json.dumps(told.facts) + told.trouble for one in hidden)


def test_a_profile_that_is_not_there_is_denied(serve: Serve) -> None:
    server = serve(CloudWatchStandIn())
    told: Telemetry = read(aws(server.url, profile="nobody-has-this"))
    assert told.absence is Absence.DENIED
    assert "nobody-has-this" in told.trouble
    assert not server.asked
