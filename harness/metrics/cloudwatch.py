"""A stage of Amazon API Gateway, as CloudWatch and the control plane tell of it."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.clouds.api_gateway import ApiGateway
from harness.clouds.aws_keys import AwsKeys, fetch
from harness.clouds.cloudwatch import NAMESPACE, Answered, CloudWatch, Query
from harness.clouds.unread import Unread, asked
from harness.metrics.absent import Told, empty, nothing, typed, unread
from harness.metrics.window import Window, within
from harness.model.secret import Secret
from harness.model.series import Absence, Deployment, Telemetry
from harness.model.side import Side
from harness.scenario.control import AwsControl

_LATENCIES = (("latency", "Latency"), ("backend latency", "IntegrationLatency"))
_COUNTS = {
    "aws-rest": (("requests", "Count"), ("errors 4xx", "4XXError"), ("errors 5xx", "5XXError")),
    "aws-http": (("requests", "Count"), ("errors 4xx", "4xx"), ("errors 5xx", "5xx")),
}
_LONGEST_PERIOD = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """One query and what its answer is called here; `whole` marks the figure of the whole time."""

    name: str
    statistic: str
    unit: str
    query: Query
    whole: bool = False


def read(
    control: AwsControl,
    kind: str,
    side: Side,
    window: Window,
    percentiles: Sequence[float],
    *,
    deployments: bool,
    hide: Callable[[Secret], None],
) -> Telemetry:
    """Return what is told of the stage; raises Unread where nothing can be."""
    if kind not in _COUNTS:
        raise Unread(f"metrics of a {kind} gateway are not read", Absence.UNSUPPORTED)
    keys = _keys(control, hide)
    api = ApiGateway(
        region=control.region, endpoint=control.endpoint, api=control.api, http=kind == "aws-http", keys=keys
    )
    watch = CloudWatch(
        region=control.region, endpoint=control.endpoint, keys=keys, dimensions=_dimensions(control, kind, api)
    )
    told = _told(watch, _queries(kind, window, percentiles), window)
    if unread(told):
        raise Unread(told[0].note, told[0].absence or Absence.FAILED)
    known, why = _known(watch) if empty(told) else (True, "")
    found, facts = _deployments(api, window) if deployments else ((), {})
    series = typed(told, window, known=known, why=why)
    absence, trouble = nothing(series) if known is False else (None, "")
    return Telemetry(
        side=side.value,
        what=f"stage {control.stage} of API {control.api}",
        start=window.start,
        end=window.end,
        series=series,
        deployments=found,
        facts=facts,
        absence=absence,
        trouble=trouble,
    )


def _keys(control: AwsControl, hide: Callable[[Secret], None]) -> AwsKeys:
    with asked("no metrics"):
        keys = fetch(control.keys, time.time())
    for value, label in ((keys.secret_key, "AWS secret key"), (keys.session_token, "AWS session token")):
        if value:
            hide(Secret(value=value, label=label))
    return keys


def _dimensions(control: AwsControl, kind: str, api: ApiGateway) -> dict[str, str]:
    """Return what CloudWatch knows the stage by: a REST API by its name, an HTTP API by its id."""
    if kind == "aws-http":
        return {"ApiId": control.api, "Stage": control.stage}
    return {"ApiName": control.name or api.name(), "Stage": control.stage}


def _queries(kind: str, window: Window, percentiles: Sequence[float]) -> list[_Asked]:
    period = window.period
    found = [
        _Asked(name=name, statistic="sum", unit="requests", query=Query(metric=metric, statistic="Sum", period=period))
        for name, metric in _COUNTS[kind]
    ]
    ranks = tuple(f"p{100 * share:.10g}" for share in percentiles)
    for name, metric in _LATENCIES:
        for rank in (*ranks, "Average", "Maximum"):
            query = Query(metric=metric, statistic=rank, period=period)
            found.append(_Asked(name=name, statistic=rank.lower(), unit="ms", query=query))
    if period < window.seconds <= _LONGEST_PERIOD:
        found += [
            _Asked(
                name=one.name, statistic=one.statistic, unit=one.unit, whole=True,
                query=Query(metric=one.query.metric, statistic=one.query.statistic, period=window.seconds),
            )
            for one in found
            if one.statistic in ranks
        ]  # fmt: skip
    return found


def _told(watch: CloudWatch, queries: Sequence[_Asked], window: Window) -> list[Told]:
    answers = watch.read([one.query for one in queries], window.start, window.end)
    pairs = list(zip(queries, answers, strict=True))
    whole = {
        (one.name, one.statistic): figure
        for one, answer in pairs
        if one.whole and (figure := _single(answer, window)) is not None
    }
    where = ", ".join(f"{name}={value}" for name, value in watch.dimensions.items())
    return [
        Told(
            name=one.name,
            statistic=one.statistic,
            unit=one.unit,
            source=f"{NAMESPACE} {one.query.metric} {one.query.statistic}, {where}",
            values=answer.values,
            absence=answer.status,
            note=answer.note,
            whole=whole.get((one.name, one.statistic)),
        )
        for one, answer in pairs
        if not one.whole
    ]


def _single(answer: Answered, window: Window) -> float | None:
    """Return the figure of the whole time; None where the service cut the time at other places than asked."""
    whole = answer.status is None and list(answer.values) == [window.start]
    return answer.values[window.start] if whole else None


def _known(watch: CloudWatch) -> tuple[bool | None, str]:
    """Tell whether CloudWatch knows this stage at all, and what to say of it."""
    try:
        if watch.any_there():
            return True, ""
    except Unread as trouble:
        return None, f"nor whether there are metrics at all: {trouble.reason}"
    where = ", ".join(f"{name}={value}" for name, value in watch.dimensions.items())
    return False, f"CloudWatch has no metrics of {where}; check api, stage and region"


def _deployments(api: ApiGateway, window: Window) -> tuple[tuple[Deployment, ...], dict[str, str]]:
    """Return those of the window and the one before, and as a fact what they are, or why there are none."""
    try:
        found = api.deployments()
    except Unread as trouble:
        return (), {"deployments": f"not known: {trouble.reason}"}
    return within(found, window), {"deployments": "of the API, to any of its stages"}
