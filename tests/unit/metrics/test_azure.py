"""Azure Monitor: averages and totals as the documented API tells them, each way of telling nothing its own."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from azure.mgmt.monitor import models

from harness.metrics.azure import AVERAGES_ONLY
from harness.metrics.summary import find, summary
from harness.model.secret import Secret
from harness.model.series import Absence, Telemetry
from tests.servers.azure_management import RESOURCE, AzureStandIn
from tests.servers.plain import Answer, PlainServer
from tests.servers.token_endpoint import TokenEndpoint, reset
from tests.unit.metrics.asking import END, START, TOKEN, azure, read, the

EPOCH = datetime.fromtimestamp(START, UTC).isoformat()
Serve = Callable[[Callable[..., Answer]], PlainServer]


@pytest.fixture
def serve() -> Iterator[Serve]:
    with ExitStack() as stack:
        yield lambda behave: stack.enter_context(PlainServer(behave))


def minutes(value: float, count: int = 10) -> list[tuple[float, float]]:
    return [(START + 60 * minute, value) for minute in range(count)]


def values(**more: list[tuple[float, float]]) -> dict[str, list[tuple[float, float]]]:
    """Return a hundred requests a minute in 40 ms, 30 ms of them the backend's, at 25 % of capacity."""
    return {
        "Requests": minutes(100.0),
        "Requests 4xx": minutes(3.0, 2),
        "Duration": minutes(40.0),
        "BackendDuration": minutes(30.0),
        "Capacity": minutes(25.0),
        **more,
    }


def asked(server: PlainServer, **more: Any) -> Telemetry:
    return read(azure(server.url), "azure-apim", **more)


def test_all_that_azure_tells(serve: Serve) -> None:
    server = serve(AzureStandIn(values=values()))
    told = asked(server)
    assert (told.what, told.facts, told.absence) == ("service contoso", {"tier": "Standard"}, None)
    assert summary(the(told, "requests")) == (1000.0, "sum")
    assert summary(the(told, "errors 4xx")) == (6.0, "sum")
    assert the(told, "errors 5xx").absence is Absence.ZERO
    assert summary(the(told, "latency", "average")) == (40.0, "average of the whole time")
    assert summary(the(told, "backend latency", "maximum")) == (30.0, "maximum of all")
    assert summary(the(told, "capacity", "average"))[0] == 0.25
    assert the(told, "capacity", "average").unit == "share"
    assert find(told, "capacity", "maximum") is None  # 0 outside Premium, which would read as idle
    assert [at for at, _ in the(told, "requests").points] == [START + 60 * index for index in range(10)]


def test_it_never_gives_a_percentile_and_says_so(serve: Serve) -> None:
    told = asked(serve(AzureStandIn(values=values())), percentiles=(0.95,))
    assert not [one for one in told.series if one.statistic.startswith("p")]
    assert AVERAGES_ONLY in the(told, "latency", "average").note


def test_the_stand_in_speaks_as_the_official_sdk_reads(serve: Serve) -> None:
    kept: list[Any] = []

    def keep(answer: Any) -> Any:
        kept.append(answer)
        return answer

    asked(serve(AzureStandIn(values=values(), change=keep)))
    answers = [one for one in kept if "timespan" in one]
    assert len(answers) == 4
    for answer in answers:
        parsed = models.Response.deserialize(answer)
        assert parsed.interval == "PT1M"
        for metric in parsed.value:
            assert metric.id == f"{RESOURCE}/providers/Microsoft.Insights/metrics/{metric.name.value}"
            assert models.MetricUnit(metric.unit)
            assert metric.error_code == "Success"
            assert metric.name.value in {"Requests", "Duration", "BackendDuration", "Capacity"}
            for series in metric.timeseries:
                data, named = series.data or [], series.metadatavalues or []
                assert len(data) == 10
                assert [point.time_stamp.timestamp() for point in data] == [START + 60 * at for at in range(10)]
                assert any(value is not None for value in (data[0].average, data[0].total))
                assert [one.value for one in named] in [[], ["4xx"]]


