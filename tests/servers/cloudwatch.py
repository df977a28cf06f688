"""A stand-in for CloudWatch and API Gateway's control plane that has percentiles: answers as the installed botocore reads.

Values are single samples; a period's statistic is made of those within it, as the service does. Speaks AWS's JSON 1.0
protocol, which botocore chooses for CloudWatch, and REST for API Gateway.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.servers.plain import Answer, Asked

Sample = tuple[float, float]


@dataclass(slots=True)
class CloudWatchStandIn:
    """Serves `samples` (metric → (Unix seconds, value)) of the stage that `dimensions` name, `page` values at a time.

    `refusing` maps an operation (GetMetricData, ListMetrics, GetDeployments, GetRestApi) to (status, code, message);
    `status` a metric to its StatusCode; `messages` are the answer's own. `change` may spoil any answer's JSON.
    """

    samples: Mapping[str, Sequence[Sample]] = field(default_factory=dict)
    dimensions: Mapping[str, str] = field(default_factory=lambda: {"ApiName": "orders", "Stage": "prod"})
    page: int = 100_800
    refusing: Mapping[str, tuple[int, str, str]] = field(default_factory=dict)
    status: Mapping[str, str] = field(default_factory=dict)
    messages: Sequence[Mapping[str, str]] = ()
    deployments: Sequence[tuple[float, str, str]] = ()
    change: Callable[[Any], Any] = lambda answer: answer
    queries: list[dict[str, Any]] = field(default_factory=list)
    known: bool = True

    def __call__(self, asked: Asked) -> Answer:
        """Answer one request."""
        operation = self._operation(asked)
        if operation in self.refusing:
            return self._refusal(*self.refusing[operation])
        target = urlsplit(asked.target)
        if operation == "GetMetricData":
            return _json(self.change(self._data(json.loads(asked.body))))
        if operation == "ListMetrics":
            named = [{"Name": name, "Value": value} for name, value in self.dimensions.items()]
            matching = self.known and json.loads(asked.body)["Dimensions"] == named
            metrics = [{"Namespace": "AWS/ApiGateway", "MetricName": "Count", "Dimensions": named}]
            return _json({"Metrics": metrics if matching else []})
        if operation == "GetRestApi":
            return _json({"id": "a1b2c3d4e5", "name": self.dimensions.get("ApiName", "")})
        assert operation == "GetDeployments", asked.target
        return self._deployments(target.path.startswith("/v2"), parse_qs(target.query))

    def _operation(self, asked: Asked) -> str:
        if target := asked.all("x-amz-target"):
            assert asked.all("content-type") == ["application/x-amz-json-1.0"]
            return target[0].removeprefix("GraniteServiceVersion20100801.")
        return "GetDeployments" if urlsplit(asked.target).path.endswith("/deployments") else "GetRestApi"

    def _refusal(self, status: int, code: str, message: str) -> Answer:
        headers = (("Content-Type", "application/x-amz-json-1.0"), ("x-amzn-ErrorType", code))
        return Answer(status=status, headers=headers, body=json.dumps({"__type": code, "message": message}).encode())

    def _data(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.queries.append(asked)
        first = int(asked.get("NextToken", "0"))
        results, longest = [], 0
        for query in asked["MetricDataQueries"]:
            stat = query["MetricStat"]
            metric = stat["Metric"]
            assert metric["Namespace"] == "AWS/ApiGateway"
            there = {one["Name"]: one["Value"] for one in metric["Dimensions"]} == dict(self.dimensions)
            samples = self.samples.get(metric["MetricName"], ()) if there else ()
            points = _periods(samples, stat["Stat"], stat["Period"], asked["StartTime"], asked["EndTime"])
            longest = max(longest, len(points))
            shown = points[first : first + self.page]
            result = {
                "Id": query["Id"],
                "Label": metric["MetricName"],
                "Timestamps": [at for at, _ in shown],
                "Values": [value for _, value in shown],
                "StatusCode": "PartialData"
                if first + self.page < len(points)
                else self.status.get(metric["MetricName"], "Complete"),
            }
            results.append(result)
        answer: dict[str, Any] = {"MetricDataResults": results, "Messages": list(self.messages)}
        if first + self.page < longest:
            answer["NextToken"] = str(first + self.page)
        return answer

    def _deployments(self, http: bool, query: Mapping[str, list[str]]) -> Answer:
        first = int(query.get("nextToken" if http else "position", ["0"])[0])
        shown, more = self.deployments[first : first + 2], first + 2 < len(self.deployments)
        if http:
            items = [
                {"createdDate": _iso(at), "deploymentId": name, "description": text, "deploymentStatus": "DEPLOYED"}
                for at, name, text in shown
            ]
            return _json({"items": items} | ({"nextToken": str(first + 2)} if more else {}))
        rest = [{"createdDate": at, "id": name, "description": text} for at, name, text in shown]
        return _json({"item": rest} | ({"position": str(first + 2)} if more else {}))


def _periods(samples: Sequence[Sample], statistic: str, period: int, start: float, end: float) -> list[Sample]:
    held: dict[float, list[float]] = {}
    for at, value in samples:
        if start <= at < end:
            held.setdefault(start + (at - start) // period * period, []).append(value)
    return [(at, _statistic(values, statistic)) for at, values in sorted(held.items())]


def _statistic(values: Sequence[float], statistic: str) -> float:
    if statistic == "Sum":
        return sum(values)
    if statistic == "Average":
        return sum(values) / len(values)
    if statistic == "Maximum":
        return max(values)
    assert statistic[0] == "p", statistic
    return sorted(values)[max(math.ceil(float(statistic[1:]) / 100 * len(values)), 1) - 1]


def _iso(at: float) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(at, UTC).isoformat()


def _json(answer: Any) -> Answer:
    return Answer(headers=(("Content-Type", "application/x-amz-json-1.0"),), body=json.dumps(answer).encode())