def test_what_is_asked_is_what_is_documented(serve: Serve) -> None:
    server = serve(AzureStandIn(values=values()))
    asked(server)
    assert {one.all("host")[0] for one in server.asked} == {server.url.removeprefix("http://")}
    metrics = [urlsplit(one.target) for one in server.asked if "Insights" in one.target]
    assert {one.path for one in metrics} == {f"{RESOURCE}/providers/Microsoft.Insights/metrics"}
    queries = [parse_qs(one.query) for one in metrics]
    assert {query["interval"][0] for query in queries} == {"PT1M"}
    assert [query["$filter"] for query in queries if "$filter" in query] == [
        ["GatewayResponseCodeCategory eq '4xx' or GatewayResponseCodeCategory eq '5xx'"]
    ]


def test_premium_has_a_maximum_and_the_second_generation_other_names(serve: Serve) -> None:
    told = asked(serve(AzureStandIn(values=values(), tier="Premium")))
    assert summary(the(told, "capacity", "maximum")) == (0.25, "maximum of all")
    newer = values(CpuPercent_Gateway=minutes(20.0), MemoryPercent_Gateway=minutes(70.0))
    told = asked(serve(AzureStandIn(values=newer, tier="StandardV2")))
    assert summary(the(told, "capacity", "average"))[0] == 0.7
    assert "the higher of CPU and memory" in the(told, "capacity", "average").note


def test_a_consumption_tier_does_not_tell(serve: Serve) -> None:
    told = asked(serve(AzureStandIn(tier="Consumption")))
    assert told.absence is Absence.UNSUPPORTED
    assert told.facts == {"tier": "Consumption"}


def test_no_traffic_is_not_no_telemetry(serve: Serve) -> None:
    quiet = asked(serve(AzureStandIn(values={"Requests": [], "Duration": [], "Capacity": minutes(5.0)})))
    assert the(quiet, "requests").absence is Absence.NO_TRAFFIC
    assert the(quiet, "latency", "average").absence is Absence.NO_TRAFFIC
    assert the(quiet, "errors 5xx").absence is Absence.NO_TRAFFIC
    assert the(quiet, "capacity", "average").absence is None
    nothing = asked(serve(AzureStandIn()))
    assert (nothing.absence, nothing.trouble) == (Absence.NO_TELEMETRY, "Azure Monitor has no value of this service")
    assert the(nothing, "requests").absence is Absence.NO_TELEMETRY
    assert the(nothing, "capacity", "average").absence is Absence.NO_TELEMETRY


def test_gaps_are_partial(serve: Serve) -> None:
    told = asked(serve(AzureStandIn(values=values(Duration=minutes(40.0, 4), Capacity=minutes(5.0, 9)))))
    assert the(told, "latency", "average").absence is Absence.PARTIAL
    assert the(told, "capacity", "average").absence is Absence.PARTIAL


@pytest.mark.parametrize(
    ("refusal", "absence", "words"),
    [
        ((403, "AuthorizationFailed", "no permission", ()), Absence.DENIED, "Monitoring Reader"),
        ((429, "TooManyRequests", "slow down", (("Retry-After", "17"),)), Absence.THROTTLED, "asked again in 17 s"),
    ],
)
def test_once_refused_nothing_more_is_asked(
    refusal: tuple[int, str, str, Any], absence: Absence, words: str, serve: Serve
) -> None:
    server = serve(AzureStandIn(values=values(), refusing={"Requests": refusal}))
    told = asked(server)
    assert (told.absence, told.series) == (absence, ())
    assert f"answered {refusal[0]} ({refusal[1]}: {refusal[2]})" in told.trouble
    assert words in told.trouble
    assert len([one for one in server.asked if "Insights" in one.target]) == 1


def test_one_metric_that_fails_takes_nothing_from_the_others(serve: Serve) -> None:
    server = serve(AzureStandIn(values=values(), refusing={"Capacity": (400, "BadRequest", "no such metric", ())}))
    told = asked(server)
    assert the(told, "capacity", "average").absence is Absence.FAILED
    assert "no such metric" in the(told, "capacity", "average").note
    assert the(told, "requests").absence is None


def test_a_wrong_token_is_denied_and_never_quoted(serve: Serve) -> None:
    server = serve(lambda one: Answer(status=401, body=f'{{"error": {{"message": "not {TOKEN}!"}}}}'.encode()))
    hidden = list[Secret]()
    told = asked(server, hidden=hidden)
    assert told.absence is Absence.DENIED
    assert TOKEN not in told.trouble
    assert [one.value for one in hidden] == [TOKEN]


def test_a_tier_that_cannot_be_read_is_said_not_guessed(serve: Serve) -> None:
    server = serve(AzureStandIn(values=values(), refusing={"service": (403, "AuthorizationFailed", "no", ())}))
    told = asked(server)
    assert "tier" not in told.facts
    assert "AuthorizationFailed" in told.facts["tier not known"]
    assert the(told, "requests").absence is None


def test_releases_are_the_deployments(serve: Serve) -> None:
    releases = {
        "orders": [(START - 900, "r0", "old"), (START - 600, "r1", "before"), (START + 60, "r2", "weak etags")],
        "orders;rev=2": [(START, "r9", "not current")],
    }
    server = serve(AzureStandIn(values=values(), releases=releases))
    told = asked(server, deployments=True)
    assert [(one.id, one.text) for one in told.deployments] == [("r1", "orders: before"), ("r2", "orders: weak etags")]
    assert "policies and settings change without one" in told.facts["deployments"]
    denied = AzureStandIn(values=values(), refusing={"apis": (403, "AuthorizationFailed", "no", ())})
    told = asked(serve(denied), deployments=True)
    assert told.deployments == ()
    assert told.facts["deployments"].startswith("not known: ")
    assert told.absence is None


def test_the_releases_of_many_apis_are_bounded(serve: Serve) -> None:
    server = serve(AzureStandIn(values=values(), releases={f"api-{index}": [] for index in range(30)}))
    told = asked(server, deployments=True)
    assert told.facts["deployments"] == "releases of the first 10 of 30 APIs"
    assert len([one for one in server.asked if "/releases" in one.target]) == 10


@pytest.mark.parametrize(
    "spoilt",
    [
        [],
        {"value": None},
        {"value": [{"name": "Requests", "timeseries": 7}]},
        {"value": [{"name": {"value": "Requests"}, "timeseries": [{"data": None}]}]},
        {"value": [{"name": {"value": "Requests"}, "timeseries": [{"data": [{"timeStamp": 5, "total": 1}]}]}]},
        {"value": [{"name": {"value": "Requests"}, "timeseries": [{"data": [{"timeStamp": "x", "total": 1}]}]}]},
        {
            "value": [
                {"name": {"value": "Requests"}, "timeseries": [{"data": [{"timeStamp": EPOCH, "total": 10**400}]}]}
            ]
        },
        {"value": [{"name": {"value": "Requests"}, "timeseries": [{"data": [{"timeStamp": EPOCH, "total": -1}]}]}]},
        {"value": [{"name": {"value": "Requests"}, "errorCode": "InternalServerError", "timeseries": []}]},
    ],
)
def test_an_answer_that_is_none_of_azures_is_no_value(spoilt: Any, serve: Serve) -> None:
    told = asked(serve(AzureStandIn(change=lambda _: spoilt)))
    assert told.absence in {Absence.FAILED, Absence.NO_TELEMETRY}
    assert not any(one.points for one in told.series)


@pytest.mark.parametrize("body", [b"<html>", b"[" * 100_000, b"null", b""])
def test_no_json_failed(body: bytes, serve: Serve) -> None:
    told = asked(serve(lambda one: Answer(body=body)))
    assert told.absence is Absence.FAILED
    assert "no JSON object" in told.trouble


def test_a_redirect_is_not_followed(serve: Serve) -> None:
    server = serve(lambda one: Answer(status=302, headers=(("Location", "http://127.0.0.1:9/"),), body=b""))
    assert "a redirect, which is not followed" in asked(server).trouble


def test_a_service_that_cannot_be_reached_failed() -> None:
    with TokenEndpoint(reset) as nobody:
        told = read(azure(nobody.url.removesuffix("/token")), "azure-apim")
    assert told.absence is Absence.FAILED


def test_a_trailing_slash_of_the_resource_changes_nothing(serve: Serve) -> None:
    server = serve(AzureStandIn(values=values()))
    told = read(replace(azure(server.url + "/"), resource=RESOURCE + "/"), "azure-apim", end=END)
    assert (told.what, told.absence) == ("service contoso", None)
